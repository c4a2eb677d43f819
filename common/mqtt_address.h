/*
 * mqtt_address: a broker's URL as people write it, and as Paho wants it.
 *
 *   mqtt://host:port     plain, port 1883 if left out
 *   mqtts://host:port    TLS, port 8883 if left out
 *   mqtt://[2001:db8::1]:1883
 *
 * No user, no path: a secret belongs in a file. Pure.
 */
#ifndef GONG_COMMON_MQTT_ADDRESS_H
#define GONG_COMMON_MQTT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define GONG_MQTT_HOST_MAX 255
#define GONG_MQTT_URI_SIZE 280

/* Transparent: a plain value. */
struct gong_mqtt_address {
    bool tls;
    char uri[GONG_MQTT_URI_SIZE]; /* tcp://host:port or ssl://host:port */
};

/* gong_mqtt_address_parse: GONG_ERR_INVALID with the reason in why. */
enum gong_err gong_mqtt_address_parse(const char *url,
                                      struct gong_mqtt_address *out, char *why,
                                      size_t why_size) GONG_MUST_CHECK;

#endif
