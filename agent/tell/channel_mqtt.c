#include "agent/tell/channel_mqtt.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/tell/channel.h"
#include "agent/tell/message_annotation.h"
#include "agent/tell/message_view.h"

#define AT(member) offsetof(struct gong_channel_mqtt_config, member)

static const struct gong_option options[] = {
    {"url", GONG_OPTION_STRING, AT(url), NULL, 0, 0, NULL, "",
     "mqtt://host:port or mqtts://host:port."},
    {"client_id", GONG_OPTION_STRING, AT(client_id), "gong-alerts", 0, 0, NULL,
     "", "Client id at the broker, one for each channel."},
    {"username", GONG_OPTION_STRING, AT(username), "", 0, 0, NULL, "",
     "User name at the broker."},
    {"password_file", GONG_OPTION_SECRET, AT(password_file), "", 0, 0, NULL, "",
     "File whose first line is the password."},
    {"ca_file", GONG_OPTION_FILE, AT(ca_file), "", 0, 0, NULL, "",
     "PEM file of the authorities to trust instead of the system's."},
    {"topic", GONG_OPTION_STRING, AT(topic), "gong/v1/alerts", 0, 0, NULL, "",
     "What its topics begin with."},
    {"valid", GONG_OPTION_DURATION, AT(valid), "24h", 1000, 0, NULL, "",
     "How long a published alert counts (valid_until); those that are open are "
     "published again after half of it."},
    {"timeout", GONG_OPTION_DURATION, AT(timeout), "10s", 100, 120000, NULL, "",
     "How long the broker may take to answer."},
};

static const struct gong_option_table table = {
    .name = "channels.mqtt",
    .help = "Publishes alerts, retained, for devices at the edge.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

/* A message that is being published, one topic after the other. */
struct job {
    struct job *next;
    uint64_t serial;
    const json_t *message; /* borrowed */
    int event;             /* counts answers */
    size_t begun;
    /* Under the channel's lock. */
    size_t answered;
    bool failed;
};

struct mqtt {
    const struct gong_channel_mqtt_config *config;
    const struct gong_channel_mqtt_driver *driver;
    void *link;
    uint64_t serial;
    pthread_mutex_t mutex;
    struct job *jobs; /* under the lock */
};

/* --- the real link --- */

static void
link_close(void *link)
{
    gong_mqtt_stop(link);
    gong_mqtt_free(link);
}

static enum gong_err
link_open(const struct gong_mqtt_options *link_options,
          const struct gong_mqtt_handlers *handlers, void **out, char *why,
          size_t why_size)
{
    struct gong_mqtt *link;
    enum gong_err err =
        gong_mqtt_new(link_options, handlers, &link, why, why_size);

    if (err == GONG_OK) {
        err = gong_mqtt_start(link);
        if (err != GONG_OK) {
            gong_mqtt_free(link);
        }
    }
    if (err == GONG_OK) {
        *out = link;
    }
    return err;
}

static enum gong_err
link_publish(void *link, const struct gong_mqtt_message *message)
{
    return gong_mqtt_publish(link, message);
}

static const struct gong_channel_mqtt_driver real_driver = {
    link_open, link_publish, link_close};

/* --- what is published --- */

static bool
topic_char(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '-' || c == '_' || c == '.';
}

static void
clean_level(char *level)
{
    for (char *c = level; *c != '\0'; c++) {
        *c = topic_char(*c) ? *c : '_';
    }
}

char *
gong_channel_mqtt_topic(const char *prefix, const json_t *item)
{
    const char *site = gong_view_label(item, "site");
    char *place = strdup(site[0] == '\0' ? "-" : site);
    char *rule = strdup(gong_view_text(item, "rule"));
    size_t size;
    char *topic = NULL;

    if (place != NULL && rule != NULL) {
        clean_level(place);
        clean_level(rule);
        size = strlen(prefix) + strlen(place) + strlen(rule) + 32;
        topic = malloc(size);
        if (topic != NULL) {
            (void)snprintf(topic, size, "%s/%s/%s/%.16s", prefix, place, rule,
                           gong_view_text(item, "fingerprint"));
        }
    }
    free(place);
    free(rule);
    return topic;
}

char *
gong_channel_mqtt_payload(const json_t *item, int64_t at_ms,
                          int64_t valid_until_ms)
{
    json_t *texts = NULL;
    json_t *json;
    char *text;

    if (gong_view_over(item)) {
        return strdup("");
    }
    texts = gong_message_annotations(item);
    json = json_pack(
        "{s:i, s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:s, s:s, "
        "s:s, s:s, s:s, s:O}",
        "v", 1, "number", (json_int_t)gong_view_int(item, "number"), "state",
        gong_view_text(item, "alert"), "rule", gong_view_text(item, "rule"),
        "alertname", gong_view_label(item, "alertname"), "severity",
        gong_view_text(item, "severity"), "level",
        (json_int_t)gong_view_int(item, "level"), "value",
        gong_view_text(item, "value"), "since",
        (json_int_t)gong_view_int(item, "since"), "at", (json_int_t)at_ms,
        "valid_until", (json_int_t)valid_until_ms, "owner",
        gong_view_text(item, "owner"), "summary",
        gong_view_text(texts, "summary"), "summary_en",
        gong_view_text(texts, "summary_en"), "action",
        gong_view_text(texts, "action"), "action_en",
        gong_view_text(texts, "action_en"), "labels",
        json_object_get(item, "labels"));
    text =
        json == NULL || texts == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(texts);
    json_decref(json);
    return text;
}

static enum gong_err
publish_item(struct mqtt *mqtt, const struct job *job, const json_t *item)
{
    int64_t at_ms = gong_view_int(job->message, "at");
    char *topic = gong_channel_mqtt_topic(mqtt->config->topic, item);
    char *payload = gong_channel_mqtt_payload(
        item, at_ms, at_ms + mqtt->config->valid.ns / GONG_NS_PER_MS);
    enum gong_err err = GONG_ERR_MEMORY;

    if (topic != NULL && payload != NULL) {
        const struct gong_mqtt_message message = {
            .topic = topic,
            .payload = gong_str_of(payload),
            .qos = 1,
            /* Nobody says that a drill is over. */
            .retained =
                strcmp(gong_view_text(job->message, "kind"), "drill") != 0,
            .tag = job->serial,
        };

        err = mqtt->driver->publish(mqtt->link, &message);
    }
    free(topic);
    free(payload);
    return err;
}

/* As many as the link takes. */
static enum gong_err
publish_more(struct mqtt *mqtt, struct job *job)
{
    const json_t *items = json_object_get(job->message, "items");
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && job->begun < json_array_size(items)) {
        err = publish_item(mqtt, job, json_array_get(items, job->begun));
        if (err == GONG_OK) {
            job->begun++;
        }
    }
    return err;
}

/* --- the channel --- */

/* On any thread; a job that is gone is not found. */
static void
on_published(void *ctx, uint64_t tag, bool ok)
{
    struct mqtt *mqtt = ctx;

    (void)pthread_mutex_lock(&mqtt->mutex);
    for (struct job *job = mqtt->jobs; job != NULL; job = job->next) {
        if (job->serial == tag) {
            job->answered++;
            job->failed = job->failed || !ok;
            (void)eventfd_write(job->event, 1);
        }
    }
    (void)pthread_mutex_unlock(&mqtt->mutex);
}

static enum gong_err
mqtt_open(const void *config, void **state, char *why, size_t why_size)
{
    struct mqtt *mqtt = calloc(1, sizeof *mqtt);
    const struct gong_channel_mqtt_config *mine = config;
    const struct gong_mqtt_options link = {
        .url = mine->url,
        .client_id = mine->client_id,
        .username = mine->username,
        .password_file = mine->password_file,
        .ca_file = mine->ca_file,
        .clean_session = true,
    };
    const struct gong_mqtt_handlers handlers = {.ctx = mqtt,
                                                .published = on_published};
    enum gong_err err;

    if (mqtt == NULL) {
        return GONG_ERR_MEMORY;
    }
    mqtt->config = mine;
    mqtt->driver = mine->driver == NULL ? &real_driver : mine->driver;
    if (pthread_mutex_init(&mqtt->mutex, NULL) != 0) {
        free(mqtt);
        return GONG_ERR_MEMORY;
    }
    err = mqtt->driver->open(&link, &handlers, &mqtt->link, why, why_size);
    if (err != GONG_OK) {
        (void)pthread_mutex_destroy(&mqtt->mutex);
        free(mqtt);
        return err;
    }
    *state = mqtt;
    return GONG_OK;
}

static void
mqtt_close(void *state)
{
    struct mqtt *mqtt = state;

    mqtt->driver->close(mqtt->link);
    (void)pthread_mutex_destroy(&mqtt->mutex);
    free(mqtt);
}

static struct job *
job_new(struct mqtt *mqtt, const json_t *message)
{
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        return NULL;
    }
    job->message = message;
    job->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (job->event < 0) {
        free(job);
        return NULL;
    }
    job->serial = ++mqtt->serial;
    (void)pthread_mutex_lock(&mqtt->mutex);
    job->next = mqtt->jobs;
    mqtt->jobs = job;
    (void)pthread_mutex_unlock(&mqtt->mutex);
    return job;
}

static void
job_free(struct mqtt *mqtt, struct job *job)
{
    struct job **at = &mqtt->jobs;

    (void)pthread_mutex_lock(&mqtt->mutex);
    while (*at != job) {
        at = &(*at)->next;
    }
    *at = job->next;
    (void)pthread_mutex_unlock(&mqtt->mutex);
    (void)close(job->event);
    free(job);
}

/* Whether all that was begun is answered, and nothing is left to begin. */
static bool
is_over(struct mqtt *mqtt, const struct job *job, bool *sent)
{
    size_t count = json_array_size(json_object_get(job->message, "items"));
    bool over;

    (void)pthread_mutex_lock(&mqtt->mutex);
    *sent = job->answered == count && !job->failed;
    over = job->failed || job->answered == count ||
           (job->begun < count && job->answered == job->begun);
    (void)pthread_mutex_unlock(&mqtt->mutex);
    return over;
}

static enum gong_err
mqtt_begin(void *state, const struct gong_channel_send *send,
           struct gong_channel_try *attempt)
{
    struct mqtt *mqtt = state;
    struct job *job = job_new(mqtt, send->message);
    enum gong_err err;
    bool sent;

    if (job == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = publish_more(mqtt, job);
    if (err == GONG_OK || job->begun > 0) {
        attempt->own = job;
        attempt->wait_fd = job->event;
        attempt->timeout_ms = mqtt->config->timeout.ns / GONG_NS_PER_MS;
        /* A message that lists nothing is over without an answer. */
        if (job->begun == 0 && is_over(mqtt, job, &sent)) {
            (void)eventfd_write(job->event, 1);
        }
        return GONG_OK;
    }
    job_free(mqtt, job);
    if (err == GONG_ERR_MEMORY) {
        return err;
    }
    attempt->outcome = GONG_CHANNEL_RETRY;
    (void)snprintf(attempt->why, sizeof attempt->why,
                   "not connected to the broker");
    return GONG_OK;
}

static bool
mqtt_ready(void *state, struct gong_channel_try *attempt)
{
    struct mqtt *mqtt = state;
    struct job *job = attempt->own;
    eventfd_t count;
    bool sent;

    (void)eventfd_read(job->event, &count);
    /* What it does not take now is tried at the next answer; without one left
     * to wait for it is over. */
    if (publish_more(mqtt, job) == GONG_ERR_MEMORY) {
        return true;
    }
    return is_over(mqtt, job, &sent);
}

static enum gong_channel_outcome
mqtt_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
           long status)
{
    struct mqtt *mqtt = state;
    struct job *job = attempt->own;
    bool sent;

    (void)status;
    (void)is_over(mqtt, job, &sent);
    job_free(mqtt, job);
    attempt->wait_fd = -1;
    attempt->own = NULL;
    if (sent) {
        return GONG_CHANNEL_SENT;
    }
    (void)snprintf(attempt->why, sizeof attempt->why, "%s",
                   code == CURLE_OPERATION_TIMEDOUT
                       ? "the broker did not answer in time"
                       : "the link to the broker broke");
    return GONG_CHANNEL_RETRY;
}

static gong_dur_t
mqtt_valid(const void *config)
{
    const struct gong_channel_mqtt_config *mine = config;

    return mine->valid;
}

const struct gong_channel_kind gong_channel_mqtt = {
    .type = "mqtt",
    .options = &table,
    .config_size = sizeof(struct gong_channel_mqtt_config),
    .open = mqtt_open,
    .begin = mqtt_begin,
    .ready = mqtt_ready,
    .judge = mqtt_judge,
    .close = mqtt_close,
    .valid = mqtt_valid,
};
