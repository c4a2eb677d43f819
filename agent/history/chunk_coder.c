#include "agent/history/chunk_coder.h"

#include <stdlib.h>

#include "agent/history/chunk.h"
#include "agent/history/chunk_values.h"
#include "agent/history/history_time.h"

struct gong_chunk_coder *
gong_chunk_coder_new(void)
{
    struct gong_chunk_coder *coder = calloc(1, sizeof *coder);

    if (coder != NULL && !gong_frame_init(&coder->frame)) {
        gong_chunk_coder_free(coder);
        return NULL;
    }
    return coder;
}

void
gong_chunk_coder_free(struct gong_chunk_coder *coder)
{
    if (coder == NULL) {
        return;
    }
    gong_frame_fini(&coder->frame);
    free(coder->numbers);
    free(coder->values);
    free(coder);
}

enum gong_err
gong_chunk_coder_room(struct gong_chunk_coder *coder, size_t count)
{
    uint64_t *numbers;
    double *values;

    if (coder->room >= count) {
        return GONG_OK;
    }
    numbers = realloc(coder->numbers, count * sizeof *numbers);
    if (numbers == NULL) {
        return GONG_ERR_MEMORY;
    }
    coder->numbers = numbers;
    values = realloc(coder->values, count * sizeof *values);
    if (values == NULL) {
        return GONG_ERR_MEMORY;
    }
    coder->values = values;
    coder->room = count;
    return GONG_OK;
}

/* first | step | column of differences of steps, zigzag */
enum gong_err
gong_chunk_put_times(struct gong_chunk_coder *coder, size_t count)
{
    uint64_t *t = coder->numbers;
    uint64_t first = t[0];
    uint64_t step = count > 1 ? t[1] - t[0] : 0;
    enum gong_err err = gong_frame_put(&coder->frame, first);

    if (err == GONG_OK && count > 1) {
        err = gong_frame_put(&coder->frame, step);
    }
    if (err != GONG_OK || count < 3) {
        return err;
    }
    for (size_t i = count - 1; i > 1; i--) {
        t[i] = gong_zigzag((int64_t)(t[i] - t[i - 1]) -
                           (int64_t)(t[i - 1] - t[i - 2]));
    }
    return gong_frame_put_column(&coder->frame, t + 2, count - 2);
}

bool
gong_chunk_get_times(struct gong_chunk_coder *coder, size_t count)
{
    uint64_t *t = coder->numbers;
    uint64_t step = 0;

    if (!gong_frame_get(&coder->frame, &t[0]) || t[0] > GONG_HISTORY_MS_MAX) {
        return false;
    }
    if (count > 1 && !gong_frame_get(&coder->frame, &step)) {
        return false;
    }
    if (count > 2 && !gong_frame_get_column(&coder->frame, t + 2, count - 2)) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        if (i > 1) {
            step += (uint64_t)gong_unzigzag(t[i]);
        }
        if (step == 0 || step > GONG_HISTORY_MS_MAX - t[i - 1]) {
            return false;
        }
        t[i] = t[i - 1] + step;
    }
    return true;
}
