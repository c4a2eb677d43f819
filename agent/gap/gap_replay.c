#include "agent/gap/gap_replay.h"

#include <stdlib.h>
#include <string.h>

#include "agent/history/history_labels.h"
#include "common/batch.h"
#include "common/clock.h"
#include "rules/engine/engine.h"

#define SLICE_MS   INT64_C(3600000)
#define POINTS_MAX ((size_t)2000000)

struct point {
    int64_t ms;
    double value;
    uint32_t series; /* in the slice */
    uint32_t order;  /* in which it was read */
};

/* What is read of one slice, and the engine that gets it. */
struct run {
    const struct gong_gap_replay *replay;
    struct gong_gap_intervals *out;
    struct gong_engine *engine;
    enum gong_err err; /* of an effect that could not be kept */
    uint64_t position;
    size_t points_max;
    struct point *points;
    size_t count;
    size_t capacity;
    struct gong_buffer labels; /* of all series, one behind the other */
    size_t *series;            /* where each one's labels begin */
    size_t series_count;
    size_t series_capacity;
    struct gong_buffer payload;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct run *run = ctx;

    if (run->err == GONG_OK) {
        run->err = gong_gap_intervals_effect(run->out, effect);
    }
}

/* --- reading --- */

static enum gong_err
add_series(struct run *run, const struct gong_label_view *labels, size_t count)
{
    if (run->series_count + 1 >= run->series_capacity) {
        size_t capacity = run->series_capacity * 2 + 16;
        size_t *series = realloc(run->series, capacity * sizeof *run->series);

        if (series == NULL) {
            return GONG_ERR_MEMORY;
        }
        run->series = series;
        run->series_capacity = capacity;
    }
    run->series[run->series_count++] = run->labels.len;
    return gong_history_labels_put(&run->labels, labels, count);
}

static enum gong_err
reserve(struct run *run, size_t more)
{
    size_t capacity = run->capacity == 0 ? 1024 : run->capacity;
    struct point *points = NULL;

    if (more > run->points_max - run->count) {
        return GONG_ERR_TOO_LARGE;
    }
    while (capacity < run->count + more) {
        capacity *= 2;
    }
    if (capacity == run->capacity) {
        return GONG_OK;
    }
    points = realloc(run->points, capacity * sizeof *points);
    if (points == NULL) {
        return GONG_ERR_MEMORY;
    }
    run->points = points;
    run->capacity = capacity;
    return GONG_OK;
}

static enum gong_err
take_series(void *ctx, const struct gong_label_view *labels, size_t label_count,
            const struct gong_sample *samples, size_t count)
{
    struct run *run = ctx;
    enum gong_err err = reserve(run, count);

    if (err == GONG_OK) {
        err = add_series(run, labels, label_count);
    }
    for (size_t i = 0; err == GONG_OK && i < count; i++) {
        run->points[run->count] = (struct point){
            .ms = samples[i].ms,
            .value = samples[i].value,
            .series = (uint32_t)(run->series_count - 1),
            .order = (uint32_t)run->count,
        };
        run->count++;
    }
    return err;
}

static int
compare_points(const void *a, const void *b)
{
    const struct point *x = a;
    const struct point *y = b;

    if (x->ms != y->ms) {
        return x->ms < y->ms ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static enum gong_err
read_slice(struct run *run, int64_t from, int64_t to)
{
    const struct gong_gap_source *source = run->replay->source;
    enum gong_err err;

    run->count = 0;
    run->series_count = 0;
    run->labels.len = 0;
    err = source->read(source->ctx, from, to, take_series, run);
    if (err == GONG_OK && run->count > 1) {
        qsort(run->points, run->count, sizeof *run->points, compare_points);
    }
    return err;
}

/* --- applying --- */

static enum gong_err
apply(struct run *run, uint8_t type, int64_t ms)
{
    struct gong_record record = {
        /* It arrived at the end of its millisecond: nothing is shifted. */
        .meta = {.type = type,
                 .journal_ms = ms,
                 .wall_ns = gong_ms_to_ns(ms) + GONG_NS_PER_MS - 1},
        .offset = run->position++,
        .payload = {run->payload.data, run->payload.len},
    };
    enum gong_err err = gong_engine_apply(run->engine, &record);

    return err == GONG_OK ? run->err : err;
}

static enum gong_err
begin_payload(struct run *run)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    size_t len =
        gong_batch_prefix(run->replay->site, run->replay->device, prefix);

    run->payload.len = 0;
    return gong_buffer_append(&run->payload, prefix, len);
}

/* Labels that the engine gives anew. */
static bool
is_given(const struct run *run, struct gong_str name)
{
    return gong_str_equal(name, gong_str_of("site")) ||
           gong_str_equal(name, gong_str_of("device")) ||
           ((gong_str_equal(name, gong_str_of("unit")) ||
             gong_str_equal(name, gong_str_of("kind"))) &&
            gong_city_unit(run->replay->rules->set.city, run->replay->site) !=
                NULL);
}

static enum gong_err
put_line(struct run *run, const struct point *point)
{
    static const struct gong_lp_dialect dialect = {0};
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_lp_tag tags[GONG_LABELSET_MAX];
    struct gong_lp_field field = {
        .key = {"value", 5},
        .value = {.type = GONG_LP_FLOAT, .as.number = point->value},
    };
    struct gong_lp_line line = {
        .tags = tags,
        .fields = &field,
        .field_count = 1,
        .time_ns = gong_ms_to_ns(point->ms),
    };
    struct gong_lp_losses losses = {0};
    size_t at = run->series[point->series];
    size_t end = point->series + 1 < run->series_count
                     ? run->series[point->series + 1]
                     : run->labels.len;
    size_t count = 0;

    if (!gong_history_labels_get(gong_str_from(run->labels.data + at, end - at),
                                 labels, &count)) {
        return GONG_ERR_CORRUPT;
    }
    for (size_t i = 0; i < count; i++) {
        if (gong_str_equal(labels[i].name, gong_str_of("__name__"))) {
            line.measurement = labels[i].value;
        } else if (!is_given(run, labels[i].name)) {
            tags[line.tag_count++] =
                (struct gong_lp_tag){labels[i].name, labels[i].value};
        }
    }
    return gong_lp_encode(&run->payload, &line, &dialect, &losses);
}

/* All of one millisecond is one record. */
static enum gong_err
apply_slice(struct run *run)
{
    enum gong_err err = GONG_OK;
    size_t i = 0;

    while (err == GONG_OK && i < run->count) {
        int64_t ms = run->points[i].ms;

        err = begin_payload(run);
        for (; err == GONG_OK && i < run->count && run->points[i].ms == ms;
             i++) {
            err = put_line(run, &run->points[i]);
        }
        if (err == GONG_OK) {
            err = apply(run, GONG_RECORD_DATA, ms);
        }
    }
    return err;
}

/* Slice by slice; what does not fit is halved. */
static enum gong_err
play(struct run *run, int64_t from, int64_t to)
{
    int64_t usual =
        run->replay->slice_ms == 0 ? SLICE_MS : run->replay->slice_ms;
    int64_t slice = usual;
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && from <= to) {
        int64_t end = to - from < slice ? to : from + slice - 1;

        err = read_slice(run, from, end);
        if (err == GONG_ERR_TOO_LARGE && slice > 1) {
            slice = slice / 2;
            err = GONG_OK;
            continue;
        }
        if (err == GONG_OK) {
            err = apply_slice(run);
        }
        from = end + 1;
        slice = slice < usual / 2 ? slice * 2 : usual;
    }
    return err;
}

static enum gong_err
begin(struct run *run, int64_t ms)
{
    enum gong_err err = gong_engine_set_rules(
        run->engine, &run->replay->rules->set, run->position++, ms, NULL);

    if (err != GONG_OK || run->replay->birth.len == 0) {
        return err;
    }
    err = begin_payload(run);
    if (err == GONG_OK) {
        err = gong_buffer_append(&run->payload, run->replay->birth.data,
                                 run->replay->birth.len);
    }
    return err == GONG_OK ? apply(run, GONG_RECORD_PRESENCE, ms) : err;
}

static enum gong_err
run_engine(struct run *run)
{
    const struct gong_gap_replay *replay = run->replay;
    /* Its look-back may be 2.5 times as long (semantics rule 5). */
    int64_t warm =
        replay->rules->warm_ms +
        gong_city_every(replay->rules->set.city, replay->site, replay->device) /
            2 * 5;
    int64_t from = replay->from_ms > warm ? replay->from_ms - warm : 0;
    enum gong_err err = begin(run, from);

    if (err == GONG_OK) {
        err = play(run, from, replay->to_ms);
    }
    if (err == GONG_OK) {
        run->payload.len = 0;
        err = apply(run, GONG_RECORD_CLOCK, replay->to_ms);
    }
    return err;
}

enum gong_err
gong_gap_replay(const struct gong_gap_replay *replay,
                struct gong_gap_intervals *out)
{
    static const struct gong_engine_limits limits = {
        .devices = 16,
        .rows_per_device = 1000000,
    };
    struct gong_gap_intervals found = {0};
    struct run run = {
        .replay = replay,
        .out = &found,
        .points_max = replay->points_max == 0 ? POINTS_MAX : replay->points_max,
    };
    enum gong_err err = GONG_OK;

    if (replay->from_ms < 0 || replay->to_ms < replay->from_ms) {
        return GONG_ERR_INVALID;
    }
    run.engine = gong_engine_new(&limits, on_effect, &run);
    err = run.engine == NULL ? GONG_ERR_MEMORY : run_engine(&run);
    gong_engine_free(run.engine);
    if (err == GONG_OK) {
        gong_gap_intervals_after(&found, replay->from_ms);
        err = gong_gap_intervals_move(out, &found);
    }
    gong_gap_intervals_fini(&found);
    free(run.points);
    free(run.series);
    gong_buffer_fini(&run.labels);
    gong_buffer_fini(&run.payload);
    return err;
}
