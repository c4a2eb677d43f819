/* Unit tests of agent/tell/channel_mqtt.c, over a link of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/tell/channel_mqtt.h"
#include "channel_fixture.h"

/* A link that takes so many at a time; answers come when the test says so. */
static struct {
    struct gong_mqtt_handlers handlers;
    size_t room;
    size_t count;
    size_t answered;
    char topics[256][128];
    char payloads[256][1024];
    uint64_t tags[256];
    bool all_retained;
    char url[64];
} fake;

static enum gong_err
fake_open(const struct gong_mqtt_options *options,
          const struct gong_mqtt_handlers *handlers, void **out, char *why,
          size_t why_size)
{
    if (strcmp(options->url, "mqtt://bad") == 0) {
        (void)snprintf(why, why_size, "bad address");
        return GONG_ERR_INVALID;
    }
    fake.handlers = *handlers;
    fake.all_retained = true;
    *out = &fake;
    return GONG_OK;
}

static enum gong_err
fake_publish(void *link, const struct gong_mqtt_message *message)
{
    assert_ptr_equal(link, &fake);
    if (fake.count - fake.answered >= fake.room) {
        return GONG_ERR_AGAIN;
    }
    fake.all_retained =
        fake.all_retained && message->retained && message->qos == 1;
    fake.tags[fake.count] = message->tag;
    (void)snprintf(fake.topics[fake.count], 128, "%s", message->topic);
    (void)snprintf(fake.payloads[fake.count], 1024, "%.*s",
                   (int)message->payload.len, message->payload.data);
    fake.count++;
    return GONG_OK;
}

static void
fake_close(void *link)
{
    assert_ptr_equal(link, &fake);
}

static const struct gong_channel_mqtt_driver driver = {fake_open, fake_publish,
                                                       fake_close};

static void
answer(bool ok)
{
    fake.handlers.published(fake.handlers.ctx, fake.tags[fake.answered++], ok);
}

/* The driver is no option of a file: it is put there before open. */
static struct gong_channel_kind kind;
static enum gong_err (*real_open)(const void *, void **, char *, size_t);

static enum gong_err
open_with_driver(const void *config, void **state, char *why, size_t why_size)
{
    struct gong_channel_mqtt_config *mine =
        (struct gong_channel_mqtt_config *)(uintptr_t)config;

    mine->driver = &driver;
    return real_open(config, state, why, why_size);
}

static void
start(struct channel_case *test, size_t room)
{
    memset(&fake, 0, sizeof fake);
    fake.room = room;
    kind = gong_channel_mqtt;
    real_open = kind.open;
    kind.open = open_with_driver;
    assert_int_equal(
        channel_open(test, &kind, "url = \"mqtt://b\"; valid = \"1h\";"),
        GONG_OK);
}

static void
firing_is_retained_and_resolved_clears(void **state)
{
    struct channel_case test;

    (void)state;
    start(&test, 64);
    channel_begin(&test, channel_message, "");
    assert_int_equal(fake.count, 2);
    answer(true);
    answer(true);
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    assert_true(fake.all_retained);
    assert_string_equal(
        fake.topics[0],
        "gong/v1/alerts/22015/river_High_water/00c0ffee00000001");
    assert_string_equal(
        fake.payloads[0],
        "{\"v\":1,\"number\":17,\"state\":\"firing\","
        "\"rule\":\"river/High water\",\"alertname\":\"A\","
        "\"severity\":\"critical\",\"level\":3,\"value\":\"34.5\","
        "\"since\":1760000000000,\"at\":1760000000123,"
        "\"valid_until\":1760003600123,\"owner\":\"\","
        "\"summary\":\"Nước dâng\\n34,5\",\"summary_en\":\"\","
        "\"action\":\"Sơ tán\",\"action_en\":\"\",\"labels\":{"
        "\"alertname\":\"A\",\"site\":\"22015\",\"device\":\"gauge\"}}");
    assert_string_equal(
        fake.topics[1],
        "gong/v1/alerts/22018/river_High_water/00c0ffee00000002");
    assert_string_equal(fake.payloads[1], "");
    channel_close(&test);
}

static void
more_than_the_link_takes_goes_out_in_turn(void **state)
{
    struct channel_case test;
    json_t *message = json_loads(channel_message, 0, NULL);
    json_t *items = json_object_get(message, "items");
    char *text;

    (void)state;
    for (int i = 0; i < 98; i++) {
        assert_int_equal(
            json_array_append(items, json_array_get(items, (size_t)i % 2)), 0);
    }
    text = json_dumps(message, 0);
    json_decref(message);
    start(&test, 64);
    channel_begin(&test, text, "");
    assert_int_equal(fake.count, 64);
    for (int i = 0; i < 100; i++) {
        answer(true);
        assert_int_equal(test.kind->ready(test.state, &test.attempt), i == 99);
    }
    assert_int_equal(fake.count, 100);
    (void)test.kind->judge(test.state, &test.attempt, CURLE_OK, 0);
    json_decref((json_t *)(uintptr_t)test.attempt.stage);
    free(text);
    channel_close(&test);
}

static void
what_the_broker_does_not_take_is_tried_again(void **state)
{
    struct channel_case test;

    (void)state;
    /* Not connected. */
    start(&test, 0);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_RETRY);
    assert_string_equal(test.attempt.why, "not connected to the broker");
    /* The link breaks in the middle. */
    fake.room = 64;
    channel_begin(&test, channel_message, "");
    answer(true);
    answer(false);
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_RETRY);
    assert_string_equal(test.attempt.why, "the link to the broker broke");
    /* No answer in time; one that comes too late finds nobody. */
    channel_begin(&test, channel_message, "");
    assert_int_equal(test.attempt.timeout_ms, 10000);
    assert_int_equal(channel_end(&test, CURLE_OPERATION_TIMEDOUT),
                     GONG_CHANNEL_RETRY);
    answer(true);
    answer(true);
    /* It is connected for the first only, and no answer is left to come. */
    fake.room = fake.count - fake.answered + 1;
    channel_begin(&test, channel_message, "");
    fake.room = 0;
    answer(true);
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_RETRY);
    channel_close(&test);
}

static void
message_without_alerts_is_over_at_once(void **state)
{
    struct channel_case test;

    (void)state;
    start(&test, 64);
    channel_begin(&test, "{\"kind\":\"news\",\"at\":1,\"items\":[]}", "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    assert_int_equal(fake.count, 0);
    channel_close(&test);
}

static void
topic_levels_hold_no_wildcards_or_slashes(void **state)
{
    json_t *item =
        json_loads("{\"rule\":\"a/+#b \\u00e9\",\"labels\":{\"site\":\"x/#\"},"
                   "\"fingerprint\":\"f\"}",
                   0, NULL);
    char *topic = gong_channel_mqtt_topic("p", item);

    (void)state;
    assert_string_equal(topic, "p/x__/a___b___/f");
    free(topic);
    json_decref(item);
}

/* Nobody would ever clear it. */
static void
a_drill_is_not_retained(void **state)
{
    struct channel_case test;
    char drill[4096];
    const char *at = strstr(channel_message, "\"kind\":\"");
    const char *rest = strchr(at + 8, '"');

    (void)state;
    (void)snprintf(drill, sizeof drill, "%.*s\"kind\":\"drill%s",
                   (int)(at - channel_message), channel_message, rest);
    start(&test, 64);
    channel_begin(&test, drill, "");
    assert_int_equal(fake.count, 2);
    answer(true);
    answer(true);
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    assert_false(fake.all_retained);
    channel_close(&test);
}

/* It says nothing of the broker. */
static void
what_cannot_be_made_is_not_the_brokers_fault(void **state)
{
    json_t *message =
        json_loads("{\"at\":1,\"items\":[{\"rule\":\"r\"}]}", 0, NULL);
    struct gong_channel_send send = {.message = message, .key = "k"};
    struct channel_case test;

    (void)state;
    start(&test, 64);
    assert_int_equal(test.kind->begin(test.state, &send, &test.attempt),
                     GONG_ERR_MEMORY);
    assert_string_equal(test.attempt.why, "");
    assert_int_equal(fake.count, 0);
    json_decref(message);
    channel_close(&test);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firing_is_retained_and_resolved_clears),
        cmocka_unit_test(a_drill_is_not_retained),
        cmocka_unit_test(what_cannot_be_made_is_not_the_brokers_fault),
        cmocka_unit_test(more_than_the_link_takes_goes_out_in_turn),
        cmocka_unit_test(what_the_broker_does_not_take_is_tried_again),
        cmocka_unit_test(message_without_alerts_is_over_at_once),
        cmocka_unit_test(topic_levels_hold_no_wildcards_or_slashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
