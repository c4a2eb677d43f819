/* engine_kept: from rows and series that stay to all that stays with them, and
 * the tables without the rest. */
#include "rules/engine/engine_expire.h"

#include "rules/engine/engine_query.h"

static bool
stays(const struct gong_engine *engine, const struct gong_instance *i,
      const uint32_t *series)
{
    const struct gong_live *live = engine->live;
    const struct gong_book_rule *rule = &live->book.rules[i->rule];

    switch (rule->form) {
    case GONG_FORM_GENERAL:
        return i->leaves == 0 || i->alert != 0;
    case GONG_FORM_AGGREGATE:
        return true; /* a group's, which is used again */
    case GONG_FORM_JOINT:
        for (uint32_t leaf = 0; leaf < rule->plan->leaf_count; leaf++) {
            uint32_t s = gong_bind_leaf(&live->binds, i, leaf);

            if (s != 0 && series[s] != 0) {
                return true;
            }
        }
        return false;
    case GONG_FORM_THRESHOLD:
    case GONG_FORM_SINGLE:
    case GONG_FORM_WINDOW:
        break;
    }
    return series[i->leaves] != 0;
}

/* Instances, members and windows, and the label sets of instances. */
static void
mark_bound(const struct gong_engine *engine, struct gong_kept *kept)
{
    const struct gong_live *live = engine->live;
    const struct gong_binds *binds = &live->binds;

    for (uint32_t n = 1; n < binds->instances.count; n++) {
        const struct gong_instance *i = gong_instance_at(binds, n);

        kept->instances[n] = stays(engine, i, kept->series);
        if (kept->instances[n] != 0 &&
            live->book.rules[i->rule].form == GONG_FORM_GENERAL) {
            kept->sets[i->leaves] = 1;
        }
    }
    for (uint32_t n = 1; n < binds->series.count; n++) {
        const struct gong_series *s = gong_series_at(binds, n);
        const struct gong_attachment *a =
            gong_attachment_at(binds, s->attachment);

        if (kept->series[n] == 0) {
            continue;
        }
        kept->sets[s->labelset] = 1;
        for (uint32_t i = 0; i < a->count; i++) {
            if (gong_entry_at(binds, a->first + i)->form ==
                GONG_FORM_AGGREGATE) {
                kept->members[gong_binding_at(binds, s->bindings + i)] = 1;
            }
        }
        if (a->keep_ms != GONG_KEEP_NONE) {
            kept->windows[gong_binding_at(binds, s->bindings + a->count)] = 1;
        }
    }
}

static void
mark_sets(const struct gong_engine *engine, struct gong_kept *kept)
{
    const struct gong_live *live = engine->live;
    const struct gong_registry *registry = &engine->registry;

    for (uint32_t n = 1; n < registry->rows.count; n++) {
        if (kept->rows[n] != 0) {
            kept->sets[gong_row_at(registry, n)->labelset] = 1;
        }
    }
    for (uint32_t n = 1; n < live->binds.groups.groups.count; n++) {
        kept->sets[gong_group_at(&live->binds.groups, n)->labelset] = 1;
    }
    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);

        if (alert->used) {
            kept->sets[alert->source] = 1;
        }
    }
}

/* Names that the rules and the engine itself know. */
static void
mark_names(const struct gong_engine *engine, uint8_t *symbols)
{
    const struct gong_book *book = &engine->live->book;

    for (unsigned i = 0; i < GONG_PRESENCE_METRICS; i++) {
        symbols[engine->presence_names[i]] = 1;
    }
    for (unsigned i = 0; i < GONG_OWN_METRICS; i++) {
        symbols[engine->own_names[i]] = 1;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        const struct gong_aggregate *aggregate = book->rules[i].aggregate;

        symbols[book->rules[i].record] = 1;
        symbols[book->rules[i].metric] = 1;
        for (uint32_t n = 0; aggregate != NULL && n < aggregate->name_count;
             n++) {
            symbols[aggregate->names[n]] = 1;
        }
    }
    for (uint32_t i = 0; i < book->leaf_count; i++) {
        symbols[book->leaves[i].metric] = 1;
    }
}

static void
mark_names_of_rows(const struct gong_engine *engine,
                   const struct gong_kept *kept)
{
    const struct gong_registry *registry = &engine->registry;

    for (uint32_t n = 1; n < registry->rows.count; n++) {
        const struct gong_row *r = gong_row_at(registry, n);

        if (kept->rows[n] == 0) {
            continue;
        }
        kept->symbols[r->measurement] = 1;
        for (uint32_t c = 0; c < r->count; c++) {
            const struct gong_column *column =
                gong_column_at(registry, r->columns + c);

            kept->symbols[column->raw] = 1;
            kept->symbols[column->metric] = 1;
        }
    }
}

static void
mark_symbols(const struct gong_engine *engine, const struct gong_kept *kept)
{
    const struct gong_labelsets *sets = &engine->labelsets;
    const struct gong_binds *binds = &engine->live->binds;

    mark_names(engine, kept->symbols);
    mark_names_of_rows(engine, kept);
    for (uint32_t n = 1; n < engine->registry.devices.count; n++) {
        const struct gong_device *d = gong_device_at(&engine->registry, n);

        kept->symbols[d->site] = 1;
        kept->symbols[d->name] = 1;
    }
    for (uint32_t n = 1; n < engine->presences.sites.count; n++) {
        kept->symbols[gong_site_at(&engine->presences, n)->name] = 1;
    }
    for (uint32_t n = 1; n < binds->series.count; n++) {
        if (kept->series[n] != 0) {
            kept->symbols[gong_series_at(binds, n)->metric] = 1;
        }
    }
    for (uint32_t n = 1; n < sets->sets.count; n++) {
        const struct gong_labelset *set = gong_arena_at(&sets->sets, n);
        const struct gong_label_pair *pairs =
            gong_arena_at(&sets->pairs, set->first);

        for (uint32_t i = 0; kept->sets[n] != 0 && i < set->count; i++) {
            kept->symbols[pairs[i].name] = 1;
            kept->symbols[pairs[i].value] = 1;
        }
    }
}

/* From marks to numbers; returns how many have none. */
static uint32_t
number(uint32_t *map, const struct gong_arena *arena)
{
    uint32_t kept = 0;

    map[0] = 0;
    for (uint32_t n = 1; n < arena->count; n++) {
        if (map[n] != 0) {
            map[n] = ++kept;
        }
    }
    return arena->count == 0 ? 0 : arena->count - 1 - kept;
}

static uint32_t
count_unmarked(const struct gong_symbols *symbols, const uint8_t *marks)
{
    uint32_t count = 0;

    for (uint32_t n = 1; n < symbols->symbols.count; n++) {
        count += marks[n] == 0;
    }
    return count - symbols->unused;
}

void
gong_engine_choose(const struct gong_engine *engine, struct gong_kept *kept,
                   uint64_t *gone, uint64_t *series)
{
    const struct gong_binds *binds = &engine->live->binds;

    mark_bound(engine, kept);
    mark_sets(engine, kept);
    mark_symbols(engine, kept);
    *series = number(kept->series, &binds->series);
    *gone = *series;
    *gone += number(kept->rows, &engine->registry.rows);
    *gone += number(kept->instances, &binds->instances);
    *gone += number(kept->sets, &engine->labelsets.sets);
    *gone += count_unmarked(&engine->symbols, kept->symbols);
    (void)number(kept->members, &binds->groups.members);
    (void)number(kept->windows, &binds->windows.windows);
}

/* What alerts, outputs, timers and rules' states know of instances, series and
 * label sets. Timers keep their order, as instances do. */
static void
renumber(const struct gong_live *live, const struct gong_kept *kept)
{
    for (uint32_t n = 1; n < live->binds.instances.count; n++) {
        uint32_t timer = gong_instance_at(&live->binds, n)->timer;

        if (kept->instances[n] != 0 && timer != 0) {
            gong_timer_rename(&live->timers, timer, kept->instances[n]);
        }
    }
    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        struct gong_alert *alert = gong_alert_at(&live->alerts, n);

        if (alert->used) {
            alert->instance = kept->instances[alert->instance];
            alert->source = kept->sets[alert->source];
        }
    }
    for (uint32_t n = 1; n < live->outputs.arena.count; n++) {
        struct gong_output *o = gong_output_at(&live->outputs, n);

        o->instance = kept->instances[o->instance];
        o->series = kept->series[o->series];
    }
    for (uint32_t n = 1; n < live->general_states.count; n++) {
        struct gong_general_state *state = gong_general_state_at(live, n);

        state->head = kept->instances[state->head];
    }
}

/* Alerts that are over, of instances that go. */
static void
remove_alerts(struct gong_live *live, const struct gong_kept *kept)
{
    for (uint32_t n = 1; n < live->binds.instances.count; n++) {
        uint32_t alert = gong_instance_at(&live->binds, n)->alert;

        if (kept->instances[n] == 0 && alert != 0) {
            gong_alerts_remove(&live->alerts, alert);
        }
    }
}

bool
gong_engine_keep(struct gong_engine *engine, const struct gong_kept *kept)
{
    struct gong_live *live = engine->live;

    remove_alerts(live, kept);
    renumber(live, kept);
    if (!gong_registry_keep(&engine->registry, kept) ||
        !gong_binds_keep(&live->binds, kept) ||
        !gong_labelsets_keep(&engine->labelsets, kept->sets) ||
        !gong_symbols_keep(&engine->symbols, kept->symbols)) {
        return false;
    }
    for (uint32_t i = 1; i <= live->book.general_count; i++) {
        gong_general_forget(live->queries[i]);
    }
    return true;
}
