#include "common/monitor.h"

#include <errno.h>
#include <time.h>

enum gong_err
gong_monitor_init(struct gong_monitor *monitor)
{
    if (pthread_mutex_init(&monitor->mutex, NULL) != 0) {
        return GONG_ERR_MEMORY;
    }
    if (gong_clock_cond_init(&monitor->cond) != GONG_OK) {
        (void)pthread_mutex_destroy(&monitor->mutex);
        return GONG_ERR_MEMORY;
    }
    return GONG_OK;
}

void
gong_monitor_fini(struct gong_monitor *monitor)
{
    (void)pthread_cond_destroy(&monitor->cond);
    (void)pthread_mutex_destroy(&monitor->mutex);
}

void
gong_monitor_lock(struct gong_monitor *monitor)
{
    (void)pthread_mutex_lock(&monitor->mutex);
}

void
gong_monitor_unlock(struct gong_monitor *monitor)
{
    (void)pthread_mutex_unlock(&monitor->mutex);
}

void
gong_monitor_wake(struct gong_monitor *monitor)
{
    (void)pthread_cond_broadcast(&monitor->cond);
}

bool
gong_monitor_wait(struct gong_monitor *monitor, gong_dur_t length)
{
    struct timespec until;

    gong_clock_deadline(length, &until);
    return pthread_cond_timedwait(&monitor->cond, &monitor->mutex, &until) !=
           ETIMEDOUT;
}
