/*
 * spooled: one batch as it lies in the spool (GONG_RECORD_SPOOLED), little
 * endian. The record's wall time is when it was accepted.
 *
 *   0 u64 seq   8 u32 points   12 u32 CRC-32C of body   16 body
 *
 * The top bit of points: it was held in memory before it came to the disk.
 */
#ifndef GONG_COLLECTOR_SPOOLED_H
#define GONG_COLLECTOR_SPOOLED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/record.h"
#include "common/str.h"

#define GONG_SPOOLED_HEAD 16
#define GONG_SPOOLED_HELD 0x80000000u
/* Fits any broker's packet limit. */
#define GONG_SPOOLED_BODY_MAX (128u << 10)

/* Transparent: a record taken apart; body is a view into its payload. */
struct gong_spooled {
    uint64_t seq; /* from 1 */
    uint32_t points;
    bool held;
    uint32_t crc;
    struct gong_str body;
    uint64_t offset; /* of the record in the spool */
    int64_t wall_ns;
    int64_t mono_ns;
    uint8_t boot_id[16];
    uint8_t generation; /* of the spool, its low byte */
};

/* gong_spooled_head: the bytes before body. Pure. */
void gong_spooled_head(uint64_t seq, uint32_t points, uint32_t crc,
                       uint8_t out[GONG_SPOOLED_HEAD]);
/* gong_spooled_parse: GONG_ERR_CORRUPT where record is no batch. Pure. */
enum gong_err gong_spooled_parse(const struct gong_record *record,
                                 struct gong_spooled *out) GONG_MUST_CHECK;

#endif
