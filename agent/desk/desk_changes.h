/*
 * desk_changes: the numbers of the incidents that one transaction changed, each
 * once, at most GONG_DESK_CHANGES_MAX. One with more than that only knows that
 * there were too many.
 */
#ifndef GONG_AGENT_DESK_DESK_CHANGES_H
#define GONG_AGENT_DESK_DESK_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GONG_DESK_CHANGES_MAX 512

/* All zero: none. */
struct gong_desk_changes {
    uint64_t
        numbers[(size_t)2 * GONG_DESK_CHANGES_MAX]; /* some of them twice */
    size_t count;
    bool too_many;
};

void gong_desk_changes_clear(struct gong_desk_changes *changes);
void gong_desk_changes_note(struct gong_desk_changes *changes, uint64_t number);
/* gong_desk_changes_settle: each once, the lowest first; too_many and none
 * where there are more than can be named. */
void gong_desk_changes_settle(struct gong_desk_changes *changes);

#endif
