/* chunk_coder: what chunk.c and rollup.c share: a frame, and scratch for one
 * column. */
#ifndef GONG_AGENT_HISTORY_CHUNK_CODER_H
#define GONG_AGENT_HISTORY_CHUNK_CODER_H

#include "agent/history/chunk_frame.h"

struct gong_chunk_coder {
    struct gong_frame frame;
    uint64_t *numbers;
    double *values;
    size_t room; /* of both */
};

/* gong_chunk_coder_room: for so many. */
enum gong_err gong_chunk_coder_room(struct gong_chunk_coder *coder,
                                    size_t count) GONG_MUST_CHECK;

/* gong_chunk_put_times: count times that rise strictly, at numbers, which is
 * spent; gong_chunk_get_times: the same, or false. */
enum gong_err gong_chunk_put_times(struct gong_chunk_coder *coder,
                                   size_t count) GONG_MUST_CHECK;
bool gong_chunk_get_times(struct gong_chunk_coder *coder, size_t count);

#endif
