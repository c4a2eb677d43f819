/*
 * What others' users reported, on the way from a point to the wire: each test
 * is named by what holds here and says whose failure it answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "collector/lanes.h"
#include "collector/spooled.h"
#include "collector/spooler.h"
#include "common/log.h"
#include "spool_fixture.h"

#define BIG       3992
#define A_SEGMENT UINT64_C(16)

static struct gong_spooler *
open_spooler(uint64_t size, enum gong_spool_policy policy)
{
    struct gong_spooler_options options = {.path = fixture_dir(),
                                           .size = size,
                                           .segment_size = SEGMENT,
                                           .policy = policy,
                                           .sync = gong_dur_s(3600),
                                           .site = "22015",
                                           .device = "gw"};
    struct gong_spooler *spooler = NULL;
    char why[256] = "";

    assert_int_equal(gong_spooler_open(&options, &spooler, why, sizeof why),
                     GONG_OK);
    return spooler;
}

static enum gong_err
point(struct gong_spooler *spooler, unsigned number)
{
    char line[32];
    int len = snprintf(line, sizeof line, "m v=%u 1\n", number);

    return gong_spooler_append(spooler, gong_str_from(line, (size_t)len), NULL);
}

static void
points(struct gong_spooler *spooler, unsigned first, unsigned last)
{
    for (unsigned number = first; number <= last; number++) {
        assert_int_equal(point(spooler, number), GONG_OK);
    }
}

/* Reads number first to last as the publisher would; *end is what follows. */
static void
leave(struct gong_lanes *lanes, struct gong_spooler *spooler, unsigned first,
      unsigned last)
{
    for (unsigned number = first; number <= last; number++) {
        struct gong_spooled batch;
        char line[32];

        assert_int_equal(gong_lanes_next(lanes, GONG_LANE_LIVE,
                                         gong_spooler_last_seq(spooler),
                                         gong_wall_now(), &batch),
                         GONG_OK);
        (void)snprintf(line, sizeof line, "m v=%u 1\n", number);
        assert_true(gong_str_is(batch.body, line));
        assert_true(batch.seq == number);
    }
}

static void
nothing_more(struct gong_lanes *lanes, struct gong_spooler *spooler)
{
    struct gong_spooled batch;

    assert_int_equal(gong_lanes_next(lanes, GONG_LANE_LIVE,
                                     gong_spooler_last_seq(spooler),
                                     gong_wall_now(), &batch),
                     GONG_ERR_AGAIN);
}

static const struct gong_lanes_options lane_options = {
    .backlog_after = {INT64_C(300000000000)}, .backlog_rate = 20};

/* telegraf#16500: a restart sends the whole write-ahead log again. */
static void
a_restart_sends_only_what_is_not_settled(void **state)
{
    struct gong_spooler *spooler = open_spooler(1 << 20, GONG_SPOOL_BLOCK);
    struct gong_lanes lanes;
    uint64_t seq;

    (void)state;
    points(spooler, 1, 500);
    assert_int_equal(
        gong_lanes_open(&lanes, gong_spooler_spool(spooler), &lane_options),
        GONG_OK);
    leave(&lanes, spooler, 1, 470);
    assert_int_equal(gong_lanes_commit(&lanes, gong_lanes_unread(&lanes, &seq)),
                     GONG_OK);
    gong_lanes_close(&lanes);
    gong_spooler_close(spooler);
    spooler = open_spooler(1 << 20, GONG_SPOOL_BLOCK);
    assert_int_equal(
        gong_lanes_open(&lanes, gong_spooler_spool(spooler), &lane_options),
        GONG_OK);
    leave(&lanes, spooler, 471, 500);
    nothing_more(&lanes, spooler);
    gong_lanes_close(&lanes);
    gong_spooler_close(spooler);
}

/* telegraf#18528: "failed to open wal file: log corrupt", and no start. */
static void
a_corrupt_log_does_not_stop_the_start(void **state)
{
    static const char *const files[] = {"log.meta", "0000000000000000.segment",
                                        "0000000000000001.segment", "a.cursor",
                                        "lock"};
    static const char rubbish[] = "this is no log, and never was one";

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct gong_spool *spool = fixture_open(4, GONG_SPOOL_BLOCK);
        struct gong_spool_cursor *cursor = NULL;

        fixture_append_all(spool, 1, 2 * A_SEGMENT, BIG);
        assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
        gong_spool_cursor_close(cursor);
        fixture_kill(spool);
        fixture_write(files[i], 0, rubbish, sizeof rubbish);
        spool = fixture_open(4, GONG_SPOOL_BLOCK);
        assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
        /* A record's start may be gone with a segment's header; no more. */
        assert_true(fixture_next(cursor) <= 2);
        gong_spool_cursor_close(cursor);
        assert_int_equal(fixture_append(spool, 99, BIG, NULL), GONG_OK);
        gong_spool_close(spool);
        assert_int_equal(fixture_teardown(NULL), 0);
        assert_int_equal(fixture_setup(NULL), 0);
    }
}

/* telegraf#16314: it stops after some 60,000; paho.mqtt.c#1092: at most 64k
 * messages wait. */
static void
more_than_sixty_four_thousand_wait_and_leave(void **state)
{
    struct gong_spooler *spooler = open_spooler(16 << 20, GONG_SPOOL_BLOCK);
    struct gong_lanes_options options = lane_options;
    struct gong_lanes lanes;

    (void)state;
    options.backlog_after = gong_dur_s(3600);
    points(spooler, 1, 70000);
    assert_int_equal(
        gong_lanes_open(&lanes, gong_spooler_spool(spooler), &options),
        GONG_OK);
    leave(&lanes, spooler, 1, 70000);
    nothing_more(&lanes, spooler);
    gong_lanes_close(&lanes);
    gong_spooler_close(spooler);
}

/* VictoriaMetrics#11192: a damaged tail drops the whole queue. */
static void
a_damaged_tail_costs_the_tail(void **state)
{
    struct gong_spool *spool = fixture_open(8, GONG_SPOOL_BLOCK);
    uint64_t offset = 0;

    (void)state;
    fixture_append_all(spool, 1, 3 * A_SEGMENT - 1, BIG);
    assert_int_equal(fixture_append(spool, 3 * A_SEGMENT, BIG, &offset),
                     GONG_OK);
    fixture_kill(spool);
    fixture_flip("0000000000000002.segment", offset % SEGMENT + 100, 50);
    spool = fixture_open(8, GONG_SPOOL_BLOCK);
    fixture_expect(spool, 1, 3 * A_SEGMENT - 1);
    fixture_append_all(spool, 3 * A_SEGMENT, 3 * A_SEGMENT, BIG);
    fixture_expect(spool, 1, 3 * A_SEGMENT);
    gong_spool_close(spool);
}

/* VictoriaMetrics#6952: it answers success while it drops. */
static void
a_full_log_refuses_instead_of_answering_success(void **state)
{
    struct gong_spooler *spooler = open_spooler(4 * SEGMENT, GONG_SPOOL_BLOCK);
    struct gong_spooler_taken taken = {9, 9};
    struct gong_lanes lanes;
    unsigned kept = 0;

    (void)state;
    assert_int_equal(
        gong_lanes_open(&lanes, gong_spooler_spool(spooler), &lane_options),
        GONG_OK);
    while (point(spooler, kept + 1) == GONG_OK) {
        kept++;
    }
    assert_true(kept > 1000);
    assert_int_equal(
        gong_spooler_append(spooler, gong_str_of("m v=1 1\n"), &taken),
        GONG_ERR_NO_SPACE);
    assert_int_equal(taken.accepted, 0);
    assert_int_equal(taken.held, 0);
    leave(&lanes, spooler, 1, kept);
    nothing_more(&lanes, spooler);
    gong_lanes_close(&lanes);
    gong_spooler_close(spooler);
}

/* ekuiper#4023, #4105: buffer full, silently drops, also at QoS 1. */
static void
what_is_dropped_is_counted_to_the_byte(void **state)
{
    struct gong_spool *spool = fixture_open(4, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_cursor *cursor = NULL;
    struct gong_spool_stats stats;
    uint64_t first;

    (void)state;
    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    fixture_append_all(spool, 1, 20 * A_SEGMENT, BIG);
    gong_spool_stats(spool, &stats);
    first = fixture_next(cursor);
    assert_true(first > A_SEGMENT);
    assert_true(stats.dropped_bytes == (first - 1) * gong_record_size(BIG));
    for (uint64_t number = first + 1; number <= 20 * A_SEGMENT; number++) {
        assert_true(fixture_next(cursor) == number);
    }
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* fluent-bit#11847: useless after corrupted chunks. */
static void
a_corrupt_chunk_costs_its_own_records(void **state)
{
    struct gong_spool *spool = fixture_open(8, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor = NULL;
    uint64_t found;
    uint64_t missing = 0;
    uint64_t number = 0;

    (void)state;
    fixture_append_all(spool, 1, 5 * A_SEGMENT, BIG);
    fixture_kill(spool);
    fixture_flip("0000000000000001.segment", 0, 64);      /* its header */
    fixture_flip("0000000000000002.segment", 20000, 100); /* one record */
    fixture_truncate("0000000000000003.segment", 40000);
    spool = fixture_open(8, GONG_SPOOL_BLOCK);
    assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
    while ((found = fixture_next(cursor)) != UINT64_MAX) {
        missing += found - number - 1;
        number = found;
    }
    assert_true(number == 5 * A_SEGMENT);
    assert_true(missing >= 2 && missing <= A_SEGMENT);
    gong_spool_cursor_close(cursor);
    fixture_append_all(spool, 500, 510, BIG);
    gong_spool_close(spool);
}

/* fluent-bit#2566, #5166: no start with many chunks; memory five-fold while it
 * starts with a backlog of 2 GB. */
static void
many_chunks_open_in_little_memory(void **state)
{
    struct gong_spool *spool = fixture_open(600, GONG_SPOOL_BLOCK);
    struct rusage before;
    struct rusage after;

    (void)state;
    fixture_append_all(spool, 1, 512 * A_SEGMENT, BIG);
    gong_spool_close(spool);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    spool = fixture_open(600, GONG_SPOOL_BLOCK);
    fixture_expect(spool, 1, 512 * A_SEGMENT);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    print_message("32 MiB of backlog: %ld KiB more\n",
                  after.ru_maxrss - before.ru_maxrss);
#ifndef GONG_SANITIZED
    assert_true(after.ru_maxrss - before.ru_maxrss < 4096);
#endif
    gong_spool_close(spool);
}

/* collectd#2104, #981: one shared queue in memory; nothing on disk. */
static void
an_outage_is_survived_on_disk(void **state)
{
    struct gong_spooler *spooler = open_spooler(4 << 20, GONG_SPOOL_BLOCK);
    struct gong_lanes lanes;

    (void)state;
    for (unsigned life = 0; life < 5; life++) {
        points(spooler, life * 1000 + 1, life * 1000 + 1000);
        gong_spooler_close(spooler);
        spooler = open_spooler(4 << 20, GONG_SPOOL_BLOCK);
    }
    assert_int_equal(
        gong_lanes_open(&lanes, gong_spooler_spool(spooler), &lane_options),
        GONG_OK);
    leave(&lanes, spooler, 1, 5000);
    nothing_more(&lanes, spooler);
    gong_lanes_close(&lanes);
    gong_spooler_close(spooler);
}

#define GONG_CASE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(a_restart_sends_only_what_is_not_settled),
        GONG_CASE(a_corrupt_log_does_not_stop_the_start),
        GONG_CASE(more_than_sixty_four_thousand_wait_and_leave),
        GONG_CASE(a_damaged_tail_costs_the_tail),
        GONG_CASE(a_full_log_refuses_instead_of_answering_success),
        GONG_CASE(what_is_dropped_is_counted_to_the_byte),
        GONG_CASE(a_corrupt_chunk_costs_its_own_records),
        GONG_CASE(many_chunks_open_in_little_memory),
        GONG_CASE(an_outage_is_survived_on_disk),
    };

    gong_log_init("test", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
