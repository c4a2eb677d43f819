#include "agent/history/chunk_frame.h"

#include <stdlib.h>
#include <string.h>

#include "common/crc32c.h"
#include "common/le.h"

#define FORMAT 1
/* 2 to 6 save next to nothing of columns (bench/bench_chunk). */
#define LEVEL       1
#define HEAD        2 /* bytes before the CRC */
#define CRC_SIZE    4
#define VARINT_MAX  10
#define MAGIC_SIZE  4
#define WIDTH_MAX   8
#define BITS_MAX    64
#define BITS_OF_ONE 8

/* What every frame of zstd begins with; not written. */
static const uint8_t magic[MAGIC_SIZE] = {0x28, 0xb5, 0x2f, 0xfd};

bool
gong_frame_init(struct gong_frame *frame)
{
    *frame = (struct gong_frame){.compress = ZSTD_createCCtx(),
                                 .decompress = ZSTD_createDCtx()};
    return frame->compress != NULL && frame->decompress != NULL &&
           ZSTD_isError(ZSTD_CCtx_setParameter(
               frame->compress, ZSTD_c_compressionLevel, LEVEL)) == 0 &&
           ZSTD_isError(ZSTD_CCtx_setParameter(frame->compress,
                                               ZSTD_c_contentSizeFlag, 0)) == 0;
}

void
gong_frame_fini(struct gong_frame *frame)
{
    (void)ZSTD_freeCCtx(frame->compress);
    (void)ZSTD_freeDCtx(frame->decompress);
    gong_buffer_fini(&frame->ranks);
    gong_buffer_fini(&frame->bits);
    gong_buffer_fini(&frame->small);
    *frame = (struct gong_frame){0};
}

void
gong_frame_begin(struct gong_frame *frame)
{
    frame->ranks.len = 0;
    frame->bits.len = 0;
}

/* Room for so many bytes behind what is there, which count as there; NULL
 * without memory. */
static uint8_t *
extend(struct gong_buffer *buffer, size_t count)
{
    size_t need = buffer->len + count;
    size_t capacity = buffer->capacity == 0 ? 1024 : buffer->capacity;
    char *data = buffer->data;

    while (capacity < need) {
        capacity *= 2;
    }
    if (capacity != buffer->capacity) {
        data = realloc(buffer->data, capacity);
        if (data == NULL) {
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    data += buffer->len;
    buffer->len = need;
    return (uint8_t *)data;
}

static size_t
varint(uint8_t out[VARINT_MAX], uint64_t number)
{
    size_t len = 0;

    while (number >= 0x80) {
        out[len++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    out[len++] = (uint8_t)number;
    return len;
}

static bool
read_varint(struct gong_str *bytes, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < bytes->len && i < VARINT_MAX; i++) {
        uint8_t byte = (uint8_t)bytes->data[i];

        *number |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *bytes = gong_str_from(bytes->data + i + 1, bytes->len - i - 1);
            return true;
        }
    }
    return false;
}

enum gong_err
gong_frame_put(struct gong_frame *frame, uint64_t number)
{
    uint8_t bytes[VARINT_MAX];
    size_t len = varint(bytes, number);
    enum gong_err err = gong_buffer_append(&frame->ranks, bytes, len);

    return err == GONG_OK ? gong_buffer_append(&frame->bits, bytes, len) : err;
}

static unsigned
bits_of_all(const uint64_t *numbers, size_t count)
{
    uint64_t all = 0;

    for (size_t i = 0; i < count; i++) {
        all |= numbers[i];
    }
    return all == 0 ? 0 : BITS_MAX - (unsigned)__builtin_clzll(all);
}

static size_t
bytes_of_bits(size_t count, unsigned bits)
{
    return (count * bits + BITS_OF_ONE - 1) / BITS_OF_ONE;
}

static void
write_bits(uint8_t *at, const uint64_t *numbers, size_t count, unsigned bits)
{
    uint64_t pending = 0;
    unsigned have = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t number = numbers[i];
        unsigned left = bits;

        while (left > 0) {
            unsigned take =
                BITS_OF_ONE - have < left ? BITS_OF_ONE - have : left;

            pending |= (number & ((UINT64_C(1) << take) - 1)) << have;
            number >>= take;
            have += take;
            left -= take;
            if (have == BITS_OF_ONE) {
                *at++ = (uint8_t)pending;
                pending = 0;
                have = 0;
            }
        }
    }
    if (have > 0) {
        *at = (uint8_t)pending;
    }
}

enum gong_err
gong_frame_put_column(struct gong_frame *frame, const uint64_t *numbers,
                      size_t count)
{
    unsigned bits = bits_of_all(numbers, count);
    size_t width = (bits + BITS_OF_ONE - 1) / BITS_OF_ONE;
    uint8_t *ranks = extend(&frame->ranks, 1 + width * count);
    uint8_t *packed = extend(&frame->bits, 1 + bytes_of_bits(count, bits));

    if (ranks == NULL || packed == NULL) {
        return GONG_ERR_MEMORY;
    }
    *ranks++ = (uint8_t)width;
    for (size_t rank = 0; rank < width; rank++) {
        for (size_t i = 0; i < count; i++) {
            *ranks++ = (uint8_t)(numbers[i] >> (BITS_OF_ONE * rank));
        }
    }
    *packed++ = (uint8_t)bits;
    write_bits(packed, numbers, count, bits);
    return GONG_OK;
}

/* The compressed ranks behind the magic that is left out. */
static enum gong_err
compress(struct gong_frame *frame)
{
    size_t bound = ZSTD_compressBound(frame->ranks.len);
    size_t size;

    frame->small.len = 0;
    if (extend(&frame->small, bound) == NULL) {
        return GONG_ERR_MEMORY;
    }
    size = ZSTD_compress2(frame->compress, frame->small.data, bound,
                          frame->ranks.data, frame->ranks.len);
    frame->small.len = ZSTD_isError(size) != 0 ? 0 : size;
    return frame->small.len > MAGIC_SIZE ? GONG_OK : GONG_ERR_MEMORY;
}

static uint32_t
check_of(struct gong_str bytes)
{
    uint32_t crc = gong_crc32c(0, bytes.data, HEAD);

    return gong_crc32c(crc, bytes.data + HEAD + CRC_SIZE,
                       bytes.len - HEAD - CRC_SIZE);
}

enum gong_err
gong_frame_seal(struct gong_frame *frame, enum gong_frame_kind kind,
                struct gong_buffer *out)
{
    enum gong_err err = frame->ranks.len > GONG_FRAME_BODY_MAX
                            ? GONG_ERR_TOO_LARGE
                            : compress(frame);
    uint8_t head[HEAD + CRC_SIZE + VARINT_MAX] = {FORMAT};
    size_t before = out->len;
    struct gong_str body;
    bool by_bits;

    if (err != GONG_OK) {
        return err;
    }
    by_bits = frame->bits.len <= frame->small.len - MAGIC_SIZE;
    body = by_bits ? gong_str_from(frame->bits.data, frame->bits.len)
                   : gong_str_from(frame->small.data + MAGIC_SIZE,
                                   frame->small.len - MAGIC_SIZE);
    head[1] = (uint8_t)((unsigned)kind << 1 | (by_bits ? 1u : 0u));
    err = gong_buffer_append(
        out, head,
        HEAD + CRC_SIZE +
            varint(head + HEAD + CRC_SIZE,
                   by_bits ? frame->bits.len : frame->ranks.len));
    if (err == GONG_OK) {
        err = gong_buffer_append(out, body.data, body.len);
    }
    if (err != GONG_OK) {
        out->len = before;
        return err;
    }
    gong_le_put32(
        (uint8_t *)out->data + before + HEAD,
        check_of(gong_str_from(out->data + before, out->len - before)));
    return GONG_OK;
}

static enum gong_err
decompress(struct gong_frame *frame, struct gong_str body, size_t size)
{
    size_t got;

    frame->small.len = 0;
    frame->ranks.len = 0;
    if (gong_buffer_append(&frame->small, magic, sizeof magic) != GONG_OK ||
        gong_buffer_append(&frame->small, body.data, body.len) != GONG_OK ||
        extend(&frame->ranks, size + 1) == NULL) {
        return GONG_ERR_MEMORY;
    }
    got = ZSTD_decompressDCtx(frame->decompress, frame->ranks.data, size,
                              frame->small.data, frame->small.len);
    if (ZSTD_isError(got) != 0 || got != size) {
        return GONG_ERR_CORRUPT;
    }
    frame->left = gong_str_from(frame->ranks.data, size);
    return GONG_OK;
}

enum gong_err
gong_frame_open(struct gong_frame *frame, enum gong_frame_kind kind,
                struct gong_str bytes)
{
    struct gong_str body;
    uint64_t size = 0;

    if (bytes.len <= HEAD + CRC_SIZE || bytes.len > GONG_FRAME_BODY_MAX ||
        bytes.data[0] != FORMAT ||
        (unsigned)(uint8_t)bytes.data[1] >> 1 != (unsigned)kind ||
        gong_le_get32((const uint8_t *)bytes.data + HEAD) != check_of(bytes)) {
        return GONG_ERR_CORRUPT;
    }
    body = gong_str_from(bytes.data + HEAD + CRC_SIZE,
                         bytes.len - HEAD - CRC_SIZE);
    if (!read_varint(&body, &size) || size > GONG_FRAME_BODY_MAX) {
        return GONG_ERR_CORRUPT;
    }
    frame->by_bits = (bytes.data[1] & 1) != 0;
    frame->left = body;
    if (frame->by_bits) {
        return size == body.len ? GONG_OK : GONG_ERR_CORRUPT;
    }
    return decompress(frame, body, (size_t)size);
}

bool
gong_frame_get(struct gong_frame *frame, uint64_t *number)
{
    return read_varint(&frame->left, number);
}

static void
read_bits(const uint8_t *at, uint64_t *numbers, size_t count, unsigned bits)
{
    unsigned used = 0; /* of the byte at at */

    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        unsigned have = 0;

        while (have < bits) {
            unsigned take = BITS_OF_ONE - used < bits - have
                                ? BITS_OF_ONE - used
                                : bits - have;
            uint64_t part = ((unsigned)*at >> used) & ((1u << take) - 1);

            number |= part << have;
            have += take;
            used += take;
            if (used == BITS_OF_ONE) {
                used = 0;
                at++;
            }
        }
        numbers[i] = number;
    }
}

static void
read_ranks(const uint8_t *at, uint64_t *numbers, size_t count, size_t width)
{
    memset(numbers, 0, count * sizeof *numbers);
    for (size_t rank = 0; rank < width; rank++) {
        for (size_t i = 0; i < count; i++) {
            numbers[i] |= (uint64_t)*at++ << (BITS_OF_ONE * rank);
        }
    }
}

bool
gong_frame_get_column(struct gong_frame *frame, uint64_t *numbers, size_t count)
{
    const uint8_t *at = (const uint8_t *)frame->left.data;
    unsigned width = frame->left.len == 0 ? UINT8_MAX : *at;
    size_t size = 0;

    if (width > (frame->by_bits ? BITS_MAX : WIDTH_MAX)) {
        return false;
    }
    size = frame->by_bits ? bytes_of_bits(count, width) : count * width;
    if (size > frame->left.len - 1) {
        return false;
    }
    if (frame->by_bits) {
        read_bits(at + 1, numbers, count, width);
    } else {
        read_ranks(at + 1, numbers, count, width);
    }
    frame->left =
        gong_str_from(frame->left.data + 1 + size, frame->left.len - 1 - size);
    return true;
}
