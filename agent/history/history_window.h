/*
 * history_window: the samples of one series that are asked for now, on the way
 * through time.
 *
 *          kept                 loaded next
 *   [ from ........ to ][ a raw block, or what roll-ups say of more ]
 *   ^ latest instant - reach                                        ^ hi
 *
 * Where roll-ups stand for samples, each interval gives one sample that says of
 * it what the selector's function wants to know (history_plan.h): its last one;
 * or its least, greatest, or that it has one, at a millisecond before its end,
 * and the last sample itself where it lies on the end, for windows that begin
 * there.
 *
 * Going back is always right, and costs a load. Where memory grows short, less
 * than a block is kept at once, and a block is read more than once.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_WINDOW_H
#define GONG_AGENT_HISTORY_HISTORY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/history/history_plan.h"
#include "agent/history/history_reader.h"

/* What the windows of a source share. */
struct gong_history_loader {
    struct gong_history_reader *reader; /* borrowed, begun */
    bool rollups;
    size_t bytes;     /* of samples loaded, all windows together */
    size_t bytes_max; /* TOO_LARGE past it */
    unsigned used;    /* resolutions, as bits */
    unsigned coarse;
    int64_t oldest[GONG_RESOLUTIONS]; /* where blocks begin; else INT64_MAX */
    struct gong_samples block;        /* scratch */
    struct gong_rollups scratch;
};

/* gong_history_loader_begin: reader, rollups and bytes_max are set, and the
 * reader has begun. */
void gong_history_loader_begin(struct gong_history_loader *loader);
void gong_history_loader_fini(struct gong_history_loader *loader);

/* Transparent: {0} but for series and recent. One need is all that it serves.
 */
struct gong_history_window {
    uint32_t series;
    struct gong_samples recent; /* borrowed: what is not in the file */
    struct gong_samples loaded;
    int64_t lo; /* loaded holds what is in [lo, hi) */
    int64_t hi;
    int64_t rolled; /* roll-ups were loaded right up to here; 0: no */
    int64_t latest; /* the latest instant asked for */
};

void gong_history_window_fini(struct gong_history_window *window,
                              struct gong_history_loader *loader);

/* gong_history_window_load: loaded then holds at least [from, to], which lies
 * within the need. */
enum gong_err gong_history_window_load(struct gong_history_window *window,
                                       struct gong_history_loader *loader,
                                       const struct gong_history_need *need,
                                       int64_t from,
                                       int64_t to) GONG_MUST_CHECK;

/* gong_history_window_slack: how much further than its look-back an instant
 * selector looks at `to`, since only coarser samples than it needs are left
 * there; *until: of samples before it. */
int64_t gong_history_window_slack(const struct gong_history_loader *loader,
                                  const struct gong_history_need *need,
                                  int64_t to, int64_t *until);

#endif
