/*
 * journal_clock: journal time. Pure; the caller reads the clocks.
 *
 * time = boot clock + offset; the offset is slewed towards the wall clock by at
 * most 5 ms per second, so time never runs backwards, and a jump of the wall
 * clock neither fires nor delays anything:
 *
 *   wall  ----------.
 *                    \________ jumps back 1 h
 *   time  ------------------- goes on at 995 ms a second until they meet
 */
#ifndef GONG_AGENT_JOURNAL_CLOCK_H
#define GONG_AGENT_JOURNAL_CLOCK_H

#include <stdint.h>

#include "common/clock.h"

#define GONG_JOURNAL_SLEW_PER_S INT64_C(5000000) /* ns of slew per second */

/* Transparent: a plain value inside the journal. */
struct gong_journal_clock {
    int64_t offset_ns; /* journal time minus boot clock */
    gong_mono_t read;  /* when it was last read */
    int64_t last_ms;   /* what it last said */
};

/* gong_journal_clock_start: goes on from last_ms (0: none) or the wall clock,
 * whichever is later. */
void gong_journal_clock_start(struct gong_journal_clock *clock, int64_t last_ms,
                              gong_mono_t mono, gong_wall_t wall);

/* gong_journal_clock_read: journal time in ms; never less than before. */
int64_t gong_journal_clock_read(struct gong_journal_clock *clock,
                                gong_mono_t mono, gong_wall_t wall);

#endif
