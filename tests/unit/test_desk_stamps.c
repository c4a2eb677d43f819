/* The stamps of alerts from the log of effects to whoever was told, with the
 * real desk, outbox and database: each there once, none before the one before
 * it, and counted in the percentiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "desk_life.h"

#define ALERTS 30
#define SENT   "SELECT count(*) FROM outbox WHERE state = 1"
#define NEWS   "SELECT count(*) FROM message_incidents WHERE received_ms <> 0"

/* Of each alert that is news in a message, with each try of it. */
#define STAMPS                                                                 \
    " FROM message_incidents AS x JOIN messages AS m ON m.id = x.message"      \
    " JOIN outbox AS o ON o.message = m.id"                                    \
    " JOIN deliveries AS d ON d.outbox = o.id "

/* Where it is not acknowledged in time others are told as well. */
#define NEWS_TO_DUTY "x.received_ms <> 0 AND o.recipient = 'contact:u'"
#define DUTY_NEWS    "SELECT count(*)" STAMPS "WHERE " NEWS_TO_DUTY

static struct planned planned;

static int
setup(void **state)
{
    static struct desk_life life;

    desk_life_init(&life, &planned_kind, &planned);
    *state = &life;
    return 0;
}

static int
teardown(void **state)
{
    struct desk_life *life = *state;

    desk_life_stop(life);
    desk_life_fini(life);
    return 0;
}

static void
start(struct desk_life *life, const char *plan)
{
    planned_init(&planned, plan);
    desk_life_open(life);
    desk_life_start(life);
}

static struct gong_latency
timing(struct desk_life *life, const char *name, const char *labels)
{
    struct gong_latency latency;

    gong_timing_get(gong_timing_add(life->counters, name, "", labels),
                    &latency);
    return latency;
}

/* Times are noted after the commit that a test sees. */
static void
wait_timed(struct desk_life *life, const char *name, const char *labels,
           int64_t count)
{
    for (int tries = 0; tries < 5000; tries++) {
        if ((int64_t)timing(life, name, labels).count >= count) {
            break;
        }
        gong_clock_sleep(gong_dur_ms(2));
    }
    assert_int_equal(timing(life, name, labels).count, count);
}

static void
wait_notified(struct desk_life *life, int64_t count)
{
    wait_timed(life, "gong_desk_notified_seconds", "type=\"planned\"", count);
}

static void
change_all(struct desk_life *life,
           void (*change)(struct desk_life *life, const char *device))
{
    char name[16];

    for (int i = 0; i < ALERTS; i++) {
        (void)snprintf(name, sizeof name, "lamp-%d", i);
        change(life, name);
    }
}

static void
stamps_pass_every_station_in_order(void **state)
{
    struct desk_life *life = *state;
    int64_t sent;

    start(life, "");
    change_all(life, desk_life_fire);
    desk_wait(&life->files, ALERTS, DUTY_NEWS);
    change_all(life, desk_life_over);
    desk_wait(&life->files, 2 * ALERTS, DUTY_NEWS);
    desk_wait(&life->files, 0, "SELECT count(*) FROM outbox WHERE state = 0");
    /* Each change was told to its unit once. */
    assert_int_equal(desk_number(&life->files, "SELECT count(*) FROM"
                                               " (SELECT DISTINCT x.incident,"
                                               " x.decided_ms" STAMPS
                                               "WHERE " NEWS_TO_DUTY ")"),
                     2 * ALERTS);
    sent = desk_number(&life->files,
                       "SELECT count(*)" STAMPS "WHERE x.received_ms <> 0");
    assert_true(sent >= 2 * (int64_t)ALERTS);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*)" STAMPS
                                 "WHERE m.kind = 0 AND d.outcome = 0"
                                 " AND x.captured_ms + 1 = x.published_ms"
                                 " AND x.published_ms + 1 = x.received_ms"
                                 " AND x.received_ms + 1 = x.decided_ms"
                                 " AND x.decided_ms <= d.stored_ms"
                                 " AND d.stored_ms <= d.at_ms"
                                 " AND d.at_ms <= d.notified_ms"),
                     sent);
    wait_timed(life, "gong_desk_stored_seconds", "", 2 * (int64_t)ALERTS);
    wait_notified(life, sent);
}

static void
only_news_has_stamps(void **state)
{
    struct desk_life *life = *state;

    start(life, "");
    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 3, SENT); /* and two steps of its escalation */
    assert_int_equal(desk_number(&life->files, NEWS), 1);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*)" STAMPS "WHERE m.kind = 2"
                                 " AND captured_ms + published_ms +"
                                 " received_ms + decided_ms = 0"
                                 " AND d.notified_ms >= d.stored_ms"),
                     2);
    wait_notified(life, 1);
}

static void
who_did_not_answer_was_not_notified(void **state)
{
    struct desk_life *life = *state;

    start(life, "rr");
    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    assert_int_equal(
        desk_number(&life->files, "SELECT count(*) FROM deliveries WHERE"
                                  " (outcome = 0) = (notified_ms <> 0)"),
        desk_number(&life->files, "SELECT count(*) FROM deliveries"));
    wait_notified(life, 1);
}

/* Nobody saw when what a run before left behind came to the disk. */
static void
what_waited_over_a_start_has_no_time_of_storing(void **state)
{
    struct desk_life *life = *state;

    start(life, "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr");
    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, NEWS);
    desk_life_stop(life);
    start(life, "");
    desk_wait(&life->files, 1,
              "SELECT count(*)" STAMPS "WHERE x.received_ms <> 0"
              " AND d.outcome = 0 AND d.stored_ms = 0"
              " AND d.notified_ms >= x.decided_ms");
}

/* Timed is what was stored while it happened: not what was decided before the
 * start, no probe, nothing that is passed over. */
static void
only_what_is_stored_live_is_timed(void **state)
{
    struct desk_life *life = *state;

    start(life, "");
    desk_life_fire(life, "first");
    desk_wait(&life->files, 1, "SELECT count(*) FROM incidents");
    desk_life_stop(life);
    desk_life_open(life);
    desk_life_fire(life, "before");
    desk_life_start(life);
    desk_wait(&life->files, 2, "SELECT count(*) FROM incidents");
    desk_life_probe(life, "gong-drill", 7, "drill_unit", "22015");
    desk_life_fire(life, "live");
    desk_wait(&life->files, 3, "SELECT count(*) FROM incidents");
    wait_timed(life, "gong_desk_stored_seconds", "", 1);
    desk_life_fire(life, "last");
    desk_wait(&life->files, 4, "SELECT count(*) FROM incidents");
    wait_timed(life, "gong_desk_stored_seconds", "", 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stamps_pass_every_station_in_order),
        TEST(only_news_has_stamps),
        TEST(who_did_not_answer_was_not_notified),
        TEST(what_waited_over_a_start_has_no_time_of_storing),
        TEST(only_what_is_stored_live_is_timed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
