/*
 * engine_data: samples on their way to series and instances.
 * Private to the engine.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_DATA_H
#define GONG_RULES_ENGINE_ENGINE_DATA_H

#include "rules/engine/engine_state.h"

/* gong_engine_device: finds or makes a device, its clock and its place among
 * the presences; 0 past the limit. */
enum gong_err gong_engine_device(struct gong_engine *engine,
                                 struct gong_str site, struct gong_str name,
                                 uint32_t *device) GONG_MUST_CHECK;

/* gong_engine_push: next becomes the newest sample of a series: in the place of
 * one with an equal stamp, or with a later one, which stands; an older one goes
 * to its window. */
enum gong_err gong_engine_push(struct gong_engine *engine, uint32_t series,
                               struct gong_sample next) GONG_MUST_CHECK;

/* gong_engine_apply_sample: a sample of a payload, to its series and to all
 * that reads it. */
enum gong_err
gong_engine_apply_sample(struct gong_engine *engine,
                         const struct gong_staged *sample,
                         const struct gong_cause *cause) GONG_MUST_CHECK;

/* gong_engine_touch: puts an instance on the list of those to evaluate, once;
 * gong_engine_evaluate_touched evaluates and empties it, AGGREGATE rules' at
 * journal time. */
enum gong_err gong_engine_touch(struct gong_engine *engine,
                                uint32_t instance) GONG_MUST_CHECK;
enum gong_err
gong_engine_evaluate_touched(struct gong_engine *engine, int64_t t,
                             const struct gong_cause *cause) GONG_MUST_CHECK;
enum gong_err
gong_engine_apply_data(struct gong_engine *engine,
                       const struct gong_record *record) GONG_MUST_CHECK;

#endif
