/*
 * Publishing on a link that mqtt_link.c keeps up. A sender is counted while it
 * is inside Paho, so that the handle is not destroyed under it; the monitor is
 * never held there.
 */
#include "common/mqtt_link_private.h"

#include <string.h>

#define PAYLOAD_MAX (64u << 20)

static void
on_published(void *context, MQTTAsync_successData *data)
{
    (void)data;
    gong_mqtt_flight_finish(context, true);
}

static void
on_publish_failed(void *context, MQTTAsync_failureData *data)
{
    (void)data;
    gong_mqtt_flight_finish(context, false);
}

static enum gong_err
begin_send(struct gong_mqtt *link, const struct gong_mqtt_message *message,
           struct gong_mqtt_slot **slot, MQTTAsync *handle)
{
    enum gong_err err = GONG_OK;

    gong_monitor_lock(&link->monitor);
    if (link->phase != PHASE_UP || link->stopping) {
        err = GONG_ERR_AGAIN;
    } else if (message->qos > 0) {
        err = gong_mqtt_flight_take(&link->flight, message->tag, slot);
    }
    if (err == GONG_OK) {
        link->senders++;
        *handle = link->handle;
    }
    gong_monitor_unlock(&link->monitor);
    return err;
}

static void
end_send(struct gong_mqtt *link, struct gong_mqtt_slot *slot, int rc)
{
    gong_monitor_lock(&link->monitor);
    if (rc != MQTTASYNC_SUCCESS && slot != NULL) {
        gong_mqtt_flight_release(slot);
    }
    link->senders--;
    gong_monitor_wake(&link->monitor);
    gong_monitor_unlock(&link->monitor);
}

enum gong_err
gong_mqtt_publish(struct gong_mqtt *link,
                  const struct gong_mqtt_message *message)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    struct gong_mqtt_slot *slot = NULL;
    MQTTAsync handle = NULL;
    enum gong_err err;
    int rc;

    if (message->payload.len > PAYLOAD_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    err = begin_send(link, message, &slot, &handle);
    if (err != GONG_OK) {
        return err;
    }
    if (slot != NULL) {
        response.onSuccess = on_published;
        response.onFailure = on_publish_failed;
        response.context = slot;
    }
    rc = link->paho->send(handle, message->topic, (int)message->payload.len,
                          message->payload.len > 0 ? message->payload.data : "",
                          message->qos, message->retained, &response);
    end_send(link, slot, rc);
    if (rc == MQTTASYNC_DISCONNECTED) {
        gong_mqtt_link_down(link, "closed by the broker or the network");
    }
    return rc == MQTTASYNC_SUCCESS           ? GONG_OK
           : rc == MQTTASYNC_BAD_UTF8_STRING ? GONG_ERR_INVALID
                                             : GONG_ERR_AGAIN;
}

bool
gong_mqtt_connected(const struct gong_mqtt *link)
{
    return atomic_load(&link->up);
}
