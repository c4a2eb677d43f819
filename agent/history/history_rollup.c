/*
 * The interval that ends where a raw block begins holds samples of two blocks:
 * those of the block before, and the one sample that lies on the boundary.
 *
 *   block b - 1          b * span         block b
 *   ... |  (end - 5m, end]  |h(b)|  (end, end + 5m] ...
 *
 * It counts to the block before (its origin). When that is rolled up, h(b) is
 * looked for in the next one; when b is, and its h(b) is not in what is stored
 * of that interval, the interval is made anew. Whichever is done last has all
 * there is, however late samples come.
 */
#include "agent/history/history_tidy_private.h"

static int64_t
raw_span(void)
{
    return gong_resolution_span(GONG_RESOLUTION_RAW);
}

static int64_t
length_of(int resolution)
{
    return gong_resolution_ms((enum gong_resolution)(resolution + 1));
}

/* The block of the coarser resolution that has what ends at end. */
static int64_t
coarse_block(int resolution, int64_t end)
{
    return gong_history_block((enum gong_resolution)(resolution + 1), end);
}

/* --- writing --- */

static enum gong_err
read_row(struct gong_history_file *file, int64_t part, uint32_t series,
         struct gong_rollups *out, size_t *len, bool *found)
{
    struct gong_sql_row row;
    struct gong_str bytes = {0};
    enum gong_err err =
        gong_history_view_chunk(file, part, series, &row, &bytes);

    *found = err == GONG_OK;
    *len = bytes.len;
    if (*found) {
        err = gong_rollup_decode(file->coder, bytes, out);
    }
    gong_sql_end(&row);
    if (file->failed != GONG_OK) {
        return file->failed;
    }
    /* What does not verify is written anew. */
    return err == GONG_ERR_NOT_FOUND || err == GONG_ERR_CORRUPT
               ? GONG_OK
               : gong_history_fail(file, err);
}

/* Merges step's coarse ones, from first on, into the row of a series. */
static enum gong_err
write_row(struct history_step *step, const struct history_part *wanted,
          uint32_t series)
{
    struct gong_history_file *file = step->file;
    struct gong_rollups *stored = &step->tidying->stored;
    const struct gong_rollups *coarse = &step->tidying->coarse;
    struct history_part *part;
    struct gong_sql_row row;
    size_t len = 0;
    bool found = false;
    enum gong_err err = gong_history_part(file, wanted, &part);

    stored->count = 0;
    if (err == GONG_OK) {
        err = read_row(file, part->id, series, stored, &len, &found);
    }
    if (err == GONG_OK) {
        err = gong_history_fail(
            file, gong_rollups_append(stored, coarse->data, coarse->count));
    }
    if (err == GONG_OK) {
        err = gong_history_fail(file, gong_rollups_merge(stored, 0));
    }
    file->chunk.len = 0;
    if (err == GONG_OK) {
        err = gong_history_fail(
            file, gong_rollup_encode(file->coder, stored->data, stored->count,
                                     &file->chunk));
    }
    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(file->sql[HISTORY_CHUNK_PUT]);
    gong_sql_put_int(&row, gong_history_chunk_id(part->id, series));
    gong_sql_put_blob(&row, gong_str_from(file->chunk.data, file->chunk.len));
    part->rows += found ? 0 : 1;
    part->bytes += (int64_t)file->chunk.len - (int64_t)len;
    step->did.rolled_rows++;
    return gong_history_fail(file, gong_sql_run(&row));
}

/* Leaves of step's coarse ones those that are not stored. */
static enum gong_err
keep_stored(struct history_step *step, int resolution, int64_t block,
            int64_t origin, uint32_t series)
{
    struct gong_rollups *stored = &step->tidying->stored;
    struct gong_rollups *coarse = &step->tidying->coarse;
    struct history_block_parts *parts;
    size_t kept = 0;
    size_t at = 0;
    enum gong_err err = gong_history_view_parts(step, HISTORY_COARSE,
                                                resolution, block, &parts);

    stored->count = 0;
    if (err == GONG_OK) {
        err = gong_history_view_rollups(step, parts, series, origin, stored);
    }
    for (size_t i = 0; i < coarse->count && err == GONG_OK; i++) {
        while (at < stored->count &&
               stored->data[at].end_ms < coarse->data[i].end_ms) {
            at++;
        }
        if (at >= stored->count ||
            stored->data[at].end_ms != coarse->data[i].end_ms) {
            coarse->data[kept++] = coarse->data[i];
        }
    }
    coarse->count = kept;
    return err;
}

/* --- the interval on the boundary --- */

/* The sample at ms, if there is one. */
static enum gong_err
sample_at(struct history_step *step, int which, int64_t ms, uint32_t series,
          struct gong_samples *out)
{
    struct gong_samples *edge = &step->tidying->edge;
    struct history_block_parts *parts;
    enum gong_err err = gong_history_view_parts(
        step, which, GONG_RESOLUTION_RAW,
        gong_history_block(GONG_RESOLUTION_RAW, ms), &parts);

    edge->count = 0;
    if (err == GONG_OK) {
        err = gong_history_view_samples(step, parts, series, edge);
    }
    if (err == GONG_OK && edge->count > 0 && edge->data[0].ms == ms) {
        err =
            gong_history_fail(step->file, gong_samples_add(out, edge->data[0]));
    }
    return err;
}

/* What is stored of the interval that ends at end; NULL: nothing. */
static enum gong_err
stored_edge(struct history_step *step, int64_t end, uint32_t series,
            const struct gong_rollup **out)
{
    struct gong_rollups *stored = &step->tidying->stored;
    struct history_block_parts *parts;
    enum gong_err err = gong_history_view_parts(
        step, HISTORY_EDGE, GONG_RESOLUTION_5M,
        gong_history_block(GONG_RESOLUTION_5M, end), &parts);

    *out = NULL;
    stored->count = 0;
    if (err == GONG_OK) {
        err = gong_history_view_rollups(step, parts, series,
                                        end / raw_span() - 1, stored);
    }
    for (size_t i = 0; i < stored->count && err == GONG_OK; i++) {
        if (stored->data[i].end_ms == end) {
            *out = &stored->data[i];
        }
    }
    return err;
}

/* From the raw block before and the sample on the boundary. */
static enum gong_err
edge_from_raw(struct history_step *step, struct gong_sample boundary,
              uint32_t series)
{
    struct gong_samples *edge = &step->tidying->edge;
    struct history_block_parts *parts;
    size_t first = 0;
    enum gong_err err =
        gong_history_view_parts(step, HISTORY_BEFORE, GONG_RESOLUTION_RAW,
                                boundary.ms / raw_span() - 1, &parts);

    edge->count = 0;
    if (err == GONG_OK) {
        err = gong_history_view_samples(step, parts, series, edge);
    }
    if (err == GONG_OK) {
        err = gong_history_fail(step->file, gong_samples_add(edge, boundary));
    }
    if (err != GONG_OK) {
        return err;
    }
    while (edge->data[first].ms <=
           boundary.ms - length_of(GONG_RESOLUTION_RAW)) {
        first++;
    }
    return gong_history_fail(
        step->file, gong_rollup_make(edge->data + first, edge->count - first,
                                     length_of(GONG_RESOLUTION_RAW),
                                     &step->tidying->coarse));
}

/* Raw samples of it went: what is stored and lacks only this one. */
static enum gong_err
edge_from_stored(struct history_step *step, struct gong_sample boundary,
                 const struct gong_rollup *stored)
{
    int64_t length = length_of(GONG_RESOLUTION_RAW);
    struct gong_rollups both = {0};
    enum gong_err err = GONG_OK;

    if (stored != NULL) {
        err = gong_rollups_append(&both, stored, 1);
    }
    if (err == GONG_OK) {
        err = gong_rollup_make(&boundary, 1, length, &both);
    }
    if (err == GONG_OK) {
        err = gong_rollup_join(both.data, both.count, length,
                               &step->tidying->coarse);
    }
    gong_rollups_fini(&both);
    return gong_history_fail(step->file, err);
}

static enum gong_err
roll_edge(struct history_step *step, struct gong_sample boundary,
          uint32_t series)
{
    struct gong_history_file *file = step->file;
    const int64_t before = boundary.ms / raw_span() - 1;
    const struct history_part wanted = {
        .resolution = GONG_RESOLUTION_5M,
        .block = coarse_block(GONG_RESOLUTION_RAW, boundary.ms),
        .origin = before};
    const struct gong_rollup *stored;
    enum gong_err err;

    if (before < 0) {
        return GONG_OK; /* the first moment of 1970 */
    }
    err = stored_edge(step, boundary.ms, series, &stored);
    if (err != GONG_OK || (stored != NULL && stored->last_ms == boundary.ms)) {
        return err;
    }
    step->tidying->coarse.count = 0;
    err = before < file->dropped[GONG_RESOLUTION_RAW]
              ? edge_from_stored(step, boundary, stored)
              : edge_from_raw(step, boundary, series);
    return err == GONG_OK ? write_row(step, &wanted, series) : err;
}

/* --- all of a block --- */

static enum gong_err
make_from_raw(struct history_step *step, int64_t block, uint32_t series)
{
    struct history_tidying *tidying = step->tidying;
    struct gong_samples *samples = &tidying->samples;
    const int64_t start = block * raw_span();
    size_t first = samples->count > 0 && samples->data[0].ms == start ? 1 : 0;
    enum gong_err err =
        sample_at(step, HISTORY_BEHIND, start + raw_span(), series, samples);

    tidying->coarse.count = 0;
    return err != GONG_OK || first == samples->count
               ? err
               : gong_history_fail(
                     step->file,
                     gong_rollup_make(
                         samples->data + first, samples->count - first,
                         length_of(GONG_RESOLUTION_RAW), &tidying->coarse));
}

static enum gong_err
make_from_rollups(struct history_step *step)
{
    struct history_tidying *tidying = step->tidying;

    tidying->coarse.count = 0;
    return gong_history_fail(
        step->file,
        gong_rollup_join(tidying->rollups.data, tidying->rollups.count,
                         length_of(GONG_RESOLUTION_5M), &tidying->coarse));
}

enum gong_err
gong_history_roll(struct history_step *step, int resolution, int64_t block,
                  uint32_t series, bool whole)
{
    struct history_tidying *tidying = step->tidying;
    const bool raw = resolution == GONG_RESOLUTION_RAW;
    const int64_t end =
        (block + 1) * gong_resolution_span((enum gong_resolution)resolution);
    const struct history_part wanted = {.resolution = resolution + 1,
                                        .block = coarse_block(resolution, end),
                                        .origin = block};
    const bool on_edge = raw && tidying->samples.count > 0 &&
                         tidying->samples.data[0].ms == block * raw_span();
    struct gong_sample boundary = {0};
    enum gong_err err;

    if (on_edge) {
        boundary = tidying->samples.data[0];
    }
    err = raw ? make_from_raw(step, block, series) : make_from_rollups(step);
    if (err == GONG_OK && (!whole || block < step->file->dropped[resolution])) {
        err = keep_stored(step, wanted.resolution, wanted.block, block, series);
    }
    if (err == GONG_OK && tidying->coarse.count > 0) {
        err = write_row(step, &wanted, series);
    }
    if (err == GONG_OK && on_edge) {
        err = roll_edge(step, boundary, series);
    }
    return err;
}
