/* fault: what goes wrong with one sensor for a while, again and again. */
#ifndef GONG_SIM_FAULT_H
#define GONG_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gong_fault_type {
    GONG_FAULT_SET,   /* reads `amount` */
    GONG_FAULT_RAMP,  /* climbs by `amount` to the middle, then falls */
    GONG_FAULT_SILENT /* gives no reading */
};

struct gong_fault {
    uint8_t sensor;
    enum gong_fault_type type;
    size_t device;   /* index of the device that has it */
    uint64_t begin;  /* first step */
    uint64_t length; /* steps */
    uint64_t repeat; /* period in steps; 0: once */
    double amount;
};

/* gong_fault_apply: changes *value where a fault of this device and sensor is
 * on at this step; false where the sensor gives no reading. Pure. */
bool gong_fault_apply(const struct gong_fault *faults, size_t count,
                      size_t device, uint8_t sensor, uint64_t step,
                      double *value);

#endif
