/*
 * clock_metrics: how far journal time is ahead of the wall clock. Far ahead
 * after the wall clock was set back: until they meet what devices stamp looks
 * late. Read when asked for. Any thread.
 */
#ifndef GONG_AGENT_LOOK_CLOCK_METRICS_H
#define GONG_AGENT_LOOK_CLOCK_METRICS_H

#include <stdio.h>

#include "agent/journal/journal.h"

void gong_clock_metrics_write_prometheus(struct gong_journal *journal,
                                         FILE *out);
void gong_clock_metrics_write_lines(struct gong_journal *journal, FILE *out);

#endif
