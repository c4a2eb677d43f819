/*
 * history_tidy: what is done to history.db behind its writing, in steps that
 * take a transaction each: any kill leaves a history that says the same.
 *
 *   a raw block is over, and `grace` with it  -> its parts become part 0, and
 *                                                roll-ups of 5 min go into
 *                                                that day's block
 *   a day is over                             -> likewise, and roll-ups of 1 h
 *   late samples came for one that was done   -> the same once more
 *   a block is older than its resolution's age, or the file larger than its
 *   limit (then raw blocks go first, the oldest of them, then 5m, then 1h)
 *                                             -> it goes, and with it series
 *                                                that nothing holds any more
 *
 * A block is rolled up before it goes. What comes late for raw samples that
 * went is rolled up where nothing was yet, and changes nothing else. Series
 * stay whose numbers were given out since the opening (gong_history_file_
 * forget), and those that stand as a state. On the writer's thread.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_TIDY_H
#define GONG_AGENT_HISTORY_HISTORY_TIDY_H

#include "agent/history/history_file.h"

struct gong_history_limits {
    int64_t age_ms[3]; /* by resolution; 0: for ever */
    uint64_t bytes;    /* 0: none */
    int64_t grace_ms;  /* of a block after its end; 0: 20 min */
};

/* What a step did. Plain values. */
struct gong_history_tidied {
    uint64_t compacted_rows;
    uint64_t rolled_rows;
    uint64_t damaged_rows;   /* chunks that did not verify, left out */
    uint64_t dropped_blocks; /* by age */
    uint64_t crowded_blocks; /* by size */
    uint64_t dropped_series;
};

/* gong_history_tidy_step: one bounded step (some thousand rows); more: there is
 * another to do now. now_ms: journal time. Adds to tidied. Outside of a
 * transaction. */
enum gong_err
gong_history_tidy_step(struct gong_history_file *file,
                       const struct gong_history_limits *limits, int64_t now_ms,
                       bool *more,
                       struct gong_history_tidied *tidied) GONG_MUST_CHECK;

#endif
