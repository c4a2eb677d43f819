/*
 * monitor: a mutex with its one condition, timed on a clock that never jumps.
 *
 * Waiting may return early for no reason, as conditions do: callers test what
 * they wait for in a loop.
 */
#ifndef GONG_COMMON_MONITOR_H
#define GONG_COMMON_MONITOR_H

#include <pthread.h>
#include <stdbool.h>

#include "common/clock.h"
#include "common/err.h"

/* Transparent so that it can be a member; use the functions. */
struct gong_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
};

enum gong_err gong_monitor_init(struct gong_monitor *monitor) GONG_MUST_CHECK;
void gong_monitor_fini(struct gong_monitor *monitor);
void gong_monitor_lock(struct gong_monitor *monitor);
void gong_monitor_unlock(struct gong_monitor *monitor);

/* gong_monitor_wake: wakes all who wait. With or without the lock held. */
void gong_monitor_wake(struct gong_monitor *monitor);
/* gong_monitor_wait: with the lock held; false when length has passed. */
bool gong_monitor_wait(struct gong_monitor *monitor, gong_dur_t length);

#endif
