/* Chunks and roll-ups: every kind of series comes back bit by bit, in the few
 * bytes that it should take, and damaged bytes are told. */
#include "agent/history/chunk.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/history_time.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "tests/failing_memory.h"

#define MANY     720
#define START_MS INT64_C(1760000000000)

/* xorshift: the same streams on every machine. */
static uint64_t random_state = 88172645463325252u;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static double
double_of(uint64_t bits)
{
    double value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void
check_same(const struct gong_sample *a, const struct gong_sample *b,
           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(a[i].ms, b[i].ms);
        assert_memory_equal(&a[i].value, &b[i].value, sizeof a[i].value);
    }
}

/* Encoded, decoded behind something else, compared; how many bytes. */
static size_t
round_trip(const struct gong_sample *samples, size_t count)
{
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_buffer bytes = {0};
    struct gong_samples out = {0};
    size_t len = 0;

    assert_non_null(coder);
    assert_int_equal(gong_samples_add(&out, (struct gong_sample){1, 2}),
                     GONG_OK);
    assert_int_equal(gong_chunk_encode(coder, samples, count, &bytes), GONG_OK);
    len = bytes.len;
    assert_int_equal(
        gong_chunk_decode(coder, gong_str_from(bytes.data, bytes.len), &out),
        GONG_OK);
    assert_int_equal(out.count, count + 1);
    assert_true(out.data[0].ms == 1 && out.data[0].value == 2);
    check_same(out.data + 1, samples, count);
    gong_samples_fini(&out);
    gong_buffer_fini(&bytes);
    gong_chunk_coder_free(coder);
    return len;
}

/* --- kinds of series --- */

static double
constant(size_t i)
{
    (void)i;
    return 1;
}

static double
counter(size_t i)
{
    return 1e9 + (double)(i * 1500 + any(40));
}

static double
slow_gauge(size_t i)
{
    static int64_t tenths = 215;

    (void)i;
    tenths += (int64_t)any(3) - 1;
    return (double)tenths / 10;
}

static double
noisy(size_t i)
{
    (void)i;
    return (double)(2000 + any(1000)) / 100;
}

static double
noise(size_t i)
{
    (void)i;
    return double_of(any(UINT64_MAX));
}

static double
ended(size_t i)
{
    return i % 100 == 99 ? gong_stale_nan() : 20.5 + (double)(i % 7);
}

static double
mixed(size_t i)
{
    static const double values[] = {
        0.0,
        -0.0,
        1e300,
        -1e-300,
        (double)INFINITY,
        -(double)INFINITY,
        0.1,
        1e15,
        1e16,
        123456.789012345,
        5e-324,
        0.30000000000000004,
    };

    (void)i;
    return values[any(sizeof values / sizeof values[0])];
}

static double
one_odd(size_t i)
{
    return i == 300 ? (double)NAN : (double)(i % 50) / 100;
}

/* Large whole numbers, and at last one of nine places: for these nine are too
 * many. */
static double
few_places_and_many(size_t i)
{
    return i % MANY == MANY - 5 ? 0.123456789 : 5e6 + (double)any(200);
}

/* As devices compute: one in ten is not the double nearest to its text. */
static double
computed(size_t i)
{
    (void)i;
    return (double)any(1000) / 100.0 + 20;
}

static void
test_kinds(void **state)
{
    static const struct {
        double (*value)(size_t i);
        int64_t step;
        uint64_t jitter;
        size_t bytes_max; /* of MANY samples */
        uint64_t late;    /* a steady clock, read so much late at most */
    } cases[] = {
        {constant, 10000, 0, 32, 0},
        {counter, 10000, 0, 900, 0},
        {slow_gauge, 10000, 0, 420, 0},
        {noisy, 10000, 0, 940, 0},
        {noisy, 10000, 5, 1400, 0},
        {noise, 10000, 0, 5900, 0},
        {ended, 60000, 0, 600, 0},
        {mixed, 1, 0, 5900, 0},
        {one_odd, 1000, 0, 300, 0},
        {constant, 1, 3, 400, 0},
        {few_places_and_many, 10000, 0, 900, 0},
        {computed, 10000, 0, 1200, 0},
        {constant, 10000, 0, 360, 5},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct gong_sample samples[MANY];
        int64_t ms = START_MS;
        size_t bytes;

        for (size_t i = 0; i < MANY; i++) {
            samples[i] = (struct gong_sample){
                ms + (int64_t)any(cases[c].late + 1), cases[c].value(i)};
            ms += cases[c].step + (int64_t)any(cases[c].jitter + 1);
        }
        bytes = round_trip(samples, MANY);
        if (bytes > cases[c].bytes_max) {
            fail_msg("case %zu: %zu bytes, at most %zu", c, bytes,
                     cases[c].bytes_max);
        }
    }
}

static void
test_any_length_and_gaps(void **state)
{
    static double (*const values[])(size_t i) = {
        constant, counter, slow_gauge, noisy,    noise,
        ended,    mixed,   one_odd,    computed, few_places_and_many};

    (void)state;
    for (size_t turn = 0; turn < 600; turn++) {
        struct gong_sample samples[MANY];
        size_t count = 1 + any(turn < 100 ? 5 : MANY);
        int64_t ms = (int64_t)any((uint64_t)START_MS);
        double (*value)(size_t i) =
            values[any(sizeof values / sizeof values[0])];
        uint64_t gap = any(3) == 0 ? 1u << any(30) : 2;

        for (size_t i = 0; i < count; i++) {
            samples[i] = (struct gong_sample){ms, value(i)};
            ms += 1 + (int64_t)any(gap);
        }
        if (any(3) == 0) { /* nearly a line */
            for (size_t i = 0; i < count; i++) {
                samples[i].ms = START_MS + (int64_t)(i * 20 + any(20));
            }
        }
        (void)round_trip(samples, count);
    }
}

static void
test_largest(void **state)
{
    struct gong_sample *samples =
        calloc(GONG_CHUNK_SAMPLES_MAX + 1, sizeof *samples);
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_buffer bytes = {0};

    (void)state;
    assert_true(samples != NULL && coder != NULL);
    for (size_t i = 0; i <= GONG_CHUNK_SAMPLES_MAX; i++) {
        samples[i] = (struct gong_sample){(int64_t)i * 7, noise(i)};
    }
    (void)round_trip(samples, GONG_CHUNK_SAMPLES_MAX);
    assert_int_equal(
        gong_chunk_encode(coder, samples, GONG_CHUNK_SAMPLES_MAX + 1, &bytes),
        GONG_ERR_INVALID);
    assert_int_equal(gong_chunk_encode(coder, samples, 0, &bytes),
                     GONG_ERR_INVALID);
    assert_int_equal(bytes.len, 0);
    free(samples);
    gong_buffer_fini(&bytes);
    gong_chunk_coder_free(coder);
}

static void
test_times_that_are_none(void **state)
{
    static const int64_t times[][3] = {
        {10, 10, 20},
        {10, 20, 15},
        {-1, 0, 1},
        {0, 1, GONG_HISTORY_MS_MAX + 1},
        {INT64_MIN, 0, INT64_MAX},
    };
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_buffer bytes = {0};

    (void)state;
    assert_non_null(coder);
    for (size_t c = 0; c < sizeof times / sizeof times[0]; c++) {
        struct gong_sample samples[3];

        for (size_t i = 0; i < 3; i++) {
            samples[i] = (struct gong_sample){times[c][i], 1};
        }
        assert_int_equal(gong_chunk_encode(coder, samples, 3, &bytes),
                         GONG_ERR_INVALID);
    }
    gong_buffer_fini(&bytes);
    gong_chunk_coder_free(coder);
}

static void
test_damage_is_told(void **state)
{
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_samples out = {0};
    struct gong_sample samples[60];
    struct gong_buffer bytes = {0};
    char *copy;

    (void)state;
    assert_non_null(coder);
    for (size_t i = 0; i < 60; i++) {
        samples[i] =
            (struct gong_sample){START_MS + (int64_t)i * 10000, slow_gauge(i)};
    }
    assert_int_equal(gong_chunk_encode(coder, samples, 60, &bytes), GONG_OK);
    copy = malloc(bytes.len);
    assert_non_null(copy);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        memcpy(copy, bytes.data, bytes.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(
            gong_chunk_decode(coder, gong_str_from(copy, bytes.len), &out),
            GONG_ERR_CORRUPT);
        assert_int_equal(out.count, 0);
    }
    for (size_t len = 0; len < bytes.len; len++) {
        memcpy(copy, bytes.data, len);
        assert_int_equal(
            gong_chunk_decode(coder, gong_str_from(copy, len), &out),
            GONG_ERR_CORRUPT);
    }
    free(copy);
    gong_samples_fini(&out);
    gong_buffer_fini(&bytes);
    gong_chunk_coder_free(coder);
}

/* As a forger would: the check is right again. */
static void
seal(char *bytes, size_t len)
{
    uint8_t *at = (uint8_t *)bytes;
    uint32_t crc = gong_crc32c(0, at, 2);

    gong_le_put32(at + 2, gong_crc32c(crc, at + 6, len - 6));
}

static void
expect_safe(struct gong_chunk_coder *coder, struct gong_str bytes)
{
    struct gong_samples out = {0};
    enum gong_err err = gong_chunk_decode(coder, bytes, &out);

    assert_true(err == GONG_OK || err == GONG_ERR_CORRUPT);
    assert_true(out.count <= (err == GONG_OK ? GONG_CHUNK_SAMPLES_MAX : 0));
    for (size_t i = 0; i < out.count; i++) {
        assert_true(out.data[i].ms >= (i == 0 ? 0 : out.data[i - 1].ms + 1));
        assert_true(out.data[i].ms <= GONG_HISTORY_MS_MAX);
    }
    gong_samples_fini(&out);
}

static void
test_forged_bytes_are_safe(void **state)
{
    static double (*const values[])(size_t i) = {constant, slow_gauge, ended,
                                                 noise, computed};
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_sample samples[40];

    (void)state;
    assert_non_null(coder);
    for (size_t k = 0; k < 3 * sizeof values / sizeof values[0]; k++) {
        struct gong_buffer bytes = {0};

        for (size_t i = 0; i < 40; i++) {
            samples[i] = (struct gong_sample){
                (int64_t)(k % 3 == 2 ? i * 20 + any(20) : 7 + i * (k % 3 + 1)),
                values[k / 3](i)};
        }
        assert_int_equal(gong_chunk_encode(coder, samples, 40, &bytes),
                         GONG_OK);
        for (size_t i = 6 * 16; i < bytes.len * 16; i++) {
            char *at = bytes.data + i / 16;
            char was = *at;

            if (i % 2 == 0) {
                *at = (char)(was ^ (char)(1 << (i % 16 / 2)));
            } else {
                *at = (char)any(256);
            }
            seal(bytes.data, bytes.len);
            expect_safe(coder, gong_str_from(bytes.data, bytes.len));
            *at = was;
        }
        gong_buffer_fini(&bytes);
    }
    gong_chunk_coder_free(coder);
}

/* Files of this format must be read for as long as its number stands: bytes
 * that were written once, by each way of writing. */
static void
expect_bytes(const uint8_t *bytes, size_t len,
             const struct gong_sample *samples, size_t count)
{
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_samples out = {0};

    assert_non_null(coder);
    assert_int_equal(
        gong_chunk_decode(coder, gong_str_from((const char *)bytes, len), &out),
        GONG_OK);
    assert_int_equal(out.count, count);
    check_same(out.data, samples, count);
    gong_samples_fini(&out);
    gong_chunk_coder_free(coder);
}

static void
test_bytes_of_format_1(void **state)
{
    static const uint8_t few[] = {
        0x01, 0x03, 0x3f, 0x45, 0x7d, 0x40, 0x20, 0x04, 0x80, 0x80,
        0xb3, 0xc1, 0x9c, 0x33, 0x01, 0xb0, 0xea, 0x01, 0x02, 0x08,
        0x03, 0x01, 0x02, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0xf8, 0x7f, 0x9a, 0x03, 0x0a, 0x04, 0x00, 0x90, 0x33};
    static const uint8_t near[] = {
        0x01, 0x03, 0x37, 0xdd, 0x55, 0x19, 0x22, 0x04, 0x01, 0x00, 0x01,
        0x00, 0x18, 0x02, 0x01, 0x9c, 0xeb, 0x81, 0xc0, 0xc8, 0x87, 0xf9,
        0x9b, 0x7e, 0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80, 0x01, 0x06, 0x03, 0x40, 0x01, 0x02, 0x82};
    static const uint8_t noise_bytes[] = {
        0x01, 0x03, 0x3b, 0xf5, 0x06, 0x39, 0x2b, 0x04, 0x01, 0x00,
        0x01, 0x0a, 0x00, 0x80, 0x0f, 0x14, 0x9c, 0xeb, 0x81, 0xc0,
        0xc8, 0x87, 0xf9, 0x9b, 0x7e, 0x40, 0x5d, 0x4c, 0xfb, 0x07,
        0xd1, 0xba, 0xb5, 0xe8, 0x78, 0x85, 0x2d, 0xb3, 0x41, 0x88,
        0x04, 0xdd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    static const uint8_t compressed[] = {
        0x01, 0x02, 0xc2, 0xeb, 0x62, 0x28, 0xe8, 0x04, 0x00, 0x00, 0xdd, 0x01,
        0x00, 0xd0, 0xc8, 0x01, 0x80, 0x80, 0xb3, 0xc1, 0x9c, 0x33, 0x00, 0x90,
        0x4e, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0x64, 0xc8, 0x2c, 0xb9, 0x00,
        0x00, 0x01, 0x86, 0x01, 0x0c, 0x00, 0x76, 0xa9, 0x04, 0x40, 0x00, 0xa3,
        0x9c, 0x9b, 0x23, 0x23, 0x2f, 0x95, 0x00, 0x56, 0x70, 0x14, 0x79, 0xed,
        0xc8, 0xb9, 0x4b, 0x25, 0x80, 0x15, 0x1c, 0x45, 0x5e, 0x26, 0x1d, 0x13};
    const struct gong_sample few_samples[] = {
        {START_MS, 20.5},
        {START_MS + 10000, 20.7},
        {START_MS + 20001, gong_stale_nan()},
        {START_MS + 30000, -20.6},
    };
    const struct gong_sample near_samples[] = {
        {1, 0.1 + 0.2}, {2, 1e300}, {3, -0.0}, {4, 5e-324}};
    const struct gong_sample noise_samples[] = {
        {1, 1e300}, {2, -3e-200}, {3, 7e55}, {500, 7e55}};
    struct gong_sample many[200];

    (void)state;
    for (int i = 0; i < 200; i++) {
        many[i] = (struct gong_sample){START_MS + i * 10000,
                                       i % 40 == 39 ? 1000.25 : i % 4};
    }
    expect_bytes(few, sizeof few, few_samples, 4);
    expect_bytes(near, sizeof near, near_samples, 4);
    expect_bytes(noise_bytes, sizeof noise_bytes, noise_samples, 4);
    expect_bytes(compressed, sizeof compressed, many, 200);
}

static enum gong_err
once(uint64_t fails_at, uint64_t *allocations)
{
    struct gong_sample samples[3] = {{1, 1}, {2, 2.5}, {3, 1}};
    struct gong_chunk_coder *coder;
    struct gong_buffer bytes = {0};
    struct gong_samples out = {0};
    enum gong_err err = GONG_ERR_MEMORY;

    failing_memory_begin(fails_at);
    coder = gong_chunk_coder_new();
    if (coder != NULL) {
        err = gong_chunk_encode(coder, samples, 3, &bytes);
    }
    if (err == GONG_OK) {
        err = gong_chunk_decode(coder, gong_str_from(bytes.data, bytes.len),
                                &out);
    }
    gong_samples_fini(&out);
    gong_buffer_fini(&bytes);
    gong_chunk_coder_free(coder);
    *allocations = failing_memory_end();
    return err;
}

static void
test_without_memory(void **state)
{
    uint64_t count = 0;
    uint64_t ignored = 0;

    (void)state;
    assert_int_equal(once(FAILING_MEMORY_NEVER, &count), GONG_OK);
    assert_true(count > 4);
    for (uint64_t at = 0; at < count; at++) {
        assert_int_equal(once(at, &ignored), GONG_ERR_MEMORY);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_any_length_and_gaps),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_times_that_are_none),
        cmocka_unit_test(test_damage_is_told),
        cmocka_unit_test(test_forged_bytes_are_safe),
        cmocka_unit_test(test_bytes_of_format_1),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
