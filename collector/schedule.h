/*
 * schedule: runs the inputs, each at its own interval.
 *
 *   fast inputs   one thread; all that are due at a tick become one batch
 *   slow inputs   one thread each, so that a slow check delays no other
 *
 * Ticks are whole multiples of the interval on the monotonic clock; stamps are
 * the wall clock at the tick, cut to the millisecond. A tick that passes while
 * its input still runs is missed and counted, never made up for.
 */
#ifndef GONG_COLLECTOR_SCHEDULE_H
#define GONG_COLLECTOR_SCHEDULE_H

#include <stddef.h>

#include "collector/cadence.h"
#include "collector/config.h"
#include "common/err.h"
#include "common/str.h"

/* Where gathered lines go; err is what became of them. Any thread. */
struct gong_schedule_sink {
    enum gong_err (*take)(void *ctx, struct gong_str lines, uint64_t points);
    void *ctx;
};

struct gong_schedule;

/* All borrowed until free. */
struct gong_schedule_options {
    const struct gong_config_input *inputs;
    size_t count;
    const char *proc_root; /* "/" but in tests */
    struct gong_schedule_sink sink;
    struct gong_cadence *cadence; /* may be NULL */
};

/* gong_schedule_new: opens every input; on failure why names the first that
 * did not. */
enum gong_err gong_schedule_new(const struct gong_schedule_options *options,
                                struct gong_schedule **out, char *why,
                                size_t why_size) GONG_MUST_CHECK;
enum gong_err
gong_schedule_start(struct gong_schedule *schedule) GONG_MUST_CHECK;
/* Waits for gatherings under way: at most the longest timeout. */
void gong_schedule_stop(struct gong_schedule *schedule);
void gong_schedule_free(struct gong_schedule *schedule);

/* gong_schedule_next: the first tick of interval after now. Pure. */
gong_mono_t gong_schedule_next(gong_mono_t now, gong_dur_t interval);

#endif
