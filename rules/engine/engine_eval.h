/*
 * engine_eval: evaluating an instance, and seeing to it that timers do.
 * Private to the engine.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_EVAL_H
#define GONG_RULES_ENGINE_ENGINE_EVAL_H

#include "rules/engine/engine_state.h"

/* gong_engine_evaluate: one instance at instant t, or at the newest of what it
 * has been told, if that is later. */
enum gong_err
gong_engine_evaluate(struct gong_engine *engine, uint32_t instance, int64_t t,
                     const struct gong_cause *cause) GONG_MUST_CHECK;

/* gong_engine_arm: sees to it that the instance is evaluated when something
 * happens to it by time alone after t. */
enum gong_err gong_engine_arm(struct gong_engine *engine, uint32_t instance,
                              int64_t t) GONG_MUST_CHECK;

/* gong_engine_waits: whether time alone says nothing about an instance: what is
 * held, or unknown, waits for a sample or the end of settling. On a grid
 * samples come by timers too, with news; and as long as settling alone holds it
 * there, each instant looks. */
bool gong_engine_waits(const struct gong_live *live,
                       const struct gong_instance *instance);

/* gong_engine_can_miss: whether a sample that goes missing changes an alert. */
bool gong_engine_can_miss(const struct gong_alert *alert,
                          const struct gong_alert_terms *terms);

/* gong_engine_on_grid: the first multiple of interval that is not before t. */
int64_t gong_engine_on_grid(int64_t t, int64_t interval);

/* gong_engine_arm_grid: likewise at the next instant of its rule's interval. */
enum gong_err gong_engine_arm_grid(struct gong_engine *engine,
                                   uint32_t instance) GONG_MUST_CHECK;

/* gong_engine_run_timers: all whose journal time lies before limit. */
enum gong_err gong_engine_run_timers(struct gong_engine *engine,
                                     int64_t limit) GONG_MUST_CHECK;

/* gong_engine_advance: moves journal time to now, running what is due before
 * it, or with inclusive at it. */
enum gong_err gong_engine_advance(struct gong_engine *engine, int64_t now,
                                  bool inclusive) GONG_MUST_CHECK;

/* gong_engine_run_clock: those of one clock that are due before limit. */
enum gong_err gong_engine_run_clock(struct gong_engine *engine, uint32_t clock,
                                    int64_t limit) GONG_MUST_CHECK;

/* gong_engine_arm_at: sees to it that the instance is evaluated at due. */
enum gong_err gong_engine_arm_at(struct gong_engine *engine, uint32_t instance,
                                 int64_t due) GONG_MUST_CHECK;

#endif
