/*
 * engine_general: what the engine's own files share about rules that are
 * evaluated as a whole. Nobody else includes it.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_GENERAL_H
#define GONG_RULES_ENGINE_ENGINE_GENERAL_H

#include "rules/engine/engine_presence.h"
#include "rules/engine/engine_query.h"

/* A result of a rule at one instant, put together from its clauses, in the
 * engine's found. */
struct gong_found {
    double value;
    uint32_t instance; /* 0: past a limit */
    uint32_t source;   /* the result's own labels */
    uint8_t fires;     /* levels, as bits */
    uint8_t resolves;
    uint8_t spare[6];
};

static inline struct gong_found *
gong_found_at(const struct gong_engine *engine, uint32_t i)
{
    return gong_arena_at(&engine->found, i);
}

/* engine_result.c */

/* gong_engine_find_results: evaluates all clauses of a rule at t that can
 * matter, into found; *next_ms is the first instant after t at which one of
 * them may say something else without a new sample, also on failure:
 * GONG_ERR_INVALID where a clause has two results with equal labels, or the
 * evaluator says so. *warming: one reads a range that is not known yet, so
 * found does not count (semantics rule 23). */
enum gong_err gong_engine_find_results(struct gong_engine *engine,
                                       uint32_t rule, int64_t t,
                                       int64_t *next_ms,
                                       bool *warming) GONG_MUST_CHECK;

/* engine_general.c */

/* gong_engine_run_general: a rule at t. */
enum gong_err
gong_engine_run_general(struct gong_engine *engine, uint32_t rule, int64_t t,
                        const struct gong_cause *cause) GONG_MUST_CHECK;

/* gong_engine_take_turn: likewise, or as soon after t as it may: at interval 0
 * at most once in GONG_GENERAL_MIN_MS. */
enum gong_err
gong_engine_take_turn(struct gong_engine *engine, uint32_t rule, int64_t t,
                      const struct gong_cause *cause) GONG_MUST_CHECK;

/* gong_engine_arm_general: sees to it that a rule is looked at at t, or as soon
 * after that as it may; INT64_MAX: never. */
enum gong_err gong_engine_arm_general(struct gong_engine *engine, uint32_t rule,
                                      int64_t t) GONG_MUST_CHECK;

/* gong_engine_touch_general: a series that the head's rule reads has a new
 * sample; a rule with an interval has not run at t yet.
 * gong_engine_run_dirty: the record with these samples is over. */
enum gong_err gong_engine_touch_general(struct gong_engine *engine,
                                        uint32_t head,
                                        int64_t t) GONG_MUST_CHECK;
enum gong_err
gong_engine_run_dirty(struct gong_engine *engine,
                      const struct gong_cause *cause) GONG_MUST_CHECK;

/* gong_engine_start_generals: all of them are looked at for the first time. */
enum gong_err
gong_engine_start_generals(struct gong_engine *engine) GONG_MUST_CHECK;

/* gong_engine_look_at_general: after it has settled, for any instance of such a
 * rule: the head's turn is the rule's. */
enum gong_err gong_engine_look_at_general(struct gong_engine *engine,
                                          uint32_t instance) GONG_MUST_CHECK;

/* engine_fault.c */

/* gong_engine_note_fault: why a rule has no result at t.
 * gong_engine_note_result: it has one. */
void gong_engine_note_fault(struct gong_engine *engine, uint32_t rule,
                            enum gong_eval_fault fault, int64_t t);
void gong_engine_note_result(struct gong_engine *engine, uint32_t rule,
                             int64_t t);

/* engine_record.c */

/* gong_engine_record: feeds the series of a recording with its result at t,
 * which is in found; those of last time that are not in it end. */
enum gong_err gong_engine_record(struct gong_engine *engine, uint32_t rule,
                                 int64_t t) GONG_MUST_CHECK;

/* gong_output_add: gives an instance of a recording of live its output. */
enum gong_err gong_output_add(struct gong_live *live, uint32_t rule,
                              uint32_t instance) GONG_MUST_CHECK;

/* gong_outputs_find_series: outputs whose series the limit of instances refused
 * try again, once there is room. */
enum gong_err gong_outputs_find_series(struct gong_live *live) GONG_MUST_CHECK;

/* engine_outputs.c */

/* gong_engine_move_outputs: a change of rules: gives recordings that go on the
 * outputs that they had, which they must end one day. gong_engine_end_outputs:
 * ends those of all others, and those that found no room, once the new rules
 * are live. */
enum gong_err gong_engine_move_outputs(const struct gong_live *from,
                                       struct gong_live *to) GONG_MUST_CHECK;
enum gong_err
gong_engine_end_outputs(struct gong_engine *engine,
                        const struct gong_live *old) GONG_MUST_CHECK;

/* engine_record.c */

/* gong_engine_feed: a sample of the engine's own at t, which rule makes, for
 * all rules that read its series; NaN of a stale marker ends it. */
enum gong_err gong_engine_feed(struct gong_engine *engine, uint32_t rule,
                               uint32_t series, int64_t t,
                               double value) GONG_MUST_CHECK;

/* gong_engine_tell_recorded: emits a sample of a recording. */
void gong_engine_tell_recorded(struct gong_engine *engine,
                               const struct gong_rule *rule, uint32_t labelset,
                               int64_t t, double value);

/* gong_engine_note_alert: ALERTS and ALERTS_FOR_STATE after a change of an
 * alert of the live rules (semantics rule 15); effect is rendered. */
enum gong_err
gong_engine_note_alert(struct gong_engine *engine, uint32_t rule,
                       const struct gong_effect *effect) GONG_MUST_CHECK;

/* gong_engine_show_alerts: the same at each instant, as in a Prometheus; first
 * is the list of the rule's alerts. */
enum gong_err gong_engine_show_alerts(struct gong_engine *engine, uint32_t rule,
                                      uint32_t first,
                                      int64_t t) GONG_MUST_CHECK;

#endif
