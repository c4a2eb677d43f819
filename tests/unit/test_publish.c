/* Unit tests of collector/publish.c: what is sent, sent again and settled, and
 * in which order. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/stats.h"
#include "common/crc32c.h"
#include "common/log.h"
#include "publish_fixture.h"

/* A broker whose queue for the agent was full has dropped it. */
static void
a_birth_that_the_agent_does_not_have_is_told_again(void **state)
{
    const char *birth;

    (void)state;
    publish_append(1);
    publish_connect_link();
    publish_step();
    birth = publish_expect_status();
    publish_ack_birth(0);
    publish_step();
    assert_int_equal(publish_count_status(), 1); /* it may be on its way */
    world.mono = gong_mono_add(world.mono, gong_dur_s(6));
    publish_ack_birth(gong_crc32c(0, birth, strlen(birth)));
    publish_step();
    assert_int_equal(publish_count_status(), 1);
    publish_ack_birth(0);
    publish_step();
    assert_int_equal(publish_count_status(), 2);
}

static void
keeps_the_window(void **state)
{
    (void)state;
    publish_append(20);
    publish_step();
    publish_expect_nothing();
    publish_connect_link();
    publish_step();
    assert_non_null(strstr(publish_expect_status(), "\"state\":\"online\""));
    publish_expect_range(1, 8);
    assert_int_equal(world.sent[1].header.low, 1);
    assert_int_equal(world.sent[1].header.points, 1);
    assert_int_equal(world.sent[1].header.epoch,
                     gong_spooler_epoch(world.spooler));
    assert_int_equal(world.sent[1].header.lane, GONG_LANE_LIVE);
    assert_string_equal(world.sent[1].text, "m v=1 1760000000000000000\n");
    world.handlers.published(world.handlers.ctx, 0, true);
    publish_step();
    publish_expect_nothing();
    world.handlers.published(world.handlers.ctx, 1, true);
    world.handlers.published(world.handlers.ctx, 1, true);
    publish_step();
    publish_expect_range(9, 9);
}

static void
sends_again_after_a_lost_link(void **state)
{
    (void)state;
    publish_append(4);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    publish_expect_range(1, 4);
    publish_lose_link();
    publish_append(2);
    publish_step();
    publish_expect_nothing();
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    publish_expect_range(1, 6);
}

/* What the broker had answered for goes again too, unless an ack comes. */
static void
sends_puback_ed_again_after_reconnect(void **state)
{
    (void)state;
    publish_append(4);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    publish_expect_range(1, 4);
    publish_lose_link();
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    publish_ack(2, "[]");
    publish_step();
    publish_expect_nothing();
    publish_step_after(gong_dur_s(2));
    publish_expect_range(3, 4);
}

static void
settles_by_cum_and_ranges(void **state)
{
    (void)state;
    publish_append(6);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    publish_expect_range(1, 6);
    publish_ack(1, "[[3,4],[6,6]]");
    publish_append(1);
    publish_step();
    /* Only 2, 5 and 7 are left. What went later than 2 and 5 is there, so
     * they were lost. */
    (void)publish_expect_data(2);
    (void)publish_expect_data(5);
    assert_int_equal(publish_expect_data(7)->low, 2);
    publish_answer_all(true);
    publish_step_after(gong_dur_s(40));
    (void)publish_expect_data(7);
    publish_answer_all(true);
    publish_step_after(gong_dur_s(21));
    (void)publish_expect_data(2);
    (void)publish_expect_data(5);
    (void)publish_expect_data(7);
    publish_expect_nothing();
}

static void
sends_again_with_growing_patience(void **state)
{
    (void)state;
    publish_append(1);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    publish_expect_range(1, 1);
    publish_step_after(gong_dur_s(20));
    publish_expect_nothing();
    publish_step_after(gong_dur_s(12));
    publish_expect_range(1, 1);
}

static void
other_epochs_and_bad_acks_settle_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"epoch\":5}",
        "\xff\xfe",
        "{\"epoch\":\"",
        "{\"epoch\":\"%s\",\"cum\":-1,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":1.5,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":\"1\",\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":1}",
        "{\"epoch\":\"%s\",\"cum\":1,\"now\":-5}",
        "{\"epoch\":\"%s\",\"cum\":1,\"now\":9223372036854775807}",
        "{\"epoch\":\"%s\",\"cum\":1,\"cum\":3,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":99,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[[2,99]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[[3,2]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":2,\"ranges\":[[1,3]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[[2]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[2],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":{},\"now\":1}",
        "{\"epoch\":\"%sX\",\"cum\":3,\"now\":1}",
    };
    uint64_t before = gong_counter_get(&gong_stats()->acks_refused);
    char epoch[17];

    (void)state;
    publish_append(3);
    publish_connect_link();
    publish_pump();
    (void)snprintf(epoch, sizeof epoch, "%016" PRIx64,
                   gong_spooler_epoch(world.spooler));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        const char *hole = strstr(bad[i], "%s");
        int front = hole == NULL ? (int)strlen(bad[i]) : (int)(hole - bad[i]);

        (void)snprintf(text, sizeof text, "%.*s%s%s", front, bad[i],
                       hole == NULL ? "" : epoch, hole == NULL ? "" : hole + 2);
        gong_publish_handle_ack(world.publish, gong_str_of(text), world.mono,
                                world.wall);
        assert_int_equal(gong_counter_get(&gong_stats()->acks_refused),
                         before + i + 1);
    }
    publish_ack_at(gong_spooler_epoch(world.spooler) + 1, 3, "[]", 1);
    world.seen = world.count;
    publish_step_after(gong_dur_s(31));
    publish_expect_range(1, 3);
}

static void
at_most_64_unsettled_then_probes(void **state)
{
    (void)state;
    publish_append(100);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    publish_expect_range(1, 64);
    publish_step_after(gong_dur_ms(500));
    publish_expect_nothing();
    publish_step_after(gong_dur_ms(700));
    publish_expect_range(1, 1);
    publish_answer_all(true);
    publish_step_after(gong_dur_ms(1500));
    publish_expect_nothing();
    publish_step_after(gong_dur_ms(600));
    publish_expect_range(1, 1);
    publish_answer_all(true);
    publish_ack(64, "[]");
    publish_pump();
    publish_expect_range(65, 100);
}

static void
fresh_before_a_long_backlog(void **state)
{
    (void)state;
    publish_close_world();
    world.options.lanes.backlog_rate = 1;
    publish_open_world();
    publish_append(40);
    /* Ten minutes later they are old, and more than 30 s of sending. */
    world.wall.ns += gong_dur_s(600).ns;
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    assert_int_equal(publish_expect_data(1)->lane, GONG_LANE_BACK);
    publish_expect_nothing();
    publish_append(3);
    publish_pump();
    assert_int_equal(publish_expect_data(41)->lane, GONG_LANE_LIVE);
    assert_int_equal(publish_expect_data(42)->low, 1);
    (void)publish_expect_data(43);
    publish_expect_nothing();
    publish_ack(1, "[[41,43]]");
    publish_step_after(gong_dur_s(1));
    publish_answer_all(true);
    assert_int_equal(publish_expect_data(2)->lane, GONG_LANE_BACK);
    publish_expect_nothing();
    /* The bucket holds one second, so an hour's pause is no burst. */
    for (uint64_t seq = 3; seq <= 40; seq++) {
        publish_step_after(gong_dur_s(1));
        publish_answer_all(true);
        publish_ack(seq, "[[41,43]]");
        assert_int_equal(publish_expect_data(seq)->lane, GONG_LANE_BACK);
    }
    publish_append(1);
    publish_step();
    assert_int_equal(publish_expect_data(44)->low, 44);
    publish_expect_nothing();
}

static void
short_backlog_goes_in_order(void **state)
{
    (void)state;
    publish_append(40);
    world.wall.ns += gong_dur_s(600).ns;
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    for (uint64_t seq = 1; seq <= 40; seq++) {
        assert_int_equal(publish_expect_data(seq)->lane, GONG_LANE_LIVE);
    }
}

static void
link_that_takes_nothing_loses_nothing(void **state)
{
    (void)state;
    publish_append(2);
    publish_connect_link();
    world.refuse = true;
    publish_step();
    publish_expect_nothing();
    world.refuse = false;
    publish_step();
    (void)publish_expect_status();
    publish_expect_range(1, 2);
    publish_append(1);
    world.refuse = true;
    publish_step();
    world.refuse = false;
    publish_step();
    publish_expect_range(3, 3);
}

static void
headers_say_what_a_batch_holds(void **state)
{
    const struct gong_batch_header *header;

    (void)state;
    assert_int_equal(gong_spooler_append(world.spooler,
                                         gong_str_of("m v=1,s=\"x\",b=t 1\n"
                                                     "m v=1 2\n"),
                                         NULL),
                     GONG_OK);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    header = publish_expect_data(1);
    assert_int_equal(header->points, 2);
    assert_int_equal(header->samples, 3);
    assert_true(header->at_ms > INT64_C(1500000000000));
    assert_int_equal(header->lost_points, 0);
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, publish_setup, publish_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_birth_that_the_agent_does_not_have_is_told_again),
        TEST(keeps_the_window),
        TEST(sends_again_after_a_lost_link),
        TEST(sends_puback_ed_again_after_reconnect),
        TEST(settles_by_cum_and_ranges),
        TEST(sends_again_with_growing_patience),
        TEST(other_epochs_and_bad_acks_settle_nothing),
        TEST(at_most_64_unsettled_then_probes),
        TEST(fresh_before_a_long_backlog),
        TEST(short_backlog_goes_in_order),
        TEST(link_that_takes_nothing_loses_nothing),
        TEST(headers_say_what_a_batch_holds),
    };

    gong_log_init("test_publish", GONG_LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
