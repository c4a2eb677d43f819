#include "agent/history/chunk.h"

#include "agent/history/chunk_coder.h"
#include "agent/history/chunk_times.h"
#include "agent/history/chunk_values.h"
#include "agent/history/history_time.h"

static bool
in_order(const struct gong_sample *samples, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (samples[i - 1].ms >= samples[i].ms) {
            return false;
        }
    }
    return samples[0].ms >= 0 && samples[count - 1].ms <= GONG_HISTORY_MS_MAX;
}

enum gong_err
gong_chunk_encode(struct gong_chunk_coder *coder,
                  const struct gong_sample *samples, size_t count,
                  struct gong_buffer *out)
{
    enum gong_err err;

    if (count == 0 || count > GONG_CHUNK_SAMPLES_MAX ||
        !in_order(samples, count)) {
        return GONG_ERR_INVALID;
    }
    err = gong_chunk_coder_room(coder, count);
    if (err != GONG_OK) {
        return err;
    }
    for (size_t i = 0; i < count; i++) {
        coder->numbers[i] = (uint64_t)samples[i].ms;
        coder->values[i] = samples[i].value;
    }
    gong_frame_begin(&coder->frame);
    err = gong_frame_put(&coder->frame, count);
    if (err == GONG_OK) {
        err = gong_times_put(&coder->frame, coder->numbers, coder->scratch,
                             count);
    }
    if (err == GONG_OK) {
        err = gong_values_put(&coder->frame, coder->values, coder->numbers,
                              count);
    }
    return err == GONG_OK
               ? gong_frame_seal(&coder->frame, GONG_FRAME_SAMPLES, out)
               : err;
}

enum gong_err
gong_chunk_decode(struct gong_chunk_coder *coder, struct gong_str bytes,
                  struct gong_samples *out)
{
    enum gong_err err =
        gong_frame_open(&coder->frame, GONG_FRAME_SAMPLES, bytes);
    struct gong_sample *to;
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
        err = gong_samples_reserve(out, (size_t)count);
    }
    if (err != GONG_OK) {
        return err;
    }
    if (!gong_times_get(&coder->frame, coder->numbers, (size_t)count)) {
        return GONG_ERR_CORRUPT;
    }
    to = out->data + out->count;
    for (size_t i = 0; i < count; i++) {
        to[i].ms = (int64_t)coder->numbers[i];
    }
    if (!gong_values_get(&coder->frame, coder->values, coder->numbers,
                         (size_t)count) ||
        coder->frame.left.len != 0) {
        return GONG_ERR_CORRUPT;
    }
    for (size_t i = 0; i < count; i++) {
        to[i].value = coder->values[i];
    }
    out->count += (size_t)count;
    return GONG_OK;
}
