/* Unit tests of collector/points.c: what inputs build is what is written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/points.h"

static void
assert_lines(const struct gong_points *points, const char *want)
{
    assert_int_equal(points->lines.len, strlen(want));
    assert_memory_equal(points->lines.data, want, strlen(want));
}

static void
writes_every_type(void **state)
{
    struct gong_points points;

    (void)state;
    gong_points_init(&points, 1000);
    gong_points_begin(&points, "m x");
    gong_points_tag(&points, "name", "Tuy Hoà");
    gong_points_tag(&points, "empty", "");
    gong_points_tag(&points, "none", NULL);
    gong_points_float(&points, "f", 1.5);
    gong_points_int(&points, "i", -3);
    gong_points_uint(&points, "u", 7);
    gong_points_uint(&points, "big", UINT64_MAX);
    gong_points_bool(&points, "b", true);
    gong_points_string(&points, "s", "a \"q\"");
    gong_points_end(&points);
    assert_int_equal(points.err, GONG_OK);
    assert_int_equal(points.count, 1);
    assert_lines(&points, "m\\ x,name=Tuy\\ Hoà f=1.5,i=-3i,u=7i,"
                          "big=1.8446744073709552e+19,b=true,"
                          "s=\"a \\\"q\\\"\" 1000\n");
    gong_points_fini(&points);
}

static void
own_stamp_and_reset(void **state)
{
    struct gong_points points;

    (void)state;
    gong_points_init(&points, 5);
    for (int i = 0; i < 2; i++) {
        gong_points_begin(&points, "a");
        gong_points_int(&points, "v", i);
        gong_points_time(&points, 77);
        gong_points_end(&points);
        gong_points_begin(&points, "b");
        gong_points_int(&points, "v", i);
        gong_points_end(&points);
        assert_int_equal(points.count, 2);
        assert_lines(&points, i == 0 ? "a v=0i 77\nb v=0i 5\n"
                                     : "a v=1i 77\nb v=1i 9\n");
        gong_points_reset(&points, 9);
        assert_int_equal(points.lines.len, 0);
    }
    gong_points_fini(&points);
}

static void
point_of_nothing_is_not_written(void **state)
{
    struct gong_points points;

    (void)state;
    gong_points_init(&points, 5);
    gong_points_begin(&points, "a");
    gong_points_float(&points, "v", NAN);
    gong_points_end(&points);
    assert_int_equal(points.err, GONG_OK);
    assert_int_equal(points.count, 0);
    assert_int_equal(points.lines.len, 0);
    assert_int_equal(points.losses.not_finite, 1);
    gong_points_fini(&points);
}

static void
limits_are_errors_and_stick(void **state)
{
    struct gong_points points;

    (void)state;
    gong_points_init(&points, 5);
    gong_points_begin(&points, "good");
    gong_points_int(&points, "v", 1);
    gong_points_end(&points);
    gong_points_begin(&points, "many");
    for (int i = 0; i <= GONG_POINTS_FIELDS_MAX; i++) {
        gong_points_int(&points, "v", i);
    }
    gong_points_end(&points);
    assert_int_equal(points.err, GONG_ERR_TOO_LARGE);
    gong_points_begin(&points, "after");
    gong_points_int(&points, "v", 1);
    gong_points_end(&points);
    assert_lines(&points, "good v=1i 5\n");
    gong_points_reset(&points, 6);
    gong_points_begin(&points, "tags");
    for (int i = 0; i <= GONG_POINTS_TAGS_MAX; i++) {
        gong_points_tag(&points, "t", "x");
    }
    assert_int_equal(points.err, GONG_ERR_TOO_LARGE);
    gong_points_fini(&points);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_type),
        cmocka_unit_test(own_stamp_and_reset),
        cmocka_unit_test(point_of_nothing_is_not_written),
        cmocka_unit_test(limits_are_errors_and_stick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
