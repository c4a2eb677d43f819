/*
 * engine_aggregate: what the engine's own files share about AGGREGATE rules.
 * Nobody else includes it.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_AGGREGATE_H
#define GONG_RULES_ENGINE_ENGINE_AGGREGATE_H

#include "rules/engine/engine_state.h"

/* gong_engine_feed_member: a series that has a new sample, or another
 * look-back, as a member of a rule: its group is looked at after all samples of
 * this stamp, or at the next instant of the interval. */
enum gong_err gong_engine_feed_member(struct gong_engine *engine,
                                      const struct gong_series *series,
                                      uint32_t rule,
                                      uint32_t member) GONG_MUST_CHECK;

/* gong_engine_run_group: an instance of such a rule at journal time t. */
enum gong_err
gong_engine_run_group(struct gong_engine *engine, uint32_t instance, int64_t t,
                      const struct gong_cause *cause) GONG_MUST_CHECK;

/* gong_engine_join_members: all series of live whose newest sample counts at t
 * become members where they are not. */
enum gong_err gong_engine_join_members(struct gong_engine *engine,
                                       struct gong_live *live,
                                       int64_t t) GONG_MUST_CHECK;

/* gong_engine_counts_at: the instant at which a member must count to count at
 * t: what was there when nobody listened any more does until it has settled. */
int64_t gong_engine_counts_at(const struct gong_engine *engine, int64_t t);

/* gong_engine_has_members: whether an instance's group is not empty. */
bool gong_engine_has_members(const struct gong_live *live,
                             const struct gong_instance *instance);

#endif
