#include "agent/receive/ledger.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_MAX (UINT64_C(1) << 53)

void
gong_ledger_fini(struct gong_ledger *ledger)
{
    free(ledger->gaps);
    free(ledger->told);
    *ledger = (struct gong_ledger){0};
}

/* --- gaps: ascending, never touching --- */

static uint32_t
find_gap(const struct gong_ledger *ledger, uint64_t seq)
{
    uint32_t at = 0;

    while (at < ledger->gap_count && ledger->gaps[at].last < seq) {
        at++;
    }
    return at;
}

static void
drop_gap(struct gong_ledger *ledger, uint32_t at)
{
    ledger->gap_count--;
    if (at < ledger->gap_count) {
        memmove(ledger->gaps + at, ledger->gaps + at + 1,
                (ledger->gap_count - at) * sizeof ledger->gaps[0]);
    }
}

static bool
grow_gaps(struct gong_ledger *ledger)
{
    uint32_t capacity =
        ledger->gap_capacity == 0 ? 2 : 2 * ledger->gap_capacity;
    struct gong_range *gaps;

    if (ledger->gap_count < ledger->gap_capacity) {
        return true;
    }
    gaps = realloc(ledger->gaps, capacity * sizeof *gaps);
    if (gaps == NULL) {
        return false;
    }
    ledger->gaps = gaps;
    ledger->gap_capacity = capacity;
    return true;
}

/* Without room or memory the oldest gap loses its name, not its count. */
static void
put_gap(struct gong_ledger *ledger, uint32_t at, struct gong_range gap)
{
    if (ledger->gap_count == GONG_LEDGER_GAPS_MAX || !grow_gaps(ledger)) {
        if (ledger->gap_count == 0 || at == 0) {
            return;
        }
        drop_gap(ledger, 0);
        at--;
    }
    memmove(ledger->gaps + at + 1, ledger->gaps + at,
            (ledger->gap_count - at) * sizeof ledger->gaps[0]);
    ledger->gaps[at] = gap;
    ledger->gap_count++;
}

static void
add_gap(struct gong_ledger *ledger, struct gong_range gap)
{
    uint32_t at = find_gap(ledger, gap.first);

    if (at > 0 && ledger->gaps[at - 1].last + 1 == gap.first) {
        ledger->gaps[at - 1].last = gap.last;
        return;
    }
    put_gap(ledger, at, gap);
}

/* Takes first..last, which lies within the gap at, out of it. */
static void
cut_gap(struct gong_ledger *ledger, uint32_t at, uint64_t first, uint64_t last)
{
    struct gong_range gap = ledger->gaps[at];

    drop_gap(ledger, at);
    if (last < gap.last) {
        put_gap(ledger, at, (struct gong_range){last + 1, gap.last});
    }
    if (first > gap.first) {
        put_gap(ledger, at < ledger->gap_count ? at : ledger->gap_count,
                (struct gong_range){gap.first, first - 1});
    }
}

bool
gong_ledger_add_gap(struct gong_ledger *ledger, struct gong_range gap)
{
    const struct gong_range *before =
        ledger->gap_count == 0 ? NULL : &ledger->gaps[ledger->gap_count - 1];

    if (gap.first == 0 || gap.first > gap.last ||
        ledger->gap_count == GONG_LEDGER_GAPS_MAX ||
        (before != NULL &&
         (before->last == UINT64_MAX || gap.first <= before->last + 1)) ||
        !grow_gaps(ledger) || ledger->gaps == NULL) {
        return false;
    }
    ledger->gaps[ledger->gap_count++] = gap;
    return true;
}

bool
gong_ledger_missed(const struct gong_ledger *ledger, uint64_t seq)
{
    uint32_t at = find_gap(ledger, seq);

    return at < ledger->gap_count && ledger->gaps[at].first <= seq;
}

/* --- what headers tell --- */

/* No sender makes a count that the sums of all, or a store, cannot hold. */
static uint64_t
add_clamped(uint64_t a, uint64_t b)
{
    return a > COUNT_MAX - b || b > COUNT_MAX ? COUNT_MAX : a + b;
}

/* What is below low and has not come never will. */
static void
note_low(struct gong_ledger *ledger, uint64_t low,
         const struct gong_ranges *settled)
{
    uint64_t from = ledger->base;
    struct gong_range gap;

    while (from < low &&
           gong_ranges_next_missing(settled, from, low - 1, &gap)) {
        add_gap(ledger, gap);
        ledger->counts.missing =
            add_clamped(ledger->counts.missing, gap.last - gap.first + 1);
        from = gap.last + 1;
    }
}

void
gong_ledger_note(struct gong_ledger *ledger,
                 const struct gong_batch_header *header,
                 const struct gong_ranges *settled)
{
    bool has_low = header->low > 0 && header->low <= header->seq;

    if (ledger->base == 0) {
        ledger->base = has_low ? header->low : header->seq;
        /* A record learnt in part: what is settled was not missed. */
        if (settled->cum >= ledger->base) {
            ledger->base = settled->cum + 1;
        }
    }
    if (header->seq > ledger->expected) {
        ledger->expected = header->seq;
    }
    if (has_low) {
        note_low(ledger, header->low, settled);
    }
    if (header->lost_points > ledger->lost_points) {
        ledger->lost_points = header->lost_points;
    }
    ledger->closed = false;
}

/* The agent's clock when the batch was accepted; 0 where it does not say. No
 * batch comes before it was. */
static int64_t
accepted_ms(const struct gong_batch_header *header, int64_t arrival_ms)
{
    int64_t ms = header->at_ms != 0 ? header->at_ms : header->sent_ms;

    if (ms == 0) {
        return 0;
    }
    ms -= header->off_ms;
    return ms < arrival_ms ? ms : arrival_ms;
}

static void
note_time(struct gong_ledger *ledger, const struct gong_batch_header *header,
          uint64_t cum, int64_t arrival_ms)
{
    int64_t ms = accepted_ms(header, arrival_ms);

    if (header->seq >= ledger->highest) {
        ledger->highest = header->seq;
        ledger->highest_ms = ms;
    }
    if (cum >= ledger->highest) {
        ms = ledger->highest_ms;
    } else if (cum < header->seq) {
        return;
    }
    if (ms > ledger->until_ms) {
        ledger->until_ms = ms;
    }
}

/* It has come after all. */
static void
end_gap(struct gong_ledger *ledger, uint64_t seq)
{
    uint32_t at = find_gap(ledger, seq);

    if (at < ledger->gap_count && ledger->gaps[at].first <= seq) {
        cut_gap(ledger, at, seq, seq);
        ledger->counts.missing--;
    }
}

void
gong_ledger_pass(struct gong_ledger *ledger, uint64_t seq)
{
    end_gap(ledger, seq);
    ledger->counts.aside++;
}

void
gong_ledger_take(struct gong_ledger *ledger,
                 const struct gong_batch_header *header,
                 const struct gong_ranges *settled, bool aside,
                 int64_t arrival_ms)
{
    struct gong_ledger_counts *counts = &ledger->counts;

    end_gap(ledger, header->seq);
    note_time(ledger, header, settled->cum, arrival_ms);
    if (aside) {
        counts->aside++;
        return;
    }
    counts->batches++;
    counts->points += header->points;
    counts->samples += header->samples;
    counts->back += header->lane == GONG_LANE_BACK ? 1 : 0;
    counts->placed += header->placed ? 1 : 0;
}

void
gong_ledger_expect(struct gong_ledger *ledger, uint64_t next, bool goodbye)
{
    if (next > 0 && next - 1 > ledger->expected) {
        ledger->expected = next - 1;
    }
    if (goodbye && next > ledger->goodbye) {
        ledger->goodbye = next;
    }
}

/* --- reports --- */

static bool
touches(const struct gong_ledger_told *a, const struct gong_ledger_told *b)
{
    return a->reason == b->reason && a->last != UINT64_MAX &&
           a->last + 1 == b->first;
}

static void
join_told(struct gong_ledger *ledger, uint32_t at)
{
    struct gong_ledger_told *told = &ledger->told[at];

    if (at + 1 >= ledger->told_count || !touches(told, told + 1)) {
        return;
    }
    told->last = told[1].last;
    told->points = add_clamped(told->points, told[1].points);
    told->samples = add_clamped(told->samples, told[1].samples);
    ledger->told_count--;
    memmove(told + 1, told + 2,
            (ledger->told_count - at - 1) * sizeof ledger->told[0]);
}

/* Without memory or room a run is counted without its name. */
static void
name_told(struct gong_ledger *ledger, const struct gong_ledger_told *run)
{
    uint32_t at = 0;

    if (ledger->told == NULL) {
        ledger->told = calloc(GONG_LEDGER_TOLD_MAX, sizeof ledger->told[0]);
    }
    if (ledger->told == NULL) {
        return;
    }
    while (at < ledger->told_count && ledger->told[at].first < run->first) {
        at++;
    }
    if (ledger->told_count == GONG_LEDGER_TOLD_MAX) {
        if (at > 0 && touches(&ledger->told[at - 1], run)) {
            ledger->told[at - 1].last = run->last;
            ledger->told[at - 1].points += run->points;
            ledger->told[at - 1].samples += run->samples;
            join_told(ledger, at - 1);
            return;
        }
        if (at == 0) {
            return;
        }
        ledger->told_count--;
        memmove(ledger->told, ledger->told + 1,
                ledger->told_count * sizeof ledger->told[0]);
        at--;
    }
    memmove(ledger->told + at + 1, ledger->told + at,
            (ledger->told_count - at) * sizeof ledger->told[0]);
    ledger->told[at] = *run;
    ledger->told_count++;
    join_told(ledger, at);
    if (at > 0) {
        join_told(ledger, at - 1);
    }
}

bool
gong_ledger_add_told(struct gong_ledger *ledger,
                     const struct gong_ledger_told *told)
{
    const struct gong_ledger_told *before =
        ledger->told_count == 0 ? NULL : &ledger->told[ledger->told_count - 1];

    if (told->first == 0 || told->first > told->last ||
        ledger->told_count == GONG_LEDGER_TOLD_MAX ||
        (before != NULL && told->first <= before->last)) {
        return false;
    }
    name_told(ledger, told);
    return true;
}

/* Points and samples that are named already within what a report covers, and
 * how many batches they are of. */
static uint64_t
told_within(const struct gong_ledger *ledger,
            const struct gong_ledger_report *report, uint64_t *points,
            uint64_t *samples)
{
    uint64_t batches = 0;

    *points = 0;
    *samples = 0;
    for (uint32_t i = 0; i < ledger->told_count; i++) {
        const struct gong_ledger_told *told = &ledger->told[i];

        if (told->reason == report->reason && told->first >= report->first &&
            told->last <= report->last) {
            batches += told->last - told->first + 1;
            *points += told->points;
            *samples += told->samples;
        }
    }
    return batches;
}

/* A report that joins what older ones told has no sizes left: where those and
 * this run are all that it covers, the run is the difference. */
static void
weigh(const struct gong_ledger *ledger, const struct gong_ledger_report *report,
      struct gong_ledger_told *run)
{
    uint64_t points, samples;
    uint64_t batches = run->last - run->first + 1;

    if (gong_ledger_report_weigh(report, run->first, run->last, &run->points,
                                 &run->samples)) {
        return;
    }
    batches += told_within(ledger, report, &points, &samples);
    if (batches == report->batches && points <= report->points &&
        samples <= report->samples) {
        run->points = report->points - points;
        run->samples = report->samples - samples;
    }
}

static void
count_lost(struct gong_ledger *ledger, const struct gong_ledger_report *report,
           uint64_t first, uint64_t last)
{
    struct gong_ledger_counts *counts = &ledger->counts;
    struct gong_ledger_told run = {first, last, report->reason, 0, 0};
    uint64_t many = last - first + 1;

    switch (report->reason) {
    case GONG_LOST_DROPPED:
        weigh(ledger, report, &run);
        counts->dropped = add_clamped(counts->dropped, many);
        counts->dropped_points =
            add_clamped(counts->dropped_points, run.points);
        counts->dropped_samples =
            add_clamped(counts->dropped_samples, run.samples);
        break;
    case GONG_LOST_DAMAGED:
        counts->damaged = add_clamped(counts->damaged, many);
        break;
    case GONG_LOST_TORN:
        counts->torn = add_clamped(counts->torn, many);
        break;
    }
    name_told(ledger, &run);
}

/* What was missing without a word has its reason now. */
static void
explain_gaps(struct gong_ledger *ledger,
             const struct gong_ledger_report *report)
{
    uint64_t from = report->first;

    for (;;) {
        uint32_t at = find_gap(ledger, from);
        uint64_t first, last;

        if (at == ledger->gap_count || ledger->gaps[at].first > report->last) {
            return;
        }
        first = ledger->gaps[at].first > from ? ledger->gaps[at].first : from;
        last = ledger->gaps[at].last < report->last ? ledger->gaps[at].last
                                                    : report->last;
        cut_gap(ledger, at, first, last);
        ledger->counts.missing -= last - first + 1;
        count_lost(ledger, report, first, last);
        if (last == report->last) {
            return;
        }
        from = last + 1;
    }
}

void
gong_ledger_explain(struct gong_ledger *ledger,
                    const struct gong_ledger_report *report,
                    struct gong_ranges *settled)
{
    uint64_t from = report->first > ledger->base ? report->first : ledger->base;
    struct gong_range run;

    /* Numbers far beyond what the sender itself has used are not believed. */
    if (report->last > ledger->expected) {
        return;
    }
    /* Lost before anything of this spool came here. */
    if (report->first < ledger->base) {
        run = (struct gong_range){report->first, ledger->base - 1};
        run.last = report->last < run.last ? report->last : run.last;
        count_lost(ledger, report, run.first, run.last);
        ledger->base = report->first;
    }
    explain_gaps(ledger, report);
    while (from <= report->last &&
           gong_ranges_next_missing(settled, from, report->last, &run)) {
        if (gong_ranges_add_run(settled, run.first, run.last) != GONG_OK) {
            return; /* they stay open until low passes them */
        }
        count_lost(ledger, report, run.first, run.last);
        from = run.last + 1;
    }
}

/* --- where it stands --- */

uint64_t
gong_ledger_lost(const struct gong_ledger *ledger)
{
    return add_clamped(
        add_clamped(ledger->counts.missing, ledger->counts.dropped),
        ledger->counts.damaged);
}

uint64_t
gong_ledger_outstanding(const struct gong_ledger *ledger,
                        const struct gong_ranges *settled)
{
    uint64_t from = settled->cum + 1;
    uint64_t count = 0;
    struct gong_range run;

    if (ledger->base > from) {
        from = ledger->base;
    }
    while (from != 0 && from <= ledger->expected &&
           gong_ranges_next_missing(settled, from, ledger->expected, &run)) {
        count += run.last - run.first + 1;
        from = run.last + 1;
    }
    return count;
}

enum gong_ledger_state
gong_ledger_state(const struct gong_ledger *ledger,
                  const struct gong_ranges *settled)
{
    bool ended = ledger->goodbye == ledger->expected + 1;

    if (ledger->closed && !ended) {
        return GONG_LEDGER_CUT;
    }
    if (gong_ledger_outstanding(ledger, settled) > 0) {
        return ledger->closed ? GONG_LEDGER_CUT : GONG_LEDGER_OPEN;
    }
    if (gong_ledger_lost(ledger) > 0) {
        return GONG_LEDGER_GAPS;
    }
    return ledger->until_ms == 0 && !ended ? GONG_LEDGER_UNKNOWN
                                           : GONG_LEDGER_COMPLETE;
}

const char *
gong_ledger_state_name(enum gong_ledger_state state)
{
    static const char *const names[] = {
        [GONG_LEDGER_COMPLETE] = "complete", [GONG_LEDGER_UNKNOWN] = "unknown",
        [GONG_LEDGER_OPEN] = "open",         [GONG_LEDGER_GAPS] = "gaps",
        [GONG_LEDGER_CUT] = "cut",
    };

    return names[state];
}

bool
gong_ledger_sound(const struct gong_ledger *ledger)
{
    uint64_t named = 0;

    for (uint32_t i = 0; i < ledger->gap_count; i++) {
        uint64_t many = ledger->gaps[i].last - ledger->gaps[i].first + 1;

        if (many > ledger->counts.missing - named) {
            return false;
        }
        named += many;
    }
    return true;
}
