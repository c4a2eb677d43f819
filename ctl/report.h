/*
 * report: a month by unit: how many alerts, how fast, how often too late, what
 * it cost, and beside each figure how much of the unit's data came: without
 * data there are no alerts.
 *
 *   incidents --> report_take_incident --> rows <-- report_take_device <-
 * ledger
 *                                           |
 *                        report_finish: names, sum, order
 *                                           |
 *                             report_csv, report_html, report_json
 *
 * Drills, rules on trial and tests are no work of the month: counted by
 * themselves, in no row.
 */
#ifndef GONG_CTL_REPORT_H
#define GONG_CTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

struct gong_ctl_times {
    int64_t *items; /* ms */
    size_t count, room;
};

struct gong_ctl_report_row {
    char *code;
    char *name; /* NULL: not known */
    size_t alerts, critical, acknowledged, ended, false_ones;
    size_t ack_breaches, resolve_breaches;
    int64_t cost;
    struct gong_ctl_times to_ack, to_end;
    int64_t received, missing; /* batches, as the ledger knows them */
    bool counted;              /* a device there counts its batches */
};

/* All zero but from and until: empty. */
struct gong_ctl_report {
    int64_t from, until; /* opened from..until counts */
    struct gong_ctl_report_row *rows;
    size_t count, room;
    struct gong_ctl_report_row sum;
    size_t drills, trials, tests; /* in no row */
    bool failed;                  /* out of memory */
};

void gong_ctl_report_free(struct gong_ctl_report *report);
void gong_ctl_report_take_incident(struct gong_ctl_report *report,
                                   const json_t *incident);
void gong_ctl_report_take_device(struct gong_ctl_report *report,
                                 const json_t *device);
/* gong_ctl_report_finish: units, for names and older codes, whose rows become
 * part of the unit's; may be NULL. */
void gong_ctl_report_finish(struct gong_ctl_report *report,
                            const json_t *units);

/* -1: there is none. Sorts. */
int64_t gong_ctl_quantile(struct gong_ctl_times *times, size_t percent);
/* Per cent; -1: the ledger knows of nothing there. */
double gong_ctl_completeness(const struct gong_ctl_report_row *row);

void gong_ctl_report_csv(struct gong_ctl_report *report, FILE *out);
void gong_ctl_report_html(struct gong_ctl_report *report, const char *month,
                          FILE *out);
json_t *gong_ctl_report_json(struct gong_ctl_report *report);

#endif
