/* What a folder in any state of damage opens as. */
#include "common/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/spool_format.h"
#include "spool_fixture.h"

#define FIRST_SEGMENT  "0000000000000000.segment"
#define SECOND_SEGMENT "0000000000000001.segment"
#define THIRD_SEGMENT  "0000000000000002.segment"
#define BIG            3992
#define A_SEGMENT      UINT64_C(16)

static bool boot_unnamed;

void __real_gong_clock_boot_id(uint8_t out[16]);
void __wrap_gong_clock_boot_id(uint8_t out[16]);

void
__wrap_gong_clock_boot_id(uint8_t out[16])
{
    memset(out, 0, 16);
    if (!boot_unnamed) {
        __real_gong_clock_boot_id(out);
    }
}

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
    return fixture_open(8, GONG_SPOOL_BLOCK);
}

/* A log of records first..last, left by a killed process. */
static void
leave(uint64_t first, uint64_t last, size_t len)
{
    struct gong_spool *spool = reopen();

    fixture_append_all(spool, first, last, len);
    fixture_kill(spool);
}

static void
torn_tail_at_every_byte(void **state)
{
    const size_t size = 168; /* 64 + 100, padded */
    const uint64_t at = 64 + 2 * size;
    struct gong_spool *spool;
    uint8_t whole[SEGMENT];
    uint32_t generation = 1;

    (void)state;
    leave(1, 3, 100);
    fixture_read(FIRST_SEGMENT, 0, whole, sizeof whole);
    for (size_t kept = 0; kept < size; kept++) {
        bool survives = kept >= 64 + 100;
        uint8_t rest[SEGMENT];

        fixture_write(FIRST_SEGMENT, 0, whole, sizeof whole);
        fixture_flip(FIRST_SEGMENT, at + kept, size - kept);
        spool = reopen();
        generation += survives ? 0 : 1;
        assert_int_equal(stats_of(spool).generation, generation);
        assert_int_equal(stats_of(spool).end, survives ? at + size : at);
        assert_int_equal(stats_of(spool).set_aside_records, 0);
        fixture_expect(spool, 1, survives ? 3 : 2);
        fixture_read(FIRST_SEGMENT, 0, rest, sizeof rest);
        for (size_t i = survives ? at + size : at; i < sizeof rest; i++) {
            assert_int_equal(rest[i], 0);
        }
        fixture_append_all(spool, survives ? 4 : 3, 5, 40);
        fixture_expect(spool, 1, 5);
        gong_spool_close(spool);
    }
}

static void
flipped_byte_costs_one_record(void **state)
{
    const size_t size = 168;
    struct gong_spool *spool;
    struct gong_spool_cursor *cursor = NULL;
    uint8_t whole[SEGMENT];

    (void)state;
    leave(1, 3, 100);
    fixture_read(FIRST_SEGMENT, 0, whole, sizeof whole);
    for (size_t i = 0; i < 64 + 100; i++) {
        fixture_write(FIRST_SEGMENT, 0, whole, sizeof whole);
        fixture_flip(FIRST_SEGMENT, 64 + size + i, 1);
        spool = reopen();
        assert_int_equal(stats_of(spool).set_aside_records, 1);
        assert_int_equal(stats_of(spool).set_aside_bytes, size);
        assert_int_equal(stats_of(spool).generation, 1);
        assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
        assert_int_equal(fixture_next(cursor), 1);
        assert_int_equal(fixture_next(cursor), 3);
        assert_true(fixture_next(cursor) == UINT64_MAX);
        /* Reading it does not count it again. */
        assert_int_equal(stats_of(spool).set_aside_records, 1);
        gong_spool_cursor_close(cursor);
        gong_spool_close(spool);
    }
}

/* Zeros in the middle are damage too, not the end. */
static void
lost_block_is_set_aside(void **state)
{
    const uint8_t zeros[4096] = {0};
    struct gong_spool *spool;

    (void)state;
    leave(1, 10, BIG);
    fixture_write(FIRST_SEGMENT, 64, zeros, sizeof zeros);
    spool = reopen();
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    assert_int_equal(stats_of(spool).generation, 1);
    fixture_expect(spool, 3, 10);
    gong_spool_close(spool);
}

static void
damage_seen_while_open_counts_once(void **state)
{
    struct gong_spool *spool = reopen();
    struct gong_spool_cursor *cursor = NULL;
    const uint64_t size = gong_record_size(BIG);

    (void)state;
    fixture_append_all(spool, 1, 2 * A_SEGMENT, BIG);
    /* The last record of the first segment, then the last of all. */
    fixture_flip(FIRST_SEGMENT, 64 + 15 * size + 100, 1);
    fixture_flip(SECOND_SEGMENT, 64 + 15 * size + 100, 1);
    for (int reader = 0; reader < 2; reader++) {
        assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
        for (uint64_t i = 1; i < 2 * A_SEGMENT; i++) {
            assert_int_equal(fixture_next(cursor), i == 16 ? ++i : i);
        }
        assert_true(fixture_next(cursor) == UINT64_MAX);
        assert_int_equal(stats_of(spool).set_aside_records, 1);
        if (reader == 0) {
            gong_spool_cursor_close(cursor);
        }
    }
    fixture_append_all(spool, 33, 33, BIG);
    assert_int_equal(fixture_next(cursor), 33);
    assert_int_equal(stats_of(spool).set_aside_records, 2);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
torn_segment_behind_the_head_goes(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave(1, A_SEGMENT + 1, BIG);
    fixture_flip(SECOND_SEGMENT, 64, 8);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 2);
    assert_false(fixture_exists(SECOND_SEGMENT));
    fixture_expect(spool, 1, A_SEGMENT);
    fixture_append_all(spool, A_SEGMENT + 1, 2 * A_SEGMENT, BIG);
    fixture_expect(spool, 1, 2 * A_SEGMENT);
    gong_spool_close(spool);
}

static void
positions_hold_until_their_tail_is_cut(void **state)
{
    struct gong_spool *spool;
    const uint64_t second = 64 + 168;

    (void)state;
    leave(1, 2, 100);
    fixture_flip(FIRST_SEGMENT, second + 70, 1);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 2);
    fixture_append_all(spool, 2, 9, 100);
    assert_true(gong_spool_position_holds(spool, 1, second));
    assert_false(gong_spool_position_holds(spool, 1, second + 168));
    assert_true(gong_spool_position_holds(spool, 2, second + 168));
    assert_false(gong_spool_position_holds(spool, 2, UINT64_MAX));
    assert_false(gong_spool_position_holds(spool, 3, second));
    assert_false(gong_spool_position_holds(spool, 0, 64));
    gong_spool_close(spool);
}

static void
machine_stop_begins_a_generation(void **state)
{
    struct gong_spool_meta meta;
    uint8_t bytes[GONG_SPOOL_META_SIZE];
    const size_t len = 56 + 16 + 4;
    struct gong_spool *spool;

    (void)state;
    leave(1, 3, 100);
    fixture_read("log.meta", 0, bytes, len);
    assert_int_equal(gong_spool_meta_decode(bytes, len, &meta), GONG_OK);
    assert_true(meta.in_use);
    meta.boot_id[0] ^= 1;
    assert_int_equal(gong_spool_meta_encode(&meta, bytes), len);
    fixture_write("log.meta", 0, bytes, len);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 2);
    fixture_expect(spool, 1, 3);
    gong_spool_close(spool);
    spool = reopen(); /* closed cleanly: none */
    assert_int_equal(stats_of(spool).generation, 2);
    gong_spool_close(spool);
}

/* A kernel that names no boot cannot say that this is still the same one. */
static void
an_unnamed_boot_is_another_one(void **state)
{
    struct gong_spool *spool;

    (void)state;
    boot_unnamed = true;
    leave(1, 3, 100);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 2);
    fixture_expect(spool, 1, 3);
    gong_spool_close(spool);
    spool = reopen(); /* closed cleanly: none */
    assert_int_equal(stats_of(spool).generation, 2);
    gong_spool_close(spool);
    boot_unnamed = false;
}

static void
generations_are_bounded(void **state)
{
    struct gong_spool_meta meta = {.segment_size = SEGMENT};
    struct gong_spool_meta read;
    uint8_t bytes[GONG_SPOOL_META_SIZE];
    size_t len;

    (void)state;
    for (uint64_t i = 1; i <= 100; i++) {
        gong_spool_meta_add(&meta, i, 64 + i * 8);
    }
    len = gong_spool_meta_encode(&meta, bytes);
    assert_int_equal(len, GONG_SPOOL_META_SIZE);
    assert_int_equal(gong_spool_meta_decode(bytes, len, &read), GONG_OK);
    assert_int_equal(read.count, GONG_SPOOL_GENERATIONS);
    assert_int_equal(read.generations[0].number, 37);
    assert_int_equal(read.generations[read.count - 1].start, 64 + 800);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(gong_spool_meta_decode(bytes, i, &read),
                         GONG_ERR_CORRUPT);
        bytes[i] ^= 0x10;
        assert_int_equal(gong_spool_meta_decode(bytes, len, &read),
                         GONG_ERR_CORRUPT);
        bytes[i] ^= 0x10;
    }
}

static void
lost_meta_is_rebuilt(void **state)
{
    static const char junk[] = "not a log";
    struct gong_spool *spool;
    uint8_t id[16];
    uint8_t again[16];
    uint32_t generation = 1;

    (void)state;
    leave(1, 20, BIG);
    spool = reopen();
    gong_spool_id(spool, id);
    gong_spool_close(spool);
    for (int way = 0; way < 4; way++) {
        if (way == 0) {
            fixture_remove("log.meta");
        } else if (way == 1) {
            fixture_flip("log.meta", 30, 1);
        } else if (way == 2) {
            fixture_truncate("log.meta", 0);
        } else {
            fixture_write("log.meta", 0, junk, sizeof junk);
            fixture_flip(SECOND_SEGMENT, 3, 1); /* the first still knows */
        }
        spool = reopen();
        gong_spool_id(spool, again);
        assert_memory_equal(id, again, 16);
        assert_true(stats_of(spool).generation > generation || way == 3);
        generation = stats_of(spool).generation;
        assert_int_equal(stats_of(spool).set_aside_records, 0);
        fixture_expect(spool, 1, 20);
        gong_spool_close(spool);
    }
}

static void
unreadable_headers_do_not_hide_records(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave(1, 40, BIG);
    fixture_flip(FIRST_SEGMENT, 0, 64);
    fixture_flip(SECOND_SEGMENT, 20, 1);
    fixture_flip(THIRD_SEGMENT, 60, 1);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 1);
    fixture_expect(spool, 1, 40);
    gong_spool_close(spool);
}

/* Nothing left that says whose the records are: the files are kept. */
static void
nameless_log_is_kept_apart(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave(1, 20, BIG);
    fixture_remove("log.meta");
    fixture_flip(FIRST_SEGMENT, 0, 64);
    fixture_flip(SECOND_SEGMENT, 0, 64);
    spool = reopen();
    assert_int_equal(fixture_count(".segment.foreign"), 2);
    assert_int_equal(stats_of(spool).begin, 2 * SEGMENT + 64);
    fixture_append_all(spool, 1, 3, 100);
    fixture_expect(spool, 1, 3);
    gong_spool_close(spool);
    spool = reopen();
    fixture_expect(spool, 1, 3);
    gong_spool_close(spool);
}

static void
foreign_segment_is_kept_apart(void **state)
{
    struct gong_spool_header header = {
        .log_id = {1, 2, 3}, .segment_size = SEGMENT, .number = 7};
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    struct gong_spool *spool;

    (void)state;
    leave(1, 5, 100);
    gong_spool_header_encode(&header, bytes);
    fixture_write("0000000000000007.segment", 0, bytes, sizeof bytes);
    fixture_write("ffffffffffffffff.segment", 0, bytes, sizeof bytes);
    fixture_write("000000000000000G.segment", 0, bytes, sizeof bytes);
    spool = reopen();
    assert_true(fixture_exists("0000000000000007.segment.foreign"));
    fixture_expect(spool, 1, 5);
    assert_int_equal(stats_of(spool).generation, 1);
    gong_spool_close(spool);
}

static void
missing_segment_is_a_gap(void **state)
{
    struct gong_spool *spool;
    struct gong_spool_cursor *cursor = NULL;

    (void)state;
    leave(1, 40, BIG);
    fixture_remove(SECOND_SEGMENT);
    spool = reopen();
    assert_int_equal(stats_of(spool).set_aside_records, 1);
    assert_int_equal(stats_of(spool).set_aside_bytes, SEGMENT);
    assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
    for (uint64_t i = 1; i <= 40; i++) {
        i = i == 17 ? 33 : i;
        assert_int_equal(fixture_next(cursor), i);
    }
    assert_true(fixture_next(cursor) == UINT64_MAX);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static void
missing_first_segment_moves_begin(void **state)
{
    struct gong_spool *spool;

    (void)state;
    leave(1, 40, BIG);
    fixture_remove(FIRST_SEGMENT);
    spool = reopen();
    assert_int_equal(stats_of(spool).begin, SEGMENT + 64);
    assert_int_equal(stats_of(spool).set_aside_records, 0);
    fixture_expect(spool, 17, 40);
    gong_spool_close(spool);
}

static void
all_segments_missing_is_another_log(void **state)
{
    struct gong_spool *spool = reopen();
    uint8_t id[16];
    uint8_t other[16];

    (void)state;
    gong_spool_id(spool, id);
    fixture_append_all(spool, 1, 3, 100);
    gong_spool_close(spool);
    fixture_remove(FIRST_SEGMENT);
    spool = reopen();
    gong_spool_id(spool, other);
    assert_memory_not_equal(id, other, 16);
    fixture_append_all(spool, 1, 1, 100);
    fixture_expect(spool, 1, 1);
    gong_spool_close(spool);
}

/* Empty, short and long files; first, middle and last of three. */
static void
wrong_lengths_keep_what_verifies(void **state)
{
    static const struct {
        const char *file;
        uint64_t length;
        uint64_t missing_from; /* 0: none */
        uint64_t missing_to;
        uint32_t generation;
    } cases[] = {
        {FIRST_SEGMENT, 0, 1, 16, 1},
        {SECOND_SEGMENT, 0, 17, 32, 1},
        {THIRD_SEGMENT, 0, 33, 40, 2},
        {FIRST_SEGMENT, 64 + 5 * 4056, 6, 16, 1},
        {SECOND_SEGMENT, 64 + 5 * 4056 + 100, 22, 32, 1},
        {THIRD_SEGMENT, 64 + 5 * 4056 + 100, 38, 40, 2},
        {SECOND_SEGMENT, 2 * SEGMENT, 0, 0, 1},
        {THIRD_SEGMENT, 2 * SEGMENT, 0, 0, 2},
    };

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct gong_spool *spool;
        struct gong_spool_cursor *cursor = NULL;

        leave(1, 40, BIG);
        fixture_truncate(cases[c].file, cases[c].length);
        spool = reopen();
        assert_int_equal(stats_of(spool).generation, cases[c].generation);
        assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
        for (uint64_t i = 1; i <= 40; i++) {
            if (i == cases[c].missing_from) {
                i = cases[c].missing_to + 1;
            }
            if (i <= 40) {
                assert_int_equal(fixture_next(cursor), i);
            }
        }
        assert_true(fixture_next(cursor) == UINT64_MAX);
        fixture_append_all(spool, 41, 80, BIG);
        assert_int_equal(fixture_next(cursor), 41);
        gong_spool_cursor_close(cursor);
        gong_spool_close(spool);
        assert_int_equal(fixture_teardown(state), 0);
        assert_int_equal(fixture_setup(state), 0);
    }
}

static void
damaged_cursors_start_at_the_begin(void **state)
{
    const uint8_t other_log[16] = {9};
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    struct gong_spool *spool;
    struct gong_spool_cursor *cursor = NULL;
    uint8_t id[16];

    (void)state;
    leave(1, 3, 100);
    for (int way = 0; way < 5; way++) {
        spool = reopen();
        gong_spool_id(spool, id);
        gong_spool_mark_encode(way == 0 ? other_log : id,
                               way == 1 ? UINT64_MAX : 64 + 168, bytes);
        fixture_write("c.cursor", 0, bytes, sizeof bytes);
        if (way == 2) {
            fixture_flip("c.cursor", 24, 1);
        } else if (way == 3) {
            fixture_truncate("c.cursor", 63);
        }
        assert_int_equal(gong_spool_cursor_open(spool, "c", &cursor), GONG_OK);
        if (way == 1) {
            assert_true(fixture_next(cursor) == UINT64_MAX);
        } else {
            assert_int_equal(fixture_next(cursor), way == 4 ? 2 : 1);
        }
        gong_spool_cursor_close(cursor);
        gong_spool_close(spool);
    }
}

/* The machine stopped between renaming a segment and labelling it. */
static void
half_recycled_segment_is_taken_up(void **state)
{
    char from[160];
    char to[160];
    struct gong_spool *spool;

    (void)state;
    leave(1, 40, BIG);
    (void)snprintf(from, sizeof from, "%s/" FIRST_SEGMENT, fixture_dir());
    (void)snprintf(to, sizeof to, "%s/0000000000000003.segment", fixture_dir());
    assert_int_equal(rename(from, to), 0);
    spool = reopen();
    assert_int_equal(stats_of(spool).generation, 1);
    fixture_expect(spool, 17, 40);
    fixture_append_all(spool, 41, 80, BIG);
    fixture_expect(spool, 17, 80);
    gong_spool_close(spool);
}

#define GONG_CASE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(torn_tail_at_every_byte),
        GONG_CASE(flipped_byte_costs_one_record),
        GONG_CASE(lost_block_is_set_aside),
        GONG_CASE(damage_seen_while_open_counts_once),
        GONG_CASE(torn_segment_behind_the_head_goes),
        GONG_CASE(positions_hold_until_their_tail_is_cut),
        GONG_CASE(machine_stop_begins_a_generation),
        GONG_CASE(an_unnamed_boot_is_another_one),
        GONG_CASE(generations_are_bounded),
        GONG_CASE(lost_meta_is_rebuilt),
        GONG_CASE(unreadable_headers_do_not_hide_records),
        GONG_CASE(nameless_log_is_kept_apart),
        GONG_CASE(foreign_segment_is_kept_apart),
        GONG_CASE(missing_segment_is_a_gap),
        GONG_CASE(missing_first_segment_moves_begin),
        GONG_CASE(all_segments_missing_is_another_log),
        GONG_CASE(wrong_lengths_keep_what_verifies),
        GONG_CASE(damaged_cursors_start_at_the_begin),
        GONG_CASE(half_recycled_segment_is_taken_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
