/*
 * Unit tests of collector/publish.c over a real spool and a link of our own:
 * the test answers, loses and acknowledges by hand, and time is what it says.
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/publish.h"
#include "collector/stats.h"
#include "common/batch.h"
#include "common/crc32c.h"
#include "common/log.h"

#define SENT_MAX 4096

static uint8_t boot; /* 0: the kernel offers no id, so clocks tell nothing */

void __wrap_gong_clock_boot_id(uint8_t out[16]);

void
__wrap_gong_clock_boot_id(uint8_t out[16])
{
    memset(out, boot, 16);
}

struct sent {
    struct gong_batch_header header;
    uint64_t tag;
    bool status; /* on the status topic */
    bool answered;
    char text[512]; /* of a status message, or the body's start */
};

static struct world {
    char dir[64];
    struct gong_spooler_options spool;
    struct gong_publish_options options;
    struct gong_spooler *spooler;
    struct gong_cadence *cadence;
    struct gong_publish *publish;
    struct gong_mqtt_handlers handlers;
    gong_mono_t mono;
    gong_wall_t wall;
    bool refuse; /* the link takes nothing */
    struct sent sent[SENT_MAX];
    size_t count;
    size_t seen; /* by the test */
} world;

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

static void
open_world(void)
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

static void
close_world(void)
{
    gong_publish_free(world.publish);
    gong_cadence_free(world.cadence);
    gong_spooler_close(world.spooler);
}

static int
setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    boot = 0;
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
    open_world();
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

static int
teardown(void **state)
{
    (void)state;
    close_world();
    empty_folder(world.dir);
    return 0;
}

/* ---- what the tests do ---- */

static enum gong_err
append_one(void)
{
    static const char line[] = "m v=1 1760000000000000000\n";

    return gong_spooler_append(world.spooler, gong_str_of(line), NULL);
}

static void
append(int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(append_one(), GONG_OK);
    }
}

static void
step_after(gong_dur_t length)
{
    world.mono = gong_mono_add(world.mono, length);
    world.wall.ns += length.ns;
    (void)gong_publish_step(world.publish, world.mono, world.wall);
}

static void
step(void)
{
    step_after(gong_dur_ms(0));
}

static void
connect_link(void)
{
    (void)world.handlers.will_payload(world.handlers.ctx);
    world.handlers.connected(world.handlers.ctx, false);
}

/* The next message must be data with this number. */
static const struct gong_batch_header *
expect_data(uint64_t seq)
{
    const struct sent *sent = &world.sent[world.seen];

    assert_true(world.seen < world.count);
    assert_false(sent->status);
    assert_int_equal(sent->header.seq, seq);
    world.seen++;
    return &sent->header;
}

static const char *
expect_status(void)
{
    assert_true(world.seen < world.count);
    assert_true(world.sent[world.seen].status);
    return world.sent[world.seen++].text;
}

static void
expect_nothing(void)
{
    assert_int_equal(world.count, world.seen);
}

static void
expect_range(uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        (void)expect_data(seq);
    }
    expect_nothing();
}

/* Answers all that is in flight. */
static void
answer_all(bool ok)
{
    for (size_t i = 0; i < world.count; i++) {
        if (!world.sent[i].answered) {
            world.sent[i].answered = true;
            world.handlers.published(world.handlers.ctx, world.sent[i].tag, ok);
        }
    }
}

static void
lose_link(void)
{
    answer_all(false);
    world.handlers.disconnected(world.handlers.ctx, "test");
}

/* Sends and answers until nothing more goes out. */
static void
pump(void)
{
    size_t before;

    do {
        before = world.count;
        step();
        answer_all(true);
    } while (world.count > before);
}

static void
ack_at(uint64_t epoch, uint64_t cum, const char *ranges, int64_t now_ms)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "{\"agent\":\"a\",\"journal\":\"j\",\"epoch\":\"%016" PRIx64
                   "\",\"cum\":%" PRIu64 ",\"ranges\":%s,\"now\":%" PRId64 "}",
                   epoch, cum, ranges, now_ms);
    gong_publish_handle_ack(world.publish, gong_str_of(text), world.mono,
                            world.wall);
}

static void
ack(uint64_t cum, const char *ranges)
{
    ack_at(gong_spooler_epoch(world.spooler), cum, ranges,
           world.wall.ns / GONG_NS_PER_MS);
}

static size_t
count_status(void)
{
    size_t count = 0;

    for (size_t i = 0; i < world.count; i++) {
        count += world.sent[i].status;
    }
    return count;
}

/* An ack that also says which birth the agent has. */
static void
ack_birth(uint32_t birth)
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

/* ---- tests ---- */

/* A broker whose queue for the agent was full has dropped it. */
static void
a_birth_that_the_agent_does_not_have_is_told_again(void **state)
{
    const char *birth;

    (void)state;
    append(1);
    connect_link();
    step();
    birth = expect_status();
    ack_birth(0);
    step();
    assert_int_equal(count_status(), 1); /* it may be on its way */
    world.mono = gong_mono_add(world.mono, gong_dur_s(6));
    ack_birth(gong_crc32c(0, birth, strlen(birth)));
    step();
    assert_int_equal(count_status(), 1);
    ack_birth(0);
    step();
    assert_int_equal(count_status(), 2);
}

static void
keeps_the_window(void **state)
{
    (void)state;
    append(20);
    step();
    expect_nothing();
    connect_link();
    step();
    assert_non_null(strstr(expect_status(), "\"state\":\"online\""));
    expect_range(1, 8);
    assert_int_equal(world.sent[1].header.low, 1);
    assert_int_equal(world.sent[1].header.points, 1);
    assert_int_equal(world.sent[1].header.epoch,
                     gong_spooler_epoch(world.spooler));
    assert_int_equal(world.sent[1].header.lane, GONG_LANE_LIVE);
    assert_string_equal(world.sent[1].text, "m v=1 1760000000000000000\n");
    world.handlers.published(world.handlers.ctx, 0, true);
    step();
    expect_nothing();
    world.handlers.published(world.handlers.ctx, 1, true);
    world.handlers.published(world.handlers.ctx, 1, true);
    step();
    expect_range(9, 9);
}

static void
sends_again_after_a_lost_link(void **state)
{
    (void)state;
    append(4);
    connect_link();
    step();
    (void)expect_status();
    expect_range(1, 4);
    lose_link();
    append(2);
    step();
    expect_nothing();
    connect_link();
    step();
    (void)expect_status();
    expect_range(1, 6);
}

/* What the broker had answered for goes again too, unless an ack comes. */
static void
sends_puback_ed_again_after_reconnect(void **state)
{
    (void)state;
    append(4);
    connect_link();
    pump();
    (void)expect_status();
    expect_range(1, 4);
    lose_link();
    connect_link();
    step();
    (void)expect_status();
    ack(2, "[]");
    step();
    expect_nothing();
    step_after(gong_dur_s(2));
    expect_range(3, 4);
}

static void
settles_by_cum_and_ranges(void **state)
{
    (void)state;
    append(6);
    connect_link();
    pump();
    (void)expect_status();
    expect_range(1, 6);
    ack(1, "[[3,4],[6,6]]");
    append(1);
    step();
    assert_int_equal(expect_data(7)->low, 2);
    answer_all(true);
    /* Only 2, 5 and 7 are left to be sent again. */
    step_after(gong_dur_s(40));
    (void)expect_data(2);
    (void)expect_data(5);
    (void)expect_data(7);
    expect_nothing();
}

static void
sends_again_with_growing_patience(void **state)
{
    (void)state;
    append(1);
    connect_link();
    pump();
    (void)expect_status();
    expect_range(1, 1);
    step_after(gong_dur_s(20));
    expect_nothing();
    step_after(gong_dur_s(12));
    expect_range(1, 1);
}

static void
other_epochs_and_bad_acks_settle_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"epoch\":5}",
        "\xff\xfe",
        "{\"epoch\":\"",
        "{\"epoch\":\"%s\",\"cum\":-1,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":1.5,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":\"1\",\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":1}",
        "{\"epoch\":\"%s\",\"cum\":1,\"now\":-5}",
        "{\"epoch\":\"%s\",\"cum\":1,\"now\":9223372036854775807}",
        "{\"epoch\":\"%s\",\"cum\":1,\"cum\":3,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":99,\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[[2,99]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[[3,2]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":2,\"ranges\":[[1,3]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[[2]],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":[2],\"now\":1}",
        "{\"epoch\":\"%s\",\"cum\":0,\"ranges\":{},\"now\":1}",
        "{\"epoch\":\"%sX\",\"cum\":3,\"now\":1}",
    };
    uint64_t before = gong_counter_get(&gong_stats()->acks_refused);
    char epoch[17];

    (void)state;
    append(3);
    connect_link();
    pump();
    (void)snprintf(epoch, sizeof epoch, "%016" PRIx64,
                   gong_spooler_epoch(world.spooler));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        const char *hole = strstr(bad[i], "%s");
        int front = hole == NULL ? (int)strlen(bad[i]) : (int)(hole - bad[i]);

        (void)snprintf(text, sizeof text, "%.*s%s%s", front, bad[i],
                       hole == NULL ? "" : epoch, hole == NULL ? "" : hole + 2);
        gong_publish_handle_ack(world.publish, gong_str_of(text), world.mono,
                                world.wall);
        assert_int_equal(gong_counter_get(&gong_stats()->acks_refused),
                         before + i + 1);
    }
    ack_at(gong_spooler_epoch(world.spooler) + 1, 3, "[]", 1);
    world.seen = world.count;
    step_after(gong_dur_s(31));
    expect_range(1, 3);
}

/* The agent has numbers of this spool that it never gave out: the spool is an
 * older copy of itself, and its numbers stand for other batches over there.
 * They would be taken for duplicates and settled unread, or never settled. */
static void
an_older_copy_of_the_spool_begins_an_epoch(void **state)
{
    uint64_t old = gong_spooler_epoch(world.spooler);
    uint64_t fresh;

    (void)state;
    append(3);
    connect_link();
    pump();
    (void)expect_status();
    expect_range(1, 3);
    /* Once or twice may be anything. */
    ack(500, "[]");
    ack(500, "[]");
    step_after(gong_dur_s(2));
    expect_nothing();
    ack(500, "[]");
    step();
    (void)expect_status();
    step_after(gong_dur_s(2));
    fresh = expect_data(1)->epoch;
    assert_int_not_equal(fresh, old);
    assert_int_equal(expect_data(2)->epoch, fresh);
    assert_int_equal(expect_data(3)->low, 1);
    expect_nothing();
    answer_all(true);
    /* What is said of the old one no longer counts. */
    ack_at(old, 3, "[]", 1);
    ack_at(fresh, 2, "[]", world.wall.ns / GONG_NS_PER_MS);
    step_after(gong_dur_s(70));
    assert_int_equal(expect_data(3)->epoch, fresh);
    expect_nothing();
    /* And nobody can make it go round in circles. */
    for (int i = 0; i < 9; i++) {
        ack_at(fresh, 500, "[]", 1);
    }
    append(1);
    step();
    assert_int_equal(expect_data(4)->epoch, fresh);
    expect_nothing();
}

static void
at_most_64_unsettled_then_probes(void **state)
{
    (void)state;
    append(100);
    connect_link();
    pump();
    (void)expect_status();
    expect_range(1, 64);
    step_after(gong_dur_ms(500));
    expect_nothing();
    step_after(gong_dur_ms(700));
    expect_range(1, 1);
    answer_all(true);
    step_after(gong_dur_ms(1500));
    expect_nothing();
    step_after(gong_dur_ms(600));
    expect_range(1, 1);
    answer_all(true);
    ack(64, "[]");
    pump();
    expect_range(65, 100);
}

static void
goes_on_after_a_restart(void **state)
{
    (void)state;
    append(6);
    connect_link();
    pump();
    ack(4, "[[6,6]]");
    step_after(gong_dur_s(2));
    close_world();
    open_world();
    assert_int_equal(gong_spooler_last_seq(world.spooler), 6);
    append(1);
    connect_link();
    pump();
    (void)expect_status();
    assert_int_equal(expect_data(5)->low, 5);
    expect_range(6, 7);
    /* An agent that has more than we remember: it is not sent again. */
    close_world();
    open_world();
    append(1);
    connect_link();
    ack(7, "[]");
    pump();
    (void)expect_status();
    expect_range(8, 8);
}

static void
fresh_before_a_long_backlog(void **state)
{
    (void)state;
    close_world();
    world.options.lanes.backlog_rate = 1;
    open_world();
    append(40);
    /* Ten minutes later they are old, and more than 30 s of sending. */
    world.wall.ns += gong_dur_s(600).ns;
    connect_link();
    pump();
    (void)expect_status();
    assert_int_equal(expect_data(1)->lane, GONG_LANE_BACK);
    expect_nothing();
    append(3);
    pump();
    assert_int_equal(expect_data(41)->lane, GONG_LANE_LIVE);
    assert_int_equal(expect_data(42)->low, 1);
    (void)expect_data(43);
    expect_nothing();
    ack(0, "[[41,43]]");
    step_after(gong_dur_s(1));
    answer_all(true);
    assert_int_equal(expect_data(2)->lane, GONG_LANE_BACK);
    expect_nothing();
    /* The bucket holds one second, so an hour's pause is no burst. */
    for (uint64_t seq = 3; seq <= 40; seq++) {
        step_after(gong_dur_s(1));
        answer_all(true);
        ack(seq, "[[41,43]]");
        assert_int_equal(expect_data(seq)->lane, GONG_LANE_BACK);
    }
    append(1);
    step();
    assert_int_equal(expect_data(44)->low, 44);
    expect_nothing();
}

static void
short_backlog_goes_in_order(void **state)
{
    (void)state;
    append(40);
    world.wall.ns += gong_dur_s(600).ns;
    connect_link();
    pump();
    (void)expect_status();
    for (uint64_t seq = 1; seq <= 40; seq++) {
        assert_int_equal(expect_data(seq)->lane, GONG_LANE_LIVE);
    }
}

static void
link_that_takes_nothing_loses_nothing(void **state)
{
    (void)state;
    append(2);
    connect_link();
    world.refuse = true;
    step();
    expect_nothing();
    world.refuse = false;
    step();
    (void)expect_status();
    expect_range(1, 2);
    append(1);
    world.refuse = true;
    step();
    world.refuse = false;
    step();
    expect_range(3, 3);
}

/* The least of the measurements: the network only adds to it. */
static void
measures_the_clock_offset(void **state)
{
    uint64_t epoch = gong_spooler_epoch(world.spooler);
    int64_t now = world.wall.ns / GONG_NS_PER_MS;

    (void)state;
    append(1);
    connect_link();
    step();
    (void)expect_status();
    assert_int_equal(expect_data(1)->off_ms, 0);
    ack_at(epoch, 0, "[]", now - 900);
    ack_at(epoch, 0, "[]", now - 500);
    ack_at(epoch, 0, "[]", now - 700);
    append(1);
    step();
    assert_int_equal(expect_data(2)->off_ms, 500);
}

/* An ack of three seconds ago settles what the process before had sent, after
 * it was sent once more: this says nothing of the clocks. */
static void
late_ack_after_a_restart_is_no_offset(void **state)
{
    uint64_t epoch = gong_spooler_epoch(world.spooler);
    int64_t now = world.wall.ns / GONG_NS_PER_MS;

    (void)state;
    append(1);
    connect_link();
    step();
    close_world();
    open_world();
    connect_link();
    step();
    (void)expect_status();
    (void)expect_data(1);
    ack_at(epoch, 1, "[]", now - 3000);
    append(1);
    step();
    assert_int_equal(expect_data(2)->off_ms, 0);
    /* What this one sent first does: the agent's clock is behind. */
    ack_at(epoch, 2, "[]", now - 3000);
    append(1);
    step();
    assert_int_equal(expect_data(3)->off_ms, 3000);
}

static void
tells_when_measurements_become_known(void **state)
{
    const char *text;

    (void)state;
    connect_link();
    step();
    text = expect_status();
    assert_non_null(strstr(text, "\"every\":{}"));
    gong_cadence_note(world.cadence, gong_str_of("cpu,c=1 v=1 1\nm\\ x v=1\n"),
                      gong_dur_s(10));
    step_after(gong_dur_s(1));
    expect_nothing();
    step_after(gong_dur_s(5));
    text = expect_status();
    assert_non_null(strstr(text, "\"every\":{\"cpu\":10.0}"));
    step_after(gong_dur_s(20));
    expect_nothing();
}

static void
says_goodbye_with_its_conn(void **state)
{
    char will[80];
    const char *conn;
    const char *goodbye;

    (void)state;
    (void)snprintf(will, sizeof will, "%s",
                   world.handlers.will_payload(world.handlers.ctx));
    world.handlers.connected(world.handlers.ctx, false);
    step();
    conn = strstr(will, "\"conn\"");
    assert_non_null(conn);
    assert_non_null(strstr(will, "\"state\":\"offline\""));
    assert_memory_equal(strstr(expect_status(), "\"conn\""), conn, 25);
    append(2);
    gong_publish_stop(world.publish, gong_dur_ms(0));
    goodbye = expect_status();
    assert_non_null(strstr(goodbye, "\"state\":\"offline\""));
    assert_memory_equal(strstr(goodbye, "\"conn\""), conn, 25);
    assert_non_null(strstr(goodbye, "\"next\":3}"));
    assert_string_not_equal(will,
                            world.handlers.will_payload(world.handlers.ctx));
}

/* ---- a device that booted in 1970 ---- */

/* Appends as if at that time: what the record says is the machine's own clock,
 * so the test's clocks are set to make it look like 1970. */
static void
boot_in_1970(void)
{
    close_world();
    boot = 1;
    open_world();
    world.mono = gong_mono_now();
    world.wall = (gong_wall_t){gong_dur_s(100).ns};
}

/* How far the clock that stamped the batch was from the agent's. */
static int64_t
true_off_ms(const struct gong_batch_header *header, gong_wall_t agent)
{
    /* The record was made at mono, by the machine's wall clock. */
    return header->at_ms - agent.ns / GONG_NS_PER_MS;
}

static void
nothing_goes_before_the_time_is_known(void **state)
{
    const struct gong_batch_header *header;
    gong_wall_t truth;

    (void)state;
    boot_in_1970();
    append(2);
    truth = gong_wall_now();
    connect_link();
    step();
    assert_non_null(strstr(expect_status(), "\"next\":3"));
    expect_nothing();
    step_after(gong_dur_s(5));
    expect_nothing();
    /* The agent's ack to the birth: it says that it is an hour earlier than
     * the records believe. */
    truth.ns -= gong_dur_s(3600).ns;
    ack_at(gong_spooler_epoch(world.spooler), 0, "[]",
           (truth.ns + gong_dur_s(5).ns) / GONG_NS_PER_MS);
    step();
    header = expect_data(1);
    assert_true(llabs(header->off_ms - true_off_ms(header, truth)) < 1000);
    assert_false(header->placed);
    (void)expect_data(2);
}

static void
the_clock_being_set_is_enough(void **state)
{
    const struct gong_batch_header *header;

    (void)state;
    boot_in_1970();
    append(1);
    connect_link();
    step();
    (void)expect_status();
    expect_nothing();
    world.wall = gong_wall_now();
    step_after(gong_dur_s(1));
    header = expect_data(1);
    assert_true(llabs(header->off_ms) < 1500);
}

static void
without_any_time_they_go_after_a_minute(void **state)
{
    (void)state;
    boot_in_1970();
    append(1);
    connect_link();
    step();
    (void)expect_status();
    step_after(gong_dur_s(59));
    expect_nothing();
    step_after(gong_dur_s(2));
    (void)expect_data(1);
}

/* Measured by a clock that was then set by an hour: off has the hour, also
 * where acks had told of the clock before. */
static void
a_clock_that_is_set_takes_its_measures_along(void **state)
{
    const struct gong_batch_header *header;

    (void)state;
    close_world();
    boot = 1;
    open_world();
    world.mono = gong_mono_now();
    world.wall = gong_wall_now();
    append(1);
    connect_link();
    step();
    (void)expect_status();
    (void)expect_data(1);
    answer_all(true);
    ack(1, "[]");
    append(1);
    world.wall.ns += gong_dur_s(3600).ns;
    step();
    header = expect_data(2);
    /* An hour back by the step, an hour ahead of the agent: none in all. */
    assert_true(llabs(header->off_ms) < 1500);
}

static void
headers_say_what_a_batch_holds(void **state)
{
    const struct gong_batch_header *header;

    (void)state;
    assert_int_equal(gong_spooler_append(world.spooler,
                                         gong_str_of("m v=1,s=\"x\",b=t 1\n"
                                                     "m v=1 2\n"),
                                         NULL),
                     GONG_OK);
    connect_link();
    step();
    (void)expect_status();
    header = expect_data(1);
    assert_int_equal(header->points, 2);
    assert_int_equal(header->samples, 3);
    assert_true(header->at_ms > INT64_C(1500000000000));
    assert_int_equal(header->lost_points, 0);
}

static void
full_spool_blocks(void **state)
{
    struct gong_spooler_taken taken = {7, 7};
    uint64_t dropped = gong_counter_get(&gong_stats()->points_dropped);
    uint64_t last;

    (void)state;
    close_world();
    world.spool.size = 131072;
    open_world();
    while (append_one() == GONG_OK) {
    }
    last = gong_spooler_last_seq(world.spooler);
    assert_int_equal(gong_spooler_append(world.spooler,
                                         gong_str_of("a v=1 1\n"
                                                     "b v=1 1\n"),
                                         &taken),
                     GONG_ERR_NO_SPACE);
    assert_int_equal(taken.accepted, 0);
    assert_int_equal(taken.held, 0);
    assert_int_equal(gong_spooler_last_seq(world.spooler), last);
    assert_int_equal(gong_counter_get(&gong_stats()->points_dropped),
                     dropped + 3);
    /* Settling makes room. */
    connect_link();
    for (uint64_t seq = 64; seq < last; seq += 64) {
        pump();
        ack(seq, "[]");
    }
    pump();
    ack(last, "[]");
    step_after(gong_dur_s(2));
    assert_int_equal(append_one(), GONG_OK);
    assert_int_equal(gong_spooler_last_seq(world.spooler), last + 1);
}

static void
drop_oldest_goes_on_with_what_is_left(void **state)
{
    struct gong_drops_sums sums;
    uint64_t low;

    (void)state;
    close_world();
    world.spool.policy = GONG_SPOOL_DROP_OLDEST;
    world.spool.size = 131072;
    open_world();
    append(4);
    connect_link();
    step();
    (void)expect_status();
    expect_range(1, 4);
    lose_link();
    append(3000);
    connect_link();
    step();
    (void)expect_status();
    /* 1 to 4 are gone from the spool: not sent again. */
    low = world.sent[world.seen].header.seq;
    assert_true(low > 4);
    assert_true(low < 3004);
    assert_int_equal(expect_data(low)->low, low);
    assert_true(world.sent[world.seen - 1].header.lost_points > 0);
    expect_range(low + 1, low + 7);
    /* What was dropped is not damaged as well. */
    gong_drops_sums(gong_spooler_drops(world.spooler), &sums);
    assert_int_equal(sums.damaged, 0);
    assert_int_equal(sums.batches, low - 1);
}

static void
torn_tail_never_reuses_a_number(void **state)
{
    struct gong_spool_stats stats;
    char name[128];
    FILE *file;

    (void)state;
    append(3);
    gong_spool_stats(gong_spooler_spool(world.spooler), &stats);
    close_world();
    (void)snprintf(name, sizeof name, "%s/%016x.segment", world.dir, 0);
    file = fopen(name, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)stats.end - 12, SEEK_SET), 0);
    assert_int_equal(fputc('X', file), 'X');
    assert_int_equal(fclose(file), 0);
    open_world();
    append(1);
    assert_int_equal(gong_spooler_last_seq(world.spooler),
                     2 + GONG_SPOOLER_JUMP + 2); /* it and a report */
    close_world();
    open_world();
    append(1);
    assert_int_equal(gong_spooler_last_seq(world.spooler),
                     2 + GONG_SPOOLER_JUMP + 3);
}

static void
long_appends_become_several_batches(void **state)
{
    static char lines[400000];
    size_t len = 0;
    struct gong_spooler_taken taken = {0};
    uint64_t count = 0;
    uint64_t points = 0;

    (void)state;
    while (len + 64 < sizeof lines) {
        len +=
            (size_t)snprintf(lines + len, sizeof lines - len,
                             "m v=%" PRIu64 "i 1760000000000000000\n", count++);
    }
    assert_int_equal(
        gong_spooler_append(world.spooler, gong_str_from(lines, len), &taken),
        GONG_OK);
    assert_int_equal(taken.accepted, count);
    assert_int_equal(gong_spooler_last_seq(world.spooler), 13);
    connect_link();
    pump();
    (void)expect_status();
    for (uint64_t seq = 1; seq <= 13; seq++) {
        points += expect_data(seq)->points;
    }
    assert_int_equal(points, count);
}

/* The thread itself, woken by what is appended, and its end. */
static void
thread_sends_and_flushes(void **state)
{
    (void)state;
    assert_int_equal(gong_publish_start(world.publish), GONG_OK);
    connect_link();
    append(5);
    gong_publish_stop(world.publish, gong_dur_ms(100));
    (void)expect_status();
    for (uint64_t seq = 1; seq <= 5; seq++) {
        (void)expect_data(seq);
    }
    (void)expect_status();
    expect_nothing();
}

/* What was settled in an earlier life is nothing to wait for: with it, this
 * test would take ten minutes. */
static void
stops_at_once_after_a_restart(void **state)
{
    (void)state;
    append(3);
    connect_link();
    pump();
    ack(3, "[]");
    step_after(gong_dur_s(2));
    close_world();
    open_world();
    connect_link();
    gong_publish_stop(world.publish, gong_dur_s(600));
    assert_int_equal(world.count, 1); /* the goodbye */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_birth_that_the_agent_does_not_have_is_told_again),
        TEST(keeps_the_window),
        TEST(sends_again_after_a_lost_link),
        TEST(sends_puback_ed_again_after_reconnect),
        TEST(settles_by_cum_and_ranges),
        TEST(sends_again_with_growing_patience),
        TEST(other_epochs_and_bad_acks_settle_nothing),
        TEST(an_older_copy_of_the_spool_begins_an_epoch),
        TEST(at_most_64_unsettled_then_probes),
        TEST(goes_on_after_a_restart),
        TEST(fresh_before_a_long_backlog),
        TEST(short_backlog_goes_in_order),
        TEST(link_that_takes_nothing_loses_nothing),
        TEST(measures_the_clock_offset),
        TEST(nothing_goes_before_the_time_is_known),
        TEST(the_clock_being_set_is_enough),
        TEST(without_any_time_they_go_after_a_minute),
        TEST(a_clock_that_is_set_takes_its_measures_along),
        TEST(headers_say_what_a_batch_holds),
        TEST(late_ack_after_a_restart_is_no_offset),
        TEST(tells_when_measurements_become_known),
        TEST(says_goodbye_with_its_conn),
        TEST(full_spool_blocks),
        TEST(drop_oldest_goes_on_with_what_is_left),
        TEST(torn_tail_never_reuses_a_number),
        TEST(long_appends_become_several_batches),
        TEST(stops_at_once_after_a_restart),
        TEST(thread_sends_and_flushes),
    };

    gong_log_init("test_publish", GONG_LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
