/*
 * engine_general: rules that are evaluated as a whole, at one instant: what
 * becomes of their alerts, and when they are looked at again.
 *
 * Two results with equal labels are a fault of the rule, as are those of the
 * evaluator: then there is no result, and state is held (semantics rule 16).
 */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_step.h"
#include "rules/engine/engine_hold.h"

static const struct gong_cause no_cause = {0};

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

/* Tells an alert what became of it, and lists it while it is not over. While it
 * settles what would end for want of a result is held. */
static void
apply(struct gong_engine *engine, uint32_t n, int64_t t,
      struct gong_engine_word word, struct list *list,
      const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    struct gong_alert *alert = gong_alert_at(&live->alerts, n);
    uint32_t instance = alert->instance;

    if (engine->settle_ms != GONG_NEVER && word.event == GONG_ALERT_FALSE &&
        alert->state != GONG_ALERT_INACTIVE) {
        alert->held_ms = alert->held_ms == GONG_ALERT_FREE ? t : alert->held_ms;
        append(live, list, n);
        return;
    }
    if (!gong_engine_step(engine, instance, t, word, cause) &&
        alert->state == GONG_ALERT_INACTIVE && t > alert->told_ms) {
        gong_engine_remove_alert(live, instance);
        return;
    }
    append(live, list, n);
}

static enum gong_err
apply_found(struct gong_engine *engine, const struct gong_found *found,
            int64_t t, uint32_t round, struct list *list,
            const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i =
        gong_instance_at(&live->binds, found->instance);
    struct gong_said said = {found->value, found->fires, found->resolves};
    struct gong_engine_word word = {0};
    struct gong_alert *alert = NULL;

    if (i->alert == 0 && found->fires == 0) {
        return GONG_OK; /* nothing that it could end */
    }
    if (i->alert == 0 && !gong_engine_add_alert(live, found->instance)) {
        return GONG_ERR_MEMORY;
    }
    alert = gong_alert_at(&live->alerts, i->alert);
    alert->round = round;
    if (found->fires != 0) {
        alert->value = found->value;
        alert->source = found->source;
    }
    word.event = gong_alert_judge(alert, &live->book.rules[i->rule].terms,
                                  &said, false, &word.reach);
    apply(engine, i->alert, t, word, list, cause);
    return GONG_OK;
}

/* Of a rule's alerts those that are not in found, in their order: what is
 * listed anew loses its place in the list. */
static uint32_t
take_others(const struct gong_engine *engine, uint32_t old, uint32_t round)
{
    const struct gong_live *live = engine->live;
    struct list others = {0, 0};

    for (uint32_t i = 1; i < engine->found.count; i++) {
        uint32_t instance = gong_found_at(engine, i)->instance;
        uint32_t n =
            instance == 0 ? 0 : gong_instance_at(&live->binds, instance)->alert;

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

/* What has no result any more: none of its clauses says anything. */
static void
apply_others(struct gong_engine *engine, uint32_t others, int64_t t,
             struct list *list, const struct gong_cause *cause)
{
    static const struct gong_said nothing = {0};
    const struct gong_live *live = engine->live;

    while (others != 0) {
        uint32_t n = others;
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);
        uint32_t rule = gong_instance_at(&live->binds, alert->instance)->rule;
        struct gong_engine_word word = {0};

        others = alert->next;
        word.event = gong_alert_judge(alert, &live->book.rules[rule].terms,
                                      &nothing, false, &word.reach);
        apply(engine, n, t, word, list, cause);
    }
}

static enum gong_err
apply_result(struct gong_engine *engine, struct gong_general_state *state,
             int64_t t, const struct gong_cause *cause)
{
    struct list list = {0, 0};
    enum gong_err err = GONG_OK;
    uint32_t others = 0;

    state->round++;
    others = take_others(engine, state->first, state->round);
    for (uint32_t i = 1; i < engine->found.count && err == GONG_OK; i++) {
        const struct gong_found *found = gong_found_at(engine, i);

        if (found->instance != 0) {
            err = apply_found(engine, found, t, state->round, &list, cause);
        }
    }
    if (err == GONG_OK) {
        apply_others(engine, others, t, &list, cause);
    }
    state->first = list.first;
    return err;
}

/* Outside of its calendar, or past its limit. */
static void
end_all(struct gong_engine *engine, struct gong_general_state *state, int64_t t,
        enum gong_alert_event event, const struct gong_cause *cause)
{
    struct list list = {0, 0};
    uint32_t old = state->first;

    while (old != 0) {
        uint32_t n = old;

        old = gong_alert_at(&engine->live->alerts, n)->next;
        apply(engine, n, t, (struct gong_engine_word){event, 0}, &list, cause);
    }
    state->first = list.first;
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
    const struct gong_general_state *state =
        gong_general_state_at(engine->live, r->general);
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

/* When an alert rule is looked at again after t, whose alerts are due by time
 * and whose result may be another then; or its calendar turns. */
static int64_t
next_look(const struct gong_book_rule *r, int64_t t, int64_t due,
          int64_t next_ms)
{
    due = gong_engine_earlier(due, next_ms);
    return r->rule->calendar == NULL
               ? due
               : gong_engine_earlier(due,
                                     gong_calendar_next(r->rule->calendar, t));
}

/* There is no result: all alerts stay what they are, also one whose `for` is
 * over, and the rule is tried again, as in a Prometheus at its next interval.
 * Its calendar goes on. */
static enum gong_err
fail(struct gong_engine *engine, uint32_t rule, enum gong_err err,
     int64_t next_ms)
{
    struct gong_live *live = engine->live;
    const struct gong_book_rule *r = &live->book.rules[rule];
    int64_t t = gong_general_state_at(live, r->general)->evaluated_ms;
    int64_t step = r->interval_ms > 0 ? r->interval_ms : GONG_PLAN_TICK_MS;
    int64_t again = 0;

    if (err != GONG_ERR_INVALID && err != GONG_ERR_TOO_LARGE) {
        return err;
    }
    gong_engine_note_fault(engine, rule,
                           gong_general_fault(live->queries[r->general]), t);
    again = gong_live_tick(live, r, gong_engine_on_grid(t + 1, step));
    next_ms = gong_engine_earlier(next_ms, again);
    if (r->rule->record == NULL) {
        int64_t due =
            alerts_due(live, r, gong_general_state_at(live, r->general)->first);

        next_ms = next_look(r, t, due > t ? due : next_ms, next_ms);
    }
    return gong_engine_arm_general(engine, rule, next_ms);
}

/* Whether an alert that has no result any more is still open after t. */
static bool
is_kept(const struct gong_alert *alert, const struct gong_alert_terms *terms,
        int64_t t)
{
    return (alert->state == GONG_ALERT_FIRING && terms->keep_ms > 0) ||
           (alert->state == GONG_ALERT_KEEPING &&
            gong_alert_due(alert, terms) > t);
}

/* How many alerts of a rule there will be: those in found, and others that it
 * keeps. */
static uint32_t
count_alerts(const struct gong_engine *engine, const struct gong_book_rule *r,
             int64_t t)
{
    const struct gong_live *live = engine->live;
    uint32_t count = 0;

    for (uint32_t n = gong_general_state_at(live, r->general)->first; n != 0;
         n = gong_alert_at(&live->alerts, n)->next) {
        count += is_kept(gong_alert_at(&live->alerts, n), &r->terms, t);
    }
    for (uint32_t i = 1; i < engine->found.count; i++) {
        uint32_t instance = gong_found_at(engine, i)->instance;
        uint32_t n =
            instance == 0 ? 0 : gong_instance_at(&live->binds, instance)->alert;

        count +=
            n == 0 || !is_kept(gong_alert_at(&live->alerts, n), &r->terms, t);
    }
    return count;
}

static bool
is_past_limit(const struct gong_engine *engine, const struct gong_book_rule *r,
              int64_t t)
{
    uint32_t found = engine->found.count > 0 ? engine->found.count - 1 : 0;
    uint32_t limit = r->rule->limit;

    return limit > 0 && (r->rule->record == NULL ? count_alerts(engine, r, t)
                                                 : found) > limit;
}

/* As in Prometheus there is no result then, and an alert begins anew after it;
 * what was recorded is not ended. */
static enum gong_err
apply_limit(struct gong_engine *engine, uint32_t rule, int64_t t,
            int64_t next_ms, const struct gong_cause *cause)
{
    const struct gong_book_rule *r = &engine->live->book.rules[rule];

    if (r->rule->record == NULL) {
        end_all(engine, gong_general_state_at(engine->live, r->general), t,
                GONG_ALERT_LIMITED, cause);
    }
    gong_engine_note_fault(engine, rule, GONG_EVAL_LIMIT, t);
    return gong_engine_arm_general(engine, rule,
                                   engine->found.count > 1 ? t + 1 : next_ms);
}

/* An alert rule whose result is in found; next_ms: when it may be another. */
static enum gong_err
run_alerts(struct gong_engine *engine, uint32_t rule, int64_t t,
           int64_t next_ms, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_book_rule *r = &live->book.rules[rule];
    struct gong_general_state *state = gong_general_state_at(live, r->general);

    if (gong_engine_is_open(r->rule, t)) {
        enum gong_err err = apply_result(engine, state, t, cause);

        if (err == GONG_OK && live->book.reads_alerts) {
            err = gong_engine_show_alerts(engine, rule, state->first, t);
        }
        if (err != GONG_OK) {
            return err;
        }
    } else {
        end_all(engine, state, t, GONG_ALERT_CLOSED, cause);
    }
    if (live->book.reads_alerts && state->first != 0) {
        /* ALERTS has a sample at each instant. */
        next_ms = gong_engine_earlier(
            next_ms,
            gong_live_tick(live, r,
                           r->interval_ms > 0
                               ? gong_engine_on_grid(t + 1, r->interval_ms)
                               : t + 1));
    }
    return gong_engine_arm_general(
        engine, rule,
        next_look(r, t, alerts_due(live, r, state->first), next_ms));
}

enum gong_err
gong_engine_run_general(struct gong_engine *engine, uint32_t rule, int64_t t,
                        const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_book_rule *r = &live->book.rules[rule];
    struct gong_general_state *state = gong_general_state_at(live, r->general);
    int64_t next_ms = INT64_MAX;
    bool warming = false;
    enum gong_err err = GONG_OK;

    gong_instance_at(&live->binds, state->head)->flags = 0;
    state->rests = 0;
    if (engine->settle_ms != GONG_NEVER && r->silence) {
        return GONG_OK; /* the end of settling looks again */
    }
    t = t > state->evaluated_ms ? t : state->evaluated_ms;
    state->evaluated_ms = t;
    engine->stats.evaluations++;
    gong_arena_clear(&engine->found);
    if (gong_engine_is_open(r->rule, t)) {
        err = gong_engine_find_results(engine, rule, t, &next_ms, &warming);
    }
    if (err != GONG_OK) {
        return fail(engine, rule, err, next_ms);
    }
    if (warming) {
        return gong_engine_arm_general(engine, rule, next_ms);
    }
    if (is_past_limit(engine, r, t)) {
        return apply_limit(engine, rule, t, next_ms, cause);
    }
    gong_engine_note_result(engine, rule, t);
    if (r->rule->record == NULL) {
        return run_alerts(engine, rule, t, next_ms, cause);
    }
    err = gong_engine_record(engine, rule, t);
    if (err == GONG_OK && engine->found.count > 1) {
        int64_t tick =
            gong_live_tick(live, r, gong_engine_on_grid(t + 1, r->interval_ms));

        next_ms = tick < next_ms ? tick : next_ms;
    }
    return err == GONG_OK ? gong_engine_arm_general(engine, rule, next_ms)
                          : err;
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
    if (i->flags != 0) {
        return GONG_OK;
    }
    at = gong_arena_add(&engine->dirty, 1);
    if (at == 0) {
        return GONG_ERR_MEMORY;
    }
    *(uint32_t *)gong_arena_at(&engine->dirty, at) = head;
    i->flags = GONG_INSTANCE_TOUCHED;
    return GONG_OK;
}

/* Whether a rule has run so short a while ago that its turn comes by a timer,
 * when it may. */
static bool
is_early(const struct gong_engine *engine, uint32_t rule, int64_t t)
{
    const struct gong_book_rule *r = &engine->live->book.rules[rule];
    int64_t last =
        gong_general_state_at(engine->live, r->general)->evaluated_ms;

    return r->interval_ms == 0 && last != GONG_STAMP_NONE &&
           t < last + GONG_GENERAL_MIN_MS;
}

enum gong_err
gong_engine_take_turn(struct gong_engine *engine, uint32_t rule, int64_t t,
                      const struct gong_cause *cause)
{
    return is_early(engine, rule, t)
               ? gong_engine_arm_general(engine, rule, t)
               : gong_engine_run_general(engine, rule, t, cause);
}

enum gong_err
gong_engine_run_dirty(struct gong_engine *engine,
                      const struct gong_cause *cause)
{
    enum gong_err err = GONG_OK;

    for (uint32_t i = 1; i < engine->dirty.count && err == GONG_OK; i++) {
        uint32_t head = *(const uint32_t *)gong_arena_at(&engine->dirty, i);
        uint32_t rule = gong_instance_at(&engine->live->binds, head)->rule;

        gong_instance_at(&engine->live->binds, head)->flags = 0;
        err = gong_engine_take_turn(engine, rule, engine->journal_ms, cause);
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
    const struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);

    if (i->leaves != 0) {
        return GONG_OK;
    }
    return engine->live->book.rules[i->rule].interval_ms > 0
               ? gong_engine_arm_general(engine, i->rule, engine->journal_ms)
               : gong_engine_take_turn(engine, i->rule, engine->journal_ms,
                                       &no_cause);
}
