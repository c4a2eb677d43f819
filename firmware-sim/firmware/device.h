/*
 * device: the portable core of a small device: reads its sensors, writes one
 * line of line protocol, hands it to whatever carries it.
 *
 * Made for microcontrollers: no allocation, no clock, no stdio, no libc beyond
 * memcpy and strlen; everything outside comes in through struct gong_hal.
 */
#ifndef GONG_FIRMWARE_DEVICE_H
#define GONG_FIRMWARE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GONG_DEVICE_SENSORS_MAX 8
#define GONG_DEVICE_LINE_SIZE   320

enum gong_sensor_type {
    GONG_SENSOR_DECIMAL, /* fixed point, `decimals` digits: no printf needed */
    GONG_SENSOR_COUNT,   /* whole number */
    GONG_SENSOR_FLAG,    /* true or false */
};

struct gong_sensor {
    const char *field;
    enum gong_sensor_type type;
    uint8_t decimals; /* of GONG_SENSOR_DECIMAL, at most 6 */
};

/* What a kind of device measures; constant. */
struct gong_device_kind {
    const char *measurement;
    const char *tag; /* names the thing measured: "lamp" */
    const struct gong_sensor *sensors;
    uint8_t sensor_count;
};

/* The hardware, real or simulated. */
struct gong_hal {
    void *ctx;
    /* The sensor's reading now; false when it gives none. */
    bool (*read)(void *ctx, uint8_t sensor, double *value);
    /* UTC in ns since 1970; 0 when the device does not know it: then the line
     * has no stamp and the agent takes the arrival. */
    int64_t (*now_ns)(void *ctx);
    /* Takes the line (without newline); false when it could not. */
    bool (*carry)(void *ctx, const char *line, size_t len);
};

struct gong_device {
    const struct gong_device_kind *kind;
    const char *tag_value; /* borrowed; [A-Za-z0-9_-]+ */
    struct gong_hal hal;
    char line[GONG_DEVICE_LINE_SIZE];
};

/* gong_device_report: reads all sensors once and carries one line. A sensor
 * without reading is left out; false if none had one, the line did not fit, or
 * it was not carried. */
bool gong_device_report(struct gong_device *device);

#endif
