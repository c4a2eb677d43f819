/* Unit tests of agent/receive/receive_keeper.c: sums, points and savings of the
 * ledger, and what is being settled meanwhile. */
#include "agent/receive/receive_keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "receive_fixture.h"

/* How many gong_ledger points the journal holds. */
static size_t
points_told(const struct received *world)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    size_t count = 0;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        struct gong_str left = record.payload;

        while (left.len > 12) {
            count += memcmp(left.data, "gong_ledger,", 12) == 0;
            left = gong_str_from(left.data + 1, left.len - 1);
        }
    }
    gong_spool_cursor_close(cursor);
    return count;
}

static void
a_round_adds_up_tells_and_saves(void **state)
{
    struct received *world = *state;
    struct gong_receive_keeper *keeper;
    struct gong_receive *back;
    uint64_t from = 0;

    keeper = received_keeper(world, 1000);
    received_send_some(world);
    gong_receive_keeper_round(keeper);
    assert_int_equal(sinks_count(world->sinks, "gong_agent_ledger_batches", ""),
                     150);
    assert_int_equal(sinks_count(world->sinks, "gong_agent_ledger_samples", ""),
                     300);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_duplicate_batches", ""),
        40);
    assert_int_equal(sinks_count(world->sinks, "gong_agent_ledger_devices",
                                 "state=\"plain\""),
                     1);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_dropped_points", ""), 90);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_damaged_batches", ""), 20);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_devices", "state=\"cut\""),
        20);
    assert_int_equal(points_told(world), 60); /* epochs */
    gong_receive_keeper_round(keeper);        /* nothing has changed */
    assert_int_equal(points_told(world), 60);
    back = received_load(world, &from);
    assert_true(from > 0);
    received_same(world->receive, back);
    gong_receive_free(back);
    gong_receive_keeper_stop(keeper);
}

/* Saves between a batch's append and its settling, as another thread may. */
static struct gong_receive_keeper *saver;

bool __real_gong_journal_held(struct gong_journal *journal, uint64_t position);
bool __wrap_gong_journal_held(struct gong_journal *journal, uint64_t position);

bool
__wrap_gong_journal_held(struct gong_journal *journal, uint64_t position)
{
    struct gong_receive_keeper *keeper = saver;
    struct gong_journal_health health;

    saver = NULL;
    if (keeper != NULL) {
        do {
            (void)gong_journal_wait(journal, position, true, gong_dur_s(5));
            gong_journal_health(journal, &health);
        } while (health.durable <= position);
        gong_receive_keeper_save(keeper);
    }
    return __real_gong_journal_held(journal, position);
}

static void
a_batch_that_is_being_settled_is_learnt_again(void **state)
{
    struct received *world = *state;
    struct gong_receive_keeper *keeper = received_keeper(world, 0);
    struct gong_receive *back;
    uint64_t from = 0;

    received_send(world, 1, 7, 1, 1);
    saver = keeper;
    received_send(world, 1, 7, 2, 1);
    received_send(world, 1, 7, 3, 1);
    back = received_load(world, &from);
    assert_true(from > 0);
    received_learn(world, back, from);
    received_same(world->receive, back);
    gong_receive_free(back);
    gong_receive_keeper_stop(keeper);
}

/* A batch that was refused must not hold back what is saved. */
static void
a_refused_batch_is_not_waited_for(void **state)
{
    struct received *world = *state;
    struct gong_receive_keeper *keeper = received_keeper(world, 0);
    struct gong_receive *back;
    uint64_t from = 0;
    struct gong_spool_stats stats;
    char *body = malloc(65537);

    assert_non_null(body);
    memset(body, 'x', 65536);
    body[65536] = '\0';
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/plain/data"),
                        gong_str_from(body, 65536));
    free(body);
    received_send(world, 1, 7, 1, 1);
    gong_receive_keeper_save(keeper); /* waits until all is durable */
    gong_receive_keeper_save(keeper);
    gong_spool_stats(gong_journal_spool(world->sinks->journal), &stats);
    back = received_load(world, &from);
    assert_int_equal(from, stats.end);
    gong_receive_free(back);
    gong_receive_keeper_stop(keeper);
}

static void
a_round_tells_its_share(void **state)
{
    struct received *world = *state;
    struct gong_receive_keeper *keeper;
    size_t before = 0;

    keeper = received_keeper(world, 10);
    for (unsigned device = 0; device < 25; device++) {
        received_send(world, device, 7, 1, 1);
    }
    for (size_t round = 0; round < 3; round++) {
        size_t now;

        gong_receive_keeper_round(keeper);
        now = points_told(world);
        assert_int_equal(now - before, round < 2 ? 10 : 5);
        before = now;
    }
    gong_receive_keeper_stop(keeper);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, received_setup, received_teardown)
        CASE(a_round_adds_up_tells_and_saves),
        CASE(a_round_tells_its_share),
        CASE(a_batch_that_is_being_settled_is_learnt_again),
        CASE(a_refused_batch_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
