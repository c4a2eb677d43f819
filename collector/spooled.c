#include "collector/spooled.h"

#include <string.h>

#include "common/le.h"

void
gong_spooled_head(uint64_t seq, uint32_t points, uint32_t crc,
                  uint8_t out[GONG_SPOOLED_HEAD])
{
    gong_le_put64(out, seq);
    gong_le_put32(out + 8, points);
    gong_le_put32(out + 12, crc);
}

enum gong_err
gong_spooled_parse(const struct gong_record *record, struct gong_spooled *out)
{
    const uint8_t *head = (const uint8_t *)record->payload.data;

    if (record->meta.type != GONG_RECORD_SPOOLED ||
        record->payload.len <= GONG_SPOOLED_HEAD) {
        return GONG_ERR_CORRUPT;
    }
    *out = (struct gong_spooled){
        .seq = gong_le_get64(head),
        .points = gong_le_get32(head + 8) & ~GONG_SPOOLED_HELD,
        .held = (gong_le_get32(head + 8) & GONG_SPOOLED_HELD) != 0,
        .crc = gong_le_get32(head + 12),
        .body = gong_str_from(record->payload.data + GONG_SPOOLED_HEAD,
                              record->payload.len - GONG_SPOOLED_HEAD),
        .offset = record->offset,
        .wall_ns = record->meta.wall_ns,
        .mono_ns = record->meta.mono_ns,
        .generation = record->meta.flags,
    };
    memcpy(out->boot_id, record->meta.boot_id, sizeof out->boot_id);
    /* Before 1970 no batch was accepted; so a batch's age fits its type. */
    return out->seq == 0 || out->wall_ns < 0 ? GONG_ERR_CORRUPT : GONG_OK;
}
