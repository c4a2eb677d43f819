/*
 * receive_keeper: every interval one look at all devices, on a thread that may
 * wait for the disk:
 *
 *   devices --> totals           gong_agent_ledger_* in /metrics
 *           --> STATE/receive    agent/receive/receive_file.h
 *           --> gong_ledger      a point for each device that changed, into
 *                                the journal: site "gong", lane=back, so that
 *                                stores have it and the live engine does not
 *
 * Bound: `points` devices are told of a round, going on where the last round
 * stopped; 64 KiB a batch. A save that fails is logged once, and tried again
 * the next round, as is one that finds journal records in memory.
 */
#ifndef GONG_AGENT_RECEIVE_RECEIVE_KEEPER_H
#define GONG_AGENT_RECEIVE_RECEIVE_KEEPER_H

#include <stddef.h>

#include "agent/journal/journal.h"
#include "agent/receive/receive.h"
#include "common/counter.h"
#include "common/err.h"

struct gong_receive_keeper_options {
    const char *agent; /* borrowed until stop, as all here */
    const char *path;  /* of the state; NULL: nothing is saved */
    gong_dur_t interval;
    size_t points; /* devices a round; 0: none */
    struct gong_receive *receive;
    struct gong_journal *journal;
};

struct gong_receive_keeper;

enum gong_err
gong_receive_keeper_new(const struct gong_receive_keeper_options *options,
                        struct gong_counters *counters,
                        struct gong_receive_keeper **out) GONG_MUST_CHECK;
/* gong_receive_keeper_start: new, and its thread. */
enum gong_err
gong_receive_keeper_start(const struct gong_receive_keeper_options *options,
                          struct gong_counters *counters,
                          struct gong_receive_keeper **out) GONG_MUST_CHECK;
/* gong_receive_keeper_halt: joins the thread. gong_receive_keeper_save: saves
 * at once, on the caller's thread: after halt, and after the journal stopped
 * too, which then is durable. NULL is fine for all three. */
void gong_receive_keeper_halt(struct gong_receive_keeper *keeper);
void gong_receive_keeper_save(struct gong_receive_keeper *keeper);
void gong_receive_keeper_stop(struct gong_receive_keeper *keeper);

/* gong_receive_keeper_round: what the thread does each interval. */
void gong_receive_keeper_round(struct gong_receive_keeper *keeper);

#endif
