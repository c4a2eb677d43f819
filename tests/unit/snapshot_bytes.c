#include "snapshot_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "common/crc32c.h"
#include "common/le.h"

static bool
write_bytes(void *ctx, const void *from, size_t len)
{
    struct bytes *bytes = ctx;

    if (bytes->limit != 0 && bytes->len + len > bytes->limit) {
        return false;
    }
    if (bytes->len + len > bytes->size) {
        size_t size = (bytes->len + len) * 2;
        uint8_t *data = realloc(bytes->data, size);

        if (data == NULL) {
            return false;
        }
        bytes->data = data;
        bytes->size = size;
    }
    memcpy(bytes->data + bytes->len, from, len);
    bytes->len += len;
    return true;
}

static bool
read_bytes(void *ctx, void *out, size_t len)
{
    struct bytes *bytes = ctx;

    if (len > bytes->len - bytes->read) {
        return false;
    }
    memcpy(out, bytes->data + bytes->read, len);
    bytes->read += len;
    return true;
}

bool
bytes_save(struct bytes *bytes, const struct gong_engine *engine,
           const struct gong_snapshot_place *place)
{
    struct gong_snapshot_sink sink = {write_bytes, bytes};

    bytes->len = 0;
    return gong_engine_save(engine, place, &sink);
}

enum gong_err
bytes_restore(struct bytes *bytes, const struct gong_snapshot_start *start,
              struct gong_engine **out, const char **why)
{
    struct gong_snapshot_source source = {read_bytes, bytes, bytes->len};

    bytes->read = 0;
    return gong_engine_restore(start, &source, out, why);
}

void
bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

static void
seal_header(struct bytes *bytes)
{
    gong_le_put32(bytes->data + GONG_SNAPSHOT_HEADER - 4,
                  gong_crc32c(0, bytes->data, GONG_SNAPSHOT_HEADER - 4));
}

void
bytes_seal(struct bytes *bytes)
{
    size_t at = GONG_SNAPSHOT_HEADER;

    if (bytes->len < at) {
        return;
    }
    seal_header(bytes);
    while (bytes->len - at >= 32) {
        uint8_t *section = bytes->data + at;
        uint64_t stride = gong_le_get32(section + 4);
        uint64_t count = gong_le_get64(section + 8);
        uint32_t crc = gong_crc32c(0, section, 20);

        gong_le_put32(section + 20, crc);
        if (stride == 0 || count > (bytes->len - at - 32) / stride) {
            return;
        }
        gong_le_put32(section + 24 + stride * count,
                      gong_crc32c(crc, section + 24, (size_t)(stride * count)));
        at += 32 + (size_t)(stride * count);
    }
}
