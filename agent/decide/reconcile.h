/*
 * reconcile: makes the effects log agree with what the engine holds, after a
 * start or where an effect could not be kept (agent/decide/effects.h).
 */
#ifndef GONG_AGENT_DECIDE_RECONCILE_H
#define GONG_AGENT_DECIDE_RECONCILE_H

#include "agent/decide/effects.h"
#include "rules/engine/engine.h"

/* gong_reconcile: engine thread, between two records; does nothing while the
 * engine settles or where nothing is to be done. decided_ms: wall clock. */
void gong_reconcile(struct gong_effects *effects, struct gong_engine *engine,
                    int64_t decided_ms);

#endif
