/* A disk that is full, broken, or cannot preallocate. */
#include "common/spool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_fixture.h"

#define BIG       3992
#define A_SEGMENT UINT64_C(16)

static struct gong_spool_stats
stats_of(struct gong_spool *spool)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    return stats;
}

static void
failed_append_leaves_no_trace(void **state)
{
    static const struct {
        size_t partial;
        int error;
        enum gong_err expected;
    } cases[] = {
        {0, ENOSPC, GONG_ERR_NO_SPACE},   {0, EDQUOT, GONG_ERR_NO_SPACE},
        {0, EROFS, GONG_ERR_READ_ONLY},   {0, EIO, GONG_ERR_IO},
        {0, EFBIG, GONG_ERR_IO},          {1, ENOSPC, GONG_ERR_NO_SPACE},
        {64, ENOSPC, GONG_ERR_NO_SPACE},  {164, EIO, GONG_ERR_IO},
        {168, ENOSPC, GONG_ERR_NO_SPACE},
    };
    struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);
    uint64_t end;

    (void)state;
    fixture_append_all(spool, 1, 2, 100);
    end = stats_of(spool).end;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t offset = 7;

        disk.write_errno = cases[i].error;
        disk.write_partial = cases[i].partial;
        assert_int_equal(fixture_append(spool, 99, 100, &offset),
                         cases[i].expected);
        disk.write_errno = 0;
        assert_int_equal(offset, 7);
        assert_int_equal(stats_of(spool).end, end);
        fixture_expect(spool, 1, 2);
        /* A process killed right then finds the log as it was. */
        fixture_kill(spool);
        spool = fixture_open(2, GONG_SPOOL_BLOCK);
        assert_int_equal(stats_of(spool).end, end);
        assert_int_equal(stats_of(spool).generation, 1);
    }
    fixture_append_all(spool, 3, 3, 100);
    fixture_expect(spool, 1, 3);
    gong_spool_close(spool);
}

static void
failed_sync_keeps_the_durable_mark(void **state)
{
    struct gong_spool *spool = fixture_open(4, GONG_SPOOL_BLOCK);
    uint64_t end;

    (void)state;
    fixture_append_all(spool, 1, 40, BIG);
    disk.sync_errno = EIO;
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    assert_int_equal(gong_spool_sync(spool), GONG_ERR_IO);
    assert_int_equal(stats_of(spool).durable, 64);
    disk.sync_errno = 0;
    disk.plain_bytes = 0;
    end = stats_of(spool).end;
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    assert_int_equal(stats_of(spool).durable, end);
    /* All that the failed sync may have lost was written again. */
    assert_true(disk.plain_bytes >= end - 64);
    fixture_expect(spool, 1, 40);
    disk.syncs = 0;
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    assert_int_equal(disk.syncs, 0);
    gong_spool_close(spool);
}

/* Segments are smaller than what comes between two syncs. */
static void
many_segments_between_syncs(void **state)
{
    struct gong_spool *spool = fixture_open(80, GONG_SPOOL_BLOCK);

    (void)state;
    fixture_append_all(spool, 1, 70 * A_SEGMENT, BIG);
    assert_true(stats_of(spool).durable > 64);
    fixture_expect(spool, 1, 70 * A_SEGMENT);
    disk.sync_errno = EIO;
    for (uint64_t i = 0; i < 80 * A_SEGMENT; i++) {
        enum gong_err err = fixture_append(spool, i, BIG, NULL);

        if (err != GONG_OK) {
            assert_int_equal(err, GONG_ERR_IO);
            break;
        }
        assert_true(i < 40 * A_SEGMENT);
    }
    disk.sync_errno = 0;
    fixture_append_all(spool, 1, 1, BIG);
    gong_spool_close(spool);
}

static void
no_preallocation_writes_zeros(void **state)
{
    struct gong_spool *spool;

    (void)state;
    disk.allocate_errno = EOPNOTSUPP;
    spool = fixture_open(3, GONG_SPOOL_BLOCK);
    assert_true(disk.plain_bytes >= SEGMENT);
    fixture_append_all(spool, 1, 10 * A_SEGMENT, BIG);
    fixture_expect(spool, 7 * A_SEGMENT + 1, 10 * A_SEGMENT);
    fixture_kill(spool);
    spool = fixture_open(3, GONG_SPOOL_BLOCK);
    fixture_expect(spool, 7 * A_SEGMENT + 1, 10 * A_SEGMENT);
    gong_spool_close(spool);
}

/* The disk is full before the log has all its segments: it makes do. */
static void
full_disk_recycles_early(void **state)
{
    struct gong_spool *spool = fixture_open(8, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor = NULL;

    (void)state;
    fixture_append_all(spool, 1, 2 * A_SEGMENT + 1, BIG);
    disk.allocate_errno = ENOSPC;
    disk.plain_errno = 0;
    assert_int_equal(gong_spool_cursor_open(spool, "holder", &cursor), GONG_OK);
    fixture_append_all(spool, 2 * A_SEGMENT + 2, 3 * A_SEGMENT, BIG);
    assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_NO_SPACE);
    assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_NO_SPACE);
    fixture_expect(spool, 1, 3 * A_SEGMENT);
    disk.allocate_errno = 0;
    fixture_append_all(spool, 3 * A_SEGMENT + 1, 3 * A_SEGMENT + 1, BIG);
    fixture_expect(spool, 1, 3 * A_SEGMENT + 1);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
full_disk_with_drop_oldest_goes_on(void **state)
{
    struct gong_spool *spool = fixture_open(8, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_cursor *cursor = NULL;

    (void)state;
    assert_int_equal(gong_spool_cursor_open(spool, "holder", &cursor), GONG_OK);
    fixture_append_all(spool, 1, 2 * A_SEGMENT, BIG);
    disk.allocate_errno = ENOSPC;
    fixture_append_all(spool, 2 * A_SEGMENT + 1, 4 * A_SEGMENT, BIG);
    assert_true(stats_of(spool).dropped_bytes > 0);
    assert_true(fixture_next(cursor) > A_SEGMENT);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* The end of a segment cannot be zeroed, or the next not be labelled. */
static void
failed_advance_is_tried_again(void **state)
{
    struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);

    (void)state;
    fixture_append_all(spool, 1, 2 * A_SEGMENT, BIG);
    disk.plain_errno = EIO;
    assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_IO);
    fixture_expect(spool, 1, 2 * A_SEGMENT);
    disk.plain_errno = 0;
    fixture_append_all(spool, 2 * A_SEGMENT + 1, 3 * A_SEGMENT, BIG);
    fixture_expect(spool, A_SEGMENT + 1, 3 * A_SEGMENT);
    gong_spool_close(spool);
}

/* What should have become a segment does not stay as one: whoever opens the
 * folder would take it for a damaged one. */
static void
a_failed_segment_leaves_no_stray(void **state)
{
    static const char *const strays[] = {"0000000000000001.segment",
                                         "0000000000000002.segment"};

    (void)state;
    for (uint64_t full = 1; full <= 2; full++) {
        struct gong_spool *spool = fixture_open(2, GONG_SPOOL_BLOCK);
        uint64_t last = 0;

        for (uint64_t segment = 1; segment <= full; segment++) {
            fixture_append_all(spool, last + 1, last + A_SEGMENT, BIG);
            last += A_SEGMENT + 1;
            /* To the byte: nothing is left to be zeroed. */
            fixture_append_all(spool, last, last,
                               SEGMENT - 64 - 64 -
                                   A_SEGMENT * gong_record_size(BIG));
        }
        disk.plain_errno = EIO;
        assert_int_equal(fixture_append(spool, 999, BIG, NULL), GONG_ERR_IO);
        assert_false(fixture_exists(strays[full - 1]));
        assert_true(fixture_exists("spare.segment"));
        disk.plain_errno = 0;
        fixture_kill(spool);
        spool = fixture_open(2, GONG_SPOOL_BLOCK);
        assert_int_equal(stats_of(spool).set_aside_records, 0);
        fixture_append_all(spool, last + 1, last + 1, BIG);
        /* A recycled one was given up before. */
        fixture_expect(spool, full == 1 ? 1 : A_SEGMENT + 2, last + 1);
        gong_spool_close(spool);
        assert_int_equal(fixture_teardown(NULL), 0);
        assert_int_equal(fixture_setup(NULL), 0);
    }
}

static void
open_says_what_failed(void **state)
{
    struct gong_spool_options options = {
        .dir = fixture_dir(), .segment_size = SEGMENT, .segments_max = 2};
    struct gong_spool *spool = NULL;
    char why[200] = "";

    (void)state;
    disk.plain_errno = EROFS;
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_ERR_READ_ONLY);
    assert_string_not_equal(why, "");
    assert_null(spool);
}

#define GONG_CASE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* "Committed" must not be said of a mark that is not in its file. */
static void
a_mark_that_could_not_be_written_is_written_later(void **state)
{
    struct gong_spool *spool = fixture_open(4, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor = NULL;
    uint64_t at;

    (void)state;
    fixture_append_all(spool, 1, 3, 100);
    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    assert_int_equal(fixture_next(cursor), 1);
    at = gong_spool_cursor_offset(cursor);
    disk.plain_errno = ENOSPC;
    assert_int_equal(gong_spool_cursor_commit(cursor, at), GONG_ERR_NO_SPACE);
    assert_int_equal(gong_spool_cursor_commit(cursor, at), GONG_ERR_NO_SPACE);
    disk.plain_errno = 0;
    assert_int_equal(gong_spool_cursor_commit(cursor, at), GONG_OK);
    gong_spool_cursor_close(cursor);
    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    assert_int_equal(fixture_next(cursor), 2);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(failed_append_leaves_no_trace),
        GONG_CASE(failed_sync_keeps_the_durable_mark),
        GONG_CASE(many_segments_between_syncs),
        GONG_CASE(no_preallocation_writes_zeros),
        GONG_CASE(full_disk_recycles_early),
        GONG_CASE(full_disk_with_drop_oldest_goes_on),
        GONG_CASE(failed_advance_is_tried_again),
        GONG_CASE(a_failed_segment_leaves_no_stray),
        GONG_CASE(open_says_what_failed),
        GONG_CASE(a_mark_that_could_not_be_written_is_written_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
