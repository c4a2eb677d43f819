#include "agent/history/history_reader.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/history_choose.h"
#include "agent/history/history_labels.h"
#include "agent/history/history_map.h"
#include "agent/history/history_schema.h"
#include "agent/sql.h"

/* Between two questions to whoever waits, in steps of SQLite's machine. */
#define STEPS_UNASKED 20000

enum statement {
    READ_MAP,
    READ_CHUNK,
    READ_LABELS,
    READ_NAMES,
    READ_VALUES,
    STATEMENTS,
};

struct gong_history_reader {
    sqlite3 *handle;
    sqlite3_stmt *statements[STATEMENTS];
    struct gong_history_chooser *chooser;
    struct gong_chunk_coder *coder;
    struct gong_history_map map;
    bool begun;
    atomic_bool cancelled;
    bool (*goes_on)(void *ctx);
    void *goes_on_ctx;
    struct gong_history_recent recent; /* read is NULL: none */
    struct gong_buffer labels;         /* what views point into */
    uint64_t damaged;
};

static bool
has_patience(const struct gong_history_reader *reader)
{
    return !atomic_load(&reader->cancelled) &&
           (reader->goes_on == NULL || reader->goes_on(reader->goes_on_ctx));
}

static int
on_progress(void *ctx)
{
    return has_patience(ctx) ? 0 : 1;
}

static enum gong_err
prepare(struct gong_history_reader *reader)
{
    const char *const texts[STATEMENTS] = {
        [READ_MAP] = gong_history_map_sql,
        [READ_CHUNK] = "SELECT chunk FROM chunks WHERE id = ?1",
        [READ_LABELS] = "SELECT labels FROM series WHERE id = ?1",
        [READ_NAMES] = "SELECT DISTINCT name FROM labels ORDER BY name",
        [READ_VALUES] =
            "SELECT value FROM labels WHERE name = ?1 ORDER BY value",
    };
    enum gong_err err =
        gong_sql_prepare(reader->handle, texts, reader->statements, STATEMENTS);

    if (err == GONG_OK) {
        err = gong_history_chooser_new(reader->handle, &reader->chooser);
    }
    reader->coder = gong_chunk_coder_new();
    return err == GONG_OK && reader->coder == NULL ? GONG_ERR_MEMORY : err;
}

enum gong_err
gong_history_reader_open(const char *path, struct gong_history_reader **out,
                         char *why, size_t why_size)
{
    struct gong_history_reader *reader = calloc(1, sizeof *reader);
    enum gong_err err;

    *out = NULL;
    if (reader == NULL) {
        return GONG_ERR_MEMORY;
    }
    atomic_init(&reader->cancelled, false);
    err = gong_history_connect(path, false, &reader->handle, why, why_size);
    if (err == GONG_OK) {
        err = prepare(reader);
        if (err != GONG_OK) {
            (void)gong_history_explain(reader->handle, path, err, why,
                                       why_size);
        }
    }
    if (err != GONG_OK) {
        gong_history_reader_close(reader);
        return err;
    }
    sqlite3_progress_handler(reader->handle, STEPS_UNASKED, on_progress,
                             reader);
    *out = reader;
    return GONG_OK;
}

void
gong_history_reader_close(struct gong_history_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    gong_sql_finalize(reader->statements, STATEMENTS);
    gong_history_chooser_free(reader->chooser);
    if (reader->handle != NULL) {
        (void)sqlite3_close(reader->handle);
    }
    gong_chunk_coder_free(reader->coder);
    gong_history_map_fini(&reader->map);
    gong_buffer_fini(&reader->labels);
    free(reader);
}

void
gong_history_reader_cancel(struct gong_history_reader *reader)
{
    atomic_store(&reader->cancelled, true);
}

void
gong_history_reader_again(struct gong_history_reader *reader)
{
    atomic_store(&reader->cancelled, false);
}

void
gong_history_reader_patience(struct gong_history_reader *reader,
                             bool (*goes_on)(void *ctx), void *ctx)
{
    reader->goes_on = goes_on;
    reader->goes_on_ctx = ctx;
}

void
gong_history_reader_recent(struct gong_history_reader *reader,
                           const struct gong_history_recent *recent)
{
    reader->recent = recent == NULL ? (struct gong_history_recent){0} : *recent;
}

enum gong_err
gong_history_reader_each(struct gong_history_reader *reader,
                         const struct gong_history_choice *choice,
                         gong_history_series_fn visit, void *ctx)
{
    struct gong_history_visit visitor = {visit, ctx, &reader->recent};

    return has_patience(reader)
               ? gong_history_choose(reader->chooser, choice, &visitor)
               : GONG_ERR_TIMEOUT;
}

struct numbers {
    uint32_t *list;
    size_t count;
    size_t capacity;
    size_t max;
};

static enum gong_err
add_number(void *ctx, uint32_t series, struct gong_str labels)
{
    struct numbers *numbers = ctx;

    (void)labels;
    if (numbers->count == numbers->max) {
        return GONG_ERR_TOO_LARGE;
    }
    if (numbers->count == numbers->capacity) {
        size_t capacity = numbers->capacity == 0 ? 64 : numbers->capacity * 2;
        uint32_t *list = realloc(numbers->list, capacity * sizeof *list);

        if (list == NULL) {
            return GONG_ERR_MEMORY;
        }
        numbers->list = list;
        numbers->capacity = capacity;
    }
    numbers->list[numbers->count++] = series;
    return GONG_OK;
}

static int
compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;

    return (*x > *y) - (*x < *y);
}

enum gong_err
gong_history_reader_select(struct gong_history_reader *reader,
                           const struct gong_history_choice *choice, size_t max,
                           uint32_t **series, size_t *found)
{
    struct numbers numbers = {.max = max};
    enum gong_err err =
        gong_history_reader_each(reader, choice, add_number, &numbers);

    if (err != GONG_OK) {
        free(numbers.list);
        numbers = (struct numbers){0};
    }
    if (numbers.count > 1) {
        qsort(numbers.list, numbers.count, sizeof *numbers.list,
              compare_numbers);
    }
    *series = numbers.list;
    *found = numbers.count;
    return err;
}

enum gong_err
gong_history_reader_labels(struct gong_history_reader *reader, uint32_t series,
                           struct gong_label_view *out, size_t *count)
{
    struct gong_sql_row row = gong_sql_row(reader->statements[READ_LABELS]);
    enum gong_err err;

    *count = 0;
    reader->labels.len = 0;
    gong_sql_put_int(&row, series);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        struct gong_str bytes = gong_sql_get_blob(&row);

        err = gong_buffer_append(&reader->labels, bytes.data, bytes.len);
    }
    gong_sql_end(&row);
    if (err != GONG_OK) {
        return err;
    }
    return gong_history_labels_get(
               gong_str_from(reader->labels.data, reader->labels.len), out,
               count)
               ? GONG_OK
               : GONG_ERR_CORRUPT;
}

static enum gong_err
visit_texts(struct gong_sql_row *row, gong_history_text_fn visit, void *ctx)
{
    enum gong_err err = gong_sql_next(row);

    while (err == GONG_OK && visit(ctx, gong_sql_get_text(row))) {
        err = gong_sql_next(row);
    }
    gong_sql_end(row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

enum gong_err
gong_history_reader_names(struct gong_history_reader *reader,
                          gong_history_text_fn visit, void *ctx)
{
    struct gong_sql_row row = gong_sql_row(reader->statements[READ_NAMES]);

    return visit_texts(&row, visit, ctx);
}

enum gong_err
gong_history_reader_values(struct gong_history_reader *reader,
                           struct gong_str name, gong_history_text_fn visit,
                           void *ctx)
{
    struct gong_sql_row row = gong_sql_row(reader->statements[READ_VALUES]);

    gong_sql_put_text(&row, name);
    return visit_texts(&row, visit, ctx);
}

static enum gong_err
read_map(struct gong_history_reader *reader)
{
    return gong_history_map_read(&reader->map, reader->statements[READ_MAP]);
}

enum gong_err
gong_history_reader_begin(struct gong_history_reader *reader)
{
    enum gong_err err = gong_sql_do(reader->handle, "BEGIN");

    if (err == GONG_OK) {
        err = read_map(reader);
    }
    reader->begun = err == GONG_OK;
    if (err != GONG_OK) {
        gong_sql_rollback(reader->handle);
    }
    return err;
}

void
gong_history_reader_end(struct gong_history_reader *reader)
{
    reader->begun = false;
    gong_sql_rollback(reader->handle);
}

/* A chunk, decoded and judged: CORRUPT leaves the list as it was. */
typedef enum gong_err (*take_fn)(struct gong_history_reader *reader,
                                 struct gong_str bytes, int64_t block,
                                 void *out);

struct taking {
    enum gong_resolution resolution;
    uint32_t series;
    int64_t block;
    take_fn take;
    void *out;
};

static enum gong_err
take_part(struct gong_history_reader *reader, const struct taking *taking,
          int64_t part)
{
    struct gong_sql_row row = gong_sql_row(reader->statements[READ_CHUNK]);
    enum gong_err err;

    gong_sql_put_int(&row, gong_history_chunk_id(part, taking->series));
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        err = taking->take(reader, gong_sql_get_blob(&row), taking->block,
                           taking->out);
        if (err == GONG_ERR_CORRUPT) {
            reader->damaged++;
            err = GONG_OK;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
take_block(struct gong_history_reader *reader, const struct taking *taking)
{
    const struct gong_history_map_block *block = NULL;
    enum gong_err err = GONG_OK;

    if (!has_patience(reader)) {
        return GONG_ERR_TIMEOUT;
    }
    if (!reader->begun) {
        err = read_map(reader);
    }
    if (err == GONG_OK) {
        block = gong_history_map_find(&reader->map, taking->resolution,
                                      taking->block);
    }
    if (block == NULL || block->block != taking->block) {
        return err;
    }
    for (size_t i = 0; i < block->count && err == GONG_OK; i++) {
        err = take_part(reader, taking, reader->map.parts[block->first + i]);
    }
    return err;
}

static enum gong_err
take_samples(struct gong_history_reader *reader, struct gong_str bytes,
             int64_t block, void *out)
{
    struct gong_samples *samples = out;
    size_t before = samples->count;
    enum gong_err err = gong_chunk_decode(reader->coder, bytes, samples);

    if (err == GONG_OK && samples->count > before &&
        (gong_history_block(GONG_RESOLUTION_RAW, samples->data[before].ms) !=
             block ||
         gong_history_block(GONG_RESOLUTION_RAW,
                            samples->data[samples->count - 1].ms) != block)) {
        samples->count = before;
        err = GONG_ERR_CORRUPT;
    }
    return err;
}

enum gong_err
gong_history_reader_block(struct gong_history_reader *reader, uint32_t series,
                          int64_t block, struct gong_samples *out)
{
    size_t first = out->count;
    struct taking taking = {GONG_RESOLUTION_RAW, series, block, take_samples,
                            out};
    enum gong_err err = take_block(reader, &taking);

    return err == GONG_OK ? gong_samples_merge(out, first) : err;
}

static enum gong_err
take_rollups(struct gong_history_reader *reader, struct gong_str bytes,
             int64_t block, void *out)
{
    (void)block;
    return gong_rollup_decode(reader->coder, bytes, out);
}

enum gong_err
gong_history_reader_rollups(struct gong_history_reader *reader,
                            enum gong_resolution resolution, uint32_t series,
                            int64_t block, struct gong_rollups *out)
{
    size_t first = out->count;
    struct taking taking = {resolution, series, block, take_rollups, out};
    enum gong_err err = take_block(reader, &taking);

    return err == GONG_OK ? gong_rollups_merge(out, first) : err;
}

uint64_t
gong_history_reader_damaged(const struct gong_history_reader *reader)
{
    return reader->damaged;
}

bool
gong_history_reader_span(struct gong_history_reader *reader,
                         enum gong_resolution resolution, int64_t *from_ms,
                         int64_t *to_ms)
{
    const struct gong_history_map_block *blocks = NULL;
    int64_t span = gong_resolution_span(resolution);
    size_t count = 0;

    if (!reader->begun && read_map(reader) != GONG_OK) {
        return false;
    }
    blocks = reader->map.of[resolution].blocks;
    count = reader->map.of[resolution].count;
    if (count == 0) {
        return false;
    }
    *from_ms = blocks[0].block * span;
    *to_ms = (blocks[count - 1].block + 1) * span;
    return true;
}

bool
gong_history_reader_next(struct gong_history_reader *reader,
                         enum gong_resolution resolution, bool open,
                         int64_t *block)
{
    const struct gong_history_map_block *found =
        gong_history_map_find(&reader->map, resolution, *block);

    if (found != NULL && open) {
        found = found->next_open == SIZE_MAX
                    ? NULL
                    : &reader->map.of[resolution].blocks[found->next_open];
    }
    if (found != NULL) {
        *block = found->block;
    }
    return found != NULL;
}
