/*
 * engine_state: what the engine's own files share. Nobody else includes it.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_STATE_H
#define GONG_RULES_ENGINE_ENGINE_STATE_H

#include "rules/engine/alert.h"
#include "rules/engine/bind.h"
#include "rules/engine/book.h"
#include "rules/engine/effect_render.h"
#include "rules/engine/engine.h"
#include "rules/engine/engine_query.h"
#include "rules/engine/presence.h"
#include "rules/engine/series.h"
#include "rules/engine/timer.h"

#define GONG_NEVER INT64_MIN

/* What one rule set has alive. A reload builds another beside it. */
struct gong_live {
    struct gong_book book;
    struct gong_binds binds;
    struct gong_timers timers;
    struct gong_alerts alerts;
    struct gong_arena general_states;
    struct gong_outputs outputs;
    struct gong_general **queries; /* derived, by the book's numbers */
    int64_t heard_ms; /* journal time of the last record that brought something
                         (engine_rest.c) */
    bool resting;     /* some rule no longer moves with time (engine_rest.c) */
    uint64_t pending;
    uint64_t firing; /* keeping among them */
    uint64_t unknown;
    uint64_t trial; /* of rules on trial, in none of these */
};

static inline struct gong_general_state *
gong_general_state_at(const struct gong_live *live, uint32_t general)
{
    return gong_arena_at(&live->general_states, general);
}

/* The sample behind an evaluation; all zero where a timer is. */
struct gong_cause {
    int64_t captured_ms;
    int64_t published_ms;
    int64_t received_ms;
};

/* What an evaluation means for an alert: gong_alert_step's words. */
struct gong_engine_word {
    enum gong_alert_event event;
    unsigned reach;
};

/* Series that only the engine feeds, beside those of presence. */
enum gong_own_metric {
    GONG_OWN_ALERTS,
    GONG_OWN_ALERTS_FOR_STATE,
    GONG_OWN_METRICS,
};

/* A sample on its way from the decoder to its series. */
struct gong_staged {
    int64_t ms;
    double value;
    uint32_t series;
};

/* When it looked last for what can be forgotten (engine_expire.h), and how much
 * it held then. The others are the numbers there: tests have smaller ones. */
struct gong_expire {
    int64_t looked_ms;
    uint64_t held;
    int64_t silence_ms;
    int64_t soon_ms;
    int64_t late_ms;
    uint32_t part; /* what goes is at least so mean a part of all */
};

struct gong_engine {
    struct gong_engine_limits limits;
    gong_effect_fn emit;
    void *ctx;
    struct gong_budget budget;  /* of the state: a snapshot brings it back */
    struct gong_budget derived; /* of all else; no limit */
    struct gong_hash_key key;
    struct gong_symbols symbols;
    struct gong_labelsets labelsets;
    struct gong_registry registry;
    struct gong_presences presences;
    struct gong_declareds declareds;
    uint32_t presence_names[GONG_PRESENCE_METRICS]; /* symbols; 0: not yet */
    uint32_t own_names[GONG_OWN_METRICS];           /* likewise */
    gong_recorded_fn recorded;
    void *recorded_ctx;
    gong_fault_fn fault;
    void *fault_ctx;
    struct gong_live *live;

    int64_t journal_ms; /* of the newest record, or of a timer since */
    int64_t ran_ms;     /* every timer due before this has run */
    int64_t blind_from; /* blind since then, GONG_NEVER: not blind */
    int64_t resumed_ms; /* when it last saw again, GONG_NEVER at first */
    int64_t settle_ms;  /* until then nothing turns missing, GONG_NEVER: past */
    uint64_t position;  /* of the record being applied */
    uint32_t ordinal;   /* of its next effect */
    struct gong_expire expire;
    struct gong_engine_stats stats; /* the counting part */

    /* Scratch; means nothing between records. */
    struct gong_lp_reader *reader;
    struct gong_effect_space *space;
    struct gong_arena staged;
    struct gong_arena sorted;
    struct gong_arena touched; /* instances to evaluate */
    struct gong_arena dirty;   /* heads of GENERAL rules, likewise */
    struct gong_arena found;   /* a GENERAL rule's results */
    bool short_of_memory;      /* while it told an effect */
    struct gong_arena late;    /* staged samples that came late */
};

static inline int64_t
gong_engine_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* engine_eval.c */

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

/* engine_alert.c */

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

/* engine_data.c */

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

/* engine_live.c */
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
