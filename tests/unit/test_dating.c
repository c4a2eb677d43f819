/* Unit tests of collector/dating.c: when a batch was measured, by a clock that
 * was set later. */
#include "collector/dating.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S     GONG_NS_PER_S
#define TODAY (INT64_C(1760000000) * S)

/* Boots 1, 2, ...; times in seconds: of the wall clock and since boot. */
static struct gong_spooled
batch_of(uint8_t boot, int64_t wall_ns, int64_t mono_s)
{
    struct gong_spooled batch = {.wall_ns = wall_ns, .mono_ns = mono_s * S};

    memset(batch.boot_id, boot, sizeof batch.boot_id);
    return batch;
}

static struct gong_dating
dating_of(uint8_t boot, int64_t wall_ns, int64_t mono_s)
{
    struct gong_dating dating = {0};

    memset(dating.boot, boot, sizeof dating.boot);
    gong_dating_now(&dating, (gong_wall_t){wall_ns}, (gong_mono_t){mono_s * S},
                    NULL);
    return dating;
}

/* Booted in 1970; the clock was set 100 s later. */
static void
this_boots_batches_follow_the_clock(void **state)
{
    struct gong_dating dating = dating_of(1, TODAY, 1000);
    struct gong_spooled early = batch_of(1, 30 * S, 25);
    struct gong_spooled later = batch_of(1, TODAY - 10 * S, 990);
    int64_t offset = 300;
    bool placed = true;

    (void)state;
    assert_true(gong_dating_known(&dating));
    assert_int_equal(gong_dating_wall(&dating, &early, &placed).ns,
                     TODAY - 975 * S);
    assert_false(placed);
    assert_int_equal(gong_dating_off_ms(&dating, &early, &placed),
                     (30 * S - (TODAY - 975 * S)) / GONG_NS_PER_MS);
    assert_int_equal(gong_dating_off_ms(&dating, &later, &placed), 0);
    gong_dating_now(&dating, dating.wall, dating.mono, &offset);
    assert_int_equal(gong_dating_off_ms(&dating, &later, &placed), 300);
}

/* Nobody sets the clock, but an agent's ack tells how far it is off. */
static void
an_ack_dates_without_the_clock(void **state)
{
    struct gong_dating dating = dating_of(1, 1000 * S, 1000);
    struct gong_spooled batch = batch_of(1, 30 * S, 30);
    int64_t offset = (1000 * S - TODAY) / GONG_NS_PER_MS;
    bool placed = true;

    (void)state;
    assert_false(gong_dating_known(&dating));
    gong_dating_now(&dating, dating.wall, dating.mono, &offset);
    assert_true(gong_dating_known(&dating));
    assert_int_equal(gong_dating_off_ms(&dating, &batch, &placed), offset);
    assert_false(placed);
}

/* A clock that was right, and was then set wrong by an hour: what was right
 * stays so. */
static void
a_step_either_way_is_undone(void **state)
{
    struct gong_dating dating = dating_of(1, TODAY + 3600 * S, 1000);
    struct gong_spooled batch = batch_of(1, TODAY - 100 * S, 900);
    int64_t offset = 3600 * 1000;
    bool placed;

    (void)state;
    gong_dating_now(&dating, dating.wall, dating.mono, &offset);
    assert_int_equal(gong_dating_off_ms(&dating, &batch, &placed), 0);
}

static void
an_earlier_boot_ends_where_the_next_begins(void **state)
{
    struct gong_dating dating = dating_of(3, TODAY, 100);
    struct gong_spooled batches[] = {
        batch_of(1, 10 * S, 10), batch_of(1, 60 * S, 60),
        batch_of(2, 20 * S, 20), batch_of(2, 50 * S, 50),
        batch_of(3, TODAY - 10 * S, 90)};
    static const int64_t before_s[] = {100 + 50 + 50, 100 + 50, 100 + 30, 100,
                                       10};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        gong_dating_learn(&dating, &batches[i]);
    }
    for (size_t i = 0; i < 5; i++) {
        bool placed;
        gong_wall_t wall = gong_dating_wall(&dating, &batches[i], &placed);

        assert_int_equal(wall.ns, TODAY - before_s[i] * S);
        assert_int_equal(placed, i < 4);
    }
}

/* A boot with a date bounds the one before it; its own batches stay. */
static void
a_dated_boot_bounds_the_one_before(void **state)
{
    struct gong_dating dating = dating_of(3, TODAY, 100);
    struct gong_spooled first = batch_of(1, 60 * S, 60);
    struct gong_spooled second = batch_of(2, TODAY - 5000 * S, 500);
    bool placed;

    (void)state;
    gong_dating_learn(&dating, &first);
    gong_dating_learn(&dating, &second);
    assert_int_equal(gong_dating_wall(&dating, &first, &placed).ns,
                     TODAY - 5500 * S);
    assert_true(placed);
    assert_int_equal(gong_dating_wall(&dating, &second, &placed).ns,
                     TODAY - 5000 * S);
    assert_false(placed);
    assert_int_equal(gong_dating_off_ms(&dating, &second, &placed), 0);
}

static void
without_the_time_stamps_stay(void **state)
{
    struct gong_dating dating = dating_of(2, 50 * S, 50);
    struct gong_spooled batch = batch_of(1, 60 * S, 60);
    bool placed = true;

    (void)state;
    gong_dating_learn(&dating, &batch);
    assert_int_equal(gong_dating_wall(&dating, &batch, &placed).ns, 60 * S);
    assert_false(placed);
}

static void
boots_are_bounded_and_hostile_times_harmless(void **state)
{
    struct gong_dating dating = dating_of(200, TODAY, 100);
    struct gong_spooled wild = batch_of(1, 0, 0);
    bool placed;

    (void)state;
    for (uint8_t boot = 1; boot < 100; boot++) {
        struct gong_spooled batch = batch_of(boot, 5 * S, 5);

        gong_dating_learn(&dating, &batch);
    }
    assert_int_equal(dating.count, GONG_DATING_BOOTS);
    wild.mono_ns = INT64_MIN;
    (void)gong_dating_off_ms(&dating, &wild, &placed);
    wild.mono_ns = INT64_MAX;
    wild.wall_ns = INT64_MAX;
    gong_dating_learn(&dating, &wild);
    (void)gong_dating_off_ms(&dating, &wild, &placed);
    memset(wild.boot_id, 200, sizeof wild.boot_id);
    (void)gong_dating_off_ms(&dating, &wild, &placed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_boots_batches_follow_the_clock),
        cmocka_unit_test(an_ack_dates_without_the_clock),
        cmocka_unit_test(a_step_either_way_is_undone),
        cmocka_unit_test(an_earlier_boot_ends_where_the_next_begins),
        cmocka_unit_test(a_dated_boot_bounds_the_one_before),
        cmocka_unit_test(without_the_time_stamps_stay),
        cmocka_unit_test(boots_are_bounded_and_hostile_times_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
