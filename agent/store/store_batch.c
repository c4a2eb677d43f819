#include "agent/store/store_batch.h"

#include <stdlib.h>

#include "agent/decide/recorded.h"
#include "agent/store/store_alert.h"
#include "agent/trust/probe.h"

#define ENDS_START 1024

struct gong_lp_dialect
gong_store_dialect(enum gong_store_type type)
{
    switch (type) {
    case GONG_STORE_INFLUXDB1:
        /* Without a build tag, 1.x answers 400 to "1u". */
        return (struct gong_lp_dialect){.unsigned_integers = false,
                                        .strings = true,
                                        .newlines_in_strings = true};
    case GONG_STORE_INFLUXDB2:
        return (struct gong_lp_dialect){.unsigned_integers = true,
                                        .strings = true,
                                        .newlines_in_strings = true};
    case GONG_STORE_VICTORIAMETRICS:
        /* A string would be stored as the number 0, silently, and a newline
         * cuts the line in two. */
        return (struct gong_lp_dialect){.unsigned_integers = true,
                                        .strings = false,
                                        .newlines_in_strings = false,
                                        .nameless = true};
    }
    return (struct gong_lp_dialect){0};
}

enum gong_err
gong_store_batch_init(struct gong_store_batch *batch, enum gong_store_type type)
{
    *batch = (struct gong_store_batch){.dialect = gong_store_dialect(type)};
    batch->reader = gong_lp_reader_new(false);
    return batch->reader == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

void
gong_store_batch_fini(struct gong_store_batch *batch)
{
    gong_lp_reader_free(batch->reader);
    gong_buffer_fini(&batch->text);
    free(batch->ends);
    *batch = (struct gong_store_batch){0};
}

void
gong_store_batch_clear(struct gong_store_batch *batch)
{
    batch->text.len = 0;
    batch->count = 0;
}

/* Notes the end of the line that was just appended, if one was. */
static enum gong_err
note_end(struct gong_store_batch *batch, size_t before)
{
    if (batch->text.len == before) {
        return GONG_OK; /* nothing was left of the point */
    }
    if (batch->count == batch->capacity) {
        size_t capacity =
            batch->capacity == 0 ? ENDS_START : batch->capacity * 2;
        size_t *ends = realloc(batch->ends, capacity * sizeof *ends);

        if (ends == NULL) {
            batch->text.len = before;
            return GONG_ERR_MEMORY;
        }
        batch->ends = ends;
        batch->capacity = capacity;
    }
    batch->ends[batch->count++] = batch->text.len;
    return GONG_OK;
}

/* Where the lines of one record come from and where refusals go. */
struct source {
    struct gong_batch data;
    gong_store_refusal_fn refuse;
    void *ctx;
};

static void
refuse(const struct source *source, const char *reason,
       const struct gong_lp_error *error, struct gong_str text)
{
    struct gong_store_refusal refusal = {
        .site = source->data.site,
        .device = source->data.device,
        .reason = reason,
        .line = error == NULL ? 0 : error->line,
        .column = error == NULL ? 0 : error->column,
        .text = text,
    };

    source->refuse(source->ctx, &refusal);
}

static enum gong_err
add_point(struct gong_store_batch *batch, const struct source *source,
          const struct gong_lp_point *point, int64_t time_ns)
{
    struct gong_lp_tag tags[GONG_LP_TAGS_MAX + 2];
    struct gong_lp_line line = {
        .measurement = point->measurement,
        .tags = tags,
        .tag_count = gong_batch_labels(&source->data, point, tags),
        .fields = point->fields,
        .field_count = point->field_count,
        .time_ns = time_ns,
    };
    size_t before = batch->text.len;
    enum gong_err err =
        gong_lp_encode(&batch->text, &line, &batch->dialect, &batch->losses);

    if (err == GONG_ERR_MEMORY) {
        return err;
    }
    if (err != GONG_OK) {
        struct gong_lp_error error = {.line = point->line, .column = 1};

        refuse(source, "unencodable", &error, point->series_key);
        return GONG_OK;
    }
    return note_end(batch, before);
}

static enum gong_err
add_points(struct gong_store_batch *batch, struct source *source)
{
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    enum gong_err err = GONG_OK;
    int64_t time_ns = 0;

    while (err == GONG_OK) {
        switch (gong_batch_next(&source->data, batch->reader, &point, &error,
                                &time_ns)) {
        case GONG_LP_POINT:
            err = add_point(batch, source, point, time_ns);
            break;
        case GONG_LP_REFUSED:
            refuse(source, error->reason, error, error->text);
            break;
        case GONG_LP_END:
            return GONG_OK;
        }
    }
    return err;
}

/* What a batch was before a record, all or nothing of which goes in. */
struct before {
    struct gong_lp_losses losses;
    size_t count;
    size_t len;
};

static struct before
before_of(const struct gong_store_batch *batch)
{
    return (struct before){batch->losses, batch->count, batch->text.len};
}

static enum gong_err
all_or_nothing(struct gong_store_batch *batch, const struct before *before,
               enum gong_err err)
{
    if (err != GONG_OK) {
        batch->count = before->count;
        batch->text.len = before->len;
        batch->losses = before->losses;
    }
    return err;
}

enum gong_err
gong_store_batch_add_data(struct gong_store_batch *batch,
                          const struct gong_record *record,
                          gong_store_refusal_fn refuse_fn, void *ctx)
{
    struct source source = {.refuse = refuse_fn, .ctx = ctx};
    struct before before = before_of(batch);
    enum gong_err err = gong_batch_open(&source.data, batch->reader,
                                        record->payload, record->meta.wall_ns);

    if (err == GONG_OK && gong_probe_of(source.data.site) != GONG_PROBE_NONE) {
        return GONG_OK; /* no history */
    }
    if (err == GONG_OK) {
        err = add_points(batch, &source);
    } else if (err == GONG_ERR_CORRUPT) {
        source.data = (struct gong_batch){0};
        refuse(&source, "damaged_record", NULL, record->payload);
        return GONG_OK;
    }
    return all_or_nothing(batch, &before, err);
}

/* A line of a record of the agent's own: one field, `value`. Stores have no
 * word for the end of a series. */
static enum gong_err
add_recorded(struct gong_store_batch *batch, const struct gong_lp_point *point)
{
    struct gong_lp_field field = point->fields[0];
    struct gong_lp_line line = {
        .measurement = point->measurement,
        .tags = point->tags,
        .tag_count = point->tag_count,
        .fields = &field,
        .field_count = 1,
        .time_ns = point->time,
    };
    size_t before = batch->text.len;
    enum gong_err err;

    if (gong_str_is(field.key, GONG_RECORDED_END)) {
        return GONG_OK;
    }
    if (batch->dialect.nameless) {
        field.key = point->measurement;
        line.measurement = (struct gong_str){0};
    }
    err = gong_lp_encode(&batch->text, &line, &batch->dialect, &batch->losses);
    return err == GONG_OK ? note_end(batch, before) : err;
}

enum gong_err
gong_store_batch_add_recorded(struct gong_store_batch *batch,
                              const struct gong_record *record,
                              gong_store_refusal_fn refuse_fn, void *ctx)
{
    struct source source = {.refuse = refuse_fn, .ctx = ctx};
    struct before before = before_of(batch);
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    struct gong_recorded_batch recorded;
    enum gong_err err = GONG_OK;

    if (!gong_recorded_read(record, &recorded)) {
        refuse(&source, "damaged_record", NULL, record->payload);
        return GONG_OK;
    }
    gong_lp_reader_start(batch->reader, recorded.lines);
    while (err == GONG_OK) {
        switch (gong_lp_reader_next(batch->reader, &point, &error)) {
        case GONG_LP_POINT:
            err = add_recorded(batch, point);
            break;
        case GONG_LP_REFUSED:
            refuse(&source, error->reason, error, error->text);
            break;
        case GONG_LP_END:
            return GONG_OK;
        }
    }
    return all_or_nothing(batch, &before, err);
}

enum gong_err
gong_store_batch_add_alert(struct gong_store_batch *batch, const json_t *effect)
{
    size_t before = batch->text.len;
    enum gong_err err = gong_store_alert_encode(effect, &batch->dialect,
                                                &batch->text, &batch->losses);

    return err == GONG_OK ? note_end(batch, before) : err;
}

struct gong_str
gong_store_batch_part(const struct gong_store_batch *batch, size_t first,
                      size_t count)
{
    size_t start = first == 0 ? 0 : batch->ends[first - 1];

    if (count == 0) {
        return (struct gong_str){0};
    }
    return gong_str_from(batch->text.data + start,
                         batch->ends[first + count - 1] - start);
}
