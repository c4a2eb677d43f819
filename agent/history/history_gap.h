/*
 * history_gap: gap jobs. When a device's backlog has come (agent/gap/
 * gap_table.h), its own rules are played again over that time, from what the
 * history holds by then; alerts that nobody knew of in time go into ALERTS as
 * they truly were. Nobody is paged by it.
 *
 *   batches --> table --closed--> gong_gap_replay --> ALERTS, late
 *
 * Open gaps are notes of history.db, in the transaction with how far the
 * journal was read: after a kill a job begins again, and what it puts is the
 * same. One thread, the history's.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_GAP_H
#define GONG_AGENT_HISTORY_HISTORY_GAP_H

#include "agent/history/history_feed.h"
#include "agent/history/history_reader.h"
#include "common/counter.h"

struct gong_history_gap;

/* Plain values. */
struct gong_history_gap_counts {
    uint64_t jobs;
    uint64_t failed;  /* given up: the reason is in the log */
    uint64_t late;    /* alerts that nobody knew of */
    uint64_t earlier; /* those known, but from a later time on */
};

/* path and recent are borrowed until free. NULL without memory. */
struct gong_history_gap *
gong_history_gap_new(const char *path,
                     const struct gong_history_recent *recent);
void gong_history_gap_free(struct gong_history_gap *gap);

/* gong_history_gap_table: for the feed. */
struct gong_gap_table *gong_history_gap_table(struct gong_history_gap *gap);

/* gong_history_gap_load: as the file has it; gong_history_gap_write: in a
 * transaction, where it has changed; gong_history_gap_written: it is in the
 * file. */
enum gong_err
gong_history_gap_load(struct gong_history_gap *gap,
                      struct gong_history_file *file) GONG_MUST_CHECK;
enum gong_err
gong_history_gap_write(struct gong_history_gap *gap,
                       struct gong_history_file *file) GONG_MUST_CHECK;
void gong_history_gap_written(struct gong_history_gap *gap);

/* gong_history_gap_step: one job, if one is due; true: there was one. Errors
 * are those of the feed: the job is to be done again. */
enum gong_err gong_history_gap_step(struct gong_history_gap *gap,
                                    struct gong_history_feed *feed,
                                    bool *any) GONG_MUST_CHECK;

void gong_history_gap_get_counts(const struct gong_history_gap *gap,
                                 struct gong_history_gap_counts *out);

#endif
