/*
 * devices: a bounded table of devices by (site, device), in order of when each
 * was last seen.
 *
 *   buckets[hash] -> device -> device          newest <-> ... <-> oldest
 *
 * Past the bound the oldest goes if it has been idle for an hour; else there is
 * no room. No lock: the owner's.
 */
#ifndef GONG_AGENT_RECEIVE_DEVICES_H
#define GONG_AGENT_RECEIVE_DEVICES_H

#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_DEVICES_IDLE_S 3600

/* Both valid topic names; borrowed for the call. */
struct gong_device_name {
    struct gong_str site;
    struct gong_str device;
};

/* Transparent to its owner, who keeps what it knows in state. */
struct gong_device {
    struct gong_device *next; /* same bucket */
    struct gong_device *newer, *older;
    void *state; /* the owner's; NULL at first */
    gong_mono_t seen;
    int64_t
        arrived_ms; /* the last message that was given an arrival; 0: none */
    double tokens;
    uint64_t hash;
    size_t site_len, device_len;
    char names[]; /* site, device */
};

struct gong_devices {
    size_t max;
    double tokens; /* what a new device starts with */
    void (*forget)(void *ctx, struct gong_device *device); /* frees state */
    void *ctx;

    uint64_t seed;
    struct gong_device **buckets;
    size_t bucket_mask;
    struct gong_device *newest, *oldest;
    size_t count;
};

/* gong_devices_init: the first four members are set by the caller. */
enum gong_err gong_devices_init(struct gong_devices *table) GONG_MUST_CHECK;
void gong_devices_fini(struct gong_devices *table);
/* gong_devices_clear: forgets all devices. */
void gong_devices_clear(struct gong_devices *table);

/* NULL if unknown. */
struct gong_device *gong_devices_find(const struct gong_devices *table,
                                      struct gong_device_name name);
/* gong_devices_get: finds or makes; NO_SPACE or MEMORY. */
enum gong_err gong_devices_get(struct gong_devices *table,
                               struct gong_device_name name, gong_mono_t now,
                               struct gong_device **out) GONG_MUST_CHECK;
/* gong_devices_touch: it is the newest now. */
void gong_devices_touch(struct gong_devices *table, struct gong_device *device,
                        gong_mono_t now);

#endif
