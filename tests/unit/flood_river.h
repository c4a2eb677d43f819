/*
 * flood_river: what the stations and six units sent in the night of 19 November
 * 2025, as 14 simulated hours from 18:00: an input each, in order of time.
 *
 *   40.99 m         .-'''-._              peak of Củng Sơn
 *   III 34.5     .-'        ''--..__
 *   II  32.0   .-'                   falls slowly
 *   I   29.5 .-'
 *         18:00     23:40        08:00
 */
#ifndef GONG_TESTS_FLOOD_RIVER_H
#define GONG_TESTS_FLOOD_RIVER_H

#include <stddef.h>
#include <stdint.h>

/* 2025-11-19T18:00:00+07:00. */
#define FLOOD_FROM_MS  INT64_C(1763550000000)
#define FLOOD_MINUTE   INT64_C(60000)
#define FLOOD_UNTIL_MS (FLOOD_FROM_MS + 14 * 60 * FLOOD_MINUTE)

enum flood_kind {
    FLOOD_DATA,
    FLOOD_STATUS,
    FLOOD_ACK,
};

struct flood_input {
    int64_t ms;
    size_t number; /* of those at one instant the first is first */
    enum flood_kind kind;
    const char *unit;
    const char *device; /* FLOOD_ACK: the alert's name */
    char text[1024];    /* points, status, or who acknowledges */
};

struct flood_inputs {
    struct flood_input *items;
    size_t count;
    size_t size;
};

/* flood_level_cm: a reading, noise and all; minute is one of a reading. */
long flood_level_cm(size_t gauge, int minute);
/* Units that are dark for hours, with two devices each. */
#define FLOOD_DARK_UNITS 6

void flood_inputs_make(struct flood_inputs *inputs);
void flood_inputs_free(struct flood_inputs *inputs);

#endif
