#include "agent/history/history_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/history_file_private.h"

static const char *const texts[] = {
    [HISTORY_META_GET] = "SELECT value FROM meta WHERE name = ?",
    [HISTORY_META_PUT] = "INSERT OR REPLACE INTO meta VALUES(?, ?)",
    [HISTORY_SERIES_FIND] = "SELECT id, labels FROM series WHERE hash = ?",
    [HISTORY_SERIES_ADD] = "INSERT INTO series VALUES(?, ?, ?)",
    [HISTORY_LABEL_FIND] = "SELECT id FROM labels WHERE name = ? AND value = ?",
    [HISTORY_LABEL_ADD] =
        "INSERT INTO labels(name, value) VALUES(?, ?) RETURNING id",
    [HISTORY_LABEL_SERIES_ADD] = "INSERT INTO label_series VALUES(?, ?)",
    [HISTORY_SERIES_KNOWN] = "SELECT 1 FROM series WHERE id = ?",
    [HISTORY_SPAN_GET] = "SELECT first, last FROM spans WHERE series = ?",
    [HISTORY_SPAN_PUT] = "INSERT OR REPLACE INTO spans VALUES(?, ?, ?)",
    [HISTORY_STATE_PUT] = "INSERT OR REPLACE INTO states VALUES(?, ?)",
    [HISTORY_STATE_END] = "DELETE FROM states WHERE series = ?",
    [HISTORY_STATES] = "SELECT series, value FROM states ORDER BY series",
    [HISTORY_NOTES] = "SELECT name, value FROM meta WHERE name >= 'note '"
                      " AND name < 'note!' ORDER BY name",
    [HISTORY_NOTES_END] =
        "DELETE FROM meta WHERE name >= 'note ' AND name < 'note!'",
    [HISTORY_PART_PUT] =
        "INSERT INTO parts(id, resolution, block, compacted, origin, rows,"
        " bytes) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
        " rows = rows + excluded.rows, bytes = bytes + excluded.bytes",
    [HISTORY_PART_FIND] =
        "SELECT id FROM parts WHERE resolution = ? AND block = ?"
        " AND compacted = ? AND origin = ? ORDER BY id LIMIT 1 OFFSET ?",
    [HISTORY_CHUNK_ADD] = "INSERT INTO chunks VALUES(?, ?)",
    [HISTORY_CHUNK_PUT] = "INSERT OR REPLACE INTO chunks VALUES(?, ?)",
    [HISTORY_CHUNK_GET] = "SELECT chunk FROM chunks WHERE id = ?",
    [HISTORY_SIZES] =
        "SELECT resolution, min(block), max(block), sum(rows) FROM parts"
        " WHERE resolution BETWEEN 0 AND 2 GROUP BY resolution",
    [HISTORY_PAGES] = "SELECT page_count - freelist_count, page_size"
                      " FROM pragma_page_count, pragma_freelist_count,"
                      " pragma_page_size",
    [HISTORY_SERIES_COUNT] =
        "SELECT count(*), coalesce(max(id), 0),"
        " (SELECT coalesce(max(id), 0) FROM parts) FROM series",
};

/* --- what went wrong --- */

enum gong_err
gong_history_fail(struct gong_history_file *file, enum gong_err err)
{
    if (err == GONG_OK || file->failed != GONG_OK) {
        return err;
    }
    (void)gong_history_explain(file->handle, file->path, err, file->why,
                               sizeof file->why);
    if (file->begun) {
        file->failed = err;
        gong_sql_rollback(file->handle);
    }
    return err;
}

const char *
gong_history_file_why(const struct gong_history_file *file)
{
    return file->why;
}

/* --- meta --- */

enum gong_err
gong_history_meta_get(struct gong_history_file *file, const char *name,
                      int64_t *value, bool *found)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_META_GET]);
    enum gong_err err;

    gong_sql_put_text(&row, gong_str_of(name));
    err = gong_sql_next(&row);
    *found = err == GONG_OK;
    *value = *found ? gong_sql_get_int(&row) : 0;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : gong_history_fail(file, err);
}

enum gong_err
gong_history_meta_put(struct gong_history_file *file, const char *name,
                      int64_t value)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_META_PUT]);

    gong_sql_put_text(&row, gong_str_of(name));
    gong_sql_put_int(&row, value);
    return gong_history_fail(file, gong_sql_run(&row));
}

/* --- sizes --- */

static enum gong_err
read_bytes(struct gong_history_file *file)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_PAGES]);
    enum gong_err err = gong_sql_next(&row);

    if (err == GONG_OK) {
        uint64_t pages = (uint64_t)gong_sql_get_int(&row);

        file->page_bytes = (uint64_t)gong_sql_get_int(&row);
        file->sizes.bytes = pages * file->page_bytes;
    }
    gong_sql_end(&row);
    return err;
}

enum gong_err
gong_history_sizes_read(struct gong_history_file *file)
{
    struct gong_history_sizes sizes = {.series = file->sizes.series};
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_SIZES]);
    enum gong_err err;

    while ((err = gong_sql_next(&row)) == GONG_OK) {
        enum gong_resolution resolution =
            (enum gong_resolution)gong_sql_get_int(&row);
        int64_t first = gong_sql_get_int(&row);
        int64_t last = gong_sql_get_int(&row);

        if (first < 0 ||
            last > gong_history_block(resolution, GONG_HISTORY_MS_MAX)) {
            err = GONG_ERR_CORRUPT;
            break;
        }
        sizes.oldest_ms[resolution] = first * gong_resolution_span(resolution);
        sizes.rows[resolution] = (uint64_t)gong_sql_get_int(&row);
    }
    gong_sql_end(&row);
    if (err == GONG_ERR_NOT_FOUND) {
        file->sizes = sizes;
        err = read_bytes(file);
    }
    return err;
}

void
gong_history_file_sizes(const struct gong_history_file *file,
                        struct gong_history_sizes *out)
{
    *out = file->sizes;
    out->series += file->pending.count;
}

/* --- opening --- */

static enum gong_err
read_key(struct gong_history_file *file)
{
    static const char *const names[] = {"hash 0", "hash 1"};
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < 2 && err == GONG_OK; i++) {
        int64_t word = 0;
        bool found = false;

        err = gong_history_meta_get(file, names[i], &word, &found);
        file->key.word[i] = (uint64_t)word;
        if (err == GONG_OK && !found) {
            err = GONG_ERR_CORRUPT;
        }
    }
    return err;
}

/* The numbers given away, which must not lie below those in use. */
static enum gong_err
read_numbers(struct gong_history_file *file)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_SERIES_COUNT]);
    int64_t series = 0;
    int64_t used_series = 0;
    int64_t used_parts = 0;
    bool found;
    enum gong_err err = gong_sql_next(&row);

    if (err == GONG_OK) {
        file->sizes.series = (uint64_t)gong_sql_get_int(&row);
        used_series = gong_sql_get_int(&row);
        used_parts = gong_sql_get_int(&row);
    }
    gong_sql_end(&row);
    if (err == GONG_OK) {
        err = gong_history_meta_get(file, "series", &series, &found);
    }
    if (err == GONG_OK) {
        err = gong_history_meta_get(file, "part", &file->part, &found);
    }
    for (size_t i = 0; i < 2 && err == GONG_OK; i++) {
        err = gong_history_meta_get(file, i == 0 ? "dropped raw" : "dropped 5m",
                                    &file->dropped[i], &found);
    }
    if (err == GONG_OK &&
        (series < used_series || series > UINT32_MAX ||
         file->part < used_parts || file->part > GONG_HISTORY_PART_MAX)) {
        err = GONG_ERR_CORRUPT;
    }
    file->last_series = (uint32_t)series;
    return err;
}

/* What tells at once that the file is damaged, without reading all of it: bytes
 * of samples have checksums of their own. */
static enum gong_err
read_all(struct gong_history_file *file)
{
    enum gong_err err =
        gong_sql_prepare(file->handle, texts, file->sql, HISTORY_STATEMENTS);

    if (err == GONG_ERR_IO && sqlite3_errcode(file->handle) == SQLITE_ERROR) {
        return GONG_ERR_CORRUPT; /* a table or a column is missing */
    }
    if (err == GONG_OK) {
        err = read_key(file);
    }
    if (err == GONG_OK) {
        err = read_numbers(file);
    }
    if (err == GONG_OK) {
        err = gong_history_place_read(file);
    }
    return err == GONG_OK ? gong_history_sizes_read(file) : err;
}

enum gong_err
gong_history_file_open(const char *path, struct gong_history_file **out,
                       char *why, size_t why_size)
{
    struct gong_history_file *file = calloc(1, sizeof *file);
    enum gong_err err = GONG_ERR_MEMORY;

    *out = NULL;
    if (file != NULL) {
        file->path = gong_str_copy(gong_str_of(path));
        file->coder = gong_chunk_coder_new();
        file->durable = true;
    }
    if (file == NULL || file->path == NULL || file->coder == NULL) {
        (void)snprintf(why, why_size, "%s: %s", path, gong_err_text(err));
        gong_history_file_close(file);
        return err;
    }
    err = gong_history_connect(path, true, &file->handle, why, why_size);
    if (err == GONG_OK) {
        err = read_all(file);
        if (err != GONG_OK) {
            (void)gong_history_explain(file->handle, path, err, why, why_size);
        }
    }
    if (err != GONG_OK) {
        gong_history_file_close(file);
        return err;
    }
    *out = file;
    return GONG_OK;
}

void
gong_history_file_close(struct gong_history_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->begun) {
        gong_history_file_rollback(file);
    }
    gong_history_tidying_free(file->tidying);
    gong_sql_finalize(file->sql, HISTORY_STATEMENTS);
    (void)sqlite3_close(file->handle);
    gong_history_series_fini(file);
    free(file->parts.data);
    gong_buffer_fini(&file->labels);
    gong_buffer_fini(&file->chunk);
    gong_chunk_coder_free(file->coder);
    free(file->path);
    free(file);
}

/* --- transactions --- */

enum gong_err
gong_history_transaction(struct gong_history_file *file, bool durable)
{
    enum gong_err err = GONG_OK;

    if (file->begun) {
        return GONG_ERR_INVALID;
    }
    if (file->durable != durable) {
        err =
            gong_sql_do(file->handle, durable ? "PRAGMA synchronous = FULL"
                                              : "PRAGMA synchronous = NORMAL");
        file->durable = err == GONG_OK ? durable : file->durable;
    }
    if (err == GONG_OK) {
        err = gong_sql_do(file->handle, "BEGIN IMMEDIATE");
    }
    if (err != GONG_OK) {
        return gong_history_fail(file, err);
    }
    file->begun = true;
    file->failed = GONG_OK;
    file->parts.count = 0;
    file->parts.last = 0;
    file->next_part = file->part;
    file->series_change = 0;
    return GONG_OK;
}

static enum gong_err
write_numbers(struct gong_history_file *file)
{
    enum gong_err err = GONG_OK;

    if (file->next_part != file->part) {
        err = gong_history_meta_put(file, "part", file->next_part);
    }
    if (err == GONG_OK && file->pending.count > 0) {
        err = gong_history_meta_put(file, "series", file->last_series);
    }
    return err;
}

enum gong_err
gong_history_finish(struct gong_history_file *file)
{
    enum gong_err err = file->failed;

    if (!file->begun) {
        return GONG_ERR_INVALID;
    }
    if (err == GONG_OK) {
        err = gong_history_series_write(file);
    }
    if (err == GONG_OK) {
        err = gong_history_parts_write(file);
    }
    if (err == GONG_OK) {
        err = write_numbers(file);
    }
    if (err == GONG_OK) {
        err = gong_history_fail(file, gong_sql_do(file->handle, "COMMIT"));
    }
    if (err != GONG_OK) {
        gong_history_file_rollback(file);
        return err;
    }
    file->begun = false;
    file->part = file->next_part;
    file->sizes.series += (uint64_t)file->series_change;
    gong_history_series_written(file);
    return GONG_OK;
}

/* Whether the file no longer lies under its name: what is written to it then
 * nobody finds. */
static bool
has_moved(const struct gong_history_file *file)
{
    int moved = 0;

    return sqlite3_file_control(file->handle, "main", SQLITE_FCNTL_HAS_MOVED,
                                &moved) == SQLITE_OK &&
           moved != 0;
}

enum gong_err
gong_history_file_begin(struct gong_history_file *file)
{
    if (!file->begun && has_moved(file)) {
        (void)snprintf(file->why, sizeof file->why, "%s: moved or removed",
                       file->path);
        return GONG_ERR_CORRUPT;
    }
    return gong_history_transaction(file, true);
}

enum gong_err
gong_history_file_commit(struct gong_history_file *file,
                         const struct gong_history_place *place)
{
    enum gong_err err = !file->begun ? GONG_ERR_INVALID
                        : file->failed != GONG_OK
                            ? file->failed
                            : gong_history_place_write(file, place);

    if (err == GONG_OK) {
        err = gong_history_finish(file);
    } else if (file->begun) {
        gong_history_file_rollback(file);
    }
    if (err == GONG_OK) {
        file->place = *place;
        (void)gong_history_sizes_read(file);
    }
    return err;
}

void
gong_history_file_rollback(struct gong_history_file *file)
{
    gong_sql_rollback(file->handle);
    file->begun = false;
    file->failed = GONG_OK;
    file->parts.count = 0;
}
