/*
 * latency: how long something took, counted by classes: a histogram, and
 * percentiles read from it as PromQL's histogram_quantile reads them.
 *
 *   class     0      1            2 ...                last
 *           0..1   >1..2   >2..3 ms            > the longest bound
 */
#ifndef GONG_COMMON_LATENCY_H
#define GONG_COMMON_LATENCY_H

#include <stdint.h>
#include <stdio.h>

/* Upper ends of the classes, ms; one more class for the rest. */
#define GONG_LATENCY_CLASSES 19
extern const int64_t gong_latency_bounds_ms[GONG_LATENCY_CLASSES];

/* Plain values. */
struct gong_latency {
    uint64_t classes[GONG_LATENCY_CLASSES + 1];
    uint64_t count;
    uint64_t sum_ms;
};

/* gong_latency_class: of a time; below 0 counts as 0. */
size_t gong_latency_class(int64_t ms);
void gong_latency_note(struct gong_latency *latency, int64_t ms);

/* gong_latency_quantile: in seconds, interpolated within its class; the longest
 * bound where it lies above that; NaN without values. */
double gong_latency_quantile(const struct gong_latency *latency,
                             double quantile);

/* gong_latency_write: NAME_bucket, _sum and _count. gong_latency_write_tops:
 * NAME_quantile for 0.5, 0.9, 0.99; nothing without values. labels: Prometheus
 * form without braces, "" for none. Without HELP and TYPE. */
void gong_latency_write(const struct gong_latency *latency, const char *name,
                        const char *labels, FILE *out);
void gong_latency_write_tops(const struct gong_latency *latency,
                             const char *name, const char *labels, FILE *out);

#endif
