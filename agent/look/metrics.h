/*
 * metrics: the engine's own numbers, from its last report, beside those that
 * the counters hold. One table gives names, help and types to /metrics and to
 * the lines that the agent journals about itself.
 */
#ifndef GONG_AGENT_LOOK_METRICS_H
#define GONG_AGENT_LOOK_METRICS_H

#include <stdio.h>

#include "agent/decide/engine_thread.h"

/* Prometheus' text format 0.0.4. */
void gong_metrics_write_prometheus(const struct gong_engine_report *report,
                                   FILE *out);
/* Line protocol: measurement is the name, field "value"; no stamps. */
void gong_metrics_write_lines(const struct gong_engine_report *report,
                              FILE *out);

#endif
