#include "agent/decide/latency.h"

#include <stddef.h>

const int64_t gong_latency_bounds_ms[GONG_LATENCY_CLASSES] = {
    1, 2, 5, 10, 20, 50, 100, 250, 1000, 10000};

void
gong_latency_note(struct gong_latency *latency, int64_t ms)
{
    size_t class = 0;

    ms = ms < 0 ? 0 : ms;
    while (class < GONG_LATENCY_CLASSES && ms > gong_latency_bounds_ms[class]) {
        class ++;
    }
    latency->classes[class]++;
    latency->count++;
    latency->sum_ms += (uint64_t)ms;
    if ((uint64_t)ms > latency->max_ms) {
        latency->max_ms = (uint64_t)ms;
    }
}
