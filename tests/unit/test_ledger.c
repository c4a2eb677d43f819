/* Unit tests of agent/receive/ledger.c and agent/receive/ledger_report.c: every
 * number is counted in one place, whatever the order in which things become
 * known. */
#include "agent/receive/ledger.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define EPOCH UINT64_C(0x5f1c09e2a7b4d310)

struct world {
    struct gong_ledger ledger;
    struct gong_ranges settled;
    struct gong_lp_reader *reader;
    int64_t arrival_ms;
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    world->reader = gong_lp_reader_new(false);
    assert_non_null(world->reader);
    world->arrival_ms = INT64_MAX;
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    gong_lp_reader_free(world->reader);
    gong_ledger_fini(&world->ledger);
    gong_ranges_fini(&world->settled);
    free(world);
    return 0;
}

/* What receive does with a batch of 10 points and 20 samples, accepted at
 * seq seconds. */
static void
come(struct world *world, uint64_t seq, uint64_t low)
{
    struct gong_batch_header header = {
        .epoch = EPOCH,
        .seq = seq,
        .low = low,
        .points = 10,
        .samples = 20,
        .at_ms = (int64_t)seq * 1000 + 50,
        .off_ms = 50,
        .sent_ms = (int64_t)seq * 1000 + 7000,
    };

    gong_ledger_note(&world->ledger, &header, &world->settled);
    gong_ranges_raise(&world->settled, low - 1);
    assert_int_equal(gong_ranges_add(&world->settled, seq), GONG_OK);
    gong_ledger_take(&world->ledger, &header, &world->settled, false,
                     world->arrival_ms);
}

static void
report(struct world *world, const char *text)
{
    struct gong_ledger_report found;

    assert_true(gong_ledger_report_is(gong_str_of(text)));
    gong_lp_reader_start(world->reader, gong_str_of(text));
    while (gong_ledger_report_next(world->reader, &found)) {
        assert_true(found.epoch == EPOCH);
        gong_ledger_explain(&world->ledger, &found, &world->settled);
    }
}

#define LOST(reason, first, last, batches, sizes)                              \
    "gong_dropped,reason=" reason                                              \
    " epoch=\"5f1c09e2a7b4d310\",first_seq=" first "i,last_seq=" last          \
    "i,batches=" batches "i,points=99i,samples=99i,sizes=\"" sizes             \
    "\" 1760000000000000000\n"
#define DROPPED(first, last, batches, sizes)                                   \
    LOST("drop_oldest", #first, #last, #batches, sizes)

static enum gong_ledger_state
state_of(const struct world *world)
{
    return gong_ledger_state(&world->ledger, &world->settled);
}

static void
all_in_order_is_complete_until_the_last(void **state)
{
    struct world *world = *state;

    for (uint64_t seq = 1; seq <= 5; seq++) {
        come(world, seq, 1);
        assert_int_equal(world->ledger.until_ms, (int64_t)seq * 1000);
    }
    assert_int_equal(world->ledger.counts.batches, 5);
    assert_int_equal(world->ledger.counts.points, 50);
    assert_int_equal(world->ledger.counts.samples, 100);
    assert_int_equal(state_of(world), GONG_LEDGER_COMPLETE);
    assert_int_equal(gong_ledger_outstanding(&world->ledger, &world->settled),
                     0);
}

static void
a_hole_stops_the_time(void **state)
{
    struct world *world = *state;

    come(world, 1, 1);
    come(world, 4, 1);
    come(world, 3, 1);
    assert_int_equal(world->ledger.until_ms, 1000);
    assert_int_equal(state_of(world), GONG_LEDGER_OPEN);
    assert_int_equal(gong_ledger_outstanding(&world->ledger, &world->settled),
                     1);
    come(world, 2, 1);
    assert_int_equal(world->ledger.until_ms, 4000);
    assert_int_equal(state_of(world), GONG_LEDGER_COMPLETE);
}

/* A clock may run ahead, and a header may say anything: what has come by now
 * was not measured later. */
static void
no_device_is_complete_until_the_future(void **state)
{
    struct world *world = *state;

    world->arrival_ms = 2500;
    come(world, 1, 1);
    come(world, 30, 1); /* beyond a hole: its time is kept for later */
    assert_int_equal(world->ledger.until_ms, 1000);
    world->arrival_ms = 3000;
    for (uint64_t seq = 2; seq < 30; seq++) {
        come(world, seq, 1);
    }
    assert_int_equal(state_of(world), GONG_LEDGER_COMPLETE);
    assert_in_range(world->ledger.until_ms, 2500, 3000);
}

/* A birth alone, or batches that say nothing of time, prove nothing. */
static void
what_nothing_is_known_of_is_not_complete(void **state)
{
    struct gong_batch_header timeless = {.epoch = EPOCH, .seq = 1, .low = 1};
    struct world *world = *state;

    assert_int_equal(state_of(world), GONG_LEDGER_UNKNOWN);
    gong_ledger_expect(&world->ledger, 1, false);
    assert_int_equal(state_of(world), GONG_LEDGER_UNKNOWN);
    gong_ledger_note(&world->ledger, &timeless, &world->settled);
    assert_int_equal(gong_ranges_add(&world->settled, 1), GONG_OK);
    gong_ledger_take(&world->ledger, &timeless, &world->settled, false, 5000);
    assert_int_equal(state_of(world), GONG_LEDGER_UNKNOWN);
    assert_string_equal(gong_ledger_state_name(GONG_LEDGER_UNKNOWN), "unknown");
    gong_ledger_expect(&world->ledger, 2, true); /* and there is no more */
    assert_int_equal(state_of(world), GONG_LEDGER_COMPLETE);
    come(world, 2, 1);
    assert_int_equal(state_of(world), GONG_LEDGER_COMPLETE);
}

static void
what_was_before_this_ledger_is_not_missing(void **state)
{
    struct world *world = *state;

    come(world, 1042, 1001);
    assert_int_equal(world->ledger.base, 1001);
    assert_int_equal(gong_ledger_lost(&world->ledger), 0);
    assert_int_equal(gong_ledger_outstanding(&world->ledger, &world->settled),
                     41);
    assert_int_equal(state_of(world), GONG_LEDGER_OPEN);
}

static void
what_low_passes_is_missing_and_named(void **state)
{
    struct world *world = *state;

    come(world, 1, 1);
    come(world, 4, 1);
    come(world, 10, 9);
    assert_int_equal(world->ledger.counts.missing, 6);
    assert_int_equal(world->ledger.gap_count, 2);
    assert_int_equal(world->ledger.gaps[0].first, 2);
    assert_int_equal(world->ledger.gaps[0].last, 3);
    assert_int_equal(world->ledger.gaps[1].first, 5);
    assert_int_equal(world->ledger.gaps[1].last, 8);
    come(world, 9, 9);
    assert_int_equal(state_of(world), GONG_LEDGER_GAPS);
    /* The broker had kept one. */
    assert_true(gong_ledger_missed(&world->ledger, 6));
    come(world, 6, 9);
    assert_false(gong_ledger_missed(&world->ledger, 6));
    assert_int_equal(world->ledger.counts.missing, 5);
    assert_int_equal(world->ledger.gap_count, 3);
    assert_true(gong_ledger_sound(&world->ledger));
}

/* The report may come before low has passed what it names, or after; twice is
 * once; and what came in time is not lost. */
static void
reports_count_what_did_not_come(void **state)
{
    static const bool before[] = {true, false};

    for (size_t i = 0; i < 2; i++) {
        struct world *world = NULL;
        void *fresh = NULL;

        (void)state;
        assert_int_equal(setup(&fresh), 0);
        world = fresh;
        come(world, 1, 1);
        come(world, 4, 1);
        if (before[i]) {
            come(world, 10, 2);
            report(world, DROPPED(2, 8, 7, "3/6x3,1/2,5/5x3"));
            come(world, 11, 9);
        } else {
            come(world, 10, 9);
            come(world, 11, 9);
            report(world, DROPPED(2, 8, 7, "3/6x3,1/2,5/5x3"));
        }
        report(world, DROPPED(2, 8, 7, "3/6x3,1/2,5/5x3"));
        /* 2 3 (3/6 each), not 4; 5 (1/2); 6 7 8 (5/5 each) */
        assert_int_equal(world->ledger.counts.dropped, 6);
        assert_int_equal(world->ledger.counts.dropped_points, 22);
        assert_int_equal(world->ledger.counts.dropped_samples, 29);
        assert_int_equal(world->ledger.counts.missing, 0);
        assert_int_equal(world->ledger.gap_count, 0);
        come(world, 9, 9);
        assert_int_equal(state_of(world), GONG_LEDGER_GAPS);
        assert_int_equal(gong_ledger_lost(&world->ledger), 6);
        assert_int_equal(teardown(&fresh), 0);
    }
}

/* A later report joins what earlier ones told and has no sizes: what is new in
 * it is the difference, and all of it has one name. */
static void
joined_reports_are_told_apart(void **state)
{
    struct world *world = *state;

    come(world, 1, 1);
    come(world, 10, 2);
    report(world, DROPPED(4, 5, 2, "7/7,8/8"));
    report(world, "gong_dropped,reason=drop_oldest epoch=\"5f1c09e2a7b4d310\","
                  "first_seq=2i,last_seq=6i,batches=5i,points=31i,samples=41i "
                  "1\n");
    assert_int_equal(world->ledger.counts.dropped, 5);
    assert_int_equal(world->ledger.counts.dropped_points, 31);
    assert_int_equal(world->ledger.counts.dropped_samples, 41);
    assert_int_equal(world->ledger.told_count, 1);
    assert_int_equal(world->ledger.told[0].first, 2);
    assert_int_equal(world->ledger.told[0].last, 6);
}

static void
other_reasons_have_their_own_counts(void **state)
{
    struct world *world = *state;

    come(world, 1, 1);
    come(world, 2000005, 2);
    report(world, "gong_dropped,reason=damaged epoch=\"5f1c09e2a7b4d310\","
                  "first_seq=2i,last_seq=4i,batches=3i 1\n"
                  "gong_dropped,reason=torn epoch=\"5f1c09e2a7b4d310\","
                  "first_seq=5i,last_seq=2000004i 1\n");
    assert_int_equal(world->ledger.counts.damaged, 3);
    assert_int_equal(world->ledger.counts.torn, 2000000);
    assert_int_equal(gong_ledger_lost(&world->ledger), 3);
    assert_int_equal(world->settled.cum, 2000005);
}

static void
a_report_of_what_never_was_is_not_believed(void **state)
{
    struct world *world = *state;

    come(world, 3, 1);
    report(world, DROPPED(2, 4, 3, "1/1x3"));
    assert_int_equal(world->ledger.counts.dropped, 0);
    assert_int_equal(gong_ledger_outstanding(&world->ledger, &world->settled),
                     2);
}

/* Between 2 and 9 some are on their way: all of them stay welcome. */
static void
a_report_of_more_than_was_lost_explains_nothing(void **state)
{
    struct world *world = *state;

    come(world, 1, 1);
    come(world, 10, 2);
    report(world, DROPPED(2, 9, 4, ""));
    report(world, LOST("damaged", "2", "9", "4", ""));
    assert_int_equal(world->ledger.counts.dropped, 0);
    assert_int_equal(world->ledger.counts.damaged, 0);
    assert_int_equal(gong_ledger_outstanding(&world->ledger, &world->settled),
                     8);
    come(world, 5, 2);
    assert_int_equal(world->ledger.counts.batches, 3);
}

/* A full spool lost the beginning before any link came up. */
static void
what_was_lost_before_first_contact_is_counted_once(void **state)
{
    struct world *world = *state;

    come(world, 10, 10);
    report(world, DROPPED(1, 9, 9, ""));
    report(world, DROPPED(1, 9, 9, ""));
    assert_int_equal(world->ledger.counts.dropped, 9);
    assert_int_equal(state_of(world), GONG_LEDGER_GAPS);
}

static void
only_a_goodbye_proves_a_closed_one_empty(void **state)
{
    struct world *world = *state;

    come(world, 1, 1);
    come(world, 2, 1);
    world->ledger.closed = true;
    assert_int_equal(state_of(world), GONG_LEDGER_CUT);
    gong_ledger_expect(&world->ledger, 3, true);
    assert_int_equal(state_of(world), GONG_LEDGER_COMPLETE);
    gong_ledger_expect(&world->ledger, 5, false); /* it came again, once */
    assert_int_equal(state_of(world), GONG_LEDGER_CUT);
    world->ledger.closed = false;
    assert_int_equal(state_of(world), GONG_LEDGER_OPEN);
    assert_int_equal(gong_ledger_outstanding(&world->ledger, &world->settled),
                     2);
}

/* Every second batch is lost: more holes than have names. */
static void
gaps_are_bounded_and_still_counted(void **state)
{
    struct world *world = *state;

    for (uint64_t seq = 2; seq <= 200; seq += 2) {
        come(world, seq, seq == 2 ? 1 : seq);
    }
    assert_int_equal(world->ledger.gap_count, GONG_LEDGER_GAPS_MAX);
    assert_int_equal(world->ledger.counts.missing, 100);
    assert_int_equal(world->ledger.gaps[GONG_LEDGER_GAPS_MAX - 1].first, 199);
    assert_true(gong_ledger_sound(&world->ledger));
}

static const struct {
    const char *sizes;
    uint64_t first, last, points, samples; /* of a report 2..8, 70/140 */
} weights[] = {
    {"1/2x7", 2, 8, 7, 14},
    {"1/2x7", 3, 3, 1, 2},
    {"1/2x2,10/20x5", 3, 4, 11, 22},
    {"1/2x6", 2, 8, 70, 140}, /* too few: the sums */
    {"1/2x8", 2, 8, 70, 140}, /* too many */
    {"1/2x0", 2, 8, 70, 140},
    {"1/2x", 2, 8, 70, 140},
    {"1", 2, 2, 10, 20}, /* a seventh */
    {"", 2, 3, 20, 40},
    {"99999999999999999999/1x7", 2, 8, 70, 140},
};

static void
sizes_are_read_or_shared_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        struct gong_ledger_report found = {
            .first = 2,
            .last = 8,
            .points = 70,
            .samples = 140,
            .sizes = gong_str_of(weights[i].sizes),
        };
        uint64_t points;
        uint64_t samples;

        gong_ledger_report_weigh(&found, weights[i].first, weights[i].last,
                                 &points, &samples);
        assert_int_equal(points, weights[i].points);
        assert_int_equal(samples, weights[i].samples);
    }
}

static const char *const no_reports[] = {
    "gong_dropped,reason=else epoch=\"5f1c09e2a7b4d310\",first_seq=1i,"
    "last_seq=1i 1\n",
    "gong_dropped,reason=torn epoch=\"5f1c\",first_seq=1i,last_seq=1i 1\n",
    "gong_dropped,reason=torn epoch=\"5f1c09e2a7b4d31x\",first_seq=1i,"
    "last_seq=1i 1\n",
    "gong_dropped,reason=torn epoch=\"5f1c09e2a7b4d310\",first_seq=2i,"
    "last_seq=1i 1\n",
    "gong_dropped,reason=torn epoch=\"5f1c09e2a7b4d310\",first_seq=0i,"
    "last_seq=1i 1\n",
    "gong_dropped,reason=torn epoch=\"5f1c09e2a7b4d310\",first_seq=-2i,"
    "last_seq=1i 1\n",
    "gong_dropped,reason=torn first_seq=1i,last_seq=1i 1\n",
    /* What lies between two runs that were joined was not lost. */
    DROPPED(2, 9, 7, ""),
    DROPPED(2, 9, 9, ""),
    LOST("damaged", "2", "9", "4", ""),
    LOST("damaged", "1", "9223372036854775807", "0", ""),
    "gong_dropped,reason=damaged epoch=\"5f1c09e2a7b4d310\",first_seq=1i,"
    "last_seq=1i 1\n",
    "gong_dropped,x=y epoch=\"5f1c09e2a7b4d310\",first_seq=1i,last_seq=1i 1\n",
    "gong_droppe,reason=torn epoch=\"5f1c09e2a7b4d310\",first_seq=1i,"
    "last_seq=1i 1\n",
};

static void
what_is_no_report_is_passed_over(void **state)
{
    struct world *world = *state;
    struct gong_ledger_report found;

    for (size_t i = 0; i < sizeof no_reports / sizeof no_reports[0]; i++) {
        gong_lp_reader_start(world->reader, gong_str_of(no_reports[i]));
        assert_false(gong_ledger_report_next(world->reader, &found));
    }
    assert_false(gong_ledger_report_is(gong_str_of("")));
    assert_false(gong_ledger_report_is(gong_str_of("gong_dropped")));
    assert_false(gong_ledger_report_is(gong_str_of("gong_droppedx,a=b c=1")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(all_in_order_is_complete_until_the_last),
        CASE(a_hole_stops_the_time),
        CASE(no_device_is_complete_until_the_future),
        CASE(what_nothing_is_known_of_is_not_complete),
        CASE(what_was_before_this_ledger_is_not_missing),
        CASE(what_low_passes_is_missing_and_named),
        cmocka_unit_test(reports_count_what_did_not_come),
        CASE(joined_reports_are_told_apart),
        CASE(other_reasons_have_their_own_counts),
        CASE(a_report_of_what_never_was_is_not_believed),
        CASE(a_report_of_more_than_was_lost_explains_nothing),
        CASE(what_was_lost_before_first_contact_is_counted_once),
        CASE(only_a_goodbye_proves_a_closed_one_empty),
        CASE(gaps_are_bounded_and_still_counted),
        cmocka_unit_test(sizes_are_read_or_shared_out),
        CASE(what_is_no_report_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
