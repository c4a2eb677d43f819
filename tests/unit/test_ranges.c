#include "agent/receive/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
add(struct gong_ranges *ranges, uint64_t seq)
{
    assert_true(gong_ranges_fits(ranges, seq));
    assert_int_equal(gong_ranges_add(ranges, seq), GONG_OK);
    assert_true(gong_ranges_has(ranges, seq));
}

static void
in_order_there_are_no_ranges(void **state)
{
    struct gong_ranges ranges = {0};

    (void)state;
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        assert_false(gong_ranges_has(&ranges, seq));
        add(&ranges, seq);
    }
    assert_int_equal(ranges.cum, 1000);
    assert_int_equal(ranges.count, 0);
    assert_null(ranges.items);
    gong_ranges_fini(&ranges);
}

static void
gaps_grow_join_and_close(void **state)
{
    struct gong_ranges ranges = {0};

    (void)state;
    add(&ranges, 5);
    add(&ranges, 9);
    add(&ranges, 7);
    add(&ranges, 6); /* 5-7, 9 */
    assert_int_equal(ranges.count, 2);
    assert_int_equal(ranges.items[0].first, 5);
    assert_int_equal(ranges.items[0].last, 7);
    add(&ranges, 8); /* joins both */
    assert_int_equal(ranges.count, 1);
    assert_int_equal(ranges.items[0].last, 9);
    add(&ranges, 4); /* grows down */
    assert_int_equal(ranges.items[0].first, 4);
    assert_false(gong_ranges_has(&ranges, 3));
    add(&ranges, 1);
    add(&ranges, 2);
    add(&ranges, 3);
    assert_int_equal(ranges.cum, 9);
    assert_int_equal(ranges.count, 0);
    gong_ranges_fini(&ranges);
}

static void
a_thirty_third_range_is_refused_and_nothing_changes(void **state)
{
    struct gong_ranges ranges = {0};

    (void)state;
    for (uint64_t i = 0; i < GONG_RANGES_MAX; i++) {
        add(&ranges, 10 + 2 * i);
    }
    assert_false(gong_ranges_fits(&ranges, 100));
    assert_int_equal(gong_ranges_add(&ranges, 100), GONG_ERR_TOO_LARGE);
    assert_false(gong_ranges_has(&ranges, 100));
    assert_int_equal(ranges.count, GONG_RANGES_MAX);
    add(&ranges, 11); /* joins two: fits, and makes room */
    assert_int_equal(ranges.count, GONG_RANGES_MAX - 1);
    add(&ranges, 1); /* cum itself always fits */
    add(&ranges, 100);
    gong_ranges_fini(&ranges);
}

static void
raise_swallows_what_it_reaches(void **state)
{
    struct gong_ranges ranges = {0};

    (void)state;
    add(&ranges, 5);
    add(&ranges, 6);
    add(&ranges, 10);
    gong_ranges_raise(&ranges, 4);
    assert_int_equal(ranges.cum, 6);
    assert_int_equal(ranges.count, 1);
    gong_ranges_raise(&ranges, 2); /* never back */
    assert_int_equal(ranges.cum, 6);
    gong_ranges_raise(&ranges, UINT64_MAX);
    assert_int_equal(ranges.cum, UINT64_MAX);
    assert_int_equal(ranges.count, 0);
    assert_true(gong_ranges_has(&ranges, UINT64_MAX));
    gong_ranges_fini(&ranges);
}

/* Against a plain set of bits, with numbers that come in any order. */
static void
agrees_with_a_set(void **state)
{
    struct gong_ranges ranges = {0};
    bool set[256] = {false};
    unsigned random = 12345;

    (void)state;
    for (int i = 0; i < 4000; i++) {
        uint64_t seq;

        random = random * 1103515245u + 12345u;
        seq = 1 + (random >> 16) % 200;
        assert_int_equal(gong_ranges_has(&ranges, seq), set[seq]);
        if (gong_ranges_add(&ranges, seq) == GONG_OK) {
            set[seq] = true;
        } else {
            assert_false(set[seq]);
            assert_int_equal(ranges.count, GONG_RANGES_MAX);
        }
    }
    gong_ranges_fini(&ranges);
}

static void
the_largest_numbers_do_not_wrap(void **state)
{
    struct gong_ranges ranges = {0};

    (void)state;
    add(&ranges, UINT64_MAX);
    add(&ranges, UINT64_MAX - 2);
    add(&ranges, UINT64_MAX - 1);
    assert_int_equal(ranges.count, 1);
    assert_false(gong_ranges_has(&ranges, 1));
    gong_ranges_fini(&ranges);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_there_are_no_ranges),
        cmocka_unit_test(gaps_grow_join_and_close),
        cmocka_unit_test(a_thirty_third_range_is_refused_and_nothing_changes),
        cmocka_unit_test(raise_swallows_what_it_reaches),
        cmocka_unit_test(agrees_with_a_set),
        cmocka_unit_test(the_largest_numbers_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
