/* Unit tests of collector/publish.c: from one start to the next, and what a
 * full or torn spool does to it. */
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
#include "common/log.h"
#include "publish_fixture.h"

/* The agent has numbers of this spool that it never gave out: the spool is an
 * older copy of itself, and its numbers stand for other batches over there.
 * They would be taken for duplicates and settled unread, or never settled. */
static void
an_older_copy_of_the_spool_begins_an_epoch(void **state)
{
    uint64_t old = gong_spooler_epoch(world.spooler);
    uint64_t fresh;

    (void)state;
    publish_append(3);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    publish_expect_range(1, 3);
    /* Once or twice may be anything. */
    publish_ack(500, "[]");
    publish_ack(500, "[]");
    publish_step_after(gong_dur_s(2));
    publish_expect_nothing();
    publish_ack(500, "[]");
    publish_step();
    (void)publish_expect_status();
    publish_step_after(gong_dur_s(2));
    fresh = publish_expect_data(1)->epoch;
    assert_int_not_equal(fresh, old);
    assert_int_equal(publish_expect_data(2)->epoch, fresh);
    assert_int_equal(publish_expect_data(3)->low, 1);
    publish_expect_nothing();
    publish_answer_all(true);
    /* What is said of the old one no longer counts. */
    publish_ack_at(old, 3, "[]", 1);
    publish_ack_at(fresh, 2, "[]", world.wall.ns / GONG_NS_PER_MS);
    publish_step_after(gong_dur_s(70));
    assert_int_equal(publish_expect_data(3)->epoch, fresh);
    publish_expect_nothing();
    /* And nobody can make it go round in circles. */
    for (int i = 0; i < 9; i++) {
        publish_ack_at(fresh, 500, "[]", 1);
    }
    publish_append(1);
    publish_step();
    assert_int_equal(publish_expect_data(4)->epoch, fresh);
    publish_expect_nothing();
}

static void
goes_on_after_a_restart(void **state)
{
    (void)state;
    publish_append(6);
    publish_connect_link();
    publish_pump();
    publish_ack(4, "[[6,6]]");
    publish_step_after(gong_dur_s(2));
    publish_close_world();
    publish_open_world();
    assert_int_equal(gong_spooler_last_seq(world.spooler), 6);
    publish_append(1);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    assert_int_equal(publish_expect_data(5)->low, 5);
    publish_expect_range(6, 7);
    /* An agent that has more than we remember: it is not sent again. */
    publish_close_world();
    publish_open_world();
    publish_append(1);
    publish_connect_link();
    publish_ack(7, "[]");
    publish_pump();
    (void)publish_expect_status();
    publish_expect_range(8, 8);
}

static void
says_goodbye_with_its_conn(void **state)
{
    char will[80];
    const char *conn;
    const char *goodbye;

    (void)state;
    (void)snprintf(will, sizeof will, "%s",
                   world.handlers.will_payload(world.handlers.ctx));
    world.handlers.connected(world.handlers.ctx, false);
    publish_step();
    conn = strstr(will, "\"conn\"");
    assert_non_null(conn);
    assert_non_null(strstr(will, "\"state\":\"offline\""));
    assert_memory_equal(strstr(publish_expect_status(), "\"conn\""), conn, 25);
    publish_append(2);
    gong_publish_stop(world.publish, gong_dur_ms(0));
    goodbye = publish_expect_status();
    assert_non_null(strstr(goodbye, "\"state\":\"offline\""));
    assert_memory_equal(strstr(goodbye, "\"conn\""), conn, 25);
    assert_non_null(strstr(goodbye, "\"next\":3}"));
    assert_string_not_equal(will,
                            world.handlers.will_payload(world.handlers.ctx));
}

static void
full_spool_blocks(void **state)
{
    struct gong_spooler_taken taken = {7, 7};
    uint64_t dropped = gong_counter_get(&gong_stats()->points_dropped);
    uint64_t last;

    (void)state;
    publish_close_world();
    world.spool.size = 131072;
    publish_open_world();
    while (publish_append_one() == GONG_OK) {
    }
    last = gong_spooler_last_seq(world.spooler);
    assert_int_equal(gong_spooler_append(world.spooler,
                                         gong_str_of("a v=1 1\n"
                                                     "b v=1 1\n"),
                                         &taken),
                     GONG_ERR_NO_SPACE);
    assert_int_equal(taken.accepted, 0);
    assert_int_equal(taken.held, 0);
    assert_int_equal(gong_spooler_last_seq(world.spooler), last);
    assert_int_equal(gong_counter_get(&gong_stats()->points_dropped),
                     dropped + 3);
    /* Settling makes room. */
    publish_connect_link();
    for (uint64_t seq = 64; seq < last; seq += 64) {
        publish_pump();
        publish_ack(seq, "[]");
    }
    publish_pump();
    publish_ack(last, "[]");
    publish_step_after(gong_dur_s(2));
    assert_int_equal(publish_append_one(), GONG_OK);
    assert_int_equal(gong_spooler_last_seq(world.spooler), last + 1);
}

static void
drop_oldest_goes_on_with_what_is_left(void **state)
{
    struct gong_drops_sums sums;
    uint64_t low;

    (void)state;
    publish_close_world();
    world.spool.policy = GONG_SPOOL_DROP_OLDEST;
    world.spool.size = 131072;
    publish_open_world();
    publish_append(4);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    publish_expect_range(1, 4);
    publish_lose_link();
    publish_append(3000);
    publish_connect_link();
    publish_step();
    (void)publish_expect_status();
    /* 1 to 4 are gone from the spool: not sent again. */
    low = world.sent[world.seen].header.seq;
    assert_true(low > 4);
    assert_true(low < 3004);
    assert_int_equal(publish_expect_data(low)->low, low);
    assert_true(world.sent[world.seen - 1].header.lost_points > 0);
    publish_expect_range(low + 1, low + 7);
    /* What was dropped is not damaged as well. */
    gong_drops_sums(gong_spooler_drops(world.spooler), &sums);
    assert_int_equal(sums.damaged, 0);
    assert_int_equal(sums.batches, low - 1);
}

static void
torn_tail_never_reuses_a_number(void **state)
{
    struct gong_spool_stats stats;
    char name[128];
    FILE *file;

    (void)state;
    publish_append(3);
    gong_spool_stats(gong_spooler_spool(world.spooler), &stats);
    publish_close_world();
    (void)snprintf(name, sizeof name, "%s/%016x.segment", world.dir, 0);
    file = fopen(name, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)stats.end - 12, SEEK_SET), 0);
    assert_int_equal(fputc('X', file), 'X');
    assert_int_equal(fclose(file), 0);
    publish_open_world();
    publish_append(1);
    assert_int_equal(gong_spooler_last_seq(world.spooler),
                     2 + GONG_SPOOLER_JUMP + 2); /* it and a report */
    publish_close_world();
    publish_open_world();
    publish_append(1);
    assert_int_equal(gong_spooler_last_seq(world.spooler),
                     2 + GONG_SPOOLER_JUMP + 3);
}

static void
long_appends_become_several_batches(void **state)
{
    static char lines[400000];
    size_t len = 0;
    struct gong_spooler_taken taken = {0};
    uint64_t count = 0;
    uint64_t points = 0;

    (void)state;
    while (len + 64 < sizeof lines) {
        len +=
            (size_t)snprintf(lines + len, sizeof lines - len,
                             "m v=%" PRIu64 "i 1760000000000000000\n", count++);
    }
    assert_int_equal(
        gong_spooler_append(world.spooler, gong_str_from(lines, len), &taken),
        GONG_OK);
    assert_int_equal(taken.accepted, count);
    assert_int_equal(gong_spooler_last_seq(world.spooler), 13);
    publish_connect_link();
    publish_pump();
    (void)publish_expect_status();
    for (uint64_t seq = 1; seq <= 13; seq++) {
        points += publish_expect_data(seq)->points;
    }
    assert_int_equal(points, count);
}

/* The thread itself, woken by what is appended, and its end. */
static void
thread_sends_and_flushes(void **state)
{
    (void)state;
    assert_int_equal(gong_publish_start(world.publish), GONG_OK);
    publish_connect_link();
    publish_append(5);
    gong_publish_stop(world.publish, gong_dur_ms(100));
    (void)publish_expect_status();
    for (uint64_t seq = 1; seq <= 5; seq++) {
        (void)publish_expect_data(seq);
    }
    (void)publish_expect_status();
    publish_expect_nothing();
}

/* What was settled in an earlier life is nothing to wait for: with it, this
 * test would take ten minutes. */
static void
stops_at_once_after_a_restart(void **state)
{
    (void)state;
    publish_append(3);
    publish_connect_link();
    publish_pump();
    publish_ack(3, "[]");
    publish_step_after(gong_dur_s(2));
    publish_close_world();
    publish_open_world();
    publish_connect_link();
    gong_publish_stop(world.publish, gong_dur_s(600));
    assert_int_equal(world.count, 1); /* the goodbye */
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, publish_setup, publish_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_older_copy_of_the_spool_begins_an_epoch),
        TEST(goes_on_after_a_restart),
        TEST(says_goodbye_with_its_conn),
        TEST(full_spool_blocks),
        TEST(drop_oldest_goes_on_with_what_is_left),
        TEST(torn_tail_never_reuses_a_number),
        TEST(long_appends_become_several_batches),
        TEST(thread_sends_and_flushes),
        TEST(stops_at_once_after_a_restart),
    };

    gong_log_init("test_publish_life", GONG_LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
