/*
 * record: the bytes of one journal or spool record, for good.
 *
 * Little endian, 64-byte header, payload, zero padding to 8 bytes:
 *
 *    0 u32 magic "GREC"          24 i64 monotonic time, ns (boot clock)
 *    4 u8  format version (1)    32 u8[16] boot id
 *    5 u8  type                  48 i64 wall time, ns (arrival)
 *    6 u8  codec                 56 u32 reserved, 0
 *    7 u8  flags                 60 u32 header CRC-32C (of bytes 0..59)
 *    8 u32 payload length
 *   12 u32 payload CRC-32C
 *   16 i64 journal time, ms
 *
 * Both CRCs are seeded with (log id, segment number, offset), so a record that
 * an earlier use of the same disk blocks left behind never looks like ours.
 */
#ifndef GONG_COMMON_RECORD_H
#define GONG_COMMON_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_RECORD_HEADER_SIZE 64
#define GONG_RECORD_ALIGN       8
#define GONG_RECORD_PAYLOAD_MAX (16u << 20)
/* "GREC" as it stands on disk, read as a little-endian number. */
#define GONG_RECORD_MAGIC 0x43455247u

enum gong_record_type {
    GONG_RECORD_DATA = 1,     /* common/batch.h */
    GONG_RECORD_PRESENCE = 2, /* a status message: as DATA, JSON body */
    GONG_RECORD_CONFIG = 3,   /* 64 hex digits: SHA-256 of the rule set */
    GONG_RECORD_CLOCK = 4,    /* no payload */
    GONG_RECORD_RESUME = 5,   /* i64 blind ms (-1: from here on), i64 settle */
    GONG_RECORD_EFFECT = 6,   /* agent/effect.h, JSON */
    GONG_RECORD_SPOOLED = 7,  /* collector/publish.h */
    GONG_RECORD_RECORDED = 8, /* agent/decide/recorded.h */
};

enum gong_record_codec {
    GONG_CODEC_PLAIN = 0,
};

/* Transparent: what the header says. */
struct gong_record_meta {
    uint8_t type;
    uint8_t codec;
    uint8_t flags;
    int64_t journal_ms;
    int64_t mono_ns;
    int64_t wall_ns;
    uint8_t boot_id[16];
};

/* Where a record stands: seeds its CRCs. */
struct gong_record_place {
    uint8_t log_id[16];
    uint64_t segment;
    uint64_t offset; /* logical, from the log's first byte */
};

struct gong_record {
    struct gong_record_meta meta;
    uint64_t offset;
    uint64_t next; /* offset of whatever follows */
    struct gong_str payload;
};

/* gong_record_size: header + payload + padding. */
size_t gong_record_size(size_t payload_len);

/* gong_record_seal: writes the 64 header bytes for a payload of that length
 * and CRC (seed it with gong_record_seed). Pure. */
uint32_t gong_record_seed(const struct gong_record_place *place);
void gong_record_seal(const struct gong_record_place *place,
                      const struct gong_record_meta *meta, uint32_t payload_len,
                      uint32_t payload_crc,
                      uint8_t out[GONG_RECORD_HEADER_SIZE]);

/* gong_record_check: whether header begins a record at place; then *size is
 * what the whole of it takes. GONG_ERR_CORRUPT otherwise. Pure. */
enum gong_err gong_record_check(const struct gong_record_place *place,
                                const uint8_t header[GONG_RECORD_HEADER_SIZE],
                                size_t *size) GONG_MUST_CHECK;

/* gong_record_open: checks and reads the record at the start of bytes; views
 * into bytes. GONG_ERR_AGAIN where bytes end too early, GONG_ERR_CORRUPT where
 * magic, version, lengths or a CRC are wrong. Pure; hostile bytes are safe. */
enum gong_err gong_record_open(const struct gong_record_place *place,
                               struct gong_str bytes,
                               struct gong_record *out) GONG_MUST_CHECK;

#endif
