#include "agent/broker.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/mqtt_link.h"

#define TEXT_SIZE  256
#define TOPIC_SIZE 128

static const char *const subscriptions[] = {"gong/v1/+/+/data",
                                            "gong/v1/+/+/status"};

struct gong_broker {
    struct gong_broker_options options;
    struct gong_mqtt *in;
    struct gong_mqtt *out;
    uint64_t conn; /* of this run of the agent */
    char status_topic[TOPIC_SIZE];
    atomic_bool in_up;
    atomic_bool out_up;
    atomic_bool leaving;
    /* When the receiving link broke, 0: it did not. Set on the link's thread,
     * read on Paho's in the connection that this thread then makes. */
    gong_mono_t lost;
    gong_counter_t *connects;
    gong_counter_t *losses;
};

/* -1: blind from here on. */
static void
say_blind(const struct gong_broker *broker, int64_t blind_ms)
{
    if (gong_journal_resume(broker->options.journal, blind_ms) != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "resume_not_journaled", "blind_ms=%" PRId64,
                 blind_ms);
    }
}

static size_t
status_text(const struct gong_broker *broker, const char *status,
            char out[TEXT_SIZE])
{
    return (size_t)snprintf(
        out, TEXT_SIZE,
        "{\"status\":\"%s\",\"agent\":\"%.64s\",\"conn\":\"%016" PRIx64
        "\",\"version\":\"" GONG_VERSION "\"}",
        status, broker->options.agent, broker->conn);
}

/* A birth that does not get through comes again with the next connect. */
static void
say_status(struct gong_broker *broker, const char *status)
{
    char text[TEXT_SIZE];
    size_t len = status_text(broker, status, text);
    struct gong_mqtt_message message = {.topic = broker->status_topic,
                                        .payload = gong_str_from(text, len),
                                        .qos = 0,
                                        .retained = true};

    if (gong_mqtt_publish(broker->out, &message) != GONG_OK) {
        gong_log(GONG_LOG_DEBUG, "status_not_sent", "status=%s", status);
    }
}

static void
say_born(struct gong_broker *broker)
{
    if (atomic_load(&broker->in_up) && atomic_load(&broker->out_up) &&
        !atomic_load(&broker->leaving)) {
        say_status(broker, "online");
    }
}

static void
in_connected(void *ctx, bool session_present)
{
    struct gong_broker *broker = ctx;

    (void)session_present;
    gong_counter_increase(broker->connects, 1);
    atomic_store(&broker->in_up, true);
    if (broker->lost.ns != 0) {
        gong_dur_t blind = gong_mono_since(gong_mono_now(), broker->lost);

        broker->lost.ns = 0;
        say_blind(broker, blind.ns / GONG_NS_PER_MS);
    }
    say_born(broker);
}

static void
in_disconnected(void *ctx, const char *why)
{
    struct gong_broker *broker = ctx;

    (void)why; /* the link has logged it */
    if (atomic_exchange(&broker->in_up, false)) {
        broker->lost = gong_mono_now();
        say_blind(broker, -1);
        gong_counter_increase(broker->losses, 1);
    }
}

static void
in_message(void *ctx, struct gong_str topic, struct gong_str payload)
{
    struct gong_broker *broker = ctx;

    gong_ingest_message(broker->options.ingest, topic, payload);
}

static void
out_connected(void *ctx, bool session_present)
{
    struct gong_broker *broker = ctx;

    (void)session_present;
    atomic_store(&broker->out_up, true);
    gong_receive_connected(broker->options.receive);
    say_born(broker);
}

static void
out_disconnected(void *ctx, const char *why)
{
    struct gong_broker *broker = ctx;

    (void)why;
    atomic_store(&broker->out_up, false);
}

static struct gong_mqtt_options
link_options(const struct gong_agent_broker *config)
{
    return (struct gong_mqtt_options){
        .url = config->url,
        .username = config->username,
        .password_file = config->password_file,
        .ca_file = config->ca_file,
        .cert_file = config->cert_file,
        .key_file = config->key_file,
        .keepalive_s = (int)(config->keepalive.ns / GONG_NS_PER_S),
        .retry_max = config->retry_max,
    };
}

static enum gong_err
open_in(struct gong_broker *broker, char *why, size_t why_size)
{
    struct gong_mqtt_handlers handlers = {.ctx = broker,
                                          .connected = in_connected,
                                          .disconnected = in_disconnected,
                                          .message = in_message};
    struct gong_mqtt_options options = link_options(broker->options.config);
    char client_id[TOPIC_SIZE];
    char will[TEXT_SIZE];

    (void)snprintf(client_id, sizeof client_id, "gong-agent-%.64s",
                   broker->options.agent);
    (void)status_text(broker, "offline", will);
    options.client_id = client_id;
    options.clean_session = false;
    options.subscriptions = subscriptions;
    options.subscription_count = sizeof subscriptions / sizeof subscriptions[0];
    options.will_topic = broker->status_topic;
    options.will_payload = will;
    return gong_mqtt_new(&options, &handlers, &broker->in, why, why_size);
}

static enum gong_err
open_out(struct gong_broker *broker, char *why, size_t why_size)
{
    struct gong_mqtt_handlers handlers = {.ctx = broker,
                                          .connected = out_connected,
                                          .disconnected = out_disconnected};
    struct gong_mqtt_options options = link_options(broker->options.config);
    char client_id[TOPIC_SIZE];

    (void)snprintf(client_id, sizeof client_id, "gong-agent-%.64s-out",
                   broker->options.agent);
    options.client_id = client_id;
    options.clean_session = true;
    return gong_mqtt_new(&options, &handlers, &broker->out, why, why_size);
}

enum gong_err
gong_broker_new(const struct gong_broker_options *options,
                struct gong_counters *counters, struct gong_broker **out,
                char *why, size_t why_size)
{
    struct gong_broker *broker = calloc(1, sizeof *broker);
    enum gong_err err = GONG_ERR_MEMORY;

    *out = NULL;
    (void)snprintf(why, why_size, "out of memory");
    if (broker == NULL) {
        return err;
    }
    broker->options = *options;
    broker->conn = gong_random_u64();
    (void)snprintf(broker->status_topic, sizeof broker->status_topic,
                   "gong/v1/agents/%.64s/status", options->agent);
    broker->connects = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_broker_connects_total",
        "Times that the receiving link came up.", "");
    broker->losses = gong_counter_add(counters, GONG_COUNTER,
                                      "gong_agent_broker_losses_total",
                                      "Times that it broke.", "");
    if (broker->connects != NULL && broker->losses != NULL) {
        err = open_in(broker, why, why_size);
    }
    if (err == GONG_OK) {
        err = open_out(broker, why, why_size);
    }
    if (err != GONG_OK) {
        gong_broker_free(broker);
        return err;
    }
    *out = broker;
    return GONG_OK;
}

enum gong_err
gong_broker_start(struct gong_broker *broker)
{
    enum gong_err err;

    broker->lost = gong_mono_now(); /* until the first connect */
    say_blind(broker, -1);
    err = gong_mqtt_start(broker->out);
    return err == GONG_OK ? gong_mqtt_start(broker->in) : err;
}

void
gong_broker_stop(struct gong_broker *broker)
{
    atomic_store(&broker->leaving, true);
    gong_mqtt_stop(broker->in);
    if (atomic_load(&broker->out_up)) {
        say_status(broker, "offline");
    }
}

void
gong_broker_free(struct gong_broker *broker)
{
    if (broker == NULL) {
        return;
    }
    if (broker->in != NULL) {
        gong_mqtt_stop(broker->in);
    }
    if (broker->out != NULL) {
        gong_mqtt_stop(broker->out);
    }
    gong_mqtt_free(broker->in);
    gong_mqtt_free(broker->out);
    free(broker);
}

bool
gong_broker_send(void *ctx, const char *topic, struct gong_str payload)
{
    struct gong_broker *broker = ctx;
    struct gong_mqtt_message message = {
        .topic = topic, .payload = payload, .qos = 0};

    return gong_mqtt_publish(broker->out, &message) == GONG_OK;
}

bool
gong_broker_connected(void *ctx)
{
    struct gong_broker *broker = ctx;

    return atomic_load(&broker->in_up);
}
