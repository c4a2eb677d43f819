/*
 * history_plan: which samples an expression will ask for: for each selector in
 * it the times between which they lie, how far back it goes from one instant to
 * the next, and the coarsest roll-ups that answer it exactly. Pure but for
 * memory.
 *
 * Where all instants are multiples of a roll-up's length (offset and @ taken
 * in), its intervals (end - length, end] divide what is asked for without rest:
 *
 *   an instant selector       the last sample up to an instant is the last of
 *                             an interval, with its time
 *   min, max, present and     intervals, and the last one before them where it
 *   absent_over_time, with a  lies exactly on the window's left end, which is
 *   range of whole intervals  included
 *
 * Nothing else is the same to the bit.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_PLAN_H
#define GONG_AGENT_HISTORY_HISTORY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "agent/history/history_time.h"
#include "common/err.h"
#include "rules/engine/promql.h"

/* What a roll-up says in place of samples. */
enum gong_history_value {
    GONG_HISTORY_LAST,
    GONG_HISTORY_MIN,
    GONG_HISTORY_MAX,
    GONG_HISTORY_PRESENT,
};

/* Of one selector. Plain value. */
struct gong_history_need {
    uint32_t node;   /* its place in the tree */
    int64_t from_ms; /* samples lie in [from_ms, to_ms], within 1970 .. 9999; */
    int64_t to_ms;   /* from_ms > to_ms: none */
    int64_t reach_ms;    /* from the latest instant so far, none earlier */
    int64_t lookback_ms; /* of an instant selector; else 0 */
    enum gong_history_value value;
    enum gong_resolution exact; /* the coarsest that says the same */
};

/* The instants of the root: start, start + step ... end; step 0: start. */
struct gong_history_instants {
    int64_t start_ms;
    int64_t end_ms;
    int64_t step_ms;
    int64_t lookback_ms;      /* not 0 */
    int64_t subquery_step_ms; /* not 0 */
};

/* gong_history_plan: one need for each selector, by rising place; free()
 * *needs. */
enum gong_err gong_history_plan(const struct gong_expr *expr,
                                const struct gong_history_instants *instants,
                                struct gong_history_need **needs,
                                size_t *count) GONG_MUST_CHECK;

#endif
