/*
 * gap_intervals: effects of an engine as intervals: from when on an alert fired
 * until when. One thread.
 */
#ifndef GONG_AGENT_GAP_GAP_INTERVALS_H
#define GONG_AGENT_GAP_GAP_INTERVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/lp_encode.h"
#include "rules/engine/effect.h"

/* All of it is owned by the list. */
struct gong_gap_interval {
    char *rule; /* its id */
    uint64_t fingerprint;
    struct gong_buffer labels;   /* history_labels.h, as it fired */
    unsigned level;              /* the highest it had; 0: it has none */
    enum gong_severity severity; /* likewise */
    int64_t since_ms;            /* its condition held */
    int64_t fired_ms;
    int64_t ended_ms;
    bool open;    /* it fires on: ended_ms is 0 */
    double value; /* newest true one */
};

/* Transparent; {0} is an empty one. By the order in which they fired. */
struct gong_gap_intervals {
    struct gong_gap_interval *data;
    size_t count;
    size_t capacity;
};

void gong_gap_intervals_fini(struct gong_gap_intervals *list);

/* gong_gap_intervals_effect: the next effect. On an error nothing of it was
 * taken. */
enum gong_err
gong_gap_intervals_effect(struct gong_gap_intervals *list,
                          const struct gong_effect *effect) GONG_MUST_CHECK;

/* gong_gap_intervals_after: forgets those that were over before from_ms. */
void gong_gap_intervals_after(struct gong_gap_intervals *list, int64_t from_ms);

/* gong_gap_intervals_move: appends all of from, which is empty then; on an
 * error both are as they were. */
enum gong_err
gong_gap_intervals_move(struct gong_gap_intervals *list,
                        struct gong_gap_intervals *from) GONG_MUST_CHECK;

#endif
