/*
 * alert_view: the alerts of one moment as Prometheus' /api/v1/alerts answers
 * them. The engine thread makes one and swaps a pointer; readers hold a
 * reference, so nobody ever asks the engine.
 *
 * At most 2,000 alerts are listed, pending ones last; "truncated" counts the
 * others. An alert whose device is dark or whose data is missing is firing, as
 * in Prometheus, with its last value, and has a member of our own:
 * "unknown":true.
 */
#ifndef GONG_AGENT_DECIDE_ALERT_VIEW_H
#define GONG_AGENT_DECIDE_ALERT_VIEW_H

#include <stdatomic.h>
#include <stddef.h>

#include "rules/engine/engine.h"

#define GONG_ALERT_VIEW_MAX 2000

/* Immutable but for its reference count. */
struct gong_alert_view {
    atomic_uint references;
    size_t len;
    char json[];
};

/* gong_alert_view_new: engine thread; one reference. NULL without memory. */
struct gong_alert_view *gong_alert_view_new(struct gong_engine *engine);
struct gong_alert_view *gong_alert_view_hold(struct gong_alert_view *view);
void gong_alert_view_release(struct gong_alert_view *view);

#endif
