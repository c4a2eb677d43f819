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
 *
 * A wall clock that is far ahead for a while was set right: what devices stamp
 * follows it, and at 5 ms a second time would be behind for days. Then time
 * steps, and whoever reads on must be told. Back it cannot step.
 */
#ifndef GONG_AGENT_JOURNAL_JOURNAL_CLOCK_H
#define GONG_AGENT_JOURNAL_JOURNAL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

#define GONG_JOURNAL_SLEW_PER_S INT64_C(5000000) /* ns of slew per second */
/* A lead of the wall clock that is stepped over once it has lasted. */
#define GONG_JOURNAL_STEP_NS  (INT64_C(60) * GONG_NS_PER_S)
#define GONG_JOURNAL_LASTS_NS (INT64_C(10) * GONG_NS_PER_S)
/* 2200-01-01: no later time is gone on from. */
#define GONG_JOURNAL_MS_MAX INT64_C(7258118400000)

/* Transparent: a plain value inside the journal. */
struct gong_journal_clock {
    int64_t offset_ns; /* journal time minus boot clock */
    gong_mono_t read;  /* when it was last read */
    int64_t last_ms;   /* what it last said */
    bool ahead;        /* the wall clock is, by more than is slewed */
    gong_mono_t ahead_since;
};

/* gong_journal_clock_start: goes on from last_ms (0: none) or the wall clock,
 * whichever is later, but no later than GONG_JOURNAL_MS_MAX. */
void gong_journal_clock_start(struct gong_journal_clock *clock, int64_t last_ms,
                              gong_mono_t mono, gong_wall_t wall);

/* gong_journal_clock_read: journal time in ms; never less than before. */
int64_t gong_journal_clock_read(struct gong_journal_clock *clock,
                                gong_mono_t mono, gong_wall_t wall);

/* gong_journal_clock_step: the ms that time has stepped forward, mostly 0. To
 * be called about every second, and before what is read then. */
int64_t gong_journal_clock_step(struct gong_journal_clock *clock,
                                gong_mono_t mono, gong_wall_t wall);

#endif
