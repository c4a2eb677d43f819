/* Label sets as bytes: what is one, and what is none. */
#include "agent/history/history_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

/* The key of a series on the disk. */
static void
test_bytes(void **state)
{
    static const char expected[] = "\x08\x00"
                                   "__name__"
                                   "\x02\x00"
                                   "up"
                                   "\x04\x00"
                                   "site"
                                   "\x03\x00"
                                   "w-1";
    const struct gong_label_view labels[] = {label("__name__", "up"),
                                             label("site", "w-1")};
    struct gong_buffer bytes = {0};

    (void)state;
    assert_int_equal(gong_history_labels_put(&bytes, labels, 2), GONG_OK);
    assert_int_equal(bytes.len, sizeof expected - 1);
    assert_memory_equal(bytes.data, expected, bytes.len);
    gong_buffer_fini(&bytes);
}

/* So many labels, and so long ones, are taken; one more is not read. */
static void
test_the_largest(void **state)
{
    static char text[UINT16_MAX];
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_label_view out[GONG_LABELSET_MAX];
    char names[GONG_LABELSET_MAX][4];
    struct gong_buffer bytes = {0};
    size_t count = 0;

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < GONG_LABELSET_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "l%02zu", i % 100);
        labels[i] = label(names[i], "v");
    }
    labels[0].value = gong_str_from(text, sizeof text);
    assert_int_equal(gong_history_labels_put(&bytes, labels, GONG_LABELSET_MAX),
                     GONG_OK);
    assert_true(gong_history_labels_get(gong_str_from(bytes.data, bytes.len),
                                        out, &count));
    assert_int_equal(count, GONG_LABELSET_MAX);
    assert_int_equal(out[0].value.len, sizeof text);
    assert_int_equal(gong_buffer_append(&bytes, "\1\0z\1\0z", 6), GONG_OK);
    assert_false(gong_history_labels_get(gong_str_from(bytes.data, bytes.len),
                                         out, &count));
    gong_buffer_fini(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_what_is_no_label_set),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_the_largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
