#include "rules/engine/arena.h"

#include <stdlib.h>
#include <string.h>

#define UNIT           8
#define FIRST_SLOTS    16
#define FIRST_ELEMENTS 8
#define LARGE          ((size_t)1 << 20)

void *
gong_budget_resize(struct gong_budget *budget, void *block, size_t old_size,
                   size_t new_size)
{
    void *moved = NULL;

    if (new_size == 0) {
        free(block);
        budget->used -= old_size;
        return NULL;
    }
    if (budget->limit != 0 && new_size > old_size &&
        (budget->used > budget->limit ||
         new_size - old_size > budget->limit - budget->used)) {
        budget->refused = true;
        return NULL;
    }
    moved = realloc(block, new_size);
    if (moved != NULL) {
        budget->used = budget->used - old_size + new_size;
    }
    return moved;
}

void
gong_arena_init(struct gong_arena *arena, struct gong_budget *budget,
                size_t stride)
{
    *arena = (struct gong_arena){
        .budget = budget,
        .stride = (uint32_t)stride,
    };
}

void
gong_arena_fini(struct gong_arena *arena)
{
    gong_budget_resize(arena->budget, arena->data,
                       (size_t)arena->capacity * arena->stride, 0);
    arena->data = NULL;
    arena->count = 0;
    arena->capacity = 0;
}

static bool
set_capacity(struct gong_arena *arena, uint32_t capacity)
{
    void *data = NULL;

    if (capacity > SIZE_MAX / arena->stride) {
        return false;
    }
    data = gong_budget_resize(arena->budget, arena->data,
                              (size_t)arena->capacity * arena->stride,
                              (size_t)capacity * arena->stride);
    if (data == NULL) {
        return false;
    }
    arena->data = data;
    arena->capacity = capacity;
    return true;
}

/* A quarter more each time, a thirty-second once it is large: memory counts for
 * more here than copying, which the kernel then does by moving pages. */
static bool
grow(struct gong_arena *arena, uint32_t need)
{
    bool large = (size_t)arena->capacity * arena->stride >= LARGE;
    uint64_t capacity =
        (uint64_t)arena->capacity + arena->capacity / (large ? 32 : 4);

    if (capacity < FIRST_ELEMENTS) {
        capacity = FIRST_ELEMENTS;
    }
    if (capacity < need) {
        capacity = need;
    }
    if (capacity > UINT32_MAX) {
        capacity = UINT32_MAX;
    }
    return set_capacity(arena, (uint32_t)capacity);
}

uint32_t
gong_arena_add(struct gong_arena *arena, uint32_t n)
{
    uint32_t first = arena->count == 0 ? 1 : arena->count;

    if (n > UINT32_MAX - first) {
        return 0;
    }
    if (first + n > arena->capacity && !grow(arena, first + n)) {
        return 0;
    }
    if (arena->count == 0) {
        memset(arena->data, 0, arena->stride);
    }
    memset(gong_arena_at(arena, first), 0, (size_t)n * arena->stride);
    arena->count = first + n;
    return first;
}

void
gong_arena_clear(struct gong_arena *arena)
{
    arena->count = 0;
}

void
gong_arena_cut(struct gong_arena *arena, uint32_t count)
{
    arena->count = count < arena->count ? count : arena->count;
    if (arena->capacity > GONG_ARENA_SLACK(arena->count)) {
        (void)set_capacity(arena, arena->count + arena->count / 4 + 1);
    }
}

void
gong_arena_keep(struct gong_arena *arena, const uint32_t *map)
{
    uint32_t kept = 0;

    for (uint32_t i = 1; i < arena->count; i++) {
        if (map[i] != 0) {
            kept++;
            (void)gong_arena_move(arena, kept, i, 1);
        }
    }
    gong_arena_cut(arena, kept + 1);
}

bool
gong_arena_move(struct gong_arena *arena, uint32_t to, uint32_t from,
                uint32_t n)
{
    if (to < from && n > 0) {
        memmove(gong_arena_at(arena, to), gong_arena_at(arena, from),
                (size_t)n * arena->stride);
    }
    return to <= from;
}

bool
gong_arena_reserve(struct gong_arena *arena, uint32_t capacity)
{
    return capacity <= arena->capacity || set_capacity(arena, capacity);
}

bool
gong_arena_copy(struct gong_arena *to, const struct gong_arena *from)
{
    if (from->count == 0) {
        return true;
    }
    if (from->count > to->capacity && !set_capacity(to, from->count)) {
        return false;
    }
    memcpy(to->data, from->data, (size_t)from->count * from->stride);
    to->count = from->count;
    return true;
}

void
gong_bytes_init(struct gong_arena *arena, struct gong_budget *budget)
{
    gong_arena_init(arena, budget, UNIT);
}

uint32_t
gong_bytes_add(struct gong_arena *arena, struct gong_str text)
{
    size_t units = text.len / UNIT + 1;
    uint32_t at = 0;

    if (units > UINT32_MAX) {
        return 0;
    }
    at = gong_arena_add(arena, (uint32_t)units);
    if (at != 0 && text.len != 0) {
        memcpy(gong_arena_at(arena, at), text.data, text.len);
    }
    return at;
}

void
gong_index_init(struct gong_index *index, struct gong_budget *budget)
{
    *index = (struct gong_index){.budget = budget};
}

static size_t
slot_bytes(const struct gong_index *index)
{
    return index->slots == NULL
               ? 0
               : ((size_t)index->mask + 1) * sizeof(struct gong_slot);
}

void
gong_index_fini(struct gong_index *index)
{
    gong_budget_resize(index->budget, index->slots, slot_bytes(index), 0);
    gong_index_init(index, index->budget);
}

static void
place(struct gong_slot *slots, uint32_t mask, struct gong_slot slot)
{
    uint32_t at = slot.hash & mask;

    while (slots[at].element != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

static bool
enlarge(struct gong_index *index)
{
    size_t old_size = slot_bytes(index);
    size_t size =
        old_size == 0 ? FIRST_SLOTS * sizeof(struct gong_slot) : old_size * 2;
    uint32_t mask = (uint32_t)(size / sizeof(struct gong_slot) - 1);
    struct gong_slot *slots = NULL;

    if (index->mask >= UINT32_MAX / 2) {
        return false;
    }
    slots = gong_budget_resize(index->budget, NULL, 0, size);
    if (slots == NULL) {
        return false;
    }
    memset(slots, 0, size);
    for (size_t i = 0; i < old_size / sizeof(struct gong_slot); i++) {
        if (index->slots[i].element != 0) {
            place(slots, mask, index->slots[i]);
        }
    }
    gong_budget_resize(index->budget, index->slots, old_size, 0);
    index->slots = slots;
    index->mask = mask;
    return true;
}

void
gong_index_clear(struct gong_index *index)
{
    if (index->slots != NULL) {
        memset(index->slots, 0, slot_bytes(index));
    }
    index->used = 0;
}

bool
gong_index_make(struct gong_index *index, uint64_t slots)
{
    size_t size = (size_t)slots * sizeof(struct gong_slot);

    if (slots < FIRST_SLOTS || slots > (uint64_t)UINT32_MAX / 2 + 1 ||
        (slots & (slots - 1)) != 0) {
        return false;
    }
    index->slots = gong_budget_resize(index->budget, NULL, 0, size);
    if (index->slots == NULL) {
        return false;
    }
    memset(index->slots, 0, size);
    index->mask = (uint32_t)(slots - 1);
    return true;
}

bool
gong_index_sound(const struct gong_index *index, uint32_t count)
{
    uint64_t used = 0;

    for (uint64_t i = 0; index->slots != NULL && i <= index->mask; i++) {
        if (index->slots[i].element != 0) {
            used++;
            if (index->slots[i].element >= count) {
                return false;
            }
        }
    }
    return used == index->used && (used == 0 || used <= index->mask);
}

bool
gong_index_put(struct gong_index *index, uint64_t hash, uint32_t element)
{
    /* At most three slots in four are taken, so that probes stay short. */
    if ((index->slots == NULL ||
         index->used >= index->mask - index->mask / 4) &&
        !enlarge(index)) {
        return false;
    }
    place(index->slots, index->mask,
          (struct gong_slot){(uint32_t)hash, element});
    index->used++;
    return true;
}

/* Moves back what follows up to the next free slot, as far as it may: so no
 * walk ends early. */
void
gong_index_remove(struct gong_index *index, uint64_t hash, uint32_t element)
{
    struct gong_slot *slots = index->slots;
    uint32_t mask = index->mask;
    uint32_t hole = (uint32_t)hash & mask;

    while (slots[hole].element != element) {
        hole = (hole + 1) & mask;
    }
    for (uint32_t i = (hole + 1) & mask; slots[i].element != 0;
         i = (i + 1) & mask) {
        if (((i - slots[i].hash) & mask) >= ((i - hole) & mask)) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole] = (struct gong_slot){0, 0};
    index->used--;
}
