#include <stdlib.h>

#include "agent/history/history_tidy_private.h"

#define ROWS_MAX    4000
#define BYTES_MAX   ((size_t)16 << 20)
#define SOURCES_MAX 64

/* The parts that are merged by this step, and of which series. */
struct merge {
    struct history_step *step;
    int resolution;
    int64_t block;
    int64_t sources[SOURCES_MAX];
    int64_t source_bytes[SOURCES_MAX];
    size_t source_count;
    /* Of the step's view: a series' first chunk lies in the first, .. */
    const struct history_block_part *compacted;
    size_t compacted_count;
    uint32_t last; /* series up to it */
};

/* --- which rows --- */

static enum gong_err
list_parts(struct merge *merge)
{
    struct history_block_parts *parts;
    enum gong_err err = gong_history_view_parts(
        merge->step, HISTORY_HERE, merge->resolution, merge->block, &parts);

    for (size_t i = 0; i < parts->count && err == GONG_OK; i++) {
        if (parts->data[i].compacted) { /* they stand before the others */
            merge->compacted_count++;
        } else if (merge->source_count < SOURCES_MAX) {
            merge->sources[merge->source_count++] = parts->data[i].id;
        }
    }
    merge->compacted = parts->data;
    return err;
}

/* The series of the nth chunk of a part; none: UINT32_MAX. */
static enum gong_err
nth_series(struct merge *merge, int64_t part, int64_t nth, uint32_t *series)
{
    struct gong_sql_row row =
        gong_sql_row(merge->step->tidying->sql[TIDY_NTH_CHUNK]);
    enum gong_err err;

    gong_sql_put_int(&row, gong_history_chunk_id(part, 0));
    gong_sql_put_int(&row, gong_history_chunk_id(part, UINT32_MAX));
    gong_sql_put_int(&row, nth);
    err = gong_sql_next(&row);
    *series = err == GONG_OK ? (uint32_t)gong_sql_get_int(&row) : UINT32_MAX;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND
               ? GONG_OK
               : gong_history_fail(merge->step->file, err);
}

static enum gong_err
choose_range(struct merge *merge)
{
    int64_t each = ROWS_MAX / (int64_t)merge->source_count;
    enum gong_err err = GONG_OK;

    merge->last = UINT32_MAX;
    for (size_t i = 0; i < merge->source_count && err == GONG_OK; i++) {
        uint32_t series = 0;

        err = nth_series(merge, merge->sources[i], each - 1, &series);
        merge->last = series < merge->last ? series : merge->last;
    }
    return err;
}

/* --- reading them --- */

static enum gong_err
add_row(struct history_tidying *tidying, const struct history_row *row)
{
    if (tidying->row_count == tidying->row_capacity) {
        size_t capacity =
            tidying->row_capacity == 0 ? 1024 : tidying->row_capacity * 2;
        struct history_row *grown =
            realloc(tidying->rows, capacity * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        tidying->rows = grown;
        tidying->row_capacity = capacity;
    }
    tidying->rows[tidying->row_count++] = *row;
    return GONG_OK;
}

/* Past the limit of bytes the range ends before series, unless it is its
 * first. */
static void
end_range(struct merge *merge, uint32_t series)
{
    const struct history_tidying *tidying = merge->step->tidying;
    bool first = true;

    for (size_t i = 0; i < tidying->row_count && first; i++) {
        first = tidying->rows[i].series >= series;
    }
    merge->last = first ? series : series - 1;
}

static enum gong_err
read_source(struct merge *merge, size_t index)
{
    struct history_tidying *tidying = merge->step->tidying;
    int64_t part = merge->sources[index];
    struct gong_sql_row row = gong_sql_row(tidying->sql[TIDY_CHUNKS]);
    enum gong_err err = GONG_OK;

    gong_sql_put_int(&row, gong_history_chunk_id(part, 0));
    gong_sql_put_int(&row, gong_history_chunk_id(part, merge->last));
    while (err == GONG_OK && (err = gong_sql_next(&row)) == GONG_OK) {
        uint32_t series = (uint32_t)gong_sql_get_int(&row);
        struct gong_str chunk = gong_sql_get_blob(&row);
        struct history_row found = {.series = series,
                                    .rank = (uint32_t)index,
                                    .at = tidying->bytes.len,
                                    .len = chunk.len};

        if (series > merge->last) {
            break;
        }
        err = gong_buffer_append(&tidying->bytes, chunk.data, chunk.len);
        if (err == GONG_OK) {
            err = add_row(tidying, &found);
        }
        if (tidying->bytes.len > BYTES_MAX) {
            end_range(merge, series);
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND
               ? GONG_OK
               : gong_history_fail(merge->step->file, err);
}

static int
compare_rows(const void *a, const void *b)
{
    const struct history_row *one = a;
    const struct history_row *other = b;

    if (one->series != other->series) {
        return one->series < other->series ? -1 : 1;
    }
    return one->rank < other->rank ? -1 : one->rank > other->rank ? 1 : 0;
}

static enum gong_err
read_rows(struct merge *merge)
{
    struct history_tidying *tidying = merge->step->tidying;
    enum gong_err err = GONG_OK;

    tidying->bytes.len = 0;
    tidying->row_count = 0;
    for (size_t i = 0; i < merge->source_count && err == GONG_OK; i++) {
        err = read_source(merge, i);
    }
    if (err == GONG_OK && tidying->row_count > 0) {
        qsort(tidying->rows, tidying->row_count, sizeof tidying->rows[0],
              compare_rows);
    }
    while (tidying->row_count > 0 &&
           tidying->rows[tidying->row_count - 1].series > merge->last) {
        tidying->row_count--;
    }
    for (size_t i = 0; i < tidying->row_count; i++) {
        merge->source_bytes[tidying->rows[i].rank] +=
            (int64_t)tidying->rows[i].len;
    }
    return err;
}

/* --- one series --- */

/* Appends what a chunk holds; *whole: false where it does not verify. */
static enum gong_err
decode(struct merge *merge, struct gong_str bytes, bool *whole)
{
    struct history_tidying *tidying = merge->step->tidying;
    struct gong_chunk_coder *coder = merge->step->file->coder;
    enum gong_err err =
        merge->resolution == GONG_RESOLUTION_RAW
            ? gong_chunk_decode(coder, bytes, &tidying->samples)
            : gong_rollup_decode(coder, bytes, &tidying->rollups);

    if (err == GONG_ERR_CORRUPT) {
        *whole = false;
        merge->step->did.damaged_rows++;
        return GONG_OK;
    }
    return gong_history_fail(merge->step->file, err);
}

static enum gong_err
decode_compacted(struct merge *merge, uint32_t series, bool *whole)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < merge->compacted_count && err == GONG_OK; i++) {
        struct gong_sql_row row;
        struct gong_str bytes;

        err = gong_history_view_chunk(merge->step->file, merge->compacted[i].id,
                                      series, &row, &bytes);
        if (err == GONG_OK) {
            err = decode(merge, bytes, whole);
        } else if (err == GONG_ERR_NOT_FOUND) {
            err = GONG_OK;
        }
        gong_sql_end(&row);
    }
    return err;
}

static enum gong_err
put_in_order(struct merge *merge)
{
    struct history_tidying *tidying = merge->step->tidying;

    return gong_history_fail(merge->step->file,
                             merge->resolution == GONG_RESOLUTION_RAW
                                 ? gong_samples_merge(&tidying->samples, 0)
                                 : gong_rollups_merge(&tidying->rollups, 0));
}

static enum gong_err
encode(struct merge *merge, size_t at, size_t count)
{
    struct history_tidying *tidying = merge->step->tidying;
    struct gong_history_file *file = merge->step->file;

    file->chunk.len = 0;
    return gong_history_fail(
        file, merge->resolution == GONG_RESOLUTION_RAW
                  ? gong_chunk_encode(file->coder, tidying->samples.data + at,
                                      count, &file->chunk)
                  : gong_rollup_encode(file->coder, tidying->rollups.data + at,
                                       count, &file->chunk));
}

/* How many bytes lie there already; *found: whether. */
static enum gong_err
replaced(struct gong_history_file *file, int64_t part, uint32_t series,
         int64_t *len, bool *found)
{
    struct gong_sql_row row;
    struct gong_str bytes = {0};
    enum gong_err err =
        gong_history_view_chunk(file, part, series, &row, &bytes);

    gong_sql_end(&row);
    *found = err == GONG_OK;
    *len = (int64_t)bytes.len;
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
write_piece(struct merge *merge, uint32_t series, uint32_t slot)
{
    struct gong_history_file *file = merge->step->file;
    const struct history_part wanted = {.resolution = merge->resolution,
                                        .block = merge->block,
                                        .compacted = true,
                                        .slot = slot};
    struct history_part *part;
    struct gong_sql_row row;
    int64_t len = 0;
    bool found = false;
    enum gong_err err = gong_history_part(file, &wanted, &part);

    if (err == GONG_OK && slot < merge->compacted_count) {
        err = replaced(file, part->id, series, &len, &found);
    }
    if (err != GONG_OK) {
        return err;
    }
    part->rows += found ? 0 : 1;
    part->bytes += (int64_t)file->chunk.len - len;
    row = gong_sql_row(file->sql[HISTORY_CHUNK_PUT]);
    gong_sql_put_int(&row, gong_history_chunk_id(part->id, series));
    gong_sql_put_blob(&row, gong_str_from(file->chunk.data, file->chunk.len));
    return gong_history_fail(file, gong_sql_run(&row));
}

static enum gong_err
write_series(struct merge *merge, uint32_t series)
{
    const struct history_tidying *tidying = merge->step->tidying;
    size_t count = merge->resolution == GONG_RESOLUTION_RAW
                       ? tidying->samples.count
                       : tidying->rollups.count;
    uint32_t slot = 0;
    enum gong_err err = GONG_OK;

    for (size_t at = 0; at < count && err == GONG_OK; slot++) {
        size_t some = count - at < GONG_CHUNK_SAMPLES_MAX
                          ? count - at
                          : GONG_CHUNK_SAMPLES_MAX;

        err = encode(merge, at, some);
        if (err == GONG_OK) {
            err = write_piece(merge, series, slot);
        }
        at += some;
    }
    return err;
}

/* rows: of one series. */
static enum gong_err
merge_series(struct merge *merge, const struct history_row *rows, size_t count)
{
    struct history_tidying *tidying = merge->step->tidying;
    uint32_t series = rows[0].series;
    bool whole = true;
    enum gong_err err;

    tidying->samples.count = 0;
    tidying->rollups.count = 0;
    err = decode_compacted(merge, series, &whole);
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        err = decode(
            merge, gong_str_from(tidying->bytes.data + rows[i].at, rows[i].len),
            &whole);
    }
    if (err == GONG_OK) {
        err = put_in_order(merge);
    }
    if (err == GONG_OK) {
        err = write_series(merge, series);
    }
    if (err == GONG_OK && merge->resolution < GONG_RESOLUTION_1H) {
        err = gong_history_roll(merge->step, merge->resolution, merge->block,
                                series, whole);
    }
    return err;
}

/* --- what was merged goes --- */

static enum gong_err
delete_if_empty(struct merge *merge, int64_t part)
{
    struct gong_history_file *file = merge->step->file;
    struct history_tidying *tidying = merge->step->tidying;
    struct gong_sql_row row = gong_sql_row(tidying->sql[TIDY_FIRST_CHUNK]);
    enum gong_err err;

    gong_sql_put_int(&row, gong_history_chunk_id(part, 0));
    gong_sql_put_int(&row, gong_history_chunk_id(part, UINT32_MAX));
    err = gong_sql_next(&row);
    gong_sql_end(&row);
    if (err != GONG_ERR_NOT_FOUND) {
        return gong_history_fail(file, err);
    }
    row = gong_sql_row(tidying->sql[TIDY_PART_DELETE]);
    gong_sql_put_int(&row, part);
    return gong_history_fail(file, gong_sql_run(&row));
}

static enum gong_err
clear_source(struct merge *merge, size_t index)
{
    struct gong_history_file *file = merge->step->file;
    struct history_tidying *tidying = merge->step->tidying;
    int64_t part = merge->sources[index];
    struct gong_sql_row row = gong_sql_row(tidying->sql[TIDY_CHUNKS_DELETE]);
    enum gong_err err;
    int64_t rows;

    gong_sql_put_int(&row, gong_history_chunk_id(part, 0));
    gong_sql_put_int(&row, gong_history_chunk_id(part, merge->last));
    err = gong_sql_run(&row);
    rows = sqlite3_changes64(file->handle);
    if (err == GONG_OK) {
        row = gong_sql_row(tidying->sql[TIDY_PART_LESS]);
        gong_sql_put_int(&row, rows);
        gong_sql_put_int(&row, merge->source_bytes[index]);
        gong_sql_put_int(&row, part);
        err = gong_sql_run(&row);
        merge->step->did.compacted_rows += (uint64_t)rows;
    }
    return err == GONG_OK ? delete_if_empty(merge, part)
                          : gong_history_fail(file, err);
}

static enum gong_err
run(struct merge *merge)
{
    const struct history_tidying *tidying = merge->step->tidying;
    enum gong_err err = list_parts(merge);
    size_t next;

    if (err != GONG_OK || merge->source_count == 0) {
        return err;
    }
    err = choose_range(merge);
    if (err == GONG_OK) {
        err = read_rows(merge);
    }
    for (size_t at = 0; at < tidying->row_count && err == GONG_OK; at = next) {
        next = at + 1;
        while (next < tidying->row_count &&
               tidying->rows[next].series == tidying->rows[at].series) {
            next++;
        }
        err = merge_series(merge, tidying->rows + at, next - at);
    }
    for (size_t i = 0; i < merge->source_count && err == GONG_OK; i++) {
        err = clear_source(merge, i);
    }
    return err;
}

enum gong_err
gong_history_compact(struct history_step *step, int resolution, int64_t block)
{
    struct merge merge = {
        .step = step, .resolution = resolution, .block = block};
    enum gong_err err = gong_history_transaction(step->file, false);

    if (err != GONG_OK) {
        return err;
    }
    err = run(&merge);
    if (err == GONG_OK) {
        return gong_history_finish(step->file);
    }
    gong_history_file_rollback(step->file);
    return err;
}
