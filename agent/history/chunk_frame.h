/*
 * chunk_frame: columns of whole numbers in few bytes, with a check over all.
 *
 *   u8 format 1 | u8 kind, how written | u32 CRC-32C | varint size | body
 *
 * The body is written in two ways at once, and the smaller one is taken:
 * columns byte by byte of each rank (all lowest bytes, all next ones ..) and
 * compressed by zstd, which is best for what repeats; or bit by bit, as many
 * bits as the largest needs, which is best for noise. size is that of the body
 * before compression. The CRC is over everything else.
 *
 *   column    u8 width in bytes, or in bits | the numbers
 */
#ifndef GONG_AGENT_HISTORY_CHUNK_FRAME_H
#define GONG_AGENT_HISTORY_CHUNK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zstd.h>

#include "common/err.h"
#include "common/lp_encode.h"
#include "common/str.h"

#define GONG_FRAME_BODY_MAX (8u << 20)

/* What stands in the second byte, above its lowest bit. */
enum gong_frame_kind {
    GONG_FRAME_SAMPLES = 1,
    GONG_FRAME_ROLLUPS = 2,
};

/* Transparent: scratch of the coder (chunk.h). */
struct gong_frame {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    struct gong_buffer ranks; /* the body, one way and the other */
    struct gong_buffer bits;
    struct gong_buffer small; /* ranks compressed, behind zstd's magic */
    struct gong_str left;     /* of the body that is read */
    bool by_bits;             /* it is written so */
};

bool gong_frame_init(struct gong_frame *frame);
void gong_frame_fini(struct gong_frame *frame);

/* Writing: begin, put .., seal, which appends to out. */
void gong_frame_begin(struct gong_frame *frame);
enum gong_err gong_frame_put(struct gong_frame *frame,
                             uint64_t number) GONG_MUST_CHECK;
enum gong_err gong_frame_put_column(struct gong_frame *frame,
                                    const uint64_t *numbers,
                                    size_t count) GONG_MUST_CHECK;
enum gong_err gong_frame_seal(struct gong_frame *frame,
                              enum gong_frame_kind kind,
                              struct gong_buffer *out) GONG_MUST_CHECK;

/* Reading: open, get in the order of put, and nothing is left. CORRUPT; any
 * bytes are safe. */
enum gong_err gong_frame_open(struct gong_frame *frame,
                              enum gong_frame_kind kind,
                              struct gong_str bytes) GONG_MUST_CHECK;
bool gong_frame_get(struct gong_frame *frame, uint64_t *number);
bool gong_frame_get_column(struct gong_frame *frame, uint64_t *numbers,
                           size_t count);

#endif
