/*
 * unreached: open incidents that nobody was told of, as numbers that rules see:
 * how many, and each of them in a place of its own, so that an alert about one
 * hides no other:
 *
 *   gong_desk_unreached                          3
 *   gong_desk_unreached_incident{unreached="0"}  number of an incident, 0: none
 *   gong_desk_unreached_incident{unreached="1"}  ...
 *
 * An incident keeps its place; the place is its number's remainder where that
 * is free, so it is mostly the same after a restart. A place that was left is 0
 * for HOLD before it is used again, so that the alert about the one before
 * ends. Incidents without a place wait for one; they are in the count.
 *
 * One thread: the outbox's.
 */
#ifndef GONG_AGENT_TELL_UNREACHED_H
#define GONG_AGENT_TELL_UNREACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/counter.h"

#define GONG_UNREACHED_PLACES 16
#define GONG_UNREACHED_HOLD_S                                                  \
    60 /* more than one interval of `self_metrics`                             \
        */

/* Transparent for embedding. */
struct gong_unreached {
    struct {
        int64_t incident; /* 0: none */
        bool seen;        /* in this count */
        bool held;        /* it was used; until: */
        gong_mono_t free_at;
        gong_counter_t *number;
    } places[GONG_UNREACHED_PLACES];
    int64_t found[GONG_UNREACHED_PLACES]; /* without a place */
    size_t found_count;
    size_t count;
    gong_counter_t *total;
};

/* false: no memory. */
bool gong_unreached_init(struct gong_unreached *unreached,
                         struct gong_counters *counters);

/* One count: begin, add each incident, end. Without end nothing changes. */
void gong_unreached_begin(struct gong_unreached *unreached);
void gong_unreached_add(struct gong_unreached *unreached, int64_t incident);
void gong_unreached_end(struct gong_unreached *unreached, gong_mono_t now);

#endif
