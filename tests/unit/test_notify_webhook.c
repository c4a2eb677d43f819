/* Unit tests of agent/tell/notify_webhook.c: the message field by field,
 * statuses, credentials, and a slow receiver at stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/tell/notify_webhook.h"
#include "http_script.h"
#include "sink_fixture.h"

static const struct sink_alert firing = {
    .name = "LampHot",
    .device = "lamp-1",
    .from = GONG_ALERT_PENDING,
    .to = GONG_ALERT_FIRING,
    .at_ms = SINK_ARRIVAL_MS + 1500,
    .value = 71.5,
    .position = 4096,
    .ordinal = 2,
};

static char receiver_name[] = "people";
static char external[] = "http://centre/";
static char nothing[] = "";

#define LABELS                                                                 \
    "{\"alertname\":\"LampHot\",\"device\":\"lamp-1\",\"severity\":"           \
    "\"critical\",\"site\":\"22015\"}"
#define NOTES                                                                  \
    "{\"summary\":\"Đèn quá nhiệt\",\"summary_en\":\"Lamp is hot\","      \
    "\"action\":\"Cắt nguồn\",\"action_en\":\"Cut the power\"}"

static void
check_body(const struct sink_alert *alert, const char *status,
           const char *ends_at)
{
    struct gong_notify_webhook_config config = {.receiver = receiver_name,
                                                .external_url = external};
    char expected[4096];
    json_t *effect = sinks_alert(alert);
    json_t *body = gong_notify_webhook_body(effect, &config);
    char *text = json_dumps(body, JSON_COMPACT);

    (void)snprintf(
        expected, sizeof expected,
        "{\"version\":\"4\",\"groupKey\":\"{}:{alertname=\\\"LampHot\\\", "
        "device=\\\"lamp-1\\\", severity=\\\"critical\\\", site=\\\"22015\\\"}"
        "\",\"truncatedAlerts\":0,\"status\":\"%s\",\"receiver\":\"people\","
        "\"groupLabels\":" LABELS ",\"commonLabels\":" LABELS
        ",\"commonAnnotations\":" NOTES
        ",\"externalURL\":\"http://centre/\",\"alerts\":[{\"status\":\"%s\","
        "\"labels\":" LABELS ",\"annotations\":" NOTES
        ",\"startsAt\":\"2025-10-09T08:53:20.000Z\",\"endsAt\":\"%s\","
        "\"generatorURL\":\"\",\"fingerprint\":\"00c0ffee12345678\"}]}",
        status, status, ends_at);
    assert_string_equal(text, expected);
    free(text);
    json_decref(body);
    json_decref(effect);
}

static void
golden_bodies(void **state)
{
    struct sink_alert resolved = firing;

    (void)state;
    check_body(&firing, "firing", "0001-01-01T00:00:00Z");
    resolved.from = GONG_ALERT_KEEPING;
    resolved.to = GONG_ALERT_INACTIVE;
    check_body(&resolved, "resolved", "2025-10-09T08:53:21.500Z");
}

/* A presence alert says how many others it stands for. */
static void
what_is_hidden_is_counted(void **state)
{
    struct gong_notify_webhook_config config = {0};
    json_t *effect = sinks_alert(&firing);
    json_t *body;
    const json_t *alert;

    (void)state;
    assert_int_equal(json_object_set_new(effect, "hidden", json_integer(3)), 0);
    body = gong_notify_webhook_body(effect, &config);
    alert = json_array_get(json_object_get(body, "alerts"), 0);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(alert, "annotations"), "hidden")),
                        "3");
    assert_string_equal(
        json_string_value(json_object_get(
            json_object_get(body, "commonAnnotations"), "hidden")),
        "3");
    assert_null(
        json_object_get(json_object_get(effect, "annotations"), "hidden"));
    json_decref(body);
    json_decref(effect);
}

static void
group_key_quotes_values(void **state)
{
    struct gong_notify_webhook_config config = {0};
    json_t *effect = sinks_alert(&firing);
    json_t *body;

    (void)state;
    assert_int_equal(json_object_clear(json_object_get(effect, "labels")), 0);
    assert_int_equal(json_object_set_new(json_object_get(effect, "labels"), "l",
                                         json_string("a\"b\\c\n")),
                     0);
    body = gong_notify_webhook_body(effect, &config);
    assert_string_equal(json_string_value(json_object_get(body, "groupKey")),
                        "{}:{l=\"a\\\"b\\\\c\n\"}");
    json_decref(body);
    json_decref(effect);
}

static void
every_status(void **state)
{
    (void)state;
    for (long status = 0; status < 700; status++) {
        enum gong_notify_outcome expected = GONG_NOTIFY_REFUSE;

        if (status >= 200 && status < 300) {
            expected = GONG_NOTIFY_DONE;
        } else if (status == 0 || status == 408 || status == 429 ||
                   (status >= 500 && status < 600)) {
            expected = GONG_NOTIFY_RETRY;
        }
        assert_int_equal(gong_notify_webhook_judge(status), expected);
    }
}

static void
decide(void *ctx, size_t index, const struct script_request *request,
       struct script_reply *reply)
{
    const int *statuses = ctx;

    (void)request;
    reply->status = statuses[index];
    reply->body = "said\nso";
}

struct fixture {
    struct script *script;
    char url[64];
    struct gong_notify_webhook_config config;
};

static void
begin(struct fixture *f, int *statuses)
{
    f->script = script_start(0, decide, statuses);
    (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/hook?x=1",
                   script_port(f->script));
    f->config = (struct gong_notify_webhook_config){
        .url = f->url,
        .timeout = gong_dur_s(5),
        .username = nothing,
        .password_file = nothing,
        .token_file = nothing,
        .ca_file = nothing,
        .receiver = receiver_name,
        .external_url = nothing,
    };
}

static void
posts_and_judges(void **state)
{
    /* A reset of a kept connection is tried again at once, on a new one. */
    static int statuses[] = {200, 503, 400, 0, 0};
    static const enum gong_notify_outcome expected[] = {
        GONG_NOTIFY_DONE, GONG_NOTIFY_RETRY, GONG_NOTIFY_REFUSE,
        GONG_NOTIFY_RETRY};
    json_t *effect = sinks_alert(&firing);
    struct fixture f;
    void *webhook = NULL;
    char why[128] = "";

    (void)state;
    begin(&f, statuses);
    assert_int_equal(
        gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
        GONG_OK);
    for (size_t i = 0; i < 4; i++) {
        const struct script_request *request;
        json_t *body;

        assert_int_equal(
            gong_notify_webhook.deliver(webhook, effect, why, sizeof why),
            expected[i]);
        request = script_at(f.script, i);
        assert_string_equal(request->url, "/hook?x=1");
        assert_string_equal(request->content_type, "application/json");
        /* The same on every attempt. */
        assert_string_equal(request->idempotency_key,
                            "4096-2-00c0ffee12345678-1760000001500");
        body = json_loads(request->body, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(body, "version")),
                            "4");
        json_decref(body);
    }
    assert_true(why[0] != '\0');
    gong_notify_webhook.close(webhook);
    script_stop(f.script);
    json_decref(effect);
}

static void
decide_slowly(void *ctx, size_t index, const struct script_request *request,
              struct script_reply *reply)
{
    (void)ctx;
    (void)index;
    (void)request;
    reply->delay_ms = 1000;
}

/* The answer would be a good one; an interrupted attempt does not wait for it
 * and is told again later. */
static void
an_interrupt_ends_the_attempt(void **state)
{
    static int statuses[] = {200};
    json_t *effect = sinks_alert(&firing);
    struct fixture f;
    void *webhook = NULL;
    char why[128] = "";

    (void)state;
    begin(&f, statuses);
    script_stop(f.script);
    f.script = script_start(0, decide_slowly, NULL);
    (void)snprintf(f.url, sizeof f.url, "http://127.0.0.1:%u/",
                   script_port(f.script));
    assert_int_equal(
        gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
        GONG_OK);
    gong_notify_webhook.interrupt(webhook);
    assert_int_equal(
        gong_notify_webhook.deliver(webhook, effect, why, sizeof why),
        GONG_NOTIFY_RETRY);
    gong_notify_webhook.close(webhook);
    script_stop(f.script);
    json_decref(effect);
}

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void
sends_credentials(void **state)
{
    struct sinks *sinks = *state;
    static int statuses[] = {200, 200};
    json_t *effect = sinks_alert(&firing);
    char path[128];
    char user[] = "user";
    struct fixture f;
    char why[128] = "";

    begin(&f, statuses);
    (void)snprintf(path, sizeof path, "%s/secret", sinks->dir);
    write_file(path, "pass\n");
    for (int bearer = 0; bearer < 2; bearer++) {
        void *webhook = NULL;

        f.config.username = bearer != 0 ? nothing : user;
        f.config.password_file = bearer != 0 ? nothing : path;
        f.config.token_file = bearer != 0 ? path : nothing;
        assert_int_equal(
            gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
            GONG_OK);
        assert_int_equal(
            gong_notify_webhook.deliver(webhook, effect, why, sizeof why),
            GONG_NOTIFY_DONE);
        gong_notify_webhook.close(webhook);
    }
    assert_string_equal(script_at(f.script, 0)->authorization,
                        "Basic dXNlcjpwYXNz");
    assert_string_equal(script_at(f.script, 1)->authorization, "Bearer pass");
    script_stop(f.script);
    json_decref(effect);
}

static void
bad_configurations_do_not_open(void **state)
{
    struct sinks *sinks = *state;
    static int statuses[] = {200};
    struct fixture f;
    char path[128];
    char missing[] = "/nonexistent/token";
    char bad_url[] = "centre:80";
    void *webhook = NULL;
    char why[256] = "";

    begin(&f, statuses);
    f.config.token_file = missing;
    assert_int_equal(
        gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
        GONG_ERR_NOT_FOUND);
    assert_non_null(strstr(why, missing));
    (void)snprintf(path, sizeof path, "%s/secret", sinks->dir);
    f.config.token_file = path;
    write_file(path, "two\nlines\n"); /* would forge a header */
    assert_int_equal(
        gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
        GONG_ERR_INVALID);
    write_file(path, "\n");
    assert_int_equal(
        gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
        GONG_ERR_INVALID);
    f.config.token_file = nothing;
    f.config.url = bad_url;
    assert_int_equal(
        gong_notify_webhook.open(&f.config, &webhook, why, sizeof why),
        GONG_ERR_INVALID);
    script_stop(f.script);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bodies),
        cmocka_unit_test(what_is_hidden_is_counted),
        cmocka_unit_test(group_key_quotes_values),
        cmocka_unit_test(every_status),
        cmocka_unit_test(posts_and_judges),
        cmocka_unit_test(an_interrupt_ends_the_attempt),
        cmocka_unit_test_setup_teardown(sends_credentials, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(bad_configurations_do_not_open,
                                        sinks_setup, sinks_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
