#include "agent/receive/receive_keeper.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/receive/ingest.h"
#include "agent/receive/receive_epoch.h"
#include "agent/receive/receive_file.h"
#include "agent/stop_latch.h"
#include "common/crc32c.h"
#include "common/log.h"
#include "common/lp_encode.h"

#define LINES_MAX    (64u << 10)
#define LINE_SIZE    ((size_t)1024)
#define DURABLE_WAIT gong_dur_s(10)

/* What a round adds up. */
struct totals {
    struct gong_ledger_counts counts;
    uint64_t complete, unknown, open, gaps, cut, plain;
};

enum total {
    TOTAL_BATCHES,
    TOTAL_POINTS,
    TOTAL_SAMPLES,
    TOTAL_DUPLICATE,
    TOTAL_ASIDE,
    TOTAL_DROPPED,
    TOTAL_DROPPED_POINTS,
    TOTAL_DAMAGED,
    TOTAL_MISSING,
    TOTAL_COMPLETE,
    TOTAL_UNKNOWN,
    TOTAL_OPEN,
    TOTAL_GAPS,
    TOTAL_CUT,
    TOTAL_PLAIN,
    TOTAL_COUNT,
};

static const struct {
    const char *name;
    const char *help;
    const char *labels;
} metrics[TOTAL_COUNT] = {
#define DEVICES "gong_agent_ledger_devices"
#define DEVICES_HELP                                                           \
    "Devices by what the ledger knows of them; unknown: a birth, but nothing " \
    "that says up to when; cut: an earlier spool of theirs ended without a "   \
    "goodbye; plain: they send no headers."
    [TOTAL_BATCHES] = {"gong_agent_ledger_batches",
                       "Batches received, of devices with headers.", ""},
    [TOTAL_POINTS] = {"gong_agent_ledger_points", "Points in these.", ""},
    [TOTAL_SAMPLES] = {"gong_agent_ledger_samples",
                       "Samples in these, of devices that tell.", ""},
    [TOTAL_DUPLICATE] = {"gong_agent_ledger_duplicate_batches",
                         "Batches that came again.", ""},
    [TOTAL_ASIDE] = {"gong_agent_ledger_set_aside_batches",
                     "Batches set aside: damaged three times, or too large.",
                     ""},
    [TOTAL_DROPPED] = {"gong_agent_ledger_dropped_batches",
                       "Batches that devices dropped and reported.", ""},
    [TOTAL_DROPPED_POINTS] = {"gong_agent_ledger_dropped_points",
                              "Points in these.", ""},
    [TOTAL_DAMAGED] = {"gong_agent_ledger_damaged_batches",
                       "Batches lost to bad bytes in devices' spools.", ""},
    [TOTAL_MISSING] = {"gong_agent_ledger_missing_batches",
                       "Batches that are gone without a report.", ""},
    [TOTAL_COMPLETE] = {DEVICES, DEVICES_HELP, "state=\"complete\""},
    [TOTAL_UNKNOWN] = {DEVICES, DEVICES_HELP, "state=\"unknown\""},
    [TOTAL_OPEN] = {DEVICES, DEVICES_HELP, "state=\"open\""},
    [TOTAL_GAPS] = {DEVICES, DEVICES_HELP, "state=\"gaps\""},
    [TOTAL_CUT] = {DEVICES, DEVICES_HELP, "state=\"cut\""},
    [TOTAL_PLAIN] = {DEVICES, DEVICES_HELP, "state=\"plain\""},
};

struct gong_receive_keeper {
    struct gong_receive_keeper_options options;
    gong_counter_t *metrics[TOTAL_COUNT];
    bool save_failing;
    size_t tell_place; /* where telling goes on */

    /* A round's. */
    struct totals totals;
    struct gong_buffer lines;
    size_t told;

    struct gong_stop_latch stop;
    pthread_t thread;
    bool started;
};

enum gong_err
gong_receive_keeper_new(const struct gong_receive_keeper_options *options,
                        struct gong_counters *counters,
                        struct gong_receive_keeper **out)
{
    struct gong_receive_keeper *keeper = calloc(1, sizeof *keeper);
    bool complete = true;

    *out = NULL;
    if (keeper == NULL || gong_stop_latch_init(&keeper->stop) != GONG_OK) {
        free(keeper);
        return GONG_ERR_MEMORY;
    }
    keeper->options = *options;
    for (int i = 0; i < TOTAL_COUNT; i++) {
        keeper->metrics[i] =
            gong_counter_add(counters, GONG_GAUGE, metrics[i].name,
                             metrics[i].help, metrics[i].labels);
        complete = complete && keeper->metrics[i] != NULL;
    }
    if (!complete) {
        gong_receive_keeper_stop(keeper);
        return GONG_ERR_MEMORY;
    }
    *out = keeper;
    return GONG_OK;
}

/* --- totals --- */

static void
add_epoch(struct gong_ledger_counts *to, const struct gong_ledger_counts *from)
{
    to->batches += from->batches;
    to->points += from->points;
    to->samples += from->samples;
    to->duplicate += from->duplicate;
    to->aside += from->aside;
    to->dropped += from->dropped;
    to->dropped_points += from->dropped_points;
    to->damaged += from->damaged;
    to->missing += from->missing;
}

/* A device is as bad as the worst of its epochs. */
static void
add_device(void *ctx, struct gong_device *device)
{
    struct totals *totals = ctx;
    enum gong_ledger_state worst = GONG_LEDGER_COMPLETE;

    if (device->state == NULL) {
        totals->plain++;
        return;
    }
    for (const struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        enum gong_ledger_state state =
            gong_ledger_state(&epoch->ledger, &epoch->settled);

        worst = state > worst ? state : worst;
        add_epoch(&totals->counts, &epoch->ledger.counts);
    }
    switch (worst) {
    case GONG_LEDGER_COMPLETE:
        totals->complete++;
        return;
    case GONG_LEDGER_UNKNOWN:
        totals->unknown++;
        return;
    case GONG_LEDGER_OPEN:
        totals->open++;
        return;
    case GONG_LEDGER_GAPS:
        totals->gaps++;
        return;
    case GONG_LEDGER_CUT:
        totals->cut++;
        return;
    }
}

static void
publish_totals(struct gong_receive_keeper *keeper)
{
    const struct totals *totals = &keeper->totals;
    const struct gong_ledger_counts *counts = &totals->counts;
    const uint64_t values[TOTAL_COUNT] = {
        [TOTAL_BATCHES] = counts->batches,
        [TOTAL_POINTS] = counts->points,
        [TOTAL_SAMPLES] = counts->samples,
        [TOTAL_DUPLICATE] = counts->duplicate,
        [TOTAL_ASIDE] = counts->aside,
        [TOTAL_DROPPED] = counts->dropped,
        [TOTAL_DROPPED_POINTS] = counts->dropped_points,
        [TOTAL_DAMAGED] = counts->damaged,
        [TOTAL_MISSING] = counts->missing,
        [TOTAL_COMPLETE] = totals->complete,
        [TOTAL_UNKNOWN] = totals->unknown,
        [TOTAL_OPEN] = totals->open,
        [TOTAL_GAPS] = totals->gaps,
        [TOTAL_CUT] = totals->cut,
        [TOTAL_PLAIN] = totals->plain,
    };

    for (int i = 0; i < TOTAL_COUNT; i++) {
        gong_counter_set(keeper->metrics[i], (int64_t)values[i]);
    }
}

static void
count_all(struct gong_receive_keeper *keeper)
{
    struct gong_receive *receive = keeper->options.receive;
    size_t place = 0;

    keeper->totals = (struct totals){0};
    while (gong_receive_visit(receive, &place, add_device, &keeper->totals)) {
    }
    (void)pthread_mutex_lock(&receive->lock);
    add_epoch(&keeper->totals.counts, &receive->forgotten);
    (void)pthread_mutex_unlock(&receive->lock);
    publish_totals(keeper);
}

/* --- saving --- */

/* Waits until all that was visited is durable; *through is that mark. */
static enum gong_err
wait_durable(struct gong_journal *journal, uint64_t holds, uint64_t *through)
{
    struct gong_spool_stats stats;
    struct gong_journal_health health;

    gong_spool_stats(gong_journal_spool(journal), &stats);
    *through = stats.end;
    if (*through > 0) {
        (void)gong_journal_wait(journal, *through - 1, true, DURABLE_WAIT);
    }
    gong_journal_health(journal, &health);
    if (health.holds != holds) {
        return GONG_ERR_AGAIN;
    }
    return health.durable < *through ? GONG_ERR_TIMEOUT : GONG_OK;
}

/* GONG_ERR_AGAIN while records are in memory. */
static enum gong_err
write_state(struct gong_receive_keeper *keeper)
{
    struct gong_journal *journal = keeper->options.journal;
    struct gong_receive_writer *writer;
    struct gong_receive_place place = {0};
    struct gong_spool_stats stats;
    struct gong_journal_health health;
    enum gong_err err;
    bool more = true;

    gong_spool_id(gong_journal_spool(journal), place.journal_id);
    gong_spool_stats(gong_journal_spool(journal), &stats);
    gong_journal_health(journal, &health);
    if (health.holding) {
        return GONG_ERR_AGAIN;
    }
    place.generation = stats.generation;
    place.from = gong_receive_known(keeper->options.receive, stats.durable);
    err = gong_receive_save_begin(keeper->options.receive, keeper->options.path,
                                  &place, &writer);
    if (err != GONG_OK) {
        return err;
    }
    while (err == GONG_OK && more) {
        err = gong_receive_save_step(writer, &more);
    }
    if (err == GONG_OK) {
        err = wait_durable(journal, health.holds, &place.through);
    }
    if (err != GONG_OK) {
        gong_receive_save_abandon(writer);
        return err;
    }
    return gong_receive_save_end(writer, place.through);
}

void
gong_receive_keeper_save(struct gong_receive_keeper *keeper)
{
    enum gong_err err;

    if (keeper == NULL || keeper->options.path == NULL) {
        return;
    }
    err = write_state(keeper);
    if (err == GONG_ERR_AGAIN) {
        return;
    }
    if ((err != GONG_OK) != keeper->save_failing) {
        keeper->save_failing = err != GONG_OK;
        gong_log(err != GONG_OK ? GONG_LOG_WARNING : GONG_LOG_INFO,
                 err != GONG_OK ? "receive_save_failed" : "receive_save_back",
                 "reason=\"%s\"", gong_err_text(err));
    }
}

/* --- telling --- */

/* The epoch is a field: as a tag every new spool would be a new series. */
static void
put_line(struct gong_receive_keeper *keeper,
         const struct gong_receive_epoch *epoch)
{
    const struct gong_ledger *ledger = &epoch->ledger;
    const struct gong_ledger_counts *counts = &ledger->counts;
    char site[GONG_TOPIC_NAME_MAX + 1];
    char device[GONG_TOPIC_NAME_MAX + 1];
    char line[LINE_SIZE];
    int len;

    gong_receive_names(epoch->device, site, device);
    len = snprintf(
        line, sizeof line,
        "gong_ledger,of_device=%s,of_site=%s epoch=\"%016" PRIx64
        "\",state=\"%s\",received=%" PRIu64 "i,points=%" PRIu64
        "i,samples=%" PRIu64 "i,duplicate=%" PRIu64 "i,back=%" PRIu64
        "i,set_aside=%" PRIu64 "i,dropped=%" PRIu64 "i,dropped_points=%" PRIu64
        "i,dropped_samples=%" PRIu64 "i,damaged=%" PRIu64 "i,missing=%" PRIu64
        "i,outstanding=%" PRIu64 "i,complete_until=%" PRId64 "i\n",
        device, site, epoch->epoch,
        gong_ledger_state_name(gong_ledger_state(ledger, &epoch->settled)),
        counts->batches, counts->points, counts->samples, counts->duplicate,
        counts->back, counts->aside, counts->dropped, counts->dropped_points,
        counts->dropped_samples, counts->damaged, counts->missing,
        gong_ledger_outstanding(ledger, &epoch->settled), ledger->until_ms);
    (void)!gong_buffer_append(&keeper->lines, line, (size_t)len);
}

static void
tell_device(void *ctx, struct gong_device *device)
{
    struct gong_receive_keeper *keeper = ctx;
    bool any = false;

    /* Past the round's share it keeps its mark for the next. */
    if (keeper->told >= keeper->options.points ||
        keeper->lines.len + GONG_RECEIVE_EPOCHS_MAX * LINE_SIZE > LINES_MAX) {
        return;
    }
    for (struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        if (epoch->changed) {
            epoch->changed = false;
            put_line(keeper, epoch);
            any = true;
        }
    }
    keeper->told += any ? 1 : 0;
}

/* One batch of the agent's own, behind a header for the lane alone. */
static void
journal_lines(struct gong_receive_keeper *keeper)
{
    struct gong_batch_header header = {
        .seq = 1,
        .low = 1,
        .lane = GONG_LANE_BACK,
        .crc = gong_crc32c(0, keeper->lines.data, keeper->lines.len),
    };
    char prefix[GONG_BATCH_PREFIX_SIZE];
    char line[GONG_BATCH_HEADER_SIZE];
    struct iovec parts[3];

    if (keeper->lines.len == 0) {
        return;
    }
    parts[0] = (struct iovec){
        prefix, gong_batch_prefix(gong_str_of(GONG_INGEST_OWN_SITE),
                                  gong_str_of(keeper->options.agent), prefix)};
    parts[1] = (struct iovec){line, gong_batch_header_format(&header, line)};
    parts[2] = (struct iovec){keeper->lines.data, keeper->lines.len};
    /* What finds no room is told when the device changes again; the journal
     * counts and logs it. */
    (void)!gong_journal_append(keeper->options.journal, GONG_RECORD_DATA, parts,
                               3, 0, NULL);
    keeper->lines.len = 0;
}

/* Goes round the table once at most. */
static void
tell_changed(struct gong_receive_keeper *keeper)
{
    size_t start = keeper->tell_place;
    bool wrapped = false;

    keeper->told = 0;
    while (keeper->told < keeper->options.points &&
           (!wrapped || keeper->tell_place < start)) {
        size_t before = keeper->tell_place;
        size_t told = keeper->told;
        bool more = gong_receive_visit(
            keeper->options.receive, &keeper->tell_place, tell_device, keeper);
        bool full =
            keeper->lines.len + GONG_RECEIVE_EPOCHS_MAX * LINE_SIZE > LINES_MAX;

        journal_lines(keeper);
        if (full && keeper->told > told) {
            keeper->tell_place = before; /* the lot has more */
        } else if (!more) {
            keeper->tell_place = 0;
            wrapped = true;
            if (start == 0) {
                break;
            }
        }
    }
}

/* --- life --- */

void
gong_receive_keeper_round(struct gong_receive_keeper *keeper)
{
    count_all(keeper);
    tell_changed(keeper);
    gong_receive_keeper_save(keeper);
}

static void *
run(void *ctx)
{
    struct gong_receive_keeper *keeper = ctx;

    while (!gong_stop_latch_wait(&keeper->stop, keeper->options.interval)) {
        gong_receive_keeper_round(keeper);
    }
    return NULL;
}

enum gong_err
gong_receive_keeper_start(const struct gong_receive_keeper_options *options,
                          struct gong_counters *counters,
                          struct gong_receive_keeper **out)
{
    struct gong_receive_keeper *keeper;
    enum gong_err err = gong_receive_keeper_new(options, counters, &keeper);

    *out = NULL;
    if (err != GONG_OK) {
        return err;
    }
    count_all(keeper);
    err =
        gong_err_from_errno(pthread_create(&keeper->thread, NULL, run, keeper));
    if (err != GONG_OK) {
        gong_receive_keeper_stop(keeper);
        return err;
    }
    keeper->started = true;
    *out = keeper;
    return GONG_OK;
}

static void
join(struct gong_receive_keeper *keeper)
{
    if (keeper->started) {
        gong_stop_latch_set(&keeper->stop);
        (void)pthread_join(keeper->thread, NULL);
        keeper->started = false;
    }
}

void
gong_receive_keeper_halt(struct gong_receive_keeper *keeper)
{
    if (keeper != NULL) {
        join(keeper);
    }
}

void
gong_receive_keeper_stop(struct gong_receive_keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    join(keeper);
    gong_stop_latch_fini(&keeper->stop);
    gong_buffer_fini(&keeper->lines);
    free(keeper);
}
