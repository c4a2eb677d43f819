/*
 * engine_move: what goes over from one rule set's bindings to another's: what
 * was known of series, and the alerts of rules that kept their meaning.
 * Private to the engine.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_MOVE_H
#define GONG_RULES_ENGINE_ENGINE_MOVE_H

#include "rules/engine/engine_state.h"

/* engine_move_series.c: into live, from what the engine holds, of which nothing
 * changes. */

/* gong_engine_move_columns: columns, empty, gets those of the registry, each
 * with its series in live. */
enum gong_err
gong_engine_move_columns(struct gong_engine *engine, struct gong_live *live,
                         struct gong_arena *columns) GONG_MUST_CHECK;

/* gong_engine_move_own: series that the engine feeds itself have no columns:
 * the newest sample of each, but for those of presence and of parameters, which
 * are bound anew. */
enum gong_err gong_engine_move_own(struct gong_engine *engine,
                                   struct gong_live *live) GONG_MUST_CHECK;

/* engine_move_alerts.c */

/* With relabelled nothing that is not there is made: what has other labels now
 * begins anew. */
struct gong_move {
    const struct gong_live *from;
    struct gong_live *to;
    bool relabelled;
};

/* gong_engine_move_alerts: moved gets one byte per old alert: whether it goes
 * on. */
enum gong_err gong_engine_move_alerts(const struct gong_move *move,
                                      unsigned char *moved) GONG_MUST_CHECK;

#endif
