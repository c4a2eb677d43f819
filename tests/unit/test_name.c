#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/name.h"

static void
test_metric(void **state)
{
    static const char *const cases[][3] = {
        {"streetlight", "temp", "streetlight_temp"},
        {"cpu", "value", "cpu"},
        {"cpu", "values", "cpu_values"},
        {"1st", "2nd", "_1st_2nd"},
        {"a.b-c d", "e/f", "a_b_c_d_e_f"},
        {"nhiệt độ", "đo", "nhi_t_____o"},
        {"9", "value", "_9"},
        {"", "a", "_a"},
        {"", "value", ""},
        {"\xff\x80", "value", "_"},
        {"\x80x", "value", "_x"},
        {"a:b", "c", "a_b_c"},
    };
    char out[GONG_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = gong_name_metric(gong_str_of(cases[i][0]),
                                      gong_str_of(cases[i][1]), out);

        if (!gong_str_is(gong_str_from(out, len), cases[i][2])) {
            fail_msg("%s %s: %.*s", cases[i][0], cases[i][1], (int)len, out);
        }
    }
}

static void
test_label(void **state)
{
    static const char *const cases[][2] = {
        {"lamp", "lamp"},
        {"khu phố", "khu_ph_"},
        {"0a", "_0a"},
        {"__name__", "exported___name__"},
        {"--name--", "exported___name__"},
    };
    char out[GONG_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = gong_name_label(gong_str_of(cases[i][0]), out);

        assert_true(gong_str_is(gong_str_from(out, len), cases[i][1]));
    }
}

static void
test_too_long(void **state)
{
    char text[GONG_NAME_MAX + 1];
    char out[GONG_NAME_MAX];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(gong_name_label(gong_str_from(text, GONG_NAME_MAX), out),
                     GONG_NAME_MAX);
    assert_int_equal(
        gong_name_label(gong_str_from(text, GONG_NAME_MAX + 1), out), 0);
    text[0] = '1';
    assert_int_equal(gong_name_label(gong_str_from(text, GONG_NAME_MAX), out),
                     0);
    assert_int_equal(gong_name_metric(gong_str_from(text, GONG_NAME_MAX - 2),
                                      gong_str_of("x"), out),
                     0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric),
        cmocka_unit_test(test_label),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
