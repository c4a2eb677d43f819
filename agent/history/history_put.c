#include "agent/history/history_file_private.h"

static enum gong_err
add_chunk(struct gong_history_file *file, int64_t block, uint32_t slot,
          uint32_t series)
{
    const struct history_part wanted = {
        .resolution = GONG_RESOLUTION_RAW, .block = block, .slot = slot};
    struct history_part *part;
    struct gong_sql_row row;
    enum gong_err err = gong_history_part(file, &wanted, &part);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(file->sql[HISTORY_CHUNK_ADD]);
    gong_sql_put_int(&row, gong_history_chunk_id(part->id, series));
    gong_sql_put_blob(&row, gong_str_from(file->chunk.data, file->chunk.len));
    part->rows++;
    part->bytes += (int64_t)file->chunk.len;
    return gong_history_fail(file, gong_sql_run(&row));
}

/* All of one block. */
static enum gong_err
put_block(struct gong_history_file *file, uint32_t series, int64_t block,
          const struct gong_sample *samples, size_t count)
{
    uint32_t slot = 0;
    enum gong_err err = GONG_OK;

    for (size_t at = 0; at < count && err == GONG_OK; slot++) {
        size_t some = count - at < GONG_CHUNK_SAMPLES_MAX
                          ? count - at
                          : GONG_CHUNK_SAMPLES_MAX;

        file->chunk.len = 0;
        err =
            gong_history_fail(file, gong_chunk_encode(file->coder, samples + at,
                                                      some, &file->chunk));
        if (err == GONG_OK) {
            err = add_chunk(file, block, slot, series);
        }
        at += some;
    }
    return err;
}

static bool
are_in_order(const struct gong_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (samples[i].ms < 0 || samples[i].ms > GONG_HISTORY_MS_MAX ||
            (i > 0 && samples[i].ms <= samples[i - 1].ms)) {
            return false;
        }
    }
    return count > 0;
}

enum gong_err
gong_history_file_put(struct gong_history_file *file, uint32_t series,
                      const struct gong_sample *samples, size_t count)
{
    enum gong_err err;
    size_t at = 0;

    if (!file->begun || file->failed != GONG_OK) {
        return file->begun ? file->failed : GONG_ERR_INVALID;
    }
    if (!are_in_order(samples, count)) {
        return gong_history_fail(file, GONG_ERR_INVALID);
    }
    err = gong_history_series_spans(
        file, series, gong_history_block(GONG_RESOLUTION_RAW, samples[0].ms),
        gong_history_block(GONG_RESOLUTION_RAW, samples[count - 1].ms));
    while (at < count && err == GONG_OK) {
        int64_t block = gong_history_block(GONG_RESOLUTION_RAW, samples[at].ms);
        int64_t end = (block + 1) * gong_resolution_span(GONG_RESOLUTION_RAW);
        size_t next = at + 1;

        while (next < count && samples[next].ms < end) {
            next++;
        }
        err = put_block(file, series, block, samples + at, next - at);
        at = next;
    }
    return err;
}
