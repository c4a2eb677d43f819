#include "agent/history/history_tidy.h"

#include <stdlib.h>

#include "agent/history/history_tidy_private.h"

#define GRACE_MS INT64_C(1200000)

static const char *const texts[] = {
    [TIDY_PARTS] = "SELECT id, compacted, origin FROM parts"
                   " WHERE resolution = ? AND block = ?"
                   " ORDER BY compacted DESC, id",
    [TIDY_LOOSE_BLOCK] = "SELECT block FROM parts WHERE compacted = 0"
                         " AND resolution = ? AND block <= ?"
                         " ORDER BY block LIMIT 1",
    [TIDY_FIRST_CHUNK] = "SELECT 1 FROM chunks WHERE id BETWEEN ? AND ?"
                         " LIMIT 1",
    [TIDY_NTH_CHUNK] = "SELECT id FROM chunks WHERE id BETWEEN ? AND ?"
                       " ORDER BY id LIMIT 1 OFFSET ?",
    [TIDY_CHUNKS] = "SELECT id, chunk FROM chunks WHERE id BETWEEN ? AND ?"
                    " ORDER BY id",
    [TIDY_CHUNKS_DELETE] = "DELETE FROM chunks WHERE id BETWEEN ? AND ?",
    [TIDY_PART_LESS] = "UPDATE parts SET rows = rows - ?, bytes = bytes - ?"
                       " WHERE id = ?",
    [TIDY_PART_DELETE] = "DELETE FROM parts WHERE id = ?",
    [TIDY_GARBAGE] = "SELECT id FROM parts WHERE resolution = 3 LIMIT 1",
    [TIDY_OLDEST_BLOCK] = "SELECT block FROM parts WHERE resolution = ?"
                          " ORDER BY block LIMIT 1",
    [TIDY_IS_LOOSE] = "SELECT 1 FROM parts WHERE compacted = 0"
                      " AND resolution = ? AND block = ? LIMIT 1",
    [TIDY_BLOCK_DROP] = "UPDATE parts SET resolution = ?, compacted = 1"
                        " WHERE resolution = ? AND block = ?",
    [TIDY_PAGES] = "SELECT page_count, freelist_count"
                   " FROM pragma_page_count, pragma_freelist_count",
    [TIDY_SPAN_NTH] = "SELECT series FROM spans WHERE series > ?"
                      " ORDER BY series LIMIT 1 OFFSET ?",
    [TIDY_SPANS_OVER] = "SELECT series FROM spans WHERE series > ?"
                        " AND series <= ? AND last <= ? AND NOT EXISTS"
                        " (SELECT 1 FROM states"
                        " WHERE states.series = spans.series)"
                        " ORDER BY series",
    [TIDY_SERIES_LABELS] = "SELECT labels FROM series WHERE id = ?",
    [TIDY_LABEL_SERIES_DELETE] =
        "DELETE FROM label_series WHERE label = ? AND series = ?",
    [TIDY_LABEL_USED] = "SELECT 1 FROM label_series WHERE label = ? LIMIT 1",
    [TIDY_LABEL_DELETE] = "DELETE FROM labels WHERE id = ?",
    [TIDY_SPAN_DELETE] = "DELETE FROM spans WHERE series = ?",
    [TIDY_SERIES_DELETE] = "DELETE FROM series WHERE id = ?",
};

void
gong_history_tidying_free(struct history_tidying *tidying)
{
    if (tidying == NULL) {
        return;
    }
    gong_sql_finalize(tidying->sql, TIDY_STATEMENTS);
    for (size_t i = 0; i < HISTORY_BLOCKS; i++) {
        free(tidying->blocks[i].data);
    }
    gong_buffer_fini(&tidying->bytes);
    free(tidying->rows);
    gong_samples_fini(&tidying->samples);
    gong_samples_fini(&tidying->edge);
    gong_rollups_fini(&tidying->rollups);
    gong_rollups_fini(&tidying->coarse);
    gong_rollups_fini(&tidying->stored);
    free(tidying);
}

static enum gong_err
prepare(struct gong_history_file *file)
{
    enum gong_err err;

    if (file->tidying != NULL) {
        return GONG_OK;
    }
    file->tidying = calloc(1, sizeof *file->tidying);
    if (file->tidying == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = gong_sql_prepare(file->handle, texts, file->tidying->sql,
                           TIDY_STATEMENTS);
    if (err != GONG_OK) {
        gong_history_tidying_free(file->tidying);
        file->tidying = NULL;
    }
    return err;
}

/* The last block that is over, and the grace after it. */
static int64_t
last_due(const struct history_step *step, int resolution)
{
    int64_t grace =
        step->limits->grace_ms > 0 ? step->limits->grace_ms : GRACE_MS;
    int64_t span = gong_resolution_span((enum gong_resolution)resolution);

    return step->now_ms < grace ? -1 : (step->now_ms - grace) / span - 1;
}

/* The finer one first: it writes into the coarser. */
static enum gong_err
compact(struct history_step *step, bool *done)
{
    enum gong_err err = GONG_OK;

    for (int i = 0; i < GONG_RESOLUTIONS && err == GONG_OK && !*done; i++) {
        struct gong_sql_row row =
            gong_sql_row(step->tidying->sql[TIDY_LOOSE_BLOCK]);
        int64_t block = 0;

        gong_sql_put_int(&row, i);
        gong_sql_put_int(&row, last_due(step, i));
        err = gong_sql_next(&row);
        *done = err == GONG_OK;
        block = *done ? gong_sql_get_int(&row) : 0;
        gong_sql_end(&row);
        if (*done) {
            err = gong_history_compact(step, i, block);
        } else if (err == GONG_ERR_NOT_FOUND) {
            err = GONG_OK;
        } else {
            (void)gong_history_fail(step->file, err);
        }
    }
    return err;
}

static void
add_up(struct gong_history_tidied *sum, const struct gong_history_tidied *did)
{
    sum->compacted_rows += did->compacted_rows;
    sum->rolled_rows += did->rolled_rows;
    sum->damaged_rows += did->damaged_rows;
    sum->dropped_blocks += did->dropped_blocks;
    sum->crowded_blocks += did->crowded_blocks;
    sum->dropped_series += did->dropped_series;
}

enum gong_err
gong_history_tidy_step(struct gong_history_file *file,
                       const struct gong_history_limits *limits, int64_t now_ms,
                       bool *more, struct gong_history_tidied *tidied)
{
    static enum gong_err (*const kinds[])(struct history_step *, bool *) = {
        gong_history_sweep_garbage, compact,
        gong_history_drop_aged,     gong_history_drop_crowded,
        gong_history_shrink,        gong_history_sweep_series,
    };
    struct history_step step = {
        .file = file, .limits = limits, .now_ms = now_ms};
    enum gong_err err = file->begun ? GONG_ERR_INVALID : prepare(file);
    bool done = false;

    *more = false;
    if (err != GONG_OK) {
        return gong_history_fail(file, err);
    }
    step.tidying = file->tidying;
    gong_history_view_forget(file->tidying);
    for (size_t i = 0;
         i < sizeof kinds / sizeof kinds[0] && err == GONG_OK && !done; i++) {
        err = kinds[i](&step, &done);
    }
    if (err == GONG_OK) {
        *more = done;
        add_up(tidied, &step.did);
        if (done) {
            (void)gong_history_sizes_read(file);
        }
    }
    return err;
}
