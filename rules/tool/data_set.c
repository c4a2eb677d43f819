#include "rules/tool/data_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/lp_decode.h"
#include "common/prom_text.h"
#include "rules/engine/name.h"
#include "rules/tool/input.h"
#include "rules/tool/refusals.h"

#define BYTES_MAX (UINT64_C(4) << 30)

struct staged {
    int64_t ms;
    double value;
    uint32_t series;
    uint32_t order;
};

struct gong_data_set {
    struct gong_eval_memory *memory;
    struct staged *samples;
    size_t count;
    size_t capacity;
    bool disordered;
    bool doubted; /* of the file that is read */
    struct gong_precision precision;
    struct gong_prom_text *prom;
    struct gong_lp_reader *lines;
    /* Names made of one point's tags and fields. */
    char names[GONG_LP_TAGS_MAX + GONG_CITY_TAGS + 1][GONG_NAME_MAX];
    const struct gong_city *city; /* NULL: none */
};

bool
gong_data_format_find(const char *word, enum gong_data_format *out)
{
    static const char *const words[] = {"", "lines", "prometheus",
                                        "openmetrics"};

    for (size_t i = 1; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            *out = (enum gong_data_format)i;
            return true;
        }
    }
    return false;
}

struct gong_data_set *
gong_data_set_new(void)
{
    struct gong_data_set *set = calloc(1, sizeof *set);

    if (set == NULL) {
        return NULL;
    }
    set->memory = gong_eval_memory_new();
    set->prom = calloc(1, sizeof *set->prom);
    set->lines = gong_lp_reader_new(false);
    if (set->memory == NULL || set->prom == NULL || set->lines == NULL) {
        gong_data_set_free(set);
        return NULL;
    }
    set->prom->stale_words = true;
    return set;
}

void
gong_data_set_free(struct gong_data_set *set)
{
    if (set == NULL) {
        return;
    }
    gong_eval_memory_free(set->memory);
    gong_lp_reader_free(set->lines);
    free(set->prom);
    free(set->samples);
    free(set);
}

static enum gong_err
stage(struct gong_data_set *set, uint32_t series, int64_t ms, double value)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity == 0 ? 1024 : set->capacity * 2;
        struct staged *samples =
            capacity > UINT32_MAX
                ? NULL
                : realloc(set->samples, capacity * sizeof *samples);

        if (samples == NULL) {
            return GONG_ERR_MEMORY;
        }
        set->samples = samples;
        set->capacity = capacity;
    }
    if (set->count > 0 && ms < set->samples[set->count - 1].ms) {
        set->disordered = true;
    }
    set->samples[set->count] =
        (struct staged){ms, value, series, (uint32_t)set->count};
    set->count++;
    return GONG_OK;
}

enum gong_err
gong_data_set_add(struct gong_data_set *set,
                  const struct gong_label_view *labels, size_t count,
                  int64_t ms, double value)
{
    uint32_t series = 0;
    enum gong_err err =
        gong_eval_memory_series(set->memory, labels, count, &series);

    return err == GONG_OK ? stage(set, series, ms, value) : err;
}

void
gong_data_set_use(struct gong_data_set *set, const struct gong_city *city)
{
    set->city = city;
}

static enum gong_err
add_param(struct gong_data_set *set, const struct gong_city_device *device,
          const struct gong_city_param *param, int64_t ms)
{
    struct gong_lp_tag tags[2 + GONG_CITY_TAGS] = {
        {gong_str_of("site"), gong_str_of(device->site)},
        {gong_str_of("device"), gong_str_of(device->name)}};
    size_t count = gong_city_tag(set->city, tags, 2);
    struct gong_label_view labels[3 + GONG_CITY_TAGS] = {
        {gong_str_of("__name__"),
         gong_str_of(set->city->metrics[param->metric])}};

    for (size_t i = 0; i < count; i++) {
        labels[i + 1] = (struct gong_label_view){tags[i].key, tags[i].value};
    }
    return gong_data_set_add(set, labels, count + 1, ms, param->value);
}

enum gong_err
gong_data_set_add_params(struct gong_data_set *set, int64_t ms)
{
    size_t count = set->city == NULL ? 0 : set->city->device_count;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < count; i++) {
        const struct gong_city_device *device = &set->city->devices[i];

        for (size_t p = 0; p < device->param_count && err == GONG_OK; p++) {
            if (strcmp(set->city->metrics[device->params[p].metric],
                       GONG_CITY_PARAM GONG_CITY_EXPECTED) == 0 &&
                (ms < device->from_ms || ms >= device->until_ms)) {
                continue;
            }
            err = add_param(set, device, &device->params[p], ms);
        }
    }
    return err;
}

/* A point's tags as labels, from 1 on: 0 is for the metric's name. Of two tags
 * that come out with one name the lesser value stays, as in the engine. 0 where
 * a name is too long. */
static size_t
labels_of(struct gong_data_set *set, const struct gong_lp_point *point,
          struct gong_label_view *labels)
{
    struct gong_lp_tag tags[GONG_LP_TAGS_MAX + GONG_CITY_TAGS];
    size_t tag_count = point->tag_count;
    size_t count = 1;

    if (tag_count > 0) {
        memcpy(tags, point->tags, tag_count * sizeof tags[0]);
    }
    tag_count = gong_city_tag(set->city, tags, tag_count);
    for (size_t i = 0; i < tag_count; i++) {
        char *name = set->names[count];
        struct gong_str key =
            gong_str_from(name, gong_name_label(tags[i].key, name));
        size_t at = 1;

        if (key.len == 0) {
            return 0;
        }
        while (at < count && !gong_str_equal(labels[at].name, key)) {
            at++;
        }
        if (at == count) {
            labels[count++] = (struct gong_label_view){key, tags[i].value};
        } else if (gong_str_compare(tags[i].value, labels[at].value) < 0) {
            labels[at].value = tags[i].value;
        }
    }
    return count;
}

static enum gong_err
add_point(struct gong_data_set *set, const struct gong_lp_point *point,
          struct gong_refusals *report)
{
    struct gong_label_view labels[GONG_LP_TAGS_MAX + GONG_CITY_TAGS + 1];
    size_t count = labels_of(set, point, labels);
    int64_t ns = point->time;
    int64_t ms;
    enum gong_err err = GONG_OK;

    if (!gong_precision_scale(set->precision, &ns)) {
        gong_refusals_add(report, point->line, "time", point->series_key);
        return GONG_OK;
    }
    if (!set->precision.given && !set->doubted) {
        set->doubted =
            gong_precision_doubt(report->name, point->line, ns, report->err);
    }
    ms = gong_floor_ms(ns);
    if (count == 0) {
        gong_refusals_add(report, point->line, "name", point->series_key);
    }
    for (size_t i = 0; i < point->field_count && count > 0; i++) {
        const struct gong_lp_field *field = &point->fields[i];
        double value;

        if (!gong_lp_number(&field->value, &value)) {
            continue;
        }
        labels[0].name = gong_str_of("__name__");
        labels[0].value = gong_str_from(
            set->names[0],
            gong_name_metric(point->measurement, field->key, set->names[0]));
        err = labels[0].value.len == 0
                  ? GONG_ERR_INVALID
                  : gong_data_set_add(set, labels, count, ms, value);
        if (err == GONG_ERR_INVALID || err == GONG_ERR_TOO_LARGE) {
            gong_refusals_add(report, point->line, "labels", point->series_key);
        } else if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

static enum gong_err
read_lines(struct gong_data_set *set, struct gong_str text,
           struct gong_refusals *report)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors put it there */

    if (text.len >= sizeof mark - 1 &&
        memcmp(text.data, mark, sizeof mark - 1) == 0) {
        text.data += sizeof mark - 1;
        text.len -= sizeof mark - 1;
    }
    set->doubted = false;
    gong_lp_reader_start(set->lines, text);
    for (;;) {
        const struct gong_lp_point *point = NULL;
        const struct gong_lp_error *error = NULL;
        enum gong_err err = GONG_OK;

        switch (gong_lp_reader_next(set->lines, &point, &error)) {
        case GONG_LP_END:
            return GONG_OK;
        case GONG_LP_REFUSED:
            gong_refusals_add(report, error->line, error->reason, error->text);
            break;
        case GONG_LP_POINT:
            if (point->has_time) {
                err = add_point(set, point, report);
            } else {
                gong_refusals_add(report, point->line, "no_time",
                                  point->series_key);
            }
            break;
        }
        if (err != GONG_OK) {
            return err;
        }
    }
}

/* The line that was read last. */
static struct gong_str
last_line(const struct gong_prom_text *reader)
{
    const char *data = reader->text.data;
    size_t end = reader->at;
    size_t begin;

    end -= end > 0 && data[end - 1] == '\n';
    end -= end > 0 && data[end - 1] == '\r';
    for (begin = end; begin > 0 && data[begin - 1] != '\n'; begin--) {
    }
    return gong_str_from(data + begin, end - begin);
}

static enum gong_err
add_prom(struct gong_data_set *set, struct gong_refusals *report)
{
    const struct gong_prom_sample *sample = &set->prom->sample;
    struct gong_label_view labels[GONG_PROM_LABELS_MAX + 1];
    enum gong_err err;

    labels[0] = (struct gong_label_view){gong_str_of("__name__"), sample->name};
    for (size_t i = 0; i < sample->label_count; i++) {
        labels[i + 1] = (struct gong_label_view){sample->labels[i].name,
                                                 sample->labels[i].value};
    }
    if (!sample->has_time) {
        gong_refusals_add(report, set->prom->line, "no_time",
                          last_line(set->prom));
        return GONG_OK;
    }
    err = gong_data_set_add(set, labels, sample->label_count + 1,
                            sample->time_ms, sample->value);
    if (err == GONG_ERR_INVALID || err == GONG_ERR_TOO_LARGE) {
        gong_refusals_add(report, set->prom->line, "labels",
                          last_line(set->prom));
        return GONG_OK;
    }
    return err;
}

static enum gong_err
read_prom(struct gong_data_set *set, struct gong_str text, bool seconds,
          struct gong_refusals *report)
{
    enum gong_err err = GONG_OK;

    set->prom->seconds = seconds;
    gong_prom_text_start(set->prom, text);
    while (err == GONG_OK) {
        switch (gong_prom_text_next(set->prom)) {
        case GONG_PROM_END:
            return GONG_OK;
        case GONG_PROM_REFUSED:
            gong_refusals_add(report, set->prom->line, set->prom->reason,
                              last_line(set->prom));
            break;
        case GONG_PROM_SAMPLE:
            err = add_prom(set, report);
            break;
        }
    }
    return err;
}

static bool
ends_with(struct gong_str text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

enum gong_data_format
gong_data_format_of(const char *path)
{
    struct gong_str name = gong_str_of(path);

    if (ends_with(name, ".gz")) {
        name.len -= 3;
    }
    if (ends_with(name, ".prom")) {
        return GONG_DATA_PROMETHEUS;
    }
    return ends_with(name, ".om") || ends_with(name, ".openmetrics")
               ? GONG_DATA_OPENMETRICS
               : GONG_DATA_LINES;
}

enum gong_err
gong_data_set_text(struct gong_data_set *set, const char *name,
                   struct gong_str text, enum gong_data_format format,
                   FILE *err, size_t *refused)
{
    struct gong_refusals report = {name, err, 0};
    enum gong_err result = GONG_OK;

    if (format == GONG_DATA_BY_NAME) {
        format = gong_data_format_of(name);
    }
    result =
        format == GONG_DATA_LINES
            ? read_lines(set, text, &report)
            : read_prom(set, text, format == GONG_DATA_OPENMETRICS, &report);
    gong_refusals_end(&report);
    *refused = report.count;
    return result;
}

enum gong_err
gong_data_set_read(struct gong_data_set *set, const char *path,
                   enum gong_data_format format, FILE *err, size_t *refused)
{
    char *bytes = NULL;
    size_t len = 0;
    enum gong_err result;

    *refused = 0;
    if (gong_input_is_folder(path)) {
        (void)fprintf(err,
                      "%s: found a folder, expected a file of line protocol, "
                      "NAME.prom or NAME.om; a journal is for replay\n",
                      path);
        return GONG_ERR_NOT_FOUND;
    }
    result = gong_input_all(path, BYTES_MAX, &bytes, &len);
    if (result == GONG_OK) {
        result = gong_data_set_text(set, path, gong_str_from(bytes, len),
                                    format, err, refused);
    }
    if (result != GONG_OK) {
        (void)fprintf(err, "%s: cannot be read: %s\n", path,
                      result == GONG_ERR_IO ? strerror(errno)
                                            : gong_err_text(result));
    }
    free(bytes);
    return result;
}

void
gong_data_set_precision(struct gong_data_set *set,
                        struct gong_precision precision)
{
    set->precision = precision;
}

static int
compare_staged(const void *a, const void *b)
{
    const struct staged *x = a;
    const struct staged *y = b;

    if (x->ms != y->ms) {
        return x->ms < y->ms ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order ? 1 : 0;
}

struct gong_eval_memory *
gong_data_set_finish(struct gong_data_set *set)
{
    if (set->disordered) {
        qsort(set->samples, set->count, sizeof *set->samples, compare_staged);
        set->disordered = false;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct staged *s = &set->samples[i];
        enum gong_err err =
            gong_eval_memory_append(set->memory, s->series, s->ms, s->value);

        /* Invalid: a second one of its millisecond. */
        if (err != GONG_OK && err != GONG_ERR_INVALID) {
            return NULL;
        }
    }
    free(set->samples);
    set->samples = NULL;
    set->count = 0;
    set->capacity = 0;
    return set->memory;
}
