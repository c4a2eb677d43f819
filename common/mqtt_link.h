/*
 * mqtt_link: one MQTT connection over Paho C, kept up for good.
 *
 * Paho is used as a pipe: no persistence, no automatic reconnect, nothing
 * queued inside it. The link reconnects with full jitter (1 s doubling to
 * retry_max), subscribes again after every connect, and never calls into Paho
 * from a callback except to send. libpaho-mqtt3a is loaded at run time, or 3as
 * when the URL says mqtts:// (so that OpenSSL costs nothing without TLS); a
 * process uses one of the two: the first link decides, so open a TLS link
 * first.
 *
 * Paho 1.3.12's traps that this module exists to avoid are listed at the top
 * of mqtt_link.c. MQTT 3.1.1.
 */
#ifndef GONG_COMMON_MQTT_LINK_H
#define GONG_COMMON_MQTT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/str.h"

struct gong_mqtt_options {
    const char *url; /* mqtt://host:port or mqtts://host:port */
    const char *client_id;
    const char *username;      /* NULL or "" for none */
    const char *password_file; /* first line is the secret; read at connect */
    const char *ca_file;       /* PEM; mqtts only; NULL: system's */
    const char *cert_file;
    const char *key_file;
    bool clean_session;
    int keepalive_s;       /* 0: 30 */
    int connect_timeout_s; /* 0: 10; noticed up to 3 s late */
    gong_dur_t retry_max;  /* longest wait to connect again; 0: 30 s */
    /* Borrowed until gong_mqtt_free. Subscribed at QoS 1 after each connect. */
    const char *const *subscriptions;
    size_t subscription_count;
    const char *will_topic; /* NULL: no will. QoS 1, retained */
    const char *will_payload;
};

/* connected, message and a good published run on Paho's threads, the others on
 * the link's: they must not block, nor call gong_mqtt_* except
 * gong_mqtt_publish. Never wait in one for a lock that another thread holds
 * while it calls gong_mqtt_publish: Paho's own lock closes the circle. ctx is
 * the caller's. Any may be NULL. */
struct gong_mqtt_handlers {
    void *ctx;
    void (*connected)(void *ctx, bool session_present);
    void (*disconnected)(void *ctx, const char *why);
    /* A message; returns only when it is kept (the PUBACK follows). */
    void (*message)(void *ctx, struct gong_str topic, struct gong_str payload);
    /* PUBACK (ok) or failure of the publish with this tag. */
    void (*published)(void *ctx, uint64_t tag, bool ok);
    /* On the link's thread before each CONNECT: the will's payload instead of
     * the option's, borrowed until the next call. Needs will_topic. */
    const char *(*will_payload)(void *ctx);
};

struct gong_mqtt_message {
    const char *topic;
    struct gong_str payload;
    int qos; /* 0 or 1 */
    bool retained;
    uint64_t tag; /* handed to published() */
};

struct gong_mqtt;

/* gong_mqtt_new: copies options' strings. why gets a reason on failure. */
enum gong_err gong_mqtt_new(const struct gong_mqtt_options *options,
                            const struct gong_mqtt_handlers *handlers,
                            struct gong_mqtt **out, char *why,
                            size_t why_size) GONG_MUST_CHECK;
/* Starts the thread that connects; returns at once. */
enum gong_err gong_mqtt_start(struct gong_mqtt *link) GONG_MUST_CHECK;
/* Disconnects in good order (no will), joins; what is in flight fails first,
 * and no handler runs afterwards. Not from a handler. */
void gong_mqtt_stop(struct gong_mqtt *link);
void gong_mqtt_free(struct gong_mqtt *link);

/* Publishes at QoS 1 without an answer yet; keep your own window below it. */
#define GONG_MQTT_IN_FLIGHT_MAX 64

/* Any thread. GONG_ERR_AGAIN when not connected or with too many in flight:
 * nothing was queued. After GONG_OK at QoS 1 published() comes exactly once,
 * also when the link breaks or stops. The payload is copied. */
enum gong_err
gong_mqtt_publish(struct gong_mqtt *link,
                  const struct gong_mqtt_message *message) GONG_MUST_CHECK;
bool gong_mqtt_connected(const struct gong_mqtt *link);

#endif
