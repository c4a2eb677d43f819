/*
 * engine_hold: when a rule does not count: closed calendars, missing samples,
 * rest after long silence, settling after blind time.
 * Private to the engine.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_HOLD_H
#define GONG_RULES_ENGINE_ENGINE_HOLD_H

#include "rules/engine/engine_state.h"

/* engine_clause.c */

/* gong_engine_is_open: whether a rule counts at t. gong_engine_calendar_turns:
 * whether it begins or ceases to right then. gong_engine_calendar_due: when an
 * alert, NULL at rest, has to be looked at after t because it does; what is at
 * rest only has to be while it is closed. INT64_MAX: never. */
bool gong_engine_is_open(const struct gong_rule *rule, int64_t t);
bool gong_engine_calendar_turns(const struct gong_rule *rule, int64_t t);
int64_t gong_engine_calendar_due(const struct gong_rule *rule,
                                 const struct gong_alert *alert, int64_t t);

/* gong_engine_is_missing: whether a sample is that fed an alert's last true
 * result; under on_missing = "fire" that any selector ever had. fed: those that
 * have one now. alert is NULL at rest. */
bool gong_engine_is_missing(const struct gong_live *live,
                            const struct gong_instance *instance,
                            const struct gong_alert *alert, uint16_t fed);

/* engine_rest.c */

/* gong_live_tick: the instant due of a GENERAL rule, which comes by time alone
 * (semantics rule 3e); INT64_MAX, and noted, where it lies so far behind the
 * last record that the rule rests until the next one. gong_live_presence_tick:
 * likewise of rules that read presence. */
int64_t gong_live_tick(struct gong_live *live,
                       const struct gong_book_rule *rule, int64_t due);
int64_t gong_live_presence_tick(struct gong_live *live, int64_t due);

/* gong_engine_hear: a record of journal time brought something: what rests goes
 * on. */
enum gong_err gong_engine_hear(struct gong_engine *engine) GONG_MUST_CHECK;

/* engine_resume.c */

/* gong_engine_apply_resume: a RESUME record, with the time that it brings. */
enum gong_err
gong_engine_apply_resume(struct gong_engine *engine,
                         const struct gong_record *record) GONG_MUST_CHECK;

/* gong_engine_ran_until: how far timers have run: in blind time they stand. */
static inline int64_t
gong_engine_ran_until(const struct gong_engine *engine)
{
    return engine->blind_from != GONG_NEVER ? engine->blind_from
                                            : engine->journal_ms;
}

/* gong_engine_settled: what was held while it settled is looked at again. */
enum gong_err gong_engine_settled(struct gong_engine *engine) GONG_MUST_CHECK;

/* gong_engine_held: since when what an evaluation says does not count, because
 * a sample may be missing for no better reason than that nobody listened;
 * INT64_MAX: it counts. t is the instant; alert is NULL for an instance at
 * rest; fed: the selectors that have a sample. */
int64_t gong_engine_held(const struct gong_engine *engine,
                         const struct gong_instance *instance,
                         const struct gong_alert *alert, int64_t t, bool result,
                         uint16_t fed);

#endif
