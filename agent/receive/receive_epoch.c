#include "agent/receive/receive_epoch.h"

#include <stdlib.h>
#include <string.h>

#define VISIT_BUCKETS 256

static void
add_counts(struct gong_ledger_counts *to, const struct gong_ledger_counts *from)
{
    uint64_t sums[GONG_LEDGER_COUNTS];
    uint64_t more[GONG_LEDGER_COUNTS];

    memcpy(sums, to, sizeof sums);
    memcpy(more, from, sizeof more);
    for (size_t i = 0; i < GONG_LEDGER_COUNTS; i++) {
        sums[i] += more[i];
        sums[i] = sums[i] > INT64_MAX ? INT64_MAX : sums[i];
    }
    memcpy(to, sums, sizeof sums);
}

static void
free_epoch(struct gong_receive *receive, struct gong_receive_epoch *epoch)
{
    add_counts(&receive->forgotten, &epoch->ledger.counts);
    gong_ack_queue_remove(&receive->queue, &epoch->link);
    gong_ranges_fini(&epoch->settled);
    gong_ranges_fini(&epoch->shown);
    gong_ledger_fini(&epoch->ledger);
    free(epoch);
}

void
gong_receive_forget(void *ctx, struct gong_device *device)
{
    struct gong_receive_epoch *epoch = device->state;

    while (epoch != NULL) {
        struct gong_receive_epoch *next = epoch->next;

        free_epoch(ctx, epoch);
        epoch = next;
    }
}

enum gong_receive_verdict
gong_receive_get_device(struct gong_receive *receive,
                        struct gong_device_name name, gong_mono_t now,
                        struct gong_device **out)
{
    enum gong_err err = gong_devices_get(&receive->devices, name, now, out);

    if (err == GONG_OK) {
        return GONG_RECEIVE_NEW;
    }
    return err == GONG_ERR_NO_SPACE ? GONG_RECEIVE_CROWDED
                                    : GONG_RECEIVE_MEMORY;
}

static void
forget_last_epoch(struct gong_receive *receive, struct gong_device *device)
{
    struct gong_receive_epoch *before = device->state;
    unsigned count = 2;

    if (before == NULL || before->next == NULL) {
        return;
    }
    while (before->next->next != NULL) {
        before = before->next;
        count++;
    }
    if (count >= GONG_RECEIVE_EPOCHS_MAX) {
        free_epoch(receive, before->next);
        before->next = NULL;
    }
}

/* Takes the epoch out of its device's list; NULL if it is not there. */
static struct gong_receive_epoch *
take_epoch(struct gong_device *device, uint64_t id)
{
    struct gong_receive_epoch *before = NULL;
    struct gong_receive_epoch *epoch = device->state;

    while (epoch != NULL && epoch->epoch != id) {
        before = epoch;
        epoch = epoch->next;
    }
    if (epoch != NULL && before != NULL) {
        before->next = epoch->next;
    } else if (epoch != NULL) {
        device->state = epoch->next;
    }
    return epoch;
}

static void
close_others(struct gong_device *device)
{
    for (struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        epoch->changed = epoch->changed || !epoch->ledger.closed;
        epoch->ledger.closed = true;
    }
}

struct gong_receive_epoch *
gong_receive_get_epoch(struct gong_receive *receive, struct gong_device *device,
                       uint64_t id)
{
    struct gong_receive_epoch *epoch = take_epoch(device, id);

    if (epoch == NULL) {
        epoch = calloc(1, sizeof *epoch);
        if (epoch == NULL) {
            return NULL;
        }
        close_others(device);
        forget_last_epoch(receive, device);
        epoch->epoch = id;
        epoch->device = device;
    }
    epoch->next = device->state;
    device->state = epoch;
    return epoch;
}

struct gong_receive_epoch *
gong_receive_append_epoch(struct gong_device *device, uint64_t id)
{
    struct gong_receive_epoch *last = device->state;
    struct gong_receive_epoch *made;

    for (struct gong_receive_epoch *epoch = last; epoch != NULL;
         epoch = epoch->next) {
        if (epoch->epoch == id) {
            return NULL;
        }
        last = epoch;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->epoch = id;
    made->device = device;
    if (last == NULL) {
        device->state = made;
    } else {
        last->next = made;
    }
    return made;
}

void
gong_receive_names(const struct gong_device *device,
                   char site[GONG_TOPIC_NAME_MAX + 1],
                   char name[GONG_TOPIC_NAME_MAX + 1])
{
    memcpy(site, device->names, device->site_len);
    site[device->site_len] = '\0';
    memcpy(name, device->names + device->site_len, device->device_len);
    name[device->device_len] = '\0';
}

bool
gong_receive_visit(struct gong_receive *receive, size_t *place,
                   void (*visit)(void *ctx, struct gong_device *device),
                   void *ctx)
{
    size_t end = *place + VISIT_BUCKETS;

    (void)pthread_mutex_lock(&receive->lock);
    if (end > receive->devices.bucket_mask + 1) {
        end = receive->devices.bucket_mask + 1;
    }
    for (; *place < end; ++*place) {
        for (struct gong_device *device = receive->devices.buckets[*place];
             device != NULL; device = device->next) {
            visit(ctx, device);
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return end <= receive->devices.bucket_mask;
}
