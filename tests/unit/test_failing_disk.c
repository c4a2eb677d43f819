/* The agent on a disk that fails: alerts go on from memory, nothing is settled,
 * the staff is told, and nothing is lost or doubled when the disk is back. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/disk_metrics.h"
#include "agent/ingest.h"
#include "agent/receive_file.h"
#include "agent/receive_keeper.h"
#include "agent/rules_reload.h"
#include "agent/self_metrics.h"
#include "agent_fixture.h"
#include "common/crc32c.h"
#include "disk_calls.h"

#define EPOCH 0xaaULL

/* The error of every call that changes the disk; 0: it works. */
static atomic_int broken;

/* Somebody sets the clock. */
static _Atomic int64_t wall_moved;

gong_wall_t __real_gong_wall_now(void);
gong_wall_t __wrap_gong_wall_now(void);

gong_wall_t
__wrap_gong_wall_now(void)
{
    return (gong_wall_t){__real_gong_wall_now().ns + atomic_load(&wall_moved)};
}

struct world {
    struct sinks *sinks;
    struct gong_strings paths;
    struct gong_rules_reload reload;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    struct gong_engine_thread *engine;
    char aside[96];
};

static struct disk_order
before(void *ctx, const struct disk_call *call)
{
    (void)ctx;
    (void)call;
    return (struct disk_order){.error = atomic_load(&broken)};
}

/* The committer stops before it tells of a record: 1: it shall, 2: it does, 0:
 * it may go on. */
static atomic_int pause_written;

static void
wait_for_pause(int stage)
{
    while (atomic_load(&pause_written) != stage) {
        gong_clock_sleep(gong_dur_ms(1));
    }
}

static void
on_written(void *ctx, const struct gong_record *record)
{
    struct world *world = ctx;

    if (atomic_load(&pause_written) == 1) {
        atomic_store(&pause_written, 2);
        wait_for_pause(0);
    }
    gong_receive_written(world->receive, record);
}

static void
load_rules(struct world *world, const char *rules)
{
    struct gong_conf_errors errors = {0};

    agent_write(world->sinks->dir, "a.cfg", rules);
    world->reload =
        (struct gong_rules_reload){.paths = &world->paths,
                                   .state_dir = world->sinks->dir,
                                   .journal = world->sinks->journal};
    assert_true(gong_rules_reload_init(&world->reload, world->sinks->counters));
    assert_true(gong_rules_reload_run(&world->reload, &errors));
    gong_conf_errors_fini(&errors);
}

/* What an agent does at a start, with what its journal knows. */
static void
start(struct world *world)
{
    struct gong_ingest_options ingest = {.message_max = 4096,
                                         .set_aside_file = world->aside};
    struct gong_receive_options ledger = {.devices_max = 100,
                                          .rate = 1000,
                                          .burst = 1000,
                                          .ack_interval = gong_dur_s(10)};
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    world->receive = gong_receive_new(&ledger);
    assert_non_null(world->receive);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        gong_receive_learn(world->receive, &record);
    }
    gong_spool_cursor_close(cursor);
    world->ingest = gong_ingest_new(&ingest, world->sinks->journal,
                                    world->receive, world->sinks->counters);
    assert_non_null(world->ingest);
    world->engine = agent_engine(world->sinks);
    (void)agent_engine_settled(world->sinks, world->engine);
}

static void
stop(struct world *world)
{
    gong_engine_thread_stop(world->engine);
    gong_ingest_free(world->ingest);
    world->engine = NULL;
}

static int
setup_with(void **state, uint64_t memory_max)
{
    struct disk_watch watch = {.before = before};
    struct world *world = calloc(1, sizeof *world);
    void *sinks = NULL;

    assert_non_null(world);
    atomic_store(&broken, 0);
    disk_watch(&watch);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    world->sinks->memory_max = memory_max;
    world->sinks->written = on_written;
    world->sinks->ctx = world;
    sinks_reopen(world->sinks);
    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    world->paths = agent_rules(world->sinks->dir, "a.cfg", RULES_HOT);
    load_rules(world, RULES_HOT);
    start(world);
    *state = world;
    return 0;
}

static int
setup(void **state)
{
    return setup_with(state, (uint64_t)1 << 20);
}

#define RING 384 /* bytes: the least that an index takes */

static int
setup_small(void **state)
{
    return setup_with(state, 500 + RING);
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    atomic_store(&broken, 0);
    stop(world);
    agent_rules_free(&world->paths);
    (void)sinks_teardown(&sinks);
    gong_receive_free(world->receive);
    disk_watch(NULL);
    free(world);
    return 0;
}

/* The process ends, and with it what is only in memory. */
static void
kill_and_start(struct world *world)
{
    stop(world);
    atomic_store(&broken, EIO);
    sinks_close(world->sinks);
    atomic_store(&broken, 0);
    sinks_open(world->sinks);
    gong_receive_free(world->receive);
    start(world);
}

static uint64_t
results(const struct world *world, const char *result)
{
    char labels[64];

    (void)snprintf(labels, sizeof labels, "result=\"%s\"", result);
    return sinks_count(world->sinks, "gong_agent_messages_total", labels);
}

static void
send(struct world *world, uint64_t seq, int temp)
{
    char body[64];
    char message[GONG_BATCH_HEADER_SIZE + sizeof body];
    size_t body_len =
        (size_t)snprintf(body, sizeof body, "lamp temp=%d %" PRId64 "\n", temp,
                         SINK_ARRIVAL_NS + (int64_t)seq * GONG_NS_PER_MS);
    struct gong_batch_header header = {.epoch = EPOCH,
                                       .seq = seq,
                                       .low = 1,
                                       .points = 1,
                                       .crc = gong_crc32c(0, body, body_len)};
    size_t len = gong_batch_header_format(&header, message);

    memcpy(message + len, body, body_len);
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(message, len + body_len));
}

/* Whether the ledger would tell the device that this is settled, and the
 * journal's durable mark stands behind it. */
static bool
settled(struct world *world, uint64_t seq)
{
    struct gong_journal_health health;
    struct gong_receive_ack ack;
    bool found = false;

    gong_receive_connected(world->receive);
    while (gong_receive_take_ack(world->receive, gong_mono_now(), &ack)) {
        gong_journal_health(world->sinks->journal, &health);
        found = ack.cum >= seq && ack.position < health.durable;
        for (uint32_t i = 0; i < ack.range_count; i++) {
            found |= ack.ranges[i].first <= seq && seq <= ack.ranges[i].last;
        }
    }
    return found;
}

static void
wait_until_back(struct world *world)
{
    struct gong_journal_health health;

    do {
        gong_clock_sleep(gong_dur_ms(2));
        gong_journal_health(world->sinks->journal, &health);
    } while (health.holding || health.durable < health.end);
    assert_true(health.append_ok && health.sync_ok);
}

static bool
says(struct world *world, const char *line)
{
    struct gong_status_source status = {.agent = "agent-1",
                                        .counters = world->sinks->counters,
                                        .journal = world->sinks->journal,
                                        .effects = world->sinks->effects,
                                        .state_dir = world->sinks->dir,
                                        .engine = world->engine};
    struct gong_disk_source disk = {status.journal, status.effects,
                                    status.state_dir};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool found;

    assert_non_null(out);
    gong_disk_metrics_write_lines(&disk, out);
    assert_int_equal(fclose(out), 0);
    found = strstr(text, line) != NULL;
    free(text);
    return found;
}

static void
alerts_go_on_while_nothing_is_settled(void **state)
{
    static const int errors[] = {EIO, EROFS};
    struct world *world = *state;
    uint64_t seq = 0;

    send(world, ++seq, 20);
    wait_until_back(world);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct gong_engine_report report;
        uint64_t points;

        assert_true(says(world, "gong_agent_journal_writable value=1\n"));
        atomic_store(&broken, errors[i]);
        send(world, ++seq, 80);
        report = agent_engine_settled(world->sinks, world->engine);
        points = report.engine.points;
        assert_int_equal(report.engine.firing, 1);
        assert_true(says(world, "gong_agent_journal_writable value=0\n"));
        assert_false(settled(world, seq));
        /* Sent again it is neither applied again nor settled. */
        send(world, seq, 80);
        report = agent_engine_settled(world->sinks, world->engine);
        assert_int_equal(report.engine.points, points);
        assert_int_equal(results(world, "held_again"), i + 1);
        assert_false(settled(world, seq));
        send(world, ++seq, 30);
        atomic_store(&broken, 0);
        wait_until_back(world);
        send(world, seq, 30);
        assert_true(settled(world, seq));
        assert_int_equal(results(world, "duplicate"), i + 1);
        report = agent_engine_settled(world->sinks, world->engine);
        assert_int_equal(report.engine.points, points + 1);
        assert_int_equal(report.engine.firing, 0);
    }
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; "
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
    /* And the journal says the same to a new engine. */
    kill_and_start(world);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 5);
    send(world, seq, 30);
    assert_int_equal(results(world, "duplicate"), 1);
}

static void
a_restart_takes_again_what_was_only_in_memory(void **state)
{
    struct world *world = *state;

    send(world, 1, 20);
    wait_until_back(world);
    atomic_store(&broken, EIO);
    send(world, 2, 80);
    send(world, 3, 81);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 1);
    kill_and_start(world);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 1);
    send(world, 2, 80);
    send(world, 3, 81);
    assert_int_equal(results(world, "journaled"), 2);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 1);
    wait_until_back(world);
    assert_true(settled(world, 3));
}

/* Room for two or three of them: the first ones went. */
static void
what_memory_had_no_room_for_is_never_settled(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    atomic_store(&broken, EIO);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        send(world, seq, 20 + (int)seq);
        (void)agent_engine_settled(world->sinks, world->engine);
    }
    assert_int_equal(results(world, "held"), 6);
    atomic_store(&broken, 0);
    wait_until_back(world);
    assert_false(settled(world, 1));
    report = agent_engine_settled(world->sinks, world->engine);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        send(world, seq, 20 + (int)seq);
    }
    assert_true(results(world, "journaled") >= 3);
    assert_true(results(world, "duplicate") >= 2);
    assert_int_equal(results(world, "journaled") + results(world, "duplicate"),
                     6);
    wait_until_back(world);
    assert_true(settled(world, 6));
    /* The engine knows their stamps: nothing is decided from them again. */
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.transitions,
        report.engine.transitions);
    kill_and_start(world);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 6);
}

static char *
read_city_rules(void)
{
    FILE *file = fopen(GONG_CITY_RULES "/gong.cfg", "r");
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    (void)fclose(file);
    return text;
}

static bool
connected(void *ctx)
{
    (void)ctx;
    return true;
}

/* The thread that saves: when it waits for the disk it has seen all devices. */
static _Thread_local bool saving;

bool __real_gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                              bool durable, gong_dur_t timeout);
bool __wrap_gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                              bool durable, gong_dur_t timeout);

bool
__wrap_gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                         bool durable, gong_dur_t timeout)
{
    if (saving) {
        atomic_store(&pause_written, 0);
    }
    return __real_gong_journal_wait(journal, offset, durable, timeout);
}

static void *
save(void *ctx)
{
    saving = true;
    gong_receive_keeper_save(ctx);
    atomic_store(&pause_written, 0);
    return NULL;
}

static void
save_while_paused(struct world *world, const char *path)
{
    struct gong_receive_keeper_options options = {.agent = "a1",
                                                  .path = path,
                                                  .interval = gong_dur_s(3600),
                                                  .receive = world->receive,
                                                  .journal =
                                                      world->sinks->journal};
    struct gong_receive_keeper *keeper;
    pthread_t thread;

    assert_int_equal(
        gong_receive_keeper_new(&options, world->sinks->counters, &keeper),
        GONG_OK);
    assert_int_equal(pthread_create(&thread, NULL, save, keeper), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    gong_receive_keeper_stop(keeper);
}

/* A state that knows a batch behind the one that is being told of would pass
 * over that one after a restart. */
static void
what_was_held_is_known_after_a_restart(void **state)
{
    struct world *world = *state;
    char path[96];
    uint64_t from = 0;
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    (void)snprintf(path, sizeof path, "%s/receive", world->sinks->dir);
    atomic_store(&pause_written, 1);
    atomic_store(&broken, EIO);
    send(world, 1, 20);
    assert_int_equal(results(world, "held"), 1);
    atomic_store(&broken, 0);
    wait_for_pause(2);
    send(world, 2, 20);
    assert_int_equal(results(world, "journaled"), 1);
    save_while_paused(world, path);
    wait_until_back(world);
    gong_receive_free(world->receive);
    world->receive = gong_receive_new(&(struct gong_receive_options){
        .devices_max = 100, .ack_interval = gong_dur_s(10)});
    assert_non_null(world->receive);
    gong_receive_load(world->receive, path,
                      gong_journal_spool(world->sinks->journal), &from);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    gong_spool_cursor_seek(cursor, from);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        gong_receive_learn(world->receive, &record);
    }
    gong_spool_cursor_close(cursor);
    for (uint64_t seq = 1; seq <= 2; seq++) {
        struct gong_device_name lamp = {gong_str_of("22015"),
                                        gong_str_of("lamp-1")};
        struct gong_batch_header header = {
            .epoch = EPOCH, .seq = seq, .low = 1};

        assert_int_equal(
            gong_receive_check(world->receive, lamp, &header, gong_mono_now()),
            GONG_RECEIVE_DUPLICATE);
    }
}

static void
the_staff_is_told_by_the_shipped_rules(void **state)
{
    struct world *world = *state;
    struct gong_status_source status = {.agent = "agent-1",
                                        .counters = world->sinks->counters,
                                        .journal = world->sinks->journal,
                                        .effects = world->sinks->effects,
                                        .state_dir = world->sinks->dir,
                                        .engine = world->engine,
                                        .broker_connected = connected};
    char *rules = read_city_rules();
    char *page;
    size_t len;
    bool well;

    load_rules(world, rules);
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_null(strstr(agent_effects(world->sinks), "JournalNotWritable"));
    page = gong_status_health(&status, &well, &len);
    assert_true(well);
    free(page);
    atomic_store(&broken, EROFS);
    for (int i = 0; i < 2; i++) {
        gong_clock_sleep(gong_dur_ms(2)); /* a later stamp */
        assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    }
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "JournalNotWritable agent-1 inactive>firing"));
    page = gong_status_health(&status, &well, &len);
    assert_false(well);
    assert_non_null(strstr(page, "\"journal\":\"failed\""));
    free(page);
    page = gong_status_page(&status, &len);
    assert_non_null(strstr(page, "trong bộ nhớ"));
    free(page);
    atomic_store(&broken, 0);
    wait_until_back(world);
    gong_clock_sleep(gong_dur_ms(2)); /* a later stamp */
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "JournalNotWritable agent-1 firing>inactive"));
    free(rules);
}

/* The alert comes though what the wall clock stamps would be late. */
static void
a_clock_that_was_set_back_is_told_by_the_shipped_rules(void **state)
{
    struct world *world = *state;
    struct gong_status_source status = {.agent = "agent-1",
                                        .counters = world->sinks->counters,
                                        .journal = world->sinks->journal,
                                        .effects = world->sinks->effects,
                                        .engine = world->engine,
                                        .broker_connected = connected};
    char *rules = read_city_rules();

    load_rules(world, rules);
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_null(strstr(agent_effects(world->sinks), "AgentClockWrong"));
    atomic_store(&wall_moved, -3600 * GONG_NS_PER_S);
    gong_clock_sleep(gong_dur_ms(5)); /* a later stamp */
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "AgentClockWrong agent-1 inactive>firing"));
    atomic_store(&wall_moved, 0);
    free(rules);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alerts_go_on_while_nothing_is_settled,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_restart_takes_again_what_was_only_in_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_memory_had_no_room_for_is_never_settled, setup_small,
            teardown),
        cmocka_unit_test_setup_teardown(what_was_held_is_known_after_a_restart,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_staff_is_told_by_the_shipped_rules,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_clock_that_was_set_back_is_told_by_the_shipped_rules, setup,
            teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
