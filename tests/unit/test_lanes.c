/*
 * Unit tests of collector/lanes.c over a real spool: in which order batches
 * come, and what is unread.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/lanes.h"
#include "common/log.h"

#define SEGMENT 65536

static char folder[64];
static struct gong_spool *spool;
static struct gong_lanes lanes;
static uint64_t last_seq;
static uint64_t offsets[1000]; /* by number */

static uint64_t hole_first, hole_last; /* the last one told */

static void
note_hole(void *ctx, uint64_t first, uint64_t last)
{
    assert_ptr_equal(ctx, &lanes);
    hole_first = first;
    hole_last = last;
}

static void
open_lanes(void)
{
    /* More than 2 * 30 batches are a backlog if older than 100 s. */
    const struct gong_lanes_options options = {.backlog_after = gong_dur_s(100),
                                               .backlog_rate = 2,
                                               .hole = note_hole,
                                               .hole_ctx = &lanes};

    assert_int_equal(gong_lanes_open(&lanes, spool, &options), GONG_OK);
}

static int
setup(void **state)
{
    struct gong_spool_options options = {
        .dir = folder,
        .segment_size = SEGMENT,
        .segments_max = 32,
        .policy = GONG_SPOOL_BLOCK,
    };
    char why[256] = "";

    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/gong-lanes-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                     GONG_OK);
    last_seq = 0;
    open_lanes();
    return 0;
}

static int
teardown(void **state)
{
    struct dirent *entry;
    DIR *dir;

    (void)state;
    gong_lanes_close(&lanes);
    gong_spool_close(spool);
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char name[400];

        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            (void)unlink(name);
        }
    }
    (void)closedir(dir);
    return rmdir(folder);
}

/* Batches accepted at second s. */
static void
append(int count, int64_t s)
{
    static char body[1024];

    memset(body, 'x', sizeof body);
    for (int i = 0; i < count; i++) {
        uint8_t head[GONG_SPOOLED_HEAD];
        struct iovec parts[2] = {{head, sizeof head}, {body, sizeof body}};
        struct gong_record_meta meta = {
            .type = GONG_RECORD_SPOOLED,
            .wall_ns = s * GONG_NS_PER_S,
        };

        gong_spooled_head(++last_seq, 1, 0, head);
        assert_int_equal(
            gong_spool_append(spool, &meta, parts, 2, &offsets[last_seq]),
            GONG_OK);
    }
}

/* The number of the lane's next batch at second s; 0: none. */
static uint64_t
next(enum gong_lane lane, int64_t s)
{
    struct gong_spooled batch;
    enum gong_err err = gong_lanes_next(
        &lanes, lane, last_seq, (gong_wall_t){s * GONG_NS_PER_S}, &batch);

    if (err == GONG_ERR_AGAIN) {
        return 0;
    }
    assert_int_equal(err, GONG_OK);
    assert_int_equal(batch.offset, offsets[batch.seq]);
    return batch.seq;
}

static void
expect(enum gong_lane lane, uint64_t first, uint64_t last, int64_t s)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_int_equal(next(lane, s), seq);
    }
}

static void
numbers_that_cannot_be_read_are_told_once(void **state)
{
    (void)state;
    hole_first = 0;
    append(3, 1000);
    last_seq += 4; /* these records are damaged */
    append(2, 1000);
    expect(GONG_LANE_LIVE, 1, 3, 1000);
    assert_int_equal(hole_first, 0);
    expect(GONG_LANE_LIVE, 8, 9, 1000);
    assert_int_equal(hole_first, 4);
    assert_int_equal(hole_last, 7);
}

static void
expect_unread(uint64_t seq)
{
    uint64_t found = 0;
    uint64_t offset = gong_lanes_unread(&lanes, &found);

    assert_int_equal(found, seq);
    if (seq <= last_seq) {
        assert_int_equal(offset, offsets[seq]);
    }
}

static void
in_order_while_fresh_or_few(void **state)
{
    (void)state;
    append(61, 0);
    expect(GONG_LANE_LIVE, 1, 61, 1000); /* old, but few */
    append(300, 1000);
    expect(GONG_LANE_LIVE, 62, 361, 1050); /* many, but fresh */
    assert_int_equal(next(GONG_LANE_LIVE, 1050), 0);
    assert_int_equal(next(GONG_LANE_BACK, 1050), 0);
    expect_unread(362);
}

static void
old_and_many_follow_behind(void **state)
{
    (void)state;
    append(70, 0);
    append(10, 1000);
    expect(GONG_LANE_LIVE, 71, 80, 1010);
    assert_int_equal(next(GONG_LANE_LIVE, 1010), 0);
    expect_unread(1);
    expect(GONG_LANE_BACK, 1, 69, 1010);
    expect_unread(70);
    expect(GONG_LANE_BACK, 70, 70, 1010);
    assert_int_equal(next(GONG_LANE_BACK, 1010), 0);
    expect_unread(81);
}

static void
all_of_it_old(void **state)
{
    (void)state;
    append(70, 0);
    assert_int_equal(next(GONG_LANE_LIVE, 1000), 0);
    append(1, 1000);
    expect(GONG_LANE_LIVE, 71, 71, 1000);
    expect(GONG_LANE_BACK, 1, 70, 1000);
    assert_int_equal(next(GONG_LANE_BACK, 1000), 0);
}

/* A clock that was set back makes nothing old. */
static void
a_future_stamp_is_fresh(void **state)
{
    (void)state;
    append(100, 5000);
    expect(GONG_LANE_LIVE, 1, 100, 1000);
}

/* Nothing on a disk makes the arithmetic of ages overflow. */
static void
an_impossible_stamp_is_damage(void **state)
{
    (void)state;
    append(1, INT64_MIN / GONG_NS_PER_S);
    append(100, 1000);
    append(1, INT64_MAX / GONG_NS_PER_S);
    expect(GONG_LANE_LIVE, 2, 102, 1000);
}

static void
the_last_gaps_become_one(void **state)
{
    int64_t s = 0;

    (void)state;
    for (int i = 0; i < GONG_LANES_GAPS_MAX + 1; i++) {
        append(31, s);
        append(31, s);
        s += 1000;
        append(1, s);
        (void)next(GONG_LANE_LIVE, s);
    }
    assert_true(lanes.gap_count <= GONG_LANES_GAPS_MAX);
    /* Every batch comes, none is left out. */
    for (uint64_t want = 1; want <= last_seq; want++) {
        uint64_t seq = next(GONG_LANE_BACK, s);

        if (seq == 0) {
            expect_unread(last_seq + 1);
            return;
        }
        assert_true(seq >= want);
        assert_true(seq <= want + GONG_LANES_GAPS_MAX);
        want = seq;
    }
}

static void
again_finds_what_is_there(void **state)
{
    struct gong_spooled batch;

    (void)state;
    append(3, 0);
    expect(GONG_LANE_LIVE, 1, 3, 1);
    assert_int_equal(gong_lanes_again(&lanes, offsets[2], 2, &batch), GONG_OK);
    assert_int_equal(batch.seq, 2);
    assert_int_equal(gong_lanes_again(&lanes, offsets[2], 1, &batch),
                     GONG_ERR_NOT_FOUND);
    append(1, 1);
    expect(GONG_LANE_LIVE, 4, 4, 1);
}

static void
begins_at_what_was_committed(void **state)
{
    (void)state;
    append(5, 0);
    expect(GONG_LANE_LIVE, 1, 5, 1);
    assert_int_equal(gong_lanes_commit(&lanes, offsets[4]), GONG_OK);
    assert_int_equal(gong_lanes_commit(&lanes, offsets[2]), GONG_OK);
    gong_lanes_close(&lanes);
    open_lanes();
    expect(GONG_LANE_LIVE, 4, 5, 1);
}

/* No file can be opened while the end of the backlog is looked for. What is
 * unread says from where on the agent may expect numbers: were it to move, all
 * before would be told to be lost. */
static void
a_failed_read_moves_nothing(void **state)
{
    struct gong_spooled batch;
    struct rlimit before;
    struct rlimit none;
    enum gong_err err;

    (void)state;
    append(200, 0);
    append(1, 1000);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(gong_lanes_again(&lanes, offsets[1], 1, &batch), GONG_OK);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    err = gong_lanes_next(&lanes, GONG_LANE_LIVE, last_seq,
                          (gong_wall_t){1000 * GONG_NS_PER_S}, &batch);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_not_equal(err, GONG_OK);
    assert_int_not_equal(err, GONG_ERR_AGAIN);
    expect_unread(1);
    expect(GONG_LANE_LIVE, 201, 201, 1000);
    expect(GONG_LANE_BACK, 1, 200, 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_that_cannot_be_read_are_told_once),
        TEST(in_order_while_fresh_or_few),
        TEST(old_and_many_follow_behind),
        TEST(all_of_it_old),
        TEST(a_future_stamp_is_fresh),
        TEST(an_impossible_stamp_is_damage),
        TEST(the_last_gaps_become_one),
        TEST(again_finds_what_is_there),
        TEST(begins_at_what_was_committed),
        TEST(a_failed_read_moves_nothing),
    };

    gong_log_init("test_lanes", GONG_LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
