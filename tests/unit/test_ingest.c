/* What comes in: topics, headers, duplicates, floods, presence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest_fixture.h"

static void
a_plain_line_is_journaled_as_it_came(void **state)
{
    struct ingest_world *world = *state;
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    static const char expected[] = "\x05\x06"
                                   "22015"
                                   "lamp-1"
                                   "lamp temp=41.5";

    ingest_text(world, "gong/v1/22015/lamp-1/data", "lamp temp=41.5");
    assert_int_equal(ingest_results(world, "journaled"), 1);
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

/* The arrivals of all records of data, in their order; how many. */
static size_t
arrivals_of(const struct ingest_world *world, int64_t *ms, size_t max)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    size_t count = 0;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (count < max &&
           gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.meta.type == GONG_RECORD_DATA) {
            ms[count++] = gong_floor_ms(record.meta.wall_ns);
        }
    }
    gong_spool_cursor_close(cursor);
    return count;
}

/* What a broker kept comes at once: each message has an instant of its own, in
 * the order in which they came. */
static void
queued_messages_are_told_apart(void **state)
{
    enum { COUNT = 200 };
    struct ingest_world *world = *state;
    int64_t ms[COUNT];

    for (int i = 0; i < COUNT; i++) {
        ingest_text(world, "gong/v1/22015/lamp-1/data", "lamp temp=41.5");
    }
    assert_int_equal(arrivals_of(world, ms, COUNT), COUNT);
    for (int i = 1; i < COUNT; i++) {
        assert_true(ms[i] > ms[i - 1]);
    }
}

/* Never far ahead of the clock; another device, and a clock that is set back,
 * begin at the clock. */
static void
arrivals_stay_near_the_clock(void **state)
{
    struct ingest_world *world = *state;
    struct gong_device_name one = {gong_str_of("1"), gong_str_of("a")};
    struct gong_device_name other = {gong_str_of("1"), gong_str_of("b")};
    gong_wall_t now = {gong_ms_to_ns(5000000) + 7};
    gong_wall_t back = {gong_ms_to_ns(2000000)};
    gong_mono_t mono = gong_mono_now();
    int64_t last = 0;

    assert_int_equal(gong_receive_admit(world->receive, one, mono),
                     GONG_RECEIVE_NEW);
    assert_int_equal(gong_receive_admit(world->receive, other, mono),
                     GONG_RECEIVE_NEW);
    assert_int_equal(gong_receive_arrival(world->receive, one, now).ns, now.ns);
    for (int i = 1; i <= GONG_RECEIVE_AHEAD_MS; i++) {
        last = gong_receive_arrival(world->receive, one, now).ns;
        assert_int_equal(last, gong_ms_to_ns(5000000 + i));
    }
    assert_int_equal(gong_receive_arrival(world->receive, other, now).ns,
                     now.ns);
    /* What is past the bound stays in order, and with the last one. */
    assert_int_equal(gong_receive_arrival(world->receive, one, now).ns, last);
    now.ns += gong_ms_to_ns(3);
    assert_int_equal(gong_receive_arrival(world->receive, one, now).ns,
                     last + gong_ms_to_ns(1));
    assert_int_equal(gong_receive_arrival(world->receive, one, back).ns,
                     back.ns);
}

static void
a_batch_is_journaled_once(void **state)
{
    struct ingest_world *world = *state;
    static const uint64_t arrivals[] = {1, 2, 5, 4, 5, 1, 3, 3, 6};

    for (size_t i = 0; i < sizeof arrivals / sizeof arrivals[0]; i++) {
        ingest_batch(world, arrivals[i], 1, false);
    }
    assert_int_equal(ingest_results(world, "journaled"), 6);
    assert_int_equal(ingest_results(world, "duplicate"), 3);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 6);
}

static void
dedup_survives_a_restart(void **state)
{
    struct ingest_world *world = *state;
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    ingest_batch(world, 1, 1, false);
    ingest_batch(world, 3, 1, false);
    ingest_close(world);
    sinks_reopen(world->sinks);
    ingest_open(world, 100, 10000);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        gong_receive_learn(world->receive, &record);
    }
    gong_spool_cursor_close(cursor);
    ingest_batch(world, 1, 1, false);
    ingest_batch(world, 3, 1, false);
    ingest_batch(world, 2, 1, false);
    assert_int_equal(ingest_results(world, "duplicate"), 2);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 3);
}

static void
learning_passes_over_what_is_no_batch(void **state)
{
    struct ingest_world *world = *state;
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
    struct ingest_world *world = *state;
    struct gong_receive_ack ack;

    ingest_batch(world, 1042, 1001, false);
    assert_true(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    assert_int_equal(ack.cum, 1000);
    assert_int_equal(ack.range_count, 1);
    assert_int_equal(ack.ranges[0].first, 1042);
    ingest_batch(world, 900, 1001, false);
    /* low > seq */
    assert_int_equal(ingest_results(world, "malformed_header"), 1);
}

static void
a_header_that_cannot_be_read_is_counted(void **state)
{
    struct ingest_world *world = *state;

    ingest_text(world, "gong/v1/22015/lamp-1/data",
                "#gong v=2 what=ever\nx y=1\n");
    ingest_text(world, "gong/v1/22015/lamp-1/data", "#gong ");
    assert_int_equal(ingest_results(world, "malformed_header"), 2);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 0);
}

static void
a_status_is_presence(void **state)
{
    struct ingest_world *world = *state;

    ingest_text(
        world, "gong/v1/22015/lamp-1/status",
        "{\"state\":\"online\",\"conn\":\"1f\",\"every\":{\"cpu\":10.0}}");
    ingest_text(world, "gong/v1/22015/lamp-1/status",
                "{\"state\":\"offline\",\"conn\":\"1f\"}");
    ingest_text(world, "gong/v1/22015/lamp-1/status", ""); /* cleared */
    assert_int_equal(ingest_results(world, "presence"), 3);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_PRESENCE), 3);
    ingest_text(world, "gong/v1/agents/a1/status", "{}");
    assert_int_equal(ingest_results(world, "agent_status"), 1);
    ingest_text(world, "gong/v1/22015/lamp-1/status",
                "{\"status\":\"online\"}");
    ingest_text(world, "gong/v1/22015/lamp-1/status", "offline");
    assert_int_equal(ingest_results(world, "malformed_status"), 2);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_PRESENCE), 3);
}

static void
hostile_topics_are_refused(void **state)
{
    struct ingest_world *world = *state;
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
        ingest_text(world, topics[i], "lamp temp=1");
    }
    assert_int_equal(ingest_results(world, "bad_topic"),
                     sizeof topics / sizeof topics[0]);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 0);
    assert_int_equal(gong_receive_devices(world->receive), 0);
}

static void
the_agents_own_site_is_reserved(void **state)
{
    struct ingest_world *world = *state;

    ingest_text(world, "gong/v1/gong/agent-1/data",
                "gong_engine_rules value=0");
    ingest_text(world, "gong/v1/gong/agent-1/status", "{}");
    assert_int_equal(ingest_results(world, "reserved_site"), 2);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 0);
}

static bool
is_connected(void *ctx)
{
    (void)ctx;
    return true;
}

static bool
keep(void *ctx, const char *topic, struct gong_str payload)
{
    (void)topic;
    (void)snprintf(ctx, GONG_PROBE_LINES_MAX, "%.*s", (int)payload.len,
                   payload.data);
    return true;
}

/* Its own and the newest: nobody else's vouches for anything. */
static void
only_the_agents_own_probe_is_journaled(void **state)
{
    struct ingest_world *world = *state;
    struct gong_trust_probe drill;
    char sent[GONG_PROBE_LINES_MAX] = "";
    const char *why = "";
    uint64_t number = 0;

    ingest_close(world);
    world->trust = gong_trust_new(&(struct gong_trust_options){
        .agent = "agent-1", .counters = world->sinks->counters});
    assert_non_null(world->trust);
    assert_int_equal(
        gong_trust_start(world->trust,
                         &(struct gong_trust_way){sent, is_connected, keep}),
        GONG_OK);
    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_OK);
    ingest_open(world, 100, 10000);
    ingest_text(world, "gong/v1/gong-drill/agent-2/data", sent);
    ingest_text(world, "gong/v1/gong-drill/agent-1/status", "{}");
    assert_int_equal(ingest_results(world, "agent_status"), 2);
    ingest_text(world, "gong/v1/gong-drill/agent-1/data",
                "gong_drill value=1 1\n");
    ingest_text(world, "gong/v1/gong-proof/agent-1/data", sent);
    assert_int_equal(ingest_results(world, "reserved_site"), 2);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 0);
    ingest_text(world, "gong/v1/gong-drill/agent-1/data", sent);
    assert_int_equal(ingest_results(world, "probe"), 1);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 1);
    assert_int_equal(gong_receive_devices(world->receive), 0);
    gong_trust_last_drill(world->trust, &drill);
    assert_int_equal(gong_probe_hop(&drill), GONG_HOP_RULES);
    ingest_close(world);
    gong_trust_free(world->trust);
    world->trust = NULL;
    ingest_open(world, 100, 10000);
}

static void
a_large_message_is_refused(void **state)
{
    struct ingest_world *world = *state;
    static char large[70000];

    memset(large, 'x', sizeof large);
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(large, 4097));
    gong_ingest_message(world->ingest,
                        gong_str_of("gong/v1/22015/lamp-1/status"),
                        gong_str_from(large, 65537));
    assert_int_equal(ingest_results(world, "too_large"), 2);
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(large, 4096));
    assert_int_equal(ingest_results(world, "journaled"), 1);
}

static void
a_flood_leaves_other_devices_alone(void **state)
{
    struct ingest_world *world = *state;

    ingest_close(world);
    ingest_open(world, 100, 5);
    for (int i = 0; i < 20; i++) {
        ingest_text(world, "gong/v1/22015/lamp-1/data", "lamp temp=1");
    }
    ingest_text(world, "gong/v1/22015/lamp-2/data", "lamp temp=1");
    assert_int_equal(ingest_results(world, "flood"), 15);
    assert_int_equal(ingest_results(world, "journaled"), 6);
}

static void
one_device_too_many_is_refused(void **state)
{
    struct ingest_world *world = *state;

    ingest_close(world);
    ingest_open(world, 3, 100);
    for (int i = 0; i < 5; i++) {
        char topic[64];

        (void)snprintf(topic, sizeof topic, "gong/v1/22015/lamp-%d/data", i);
        ingest_text(world, topic, "lamp temp=1");
    }
    ingest_text(world, "gong/v1/22015/lamp-1/data", "lamp temp=1");
    assert_int_equal(ingest_results(world, "too_many_devices"), 2);
    assert_int_equal(ingest_results(world, "journaled"), 4);
}

static void
a_thirty_third_gap_is_not_settled(void **state)
{
    struct ingest_world *world = *state;

    for (uint64_t i = 0; i < 33; i++) {
        ingest_batch(world, 10 + 2 * i, 1, false);
    }
    assert_int_equal(ingest_results(world, "too_many_gaps"), 1);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 32);
    ingest_batch(world, 11, 1, false);
    ingest_batch(world, 74, 1, false);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 34);
}

/* A device that makes up spools loses only its own dedup. */
static void
at_most_four_spools_of_a_device_are_known(void **state)
{
    struct ingest_world *world = *state;
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
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, ingest_setup, ingest_teardown)
    const struct CMUnitTest tests[] = {
        T(a_plain_line_is_journaled_as_it_came),
        T(queued_messages_are_told_apart),
        T(arrivals_stay_near_the_clock),
        T(a_batch_is_journaled_once),
        T(dedup_survives_a_restart),
        T(learning_passes_over_what_is_no_batch),
        T(what_the_sender_dropped_is_not_waited_for),
        T(a_header_that_cannot_be_read_is_counted),
        T(a_status_is_presence),
        T(hostile_topics_are_refused),
        T(the_agents_own_site_is_reserved),
        T(only_the_agents_own_probe_is_journaled),
        T(a_large_message_is_refused),
        T(a_flood_leaves_other_devices_alone),
        T(one_device_too_many_is_refused),
        T(a_thirty_third_gap_is_not_settled),
        T(at_most_four_spools_of_a_device_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
