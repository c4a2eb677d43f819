/* A disk that fails stops nothing: records wait in memory, are read from there,
 * and are written out when it works again. */
#include "common/spool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/le.h"
#include "spool_fixture.h"

#define MEMORY ((uint64_t)20000)
/* Bytes: the least that the index of what is held takes, and its step. */
#define RING  ((uint64_t)384)
#define INDEX ((uint64_t)24) /* of one record */

static struct gong_spool *
open_holding(uint64_t memory_max, gong_dur_t retry)
{
    struct gong_spool_options options = {.dir = fixture_dir(),
                                         .segment_size = SEGMENT,
                                         .segments_max = 4,
                                         .policy = GONG_SPOOL_DROP_OLDEST,
                                         .memory_max = memory_max,
                                         .memory_retry = retry};
    struct gong_spool *spool = NULL;
    char why[256] = "";

    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_OK);
    return spool;
}

static struct gong_spool_stats
stats_of(struct gong_spool *spool)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    return stats;
}

static void
break_disk(int error)
{
    disk.write_errno = error;
    disk.plain_errno = error;
    disk.sync_errno = error;
    disk.allocate_errno = error;
}

/* As a program does that would rather go on than stop. */
static void
put(struct gong_spool *spool, uint64_t number, size_t len)
{
    enum gong_err err = fixture_append(spool, number, len, NULL);

    if (err == GONG_ERR_IO || err == GONG_ERR_READ_ONLY) {
        err = fixture_hold(spool, number, len, NULL);
    }
    assert_int_equal(err, GONG_OK);
}

static void
put_all(struct gong_spool *spool, uint64_t first, uint64_t last, size_t len)
{
    for (uint64_t number = first; number <= last; number++) {
        put(spool, number, len);
    }
}

static void
readers_go_on_while_the_disk_fails(void **state)
{
    static const int errors[] = {EIO, EROFS};

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
        struct gong_spool_cursor *cursor = NULL;
        struct gong_spool_stats before;
        struct gong_spool_stats during;

        assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
        gong_spool_cursor_seek(cursor, UINT64_MAX);
        put_all(spool, 1, 3, 100);
        assert_int_equal(gong_spool_sync(spool), GONG_OK);
        before = stats_of(spool);
        assert_true(before.written == before.end);
        break_disk(errors[i]);
        put_all(spool, 4, 10, 100);
        during = stats_of(spool);
        assert_true(during.end > before.end);
        assert_true(during.written == before.end);
        assert_int_equal(during.memory_records, 7);
        assert_true(during.memory_bytes == during.end - during.written);
        assert_int_equal(during.append_state, gong_err_from_errno(errors[i]));
        for (uint64_t number = 1; number <= 10; number++) {
            assert_true(fixture_next(cursor) == number);
        }
        assert_true(fixture_next(cursor) == UINT64_MAX);
        assert_int_equal(gong_spool_sync(spool),
                         gong_err_from_errno(errors[i]));
        assert_true(stats_of(spool).durable == before.end);
        /* What readers up to the durable mark see has not changed. */
        gong_spool_cursor_seek(cursor, 0);
        for (uint64_t number = 1; number <= 3; number++) {
            struct gong_record record;

            assert_int_equal(
                gong_spool_cursor_next(cursor, before.durable, &record),
                GONG_OK);
        }
        {
            struct gong_record record;

            assert_int_equal(
                gong_spool_cursor_next(cursor, before.durable, &record),
                GONG_ERR_AGAIN);
        }
        break_disk(0);
        assert_int_equal(gong_spool_sync(spool), GONG_OK);
        during = stats_of(spool);
        assert_true(during.durable == during.end);
        assert_true(during.written == during.end);
        assert_int_equal(during.memory_records, 0);
        assert_int_equal(during.memory_lost_records, 0);
        assert_int_equal(during.set_aside_records, 0);
        assert_int_equal(during.append_state, GONG_OK);
        put(spool, 11, 100);
        assert_true(fixture_next(cursor) == 4);
        gong_spool_cursor_close(cursor);
        fixture_kill(spool);
        spool = open_holding(MEMORY, gong_dur_ms(0));
        fixture_expect(spool, 1, 11);
        gong_spool_close(spool);
        assert_int_equal(fixture_teardown(NULL), 0);
        assert_int_equal(fixture_setup(NULL), 0);
    }
}

/* Offsets stay those that readers were given, over ends of segments too. */
static void
offsets_stay_over_segments(void **state)
{
    struct gong_spool *spool = open_holding(1 << 20, gong_dur_ms(0));
    uint64_t offsets[60];

    (void)state;
    put_all(spool, 1, 5, 100);
    break_disk(EIO);
    for (uint64_t i = 0; i < 60; i++) {
        assert_int_equal(fixture_hold(spool, 6 + i, 3992, &offsets[i]),
                         GONG_OK);
    }
    fixture_expect(spool, 1, 65);
    break_disk(0);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    gong_spool_close(spool);
    spool = open_holding(1 << 20, gong_dur_ms(0));
    fixture_expect(spool, 1, 65);
    for (uint64_t i = 0; i < 60; i++) {
        struct gong_spool_cursor *cursor = NULL;

        assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
        gong_spool_cursor_seek(cursor, offsets[i]);
        assert_true(fixture_next(cursor) == 6 + i);
        gong_spool_cursor_close(cursor);
    }
    gong_spool_close(spool);
}

/* Memory is bounded: the oldest goes, and the hole it leaves is named. */
static void
the_oldest_goes_and_leaves_a_gap(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
    struct gong_spool_cursor *late = NULL;
    struct gong_spool_stats stats;

    (void)state;
    put_all(spool, 1, 5, 100);
    assert_int_equal(gong_spool_cursor_open(spool, "late", &late), GONG_OK);
    break_disk(EROFS);
    put_all(spool, 6, 205, 3992); /* several segments of which 4 records stay */
    stats = stats_of(spool);
    assert_true(stats.memory_bytes <= MEMORY);
    assert_int_equal(stats.memory_lost_records, 196);
    assert_true(stats.memory_lost_bytes == 196 * 4056);
    for (uint64_t number = 1; number <= 5; number++) {
        assert_true(fixture_next(late) == number);
    }
    for (uint64_t number = 202; number <= 205; number++) {
        assert_true(fixture_next(late) == number);
    }
    break_disk(0);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    stats = stats_of(spool);
    assert_true(stats.durable == stats.end);
    assert_int_equal(stats.set_aside_records, 1);
    put(spool, 206, 100);
    gong_spool_cursor_close(late);
    fixture_kill(spool);
    spool = open_holding(MEMORY, gong_dur_ms(0));
    assert_int_equal(gong_spool_cursor_open(spool, NULL, &late), GONG_OK);
    for (uint64_t number = 1; number <= 5; number++) {
        assert_true(fixture_next(late) == number);
    }
    for (uint64_t number = 202; number <= 206; number++) {
        assert_true(fixture_next(late) == number);
    }
    assert_true(fixture_next(late) == UINT64_MAX);
    assert_int_equal(stats_of(spool).generation, 1);
    gong_spool_cursor_close(late);
    gong_spool_close(spool);
}

/* Small records have an index as long as a fifth of them. */
static void
the_bound_holds_for_the_index_too(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
    struct gong_spool_cursor *late = NULL;
    struct gong_spool_stats stats;
    uint64_t first;

    (void)state;
    assert_int_equal(gong_spool_cursor_open(spool, "late", &late), GONG_OK);
    break_disk(EIO);
    put_all(spool, 1, 1000, 8);
    stats = stats_of(spool);
    assert_true(stats.memory_bytes + stats.memory_records * INDEX <= MEMORY);
    assert_true(stats.memory_bytes + stats.memory_records * INDEX >
                MEMORY - 2 * RING);
    /* Large ones, then small ones again: the index goes round, and grows. */
    put_all(spool, 1001, 1003, 3992);
    put_all(spool, 1004, 1500, 8);
    stats = stats_of(spool);
    assert_true(stats.memory_bytes + stats.memory_records * INDEX <= MEMORY);
    assert_int_equal(stats.memory_records + stats.memory_lost_records, 1500);
    first = fixture_next(late);
    assert_true(first == stats.memory_lost_records + 1);
    for (uint64_t number = first + 1; number <= 1500; number++) {
        assert_true(fixture_next(late) == number);
    }
    assert_int_equal(fixture_hold(spool, 1501, MEMORY - RING, NULL),
                     GONG_ERR_NO_SPACE);
    assert_int_equal(fixture_hold(spool, 1501, MEMORY - RING - 64, NULL),
                     GONG_OK);
    assert_int_equal(stats_of(spool).memory_records, 1);
    break_disk(0);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    assert_true(fixture_next(late) == 1501);
    gong_spool_cursor_close(late);
    gong_spool_close(spool);
}

/* A gap inside one segment, met by a reader that stands before it. */
static void
a_gap_within_a_segment_is_stepped_over(void **state)
{
    struct gong_spool *spool = open_holding(1000 + RING, gong_dur_ms(0));
    struct gong_spool_cursor *slow = NULL;

    (void)state;
    put_all(spool, 1, 2, 100);
    assert_int_equal(gong_spool_cursor_open(spool, NULL, &slow), GONG_OK);
    assert_true(fixture_next(slow) == 1);
    break_disk(EIO);
    put_all(spool, 3, 30, 100);
    break_disk(0);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    put(spool, 31, 100);
    assert_true(fixture_next(slow) == 2);
    for (uint64_t number = 26; number <= 31; number++) {
        assert_true(fixture_next(slow) == number);
    }
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    gong_spool_cursor_close(slow);
    gong_spool_close(spool);
    spool = open_holding(1000 + RING, gong_dur_ms(0));
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    gong_spool_close(spool);
}

/* What is only in memory is gone with the process, and nothing else is. */
static void
a_kill_costs_what_was_in_memory(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
    struct gong_spool_cursor *cursor = NULL;

    (void)state;
    put_all(spool, 1, 3, 100);
    assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
    break_disk(EIO);
    put_all(spool, 4, 8, 100);
    while (fixture_next(cursor) != UINT64_MAX) {
    }
    /* Committed in memory; the mark must not name what may never exist. */
    assert_int_equal(
        gong_spool_cursor_commit(cursor, gong_spool_cursor_offset(cursor)),
        GONG_OK);
    assert_true(gong_spool_cursor_committed(cursor) == stats_of(spool).end);
    gong_spool_cursor_close(cursor);
    fixture_kill(spool);
    break_disk(0);
    spool = open_holding(MEMORY, gong_dur_ms(0));
    fixture_expect(spool, 1, 3);
    put_all(spool, 101, 103, 100);
    assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
    assert_true(fixture_next(cursor) <= 101);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
marks_follow_when_the_disk_is_back(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
    struct gong_spool_cursor *cursor = NULL;

    (void)state;
    put_all(spool, 1, 3, 100);
    assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
    break_disk(EIO);
    put_all(spool, 4, 8, 100);
    for (uint64_t number = 1; number <= 6; number++) {
        assert_true(fixture_next(cursor) == number);
    }
    assert_int_equal(
        gong_spool_cursor_commit(cursor, gong_spool_cursor_offset(cursor)),
        GONG_OK);
    break_disk(0);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
    spool = open_holding(MEMORY, gong_dur_ms(0));
    assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
    assert_true(fixture_next(cursor) == 7);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* The disk takes some of it and fails again. */
static void
writing_out_may_stop_half_way(void **state)
{
    struct gong_spool *spool = open_holding(1 << 20, gong_dur_ms(0));
    struct gong_spool_stats stats;

    (void)state;
    put(spool, 1, 100);
    break_disk(EIO);
    put_all(spool, 2, 40, 3992);
    break_disk(0);
    disk.allocate_errno = EIO; /* no second segment */
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    stats = stats_of(spool);
    assert_true(stats.written > 164 && stats.written < SEGMENT);
    assert_true(stats.durable == stats.written);
    assert_true(stats.memory_records > 0);
    fixture_expect(spool, 1, 40);
    disk.allocate_errno = 0;
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    fixture_expect(spool, 1, 40);
    gong_spool_close(spool);
    spool = open_holding(1 << 20, gong_dur_ms(0));
    fixture_expect(spool, 1, 40);
    gong_spool_close(spool);
}

static void
closing_tries_once_more(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_s(3600));

    (void)state;
    put(spool, 1, 100);
    break_disk(EIO);
    put_all(spool, 2, 5, 100);
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    break_disk(0);
    /* Not before the wait is over. */
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    assert_int_equal(stats_of(spool).memory_records, 4);
    gong_spool_close(spool);
    spool = open_holding(MEMORY, gong_dur_ms(0));
    fixture_expect(spool, 1, 5);
    gong_spool_close(spool);
}

static void
memory_has_limits(void **state)
{
    struct gong_spool *spool = open_holding(0, gong_dur_ms(0));

    (void)state;
    break_disk(EIO);
    assert_int_equal(fixture_append(spool, 1, 100, NULL), GONG_ERR_IO);
    assert_int_equal(fixture_hold(spool, 1, 100, NULL), GONG_ERR_NO_SPACE);
    break_disk(0);
    gong_spool_close(spool);
    spool = open_holding(1000 + RING, gong_dur_ms(0));
    break_disk(EIO);
    assert_int_equal(fixture_hold(spool, 1, 2000, NULL), GONG_ERR_NO_SPACE);
    assert_int_equal(fixture_hold(spool, 1, SEGMENT, NULL), GONG_ERR_TOO_LARGE);
    assert_int_equal(fixture_hold(spool, 1, 100, NULL), GONG_OK);
    break_disk(0);
    gong_spool_close(spool);
}

/* A page that the kernel gave up after a failed sync holds old bytes: the mark
 * must not pass it. */
static void
a_sync_is_not_believed_about_lost_pages(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
    uint8_t zero[100] = {0};
    uint64_t durable;

    (void)state;
    put(spool, 1, 100);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    durable = stats_of(spool).durable;
    put_all(spool, 2, 4, 100);
    disk.sync_errno = EIO;
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    disk.sync_errno = 0;
    fixture_write("0000000000000000.segment", durable + 200, zero, sizeof zero);
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    assert_true(stats_of(spool).durable == durable);
    gong_spool_close(spool);
}

/* A mark behind a torn end would name the middle of another record. */
static void
marks_behind_a_torn_end_are_pulled_back(void **state)
{
    struct gong_spool *spool = open_holding(MEMORY, gong_dur_ms(0));
    struct gong_spool_cursor *cursor = NULL;
    uint64_t torn;

    (void)state;
    put_all(spool, 1, 3, 100);
    torn = stats_of(spool).end;
    put_all(spool, 4, 6, 100);
    assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
    assert_int_equal(gong_spool_cursor_commit(cursor, UINT64_MAX), GONG_OK);
    gong_spool_cursor_close(cursor);
    fixture_kill(spool);
    fixture_flip("0000000000000000.segment", torn, 600);
    spool = open_holding(MEMORY, gong_dur_ms(0));
    assert_true(stats_of(spool).end == torn);
    put_all(spool, 7, 20, 90); /* of another size: the old mark is inside one */
    assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
    assert_true(fixture_next(cursor) == 7);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

#define GONG_CASE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(readers_go_on_while_the_disk_fails),
        GONG_CASE(offsets_stay_over_segments),
        GONG_CASE(the_oldest_goes_and_leaves_a_gap),
        GONG_CASE(the_bound_holds_for_the_index_too),
        GONG_CASE(a_gap_within_a_segment_is_stepped_over),
        GONG_CASE(a_kill_costs_what_was_in_memory),
        GONG_CASE(marks_follow_when_the_disk_is_back),
        GONG_CASE(writing_out_may_stop_half_way),
        GONG_CASE(closing_tries_once_more),
        GONG_CASE(memory_has_limits),
        GONG_CASE(a_sync_is_not_believed_about_lost_pages),
        GONG_CASE(marks_behind_a_torn_end_are_pulled_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
