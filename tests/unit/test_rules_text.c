/* Numbers, times and JSON as the rules' tool reads and writes them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/query/instant.h"
#include "rules/query/json_text.h"
#include "rules/query/number_text.h"

struct number_case {
    double value;
    const char *plain;
    const char *api;
};

static const struct number_case numbers[] = {
    {0, "0", "0"},
    {-0.0, "-0", "-0"},
    {1, "1", "1"},
    {-1.5, "-1.5", "-1.5"},
    {0.1, "0.1", "0.1"},
    {100, "100", "100"},
    {123456.789, "123456.789", "123456.789"},
    {1e-7, "0.0000001", "1e-07"},
    {1.25e-10, "0.000000000125", "1.25e-10"},
    {1e-6, "0.000001", "0.000001"},
    {1e20, "100000000000000000000", "100000000000000000000"},
    {1e21, "1000000000000000000000", "1e+21"},
    {-1.5e300, NULL, "-1.5e+300"},
    {5e-324, NULL, "5e-324"},
    {NAN, "NaN", "NaN"},
    {INFINITY, "+Inf", "+Inf"},
    {-INFINITY, "-Inf", "-Inf"},
    {9007199254740993.0, "9007199254740992", "9007199254740992"},
};

static void
numbers_are_written_as_the_reference_does(void **state)
{
    char text[GONG_NUMBER_PLAIN_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        size_t len = gong_number_plain(numbers[i].value, text);

        assert_int_equal(len, strlen(text));
        if (numbers[i].plain != NULL) {
            assert_string_equal(text, numbers[i].plain);
        }
        if (isfinite(numbers[i].value)) {
            assert_true(strtod(text, NULL) == numbers[i].value);
        }
        (void)gong_number_api(numbers[i].value, text);
        assert_string_equal(text, numbers[i].api);
    }
    (void)gong_number_plain(-1.7976931348623157e308, text);
    assert_int_equal(strlen(text), 310);
    (void)gong_number_seconds(-1, text);
    assert_string_equal(text, "-0.001");
    (void)gong_number_seconds(1500, text);
    assert_string_equal(text, "1.5");
    (void)gong_number_seconds(60000, text);
    assert_string_equal(text, "60");
    (void)gong_number_seconds(0, text);
    assert_string_equal(text, "0");
    (void)gong_number_seconds(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775.808");
}

struct instant_case {
    const char *text;
    const char *written; /* NULL: refused */
};

static const struct instant_case instants[] = {
    {"0", "1970-01-01T00:00:00Z"},
    {"1.5", "1970-01-01T00:00:01.500Z"},
    {"-1", "1969-12-31T23:59:59Z"},
    {"-0.001", "1969-12-31T23:59:59.999Z"},
    {"1760000000.123", "2025-10-09T08:53:20.123Z"},
    {"2026-01-31T08:00:00+07:00", "2026-01-31T01:00:00Z"},
    {"2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"},
    {"2000-03-01 00:00:00z", "2000-03-01T00:00:00Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
    {"2023-02-29T00:00:00Z", NULL},
    {"2100-02-29T00:00:00Z", NULL},
    {"2026-13-01T00:00:00Z", NULL},
    {"2026-01-01T24:00:00Z", NULL},
    {"2026-01-01T23:60:00Z", NULL},
    {"2026-01-01T22:59:99Z", NULL},
    {"2026-01-01T22:99:00Z", NULL},
    {"2026-01-01T00:00:00", NULL},
    {"2026-01-01T00:00:00+7", NULL},
    {"2026-01-01T00:00:00Zx", NULL},
    {"", NULL},
    {"1.", NULL},
    {"1x", NULL},
    {"99999999999999999999", NULL},
};

static void
instants_are_seconds_or_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        char text[GONG_INSTANT_SIZE];
        int64_t ms = 0;
        bool good = gong_instant_read(gong_str_of(instants[i].text), &ms);

        if (good != (instants[i].written != NULL)) {
            fail_msg("%s", instants[i].text);
        }
        if (good) {
            (void)gong_instant_text(ms, text);
            assert_string_equal(text, instants[i].written);
        }
    }
}

static void
lengths_are_seconds_or_words(void **state)
{
    int64_t ms = 0;

    (void)state;
    assert_true(gong_length_read(gong_str_of("1h30m"), &ms));
    assert_int_equal(ms, 5400000);
    assert_true(gong_length_read(gong_str_of("0.25"), &ms));
    assert_int_equal(ms, 250);
    assert_false(gong_length_read(gong_str_of("-1"), &ms));
    assert_false(gong_length_read(gong_str_of("1m1h"), &ms));
}

static void
texts_are_escaped(void **state)
{
    const struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of("m")},
        {gong_str_of("a"), gong_str_of("x\"\n")},
        {gong_str_of("a1"), gong_str_of("\xff<\xe2\x80\xa8")},
    };
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);

    (void)state;
    assert_non_null(out);
    gong_json_put_labels(out, labels, 3);
    (void)fputc(' ', out);
    gong_label_text_put(out, labels, 3);
    (void)fputc(' ', out);
    gong_label_text_put(out, labels, 1);
    gong_label_text_put(out, NULL, 0);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said,
                        "{\"__name__\":\"m\",\"a\":\"x\\\"\\n\",\"a1\":"
                        "\"\\ufffd\\u003c\\u2028\"} "
                        "m{a1=\"\\xff<\xe2\x80\xa8\", a=\"x\\\"\\n\"} m{}");
    free(said);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_the_reference_does),
        cmocka_unit_test(instants_are_seconds_or_dates),
        cmocka_unit_test(lengths_are_seconds_or_words),
        cmocka_unit_test(texts_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
