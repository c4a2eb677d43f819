/*
 * engine_foreign: samples with labels instead of payloads, for rules of a
 * Prometheus. Their series belong to no device, as those that the engine feeds
 * itself: a recording and a sample of one name are one series.
 */
#include "rules/engine/engine_expire.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_data.h"

static const struct gong_cause none = {0};

/* Whether a name has room beside its labels; empty ones are none. */
static bool
has_room(const struct gong_engine_sample *sample)
{
    size_t count = 0;

    for (size_t i = 0;
         sample->label_count <= GONG_LABELSET_MAX && i < sample->label_count;
         i++) {
        const struct gong_label_view *label = &sample->labels[i];

        count += label->value.len > 0 && !gong_str_is(label->name, "__name__");
    }
    return sample->label_count <= GONG_LABELSET_MAX &&
           count < GONG_LABELSET_MAX;
}

/* The name of the sample's series. */
static enum gong_err
name_of(struct gong_engine *engine, const struct gong_engine_sample *sample,
        struct gong_series_name *out)
{
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    size_t count = 0;

    *out = (struct gong_series_name){0};
    for (size_t i = 0; i < sample->label_count; i++) {
        const struct gong_label_view *label = &sample->labels[i];
        uint32_t value = gong_symbol_intern(&engine->symbols, label->value);

        if (value == 0) {
            return GONG_ERR_MEMORY;
        }
        if (gong_str_is(label->name, "__name__")) {
            out->metric = value;
        } else if (label->value.len > 0) {
            pairs[count].name =
                gong_symbol_intern(&engine->symbols, label->name);
            pairs[count].value = value;
            if (pairs[count++].name == 0) {
                return GONG_ERR_MEMORY;
            }
        }
    }
    out->labelset = gong_labelset_intern(&engine->labelsets, pairs, count);
    return out->labelset == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

static enum gong_err
take(struct gong_engine *engine, int64_t ms,
     const struct gong_engine_sample *sample)
{
    struct gong_series_name name;
    struct gong_staged staged = {.ms = ms, .value = sample->value};
    enum gong_err err = name_of(engine, sample, &name);

    if (err != GONG_OK) {
        return err;
    }
    err = gong_bind_series(&engine->live->binds, name, &staged.series);
    if (err == GONG_ERR_NOT_FOUND) {
        return GONG_OK;
    }
    if (err == GONG_ERR_TOO_LARGE) {
        engine->stats.over_limit++;
        return GONG_OK;
    }
    if (err == GONG_OK) {
        err = gong_engine_apply_sample(engine, &staged, &none);
    }
    return err == GONG_OK ? gong_engine_evaluate_touched(engine, ms, &none)
                          : err;
}

enum gong_err
gong_engine_apply_foreign(struct gong_engine *engine, uint64_t position,
                          int64_t ms, const struct gong_engine_sample *sample)
{
    enum gong_err err = GONG_OK;

    if (!engine->live->book.foreign) {
        return GONG_ERR_UNSUPPORTED;
    }
    if (!has_room(sample)) {
        return GONG_ERR_TOO_LARGE;
    }
    engine->position = position;
    engine->ordinal = 0;
    engine->presences_told = 0;
    engine->stats.records++;
    engine->stats.points++;
    engine->stats.samples++;
    gong_arena_clear(&engine->touched);
    gong_arena_clear(&engine->late);
    err = gong_engine_advance(engine, ms, false);
    if (err == GONG_OK) {
        err = take(engine, ms, sample);
    }
    if (err == GONG_OK) {
        err = gong_engine_run_dirty(engine, &none);
    }
    if (err == GONG_OK) {
        err = gong_engine_expire(engine);
    }
    return err == GONG_OK && engine->short_of_memory ? GONG_ERR_MEMORY : err;
}
