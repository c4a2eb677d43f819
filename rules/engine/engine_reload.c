/*
 * engine_reload: swaps the rule set. The new one's bindings are built beside
 * the old one's from the columns' names; what was alive under a rule that kept
 * its meaning moves over (engine_move.h). Until the swap nothing of the old one
 * changes.
 */
#include <stdlib.h>

#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_hold.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_move.h"
#include "rules/engine/engine_step.h"

static bool
has_sample(const struct gong_binds *binds, const struct gong_instance *i)
{
    const struct gong_book_rule *rule = &binds->book->rules[i->rule];

    if (rule->form == GONG_FORM_AGGREGATE) {
        return true; /* or it would have been let go */
    }
    for (uint32_t leaf = 0; leaf < rule->plan->leaf_count; leaf++) {
        uint32_t series = gong_bind_leaf(binds, i, leaf);

        if (series != 0 &&
            gong_series_at(binds, series)->stamp != GONG_STAMP_NONE) {
            return true;
        }
    }
    return false;
}

/* Timers for all that moved, and a first look for what runs on journal time,
 * but not for what waits for a sample: that the rules were read again is none.
 */
static enum gong_err
arm_all(struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;
    const struct gong_binds *binds = &live->binds;

    for (uint32_t n = 1; n < binds->instances.count; n++) {
        const struct gong_instance *i = gong_instance_at(binds, n);
        const struct gong_book_rule *rule = &live->book.rules[i->rule];
        uint32_t clock = 0;
        enum gong_err err = GONG_OK;

        if (rule->form == GONG_FORM_GENERAL) {
            continue;
        }
        clock = gong_live_clock(engine, live, i);
        if (rule->journal && (i->alert != 0 || has_sample(binds, i)) &&
            !gong_engine_waits(live, i)) {
            err = rule->interval_ms > 0
                      ? gong_engine_arm_grid(engine, n)
                      : gong_engine_arm_at(engine, n,
                                           gong_engine_ran_until(engine));
        }
        /* What is due right now has not run yet. */
        if (err == GONG_OK && rule->form != GONG_FORM_AGGREGATE &&
            (i->alert != 0 || rule->restless || rule->rule->calendar != NULL)) {
            err = gong_engine_arm(
                engine, n,
                gong_timers_clock_now(&live->timers, clock,
                                      gong_engine_ran_until(engine)) -
                    1);
        }
        if (err != GONG_OK) {
            return err;
        }
    }
    return gong_engine_start_generals(engine);
}

static void
tell_removed(struct gong_engine *engine, const struct gong_live *old,
             const unsigned char *moved)
{
    static const struct gong_cause none = {0};

    for (uint32_t n = 1; n < old->alerts.arena.count; n++) {
        struct gong_alert alert = *gong_alert_at(&old->alerts, n);
        const struct gong_instance *i = NULL;
        struct gong_alert_change change = {0};
        int64_t now = 0;

        if (!alert.used || moved[n]) {
            continue;
        }
        i = gong_instance_at(&old->binds, alert.instance);
        now =
            gong_timers_clock_now(&old->timers, gong_live_clock(engine, old, i),
                                  gong_engine_ran_until(engine));
        now = now > alert.told_ms ? now : alert.told_ms;
        if (gong_alert_step(&alert, &old->book.rules[i->rule].terms,
                            GONG_ALERT_REMOVED, 0, now, &change)) {
            gong_engine_tell(engine, old, &alert, &change, &none);
        }
    }
}

/* What reads ALERTS for the first time learns of the alerts that there are. */
static void
tell_moved(struct gong_engine *engine, const struct gong_book *old)
{
    struct gong_live *live = engine->live;
    const uint32_t *own = engine->own_names;

    if (gong_book_is_read(old, own[GONG_OWN_ALERTS]) &&
        gong_book_is_read(old, own[GONG_OWN_ALERTS_FOR_STATE])) {
        return; /* carried over */
    }
    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);
        struct gong_effect effect = {.from = GONG_ALERT_INACTIVE};

        if (!alert->used || alert->state == GONG_ALERT_INACTIVE) {
            continue;
        }
        effect.to = (enum gong_alert_state)alert->state;
        gong_engine_describe(live, alert, &effect);
        gong_engine_render(engine, live, alert, &effect);
        if (!effect.rule->trial && !effect.rule->own &&
            gong_engine_note_alert(
                engine, gong_instance_at(&live->binds, alert->instance)->rule,
                &effect) != GONG_OK) {
            engine->short_of_memory = true;
        }
    }
}

static void
fill_report(const struct gong_book *old, const struct gong_book *book,
            struct gong_rules_report *report)
{
    *report = (struct gong_rules_report){0};
    for (uint32_t i = 0; i < book->count; i++) {
        uint32_t was = gong_book_find(old, book->rules[i].rule->id);

        if (was == GONG_BOOK_NONE) {
            report->added++;
        } else if (gong_book_same(&old->rules[was], &book->rules[i])) {
            report->kept++;
        } else {
            report->changed++;
        }
    }
    report->removed = old->count - report->kept - report->changed;
}

/* Builds live from what the engine holds, swaps it in, and leaves the old one
 * in *old. On error the engine is as it was. */
static enum gong_err
swap_in(struct gong_engine *engine, struct gong_live *live, bool relabelled,
        unsigned char *moved)
{
    struct gong_live *old = engine->live;
    struct gong_move move = {old, live, relabelled};
    struct gong_arena columns;
    struct gong_arena spare = engine->registry.columns;
    enum gong_err err = GONG_OK;

    gong_arena_init(&columns, &engine->budget, sizeof(struct gong_column));
    live->heard_ms = old->heard_ms;
    if (!gong_timers_copy_clocks(&live->timers, &old->timers)) {
        return GONG_ERR_MEMORY;
    }
    err = gong_engine_move_columns(engine, live, &columns);
    if (err == GONG_OK) {
        err = gong_engine_bind_presence(engine, live);
    }
    if (err == GONG_OK) {
        err = gong_engine_bind_params(engine, live);
    }
    if (err == GONG_OK) {
        err = gong_engine_move_own(engine, live);
    }
    if (err == GONG_OK) {
        err = gong_engine_join_members(
            engine, live,
            gong_engine_counts_at(engine, gong_engine_ran_until(engine)));
    }
    if (err == GONG_OK) {
        err = gong_engine_move_alerts(&move, moved);
    }
    if (err == GONG_OK) {
        err = gong_engine_move_outputs(old, live);
    }
    if (err == GONG_OK) {
        engine->live = live;
        err = arm_all(engine);
    }
    if (err != GONG_OK) {
        engine->live = old;
        gong_arena_fini(&columns);
        return err;
    }
    engine->registry.columns = columns;
    gong_arena_fini(&spare);
    return GONG_OK;
}

/* The same, with the labels that the new rules' city gives. */
static enum gong_err
relabel_and_swap_in(struct gong_engine *engine, struct gong_live *live,
                    unsigned char *moved)
{
    const struct gong_city *old = engine->live->book.city;
    uint32_t *labelsets = NULL;
    enum gong_err err = GONG_OK;

    engine->registry.city = live->book.city;
    if (gong_city_same_labels(old, live->book.city)) {
        err = swap_in(engine, live, false, moved);
    } else {
        labelsets = gong_engine_relabel(engine);
        if (labelsets == NULL) {
            err = GONG_ERR_MEMORY;
        } else {
            gong_engine_swap_labels(engine, labelsets);
            err = swap_in(engine, live, true, moved);
        }
        if (err != GONG_OK && labelsets != NULL) {
            gong_engine_swap_labels(engine, labelsets);
        }
        free(labelsets);
    }
    if (err != GONG_OK) {
        engine->registry.city = old;
    }
    return err;
}

enum gong_err
gong_engine_set_rules(struct gong_engine *engine,
                      const struct gong_ruleset *set, uint64_t position,
                      int64_t journal_ms, struct gong_rules_report *report)
{
    static const struct gong_cause none = {0};
    struct gong_live *old = engine->live;
    struct gong_live *live = gong_live_new(engine);
    unsigned char *moved = NULL;
    enum gong_err err = live == NULL ? GONG_ERR_MEMORY : GONG_OK;

    engine->position = position;
    engine->ordinal = 0;
    engine->presences_told = 0;
    if (err == GONG_OK) {
        err = gong_engine_name_presence(engine);
    }
    if (err == GONG_OK) {
        err = gong_book_compile(&live->book, set, &engine->symbols);
    }
    if (err == GONG_OK) {
        err = gong_live_prepare(engine, live);
    }
    if (err == GONG_OK) {
        err = gong_live_begin(live);
    }
    if (err == GONG_OK) {
        err = gong_engine_advance(engine, journal_ms, false);
    }
    if (err == GONG_OK) {
        err = gong_engine_hear(engine);
    }
    if (err == GONG_OK) {
        moved = calloc((size_t)old->alerts.arena.count + 1, 1);
        err = moved == NULL ? GONG_ERR_MEMORY
                            : relabel_and_swap_in(engine, live, moved);
    }
    if (err != GONG_OK) {
        free(moved);
        gong_live_free(live);
        return err;
    }
    tell_removed(engine, old, moved);
    tell_moved(engine, &old->book);
    /* Nothing can be taken back any more. */
    if (gong_engine_end_outputs(engine, old) != GONG_OK ||
        gong_engine_look_at_params(engine, &old->book) != GONG_OK ||
        gong_engine_move_presence(engine, old->book.city) != GONG_OK ||
        gong_engine_run_dirty(engine, &none) != GONG_OK) {
        engine->short_of_memory = true;
    }
    if (report != NULL) {
        fill_report(&old->book, &live->book, report);
    }
    free(moved);
    gong_live_free(old);
    return GONG_OK;
}
