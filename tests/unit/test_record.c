#include "common/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/crc32c.h"
#include "common/le.h"

static const struct gong_record_place place = {
    .log_id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .segment = 2,
    .offset = 131136};

static const struct gong_record_meta meta = {
    .type = GONG_RECORD_CONFIG,
    .codec = GONG_CODEC_PLAIN,
    .flags = 7,
    .journal_ms = INT64_C(1760000000123),
    .mono_ns = -5,
    .wall_ns = INT64_C(1760000000123456789),
    .boot_id = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9,
                0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}};

/* Made by another program from the header's drawing: the format is for good,
 * so these bytes never change. */
static const uint8_t golden[72] = {
    0x47, 0x52, 0x45, 0x43, 0x01, 0x03, 0x00, 0x07, 0x05, 0x00, 0x00, 0x00,
    0x21, 0xdc, 0x97, 0x41, 0x7b, 0xc0, 0x2c, 0xc8, 0x99, 0x01, 0x00, 0x00,
    0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xa0, 0xa1, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,
    0x15, 0xcd, 0x0b, 0xdc, 0xac, 0xc6, 0x6c, 0x18, 0x00, 0x00, 0x00, 0x00,
    0x68, 0xec, 0xc2, 0x16, 'h',  'e',  'l',  'l',  'o',  0,    0,    0};

static void
write_record(uint8_t out[72])
{
    uint32_t crc = gong_crc32c(gong_record_seed(&place), "hello", 5);

    gong_record_seal(&place, &meta, 5, crc, out);
    memcpy(out + 64, "hello\0\0", 8); /* padded */
}

static enum gong_err
open_at(const struct gong_record_place *at, const uint8_t *bytes, size_t len,
        struct gong_record *out)
{
    return gong_record_open(at, gong_str_from((const char *)bytes, len), out);
}

static void
layout_is_golden(void **state)
{
    uint8_t bytes[72];

    (void)state;
    write_record(bytes);
    assert_memory_equal(bytes, golden, sizeof golden);
}

static void
golden_reads_back(void **state)
{
    struct gong_record record;

    (void)state;
    assert_int_equal(open_at(&place, golden, sizeof golden, &record), GONG_OK);
    assert_true(gong_str_is(record.payload, "hello"));
    assert_int_equal(record.offset, 131136);
    assert_int_equal(record.next, 131136 + 72);
    assert_int_equal(record.meta.type, meta.type);
    assert_int_equal(record.meta.codec, meta.codec);
    assert_int_equal(record.meta.flags, meta.flags);
    assert_true(record.meta.journal_ms == meta.journal_ms);
    assert_true(record.meta.mono_ns == meta.mono_ns);
    assert_true(record.meta.wall_ns == meta.wall_ns);
    assert_memory_equal(record.meta.boot_id, meta.boot_id, 16);
}

static void
sizes_are_padded(void **state)
{
    (void)state;
    assert_int_equal(gong_record_size(0), 64);
    assert_int_equal(gong_record_size(1), 72);
    assert_int_equal(gong_record_size(8), 72);
    assert_int_equal(gong_record_size(9), 80);
}

static void
short_bytes_say_again(void **state)
{
    struct gong_record record;

    (void)state;
    for (size_t len = 0; len < sizeof golden; len++) {
        assert_int_equal(open_at(&place, golden, len, &record), GONG_ERR_AGAIN);
    }
}

static void
every_flipped_bit_is_seen(void **state)
{
    uint8_t bytes[72];
    struct gong_record record;

    (void)state;
    for (size_t bit = 0; bit < sizeof bytes * 8 - 24;
         bit++) { /* without the padding */
        write_record(bytes);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_at(&place, bytes, sizeof bytes, &record),
                         GONG_ERR_CORRUPT);
    }
}

static void
another_place_is_corrupt(void **state)
{
    struct gong_record_place other = place;
    struct gong_record record;

    (void)state;
    other.log_id[15] ^= 1;
    assert_int_equal(open_at(&other, golden, sizeof golden, &record),
                     GONG_ERR_CORRUPT);
    other = place;
    other.segment++;
    assert_int_equal(open_at(&other, golden, sizeof golden, &record),
                     GONG_ERR_CORRUPT);
    other = place;
    other.offset += 8;
    assert_int_equal(open_at(&other, golden, sizeof golden, &record),
                     GONG_ERR_CORRUPT);
}

/* A header that is right in itself but says what cannot be. */
static void
impossible_lengths_are_corrupt(void **state)
{
    struct gong_record_place last = place;
    uint8_t header[64];
    struct gong_record record;
    size_t size;

    (void)state;
    gong_record_seal(&place, &meta, GONG_RECORD_PAYLOAD_MAX + 1, 0, header);
    assert_int_equal(gong_record_check(&place, header, &size),
                     GONG_ERR_CORRUPT);
    gong_record_seal(&place, &meta, GONG_RECORD_PAYLOAD_MAX, 0, header);
    assert_int_equal(gong_record_check(&place, header, &size), GONG_OK);
    assert_int_equal(size, 64 + GONG_RECORD_PAYLOAD_MAX);
    last.offset = UINT64_MAX - 7;
    gong_record_seal(&last, &meta, 0, gong_record_seed(&last), header);
    assert_int_equal(open_at(&last, header, sizeof header, &record),
                     GONG_ERR_CORRUPT);
}

static void
unknown_types_pass(void **state)
{
    struct gong_record_meta strange = meta;
    uint8_t header[64];
    struct gong_record record;

    (void)state;
    strange.type = 200;
    gong_record_seal(&place, &strange, 0, gong_record_seed(&place), header);
    assert_int_equal(open_at(&place, header, sizeof header, &record), GONG_OK);
    assert_int_equal(record.meta.type, 200);
    assert_int_equal(record.payload.len, 0);
}

static void
le_round_trip(void **state)
{
    uint8_t bytes[8];

    (void)state;
    gong_le_put64(bytes, UINT64_C(0x0102030405060708));
    assert_int_equal(bytes[0], 8);
    assert_int_equal(bytes[7], 1);
    assert_true(gong_le_get64(bytes) == UINT64_C(0x0102030405060708));
    gong_le_put32(bytes, 0xfffefdfcu);
    assert_int_equal(bytes[0], 0xfc);
    assert_int_equal(gong_le_get32(bytes), 0xfffefdfcu);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_golden),
        cmocka_unit_test(golden_reads_back),
        cmocka_unit_test(sizes_are_padded),
        cmocka_unit_test(short_bytes_say_again),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(another_place_is_corrupt),
        cmocka_unit_test(impossible_lengths_are_corrupt),
        cmocka_unit_test(unknown_types_pass),
        cmocka_unit_test(le_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
