#include <stdlib.h>
#include <string.h>

#include "agent/history/history_file_private.h"

static int
compare(const struct history_part *a, const struct history_part *b)
{
    if (a->resolution != b->resolution) {
        return a->resolution < b->resolution ? -1 : 1;
    }
    if (a->compacted != b->compacted) {
        return a->compacted ? 1 : -1;
    }
    if (a->block != b->block) {
        return a->block < b->block ? -1 : 1;
    }
    if (a->origin != b->origin) {
        return a->origin < b->origin ? -1 : 1;
    }
    return a->slot < b->slot ? -1 : a->slot > b->slot ? 1 : 0;
}

/* The first that is not less than wanted. */
static size_t
place_of(const struct history_parts *parts, const struct history_part *wanted)
{
    size_t low = 0;
    size_t high = parts->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(&parts->data[middle], wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum gong_err
add_at(struct history_parts *parts, size_t at, const struct history_part *part)
{
    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity == 0 ? 16 : parts->capacity * 2;
        struct history_part *grown =
            realloc(parts->data, capacity * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        parts->data = grown;
        parts->capacity = capacity;
    }
    memmove(&parts->data[at + 1], &parts->data[at],
            (parts->count - at) * sizeof parts->data[0]);
    parts->data[at] = *part;
    parts->count++;
    return GONG_OK;
}

/* 0: there is none in the file. */
static enum gong_err
find(struct gong_history_file *file, const struct history_part *part,
     int64_t *id)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_PART_FIND]);
    enum gong_err err;

    gong_sql_put_int(&row, part->resolution);
    gong_sql_put_int(&row, part->block);
    gong_sql_put_int(&row, part->compacted ? 1 : 0);
    gong_sql_put_int(&row, part->origin);
    gong_sql_put_int(&row, part->slot);
    err = gong_sql_next(&row);
    *id = err == GONG_OK ? gong_sql_get_int(&row) : 0;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

/* What one transaction heard is a part of its own. */
static enum gong_err
number_it(struct gong_history_file *file, struct history_part *part)
{
    bool lasts = part->compacted || part->resolution != GONG_RESOLUTION_RAW;
    enum gong_err err = GONG_OK;

    part->id = 0;
    part->rows = 0;
    part->bytes = 0;
    if (lasts) {
        err = find(file, part, &part->id);
    }
    if (err == GONG_OK && part->id == 0) {
        if (file->next_part >= GONG_HISTORY_PART_MAX) {
            return GONG_ERR_TOO_LARGE;
        }
        part->id = ++file->next_part;
    }
    return err;
}

enum gong_err
gong_history_part(struct gong_history_file *file,
                  const struct history_part *wanted, struct history_part **out)
{
    struct history_parts *parts = &file->parts;
    struct history_part part = *wanted;
    enum gong_err err = GONG_OK;
    size_t at = parts->last;

    if (at >= parts->count || compare(&parts->data[at], wanted) != 0) {
        at = place_of(parts, wanted);
    }
    if (at >= parts->count || compare(&parts->data[at], wanted) != 0) {
        err = number_it(file, &part);
        if (err == GONG_OK) {
            err = add_at(parts, at, &part);
        }
    }
    if (err != GONG_OK) {
        return gong_history_fail(file, err);
    }
    parts->last = at;
    *out = &parts->data[at];
    return GONG_OK;
}

enum gong_err
gong_history_parts_write(struct gong_history_file *file)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < file->parts.count && err == GONG_OK; i++) {
        const struct history_part *part = &file->parts.data[i];
        struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_PART_PUT]);

        if (part->rows == 0 && part->bytes == 0) {
            continue;
        }
        gong_sql_put_int(&row, part->id);
        gong_sql_put_int(&row, part->resolution);
        gong_sql_put_int(&row, part->block);
        gong_sql_put_int(&row, part->compacted ? 1 : 0);
        gong_sql_put_int(&row, part->origin);
        gong_sql_put_int(&row, part->rows);
        gong_sql_put_int(&row, part->bytes);
        err = gong_history_fail(file, gong_sql_run(&row));
    }
    return err;
}
