/*
 * city: which devices the small city has, what they measure, and what goes
 * wrong with them (a scenario of faults), so that alerts fire and resolve.
 */
#ifndef GONG_SIM_CITY_H
#define GONG_SIM_CITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware-sim/fault.h"
#include "firmware-sim/firmware/device.h"
#include "firmware-sim/signal.h"

struct gong_city_kind {
    const char *name; /* prefix of device names: "lamp" */
    struct gong_device_kind device;
    struct gong_signal signals[GONG_DEVICE_SENSORS_MAX];
    const struct gong_fault *faults;
    size_t fault_count;
    const char *site;  /* where it stands; NULL: spread over the units */
    const char *place; /* the tag's value; NULL: the device's number */
    size_t default_count;
};

extern const struct gong_city_kind gong_city_kinds[];
extern const size_t gong_city_kind_count;

/* gong_city_sites: codes of the units in which devices stand. */
extern const char *const gong_city_sites[];
extern const size_t gong_city_site_count;

/* gong_city_read: device number `index` of a kind, its sensor at a step,
 * faults included. False: the sensor gives no reading. Pure. */
bool gong_city_read(const struct gong_city_kind *kind, size_t index,
                    uint8_t sensor, uint64_t seed, uint64_t step,
                    double *value);

#endif
