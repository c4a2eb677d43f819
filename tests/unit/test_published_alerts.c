/*
 * What others' users reported, from the centre's ear to people's: each test is
 * named by what holds here and says whose failure it answers.
 */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/receive/ingest.h"
#include "agent/tell/notify.h"
#include "agent/decide/rules_reload.h"
#include "agent/store/store_batch.h"
#include "agent_fixture.h"
#include "common/crc32c.h"

#define EPOCH 0xaaULL

struct world {
    struct sinks *sinks;
    struct gong_strings paths;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    struct gong_engine_thread *engine;
    char aside[96];
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_ingest_options ingest = {.message_max = 4096};
    struct gong_receive_options ledger = {.devices_max = 100,
                                          .rate = 0.001,
                                          .burst = 6000,
                                          .ack_interval = gong_dur_s(10)};
    struct gong_rules_reload reload;
    struct gong_conf_errors errors = {0};
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    ingest.set_aside_file = world->aside;
    world->paths = agent_rules(world->sinks->dir, "a.cfg", RULES_HOT);
    reload = (struct gong_rules_reload){.paths = &world->paths,
                                        .state_dir = world->sinks->dir,
                                        .journal = world->sinks->journal};
    assert_true(gong_rules_reload_init(&reload, world->sinks->counters));
    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    gong_conf_errors_fini(&errors);
    world->receive = gong_receive_new(&ledger);
    world->ingest = gong_ingest_new(&ingest, world->sinks->journal,
                                    world->receive, world->sinks->counters);
    assert_non_null(world->ingest);
    world->engine = agent_engine(world->sinks);
    (void)agent_engine_settled(world->sinks, world->engine);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    gong_engine_thread_stop(world->engine);
    gong_ingest_free(world->ingest);
    gong_receive_free(world->receive);
    agent_rules_free(&world->paths);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

static void
receive(struct world *world, const char *device, const char *message,
        size_t len)
{
    char topic[64];

    (void)snprintf(topic, sizeof topic, "gong/v1/22015/%s/data", device);
    gong_ingest_message(world->ingest, gong_str_of(topic),
                        gong_str_from(message, len));
}

static void
offline(struct world *world, const char *device)
{
    static const char will[] = "{\"state\":\"offline\"}";
    char topic[64];

    (void)snprintf(topic, sizeof topic, "gong/v1/22015/%s/status", device);
    gong_ingest_message(world->ingest, gong_str_of(topic), gong_str_of(will));
}

/* Makes the header fit the body. */
static void
headed(struct world *world, const char *device, struct gong_batch_header header,
       const char *body)
{
    char message[GONG_BATCH_HEADER_SIZE + 256];
    size_t body_len = strlen(body);
    size_t len;

    header.epoch = EPOCH;
    header.low = 1;
    header.crc = gong_crc32c(0, body, body_len);
    len = gong_batch_header_format(&header, message);
    assert_true(body_len < 256);
    memcpy(message + len, body, body_len);
    receive(world, device, message, len + body_len);
}

static void
batch(struct world *world, const char *device, uint64_t seq,
      enum gong_lane lane, const char *body)
{
    headed(world, device,
           (struct gong_batch_header){.seq = seq, .lane = lane, .points = 1},
           body);
}

static uint64_t
results(const struct world *world, const char *result)
{
    char labels[64];

    (void)snprintf(labels, sizeof labels, "result=\"%s\"", result);
    return sinks_count(world->sinks, "gong_agent_messages_total", labels);
}

/* telegraf#16537, #15485: one output that does not answer stops them all. */
static void
a_dead_store_stops_nothing_else(void **state)
{
    struct world *world = *state;
    struct gong_spool *journal = gong_journal_spool(world->sinks->journal);
    struct gong_spool_cursor *dead = NULL;
    struct gong_spool_cursor *well = NULL;
    struct gong_spool_stats stats;
    struct gong_record record;
    uint64_t read = 0;

    assert_int_equal(gong_spool_cursor_open(journal, "dead", &dead), GONG_OK);
    assert_int_equal(gong_spool_cursor_open(journal, "well", &well), GONG_OK);
    /* Four journals full; the engine is never a whole one behind. */
    for (uint64_t seq = 1; seq <= 5000; seq++) {
        char message[4000];
        size_t len = (size_t)snprintf(message, sizeof message,
                                      "lamp temp=20,text=\"%03500d\"\n", 7);

        receive(world, "lamp-9", message, len);
        if (seq % 500 == 0) {
            (void)agent_engine_settled(world->sinks, world->engine);
        }
        while (gong_spool_cursor_next(well, UINT64_MAX, &record) == GONG_OK) {
            read += record.meta.type == GONG_RECORD_DATA;
        }
        assert_int_equal(
            gong_spool_cursor_commit(well, gong_spool_cursor_offset(well)),
            GONG_OK);
    }
    assert_int_equal(results(world, "journaled"), 5000);
    assert_int_equal(read, 5000);
    assert_true(
        agent_engine_settled(world->sinks, world->engine).engine.points >=
        5000 - 64);
    gong_spool_stats(journal, &stats);
    assert_true(stats.dropped_bytes > 0); /* and it is said so */
    batch(world, "lamp-1", 1, GONG_LANE_LIVE, "lamp temp=80\n");
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 1);
    gong_spool_cursor_close(dead);
    gong_spool_cursor_close(well);
}

/* telegraf#17104, #13476, #14685: after so many messages that cannot be read
 * nothing comes any more. */
static void
unreadable_messages_hold_no_slot(void **state)
{
    static const char *const poison[] = {
        "\x01\x02\x03 rubbish", "#gong v=1 epoch=zz seq=1\nlamp temp=1\n",
        "#gong v=1 epoch=00000000000000aa seq=7 low=1 lane=live n=1 "
        "crc=00000000\nlamp temp=1\n",
        "{\"json\":true}", "lamp"};
    struct world *world = *state;

    for (int i = 0; i < 1000; i++) {
        for (size_t k = 0; k < sizeof poison / sizeof poison[0]; k++) {
            receive(world, "lamp-2", poison[k], strlen(poison[k]));
        }
    }
    batch(world, "lamp-2", 8, GONG_LANE_LIVE, "lamp temp=80\n");
    batch(world, "lamp-1", 1, GONG_LANE_LIVE, "lamp temp=80\n");
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 2);
    /* The damaged batch was set aside, so that it does not come for ever. */
    assert_int_equal(results(world, "set_aside"), 1);
}

/* thingsboard#6492: 1,000 acknowledged, some 200 saved. */
static void
a_thousand_at_once_are_all_journaled(void **state)
{
    struct world *world = *state;

    for (uint64_t seq = 1; seq <= 1000; seq++) {
        batch(world, "lamp-1", seq, GONG_LANE_LIVE, "lamp temp=20\n");
    }
    assert_int_equal(results(world, "journaled"), 1000);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 1000);
}

/* thingsboard#15685: the backlog that comes after a gap runs into the rate
 * limit and is dropped, acknowledged. */
static void
what_the_rate_limit_refuses_is_not_settled(void **state)
{
    struct world *world = *state;
    struct gong_batch_header header = {.epoch = EPOCH, .low = 1};
    struct gong_device_name name = {gong_str_of("22015"),
                                    gong_str_of("lamp-1")};
    uint64_t seq = 0;

    while (results(world, "flood") == 0) {
        batch(world, "lamp-1", ++seq, GONG_LANE_BACK, "lamp temp=20\n");
    }
    header.seq = seq;
    assert_int_equal(
        gong_receive_check(world->receive, name, &header, gong_mono_now()),
        GONG_RECEIVE_NEW);
    header.seq = seq - 1;
    assert_int_equal(
        gong_receive_check(world->receive, name, &header, gong_mono_now()),
        GONG_RECEIVE_DUPLICATE);
    /* Others keep theirs. */
    batch(world, "lamp-2", 1, GONG_LANE_LIVE, "lamp temp=20\n");
    assert_int_equal(results(world, "flood"), 1);
}

/* fiware-orion#4318: of changes 2 ms apart only some are told. */
static void
changes_at_once_are_all_told(void **state)
{
    struct world *world = *state;

    receive(world, "lamp-1",
            "lamp temp=80 1700000000000000000\n"
            "lamp temp=20 1700000000002000000\n"
            "lamp temp=80 1700000000004000000\n"
            "lamp temp=20 1700000000006000000\n",
            4 * strlen("lamp temp=80 1700000000000000000\n"));
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; "
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
}

/* mimir#4048, cortex#1723, loki#4909: what happened an hour ago pages now. */
static void
a_backlog_pages_nobody(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    batch(world, "lamp-1", 1, GONG_LANE_LIVE, "lamp temp=20\n");
    batch(world, "lamp-1", 2, GONG_LANE_BACK,
          "lamp temp=99 1700000000000000000\n");
    report = agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks), "");
    assert_int_equal(report.engine.backlog_points, 1);
    assert_int_equal(results(world, "journaled"), 2); /* kept all the same */
}

/* kapacitor#1058, #1217: one point stamped a year ahead empties the window. */
static void
a_stamp_a_year_ahead_empties_nothing(void **state)
{
    struct world *world = *state;
    char line[64];

    (void)snprintf(line, sizeof line, "lamp temp=20 %" PRId64 "\n",
                   gong_wall_now().ns + gong_dur_s(365 * 86400).ns);
    receive(world, "lamp-1", line, strlen(line));
    gong_clock_sleep(gong_dur_ms(2));
    (void)snprintf(line, sizeof line, "lamp temp=80 %" PRId64 "\n",
                   gong_wall_now().ns);
    receive(world, "lamp-1", line, strlen(line));
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 1);
}

/* --- the receiver --- */

struct ear {
    pthread_mutex_t mutex;
    size_t told;
    char news[8][16];
};

static enum gong_err
ear_open(const void *config, void **state, char *why, size_t why_size)
{
    (void)why;
    (void)why_size;
    *state = (void *)(uintptr_t)config;
    return GONG_OK;
}

static enum gong_notify_outcome
ear_deliver(void *state, const json_t *effect, char *why, size_t why_size)
{
    struct ear *ear = state;

    (void)why;
    (void)why_size;
    (void)pthread_mutex_lock(&ear->mutex);
    if (ear->told < 8) {
        (void)snprintf(ear->news[ear->told++], sizeof ear->news[0], "%s",
                       gong_notify_news(effect) == GONG_NOTIFY_FIRING
                           ? "firing"
                           : "resolved");
    }
    (void)pthread_mutex_unlock(&ear->mutex);
    return GONG_NOTIFY_DONE;
}

static void
ear_close(void *state)
{
    (void)state;
}

static const struct gong_notify_kind ear_kind = {.type = "ear",
                                                 .open = ear_open,
                                                 .deliver = ear_deliver,
                                                 .close = ear_close,
                                                 .interrupt = ear_close,
                                                 .retry_min_ms = 1,
                                                 .retry_max_ms = 5};

static void
hear(struct world *world, struct ear *ear, size_t news)
{
    struct gong_notifier *notifier = NULL;
    size_t told = 0;

    assert_int_equal(gong_notifier_start("people", &ear_kind, ear,
                                         world->sinks->effects,
                                         world->sinks->counters, &notifier),
                     GONG_OK);
    while (told < news) {
        gong_clock_sleep(gong_dur_ms(1));
        (void)pthread_mutex_lock(&ear->mutex);
        told = ear->told;
        (void)pthread_mutex_unlock(&ear->mutex);
    }
    gong_notifier_stop(notifier);
}

/* alertmanager#2370, #2570: a restart forgets what fires; its end is never
 * told. */
static void
the_end_is_told_after_a_restart_of_the_receiver(void **state)
{
    struct world *world = *state;
    struct ear ear = {.mutex = PTHREAD_MUTEX_INITIALIZER};

    batch(world, "lamp-1", 1, GONG_LANE_LIVE, "lamp temp=80\n");
    (void)agent_engine_settled(world->sinks, world->engine);
    hear(world, &ear, 1);
    gong_clock_sleep(gong_dur_ms(2));
    batch(world, "lamp-1", 2, GONG_LANE_LIVE, "lamp temp=20\n");
    (void)agent_engine_settled(world->sinks, world->engine);
    hear(world, &ear, 2);
    assert_int_equal(ear.told, 2);
    assert_string_equal(ear.news[0], "firing");
    assert_string_equal(ear.news[1], "resolved");
}

/* prometheus#17482, #14085: when the network fails all is told as resolved, and
 * as firing again when it is back. */
static void
a_network_fault_resolves_nothing(void **state)
{
    static const char *const lamps[] = {"lamp-1", "lamp-2", "lamp-3"};
    struct world *world = *state;
    struct ear ear = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct gong_engine_stats stats;

    for (size_t i = 0; i < 3; i++) {
        batch(world, lamps[i], 1, GONG_LANE_LIVE, "lamp temp=80\n");
    }
    (void)agent_engine_settled(world->sinks, world->engine);
    hear(world, &ear, 3);
    for (size_t i = 0; i < 3; i++) {
        offline(world, lamps[i]);
    }
    /* Who is there still is heard next, and nobody else before it. */
    batch(world, "lamp-9", 1, GONG_LANE_LIVE, "lamp temp=80\n");
    stats = agent_engine_settled(world->sinks, world->engine).engine;
    assert_int_equal(stats.unknown, 3);
    assert_int_equal(stats.firing, 1);
    hear(world, &ear, 4);
    for (size_t i = 0; i < 3; i++) {
        gong_clock_sleep(gong_dur_ms(2));
        batch(world, lamps[i], 2, GONG_LANE_LIVE, "lamp temp=81\n");
    }
    stats = agent_engine_settled(world->sinks, world->engine).engine;
    assert_int_equal(stats.unknown, 0);
    assert_int_equal(stats.firing, 4);
    gong_clock_sleep(gong_dur_ms(2));
    batch(world, "lamp-1", 3, GONG_LANE_LIVE, "lamp temp=20\n");
    (void)agent_engine_settled(world->sinks, world->engine);
    hear(world, &ear, 5);
    assert_string_equal(ear.news[3], "firing");
    assert_string_equal(ear.news[4], "resolved");
}

/* --- the stores --- */

static void
nothing_refused(void *ctx, const struct gong_store_refusal *refusal)
{
    (void)ctx;
    fail_msg("line %zu: %s", refusal->line, refusal->reason);
}

/* All that a store is sent of the journal. */
static void
stored_is(struct world *world, const char *expected)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_store_batch lines;
    struct gong_record record;
    struct gong_str text;
    char shown[1024];

    assert_int_equal(gong_store_batch_init(&lines, GONG_STORE_INFLUXDB1),
                     GONG_OK);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.meta.type == GONG_RECORD_DATA) {
            assert_int_equal(gong_store_batch_add_data(&lines, &record,
                                                       nothing_refused, NULL),
                             GONG_OK);
        }
    }
    text = gong_store_batch_part(&lines, 0, lines.count);
    (void)snprintf(shown, sizeof shown, "%.*s", (int)text.len, text.data);
    assert_string_equal(shown, expected);
    gong_spool_cursor_close(cursor);
    gong_store_batch_fini(&lines);
}

/* telegraf#11258: what a sensor measured while it was offline is stored with
 * the time at which it came. */
static void
the_sensor_s_own_time_is_stored(void **state)
{
    struct world *world = *state;
    static const char plain[] = "lamp temp=19 1700000030000000000\n";
    struct gong_batch_header ahead = {
        .seq = 2, .lane = GONG_LANE_BACK, .points = 1, .off_ms = 7200000};

    batch(world, "lamp-1", 1, GONG_LANE_BACK,
          "lamp temp=20 1700000000000000000\n"
          "lamp temp=21 1700000060000000000\n");
    /* Its clock was two hours ahead meanwhile, and that is known. */
    headed(world, "lamp-1", ahead, "lamp temp=22 1700007320000000000\n");
    receive(world, "lamp-2", plain, strlen(plain));
    stored_is(world,
              "lamp,device=lamp-1,site=22015 temp=20 1700000000000000000\n"
              "lamp,device=lamp-1,site=22015 temp=21 1700000060000000000\n"
              "lamp,device=lamp-1,site=22015 temp=22 1700000120000000000\n"
              "lamp,device=lamp-2,site=22015 temp=19 1700000030000000000\n");
}

#define GONG_CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GONG_CASE(a_dead_store_stops_nothing_else),
        GONG_CASE(unreadable_messages_hold_no_slot),
        GONG_CASE(a_thousand_at_once_are_all_journaled),
        GONG_CASE(what_the_rate_limit_refuses_is_not_settled),
        GONG_CASE(changes_at_once_are_all_told),
        GONG_CASE(a_backlog_pages_nobody),
        GONG_CASE(a_stamp_a_year_ahead_empties_nothing),
        GONG_CASE(the_end_is_told_after_a_restart_of_the_receiver),
        GONG_CASE(a_network_fault_resolves_nothing),
        GONG_CASE(the_sensor_s_own_time_is_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
