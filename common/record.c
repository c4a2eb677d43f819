#include "common/record.h"

#include <string.h>

#include "common/crc32c.h"
#include "common/le.h"

#define FORMAT_VERSION 1

/* Where each field stands; common/record.h draws it. */
enum at {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_TYPE = 5,
    AT_CODEC = 6,
    AT_FLAGS = 7,
    AT_PAYLOAD_LEN = 8,
    AT_PAYLOAD_CRC = 12,
    AT_JOURNAL_MS = 16,
    AT_MONO_NS = 24,
    AT_BOOT_ID = 32,
    AT_WALL_NS = 48,
    AT_RESERVED = 56,
    AT_HEADER_CRC = 60,
};

size_t
gong_record_size(size_t payload_len)
{
    size_t bytes = GONG_RECORD_HEADER_SIZE + payload_len;

    return (bytes + GONG_RECORD_ALIGN - 1) & ~(size_t)(GONG_RECORD_ALIGN - 1);
}

uint32_t
gong_record_seed(const struct gong_record_place *place)
{
    uint8_t bytes[32];

    memcpy(bytes, place->log_id, 16);
    gong_le_put64(bytes + 16, place->segment);
    gong_le_put64(bytes + 24, place->offset);
    return gong_crc32c(0, bytes, sizeof bytes);
}

void
gong_record_seal(const struct gong_record_place *place,
                 const struct gong_record_meta *meta, uint32_t payload_len,
                 uint32_t payload_crc, uint8_t out[GONG_RECORD_HEADER_SIZE])
{
    gong_le_put32(out + AT_MAGIC, GONG_RECORD_MAGIC);
    out[AT_VERSION] = FORMAT_VERSION;
    out[AT_TYPE] = meta->type;
    out[AT_CODEC] = meta->codec;
    out[AT_FLAGS] = meta->flags;
    gong_le_put32(out + AT_PAYLOAD_LEN, payload_len);
    gong_le_put32(out + AT_PAYLOAD_CRC, payload_crc);
    gong_le_put64(out + AT_JOURNAL_MS, (uint64_t)meta->journal_ms);
    gong_le_put64(out + AT_MONO_NS, (uint64_t)meta->mono_ns);
    memcpy(out + AT_BOOT_ID, meta->boot_id, sizeof meta->boot_id);
    gong_le_put64(out + AT_WALL_NS, (uint64_t)meta->wall_ns);
    gong_le_put32(out + AT_RESERVED, 0);
    gong_le_put32(out + AT_HEADER_CRC,
                  gong_crc32c(gong_record_seed(place), out, AT_HEADER_CRC));
}

enum gong_err
gong_record_check(const struct gong_record_place *place,
                  const uint8_t header[GONG_RECORD_HEADER_SIZE], size_t *size)
{
    uint32_t payload_len;

    if (gong_le_get32(header + AT_MAGIC) != GONG_RECORD_MAGIC ||
        header[AT_VERSION] != FORMAT_VERSION) {
        return GONG_ERR_CORRUPT;
    }
    payload_len = gong_le_get32(header + AT_PAYLOAD_LEN);
    if (payload_len > GONG_RECORD_PAYLOAD_MAX ||
        gong_le_get32(header + AT_HEADER_CRC) !=
            gong_crc32c(gong_record_seed(place), header, AT_HEADER_CRC)) {
        return GONG_ERR_CORRUPT;
    }
    *size = gong_record_size(payload_len);
    return *size <= UINT64_MAX - place->offset ? GONG_OK : GONG_ERR_CORRUPT;
}

static void
read_meta(const uint8_t *header, struct gong_record_meta *meta)
{
    meta->type = header[AT_TYPE];
    meta->codec = header[AT_CODEC];
    meta->flags = header[AT_FLAGS];
    meta->journal_ms = (int64_t)gong_le_get64(header + AT_JOURNAL_MS);
    meta->mono_ns = (int64_t)gong_le_get64(header + AT_MONO_NS);
    meta->wall_ns = (int64_t)gong_le_get64(header + AT_WALL_NS);
    memcpy(meta->boot_id, header + AT_BOOT_ID, sizeof meta->boot_id);
}

enum gong_err
gong_record_open(const struct gong_record_place *place, struct gong_str bytes,
                 struct gong_record *out)
{
    const uint8_t *header = (const uint8_t *)bytes.data;
    uint32_t payload_len;
    size_t size;
    enum gong_err err;

    if (bytes.len < GONG_RECORD_HEADER_SIZE) {
        return GONG_ERR_AGAIN;
    }
    err = gong_record_check(place, header, &size);
    if (err != GONG_OK) {
        return err;
    }
    if (bytes.len < size) {
        return GONG_ERR_AGAIN;
    }
    payload_len = gong_le_get32(header + AT_PAYLOAD_LEN);
    if (gong_le_get32(header + AT_PAYLOAD_CRC) !=
        gong_crc32c(gong_record_seed(place), header + GONG_RECORD_HEADER_SIZE,
                    payload_len)) {
        return GONG_ERR_CORRUPT;
    }
    read_meta(header, &out->meta);
    out->offset = place->offset;
    out->next = place->offset + size;
    out->payload =
        gong_str_from(bytes.data + GONG_RECORD_HEADER_SIZE, payload_len);
    return GONG_OK;
}
