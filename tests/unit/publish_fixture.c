#include "publish_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

uint8_t publish_boot;

void __wrap_gong_clock_boot_id(uint8_t out[16]);

void
__wrap_gong_clock_boot_id(uint8_t out[16])
{
    memset(out, publish_boot, 16);
}

struct world world;

static enum gong_err
take_message(void *link, const struct gong_mqtt_message *message)
{
    struct sent *sent = &world.sent[world.count];
    struct gong_str body = message->payload;

    assert_ptr_equal(link, &world);
    assert_int_equal(message->qos, 1);
    if (world.refuse) {
        return GONG_ERR_AGAIN;
    }
    assert_true(world.count < SENT_MAX);
    *sent = (struct sent){.tag = message->tag};
    sent->status = strcmp(message->topic, "gong/v1/22015/gw/status") == 0;
    assert_int_equal(message->retained, sent->status);
    if (!sent->status) {
        assert_string_equal(message->topic, "gong/v1/22015/gw/data");
        assert_int_equal(
            gong_batch_header_parse(message->payload, &sent->header, &body),
            GONG_BATCH_HEADED);
        assert_int_equal(sent->header.seq, sent->tag);
    }
    (void)snprintf(sent->text, sizeof sent->text, "%.*s", (int)body.len,
                   body.data);
    world.count++;
    return GONG_OK;
}

/* ---- life ---- */

void
publish_open_world(void)
{
    char why[256] = "";
    struct gong_publish_link link = {take_message, &world};

    assert_int_equal(
        gong_spooler_open(&world.spool, &world.spooler, why, sizeof why),
        GONG_OK);
    world.cadence = gong_cadence_new();
    assert_non_null(world.cadence);
    assert_int_equal(gong_publish_new(&world.options, world.spooler,
                                      world.cadence, &world.publish),
                     GONG_OK);
    gong_publish_set_link(world.publish, &link);
    world.handlers = gong_publish_handlers(world.publish);
    world.count = 0;
    world.seen = 0;
}

void
publish_close_world(void)
{
    gong_publish_free(world.publish);
    gong_cadence_free(world.cadence);
    gong_spooler_close(world.spooler);
}

int
publish_setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    publish_boot = 0;
    (void)snprintf(world.dir, sizeof world.dir, "/tmp/gong-publish-XXXXXX");
    if (mkdtemp(world.dir) == NULL) {
        return -1;
    }
    world.spool = (struct gong_spooler_options){
        .path = world.dir,
        .size = 1u << 20,
        .segment_size = 65536,
        .policy = GONG_SPOOL_BLOCK,
        .sync = gong_dur_s(60),
        .site = "22015",
        .device = "gw",
    };
    world.options = (struct gong_publish_options){
        .site = "22015",
        .device = "gw",
        .window = 8,
        .ack_timeout = gong_dur_s(30),
        .lanes = {.backlog_after = gong_dur_s(300), .backlog_rate = 1000},
    };
    world.mono = gong_mono_now();
    world.wall = gong_wall_now();
    publish_open_world();
    return 0;
}

static void
empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char name[400];

        if (entry->d_name[0] != '.') {
            (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            (void)unlink(name);
        }
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

int
publish_teardown(void **state)
{
    (void)state;
    publish_close_world();
    empty_folder(world.dir);
    return 0;
}

/* ---- what the tests do ---- */

enum gong_err
publish_append_one(void)
{
    static const char line[] = "m v=1 1760000000000000000\n";

    return gong_spooler_append(world.spooler, gong_str_of(line), NULL);
}

void
publish_append(int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(publish_append_one(), GONG_OK);
    }
}

void
publish_step_after(gong_dur_t length)
{
    world.mono = gong_mono_add(world.mono, length);
    world.wall.ns += length.ns;
    (void)gong_publish_step(world.publish, world.mono, world.wall);
}

void
publish_step(void)
{
    publish_step_after(gong_dur_ms(0));
}

void
publish_connect_link(void)
{
    (void)world.handlers.will_payload(world.handlers.ctx);
    world.handlers.connected(world.handlers.ctx, false);
}

/* The next message must be data with this number. */
const struct gong_batch_header *
publish_expect_data(uint64_t seq)
{
    const struct sent *sent = &world.sent[world.seen];

    assert_true(world.seen < world.count);
    assert_false(sent->status);
    assert_int_equal(sent->header.seq, seq);
    world.seen++;
    return &sent->header;
}

const char *
publish_expect_status(void)
{
    assert_true(world.seen < world.count);
    assert_true(world.sent[world.seen].status);
    return world.sent[world.seen++].text;
}

void
publish_expect_nothing(void)
{
    assert_int_equal(world.count, world.seen);
}

void
publish_expect_range(uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        (void)publish_expect_data(seq);
    }
    publish_expect_nothing();
}

/* Answers all that is in flight. */
void
publish_answer_all(bool ok)
{
    for (size_t i = 0; i < world.count; i++) {
        if (!world.sent[i].answered) {
            world.sent[i].answered = true;
            world.handlers.published(world.handlers.ctx, world.sent[i].tag, ok);
        }
    }
}

void
publish_lose_link(void)
{
    publish_answer_all(false);
    world.handlers.disconnected(world.handlers.ctx, "test");
}

/* Sends and answers until nothing more goes out. */
void
publish_pump(void)
{
    size_t before;

    do {
        before = world.count;
        publish_step();
        publish_answer_all(true);
    } while (world.count > before);
}

void
publish_ack_at(uint64_t epoch, uint64_t cum, const char *ranges, int64_t now_ms)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "{\"agent\":\"a\",\"journal\":\"j\",\"epoch\":\"%016" PRIx64
                   "\",\"cum\":%" PRIu64 ",\"ranges\":%s,\"now\":%" PRId64 "}",
                   epoch, cum, ranges, now_ms);
    gong_publish_handle_ack(world.publish, gong_str_of(text), world.mono,
                            world.wall);
}

void
publish_ack(uint64_t cum, const char *ranges)
{
    publish_ack_at(gong_spooler_epoch(world.spooler), cum, ranges,
                   world.wall.ns / GONG_NS_PER_MS);
}

size_t
publish_count_status(void)
{
    size_t count = 0;

    for (size_t i = 0; i < world.count; i++) {
        count += world.sent[i].status;
    }
    return count;
}

/* An ack that also says which birth the agent has. */
void
publish_ack_birth(uint32_t birth)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "{\"agent\":\"a\",\"journal\":\"j\",\"epoch\":\"%016" PRIx64
                   "\",\"cum\":0,\"ranges\":[],\"birth\":\"%08" PRIx32
                   "\",\"now\":%" PRId64 "}",
                   gong_spooler_epoch(world.spooler), birth,
                   world.wall.ns / GONG_NS_PER_MS);
    gong_publish_handle_ack(world.publish, gong_str_of(text), world.mono,
                            world.wall);
}
