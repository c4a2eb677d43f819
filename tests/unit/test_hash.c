#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/hash.h"

/* FNV-1a's published values: the fingerprint is public and must not move. */
static void
test_fnv1a_is_the_published_one(void **state)
{
    (void)state;
    assert_true(gong_fnv1a(GONG_FNV1A_START, "", 0) ==
                UINT64_C(0xcbf29ce484222325));
    assert_true(gong_fnv1a(GONG_FNV1A_START, "a", 1) ==
                UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(gong_fnv1a(GONG_FNV1A_START, "foobar", 6) ==
                UINT64_C(0x85944171f73967e8));
    assert_true(gong_fnv1a(gong_fnv1a(GONG_FNV1A_START, "foo", 3), "bar", 3) ==
                UINT64_C(0x85944171f73967e8));
}

static void
test_every_byte_and_the_key_count(void **state)
{
    struct gong_hash_key keys[2] = {{{1, 2}}, {{1, 3}}};
    unsigned char bytes[40];
    uint64_t whole = 0;

    (void)state;
    memset(bytes, 7, sizeof bytes);
    for (size_t len = 1; len <= sizeof bytes; len++) {
        whole = gong_hash(&keys[0], bytes, len);
        assert_true(whole == gong_hash(&keys[0], bytes, len));
        assert_true(whole != gong_hash(&keys[1], bytes, len));
        assert_true(whole != gong_hash(&keys[0], bytes, len - 1));
        for (size_t i = 0; i < len; i++) {
            bytes[i] ^= 0x80;
            assert_true(whole != gong_hash(&keys[0], bytes, len));
            bytes[i] ^= 0x80;
        }
    }
    assert_true(gong_hash(&keys[0], NULL, 0) == gong_hash(&keys[0], "", 0));
}

/* Where tables look: the low bits of keys that differ little. */
static void
test_low_bits_spread(void **state)
{
    struct gong_hash_key key = {{0, 0}};
    unsigned counts[256] = {0};

    (void)state;
    for (uint32_t i = 0; i < 25600; i++) {
        counts[gong_hash(&key, &i, sizeof i) & 255]++;
    }
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(counts[i], 50, 150);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fnv1a_is_the_published_one),
        cmocka_unit_test(test_every_byte_and_the_key_count),
        cmocka_unit_test(test_low_bits_spread),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
