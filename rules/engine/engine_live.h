/*
 * engine_live: what one rule set has alive, made, counted and freed.
 * Private to the engine.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_LIVE_H
#define GONG_RULES_ENGINE_ENGINE_LIVE_H

#include "rules/engine/engine_state.h"

struct gong_live *gong_live_new(struct gong_engine *engine);

/* gong_live_prepare: makes what is derived from its book, which has been
 * compiled. GONG_ERR_INVALID where an expression cannot be evaluated. */
enum gong_err gong_live_prepare(const struct gong_engine *engine,
                                struct gong_live *live) GONG_MUST_CHECK;

/* gong_live_begin: the states and heads of GENERAL rules, which a snapshot
 * would bring. */
enum gong_err gong_live_begin(struct gong_live *live) GONG_MUST_CHECK;

void gong_live_free(struct gong_live *live);

/* gong_live_clock: the clock that an instance's rule runs on. */
uint32_t gong_live_clock(const struct gong_engine *engine,
                         const struct gong_live *live,
                         const struct gong_instance *instance);

/* gong_live_count: moves an alert of a rule from one state's count to
 * another's. */
void gong_live_count(struct gong_live *live, const struct gong_book_rule *rule,
                     enum gong_alert_state from, enum gong_alert_state to);

#endif
