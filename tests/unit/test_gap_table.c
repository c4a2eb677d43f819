/*
 * Which devices send backlog, and when it is over: tables of what comes, and
 * many devices at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/gap/gap_table.h"

#define NOW INT64_C(5000000)

struct sent {
    const char *device;
    enum gong_lane lane;
    uint64_t epoch;
    uint64_t seq;
    uint64_t low;
    int64_t from;
    int64_t to;
    int64_t at;
};

static void
take(struct gong_gap_table *table, const struct sent *sent)
{
    struct gong_batch batch = {
        .site = gong_str_of("s"),
        .device = gong_str_of(sent->device),
        .has_header = true,
        .header = {.epoch = sent->epoch,
                   .seq = sent->seq,
                   .low = sent->low,
                   .lane = sent->lane},
    };
    struct gong_gap_span span = {sent->from, sent->to};

    assert_int_equal(gong_gap_table_batch(table, &batch, &span, sent->at),
                     GONG_OK);
}

static void
back(struct gong_gap_table *table, uint64_t seq, int64_t from, int64_t at)
{
    take(table,
         &(struct sent){"d", GONG_LANE_BACK, 7, seq, 1, from, from + 10, at});
}

static void
live(struct gong_gap_table *table, uint64_t epoch, uint64_t low, int64_t at)
{
    take(table,
         &(struct sent){"d", GONG_LANE_LIVE, epoch, 900, low, at, at, at});
}

static void
test_closes(void **state)
{
    struct gong_gap_table *table = gong_gap_table_new();
    struct gong_gap gap;

    (void)state;
    live(table, 7, 1, NOW);
    assert_int_equal(gong_gap_table_count(table), 0);
    back(table, 10, 1000, NOW);
    back(table, 12, 3000, NOW + 5);
    back(table, 11, 2000, NOW + 7);
    assert_int_equal(gong_gap_table_count(table), 1);
    /* Quiet alone is not enough: the link may be away again. */
    assert_false(gong_gap_table_next(table, NOW + 7 + GONG_GAP_QUIET_MS, &gap));
    live(table, 7, 12, NOW + 8);
    assert_false(gong_gap_table_next(table, NOW + 7 + GONG_GAP_QUIET_MS, &gap));
    live(table, 8, 99, NOW + 8); /* another spool's */
    assert_false(gong_gap_table_next(table, NOW + 7 + GONG_GAP_QUIET_MS, &gap));
    live(table, 7, 13, NOW + 9);
    assert_false(gong_gap_table_next(table, NOW + 6 + GONG_GAP_QUIET_MS, &gap));
    assert_true(gong_gap_table_next(table, NOW + 7 + GONG_GAP_QUIET_MS, &gap));
    assert_string_equal(gap.site, "s");
    assert_string_equal(gap.device, "d");
    assert_true(gap.from_ms == 1000 && gap.to_ms == 3010);
    assert_true(gong_gap_table_done(table, &gap));
    assert_int_equal(gong_gap_table_count(table), 0);
    assert_true(gong_gap_table_done(table, &gap));
    gong_gap_table_free(table);
}

/* It grows while it is worked at; and one that says nothing more. */
static void
test_grows(void **state)
{
    struct gong_gap_table *table = gong_gap_table_new();
    struct gong_gap gap;
    struct gong_gap again;

    (void)state;
    back(table, 10, 1000, NOW);
    assert_false(gong_gap_table_next(table, NOW + GONG_GAP_LOST_MS - 1, &gap));
    assert_true(gong_gap_table_next(table, NOW + GONG_GAP_LOST_MS, &gap));
    back(table, 11, 500, NOW + GONG_GAP_LOST_MS);
    assert_false(gong_gap_table_done(table, &gap));
    assert_false(gong_gap_table_next(table, NOW + GONG_GAP_LOST_MS, &again));
    live(table, 7, 12, NOW + GONG_GAP_LOST_MS);
    assert_true(gong_gap_table_next(table, NOW + 2 * GONG_GAP_LOST_MS, &again));
    assert_true(again.from_ms == 500 && again.to_ms == 1010);
    /* A new spool: what the old one still held does not matter. */
    take(table, &(struct sent){"d", GONG_LANE_BACK, 9, 3, 1, 600, 700,
                               NOW + GONG_GAP_LOST_MS + 1});
    live(table, 9, 4, NOW + GONG_GAP_LOST_MS + 1);
    assert_true(gong_gap_table_next(
        table, NOW + GONG_GAP_LOST_MS + 1 + GONG_GAP_QUIET_MS, &again));
    assert_true(again.epoch == 9 && again.highest == 3);
    gong_gap_table_free(table);
}

static void
test_says_nothing(void **state)
{
    struct gong_gap_table *table = gong_gap_table_new();
    struct gong_batch plain = {.site = gong_str_of("s"),
                               .device = gong_str_of("d"),
                               .header = {.lane = GONG_LANE_BACK, .epoch = 3}};
    struct gong_gap_span span = {1, 2};

    (void)state;
    assert_int_equal(gong_gap_table_batch(table, &plain, &span, NOW), GONG_OK);
    plain.has_header = true;
    plain.header.epoch = 0; /* the agent's own */
    assert_int_equal(gong_gap_table_batch(table, &plain, &span, NOW), GONG_OK);
    plain.header.epoch = 3;
    plain.site.len = 0;
    assert_int_equal(gong_gap_table_batch(table, &plain, &span, NOW), GONG_OK);
    plain.site.len = 1;
    span.to_ms = 0;
    assert_int_equal(gong_gap_table_batch(table, &plain, &span, NOW), GONG_OK);
    assert_int_equal(gong_gap_table_count(table), 0);
    span.to_ms = 2;
    assert_int_equal(gong_gap_table_batch(table, &plain, &span, NOW), GONG_OK);
    assert_int_equal(gong_gap_table_count(table), 1);
    gong_gap_table_free(table);
}

static void
put_into(void *ctx, const struct gong_gap *gap)
{
    assert_int_equal(gong_gap_table_restore(ctx, gap), GONG_OK);
}

/* Thousands, carried over; the first that was heard of comes first. */
static void
test_many(void **state)
{
    struct gong_gap_table *first = gong_gap_table_new();
    struct gong_gap_table *table = gong_gap_table_new();
    struct gong_gap gap = {0};

    (void)state;
    assert_int_equal(gong_gap_table_restore(table, &gap), GONG_ERR_INVALID);
    for (int i = 0; i < 3000; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "d%d", i * 7919 % 3000);
        take(first,
             &(struct sent){name, GONG_LANE_BACK, 7, 5, 6, i, i + 1, NOW + i});
    }
    gong_gap_table_each(first, put_into, table);
    assert_int_equal(gong_gap_table_count(table), 3000);
    for (int i = 0; i < 3000; i++) {
        assert_true(
            gong_gap_table_next(table, NOW + GONG_GAP_LOST_MS * 2, &gap));
        assert_true(gap.heard_ms == NOW + i);
        if (i == 0) {
            assert_int_equal(gong_gap_table_restore(table, &gap),
                             GONG_ERR_INVALID);
        }
        assert_true(gong_gap_table_done(table, &gap));
    }
    assert_int_equal(gong_gap_table_count(table), 0);
    assert_true(gong_gap_table_crowded(table) == 0);
    gong_gap_table_free(first);
    gong_gap_table_free(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closes),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_says_nothing),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests_name("gap_table", tests, NULL, NULL);
}
