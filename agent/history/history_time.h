/*
 * history_time: how the history divides time. A block is a span of one
 * resolution, beginning at a multiple of its length; blocks are numbered from
 * 1970 on.
 *
 *   resolution   a value stands for   a block spans
 *   raw          itself               2 h
 *   5m           5 min                1 day
 *   1h           1 h                  28 days
 *
 * Of raw samples block b holds [b * span, (b + 1) * span); of roll-ups those
 * whose interval ends in (b * span, (b + 1) * span]. Times lie between 1970 and
 * the year 9999. Pure.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_TIME_H
#define GONG_AGENT_HISTORY_HISTORY_TIME_H

#include <stdint.h>

enum gong_resolution {
    GONG_RESOLUTION_RAW,
    GONG_RESOLUTION_5M,
    GONG_RESOLUTION_1H,
    GONG_RESOLUTIONS, /* how many; none of them */
};

#define GONG_HISTORY_MS_MAX INT64_C(253402300799999)

/* gong_resolution_ms: 0 of raw. */
int64_t gong_resolution_ms(enum gong_resolution resolution);
int64_t gong_resolution_span(enum gong_resolution resolution);
/* "raw", "5m", "1h". */
const char *gong_resolution_text(enum gong_resolution resolution);

/* gong_history_block: of a sample, or of an interval by its end. */
int64_t gong_history_block(enum gong_resolution resolution, int64_t ms);

#endif
