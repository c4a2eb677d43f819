/*
 * drops: what the spool lost before an agent had it: exactly which batches,
 * with how many points and samples, and why. Told to the agent by a batch of
 * its own (agent/receive/ledger_report.h reads it):
 *
 *   gong_dropped,reason=drop_oldest epoch="...",first_seq=5i,last_seq=9i,
 *     batches=5i,points=240i,samples=960i,from_ms=...i,to_ms=...i,
 *     sizes="50/200x4,40/160" <stamp>
 *
 *   dropping -> event, saved -> (segment goes) -> told in batch N -> N settled
 *                  ^--------------------------------- N dropped --'     gone
 *
 * SPOOL/dropped holds the sums since the spool was made and the events that no
 * agent has settled. It is synced before the segment goes, so a crash can make
 * a drop known that did not happen, which the agent sees, never the reverse. An
 * event that is told again is the same event: the agent counts numbers once.
 *
 * Bounds: 64 events, 256 runs of sizes each, 1 KiB to 400 KiB in all. Past the
 * first the oldest is forgotten but for the sums, one that was told before one
 * that was not: the agent finds its numbers missing. Only neighbours of one
 * reason become one, so that a report names no batch that was not lost. Past
 * the second there are no sizes; the agent then shares out.
 *
 * Reports name the spool's epoch. Where the publisher goes on under another one
 * (an older copy of the spool) they explain nothing: what was lost is missing.
 *
 * What the agent has, but whose ack never came, is counted here too and taken
 * off by the agent. Batches of reports themselves count as batches of 0 points.
 *
 * Threads: any; its lock is the innermost and not held over the disk.
 */
#ifndef GONG_COLLECTOR_DROPS_H
#define GONG_COLLECTOR_DROPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/settled.h"
#include "collector/spooled.h"
#include "common/err.h"
#include "common/lp_encode.h"

#define GONG_DROPS_EVENTS_MAX 64
#define GONG_DROPS_RUNS_MAX   256

enum gong_drop_reason {
    GONG_DROP_OLDEST,
    GONG_DROP_DAMAGED, /* bytes in the spool were bad */
    GONG_DROP_TORN, /* numbers that were skipped, after a power cut or while the
                       disk failed */
};

/* Transparent: since the spool was made. */
struct gong_drops_sums {
    uint64_t batches; /* by drop_oldest */
    uint64_t points;
    uint64_t samples;
    uint64_t damaged; /* batches */
};

struct gong_drops;

/* gong_drops_open: reads DIR/dropped if it is of this epoch; one that is
 * damaged is begun anew, and the log says so. */
enum gong_err gong_drops_open(const char *dir, uint64_t epoch,
                              struct gong_drops **out) GONG_MUST_CHECK;
void gong_drops_close(struct gong_drops *drops);

/* gong_drops_dropping: for gong_spool_options; ctx is the gong_drops. */
void gong_drops_dropping(void *ctx, const struct gong_record *record);
/* gong_drops_hole: numbers between two batches in the spool that cannot be
 * read, each range once. */
void gong_drops_hole(void *ctx, uint64_t first, uint64_t last);
/* gong_drops_torn: numbers that were skipped. */
void gong_drops_torn(struct gong_drops *drops, uint64_t first, uint64_t last);

/* gong_drops_settled: what an agent has: not lost when it goes. */
void gong_drops_settled(struct gong_drops *drops,
                        const struct gong_settled *settled);

/* gong_drops_report: appends a line to out for each event that is not told;
 * returns how many, at most as fit max bytes. gong_drops_told: they are in
 * batch seq now. One thread at a time, which calls both. */
size_t gong_drops_report(struct gong_drops *drops, size_t max,
                         struct gong_buffer *out);
void gong_drops_told(struct gong_drops *drops, uint64_t seq);

void gong_drops_sums(struct gong_drops *drops, struct gong_drops_sums *out);

#endif
