/* engine_move_series: what is known of series under new rules: the newest
 * sample, and of the past what the old rules kept. */
#include "rules/engine/bind_past.h"
#include "rules/engine/engine_hold.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_move.h"
#include "rules/engine/engine_presence.h"

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

enum gong_err
gong_engine_move_columns(struct gong_engine *engine, struct gong_live *live,
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

enum gong_err
gong_engine_move_own(struct gong_engine *engine, struct gong_live *live)
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
