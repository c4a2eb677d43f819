/*
 * spool_format: the bytes of a log's three small structures. Little endian,
 * each ends in a CRC-32C of what stands before it.
 *
 *   log.meta                    segment header        cursor file
 *    0 u32 magic "GLOG"          0 u32 "GSEG"          0 u32 "GCUR"
 *    4 u32 version 1             4 u32 version 1       4 u32 version 1
 *    8 u8[16] log id             8 u8[16] log id       8 u8[16] log id
 *   24 u64 segment size         24 u64 segment size   24 u64 offset
 *   32 u8[16] boot id           32 u64 number         32 0
 *   48 u32 1 while in use       40 u32 generation     60 u32 CRC
 *   52 u32 generations, n       44 u64 before
 *   56 n x {u64 number,         52 u64 durable
 *           u64 start offset}   60 u32 CRC
 *      u32 CRC
 *
 * before: where the data of the segment before this one ends. durable: the
 * durable mark when this header was written, so that what lies before it needs
 * no look for a torn tail. 0 where they are not known.
 *
 * Pure.
 */
#ifndef GONG_COMMON_SPOOL_FORMAT_H
#define GONG_COMMON_SPOOL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define GONG_SPOOL_HEADER_SIZE  64
#define GONG_SPOOL_SEGMENT_MIN  (64u << 10)
#define GONG_SPOOL_SEGMENT_MAX  (UINT64_C(1) << 40)
#define GONG_SPOOL_SEGMENT_STEP 4096
/* The newest generations are kept; a position in an older one is unknown. */
#define GONG_SPOOL_GENERATIONS 64
#define GONG_SPOOL_META_SIZE   (56 + 16 * GONG_SPOOL_GENERATIONS + 4)

/* Transparent: plain values, as stored. */
struct gong_spool_generation {
    uint64_t number;
    uint64_t start;
};

struct gong_spool_meta {
    uint8_t log_id[16];
    uint64_t segment_size;
    uint8_t boot_id[16]; /* of the boot it was last opened in */
    bool in_use;         /* not closed cleanly since */
    uint32_t count;      /* at least 1, ascending */
    struct gong_spool_generation generations[GONG_SPOOL_GENERATIONS];
};

struct gong_spool_header {
    uint8_t log_id[16];
    uint64_t segment_size;
    uint64_t number;
    uint32_t generation; /* when the segment's header was last written */
    uint64_t before;     /* offsets, or 0 */
    uint64_t durable;
};

/* gong_spool_size_valid: whether size may be a segment's. */
bool gong_spool_size_valid(uint64_t size);

/* gong_spool_meta_add: begins a generation, forgetting the oldest if full. */
void gong_spool_meta_add(struct gong_spool_meta *meta, uint64_t number,
                         uint64_t start);

/* gong_spool_meta_holds: whether (generation, offset) names a place that no
 * later generation has cut off. */
bool gong_spool_meta_holds(const struct gong_spool_meta *meta,
                           uint64_t generation, uint64_t offset);

/* Encoders return the length; decoders say GONG_ERR_CORRUPT. */
size_t gong_spool_meta_encode(const struct gong_spool_meta *meta,
                              uint8_t out[GONG_SPOOL_META_SIZE]);
enum gong_err
gong_spool_meta_decode(const uint8_t *bytes, size_t len,
                       struct gong_spool_meta *out) GONG_MUST_CHECK;

void gong_spool_header_encode(const struct gong_spool_header *header,
                              uint8_t out[GONG_SPOOL_HEADER_SIZE]);
enum gong_err
gong_spool_header_decode(const uint8_t bytes[GONG_SPOOL_HEADER_SIZE],
                         struct gong_spool_header *out) GONG_MUST_CHECK;

void gong_spool_mark_encode(const uint8_t log_id[16], uint64_t offset,
                            uint8_t out[GONG_SPOOL_HEADER_SIZE]);
/* A mark of another log is corrupt too. */
enum gong_err
gong_spool_mark_decode(const uint8_t bytes[GONG_SPOOL_HEADER_SIZE],
                       const uint8_t log_id[16],
                       uint64_t *offset) GONG_MUST_CHECK;

#endif
