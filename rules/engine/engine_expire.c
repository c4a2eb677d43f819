#include "rules/engine/engine_expire.h"

#include <stdlib.h>

#include "rules/engine/engine_general.h"
#include "rules/engine/engine_presence.h"
#include "rules/engine/sample.h"

/* Symbols that are free hold nothing for anybody. */
static uint64_t
size_of(const struct gong_engine *engine)
{
    const struct gong_binds *binds = &engine->live->binds;

    return (uint64_t)engine->registry.rows.count + binds->series.count +
           binds->instances.count + engine->labelsets.sets.count +
           engine->symbols.symbols.count - engine->symbols.unused;
}

static bool
is_due(const struct gong_engine *engine)
{
    int64_t since = engine->journal_ms - engine->expire.looked_ms;
    uint64_t held = engine->expire.held;

    if (since < engine->expire.soon_ms || engine->blind_from != GONG_NEVER ||
        engine->settle_ms != GONG_NEVER) {
        return false;
    }
    return since >= engine->expire.late_ms ||
           size_of(engine) >= held + held / 4 + GONG_EXPIRE_GROWTH;
}

/* How long a series must have been silent. */
static int64_t
silence_of(const struct gong_engine *engine, const struct gong_series *s)
{
    const struct gong_binds *binds = &engine->live->binds;
    int64_t reach = gong_attachment_at(binds, s->attachment)->reach_ms;

    reach = 2 * (reach + gong_lookback_ms(s->lookback));
    return reach > engine->expire.silence_ms ? reach
                                             : engine->expire.silence_ms;
}

/* That an alert which is over stands says only when it ended. */
static bool
is_at_rest(const struct gong_live *live, const struct gong_instance *instance)
{
    return instance->alert == 0 ||
           gong_alert_at(&live->alerts, instance->alert)->state ==
               GONG_ALERT_INACTIVE;
}

/* Whether one of its readers still holds on to it. */
static bool
is_held(const struct gong_live *live, const struct gong_series *s)
{
    const struct gong_binds *binds = &live->binds;
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);

    for (uint32_t i = 0; i < a->count; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);
        uint32_t n = gong_binding_at(binds, s->bindings + i);
        const struct gong_instance *instance = NULL;

        if (entry->form == GONG_FORM_AGGREGATE) {
            if (gong_member_at(&binds->groups, n)->group != 0) {
                return true;
            }
            continue;
        }
        if (entry->form == GONG_FORM_GENERAL) {
            continue;
        }
        instance = gong_instance_at(binds, n);
        if (!is_at_rest(live, instance) || instance->timer != 0 ||
            (entry->fire != 0 && s->stamp != GONG_STAMP_NONE)) {
            return true;
        }
    }
    return false;
}

/* What the engine says itself, and has not taken back. */
static bool
stands(const struct gong_engine *engine, const struct gong_series *s)
{
    if (!gong_engine_is_reserved(engine, &engine->live->book, s->metric)) {
        return false;
    }
    for (unsigned i = 0; i < GONG_OWN_METRICS; i++) {
        if (engine->own_names[i] == s->metric) {
            return !gong_is_stale(s->value);
        }
    }
    return true;
}

static bool
is_recent(const struct gong_engine *engine, const struct gong_series *s)
{
    int64_t silence = silence_of(engine, s);
    int64_t now = engine->journal_ms;

    if (s->stamp == GONG_STAMP_NONE) {
        return false; /* its rows say */
    }
    if (now - s->stamp <= silence || s->device == 0) {
        return now - s->stamp <= silence;
    }
    now = gong_timers_clock_now(
        &engine->live->timers,
        gong_device_at(&engine->registry, s->device)->clock, now);
    return now - s->stamp <= silence;
}

static void
mark_series(const struct gong_engine *engine, uint32_t *marks)
{
    const struct gong_live *live = engine->live;

    for (uint32_t n = 1; n < live->binds.series.count; n++) {
        const struct gong_series *s = gong_series_at(&live->binds, n);

        marks[n] =
            is_recent(engine, s) || is_held(live, s) || stands(engine, s);
    }
    for (uint32_t n = 1; n < live->outputs.arena.count; n++) {
        const struct gong_output *o = gong_output_at(&live->outputs, n);

        if (o->instance != 0 && o->series != 0) {
            marks[o->series] = 1;
        }
    }
}

/* A row with a point keeps its series. */
static void
mark_seen(const struct gong_engine *engine, struct gong_kept *kept)
{
    const struct gong_registry *registry = &engine->registry;
    const struct gong_binds *binds = &engine->live->binds;
    uint32_t minute = gong_engine_minute(engine);

    for (uint32_t n = 1; n < registry->rows.count; n++) {
        const struct gong_row *r = gong_row_at(registry, n);
        int64_t silent = ((int64_t)(minute - r->seen) - 1) * 60000;

        for (uint32_t c = 0; c < r->count; c++) {
            uint32_t series = gong_column_at(registry, r->columns + c)->series;

            if (gong_column_feeds(series) &&
                silent <= silence_of(engine, gong_series_at(binds, series))) {
                kept->series[series] = 1;
            }
        }
        kept->rows[n] = silent <= engine->expire.silence_ms;
    }
}

/* What one instance reads stays as a whole: true where that was news. */
static bool
mark_leaves(const struct gong_binds *binds, const struct gong_instance *i,
            uint32_t *series)
{
    uint32_t count = binds->book->rules[i->rule].plan->leaf_count;
    uint32_t marked = 0;
    uint32_t there = 0;

    for (uint32_t leaf = 0; leaf < count; leaf++) {
        uint32_t s = gong_bind_leaf(binds, i, leaf);

        there += s != 0;
        marked += s != 0 && series[s] != 0;
    }
    if (marked == 0 || marked == there) {
        return false;
    }
    for (uint32_t leaf = 0; leaf < count; leaf++) {
        uint32_t s = gong_bind_leaf(binds, i, leaf);

        if (s != 0) {
            series[s] = 1;
        }
    }
    return true;
}

static void
mark_joint(const struct gong_engine *engine, uint32_t *series)
{
    const struct gong_binds *binds = &engine->live->binds;
    bool again = true;

    while (again) {
        again = false;
        for (uint32_t n = 1; n < binds->instances.count; n++) {
            const struct gong_instance *i = gong_instance_at(binds, n);

            if (binds->book->rules[i->rule].form == GONG_FORM_JOINT) {
                again |= mark_leaves(binds, i, series);
            }
        }
    }
}

/* A series keeps its rows. */
static void
keep_rows_of_series(const struct gong_engine *engine,
                    const struct gong_kept *kept)
{
    const struct gong_registry *registry = &engine->registry;

    for (uint32_t n = 1; n < registry->rows.count; n++) {
        const struct gong_row *r = gong_row_at(registry, n);

        for (uint32_t c = 0; c < r->count && kept->rows[n] == 0; c++) {
            uint32_t series = gong_column_at(registry, r->columns + c)->series;

            kept->rows[n] =
                gong_column_feeds(series) && kept->series[series] != 0;
        }
    }
}

static void
free_kept(struct gong_kept *kept)
{
    free(kept->rows);
    free(kept->series);
    free(kept->instances);
    free(kept->members);
    free(kept->windows);
    free(kept->sets);
    free(kept->symbols);
}

static uint32_t *
new_map(const struct gong_arena *arena)
{
    return calloc((size_t)arena->count + 1, sizeof(uint32_t));
}

/* Not of the budget: it is gone before the next record. */
static bool
new_kept(const struct gong_engine *engine, struct gong_kept *kept)
{
    const struct gong_binds *binds = &engine->live->binds;

    *kept = (struct gong_kept){
        .rows = new_map(&engine->registry.rows),
        .series = new_map(&binds->series),
        .instances = new_map(&binds->instances),
        .members = new_map(&binds->groups.members),
        .windows = new_map(&binds->windows.windows),
        .sets = new_map(&engine->labelsets.sets),
        .symbols = calloc((size_t)engine->symbols.symbols.count + 1, 1),
    };
    return kept->rows != NULL && kept->series != NULL &&
           kept->instances != NULL && kept->members != NULL &&
           kept->windows != NULL && kept->sets != NULL && kept->symbols != NULL;
}

static enum gong_err
look(struct gong_engine *engine, struct gong_kept *kept)
{
    uint64_t gone = 0;
    uint64_t series = 0;
    size_t limit = engine->budget.limit;
    enum gong_err err = GONG_OK;

    mark_series(engine, kept->series);
    mark_seen(engine, kept);
    mark_joint(engine, kept->series);
    keep_rows_of_series(engine, kept);
    gong_engine_choose(engine, kept, &gone, &series);
    if (gone > 0 && gone >= size_of(engine) / engine->expire.part) {
        /* Some tables are copied: for that long they are there twice. */
        engine->budget.limit = 0;
        err = gong_engine_keep(engine, kept) ? GONG_OK : GONG_ERR_MEMORY;
        engine->budget.limit = limit;
        engine->stats.series_expired += series;
        if (err == GONG_OK) {
            err = gong_outputs_find_series(engine->live);
        }
    }
    return err;
}

enum gong_err
gong_engine_expire(struct gong_engine *engine)
{
    struct gong_kept kept;
    enum gong_err err = GONG_ERR_MEMORY;

    if (!is_due(engine)) {
        return GONG_OK;
    }
    if (new_kept(engine, &kept)) {
        err = look(engine, &kept);
    }
    free_kept(&kept);
    engine->expire.looked_ms = engine->journal_ms;
    engine->expire.held = size_of(engine);
    return err;
}
