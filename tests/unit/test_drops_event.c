/* Unit tests of collector/drops_event.c, and of collector/drops.c where events
 * are more than have places: what is told is true to the number, the rest is
 * left for the agent to miss. */
#include "collector/drops_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/receive/ledger_report.h"
#include "common/log.h"

#define EPOCH 7

static char folder[64];

static int
setup(void **state)
{
    struct gong_drops *drops;

    (void)snprintf(folder, sizeof folder, "/tmp/gong-drops-XXXXXX");
    if (mkdtemp(folder) == NULL ||
        gong_drops_open(folder, EPOCH, &drops) != GONG_OK) {
        return -1;
    }
    *state = drops;
    return 0;
}

static int
teardown(void **state)
{
    char name[128];

    gong_drops_close(*state);
    (void)snprintf(name, sizeof name, "%s/dropped", folder);
    (void)unlink(name);
    return rmdir(folder);
}

static struct gong_ledger_report told[GONG_DROPS_EVENTS_MAX];

/* What an agent reads of what is told now, in told; without sizes. */
static size_t
tell(struct gong_drops *drops, uint64_t seq)
{
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_buffer out = {0};
    struct gong_ledger_report report;
    size_t lines = gong_drops_report(drops, 1u << 20, &out);
    size_t count = 0;

    assert_non_null(reader);
    assert_true(lines <= GONG_DROPS_EVENTS_MAX);
    gong_drops_told(drops, seq);
    gong_lp_reader_start(reader, gong_str_from(out.data, out.len));
    while (gong_ledger_report_next(reader, &report)) {
        report.sizes = gong_str_from("", 0);
        told[count++] = report;
    }
    assert_int_equal(count, lines);
    gong_lp_reader_free(reader);
    gong_buffer_fini(&out);
    return count;
}

/* Two numbers in ten are lost: none between them is ever told. */
static void
no_number_is_told_that_was_not_lost(void **state)
{
    struct gong_drops *drops = *state;
    struct gong_drops_sums sums;

    for (uint64_t seq = 10; seq <= 660; seq += 10) {
        gong_drops_hole(drops, seq, seq + 1);
    }
    assert_int_equal(tell(drops, 1000), GONG_DROPS_EVENTS_MAX);
    for (uint64_t i = 0; i < GONG_DROPS_EVENTS_MAX; i++) {
        /* 10 and 20 are told by nobody. */
        assert_int_equal(told[i].first, 10 * (i + 3));
        assert_int_equal(told[i].last, told[i].first + 1);
        assert_int_equal(told[i].batches, 2);
    }
    gong_drops_sums(drops, &sums);
    assert_int_equal(sums.damaged, 132);
    assert_int_equal(tell(drops, 1001), 0);
}

/* Neighbours of two reasons stay two, and who was told of goes first. */
static void
no_reason_is_told_for_another(void **state)
{
    struct gong_drops *drops = *state;

    for (uint64_t seq = 1; seq < 1000; seq += 3) {
        gong_drops_hole(drops, seq, seq + 1);
        gong_drops_torn(drops, seq + 2, seq + 2);
    }
    assert_int_equal(tell(drops, 2000), GONG_DROPS_EVENTS_MAX);
    for (size_t i = 0; i < GONG_DROPS_EVENTS_MAX; i++) {
        bool torn = told[i].reason == GONG_LOST_TORN;

        assert_int_equal(told[i].last - told[i].first, torn ? 0 : 1);
        assert_int_equal(told[i].first % 3, torn ? 0 : 1);
    }
    assert_int_equal(tell(drops, 2001), 0);
}

/* All that are not told yet have a place as long as a told one can go. */
static void
told_events_make_room(void **state)
{
    struct gong_drops *drops = *state;

    for (uint64_t seq = 10; seq <= 320; seq += 10) {
        gong_drops_hole(drops, seq, seq);
    }
    assert_int_equal(tell(drops, 1000), 32);
    for (uint64_t seq = 330; seq <= 960; seq += 10) {
        gong_drops_hole(drops, seq, seq);
    }
    assert_int_equal(tell(drops, 1001), GONG_DROPS_EVENTS_MAX);
    assert_int_equal(told[0].first, 330);
    assert_int_equal(told[GONG_DROPS_EVENTS_MAX - 1].first, 960);
}

static void
an_event_comes_back(void **state)
{
    struct gong_drops_event event = {
        .reason = GONG_DROP_OLDEST, .stamp_ns = 5, .told_seq = 9};
    struct gong_drops_event back;
    struct gong_buffer bytes = {0};
    struct gong_buffer line = {0};
    struct gong_buffer line_back = {0};
    struct gong_str left;

    (void)state;
    for (uint64_t seq = 3; seq < 12; seq++) {
        const struct gong_drops_run run = {seq < 8 ? 50u : 40u, 200, 1};

        gong_drops_event_extend(&event, &run, seq, (int64_t)seq);
    }
    assert_int_equal(gong_drops_event_encode(&event, &bytes), GONG_OK);
    left = gong_str_from(bytes.data, bytes.len);
    assert_int_equal(gong_drops_event_decode(&left, &back), GONG_OK);
    assert_int_equal(left.len, 0);
    assert_int_equal(gong_drops_event_line(&event, 0xab, &line), GONG_OK);
    assert_int_equal(gong_drops_event_line(&back, 0xab, &line_back), GONG_OK);
    assert_int_equal(line.len, line_back.len);
    assert_memory_equal(line.data, line_back.data, line.len);
    assert_int_equal(gong_buffer_append(&line, "", 1), GONG_OK);
    assert_non_null(strstr(line.data, "sizes=\"50/200x5,40/200x4\" 5\n"));
    gong_drops_event_fini(&back);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        left = gong_str_from(bytes.data, cut);
        assert_int_equal(gong_drops_event_decode(&left, &back),
                         GONG_ERR_CORRUPT);
        gong_drops_event_fini(&back);
    }
    gong_drops_event_fini(&event);
    gong_buffer_fini(&bytes);
    gong_buffer_fini(&line);
    gong_buffer_fini(&line_back);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_number_is_told_that_was_not_lost),
        TEST(no_reason_is_told_for_another),
        TEST(told_events_make_room),
        cmocka_unit_test(an_event_comes_back),
    };

    gong_log_init("test_drops_event", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
