/*
 * mqtt_flight: the publishes of a link that have no answer yet.
 *
 * A publish takes a slot, whose address is Paho's callback context. The slot
 * is free again after its PUBACK, its failure or the loss of the connection,
 * and published() has run exactly once. A late callback finds a free slot and
 * does nothing; it never finds the slot's next user, because slots are handed
 * out again only when the old connection's handle is gone.
 */
#ifndef GONG_COMMON_MQTT_FLIGHT_H
#define GONG_COMMON_MQTT_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/monitor.h"
#include "common/mqtt_link.h"

struct gong_mqtt_flight;

struct gong_mqtt_slot {
    struct gong_mqtt_flight *flight;
    uint64_t tag;
    bool busy;
};

/* Transparent: a member of the link. */
struct gong_mqtt_flight {
    struct gong_monitor *monitor; /* the link's; guards slots */
    void (*published)(void *ctx, uint64_t tag, bool ok); /* may be NULL */
    void *ctx;
    struct gong_mqtt_slot slots[GONG_MQTT_IN_FLIGHT_MAX];
};

/* gong_mqtt_flight_init: monitor is borrowed and must outlive flight. */
void gong_mqtt_flight_init(struct gong_mqtt_flight *flight,
                           struct gong_monitor *monitor,
                           const struct gong_mqtt_handlers *handlers);

/* With the monitor held: take gives GONG_ERR_AGAIN when all are busy; release
 * undoes a take without telling anybody. */
enum gong_err
gong_mqtt_flight_take(struct gong_mqtt_flight *flight, uint64_t tag,
                      struct gong_mqtt_slot **out) GONG_MUST_CHECK;
void gong_mqtt_flight_release(struct gong_mqtt_slot *slot);

/* Without the monitor: tell the outcome, once. */
void gong_mqtt_flight_finish(struct gong_mqtt_slot *slot, bool ok);
void gong_mqtt_flight_fail_all(struct gong_mqtt_flight *flight);

#endif
