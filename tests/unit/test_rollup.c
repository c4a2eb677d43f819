/* Roll-ups: against what the functions of a window say of the same samples. */
#include "agent/history/rollup.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/history_time.h"
#include "tests/failing_memory.h"

#define FIVE_MINUTES INT64_C(300000)
#define HOUR         INT64_C(3600000)
#define AT           (INT64_C(488889) * HOUR)

static uint64_t random_state = 88172645463325252u;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static bool
same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void
test_edges(void **state)
{
    static const struct gong_sample samples[] = {
        {AT - FIVE_MINUTES, 1},
        {AT - FIVE_MINUTES + 1, 7},
        {AT - 1, 3},
        {AT, 5},
        {AT + 1, 9},
    };
    struct gong_rollups out = {0};

    (void)state;
    assert_int_equal(gong_rollup_make(samples, 5, FIVE_MINUTES, &out), GONG_OK);
    assert_int_equal(out.count, 3);
    assert_int_equal(out.data[0].end_ms, AT - FIVE_MINUTES);
    assert_int_equal(out.data[0].last_ms, AT - FIVE_MINUTES);
    assert_int_equal(out.data[1].end_ms, AT);
    assert_int_equal(out.data[1].count, 3);
    assert_true(out.data[1].min == 3 && out.data[1].max == 7);
    assert_true(out.data[1].sum == 15 && out.data[1].last == 5);
    assert_int_equal(out.data[1].last_ms, AT);
    assert_int_equal(out.data[2].end_ms, AT + FIVE_MINUTES);
    gong_rollups_fini(&out);
}

static void
test_stale_markers_and_nan(void **state)
{
    const struct gong_sample samples[] = {
        {AT - 3, (double)NAN},
        {AT - 2, 4},
        {AT, gong_stale_nan()},
        {AT + 1, gong_stale_nan()},
    };
    struct gong_rollups out = {0};

    (void)state;
    assert_int_equal(gong_rollup_make(samples, 4, FIVE_MINUTES, &out), GONG_OK);
    assert_int_equal(out.count, 2);
    assert_int_equal(out.data[0].count, 2);
    assert_true(out.data[0].min == 4 && out.data[0].max == 4);
    assert_true(isnan(out.data[0].sum));
    assert_true(gong_is_stale(out.data[0].last));
    assert_int_equal(out.data[1].count, 0);
    assert_true(isnan(out.data[1].min) && isnan(out.data[1].max));
    assert_true(out.data[1].sum == 0 && gong_is_stale(out.data[1].last));
    gong_rollups_fini(&out);
}

/* Hours made of five minutes are those made of samples. Sums of small whole
 * numbers are exact in any order. */
static void
test_join_is_make(void **state)
{
    struct gong_sample samples[3000];
    struct gong_rollups five = {0};
    struct gong_rollups joined = {0};
    struct gong_rollups made = {0};
    int64_t ms = AT;

    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        samples[i] = (struct gong_sample){ms, any(50) == 0 ? gong_stale_nan()
                                                           : (double)any(1000)};
        ms += 1 + (int64_t)any(any(100) == 0 ? 9000000 : 20000);
    }
    assert_int_equal(gong_rollup_make(samples, 3000, FIVE_MINUTES, &five),
                     GONG_OK);
    assert_int_equal(gong_rollup_make(samples, 3000, HOUR, &made), GONG_OK);
    assert_int_equal(gong_rollup_join(five.data, five.count, HOUR, &joined),
                     GONG_OK);
    assert_int_equal(joined.count, made.count);
    assert_true(made.count > 10);
    for (size_t i = 0; i < made.count; i++) {
        assert_int_equal(joined.data[i].end_ms, made.data[i].end_ms);
        assert_int_equal(joined.data[i].last_ms, made.data[i].last_ms);
        assert_int_equal(joined.data[i].count, made.data[i].count);
        assert_true(same(joined.data[i].last, made.data[i].last));
        assert_true(same(joined.data[i].min, made.data[i].min) ||
                    made.data[i].count == 0);
        assert_true(same(joined.data[i].max, made.data[i].max) ||
                    made.data[i].count == 0);
        assert_true(joined.data[i].sum == made.data[i].sum);
    }
    gong_rollups_fini(&five);
    gong_rollups_fini(&joined);
    gong_rollups_fini(&made);
}

static void
test_the_newer_of_two_stands(void **state)
{
    static const struct gong_rollup old[] = {{.end_ms = 300000, .sum = 1},
                                             {.end_ms = 600000, .sum = 2},
                                             {.end_ms = 900000, .sum = 3}};
    static const struct gong_rollup anew[] = {{.end_ms = 600000, .sum = 20},
                                              {.end_ms = 1200000, .sum = 4}};
    struct gong_rollups all = {0};

    (void)state;
    assert_int_equal(gong_rollups_append(&all, old, 3), GONG_OK);
    assert_int_equal(gong_rollups_append(&all, anew, 2), GONG_OK);
    assert_int_equal(gong_rollups_merge(&all, 0), GONG_OK);
    assert_int_equal(all.count, 4);
    assert_true(all.data[1].sum == 20 && all.data[2].sum == 3);
    assert_int_equal(all.data[3].end_ms, 1200000);
    gong_rollups_fini(&all);
}

static void
test_bytes(void **state)
{
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_sample samples[4000];
    struct gong_rollups made = {0};
    struct gong_rollups read = {0};
    struct gong_buffer bytes = {0};

    (void)state;
    assert_non_null(coder);
    for (size_t i = 0; i < 4000; i++) {
        samples[i] = (struct gong_sample){AT + (int64_t)i * 10000,
                                          any(90) == 0 ? (double)NAN
                                                       : (double)any(500) / 10};
    }
    assert_int_equal(gong_rollup_make(samples, 4000, FIVE_MINUTES, &made),
                     GONG_OK);
    assert_int_equal(gong_rollup_encode(coder, made.data, made.count, &bytes),
                     GONG_OK);
    assert_int_equal(
        gong_rollup_decode(coder, gong_str_from(bytes.data, bytes.len), &read),
        GONG_OK);
    assert_int_equal(read.count, made.count);
    for (size_t i = 0; i < made.count; i++) {
        assert_int_equal(read.data[i].end_ms, made.data[i].end_ms);
        assert_int_equal(read.data[i].last_ms, made.data[i].last_ms);
        assert_int_equal(read.data[i].count, made.data[i].count);
        assert_true(same(read.data[i].min, made.data[i].min));
        assert_true(same(read.data[i].max, made.data[i].max));
        assert_true(same(read.data[i].sum, made.data[i].sum));
        assert_true(same(read.data[i].last, made.data[i].last));
    }
    for (size_t bit = 0; bit < bytes.len * 8; bit += 3) {
        bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(
            gong_rollup_decode(coder, gong_str_from(bytes.data, bytes.len),
                               &read),
            GONG_ERR_CORRUPT);
        assert_int_equal(read.count, made.count);
        bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ (1 << (bit % 8)));
    }
    gong_rollups_fini(&made);
    gong_rollups_fini(&read);
    gong_buffer_fini(&bytes);
    gong_chunk_coder_free(coder);
}

/* As of chunks: bytes that were written once. */
static void
test_bytes_of_format_1(void **state)
{
    static const uint8_t bytes[] = {
        0x01, 0x05, 0xe4, 0x26, 0x06, 0xdb, 0x2a, 0x01, 0xa0, 0x8d,
        0xb9, 0xc1, 0x9c, 0x33, 0x11, 0x70, 0x11, 0x01, 0x02, 0x03,
        0x02, 0x00, 0x9b, 0x03, 0x00, 0x02, 0x00, 0x9e, 0x03, 0x00,
        0x00, 0x01, 0x00, 0x99, 0xb3, 0xe6, 0xcc, 0x99, 0xb3, 0xa6,
        0x9a, 0x40, 0x00, 0x00, 0x02, 0x00, 0x9b, 0x03, 0x00};
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_rollups read = {0};
    struct gong_str all = gong_str_from((const char *)bytes, sizeof bytes);

    (void)state;
    assert_non_null(coder);
    for (size_t len = 0; len < all.len; len++) {
        assert_int_equal(
            gong_rollup_decode(coder, gong_str_from(all.data, len), &read),
            GONG_ERR_CORRUPT);
        assert_int_equal(read.count, 0);
    }
    assert_int_equal(gong_rollup_decode(coder, all, &read), GONG_OK);
    assert_int_equal(read.count, 1);
    assert_int_equal(read.data[0].end_ms, INT64_C(1760000100000));
    assert_int_equal(read.data[0].last_ms, INT64_C(1760000030000));
    assert_int_equal(read.data[0].count, 3);
    assert_true(read.data[0].min == -20.6 && read.data[0].max == 20.7);
    assert_true(same(read.data[0].sum, 20.599999999999998) &&
                same(read.data[0].last, -20.6));
    gong_rollups_fini(&read);
    gong_chunk_coder_free(coder);
}

/* Whichever allocation fails, nothing was appended. */
static enum gong_err
once(uint64_t fails_at, uint64_t *allocations)
{
    const struct gong_sample samples[] = {
        {1, 1}, {2, gong_stale_nan()}, {300001, 2.5}, {600001, 1}};
    struct gong_rollups five = {0};
    struct gong_rollups hours = {0};
    struct gong_rollups read = {0};
    struct gong_buffer bytes = {0};
    struct gong_chunk_coder *coder = NULL;
    enum gong_err err = GONG_OK;

    failing_memory_begin(fails_at);
    err = gong_rollup_make(samples, 4, FIVE_MINUTES, &five);
    if (err == GONG_OK) {
        err = gong_rollup_join(five.data, five.count, HOUR, &hours);
    }
    if (err == GONG_OK) {
        coder = gong_chunk_coder_new();
        err = coder == NULL
                  ? GONG_ERR_MEMORY
                  : gong_rollup_encode(coder, five.data, five.count, &bytes);
    }
    if (err == GONG_OK) {
        err = gong_rollup_decode(coder, gong_str_from(bytes.data, bytes.len),
                                 &read);
        assert_int_equal(read.count, err == GONG_OK ? five.count : 0);
    }
    *allocations = failing_memory_end();
    gong_chunk_coder_free(coder);
    gong_rollups_fini(&five);
    gong_rollups_fini(&hours);
    gong_rollups_fini(&read);
    gong_buffer_fini(&bytes);
    return err;
}

static void
test_without_memory(void **state)
{
    uint64_t count = 0;
    uint64_t ignored = 0;

    (void)state;
    assert_int_equal(once(FAILING_MEMORY_NEVER, &count), GONG_OK);
    assert_true(count > 6);
    for (uint64_t at = 0; at < count; at++) {
        assert_int_equal(once(at, &ignored), GONG_ERR_MEMORY);
    }
}

static void
test_blocks(void **state)
{
    static const struct {
        enum gong_resolution resolution;
        int64_t ms;
        int64_t block;
    } cases[] = {
        {GONG_RESOLUTION_RAW, 0, 0},
        {GONG_RESOLUTION_RAW, 7199999, 0},
        {GONG_RESOLUTION_RAW, 7200000, 1},
        {GONG_RESOLUTION_5M, 300000, 0},
        {GONG_RESOLUTION_5M, 86400000, 0},
        {GONG_RESOLUTION_5M, 86400001, 1},
        {GONG_RESOLUTION_1H, INT64_C(28) * 86400000, 0},
        {GONG_RESOLUTION_1H, INT64_C(28) * 86400000 + 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_history_block(cases[i].resolution, cases[i].ms),
                         cases[i].block);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_stale_markers_and_nan),
        cmocka_unit_test(test_join_is_make),
        cmocka_unit_test(test_the_newer_of_two_stands),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bytes_of_format_1),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
