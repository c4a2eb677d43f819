#include "collector/clock_offset.h"

#define MOVES_MS 2000 /* the agent moves stamps past it */

void
gong_clock_offset_add(struct gong_clock_offset *offset, int64_t sent_ms,
                      int64_t heard_ms, int64_t now_ms)
{
    size_t at = offset->count++ % GONG_CLOCK_OFFSETS;

    offset->bounds[at].low = sent_ms == 0 ? INT64_MIN : sent_ms - now_ms;
    offset->bounds[at].high = heard_ms - now_ms;
}

void
gong_clock_offset_stepped(struct gong_clock_offset *offset, int64_t by_ms)
{
    for (size_t i = 0; i < GONG_CLOCK_OFFSETS; i++) {
        if (offset->bounds[i].low != INT64_MIN) {
            offset->bounds[i].low += by_ms;
        }
        offset->bounds[i].high += by_ms;
    }
}

int64_t
gong_clock_offset_ms(const struct gong_clock_offset *offset)
{
    size_t count =
        offset->count < GONG_CLOCK_OFFSETS ? offset->count : GONG_CLOCK_OFFSETS;
    int64_t low = INT64_MIN;
    int64_t high = INT64_MAX;

    if (count == 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (offset->bounds[i].low > low) {
            low = offset->bounds[i].low;
        }
        if (offset->bounds[i].high < high) {
            high = offset->bounds[i].high;
        }
    }
    if (low > high) { /* a clock was set: only the newest is true */
        size_t newest = (offset->count - 1) % GONG_CLOCK_OFFSETS;

        low = offset->bounds[newest].low;
        high = offset->bounds[newest].high;
    }
    if (high <= MOVES_MS || low > MOVES_MS) {
        return high;
    }
    return low > 0 ? low : 0;
}
