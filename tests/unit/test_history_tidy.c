#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "history_file_fixture.h"

#define RAW_MS (2 * HOUR_MS)

static const struct gong_history_limits no_limits = {0};

/* Samples every 10 s, committed every 10 minutes, tidied after each. */
static void
live(struct history_world *world, uint32_t series, int64_t from, int64_t to)
{
    for (int64_t at = from; at < to; at += 10 * MINUTE_MS) {
        history_write(world, series, at, at + 10 * MINUTE_MS, 10000);
        (void)history_tidy(world, &no_limits, at + 10 * MINUTE_MS);
    }
}

static void
test_parts_become_one(void **state)
{
    struct history_world *world = *state;
    uint32_t a = history_series(world, "temp", 1);
    uint32_t b = history_series(world, "temp", 2);
    struct gong_history_tidied tidied;

    for (int i = 0; i < 12; i++) {
        int64_t from = DAY_0 + i * 10 * MINUTE_MS;

        assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
        history_put(world, a, from, from + 10 * MINUTE_MS, 10000);
        if (i % 3 == 0) {
            history_put(world, b, from, from + 10 * MINUTE_MS, 60000);
        }
        history_commit(world, (uint64_t)i);
    }
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM parts"),
                     12);
    /* Not over, then in its grace. */
    tidied = history_tidy(world, &no_limits, DAY_0 + RAW_MS - 1);
    assert_int_equal(tidied.compacted_rows, 0);
    tidied =
        history_tidy(world, &no_limits, DAY_0 + RAW_MS + 20 * MINUTE_MS - 1);
    assert_int_equal(tidied.compacted_rows, 0);
    tidied = history_tidy(world, &no_limits, DAY_0 + RAW_MS + 20 * MINUTE_MS);
    /* and two of the day before: the interval that ends with its last moment */
    assert_int_equal(tidied.compacted_rows, 16 + 2);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM parts WHERE resolution = 0"),
        1);
    assert_int_equal(history_number(world->path,
                                    "SELECT rows FROM parts"
                                    " WHERE resolution = 0 AND compacted = 1"),
                     2);
    assert_int_equal(
        history_number(world->path,
                       "SELECT sum(bytes) - (SELECT sum(length(chunk))"
                       " FROM chunks) FROM parts"),
        0);
    history_check(world, a, DAY_0, DAY_0 + RAW_MS, 10000);
    history_check_rollups(world, a, GONG_RESOLUTION_5M);
    history_check_rollups(world, b, GONG_RESOLUTION_5M);
}

/* Of raw samples with the same stamp the first one's stands, also where a late
 * one comes for what was done. */
static void
test_first_of_a_stamp_stands(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    struct gong_sample sample = {DAY_0 + 5000, 1};
    struct gong_samples got = {0};

    for (int i = 0; i < 4; i++) {
        if (i == 2) {
            (void)history_tidy(world, &no_limits, DAY_0 + 2 * RAW_MS);
        }
        sample.value = i + 1;
        assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
        assert_int_equal(gong_history_file_put(world->file, series, &sample, 1),
                         GONG_OK);
        history_commit(world, 1);
        history_samples(world->path, series, &got);
        assert_int_equal(got.count, 1);
        assert_true(got.data[0].value == 1);
    }
    (void)history_tidy(world, &no_limits, DAY_0 + 2 * RAW_MS);
    history_samples(world->path, series, &got);
    assert_int_equal(got.count, 1);
    assert_true(got.data[0].value == 1);
    gong_samples_fini(&got);
}

/* Two days and more as they come; every stamp on a boundary is there. */
static void
test_rollups_are_those_of_all_samples(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);

    live(world, series, DAY_0, DAY_0 + 2 * DAY_MS + 3 * HOUR_MS);
    (void)history_tidy(world, &no_limits, DAY_0 + 4 * DAY_MS);
    history_check(world, series, DAY_0, DAY_0 + 2 * DAY_MS + 3 * HOUR_MS,
                  10000);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
    history_check_rollups(world, series, GONG_RESOLUTION_1H);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM parts WHERE compacted = 0 AND"
                       " resolution < 2"),
        0);
}

/* Every 17 s: hardly ever on a boundary; with gaps of hours. */
static void
test_rollups_of_uneven_samples(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    int64_t at = DAY_0 + 3;

    for (int i = 0; i < 40; i++) {
        int64_t to = at + 17000 * (i * 37 % 300 + 1);

        history_write(world, series, at, to, 17000);
        (void)history_tidy(world, &no_limits, to);
        at = to + 17000 * (i % 5 == 0 ? 900 : 0);
    }
    (void)history_tidy(world, &no_limits, at + 2 * DAY_MS);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
    history_check_rollups(world, series, GONG_RESOLUTION_1H);
}

/* Pieces of two days in any order, tidied at random in between. */
static void
test_late_samples_change_rollups(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    bool done[288] = {0};

    srand(7);
    for (int left = 288; left > 0; left--) {
        int piece = rand() % 288;

        while (done[piece]) {
            piece = (piece + 1) % 288;
        }
        done[piece] = true;
        history_write(world, series, DAY_0 + piece * 10 * MINUTE_MS,
                      DAY_0 + (piece + 1) * 10 * MINUTE_MS, 30000);
        if (rand() % 3 == 0) {
            (void)history_tidy(world, &no_limits, DAY_0 + 4 * DAY_MS);
            history_check_rollups(world, series, GONG_RESOLUTION_5M);
            history_check_rollups(world, series, GONG_RESOLUTION_1H);
        }
    }
    (void)history_tidy(world, &no_limits, DAY_0 + 4 * DAY_MS);
    history_check(world, series, DAY_0, DAY_0 + 2 * DAY_MS, 30000);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
    history_check_rollups(world, series, GONG_RESOLUTION_1H);
}

/* The one sample on the boundary of two days, before, after, and between what
 * is around it; each is tidied before the next comes. */
static void
test_sample_on_a_boundary(void **state)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const int64_t edge = DAY_0 + DAY_MS;
    const int64_t from[] = {edge - 90000, edge, edge + 30000};
    const int64_t to[] = {edge, edge + 1, edge + 90000};
    struct history_world *world = *state;

    for (size_t i = 0; i < 6; i++) {
        uint32_t series = history_series(world, "temp", (int)i);

        for (size_t j = 0; j < 3; j++) {
            int piece = orders[i][j];

            history_write(world, series, from[piece], to[piece], 30000);
            (void)history_tidy(world, &no_limits, edge + 2 * DAY_MS);
            history_check_rollups(world, series, GONG_RESOLUTION_5M);
            history_check_rollups(world, series, GONG_RESOLUTION_1H);
        }
    }
}

/* The sample on the boundary comes when raw samples before it are gone. */
static void
test_boundary_of_a_block_that_went(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    const struct gong_history_limits limits = {.age_ms = {2 * HOUR_MS, 0, 0}};
    const int64_t edge = DAY_0 + DAY_MS;
    const int64_t now = edge + 4 * HOUR_MS - 1;

    history_write(world, series, edge - 90000, edge, 30000);
    (void)history_tidy(world, &limits, now);
    history_check(world, series, 0, 0, 1);
    for (int i = 0; i < 2; i++) {
        history_write(world, series, edge, edge + 1, 30000);
        (void)history_tidy(world, &limits, now);
        history_check_made(world, series, GONG_RESOLUTION_5M, edge - 90000,
                           edge + 1, 30000);
        history_check_made(world, series, GONG_RESOLUTION_1H, edge - 90000,
                           edge + 1, 30000);
    }
}

static void
test_blocks_go_by_age(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    struct gong_history_limits limits = {.age_ms = {DAY_MS, 0, 0}};
    struct gong_rollups before = {0};
    struct gong_rollups after = {0};
    struct gong_history_sizes sizes;
    struct gong_history_tidied tidied;

    live(world, series, DAY_0, DAY_0 + DAY_MS);
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * DAY_MS);
    history_rollups(world->path, GONG_RESOLUTION_5M, series, &before);
    tidied = history_tidy(world, &limits,
                          DAY_0 + DAY_MS + 4 * HOUR_MS + HOUR_MS / 2);
    assert_int_equal(tidied.dropped_blocks, 2);
    history_check(world, series, DAY_0 + 4 * HOUR_MS, DAY_0 + DAY_MS, 10000);
    history_rollups(world->path, GONG_RESOLUTION_5M, series, &after);
    history_same_rollups(&before, &after);
    gong_history_file_sizes(world->file, &sizes);
    assert_int_equal(sizes.oldest_ms[0], DAY_0 + 4 * HOUR_MS);
    assert_int_equal(sizes.oldest_ms[1], DAY_0 - DAY_MS);
    assert_int_equal(sizes.rows[0], 10);
    assert_int_equal(sizes.rows[1], 2);
    gong_rollups_fini(&before);
    gong_rollups_fini(&after);
}

/* What comes late for raw samples that went must not take the place of what
 * they made; where they made nothing it is taken. */
static void
test_late_samples_of_a_block_that_went(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    uint32_t silent = history_series(world, "temp", 2);
    struct gong_history_limits limits = {.age_ms = {DAY_MS, 0, 0}};
    struct gong_rollups before = {0};
    struct gong_rollups after = {0};
    int64_t now = DAY_0 + 3 * DAY_MS;

    history_write(world, series, DAY_0, DAY_0 + 6 * HOUR_MS, 10000);
    (void)history_tidy(world, &limits, now);
    history_rollups(world->path, GONG_RESOLUTION_5M, series, &before);
    history_write(world, series, DAY_0 + 5, DAY_0 + 6 * HOUR_MS, 3600000);
    history_write(world, silent, DAY_0, DAY_0 + 6 * HOUR_MS, 10000);
    (void)history_tidy(world, &limits, now);
    history_rollups(world->path, GONG_RESOLUTION_5M, series, &after);
    history_same_rollups(&before, &after);
    history_rollups(world->path, GONG_RESOLUTION_1H, silent, &after);
    assert_int_equal(after.count, 7); /* one of them ends at DAY_0 */
    assert_int_equal(after.data[2].count, 360);
    history_check(world, silent, 0, 0, 1);
    gong_rollups_fini(&before);
    gong_rollups_fini(&after);
}

/* Noise, so that the file grows; it stays below its limit at each step. */
static void
test_blocks_go_by_size(void **state)
{
    struct history_world *world = *state;
    struct gong_history_limits limits = {.bytes = 2 << 20};
    struct gong_history_tidied sum = {0};
    struct gong_history_sizes sizes;
    struct gong_rollups rollups = {0};
    uint32_t series[20];
    struct stat st;

    for (int i = 0; i < 20; i++) {
        series[i] = history_series(world, "temp", i);
    }
    for (int64_t at = DAY_0; at < DAY_0 + 7 * DAY_MS; at += RAW_MS) {
        struct gong_history_tidied tidied;

        assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
        for (int i = 0; i < 20; i++) {
            history_put(world, series[i], at, at + RAW_MS, 10000);
        }
        history_commit(world, 1);
        tidied = history_tidy(world, &limits, at + RAW_MS + 30 * MINUTE_MS);
        sum.crowded_blocks += tidied.crowded_blocks;
        gong_history_file_sizes(world->file, &sizes);
        assert_true(sizes.bytes <= limits.bytes);
    }
    assert_true(sum.crowded_blocks > 10);
    assert_true(sizes.rows[0] > 0);
    assert_int_equal(sizes.oldest_ms[1], DAY_0 - DAY_MS);
    history_rollups(world->path, GONG_RESOLUTION_5M, series[0], &rollups);
    assert_int_equal(rollups.data[1].end_ms, DAY_0 + 5 * MINUTE_MS);
    gong_rollups_fini(&rollups);
    history_close(world);
    assert_int_equal(stat(world->path, &st), 0);
    assert_true((uint64_t)st.st_size <= limits.bytes);
    history_open(world);
}

static void
test_a_limit_that_is_lowered(void **state)
{
    struct history_world *world = *state;
    struct gong_history_limits limits = {.bytes = 800 << 10};
    struct gong_history_sizes sizes;
    struct stat st;

    for (int i = 0; i < 100; i++) {
        history_write(world, history_series(world, "temp", i), DAY_0,
                      DAY_0 + DAY_MS, 10000);
    }
    gong_history_file_sizes(world->file, &sizes);
    assert_true(sizes.bytes > limits.bytes);
    (void)history_tidy(world, &limits, DAY_0 + DAY_MS + HOUR_MS);
    history_close(world);
    assert_int_equal(stat(world->path, &st), 0);
    assert_true((uint64_t)st.st_size <= limits.bytes);
    history_open(world);
}

static void
ignore_state(void *ctx, uint32_t series, double value)
{
    (void)value;
    *(uint32_t *)ctx = series;
}

/* Series go with their last block, but for those whose numbers somebody may
 * remember and those that stand as a state. */
static void
test_series_go_with_their_blocks(void **state)
{
    struct history_world *world = *state;
    struct gong_history_limits limits = {.age_ms = {DAY_MS, DAY_MS, DAY_MS}};
    uint32_t gone = history_series(world, "temp", 1);
    uint32_t standing = history_series(world, "param_x", 1);
    uint32_t late = history_series(world, "temp", 2);
    uint32_t found = 0;
    int64_t now = DAY_0 + 90 * DAY_MS;
    struct gong_history_tidied tidied;

    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    history_put(world, gone, DAY_0, DAY_0 + HOUR_MS, 10000);
    history_put(world, standing, DAY_0, DAY_0 + HOUR_MS, 60000);
    history_put(world, late, now - HOUR_MS, now, 60000);
    assert_int_equal(gong_history_file_state(world->file, standing, 4),
                     GONG_OK);
    history_commit(world, 1);
    tidied = history_tidy(world, &limits, now);
    assert_int_equal(tidied.dropped_series, 0);
    history_reopen(world);
    tidied = history_tidy(world, &limits, now);
    assert_int_equal(tidied.dropped_series, 1);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM series"),
                     2);
    assert_int_equal(
        history_number(world->path, "SELECT count(*) FROM label_series"), 6);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM labels"),
                     5);
    assert_int_equal(
        gong_history_file_states(world->file, ignore_state, &found), GONG_OK);
    assert_int_equal(found, standing);
    assert_int_equal(history_series(world, "temp", 2), late);
    found = history_series(world, "temp", 1);
    assert_true(found > late);
}

static void
test_forgotten_series_go(void **state)
{
    struct history_world *world = *state;
    struct gong_history_limits limits = {.age_ms = {DAY_MS, DAY_MS, DAY_MS}};
    uint32_t series = history_series(world, "temp", 1);
    struct gong_history_tidied tidied;

    history_write(world, series, DAY_0, DAY_0 + HOUR_MS, 10000);
    gong_history_file_forget(world->file);
    tidied = history_tidy(world, &limits, DAY_0 + 90 * DAY_MS);
    assert_int_equal(tidied.dropped_series, 1);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM labels"),
                     0);
    assert_int_equal(history_number(world->path,
                                    "SELECT (SELECT count(*) FROM parts) +"
                                    " (SELECT count(*) FROM chunks) +"
                                    " (SELECT count(*) FROM spans)"),
                     0);
}

/* A step is bounded, however many series there are. */
static void
test_steps_are_bounded(void **state)
{
    struct history_world *world = *state;
    struct gong_history_tidied tidied = {0};
    uint64_t done = 0;
    bool more = true;
    int steps = 0;

    for (int part = 0; part < 3; part++) {
        assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
        for (int i = 0; i < 5000; i++) {
            history_put(world, history_series(world, "temp", i),
                        DAY_0 + part * MINUTE_MS,
                        DAY_0 + (part + 1) * MINUTE_MS, 20000);
        }
        history_commit(world, 1);
    }
    for (; more; steps++) {
        assert_int_equal(gong_history_tidy_step(world->file, &no_limits,
                                                DAY_0 + 3 * HOUR_MS, &more,
                                                &tidied),
                         GONG_OK);
        assert_true(tidied.compacted_rows - done <= 4000);
        done = tidied.compacted_rows;
    }
    assert_int_equal(done, 15000 + 5000); /* intervals that end at DAY_0 */
    assert_true(steps >= 4);
    history_check(world, 1, DAY_0, DAY_0 + 3 * MINUTE_MS, 20000);
    history_check(world, 5000, DAY_0, DAY_0 + 3 * MINUTE_MS, 20000);
}

/* One damaged chunk takes nothing else with it, nor its roll-ups. */
static void
test_damaged_chunk_is_left_out(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    struct gong_history_tidied tidied;
    struct gong_rollups before = {0};
    struct gong_rollups after = {0};
    sqlite3 *handle;

    history_write(world, series, DAY_0, DAY_0 + HOUR_MS, 10000);
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    history_rollups(world->path, GONG_RESOLUTION_5M, series, &before);
    history_close(world);
    assert_int_equal(sqlite3_open(world->path, &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(handle,
                     "UPDATE chunks SET chunk = substr(chunk, 1, 40)"
                     " WHERE id >> 32 IN"
                     " (SELECT id FROM parts WHERE resolution = 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(handle);
    history_open(world);
    history_write(world, series, DAY_0 + HOUR_MS, DAY_0 + 90 * MINUTE_MS,
                  10000);
    tidied = history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    assert_int_equal(tidied.damaged_rows, 1);
    history_check(world, series, DAY_0 + HOUR_MS, DAY_0 + 90 * MINUTE_MS,
                  10000);
    history_rollups(world->path, GONG_RESOLUTION_5M, series, &after);
    assert_int_equal(after.count, 19);
    after.count = before.count;
    history_same_rollups(&before, &after);
    gong_rollups_fini(&before);
    gong_rollups_fini(&after);
}

/* Nothing is read beyond what is merged: 100 parts of one block. */
static void
test_many_parts(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);

    for (int i = 0; i < 200; i++) {
        history_write(world, series, DAY_0 + i * 30000, DAY_0 + (i + 1) * 30000,
                      10000);
    }
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    history_check(world, series, DAY_0, DAY_0 + 200 * 30000, 10000);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM parts WHERE resolution = 0"),
        1);
}

/* More samples than a chunk holds lie in two compacted parts. */
static void
test_more_samples_than_a_chunk(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);

    history_write(world, series, DAY_0, DAY_0 + RAW_MS, 100);
    history_check(world, series, DAY_0, DAY_0 + RAW_MS, 100);
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    history_check(world, series, DAY_0, DAY_0 + RAW_MS, 100);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
    history_write(world, series, DAY_0 + 50, DAY_0 + 5000, 100);
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM parts WHERE resolution = 0"),
        2);
}

/* 25 a second fill three chunks; what comes late takes the place of none. */
static void
test_late_samples_of_many_chunks(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    struct gong_samples got = {0};

    history_write(world, series, DAY_0, DAY_0 + RAW_MS, 40);
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    history_check(world, series, DAY_0, DAY_0 + RAW_MS, 40);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM parts WHERE resolution = 0"),
        3);
    history_write(world, series, DAY_0 + 20, DAY_0 + 420, 40);
    (void)history_tidy(world, &no_limits, DAY_0 + 3 * HOUR_MS);
    history_samples(world->path, series, &got);
    assert_int_equal(got.count, RAW_MS / 40 + 10);
    gong_samples_fini(&got);
    assert_int_equal(history_number(world->path, "SELECT sum(rows) FROM parts"
                                                 " WHERE resolution = 0"),
                     3);
    history_check_rollups(world, series, GONG_RESOLUTION_5M);
}

static double
incompressible(uint32_t series, int64_t ms)
{
    uint64_t x = ((uint64_t)ms * 1000 + series) * UINT64_C(0x9e3779b97f4a7c15);

    x ^= x >> 31;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (double)x * 1e-19;
}

/* Past a limit of bytes a step takes fewer series than it would by rows. */
static void
test_large_chunks(void **state)
{
    enum { COUNT = 60000, SERIES = 40 };
    struct history_world *world = *state;
    struct gong_samples samples = {0};
    struct gong_history_tidied tidied = {0};
    bool more = true;
    int steps = 0;

    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(gong_samples_add(&samples, (struct gong_sample){0}),
                         GONG_OK);
    }
    for (int i = 0; i < SERIES; i++) {
        (void)history_series(world, "temp", i);
    }
    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    for (uint32_t series = 1; series <= SERIES; series++) {
        for (int i = 0; i < COUNT; i++) {
            int64_t ms = DAY_0 + 1 + i * 100;

            samples.data[i] =
                (struct gong_sample){ms, incompressible(series, ms)};
        }
        assert_int_equal(
            gong_history_file_put(world->file, series, samples.data, COUNT),
            GONG_OK);
    }
    history_commit(world, 1);
    for (; more; steps++) {
        assert_int_equal(gong_history_tidy_step(world->file, &no_limits,
                                                DAY_0 + 3 * HOUR_MS, &more,
                                                &tidied),
                         GONG_OK);
    }
    assert_int_equal(tidied.compacted_rows, SERIES);
    assert_true(steps > 2);
    for (uint32_t series = 1; series <= SERIES; series++) {
        history_samples(world->path, series, &samples);
        assert_int_equal(samples.count, COUNT);
        assert_true(samples.data[COUNT - 1].value ==
                    incompressible(series, samples.data[COUNT - 1].ms));
    }
    gong_samples_fini(&samples);
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, history_setup, history_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_parts_become_one),
        TEST(test_first_of_a_stamp_stands),
        TEST(test_rollups_are_those_of_all_samples),
        TEST(test_rollups_of_uneven_samples),
        TEST(test_late_samples_change_rollups),
        TEST(test_sample_on_a_boundary),
        TEST(test_boundary_of_a_block_that_went),
        TEST(test_blocks_go_by_age),
        TEST(test_late_samples_of_a_block_that_went),
        TEST(test_blocks_go_by_size),
        TEST(test_a_limit_that_is_lowered),
        TEST(test_series_go_with_their_blocks),
        TEST(test_forgotten_series_go),
        TEST(test_steps_are_bounded),
        TEST(test_damaged_chunk_is_left_out),
        TEST(test_many_parts),
        TEST(test_more_samples_than_a_chunk),
        TEST(test_late_samples_of_many_chunks),
        TEST(test_large_chunks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
