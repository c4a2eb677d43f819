/*
 * counter: numbers that a program publishes about itself, declared in one
 * place with name, help and type, exported in Prometheus' text format and as
 * line protocol.
 *
 *   struct gong_counters *set = gong_counters_new();
 *   gong_counter_t *refused = gong_counter_add(set, GONG_COUNTER,
 *       "gong_agent_lines_refused_total", "Lines refused.", "reason=\"nan\"");
 *   gong_counter_increase(refused, 1);
 *
 * Names follow Prometheus: base units, _total for counters. Adding is for
 * start-up and rare events (it locks); counting is lock-free, any thread.
 *
 * Times are counted by classes: a histogram NAME, and read from it since the
 * start, NAME_quantile.
 */
#ifndef GONG_COMMON_COUNTER_H
#define GONG_COMMON_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/latency.h"

enum gong_counter_type {
    GONG_COUNTER, /* only grows */
    GONG_GAUGE,   /* goes up and down */
};

/* Transparent so that counting is one inline atomic add. Gauges may be
 * negative: two's complement in the same word. */
typedef struct {
    _Atomic uint64_t value;
} gong_counter_t;

struct gong_counters;

struct gong_counters *gong_counters_new(void);
void gong_counters_free(struct gong_counters *counters);

/*
 * gong_counter_add: the counter with this name and labels, made if new.
 * name and help are borrowed for good (literals); labels (Prometheus form
 * without braces, "" for none) are copied. Returns NULL only without memory.
 */
gong_counter_t *gong_counter_add(struct gong_counters *counters,
                                 enum gong_counter_type type, const char *name,
                                 const char *help, const char *labels);

static inline void
gong_counter_increase(gong_counter_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(&counter->value, by, memory_order_relaxed);
}

static inline void
gong_counter_set(gong_counter_t *counter, int64_t value)
{
    atomic_store_explicit(&counter->value, (uint64_t)value,
                          memory_order_relaxed);
}

static inline uint64_t
gong_counter_get(const gong_counter_t *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* Transparent, as gong_counter_t. */
typedef struct {
    gong_counter_t classes[GONG_LATENCY_CLASSES + 1];
    gong_counter_t sum_ms;
} gong_timing_t;

/* gong_timing_add: as gong_counter_add; name ends in _seconds. */
gong_timing_t *gong_timing_add(struct gong_counters *counters, const char *name,
                               const char *help, const char *labels);
void gong_timing_note(gong_timing_t *timing, int64_t ms);
void gong_timing_get(const gong_timing_t *timing, struct gong_latency *out);

/* gong_counters_write_prometheus: text exposition format 0.0.4, grouped by
 * name with one HELP and TYPE each. */
void gong_counters_write_prometheus(struct gong_counters *counters, FILE *out);

/* gong_counters_write_lines: line protocol, one point per label set, without
 * stamps: measurement is the name, tags are the labels, field "value" (float).
 * Of timings _sum and _count.
 */
void gong_counters_write_lines(struct gong_counters *counters, FILE *out);

#endif
