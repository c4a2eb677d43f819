/* How little of a log its opening reads, and that nothing is lost by it. */
#include "common/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/spool_format.h"
#include "spool_fixture.h"

#define BIG       3992
#define A_SEGMENT UINT64_C(16) /* records */
#define SEGMENTS  UINT64_C(6)
#define RECORDS   (SEGMENTS * A_SEGMENT)

static struct gong_spool_stats
stats_of(struct gong_spool *spool)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    return stats;
}

static struct gong_spool *
reopen(void)
{
    return fixture_open(16, GONG_SPOOL_BLOCK);
}

static const char *
name_of(uint64_t number)
{
    static char name[40];

    (void)snprintf(name, sizeof name, "%016llx.segment",
                   (unsigned long long)number);
    return name;
}

/* Six full segments left by a killed process, synced after each record. */
static void
leave_synced(void)
{
    struct gong_spool *spool = reopen();

    for (uint64_t i = 1; i <= RECORDS; i++) {
        fixture_append_all(spool, i, i, BIG);
        assert_int_equal(gong_spool_sync(spool), GONG_OK);
    }
    fixture_kill(spool);
}

static void
flip_record(uint64_t segment, uint64_t index)
{
    fixture_flip(name_of(segment), 64 + index * gong_record_size(BIG) + 100, 1);
}

static void
only_the_newest_segments_are_read(void **state)
{
    struct gong_spool *spool;
    struct gong_spool_stats stats;

    (void)state;
    leave_synced();
    spool = reopen();
    stats = stats_of(spool);
    assert_int_equal(stats.checked / SEGMENT, SEGMENTS - 2);
    assert_int_equal(stats.generation, 1);
    fixture_expect(spool, 1, RECORDS);
    fixture_append_all(spool, RECORDS + 1, RECORDS + 40, BIG);
    fixture_expect(spool, 1, RECORDS + 40);
    gong_spool_close(spool);
}

static void
old_damage_is_named_when_it_is_read(void **state)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_spool *spool;

    (void)state;
    leave_synced();
    flip_record(0, 3);
    flip_record(1, A_SEGMENT - 1); /* at a segment's end */
    spool = reopen();
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    assert_int_equal(stats_of(spool).generation, 1);
    assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
    for (uint64_t i = 1; i <= RECORDS; i++) {
        if (i != 4 && i != 2 * A_SEGMENT) {
            assert_int_equal(fixture_next(cursor), i);
        }
    }
    assert_true(fixture_next(cursor) == UINT64_MAX);
    assert_int_equal(stats_of(spool).set_aside_records, 2);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* Nothing says that they ever reached the disk. */
static void
what_was_never_synced_is_all_read(void **state)
{
    struct gong_spool *spool = reopen();

    (void)state;
    fixture_append_all(spool, 1, RECORDS, BIG);
    fixture_kill(spool);
    flip_record(0, 3);
    spool = reopen();
    assert_int_equal(stats_of(spool).checked, 64);
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    gong_spool_close(spool);
}

/* A header without its last two words, as older programs write it. */
static void
forget_words(uint64_t number)
{
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    struct gong_spool_header header;

    fixture_read(name_of(number), 0, bytes, sizeof bytes);
    assert_int_equal(gong_spool_header_decode(bytes, &header), GONG_OK);
    header.before = 0;
    header.durable = 0;
    gong_spool_header_encode(&header, bytes);
    fixture_write(name_of(number), 0, bytes, sizeof bytes);
}

static void
headers_that_say_nothing_are_not_trusted(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave_synced();
    for (uint64_t i = 0; i < SEGMENTS; i++) {
        forget_words(i);
    }
    flip_record(0, 3);
    spool = reopen();
    assert_int_equal(stats_of(spool).checked, 64);
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    gong_spool_close(spool);
}

/* The newest header is trusted, but where segment 2 ends nobody says. */
static void
a_segment_of_unknown_end_is_read(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave_synced();
    forget_words(3);
    flip_record(0, 3);
    flip_record(2, 3);
    spool = reopen();
    assert_int_equal(stats_of(spool).checked / SEGMENT, SEGMENTS - 2);
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    gong_spool_close(spool);
}

static void
a_missing_old_segment_is_named_at_once(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave_synced();
    fixture_remove(name_of(1));
    spool = reopen();
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    assert_int_equal(stats_of(spool).set_aside_bytes, SEGMENT);
    gong_spool_close(spool);
}

/* All that had to be read is gone: the end lies further back. */
static void
the_end_is_found_behind_ruins(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave_synced();
    for (uint64_t i = SEGMENTS - 2; i < SEGMENTS; i++) {
        fixture_flip(name_of(i), 64, SEGMENT - 64);
    }
    spool = reopen();
    assert_int_equal(stats_of(spool).checked, 64);
    assert_int_equal(stats_of(spool).generation, 2);
    fixture_expect(spool, 1, RECORDS - 2 * A_SEGMENT);
    gong_spool_close(spool);
}

/* A reader that is through with an unread segment does not hold it. */
static void
a_finished_segment_is_recycled_after_a_start(void **state)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_spool *spool = fixture_open(6, GONG_SPOOL_BLOCK);
    uint64_t offset = 0;

    (void)state;
    for (uint64_t i = 1; i <= 5 * A_SEGMENT + 1; i++) {
        /* Records that do not fill a segment to the byte. */
        assert_int_equal(fixture_append(spool, i, BIG - 100, &offset), GONG_OK);
        assert_int_equal(gong_spool_sync(spool), GONG_OK);
    }
    assert_int_equal(gong_spool_cursor_open(spool, "reader", &cursor), GONG_OK);
    for (uint64_t i = 1; i <= A_SEGMENT; i++) {
        assert_int_equal(fixture_next(cursor), i);
    }
    assert_true(gong_spool_cursor_offset(cursor) < SEGMENT);
    assert_int_equal(
        gong_spool_cursor_commit(cursor, gong_spool_cursor_offset(cursor)),
        GONG_OK);
    gong_spool_cursor_close(cursor);
    fixture_kill(spool);
    spool = fixture_open(6, GONG_SPOOL_BLOCK);
    assert_int_equal(stats_of(spool).checked / SEGMENT, 4);
    assert_int_equal(gong_spool_cursor_open(spool, "reader", &cursor), GONG_OK);
    for (uint64_t i = 0; i < A_SEGMENT; i++) {
        assert_int_equal(fixture_append(spool, i, BIG - 100, NULL), GONG_OK);
    }
    assert_int_equal(fixture_append(spool, 1, BIG, NULL), GONG_OK);
    assert_int_equal(stats_of(spool).dropped_bytes, 0);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

/* A start after a torn tail keeps what the header knew before. */
static void
a_cut_tail_costs_no_trust(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave_synced();
    flip_record(SEGMENTS - 1, A_SEGMENT - 1);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 2);
    fixture_kill(spool);
    spool = reopen();
    assert_int_equal(stats_of(spool).checked / SEGMENT, SEGMENTS - 2);
    fixture_expect(spool, 1, RECORDS - 1);
    gong_spool_close(spool);
}

#define GONG_CASE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(only_the_newest_segments_are_read),
        GONG_CASE(old_damage_is_named_when_it_is_read),
        GONG_CASE(what_was_never_synced_is_all_read),
        GONG_CASE(headers_that_say_nothing_are_not_trusted),
        GONG_CASE(a_segment_of_unknown_end_is_read),
        GONG_CASE(a_missing_old_segment_is_named_at_once),
        GONG_CASE(the_end_is_found_behind_ruins),
        GONG_CASE(a_finished_segment_is_recycled_after_a_start),
        GONG_CASE(a_cut_tail_costs_no_trust),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
