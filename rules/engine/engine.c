#include "rules/engine/engine_expire.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_step.h"
#include "rules/engine/engine_data.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_hold.h"

#include <stdlib.h>

static struct gong_engine_limits
limits_or_defaults(const struct gong_engine_limits *limits)
{
    struct gong_engine_limits l = {0};

    if (limits != NULL) {
        l = *limits;
    }
    l.devices = l.devices == 0 ? 200000 : l.devices;
    l.rows_per_device = l.rows_per_device == 0 ? 1000 : l.rows_per_device;
    l.instances = l.instances == 0 ? 20000000 : l.instances;
    return l;
}

struct gong_engine *
gong_engine_new(const struct gong_engine_limits *limits, gong_effect_fn emit,
                void *ctx)
{
    struct gong_engine *engine = calloc(1, sizeof *engine);
    bool room = false;

    if (engine == NULL) {
        return NULL;
    }
    engine->limits = limits_or_defaults(limits);
    engine->emit = emit;
    engine->ctx = ctx;
    engine->blind_from = GONG_NEVER;
    engine->resumed_ms = GONG_NEVER;
    engine->settle_ms = GONG_NEVER;
    engine->expire = (struct gong_expire){
        .silence_ms = GONG_EXPIRE_MS,
        .soon_ms = GONG_EXPIRE_SOON_MS,
        .late_ms = GONG_EXPIRE_LATE_MS,
        .part = 8,
    };
    engine->budget.limit = engine->limits.bytes;
    engine->key.word[0] = engine->limits.hash_key[0];
    engine->key.word[1] = engine->limits.hash_key[1];
    gong_symbols_init(&engine->symbols, &engine->budget, &engine->key);
    gong_labelsets_init(&engine->labelsets, &engine->symbols, &engine->budget);
    gong_registry_init(&engine->registry, &engine->symbols, &engine->labelsets,
                       &engine->budget);
    engine->registry.devices_max = engine->limits.devices;
    engine->registry.rows_max = engine->limits.rows_per_device;
    room = gong_presences_init(&engine->presences, &engine->budget,
                               &engine->derived, &engine->key);
    gong_declareds_init(&engine->declareds, &engine->budget, &engine->key);
    gong_arena_init(&engine->staged, &engine->derived,
                    sizeof(struct gong_staged));
    gong_arena_init(&engine->sorted, &engine->derived,
                    sizeof(struct gong_staged));
    gong_arena_init(&engine->touched, &engine->derived, sizeof(uint32_t));
    gong_arena_init(&engine->dirty, &engine->derived, sizeof(uint32_t));
    gong_arena_init(&engine->found, &engine->derived,
                    sizeof(struct gong_found));
    gong_arena_init(&engine->late, &engine->derived,
                    sizeof(struct gong_staged));
    engine->reader = gong_lp_reader_new(false);
    engine->space = calloc(1, sizeof *engine->space);
    engine->live = gong_live_new(engine);
    if (!room || engine->reader == NULL || engine->space == NULL ||
        engine->live == NULL ||
        gong_timers_add_clock(&engine->live->timers) == 0) {
        gong_engine_free(engine);
        return NULL;
    }
    return engine;
}

void
gong_engine_free(struct gong_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    gong_live_free(engine->live);
    gong_lp_reader_free(engine->reader);
    free(engine->space);
    gong_arena_fini(&engine->staged);
    gong_arena_fini(&engine->sorted);
    gong_arena_fini(&engine->touched);
    gong_arena_fini(&engine->dirty);
    gong_arena_fini(&engine->found);
    gong_arena_fini(&engine->late);
    gong_presences_fini(&engine->presences);
    gong_declareds_fini(&engine->declareds);
    gong_registry_fini(&engine->registry);
    gong_labelsets_fini(&engine->labelsets);
    gong_symbols_fini(&engine->symbols);
    free(engine);
}

void
gong_engine_on_recorded(struct gong_engine *engine, gong_recorded_fn recorded,
                        void *ctx)
{
    engine->recorded = recorded;
    engine->recorded_ctx = ctx;
}

void
gong_engine_on_presence(struct gong_engine *engine, gong_recorded_fn told,
                        void *ctx)
{
    engine->presence = told;
    engine->presence_ctx = ctx;
}

static enum gong_err
apply(struct gong_engine *engine, const struct gong_record *record)
{
    enum gong_err err = GONG_OK;

    if (record->meta.type == GONG_RECORD_RESUME) {
        return gong_engine_apply_resume(engine, record);
    }
    err = gong_engine_advance(engine, record->meta.journal_ms,
                              record->meta.type == GONG_RECORD_CLOCK);
    if (err != GONG_OK || (record->meta.type != GONG_RECORD_DATA &&
                           record->meta.type != GONG_RECORD_PRESENCE)) {
        return err;
    }
    err = gong_engine_hear(engine);
    if (err != GONG_OK) {
        return err;
    }
    return record->meta.type == GONG_RECORD_DATA
               ? gong_engine_apply_data(engine, record)
               : gong_engine_apply_presence(engine, record);
}

enum gong_err
gong_engine_apply(struct gong_engine *engine, const struct gong_record *record)
{
    static const struct gong_cause none = {0};
    bool first = engine->journal_ms == 0;
    enum gong_err err = GONG_OK;

    engine->position = record->offset;
    engine->ordinal = 0;
    engine->presences_told = 0;
    engine->stats.records++;
    err = apply(engine, record);
    if (err == GONG_OK) {
        err = gong_engine_run_dirty(engine, &none);
    }
    if (err == GONG_OK && first) {
        err = gong_engine_start_generals(engine);
    }
    if (err == GONG_OK) {
        err = gong_engine_expire(engine);
    }
    return err == GONG_OK && engine->short_of_memory ? GONG_ERR_MEMORY : err;
}

bool
gong_engine_is_short(const struct gong_engine *engine)
{
    return engine->short_of_memory;
}

int64_t
gong_engine_deadline(const struct gong_engine *engine)
{
    int64_t next = gong_timers_next(&engine->live->timers);
    int64_t silent = gong_timers_next(&engine->presences.timers);

    if (engine->blind_from != GONG_NEVER) {
        return INT64_MAX;
    }
    next = silent < next ? silent : next;
    return engine->settle_ms != GONG_NEVER && engine->settle_ms < next
               ? engine->settle_ms
               : next;
}

bool
gong_engine_settling(const struct gong_engine *engine)
{
    return engine->blind_from != GONG_NEVER || engine->settle_ms != GONG_NEVER;
}

void
gong_engine_place(const struct gong_engine *engine, uint64_t *position,
                  int64_t *journal_ms)
{
    *position = engine->position;
    *journal_ms = engine->journal_ms;
}

static uint64_t
elements(const struct gong_arena *arena)
{
    return arena->count == 0 ? 0 : arena->count - 1;
}

void
gong_engine_stats(const struct gong_engine *engine,
                  struct gong_engine_stats *out)
{
    const struct gong_live *live = engine->live;

    *out = engine->stats;
    out->devices = elements(&engine->registry.devices);
    out->rows = elements(&engine->registry.rows);
    out->series = elements(&live->binds.series);
    out->instances = elements(&live->binds.instances);
    out->pending = live->pending;
    out->firing = live->firing;
    out->unknown = live->unknown;
    out->trial = live->trial;
    out->devices_up = engine->presences.known - engine->presences.dark;
    out->devices_dark = engine->presences.dark;
    out->rules = live->book.count;
    out->bytes = engine->budget.used + engine->derived.used;
    out->bytes_state = engine->budget.used;
}

void
gong_engine_alerts(struct gong_engine *engine, gong_effect_fn visit, void *ctx)
{
    const struct gong_live *live = engine->live;
    struct gong_effect effect = {
        .position = engine->position,
        .journal_ms = engine->journal_ms,
        .reason = GONG_REASON_CONDITION,
    };

    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);

        if (!alert->used || alert->state == GONG_ALERT_INACTIVE) {
            continue;
        }
        effect.from = (enum gong_alert_state)alert->state;
        effect.to = effect.from;
        gong_engine_describe(live, alert, &effect);
        gong_engine_render(engine, live, alert, &effect);
        visit(ctx, &effect);
        effect.ordinal++;
    }
}
