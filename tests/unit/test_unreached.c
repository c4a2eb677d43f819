/* Unit tests of agent/tell/unreached.c: a place for each, none used twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/tell/unreached.h"

static gong_mono_t
at(int64_t seconds)
{
    return (gong_mono_t){1 + seconds * GONG_NS_PER_S};
}

static void
count(struct gong_unreached *unreached, int64_t from, int64_t to,
      int64_t seconds)
{
    gong_unreached_begin(unreached);
    for (int64_t i = from; i <= to; i++) {
        gong_unreached_add(unreached, i);
    }
    gong_unreached_end(unreached, at(seconds));
}

static uint64_t
place(const struct gong_unreached *unreached, size_t i)
{
    return gong_counter_get(unreached->places[i].number);
}

static void
each_keeps_its_place(void **state)
{
    struct gong_counters *counters = gong_counters_new();
    struct gong_unreached unreached;

    (void)state;
    assert_true(gong_unreached_init(&unreached, counters));
    count(&unreached, 1, 2, 0);
    assert_int_equal(place(&unreached, 1), 1);
    assert_int_equal(place(&unreached, 2), 2);
    /* 1 is over: 17 would be there, and goes to the next free one. */
    count(&unreached, 2, 17, 1);
    assert_int_equal(place(&unreached, 1), 0);
    assert_int_equal(place(&unreached, 2), 2);
    assert_int_equal(place(&unreached, 15), 15);
    assert_int_equal(place(&unreached, 0), 16);
    assert_int_equal(gong_counter_get(unreached.total), 16);
    /* Only 17 is without one: nothing was free but what was just left. */
    count(&unreached, 2, 17, GONG_UNREACHED_HOLD_S);
    assert_int_equal(place(&unreached, 1), 0);
    count(&unreached, 2, 17, GONG_UNREACHED_HOLD_S + 1);
    assert_int_equal(place(&unreached, 1), 17);
    gong_counters_free(counters);
}

static void
a_storm_is_counted_and_has_its_turn(void **state)
{
    struct gong_counters *counters = gong_counters_new();
    struct gong_unreached unreached;
    size_t seen = 0;

    (void)state;
    assert_true(gong_unreached_init(&unreached, counters));
    count(&unreached, 1, 10000, 0);
    assert_int_equal(gong_counter_get(unreached.total), 10000);
    for (size_t i = 0; i < GONG_UNREACHED_PLACES; i++) {
        seen += place(&unreached, i) != 0;
    }
    assert_int_equal(seen, GONG_UNREACHED_PLACES);
    count(&unreached, 101, 10000, 1);
    assert_int_equal(place(&unreached, 3), 0);
    count(&unreached, 101, 10000, 2 + GONG_UNREACHED_HOLD_S);
    assert_true(place(&unreached, 3) > 100);
    count(&unreached, 1, 0, 3 + GONG_UNREACHED_HOLD_S);
    assert_int_equal(place(&unreached, 3), 0);
    assert_int_equal(gong_counter_get(unreached.total), 0);
    gong_counters_free(counters);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keeps_its_place),
        cmocka_unit_test(a_storm_is_counted_and_has_its_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
