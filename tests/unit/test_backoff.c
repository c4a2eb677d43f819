/* Unit tests of common/backoff.c: bounds, growth, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/backoff.h"

static void
stays_below_the_doubling_ceiling(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct gong_backoff backoff;
        int64_t limit = 1000;

        gong_backoff_init(&backoff, (gong_dur_t){1000}, (gong_dur_t){30000},
                          seed);
        for (int i = 0; i < 100; i++) {
            gong_dur_t wait = gong_backoff_next(&backoff);

            assert_in_range(wait.ns, 0, limit);
            limit = limit * 2 > 30000 ? 30000 : limit * 2;
        }
    }
}

/* Full jitter: both halves of the range are used, and seeds differ. */
static void
spreads_over_the_range(void **state)
{
    int low = 0;
    int high = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct gong_backoff backoff;

        gong_backoff_init(&backoff, (gong_dur_t){1000}, (gong_dur_t){1000},
                          seed);
        if (gong_backoff_next(&backoff).ns < 500) {
            low++;
        } else {
            high++;
        }
    }
    assert_in_range(low, 400, 600);
    assert_in_range(high, 400, 600);
}

static void
reset_starts_small_again(void **state)
{
    struct gong_backoff backoff;

    (void)state;
    gong_backoff_init(&backoff, (gong_dur_t){10}, (gong_dur_t){INT64_MAX}, 7);
    for (int i = 0; i < 200; i++) {
        assert_true(gong_backoff_next(&backoff).ns >= 0);
    }
    gong_backoff_reset(&backoff);
    assert_in_range(gong_backoff_next(&backoff).ns, 0, 10);
}

static void
zero_means_at_once(void **state)
{
    struct gong_backoff backoff;

    (void)state;
    gong_backoff_init(&backoff, (gong_dur_t){0}, (gong_dur_t){0}, 7);
    assert_int_equal(gong_backoff_next(&backoff).ns, 0);
}

static void
random_numbers_differ(void **state)
{
    (void)state;
    assert_true(gong_random_u64() != gong_random_u64());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_below_the_doubling_ceiling),
        cmocka_unit_test(spreads_over_the_range),
        cmocka_unit_test(reset_starts_small_again),
        cmocka_unit_test(zero_means_at_once),
        cmocka_unit_test(random_numbers_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
