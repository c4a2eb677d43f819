#include <stdlib.h>

#include "agent/history/history_tidy_private.h"

static enum gong_err
add_part(struct history_block_parts *parts, struct gong_sql_row *row)
{
    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity == 0 ? 16 : parts->capacity * 2;
        struct history_block_part *grown =
            realloc(parts->data, capacity * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        parts->data = grown;
        parts->capacity = capacity;
    }
    parts->data[parts->count].id = gong_sql_get_int(row);
    parts->data[parts->count].compacted = gong_sql_get_int(row) != 0;
    parts->data[parts->count].origin = gong_sql_get_int(row);
    parts->count++;
    return GONG_OK;
}

enum gong_err
gong_history_view_parts(struct history_step *step, int which, int resolution,
                        int64_t block, struct history_block_parts **out)
{
    struct history_block_parts *parts = &step->tidying->blocks[which];
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_PARTS]);
    enum gong_err err = GONG_OK;

    *out = parts;
    if (parts->known && parts->resolution == resolution &&
        parts->block == block) {
        return GONG_OK;
    }
    parts->count = 0;
    gong_sql_put_int(&row, resolution);
    gong_sql_put_int(&row, block);
    while (err == GONG_OK && (err = gong_sql_next(&row)) == GONG_OK) {
        err = add_part(parts, &row);
    }
    gong_sql_end(&row);
    parts->known = err == GONG_ERR_NOT_FOUND;
    parts->resolution = resolution;
    parts->block = block;
    return parts->known ? GONG_OK : gong_history_fail(step->file, err);
}

void
gong_history_view_forget(struct history_tidying *tidying)
{
    for (size_t i = 0; i < HISTORY_BLOCKS; i++) {
        tidying->blocks[i].known = false;
    }
}

enum gong_err
gong_history_view_chunk(struct gong_history_file *file, int64_t part,
                        uint32_t series, struct gong_sql_row *row,
                        struct gong_str *bytes)
{
    enum gong_err err;

    *row = gong_sql_row(file->sql[HISTORY_CHUNK_GET]);
    gong_sql_put_int(row, gong_history_chunk_id(part, series));
    err = gong_sql_next(row);
    if (err == GONG_OK) {
        *bytes = gong_sql_get_blob(row);
    } else if (err != GONG_ERR_NOT_FOUND) {
        (void)gong_history_fail(file, err);
    }
    return err;
}

/* Which errors end reading; a chunk that is missing or damaged does not. */
static bool
is_grave(enum gong_err err)
{
    return err != GONG_OK && err != GONG_ERR_NOT_FOUND &&
           err != GONG_ERR_CORRUPT;
}

enum gong_err
gong_history_view_samples(struct history_step *step,
                          const struct history_block_parts *parts,
                          uint32_t series, struct gong_samples *out)
{
    struct gong_history_file *file = step->file;
    size_t first = out->count;

    for (size_t i = 0; i < parts->count; i++) {
        struct gong_sql_row row;
        struct gong_str bytes;
        enum gong_err err = gong_history_view_chunk(file, parts->data[i].id,
                                                    series, &row, &bytes);

        if (err == GONG_OK) {
            err = gong_chunk_decode(file->coder, bytes, out);
        }
        gong_sql_end(&row);
        if (file->failed != GONG_OK) {
            return file->failed;
        }
        if (is_grave(err)) {
            return gong_history_fail(file, err);
        }
    }
    return gong_history_fail(file, gong_samples_merge(out, first));
}

enum gong_err
gong_history_view_rollups(struct history_step *step,
                          const struct history_block_parts *parts,
                          uint32_t series, int64_t origin,
                          struct gong_rollups *out)
{
    struct gong_history_file *file = step->file;
    size_t first = out->count;

    for (size_t i = 0; i < parts->count; i++) {
        const struct history_block_part *part = &parts->data[i];
        struct gong_sql_row row;
        struct gong_str bytes;
        enum gong_err err;

        if (!part->compacted && part->origin != origin) {
            continue;
        }
        err = gong_history_view_chunk(file, part->id, series, &row, &bytes);
        if (err == GONG_OK) {
            err = gong_rollup_decode(file->coder, bytes, out);
        }
        gong_sql_end(&row);
        if (file->failed != GONG_OK) {
            return file->failed;
        }
        if (is_grave(err)) {
            return gong_history_fail(file, err);
        }
    }
    return gong_history_fail(file, gong_rollups_merge(out, first));
}
