/* mqtt_link_private: the link's state, shared by mqtt_link.c, which owns its
 * life, and mqtt_link_send.c, which sends on it. */
#ifndef GONG_COMMON_MQTT_LINK_PRIVATE_H
#define GONG_COMMON_MQTT_LINK_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/backoff.h"
#include "common/monitor.h"
#include "common/mqtt_address.h"
#include "common/mqtt_flight.h"
#include "common/mqtt_link.h"
#include "common/mqtt_paho.h"
#include "common/mqtt_settings.h"

#define GONG_MQTT_REASON_SIZE 192

enum gong_mqtt_phase {
    PHASE_IDLE,
    PHASE_CONNECTING,
    PHASE_UP,
    PHASE_DOWN, /* lost, refused or closed: reason says why */
};

struct gong_mqtt {
    struct gong_mqtt_settings settings;
    struct gong_mqtt_address address;
    struct gong_mqtt_handlers handlers;
    const struct gong_paho *paho;

    struct gong_monitor monitor; /* guards what follows, to reason */
    enum gong_mqtt_phase phase;
    bool came_up; /* the attempt led to a connection */
    bool stopping;
    MQTTAsync handle;
    unsigned senders; /* threads inside paho->send: the handle must stay */
    struct gong_mqtt_flight flight;
    char reason[GONG_MQTT_REASON_SIZE];

    atomic_bool up;
    bool started;
    pthread_t thread;

    /* The link's thread only. */
    struct gong_backoff backoff;
    char logged[GONG_MQTT_REASON_SIZE]; /* the last failure logged; "" after
                                           success */
};

/* gong_mqtt_link_down: notes that the connection, or the attempt, is over and
 * wakes the link's thread. Any thread, without the monitor held. */
void gong_mqtt_link_down(struct gong_mqtt *link, const char *reason);

#endif
