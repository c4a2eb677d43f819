/* Unit tests of agent/desk/desk.c and what it is made of, with the real desk, a
 * real effects log, a real database and a planned channel. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/desk/desk_changes.h"
#include "desk_life.h"

#define OPEN  "SELECT count(*) FROM incidents WHERE state = 1"
#define ENDED "SELECT count(*) FROM incidents WHERE state = 3"
#define SENT  "SELECT count(*) FROM outbox WHERE state = 1"

/* --- a database that fails when told so --- */

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

int __real_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx,
                        char **error);
int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx,
                        char **error);

static atomic_bool disk_full;
static atomic_int begins_failing; /* so many more */
static atomic_bool begins_wait;
static atomic_bool begin_waits; /* somebody is there */

int
__wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                    int (*each)(void *, int, char **, char **), void *ctx,
                    char **error)
{
    if (strcmp(sql, "BEGIN IMMEDIATE") == 0 &&
        atomic_load(&begins_failing) > 0) {
        atomic_fetch_sub(&begins_failing, 1);
        return SQLITE_IOERR;
    }
    while (strcmp(sql, "BEGIN IMMEDIATE") == 0 && atomic_load(&begins_wait)) {
        atomic_store(&begin_waits, true);
        gong_clock_sleep(gong_dur_ms(1));
    }
    return __real_sqlite3_exec(handle, sql, each, ctx, error);
}

int
__wrap_sqlite3_step(sqlite3_stmt *statement)
{
    const char *sql = sqlite3_sql(statement);

    if (atomic_load(&disk_full) &&
        (strncmp(sql, "INSERT INTO incidents", 21) == 0 ||
         strncmp(sql, "INSERT INTO events", 18) == 0)) {
        return SQLITE_FULL;
    }
    return __real_sqlite3_step(statement);
}

/* --- the fixture --- */

static struct planned planned;

static int
setup(void **state)
{
    static struct desk_life life;

    atomic_store(&disk_full, false);
    atomic_store(&begins_failing, 0);
    planned_init(&planned, "");
    desk_life_init(&life, &planned_kind, &planned);
    desk_life_open(&life);
    desk_life_start(&life);
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
restart(struct desk_life *life)
{
    desk_life_stop(life);
    desk_life_open(life);
    desk_life_start(life);
}

static enum gong_err
act(struct desk_life *life, enum gong_act_kind kind, uint64_t incident,
    char why[256])
{
    const struct gong_desk_act act = {
        .kind = kind,
        .by = gong_str_of("lan"),
        .incident = incident,
        .comment = gong_str_of("đang xem"),
        .cause = gong_str_of("mưa"),
        .verdict = GONG_VERDICT_REAL,
        .cost = 5,
    };

    return gong_desk_do(life->desk, &act, NULL, why, 256);
}

/* --- tests --- */

static void
alert_becomes_an_incident_and_is_told(void **state)
{
    struct desk_life *life = *state;

    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    assert_int_equal(desk_number(&life->files, OPEN), 1);
    assert_string_equal(planned.addresses[0], "u1");
    assert_int_equal(planned.incidents[0], 1);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM incident_labels WHERE"
                                 " name = 'unit' AND value = '22015'"),
                     1);
    desk_life_over(life, "lamp");
    desk_wait(&life->files, 1, ENDED);
    desk_wait(&life->files, 2, SENT);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM messages WHERE"
                                 " json_extract(body, '$.items[0].news') ="
                                 " 'resolved' AND json_extract(body,"
                                 " '$.unit_name') = 'Phường Tuy Hoà'"),
                     1);
}

static void
an_act_is_durable_when_it_is_answered(void **state)
{
    struct desk_life *life = *state;
    char why[256];

    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, OPEN);
    assert_int_equal(act(life, GONG_ACT_ACKNOWLEDGE, 1, why), GONG_OK);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM incidents WHERE"
                                 " state = 2 AND acked_by = 'lan' AND"
                                 " ack_comment = 'đang xem'"),
                     1);
    assert_int_equal(act(life, GONG_ACT_ACKNOWLEDGE, 77, why),
                     GONG_ERR_INVALID);
    assert_true(strlen(why) > 0);
    restart(life);
    assert_int_equal(act(life, GONG_ACT_COMMENT, 1, why), GONG_OK);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM events WHERE"
                                 " incident = 1 AND by = 'lan'"),
                     2);
}

static void
text_that_is_no_utf8_is_refused(void **state)
{
    struct desk_life *life = *state;
    const struct gong_desk_act bad = {.kind = GONG_ACT_COMMENT,
                                      .by = gong_str_of("lan"),
                                      .incident = 1,
                                      .comment = gong_str_of("\xff")};
    char why[256];

    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, OPEN);
    assert_int_equal(gong_desk_do(life->desk, &bad, NULL, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "chữ không phải UTF-8 | a text is not UTF-8");
}

static void
nothing_is_told_twice_over_restarts(void **state)
{
    struct desk_life *life = *state;
    char name[16];

    for (int i = 0; i < 30; i++) {
        (void)snprintf(name, sizeof name, "lamp-%d", i);
        desk_life_fire(life, name);
        if (i % 7 == 0) {
            restart(life);
        }
    }
    desk_wait(&life->files, 30, OPEN);
    for (int i = 0; i < 30; i++) {
        char why[256];

        assert_int_equal(act(life, GONG_ACT_ACKNOWLEDGE, (uint64_t)i + 1, why),
                         GONG_OK);
    }
    restart(life);
    desk_wait(&life->files, 0, "SELECT count(*) FROM outbox WHERE state = 0");
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM message_incidents AS x"
                                 " JOIN messages AS m ON m.id = x.message"
                                 " WHERE m.kind = 0"),
                     30);
    assert_int_equal(
        desk_number(&life->files, "SELECT count(*) FROM incidents"), 30);
}

static void
escalation_goes_on_over_a_restart(void **state)
{
    struct desk_life *life = *state;

    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    restart(life);
    desk_wait(&life->files, 2, SENT);
    restart(life);
    desk_wait(&life->files, 3, SENT);
    assert_string_equal(planned.addresses[1], "h2");
    assert_string_equal(planned.addresses[2], "p1");
    gong_clock_sleep(gong_dur_ms(100));
    assert_int_equal(planned_tries(&planned), 3);
    assert_int_equal(
        desk_number(&life->files, "SELECT escalated FROM incidents"), 2);
    assert_int_equal(desk_number(&life->files, "SELECT count(*) FROM messages"
                                               " WHERE kind = 2"),
                     2);
}

static void
full_disk_stops_and_is_survived(void **state)
{
    struct desk_life *life = *state;
    char why[256];

    desk_life_fire(life, "before");
    desk_wait(&life->files, 1, SENT);
    assert_true(gong_desk_well(life->desk));
    atomic_store(&disk_full, true);
    desk_life_fire(life, "while");
    while (gong_desk_well(life->desk)) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    assert_int_equal(act(life, GONG_ACT_COMMENT, 1, why), GONG_ERR_NO_SPACE);
    assert_int_equal(gong_desk_failing(life->desk), GONG_ERR_NO_SPACE);
    assert_int_equal(desk_life_count(life, GONG_GAUGE, "gong_desk_up", ""), 0);
    assert_int_equal(desk_number(&life->files, OPEN), 1);
    atomic_store(&disk_full, false);
    desk_wait(&life->files, 2, OPEN);
    assert_int_equal(act(life, GONG_ACT_COMMENT, 1, why), GONG_OK);
    assert_true(gong_desk_well(life->desk));
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM events WHERE"
                                 " incident = 2 AND event = 0"),
                     1);
}

static void
outcome_of_what_was_over_before_the_start(void **state)
{
    struct desk_life *life = *state;
    char why[256];

    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    desk_life_over(life, "lamp");
    desk_wait(&life->files, 1, ENDED);
    desk_wait(&life->files, 2, SENT);
    restart(life);
    assert_int_equal(act(life, GONG_ACT_OUTCOME, 1, why), GONG_OK);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM incidents WHERE"
                                 " state = 4 AND verdict = 1 AND"
                                 " cause = 'mưa' AND cost = 5"),
                     1);
    assert_int_equal(act(life, GONG_ACT_ACKNOWLEDGE, 1, why), GONG_ERR_INVALID);
}

static void
what_the_engine_does_not_hold_ends_as_lost(void **state)
{
    struct desk_life *life = *state;

    desk_life_fire(life, "gone");
    desk_life_fire(life, "held");
    desk_wait(&life->files, 2, OPEN);
    /* The log goes, with it all chains; the engine knows one of the two. */
    desk_life_stop(life);
    desk_life_forget_log(life);
    desk_life_open(life);
    desk_life_start(life);
    desk_life_reconcile(life, "held");
    desk_wait(&life->files, 1, ENDED);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT lost FROM incidents WHERE number = 1"),
                     1);
    assert_int_equal(desk_number(&life->files, OPEN), 1);
    assert_int_equal(desk_life_count(life, GONG_COUNTER,
                                     "gong_desk_incidents_lost_total", ""),
                     1);
    /* The one that goes on is the same incident, and told once. */
    desk_life_over(life, "held");
    desk_wait(&life->files, 2, ENDED);
    assert_int_equal(
        desk_number(&life->files, "SELECT count(*) FROM incidents"), 2);
}

/* What was applied behind the end of what the engine held is not lost because
 * that does not know of it: the engine is asked again. */
static void
what_came_behind_a_census_is_not_lost(void **state)
{
    struct desk_life *life = *state;

    desk_life_fire(life, "a");
    desk_wait(&life->files, 1, SENT);
    atomic_store(&begin_waits, false);
    atomic_store(&begins_wait, true);
    while (!atomic_load(&begin_waits)) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    /* The desk is about to read on. */
    desk_life_reconcile(life, "a");
    desk_life_fire(life, "b");
    assert_false(gong_effects_unreconciled(life->effects));
    atomic_store(&begins_wait, false);
    /* Where it compared before it read on there is nothing to ask. */
    for (int i = 0; i < 3000 && !gong_effects_unreconciled(life->effects);
         i++) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    desk_life_fire(life, "c");
    desk_wait(&life->files, 1,
              "SELECT count(*) FROM incidents WHERE labels LIKE '%\"c\"%'");
    assert_int_equal(
        desk_number(&life->files, "SELECT count(*) FROM incidents WHERE lost"),
        0);
}

static void
log_that_was_replaced_is_caught_up_with(void **state)
{
    struct desk_life *life = *state;

    desk_life_fire(life, "stays");
    desk_life_fire(life, "ends");
    desk_wait(&life->files, 2, OPEN);
    desk_life_stop(life);
    desk_life_forget_log(life);
    desk_life_open(life);
    desk_life_fire(life, "stays");
    desk_life_fire(life, "ends");
    desk_life_over(life, "ends");
    desk_life_fire(life, "new");
    desk_life_fire(life, "passed");
    desk_life_over(life, "passed");
    desk_life_start(life);
    desk_wait(&life->files, 1, ENDED);
    desk_wait(&life->files, 2, OPEN);
    assert_int_equal(
        desk_number(&life->files, "SELECT count(*) FROM incidents"), 3);
    assert_int_equal(desk_number(&life->files,
                                 "SELECT count(*) FROM events WHERE"
                                 " incident = 1 AND event = 0"),
                     1);
}

static void
other_routes_hold_from_the_next_input_on(void **state)
{
    struct desk_life *life = *state;
    struct gong_desk_config *other = desk_life_config(
        "route = { receiver = \"one\"; group_wait = \"0s\"; };"
        "receivers = ( { name = \"one\"; channels = (\"two\"); } );");

    assert_int_equal(gong_desk_renew(life->desk, other, life->model), GONG_OK);
    gong_desk_config_free(life->config);
    life->config = other;
    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    assert_string_equal(planned.addresses[0], "");
    assert_int_equal(desk_number(&life->files, "SELECT count(*) FROM outbox"
                                               " WHERE recipient ="
                                               " 'channel:two'"),
                     1);
}

/* Whoever is told that other routes hold frees the ones before. */
static void
other_routes_hold_whatever_failed_before_them(void **state)
{
    struct desk_life *life = *state;

    for (int i = 0; i < 3; i++) {
        struct gong_desk_config *other = desk_life_config(
            "route = { receiver = \"one\"; group_wait = \"0s\"; };"
            "receivers = ( { name = \"one\"; channels = (\"two\"); } );");
        enum gong_err err;

        atomic_store(&begins_failing, 1);
        err = gong_desk_renew(life->desk, other, life->model);
        assert_int_equal(err, GONG_OK);
        gong_desk_config_free(life->config);
        life->config = other;
        while (atomic_load(&begins_failing) > 0 ||
               !gong_desk_well(life->desk)) {
            gong_clock_sleep(gong_dur_ms(1));
        }
    }
    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    assert_int_equal(desk_number(&life->files, "SELECT count(*) FROM outbox"
                                               " WHERE recipient ="
                                               " 'channel:two'"),
                     1);
}

static void
damaged_file_is_set_aside_at_the_start(void **state)
{
    struct desk_life *life = *state;
    char name[128];
    FILE *file;

    desk_life_fire(life, "lamp");
    desk_wait(&life->files, 1, SENT);
    desk_life_stop(life);
    sqlite3_close(life->files.handle);
    file = fopen(life->files.path, "r+b");
    assert_non_null(file);
    for (int i = 0; i < 200; i++) {
        (void)fputs("this is not what was written here\n", file);
    }
    assert_int_equal(fclose(file), 0);
    desk_life_open(life);
    desk_life_start(life);
    (void)snprintf(name, sizeof name, "%s.damaged-1", life->files.path);
    file = fopen(name, "rb");
    assert_non_null(file);
    (void)fclose(file);
    /* A new one, from what the log says is open. */
    assert_int_equal(sqlite3_open(life->files.path, &life->files.handle),
                     SQLITE_OK);
    desk_wait(&life->files, 1, OPEN);
}

/* --- who is told of changes --- */

struct watcher {
    pthread_mutex_t lock;
    const char *path;
    char log[512];   /* "1:open 1:ended "; "?" where any may be other */
    unsigned untrue; /* told before it was in the database */
    unsigned all;
};

static int64_t
kept_state(const struct watcher *watcher, uint64_t number)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t state;

    assert_int_equal(sqlite3_open(watcher->path, &handle), SQLITE_OK);
    (void)sqlite3_busy_timeout(handle, 10000);
    assert_int_equal(
        sqlite3_prepare_v2(handle,
                           "SELECT state FROM incidents WHERE number = ?1", -1,
                           &statement, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_int64(statement, 1, (int64_t)number);
    assert_int_equal(__real_sqlite3_step(statement), SQLITE_ROW);
    state = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    return state;
}

static void
changed(void *ctx, const struct gong_desk_incident *incident)
{
    struct watcher *watcher = ctx;
    size_t len;

    (void)pthread_mutex_lock(&watcher->lock);
    len = strlen(watcher->log);
    if (incident == NULL) {
        watcher->all++;
        (void)snprintf(watcher->log + len, sizeof watcher->log - len, "? ");
    } else {
        watcher->untrue +=
            kept_state(watcher, incident->number) != (int64_t)incident->state;
        (void)snprintf(watcher->log + len, sizeof watcher->log - len, "%d:%s ",
                       (int)incident->number,
                       gong_incident_state_text(incident->state));
    }
    (void)pthread_mutex_unlock(&watcher->lock);
}

static void
watcher_init(struct watcher *watcher, const struct desk_life *life)
{
    *watcher = (struct watcher){.path = life->files.path};
    (void)pthread_mutex_init(&watcher->lock, NULL);
}

/* Until it was told so: acts are answered before. */
static void
wait_told(struct watcher *watcher, const char *end)
{
    for (;;) {
        size_t len;
        bool told;

        (void)pthread_mutex_lock(&watcher->lock);
        len = strlen(watcher->log);
        told = len >= strlen(end) &&
               strcmp(watcher->log + len - strlen(end), end) == 0;
        (void)pthread_mutex_unlock(&watcher->lock);
        if (told) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(1));
    }
}

static void
changes_are_told_once_they_are_durable(void **state)
{
    struct desk_life *life = *state;
    struct watcher watcher;
    char why[256];

    watcher_init(&watcher, life);
    gong_desk_watch(life->desk, changed, &watcher);
    assert_string_equal(watcher.log, "? ");
    desk_life_fire(life, "lamp");
    wait_told(&watcher, "1:open ");
    assert_int_equal(act(life, GONG_ACT_ACKNOWLEDGE, 1, why), GONG_OK);
    wait_told(&watcher, "1:acknowledged ");
    desk_life_over(life, "lamp");
    wait_told(&watcher, "1:ended ");
    desk_wait(&life->files, 2, SENT);
    /* One that the desk itself has forgotten. */
    assert_int_equal(act(life, GONG_ACT_OUTCOME, 1, why), GONG_OK);
    wait_told(&watcher, "1:closed ");
    gong_desk_watch(life->desk, NULL, NULL);
    desk_life_fire(life, "other");
    desk_wait(&life->files, 1, OPEN);
    restart(life);
    assert_null(strstr(watcher.log, "2:"));
    assert_int_equal(watcher.untrue, 0);
    assert_int_equal(watcher.all, 1);
    (void)pthread_mutex_destroy(&watcher.lock);
}

static void
after_a_failure_any_may_have_changed(void **state)
{
    struct desk_life *life = *state;
    struct watcher watcher;

    watcher_init(&watcher, life);
    gong_desk_watch(life->desk, changed, &watcher);
    atomic_store(&disk_full, true);
    desk_life_fire(life, "lamp");
    while (gong_desk_well(life->desk)) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    atomic_store(&disk_full, false);
    wait_told(&watcher, "1:open ");
    gong_desk_watch(life->desk, NULL, NULL);
    assert_true(watcher.all > 1);
    assert_int_equal(watcher.untrue, 0);
    (void)pthread_mutex_destroy(&watcher.lock);
}

static unsigned
told_all(struct watcher *watcher)
{
    unsigned all;

    (void)pthread_mutex_lock(&watcher->lock);
    all = watcher->all;
    (void)pthread_mutex_unlock(&watcher->lock);
    return all;
}

/* One silence changes them all in one transaction: one word for all. */
static void
too_many_changes_are_told_as_one(void **state)
{
    const struct gong_desk_act silence = {
        .kind = GONG_ACT_SILENCE,
        .by = gong_str_of("lan"),
        .matchers = gong_str_of("alertname=\"A\""),
        .until_ms = desk_life_tomorrow(),
    };
    struct desk_life *life = *state;
    struct watcher watcher;
    char name[32];
    char why[256];

    for (int i = 0; i < GONG_DESK_CHANGES_MAX + 1; i++) {
        (void)snprintf(name, sizeof name, "lamp-%d", i);
        desk_life_fire(life, name);
    }
    desk_wait(&life->files, GONG_DESK_CHANGES_MAX + 1, OPEN);
    watcher_init(&watcher, life);
    gong_desk_watch(life->desk, changed, &watcher);
    assert_int_equal(told_all(&watcher), 1);
    assert_int_equal(gong_desk_do(life->desk, &silence, NULL, why, sizeof why),
                     GONG_OK);
    while (told_all(&watcher) < 2) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    gong_desk_watch(life->desk, NULL, NULL);
    assert_int_equal(watcher.untrue, 0);
    (void)pthread_mutex_destroy(&watcher.lock);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(alert_becomes_an_incident_and_is_told),
        TEST(an_act_is_durable_when_it_is_answered),
        TEST(text_that_is_no_utf8_is_refused),
        TEST(nothing_is_told_twice_over_restarts),
        TEST(escalation_goes_on_over_a_restart),
        TEST(full_disk_stops_and_is_survived),
        TEST(outcome_of_what_was_over_before_the_start),
        TEST(what_the_engine_does_not_hold_ends_as_lost),
        TEST(what_came_behind_a_census_is_not_lost),
        TEST(log_that_was_replaced_is_caught_up_with),
        TEST(other_routes_hold_from_the_next_input_on),
        TEST(other_routes_hold_whatever_failed_before_them),
        TEST(damaged_file_is_set_aside_at_the_start),
        TEST(changes_are_told_once_they_are_durable),
        TEST(after_a_failure_any_may_have_changed),
        TEST(too_many_changes_are_told_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
