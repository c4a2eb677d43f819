#include "agent/receive/devices.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"

#define BUCKETS_MIN 256

enum gong_err
gong_devices_init(struct gong_devices *table)
{
    size_t buckets = BUCKETS_MIN;

    while (buckets < table->max / 2) {
        buckets *= 2;
    }
    table->buckets = calloc(buckets, sizeof(struct gong_device *));
    if (table->buckets == NULL) {
        return GONG_ERR_MEMORY;
    }
    table->bucket_mask = buckets - 1;
    table->seed = gong_random_u64();
    table->newest = table->oldest = NULL;
    table->count = 0;
    return GONG_OK;
}

void
gong_devices_clear(struct gong_devices *table)
{
    struct gong_device *device;

    while ((device = table->newest) != NULL) {
        table->newest = device->older;
        table->forget(table->ctx, device);
        free(device);
    }
    for (size_t i = 0; i <= table->bucket_mask; i++) {
        table->buckets[i] = NULL;
    }
    table->oldest = NULL;
    table->count = 0;
}

void
gong_devices_fini(struct gong_devices *table)
{
    gong_devices_clear(table);
    free(table->buckets);
    table->buckets = NULL;
}

/* FNV-1a from a random start, so that nobody outside can aim at one bucket. */
static uint64_t
mix(uint64_t hash, struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    }
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t
hash_of(const struct gong_devices *table, struct gong_device_name name)
{
    uint64_t hash = mix(mix(table->seed, name.site), name.device);

    return hash ^ hash >> 32;
}

struct gong_device *
gong_devices_find(const struct gong_devices *table,
                  struct gong_device_name name)
{
    uint64_t hash = hash_of(table, name);
    struct gong_device *device = table->buckets[hash & table->bucket_mask];

    while (device != NULL &&
           (device->hash != hash || device->site_len != name.site.len ||
            device->device_len != name.device.len ||
            memcmp(device->names, name.site.data, name.site.len) != 0 ||
            memcmp(device->names + name.site.len, name.device.data,
                   name.device.len) != 0)) {
        device = device->next;
    }
    return device;
}

static void
unlink_age(struct gong_devices *table, struct gong_device *device)
{
    if (device->newer != NULL) {
        device->newer->older = device->older;
    } else {
        table->newest = device->older;
    }
    if (device->older != NULL) {
        device->older->newer = device->newer;
    } else {
        table->oldest = device->newer;
    }
}

static void
link_newest(struct gong_devices *table, struct gong_device *device)
{
    device->newer = NULL;
    device->older = table->newest;
    if (table->newest != NULL) {
        table->newest->newer = device;
    } else {
        table->oldest = device;
    }
    table->newest = device;
}

void
gong_devices_touch(struct gong_devices *table, struct gong_device *device,
                   gong_mono_t now)
{
    device->seen = now;
    if (table->newest != device) {
        unlink_age(table, device);
        link_newest(table, device);
    }
}

static void
forget_oldest(struct gong_devices *table)
{
    struct gong_device *device = table->oldest;
    struct gong_device **at =
        &table->buckets[device->hash & table->bucket_mask];

    while (*at != device) {
        at = &(*at)->next;
    }
    *at = device->next;
    unlink_age(table, device);
    table->count--;
    table->forget(table->ctx, device);
    free(device);
}

static bool
make_room(struct gong_devices *table, gong_mono_t now)
{
    if (table->count < table->max) {
        return true;
    }
    if (table->oldest == NULL || gong_mono_since(now, table->oldest->seen).ns <
                                     gong_dur_s(GONG_DEVICES_IDLE_S).ns) {
        return false;
    }
    forget_oldest(table);
    return true;
}

static struct gong_device *
add_device(struct gong_devices *table, struct gong_device_name name)
{
    size_t size = sizeof(struct gong_device) + name.site.len + name.device.len;
    struct gong_device *device = calloc(1, size);
    struct gong_device **bucket;

    if (device == NULL) {
        return NULL;
    }
    device->hash = hash_of(table, name);
    device->site_len = name.site.len;
    device->device_len = name.device.len;
    memcpy(device->names, name.site.data, name.site.len);
    memcpy(device->names + name.site.len, name.device.data, name.device.len);
    device->tokens = table->tokens;
    bucket = &table->buckets[device->hash & table->bucket_mask];
    device->next = *bucket;
    *bucket = device;
    link_newest(table, device);
    table->count++;
    return device;
}

enum gong_err
gong_devices_get(struct gong_devices *table, struct gong_device_name name,
                 gong_mono_t now, struct gong_device **out)
{
    *out = gong_devices_find(table, name);
    if (*out != NULL) {
        return GONG_OK;
    }
    if (!make_room(table, now)) {
        return GONG_ERR_NO_SPACE;
    }
    *out = add_device(table, name);
    if (*out == NULL) {
        return GONG_ERR_MEMORY;
    }
    (*out)->seen = now;
    return GONG_OK;
}
