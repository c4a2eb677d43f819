/*
 * engine_step: what evaluations mean for alerts, and telling it.
 * Private to the engine.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_STEP_H
#define GONG_RULES_ENGINE_ENGINE_STEP_H

#include "rules/engine/engine_state.h"

/* gong_engine_add_alert: gives an instance that leaves rest its alert; false
 * without memory. gong_engine_remove_alert takes it away. */
bool gong_engine_add_alert(struct gong_live *live, uint32_t instance);
void gong_engine_remove_alert(struct gong_live *live, uint32_t instance);

/* gong_engine_step: what event means for an instance's alert at t; tells and
 * returns true where its state changed. */
bool gong_engine_step(struct gong_engine *engine, uint32_t instance, int64_t t,
                      struct gong_engine_word word,
                      const struct gong_cause *cause);

/* gong_engine_is_taken: whether an instance that is to leave rest would have
 * the same labels as another's alert, because the rule's labels win over what
 * told them apart: a fault of the rule (semantics rule 16). */
bool gong_engine_is_taken(struct gong_engine *engine, uint32_t instance);
/* gong_engine_note_twin: engine_fault.c: counts that, and tells it. */
void gong_engine_note_twin(struct gong_engine *engine, uint32_t rule,
                           int64_t t);

/* gong_engine_describe: what an alert of live says of itself, into effect. */
void gong_engine_describe(const struct gong_live *live,
                          const struct gong_alert *alert,
                          struct gong_effect *effect);

/* engine_trend.c: by how much an alert's value changes in an hour; false where
 * its rule does not ask, its value is no series' own, or too little is known.
 */
bool gong_engine_trend(struct gong_live *live, const struct gong_alert *alert,
                       double *trend);

/* gong_engine_render: labels and annotations of what was described; the trend
 * of those of the live rules. */
void gong_engine_render(struct gong_engine *engine,
                        const struct gong_live *live,
                        const struct gong_alert *alert,
                        struct gong_effect *effect);

/* gong_engine_tell: emits a change of an alert of live. */
void gong_engine_tell(struct gong_engine *engine, const struct gong_live *live,
                      const struct gong_alert *alert,
                      const struct gong_alert_change *change,
                      const struct gong_cause *cause);

#endif
