#include "agent/history/history_time.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static const struct {
    int64_t ms;
    int64_t span;
    const char *text;
} resolutions[GONG_RESOLUTIONS + 1] = {
    [GONG_RESOLUTION_RAW] = {0, 2 * HOUR_MS, "raw"},
    [GONG_RESOLUTION_5M] = {5 * MINUTE_MS, DAY_MS, "5m"},
    [GONG_RESOLUTION_1H] = {HOUR_MS, 28 * DAY_MS, "1h"},
    [GONG_RESOLUTIONS] = {0, 1, ""},
};

int64_t
gong_resolution_ms(enum gong_resolution resolution)
{
    return resolutions[resolution].ms;
}

int64_t
gong_resolution_span(enum gong_resolution resolution)
{
    return resolutions[resolution].span;
}

const char *
gong_resolution_text(enum gong_resolution resolution)
{
    return resolutions[resolution].text;
}

int64_t
gong_history_block(enum gong_resolution resolution, int64_t ms)
{
    int64_t span = resolutions[resolution].span;
    /* An interval that ends where a block ends is the block's. */
    int64_t inside = resolution == GONG_RESOLUTION_RAW ? ms : ms - 1;

    return inside < 0 ? -1 : inside / span;
}
