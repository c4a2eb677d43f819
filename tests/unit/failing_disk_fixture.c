#include "failing_disk_fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/crc32c.h"
#include "disk_calls.h"

atomic_int failing_disk;

static struct disk_order
before(void *ctx, const struct disk_call *call)
{
    (void)ctx;
    (void)call;
    return (struct disk_order){.error = atomic_load(&failing_disk)};
}

static void
on_written(void *ctx, const struct gong_record *record)
{
    struct failing_world *world = ctx;

    if (world->before_written != NULL) {
        world->before_written();
    }
    gong_receive_written(world->receive, record);
}

void
failing_load_rules(struct failing_world *world, const char *rules)
{
    struct gong_conf_errors errors = {0};

    agent_write(world->sinks->dir, "a.cfg", rules);
    world->reload =
        (struct gong_rules_reload){.paths = &world->paths,
                                   .state_dir = world->sinks->dir,
                                   .journal = world->sinks->journal};
    assert_true(gong_rules_reload_init(&world->reload, world->sinks->counters));
    assert_true(gong_rules_reload_run(&world->reload, NULL, &errors));
    gong_conf_errors_fini(&errors);
}

/* What an agent does at a start, with what its journal knows. */
static void
start(struct failing_world *world)
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
stop(struct failing_world *world)
{
    gong_engine_thread_stop(world->engine);
    gong_ingest_free(world->ingest);
    world->engine = NULL;
}

int
failing_setup_with(void **state, uint64_t memory_max)
{
    struct disk_watch watch = {.before = before};
    struct failing_world *world = calloc(1, sizeof *world);
    void *sinks = NULL;

    assert_non_null(world);
    atomic_store(&failing_disk, 0);
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
    failing_load_rules(world, RULES_HOT);
    start(world);
    *state = world;
    return 0;
}

int
failing_setup(void **state)
{
    return failing_setup_with(state, (uint64_t)1 << 20);
}

int
failing_teardown(void **state)
{
    struct failing_world *world = *state;
    void *sinks = world->sinks;

    atomic_store(&failing_disk, 0);
    stop(world);
    agent_rules_free(&world->paths);
    (void)sinks_teardown(&sinks);
    gong_receive_free(world->receive);
    disk_watch(NULL);
    free(world);
    return 0;
}

void
failing_kill_and_start(struct failing_world *world)
{
    stop(world);
    atomic_store(&failing_disk, EIO);
    sinks_close(world->sinks);
    atomic_store(&failing_disk, 0);
    sinks_open(world->sinks);
    gong_receive_free(world->receive);
    start(world);
}

uint64_t
failing_results(const struct failing_world *world, const char *result)
{
    char labels[64];

    (void)snprintf(labels, sizeof labels, "result=\"%s\"", result);
    return sinks_count(world->sinks, "gong_agent_messages_total", labels);
}

void
failing_send(struct failing_world *world, uint64_t seq, int temp)
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

bool
failing_settled(struct failing_world *world, uint64_t seq)
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

void
failing_wait_until_back(struct failing_world *world)
{
    struct gong_journal_health health;

    do {
        gong_clock_sleep(gong_dur_ms(2));
        gong_journal_health(world->sinks->journal, &health);
    } while (health.holding || health.durable < health.end);
    assert_true(health.append_ok && health.sync_ok);
}
