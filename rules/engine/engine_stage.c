#include "rules/engine/engine_stage.h"

#include "common/clock.h"
#include "rules/engine/engine_expire.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_presence.h"
#include "rules/engine/engine_data.h"

static uint64_t
count_numbers(const struct gong_lp_point *point)
{
    uint64_t count = 0;

    for (size_t i = 0; i < point->field_count; i++) {
        count += point->fields[i].value.type != GONG_LP_STRING;
    }
    return count;
}

/* Finds or makes the series of a column at its first number. */
static enum gong_err
bind_column(struct gong_engine *engine, const struct gong_row *row,
            struct gong_column *column)
{
    struct gong_series_name name = {row->device, row->labelset, column->metric};
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    if (gong_engine_is_own(engine, &engine->live->book, column->metric)) {
        column->series = GONG_COLUMN_OWN;
        return GONG_OK;
    }
    err = gong_bind_series(&engine->live->binds, name, &series);

    if (err == GONG_ERR_MEMORY) {
        return err;
    }
    column->series = err == GONG_ERR_NOT_FOUND   ? GONG_COLUMN_UNREAD
                     : err == GONG_ERR_TOO_LARGE ? GONG_COLUMN_REFUSED
                                                 : series;
    if (err == GONG_OK) {
        gong_engine_set_lookback(engine, &engine->live->binds, row, series);
    }
    return GONG_OK;
}

/* The column of a field, expected to be number *position; *series is the one
 * that it feeds, or a word about why it feeds none. */
static enum gong_err
find_series(struct gong_engine *engine, uint32_t row,
            const struct gong_lp_field *field, uint32_t *position,
            uint32_t *series)
{
    struct gong_registry *registry = &engine->registry;
    const struct gong_row *r = gong_row_at(registry, row);
    struct gong_column *c = NULL;
    uint32_t column = r->columns + *position;
    enum gong_err err = GONG_OK;

    if (gong_registry_expected(registry, r, *position, field->raw_key)) {
        ++*position;
    } else {
        err = gong_registry_column(registry, row, field, position, &column);
        if (err != GONG_OK) {
            *series = GONG_COLUMN_REFUSED;
            return err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
        }
    }
    c = gong_column_at(registry, column);
    if (c->series == GONG_COLUMN_NEW && field->value.type != GONG_LP_STRING) {
        err = bind_column(engine, r, c);
    }
    *series = c->series;
    return err;
}

/* Room for a whole point behind what is staged. */
static inline struct gong_staged *
reserve(struct gong_engine *engine, uint32_t count)
{
    struct gong_arena *staged = &engine->staged;
    uint32_t at = staged->count;

    if (at == 0 || staged->capacity - at < count) {
        at = gong_arena_add(staged, count);
        if (at == 0) {
            return NULL;
        }
        staged->count = at;
    }
    return gong_arena_at(staged, at);
}

/* A number that feeds no series, for a reason that counts. */
static void
count_unfed(struct gong_engine *engine, uint32_t series)
{
    engine->stats.over_limit += series == GONG_COLUMN_REFUSED;
    engine->stats.own_names += series == GONG_COLUMN_OWN;
}

/* One field's number to next, if it is a sample of a series; how many. */
static inline uint32_t
stage_value(struct gong_engine *engine, uint32_t series,
            const struct gong_lp_value *value, int64_t ms,
            struct gong_staged *next)
{
    if (!gong_lp_number(value, &next->value)) {
        return 0;
    }
    engine->stats.samples++;
    if (!gong_column_feeds(series)) {
        count_unfed(engine, series);
        return 0;
    }
    next->ms = ms;
    next->series = series;
    return 1;
}

static enum gong_err
stage_fields(struct gong_engine *engine, struct gong_intake *intake,
             const struct gong_lp_point *point, int64_t ms)
{
    const struct gong_row *row = gong_row_at(&engine->registry, intake->row);
    const struct gong_column *column =
        gong_column_at(&engine->registry, row->columns);
    const struct gong_lp_field *field = point->fields;
    struct gong_staged *next = reserve(engine, (uint32_t)point->field_count);
    uint32_t position = 0;
    uint32_t count = 0;
    uint32_t series = 0;

    if (next == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (;
         position < point->expected_fields && column->series != GONG_COLUMN_NEW;
         position++, column++, field++) {
        count += stage_value(engine, column->series, &field->value, ms,
                             next + count);
    }
    for (size_t i = position; i < point->field_count; i++) {
        enum gong_err err = find_series(engine, intake->row, &point->fields[i],
                                        &position, &series);

        if (err != GONG_OK) {
            return err;
        }
        count += stage_value(engine, series, &point->fields[i].value, ms,
                             next + count);
    }
    engine->staged.count += count;
    if (count > 0) {
        intake->disordered |= ms < intake->last_ms;
        intake->last_ms = ms;
    }
    return GONG_OK;
}

/* The row that came after this one last time is probably the next one now. */
static void
expect_row(struct gong_engine *engine, struct gong_intake *intake)
{
    const struct gong_registry *registry = &engine->registry;
    uint32_t row = intake->row != 0
                       ? gong_row_at(registry, intake->row)->next
                       : gong_device_at(registry, intake->device)->head;

    intake->expected_row = row;
    if (gong_row_expected(registry, intake->device, row, intake->expected_keys,
                          &intake->expected)) {
        gong_lp_reader_expect(engine->reader, &intake->expected);
    }
}

/* The row of a point, and for next time what came after the one before. */
static enum gong_err
next_row(struct gong_engine *engine, struct gong_intake *intake,
         const struct gong_lp_point *point)
{
    struct gong_registry *registry = &engine->registry;
    uint32_t row = intake->expected_row;
    enum gong_err err = GONG_OK;

    if (!point->expected) {
        err = gong_registry_row(registry, intake->device, &intake->batch, point,
                                &row);
        if (err == GONG_OK && intake->row != 0) {
            gong_row_at(registry, intake->row)->next = row;
        } else if (err == GONG_OK) {
            gong_device_at(registry, intake->device)->head = row;
        }
    }
    if (err == GONG_OK) {
        gong_row_at(registry, row)->seen = gong_engine_minute(engine);
        intake->row = row;
    }
    return err;
}

static enum gong_err
take_point(struct gong_engine *engine, struct gong_intake *intake,
           const struct gong_lp_point *point, int64_t time_ns)
{
    int64_t ms = gong_floor_ms(time_ns);
    enum gong_err err = GONG_ERR_TOO_LARGE;

    engine->stats.points++;
    if (intake->device != 0) {
        intake->newest = ms > intake->newest ? ms : intake->newest;
        err = next_row(engine, intake, point);
    }
    if (err == GONG_ERR_TOO_LARGE) {
        uint64_t numbers = count_numbers(point);

        engine->stats.samples += numbers;
        engine->stats.over_limit += numbers;
        return GONG_OK;
    }
    return err == GONG_OK ? stage_fields(engine, intake, point, ms) : err;
}

static enum gong_err
take_points(struct gong_engine *engine, struct gong_intake *intake)
{
    bool backlog =
        intake->batch.has_header && intake->batch.header.lane == GONG_LANE_BACK;

    for (;;) {
        const struct gong_lp_point *point = NULL;
        const struct gong_lp_error *error = NULL;
        enum gong_err err = GONG_OK;
        int64_t ns = 0;

        if (intake->device != 0) {
            expect_row(engine, intake);
        }
        switch (gong_batch_next(&intake->batch, engine->reader, &point, &error,
                                &ns)) {
        case GONG_LP_END:
            return GONG_OK;
        case GONG_LP_REFUSED:
            engine->stats.lines_refused++;
            break;
        case GONG_LP_POINT:
            if (backlog) {
                engine->stats.backlog_points++;
            } else {
                err = take_point(engine, intake, point, ns);
            }
            break;
        }
        if (err != GONG_OK) {
            return err;
        }
    }
}

enum gong_err
gong_engine_device(struct gong_engine *engine, struct gong_str site,
                   struct gong_str name, uint32_t *device)
{
    struct gong_device *d = NULL;
    enum gong_err err =
        gong_registry_device(&engine->registry, site, name, device);

    if (err == GONG_ERR_TOO_LARGE) {
        *device = 0;
        return GONG_OK;
    }
    if (err != GONG_OK) {
        return err;
    }
    d = gong_device_at(&engine->registry, *device);
    if (d->clock == 0) {
        d->clock = gong_presences_room(&engine->presences, *device)
                       ? gong_timers_add_clock(&engine->live->timers)
                       : 0;
    }
    return d->clock == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

/* A file is no device that could be up or dark. Backlog is a sign of life, but
 * no sample of it enters: then *device is 0. */
static enum gong_err
find_device(struct gong_engine *engine, struct gong_intake *intake)
{
    const struct gong_batch *batch = &intake->batch;
    enum gong_err err =
        gong_engine_device(engine, batch->site, batch->device, &intake->device);

    if (err == GONG_OK && intake->device != 0 && batch->site.len != 0) {
        err = gong_engine_heard(engine, intake->device);
    }
    if (batch->has_header && batch->header.lane == GONG_LANE_BACK) {
        intake->device = 0;
    }
    return err;
}

static void
merge_runs(const struct gong_arena *from, struct gong_arena *to, uint32_t start,
           uint32_t run)
{
    uint32_t count = from->count;
    uint32_t middle = count - start < run ? count : start + run;
    uint32_t end = count - middle < run ? count : middle + run;
    uint32_t a = start;
    uint32_t b = middle;

    for (uint32_t i = start; i < end; i++) {
        bool left = b == end || (a < middle && gong_staged_at(from, a)->ms <=
                                                   gong_staged_at(from, b)->ms);

        *gong_staged_at(to, i) = *gong_staged_at(from, left ? a : b);
        a += left;
        b += !left;
    }
}

/* By stamp, stable: at equal stamps the order of the record stands. */
static enum gong_err
sort_staged(struct gong_engine *engine)
{
    uint32_t count = engine->staged.count;

    gong_arena_clear(&engine->sorted);
    if (gong_arena_add(&engine->sorted, count - 1) == 0) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t run = 1; run < count; run *= 2) {
        struct gong_arena swap = engine->staged;

        for (uint32_t start = 1; start < count; start += 2 * run) {
            merge_runs(&engine->staged, &engine->sorted, start, run);
            if (count - start <= 2 * run) {
                break;
            }
        }
        engine->staged = engine->sorted;
        engine->sorted = swap;
    }
    return GONG_OK;
}

enum gong_err
gong_engine_stage(struct gong_engine *engine, struct gong_intake *intake)
{
    enum gong_err err;

    gong_arena_clear(&engine->staged);
    err = find_device(engine, intake);
    if (err == GONG_OK) {
        err = take_points(engine, intake);
    }
    return err == GONG_OK && intake->device != 0 && intake->disordered
               ? sort_staged(engine)
               : err;
}
