/*
 * lanes: in which order batches leave the spool.
 *
 *   committed          gap          end of spool
 *      |           pos      end          |
 *      v            v        v           v
 *      |==settled===|========|...........|
 *                    backlog  ^ live: fresh batches, in order
 *
 * All goes in order as live, until the next batch is older than backlog_after
 * while more wait than backlog_rate sends in 30 s. Then what is older becomes
 * a gap, which is drained as lane=back behind the live lane. Gaps are not kept
 * over a restart: it begins at what was committed, and the agent drops what it
 * has already.
 *
 * One thread. Reads the disk.
 */
#ifndef GONG_COLLECTOR_LANES_H
#define GONG_COLLECTOR_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/dating.h"
#include "collector/spooled.h"
#include "common/batch.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/spool.h"

#define GONG_LANES_GAPS_MAX   8 /* past it the last two become one */
#define GONG_LANES_IN_ORDER_S 30

struct gong_lanes_options {
    gong_dur_t backlog_after;
    uint64_t backlog_rate; /* batches a second */
    /* Told of numbers that should lie between two batches and cannot be read;
     * may be NULL. */
    void (*hole)(void *ctx, uint64_t first, uint64_t last);
    void *hole_ctx;
};

struct gong_lanes_gap {
    uint64_t pos;
    uint64_t end;
    uint64_t seq; /* at pos, or below */
};

/* Transparent: a member of the publisher. */
struct gong_lanes {
    struct gong_lanes_options options;
    struct gong_spool_cursor *cursor;
    uint64_t live;     /* where the live lane reads next */
    uint64_t live_seq; /* the number there, or below */
    uint64_t committed;
    /* How far was read for the first time, and the last batch there. */
    uint64_t seen;
    uint64_t seen_seq;
    uint8_t seen_generation;
    bool seen_held;
    const struct gong_dating *dating; /* borrowed; NULL: stamps are true */
    size_t gap_count;
    struct gong_lanes_gap gaps[GONG_LANES_GAPS_MAX];
};

enum gong_err
gong_lanes_open(struct gong_lanes *lanes, struct gong_spool *spool,
                const struct gong_lanes_options *options) GONG_MUST_CHECK;
void gong_lanes_close(struct gong_lanes *lanes);

/* gong_lanes_next: the next batch of that lane; its body is valid until the
 * next call. last_seq is the newest in the spool. GONG_ERR_AGAIN: none. */
enum gong_err gong_lanes_next(struct gong_lanes *lanes, enum gong_lane lane,
                              uint64_t last_seq, gong_wall_t now,
                              struct gong_spooled *out) GONG_MUST_CHECK;
/* gong_lanes_again: a batch that was read before; GONG_ERR_NOT_FOUND when the
 * spool has lost it. */
enum gong_err gong_lanes_again(struct gong_lanes *lanes, uint64_t offset,
                               uint64_t seq,
                               struct gong_spooled *out) GONG_MUST_CHECK;

/* gong_lanes_unread: the lowest offset and number not read yet. */
uint64_t gong_lanes_unread(const struct gong_lanes *lanes, uint64_t *seq);
/* gong_lanes_commit: everything before offset is settled. */
enum gong_err gong_lanes_commit(struct gong_lanes *lanes,
                                uint64_t offset) GONG_MUST_CHECK;

#endif
