#include "agent/history/history_scan.h"

#include <stdlib.h>
#include <string.h>

#include "agent/history/history_labels.h"

#define SERIES_MAX  1000000
#define SAMPLES_MAX 4000000

struct chosen {
    uint32_t series;
    uint32_t labels_len;
    size_t labels_at; /* in bytes */
};

struct entry {
    struct gong_sample sample;
    uint32_t place;
};

struct gong_history_scan {
    struct gong_history_reader *reader;
    int64_t from_ms;
    int64_t to_ms;
    size_t series_max;
    size_t samples_max;
    struct chosen *chosen;
    size_t count;
    size_t capacity;
    struct gong_buffer bytes;    /* labels of the chosen */
    struct gong_samples samples; /* of one series in one block */
    struct entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    int64_t slice_ms; /* that held few enough samples last */
};

void
gong_history_scan_free(struct gong_history_scan *scan)
{
    if (scan == NULL) {
        return;
    }
    gong_samples_fini(&scan->samples);
    gong_buffer_fini(&scan->bytes);
    free(scan->entries);
    free(scan->chosen);
    free(scan);
}

static enum gong_err
choose(void *ctx, uint32_t series, struct gong_str labels)
{
    struct gong_history_scan *scan = ctx;
    size_t at = scan->bytes.len;
    enum gong_err err;

    if (scan->count == scan->capacity) {
        size_t capacity = scan->capacity == 0 ? 256 : scan->capacity * 2;
        struct chosen *grown = realloc(scan->chosen, capacity * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        scan->chosen = grown;
        scan->capacity = capacity;
    }
    if (labels.len > UINT32_MAX) {
        return GONG_ERR_CORRUPT;
    }
    err = gong_buffer_append(&scan->bytes, labels.data, labels.len);
    if (err == GONG_OK) {
        scan->chosen[scan->count++] =
            (struct chosen){series, (uint32_t)labels.len, at};
    }
    return err;
}

static int
compare_chosen(const void *a, const void *b)
{
    const struct chosen *x = a;
    const struct chosen *y = b;

    return x->series < y->series ? -1 : x->series > y->series ? 1 : 0;
}

/* Two choices may take the same series. */
static enum gong_err
drop_twins(struct gong_history_scan *scan)
{
    size_t kept = 0;

    if (scan->count > 1) {
        qsort(scan->chosen, scan->count, sizeof *scan->chosen, compare_chosen);
    }
    for (size_t i = 0; i < scan->count; i++) {
        if (kept == 0 ||
            scan->chosen[kept - 1].series != scan->chosen[i].series) {
            scan->chosen[kept++] = scan->chosen[i];
        }
    }
    scan->count = kept;
    return kept > scan->series_max ? GONG_ERR_TOO_LARGE : GONG_OK;
}

static enum gong_err
choose_all(struct gong_history_scan *scan,
           const struct gong_history_scan_options *options)
{
    struct gong_history_choice all = {0};
    const struct gong_history_choice *choices =
        options->choice_count == 0 ? &all : options->choices;
    size_t count = options->choice_count == 0 ? 1 : options->choice_count;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        struct gong_history_choice choice = choices[i];

        choice.from_ms = options->from_ms;
        choice.to_ms = options->to_ms;
        err = gong_history_reader_each(scan->reader, &choice, choose, scan);
        if (err == GONG_OK) {
            err = drop_twins(scan);
        }
    }
    return err;
}

enum gong_err
gong_history_scan_new(const struct gong_history_scan_options *options,
                      struct gong_history_scan **out)
{
    struct gong_history_scan *scan = NULL;
    enum gong_err err;

    *out = NULL;
    if (options->from_ms > options->to_ms) {
        return GONG_ERR_INVALID;
    }
    scan = calloc(1, sizeof *scan);
    if (scan == NULL) {
        return GONG_ERR_MEMORY;
    }
    scan->reader = options->reader;
    scan->from_ms = options->from_ms < 0 ? 0 : options->from_ms;
    scan->to_ms = options->to_ms > GONG_HISTORY_MS_MAX ? GONG_HISTORY_MS_MAX
                                                       : options->to_ms;
    scan->series_max =
        options->series_max == 0 ? SERIES_MAX : options->series_max;
    scan->samples_max =
        options->samples_max == 0 ? SAMPLES_MAX : options->samples_max;
    scan->slice_ms = gong_resolution_span(GONG_RESOLUTION_RAW);
    err = choose_all(scan, options);
    if (err != GONG_OK) {
        gong_history_scan_free(scan);
        return err;
    }
    *out = scan;
    return GONG_OK;
}

size_t
gong_history_scan_count(const struct gong_history_scan *scan)
{
    return scan->count;
}

enum gong_err
gong_history_scan_labels(const struct gong_history_scan *scan, size_t place,
                         struct gong_label_view *out, size_t *count)
{
    const struct chosen *chosen = &scan->chosen[place];
    struct gong_str bytes =
        gong_str_from(scan->bytes.data + chosen->labels_at, chosen->labels_len);

    return gong_history_labels_get(bytes, out, count) ? GONG_OK
                                                      : GONG_ERR_CORRUPT;
}

bool
gong_history_scan_span(struct gong_history_scan *scan, int64_t *from_ms,
                       int64_t *to_ms)
{
    bool found;

    if (gong_history_reader_begin(scan->reader) != GONG_OK) {
        return false;
    }
    found = gong_history_reader_span(scan->reader, GONG_RESOLUTION_RAW, from_ms,
                                     to_ms);
    gong_history_reader_end(scan->reader);
    return found;
}

/* Room for one more; no more than samples_max are ever asked for. */
static enum gong_err
grow(struct gong_history_scan *scan)
{
    size_t capacity =
        scan->entry_capacity == 0 ? 4096 : scan->entry_capacity * 2;
    struct entry *grown;

    if (scan->entry_count < scan->entry_capacity) {
        return GONG_OK;
    }
    if (capacity > scan->samples_max) {
        capacity = scan->samples_max;
    }
    grown = realloc(scan->entries, capacity * sizeof *grown);
    if (grown == NULL) {
        return GONG_ERR_MEMORY;
    }
    scan->entries = grown;
    scan->entry_capacity = capacity;
    return GONG_OK;
}

/* Ends the slice earlier, until something of what it held is past it. */
static enum gong_err
narrow(struct gong_history_scan *scan, int64_t from, int64_t *to)
{
    size_t kept;

    do {
        if (*to == from) {
            return GONG_ERR_TOO_LARGE;
        }
        *to = from + (*to - from) / 2;
        kept = 0;
        for (size_t i = 0; i < scan->entry_count; i++) {
            if (scan->entries[i].sample.ms <= *to) {
                scan->entries[kept++] = scan->entries[i];
            }
        }
    } while (kept == scan->entry_count);
    scan->entry_count = kept;
    return GONG_OK;
}

static enum gong_err
collect_series(struct gong_history_scan *scan, size_t place, int64_t from,
               int64_t *to)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < scan->samples.count && err == GONG_OK; i++) {
        struct gong_sample sample = scan->samples.data[i];

        if (sample.ms < from) {
            continue;
        }
        while (sample.ms <= *to && scan->entry_count == scan->samples_max &&
               err == GONG_OK) {
            err = narrow(scan, from, to);
        }
        if (err != GONG_OK || sample.ms > *to) {
            break;
        }
        err = grow(scan);
        if (err == GONG_OK) {
            scan->entries[scan->entry_count++] =
                (struct entry){sample, (uint32_t)place};
        }
    }
    return err;
}

/* What the series have in [from, *to] of a block; sets *to earlier where that
 * is too much. */
static enum gong_err
collect(struct gong_history_scan *scan, int64_t block, int64_t from,
        int64_t *to)
{
    enum gong_err err = GONG_OK;

    scan->entry_count = 0;
    for (size_t i = 0; i < scan->count && err == GONG_OK; i++) {
        scan->samples.count = 0;
        err = gong_history_reader_block(scan->reader, scan->chosen[i].series,
                                        block, &scan->samples);
        if (err == GONG_OK) {
            err = collect_series(scan, i, from, to);
        }
    }
    return err;
}

static int
compare_entries(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;

    if (x->sample.ms != y->sample.ms) {
        return x->sample.ms < y->sample.ms ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place ? 1 : 0;
}

static enum gong_err
deliver(struct gong_history_scan *scan, gong_history_scan_fn visit, void *ctx)
{
    enum gong_err err = GONG_OK;

    if (scan->entry_count > 1) {
        qsort(scan->entries, scan->entry_count, sizeof *scan->entries,
              compare_entries);
    }
    for (size_t i = 0; i < scan->entry_count && err == GONG_OK; i++) {
        err = visit(ctx, scan->entries[i].place, scan->entries[i].sample);
    }
    return err;
}

/* The next stretch of time that holds something: [*at, *end] of *block, with
 * its samples. False in *more: there is none. */
static enum gong_err
load(struct gong_history_scan *scan, int64_t *at, int64_t *end, bool *more)
{
    int64_t span = gong_resolution_span(GONG_RESOLUTION_RAW);
    int64_t block = gong_history_block(GONG_RESOLUTION_RAW, *at);
    enum gong_err err = gong_history_reader_begin(scan->reader);

    if (err != GONG_OK) {
        return err;
    }
    *more = gong_history_reader_next(scan->reader, GONG_RESOLUTION_RAW, false,
                                     &block) &&
            block <= gong_history_block(GONG_RESOLUTION_RAW, scan->to_ms);
    if (*more) {
        *at = *at < block * span ? block * span : *at;
        *end = (block + 1) * span - 1;
        *end = *end > scan->to_ms ? scan->to_ms : *end;
        *end = *end - *at >= scan->slice_ms ? *at + scan->slice_ms - 1 : *end;
        err = collect(scan, block, *at, end);
    }
    gong_history_reader_end(scan->reader);
    return err;
}

enum gong_err
gong_history_scan_run(struct gong_history_scan *scan,
                      gong_history_scan_fn visit, void *ctx)
{
    int64_t at = scan->from_ms;
    int64_t span = gong_resolution_span(GONG_RESOLUTION_RAW);
    bool more = scan->count > 0;
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && more && at <= scan->to_ms) {
        int64_t end = at;

        err = load(scan, &at, &end, &more);
        if (err == GONG_OK && more) {
            scan->slice_ms = scan->entry_count > scan->samples_max / 4
                                 ? end - at + 1
                                 : scan->slice_ms * 2;
            scan->slice_ms = scan->slice_ms > span ? span : scan->slice_ms;
            err = deliver(scan, visit, ctx);
            at = end + 1;
        }
    }
    return err;
}
