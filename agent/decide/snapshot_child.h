/* snapshot_child: what the forked child does. */
#ifndef GONG_AGENT_DECIDE_SNAPSHOT_CHILD_H
#define GONG_AGENT_DECIDE_SNAPSHOT_CHILD_H

#include "rules/engine/engine_snapshot.h"

/* Everything is ready before the fork: the child asks for no memory. */
struct gong_snapshot_child {
    const struct gong_engine *engine;
    const struct gong_snapshot_place *place;
    const char *name; /* in dir_fd, to become */
    int dir_fd;
    int word_fd; /* a byte comes when it may have its name; its end: never */
};

/* gong_snapshot_child_run: in the child. Async-signal-safe. Exits with 0, or
 * with an errno. */
_Noreturn void gong_snapshot_child_run(const struct gong_snapshot_child *child);

#endif
