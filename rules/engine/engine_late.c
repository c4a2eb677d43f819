/* engine_late: samples that come after newer ones of their series (semantics
 * rule 7): they wait until the record has been applied and its timers have run,
 * so that no past instant sees them. */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_instant.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_data.h"

/* Rule 7: put aside until the record has been applied and the clock's present
 * is known. */
enum gong_err
gong_engine_put_aside(struct gong_engine *engine,
                      const struct gong_staged *sample)
{
    const struct gong_binds *binds = &engine->live->binds;
    uint32_t at = 0;

    engine->stats.late_samples++;
    if (gong_bind_window(binds, gong_series_at(binds, sample->series)) == 0) {
        return GONG_OK;
    }
    at = gong_arena_add(&engine->late, 1);
    if (at == 0) {
        return GONG_ERR_MEMORY;
    }
    *(struct gong_staged *)gong_arena_at(&engine->late, at) = *sample;
    return GONG_OK;
}

/* All that reads the past of a series. */
static enum gong_err
touch_readers(struct gong_engine *engine, uint32_t series)
{
    const struct gong_binds *binds = &engine->live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);
    enum gong_err err = GONG_OK;

    for (uint32_t i = 0; i < a->count && err == GONG_OK; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);
        uint32_t instance = gong_binding_at(binds, s->bindings + i);

        if (entry->past != 0 && entry->form == GONG_FORM_GENERAL) {
            err = gong_engine_touch_general(engine, instance, engine->ran_ms);
        } else if (entry->past != 0) {
            err = entry->timed != 0 ? gong_engine_arm_grid(engine, instance)
                                    : gong_engine_touch(engine, instance);
        }
    }
    return err;
}

static enum gong_err
insert_late(struct gong_engine *engine, const struct gong_staged *sample)
{
    struct gong_binds *binds = &engine->live->binds;
    const struct gong_series *s = gong_series_at(binds, sample->series);
    enum gong_sample_window_late what = GONG_SAMPLE_LATE_OLD;
    enum gong_err err = gong_sample_window_insert(
        &binds->windows, gong_bind_window(binds, s), gong_bind_newest(s),
        (struct gong_sample){sample->ms, sample->value},
        gong_attachment_at(binds, s->attachment)->keep_ms, &what);

    engine->stats.same_stamp += what == GONG_SAMPLE_LATE_OTHER;
    return err == GONG_OK && what == GONG_SAMPLE_LATE_TAKEN
               ? touch_readers(engine, sample->series)
               : err;
}

/* Into the windows that they fall into; then one evaluation at the present. */
enum gong_err
gong_engine_take_late(struct gong_engine *engine, int64_t now,
                      const struct gong_cause *cause)
{
    enum gong_err err = GONG_OK;

    for (uint32_t i = 1; i < engine->late.count && err == GONG_OK; i++) {
        err = insert_late(engine, gong_arena_at(&engine->late, i));
    }
    return err == GONG_OK ? gong_engine_evaluate_touched(engine, now, cause)
                          : err;
}
