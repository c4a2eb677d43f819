/*
 * engine_reload: swaps the rule set. The new one's bindings are built beside
 * the old one's from the columns' names; what was alive under a rule that kept
 * its meaning moves over. Until the swap nothing of the old one changes.
 */
#include <stdlib.h>

#include "rules/engine/bind_past.h"
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_hold.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_step.h"

/* Since when the samples of a column are known: all of them where none came
 * yet, none up to now where nobody read them. */
static int64_t
whole_since(const struct gong_engine *engine,
            const struct gong_series_name *name)
{
    return gong_timers_clock_now(
               &engine->live->timers,
               gong_device_at(&engine->registry, name->device)->clock,
               gong_engine_ran_until(engine)) +
           1;
}

/* The past that the old series kept, and since when that is all there was. */
static enum gong_err
move_window(struct gong_engine *engine, struct gong_live *live,
            const struct gong_series *from, const struct gong_series *to)
{
    struct gong_binds *old = &engine->live->binds;
    uint32_t have = gong_bind_window(old, from);
    uint32_t window = gong_bind_window(&live->binds, to);
    int64_t keep = gong_attachment_at(&live->binds, to->attachment)->keep_ms;
    int64_t kept = gong_attachment_at(old, from->attachment)->keep_ms;
    int64_t whole = from->stamp;
    enum gong_err err = GONG_OK;

    if (window == 0 || from->stamp == GONG_STAMP_NONE) {
        return GONG_OK;
    }
    if (have != 0) {
        whole = gong_sample_window_whole(&old->windows, have);
        if (kept < keep && from->stamp - kept > whole) {
            whole = from->stamp - kept;
        }
        err =
            gong_sample_window_copy(&live->binds.windows, window, &old->windows,
                                    have, gong_bind_newest(from), keep);
    }
    if (err == GONG_OK && whole != GONG_SAMPLE_WINDOW_ALWAYS &&
        !gong_sample_window_begin(&live->binds.windows, window, whole)) {
        err = GONG_ERR_MEMORY;
    }
    return err;
}

/* What a new series knows of the past of an old column. */
static enum gong_err
move_past(struct gong_engine *engine, struct gong_live *live,
          const struct gong_series_name *name, uint32_t old, uint32_t series)
{
    struct gong_series *to = gong_series_at(&live->binds, series);
    const struct gong_series *from = NULL;
    uint32_t window = gong_bind_window(&live->binds, to);
    enum gong_err err = GONG_OK;

    if (!gong_column_feeds(old)) {
        return window == 0 ||
                       gong_sample_window_begin(&live->binds.windows, window,
                                                whole_since(engine, name))
                   ? GONG_OK
                   : GONG_ERR_MEMORY;
    }
    from = gong_series_at(&engine->live->binds, old);
    err = move_window(engine, live, from, to);
    to->value = from->value;
    to->stamp = from->stamp;
    return err;
}

/* Gives a column its series under the new rules, with what the old one knew.
 * Columns of equal meaning share theirs: the first one moves it. */
static enum gong_err
rebind_column(struct gong_engine *engine, struct gong_live *live,
              const struct gong_row *row, struct gong_column *column)
{
    struct gong_series_name name = {row->device, row->labelset, column->metric};
    uint32_t old = column->series;
    uint32_t before = live->binds.series.count;
    enum gong_err err = GONG_OK;

    if (old == GONG_COLUMN_NEW) {
        return GONG_OK;
    }
    if (gong_engine_is_own(engine, &live->book, column->metric)) {
        column->series = GONG_COLUMN_OWN;
        return GONG_OK;
    }
    err = gong_bind_series(&live->binds, name, &column->series);
    if (err == GONG_ERR_NOT_FOUND) {
        column->series = GONG_COLUMN_UNREAD;
        return GONG_OK;
    }
    if (err == GONG_ERR_TOO_LARGE) {
        column->series = GONG_COLUMN_REFUSED;
        return GONG_OK;
    }
    if (err == GONG_OK) {
        gong_engine_set_lookback(engine, &live->binds, row, column->series);
    }
    return err == GONG_OK && live->binds.series.count != before
               ? move_past(engine, live, &name, old, column->series)
               : err;
}

static enum gong_err
rebind(struct gong_engine *engine, struct gong_live *live,
       struct gong_arena *columns)
{
    const struct gong_registry *registry = &engine->registry;

    if (!gong_arena_copy(columns, &registry->columns)) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t r = 1; r < registry->rows.count; r++) {
        const struct gong_row *row = gong_row_at(registry, r);

        for (uint32_t c = 0; c < row->count; c++) {
            enum gong_err err = rebind_column(
                engine, live, row, gong_arena_at(columns, row->columns + c));

            if (err != GONG_OK) {
                return err;
            }
        }
    }
    return GONG_OK;
}

/* Series that the engine feeds itself have no columns: the newest sample of
 * each goes over, but for those of presence and of parameters, which are bound
 * anew. */
static enum gong_err
carry_own(struct gong_engine *engine, struct gong_live *live)
{
    const struct gong_binds *old = &engine->live->binds;

    for (uint32_t n = 1; n < old->series.count; n++) {
        const struct gong_series *from = gong_series_at(old, n);
        struct gong_series_name name = {0, from->labelset, from->metric};
        uint32_t series = 0;
        enum gong_err err = GONG_OK;

        if (from->device != 0 || from->stamp == GONG_STAMP_NONE ||
            gong_engine_is_stated(engine, &engine->live->book, from->metric)) {
            continue;
        }
        err = gong_bind_series(&live->binds, name, &series);
        if (err == GONG_ERR_MEMORY) {
            return err;
        }
        if (err == GONG_OK &&
            gong_series_at(&live->binds, series)->stamp == GONG_STAMP_NONE) {
            struct gong_series *to = gong_series_at(&live->binds, series);

            err = move_window(engine, live, from, to);
            to->value = from->value;
            to->stamp = from->stamp;
        }
        if (err == GONG_ERR_MEMORY) {
            return err;
        }
    }
    return GONG_OK;
}

/* Where an old rule goes on, or GONG_BOOK_NONE. */
static uint32_t
heir(const struct gong_book *from, const struct gong_book *to, uint32_t rule)
{
    uint32_t found = gong_book_find(to, from->rules[rule].rule->id);

    return found != GONG_BOOK_NONE &&
                   gong_book_same(&from->rules[rule], &to->rules[found])
               ? found
               : GONG_BOOK_NONE;
}

/* The new live, as alerts move to it; with relabelled nothing that is not there
 * is made: what has other labels now begins anew. */
struct move {
    const struct gong_live *from;
    struct gong_live *to;
    bool relabelled;
};

static enum gong_err
find_group(const struct move *move, uint32_t rule, uint32_t labelset,
           uint32_t *instance)
{
    struct gong_live *live = move->to;
    uint32_t group = gong_groups_find(&live->binds.groups, rule, labelset);
    enum gong_err err = GONG_OK;

    if (group == 0 && move->relabelled) {
        return GONG_OK;
    }
    err = gong_bind_group(&live->binds, rule, labelset, &group);

    if (err == GONG_OK) {
        *instance = gong_group_at(&live->binds.groups, group)->instance;
    }
    return err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
}

/* The new instance that an old alert belongs to, 0 if there is none. */
static enum gong_err
find_heir(const struct move *move, const struct gong_alert *alert,
          uint32_t *instance)
{
    const struct gong_live *from = move->from;
    struct gong_live *to = move->to;
    const struct gong_instance *i =
        gong_instance_at(&from->binds, alert->instance);
    const struct gong_series *home = NULL;
    struct gong_series_name name = {0};
    uint32_t rule = heir(&from->book, &to->book, i->rule);
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    *instance = 0;
    if (rule == GONG_BOOK_NONE) {
        return GONG_OK;
    }
    if (to->book.rules[rule].form == GONG_FORM_GENERAL) {
        err = gong_bind_general(&to->binds, rule, i->leaves, instance);
        return err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
    }
    if (to->book.rules[rule].form == GONG_FORM_AGGREGATE) {
        return find_group(move, rule, gong_bind_labels(&from->binds, i),
                          instance);
    }
    home = gong_series_at(&from->binds, gong_bind_home(&from->binds, i));
    name =
        (struct gong_series_name){home->device, home->labelset, home->metric};
    if (move->relabelled && gong_bind_find_series(&to->binds, name) == 0) {
        return GONG_OK;
    }
    err = gong_bind_series(&to->binds, name, &series);
    if (err == GONG_ERR_NOT_FOUND || err == GONG_ERR_TOO_LARGE) {
        return GONG_OK;
    }
    if (err == GONG_OK) {
        *instance = gong_bind_instance(&to->binds, series, rule);
    }
    return err;
}

/* Puts an alert on the list of its GENERAL rule. */
static void
adopt(const struct gong_live *live, uint32_t rule, uint32_t n)
{
    struct gong_general_state *state =
        gong_general_state_at(live, live->book.rules[rule].general);
    struct gong_alert *alert = gong_alert_at(&live->alerts, n);

    alert->next = state->first;
    alert->round = 0;
    state->first = n;
}

/* Copies an alert to its new instance, and whether a sample is still to be
 * looked at. */
static enum gong_err
move_alert(const struct gong_live *from, struct gong_live *to,
           const struct gong_alert *alert, uint32_t instance)
{
    struct gong_instance *i = gong_instance_at(&to->binds, instance);

    i->alert = gong_alerts_add(&to->alerts, instance);
    if (i->alert == 0) {
        return GONG_ERR_MEMORY;
    }
    i->news = gong_instance_at(&from->binds, alert->instance)->news;
    *gong_alert_at(&to->alerts, i->alert) = *alert;
    gong_alert_at(&to->alerts, i->alert)->instance = instance;
    gong_live_count(to, &to->book.rules[i->rule], GONG_ALERT_INACTIVE,
                    (enum gong_alert_state)alert->state);
    if (gong_bind_is_busy(&to->binds, i)) {
        gong_series_at(&to->binds, i->leaves)->busy++;
    }
    if (to->book.rules[i->rule].form == GONG_FORM_GENERAL) {
        adopt(to, i->rule, i->alert);
    }
    return GONG_OK;
}

/* moved gets one byte per old alert: whether it goes on. */
static enum gong_err
move_alerts(const struct move *move, unsigned char *moved)
{
    const struct gong_live *from = move->from;

    for (uint32_t n = 1; n < from->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&from->alerts, n);
        enum gong_err err = GONG_OK;
        uint32_t instance = 0;

        if (!alert->used) {
            continue;
        }
        err = find_heir(move, alert, &instance);
        if (err == GONG_OK && instance != 0) {
            err = move_alert(from, move->to, alert, instance);
            moved[n] = 1;
        }
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

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
        if (!effect.rule->trial &&
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
    struct move move = {old, live, relabelled};
    struct gong_arena columns;
    struct gong_arena spare = engine->registry.columns;
    enum gong_err err = GONG_OK;

    gong_arena_init(&columns, &engine->budget, sizeof(struct gong_column));
    live->heard_ms = old->heard_ms;
    if (!gong_timers_copy_clocks(&live->timers, &old->timers)) {
        return GONG_ERR_MEMORY;
    }
    err = rebind(engine, live, &columns);
    if (err == GONG_OK) {
        err = gong_engine_bind_presence(engine, live);
    }
    if (err == GONG_OK) {
        err = gong_engine_bind_params(engine, live);
    }
    if (err == GONG_OK) {
        err = carry_own(engine, live);
    }
    if (err == GONG_OK) {
        err = gong_engine_join_members(
            engine, live,
            gong_engine_counts_at(engine, gong_engine_ran_until(engine)));
    }
    if (err == GONG_OK) {
        err = move_alerts(&move, moved);
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
