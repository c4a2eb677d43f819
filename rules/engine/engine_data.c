/*
 * engine_data: a record of samples.
 *
 *   decode -> staged (ms, value, series), sorted by ms -> for each ms: timers
 *   before it, samples, evaluations (semantics rule 3)
 */
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_expire.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_instant.h"

#include "common/clock.h"

/* A record while it is read. */
struct intake {
    struct gong_batch batch;
    uint32_t device; /* 0: past the limit */
    uint32_t row;    /* the one read last, 0 at the start */
    int64_t newest;
    int64_t last_ms; /* of the sample staged last */
    bool disordered;
};

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

    if (gong_engine_is_reserved(engine, &engine->live->book, column->metric)) {
        column->series = GONG_COLUMN_UNREAD;
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

/* The column of a field; *series is the one that it feeds, or a word about why
 * it feeds none. */
static enum gong_err
find_series(struct gong_engine *engine, uint32_t row,
            const struct gong_lp_point *point,
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
        err = gong_registry_column(registry, row, point->measurement, field,
                                   position, &column);
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

/* Room for a whole point; the fields that are no samples give theirs back. */
static struct gong_staged *
reserve(struct gong_engine *engine, size_t count)
{
    uint32_t at = gong_arena_add(&engine->staged, (uint32_t)count);

    if (at == 0) {
        return NULL;
    }
    engine->staged.count = at;
    return gong_arena_at(&engine->staged, at);
}

static enum gong_err
stage_fields(struct gong_engine *engine, struct intake *intake,
             const struct gong_lp_point *point, int64_t ms)
{
    struct gong_staged *next = reserve(engine, point->field_count);
    struct gong_staged *first = next;
    uint32_t position = 0;

    if (next == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < point->field_count; i++) {
        const struct gong_lp_field *field = &point->fields[i];
        enum gong_err err = find_series(engine, intake->row, point, field,
                                        &position, &next->series);

        if (err != GONG_OK) {
            return err;
        }
        if (!gong_lp_number(&field->value, &next->value)) {
            continue;
        }
        engine->stats.samples++;
        if (next->series == GONG_COLUMN_REFUSED) {
            engine->stats.over_limit++;
        } else if (next->series != GONG_COLUMN_UNREAD) {
            next->ms = ms;
            next++;
        }
    }
    engine->staged.count += (uint32_t)(next - first);
    if (next != first) {
        intake->disordered |= ms < intake->last_ms;
        intake->last_ms = ms;
    }
    return GONG_OK;
}

/* The row of a point, and for next time what came after the one before. */
static enum gong_err
next_row(struct gong_engine *engine, struct intake *intake,
         const struct gong_lp_point *point)
{
    struct gong_registry *registry = &engine->registry;
    uint32_t before = intake->row;
    uint32_t hint = before != 0
                        ? gong_row_at(registry, before)->next
                        : gong_device_at(registry, intake->device)->head;
    enum gong_err err = gong_registry_row(registry, intake->device, hint,
                                          &intake->batch, point, &intake->row);

    if (err != GONG_OK) {
        intake->row = before;
        return err;
    }
    gong_row_at(registry, intake->row)->seen = gong_engine_minute(engine);
    if (intake->row != hint && before != 0) {
        gong_row_at(registry, before)->next = intake->row;
    } else if (intake->row != hint) {
        gong_device_at(registry, intake->device)->head = intake->row;
    }
    return err;
}

static enum gong_err
take_point(struct gong_engine *engine, struct intake *intake,
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
take_points(struct gong_engine *engine, struct intake *intake)
{
    bool backlog =
        intake->batch.has_header && intake->batch.header.lane == GONG_LANE_BACK;

    for (;;) {
        const struct gong_lp_point *point = NULL;
        const struct gong_lp_error *error = NULL;
        enum gong_err err = GONG_OK;
        int64_t ns = 0;

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
find_device(struct gong_engine *engine, struct intake *intake)
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

static struct gong_staged *
staged_at(const struct gong_arena *staged, uint32_t i)
{
    return gong_arena_at(staged, i);
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
        bool left = b == end || (a < middle && staged_at(from, a)->ms <=
                                                   staged_at(from, b)->ms);

        *staged_at(to, i) = *staged_at(from, left ? a : b);
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
gong_engine_touch(struct gong_engine *engine, uint32_t instance)
{
    struct gong_instance *i = gong_instance_at(&engine->live->binds, instance);
    uint32_t at = 0;

    if ((i->flags & GONG_INSTANCE_TOUCHED) != 0) {
        return GONG_OK;
    }
    at = gong_arena_add(&engine->touched, 1);
    if (at == 0) {
        return GONG_ERR_MEMORY;
    }
    *(uint32_t *)gong_arena_at(&engine->touched, at) = instance;
    i->flags |= GONG_INSTANCE_TOUCHED;
    return GONG_OK;
}

/* Whether a rule of one selector fires for a sample that just came. */
static bool
holds(const struct gong_binds *binds, const struct gong_entry *entry,
      double value)
{
    struct gong_plan_input input = {value, true};
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];

    if (entry->form == GONG_FORM_THRESHOLD) {
        return gong_threshold((enum gong_op)entry->op, value, entry->number);
    }
    return gong_clauses_fire(r->plan, &r->rule->clauses, &r->code, &input, 0);
}

/* Whether an instance at rest stays there, as can be told without a look at
 * more than the sample that just came. */
static bool
stays(const struct gong_binds *binds, const struct gong_entry *entry,
      const struct gong_instance *instance, double value)
{
    if (entry->form <= GONG_FORM_SINGLE) {
        return instance->alert == 0 && !holds(binds, entry, value);
    }
    return entry->between != 0 && instance->alert == 0 &&
           (instance->flags & GONG_INSTANCE_FAR) != 0 &&
           gong_threshold_is_far((enum gong_op)entry->op, value, entry->number);
}

/* Tells one selector's instance, or member, of the sample, unless it is at rest
 * and stays there. */
static enum gong_err
feed(struct gong_engine *engine, const struct gong_series *series,
     const struct gong_entry *entry, uint32_t instance,
     const struct gong_cause *cause)
{
    const struct gong_binds *binds = &engine->live->binds;

    if (entry->form == GONG_FORM_GENERAL) {
        return gong_engine_touch_general(engine, instance, engine->ran_ms);
    }
    if (entry->form == GONG_FORM_AGGREGATE) {
        return gong_engine_feed_member(engine, series, entry->rule, instance);
    }
    if (stays(binds, entry, gong_instance_at(binds, instance), series->value)) {
        engine->stats.evaluations++;
        /* Silence must be seen at rest too. */
        return entry->fire && gong_instance_at(binds, instance)->timer == 0
                   ? gong_engine_arm(engine, instance, series->stamp)
                   : GONG_OK;
    }
    if (entry->timed) {
        return gong_engine_arm_grid(engine, instance);
    }
    return entry->form == GONG_FORM_JOINT
               ? gong_engine_touch(engine, instance)
               : gong_engine_evaluate(engine, instance, series->stamp, cause);
}

/* Both are copies: an alert that changes makes series of its own. */
static enum gong_err
feed_all(struct gong_engine *engine, struct gong_series series,
         struct gong_attachment a, const struct gong_cause *cause)
{
    const struct gong_binds *binds = &engine->live->binds;
    enum gong_err err = GONG_OK;

    for (uint32_t i = 0; i < a.count && err == GONG_OK; i++) {
        err = feed(engine, &series, gong_entry_at(binds, a.first + i),
                   gong_binding_at(binds, series.bindings + i), cause);
    }
    return err;
}

/* The newest sample so far goes to the series' window. */
static enum gong_err
keep_newest(struct gong_engine *engine, const struct gong_series *s,
            struct gong_sample next, int64_t keep_ms)
{
    struct gong_binds *binds = &engine->live->binds;
    enum gong_err err =
        gong_sample_window_push(&binds->windows, gong_bind_window(binds, s),
                                gong_bind_newest(s), next, keep_ms);

    engine->stats.over_limit += binds->windows.lost;
    binds->windows.lost = 0;
    return err;
}

enum gong_err
gong_engine_push(struct gong_engine *engine, uint32_t series,
                 struct gong_sample next)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_series *s = gong_series_at(binds, series);
    int64_t keep = gong_attachment_at(binds, s->attachment)->keep_ms;
    enum gong_err err = GONG_OK;

    if (s->stamp != GONG_STAMP_NONE && next.ms < s->stamp) {
        next.ms = s->stamp;
    }
    if (keep != GONG_KEEP_NONE && s->stamp != GONG_STAMP_NONE) {
        err = next.ms > s->stamp
                  ? keep_newest(engine, s, next, keep)
                  : gong_sample_window_replace(&engine->live->binds.windows,
                                               gong_bind_window(binds, s),
                                               gong_bind_newest(s), next.value,
                                               keep);
    }
    if (err == GONG_OK) {
        s->stamp = next.ms;
        s->value = next.value;
    }
    return err;
}

static enum gong_err
apply_sample(struct gong_engine *engine, const struct gong_staged *sample,
             const struct gong_cause *cause)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_series *s = gong_series_at(binds, sample->series);
    const struct gong_attachment *a = NULL;
    enum gong_err err = GONG_OK;

    if (sample->ms < s->stamp) {
        return gong_engine_put_aside(engine, sample);
    }
    if (sample->ms == s->stamp) {
        engine->stats.same_stamp += sample->value != s->value;
        return GONG_OK;
    }
    err = gong_engine_push(engine, sample->series,
                           (struct gong_sample){sample->ms, sample->value});
    if (err != GONG_OK) {
        return err;
    }
    a = gong_attachment_at(binds, s->attachment);
    /* Most samples leave all that read them at rest: one look at the range
     * says so. */
    if (s->busy == 0 && s->value >= a->low && s->value <= a->high) {
        engine->stats.evaluations += a->count;
        return GONG_OK;
    }
    return feed_all(engine, *s, *a, cause);
}

enum gong_err
gong_engine_evaluate_touched(struct gong_engine *engine, int64_t t,
                             const struct gong_cause *cause)
{
    for (uint32_t i = 1; i < engine->touched.count; i++) {
        uint32_t instance =
            *(const uint32_t *)gong_arena_at(&engine->touched, i);
        struct gong_instance *in =
            gong_instance_at(&engine->live->binds, instance);
        enum gong_err err = GONG_OK;

        in->flags &= (uint8_t)~GONG_INSTANCE_TOUCHED;
        err = engine->live->book.rules[in->rule].form == GONG_FORM_AGGREGATE
                  ? gong_engine_run_group(engine, instance, engine->journal_ms,
                                          cause)
                  : gong_engine_evaluate(engine, instance, t, cause);
        if (err != GONG_OK) {
            return err;
        }
    }
    gong_arena_clear(&engine->touched);
    return GONG_OK;
}

/* All samples of one stamp, from staged sample *i on. */
static enum gong_err
apply_instant(struct gong_engine *engine, uint32_t clock, uint32_t *i,
              struct gong_cause *cause)
{
    int64_t t = staged_at(&engine->staged, *i)->ms;
    enum gong_err err = gong_engine_run_clock(engine, clock, t);

    cause->captured_ms = t;
    while (err == GONG_OK && *i < engine->staged.count &&
           staged_at(&engine->staged, *i)->ms == t) {
        err = apply_sample(engine, staged_at(&engine->staged, *i), cause);
        ++*i;
    }
    return err == GONG_OK ? gong_engine_evaluate_touched(engine, t, cause)
                          : err;
}

static enum gong_err
apply_staged(struct gong_engine *engine, const struct intake *intake)
{
    struct gong_timers *timers = &engine->live->timers;
    uint32_t clock = gong_device_at(&engine->registry, intake->device)->clock;
    struct gong_cause cause = {
        .published_ms =
            intake->batch.has_header ? intake->batch.header.sent_ms : 0,
        .received_ms = gong_floor_ms(intake->batch.arrival_ns),
    };
    enum gong_err err = GONG_OK;
    uint32_t i = 1;
    int64_t now = 0;

    if (intake->disordered) {
        err = sort_staged(engine);
    }
    while (err == GONG_OK && i < engine->staged.count) {
        err = apply_instant(engine, clock, &i, &cause);
    }
    if (err != GONG_OK) {
        return err;
    }
    if (intake->newest != GONG_CLOCK_NEVER) {
        gong_timers_clock_hear(timers, clock, intake->newest,
                               gong_engine_ran_until(engine),
                               engine->journal_ms);
    }
    now = gong_timers_clock_now(timers, clock, gong_engine_ran_until(engine));
    err = gong_engine_run_clock(engine, clock, now);
    if (err == GONG_OK && engine->late.count > 1) {
        err = gong_engine_take_late(engine, now, &cause);
    }
    return err == GONG_OK ? gong_engine_run_dirty(engine, &cause) : err;
}

enum gong_err
gong_engine_apply_data(struct gong_engine *engine,
                       const struct gong_record *record)
{
    struct intake intake = {
        .newest = GONG_CLOCK_NEVER,
        .last_ms = GONG_CLOCK_NEVER,
    };
    enum gong_err err = gong_batch_open(&intake.batch, engine->reader,
                                        record->payload, record->meta.wall_ns);

    if (err != GONG_OK) {
        engine->stats.damaged++;
        return GONG_OK;
    }
    gong_arena_clear(&engine->staged);
    gong_arena_clear(&engine->touched);
    gong_arena_clear(&engine->late);
    err = find_device(engine, &intake);
    if (err == GONG_OK) {
        err = take_points(engine, &intake);
    }
    return err == GONG_OK && intake.device != 0 ? apply_staged(engine, &intake)
                                                : err;
}
