/*
 * Unit tests of firmware-sim/emit.c over a link of the test's own: the program
 * is linked with --wrap, so that every call of the link comes here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firmware-sim/emit.h"

static struct script {
    struct gong_mqtt_handlers handlers;
    char username[64]; /* "-" for none */
    char client_id[64];
    bool refuse_new;
    bool up;
    size_t published;
    char topic[64];
    char payload[64]; /* of the newest */
} script;

enum gong_err __wrap_gong_mqtt_new(const struct gong_mqtt_options *options,
                                   const struct gong_mqtt_handlers *handlers,
                                   struct gong_mqtt **out, char *why,
                                   size_t why_size);
enum gong_err __wrap_gong_mqtt_start(struct gong_mqtt *link);
void __wrap_gong_mqtt_stop(struct gong_mqtt *link);
void __wrap_gong_mqtt_free(struct gong_mqtt *link);
enum gong_err __wrap_gong_mqtt_publish(struct gong_mqtt *link,
                                       const struct gong_mqtt_message *message);

enum gong_err
__wrap_gong_mqtt_new(const struct gong_mqtt_options *options,
                     const struct gong_mqtt_handlers *handlers,
                     struct gong_mqtt **out, char *why, size_t why_size)
{
    *out = NULL;
    if (script.refuse_new) {
        (void)snprintf(why, why_size, "no such broker");
        return GONG_ERR_INVALID;
    }
    script.handlers = *handlers;
    (void)snprintf(script.username, sizeof script.username, "%s",
                   options->username == NULL ? "-" : options->username);
    (void)snprintf(script.client_id, sizeof script.client_id, "%s",
                   options->client_id);
    return GONG_OK;
}

enum gong_err
__wrap_gong_mqtt_start(struct gong_mqtt *link)
{
    (void)link;
    return GONG_OK;
}

void
__wrap_gong_mqtt_stop(struct gong_mqtt *link)
{
    (void)link;
}

void
__wrap_gong_mqtt_free(struct gong_mqtt *link)
{
    (void)link;
}

enum gong_err
__wrap_gong_mqtt_publish(struct gong_mqtt *link,
                         const struct gong_mqtt_message *message)
{
    (void)link;
    if (!script.up) {
        return GONG_ERR_AGAIN;
    }
    assert_int_equal(message->qos, 1);
    (void)snprintf(script.topic, sizeof script.topic, "%s", message->topic);
    (void)snprintf(script.payload, sizeof script.payload, "%.*s",
                   (int)message->payload.len, message->payload.data);
    script.published++;
    return GONG_OK;
}

static struct gong_emit *
make(const char *username, const char *password_file)
{
    const struct gong_emit_options options = {
        .broker = "mqtt://127.0.0.1",
        .username = username,
        .password_file = password_file,
        .site = "22015",
        .device = "lamp-1",
    };
    struct gong_emit *emit = NULL;
    char why[128] = "";

    script = (struct script){0};
    assert_int_equal(gong_emit_new(&options, &emit, why, sizeof why), GONG_OK);
    assert_int_equal(gong_emit_start(emit), GONG_OK);
    return emit;
}

static void
put(struct gong_emit *emit, const char *line)
{
    assert_int_equal(gong_emit_put(emit, gong_str_of(line)), GONG_OK);
}

static void
connect_link(void)
{
    script.up = true;
    script.handlers.connected(script.handlers.ctx, false);
}

static void
answer(bool ok)
{
    script.handlers.published(script.handlers.ctx, 0, ok);
}

static void
expect(size_t published, const char *payload)
{
    assert_int_equal(script.published, published);
    assert_string_equal(script.payload, payload);
}

static void
one_at_a_time_in_order(void **state)
{
    struct gong_emit *emit = make(NULL, NULL);

    (void)state;
    put(emit, "a");
    put(emit, "b");
    put(emit, "c");
    assert_int_equal(script.published, 0);
    connect_link();
    expect(1, "a");
    assert_string_equal(script.topic, "gong/v1/22015/lamp-1/data");
    put(emit, "d");
    expect(1, "a");
    assert_int_equal(gong_emit_waiting(emit), 4);
    answer(true);
    expect(2, "b");
    answer(true);
    answer(true);
    answer(true);
    expect(4, "d");
    assert_int_equal(gong_emit_waiting(emit), 0);
    gong_emit_stop(emit);
    gong_emit_free(emit);
}

static void
what_a_broken_link_left_is_sent_again(void **state)
{
    struct gong_emit *emit = make(NULL, NULL);

    (void)state;
    connect_link();
    put(emit, "a");
    expect(1, "a");
    script.up = false;
    answer(false);
    assert_int_equal(gong_emit_waiting(emit), 1);
    put(emit, "b");
    expect(1, "a");
    connect_link();
    expect(2, "a");
    answer(true);
    expect(3, "b");
    gong_emit_free(emit);
}

static void
a_full_outbox_refuses(void **state)
{
    struct gong_emit *emit = make(NULL, NULL);

    (void)state;
    for (int i = 0; i < GONG_EMIT_OUTBOX; i++) {
        put(emit, "x");
    }
    assert_int_equal(gong_emit_put(emit, gong_str_of("y")), GONG_ERR_NO_SPACE);
    connect_link();
    answer(true);
    put(emit, "z"); /* around the ring's end */
    for (int i = 1; i < GONG_EMIT_OUTBOX; i++) {
        answer(true);
    }
    expect(GONG_EMIT_OUTBOX + 1, "z");
    assert_int_equal(gong_emit_waiting(emit), 1);
    gong_emit_free(emit);
}

static void
who_logs_in(void **state)
{
    static const struct {
        const char *username;
        const char *password_file;
        const char *want;
    } cases[] = {{NULL, NULL, "-"},
                 {"city", NULL, "-"},
                 {NULL, "/p", "22015/lamp-1"},
                 {"", "/p", "22015/lamp-1"},
                 {"city", "/p", "city"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gong_emit_free(make(cases[i].username, cases[i].password_file));
        assert_string_equal(script.username, cases[i].want);
        assert_string_equal(script.client_id, "gong-sim-22015-lamp-1");
    }
}

static void
says_what_is_wrong(void **state)
{
    struct gong_emit_options options = {
        .broker = "x", .site = "22015", .device = "a/b"};
    struct gong_emit *emit = NULL;
    char why[128] = "";

    (void)state;
    script = (struct script){.refuse_new = true};
    assert_int_not_equal(gong_emit_new(&options, &emit, why, sizeof why),
                         GONG_OK);
    assert_null(emit);
    assert_non_null(strstr(why, "a/b"));
    options.device = "lamp-1";
    assert_int_equal(gong_emit_new(&options, &emit, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_null(emit);
    assert_string_equal(why, "no such broker");
    gong_emit_stop(NULL);
    gong_emit_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time_in_order),
        cmocka_unit_test(what_a_broken_link_left_is_sent_again),
        cmocka_unit_test(a_full_outbox_refuses),
        cmocka_unit_test(who_logs_in),
        cmocka_unit_test(says_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
