/*
 * chunk: samples of one series in few bytes, as the history keeps them. Pure
 * but for memory.
 *
 *   frame (chunk_frame.h): varint count | times (chunk_times.h)
 *                          | values (chunk_values.h)
 *
 * Values are whole numbers of 10^-places where nearly all of them have at most
 * so many decimal places and come back bit by bit (rules/engine/
 * sample_window_code.h: the windows of the engine take the same decision), as
 * differences or as distances from the least, whichever is smaller; else the
 * XOR of each with the one before it. Stale markers and NaN come back bit by
 * bit.
 */
#ifndef GONG_AGENT_HISTORY_CHUNK_H
#define GONG_AGENT_HISTORY_CHUNK_H

#include "agent/history/samples.h"
#include "common/lp_encode.h"
#include "common/str.h"

/* Of one chunk; what is more goes into another. */
#define GONG_CHUNK_SAMPLES_MAX 65536

/* Scratch and contexts of zstd; one thread. */
struct gong_chunk_coder; /* chunk_coder.h */

/* NULL without memory. */
struct gong_chunk_coder *gong_chunk_coder_new(void);
void gong_chunk_coder_free(struct gong_chunk_coder *coder);

/* gong_chunk_encode: appends to out the samples, which rise strictly in time.
 * INVALID: none, too many, or not so. */
enum gong_err gong_chunk_encode(struct gong_chunk_coder *coder,
                                const struct gong_sample *samples, size_t count,
                                struct gong_buffer *out) GONG_MUST_CHECK;

/* gong_chunk_decode: appends the samples to out; strictly rising. CORRUPT: the
 * bytes are no chunk, and out is as it was. Any bytes are safe. */
enum gong_err gong_chunk_decode(struct gong_chunk_coder *coder,
                                struct gong_str bytes,
                                struct gong_samples *out) GONG_MUST_CHECK;

#endif
