/*
 * One thread per link owns the life of the connection; Paho's threads only
 * report events:
 *
 *   run():  create handle -> connect -> wait -> [up] -> lost -> fail what is in
 *           flight -> back off -> create the next handle, destroy this one ...
 *
 * What Paho C 1.3.12 does, and how this file lives with it:
 *  1. A handle keeps stale state past a lost connection: queued commands are
 *     sent later, acknowledgements of old messages go out on the next
 *     connection, freed messages are sent again after a failed write, and
 *     retries start by themselves. So a handle lives for one connection:
 *     destroying it is the barrier after which none of its callbacks runs.
 *  2. Creating a client while the last one is being destroyed uses freed
 *     memory: both go through one lock (mqtt_paho.c). The next handle is made
 *     before the old one goes, or Paho would stop and start its threads.
 *  3. Callbacks run with Paho's global lock held: isConnected and its like
 *     unlock what they do not own, and our lock must not be held by a thread
 *     that calls into Paho. Here no Paho call is made with the monitor held.
 *  4. PUBACK is sent whatever messageArrived returns; 0 only queues the
 *     message in memory. So the handler keeps the message, and 1 is returned.
 *  5. Automatic reconnection works in steps of 3 s and hides sessionPresent:
 *     off; the connect time-out too is looked at every 3 s only, so a watchdog
 *     replaces a handle that says nothing at all.
 *  6. A full window is noticed once a second, and queued messages are lost by
 *     a clean session: callers keep their own window, publishes while
 *     disconnected are refused, and Paho's retry and persistence are off.
 *  7. verify and the version default to values that must not be used.
 *  8. A disconnect with a time-out waits in steps of 3 s: ours has none.
 *  9. Destroying a handle leaks publishes that were never written to the
 *     socket (fixed upstream in 1.3.14): at most one window per lost link.
 */
#include "common/mqtt_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mqtt_link_private.h"

#define WATCHDOG_S        8 /* past the connect time-out */
#define DISCONNECT_WAIT_S 2
#define RETRY_MIN_S       1
#define STABLE_S          10 /* up this long: the next wait is short again */

void
gong_mqtt_link_down(struct gong_mqtt *link, const char *reason)
{
    gong_monitor_lock(&link->monitor);
    if (link->phase == PHASE_UP || link->phase == PHASE_CONNECTING) {
        link->phase = PHASE_DOWN;
        atomic_store(&link->up, false);
        (void)snprintf(link->reason, sizeof link->reason, "%s", reason);
    }
    gong_monitor_wake(&link->monitor);
    gong_monitor_unlock(&link->monitor);
}

static void
on_lost(void *context, char *cause)
{
    gong_mqtt_link_down(
        context, cause != NULL ? cause : "closed by the broker or the network");
}

static int
on_message(void *context, char *topic, int topic_len,
           MQTTAsync_message *message)
{
    struct gong_mqtt *link = context;
    size_t len = topic_len > 0 ? (size_t)topic_len : strlen(topic);
    size_t size = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;

    if (link->handlers.message != NULL) {
        link->handlers.message(link->handlers.ctx, gong_str_from(topic, len),
                               gong_str_from(message->payload, size));
    }
    link->paho->free_message(&message);
    link->paho->free(topic);
    return 1;
}

static void
on_subscribe_failed(void *context, MQTTAsync_failureData *data)
{
    struct gong_mqtt *link = context;

    if (data->code != MQTT_BAD_SUBSCRIBE) {
        gong_mqtt_link_down(link, "subscribing failed");
        return;
    }
    gong_log(GONG_LOG_WARNING, "mqtt_subscribe_refused", "client=%s topic=%s",
             link->settings.client_id, link->settings.topics[0]);
}

static void
on_subscribed(void *context, MQTTAsync_successData *data)
{
    struct gong_mqtt *link = context;
    size_t count = link->settings.topic_count;

    for (size_t i = 0; i < count; i++) {
        int granted = count == 1 ? data->alt.qos : data->alt.qosList[i];

        if (granted == MQTT_BAD_SUBSCRIBE) {
            gong_log(GONG_LOG_WARNING, "mqtt_subscribe_refused",
                     "client=%s topic=%s", link->settings.client_id,
                     link->settings.topics[i]);
        }
    }
}

static int
subscribe(struct gong_mqtt *link, MQTTAsync handle)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;

    if (link->settings.topic_count == 0) {
        return MQTTASYNC_SUCCESS;
    }
    response.onSuccess = on_subscribed;
    response.onFailure = on_subscribe_failed;
    response.context = link;
    return link->paho->subscribe_many(handle, (int)link->settings.topic_count,
                                      link->settings.topics, link->settings.qos,
                                      &response);
}

/* Whether a connection that Paho reports is the one that is being made; its
 * handle, which stays as long as one of its callbacks runs. */
static bool
is_awaited(struct gong_mqtt *link, MQTTAsync *handle)
{
    bool awaited;

    gong_monitor_lock(&link->monitor);
    awaited = link->phase == PHASE_CONNECTING && !link->stopping;
    *handle = link->handle;
    gong_monitor_unlock(&link->monitor);
    return awaited;
}

static bool
set_up(struct gong_mqtt *link)
{
    bool mine;

    gong_monitor_lock(&link->monitor);
    mine = link->phase == PHASE_CONNECTING && !link->stopping;
    if (mine) {
        link->phase = PHASE_UP;
        link->came_up = true;
        atomic_store(&link->up, true);
    }
    gong_monitor_unlock(&link->monitor);
    return mine;
}

static void
on_connected(void *context, MQTTAsync_successData *data)
{
    struct gong_mqtt *link = context;
    bool session_present = data->alt.connect.sessionPresent != 0;
    MQTTAsync handle;

    if (!is_awaited(link, &handle)) {
        return;
    }
    if (subscribe(link, handle) != MQTTASYNC_SUCCESS) {
        gong_mqtt_link_down(link, "subscribing failed");
        return;
    }
    if (!set_up(link)) {
        return;
    }
    gong_log(GONG_LOG_INFO, "mqtt_connected",
             "client=%s broker=%s session_present=%d", link->settings.client_id,
             link->address.uri, session_present);
    if (link->handlers.connected != NULL) {
        link->handlers.connected(link->handlers.ctx, session_present);
    }
    gong_monitor_wake(&link->monitor);
}

/* What the broker said in its CONNACK, or what Paho noticed. */
static void
on_connect_failed(void *context, MQTTAsync_failureData *data)
{
    static const char *const refusals[] = {
        NULL,
        "the broker refuses this protocol version",
        "the broker refuses this client id",
        "the broker is not available",
        "bad user name or password",
        "not authorised",
    };
    struct gong_mqtt *link = context;
    char reason[GONG_MQTT_REASON_SIZE];

    if (data->code > 0 && data->code < 6) {
        gong_mqtt_link_down(link, refusals[data->code]);
        return;
    }
    (void)snprintf(reason, sizeof reason, "%s (%d)",
                   data->message != NULL ? data->message
                                         : "cannot reach the broker",
                   data->code);
    gong_mqtt_link_down(link, reason);
}

/* Makes the handle of the next connection and lets go of the last one's. */
static bool
renew_handle(struct gong_mqtt *link)
{
    MQTTAsync fresh = NULL;
    MQTTAsync old;
    int rc = gong_paho_create(link->paho, &fresh, link->address.uri,
                              link->settings.client_id);

    if (rc == MQTTASYNC_SUCCESS) {
        rc = link->paho->set_callbacks(fresh, link, on_lost, on_message, NULL);
    }
    gong_monitor_lock(&link->monitor);
    old = link->handle;
    link->handle = rc == MQTTASYNC_SUCCESS ? fresh : NULL;
    gong_monitor_unlock(&link->monitor);
    gong_paho_destroy(link->paho, &old);
    if (rc != MQTTASYNC_SUCCESS) {
        gong_paho_destroy(link->paho, &fresh);
    }
    return rc == MQTTASYNC_SUCCESS;
}

/* Starts one attempt; failures show as PHASE_DOWN. */
static void
begin_connect(struct gong_mqtt *link)
{
    struct gong_mqtt_connect call = {
        .connected = on_connected,
        .failed = on_connect_failed,
        .context = link,
    };
    char why[GONG_MQTT_REASON_SIZE] = "";
    bool made;

    if (link->handlers.will_payload != NULL) {
        call.will_payload = link->handlers.will_payload(link->handlers.ctx);
    }
    made = renew_handle(link);
    /* Only now: until its handle was gone the last connection could still
     * answer, and would have been taken for this one. */
    gong_monitor_lock(&link->monitor);
    link->phase = PHASE_CONNECTING;
    link->came_up = false;
    gong_monitor_unlock(&link->monitor);
    if (!made) {
        gong_mqtt_link_down(link, "Paho cannot make a client");
        return;
    }
    if (gong_mqtt_settings_connect(&link->settings, link->paho, link->handle,
                                   &call, why, sizeof why) != GONG_OK) {
        gong_mqtt_link_down(link, why);
    }
}

/* Waits while the phase is the given one, at most length; returns the phase
 * then, or PHASE_IDLE when the link is stopping. */
static enum gong_mqtt_phase
wait_while(struct gong_mqtt *link, enum gong_mqtt_phase phase,
           gong_dur_t length)
{
    gong_mono_t end = gong_mono_add(gong_mono_now(), length);
    gong_dur_t left = length;
    enum gong_mqtt_phase now;

    gong_monitor_lock(&link->monitor);
    while (link->phase == phase && !link->stopping && left.ns > 0) {
        (void)gong_monitor_wait(&link->monitor, left);
        left = gong_mono_since(end, gong_mono_now());
    }
    now = link->stopping ? PHASE_IDLE : link->phase;
    gong_monitor_unlock(&link->monitor);
    return now;
}

/* After phase left UP: no thread is inside send, nothing is in flight. */
static void
drain(struct gong_mqtt *link)
{
    gong_monitor_lock(&link->monitor);
    while (link->senders > 0) {
        (void)gong_monitor_wait(&link->monitor, gong_dur_s(1));
    }
    gong_monitor_unlock(&link->monitor);
    gong_mqtt_flight_fail_all(&link->flight);
}

static void
report_failure(struct gong_mqtt *link)
{
    char quoted[GONG_MQTT_REASON_SIZE + 16];

    if (strcmp(link->logged, link->reason) == 0) {
        return;
    }
    (void)snprintf(link->logged, sizeof link->logged, "%s", link->reason);
    gong_log(GONG_LOG_WARNING, "mqtt_connect_failed",
             "client=%s broker=%s reason=%s", link->settings.client_id,
             link->address.uri,
             gong_log_quote(gong_str_of(link->reason), quoted, sizeof quoted));
}

static void
report_loss(struct gong_mqtt *link)
{
    char quoted[GONG_MQTT_REASON_SIZE + 16];

    gong_log(GONG_LOG_WARNING, "mqtt_lost", "client=%s broker=%s reason=%s",
             link->settings.client_id, link->address.uri,
             gong_log_quote(gong_str_of(link->reason), quoted, sizeof quoted));
    if (link->handlers.disconnected != NULL) {
        link->handlers.disconnected(link->handlers.ctx, link->reason);
    }
}

/* Whether the attempt led to a connection, however short: it may be lost again
 * before the link's own thread has seen it up. */
static bool
came_up(struct gong_mqtt *link)
{
    bool up;

    gong_monitor_lock(&link->monitor);
    up = link->came_up;
    gong_monitor_unlock(&link->monitor);
    return up;
}

/* One connection from attempt to loss. */
static void
live_once(struct gong_mqtt *link)
{
    gong_mono_t since;
    enum gong_mqtt_phase phase;

    begin_connect(link);
    phase =
        wait_while(link, PHASE_CONNECTING,
                   gong_dur_s(link->settings.connect_timeout_s + WATCHDOG_S));
    if (phase == PHASE_CONNECTING) {
        gong_mqtt_link_down(link, "no answer");
        phase = wait_while(link, PHASE_CONNECTING, gong_dur_s(0));
    }
    if (phase == PHASE_DOWN && !came_up(link)) {
        report_failure(link);
        return;
    }
    since = gong_mono_now();
    link->logged[0] = '\0';
    while (phase == PHASE_UP) {
        phase = wait_while(link, PHASE_UP, gong_dur_s(3600));
    }
    if (phase == PHASE_DOWN) {
        if (gong_mono_since(gong_mono_now(), since).ns >
            gong_dur_s(STABLE_S).ns) {
            gong_backoff_reset(&link->backoff);
        }
        drain(link);
        report_loss(link);
    }
}

static void
on_disconnected(void *context, MQTTAsync_successData *data)
{
    struct gong_mqtt *link = context;

    (void)data;
    gong_monitor_lock(&link->monitor);
    link->phase = PHASE_IDLE;
    gong_monitor_wake(&link->monitor);
    gong_monitor_unlock(&link->monitor);
}

/* Says goodbye, so that the broker keeps the will to itself. */
static void
leave(struct gong_mqtt *link)
{
    MQTTAsync_disconnectOptions options =
        MQTTAsync_disconnectOptions_initializer;
    gong_mono_t end =
        gong_mono_add(gong_mono_now(), gong_dur_s(DISCONNECT_WAIT_S));
    gong_dur_t left = gong_dur_s(DISCONNECT_WAIT_S);

    options.onSuccess = on_disconnected;
    options.context = link;
    atomic_store(&link->up, false);
    if (link->paho->disconnect(link->handle, &options) != MQTTASYNC_SUCCESS) {
        return;
    }
    gong_monitor_lock(&link->monitor);
    while (link->phase == PHASE_UP && left.ns > 0) {
        (void)gong_monitor_wait(&link->monitor, left);
        left = gong_mono_since(end, gong_mono_now());
    }
    gong_monitor_unlock(&link->monitor);
}

static void *
run(void *context)
{
    struct gong_mqtt *link = context;
    enum gong_mqtt_phase last;

    do {
        live_once(link);
    } while (wait_while(link, PHASE_DOWN, gong_backoff_next(&link->backoff)) !=
             PHASE_IDLE);
    gong_monitor_lock(&link->monitor);
    last = link->phase;
    gong_monitor_unlock(&link->monitor);
    if (last == PHASE_UP) {
        leave(link);
    }
    gong_mqtt_link_down(link, "stopped");
    drain(link);
    gong_paho_destroy(link->paho, &link->handle);
    return NULL;
}

static enum gong_err
prepare(struct gong_mqtt *link, const struct gong_mqtt_options *options,
        char *why, size_t why_size)
{
    enum gong_err err;

    if (gong_mqtt_settings_init(&link->settings, options) != GONG_OK) {
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    if (link->settings.client_id == NULL) {
        (void)snprintf(why, why_size, "a client id is needed");
        return GONG_ERR_INVALID;
    }
    err = gong_mqtt_address_parse(options->url, &link->address, why, why_size);
    if (err != GONG_OK) {
        return err;
    }
    link->settings.tls = link->address.tls;
    return gong_paho_load(link->address.tls, &link->paho, why, why_size);
}

enum gong_err
gong_mqtt_new(const struct gong_mqtt_options *options,
              const struct gong_mqtt_handlers *handlers, struct gong_mqtt **out,
              char *why, size_t why_size)
{
    struct gong_mqtt *link = calloc(1, sizeof *link);
    enum gong_err err;

    *out = NULL;
    if (link == NULL || gong_monitor_init(&link->monitor) != GONG_OK) {
        free(link);
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    link->handlers = *handlers;
    atomic_init(&link->up, false);
    gong_mqtt_flight_init(&link->flight, &link->monitor, handlers);
    err = prepare(link, options, why, why_size);
    if (err != GONG_OK) {
        gong_mqtt_free(link);
        return err;
    }
    gong_backoff_init(&link->backoff, gong_dur_s(RETRY_MIN_S),
                      link->settings.retry_max, gong_random_u64());
    *out = link;
    return GONG_OK;
}

enum gong_err
gong_mqtt_start(struct gong_mqtt *link)
{
    if (pthread_create(&link->thread, NULL, run, link) != 0) {
        return GONG_ERR_MEMORY;
    }
    link->started = true;
    return GONG_OK;
}

void
gong_mqtt_stop(struct gong_mqtt *link)
{
    if (link == NULL || !link->started) {
        return;
    }
    gong_monitor_lock(&link->monitor);
    link->stopping = true;
    gong_monitor_wake(&link->monitor);
    gong_monitor_unlock(&link->monitor);
    (void)pthread_join(link->thread, NULL);
    link->started = false;
}

void
gong_mqtt_free(struct gong_mqtt *link)
{
    if (link == NULL) {
        return;
    }
    gong_mqtt_stop(link);
    gong_mqtt_settings_fini(&link->settings);
    gong_monitor_fini(&link->monitor);
    free(link);
}
