#include "agent/tell/notify_webhook.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/http_client.h"
#include "agent/tell/notify_number.h"
#include "agent/tell/rfc3339.h"
#include "common/log.h"
#include "common/lp_encode.h"
#include "common/wipe.h"

#define NOT_OVER     "0001-01-01T00:00:00Z" /* Go's zero time */
#define ANSWER_SHOWN 128

#define AT(member) offsetof(struct gong_notify_webhook_config, member)

static const struct gong_option options[] = {
    {"url", GONG_OPTION_STRING, AT(url), NULL, 0, 0, NULL, "",
     "Where to post, http:// or https://."},
    {"timeout", GONG_OPTION_DURATION, AT(timeout), "10s", 100, 120000, NULL, "",
     "How long one attempt may take."},
    {"username", GONG_OPTION_STRING, AT(username), "", 0, 0, NULL, "",
     "User for basic authentication."},
    {"password_file", GONG_OPTION_SECRET, AT(password_file), "", 0, 0, NULL, "",
     "File whose only line is the user's password."},
    {"token_file", GONG_OPTION_SECRET, AT(token_file), "", 0, 0, NULL, "",
     "File whose only line is a bearer token."},
    {"ca_file", GONG_OPTION_FILE, AT(ca_file), "", 0, 0, NULL, "",
     "PEM file of the authorities to trust instead of the system's."},
    {"receiver", GONG_OPTION_STRING, AT(receiver), "gong", 0, 0, NULL, "",
     "The message's field receiver."},
    {"external_url", GONG_OPTION_STRING, AT(external_url), "", 0, 0, NULL, "",
     "The message's field externalURL: where people can look."},
};

static const struct gong_option_table table = {
    .name = "notifiers.webhook",
    .help = "Posts Alertmanager's webhook JSON (version 4).",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct webhook {
    const struct gong_notify_webhook_config *config;
    struct gong_http *http;
    atomic_bool interrupted;
};

static enum gong_err
append_quoted(struct gong_buffer *buffer, const char *text)
{
    enum gong_err err = gong_buffer_append(buffer, "\"", 1);

    for (const char *c = text; err == GONG_OK && *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            err = gong_buffer_append(buffer, "\\", 1);
        }
        if (err == GONG_OK) {
            err = gong_buffer_append(buffer, c, 1);
        }
    }
    return err == GONG_OK ? gong_buffer_append(buffer, "\"", 1) : err;
}

/* {}:{alertname="LampOverheating", device="lamp-1"}: with one alert a message
 * the group is the alert, as with Alertmanager's group_by: ['...']. */
static json_t *
group_key(const json_t *effect)
{
    const json_t *labels = json_object_get(effect, "labels");
    struct gong_buffer text = {0};
    enum gong_err err = gong_buffer_append(&text, "{}:{", 4);
    json_t *key = NULL;
    size_t count = 0;

    for (void *item = json_object_iter((json_t *)(uintptr_t)labels);
         item != NULL && err == GONG_OK;
         item = json_object_iter_next((json_t *)(uintptr_t)labels, item)) {
        const char *name = json_object_iter_key(item);

        if (count++ > 0) {
            err = gong_buffer_append(&text, ", ", 2);
        }
        if (err == GONG_OK) {
            err = gong_buffer_append(&text, name, strlen(name));
        }
        if (err == GONG_OK) {
            err = gong_buffer_append(&text, "=", 1);
        }
        if (err == GONG_OK) {
            err = append_quoted(
                &text, json_string_value(json_object_iter_value(item)));
        }
    }
    if (err == GONG_OK && gong_buffer_append(&text, "}", 1) == GONG_OK) {
        key = json_stringn(text.data, text.len);
    }
    gong_buffer_fini(&text);
    return key;
}

/* A text for Vietnamese readers, numbers with a decimal comma. */
static bool
put_commas(json_t *annotations, const char *name, const json_t *effect)
{
    const char *text = gong_notify_annotation(effect, name);
    char *copy = text[0] == '\0' ? NULL : strdup(text);
    bool put = text[0] == '\0';

    if (copy != NULL) {
        gong_notify_put_commas(effect, copy, strlen(copy));
        put = json_object_set_new(annotations, name, json_string(copy)) == 0;
    }
    free(copy);
    return put;
}

/* The rule's, and how many alerts it hides, if any. A new reference. */
static json_t *
annotations_of(const json_t *effect)
{
    const json_t *hidden = json_object_get(effect, "hidden");
    json_t *all = json_copy(json_object_get(effect, "annotations"));
    char count[32];
    bool complete = all != NULL && put_commas(all, "summary", effect) &&
                    put_commas(all, "action", effect);

    if (complete && hidden != NULL) {
        (void)snprintf(count, sizeof count, "%" PRId64,
                       (int64_t)json_integer_value(hidden));
        complete = json_object_set_new(all, "hidden", json_string(count)) == 0;
    }
    if (!complete) {
        json_decref(all);
        return NULL;
    }
    return all;
}

static json_t *
alert_json(const json_t *effect, const char *status)
{
    char starts[GONG_RFC3339_SIZE];
    char ends[GONG_RFC3339_SIZE] = NOT_OVER;

    gong_rfc3339(json_integer_value(json_object_get(effect, "since")), starts);
    if (gong_notify_news(effect) == GONG_NOTIFY_RESOLVED) {
        gong_rfc3339(json_integer_value(json_object_get(effect, "at")), ends);
    }
    return json_pack("{s:s, s:O, s:o, s:s, s:s, s:s, s:O}", "status", status,
                     "labels", json_object_get(effect, "labels"), "annotations",
                     annotations_of(effect), "startsAt", starts, "endsAt", ends,
                     "generatorURL", "", "fingerprint",
                     json_object_get(effect, "fingerprint"));
}

static const char *
or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

json_t *
gong_notify_webhook_body(const json_t *effect,
                         const struct gong_notify_webhook_config *config)
{
    const char *status = gong_notify_news(effect) == GONG_NOTIFY_RESOLVED
                             ? "resolved"
                             : "firing";
    json_t *labels = json_object_get(effect, "labels");

    /* "o" takes the reference also on failure; NULL makes the whole NULL. */
    return json_pack(
        "{s:s, s:o, s:i, s:s, s:s, s:O, s:O, s:o, s:s, s:[o]}", "version", "4",
        "groupKey", group_key(effect), "truncatedAlerts", 0, "status", status,
        "receiver", or_empty(config->receiver), "groupLabels", labels,
        "commonLabels", labels, "commonAnnotations", annotations_of(effect),
        "externalURL", or_empty(config->external_url), "alerts",
        alert_json(effect, status));
}

enum gong_notify_outcome
gong_notify_webhook_judge(long status)
{
    if (status >= 200 && status <= 299) {
        return GONG_NOTIFY_DONE;
    }
    if (status == 0 || status == 408 || status == 429 ||
        (status >= 500 && status <= 599)) {
        return GONG_NOTIFY_RETRY;
    }
    return GONG_NOTIFY_REFUSE;
}

static bool
is_interrupted(void *ctx)
{
    struct webhook *webhook = ctx;

    return atomic_load(&webhook->interrupted);
}

static enum gong_err
open_client(struct webhook *webhook, char *why, size_t why_size)
{
    const struct gong_notify_webhook_config *config = webhook->config;
    char password[GONG_HTTP_SECRET_MAX];
    char token[GONG_HTTP_SECRET_MAX];
    struct gong_http_options client = {
        .ca_file = config->ca_file,
        .username = config->username,
        .password = password,
        .bearer = token,
        .timeout = config->timeout,
        .cancelled = is_interrupted,
        .ctx = webhook,
    };
    enum gong_err err;

    if (!gong_http_url_valid(config->url)) {
        (void)snprintf(why, why_size,
                       "url must start with http:// or https:// and name a "
                       "host");
        return GONG_ERR_INVALID;
    }
    err = gong_http_read_secret(config->password_file, password, why, why_size);
    if (err == GONG_OK) {
        err = gong_http_read_secret(config->token_file, token, why, why_size);
    }
    if (err == GONG_OK) {
        err = gong_http_open(&client, &webhook->http);
    }
    gong_wipe(password, sizeof password);
    gong_wipe(token, sizeof token);
    return err;
}

static enum gong_err
webhook_open(const void *config, void **state, char *why, size_t why_size)
{
    struct webhook *webhook = calloc(1, sizeof *webhook);
    enum gong_err err;

    if (webhook == NULL) {
        return GONG_ERR_MEMORY;
    }
    webhook->config = config;
    atomic_init(&webhook->interrupted, false);
    err = open_client(webhook, why, why_size);
    if (err != GONG_OK) {
        free(webhook);
        return err;
    }
    *state = webhook;
    return GONG_OK;
}

static void
webhook_close(void *state)
{
    struct webhook *webhook = state;

    gong_http_close(webhook->http);
    free(webhook);
}

static void
post(struct webhook *webhook, const json_t *effect, const char *body,
     struct gong_http_answer *answer)
{
    char key[128];
    const char *const headers[] = {"Content-Type: application/json", key, NULL};
    struct gong_http_request request = {
        .url = webhook->config->url,
        .headers = headers,
        .post = true,
        .body = gong_str_of(body),
    };

    /* A position may be given out again, after a tail was cut or what was only
     * in memory went: it does not name an alert for good. */
    (void)snprintf(
        key, sizeof key,
        "Idempotency-Key: %" PRId64 "-%" PRId64 "-%.16s-%" PRId64,
        (int64_t)json_integer_value(json_object_get(effect, "position")),
        (int64_t)json_integer_value(json_object_get(effect, "ordinal")),
        gong_notify_text(effect, "fingerprint"),
        (int64_t)json_integer_value(json_object_get(effect, "at")));
    gong_http_do(webhook->http, &request, answer);
}

static enum gong_notify_outcome
webhook_deliver(void *state, const json_t *effect, char *why, size_t why_size)
{
    struct webhook *webhook = state;
    json_t *message = gong_notify_webhook_body(effect, webhook->config);
    char *body = message == NULL ? NULL : json_dumps(message, JSON_COMPACT);
    struct gong_http_answer answer;
    size_t shown;

    json_decref(message);
    if (body == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_NOTIFY_RETRY;
    }
    post(webhook, effect, body, &answer);
    free(body);
    shown = answer.body.len < ANSWER_SHOWN ? answer.body.len : ANSWER_SHOWN;
    if (answer.status == 0) {
        (void)snprintf(why, why_size, "%s", answer.why);
    } else {
        (void)snprintf(why, why_size, "status %ld: %.*s", answer.status,
                       (int)shown, shown == 0 ? "" : answer.body.data);
    }
    return gong_notify_webhook_judge(answer.status);
}

static void
webhook_interrupt(void *state)
{
    struct webhook *webhook = state;

    atomic_store(&webhook->interrupted, true);
    gong_http_wake(webhook->http);
}

const struct gong_notify_kind gong_notify_webhook = {
    .type = "webhook",
    .options = &table,
    .config_size = sizeof(struct gong_notify_webhook_config),
    .open = webhook_open,
    .deliver = webhook_deliver,
    .close = webhook_close,
    .interrupt = webhook_interrupt,
};
