#include "common/spool_format.h"

#include <string.h>

#include "common/crc32c.h"
#include "common/le.h"

#define FORMAT_VERSION 1
#define META_MAGIC     0x474f4c47u /* "GLOG" on disk */
#define SEGMENT_MAGIC  0x47455347u /* "GSEG" */
#define CURSOR_MAGIC   0x52554347u /* "GCUR" */

#define META_FIXED       56
#define GENERATION_BYTES 16
#define CRC_BYTES        4
#define HEADER_CRC       60

bool
gong_spool_size_valid(uint64_t size)
{
    return size >= GONG_SPOOL_SEGMENT_MIN && size <= GONG_SPOOL_SEGMENT_MAX &&
           size % GONG_SPOOL_SEGMENT_STEP == 0;
}

void
gong_spool_meta_add(struct gong_spool_meta *meta, uint64_t number,
                    uint64_t start)
{
    if (meta->count == GONG_SPOOL_GENERATIONS) {
        meta->count--;
        memmove(meta->generations, meta->generations + 1,
                meta->count * sizeof meta->generations[0]);
    }
    meta->generations[meta->count++] =
        (struct gong_spool_generation){number, start};
}

bool
gong_spool_meta_holds(const struct gong_spool_meta *meta, uint64_t generation,
                      uint64_t offset)
{
    uint64_t last = UINT64_MAX;
    bool known = false;

    for (uint32_t i = 0; i < meta->count; i++) {
        if (known && meta->generations[i].start < last) {
            last = meta->generations[i].start;
        }
        known = known || meta->generations[i].number == generation;
    }
    return known && offset <= last;
}

static void
begin(uint8_t *out, uint32_t magic, const uint8_t log_id[16])
{
    gong_le_put32(out, magic);
    gong_le_put32(out + 4, FORMAT_VERSION);
    memcpy(out + 8, log_id, 16);
}

static bool
begins(const uint8_t *bytes, uint32_t magic)
{
    return gong_le_get32(bytes) == magic &&
           gong_le_get32(bytes + 4) == FORMAT_VERSION;
}

static void
seal(uint8_t *out, size_t len)
{
    gong_le_put32(out + len, gong_crc32c(0, out, len));
}

static bool
sealed(const uint8_t *bytes, size_t len)
{
    return gong_le_get32(bytes + len) == gong_crc32c(0, bytes, len);
}

size_t
gong_spool_meta_encode(const struct gong_spool_meta *meta,
                       uint8_t out[GONG_SPOOL_META_SIZE])
{
    size_t len = META_FIXED;

    begin(out, META_MAGIC, meta->log_id);
    gong_le_put64(out + 24, meta->segment_size);
    memcpy(out + 32, meta->boot_id, 16);
    gong_le_put32(out + 48, meta->in_use ? 1 : 0);
    gong_le_put32(out + 52, meta->count);
    for (uint32_t i = 0; i < meta->count; i++, len += GENERATION_BYTES) {
        gong_le_put64(out + len, meta->generations[i].number);
        gong_le_put64(out + len + 8, meta->generations[i].start);
    }
    seal(out, len);
    return len + CRC_BYTES;
}

enum gong_err
gong_spool_meta_decode(const uint8_t *bytes, size_t len,
                       struct gong_spool_meta *out)
{
    uint32_t count;

    if (len < META_FIXED + CRC_BYTES || !begins(bytes, META_MAGIC)) {
        return GONG_ERR_CORRUPT;
    }
    count = gong_le_get32(bytes + 52);
    if (count == 0 || count > GONG_SPOOL_GENERATIONS ||
        len != META_FIXED + (size_t)count * GENERATION_BYTES + CRC_BYTES ||
        !sealed(bytes, len - CRC_BYTES)) {
        return GONG_ERR_CORRUPT;
    }
    memcpy(out->log_id, bytes + 8, 16);
    out->segment_size = gong_le_get64(bytes + 24);
    memcpy(out->boot_id, bytes + 32, 16);
    out->in_use = gong_le_get32(bytes + 48) != 0;
    out->count = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = bytes + META_FIXED + (size_t)i * GENERATION_BYTES;

        out->generations[i].number = gong_le_get64(at);
        out->generations[i].start = gong_le_get64(at + 8);
    }
    return gong_spool_size_valid(out->segment_size) ? GONG_OK
                                                    : GONG_ERR_CORRUPT;
}

void
gong_spool_header_encode(const struct gong_spool_header *header,
                         uint8_t out[GONG_SPOOL_HEADER_SIZE])
{
    memset(out, 0, GONG_SPOOL_HEADER_SIZE);
    begin(out, SEGMENT_MAGIC, header->log_id);
    gong_le_put64(out + 24, header->segment_size);
    gong_le_put64(out + 32, header->number);
    gong_le_put32(out + 40, header->generation);
    gong_le_put64(out + 44, header->before);
    gong_le_put64(out + 52, header->durable);
    seal(out, HEADER_CRC);
}

enum gong_err
gong_spool_header_decode(const uint8_t bytes[GONG_SPOOL_HEADER_SIZE],
                         struct gong_spool_header *out)
{
    if (!begins(bytes, SEGMENT_MAGIC) || !sealed(bytes, HEADER_CRC)) {
        return GONG_ERR_CORRUPT;
    }
    memcpy(out->log_id, bytes + 8, 16);
    out->segment_size = gong_le_get64(bytes + 24);
    out->number = gong_le_get64(bytes + 32);
    out->generation = gong_le_get32(bytes + 40);
    out->before = gong_le_get64(bytes + 44);
    out->durable = gong_le_get64(bytes + 52);
    return gong_spool_size_valid(out->segment_size) ? GONG_OK
                                                    : GONG_ERR_CORRUPT;
}

void
gong_spool_mark_encode(const uint8_t log_id[16], uint64_t offset,
                       uint8_t out[GONG_SPOOL_HEADER_SIZE])
{
    memset(out, 0, GONG_SPOOL_HEADER_SIZE);
    begin(out, CURSOR_MAGIC, log_id);
    gong_le_put64(out + 24, offset);
    seal(out, HEADER_CRC);
}

enum gong_err
gong_spool_mark_decode(const uint8_t bytes[GONG_SPOOL_HEADER_SIZE],
                       const uint8_t log_id[16], uint64_t *offset)
{
    if (!begins(bytes, CURSOR_MAGIC) || !sealed(bytes, HEADER_CRC) ||
        memcmp(bytes + 8, log_id, 16) != 0) {
        return GONG_ERR_CORRUPT;
    }
    *offset = gong_le_get64(bytes + 24);
    return GONG_OK;
}
