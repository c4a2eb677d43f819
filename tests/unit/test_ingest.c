#include "agent/ingest.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/set_aside.h"
#include "common/crc32c.h"
#include "sink_fixture.h"

#define EPOCH 0xaaULL

struct world {
    struct sinks *sinks;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    char aside[96];
    size_t message_max; /* 0: 4096 */
};

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

static void
open_world(struct world *world, size_t devices_max, double burst)
{
    struct gong_ingest_options options = {
        .message_max = world->message_max > 0 ? world->message_max : 4096,
        .set_aside_file = world->aside};

    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    world->receive = new_receive(devices_max, burst);
    world->ingest = gong_ingest_new(&options, world->sinks->journal,
                                    world->receive, world->sinks->counters);
    assert_non_null(world->ingest);
}

static void
close_world(struct world *world)
{
    gong_ingest_free(world->ingest);
    gong_receive_free(world->receive);
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    open_world(world, 100, 10000);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    close_world(world);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

static uint64_t
results(const struct world *world, const char *result)
{
    char labels[64];

    (void)snprintf(labels, sizeof labels, "result=\"%s\"", result);
    return sinks_count(world->sinks, "gong_agent_messages_total", labels);
}

static void
receive(const struct world *world, const char *topic, const char *message)
{
    gong_ingest_message(world->ingest, gong_str_of(topic),
                        gong_str_of(message));
}

/* A batch of one line; flip damages its body. */
static void
receive_batch(const struct world *world, uint64_t seq, uint64_t low, bool flip)
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
    receive(world, "gong/v1/22015/lamp-1/data", message);
}

/* How many records of this type the journal holds. */
static int
journaled(const struct world *world, enum gong_record_type type)
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

static void
a_plain_line_is_journaled_as_it_came(void **state)
{
    struct world *world = *state;
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    static const char expected[] = "\x05\x06"
                                   "22015"
                                   "lamp-1"
                                   "lamp temp=41.5";

    receive(world, "gong/v1/22015/lamp-1/data", "lamp temp=41.5");
    assert_int_equal(results(world, "journaled"), 1);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    assert_int_equal(gong_spool_cursor_next(cursor, UINT64_MAX, &record),
                     GONG_OK);
    assert_int_equal(record.payload.len, sizeof expected - 1);
    assert_memory_equal(record.payload.data, expected, record.payload.len);
    gong_spool_cursor_close(cursor);
}

static void
a_batch_is_journaled_once(void **state)
{
    struct world *world = *state;
    static const uint64_t arrivals[] = {1, 2, 5, 4, 5, 1, 3, 3, 6};

    for (size_t i = 0; i < sizeof arrivals / sizeof arrivals[0]; i++) {
        receive_batch(world, arrivals[i], 1, false);
    }
    assert_int_equal(results(world, "journaled"), 6);
    assert_int_equal(results(world, "duplicate"), 3);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 6);
}

static void
dedup_survives_a_restart(void **state)
{
    struct world *world = *state;
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    receive_batch(world, 1, 1, false);
    receive_batch(world, 3, 1, false);
    close_world(world);
    sinks_reopen(world->sinks);
    open_world(world, 100, 10000);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        gong_receive_learn(world->receive, &record);
    }
    gong_spool_cursor_close(cursor);
    receive_batch(world, 1, 1, false);
    receive_batch(world, 3, 1, false);
    receive_batch(world, 2, 1, false);
    assert_int_equal(results(world, "duplicate"), 2);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 3);
}

static void
learning_passes_over_what_is_no_batch(void **state)
{
    struct world *world = *state;
    static const char *const payloads[] = {
        "", "\x05", "\xff\xff", "\x01\x01", "\x01\x01../x", "\x01\x01xyno"};

    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct gong_record record = {.meta = {.type = GONG_RECORD_DATA},
                                     .payload = gong_str_of(payloads[i])};

        gong_receive_learn(world->receive, &record);
    }
    assert_int_equal(gong_receive_devices(world->receive), 0);
}

static void
what_the_sender_dropped_is_not_waited_for(void **state)
{
    struct world *world = *state;
    struct gong_receive_ack ack;

    receive_batch(world, 1042, 1001, false);
    assert_true(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    assert_int_equal(ack.cum, 1000);
    assert_int_equal(ack.range_count, 1);
    assert_int_equal(ack.ranges[0].first, 1042);
    receive_batch(world, 900, 1001, false);
    assert_int_equal(results(world, "malformed_header"), 1); /* low > seq */
}

static void
a_damaged_batch_is_set_aside_at_the_third_try(void **state)
{
    struct world *world = *state;
    char *aside;

    receive_batch(world, 1, 1, true);
    receive_batch(world, 2, 1, true);
    receive_batch(world, 1, 1, true);
    assert_int_equal(results(world, "damaged"), 3);
    assert_int_equal(results(world, "set_aside"), 0);
    receive_batch(world, 1, 1, true);
    assert_int_equal(results(world, "set_aside"), 1);
    receive_batch(world, 1, 1, true); /* settled: its ack goes out again */
    assert_int_equal(results(world, "duplicate"), 1);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 0);
    aside = sinks_read(world->sinks, "aside");
    assert_non_null(strstr(aside, "== 22015/lamp-1 epoch=00000000000000aa "
                                  "seq=1 "));
    assert_non_null(strstr(aside, "#gong v=1 "));
    free(aside);
    receive_batch(world, 2, 1, false); /* the other one came well */
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 1);
}

/* Its header may be as wrong as its body. */
static void
a_damaged_header_settles_its_own_batch_alone(void **state)
{
    struct world *world = *state;
    struct gong_receive_ack ack;

    receive_batch(world, 1, 1, false);
    for (int i = 0; i < 3; i++) {
        receive_batch(world, 9, 9, true);
    }
    assert_int_equal(results(world, "set_aside"), 1);
    assert_true(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    assert_int_equal(ack.cum, 1);
    assert_int_equal(ack.range_count, 1);
    assert_int_equal(ack.ranges[0].first, 9);
    receive_batch(world, 2, 1, false);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 2);
}

/* Only a file that has grown to its bound lets a batch go. */
static void
a_batch_that_cannot_be_set_aside_comes_again(void **state)
{
    struct world *world = *state;
    struct gong_receive_ack ack;
    FILE *full;

    (void)snprintf(world->aside, sizeof world->aside, "%s/no/aside",
                   world->sinks->dir);
    for (int i = 0; i < 4; i++) {
        receive_batch(world, 1, 1, true);
    }
    assert_int_equal(results(world, "damaged"), 2);
    assert_int_equal(results(world, "set_aside_failed"), 2);
    assert_int_equal(results(world, "set_aside"), 0);
    assert_false(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    full = fopen(world->aside, "w");
    assert_non_null(full);
    assert_int_equal(fseek(full, GONG_SET_ASIDE_MAX - 10, SEEK_SET), 0);
    assert_int_equal(fputc('x', full), 'x');
    assert_int_equal(fclose(full), 0);
    receive_batch(world, 1, 1, true);
    assert_int_equal(results(world, "set_aside"), 1);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_set_aside_lost_total", ""), 1);
    receive_batch(world, 1, 1, true);
    assert_int_equal(results(world, "duplicate"), 1);
}

static off_t
size_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

/* The disk takes 50 bytes more: half a batch must not stay, or the next one's
 * title would stand in the middle of a line. */
static void
a_batch_that_does_not_fit_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct gong_batch_header header = {.epoch = 1, .seq = 2};
    struct gong_device_name device = {gong_str_of("22015"),
                                      gong_str_of("lamp-1")};
    struct gong_str message = gong_str_of("a message of some length\n");
    struct rlimit before, tight;
    off_t size;

    assert_int_equal(
        gong_set_aside_write(world->aside, device, &header, message), GONG_OK);
    size = size_of(world->aside);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)size + 50;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(
        gong_set_aside_write(world->aside, device, &header, message),
        GONG_ERR_NO_SPACE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(size_of(world->aside), size);
}

static void
a_header_that_cannot_be_read_is_counted(void **state)
{
    struct world *world = *state;

    receive(world, "gong/v1/22015/lamp-1/data", "#gong v=2 what=ever\nx y=1\n");
    receive(world, "gong/v1/22015/lamp-1/data", "#gong ");
    assert_int_equal(results(world, "malformed_header"), 2);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 0);
}

static void
a_status_is_presence(void **state)
{
    struct world *world = *state;

    receive(world, "gong/v1/22015/lamp-1/status",
            "{\"state\":\"online\",\"conn\":\"1f\",\"every\":{\"cpu\":10.0}}");
    receive(world, "gong/v1/22015/lamp-1/status",
            "{\"state\":\"offline\",\"conn\":\"1f\"}");
    receive(world, "gong/v1/22015/lamp-1/status", ""); /* cleared */
    assert_int_equal(results(world, "presence"), 3);
    assert_int_equal(journaled(world, GONG_RECORD_PRESENCE), 3);
    receive(world, "gong/v1/agents/a1/status", "{}");
    assert_int_equal(results(world, "agent_status"), 1);
    receive(world, "gong/v1/22015/lamp-1/status", "{\"status\":\"online\"}");
    receive(world, "gong/v1/22015/lamp-1/status", "offline");
    assert_int_equal(results(world, "malformed_status"), 2);
    assert_int_equal(journaled(world, GONG_RECORD_PRESENCE), 3);
}

static void
hostile_topics_are_refused(void **state)
{
    struct world *world = *state;
    static const char *const topics[] = {
        "",
        "gong",
        "gong/v1",
        "gong/v1//x/data",
        "gong/v1/a//data",
        "gong/v1/a/b/",
        "gong/v1/a/b/data/more",
        "gong/v1/../b/data",
        "gong/v1/A/b/data",
        "gong/v1/a/b c/data",
        "gong/v1/a/\x1b[2J/data",
        "gong/v1/a/b/ack",
        "gong/v1/$SYS/b/data",
        "gong/v2/a/b/data",
        "gong/v1/"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "/b/data",
    };

    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        receive(world, topics[i], "lamp temp=1");
    }
    assert_int_equal(results(world, "bad_topic"),
                     sizeof topics / sizeof topics[0]);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 0);
    assert_int_equal(gong_receive_devices(world->receive), 0);
}

static void
the_agents_own_site_is_reserved(void **state)
{
    struct world *world = *state;

    receive(world, "gong/v1/gong/agent-1/data", "gong_engine_rules value=0");
    receive(world, "gong/v1/gong/agent-1/status", "{}");
    assert_int_equal(results(world, "reserved_site"), 2);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 0);
}

static void
a_large_message_is_refused(void **state)
{
    struct world *world = *state;
    static char large[70000];

    memset(large, 'x', sizeof large);
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(large, 4097));
    gong_ingest_message(world->ingest,
                        gong_str_of("gong/v1/22015/lamp-1/status"),
                        gong_str_from(large, 65537));
    assert_int_equal(results(world, "too_large"), 2);
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(large, 4096));
    assert_int_equal(results(world, "journaled"), 1);
}

/* A batch whose body is size bytes; flip damages it. */
static void
receive_large(const struct world *world, uint64_t seq, size_t size, bool flip)
{
    char line[GONG_BATCH_HEADER_SIZE];
    struct gong_batch_header header = {.epoch = EPOCH, .seq = seq, .low = 1};
    char *message = malloc(sizeof line + size);
    size_t len;

    assert_non_null(message);
    memset(message, 'x', sizeof line + size);
    header.crc = gong_crc32c(0, message, size);
    len = gong_batch_header_format(&header, line);
    memcpy(message, line, len);
    if (flip) {
        message[len] ^= 1;
    }
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(message, len + size));
    free(message);
}

static uint64_t
settled_up_to(const struct world *world)
{
    struct gong_receive_ack ack;

    assert_true(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    return ack.cum;
}

static void
a_batch_too_large_does_not_come_for_ever(void **state)
{
    struct world *world = *state;
    char *aside;

    receive_large(world, 1, 5000, false);
    assert_int_equal(results(world, "too_large"), 1);
    assert_int_equal(settled_up_to(world), 1);
    receive_large(world, 1, 5000, false); /* the ack was lost */
    assert_int_equal(results(world, "too_large"), 1);
    assert_int_equal(results(world, "duplicate"), 1);
    for (int i = 0; i < 3; i++) {
        receive_large(world, 2, 5000, true);
    }
    assert_int_equal(results(world, "damaged"), 2);
    assert_int_equal(results(world, "set_aside"), 1);
    assert_int_equal(settled_up_to(world), 2);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 0);
    aside = sinks_read(world->sinks, "aside");
    assert_non_null(strstr(aside, "== 22015/lamp-1 epoch=00000000000000aa "
                                  "seq=1 "));
    free(aside);
}

/* The journal's segments are of 64 KiB here. */
static void
a_batch_over_the_journals_segment_does_not_come_for_ever(void **state)
{
    struct world *world = *state;
    char *plain = malloc(70000);

    assert_non_null(plain);
    close_world(world);
    world->message_max = (size_t)1 << 20;
    open_world(world, 100, 10000);
    receive_large(world, 1, 70000, false);
    assert_int_equal(results(world, "too_large"), 1);
    assert_int_equal(results(world, "journal_failed"), 0);
    assert_int_equal(settled_up_to(world), 1);
    assert_true(size_of(world->aside) > 70000);
    memset(plain, 'x', 70000); /* nobody sends it again */
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(plain, 70000));
    free(plain);
    assert_int_equal(results(world, "too_large"), 2);
}

static void
a_flood_leaves_other_devices_alone(void **state)
{
    struct world *world = *state;

    close_world(world);
    open_world(world, 100, 5);
    for (int i = 0; i < 20; i++) {
        receive(world, "gong/v1/22015/lamp-1/data", "lamp temp=1");
    }
    receive(world, "gong/v1/22015/lamp-2/data", "lamp temp=1");
    assert_int_equal(results(world, "flood"), 15);
    assert_int_equal(results(world, "journaled"), 6);
}

static void
one_device_too_many_is_refused(void **state)
{
    struct world *world = *state;

    close_world(world);
    open_world(world, 3, 100);
    for (int i = 0; i < 5; i++) {
        char topic[64];

        (void)snprintf(topic, sizeof topic, "gong/v1/22015/lamp-%d/data", i);
        receive(world, topic, "lamp temp=1");
    }
    receive(world, "gong/v1/22015/lamp-1/data", "lamp temp=1");
    assert_int_equal(results(world, "too_many_devices"), 2);
    assert_int_equal(results(world, "journaled"), 4);
}

static void
a_thirty_third_gap_is_not_settled(void **state)
{
    struct world *world = *state;

    for (uint64_t i = 0; i < 33; i++) {
        receive_batch(world, 10 + 2 * i, 1, false);
    }
    assert_int_equal(results(world, "too_many_gaps"), 1);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 32);
    receive_batch(world, 11, 1, false);
    receive_batch(world, 74, 1, false);
    assert_int_equal(journaled(world, GONG_RECORD_DATA), 34);
}

/* A device that makes up spools loses only its own dedup. */
static void
at_most_four_spools_of_a_device_are_known(void **state)
{
    struct world *world = *state;
    struct gong_batch_header header = {.seq = 1, .low = 1};
    struct gong_device_name device = {gong_str_of("22015"),
                                      gong_str_of("lamp-1")};
    gong_mono_t now = gong_mono_now();

    for (header.epoch = 1; header.epoch <= 5; header.epoch++) {
        gong_receive_settle(world->receive, device, &header, 64, INT64_MAX,
                            now);
    }
    header.epoch = 5;
    assert_int_equal(gong_receive_check(world->receive, device, &header, now),
                     GONG_RECEIVE_DUPLICATE);
    header.epoch = 2;
    assert_int_equal(gong_receive_check(world->receive, device, &header, now),
                     GONG_RECEIVE_DUPLICATE);
    header.epoch = 1;
    assert_int_equal(gong_receive_check(world->receive, device, &header, now),
                     GONG_RECEIVE_NEW);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_plain_line_is_journaled_as_it_came),
        T(a_batch_is_journaled_once),
        T(dedup_survives_a_restart),
        T(learning_passes_over_what_is_no_batch),
        T(what_the_sender_dropped_is_not_waited_for),
        T(a_damaged_batch_is_set_aside_at_the_third_try),
        T(a_damaged_header_settles_its_own_batch_alone),
        T(a_batch_that_cannot_be_set_aside_comes_again),
        T(a_batch_that_does_not_fit_leaves_nothing),
        T(a_header_that_cannot_be_read_is_counted),
        T(a_status_is_presence),
        T(hostile_topics_are_refused),
        T(the_agents_own_site_is_reserved),
        T(a_large_message_is_refused),
        T(a_batch_too_large_does_not_come_for_ever),
        T(a_batch_over_the_journals_segment_does_not_come_for_ever),
        T(a_flood_leaves_other_devices_alone),
        T(one_device_too_many_is_refused),
        T(a_thirty_third_gap_is_not_settled),
        T(at_most_four_spools_of_a_device_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
