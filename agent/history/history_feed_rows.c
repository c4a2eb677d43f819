/*
 * history_feed_rows: points find their rows as in the engine
 * (rules/engine/engine_stage.c), so that names and labels are the same; a
 * column remembers the number of its series in the history.
 */
#include "agent/history/history_feed_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decide/recorded.h"
#include "agent/trust/probe.h"
#include "common/backoff.h"
#include "common/clock.h"

/* A record on its way in. */
struct intake {
    struct gong_history_feed *feed;
    struct gong_registry *registry;
    struct gong_batch batch;
    uint32_t device;
    uint32_t row; /* of the point before; 0: none */
    uint32_t expected_row;
    struct gong_str keys[GONG_ROW_EXPECTED_MAX];
    struct gong_lp_expected expected;
};

enum gong_err
gong_feed_rows_init(struct gong_feed_rows *rows)
{
    *rows = (struct gong_feed_rows){
        .key = {.word = {gong_random_u64(), gong_random_u64()}}};
    gong_symbols_init(&rows->symbols, &rows->budget, &rows->key);
    gong_labelsets_init(&rows->labelsets, &rows->symbols, &rows->budget);
    gong_registry_init(&rows->sent, &rows->symbols, &rows->labelsets,
                       &rows->budget);
    gong_registry_init(&rows->recorded, &rows->symbols, &rows->labelsets,
                       &rows->budget);
    for (unsigned i = 0; i < GONG_PRESENCE_METRICS; i++) {
        rows->stated[i] = gong_symbol_intern(
            &rows->symbols, gong_str_of(gong_presence_metric_name(
                                (enum gong_presence_metric)i)));
        if (rows->stated[i] == 0) {
            return GONG_ERR_MEMORY;
        }
    }
    return GONG_OK;
}

void
gong_feed_rows_fini(struct gong_feed_rows *rows)
{
    gong_registry_fini(&rows->sent);
    gong_registry_fini(&rows->recorded);
    gong_labelsets_fini(&rows->labelsets);
    gong_symbols_fini(&rows->symbols);
}

/* --- columns --- */

static int
compare_own(const void *key, const void *element)
{
    const struct gong_str *name = key;
    struct gong_str own = gong_str_of(*(const char *const *)element);
    size_t len = name->len < own.len ? name->len : own.len;
    int order = memcmp(name->data, own.data, len);

    return order != 0 ? order : (name->len > own.len) - (name->len < own.len);
}

/* A name that the engine or the model feeds: no device may. */
static bool
is_own(const struct gong_history_feed *feed, struct gong_str name)
{
    return feed->own_count > 0 &&
           bsearch(&name, feed->own, feed->own_count, sizeof *feed->own,
                   compare_own) != NULL;
}

/* Recorded series have a name of their own, which may have colons. */
static enum gong_err
bind_column(const struct intake *in, uint32_t column)
{
    struct gong_history_feed *feed = in->feed;
    struct gong_column *c = gong_column_at(in->registry, column);
    const struct gong_row *row = gong_row_at(in->registry, in->row);
    bool recorded = in->registry == &feed->rows.recorded;
    struct gong_str name = gong_symbol_text(
        &feed->rows.symbols, recorded ? row->measurement : c->metric);
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = 0;
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    if (!recorded && is_own(feed, name)) {
        c->series = GONG_COLUMN_OWN;
        return GONG_OK;
    }
    count = gong_labelset_views(&feed->rows.labelsets, row->labelset, labels);
    err = gong_feed_series(feed, name, labels, count, &series);
    if (err == GONG_OK && gong_column_feeds(series)) {
        c->series = series;
    } else if (err == GONG_OK || err == GONG_ERR_TOO_LARGE) {
        c->series = GONG_COLUMN_REFUSED;
        err = GONG_OK;
    }
    return err;
}

static enum gong_err
find_column(const struct intake *in, const struct gong_lp_field *field,
            uint32_t *position, uint32_t *series)
{
    const struct gong_row *row = gong_row_at(in->registry, in->row);
    uint32_t column = row->columns + *position;
    enum gong_err err = GONG_OK;

    if (gong_registry_expected(in->registry, row, *position, field->raw_key)) {
        ++*position;
    } else {
        err = gong_registry_column(in->registry, in->row, field, position,
                                   &column);
    }
    if (err == GONG_ERR_TOO_LARGE) {
        *series = GONG_COLUMN_REFUSED;
        return GONG_OK;
    }
    if (err == GONG_OK && field->value.type != GONG_LP_STRING &&
        gong_column_at(in->registry, column)->series == GONG_COLUMN_NEW) {
        err = bind_column(in, column);
    }
    if (err == GONG_OK) {
        *series = gong_column_at(in->registry, column)->series;
    }
    return err;
}

static bool
is_state(const struct intake *in)
{
    const struct gong_feed_rows *rows = &in->feed->rows;
    uint32_t name = gong_row_at(in->registry, in->row)->measurement;
    bool found = false;

    for (unsigned i = 0; i < GONG_PRESENCE_METRICS; i++) {
        found = found || rows->stated[i] == name;
    }
    return found;
}

static enum gong_err
take_value(const struct intake *in, uint32_t series,
           const struct gong_lp_value *value, int64_t ms)
{
    struct gong_sample sample = {.ms = ms};

    if (!gong_lp_number(value, &sample.value)) {
        return GONG_OK;
    }
    if (!gong_column_feeds(series)) {
        in->feed->counts.too_large += series == GONG_COLUMN_REFUSED;
        return GONG_OK;
    }
    return gong_feed_put(in->feed, series, sample);
}

static enum gong_err
take_fields(const struct intake *in, const struct gong_lp_point *point,
            int64_t ms)
{
    const struct gong_row *row = gong_row_at(in->registry, in->row);
    uint32_t position = 0;
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    for (; position < point->expected_fields && err == GONG_OK; position++) {
        series = gong_column_at(in->registry, row->columns + position)->series;
        if (series == GONG_COLUMN_NEW) {
            break;
        }
        err = take_value(in, series, &point->fields[position].value, ms);
    }
    for (size_t i = position; i < point->field_count && err == GONG_OK; i++) {
        err = find_column(in, &point->fields[i], &position, &series);
        if (err == GONG_OK) {
            err = take_value(in, series, &point->fields[i].value, ms);
        }
    }
    return err;
}

/* The line of a recording has one field, `value`; of an end, `ended`
 * (recorded.h). Both are of one series. */
static enum gong_err
take_recorded(const struct intake *in, const struct gong_lp_point *point)
{
    struct gong_lp_field field = point->fields[0];
    struct gong_sample sample = {.ms = gong_floor_ms(point->time)};
    uint32_t position = 0;
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    if (gong_str_is(field.raw_key, GONG_RECORDED_END)) {
        sample.value = gong_stale_nan();
    } else if (!gong_lp_number(&field.value, &sample.value)) {
        in->feed->counts.refused++;
        return GONG_OK;
    }
    field.key = gong_str_of("value");
    field.raw_key = field.key;
    err = find_column(in, &field, &position, &series);
    if (err != GONG_OK || !gong_column_feeds(series)) {
        in->feed->counts.too_large += err == GONG_OK;
        return err;
    }
    return is_state(in) ? gong_feed_state(in->feed, series, sample)
                        : gong_feed_put(in->feed, series, sample);
}

/* --- rows --- */

/* The row that came after this one last time is probably the next one now. */
static void
expect_row(struct intake *in)
{
    uint32_t row = in->row != 0
                       ? gong_row_at(in->registry, in->row)->next
                       : gong_device_at(in->registry, in->device)->head;

    in->expected_row = row;
    if (gong_row_expected(in->registry, in->device, row, in->keys,
                          &in->expected)) {
        gong_lp_reader_expect(in->feed->reader, &in->expected);
    }
}

static enum gong_err
next_row(struct intake *in, const struct gong_lp_point *point)
{
    uint32_t row = in->expected_row;
    enum gong_err err = GONG_OK;

    if (!point->expected) {
        err = gong_registry_row(in->registry, in->device, &in->batch, point,
                                &row);
        if (err == GONG_OK && in->row != 0) {
            gong_row_at(in->registry, in->row)->next = row;
        } else if (err == GONG_OK) {
            gong_device_at(in->registry, in->device)->head = row;
        }
    }
    if (err == GONG_OK) {
        in->row = row;
    }
    return err;
}

static enum gong_err
take_point(struct intake *in, const struct gong_lp_point *point, int64_t ms)
{
    enum gong_err err = next_row(in, point);

    if (err == GONG_ERR_TOO_LARGE) {
        in->feed->counts.too_large++;
        return GONG_OK;
    }
    if (err != GONG_OK) {
        return err;
    }
    return in->registry == &in->feed->rows.recorded
               ? take_recorded(in, point)
               : take_fields(in, point, ms);
}

static void
widen(struct gong_gap_span *span, int64_t ms)
{
    span->from_ms = ms < span->from_ms ? ms : span->from_ms;
    span->to_ms = ms > span->to_ms ? ms : span->to_ms;
}

enum gong_err
gong_feed_data(struct gong_history_feed *feed, const struct gong_record *record)
{
    struct intake in = {.feed = feed, .registry = &feed->rows.sent};
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    int64_t ns = 0;
    struct gong_gap_span span = {INT64_MAX, INT64_MIN};
    enum gong_err err = gong_batch_open(&in.batch, feed->reader,
                                        record->payload, record->meta.wall_ns);

    if (err != GONG_OK) {
        feed->counts.refused += err == GONG_ERR_CORRUPT;
        return err == GONG_ERR_CORRUPT ? GONG_OK : err;
    }
    if (gong_probe_of(in.batch.site) != GONG_PROBE_NONE) {
        return GONG_OK;
    }
    err = gong_registry_device(in.registry, in.batch.site, in.batch.device,
                               &in.device);
    while (err == GONG_OK) {
        expect_row(&in);
        switch (gong_batch_next(&in.batch, feed->reader, &point, &error, &ns)) {
        case GONG_LP_POINT:
            err = take_point(&in, point, gong_floor_ms(ns));
            widen(&span, gong_floor_ms(ns));
            break;
        case GONG_LP_REFUSED:
            feed->counts.refused++;
            break;
        case GONG_LP_END:
            return feed->options.gaps == NULL
                       ? GONG_OK
                       : gong_gap_table_batch(feed->options.gaps, &in.batch,
                                              &span, record->meta.journal_ms);
        }
    }
    return err;
}

enum gong_err
gong_feed_recorded(struct gong_history_feed *feed,
                   const struct gong_record *record)
{
    struct intake in = {.feed = feed, .registry = &feed->rows.recorded};
    struct gong_recorded_batch recorded;
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    enum gong_err err = GONG_OK;

    if (!gong_recorded_read(record, &recorded)) {
        feed->counts.refused++;
        return GONG_OK;
    }
    gong_lp_reader_start(feed->reader, recorded.lines);
    err = gong_registry_device(in.registry, gong_str_of(""), gong_str_of(""),
                               &in.device);
    while (err == GONG_OK) {
        expect_row(&in);
        switch (gong_lp_reader_next(feed->reader, &point, &error)) {
        case GONG_LP_POINT:
            err = take_point(&in, point, gong_floor_ms(point->time));
            break;
        case GONG_LP_REFUSED:
            feed->counts.refused++;
            break;
        case GONG_LP_END:
            return GONG_OK;
        }
    }
    return err;
}
