#include "ingest_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/crc32c.h"

static struct gong_receive *
new_receive(size_t devices_max, double burst)
{
    struct gong_receive_options options = {.devices_max = devices_max,
                                           .rate = 0.001,
                                           .burst = burst,
                                           .ack_interval = gong_dur_s(10)};
    struct gong_receive *receive = gong_receive_new(&options);

    assert_non_null(receive);
    return receive;
}

void
ingest_open(struct ingest_world *world, size_t devices_max, double burst)
{
    struct gong_ingest_options options = {
        .message_max = world->message_max > 0 ? world->message_max : 4096,
        .set_aside_file = world->aside,
        .agent = world->trust == NULL ? NULL : "agent-1",
        .trust = world->trust};

    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    world->receive = new_receive(devices_max, burst);
    world->ingest = gong_ingest_new(&options, world->sinks->journal,
                                    world->receive, world->sinks->counters);
    assert_non_null(world->ingest);
}

void
ingest_close(struct ingest_world *world)
{
    gong_ingest_free(world->ingest);
    gong_receive_free(world->receive);
}

int
ingest_setup(void **state)
{
    struct ingest_world *world = calloc(1, sizeof *world);
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    ingest_open(world, 100, 10000);
    *state = world;
    return 0;
}

int
ingest_teardown(void **state)
{
    struct ingest_world *world = *state;
    void *sinks = world->sinks;

    ingest_close(world);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

uint64_t
ingest_results(const struct ingest_world *world, const char *result)
{
    char labels[64];

    (void)snprintf(labels, sizeof labels, "result=\"%s\"", result);
    return sinks_count(world->sinks, "gong_agent_messages_total", labels);
}

void
ingest_text(const struct ingest_world *world, const char *topic,
            const char *message)
{
    gong_ingest_message(world->ingest, gong_str_of(topic),
                        gong_str_of(message));
}

void
ingest_batch(const struct ingest_world *world, uint64_t seq, uint64_t low,
             bool flip)
{
    char body[] = "lamp temp=41.5\n";
    char message[GONG_BATCH_HEADER_SIZE + sizeof body];
    struct gong_batch_header header = {
        .epoch = EPOCH,
        .seq = seq,
        .low = low,
        .points = 1,
        .crc = gong_crc32c(0, body, sizeof body - 1)};
    size_t len = gong_batch_header_format(&header, message);

    if (flip) {
        body[5] ^= 1;
    }
    memcpy(message + len, body, sizeof body);
    ingest_text(world, "gong/v1/22015/lamp-1/data", message);
}

int
ingest_journaled(const struct ingest_world *world, enum gong_record_type type)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    int count = 0;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        count += record.meta.type == (uint8_t)type;
    }
    gong_spool_cursor_close(cursor);
    return count;
}
