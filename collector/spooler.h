/*
 * spooler: what puts points into the spool. A point is accepted once it is
 * there: written to the page cache, so that a crash of the collector costs
 * nothing; synced by a thread of its own every `sync`, so that a power cut
 * costs at most that much.
 *
 * Batches are numbered from 1; numbers go on after a restart. The epoch is the
 * first 8 bytes of the spool's id. After a power cut has torn the spool's
 * tail, numbers jump ahead: those of the torn batches may be known to the
 * agent already and must not be used for others. What is lost for other reasons
 * is counted and told by number (collector/drops.h).
 *
 * While the disk fails batches are held in memory and sent from there, but a
 * restart would lose them: they are held, not accepted. Their numbers jump
 * ahead by a random step, since a restart goes on from the last one on the
 * disk.
 */
#ifndef GONG_COLLECTOR_SPOOLER_H
#define GONG_COLLECTOR_SPOOLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/dating.h"
#include "collector/drops.h"
#include "collector/settled.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/spool.h"
#include "common/str.h"

/* Numbers skipped after a torn tail: far more than fit between two syncs. */
#define GONG_SPOOLER_JUMP UINT64_C(1000000)
/* And before the first held one, at most this many times that. */
#define GONG_SPOOLER_HELD_JUMPS UINT64_C(100000)

struct gong_spooler_options {
    const char *path;
    uint64_t size;
    uint64_t segment_size;
    enum gong_spool_policy policy;
    gong_dur_t sync;
    uint64_t memory;  /* bytes that may be held while the disk fails; 0: none */
    const char *site; /* borrowed, for the manifest */
    const char *device;
    const char *manifest; /* NULL or "": none */
};

struct gong_spooler;

/* What became of lines. */
struct gong_spooler_taken {
    uint64_t accepted; /* in the spool */
    uint64_t held;     /* in memory: sent, but a restart would lose them */
};

enum gong_err gong_spooler_open(const struct gong_spooler_options *options,
                                struct gong_spooler **out, char *why,
                                size_t why_size) GONG_MUST_CHECK;
/* Close all cursors on the spool first. */
void gong_spooler_close(struct gong_spooler *spooler);

/* gong_spooler_listen: called after each append, on the appending thread. Set
 * before other threads start; NULL ends it. */
void gong_spooler_listen(struct gong_spooler *spooler, void (*heard)(void *ctx),
                         void *ctx);

/* gong_spooler_append: lines (whole, with stamps) as one batch, or several
 * where they are many. *taken (may be NULL) says how many lines are where, also
 * after an error. Any thread. */
enum gong_err
gong_spooler_append(struct gong_spooler *spooler, struct gong_str lines,
                    struct gong_spooler_taken *taken) GONG_MUST_CHECK;

/* gong_spooler_writable: whether the last batch went to the disk. Any thread.
 */
bool gong_spooler_writable(const struct gong_spooler *spooler);

/* gong_spooler_low_most: while batches are held, the number that a restart
 * would go on with: `low` must not say that it is gone; else UINT64_MAX. Any
 * thread. */
uint64_t gong_spooler_low_most(const struct gong_spooler *spooler);

/* gong_spooler_settled: what an agent of this epoch says it has. Any thread. */
void gong_spooler_settled(struct gong_spooler *spooler,
                          const struct gong_settled *settled);
/* What was lost; borrowed until close. */
struct gong_drops *gong_spooler_drops(struct gong_spooler *spooler);

/* gong_spooler_dating: what is known of the boots that filled the spool; a
 * copy for the caller to go on with. */
struct gong_dating gong_spooler_dating(const struct gong_spooler *spooler);

struct gong_spool *gong_spooler_spool(struct gong_spooler *spooler);
uint64_t gong_spooler_epoch(const struct gong_spooler *spooler);
/* The number of the newest batch; 0 before the first. Any thread. */
uint64_t gong_spooler_last_seq(const struct gong_spooler *spooler);

#endif
