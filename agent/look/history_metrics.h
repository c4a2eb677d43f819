/*
 * history_metrics: what the embedded history is and does, from its report
 * (agent/history/history.h), beside what it counts. Any thread.
 */
#ifndef GONG_AGENT_LOOK_HISTORY_METRICS_H
#define GONG_AGENT_LOOK_HISTORY_METRICS_H

#include <stdio.h>

#include "agent/history/history.h"

/* history may be NULL: nothing is written. */
void gong_history_metrics_write_prometheus(struct gong_history *history,
                                           FILE *out);
void gong_history_metrics_write_lines(struct gong_history *history, FILE *out);

#endif
