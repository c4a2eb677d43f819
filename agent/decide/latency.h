/* latency: how long something took, counted by classes, as a histogram. */
#ifndef GONG_AGENT_DECIDE_LATENCY_H
#define GONG_AGENT_DECIDE_LATENCY_H

#include <stdint.h>

/* Upper ends of the classes, ms; one more class for the rest. */
#define GONG_LATENCY_CLASSES 10
extern const int64_t gong_latency_bounds_ms[GONG_LATENCY_CLASSES];

/* Plain values. */
struct gong_latency {
    uint64_t classes[GONG_LATENCY_CLASSES + 1];
    uint64_t count;
    uint64_t sum_ms;
    uint64_t max_ms;
};

void gong_latency_note(struct gong_latency *latency, int64_t ms);

#endif
