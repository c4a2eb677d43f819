#include "rules/engine/promql_literal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_number_text_and_back(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {100000, "100000"},
        {999999, "999999"},
        {1e6, "1e+06"},
        {1234567.891, "1.234567891e+06"},
        {123456789, "1.23456789e+08"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {-1.5, "-1.5"},
        {70.25, "70.25"},
        {1e300, "1e+300"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1e-310, "1e-310"},
        {81.96, "81.96"},
        {1200, "1200"},
        {1e15, "1e+15"},
        {123456789012345680, "1.2345678901234568e+17"},
        {1.0 / 3, "0.3333333333333333"},
        {9007199254740992, "9.007199254740992e+15"},
    };
    char text[GONG_NUMBER_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double back = 0;
        size_t len = gong_promql_number_text(cases[i].value, text);
        bool minus = text[0] == '-';

        assert_string_equal(text, cases[i].text);
        assert_int_equal(len, strlen(text));
        assert_true(gong_promql_number(gong_str_of(text + minus), &back));
        assert_true(back == fabs(cases[i].value));
    }
    (void)gong_promql_number_text((double)INFINITY, text);
    assert_string_equal(text, "+Inf");
    (void)gong_promql_number_text(-(double)INFINITY, text);
    assert_string_equal(text, "-Inf");
    (void)gong_promql_number_text((double)NAN, text);
    assert_string_equal(text, "NaN");
}

/* The shortest text that reads back, by trying all lengths. */
static void
try_all(double value, char *out)
{
    char text[40];
    const char *end = NULL;
    int precision = 0;
    int exponent = 0;

    do {
        (void)snprintf(text, sizeof text, "%.*e", precision, value);
    } while (strtod(text, NULL) != value && precision++ < 17);
    end = strchr(text, 'e');
    exponent = (int)strtol(end + 1, NULL, 10);
    if (exponent >= -4 && exponent < 6) {
        int places = precision - exponent;

        (void)snprintf(out, 40, "%.*f", places < 0 ? 0 : places, value);
    } else {
        (void)snprintf(out, 40, "%s", text);
    }
}

/* Few decimal places, many, and the neighbours of those with few, which have
 * many: what is written at once is what trying finds. */
static void
test_number_text_is_the_shortest(void **state)
{
    uint64_t seed = 88172645463325252;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[GONG_NUMBER_TEXT_SIZE];
        char tried[40];
        double value = 0;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        value = (double)(int64_t)(seed >> 4) / pow(10, (double)(seed % 7));
        value = floor(value / pow(2, (double)(seed >> 8 & 63)));
        value /= pow(10, (double)(seed >> 16 & 7));
        value = (seed >> 20 & 3) == 0 ? nextafter(value, 1e300) : value;
        text[gong_promql_number_text(value, text)] = '\0';
        try_all(value, tried);
        assert_string_equal(text, tried);
    }
}

static void
test_number_forms(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0x1F", 31},
        {"0XaE", 174},
        {"017", 15},
        {"09", 9},
        {"0", 0},
        {".5", .5},
        {"5.", 5},
        {"1E3", 1000},
        {"9223372036854775807", 9223372036854775807.0},
        {"12345678901234567890123", 12345678901234567890123.0},
        {"0777777777777777777777777", 777777777777777777777777.0},
        {"1e-400", 0},
    };
    static const char *const bad[] = {
        "",
        "0x",
        "0xg",
        "1e",
        "1e400",
        "1_0",
        "0b1",
        "--1",
        "0x1.8",
        "0x1p3",
        "infinity",
        "na",
        ".",
        "e5",
        "1 ",
        " 1",
        "0xffffffffffffffff",
    };
    double value = 0;
    char longest[600];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(gong_promql_number(gong_str_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (gong_promql_number(gong_str_of(bad[i]), &value)) {
            fail_msg("read as a number: \"%s\"", bad[i]);
        }
    }
    assert_true(gong_promql_number(gong_str_of("iNf"), &value));
    assert_true(isinf(value));
    assert_true(gong_promql_number(gong_str_of("NAN"), &value));
    assert_true(isnan(value));
    memset(longest, '1', sizeof(longest));
    assert_false(
        gong_promql_number(gong_str_from(longest, sizeof(longest)), &value));
}

static void
test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
        const char *canonical;
    } good[] = {
        {"1ms", 1, "1ms"},
        {"90s", 90000, "1m30s"},
        {"1h30m", 5400000, "1h30m"},
        {"7d", 604800000, "1w"},
        {"8d", 691200000, "8d"},
        {"1y", 31536000000, "1y"},
        {"366d", 31622400000, "366d"},
        {"0y5m", 300000, "5m"},
        {"1d2h3m4s5ms", 93784005, "1d2h3m4s5ms"},
        {"292y", 292 * INT64_C(31536000000), "292y"},
    };
    static const char *const bad[] = {
        "",      "5",
        "m",     "0s",
        "5x",    "1m1h",
        "1s1s",  "5.5m",
        "-5m",   "5 m",
        "1ms1s", "5M",
        "293y",  "9999999999999999999s",
        "5mm",   "99999999999999999999999999y",
    };
    char text[GONG_DURATION_TEXT_SIZE];
    size_t len = 0;
    int64_t ms = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(gong_promql_duration(gong_str_of(good[i].text), &ms));
        assert_true(ms == good[i].ms);
        len = gong_promql_duration_text(ms, text);
        assert_string_equal(text, good[i].canonical);
        assert_int_equal(len, strlen(text));
        assert_true(gong_promql_duration(gong_str_of(text), &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (gong_promql_duration(gong_str_of(bad[i]), &ms)) {
            fail_msg("read as a duration: \"%s\"", bad[i]);
        }
    }
}

static void
test_strings(void **state)
{
    static const struct {
        const char *literal;
        const char *value;
    } good[] = {
        {"\"\"", ""},
        {"\"a'b\"", "a'b"},
        {"'a\\'b'", "a'b"},
        {"`a\\n\"b`", "a\\n\"b"},
        {"`a\nb`", "a\nb"},
        {"\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\"", "\a\b\f\n\r\t\v\\\""},
        {"\"\\x41\\101\\u0041\\U00000041\"", "AAAA"},
        {"\"\\u0111\\u1ebf\\U0001f6a8\"", "đế🚨"},
        {"\"\\xff\"", "\xff"},
    };
    static const char *const bad[] = {
        "\"",
        "a",
        "\"a'",
        "\"\\'\"",
        "'\\\"'",
        "\"\\q\"",
        "\"\\x4\"",
        "\"\\xgg\"",
        "\"\\08\"",
        "\"\\400\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\U00110000\"",
        "\"\\x00\"",
        "\"\\\"",
        "\"\xc3\"",
        "\"\xed\xa0\x80\"",
        "\"\xc0\x80\"",
    };
    struct gong_expr_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char *value = gong_promql_unquote(gong_str_of(good[i].literal), &error);

        assert_non_null(value);
        assert_string_equal(value, good[i].value);
        free(value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (gong_promql_unquote(gong_str_of(bad[i]), &error) != NULL) {
            fail_msg("unquoted: %s", bad[i]);
        }
    }
}

/* Any bytes but NUL survive quoting, and no control character comes out. */
static void
test_quote_keeps_every_byte(void **state)
{
    (void)state;
    for (unsigned first = 1; first < 256; first++) {
        for (unsigned second = 1; second < 256; second += 3) {
            char value[3] = {(char)(unsigned char)first,
                             (char)(unsigned char)second, '\0'};
            char literal[16];
            struct gong_expr_error error;
            size_t len = gong_promql_quote(gong_str_from(value, 2), literal);
            char *back =
                gong_promql_unquote(gong_str_from(literal, len), &error);

            assert_non_null(back);
            assert_string_equal(back, value);
            for (size_t i = 0; i < len; i++) {
                assert_true((unsigned char)literal[i] >= 0x20 &&
                            literal[i] != 0x7f);
            }
            free(back);
        }
    }
}

static void
test_runes(void **state)
{
    uint32_t rune = 0;

    (void)state;
    assert_int_equal(gong_promql_rune(gong_str_of("a"), &rune), 1);
    assert_int_equal(rune, 'a');
    assert_int_equal(gong_promql_rune(gong_str_of("đ"), &rune), 2);
    assert_int_equal(rune, 0x111);
    assert_int_equal(gong_promql_rune(gong_str_of("ế"), &rune), 3);
    assert_int_equal(rune, 0x1ebf);
    assert_int_equal(gong_promql_rune(gong_str_of("🚨"), &rune), 4);
    assert_int_equal(rune, 0x1f6a8);
    assert_int_equal(gong_promql_rune(gong_str_from("", 0), NULL), 0);
    assert_int_equal(gong_promql_rune(gong_str_from("ế", 2), NULL), 0);
    assert_int_equal(gong_promql_rune(gong_str_of("\x80"), NULL), 0);
    assert_int_equal(gong_promql_rune(gong_str_of("\xe0\x80\x80"), NULL), 0);
    assert_int_equal(gong_promql_rune(gong_str_of("\xf4\x90\x80\x80"), NULL),
                     0);
    assert_int_equal(gong_promql_rune(gong_str_of("\xff"), NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_text_and_back),
        cmocka_unit_test(test_number_text_is_the_shortest),
        cmocka_unit_test(test_number_forms),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_quote_keeps_every_byte),
        cmocka_unit_test(test_runes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
