/*
 * self_metrics: the agent watches itself through the same pipe as everything
 * else: at an interval its numbers go into the journal as a batch of site
 * "gong", device <agent>, so rules and stores see them. A thread of its own.
 */
#ifndef GONG_AGENT_LOOK_SELF_METRICS_H
#define GONG_AGENT_LOOK_SELF_METRICS_H

#include "agent/look/status.h"
#include "common/clock.h"
#include "common/err.h"

struct gong_self_metrics;

/* source is borrowed until stop. */
enum gong_err
gong_self_metrics_start(const struct gong_status_source *source,
                        gong_dur_t interval,
                        struct gong_self_metrics **out) GONG_MUST_CHECK;
void gong_self_metrics_stop(struct gong_self_metrics *self);

/* gong_self_metrics_append: one batch now. */
enum gong_err gong_self_metrics_append(const struct gong_status_source *source)
    GONG_MUST_CHECK;

#endif
