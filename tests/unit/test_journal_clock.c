#include "agent/journal/journal_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S(seconds) ((int64_t)(seconds)*GONG_NS_PER_S)

static gong_mono_t
mono(int64_t ns)
{
    return (gong_mono_t){ns};
}

static gong_wall_t
wall(int64_t ns)
{
    return (gong_wall_t){ns};
}

static void
starts_at_the_wall_clock(void **state)
{
    struct gong_journal_clock clock;

    (void)state;
    gong_journal_clock_start(&clock, 0, mono(S(5)), wall(S(1000)));
    assert_int_equal(gong_journal_clock_read(&clock, mono(S(5)), wall(S(1000))),
                     1000000);
    assert_int_equal(gong_journal_clock_read(&clock, mono(S(7)), wall(S(1002))),
                     1002000);
}

static void
goes_on_from_the_last_record_when_that_is_later(void **state)
{
    struct gong_journal_clock clock;

    (void)state;
    gong_journal_clock_start(&clock, 2000000, mono(S(5)), wall(S(1000)));
    assert_int_equal(gong_journal_clock_read(&clock, mono(S(5)), wall(S(1000))),
                     2000000);
    gong_journal_clock_start(&clock, 999999, mono(S(5)), wall(S(1000)));
    assert_int_equal(gong_journal_clock_read(&clock, mono(S(5)), wall(S(1000))),
                     1000000);
}

/* Read a thousand times a second for ten seconds: 5 ms of slew per second. */
static void
a_jump_is_slewed_both_ways(void **state)
{
    static const int64_t jumps[] = {S(3600), -S(3600)};

    (void)state;
    for (size_t j = 0; j < 2; j++) {
        struct gong_journal_clock clock;
        int64_t last = 0;
        int64_t expected = 1010000 + (jumps[j] > 0 ? 50 : -50);

        gong_journal_clock_start(&clock, 0, mono(0), wall(S(1000)));
        for (int64_t ms = 1; ms <= 10000; ms++) {
            int64_t now = gong_journal_clock_read(
                &clock, mono(ms * GONG_NS_PER_MS),
                wall(S(1000) + ms * GONG_NS_PER_MS + jumps[j]));

            assert_true(now >= last);
            last = now;
        }
        assert_in_range(last, expected - 1, expected + 1);
    }
}

static void
a_small_difference_is_closed_and_no_more(void **state)
{
    struct gong_journal_clock clock;

    (void)state;
    gong_journal_clock_start(&clock, 0, mono(0), wall(S(1000)));
    (void)gong_journal_clock_read(&clock, mono(S(1)),
                                  wall(S(1001) + 3 * GONG_NS_PER_MS));
    assert_int_equal(
        gong_journal_clock_read(&clock, mono(S(2)),
                                wall(S(1002) + 3 * GONG_NS_PER_MS)),
        1002003);
}

static void
never_runs_backwards(void **state)
{
    struct gong_journal_clock clock;

    (void)state;
    gong_journal_clock_start(&clock, 0, mono(S(10)), wall(S(1000)));
    assert_int_equal(
        gong_journal_clock_read(&clock, mono(S(12)), wall(S(1002))), 1002000);
    assert_int_equal(
        gong_journal_clock_read(&clock, mono(S(11)), wall(S(1001))), 1002000);
}

static void
an_absurd_time_is_bounded(void **state)
{
    static const int64_t last[] = {INT64_MAX, INT64_MAX / GONG_NS_PER_MS,
                                   GONG_JOURNAL_MS_MAX};
    struct gong_journal_clock clock;

    (void)state;
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        gong_journal_clock_start(&clock, last[i], mono(S(5)), wall(S(1000)));
        assert_int_equal(
            gong_journal_clock_read(&clock, mono(S(5)), wall(S(1000))),
            GONG_JOURNAL_MS_MAX);
        assert_int_equal(
            gong_journal_clock_step(&clock, mono(S(6)), wall(INT64_MAX)), 0);
    }
    gong_journal_clock_start(&clock, INT64_MIN, mono(S(5)), wall(INT64_MAX));
    assert_int_equal(
        gong_journal_clock_read(&clock, mono(S(5)), wall(INT64_MAX)),
        GONG_JOURNAL_MS_MAX);
    gong_journal_clock_start(&clock, 0, mono(S(5)), wall(S(1000)));
    (void)gong_journal_clock_step(&clock, mono(S(5)), wall(INT64_MAX));
    assert_true(gong_journal_clock_step(&clock, mono(S(15)), wall(INT64_MAX)) >
                0);
    assert_int_equal(
        gong_journal_clock_read(&clock, mono(S(15)), wall(INT64_MAX)),
        GONG_JOURNAL_MS_MAX);
}

/* Looks each second from 1 to last while the wall clock leads; what it has
 * stepped. */
static int64_t
look(struct gong_journal_clock *clock, int64_t last, int64_t lead)
{
    int64_t stepped = 0;

    for (int64_t s = 1; s <= last; s++) {
        stepped += gong_journal_clock_step(clock, mono(S(s)),
                                           wall(S(1000 + s) + lead));
    }
    return stepped;
}

static void
a_wall_clock_that_was_set_is_followed(void **state)
{
    struct gong_journal_clock clock;

    (void)state;
    gong_journal_clock_start(&clock, 0, mono(0), wall(S(1000)));
    assert_int_equal(look(&clock, 10, S(3600)), 0); /* not yet */
    gong_journal_clock_start(&clock, 0, mono(0), wall(S(1000)));
    assert_int_equal(look(&clock, 30, S(3600)), 3600000);
    assert_int_equal(
        gong_journal_clock_read(&clock, mono(S(30)), wall(S(1030 + 3600))),
        1030000 + 3600000);
    gong_journal_clock_start(&clock, 0, mono(0), wall(S(1000)));
    assert_int_equal(look(&clock, 30, S(60)), 0);
    assert_int_equal(look(&clock, 30, -S(3600)), 0);
}

static void
a_lead_that_passes_is_not_followed(void **state)
{
    struct gong_journal_clock clock;

    (void)state;
    gong_journal_clock_start(&clock, 0, mono(0), wall(S(1000)));
    for (int64_t s = 1; s < 100; s++) {
        int64_t lead = s % 9 == 0 ? 0 : S(3600);

        assert_int_equal(gong_journal_clock_step(&clock, mono(S(s)),
                                                 wall(S(1000 + s) + lead)),
                         0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_at_the_wall_clock),
        cmocka_unit_test(goes_on_from_the_last_record_when_that_is_later),
        cmocka_unit_test(a_jump_is_slewed_both_ways),
        cmocka_unit_test(a_small_difference_is_closed_and_no_more),
        cmocka_unit_test(never_runs_backwards),
        cmocka_unit_test(an_absurd_time_is_bounded),
        cmocka_unit_test(a_wall_clock_that_was_set_is_followed),
        cmocka_unit_test(a_lead_that_passes_is_not_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
