/* chunk_coder: what chunk.c and rollup.c share: a frame, and scratch for one
 * column. */
#ifndef GONG_AGENT_HISTORY_CHUNK_CODER_H
#define GONG_AGENT_HISTORY_CHUNK_CODER_H

#include "agent/history/chunk_frame.h"

struct gong_chunk_coder {
    struct gong_frame frame;
    uint64_t *numbers;
    uint64_t *scratch;
    double *values;
    size_t room; /* of each */
};

/* gong_chunk_coder_room: for so many. */
enum gong_err gong_chunk_coder_room(struct gong_chunk_coder *coder,
                                    size_t count) GONG_MUST_CHECK;

#endif
