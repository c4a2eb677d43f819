/*
 * engine_resume: time in which nobody listened.
 *
 *   journal time  ----|~~~~~~~~ blind ~~~~~~~~|---- settle ----|------>
 *   device clocks ----|                        -----------------------
 *                 stand still            nothing turns      what was held
 *                                        missing            is looked at
 *
 * Blind time that comes before it has settled prolongs the doubt: held is what
 * went missing since the first of them began.
 */
#include "rules/engine/bind_past.h"
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_hold.h"

#include "common/le.h"

#define SETTLE_MS 60000 /* of a record that does not say */

/* The first instant at which a selector had no sample any more, of those that
 * still had one when the doubt began, or of all where that is held already;
 * INT64_MAX if all have theirs. */
static int64_t
lost_at(const struct gong_engine *engine, const struct gong_instance *instance,
        const struct gong_alert *alert, int64_t t, uint16_t fed)
{
    const struct gong_live *live = engine->live;
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];
    int64_t stood = gong_timers_stood(&live->timers,
                                      gong_live_clock(engine, live, instance));
    int64_t lost = INT64_MAX;

    if (alert != NULL && alert->held_ms != GONG_ALERT_FREE) {
        stood = INT64_MIN;
    }
    for (uint32_t leaf = 0; leaf < rule->plan->leaf_count; leaf++) {
        uint32_t series = gong_bind_leaf(&live->binds, instance, leaf);
        const struct gong_series *s = gong_series_at(&live->binds, series);

        if (series != 0 && (fed & (1u << leaf)) == 0 &&
            (rule->plan->presence & (1u << leaf)) == 0 &&
            s->stamp != GONG_STAMP_NONE) {
            int64_t gone = s->stamp + gong_bind_reach(rule, leaf, s) + 1;

            lost = gone > stood && gone <= t && gone < lost ? gone : lost;
        }
    }
    return lost;
}

int64_t
gong_engine_held(const struct gong_engine *engine,
                 const struct gong_instance *instance,
                 const struct gong_alert *alert, int64_t t, bool result,
                 uint16_t fed)
{
    const struct gong_book_rule *rule =
        &engine->live->book.rules[instance->rule];
    int64_t lost = 0;

    /* With or and unless silence can also make a result true. */
    if (!rule->silence &&
        (alert == NULL || result || (alert->fed & ~fed) == 0 ||
         !gong_engine_can_miss(alert, &rule->terms))) {
        return INT64_MAX;
    }
    lost = lost_at(engine, instance, alert, t, fed);
    /* On journal time blind time itself has been made good already. */
    return rule->journal && lost < engine->resumed_ms ? engine->resumed_ms
                                                      : lost;
}

static int64_t
later(int64_t t, int64_t now, int64_t blind)
{
    return t >= now ? t : t + blind < now ? t + blind : now;
}

/* What lives on journal time, which has moved on. */
static void
shift_alerts(struct gong_engine *engine, int64_t now, int64_t blind)
{
    struct gong_live *live = engine->live;

    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        struct gong_alert *alert = gong_alert_at(&live->alerts, n);

        if (!alert->used ||
            !live->book
                 .rules[gong_instance_at(&live->binds, alert->instance)->rule]
                 .journal) {
            continue;
        }
        if (alert->state == GONG_ALERT_PENDING) {
            alert->since_ms = later(alert->since_ms, now, blind);
        } else if (alert->state == GONG_ALERT_KEEPING) {
            alert->told_ms = later(alert->told_ms, now, blind);
        }
        for (size_t i = 0; i < GONG_LEVELS_MAX - 1; i++) {
            if (alert->climbs[i] != GONG_ALERT_FREE) {
                alert->climbs[i] = later(alert->climbs[i], now, blind);
            }
        }
        if (alert->held_ms != GONG_ALERT_FREE) {
            alert->held_ms = later(alert->held_ms, now, blind);
        }
    }
}

static enum gong_err
resume(struct gong_engine *engine, int64_t now, int64_t blind, int64_t settle)
{
    bool stood = engine->blind_from != GONG_NEVER;
    int64_t seen = 0;
    enum gong_err err = GONG_OK;

    if (stood && now - engine->blind_from > blind) {
        blind = now - engine->blind_from;
    }
    blind = blind < now ? blind : now;
    if (!stood) {
        err = gong_engine_advance(engine, now - blind, false);
    }
    if (err != GONG_OK) {
        return err;
    }
    seen = stood ? engine->blind_from : engine->journal_ms;
    engine->blind_from = GONG_NEVER;
    engine->journal_ms = now;
    engine->ran_ms = now > engine->ran_ms ? now : engine->ran_ms;
    engine->resumed_ms = now;
    /* Blind again before it settled: what was lost since the first time still
     * counts as held. */
    if (engine->settle_ms == GONG_NEVER) {
        gong_timers_stand(&engine->live->timers, seen);
    }
    gong_timers_resume(&engine->live->timers, seen, now, blind);
    shift_alerts(engine, now, blind);
    if (settle > 0 && now + settle > engine->settle_ms) {
        engine->settle_ms = now + settle;
    }
    err = gong_engine_hear(engine);
    if (err != GONG_OK) {
        return err;
    }
    if (engine->settle_ms == GONG_NEVER) {
        return gong_engine_end_held(engine);
    }
    /* What went while it was blind counts again. */
    return gong_engine_join_members(engine, engine->live,
                                    gong_engine_counts_at(engine, now));
}

static int64_t
number_at(const struct gong_record *record, size_t at, int64_t otherwise)
{
    return record->payload.len < at + 8
               ? otherwise
               : (int64_t)gong_le_get64((const uint8_t *)record->payload.data +
                                        at);
}

static int64_t
bounded(int64_t ms)
{
    return ms < 0 ? 0 : ms < GONG_INSTANT_MAX ? ms : GONG_INSTANT_MAX;
}

enum gong_err
gong_engine_apply_resume(struct gong_engine *engine,
                         const struct gong_record *record)
{
    int64_t blind = number_at(record, 0, 0);
    int64_t settle = bounded(number_at(record, 8, SETTLE_MS));
    int64_t now = bounded(record->meta.journal_ms);
    enum gong_err err = GONG_OK;

    now = now > engine->journal_ms ? now : engine->journal_ms;
    if (blind >= 0) {
        return resume(engine, now, blind, settle);
    }
    err = gong_engine_advance(engine, now, false);
    if (engine->blind_from == GONG_NEVER) {
        engine->blind_from = engine->journal_ms;
    }
    return err;
}

static enum gong_err
look(struct gong_engine *engine, uint32_t instance)
{
    static const struct gong_cause none = {0};
    const struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    int64_t t = 0;

    if (live->book.rules[i->rule].form == GONG_FORM_GENERAL) {
        return gong_engine_look_at_general(engine, instance);
    }
    if (live->book.rules[i->rule].interval_ms > 0) {
        return gong_engine_arm_grid(engine, instance);
    }
    t = gong_timers_clock_now(&live->timers, gong_live_clock(engine, live, i),
                              engine->journal_ms);
    return t == GONG_CLOCK_NEVER
               ? GONG_OK
               : gong_engine_evaluate(engine, instance, t, &none);
}

/* Of what was held an instance at rest keeps no word, and with or and unless
 * silence can have made its result true. What is unknown waits for a sample,
 * unless one came and was held. */
static bool
is_due_a_look(const struct gong_live *live, const struct gong_instance *i)
{
    const struct gong_alert *alert = NULL;

    if (live->book.rules[i->rule].form == GONG_FORM_GENERAL) {
        return i->leaves == 0;
    }
    if (live->book.rules[i->rule].form == GONG_FORM_AGGREGATE) {
        return gong_engine_has_members(live, i) || i->alert != 0;
    }
    alert = i->alert == 0 ? NULL : gong_alert_at(&live->alerts, i->alert);
    if (alert != NULL && alert->held_ms != GONG_ALERT_FREE) {
        return true;
    }
    return live->book.rules[i->rule].silence &&
           (alert == NULL || alert->state != GONG_ALERT_UNKNOWN);
}

enum gong_err
gong_engine_settled(struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;
    int64_t at = engine->settle_ms;
    enum gong_err err = gong_engine_run_timers(engine, at);

    engine->journal_ms = at > engine->journal_ms ? at : engine->journal_ms;
    engine->settle_ms = GONG_NEVER;
    if (err == GONG_OK) {
        err = gong_engine_end_held(engine);
    }
    for (uint32_t n = 1; n < live->binds.instances.count && err == GONG_OK;
         n++) {
        if (is_due_a_look(live, gong_instance_at(&live->binds, n))) {
            err = look(engine, n);
        }
    }
    return err;
}
