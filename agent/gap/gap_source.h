/*
 * gap_source: the history as the source of a replay (gap_replay.h): the series
 * of a device that its rules read, written or not.
 */
#ifndef GONG_AGENT_GAP_GAP_SOURCE_H
#define GONG_AGENT_GAP_GAP_SOURCE_H

#include "agent/gap/gap_replay.h"
#include "agent/history/history_reader.h"

/* Transparent; borrowed, and all that it points to, as long as the source is
 * used. */
struct gong_gap_history {
    struct gong_history_reader *reader;
    const struct gong_history_recent *recent; /* NULL: none */
    const struct gong_gap_rules *rules;
    const char *site;
    const char *device;
    size_t series_max; /* past it TOO_LARGE; 0: 10,000 */
};

/* gong_gap_history_source: errors of a read are those of the reader; a chunk
 * that does not verify is left out, and the reader counts it. */
struct gong_gap_source
gong_gap_history_source(struct gong_gap_history *history);

#endif
