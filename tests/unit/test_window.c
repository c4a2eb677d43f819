/* Unit tests of collector/window.c: which batch goes when; time is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/window.h"

#define S(n) ((gong_mono_t){(n)*GONG_NS_PER_S})

static struct gong_window window;

static int
setup(void **state)
{
    (void)state;
    gong_window_init(&window, gong_dur_s(30), 8);
    return 0;
}

/* Batches first to last, each at 100 times its number. */
static void
add(uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_true(
            gong_window_add(&window, seq, seq * 100, 1, GONG_LANE_LIVE));
    }
}

static void
answer(uint64_t first, uint64_t last, bool ok, int64_t s)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        gong_window_answered(&window, seq, ok, S(s));
    }
}

/* 0: none. */
static uint64_t
take(int64_t s)
{
    struct gong_window_batch batch;

    return gong_window_take(&window, S(s), &batch) ? batch.seq : 0;
}

static size_t
settle(uint64_t cum, int64_t s)
{
    struct gong_settled settled = {.cum = cum};

    return gong_window_settle(&window, &settled, S(s));
}

static void
fill(int64_t s)
{
    for (uint64_t seq = 1; seq <= GONG_WINDOW_SIZE; seq++) {
        add(seq, seq);
        answer(seq, seq, true, s);
    }
}

static void
room_is_for_so_many_in_flight(void **state)
{
    (void)state;
    add(1, 7);
    assert_true(gong_window_room(&window, GONG_LANE_LIVE));
    add(8, 8);
    assert_false(gong_window_room(&window, GONG_LANE_LIVE));
    answer(3, 3, true, 0);
    assert_true(gong_window_room(&window, GONG_LANE_LIVE));
    assert_int_equal(window.flying, 7);
}

static void
the_backlog_has_half(void **state)
{
    (void)state;
    for (uint64_t seq = 1; seq <= GONG_WINDOW_BACK_MAX; seq++) {
        assert_true(gong_window_room(&window, GONG_LANE_BACK));
        assert_true(gong_window_add(&window, seq, seq, 1, GONG_LANE_BACK));
        answer(seq, seq, true, 0);
    }
    assert_false(gong_window_room(&window, GONG_LANE_BACK));
    assert_true(gong_window_room(&window, GONG_LANE_LIVE));
}

static void
a_number_is_there_once_and_in_order(void **state)
{
    (void)state;
    add(5, 6);
    add(2, 2);
    assert_false(gong_window_add(&window, 5, 1, 1, GONG_LANE_LIVE));
    assert_int_equal(window.count, 3);
    assert_int_equal(window.batches[0].seq, 2);
    assert_int_equal(window.batches[2].seq, 6);
}

/* What is fresh waits behind all that flies. */
static void
large_batches_fly_alone(void **state)
{
    struct gong_window_batch batch;

    (void)state;
    assert_true(gong_window_add(&window, 1, 1, GONG_WINDOW_FLYING_BYTES - 1,
                                GONG_LANE_LIVE));
    assert_true(gong_window_room(&window, GONG_LANE_LIVE));
    assert_true(gong_window_add(&window, 2, 2, 1000, GONG_LANE_LIVE));
    assert_false(gong_window_room(&window, GONG_LANE_LIVE));
    answer(2, 2, false, 0);
    assert_true(gong_window_room(&window, GONG_LANE_LIVE));
    assert_true(gong_window_take(&window, S(0), &batch));
    assert_int_equal(batch.seq, 2);
    answer(1, 1, false, 0);
    /* However large, one goes. */
    assert_true(gong_window_take(&window, S(0), &batch));
    assert_int_equal(batch.seq, 1);
    assert_false(gong_window_room(&window, GONG_LANE_LIVE));
    gong_window_forget(&window, 1);
    answer(2, 2, true, 0);
    assert_int_equal(window.flying_bytes, 0);
    assert_true(gong_window_add(
        &window, 3, 3, 2 * (size_t)GONG_WINDOW_FLYING_BYTES, GONG_LANE_LIVE));
    answer(3, 3, false, 0);
    assert_int_equal(window.flying_bytes, 0);
}

static void
what_failed_goes_first(void **state)
{
    (void)state;
    add(1, 3);
    assert_int_equal(take(0), 0);
    answer(2, 2, false, 0);
    assert_true(gong_window_has_ready(&window));
    assert_int_equal(take(0), 2);
    assert_false(gong_window_has_ready(&window));
    assert_int_equal(window.flying, 3);
}

static void
nothing_beyond_what_may_fly(void **state)
{
    (void)state;
    add(1, 8);
    answer(8, 8, false, 0);
    add(9, 9);
    assert_int_equal(take(0), 0);
    answer(1, 1, true, 0);
    assert_int_equal(take(0), 8);
}

static void
patience_doubles_to_ten_minutes(void **state)
{
    static const int64_t waits[] = {30, 60, 120, 240, 480, 600, 600};
    int64_t now = 100;
    gong_mono_t due;

    (void)state;
    add(1, 1);
    assert_false(gong_window_due(&window, &due));
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        answer(1, 1, true, now);
        assert_true(gong_window_due(&window, &due));
        assert_int_equal(due.ns, S(now + waits[i]).ns);
        assert_int_equal(take(now + waits[i] - 1), 0);
        now += waits[i];
        assert_int_equal(take(now), 1);
    }
}

static void
only_a_flying_batch_is_answered(void **state)
{
    (void)state;
    add(1, 1);
    answer(1, 1, true, 0);
    answer(1, 1, false, 0); /* a late word of an older connection */
    answer(7, 7, true, 0);
    answer(0, 0, true, 0);
    assert_false(gong_window_has_ready(&window));
    assert_int_equal(window.flying, 0);
}

static void
settles_and_forgets_in_any_state(void **state)
{
    struct gong_settled settled = {
        .cum = 2, .ranges = {{4, 5}}, .range_count = 1};

    (void)state;
    add(1, 6);
    answer(1, 1, true, 0);
    answer(4, 4, false, 0);
    assert_int_equal(gong_window_settle(&window, &settled, S(1)), 4);
    assert_int_equal(window.count, 2);
    assert_int_equal(window.flying, 2);
    gong_window_forget(&window, 3);
    gong_window_forget(&window, 99);
    assert_int_equal(window.count, 1);
    assert_int_equal(window.flying, 1);
    assert_int_equal(window.batches[0].seq, 6);
}

static void
what_an_ack_overtook_goes_again_once(void **state)
{
    struct gong_settled settled = {.ranges = {{4, 4}}, .range_count = 1};

    (void)state;
    add(1, 6);
    answer(1, 5, true, 0); /* 6 still flies */
    assert_int_equal(gong_window_settle(&window, &settled, S(1)), 1);
    assert_int_equal(take(1), 1);
    answer(1, 1, true, 1);
    assert_int_equal(take(1), 2);
    assert_int_equal(take(1), 3);
    answer(2, 3, true, 1);
    assert_int_equal(take(1), 0); /* 5 and 6 went later than 4 */
    settled.cum = 1;              /* its first copy, for all that is known */
    assert_int_equal(gong_window_settle(&window, &settled, S(1)), 1);
    assert_int_equal(take(1), 0);
    settled.cum = 0;
    settled.ranges[0].last = 6;
    assert_int_equal(gong_window_settle(&window, &settled, S(2)), 2);
    assert_int_equal(take(2), 0); /* 2 and 3 went again after these */
    add(7, 7);
    answer(7, 7, true, 2);
    settled.ranges[0].last = 7;
    assert_int_equal(gong_window_settle(&window, &settled, S(3)), 1);
    assert_int_equal(take(3), 0); /* once was enough: patience now */
    assert_int_equal(take(61), 2);
}

static void
a_full_window_probes_with_the_oldest(void **state)
{
    static const int64_t at[] = {1, 3, 7, 15, 31, 61, 91};
    gong_mono_t due;

    (void)state;
    fill(0);
    assert_false(gong_window_room(&window, GONG_LANE_LIVE));
    assert_false(gong_window_add(&window, 99, 99, 1, GONG_LANE_LIVE));
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        assert_true(gong_window_due(&window, &due));
        assert_int_equal(due.ns, S(at[i]).ns);
        assert_int_equal(take(at[i] - 1), 0);
        assert_int_equal(take(at[i]), 1);
        assert_int_equal(take(at[i]), 0);
        answer(1, 1, true, at[i]);
    }
    assert_int_equal(settle(0, 92), 0);
    assert_int_equal(settle(1, 92), 1);
    assert_int_equal(window.probes, 0);
    assert_true(gong_window_room(&window, GONG_LANE_LIVE));
}

static void
a_new_connection_begins_anew(void **state)
{
    (void)state;
    add(1, 2);
    answer(1, 2, true, 0);
    assert_int_equal(take(30), 1);
    answer(1, 1, true, 30);
    gong_window_reconnected(&window, S(40));
    assert_int_equal(take(40), 0);
    assert_int_equal(settle(1, 40), 1); /* the agent had it */
    assert_int_equal(take(41), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(room_is_for_so_many_in_flight, setup),
        cmocka_unit_test_setup(the_backlog_has_half, setup),
        cmocka_unit_test_setup(a_number_is_there_once_and_in_order, setup),
        cmocka_unit_test_setup(large_batches_fly_alone, setup),
        cmocka_unit_test_setup(what_failed_goes_first, setup),
        cmocka_unit_test_setup(nothing_beyond_what_may_fly, setup),
        cmocka_unit_test_setup(patience_doubles_to_ten_minutes, setup),
        cmocka_unit_test_setup(only_a_flying_batch_is_answered, setup),
        cmocka_unit_test_setup(settles_and_forgets_in_any_state, setup),
        cmocka_unit_test_setup(what_an_ack_overtook_goes_again_once, setup),
        cmocka_unit_test_setup(a_full_window_probes_with_the_oldest, setup),
        cmocka_unit_test_setup(a_new_connection_begins_anew, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
