#include "agent/receive/ack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INTERVAL_S 10

struct world {
    struct gong_counters *counters;
    struct gong_receive *receive;
    struct gong_ack *ack;
    bool down; /* the link is */
    int sent;
    char topic[256];
    char text[GONG_ACK_TEXT_SIZE];
};

static const struct gong_device_name lamp = {{"22015", 5}, {"lamp-1", 6}};

static bool
take_down(void *ctx, const char *topic, struct gong_str payload)
{
    struct world *world = ctx;

    if (world->down) {
        return false;
    }
    world->sent++;
    (void)snprintf(world->topic, sizeof world->topic, "%s", topic);
    (void)snprintf(world->text, sizeof world->text, "%.*s", (int)payload.len,
                   payload.data);
    return true;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_receive_options ledger = {.devices_max = 5000,
                                          .rate = 1000,
                                          .burst = 1000,
                                          .ack_interval =
                                              gong_dur_s(INTERVAL_S)};
    struct gong_ack_options options = {
        .agent = "a1",
        .journal_id = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
        .durable = 100,
        .send = take_down,
        .ctx = world};

    assert_non_null(world);
    world->counters = gong_counters_new();
    world->receive = gong_receive_new(&ledger);
    world->ack = gong_ack_new(&options, world->receive, world->counters);
    assert_non_null(world->ack);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    gong_ack_free(world->ack);
    gong_receive_free(world->receive);
    gong_counters_free(world->counters);
    free(world);
    return 0;
}

static void
settle(struct world *world, uint64_t seq, uint64_t low, uint64_t position)
{
    struct gong_batch_header header = {.epoch = 0xaa, .seq = seq, .low = low};

    gong_receive_settle(world->receive, lamp, &header, position, INT64_MAX,
                        gong_mono_now());
}

static void
the_text_is_as_documented(void **state)
{
    struct world *world = *state;
    struct gong_ack_options options = {
        .agent = "a1",
        .journal_id = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};
    struct gong_receive_ack ack = {.epoch = 0x5f1c09e2a7b4d310,
                                   .cum = 1041,
                                   .range_count = 2,
                                   .ranges = {{1043, 1050}, {1052, 1052}},
                                   .birth = 0x9a3c11f0};
    static const char golden[] =
        "{\"agent\":\"a1\",\"journal\":\"0123456789abcdef0000000000000000\","
        "\"epoch\":\"5f1c09e2a7b4d310\",\"cum\":1041,"
        "\"ranges\":[[1043,1050],[1052,1052]],\"birth\":\"9a3c11f0\","
        "\"now\":1760000000123}";

    assert_int_equal(
        gong_ack_format(&options, &ack, INT64_C(1760000000123), world->text),
        sizeof golden - 1);
    assert_string_equal(world->text, golden);
}

static void
the_longest_text_fits(void **state)
{
    struct world *world = *state;
    struct gong_ack_options options = {
        .agent =
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct gong_receive_ack ack = {
        .epoch = UINT64_MAX, .cum = UINT64_MAX, .range_count = GONG_RANGES_MAX};
    size_t len;

    for (int i = 0; i < GONG_RANGES_MAX; i++) {
        ack.ranges[i] = (struct gong_range){UINT64_MAX, UINT64_MAX};
    }
    len = gong_ack_format(&options, &ack, INT64_MIN, world->text);
    assert_true(len < GONG_ACK_TEXT_SIZE);
    assert_int_equal(world->text[len - 1], '}');
}

static void
nothing_is_acked_before_it_is_durable(void **state)
{
    struct world *world = *state;

    settle(world, 1, 1, 100);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 0);
    gong_ack_durable(world->ack, 100); /* up to, not beyond */
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 0);
    gong_ack_durable(world->ack, 164);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 1);
    assert_string_equal(world->topic, "gong/v1/22015/lamp-1/ack");
    assert_non_null(
        strstr(world->text,
               "\"cum\":1,\"ranges\":[],\"birth\":\"00000000\",\"now\":"));
}

/* What comes after the ack was taken must not be in it. */
static void
an_ack_says_what_was_before_the_sync(void **state)
{
    struct world *world = *state;

    settle(world, 1, 1, 100);
    gong_ack_committing(world->ack);
    settle(world, 2, 1, 200);
    gong_ack_durable(world->ack, 164);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 1);
    assert_non_null(strstr(world->text, "\"cum\":1,"));
}

static void
only_the_first_is_acked_at_once(void **state)
{
    struct world *world = *state;
    struct gong_receive_ack ack;
    gong_mono_t later = gong_mono_add(gong_mono_now(), gong_dur_s(INTERVAL_S));

    settle(world, 1, 1, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 1);
    settle(world, 2, 2, 0);
    settle(world, 3, 2, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 1);
    assert_false(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    later = gong_mono_add(later, gong_dur_s(1));
    assert_true(gong_receive_take_ack(world->receive, later, &ack));
    assert_int_equal(ack.cum, 3);
    assert_false(gong_receive_take_ack(world->receive, later, &ack));
}

static void
a_sender_that_is_behind_is_acked_at_once(void **state)
{
    struct world *world = *state;

    settle(world, 1, 1, 0);
    gong_ack_run_once(world->ack);
    for (uint64_t seq = 2; seq <= 8; seq++) {
        settle(world, seq, 1, 0);
        gong_ack_run_once(world->ack);
        assert_int_equal(world->sent, 1);
    }
    settle(world, 9, 1, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 2);
    assert_non_null(strstr(world->text, "\"cum\":9,"));
}

/* Its oldest never came, so nothing that it says of itself moves. */
static void
a_sender_with_a_gap_is_acked_at_once(void **state)
{
    struct world *world = *state;

    settle(world, 2, 1, 0);
    gong_ack_run_once(world->ack);
    for (uint64_t seq = 3; seq <= 9; seq++) {
        settle(world, seq, 1, 0);
        gong_ack_run_once(world->ack);
        assert_int_equal(world->sent, 1);
    }
    for (uint64_t seq = 10; seq <= 18; seq++) {
        settle(world, seq, 1, 0);
        gong_ack_run_once(world->ack);
    }
    assert_int_equal(world->sent, 3);
    assert_non_null(strstr(world->text, "\"cum\":0,\"ranges\":[[2,18]]"));
}

static void
a_duplicate_is_acked_again(void **state)
{
    struct world *world = *state;
    struct gong_batch_header header = {.epoch = 0xaa, .seq = 1, .low = 1};

    settle(world, 1, 1, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(
        gong_receive_check(world->receive, lamp, &header, gong_mono_now()),
        GONG_RECEIVE_DUPLICATE);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 2);
}

static void
a_birth_and_a_new_link_bring_the_next_ack_at_once(void **state)
{
    struct world *world = *state;

    settle(world, 1, 1, 0);
    gong_ack_run_once(world->ack);
    gong_receive_born(world->receive, lamp);
    settle(world, 2, 2, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 2);
    gong_receive_connected(world->receive);
    settle(world, 3, 3, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(world->sent, 3);
}

static void
an_ack_that_cannot_be_sent_is_counted(void **state)
{
    struct world *world = *state;

    world->down = true;
    settle(world, 1, 1, 0);
    gong_ack_run_once(world->ack);
    assert_int_equal(gong_counter_get(gong_counter_add(
                         world->counters, GONG_COUNTER,
                         "gong_agent_acks_failed_total", "", "")),
                     1);
}

/* More devices than acks that may wait: none is lost. */
static void
the_ring_is_bounded_and_loses_nothing(void **state)
{
    struct world *world = *state;
    struct gong_batch_header header = {.epoch = 1, .seq = 1, .low = 1};

    for (int i = 0; i < 3000; i++) {
        char name[16];
        struct gong_device_name device = {gong_str_of("22015"), {name, 0}};

        (void)snprintf(name, sizeof name, "d%d", i);
        device.device = gong_str_of(name);
        gong_receive_settle(world->receive, device, &header, 200, INT64_MAX,
                            gong_mono_now());
    }
    gong_ack_committing(world->ack);
    gong_ack_committing(world->ack);
    gong_ack_durable(world->ack, 300);
    for (int i = 0; i < 10; i++) {
        gong_ack_run_once(world->ack);
    }
    assert_int_equal(world->sent, 3000);
}

static void
the_thread_sends_by_itself(void **state)
{
    struct world *world = *state;

    settle(world, 1, 1, 0);
    assert_int_equal(gong_ack_start(world->ack), GONG_OK);
    gong_ack_committing(world->ack);
    gong_ack_durable(world->ack, 300);
    gong_ack_stop(world->ack);
    assert_int_equal(world->sent, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_text_is_as_documented),
        T(the_longest_text_fits),
        T(nothing_is_acked_before_it_is_durable),
        T(an_ack_says_what_was_before_the_sync),
        T(only_the_first_is_acked_at_once),
        T(a_sender_that_is_behind_is_acked_at_once),
        T(a_sender_with_a_gap_is_acked_at_once),
        T(a_duplicate_is_acked_again),
        T(a_birth_and_a_new_link_bring_the_next_ack_at_once),
        T(an_ack_that_cannot_be_sent_is_counted),
        T(the_ring_is_bounded_and_loses_nothing),
        T(the_thread_sends_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
