/*
 * arena: growable arrays addressed by 32-bit indices, and hash indexes over
 * them. Index 0 means "none" everywhere.
 *
 *   arena   [ zeros | 1 | 2 | 3 | ... | count-1 |   spare   ]
 *   index   slot = (hash32, element), open addressing, linear probing
 *
 * Elements hold no pointers, only indices, so an arena can be written to disk
 * and read back as it is. A pointer from gong_arena_at is good until the next
 * add to the same arena. Hot paths index data as the array it is.
 *
 * Arenas that hold an engine's state draw on one budget: it knows the bytes
 * held, and with a limit it makes every shortage of memory repeatable. So a
 * capacity is state too, and a snapshot brings it back. What is derived, or
 * scratch, differs after a restart, and draws on another budget, which has no
 * limit.
 */
#ifndef GONG_RULES_ENGINE_ARENA_H
#define GONG_RULES_ENGINE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

/* Transparent: embedded by its owner, which must outlive what draws on it. */
struct gong_budget {
    size_t used;
    size_t limit; /* 0: none but the machine's */
    bool refused; /* something for the limit's sake; the owner clears it */
};

/* gong_budget_resize: realloc that keeps the account; new_size 0 frees. NULL
 * when refused (and the old block stands) or when new_size is 0. */
void *gong_budget_resize(struct gong_budget *budget, void *block,
                         size_t old_size, size_t new_size);

/* Transparent: embedded, and reached by inline access. */
struct gong_arena {
    void *data;
    struct gong_budget *budget;
    uint32_t count; /* elements in use, element 0 among them */
    uint32_t capacity;
    uint32_t stride; /* bytes of one element */
};

void gong_arena_init(struct gong_arena *arena, struct gong_budget *budget,
                     size_t stride);
void gong_arena_fini(struct gong_arena *arena);

/* gong_arena_add: n zeroed elements in a row; the first one's index, 0 without
 * memory or past 2^32 elements. n may be 0: then never 0 but for memory. */
uint32_t gong_arena_add(struct gong_arena *arena, uint32_t n);

/* gong_arena_clear: forgets all elements, keeps the memory. */
void gong_arena_clear(struct gong_arena *arena);

/* gong_arena_cut: forgets the elements from count on, and gives memory back
 * where there is far more than is used: then at most GONG_ARENA_SLACK. */
void gong_arena_cut(struct gong_arena *arena, uint32_t count);

/* gong_arena_keep: keeps the elements that have a new number in map, which has
 * one for each element, 0 for what goes; new numbers are 1, 2, 3 ... in the
 * order of the old ones. gong_arena_move moves n elements down to a lower
 * number, or leaves them; false where to is no lower one. */
void gong_arena_keep(struct gong_arena *arena, const uint32_t *map);
bool gong_arena_move(struct gong_arena *arena, uint32_t to, uint32_t from,
                     uint32_t n);

/* gong_arena_reserve: room for so many elements, no more; they are not in use.
 * False without memory. */
bool gong_arena_reserve(struct gong_arena *arena, uint32_t capacity);

/* The largest capacity of an arena whose elements are never cut but by
 * gong_arena_cut. */
#define GONG_ARENA_SLACK(count) (2 * (uint64_t)(count) + 64)

/* gong_arena_copy: fills an empty arena of the same stride. False without
 * memory. */
bool gong_arena_copy(struct gong_arena *to, const struct gong_arena *from);

static inline void *
gong_arena_at(const struct gong_arena *arena, uint32_t index)
{
    return (unsigned char *)arena->data + (size_t)index * arena->stride;
}

/* Bytes of any length in an arena of 8-byte units. */
void gong_bytes_init(struct gong_arena *arena, struct gong_budget *budget);
uint32_t gong_bytes_add(struct gong_arena *arena, struct gong_str text);

/* gong_bytes_units: elements that so many bytes take. */
static inline uint64_t
gong_bytes_units(size_t len)
{
    return (uint64_t)len / 8 + 1;
}

static inline struct gong_str
gong_bytes_at(const struct gong_arena *arena, uint32_t at, uint32_t len)
{
    return (struct gong_str){gong_arena_at(arena, at), len};
}

struct gong_slot {
    uint32_t hash;
    uint32_t element;
};

/* Transparent: embedded, and walked by inline probes. */
struct gong_index {
    struct gong_slot *slots; /* a power of two of them, or NULL */
    struct gong_budget *budget;
    uint32_t mask;
    uint32_t used;
};

void gong_index_init(struct gong_index *index, struct gong_budget *budget);
void gong_index_fini(struct gong_index *index);

/* gong_index_put: adds element, which is not there yet. False without memory:
 * nothing changed. */
bool gong_index_put(struct gong_index *index, uint64_t hash, uint32_t element);

/* gong_index_remove: takes element out, which is there. */
void gong_index_remove(struct gong_index *index, uint64_t hash,
                       uint32_t element);

/* gong_index_clear: takes all out, keeps the memory: as many as there were can
 * be put in again without fail. */
void gong_index_clear(struct gong_index *index);

/* gong_index_make: an empty index of so many slots, a power of two of at least
 * 16, for a table that is read back. False without memory or for another
 * number. gong_index_sound: whether used is right, a slot is free, and every
 * element lies below count: then no walk fails, whatever the hashes are. */
bool gong_index_make(struct gong_index *index, uint64_t slots);
bool gong_index_sound(const struct gong_index *index, uint32_t count);

/* One walk over the elements whose hash may be hash:
 *     struct gong_probe probe = gong_probe_start(index, hash);
 *     while ((i = gong_probe_next(index, &probe)) != 0) compare; */
struct gong_probe {
    uint32_t hash;
    uint32_t at;
};

static inline struct gong_probe
gong_probe_start(const struct gong_index *index, uint64_t hash)
{
    return (struct gong_probe){(uint32_t)hash, (uint32_t)hash & index->mask};
}

static inline uint32_t
gong_probe_next(const struct gong_index *index, struct gong_probe *probe)
{
    if (index->slots == NULL) {
        return 0;
    }
    for (;;) {
        struct gong_slot slot = index->slots[probe->at];

        if (slot.element == 0) {
            return 0;
        }
        probe->at = (probe->at + 1) & index->mask;
        if (slot.hash == probe->hash) {
            return slot.element;
        }
    }
}

#endif
