/*
 * stats: what the collector counts about itself. Process-wide, like the
 * process it describes; every member is atomic. The input "internal" publishes
 * them (input_internal.c lists the field names).
 */
#ifndef GONG_COLLECTOR_STATS_H
#define GONG_COLLECTOR_STATS_H

#include "common/counter.h"

/* Transparent: count with gong_counter_increase, gong_counter_set. */
struct gong_stats {
    gong_counter_t points_gathered; /* from inputs, into the spool */
    gong_counter_t points_received; /* from local programs, into the spool */
    gong_counter_t points_refused;  /* lines that are no line protocol */
    gong_counter_t points_held;     /* only in memory: the disk failed */
    gong_counter_t points_dropped;  /* the spool was full or broken */
    gong_counter_t gather_errors;
    gong_counter_t gathers_missed; /* ticks that passed while one ran */
    gong_counter_t batches_spooled;
    gong_counter_t batches_sent; /* accepted by the broker; again counts */
    gong_counter_t batches_resent;
    gong_counter_t batches_settled;
    gong_counter_t batches_damaged; /* in the spool; passed over */
    gong_counter_t
        batches_placed;          /* sent; dated by guess (collector/dating.h) */
    gong_counter_t acks_refused; /* malformed or impossible */
    gong_counter_t spool_bytes;  /* gauge: not settled yet */
    gong_counter_t spool_dropped_bytes; /* gauge: by drop_oldest, since start */
    /* Gauges, since the spool was made (collector/drops.h). */
    gong_counter_t dropped_batches;
    gong_counter_t dropped_points;
    gong_counter_t dropped_samples;
    gong_counter_t damaged_batches;
    gong_counter_t spool_writable;     /* gauge: 0 or 1 */
    gong_counter_t spool_memory_bytes; /* gauge: held in memory */
    gong_counter_t spool_memory_lost;  /* gauge: batches it had no room for */
    gong_counter_t connected;          /* gauge: 0 or 1 */
    gong_counter_t clock_offset_ms;    /* gauge: own clock minus the agent's */
};

/* gong_stats: the one instance. Any thread. */
struct gong_stats *gong_stats(void);

#endif
