/* engine_eval: one instance at one instant, and the timers that bring it back.
 */
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_instant.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_step.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_hold.h"

static uint32_t
clock_of(const struct gong_engine *engine, const struct gong_instance *instance)
{
    return gong_live_clock(engine, engine->live, instance);
}

int64_t
gong_engine_on_grid(int64_t t, int64_t interval)
{
    int64_t past = t % interval;

    return past <= 0 ? t - past : t - past + interval;
}

static enum gong_err
set_timer(struct gong_engine *engine, uint32_t instance, int64_t due)
{
    struct gong_timers *timers = &engine->live->timers;
    struct gong_instance *i = gong_instance_at(&engine->live->binds, instance);

    if (i->timer == 0) {
        i->timer =
            gong_timer_arm(timers, clock_of(engine, i), due, i->rule, instance);
        return i->timer == 0 ? GONG_ERR_MEMORY : GONG_OK;
    }
    /* A timer that comes too early only looks, and arms itself again. */
    if (due < gong_timer_due(timers, i->timer)) {
        gong_timer_hasten(timers, clock_of(engine, i), i->timer, due);
    }
    return GONG_OK;
}

bool
gong_engine_can_miss(const struct gong_alert *alert,
                     const struct gong_alert_terms *terms)
{
    return alert->state == GONG_ALERT_PENDING ||
           alert->state == GONG_ALERT_FIRING ||
           (alert->state == GONG_ALERT_KEEPING && terms->unknown);
}

enum gong_err
gong_engine_arm_at(struct gong_engine *engine, uint32_t instance, int64_t due)
{
    return set_timer(engine, instance, due);
}

/* Notes of an instance at rest whether only a sample can wake it. */
static bool
is_far(struct gong_live *live, struct gong_instance *instance,
       const struct gong_alert *alert, int64_t t)
{
    bool far = (alert == NULL || alert->state == GONG_ALERT_INACTIVE) &&
               gong_engine_is_far(live, instance, t);

    instance->flags &= (uint8_t)~GONG_INSTANCE_FAR;
    instance->flags |= far ? GONG_INSTANCE_FAR : 0;
    return far;
}

enum gong_err
gong_engine_arm(struct gong_engine *engine, uint32_t instance, int64_t t)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_instance *i = gong_instance_at(binds, instance);
    const struct gong_book_rule *rule = &binds->book->rules[i->rule];
    const struct gong_alert *alert =
        i->alert == 0 ? NULL : gong_alert_at(&engine->live->alerts, i->alert);
    /* What is held waits for a sample or the end of settling. */
    bool held = alert != NULL && alert->held_ms != GONG_ALERT_FREE;
    bool far = false;
    int64_t due = gong_engine_calendar_due(rule->rule, alert, t);

    if (alert != NULL && !held) {
        int64_t own = gong_alert_due(alert, &rule->terms);

        due = own < due ? own : due;
    }
    far = rule->between && is_far(engine->live, i, alert, t);
    if (!held && !far &&
        (rule->restless ||
         (alert != NULL && gong_engine_can_miss(alert, &rule->terms)))) {
        int64_t next = gong_engine_next_instant(engine->live, i, t);

        due = next < due ? next : due;
    }
    if (due == INT64_MAX) {
        return GONG_OK;
    }
    if (rule->interval_ms > 0) {
        due = gong_engine_on_grid(due > engine->ran_ms ? due : engine->ran_ms,
                                  rule->interval_ms);
    }
    return set_timer(engine, instance, due);
}

enum gong_err
gong_engine_arm_grid(struct gong_engine *engine, uint32_t instance)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_instance *i = gong_instance_at(binds, instance);

    i->news = 1;
    return set_timer(
        engine, instance,
        gong_engine_on_grid(engine->ran_ms,
                            binds->book->rules[i->rule].interval_ms));
}

/* The newest stamp of all an instance's selectors. */
static int64_t
newest_stamp(const struct gong_binds *binds,
             const struct gong_instance *instance)
{
    uint32_t count = binds->book->rules[instance->rule].plan->leaf_count;
    int64_t newest = GONG_STAMP_NONE;

    for (uint32_t leaf = 0; leaf < count; leaf++) {
        uint32_t series = gong_bind_leaf(binds, instance, leaf);

        if (series != 0 && gong_series_at(binds, series)->stamp > newest) {
            newest = gong_series_at(binds, series)->stamp;
        }
    }
    return newest;
}

/* Told is told: an instance never goes back behind its own newest sample or
 * its last change. */
static int64_t
instant(const struct gong_live *live, const struct gong_instance *instance,
        int64_t t)
{
    if (instance->alert != 0) {
        int64_t told = gong_alert_at(&live->alerts, instance->alert)->told_ms;

        t = told > t ? told : t;
    }
    if (!live->book.rules[instance->rule].journal) {
        int64_t newest = newest_stamp(&live->binds, instance);

        t = newest > t ? newest : t;
    }
    return t;
}

/* While it settles: nothing is told, `for` stands still from here on, and what
 * ends the settling looks again. On a grid what came is news until then. */
static enum gong_err
hold(struct gong_engine *engine, uint32_t instance, struct gong_alert *alert,
     int64_t t, int64_t since)
{
    struct gong_instance *i = gong_instance_at(&engine->live->binds, instance);

    if (alert == NULL || alert->state == GONG_ALERT_INACTIVE) {
        return gong_engine_arm(engine, instance, t);
    }
    if (alert->held_ms == GONG_ALERT_FREE) {
        alert->held_ms = since;
    }
    i->news = engine->live->book.rules[i->rule].interval_ms > 0;
    return GONG_OK;
}

/* Whether an alert at rest may be forgotten: once no instant to come can lie
 * before its last change. */
static bool
is_over(const struct gong_live *live, const struct gong_instance *instance,
        int64_t t)
{
    const struct gong_alert *alert =
        gong_alert_at(&live->alerts, instance->alert);

    if (alert->state != GONG_ALERT_INACTIVE) {
        return false;
    }
    if (!live->book.rules[instance->rule].journal) {
        t = newest_stamp(&live->binds, instance);
    }
    return t > alert->told_ms;
}

static enum gong_err
step(struct gong_engine *engine, uint32_t instance, int64_t t,
     struct gong_engine_word word, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;

    if (!gong_engine_step(engine, instance, t, word, cause) &&
        is_over(live, gong_instance_at(&live->binds, instance), t)) {
        gong_engine_remove_alert(live, instance);
    }
    return gong_engine_arm(engine, instance, t);
}

/* Sees to it that an instance has an alert, for what is true or missing. The
 * value of what leaves rest is what was said last, until something true is. */
static enum gong_err
leave_rest(struct gong_engine *engine, uint32_t instance)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    struct gong_alert *alert = NULL;

    if (i->alert == 0 && !gong_engine_add_alert(live, instance)) {
        return GONG_ERR_MEMORY;
    }
    alert = gong_alert_at(&live->alerts, i->alert);
    if (alert->state == GONG_ALERT_INACTIVE) {
        alert->value =
            gong_series_at(&live->binds, gong_bind_home(&live->binds, i))
                ->value;
    }
    return GONG_OK;
}

/* Nothing can be known of a dark device. */
static enum gong_err
evaluate_dark(struct gong_engine *engine, uint32_t instance, int64_t t,
              const struct gong_cause *cause)
{
    const struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);

    if (live->book.rules[i->rule].terms.fire) {
        enum gong_err err = leave_rest(engine, instance);

        if (err != GONG_OK) {
            return err;
        }
    }
    return i->alert == 0
               ? gong_engine_arm(engine, instance, t)
               : step(engine, instance, t,
                      (struct gong_engine_word){GONG_ALERT_DARK, 0}, cause);
}

/* Outside of its calendar: what is not at rest ends. */
static enum gong_err
evaluate_closed(struct gong_engine *engine, uint32_t instance, int64_t t,
                const struct gong_cause *cause)
{
    const struct gong_instance *i =
        gong_instance_at(&engine->live->binds, instance);

    return i->alert == 0
               ? gong_engine_arm(engine, instance, t)
               : step(engine, instance, t,
                      (struct gong_engine_word){GONG_ALERT_CLOSED, 0}, cause);
}

/* What said means for an instance whose alert, NULL at rest, was fed by
 * selectors that have a sample now or not. */
static enum gong_err
decide(struct gong_engine *engine, uint32_t instance, int64_t t,
       const struct gong_said *said, uint16_t fed,
       const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    struct gong_alert *alert =
        i->alert == 0 ? NULL : gong_alert_at(&live->alerts, i->alert);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    bool missing = gong_engine_is_missing(live, i, alert, fed);
    struct gong_engine_word word = {0};

    word.event =
        gong_alert_judge(alert, &rule->terms, said, missing, &word.reach);
    if (engine->settle_ms != GONG_NEVER) {
        int64_t held = gong_engine_held(engine, i, alert, t,
                                        word.event == GONG_ALERT_TRUE ||
                                            word.event == GONG_ALERT_OVER,
                                        fed);

        if (held != INT64_MAX) {
            return hold(engine, instance, alert, t, held);
        }
    }
    if (alert == NULL || alert->state == GONG_ALERT_INACTIVE) {
        bool begins = said->fires != 0 || (missing && rule->terms.fire);
        enum gong_err err = GONG_OK;

        if (begins && gong_engine_is_taken(engine, instance)) {
            gong_engine_note_twin(engine, i->rule, t);
            return gong_engine_arm(engine, instance, t);
        }
        if (begins) {
            err = leave_rest(engine, instance);
        } else if (alert == NULL) {
            return gong_engine_arm(engine, instance, t);
        }
        if (err != GONG_OK) {
            return err;
        }
        alert = gong_alert_at(&live->alerts, i->alert);
    }
    if (said->fires != 0) {
        alert->value = said->value;
        alert->fed = fed;
    }
    return step(engine, instance, t, word, cause);
}

enum gong_err
gong_engine_evaluate(struct gong_engine *engine, uint32_t instance, int64_t t,
                     const struct gong_cause *cause)
{
    const struct gong_live *live = engine->live;
    struct gong_instance *i = gong_instance_at(&live->binds, instance);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    struct gong_said said = {0};
    uint16_t fed = 0;

    if (rule->form == GONG_FORM_GENERAL) {
        return gong_engine_take_turn(engine, i->rule, t, cause);
    }
    if (rule->form == GONG_FORM_AGGREGATE) {
        return gong_engine_run_group(engine, instance, t, cause);
    }
    engine->stats.evaluations++;
    t = instant(live, i, t);
    if (!gong_engine_is_open(rule->rule, t)) {
        return evaluate_closed(engine, instance, t, cause);
    }
    if (gong_engine_is_dark(engine, i)) {
        return evaluate_dark(engine, instance, t, cause);
    }
    said = gong_engine_look(engine->live, i, t, &fed);
    return decide(engine, instance, t, &said, fed, cause);
}

bool
gong_engine_waits(const struct gong_live *live,
                  const struct gong_instance *instance)
{
    const struct gong_alert *alert =
        instance->alert == 0 ? NULL
                             : gong_alert_at(&live->alerts, instance->alert);

    return alert != NULL && instance->news == 0 &&
           (alert->held_ms != GONG_ALERT_FREE ||
            alert->state == GONG_ALERT_UNKNOWN);
}

/* Whether an instance has nothing to look at: its timer came too early, and
 * none of its instants is now. It matters at rest, where a result did not count
 * when it came, because the device was dark or the agent blind; and where time
 * alone moves the value. */
static bool
is_early(struct gong_live *live, const struct gong_instance *i, int64_t due)
{
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    const struct gong_alert *alert =
        i->alert == 0 ? NULL : gong_alert_at(&live->alerts, i->alert);

    if (rule->journal) {
        return false;
    }
    if (alert != NULL && alert->state != GONG_ALERT_INACTIVE &&
        (!rule->plan->moves || gong_alert_due(alert, &rule->terms) == due)) {
        return false;
    }
    return gong_engine_next_instant(live, i, due - 1) != due &&
           !gong_engine_calendar_turns(rule->rule, due);
}

static enum gong_err
expire(struct gong_engine *engine, const struct gong_timer_event *event)
{
    static const struct gong_cause none = {0};

    struct gong_instance *i =
        gong_instance_at(&engine->live->binds, event->instance);

    int64_t due = event->due;

    i->timer = 0;
    if (gong_engine_waits(engine->live, i) &&
        gong_engine_is_open(engine->live->book.rules[i->rule].rule, due)) {
        return GONG_OK;
    }
    if (is_early(engine->live, i, due)) {
        return gong_engine_arm(engine, event->instance, due);
    }
    if (due < engine->resumed_ms &&
        engine->live->book.rules[i->rule].journal) { /* blind then */
        return engine->live->book.rules[i->rule].interval_ms > 0
                   ? gong_engine_arm_grid(engine, event->instance)
                   : set_timer(engine, event->instance, engine->resumed_ms);
    }
    i->news = 0;
    return gong_engine_evaluate(engine, event->instance, due, &none);
}

/* At an equal instant presence comes before timers, as samples do. */
static bool
silence_first(const struct gong_engine *engine, int64_t limit)
{
    int64_t silent = gong_timers_next(&engine->presences.timers);

    return silent < limit && silent <= gong_timers_next(&engine->live->timers);
}

static enum gong_err
run_silence(struct gong_engine *engine, int64_t limit)
{
    int64_t due = 0;
    uint32_t device = gong_presences_pop(&engine->presences, limit, &due);

    if (due > engine->journal_ms) {
        engine->journal_ms = due;
    }
    engine->ran_ms = due > engine->ran_ms ? due : engine->ran_ms;
    return gong_engine_silent(engine, device);
}

/* Whether all that is due at the present instant, or before limit, has run, so
 * that rules which it touched may be looked at. */
static bool
is_instant_over(const struct gong_engine *engine, int64_t limit)
{
    int64_t due = gong_timers_next(&engine->live->timers);
    int64_t silent = gong_timers_next(&engine->presences.timers);

    due = silent < due ? silent : due;
    return due >= limit || due > engine->journal_ms;
}

enum gong_err
gong_engine_run_timers(struct gong_engine *engine, int64_t limit)
{
    static const struct gong_cause none = {0};

    for (;;) {
        struct gong_timer_event event = {0};
        enum gong_err err = GONG_OK;

        if (engine->dirty.count > 1 && is_instant_over(engine, limit)) {
            err = gong_engine_run_dirty(engine, &none);
        } else if (silence_first(engine, limit)) {
            err = run_silence(engine, limit);
        } else if (gong_timers_pop(&engine->live->timers, limit, &event)) {
            if (event.journal_ms > engine->journal_ms) {
                engine->journal_ms = event.journal_ms;
            }
            err = expire(engine, &event);
        } else {
            break;
        }
        if (err != GONG_OK) {
            return err;
        }
    }
    if (limit > engine->ran_ms) {
        engine->ran_ms = limit;
    }
    return GONG_OK;
}

/* In a foreign set each record says that its time is wanted, before what is due
 * just then. */
static enum gong_err
run_foreign(struct gong_engine *engine, int64_t now)
{
    enum gong_err err = gong_engine_run_timers(engine, now);

    engine->journal_ms = now;
    return err == GONG_OK ? gong_engine_hear(engine) : err;
}

enum gong_err
gong_engine_advance(struct gong_engine *engine, int64_t now, bool inclusive)
{
    enum gong_err err = GONG_OK;

    now = now < GONG_INSTANT_MAX ? now : GONG_INSTANT_MAX;
    now = now > engine->journal_ms ? now : engine->journal_ms;
    if (engine->blind_from != GONG_NEVER) {
        engine->journal_ms = now; /* no timer runs on what nobody saw */
        return GONG_OK;
    }
    if (engine->settle_ms != GONG_NEVER &&
        (inclusive ? now >= engine->settle_ms : now > engine->settle_ms)) {
        err = gong_engine_settled(engine);
    }
    if (err == GONG_OK && engine->live->book.foreign) {
        err = run_foreign(engine, now);
    }
    if (err == GONG_OK) {
        err = gong_engine_run_timers(engine, inclusive ? now + 1 : now);
    }
    engine->journal_ms = now;
    return err;
}

enum gong_err
gong_engine_run_clock(struct gong_engine *engine, uint32_t clock, int64_t limit)
{
    struct gong_timer_event event = {0};

    while (gong_timers_pop_clock(&engine->live->timers, clock, limit, &event)) {
        enum gong_err err = expire(engine, &event);

        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}
