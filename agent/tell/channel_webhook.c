#include "agent/tell/channel_webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/channel.h"
#include "agent/store/http_client.h"
#include "agent/tell/message_annotation.h"
#include "agent/tell/message_view.h"
#include "agent/tell/notify_webhook.h"
#include "agent/tell/rfc3339.h"
#include "common/clock.h"
#include "common/wipe.h"

#define CONNECT_TIMEOUT_MS 3000L
#define NOT_OVER           "0001-01-01T00:00:00Z" /* Go's zero time */
#define ANSWER_SHOWN       128

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
    {"password_file", GONG_OPTION_STRING, AT(password_file), "", 0, 0, NULL, "",
     "File whose only line is the user's password."},
    {"token_file", GONG_OPTION_STRING, AT(token_file), "", 0, 0, NULL, "",
     "File whose only line is a bearer token."},
    {"ca_file", GONG_OPTION_STRING, AT(ca_file), "", 0, 0, NULL, "",
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

static json_t *
alert_json(const json_t *item)
{
    char starts[GONG_RFC3339_SIZE];
    char ends[GONG_RFC3339_SIZE] = NOT_OVER;
    bool over = gong_view_over(item);

    gong_rfc3339(gong_view_int(item, "since"), starts);
    if (over) {
        gong_rfc3339(gong_view_int(item, "ended"), ends);
    }
    return json_pack("{s:s, s:O, s:o, s:s, s:s, s:s, s:s}", "status",
                     over ? "resolved" : "firing", "labels",
                     json_object_get(item, "labels"), "annotations",
                     gong_message_annotations(item), "startsAt", starts,
                     "endsAt", ends, "generatorURL", "", "fingerprint",
                     gong_view_text(item, "fingerprint"));
}

/* All alerts; firing: whether one of them is. */
static json_t *
alerts_json(const json_t *items, bool *firing)
{
    json_t *alerts = json_array();

    for (size_t i = 0; alerts != NULL && i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        *firing = *firing || !gong_view_over(item);
        if (json_array_append_new(alerts, alert_json(item)) != 0) {
            json_decref(alerts);
            alerts = NULL;
        }
    }
    return alerts;
}

static bool
all_have(const json_t *items, const char *set, const char *name,
         const json_t *value)
{
    for (size_t i = 1; i < json_array_size(items); i++) {
        const json_t *pairs = json_object_get(json_array_get(items, i), set);

        if (!json_equal(json_object_get(pairs, name), value)) {
            return false;
        }
    }
    return true;
}

/* The labels or annotations that all items have alike. */
static json_t *
common_json(const json_t *items, const char *set)
{
    json_t *first = json_object_get(json_array_get(items, 0), set);
    json_t *common = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(first, name, value)
    {
        if (common != NULL && all_have(items, set, name, value) &&
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
wipe(char *secret)
{
    if (secret != NULL) {
        gong_wipe(secret, strlen(secret));
    }
    free(secret);
}

static void
webhook_close(void *state)
{
    struct webhook *webhook = state;

    wipe(webhook->password);
    wipe(webhook->authorization);
    free(webhook);
}

/* A secret behind a prefix; NULL with why. */
static char *
read_secret(const char *path, const char *prefix, char *why, size_t why_size)
{
    char secret[GONG_HTTP_SECRET_MAX];
    enum gong_err err = gong_http_secret(path, secret);
    size_t size = strlen(prefix) + GONG_HTTP_SECRET_MAX;
    char *out = err == GONG_OK ? malloc(size) : NULL;

    if (out != NULL) {
        (void)snprintf(out, size, "%s%s", prefix, secret);
    } else {
        (void)snprintf(why, why_size, "%s: %s", path,
                       gong_err_text(err == GONG_OK ? GONG_ERR_MEMORY : err));
    }
    gong_wipe(secret, sizeof secret);
    return out;
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
            read_secret(config->password_file, "", why, why_size);
        if (webhook->password == NULL) {
            return false;
        }
    }
    if (given(config->token_file)) {
        webhook->authorization = read_secret(
            config->token_file, "Authorization: Bearer ", why, why_size);
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

static bool
add_header(struct gong_channel_try *attempt, const char *line)
{
    struct curl_slist *longer = curl_slist_append(attempt->headers, line);

    if (longer == NULL) {
        return false;
    }
    attempt->headers = longer;
    return true;
}

static bool
add_headers(const struct webhook *webhook, const char *key,
            struct gong_channel_try *attempt)
{
    char line[256];

    (void)snprintf(line, sizeof line, "Idempotency-Key: %s", key);
    return add_header(attempt, "Expect:") &&
           add_header(attempt, "Content-Type: application/json") &&
           add_header(attempt, line) &&
           (webhook->authorization == NULL ||
            add_header(attempt, webhook->authorization));
}

static bool
set_transfer(const struct webhook *webhook, CURL *easy)
{
    const struct config *config = webhook->config;
    const char *no_proxy = gong_http_url_loopback(config->url) ? "*" : NULL;
    long timeout_ms = (long)(config->timeout.ns / GONG_NS_PER_MS);
    bool ok =
        curl_easy_setopt(easy, CURLOPT_URL, config->url) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOPROXY, no_proxy) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                         (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "gong/" GONG_VERSION) ==
            CURLE_OK;

    if (given(config->ca_file)) {
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file) ==
                       CURLE_OK;
    }
    if (given(config->username)) {
        ok = ok &&
             curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
                 CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_USERNAME, config->username) ==
                 CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_PASSWORD,
                              webhook->password == NULL
                                  ? ""
                                  : webhook->password) == CURLE_OK;
    }
    return ok;
}

static bool
set_body(struct gong_channel_try *attempt)
{
    attempt->body_length = strlen(attempt->body);
    return curl_easy_setopt(attempt->easy, CURLOPT_HTTPHEADER,
                            attempt->headers) == CURLE_OK &&
           curl_easy_setopt(attempt->easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(attempt->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)attempt->body_length) == CURLE_OK &&
           curl_easy_setopt(attempt->easy, CURLOPT_POSTFIELDS, attempt->body) ==
               CURLE_OK;
}

static enum gong_err
webhook_begin(void *state, const struct gong_channel_send *send,
              struct gong_channel_try *attempt)
{
    const struct webhook *webhook = state;
    json_t *body =
        gong_channel_webhook_body(send->message, webhook->config->external_url);

    attempt->body = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    attempt->easy = curl_easy_init();
    if (attempt->body == NULL || attempt->easy == NULL ||
        !set_transfer(webhook, attempt->easy) ||
        !add_headers(webhook, send->key, attempt) || !set_body(attempt)) {
        return GONG_ERR_MEMORY;
    }
    return GONG_OK;
}

static enum gong_channel_outcome
webhook_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
              long status)
{
    size_t shown = attempt->answer_length < ANSWER_SHOWN
                       ? attempt->answer_length
                       : ANSWER_SHOWN;

    (void)state;
    if (code != CURLE_OK) {
        /* Without libcurl's own text, which may hold the URL. */
        (void)snprintf(attempt->why, sizeof attempt->why, "%s",
                       curl_easy_strerror(code));
        return GONG_CHANNEL_RETRY;
    }
    (void)snprintf(attempt->why, sizeof attempt->why, "status %ld: %.*s",
                   status, (int)shown, shown == 0 ? "" : attempt->answer);
    switch (gong_notify_webhook_judge(status)) {
    case GONG_NOTIFY_DONE:
        return GONG_CHANNEL_SENT;
    case GONG_NOTIFY_RETRY:
        return GONG_CHANNEL_RETRY;
    case GONG_NOTIFY_REFUSE:
        break;
    }
    return GONG_CHANNEL_REFUSE;
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
