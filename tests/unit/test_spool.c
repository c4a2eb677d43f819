/* Appending, reading, cursors, policies, threads. Damage is in
 * test_spool_recover.c, a failing disk in test_spool_faults.c. */
#include "common/spool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/spool_format.h"
#include "spool_fixture.h"

#define BIG       3992 /* a record of 4056 bytes: 16 in a segment */
#define A_SEGMENT UINT64_C(16)

static struct gong_spool_stats
stats_of(struct gong_spool *spool)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    return stats;
}

static struct gong_spool_cursor *
cursor_of(struct gong_spool *spool, const char *name)
{
    struct gong_spool_cursor *cursor = NULL;

    assert_int_equal(gong_spool_cursor_open(spool, name, &cursor), GONG_OK);
    return cursor;
}

static void
appends_reads_and_reopens(void **state)
{
    struct gong_spool *spool = fixture_open(4, GONG_SPOOL_BLOCK);
    uint8_t id[16];
    uint8_t again[16];
    uint64_t offset = 0;

    (void)state;
    assert_int_equal(stats_of(spool).begin, 64);
    assert_int_equal(stats_of(spool).end, 64);
    assert_int_equal(fixture_append(spool, 1, 8, &offset), GONG_OK);
    assert_int_equal(offset, 64);
    assert_int_equal(fixture_append(spool, 2, 100, &offset), GONG_OK);
    assert_int_equal(offset, 64 + 72);
    assert_int_equal(stats_of(spool).end, 64 + 72 + 168);
    assert_int_equal(stats_of(spool).durable, 64);
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    assert_int_equal(stats_of(spool).durable, 64 + 72 + 168);
    fixture_expect(spool, 1, 2);
    gong_spool_id(spool, id);
    gong_spool_close(spool);

    spool = fixture_open(4, GONG_SPOOL_BLOCK);
    gong_spool_id(spool, again);
    assert_memory_equal(id, again, 16);
    assert_int_equal(stats_of(spool).end, 64 + 72 + 168);
    assert_int_equal(stats_of(spool).generation, 1);
    assert_int_equal(stats_of(spool).bytes_max, 4 * SEGMENT);
    fixture_append_all(spool, 3, 3, 50);
    fixture_expect(spool, 1, 3);
    gong_spool_close(spool);
}

/* 341 records of 192 bytes fill the 65,472 bytes behind a segment's header:
 * the next offset is that of the next header. */
static void
a_segment_may_be_full_to_the_byte(void **state)
{
    struct gong_spool *spool = fixture_open(8, GONG_SPOOL_BLOCK);

    (void)state;
    fixture_append_all(spool, 1, 341, 128);
    assert_int_equal(stats_of(spool).end, SEGMENT);
    fixture_expect(spool, 1, 341);
    fixture_append_all(spool, 342, 1000, 128);
    fixture_expect(spool, 1, 1000);
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    gong_spool_close(spool);
    spool = fixture_open(8, GONG_SPOOL_BLOCK);
    fixture_expect(spool, 1, 1000);
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    gong_spool_close(spool);
}

static void
killed_process_loses_nothing(void **state)
{
    struct gong_spool *spool = fixture_open(4, GONG_SPOOL_BLOCK);

    (void)state;
    fixture_append_all(spool, 1, 40, BIG);
    fixture_kill(spool);
    spool = fixture_open(4, GONG_SPOOL_BLOCK);
    assert_int_equal(stats_of(spool).generation, 1);
    fixture_expect(spool, 1, 40);
    gong_spool_close(spool);
}

static void
sizes_up_to_the_segment(void **state)
{
    struct gong_spool *spool = fixture_open(8, GONG_SPOOL_BLOCK);
    const size_t most = SEGMENT - 64 - 64;
    struct gong_record_meta meta = {.type = GONG_RECORD_CLOCK};
    struct gong_spool_cursor *cursor = cursor_of(spool, NULL);
    struct gong_record record;
    uint64_t end;

    (void)state;
    assert_int_equal(fixture_append(spool, 1, most, NULL), GONG_OK);
    end = stats_of(spool).end;
    assert_int_equal(end, SEGMENT);
    assert_int_equal(fixture_append(spool, 2, most + 1, NULL),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(stats_of(spool).end, end);
    assert_int_equal(gong_spool_append(spool, &meta, NULL, 0, NULL), GONG_OK);
    /* 8, 64 and 72 bytes short of the end: all ways a segment can end. */
    assert_int_equal(fixture_append(spool, 3, most - 64 - 8, NULL), GONG_OK);
    assert_int_equal(fixture_append(spool, 4, most - 64, NULL), GONG_OK);
    assert_int_equal(fixture_append(spool, 5, most - 72, NULL), GONG_OK);
    assert_int_equal(fixture_append(spool, 6, 9, NULL), GONG_OK);
    assert_int_equal(fixture_next(cursor), 1);
    assert_int_equal(gong_spool_cursor_next(cursor, UINT64_MAX, &record),
                     GONG_OK);
    assert_int_equal(record.meta.type, GONG_RECORD_CLOCK);
    assert_int_equal(record.payload.len, 0);
    for (uint64_t i = 3; i <= 6; i++) {
        assert_int_equal(fixture_next(cursor), i);
    }
    gong_spool_cursor_close(cursor);
    fixture_kill(spool);
    spool = fixture_open(8, GONG_SPOOL_BLOCK);
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    assert_int_equal(stats_of(spool).generation, 1);
    gong_spool_close(spool);
}

static void
parts_are_joined(void **state)
{
    struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);
    struct gong_record_meta meta = {.type = GONG_RECORD_EFFECT};
    struct gong_spool_cursor *cursor = cursor_of(spool, NULL);
    struct iovec parts[GONG_SPOOL_PARTS_MAX + 1] = {{NULL, 0}};
    struct gong_record record;
    char text[] = "abcdefghijklmnopqrstuvwxyz0123";

    (void)state;
    for (int i = 0; i < GONG_SPOOL_PARTS_MAX; i++) {
        parts[i] = (struct iovec){text + i, i == 7 ? 0 : 1};
    }
    assert_int_equal(
        gong_spool_append(spool, &meta, parts, GONG_SPOOL_PARTS_MAX, NULL),
        GONG_OK);
    assert_int_equal(
        gong_spool_append(spool, &meta, parts, GONG_SPOOL_PARTS_MAX + 1, NULL),
        GONG_ERR_INVALID);
    parts[0].iov_len = SIZE_MAX;
    parts[1].iov_len = 2;
    assert_int_equal(gong_spool_append(spool, &meta, parts, 2, NULL),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(gong_spool_cursor_next(cursor, UINT64_MAX, &record),
                     GONG_OK);
    assert_true(gong_str_is(record.payload, "abcdefgijklmnopqrstuvwxyz0123"));
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
cursors_are_independent(void **state)
{
    struct gong_spool *spool = fixture_open(4, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *fast = cursor_of(spool, "fast");
    struct gong_spool_cursor *slow = cursor_of(spool, "slow-1_a");
    struct gong_record record;
    uint64_t second;

    (void)state;
    fixture_append_all(spool, 1, 5, 200);
    assert_int_equal(fixture_next(fast), 1);
    second = gong_spool_cursor_offset(fast);
    assert_int_equal(fixture_next(slow), 1);
    for (uint64_t i = 2; i <= 5; i++) {
        assert_int_equal(fixture_next(fast), i);
    }
    assert_true(fixture_next(fast) == UINT64_MAX);
    /* The limit: up to the second record, not into it. */
    assert_int_equal(gong_spool_cursor_next(slow, second, &record),
                     GONG_ERR_AGAIN);
    assert_int_equal(gong_spool_cursor_next(slow, second + 1, &record),
                     GONG_ERR_AGAIN);
    assert_int_equal(
        gong_spool_cursor_commit(fast, gong_spool_cursor_offset(fast)),
        GONG_OK);
    assert_int_equal(gong_spool_cursor_commit(slow, second), GONG_OK);
    assert_int_equal(gong_spool_cursor_commit(slow, 64), GONG_OK);
    assert_int_equal(gong_spool_cursor_committed(slow), second);
    gong_spool_cursor_seek(fast, second);
    assert_int_equal(fixture_next(fast), 2);
    gong_spool_cursor_seek(fast, UINT64_MAX);
    assert_true(fixture_next(fast) == UINT64_MAX);
    gong_spool_cursor_seek(fast, 0);
    assert_int_equal(fixture_next(fast), 1);
    gong_spool_cursor_close(fast);
    gong_spool_cursor_close(slow);
    gong_spool_close(spool);

    spool = fixture_open(4, GONG_SPOOL_BLOCK);
    fast = cursor_of(spool, "fast");
    slow = cursor_of(spool, "slow-1_a");
    assert_true(fixture_next(fast) == UINT64_MAX);
    assert_int_equal(fixture_next(slow), 2);
    gong_spool_cursor_close(fast);
    gong_spool_cursor_close(slow);
    gong_spool_cursor_close(NULL);
    gong_spool_close(spool);
}

static void
cursor_names_are_checked(void **state)
{
    static const char *const bad[] = {
        "", "..", "a/b", "Upper", "a b", "abcdefghijklmnopqrstuvwxy"};
    struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor = cursor_of(spool, "one");
    struct gong_spool_cursor *other = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gong_spool_cursor_open(spool, bad[i], &other),
                         GONG_ERR_INVALID);
    }
    assert_int_equal(gong_spool_cursor_open(spool, "one", &other),
                     GONG_ERR_INVALID);
    assert_null(other);
    gong_spool_cursor_close(cursor);
    cursor = cursor_of(spool, "one");
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* Nobody holds anything: the oldest is recycled again and again. */
static void
wraps_around(void **state)
{
    struct gong_spool *spool = fixture_open(3, GONG_SPOOL_BLOCK);

    (void)state;
    for (uint64_t i = 1; i <= 20 * A_SEGMENT + 4; i++) {
        assert_int_equal(fixture_append(spool, i, BIG, NULL), GONG_OK);
        if (i % 7 == 0) {
            assert_int_equal(gong_spool_sync(spool), GONG_OK);
        }
    }
    assert_int_equal(stats_of(spool).begin, 18 * SEGMENT + 64);
    assert_int_equal(stats_of(spool).dropped_bytes, 0);
    fixture_expect(spool, 18 * A_SEGMENT + 1, 20 * A_SEGMENT + 4);
    assert_int_equal(fixture_count(".segment"), 3);
    fixture_kill(spool);
    /* What an earlier use left behind the end is no record and no damage. */
    spool = fixture_open(3, GONG_SPOOL_BLOCK);
    assert_int_equal(stats_of(spool).generation, 1);
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    assert_int_equal(stats_of(spool).end,
                     20 * SEGMENT + 64 + 4 * gong_record_size(BIG));
    fixture_expect(spool, 18 * A_SEGMENT + 1, 20 * A_SEGMENT + 4);
    fixture_append_all(spool, 20 * A_SEGMENT + 5, 21 * A_SEGMENT, BIG);
    fixture_expect(spool, 18 * A_SEGMENT + 1, 21 * A_SEGMENT);
    gong_spool_close(spool);
}

static void
block_holds_for_a_named_cursor(void **state)
{
    struct gong_spool *spool = fixture_open(3, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor = cursor_of(spool, "store");
    uint64_t after_segment = 0;

    (void)state;
    fixture_append_all(spool, 1, 3 * A_SEGMENT, BIG);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_append(spool, 999, BIG, NULL),
                         GONG_ERR_NO_SPACE);
    }
    fixture_expect(spool, 1, 3 * A_SEGMENT);
    for (uint64_t i = 1; i <= A_SEGMENT; i++) {
        assert_int_equal(fixture_next(cursor), i);
    }
    after_segment = gong_spool_cursor_offset(cursor);
    /* Read but not committed: still held. */
    assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_NO_SPACE);
    /* One record of the oldest is not done with: still held. */
    assert_int_equal(
        gong_spool_cursor_commit(cursor, after_segment - gong_record_size(BIG)),
        GONG_OK);
    assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_NO_SPACE);
    assert_int_equal(gong_spool_cursor_commit(cursor, after_segment), GONG_OK);
    fixture_append_all(spool, 3 * A_SEGMENT + 1, 4 * A_SEGMENT, BIG);
    assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_NO_SPACE);
    for (uint64_t i = A_SEGMENT + 1; i <= 4 * A_SEGMENT; i++) {
        assert_int_equal(fixture_next(cursor), i);
    }
    assert_int_equal(stats_of(spool).dropped_bytes, 0);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
drop_oldest_pushes_and_counts(void **state)
{
    struct gong_spool *spool = fixture_open(3, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_cursor *cursor = cursor_of(spool, "store");
    const uint64_t segment_bytes = A_SEGMENT * gong_record_size(BIG);

    (void)state;
    fixture_append_all(spool, 1, 2 * A_SEGMENT, BIG);
    for (uint64_t i = 1; i <= 4; i++) {
        assert_int_equal(fixture_next(cursor), i);
    }
    assert_int_equal(
        gong_spool_cursor_commit(cursor, gong_spool_cursor_offset(cursor)),
        GONG_OK);
    fixture_append_all(spool, 2 * A_SEGMENT + 1, 5 * A_SEGMENT, BIG);
    assert_int_equal(stats_of(spool).begin, 2 * SEGMENT + 64);
    assert_int_equal(stats_of(spool).dropped_bytes,
                     2 * segment_bytes - 4 * gong_record_size(BIG));
    assert_int_equal(gong_spool_cursor_committed(cursor), 2 * SEGMENT + 64);
    assert_int_equal(fixture_next(cursor), 2 * A_SEGMENT + 1);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* Its file knows, so that the next opening has nothing to tell. */
static void
a_pushed_cursor_is_told_of_once(void **state)
{
    struct gong_spool *spool = fixture_open(3, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_cursor *cursor = NULL;
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    struct gong_spool_stats stats;
    uint64_t offset = 0;
    uint8_t id[16];

    (void)state;
    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    fixture_append_all(spool, 1, 200, 3992);
    fixture_read("a.cursor", 0, bytes, sizeof bytes);
    gong_spool_cursor_close(cursor);
    fixture_kill(spool);
    fixture_write("a.cursor", 0, bytes, sizeof bytes); /* as a kill leaves it */
    spool = fixture_open(3, GONG_SPOOL_DROP_OLDEST);
    gong_spool_stats(spool, &stats);
    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    assert_true(gong_spool_cursor_offset(cursor) == stats.begin);
    fixture_read("a.cursor", 0, bytes, sizeof bytes);
    gong_spool_id(spool, id);
    assert_int_equal(gong_spool_mark_decode(bytes, id, &offset), GONG_OK);
    assert_true(offset == stats.begin);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* What the reader has read ahead was recycled under it. */
static void
reader_behind_begin_jumps(void **state)
{
    struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor = cursor_of(spool, NULL);

    (void)state;
    fixture_append_all(spool, 1, A_SEGMENT + 2, BIG);
    assert_int_equal(fixture_next(cursor), 1);
    fixture_append_all(spool, A_SEGMENT + 3, 6 * A_SEGMENT + 1, BIG);
    for (uint64_t i = 5 * A_SEGMENT + 1; i <= 6 * A_SEGMENT + 1; i++) {
        assert_int_equal(fixture_next(cursor), i);
    }
    assert_true(fixture_next(cursor) == UINT64_MAX);
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
smaller_bound_is_reached(void **state)
{
    struct gong_spool *spool = fixture_open(6, GONG_SPOOL_BLOCK);

    (void)state;
    fixture_append_all(spool, 1, 6 * A_SEGMENT, BIG);
    gong_spool_close(spool);
    spool = fixture_open(2, GONG_SPOOL_BLOCK);
    fixture_expect(spool, 1, 6 * A_SEGMENT);
    fixture_append_all(spool, 6 * A_SEGMENT + 1, 6 * A_SEGMENT + 1, BIG);
    assert_int_equal(fixture_count(".segment"), 2);
    fixture_expect(spool, 5 * A_SEGMENT + 1, 6 * A_SEGMENT + 1);
    gong_spool_close(spool);
}

static void
folder_is_locked(void **state)
{
    struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);
    struct gong_spool_options options = {
        .dir = fixture_dir(), .segment_size = SEGMENT, .segments_max = 2};
    struct gong_spool *second = NULL;
    char why[128] = "";

    (void)state;
    assert_int_equal(gong_spool_open(&options, &second, why, sizeof why),
                     GONG_ERR_AGAIN);
    assert_non_null(strstr(why, "in use by another process"));
    gong_spool_close(spool);
    assert_int_equal(gong_spool_open(&options, &second, why, sizeof why),
                     GONG_OK);
    gong_spool_close(second);
    gong_spool_close(NULL);
}

static void
options_are_checked(void **state)
{
    char missing[96];
    struct gong_spool_options options = {
        .dir = fixture_dir(), .segment_size = SEGMENT + 1, .segments_max = 2};
    struct gong_spool *spool = NULL;
    char why[200] = "";

    (void)state;
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_ERR_INVALID);
    options.segment_size = SEGMENT / 2;
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_ERR_INVALID);
    options.segment_size = SEGMENT;
    options.segments_max = 1;
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_non_null(strstr(why, fixture_dir()));
    options.segments_max = 2;
    (void)snprintf(missing, sizeof missing, "%s/no/where", fixture_dir());
    options.dir = missing;
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_ERR_NOT_FOUND);
    assert_non_null(strstr(why, "no/where"));
    options.dir = "/dev/null/spool";
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_ERR_IO);
    assert_string_equal(why, "/dev/null/spool: Not a directory");
    options.dir = "/nonexistent/spool";
    assert_int_equal(gong_spool_open(&options, &spool, NULL, 0),
                     GONG_ERR_NOT_FOUND);
    assert_null(spool);
}

#define RACE_RECORDS 20000

struct race {
    struct gong_spool *spool;
    atomic_bool done;
};

static void *
race_append(void *argument)
{
    struct race *race = argument;

    for (uint64_t i = 1; i <= RACE_RECORDS; i++) {
        if (fixture_append(race->spool, i, 8 + i % 900, NULL) != GONG_OK) {
            abort();
        }
    }
    atomic_store(&race->done, true);
    return NULL;
}

static void *
race_sync(void *argument)
{
    struct race *race = argument;

    while (!atomic_load(&race->done)) {
        if (gong_spool_sync(race->spool) != GONG_OK) {
            abort();
        }
    }
    return NULL;
}

/* Each record at most once, in order, whole; a jump only forward. */
static void *
race_read(void *argument)
{
    struct race *race = argument;
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    uint64_t last = 0;

    if (gong_spool_cursor_open(race->spool, "reader", &cursor) != GONG_OK) {
        abort();
    }
    while (last < RACE_RECORDS) {
        if (gong_spool_cursor_next(cursor, UINT64_MAX, &record) != GONG_OK) {
            continue;
        }
        if (fixture_number(&record) <= last) {
            abort();
        }
        last = fixture_number(&record);
        if (gong_spool_cursor_commit(cursor, record.next) != GONG_OK) {
            abort();
        }
    }
    gong_spool_cursor_close(cursor);
    return NULL;
}

static void
threads_do_not_disturb_each_other(void **state)
{
    struct race race = {.spool = fixture_open(2, GONG_SPOOL_DROP_OLDEST)};
    void *(*const runs[])(void *) = {race_append, race_sync, race_read};
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, runs[i], &race), 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(stats_of(race.spool).set_aside_records, 0);
    gong_spool_close(race.spool);
}

#define GONG_CASE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(appends_reads_and_reopens),
        GONG_CASE(a_segment_may_be_full_to_the_byte),
        GONG_CASE(killed_process_loses_nothing),
        GONG_CASE(sizes_up_to_the_segment),
        GONG_CASE(parts_are_joined),
        GONG_CASE(cursors_are_independent),
        GONG_CASE(cursor_names_are_checked),
        GONG_CASE(wraps_around),
        GONG_CASE(block_holds_for_a_named_cursor),
        GONG_CASE(drop_oldest_pushes_and_counts),
        GONG_CASE(a_pushed_cursor_is_told_of_once),
        GONG_CASE(reader_behind_begin_jumps),
        GONG_CASE(smaller_bound_is_reached),
        GONG_CASE(folder_is_locked),
        GONG_CASE(options_are_checked),
        GONG_CASE(threads_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
