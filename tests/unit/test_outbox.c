/* Unit tests of agent/outbox*.c: what becomes of rows that wait in the desk's
 * database, with planned channels and a real HTTP server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/tell/outbox.h"
#include "outbox_fixture.h"
#include "http_script.h"

#define WAITING_NONE "SELECT count(*) FROM outbox WHERE state = 0"

/* --- a database that fails when told so --- */

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

static atomic_bool disk_full;

int
__wrap_sqlite3_step(sqlite3_stmt *statement)
{
    const char *sql = sqlite3_sql(statement);

    if (atomic_load(&disk_full) && strncmp(sql, "UPDATE outbox", 13) == 0) {
        return SQLITE_FULL;
    }
    return __real_sqlite3_step(statement);
}

/* --- commits that wait for the disk, and others --- */

int __real_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx,
                        char **error);
int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx,
                        char **error);

static atomic_bool behind; /* the disk, of what was committed */
static atomic_int marks;   /* commits that did not wait */

int
__wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                    int (*each)(void *, int, char **, char **), void *ctx,
                    char **error)
{
    int code = __real_sqlite3_exec(handle, sql, each, ctx, error);

    if (strstr(sql, "synchronous = NORMAL;") != NULL) {
        atomic_fetch_add(&marks, 1);
        atomic_store(&behind, true);
    } else if (strstr(sql, "synchronous = FULL;BEGIN") != NULL ||
               strstr(sql, "synchronous = FULL;INSERT") != NULL) {
        atomic_store(&behind, code != SQLITE_OK);
    }
    return code;
}

/* --- a clock that stands still when told so --- */

gong_mono_t __real_gong_mono_now(void);
gong_mono_t __wrap_gong_mono_now(void);

static _Atomic int64_t stopped_at; /* 0: it runs */

gong_mono_t
__wrap_gong_mono_now(void)
{
    int64_t at = atomic_load(&stopped_at);

    return at == 0 ? __real_gong_mono_now() : (gong_mono_t){at};
}

/* --- the fixture --- */

struct box {
    struct desk_files files;
    struct gong_counters *counters;
    struct gong_outbox *outbox;
    struct planned one;
    struct planned two;
    struct gong_outbox_channel channels[4];
    size_t channel_count;
    struct script *script;
    void *config; /* of the webhook */
};

static void
add_channel(struct box *box, const char *name,
            const struct gong_channel_kind *kind, const void *config)
{
    struct gong_outbox_channel *channel = &box->channels[box->channel_count++];

    *channel = (struct gong_outbox_channel){
        .name = name, .kind = kind, .config = config};
}

static void
box_init(struct box *box, const char *plan_one, const char *plan_two)
{
    memset(box, 0, sizeof *box);
    atomic_store(&disk_full, false);
    atomic_store(&stopped_at, 0);
    desk_files_init(&box->files);
    box->counters = gong_counters_new();
    assert_non_null(box->counters);
    planned_init(&box->one, plan_one);
    planned_init(&box->two, plan_two);
    add_channel(box, "one", &planned_kind, &box->one);
    add_channel(box, "two", &planned_kind, &box->two);
    desk_incident(&box->files, 1);
}

static void
box_start(struct box *box)
{
    const struct gong_outbox_options options = {
        .path = box->files.path,
        .channels = box->channels,
        .channel_count = box->channel_count,
        .expire = gong_dur_s(3600),
        .retry_min = gong_dur_ms(1),
        .retry_max = gong_dur_ms(10),
        .counters = box->counters,
    };
    char why[256];

    if (gong_outbox_start(&options, &box->outbox, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
}

static void
box_stop(struct box *box)
{
    gong_outbox_stop(box->outbox);
    box->outbox = NULL;
}

static void
box_fini(struct box *box)
{
    box_stop(box);
    script_stop(box->script);
    if (box->config != NULL) {
        gong_conf_free(gong_channel_webhook.options, box->config);
        free(box->config);
    }
    gong_counters_free(box->counters);
    desk_files_fini(&box->files);
}

static uint64_t
metric(struct box *box, enum gong_counter_type type, const char *name,
       const char *labels)
{
    return gong_counter_get(
        gong_counter_add(box->counters, type, name, "", labels));
}

/* --- planned channels --- */

static void
rows_are_sent_in_order_and_kept_as_sent(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    for (int i = 1; i <= 20; i++) {
        if (i > 1) {
            desk_incident(&box.files, i);
        }
        (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", i);
    }
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    for (int i = 21; i <= 40; i++) {
        desk_incident(&box.files, i);
        (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", i);
        gong_outbox_wake(box.outbox);
    }
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 40);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(box.one.incidents[i], i + 1);
    }
    assert_int_equal(
        desk_number(&box.files,
                    "SELECT count(*) FROM deliveries JOIN outbox AS o ON"
                    " o.id = outbox WHERE o.state = 1 AND outcome = 0"
                    " AND channel = 'one' AND o.done_ms > 0"),
        40);
    assert_int_equal(metric(&box, GONG_COUNTER, "gong_desk_tries_total",
                            "channel=\"one\",outcome=\"sent\""),
                     40);
    assert_int_equal(metric(&box, GONG_GAUGE, "gong_desk_waiting", ""), 0);
    box_fini(&box);
}

/* The marks of what was sent do not wait for the disk, but get there. */
static void
marks_reach_the_disk(void **state)
{
    static struct box box;

    (void)state;
    atomic_store(&marks, 0);
    box_init(&box, "", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    for (int i = 0; i < 2000 && atomic_load(&behind); i++) {
        gong_clock_sleep(gong_dur_ms(10));
    }
    assert_false(atomic_load(&behind));
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    gong_outbox_wake(box.outbox);
    desk_wait(&box.files, 0, WAITING_NONE);
    box_stop(&box);
    assert_false(atomic_load(&behind));
    assert_int_equal(atomic_load(&marks), 2);
    box_fini(&box);
}

static void
keys_differ_by_row_and_not_by_try(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "rrss", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 4);
    assert_string_equal(box.one.keys[0], box.one.keys[1]);
    assert_string_equal(box.one.keys[0], box.one.keys[2]);
    assert_string_not_equal(box.one.keys[0], box.one.keys[3]);
    /* What came from outside is text when it is kept. */
    assert_int_equal(desk_number(&box.files,
                                 "SELECT count(*) FROM deliveries WHERE why ="
                                 " 'step r ' || '?' || '?' AND outcome = 1"),
                     2);
    box_fini(&box);
}

static void
chain_goes_on_where_a_reach_refuses(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "x", "s");
    (void)desk_post(&box.files, "contact:p",
                    "[[\"one\",\"a\"],[\"two\",\"b\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 1);
    assert_int_equal(planned_tries(&box.two), 1);
    assert_string_equal(box.one.addresses[0], "a");
    assert_string_equal(box.two.addresses[0], "b");
    assert_int_equal(desk_number(&box.files, "SELECT state FROM outbox"), 1);
    assert_int_equal(
        metric(&box, GONG_COUNTER, "gong_desk_unreached_total", ""), 0);
    box_fini(&box);
}

static void
chain_tries_a_reach_that_is_away_twice(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "rr", "");
    (void)desk_post(&box.files, "contact:p",
                    "[[\"one\",\"a\"],[\"two\",\"b\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 2);
    assert_int_equal(planned_tries(&box.two), 1);
    box_fini(&box);
}

static void
quota_used_up_falls_back_to_the_next(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "q", "");
    (void)desk_post(&box.files, "contact:p",
                    "[[\"one\",\"a\"],[\"two\",\"b\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.two), 1);
    assert_int_equal(metric(&box, GONG_COUNTER, "gong_desk_tries_total",
                            "channel=\"one\",outcome=\"exhausted\""),
                     1);
    box_fini(&box);
}

static void
chain_that_refuses_three_times_is_unreached(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "xxxs", "xxxs");
    (void)desk_post(&box.files, "contact:p",
                    "[[\"one\",\"a\"],[\"two\",\"b\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 3);
    assert_int_equal(planned_tries(&box.two), 3);
    assert_int_equal(desk_number(&box.files, "SELECT state FROM outbox"), 2);
    assert_int_equal(
        metric(&box, GONG_COUNTER, "gong_desk_unreached_total", ""), 1);
    box_fini(&box);
}

static void
wait_gauge(struct box *box, uint64_t value)
{
    for (int i = 0; i < 10000; i++) {
        if (metric(box, GONG_GAUGE, "gong_desk_unreached", "") == value) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(2));
    }
    fail_msg("gong_desk_unreached is not %u", (unsigned)value);
}

static void
nobody_on_duty_and_unknown_channels_are_unreached_at_once(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    desk_incident(&box.files, 2);
    (void)desk_post(&box.files, "role:duty@22015", "[]", 1);
    (void)desk_post(&box.files, "channel:gone", "[[\"gone\",\"\"]]", 2);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(desk_number(&box.files, "SELECT count(*) FROM outbox"
                                             " WHERE unreached_ms > 0"),
                     2);
    assert_int_equal(
        metric(&box, GONG_COUNTER, "gong_desk_unreached_total", ""), 2);
    wait_gauge(&box, 2);
    /* Somebody hears of the one, the other is over. */
    (void)desk_post(&box.files, "contact:q", "[[\"one\",\"\"]]", 1);
    desk_sql(&box.files, "UPDATE incidents SET ended_ms = 5 WHERE number = 2");
    gong_outbox_wake(box.outbox);
    desk_wait(&box.files, 0, WAITING_NONE);
    wait_gauge(&box, 0);
    box_fini(&box);
}

/* Where a person was meant, no log, wall or webhook stands for one. */
static void
a_channel_that_was_told_is_nobody(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "xxx");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "contact:p", "[[\"two\",\"b\"]]", 1);
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    wait_gauge(&box, 1);
    /* Another person is one. */
    (void)desk_post(&box.files, "contact:q", "[[\"one\",\"c\"]]", 1);
    gong_outbox_wake(box.outbox);
    desk_wait(&box.files, 0, WAITING_NONE);
    wait_gauge(&box, 0);
    box_fini(&box);
}

/* Told of level I; of level III nobody hears. */
static void
a_climb_that_reaches_nobody_counts(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    (void)desk_post(&box.files, "contact:p", "[[\"one\",\"a\"]]", 1);
    desk_sql(&box.files, "UPDATE outbox SET created_ms = created_ms - 1000");
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    wait_gauge(&box, 0);
    (void)desk_post(&box.files, "contact:p", "[[\"gone\",\"a\"]]", 1);
    gong_outbox_wake(box.outbox);
    desk_wait(&box.files, 0, WAITING_NONE);
    wait_gauge(&box, 1);
    desk_sql(&box.files, "UPDATE incidents SET acked_ms = 5");
    gong_outbox_wake(box.outbox);
    wait_gauge(&box, 0);
    box_fini(&box);
}

/* Each would bring the next. */
static void
alerts_about_this_are_left_out(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    desk_incident(&box.files, 2);
    desk_sql(&box.files,
             "INSERT INTO incident_labels VALUES(1, 'unreached', '3')");
    (void)desk_post(&box.files, "role:duty@22015", "[]", 1);
    (void)desk_post(&box.files, "role:duty@22015", "[]", 2);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    wait_gauge(&box, 1);
    assert_int_equal(metric(&box, GONG_GAUGE, "gong_desk_unreached_incident",
                            "unreached=\"2\""),
                     2);
    box_fini(&box);
}

/* One more to the channel without a rate, which is looked at behind the others:
 * once it is sent, they have had their turn. */
static void
give_a_turn(struct box *box)
{
    size_t before = planned_tries(&box->two);

    (void)desk_post(&box->files, "contact:z", "[[\"two\",\"z\"]]", 1);
    gong_outbox_wake(box->outbox);
    desk_wait(&box->files, 0,
              "SELECT count(*) FROM outbox WHERE state = 0"
              " AND recipient = 'contact:z'");
    assert_int_equal(planned_tries(&box->two), before + 1);
}

/* The first may have begun before the clock went on. */
static void
give_all_a_turn(struct box *box)
{
    give_a_turn(box);
    give_a_turn(box);
}

static void
a_rate_lets_through_so_many_and_no_more(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    box.channels[0].rate = 2;
    box.channels[0].burst = 3;
    for (int i = 0; i < 12; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "contact:a%d", i);
        (void)desk_post(&box.files, name, "[[\"one\",\"a\"]]", 1);
    }
    atomic_store(&stopped_at, __real_gong_mono_now().ns);
    box_start(&box);
    give_all_a_turn(&box);
    assert_int_equal(planned_tries(&box.one), 3);
    /* Half a second is one more, and ten seconds no more than the burst. */
    atomic_fetch_add(&stopped_at, GONG_NS_PER_S / 2);
    give_all_a_turn(&box);
    assert_int_equal(planned_tries(&box.one), 4);
    atomic_fetch_add(&stopped_at, 10 * GONG_NS_PER_S);
    give_all_a_turn(&box);
    assert_int_equal(planned_tries(&box.one), 7);
    atomic_store(&stopped_at, 0);
    box_fini(&box);
}

/* What is newer to the same receiver does not overtake what is tried again:
 * nobody reads that it is over before that it began. */
static void
what_is_tried_again_is_not_overtaken(void **state)
{
    static const int order[] = {1, 1, 1, 1, 2, 3};
    static struct box box;

    (void)state;
    box_init(&box, "rrr", "");
    for (int i = 1; i <= 3; i++) {
        if (i > 1) {
            desk_incident(&box.files, i);
        }
        (void)desk_post(&box.files, "contact:p", "[[\"one\",\"a\"]]", i);
    }
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(box.one.incidents[i], order[i]);
    }
    box_fini(&box);
}

static void
unknown_channel_in_a_chain_is_passed_by(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    (void)desk_post(&box.files, "contact:p",
                    "[[\"gone\",\"a\"],[\"two\",\"b\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.two), 1);
    assert_int_equal(desk_number(&box.files, "SELECT count(*) FROM deliveries"
                                             " WHERE channel = 'gone'"),
                     1);
    box_fini(&box);
}

static void
a_receiver_that_stays_away_counts_as_unreached_until_it_is_back(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "rrrrrrrrrrrr", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 13);
    assert_int_equal(
        metric(&box, GONG_COUNTER, "gong_desk_unreached_total", ""), 1);
    assert_int_equal(desk_number(&box.files, "SELECT state FROM outbox"), 1);
    wait_gauge(&box, 0);
    box_fini(&box);
}

static void
a_refused_channel_is_not_tried_again(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "xs", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 2);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 1"), 3);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 2"), 1);
    box_fini(&box);
}

static void
who_never_answers_delays_no_other(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "n", "");
    (void)desk_post(&box.files, "contact:p", "[[\"one\",\"a\"]]", 1);
    box_start(&box);
    for (int i = 0; i < 50; i++) {
        (void)desk_post(&box.files, "contact:q", "[[\"one\",\"b\"]]", 1);
        (void)desk_post(&box.files, "channel:two", "[[\"two\",\"\"]]", 1);
        gong_outbox_wake(box.outbox);
    }
    desk_wait(&box.files, 1, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 51);
    assert_int_equal(planned_tries(&box.two), 50);
    /* A stop ends it at once; after the next start it has the same key. */
    box_stop(&box);
    assert_int_equal(box.one.aborted, 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_string_equal(box.one.keys[0], box.one.keys[51]);
    box_fini(&box);
}

static void
old_messages_about_what_is_over_expire(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    desk_incident(&box.files, 2);
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 2);
    desk_sql(&box.files, "UPDATE outbox SET created_ms = created_ms - 3600001;"
                         "UPDATE incidents SET ended_ms = 5 WHERE number = 1");
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 1"), 4);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 2"), 1);
    assert_int_equal(planned_tries(&box.one), 1);
    assert_int_equal(metric(&box, GONG_COUNTER, "gong_desk_expired_total", ""),
                     1);
    box_fini(&box);
}

static void
message_that_cannot_be_read_stops_no_other(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    desk_sql(&box.files, "UPDATE messages SET body = '{'");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "contact:p", "no chain", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 1);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 1"), 3);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 2"), 1);
    assert_int_equal(
        desk_number(&box.files, "SELECT state FROM outbox WHERE id = 3"), 2);
    box_fini(&box);
}

static void
at_once_begins_again_without_a_record(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "ps", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 2);
    assert_int_equal(desk_number(&box.files, "SELECT count(*) FROM deliveries"),
                     1);
    box_fini(&box);
}

static void
nothing_goes_out_while_outcomes_cannot_be_kept(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    atomic_store(&disk_full, true);
    box_start(&box);
    while (metric(&box, GONG_COUNTER, "gong_desk_outbox_failed_total", "") <
           2) {
        gong_clock_sleep(gong_dur_ms(5));
    }
    assert_int_equal(planned_tries(&box.one), 1);
    atomic_store(&disk_full, false);
    desk_wait(&box.files, 0, WAITING_NONE);
    /* What was answered was not sent again. */
    assert_int_equal(planned_tries(&box.one), 2);
    assert_string_not_equal(box.one.keys[0], box.one.keys[1]);
    box_fini(&box);
}

static void
bad_channels_are_refused_at_start(void **state)
{
    static struct box box;
    char why[256];
    struct gong_outbox_options options;

    (void)state;
    box_init(&box, "", "");
    box.two.plan = NULL;
    options = (struct gong_outbox_options){.path = box.files.path,
                                           .channels = box.channels,
                                           .channel_count = 2,
                                           .counters = box.counters};
    assert_int_equal(gong_outbox_start(&options, &box.outbox, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "channel two: no plan");
    box.channels[0].name = "Not a name";
    assert_int_equal(gong_outbox_start(&options, &box.outbox, why, sizeof why),
                     GONG_ERR_INVALID);
    options.path = "/nowhere/desk.db";
    options.channel_count = 0;
    assert_int_not_equal(
        gong_outbox_start(&options, &box.outbox, why, sizeof why), GONG_OK);
    box_fini(&box);
}

/* --- a real receiver --- */

static void
answer_plan(void *ctx, size_t index, const struct script_request *request,
            struct script_reply *reply)
{
    static const int plan[] = {500, 0, 429, 200, 200};

    (void)ctx;
    (void)request;
    reply->status = index < 5 ? plan[index] : 200;
    reply->delay_ms = index == 3 ? 50 : 0;
}

static void
add_webhook(struct box *box, const char *name, unsigned port)
{
    struct gong_conf_errors errors = {0};
    char text[128];
    struct gong_conf *conf;

    (void)snprintf(text, sizeof text,
                   "url = \"http://127.0.0.1:%u/hook\"; timeout = \"2s\";",
                   port);
    conf = gong_conf_open_text("test", gong_str_of(text), &errors);
    assert_non_null(conf);
    box->config = calloc(1, gong_channel_webhook.config_size);
    assert_non_null(box->config);
    assert_true(gong_conf_read(gong_conf_root(conf),
                               gong_channel_webhook.options, box->config,
                               &errors));
    gong_conf_close(conf);
    add_channel(box, name, &gong_channel_webhook, box->config);
}

static void
webhook_is_tried_until_it_takes_it(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "", "");
    box.script = script_start(0, answer_plan, NULL);
    add_webhook(&box, "hook", script_port(box.script));
    (void)desk_post(&box.files, "channel:hook", "[[\"hook\",\"\"]]", 1);
    (void)desk_post(&box.files, "channel:hook", "[[\"hook\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(script_count(box.script), 5);
    for (size_t i = 1; i < 4; i++) {
        assert_string_equal(script_at(box.script, i)->idempotency_key,
                            script_at(box.script, 0)->idempotency_key);
        assert_string_equal(script_at(box.script, i)->body,
                            script_at(box.script, 0)->body);
    }
    assert_string_not_equal(script_at(box.script, 4)->idempotency_key,
                            script_at(box.script, 0)->idempotency_key);
    assert_string_equal(script_at(box.script, 0)->content_type,
                        "application/json");
    box_fini(&box);
}

/* Counts those that are away; one by another name counts for many. */
static void
count_hook_away(void *ctx, const char *channel, int64_t since_ms)
{
    int *count = ctx;

    assert_true(since_ms > INT64_C(1500000000000));
    *count += strcmp(channel, "hook") == 0 ? 1 : 100;
}

static void
closed_port_delays_no_other(void **state)
{
    int away = 0;
    static struct box box;
    struct script *gone = script_start(0, answer_plan, NULL);
    unsigned port = script_port(gone);

    (void)state;
    script_stop(gone);
    box_init(&box, "", "");
    add_webhook(&box, "hook", port);
    box_start(&box);
    gong_outbox_away(box.outbox, count_hook_away, &away);
    assert_int_equal(away, 0);
    for (int i = 0; i < 20; i++) {
        (void)desk_post(&box.files, "channel:hook", "[[\"hook\",\"\"]]", 1);
        (void)desk_post(&box.files, "contact:p",
                        "[[\"hook\",\"\"],[\"two\",\"b\"]]", 1);
        (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
        gong_outbox_wake(box.outbox);
    }
    desk_wait(&box.files, 20, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 20);
    assert_int_equal(planned_tries(&box.two), 20);
    assert_int_equal(
        metric(&box, GONG_GAUGE, "gong_desk_channel_up", "channel=\"hook\""),
        0);
    gong_outbox_away(box.outbox, count_hook_away, &away);
    assert_int_equal(away, 1);
    box_fini(&box);
}

static void
who_cannot_begin_stops_no_other(void **state)
{
    static struct box box;

    (void)state;
    box_init(&box, "mmmmm", "");
    (void)desk_post(&box.files, "channel:one", "[[\"one\",\"\"]]", 1);
    (void)desk_post(&box.files, "channel:two", "[[\"two\",\"\"]]", 1);
    box_start(&box);
    desk_wait(&box.files, 0, WAITING_NONE);
    assert_int_equal(planned_tries(&box.one), 6);
    assert_int_equal(planned_tries(&box.two), 1);
    assert_int_equal(desk_number(&box.files,
                                 "SELECT count(*) FROM deliveries WHERE"
                                 " channel = 'one' AND outcome = 1 AND"
                                 " why LIKE 'could not begin: %%'"),
                     5);
    assert_int_equal(
        metric(&box, GONG_COUNTER, "gong_desk_outbox_failed_total", ""), 0);
    box_fini(&box);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_cannot_begin_stops_no_other),
        cmocka_unit_test(rows_are_sent_in_order_and_kept_as_sent),
        cmocka_unit_test(marks_reach_the_disk),
        cmocka_unit_test(keys_differ_by_row_and_not_by_try),
        cmocka_unit_test(chain_goes_on_where_a_reach_refuses),
        cmocka_unit_test(chain_tries_a_reach_that_is_away_twice),
        cmocka_unit_test(quota_used_up_falls_back_to_the_next),
        cmocka_unit_test(chain_that_refuses_three_times_is_unreached),
        cmocka_unit_test(
            nobody_on_duty_and_unknown_channels_are_unreached_at_once),
        cmocka_unit_test(a_channel_that_was_told_is_nobody),
        cmocka_unit_test(a_climb_that_reaches_nobody_counts),
        cmocka_unit_test(alerts_about_this_are_left_out),
        cmocka_unit_test(a_rate_lets_through_so_many_and_no_more),
        cmocka_unit_test(what_is_tried_again_is_not_overtaken),
        cmocka_unit_test(unknown_channel_in_a_chain_is_passed_by),
        cmocka_unit_test(
            a_receiver_that_stays_away_counts_as_unreached_until_it_is_back),
        cmocka_unit_test(a_refused_channel_is_not_tried_again),
        cmocka_unit_test(who_never_answers_delays_no_other),
        cmocka_unit_test(old_messages_about_what_is_over_expire),
        cmocka_unit_test(message_that_cannot_be_read_stops_no_other),
        cmocka_unit_test(at_once_begins_again_without_a_record),
        cmocka_unit_test(nothing_goes_out_while_outcomes_cannot_be_kept),
        cmocka_unit_test(bad_channels_are_refused_at_start),
        cmocka_unit_test(webhook_is_tried_until_it_takes_it),
        cmocka_unit_test(closed_port_delays_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
