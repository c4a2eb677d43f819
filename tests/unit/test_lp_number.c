#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/lp_number.h"

/* splitmix64: reproducible. */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static const char *
scan(const char *text, struct gong_lp_value *value)
{
    const char *at = text;
    const char *end = text + strlen(text);
    const char *reason = gong_lp_number_scan(&at, end, value);

    if (reason == NULL) {
        assert_ptr_equal(at, end);
    }
    return reason;
}

static uint64_t
bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

static void
same_as_strtod(const char *text)
{
    struct gong_lp_value value;
    double expected = strtod(text, NULL);

    if (scan(text, &value) != NULL || value.type != GONG_LP_FLOAT ||
        bits_of(value.as.number) != bits_of(expected)) {
        fail_msg("%s: %.17g, not %.17g", text, value.as.number, expected);
    }
}

static void
known_hard_floats(void **state)
{
    static const char *const rows[] = {
        "0",
        "-0",
        "-0.",
        ".5",
        "1.",
        "1.e5",
        ".0e1",
        "1E4",
        "1e+4",
        "0e999999",
        "9007199254740993",
        "9007199254740992.5",
        "9007199254740993.0000001",
        "18446744073709551615",
        "18446744073709551616",
        "1e22",
        "1e23",
        "8.5e22",
        "123456789012345678901234567890",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1e-400",
        "0.00000000000000000000000000000000000000000000000000000001",
        "0.000012345678901234567",
        "00000000000000000000000001.5",
        "7.2057594037927933e16",
        "1000000000000000000000e-21",
        "0.500000000000000166533453693773481063544750213623046875",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "3.4e-64",
        "9999999999999999999e64",
        "9999999999999999999e65",
        "1e64",
        "1e-64",
        "1e65",
        "1e-65",
        "36028797018963969e-2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        same_as_strtod(rows[i]);
    }
}

static void
random_floats(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = next_random(&seed);
        uint64_t choice = next_random(&seed);
        int places = (int)(choice % 18);
        char text[64];
        double value;

        (void)snprintf(text, sizeof(text), "%.*e", places,
                       (double)(bits >> 11) * 1e-9);
        same_as_strtod(text);
        (void)snprintf(text, sizeof(text), "%" PRIu64 "e%d", bits >> places,
                       (int)(choice >> 8 & 255) - 128);
        same_as_strtod(text);
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value)) {
            (void)snprintf(text, sizeof(text), "%.17g", value);
            same_as_strtod(text);
        }
    }
}

/* Half way between two doubles, and one digit beside it, at many exponents. */
static void
ties(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t odd = (next_random(&seed) >> 10) | 1;
        int shift = (int)(next_random(&seed) % 10);
        char text[64];

        odd |= UINT64_C(1) << 53; /* 54 bits: the last one is the half */
        (void)snprintf(text, sizeof(text), "%" PRIu64, odd << shift);
        same_as_strtod(text);
        (void)snprintf(text, sizeof(text), "%" PRIu64 "e-%d", odd * 5, 1);
        same_as_strtod(text);
        (void)snprintf(text, sizeof(text), "%" PRIu64 "e-%d", odd * 25, 2);
        same_as_strtod(text);
        (void)snprintf(text, sizeof(text), "%" PRIu64 "e%d", odd >> 8, shift);
        same_as_strtod(text);
    }
}

/* In the middle of a line, where eight bytes can be read at once: every split
 * of up to nine digits, both signs, and what stands behind. */
static void
short_in_a_line(void **state)
{
    static const char *const behind[] = {",n=1234567", " 1234567", ", ", "\n",
                                         "e3,n=1234567"};
    uint64_t seed = 3;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t choice = next_random(&seed);
        int digits = 1 + (int)(choice % 9);
        int whole = (int)(choice >> 8) % (digits + 1);
        const char *end = behind[(choice >> 24) % 5];
        char text[64];
        char *to = text;
        const char *at = text;
        struct gong_lp_value value;
        char *stop = NULL;
        double expected;

        if ((choice >> 32 & 1) != 0) {
            *to++ = '-';
        }
        for (int k = 0; k < digits; k++) {
            if (k == whole) {
                *to++ = '.';
            }
            *to++ = (char)('0' + next_random(&seed) % 10);
        }
        (void)strcpy(to, end);
        expected = strtod(text, &stop);
        if (gong_lp_number_scan(&at, text + strlen(text), &value) != NULL ||
            value.type != GONG_LP_FLOAT || at != stop ||
            bits_of(value.as.number) != bits_of(expected)) {
            fail_msg("%s: %.17g", text, value.as.number);
        }
    }
}

static void
integers(void **state)
{
    struct gong_lp_value value;

    (void)state;
    assert_null(scan("-9223372036854775808i", &value));
    assert_int_equal(value.type, GONG_LP_INT);
    assert_true(value.as.integer == INT64_MIN);
    assert_null(scan("0009223372036854775807i", &value));
    assert_true(value.as.integer == INT64_MAX);
    assert_null(scan("0018446744073709551615u", &value));
    assert_int_equal(value.type, GONG_LP_UINT);
    assert_true(value.as.unsigned_integer == UINT64_MAX);
    assert_null(scan("-0i", &value));
    assert_true(value.as.integer == 0);
    assert_string_equal(scan("9223372036854775808i", &value), "out_of_range");
    assert_string_equal(scan("-9223372036854775809i", &value), "out_of_range");
    assert_string_equal(scan("18446744073709551616u", &value), "out_of_range");
    assert_string_equal(scan("99999999999999999999u", &value), "out_of_range");
    assert_string_equal(scan("100000000000000000000i", &value), "out_of_range");
}

static void
refused(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"", "bad_number"},
        {"-", "bad_number"},
        {".", "bad_number"},
        {"-.", "bad_number"},
        {"+1", "bad_number"},
        {"e5", "bad_number"},
        {"1e", "bad_number"},
        {"1e+", "bad_number"},
        {"abc", "bad_number"},
        {"NaN", "nan"},
        {"nan", "nan"},
        {"-Inf", "nan"},
        {"Infinity", "nan"},
        {"na", "bad_number"},
        {"1e309", "out_of_range"},
        {"-1e999999999999", "out_of_range"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_lp_value value;
        const char *reason = scan(rows[i].text, &value);

        if (reason == NULL || strcmp(reason, rows[i].reason) != 0) {
            fail_msg("%s: %s", rows[i].text, reason == NULL ? "ok" : reason);
        }
    }
}

/* The number ends where its grammar does: the reader judges what follows. */
static void
stops_behind_the_number(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {{"1ii", 2},  {"-1u", 2},  {"1.5i", 3}, {"9e10i", 4},
                {"1.1.", 3}, {"0x10", 1}, {"5 6", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_lp_value value;
        const char *at = rows[i].text;

        assert_null(gong_lp_number_scan(&at, at + strlen(at), &value));
        assert_int_equal(at - rows[i].text, rows[i].len);
    }
}

/* A thousand digits, of which the last decides. */
static void
very_long(void **state)
{
    char text[1200];
    size_t len = 0;

    (void)state;
    len += (size_t)snprintf(text, sizeof(text), "9007199254740993.");
    while (len < 1100) {
        text[len++] = '0';
    }
    text[len] = '\0';
    same_as_strtod(text);
    text[len++] = '1';
    text[len] = '\0';
    same_as_strtod(text);
    memset(text, '7', 300);
    text[300] = '\0';
    same_as_strtod(text);
}

static void
stamps(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
        int64_t value;
    } rows[] = {
        {"0", NULL, 0},
        {"1760000000000000000", NULL, INT64_C(1760000000000000000)},
        {"-9223372036854775808", NULL, INT64_MIN},
        {"9223372036854775807", NULL, INT64_MAX},
        {"9223372036854775808", "time", 0},
        {"-", "bad_time", 0},
        {"x", "bad_time", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = rows[i].text;
        int64_t value = 1;
        const char *reason = gong_lp_number_stamp(&at, at + strlen(at), &value);

        if (rows[i].reason == NULL) {
            assert_null(reason);
            assert_true(value == rows[i].value);
        } else {
            assert_string_equal(reason, rows[i].reason);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hard_floats),
        cmocka_unit_test(random_floats),
        cmocka_unit_test(ties),
        cmocka_unit_test(short_in_a_line),
        cmocka_unit_test(integers),
        cmocka_unit_test(refused),
        cmocka_unit_test(stops_behind_the_number),
        cmocka_unit_test(very_long),
        cmocka_unit_test(stamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
