#include "agent/stop_latch.h"

enum gong_err
gong_stop_latch_init(struct gong_stop_latch *latch)
{
    latch->set = false;
    return gong_monitor_init(&latch->monitor);
}

void
gong_stop_latch_fini(struct gong_stop_latch *latch)
{
    gong_monitor_fini(&latch->monitor);
}

void
gong_stop_latch_set(struct gong_stop_latch *latch)
{
    gong_monitor_lock(&latch->monitor);
    latch->set = true;
    gong_monitor_wake(&latch->monitor);
    gong_monitor_unlock(&latch->monitor);
}

bool
gong_stop_latch_is_set(struct gong_stop_latch *latch)
{
    bool set;

    gong_monitor_lock(&latch->monitor);
    set = latch->set;
    gong_monitor_unlock(&latch->monitor);
    return set;
}

bool
gong_stop_latch_wait(struct gong_stop_latch *latch, gong_dur_t timeout)
{
    gong_mono_t until = gong_mono_add(gong_mono_now(), timeout);
    bool set;

    gong_monitor_lock(&latch->monitor);
    while (!latch->set) {
        gong_dur_t left = gong_mono_since(until, gong_mono_now());

        if (left.ns <= 0) {
            break;
        }
        (void)gong_monitor_wait(&latch->monitor, left);
    }
    set = latch->set;
    gong_monitor_unlock(&latch->monitor);
    return set;
}
