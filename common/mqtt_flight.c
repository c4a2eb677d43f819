#include "common/mqtt_flight.h"

void
gong_mqtt_flight_init(struct gong_mqtt_flight *flight,
                      struct gong_monitor *monitor,
                      const struct gong_mqtt_handlers *handlers)
{
    *flight = (struct gong_mqtt_flight){
        .monitor = monitor,
        .published = handlers->published,
        .ctx = handlers->ctx,
    };
    for (size_t i = 0; i < GONG_MQTT_IN_FLIGHT_MAX; i++) {
        flight->slots[i].flight = flight;
    }
}

enum gong_err
gong_mqtt_flight_take(struct gong_mqtt_flight *flight, uint64_t tag,
                      struct gong_mqtt_slot **out)
{
    for (size_t i = 0; i < GONG_MQTT_IN_FLIGHT_MAX; i++) {
        if (!flight->slots[i].busy) {
            flight->slots[i].busy = true;
            flight->slots[i].tag = tag;
            *out = &flight->slots[i];
            return GONG_OK;
        }
    }
    return GONG_ERR_AGAIN;
}

void
gong_mqtt_flight_release(struct gong_mqtt_slot *slot)
{
    slot->busy = false;
}

void
gong_mqtt_flight_finish(struct gong_mqtt_slot *slot, bool ok)
{
    struct gong_mqtt_flight *flight = slot->flight;
    uint64_t tag;
    bool busy;

    gong_monitor_lock(flight->monitor);
    tag = slot->tag;
    busy = slot->busy;
    slot->busy = false;
    gong_monitor_unlock(flight->monitor);
    if (busy && flight->published != NULL) {
        flight->published(flight->ctx, tag, ok);
    }
}

void
gong_mqtt_flight_fail_all(struct gong_mqtt_flight *flight)
{
    for (size_t i = 0; i < GONG_MQTT_IN_FLIGHT_MAX; i++) {
        gong_mqtt_flight_finish(&flight->slots[i], false);
    }
}
