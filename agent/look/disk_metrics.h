/*
 * disk_metrics: what the agent's own disk can still take: whether journal and
 * effects log can be written, what is held in memory instead, how full the
 * journal and its file system are. Read when asked for, not counted, so that
 * they are true also while nothing moves. Any thread.
 */
#ifndef GONG_AGENT_LOOK_DISK_METRICS_H
#define GONG_AGENT_LOOK_DISK_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "agent/decide/effects.h"
#include "agent/journal/journal.h"

/* Borrowed; effects and state_dir may be NULL: then what is theirs is left out.
 */
struct gong_disk_source {
    struct gong_journal *journal;
    struct gong_effects *effects;
    const char *state_dir;
};

void gong_disk_metrics_write_prometheus(const struct gong_disk_source *source,
                                        FILE *out);
void gong_disk_metrics_write_lines(const struct gong_disk_source *source,
                                   FILE *out);

#endif
