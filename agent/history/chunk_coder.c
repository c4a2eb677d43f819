#include "agent/history/chunk_coder.h"

#include <stdlib.h>

#include "agent/history/chunk.h"

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
    free(coder->scratch);
    free(coder->values);
    free(coder);
}

enum gong_err
gong_chunk_coder_room(struct gong_chunk_coder *coder, size_t count)
{
    uint64_t *numbers;
    uint64_t *scratch;
    double *values;

    if (coder->room >= count) {
        return GONG_OK;
    }
    numbers = realloc(coder->numbers, count * sizeof *numbers);
    if (numbers == NULL) {
        return GONG_ERR_MEMORY;
    }
    coder->numbers = numbers;
    scratch = realloc(coder->scratch, count * sizeof *scratch);
    if (scratch == NULL) {
        return GONG_ERR_MEMORY;
    }
    coder->scratch = scratch;
    values = realloc(coder->values, count * sizeof *values);
    if (values == NULL) {
        return GONG_ERR_MEMORY;
    }
    coder->values = values;
    coder->room = count;
    return GONG_OK;
}
