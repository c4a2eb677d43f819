/* Unit tests of agent/tell/outbox_way.c: rate and breaker, time as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tell/outbox_way.h"

static struct gong_outbox_way
make(double rate, double burst)
{
    struct gong_outbox_way way = {.name = "w", .rate = rate, .burst = burst};

    gong_outbox_way_init(&way, gong_dur_ms(100), gong_dur_s(60), 7,
                         (gong_mono_t){0});
    return way;
}

static gong_mono_t
at_ms(int64_t ms)
{
    return (gong_mono_t){ms * GONG_NS_PER_MS};
}

static bool
may(struct gong_outbox_way *way, int64_t ms)
{
    gong_mono_t when;

    return gong_outbox_way_may(way, at_ms(ms), &when);
}

static bool
give(struct gong_outbox_way *way, enum gong_channel_outcome outcome,
     bool connected, uint64_t who, int64_t ms)
{
    gong_outbox_way_take(way);
    return gong_outbox_way_give(way, outcome, connected, who, at_ms(ms));
}

static void
bucket_lets_burst_through_and_then_the_rate(void **state)
{
    struct gong_outbox_way way = make(2, 3);
    gong_mono_t when;
    int64_t now = 0;
    int passed = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(may(&way, 0));
        assert_false(give(&way, GONG_CHANNEL_SENT, true, 1, 0));
    }
    assert_false(gong_outbox_way_may(&way, at_ms(0), &when));
    assert_in_range(when.ns / GONG_NS_PER_MS, 500, 502);
    while (now <= 10000) {
        if (gong_outbox_way_may(&way, at_ms(now), &when)) {
            (void)give(&way, GONG_CHANNEL_SENT, true, 1, now);
            passed++;
        } else {
            assert_true(when.ns > at_ms(now).ns);
            now = when.ns / GONG_NS_PER_MS + 1;
        }
    }
    assert_in_range(passed, 19, 20);
}

static void
no_rate_is_no_bound(void **state)
{
    struct gong_outbox_way way = make(0, 0);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(may(&way, 0));
        (void)give(&way, GONG_CHANNEL_SENT, true, 1, 0);
    }
}

static void
only_so_many_run_at_a_time(void **state)
{
    struct gong_outbox_way way = make(0, 0);
    gong_mono_t when;

    (void)state;
    for (int i = 0; i < GONG_OUTBOX_RUNNING_MAX; i++) {
        assert_true(may(&way, 0));
        gong_outbox_way_take(&way);
    }
    assert_false(gong_outbox_way_may(&way, at_ms(0), &when));
    assert_true(when.ns == INT64_MAX);
    (void)gong_outbox_way_give(&way, GONG_CHANNEL_SENT, true, 1, at_ms(0));
    assert_true(may(&way, 0));
}

static void
one_address_that_fails_stops_no_other(void **state)
{
    struct gong_outbox_way way = make(0, 0);

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_false(give(&way, GONG_CHANNEL_RETRY, true, 5, 0));
        assert_true(may(&way, 0));
    }
    /* An answer for another forgets it; a failure of another opens it. */
    assert_false(give(&way, GONG_CHANNEL_SENT, true, 6, 0));
    assert_false(give(&way, GONG_CHANNEL_RETRY, true, 5, 0));
    assert_true(give(&way, GONG_CHANNEL_RETRY, true, 6, 0));
    assert_true(way.open);
}

static void
open_breaker_lets_one_probe_through(void **state)
{
    struct gong_outbox_way way = make(0, 0);
    gong_mono_t when;

    (void)state;
    assert_true(give(&way, GONG_CHANNEL_RETRY, false, 5, 0));
    way.open_until = at_ms(50); /* the wait is random */
    assert_false(gong_outbox_way_may(&way, at_ms(49), &when));
    assert_true(when.ns == at_ms(50).ns);
    assert_true(may(&way, 50));
    gong_outbox_way_take(&way);
    assert_false(may(&way, 1000000));
    /* It fails, also for the same address: it stays open. */
    assert_false(
        gong_outbox_way_give(&way, GONG_CHANNEL_RETRY, true, 5, at_ms(60)));
    assert_true(way.open);
    assert_true(may(&way, 60 + 60001));
    gong_outbox_way_take(&way);
    assert_true(gong_outbox_way_give(&way, GONG_CHANNEL_REFUSE, true, 5,
                                     at_ms(60 + 60001)));
    assert_false(way.open);
    assert_true(may(&way, 60 + 60001));
}

static void
used_up_quota_waits_for_the_longest_time(void **state)
{
    struct gong_outbox_way way = make(0, 0);

    (void)state;
    assert_true(give(&way, GONG_CHANNEL_EXHAUSTED, true, 5, 1000));
    assert_false(may(&way, 60999));
    assert_true(may(&way, 61000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket_lets_burst_through_and_then_the_rate),
        cmocka_unit_test(no_rate_is_no_bound),
        cmocka_unit_test(only_so_many_run_at_a_time),
        cmocka_unit_test(one_address_that_fails_stops_no_other),
        cmocka_unit_test(open_breaker_lets_one_probe_through),
        cmocka_unit_test(used_up_quota_waits_for_the_longest_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
