/*
 * desk_timer: what is due when: a binary heap whose items know their place, so
 * that each thing of the desk has one timer that moves. At one instant: by
 * kind, then by number, then by key: never by how the heap came about.
 */
#ifndef GONG_RULES_DESK_DESK_TIMER_H
#define GONG_RULES_DESK_DESK_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define GONG_DESK_NEVER INT64_MAX

enum gong_desk_timer_kind {
    GONG_DESK_TIMER_SILENCE,
    GONG_DESK_TIMER_INCIDENT,
    GONG_DESK_TIMER_GROUP,
    GONG_DESK_TIMER_RECIPIENT,
};

/* Embedded in its owner; zero but for kind, number and key at the start. */
struct gong_desk_timer {
    int64_t due;
    size_t place; /* from 1 on; 0: not in the heap */
    enum gong_desk_timer_kind kind;
    uint64_t number;
    struct gong_str key;
    void *owner;
};

/* All zero is an empty heap. */
struct gong_desk_heap {
    struct gong_desk_timer **items;
    size_t count;
    size_t capacity;
};

void gong_desk_heap_fini(struct gong_desk_heap *heap);
/* gong_desk_heap_set: due at an instant, or GONG_DESK_NEVER; false without
 * memory. */
bool gong_desk_heap_set(struct gong_desk_heap *heap,
                        struct gong_desk_timer *timer, int64_t due);
/* gong_desk_heap_first: NULL if nothing is ever due. */
struct gong_desk_timer *gong_desk_heap_first(const struct gong_desk_heap *heap);

#endif
