/* Series as test files write them. What is taken and what not was asked of the
 * reference, value by value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/sample.h"
#include "rules/tool/series_notation.h"

struct values_case {
    const char *text;
    const char *values; /* NULL: refused */
};

static const struct values_case cases[] = {
    {"", ""},
    {"  ", ""},
    {"1 2 3", "1 2 3 "},
    {"1+1x3", "1 2 3 4 "},
    {"1-1x3", "1 0 -1 -2 "},
    {"1x3", "1 1 1 1 "},
    {"_x3", "_ _ _ "},
    {"_ _", "_ _ "},
    {"stale", "stale "},
    {"-1+2x2", "-1 1 3 "},
    {"+1+2x2", "1 3 5 "},
    {"1 +2x3", "1 2 2 2 2 "},
    {"1e3x2", "1000 1000 1000 "},
    {"Inf -Inf +Inf nan INF", "inf -inf inf nan inf "},
    {"0x2", "0 0 0 "},
    {"007 010", "7 8 "},
    {"  1  2 ", "1 2 "},
    {"1\t2", "1 2 "},
    {"1+1x3 _x2 stale", "1 2 3 4 _ _ stale "},
    {"1. .5", "1 0.5 "},
    {".5x2", "0.5 0.5 0.5 "},
    {"1.x2", "1 1 1 "},
    {"1+.5x2", "1 1.5 2 "},
    {"Inf+1x2", "inf inf inf "},
    {"1+0x2", "1 1 1 "},
    {"stalex3", NULL},
    {"1+-1x2", NULL},
    {"1--1x2", NULL},
    {"Infx2", NULL},
    {"1x", NULL},
    {"1+1", NULL},
    {"1+1x", NULL},
    {"x3", NULL},
    {"1.5.2", NULL},
    {"abc", NULL},
    {"__", NULL},
    {"_x", NULL},
    {"1_", NULL},
    {"1,2", NULL},
    {"1e", NULL},
    {"1e+", NULL},
    {"1+Infx2", NULL},
    {"stale x3", NULL},
    {"1x-1", NULL},
    {"1x1.5", NULL},
    {"-_", NULL},
    {"1+1 x3", NULL},
    {"1-0", NULL},
    {"1x1000000", NULL},
};

static void
values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_series_values found;
        struct gong_expr_error error = {0};
        char text[256] = "";
        size_t used = 0;
        enum gong_err err =
            gong_series_values_read(gong_str_of(cases[i].text), &found, &error);

        if ((err == GONG_OK) != (cases[i].values != NULL)) {
            fail_msg("%s: %s", cases[i].text, error.message);
        }
        for (size_t k = 0; k < found.count && err == GONG_OK; k++) {
            const struct gong_series_value *v = &found.items[k];

            used += v->omitted ? (size_t)snprintf(text + used, 9, "_ ")
                    : gong_is_stale(v->value)
                        ? (size_t)snprintf(text + used, 9, "stale ")
                        : (size_t)snprintf(text + used, 32, "%g ", v->value);
        }
        if (err == GONG_OK) {
            assert_string_equal(text, cases[i].values);
        } else {
            assert_true(error.at <= strlen(cases[i].text));
            assert_true(error.message[0] != '\0');
        }
        gong_series_values_fini(&found);
    }
}

static const struct values_case labels_cases[] = {
    {"m", "__name__=m "},
    {" m { } ", "__name__=m "},
    {"{}", ""},
    {"m{b=\"2\", a='1',}", "__name__=m a=1 b=2 "},
    {"{__name__=\"m\",a=`\\x`}", "__name__=m a=\\x "},
    {"m{a=\"x\\\"y\"}", "__name__=m a=x\"y "},
    {"m{a=\"\"}", "__name__=m "},
    {"a:b", "__name__=a:b "},
    {"", NULL},
    {"m{a=\"1\",a=\"2\"}", NULL},
    {"m{a=1}", NULL},
    {"m{a\"1\"}", NULL},
    {"m{a=\"1}", NULL},
    {"m{a=\"1\" b=\"2\"}", NULL},
    {"m{a=\"1\"", NULL},
    {"m{a=~\"1\"}", NULL},
    {"m} 1", NULL},
    {"m{a=\"\\q\"}", NULL},
};

static void
label_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels_cases / sizeof labels_cases[0]; i++) {
        struct gong_series_labels found;
        struct gong_expr_error error = {0};
        char text[256] = "";
        size_t used = 0;
        enum gong_err err = gong_series_labels_read(
            gong_str_of(labels_cases[i].text), &found, &error);

        if ((err == GONG_OK) != (labels_cases[i].values != NULL)) {
            fail_msg("%s: %s", labels_cases[i].text, error.message);
        }
        if (err != GONG_OK) {
            assert_true(error.at <= strlen(labels_cases[i].text));
            continue;
        }
        for (size_t k = 0; k < found.count; k++) {
            used += (size_t)snprintf(
                text + used, sizeof text - used, "%.*s=%.*s ",
                (int)found.labels[k].name.len, found.labels[k].name.data,
                (int)found.labels[k].value.len, found.labels[k].value.data);
        }
        assert_string_equal(text, labels_cases[i].values);
        gong_series_labels_fini(&found);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(label_sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
