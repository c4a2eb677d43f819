#include "agent/history/chunk_coder.h"
#include "agent/history/chunk_times.h"
#include "agent/history/chunk_values.h"
#include "agent/history/history_time.h"
#include "agent/history/rollup.h"

/* The columns of doubles, in the order in which they are written. */
enum part {
    PART_MIN,
    PART_MAX,
    PART_SUM,
    PART_LAST,
    PARTS,
};

static double *
part_of(struct gong_rollup *rollup, enum part part)
{
    switch (part) {
    case PART_MIN:
        return &rollup->min;
    case PART_MAX:
        return &rollup->max;
    case PART_SUM:
        return &rollup->sum;
    case PART_LAST:
    case PARTS:
        break;
    }
    return &rollup->last;
}

static bool
are_valid(const struct gong_rollup *rollups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct gong_rollup *r = rollups + i;

        if (r->end_ms < 0 || r->end_ms > GONG_HISTORY_MS_MAX ||
            r->last_ms > r->end_ms || r->last_ms < 0 ||
            (i > 0 && r[-1].end_ms >= r->end_ms)) {
            return false;
        }
    }
    return count > 0 && count <= GONG_CHUNK_SAMPLES_MAX;
}

static enum gong_err
put_columns(struct gong_chunk_coder *coder, const struct gong_rollup *rollups,
            size_t count)
{
    struct gong_frame *frame = &coder->frame;
    enum gong_err err;

    for (size_t i = 0; i < count; i++) {
        coder->numbers[i] = (uint64_t)rollups[i].end_ms;
    }
    err = gong_times_put(&coder->frame, coder->numbers, coder->scratch, count);
    for (size_t i = 0; i < count; i++) {
        coder->numbers[i] = (uint64_t)(rollups[i].end_ms - rollups[i].last_ms);
    }
    if (err == GONG_OK) {
        err = gong_frame_put_column(frame, coder->numbers, count);
    }
    for (size_t i = 0; i < count; i++) {
        coder->numbers[i] = rollups[i].count;
    }
    if (err == GONG_OK) {
        err = gong_frame_put_column(frame, coder->numbers, count);
    }
    for (unsigned part = 0; part < PARTS && err == GONG_OK; part++) {
        for (size_t i = 0; i < count; i++) {
            struct gong_rollup one = rollups[i];

            coder->values[i] = *part_of(&one, (enum part)part);
        }
        err = gong_values_put(frame, coder->values, coder->numbers, count);
    }
    return err;
}

enum gong_err
gong_rollup_encode(struct gong_chunk_coder *coder,
                   const struct gong_rollup *rollups, size_t count,
                   struct gong_buffer *out)
{
    enum gong_err err = are_valid(rollups, count) ? GONG_OK : GONG_ERR_INVALID;

    if (err == GONG_OK) {
        err = gong_chunk_coder_room(coder, count);
    }
    if (err == GONG_OK) {
        gong_frame_begin(&coder->frame);
        err = gong_frame_put(&coder->frame, count);
    }
    if (err == GONG_OK) {
        err = put_columns(coder, rollups, count);
    }
    return err == GONG_OK
               ? gong_frame_seal(&coder->frame, GONG_FRAME_ROLLUPS, out)
               : err;
}

static bool
get_columns(struct gong_chunk_coder *coder, struct gong_rollup *out,
            size_t count)
{
    struct gong_frame *frame = &coder->frame;

    if (!gong_times_get(frame, coder->numbers, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i].end_ms = (int64_t)coder->numbers[i];
    }
    if (!gong_frame_get_column(frame, coder->numbers, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (coder->numbers[i] > (uint64_t)out[i].end_ms) {
            return false;
        }
        out[i].last_ms = out[i].end_ms - (int64_t)coder->numbers[i];
    }
    if (!gong_frame_get_column(frame, coder->numbers, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i].count = coder->numbers[i];
    }
    for (unsigned part = 0; part < PARTS; part++) {
        if (!gong_values_get(frame, coder->values, coder->numbers, count)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            *part_of(out + i, (enum part)part) = coder->values[i];
        }
    }
    return frame->left.len == 0;
}

enum gong_err
gong_rollup_decode(struct gong_chunk_coder *coder, struct gong_str bytes,
                   struct gong_rollups *out)
{
    enum gong_err err =
        gong_frame_open(&coder->frame, GONG_FRAME_ROLLUPS, bytes);
    uint64_t count = 0;

    if (err != GONG_OK) {
        return err;
    }
    if (!gong_frame_get(&coder->frame, &count) || count == 0 ||
        count > GONG_CHUNK_SAMPLES_MAX) {
        return GONG_ERR_CORRUPT;
    }
    err = gong_chunk_coder_room(coder, (size_t)count);
    if (err == GONG_OK) {
        err = gong_rollups_reserve(out, (size_t)count);
    }
    if (err != GONG_OK) {
        return err;
    }
    if (!get_columns(coder, out->data + out->count, (size_t)count)) {
        return GONG_ERR_CORRUPT;
    }
    out->count += (size_t)count;
    return GONG_OK;
}
