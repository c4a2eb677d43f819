#include <stdio.h>

#include "agent/history/history_labels.h"
#include "agent/history/history_tidy_private.h"

#define ROWS_MAX   4000
#define SPANS_MAX  20000
#define SERIES_MAX 256
#define VACUUM_MAX 256 /* pages */

static enum gong_err
finish(struct history_step *step, enum gong_err err)
{
    if (err == GONG_OK) {
        return gong_history_finish(step->file);
    }
    (void)gong_history_fail(step->file, err);
    gong_history_file_rollback(step->file);
    return err;
}

/* --- parts on their way out --- */

static enum gong_err
find_garbage(struct history_step *step, int64_t *part)
{
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_GARBAGE]);
    enum gong_err err = gong_sql_next(&row);

    *part = err == GONG_OK ? gong_sql_get_int(&row) : 0;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

/* Where the next rows of a part end; all: the last of them does. */
static enum gong_err
end_of_rows(struct history_step *step, int64_t part, int64_t *end, bool *all)
{
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_NTH_CHUNK]);
    enum gong_err err;

    gong_sql_put_int(&row, gong_history_chunk_id(part, 0));
    gong_sql_put_int(&row, gong_history_chunk_id(part, UINT32_MAX));
    gong_sql_put_int(&row, ROWS_MAX);
    err = gong_sql_next(&row);
    *all = err == GONG_ERR_NOT_FOUND;
    *end =
        *all ? gong_history_chunk_id(part, UINT32_MAX) : gong_sql_get_int(&row);
    gong_sql_end(&row);
    return *all ? GONG_OK : err;
}

static enum gong_err
sweep_part(struct history_step *step, int64_t part)
{
    int64_t end = 0;
    bool all = false;
    enum gong_err err = end_of_rows(step, part, &end, &all);
    struct gong_sql_row row =
        gong_sql_row(step->tidying->sql[TIDY_CHUNKS_DELETE]);

    if (err == GONG_OK) {
        gong_sql_put_int(&row, gong_history_chunk_id(part, 0));
        gong_sql_put_int(&row, end);
        err = gong_sql_run(&row);
    }
    if (err == GONG_OK && all) {
        row = gong_sql_row(step->tidying->sql[TIDY_PART_DELETE]);
        gong_sql_put_int(&row, part);
        err = gong_sql_run(&row);
    }
    return err;
}

enum gong_err
gong_history_sweep_garbage(struct history_step *step, bool *done)
{
    int64_t part = 0;
    enum gong_err err = find_garbage(step, &part);

    if (err != GONG_OK || part == 0) {
        return gong_history_fail(step->file, err);
    }
    *done = true;
    err = gong_history_transaction(step->file, false);
    return err == GONG_OK ? finish(step, sweep_part(step, part)) : err;
}

/* --- blocks --- */

static enum gong_err
oldest_block(struct history_step *step, int resolution, int64_t *block,
             bool *found)
{
    struct gong_sql_row row =
        gong_sql_row(step->tidying->sql[TIDY_OLDEST_BLOCK]);
    enum gong_err err;

    gong_sql_put_int(&row, resolution);
    err = gong_sql_next(&row);
    *found = err == GONG_OK;
    *block = *found ? gong_sql_get_int(&row) : 0;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK
                                     : gong_history_fail(step->file, err);
}

static enum gong_err
is_loose(struct history_step *step, int resolution, int64_t block, bool *loose)
{
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_IS_LOOSE]);
    enum gong_err err;

    gong_sql_put_int(&row, resolution);
    gong_sql_put_int(&row, block);
    err = gong_sql_next(&row);
    *loose = err == GONG_OK;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK
                                     : gong_history_fail(step->file, err);
}

static enum gong_err
mark_dropped(struct history_step *step, int resolution, int64_t block)
{
    static const char *const names[] = {"dropped raw", "dropped 5m"};
    struct gong_history_file *file = step->file;
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_BLOCK_DROP]);
    enum gong_err err;

    gong_sql_put_int(&row, GONG_RESOLUTIONS);
    gong_sql_put_int(&row, resolution);
    gong_sql_put_int(&row, block);
    err = gong_history_fail(file, gong_sql_run(&row));
    if (err == GONG_OK && resolution < GONG_RESOLUTION_1H &&
        block >= file->dropped[resolution]) {
        err = gong_history_meta_put(file, names[resolution], block + 1);
    }
    return err;
}

/* Gone at once for whoever reads; its rows go by and by. */
static enum gong_err
drop(struct history_step *step, int resolution, int64_t block)
{
    struct gong_history_file *file = step->file;
    enum gong_err err = gong_history_transaction(file, false);

    if (err == GONG_OK) {
        err = finish(step, mark_dropped(step, resolution, block));
    }
    if (err == GONG_OK && resolution < GONG_RESOLUTION_1H &&
        block >= file->dropped[resolution]) {
        file->dropped[resolution] = block + 1;
    }
    return err;
}

static int64_t
end_of(int resolution, int64_t block)
{
    return (block + 1) * gong_resolution_span((enum gong_resolution)resolution);
}

/* The oldest block of a resolution, if it ended by end_ms: rolled up first
 * where it is not, else dropped. */
static enum gong_err
drop_oldest(struct history_step *step, int resolution, int64_t end_ms,
            uint64_t *dropped, bool *done)
{
    int64_t block = 0;
    bool found = false;
    bool loose = false;
    enum gong_err err = oldest_block(step, resolution, &block, &found);

    if (err != GONG_OK || !found || end_of(resolution, block) > end_ms) {
        return err;
    }
    *done = true;
    err = is_loose(step, resolution, block, &loose);
    if (err == GONG_OK && loose) {
        return gong_history_compact(step, resolution, block);
    }
    if (err == GONG_OK) {
        err = drop(step, resolution, block);
    }
    if (err == GONG_OK) {
        ++*dropped;
    }
    return err;
}

enum gong_err
gong_history_drop_aged(struct history_step *step, bool *done)
{
    enum gong_err err = GONG_OK;

    for (int i = 0; i < GONG_RESOLUTIONS && err == GONG_OK && !*done; i++) {
        int64_t age = step->limits->age_ms[i];

        if (age > 0) {
            err = drop_oldest(step, i, step->now_ms - age,
                              &step->did.dropped_blocks, done);
        }
    }
    return err;
}

enum gong_err
gong_history_drop_crowded(struct history_step *step, bool *done)
{
    enum gong_err err = GONG_OK;

    if (step->limits->bytes == 0 ||
        step->file->sizes.bytes <= step->limits->bytes) {
        return GONG_OK;
    }
    for (int i = 0; i < GONG_RESOLUTIONS && err == GONG_OK && !*done; i++) {
        err =
            drop_oldest(step, i, step->now_ms, &step->did.crowded_blocks, done);
    }
    return err;
}

/* What is free in the file is used again; it is given back only where the file
 * is larger than it may be. */
enum gong_err
gong_history_shrink(struct history_step *step, bool *done)
{
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_PAGES]);
    uint64_t most = step->limits->bytes / step->file->page_bytes;
    enum gong_err err = gong_sql_next(&row);
    uint64_t excess = 0;
    char text[64];

    if (err == GONG_OK) {
        uint64_t pages = (uint64_t)gong_sql_get_int(&row);
        uint64_t unused = (uint64_t)gong_sql_get_int(&row);

        excess = most == 0 || pages <= most ? 0 : pages - most;
        excess = excess < unused ? excess : unused;
    }
    gong_sql_end(&row);
    if (err != GONG_OK || excess == 0) {
        return gong_history_fail(step->file, err);
    }
    *done = true;
    (void)snprintf(text, sizeof text, "PRAGMA incremental_vacuum(%d)",
                   excess < VACUUM_MAX ? (int)excess : VACUUM_MAX);
    return gong_history_fail(step->file, gong_sql_do(step->file->handle, text));
}

/* --- series that nothing holds any more --- */

/* Where the oldest of what there is begins. */
static int64_t
oldest_ms(const struct gong_history_sizes *sizes)
{
    int64_t oldest = INT64_MAX;

    for (int i = 0; i < GONG_RESOLUTIONS; i++) {
        if (sizes->rows[i] > 0 && sizes->oldest_ms[i] < oldest) {
            oldest = sizes->oldest_ms[i];
        }
    }
    return oldest;
}

static enum gong_err
run_with(sqlite3_stmt *statement, int64_t a, int64_t b)
{
    struct gong_sql_row row = gong_sql_row(statement);

    gong_sql_put_int(&row, a);
    if (b >= 0) {
        gong_sql_put_int(&row, b);
    }
    return gong_sql_run(&row);
}

static enum gong_err
drop_label(struct history_step *step, const struct gong_label_view *label,
           uint32_t series)
{
    sqlite3_stmt **sql = step->tidying->sql;
    struct gong_sql_row row = gong_sql_row(step->file->sql[HISTORY_LABEL_FIND]);
    int64_t number = 0;
    enum gong_err err;

    gong_sql_put_text(&row, label->name);
    gong_sql_put_text(&row, label->value);
    err = gong_sql_next(&row);
    number = err == GONG_OK ? gong_sql_get_int(&row) : 0;
    gong_sql_end(&row);
    if (err == GONG_OK) {
        err = run_with(sql[TIDY_LABEL_SERIES_DELETE], number, series);
    }
    if (err != GONG_OK) {
        return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
    }
    row = gong_sql_row(sql[TIDY_LABEL_USED]);
    gong_sql_put_int(&row, number);
    err = gong_sql_next(&row);
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND
               ? run_with(sql[TIDY_LABEL_DELETE], number, -1)
               : err;
}

static enum gong_err
drop_labels(struct history_step *step, uint32_t series)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_sql_row row =
        gong_sql_row(step->tidying->sql[TIDY_SERIES_LABELS]);
    size_t count = 0;
    enum gong_err err;

    gong_sql_put_int(&row, series);
    err = gong_sql_next(&row);
    if (err == GONG_OK &&
        !gong_history_labels_get(gong_sql_get_blob(&row), labels, &count)) {
        err = GONG_ERR_CORRUPT;
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        err = drop_label(step, &labels[i], series);
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
drop_series(struct history_step *step, uint32_t series)
{
    sqlite3_stmt **sql = step->tidying->sql;
    enum gong_err err = drop_labels(step, series);

    if (err == GONG_OK) {
        err = run_with(sql[TIDY_SPAN_DELETE], series, -1);
    }
    if (err == GONG_OK) {
        err = run_with(sql[TIDY_SERIES_DELETE], series, -1);
    }
    if (err == GONG_OK) {
        step->file->series_change--;
        step->did.dropped_series++;
    }
    return err;
}

/* How far this step looks. */
static enum gong_err
end_of_look(struct history_step *step, int64_t *end)
{
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_SPAN_NTH]);
    enum gong_err err;

    gong_sql_put_int(&row, step->tidying->sweep_at);
    gong_sql_put_int(&row, SPANS_MAX);
    err = gong_sql_next(&row);
    *end = err == GONG_OK ? gong_sql_get_int(&row) : UINT32_MAX;
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

/* Series whose last raw block is at most `last`; *end: how far was looked. */
static enum gong_err
find_over(struct history_step *step, int64_t last, uint32_t *series,
          size_t *count, int64_t *end)
{
    struct gong_sql_row row = gong_sql_row(step->tidying->sql[TIDY_SPANS_OVER]);
    enum gong_err err = end_of_look(step, end);

    *count = 0;
    gong_sql_put_int(&row, step->tidying->sweep_at);
    gong_sql_put_int(&row, *end);
    gong_sql_put_int(&row, last);
    while (err == GONG_OK && (err = gong_sql_next(&row)) == GONG_OK) {
        uint32_t found = (uint32_t)gong_sql_get_int(&row);

        if (!gong_history_series_held(step->file, found)) {
            series[(*count)++] = found;
        }
        if (*count == SERIES_MAX) {
            *end = found;
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
sweep_some(struct history_step *step, int64_t last)
{
    uint32_t series[SERIES_MAX];
    size_t count = 0;
    int64_t end = 0;
    enum gong_err err = find_over(step, last, series, &count, &end);

    if (err != GONG_OK) {
        return gong_history_fail(step->file, err);
    }
    if (count > 0) {
        err = gong_history_transaction(step->file, false);
        for (size_t i = 0; i < count && err == GONG_OK; i++) {
            err = drop_series(step, series[i]);
        }
        err = finish(step, err);
    }
    if (err == GONG_OK) {
        step->tidying->sweep_at = (uint32_t)end;
        step->tidying->sweeping = end < UINT32_MAX;
    }
    return err;
}

/* All is looked through once after an opening, and when what is oldest went. */
enum gong_err
gong_history_sweep_series(struct history_step *step, bool *done)
{
    struct history_tidying *tidying = step->tidying;
    int64_t oldest = oldest_ms(&step->file->sizes);
    int64_t span = gong_resolution_span(GONG_RESOLUTION_RAW);

    if (!tidying->sweeping && oldest > tidying->swept_ms) {
        tidying->sweeping = true;
        tidying->swept_ms = oldest;
        tidying->sweep_at = 0;
    }
    if (!tidying->sweeping) {
        return GONG_OK;
    }
    *done = true;
    if (oldest < tidying->swept_ms) {
        tidying->sweeping = false; /* late samples: at the next drop again */
        tidying->swept_ms = oldest;
        return GONG_OK;
    }
    return sweep_some(step, tidying->swept_ms / span - 1);
}
