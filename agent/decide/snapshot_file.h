/*
 * snapshot_file: snapshots on disk: STATE/snapshot.<n>, the greatest n is the
 * newest. Written under STATE/snapshot.part, then renamed: a name that is there
 * is whole, as far as the disk keeps its word; the engine checks the rest.
 */
#ifndef GONG_AGENT_DECIDE_SNAPSHOT_FILE_H
#define GONG_AGENT_DECIDE_SNAPSHOT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/decide/rule_store.h"
#include "common/spool.h"
#include "rules/engine/engine_snapshot.h"

#define GONG_SNAPSHOT_PART "snapshot.part"
#define GONG_SNAPSHOT_NAME 32
#define GONG_SNAPSHOTS_MAX 8 /* of those found, so many of the newest count */

/* gong_snapshot_name: the file name of snapshot n; returns out. */
const char *gong_snapshot_name(uint64_t n, char out[GONG_SNAPSHOT_NAME]);

/* gong_snapshot_list: the numbers that are there, newest first; how many. */
size_t gong_snapshot_list(const char *state_dir,
                          uint64_t out[GONG_SNAPSHOTS_MAX]);

/* gong_snapshot_next: the number after the newest. One that cannot have been
 * counted up to, so that those after it would run out of digits, is a
 * stranger's: it is removed. Of more than 15 digits none is listed. */
uint64_t gong_snapshot_next(const char *state_dir);

/* gong_snapshot_prune: removes all but the newest keep. */
void gong_snapshot_prune(const char *state_dir, size_t keep);

struct gong_snapshot_load {
    const char *state_dir;
    struct gong_spool *journal; /* that the position must hold in */
    const struct gong_engine_limits *limits;
    gong_effect_fn emit;
    void *ctx;
};

struct gong_snapshot_found {
    struct gong_engine *engine;     /* the caller's */
    struct gong_rule_source *rules; /* the caller's, outlives engine; or NULL */
    struct gong_snapshot_place place;
    uint64_t number;
    uint64_t bytes;
};

/* gong_snapshot_load: the newest snapshot that fits the journal and is sound;
 * false if none is: then the journal's oldest record is where to begin. Says in
 * the log why one was passed over. */
bool gong_snapshot_load(const struct gong_snapshot_load *load,
                        struct gong_snapshot_found *out);

#endif
