/*
 * engine_declare: from a device's births to its series' look-backs, and what a
 * changed one means to what reads them.
 *
 * A change is looked at where something is open, at once or on the next instant
 * of its interval; what waits for a sample waits as ever, and what is at rest
 * for its next instant.
 */
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_data.h"
#include "rules/engine/engine_hold.h"

static const struct gong_cause none = {0};

void
gong_engine_set_lookback(const struct gong_engine *engine,
                         const struct gong_binds *binds,
                         const struct gong_row *row, uint32_t series)
{
    const struct gong_device *d =
        gong_device_at(&engine->registry, row->device);
    struct gong_series *s = gong_series_at(binds, series);
    uint16_t lookback = 0;
    uint16_t stated = 0;

    if (binds->book->city != NULL) {
        stated = gong_lookback_of(gong_city_every(
            binds->book->city, gong_symbol_text(&engine->symbols, d->site),
            gong_symbol_text(&engine->symbols, d->name)));
    }
    if (d->declared != 0) {
        lookback = gong_declareds_find(
            &engine->declareds, d->declared,
            gong_symbol_text(&engine->symbols, row->measurement));
    }
    lookback = lookback > stated ? lookback : stated;
    /* Two measurements can feed one series: the longer one counts. */
    s->lookback = lookback > s->lookback ? lookback : s->lookback;
}

static enum gong_err
look_at(struct gong_engine *engine, uint32_t instance, int64_t now)
{
    const struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    const struct gong_alert *alert =
        i->alert == 0 ? NULL : gong_alert_at(&live->alerts, i->alert);

    if (rule->lookback_fixed || rule->presence || gong_engine_waits(live, i)) {
        return GONG_OK;
    }
    if (rule->form == GONG_FORM_GENERAL) {
        return gong_engine_touch_general(engine, instance, engine->ran_ms);
    }
    if (rule->interval_ms > 0) {
        return gong_engine_arm_grid(engine, instance);
    }
    if (alert != NULL && alert->state != GONG_ALERT_INACTIVE) {
        return gong_engine_touch(engine, instance);
    }
    return rule->restless ? gong_engine_arm(engine, instance, now - 1)
                          : GONG_OK;
}

/* One that has gone already comes back where its sample counts again. */
static enum gong_err
look_at_member(struct gong_engine *engine, uint32_t series,
               const struct gong_entry *entry, uint32_t member)
{
    const struct gong_live *live = engine->live;
    const struct gong_series *s = gong_series_at(&live->binds, series);
    const struct gong_book_rule *rule = &live->book.rules[entry->rule];

    if (rule->lookback_fixed || s->stamp == GONG_STAMP_NONE ||
        (gong_member_at(&live->binds.groups, member)->group == 0 &&
         s->stamp + gong_bind_lookback(rule, s) <
             gong_engine_counts_at(engine, engine->journal_ms))) {
        return GONG_OK;
    }
    return gong_engine_feed_member(engine, s, entry->rule, member);
}

static enum gong_err
look_at_readers(struct gong_engine *engine, uint32_t series, int64_t now)
{
    const struct gong_binds *binds = &engine->live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    uint32_t count = gong_attachment_at(binds, s->attachment)->count;
    enum gong_err err = GONG_OK;

    for (uint32_t i = 0; i < count && err == GONG_OK; i++) {
        uint32_t binding = gong_binding_at(binds, s->bindings + i);
        const struct gong_entry *entry = gong_entry_at(
            binds, gong_attachment_at(binds, s->attachment)->first + i);

        err = entry->form == GONG_FORM_AGGREGATE
                  ? look_at_member(engine, series, entry, binding)
                  : look_at(engine, binding, now);
    }
    return err;
}

static void
set_lookbacks(const struct gong_engine *engine, uint32_t device)
{
    const struct gong_registry *registry = &engine->registry;
    const struct gong_binds *binds = &engine->live->binds;
    uint32_t row = gong_device_at(registry, device)->newest;

    for (uint32_t s = gong_bind_family(binds, device); s != 0;
         s = gong_bind_sibling(binds, s)) {
        gong_series_at(binds, s)->lookback = 0;
    }
    for (; row != 0; row = gong_row_at(registry, row)->before) {
        const struct gong_row *r = gong_row_at(registry, row);

        for (uint32_t c = 0; c < r->count; c++) {
            uint32_t series = gong_column_at(registry, r->columns + c)->series;

            if (gong_column_feeds(series)) {
                gong_engine_set_lookback(engine, binds, r, series);
            }
        }
    }
}

enum gong_err
gong_engine_declare(struct gong_engine *engine, uint32_t device,
                    struct gong_str every)
{
    struct gong_device *d = gong_device_at(&engine->registry, device);
    const struct gong_binds *binds = &engine->live->binds;
    bool changed = false;
    int64_t now = gong_timers_clock_now(&engine->live->timers, d->clock,
                                        gong_engine_ran_until(engine));
    enum gong_err err = GONG_OK;

    if (!gong_declareds_replace(&engine->declareds, &d->declared, every,
                                &changed)) {
        return GONG_ERR_MEMORY;
    }
    if (!changed) {
        return GONG_OK;
    }
    set_lookbacks(engine, device);
    if (now == GONG_CLOCK_NEVER) {
        return GONG_OK;
    }
    gong_arena_clear(&engine->touched);
    for (uint32_t s = gong_bind_family(binds, device); s != 0 && err == GONG_OK;
         s = gong_bind_sibling(binds, s)) {
        err = look_at_readers(engine, s, now);
    }
    return err == GONG_OK ? gong_engine_evaluate_touched(engine, now, &none)
                          : err;
}
