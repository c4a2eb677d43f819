/*
 * engine_general: rules that are evaluated as a whole, at one instant: what
 * becomes of their alerts, and when they are looked at again.
 *
 * Two results with equal labels are a fault of the rule, as are those of the
 * evaluator: then there is no result, and state is held (semantics rule 16).
 */
#include "rules/engine/engine_general.h"

#define NONE 0

static const struct gong_cause no_cause = {0};

static struct gong_general_state *
state_of(const struct gong_live *live, const struct gong_book_rule *rule)
{
    return gong_arena_at(&live->general_states, rule->general);
}

/* The number that is kept for a set of the last result: an instance's. */
static enum gong_err
find_instance(struct gong_engine *engine, uint32_t rule,
              struct gong_general *general, uint32_t set, uint32_t *instance)
{
    const struct gong_rule *r = engine->live->book.rules[rule].rule;
    uint32_t *kept = gong_general_number(general, set);
    uint32_t labelset = 0;
    enum gong_err err = GONG_OK;

    if (kept == NULL) {
        return GONG_ERR_MEMORY;
    }
    *instance = *kept;
    if (*kept != NONE) {
        return GONG_OK;
    }
    err = gong_engine_intern_result(engine, general, set,
                                    r->record == NULL ? NULL : r, &labelset);
    if (err == GONG_OK) {
        err = gong_bind_general(&engine->live->binds, rule, labelset, instance);
    }
    *kept = err == GONG_OK ? *instance : NONE;
    return err;
}

/* Marks the instances of a result, in engine->found. GONG_ERR_INVALID where two
 * have equal labels. */
static enum gong_err
find_all(struct gong_engine *engine, uint32_t rule,
         const struct gong_general_result *result)
{
    struct gong_live *live = engine->live;
    struct gong_general *general =
        live->queries[live->book.rules[rule].general];

    gong_arena_clear(&engine->found);
    for (size_t i = 0; i < result->count; i++) {
        uint32_t instance = 0;
        uint32_t at = 0;
        enum gong_err err = find_instance(engine, rule, general,
                                          result->samples[i].set, &instance);

        if (err == GONG_ERR_TOO_LARGE) {
            engine->stats.over_limit++;
            instance = NONE;
        } else if (err != GONG_OK) {
            return err;
        }
        at = gong_arena_add(&engine->found, 1);
        if (at == 0) {
            return GONG_ERR_MEMORY;
        }
        *(uint32_t *)gong_arena_at(&engine->found, at) = instance;
        if (instance == NONE) {
            continue;
        }
        if (gong_instance_at(&live->binds, instance)->touched != 0) {
            return GONG_ERR_INVALID;
        }
        gong_instance_at(&live->binds, instance)->touched = 1;
    }
    return GONG_OK;
}

static uint32_t
found_at(const struct gong_engine *engine, uint32_t i)
{
    return *(const uint32_t *)gong_arena_at(&engine->found, i);
}

static void
unmark_all(struct gong_engine *engine)
{
    for (uint32_t i = 1; i < engine->found.count; i++) {
        gong_instance_at(&engine->live->binds, found_at(engine, i))->touched =
            0;
    }
}

/* The end of a rule's list of alerts, while it is made anew. */
struct list {
    uint32_t first;
    uint32_t last;
};

static void
append(const struct gong_live *live, struct list *list, uint32_t alert)
{
    gong_alert_at(&live->alerts, alert)->next = 0;
    if (list->last == 0) {
        list->first = alert;
    } else {
        gong_alert_at(&live->alerts, list->last)->next = alert;
    }
    list->last = alert;
}

/* The name that a result kept: a symbol, or 0. */
static enum gong_err
find_metric(struct gong_engine *engine, uint32_t instance, uint32_t set,
            uint32_t *metric)
{
    const struct gong_live *live = engine->live;
    uint32_t rule = gong_instance_at(&live->binds, instance)->rule;
    struct gong_str name =
        gong_general_metric(live->queries[live->book.rules[rule].general], set);

    *metric = name.len == 0 ? 0 : gong_symbol_intern(&engine->symbols, name);
    return name.len != 0 && *metric == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

static enum gong_err
apply_true(struct gong_engine *engine, uint32_t instance,
           const struct gong_eval_sample *sample, int64_t t, struct list *list,
           const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    uint32_t n = gong_instance_at(&live->binds, instance)->alert;
    struct gong_alert *alert = NULL;
    uint32_t metric = 0;
    enum gong_err err = find_metric(engine, instance, sample->set, &metric);

    if (err != GONG_OK || (n == 0 && !gong_engine_add_alert(live, instance))) {
        return GONG_ERR_MEMORY;
    }
    n = gong_instance_at(&live->binds, instance)->alert;
    alert = gong_alert_at(&live->alerts, n);
    alert->value = sample->value;
    alert->metric = metric;
    (void)gong_engine_step(engine, instance, t, GONG_ALERT_TRUE, cause);
    append(live, list, n);
    return GONG_OK;
}

/* What has no result any more; while it settles that is held. */
static void
apply_false(struct gong_engine *engine, uint32_t n, int64_t t,
            struct list *list, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    struct gong_alert *alert = gong_alert_at(&live->alerts, n);
    uint32_t instance = alert->instance;

    if (engine->settle_ms != GONG_NEVER &&
        alert->state != GONG_ALERT_INACTIVE) {
        alert->held_ms = alert->held_ms == GONG_ALERT_FREE ? t : alert->held_ms;
        append(live, list, n);
        return;
    }
    if (!gong_engine_step(engine, instance, t, GONG_ALERT_FALSE, cause) &&
        alert->state == GONG_ALERT_INACTIVE && t > alert->told_ms) {
        gong_engine_remove_alert(live, instance);
        return;
    }
    append(live, list, n);
}

/* Of a rule's alerts those that are not in found, in their order: what is
 * listed anew loses its place in the list. */
static uint32_t
take_others(const struct gong_engine *engine, uint32_t old, uint32_t round)
{
    const struct gong_live *live = engine->live;
    struct list others = {0, 0};

    for (uint32_t i = 1; i < engine->found.count; i++) {
        uint32_t instance = found_at(engine, i);
        uint32_t n = instance == NONE
                         ? 0
                         : gong_instance_at(&live->binds, instance)->alert;

        if (n != 0) {
            gong_alert_at(&live->alerts, n)->round = round;
        }
    }
    while (old != 0) {
        uint32_t n = old;

        old = gong_alert_at(&live->alerts, n)->next;
        if (gong_alert_at(&live->alerts, n)->round != round) {
            append(live, &others, n);
        }
    }
    return others.first;
}

static enum gong_err
apply_result(struct gong_engine *engine, struct gong_general_state *state,
             const struct gong_general_result *result, int64_t t,
             const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    struct list list = {0, 0};
    enum gong_err err = GONG_OK;
    uint32_t others = 0;

    state->round++;
    others = take_others(engine, state->first, state->round);
    for (uint32_t i = 1; i < engine->found.count && err == GONG_OK; i++) {
        if (found_at(engine, i) != NONE) {
            err = apply_true(engine, found_at(engine, i),
                             &result->samples[i - 1], t, &list, cause);
        }
    }
    while (others != 0 && err == GONG_OK) {
        uint32_t n = others;

        others = gong_alert_at(&live->alerts, n)->next;
        apply_false(engine, n, t, &list, cause);
    }
    state->first = list.first;
    return err;
}

/* The earliest change by time of a rule's alerts. */
static int64_t
alerts_due(const struct gong_live *live, const struct gong_book_rule *rule,
           uint32_t first)
{
    int64_t due = INT64_MAX;

    for (uint32_t n = first; n != 0;
         n = gong_alert_at(&live->alerts, n)->next) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);
        int64_t at = gong_alert_due(alert, &rule->terms);

        if (alert->held_ms == GONG_ALERT_FREE && at < due) {
            due = at;
        }
    }
    return due;
}

enum gong_err
gong_engine_arm_general(struct gong_engine *engine, uint32_t rule, int64_t t)
{
    const struct gong_book_rule *r = &engine->live->book.rules[rule];
    const struct gong_general_state *state = state_of(engine->live, r);
    int64_t least = r->interval_ms > 0 ? 1 : GONG_GENERAL_MIN_MS;

    if (t == INT64_MAX) {
        return GONG_OK;
    }
    if (state->evaluated_ms != GONG_STAMP_NONE &&
        t < state->evaluated_ms + least) {
        t = state->evaluated_ms + least;
    }
    return gong_engine_arm_at(
        engine, state->head,
        r->interval_ms > 0 ? gong_engine_on_grid(t, r->interval_ms) : t);
}

static enum gong_err
fail(struct gong_engine *engine, uint32_t rule, enum gong_err err,
     int64_t next_ms)
{
    if (err != GONG_ERR_INVALID && err != GONG_ERR_TOO_LARGE) {
        return err;
    }
    engine->stats.rule_faults++;
    return gong_engine_arm_general(engine, rule, next_ms);
}

/* Samples that were there when nobody listened any more still count as newest
 * until it has settled. */
static int64_t
slack(const struct gong_engine *engine, int64_t t)
{
    int64_t stood =
        gong_timers_stood(&engine->live->timers, GONG_CLOCK_JOURNAL);

    return engine->settle_ms != GONG_NEVER && t > stood ? t - stood : 0;
}

enum gong_err
gong_engine_run_general(struct gong_engine *engine, uint32_t rule, int64_t t,
                        const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_book_rule *r = &live->book.rules[rule];
    struct gong_general_state *state = state_of(live, r);
    struct gong_general_result result = {0};
    enum gong_err err = GONG_OK;
    int64_t due = 0;

    gong_instance_at(&live->binds, state->head)->touched = 0;
    if (engine->settle_ms != GONG_NEVER && r->silence) {
        return GONG_OK; /* the end of settling looks again */
    }
    t = t > state->evaluated_ms ? t : state->evaluated_ms;
    state->evaluated_ms = t;
    engine->stats.evaluations++;
    err = gong_general_run(live->queries[r->general], t, slack(engine, t),
                           &result);
    if (err != GONG_OK) {
        return fail(engine, rule, err, result.next_ms);
    }
    if (result.warming) {
        return gong_engine_arm_general(engine, rule, result.next_ms);
    }
    err = find_all(engine, rule, &result);
    unmark_all(engine);
    if (err != GONG_OK) {
        return fail(engine, rule, err, result.next_ms);
    }
    if (r->rule->record != NULL) {
        err = gong_engine_record(engine, rule, &result, t);
        return err == GONG_OK ? gong_engine_arm_general(
                                    engine, rule,
                                    result.count > 0 ? t + 1 : result.next_ms)
                              : err;
    }
    err = apply_result(engine, state, &result, t, cause);
    if (err == GONG_OK && live->book.reads_alerts) {
        err = gong_engine_show_alerts(engine, rule, state->first, t);
    }
    if (err != GONG_OK) {
        return err;
    }
    due = live->book.reads_alerts && state->first != 0
              ? t + 1
              : alerts_due(live, r, state->first);
    return gong_engine_arm_general(engine, rule,
                                   due < result.next_ms ? due : result.next_ms);
}

enum gong_err
gong_engine_touch_general(struct gong_engine *engine, uint32_t head, int64_t t)
{
    struct gong_live *live = engine->live;
    struct gong_instance *i = gong_instance_at(&live->binds, head);
    uint32_t at = 0;

    if (live->book.rules[i->rule].interval_ms > 0) {
        if (i->news != 0 && i->timer != 0) {
            return GONG_OK;
        }
        i->news = 1;
        return gong_engine_arm_general(engine, i->rule, t);
    }
    if (i->touched != 0) {
        return GONG_OK;
    }
    at = gong_arena_add(&engine->dirty, 1);
    if (at == 0) {
        return GONG_ERR_MEMORY;
    }
    *(uint32_t *)gong_arena_at(&engine->dirty, at) = head;
    i->touched = 1;
    return GONG_OK;
}

/* Too early: the timer comes when it may. */
static bool
is_early(const struct gong_engine *engine, uint32_t rule)
{
    int64_t last =
        state_of(engine->live, &engine->live->book.rules[rule])->evaluated_ms;

    return last != GONG_STAMP_NONE &&
           engine->journal_ms < last + GONG_GENERAL_MIN_MS;
}

enum gong_err
gong_engine_run_dirty(struct gong_engine *engine,
                      const struct gong_cause *cause)
{
    enum gong_err err = GONG_OK;

    for (uint32_t i = 1; i < engine->dirty.count && err == GONG_OK; i++) {
        uint32_t head = *(const uint32_t *)gong_arena_at(&engine->dirty, i);
        uint32_t rule = gong_instance_at(&engine->live->binds, head)->rule;

        gong_instance_at(&engine->live->binds, head)->touched = 0;
        err = is_early(engine, rule)
                  ? gong_engine_arm_general(engine, rule, engine->journal_ms)
                  : gong_engine_run_general(engine, rule, engine->journal_ms,
                                            cause);
    }
    gong_arena_clear(&engine->dirty);
    return err;
}

enum gong_err
gong_engine_start_generals(struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;
    int64_t now = gong_engine_ran_until(engine);
    enum gong_err err = GONG_OK;

    if (now == 0 && !live->book.foreign) {
        return GONG_OK; /* before all time: the first record starts them */
    }
    for (uint32_t i = 0; i < live->book.count && err == GONG_OK; i++) {
        if (live->book.rules[i].form == GONG_FORM_GENERAL) {
            err = gong_engine_arm_general(engine, i, now);
        }
    }
    return err;
}

enum gong_err
gong_engine_look_at_general(struct gong_engine *engine, uint32_t instance)
{
    const struct gong_instance *i =
        gong_instance_at(&engine->live->binds, instance);

    return i->leaves != 0 ? GONG_OK
                          : gong_engine_run_general(
                                engine, i->rule, engine->journal_ms, &no_cause);
}
