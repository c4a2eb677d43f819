/*
 * snapshot_memory: puts the engine's memory into huge pages before a fork.
 *
 * A fork copies a table entry for each page, and the engine stands still for
 * it: of 4 KiB pages there are 70,000 in 280 MB, of 2 MiB pages 140. What the
 * engine writes while a child lives falls apart into small pages again, so they
 * are put together anew each time, while the engine goes on.
 *
 * Where the kernel cannot (before Linux 6.1) nothing happens. The memory may be
 * the engine's no longer when its turn comes: no byte of it changes.
 */
#ifndef GONG_AGENT_DECIDE_SNAPSHOT_MEMORY_H
#define GONG_AGENT_DECIDE_SNAPSHOT_MEMORY_H

#include "rules/engine/engine_snapshot.h"

/* Plain values: copied on the engine's thread, used on another. */
struct gong_snapshot_memory {
    struct gong_snapshot_block blocks[GONG_SNAPSHOT_BLOCKS];
    size_t count;
};

/* gong_snapshot_memory_of: engine thread. */
void gong_snapshot_memory_of(const struct gong_engine *engine,
                             struct gong_snapshot_memory *out);

/* gong_snapshot_memory_gather: any thread; takes a second where there is much.
 * False as soon as the kernel refuses; then later calls may be spared. */
bool gong_snapshot_memory_gather(const struct gong_snapshot_memory *memory);

#endif
