/* Unit tests of collector/publish.c: what acks tell of the time, and a device
 * that booted in 1970. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "publish_fixture.h"

/* The least of the measurements: the network only adds to it. */
static void
measures_the_clock_offset(void **state)
{
    uint64_t epoch = gong_spooler_epoch(world.spooler);
    int64_t now = world.wall.ns / GONG_NS_PER_MS;

    (void)state;
    publish_append(1);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    assert_int_equal(publish_expect_data(1)->off_ms, 0);
    publish_ack_at(epoch, 0, "[]", now - 900);
    publish_ack_at(epoch, 0, "[]", now - 500);
    publish_ack_at(epoch, 0, "[]", now - 700);
    publish_append(1);
    publish_step();
    assert_int_equal(publish_expect_data(2)->off_ms, 500);
}

/* An ack of three seconds ago settles what the process before had sent, after
 * it was sent once more: this says nothing of the clocks. */
static void
late_ack_after_a_restart_is_no_offset(void **state)
{
    uint64_t epoch = gong_spooler_epoch(world.spooler);
    int64_t now = world.wall.ns / GONG_NS_PER_MS;

    (void)state;
    publish_append(1);
    publish_connect_link();
    publish_step();
    publish_close_world();
    publish_open_world();
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    (void)publish_expect_data(1);
    publish_ack_at(epoch, 1, "[]", now - 3000);
    publish_append(1);
    publish_step();
    assert_int_equal(publish_expect_data(2)->off_ms, 0);
    /* What this one sent first does: the agent's clock is behind. */
    publish_ack_at(epoch, 2, "[]", now - 3000);
    publish_append(1);
    publish_step();
    assert_int_equal(publish_expect_data(3)->off_ms, 3000);
}

static void
tells_when_measurements_become_known(void **state)
{
    const char *text;

    (void)state;
    publish_connect_link();
    publish_step();
    text = publish_expect_status();
    assert_non_null(strstr(text, "\"every\":{}"));
    gong_cadence_note(world.cadence, gong_str_of("cpu,c=1 v=1 1\nm\\ x v=1\n"),
                      gong_dur_s(10));
    publish_step_after(gong_dur_s(1));
    publish_expect_nothing();
    publish_step_after(gong_dur_s(5));
    text = publish_expect_status();
    assert_non_null(strstr(text, "\"every\":{\"cpu\":10.0}"));
    publish_step_after(gong_dur_s(20));
    publish_expect_nothing();
}

/* Appends as if at that time: what the record says is the machine's own clock,
 * so the test's clocks are set to make it look like 1970. */
static void
boot_in_1970(void)
{
    publish_close_world();
    publish_boot = 1;
    publish_open_world();
    world.mono = gong_mono_now();
    world.wall = (gong_wall_t){gong_dur_s(100).ns};
}

/* How far the clock that stamped the batch was from the agent's. */
static int64_t
true_off_ms(const struct gong_batch_header *header, gong_wall_t agent)
{
    /* The record was made at mono, by the machine's wall clock. */
    return header->at_ms - agent.ns / GONG_NS_PER_MS;
}

static void
nothing_goes_before_the_time_is_known(void **state)
{
    const struct gong_batch_header *header;
    gong_wall_t truth;

    (void)state;
    boot_in_1970();
    publish_append(2);
    truth = gong_wall_now();
    publish_connect_link();
    publish_step();
    assert_non_null(strstr(publish_expect_status(), "\"next\":3"));
    publish_expect_nothing();
    publish_step_after(gong_dur_s(5));
    publish_expect_nothing();
    /* The agent's ack to the birth: it says that it is an hour earlier than
     * the records believe. */
    truth.ns -= gong_dur_s(3600).ns;
    publish_ack_at(gong_spooler_epoch(world.spooler), 0, "[]",
                   (truth.ns + gong_dur_s(5).ns) / GONG_NS_PER_MS);
    publish_step();
    header = publish_expect_data(1);
    assert_true(llabs(header->off_ms - true_off_ms(header, truth)) < 1000);
    assert_false(header->placed);
    (void)publish_expect_data(2);
}

static void
the_clock_being_set_is_enough(void **state)
{
    const struct gong_batch_header *header;

    (void)state;
    boot_in_1970();
    publish_append(1);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    publish_expect_nothing();
    world.wall = gong_wall_now();
    publish_step_after(gong_dur_s(1));
    header = publish_expect_data(1);
    assert_true(llabs(header->off_ms) < 1500);
}

static void
without_any_time_they_go_after_a_minute(void **state)
{
    (void)state;
    boot_in_1970();
    publish_append(1);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    publish_step_after(gong_dur_s(59));
    publish_expect_nothing();
    publish_step_after(gong_dur_s(2));
    (void)publish_expect_data(1);
}

/* Measured by a clock that was then set by an hour: off has the hour, also
 * where acks had told of the clock before. */
static void
a_clock_that_is_set_takes_its_measures_along(void **state)
{
    const struct gong_batch_header *header;

    (void)state;
    publish_close_world();
    publish_boot = 1;
    publish_open_world();
    world.mono = gong_mono_now();
    world.wall = gong_wall_now();
    publish_append(1);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    (void)publish_expect_data(1);
    publish_answer_all(true);
    publish_ack(1, "[]");
    publish_append(1);
    world.wall.ns += gong_dur_s(3600).ns;
    publish_step();
    header = publish_expect_data(2);
    /* An hour back by the step, an hour ahead of the agent: none in all. */
    assert_true(llabs(header->off_ms) < 1500);
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, publish_setup, publish_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(measures_the_clock_offset),
        TEST(late_ack_after_a_restart_is_no_offset),
        TEST(tells_when_measurements_become_known),
        TEST(nothing_goes_before_the_time_is_known),
        TEST(the_clock_being_set_is_enough),
        TEST(without_any_time_they_go_after_a_minute),
        TEST(a_clock_that_is_set_takes_its_measures_along),
    };

    gong_log_init("test_publish_clock", GONG_LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
