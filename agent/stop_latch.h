/*
 * stop_latch: set once, and every wait on it ends, now and later. A thread
 * that has to wait before it tries again sleeps on it, so that it can be
 * stopped at once.
 */
#ifndef GONG_AGENT_STOP_LATCH_H
#define GONG_AGENT_STOP_LATCH_H

#include <stdbool.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/monitor.h"

/* Transparent so that it can lie in its owner. */
struct gong_stop_latch {
    struct gong_monitor monitor;
    bool set; /* under the monitor */
};

enum gong_err
gong_stop_latch_init(struct gong_stop_latch *latch) GONG_MUST_CHECK;
void gong_stop_latch_fini(struct gong_stop_latch *latch);
/* Any thread, any number of times. */
void gong_stop_latch_set(struct gong_stop_latch *latch);
bool gong_stop_latch_is_set(struct gong_stop_latch *latch);
/* gong_stop_latch_wait: sleeps up to timeout; true when it is set. */
bool gong_stop_latch_wait(struct gong_stop_latch *latch, gong_dur_t timeout);

#endif
