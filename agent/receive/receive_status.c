/* What status messages tell the ledger (docs/WIRE.md, "Status"). */
#include "agent/receive/receive_epoch.h"

/* Of whatever epoch: a will names none. */
static void
forget_births(const struct gong_devices *devices, struct gong_device_name name)
{
    const struct gong_device *device = gong_devices_find(devices, name);

    for (struct gong_receive_epoch *epoch = device == NULL ? NULL
                                                           : device->state;
         epoch != NULL; epoch = epoch->next) {
        epoch->birth = 0;
    }
}

static void
take(struct gong_receive *receive, struct gong_device_name name,
     const struct gong_presence_message *status, bool live, gong_mono_t now)
{
    struct gong_receive_epoch *epoch = NULL;
    struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    if (status->kind == GONG_PRESENCE_OFFLINE) {
        forget_births(&receive->devices, name);
    }
    if (status->has_epoch &&
        gong_receive_get_device(receive, name, now, &device) ==
            GONG_RECEIVE_NEW) {
        epoch = gong_receive_get_epoch(receive, device, status->epoch);
    }
    if (epoch != NULL) {
        gong_ledger_expect(&epoch->ledger, status->next,
                           status->kind == GONG_PRESENCE_OFFLINE);
        epoch->changed = true;
        epoch->birth = status->kind == GONG_PRESENCE_ONLINE ? status->crc : 0;
        if (live && status->kind == GONG_PRESENCE_ONLINE) {
            gong_ack_queue_now(&receive->queue, &epoch->link);
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_status(struct gong_receive *receive, struct gong_device_name name,
                    const struct gong_presence_message *status, gong_mono_t now)
{
    gong_receive_born(receive, name);
    take(receive, name, status, true, now);
}

void
gong_receive_learn_status(struct gong_receive *receive,
                          struct gong_device_name name,
                          const struct gong_presence_message *status,
                          gong_mono_t now)
{
    take(receive, name, status, false, now);
}
