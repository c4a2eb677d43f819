#include "ctl/report.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/incident.h"

static void
free_row(struct gong_ctl_report_row *row)
{
    free(row->code);
    free(row->name);
    free(row->to_ack.items);
    free(row->to_end.items);
}

void
gong_ctl_report_free(struct gong_ctl_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free_row(&report->rows[i]);
    }
    free_row(&report->sum);
    free(report->rows);
}

static struct gong_ctl_report_row *
row_of(struct gong_ctl_report *report, const char *code)
{
    struct gong_ctl_report_row *row;

    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->rows[i].code, code) == 0) {
            return &report->rows[i];
        }
    }
    if (report->count == report->room) {
        size_t room = report->room == 0 ? 128 : report->room * 2;
        struct gong_ctl_report_row *grown =
            realloc(report->rows, room * sizeof *grown);

        if (grown == NULL) {
            report->failed = true;
            return NULL;
        }
        report->rows = grown;
        report->room = room;
    }
    row = &report->rows[report->count];
    *row = (struct gong_ctl_report_row){.code = strdup(code)};
    if (row->code == NULL) {
        report->failed = true;
        return NULL;
    }
    report->count++;
    return row;
}

static bool
add_time(struct gong_ctl_times *times, int64_t ms)
{
    if (times->count == times->room) {
        size_t room = times->room == 0 ? 16 : times->room * 2;
        int64_t *grown = realloc(times->items, room * sizeof *grown);

        if (grown == NULL) {
            return false;
        }
        times->items = grown;
        times->room = room;
    }
    times->items[times->count++] = ms < 0 ? 0 : ms;
    return true;
}

static int
compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

int64_t
gong_ctl_quantile(struct gong_ctl_times *times, size_t percent)
{
    if (times->count == 0) {
        return -1;
    }
    qsort(times->items, times->count, sizeof *times->items, compare_times);
    return times->items[(times->count - 1) * percent / 100];
}

double
gong_ctl_completeness(const struct gong_ctl_report_row *row)
{
    return row->counted && row->received + row->missing > 0
               ? 100.0 * (double)row->received /
                     (double)(row->received + row->missing)
               : -1;
}

/* Past the most it stays there. */
static int64_t
add_cost(int64_t sum, int64_t cost)
{
    if (cost <= 0) {
        return sum;
    }
    return sum > INT64_MAX - cost ? INT64_MAX : sum + cost;
}

static void
count_incident(struct gong_ctl_report *report, struct gong_ctl_report_row *row,
               const json_t *incident)
{
    int64_t opened = gong_ctl_int(incident, "opened");
    int64_t acked = gong_ctl_int(incident, "acked");
    int64_t ended = gong_ctl_int(incident, "ended");
    bool kept = true;

    row->alerts++;
    row->critical +=
        strcmp(gong_ctl_text(incident, "severity"), "critical") == 0;
    row->false_ones += strcmp(gong_ctl_text(incident, "verdict"), "false") == 0;
    row->ack_breaches += json_is_true(json_object_get(incident, "ack_overdue"));
    row->resolve_breaches +=
        json_is_true(json_object_get(incident, "resolve_overdue"));
    row->cost = add_cost(row->cost, gong_ctl_int(incident, "cost"));
    if (acked != 0) {
        row->acknowledged++;
        kept = add_time(&row->to_ack, acked - opened);
    }
    if (ended != 0) {
        row->ended++;
        kept = add_time(&row->to_end, ended - opened) && kept;
    }
    report->failed = report->failed || !kept;
}

/* The agent's own devices, by which the chain is tried out. */
static bool
is_drill(const json_t *incident)
{
    const char *site =
        gong_ctl_text(json_object_get(incident, "labels"), "site");

    return strcmp(site, "gong-drill") == 0 || strcmp(site, "gong-proof") == 0;
}

static bool
is_set_apart(struct gong_ctl_report *report, const json_t *incident)
{
    if (is_drill(incident)) {
        report->drills++;
    } else if (json_is_true(json_object_get(incident, "trial"))) {
        report->trials++;
    } else if (strcmp(gong_ctl_text(incident, "verdict"), "test") == 0) {
        report->tests++;
    } else {
        return false;
    }
    return true;
}

void
gong_ctl_report_take_incident(struct gong_ctl_report *report,
                              const json_t *incident)
{
    int64_t opened = gong_ctl_int(incident, "opened");
    const char *name = gong_ctl_annotation(incident, "unit_name");
    struct gong_ctl_report_row *row;

    if (opened < report->from || opened >= report->until ||
        is_set_apart(report, incident)) {
        return;
    }
    row = row_of(report, gong_ctl_text(incident, "unit"));
    if (row != NULL) {
        if (row->name == NULL && name[0] != '\0') {
            row->name = strdup(name);
        }
        count_incident(report, row, incident);
        count_incident(report, &report->sum, incident);
    }
}

void
gong_ctl_report_take_device(struct gong_ctl_report *report,
                            const json_t *device)
{
    const json_t *epochs = json_object_get(device, "epochs");
    struct gong_ctl_report_row *row = NULL;

    for (size_t i = 0; i < json_array_size(epochs); i++) {
        const json_t *epoch = json_array_get(epochs, i);
        int64_t received = gong_ctl_int(epoch, "received");
        int64_t missing =
            gong_ctl_int(epoch, "missing") + gong_ctl_int(epoch, "dropped");

        row = row != NULL ? row : row_of(report, gong_ctl_text(device, "site"));
        if (row == NULL) {
            return;
        }
        row->counted = report->sum.counted = true;
        row->received += received;
        row->missing += missing;
        report->sum.received += received;
        report->sum.missing += missing;
    }
}

static int
compare_rows(const void *a, const void *b)
{
    const struct gong_ctl_report_row *x = a, *y = b;

    if (x->alerts != y->alerts) {
        return x->alerts < y->alerts ? 1 : -1;
    }
    return strcmp(x->code, y->code);
}

static bool
add_times(struct gong_ctl_times *to, const struct gong_ctl_times *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!add_time(to, from->items[i])) {
            return false;
        }
    }
    return true;
}

static bool
add_row(struct gong_ctl_report_row *to, const struct gong_ctl_report_row *from)
{
    to->alerts += from->alerts;
    to->critical += from->critical;
    to->acknowledged += from->acknowledged;
    to->ended += from->ended;
    to->false_ones += from->false_ones;
    to->ack_breaches += from->ack_breaches;
    to->resolve_breaches += from->resolve_breaches;
    to->cost = add_cost(to->cost, from->cost);
    to->received += from->received;
    to->missing += from->missing;
    to->counted = to->counted || from->counted;
    return add_times(&to->to_ack, &from->to_ack) &&
           add_times(&to->to_end, &from->to_end);
}

static struct gong_ctl_report_row *
find_row(const struct gong_ctl_report *report, const char *code)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->rows[i].code, code) == 0) {
            return &report->rows[i];
        }
    }
    return NULL;
}

/* The row of an older code becomes part of the unit's. */
static void
move_row(struct gong_ctl_report *report, const char *was, const char *code)
{
    struct gong_ctl_report_row *old =
        strcmp(was, code) == 0 ? NULL : find_row(report, was);
    struct gong_ctl_report_row *row = NULL;

    if (old == NULL) {
        return;
    }
    row = row_of(report, code);
    old = find_row(report, was); /* where the list moved to */
    if (row == NULL || !add_row(row, old)) {
        report->failed = true;
        return;
    }
    free_row(old);
    memmove(old, old + 1,
            (size_t)(report->rows + report->count - old - 1) * sizeof *old);
    report->count--;
}

/* History under the code of a unit that was merged is that of the one that goes
 * on. */
static void
merge_rows(struct gong_ctl_report *report, const json_t *units)
{
    for (size_t i = 0; i < json_array_size(units); i++) {
        const json_t *unit = json_array_get(units, i);
        const json_t *was = json_object_get(unit, "was");

        for (size_t j = 0; j < json_array_size(was); j++) {
            const char *code = json_string_value(json_array_get(was, j));

            if (code != NULL) {
                move_row(report, code, gong_ctl_text(unit, "code"));
            }
        }
    }
}

/* Names of units that had no alert. */
static void
name_rows(struct gong_ctl_report *report, const json_t *units)
{
    for (size_t i = 0; i < json_array_size(units); i++) {
        const json_t *unit = json_array_get(units, i);
        const char *code = gong_ctl_text(unit, "code");

        for (size_t j = 0; j < report->count; j++) {
            if (report->rows[j].name == NULL &&
                strcmp(report->rows[j].code, code) == 0) {
                report->rows[j].name = strdup(gong_ctl_text(unit, "name"));
            }
        }
    }
}

void
gong_ctl_report_finish(struct gong_ctl_report *report, const json_t *units)
{
    merge_rows(report, units);
    name_rows(report, units);
    report->sum.code = strdup("*");
    report->sum.name = strdup("Toàn bộ");
    report->failed = report->failed || report->sum.code == NULL;
    if (report->count > 0) {
        qsort(report->rows, report->count, sizeof *report->rows, compare_rows);
    }
}
