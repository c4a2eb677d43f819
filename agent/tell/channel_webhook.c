#include "agent/tell/channel_webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/channel_easy.h"
#include "agent/store/http_client.h"
#include "agent/tell/message_annotation.h"
#include "agent/tell/message_view.h"
#include "agent/tell/rfc3339.h"
#include "common/clock.h"

#define BEARER   "Authorization: Bearer "
#define NOT_OVER "0001-01-01T00:00:00Z" /* Go's zero time */

struct config {
    char *url;
    gong_dur_t timeout;
    char *username;
    char *password_file;
    char *token_file; /* Authorization: Bearer */
    char *ca_file;
    char *external_url;
};

#define AT(member) offsetof(struct config, member)

static const struct gong_option options[] = {
    {"url", GONG_OPTION_STRING, AT(url), NULL, 0, 0, NULL, "",
     "Where to post, http:// or https://."},
    {"timeout", GONG_OPTION_DURATION, AT(timeout), "10s", 100, 120000, NULL, "",
     "How long one try may take."},
    {"username", GONG_OPTION_STRING, AT(username), "", 0, 0, NULL, "",
     "User for basic authentication."},
    {"password_file", GONG_OPTION_SECRET, AT(password_file), "", 0, 0, NULL, "",
     "File whose only line is the user's password."},
    {"token_file", GONG_OPTION_SECRET, AT(token_file), "", 0, 0, NULL, "",
     "File whose only line is a bearer token."},
    {"ca_file", GONG_OPTION_FILE, AT(ca_file), "", 0, 0, NULL, "",
     "PEM file of the authorities to trust instead of the system's."},
    {"external_url", GONG_OPTION_STRING, AT(external_url), "", 0, 0, NULL, "",
     "The message's field externalURL; empty: the desk's link."},
};

static const struct gong_option_table table = {
    .name = "channels.webhook",
    .help = "Posts Alertmanager's webhook JSON (version 4).",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct webhook {
    const struct config *config;
    char *password;
    char *authorization; /* a header line, or NULL */
};

/* --- the message --- */

/* annotations is taken. */
static json_t *
alert_json(const json_t *item, json_t *annotations)
{
    char starts[GONG_RFC3339_SIZE];
    char ends[GONG_RFC3339_SIZE] = NOT_OVER;
    bool over = gong_view_over(item);

    gong_rfc3339(gong_view_int(item, "since"), starts);
    if (over) {
        int64_t end_ms = gong_view_int(item, "over");

        gong_rfc3339(end_ms > 0 ? end_ms : gong_view_int(item, "ended"), ends);
    }
    return json_pack(
        "{s:s, s:O, s:o, s:s, s:s, s:s, s:s}", "status",
        over ? "resolved" : "firing", "labels", json_object_get(item, "labels"),
        "annotations", annotations, "startsAt", starts, "endsAt", ends,
        "generatorURL", "", "fingerprint", gong_view_text(item, "fingerprint"));
}

/* All alerts; firing: whether one of them is. */
static json_t *
alerts_json(const json_t *items, bool *firing)
{
    json_t *alerts = json_array();

    for (size_t i = 0; alerts != NULL && i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        *firing = *firing || !gong_view_over(item);
        if (json_array_append_new(
                alerts, alert_json(item, gong_message_annotations(item))) !=
            0) {
            json_decref(alerts);
            alerts = NULL;
        }
    }
    return alerts;
}

static bool
all_have(const json_t *alerts, const char *set, const char *name,
         const json_t *value)
{
    for (size_t i = 1; i < json_array_size(alerts); i++) {
        const json_t *pairs = json_object_get(json_array_get(alerts, i), set);

        if (!json_equal(json_object_get(pairs, name), value)) {
            return false;
        }
    }
    return true;
}

/* The labels or annotations that all alerts have alike. */
static json_t *
common_json(const json_t *alerts, const char *set)
{
    json_t *first = json_object_get(json_array_get(alerts, 0), set);
    json_t *common = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(first, name, value)
    {
        if (common != NULL && all_have(alerts, set, name, value) &&
            json_object_set(common, name, value) != 0) {
            json_decref(common);
            common = NULL;
        }
    }
    return common;
}

json_t *
gong_channel_webhook_body(const json_t *message, const char *external_url)
{
    const json_t *items = json_object_get(message, "items");
    const json_t *omitted = json_object_get(message, "omitted");
    int64_t left_out =
        gong_view_int(omitted, "firing") + gong_view_int(omitted, "resolved");
    bool firing = gong_view_int(omitted, "firing") > 0;
    json_t *alerts = alerts_json(items, &firing);

    if (external_url == NULL || external_url[0] == '\0') {
        external_url = gong_view_text(message, "link");
    }
    /* "o" takes the reference also on failure; NULL makes the whole NULL. */
    return json_pack(
        "{s:s, s:s, s:I, s:s, s:s, s:O, s:o, s:o, s:s, s:o}", "version", "4",
        "groupKey", gong_view_text(message, "group_key"), "truncatedAlerts",
        (json_int_t)left_out, "status", firing ? "firing" : "resolved",
        "receiver", gong_view_text(message, "receiver"), "groupLabels",
        json_object_get(message, "group_labels"), "commonLabels",
        common_json(alerts, "labels"), "commonAnnotations",
        common_json(alerts, "annotations"), "externalURL", external_url,
        "alerts", alerts);
}

/* --- the channel --- */

static void
webhook_close(void *state)
{
    struct webhook *webhook = state;

    gong_channel_wipe(webhook->password);
    gong_channel_wipe(webhook->authorization);
    free(webhook);
}

/* A bearer token's header; NULL with why. */
static char *
read_token(const char *path, char *why, size_t why_size)
{
    char *secret = gong_channel_secret(path, why, why_size);
    size_t size = secret == NULL ? 0 : sizeof BEARER + strlen(secret);
    char *line = secret == NULL ? NULL : malloc(size);

    if (line != NULL) {
        (void)snprintf(line, size, BEARER "%s", secret);
    } else if (secret != NULL) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       gong_err_text(GONG_ERR_MEMORY));
    }
    gong_channel_wipe(secret);
    return line;
}

static bool
given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool
read_secrets(struct webhook *webhook, char *why, size_t why_size)
{
    const struct config *config = webhook->config;

    if (given(config->password_file)) {
        webhook->password =
            gong_channel_secret(config->password_file, why, why_size);
        if (webhook->password == NULL) {
            return false;
        }
    }
    if (given(config->token_file)) {
        webhook->authorization = read_token(config->token_file, why, why_size);
        return webhook->authorization != NULL;
    }
    return true;
}

static enum gong_err
webhook_open(const void *config, void **state, char *why, size_t why_size)
{
    struct webhook *webhook = calloc(1, sizeof *webhook);

    if (webhook == NULL) {
        return GONG_ERR_MEMORY;
    }
    webhook->config = config;
    if (!gong_http_url_valid(webhook->config->url)) {
        (void)snprintf(why, why_size,
                       "url must start with http:// or https:// and name a "
                       "host");
    } else if ((given(webhook->config->password_file) ||
                given(webhook->config->token_file)) &&
               !gong_http_url_private(webhook->config->url)) {
        (void)snprintf(why, why_size,
                       "url: secrets go by https:// only, but on loopback");
    } else if (read_secrets(webhook, why, why_size)) {
        *state = webhook;
        return GONG_OK;
    }
    webhook_close(webhook);
    return GONG_ERR_INVALID;
}

static enum gong_err
webhook_begin(void *state, const struct gong_channel_send *send,
              struct gong_channel_try *attempt)
{
    const struct webhook *webhook = state;
    const struct config *config = webhook->config;
    json_t *body =
        gong_channel_webhook_body(send->message, config->external_url);
    char key[256];
    const char *const headers[] = {"Content-Type: application/json", key,
                                   webhook->authorization, NULL};
    const struct gong_channel_post post = {
        .url = config->url,
        .headers = headers,
        .ca_file = config->ca_file,
        .username = config->username,
        .password = webhook->password,
        .timeout = config->timeout,
        .body = body == NULL ? NULL : json_dumps(body, JSON_COMPACT),
    };

    json_decref(body);
    (void)snprintf(key, sizeof key, "Idempotency-Key: %s", send->key);
    return gong_channel_post(attempt, &post);
}

static enum gong_channel_outcome
webhook_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
              long status)
{
    const struct webhook *webhook = state;

    gong_channel_hide_login(attempt, webhook->config->username,
                            webhook->password);
    gong_channel_hide_url(attempt, webhook->config->url);
    if (webhook->authorization != NULL) {
        gong_channel_hide(attempt, webhook->authorization + sizeof BEARER - 1);
    }
    return gong_channel_judge_status(attempt, code, status);
}

const struct gong_channel_kind gong_channel_webhook = {
    .type = "webhook",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = webhook_open,
    .begin = webhook_begin,
    .judge = webhook_judge,
    .close = webhook_close,
};
