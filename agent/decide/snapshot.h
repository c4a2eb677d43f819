/*
 * snapshot: keeps the engine's state on disk, so that a start need not replay
 * the whole journal.
 *
 *   engine thread          child (forked)              minder thread
 *     due? ---------------------------------------------> memory into huge
 *                                                         pages
 *     fork -----------------> close all else <----------- done
 *     goes on at once         write, fsync               waits until journal
 *                             wait for the word <------- and effects are
 *                             rename, fsync the folder   durable that far
 *                             _exit --------------------> counts, removes old
 *
 * Due when the journal has grown by half the last snapshot's size, not before
 * min nor after max. The engine's state is only ahead of the durable mark in
 * memory: a snapshot gets its name when everything before its position, every
 * effect of that, and all that was recorded (agent/decide/recorded.h), which
 * stands behind it, would survive a power cut.
 *
 * The child uses only what is safe after fork in a program with threads, and
 * first closes every other descriptor: it holds neither the logs' locks nor any
 * connection. When the agent dies it withdraws. A failure costs the next start
 * some time and nothing else; it is counted, and logged when it begins.
 */
#ifndef GONG_AGENT_DECIDE_SNAPSHOT_H
#define GONG_AGENT_DECIDE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/decide/effects.h"
#include "agent/journal/journal.h"
#include "rules/engine/engine.h"

#define GONG_SNAPSHOTS_KEPT 2

struct gong_snapshots_options {
    const char *state_dir;        /* borrowed until stop */
    struct gong_journal *journal; /* borrowed until stop */
    struct gong_effects *effects; /* borrowed until stop */
    gong_dur_t min;
    gong_dur_t max;
    uint64_t last_bytes; /* of the one that was restored; 0: none */
    uint64_t gather_min; /* a smaller state is forked as it lies */
};
#define GONG_SNAPSHOT_GATHER_MIN (UINT64_C(16) << 20)

/* Plain values. */
struct gong_snapshots_report {
    uint64_t taken;
    uint64_t failed;
    uint64_t bytes;    /* of the last one */
    uint64_t position; /* of the last one */
    uint64_t stall_us; /* how long the last fork held the engine up */
};

struct gong_snapshots;

/* position: where the journal was when the last one was taken. */
enum gong_err gong_snapshots_start(const struct gong_snapshots_options *options,
                                   uint64_t position,
                                   struct gong_snapshots **out) GONG_MUST_CHECK;
/* Gives up what is under way. NULL is fine. */
void gong_snapshots_stop(struct gong_snapshots *snapshots);

/* gong_snapshots_consider: engine thread, between two records: takes one if it
 * is due. position is that of the next record, rules the digest in force. */
void gong_snapshots_consider(struct gong_snapshots *snapshots,
                             const struct gong_engine *engine,
                             uint64_t position, const char *rules);

/* Any thread. */
void gong_snapshots_report(struct gong_snapshots *snapshots,
                           struct gong_snapshots_report *out);

#endif
