/*
 * sample: one value of a series at a time, and the marker that ends a series.
 */
#ifndef GONG_RULES_ENGINE_SAMPLE_H
#define GONG_RULES_ENGINE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Plain value. */
struct gong_sample {
    int64_t ms;
    double value;
};

/* The one NaN that says a series has ended, as Prometheus writes it; all other
 * NaN are values. */
#define GONG_STALE_NAN UINT64_C(0x7ff0000000000002)

static inline bool
gong_is_stale(double value)
{
    uint64_t bits = 0;

    memcpy(&bits, &value, sizeof bits);
    return bits == GONG_STALE_NAN;
}

#endif
