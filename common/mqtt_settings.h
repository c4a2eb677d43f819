/*
 * mqtt_settings: what a link connects with: the caller's options, copied, and
 * how they become Paho's connect options. Used by mqtt_link.c alone.
 */
#ifndef GONG_COMMON_MQTT_SETTINGS_H
#define GONG_COMMON_MQTT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/mqtt_link.h"
#include "common/mqtt_paho.h"

/* Transparent: owned copies; NULL where an option was NULL or empty. */
struct gong_mqtt_settings {
    char *client_id;
    char *username;
    char *password_file;
    char *ca_file;
    char *cert_file;
    char *key_file;
    char *will_topic;
    char *will_payload;
    bool tls;
    bool clean_session;
    int keepalive_s;
    int connect_timeout_s;
    gong_dur_t retry_max;
    char **topics; /* as Paho's prototype wants them */
    int *qos;
    size_t topic_count;
};

/* gong_mqtt_settings_init: fini also after an error. */
enum gong_err gong_mqtt_settings_init(struct gong_mqtt_settings *settings,
                                      const struct gong_mqtt_options *options)
    GONG_MUST_CHECK;
void gong_mqtt_settings_fini(struct gong_mqtt_settings *settings);

struct gong_mqtt_connect {
    MQTTAsync_onSuccess *connected;
    MQTTAsync_onFailure *failed;
    void *context;
    const char *will_payload; /* NULL: the option's */
};

/* gong_mqtt_settings_connect: reads the password file and starts one attempt;
 * exactly one of the callbacks follows GONG_OK, if Paho behaves. */
enum gong_err
gong_mqtt_settings_connect(const struct gong_mqtt_settings *settings,
                           const struct gong_paho *paho, MQTTAsync handle,
                           const struct gong_mqtt_connect *call, char *why,
                           size_t why_size) GONG_MUST_CHECK;

#endif
