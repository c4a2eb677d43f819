/*
 * channel_mqtt: alerts back to the edge: each one of a message as retained JSON
 * on its own topic, for sirens and boards.
 *
 *   gong/v1/alerts/<site>/<rule>/<fingerprint>
 *   {"v":1,"number":17,"state":"firing","rule":"..","alertname":"..",
 *    "severity":"critical","level":3,"value":"34.5","since":ms,"at":ms,
 *    "valid_until":ms,"owner":"","summary":"..","summary_en":"..",
 *    "action":"..","action_en":"..","labels":{..}}
 *
 * What is over is cleared with an empty payload. Whoever reads it takes nothing
 * for true after valid_until; each alert that is open is published again after
 * half of `valid`, acknowledged or not. Characters of a rule's id that a topic
 * may not hold become `_`. The desk gives it every alert, also those that a
 * message to others only counts.
 */
#ifndef GONG_AGENT_TELL_CHANNEL_MQTT_H
#define GONG_AGENT_TELL_CHANNEL_MQTT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/mqtt_link.h"

/* How it publishes: common/mqtt_link.h, or a test's own. Its handler published
 * may run on any thread. */
struct gong_channel_mqtt_driver {
    enum gong_err (*open)(const struct gong_mqtt_options *options,
                          const struct gong_mqtt_handlers *handlers, void **out,
                          char *why, size_t why_size);
    enum gong_err (*publish)(void *link,
                             const struct gong_mqtt_message *message);
    void (*close)(void *link);
};

struct gong_channel_mqtt_config {
    char *url;
    char *client_id;
    char *username;
    char *password_file;
    char *ca_file;
    char *topic; /* before /<site>/<rule>/<fingerprint> */
    gong_dur_t valid;
    gong_dur_t timeout;
    const struct gong_channel_mqtt_driver *driver; /* NULL: the real one */
};

/* gong_channel_mqtt_topic: of an item; heap. */
char *gong_channel_mqtt_topic(const char *prefix, const json_t *item);
/* gong_channel_mqtt_payload: of an item; heap, "" for what is over. */
char *gong_channel_mqtt_payload(const json_t *item, int64_t at_ms,
                                int64_t valid_until_ms);

#endif
