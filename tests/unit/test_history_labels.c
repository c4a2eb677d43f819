/* Label sets as bytes, and lists of samples made one. */
#include "agent/history/history_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/samples.h"

static struct gong_label_view
label(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

static void
test_there_and_back(void **state)
{
    const struct gong_label_view labels[] = {label("__name__", "lamp_temp"),
                                             label("site", "w-1"),
                                             label("unit", "Đắk Lắk \"x\"")};
    struct gong_label_view out[GONG_LABELSET_MAX];
    struct gong_buffer bytes = {0};
    size_t count = 0;

    (void)state;
    assert_int_equal(gong_history_labels_put(&bytes, labels, 3), GONG_OK);
    assert_true(gong_history_labels_get(gong_str_from(bytes.data, bytes.len),
                                        out, &count));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(gong_str_equal(out[i].name, labels[i].name));
        assert_true(gong_str_equal(out[i].value, labels[i].value));
    }
    for (size_t len = 1; len < bytes.len; len++) {
        bool whole = gong_history_labels_get(gong_str_from(bytes.data, len),
                                             out, &count);

        assert_true(!whole || count < 3);
    }
    gong_buffer_fini(&bytes);
}

static void
test_what_is_no_label_set(void **state)
{
    const struct gong_label_view wrong[][2] = {
        {label("b", "1"), label("a", "1")}, /* not sorted */
        {label("a", "1"), label("a", "2")}, /* twice */
        {label("a", "1"), label("b", "")},  /* empty */
    };
    struct gong_label_view many[GONG_LABELSET_MAX + 1];
    struct gong_label_view out[GONG_LABELSET_MAX];
    struct gong_buffer bytes = {0};
    char *large = calloc(1, 65537);
    size_t count = 0;

    (void)state;
    assert_non_null(large);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bytes.len = 0;
        assert_int_equal(gong_history_labels_put(&bytes, wrong[i], 2), GONG_OK);
        assert_false(gong_history_labels_get(
            gong_str_from(bytes.data, bytes.len), out, &count));
    }
    bytes.len = 0;
    for (size_t i = 0; i <= GONG_LABELSET_MAX; i++) {
        many[i] = label("a", "1");
    }
    assert_int_equal(
        gong_history_labels_put(&bytes, many, GONG_LABELSET_MAX + 1),
        GONG_ERR_TOO_LARGE);
    memset(large, 'x', 65536);
    many[0] = label("a", large);
    assert_int_equal(gong_history_labels_put(&bytes, many, 1),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(bytes.len, 0);
    free(large);
    gong_buffer_fini(&bytes);
}

static void
test_merge(void **state)
{
    static const struct {
        int64_t ms[8];
        double values[8];
        size_t count;
        const char *want;
    } cases[] = {
        {{1, 2, 3}, {1, 2, 3}, 3, "1=1 2=2 3=3"},
        {{2, 4, 1, 3}, {2, 4, 1, 3}, 4, "1=1 2=2 3=3 4=4"},
        {{1, 2, 1, 2}, {1, 2, 10, 20}, 4, "1=1 2=2"},
        {{5, 5, 5}, {7, 8, 9}, 3, "5=7"},
        {{9, 8, 7, 6, 5, 8, 1},
         {9, 8, 7, 6, 5, 80, 1},
         7,
         "1=1 5=5 6=6 7=7 8=8 9=9"},
        {{0}, {0}, 0, ""},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct gong_samples samples = {0};
        char text[256] = "";
        size_t len = 0;

        assert_int_equal(
            gong_samples_add(&samples, (struct gong_sample){99, 0}), GONG_OK);
        for (size_t i = 0; i < cases[c].count; i++) {
            assert_int_equal(
                gong_samples_add(
                    &samples,
                    (struct gong_sample){cases[c].ms[i], cases[c].values[i]}),
                GONG_OK);
        }
        assert_int_equal(gong_samples_merge(&samples, 1), GONG_OK);
        assert_int_equal(samples.data[0].ms, 99);
        for (size_t i = 1; i < samples.count; i++) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%d=%g",
                                    i == 1 ? "" : " ", (int)samples.data[i].ms,
                                    samples.data[i].value);
        }
        assert_string_equal(text, cases[c].want);
        gong_samples_fini(&samples);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_what_is_no_label_set),
        cmocka_unit_test(test_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
