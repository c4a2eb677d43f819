#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "common/crc32c.h"

/* RFC 3720 B.4, and the usual check value. */
static void
published_values(void **state)
{
    uint8_t bytes[32] = {0};

    (void)state;
    assert_int_equal(gong_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(gong_crc32c(0, bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(gong_crc32c(0, bytes, 32), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = i;
    }
    assert_int_equal(gong_crc32c(0, bytes, 32), 0x46dd794e);
    assert_int_equal(gong_crc32c(0, NULL, 0), 0);
}

/* Every length and alignment, in one go and in two, by both ways. */
static void
parts_and_ways_agree(void **state)
{
    uint8_t bytes[96];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t start = 0; start < 9; start++) {
        for (size_t len = 0; start + len <= sizeof(bytes); len++) {
            const uint8_t *data = bytes + start;
            uint32_t whole = gong_crc32c(0, data, len);
            uint32_t first = gong_crc32c(0, data, len / 3);

            assert_int_equal(whole, gong_crc32c_portable(0, data, len));
            assert_int_equal(whole,
                             gong_crc32c(first, data + len / 3, len - len / 3));
        }
    }
}

/* Lengths at which blocks are taken in lanes. */
static void
long_parts_agree(void **state)
{
    static uint8_t bytes[4100];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * i * 31 + i * 7 + (i >> 5));
    }
    for (size_t len = 700; len < sizeof(bytes) - 3; len += 13) {
        const uint8_t *data = bytes + len % 3;
        uint32_t seed = (uint32_t)len * 2654435761u;

        assert_int_equal(gong_crc32c(seed, data, len),
                         gong_crc32c_portable(seed, data, len));
        assert_int_equal(gong_crc32c(gong_crc32c(seed, data, len / 2),
                                     data + len / 2, len - len / 2),
                         gong_crc32c_portable(seed, data, len));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(parts_and_ways_agree),
        cmocka_unit_test(long_parts_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
