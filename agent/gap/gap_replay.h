/*
 * gap_replay: what the alerts of one device would have been, had its samples
 * come in time: they are applied, in their order, to an engine of their own.
 *
 *   series of the device, slice by slice --> line protocol --> gong_engine
 *                                                                  |
 *   intervals in the device's time  <---------- effects -----------'
 *
 * The engine begins earlier by warm_ms (gap_rules.h). What it cannot know is a
 * state that only hysteresis or unknown data held from before that: such an
 * alert is not among the intervals. Nothing follows from an interval that is
 * missing, and of one that fired before from_ms the true start may lie earlier
 * still. Pure but for the source.
 */
#ifndef GONG_AGENT_GAP_GAP_REPLAY_H
#define GONG_AGENT_GAP_GAP_REPLAY_H

#include "agent/gap/gap_intervals.h"
#include "agent/gap/gap_rules.h"
#include "rules/engine/sample.h"

/* A series' labels, sorted, __name__ among them, and its samples by rising
 * time; views valid during the call only. What is not GONG_OK ends the read. */
typedef enum gong_err (*gong_gap_series_fn)(
    void *ctx, const struct gong_label_view *labels, size_t label_count,
    const struct gong_sample *samples, size_t count);

/* read: calls visit for each series of the device that has samples in
 * [from_ms, to_ms], with these, in any order. */
struct gong_gap_source {
    void *ctx;
    enum gong_err (*read)(void *ctx, int64_t from_ms, int64_t to_ms,
                          gong_gap_series_fn visit, void *visit_ctx);
};

struct gong_gap_replay {
    const struct gong_gap_rules *rules; /* all are borrowed */
    const struct gong_gap_source *source;
    struct gong_str site;
    struct gong_str device;
    struct gong_str birth; /* its last birth message, for what it declares of
                              look-backs; empty: none */
    int64_t from_ms;
    int64_t to_ms;
    int64_t slice_ms;  /* of one read; 0: 1 h */
    size_t points_max; /* in memory; a slice that has more is read in smaller
                          ones; 0: 2 million */
};

/* gong_gap_replay: adds those that were open at some instant of
 * [from_ms, to_ms]; of what went on beyond that nothing is known, it is open.
 * TOO_LARGE: more than points_max in a single millisecond. */
enum gong_err gong_gap_replay(const struct gong_gap_replay *replay,
                              struct gong_gap_intervals *out) GONG_MUST_CHECK;

#endif
