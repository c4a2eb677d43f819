/*
 * series_slots: which slot of an array is a series'. Slots are given out from 0
 * on, one after the other, until all are forgotten.
 */
#ifndef GONG_AGENT_HISTORY_SERIES_SLOTS_H
#define GONG_AGENT_HISTORY_SERIES_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Transparent: embedded; {0} is an empty one. */
struct gong_series_slots {
    uint32_t *table;  /* slot + 1 by the hash of its series; 0: free */
    uint32_t *series; /* by slot */
    uint32_t size;    /* of table, a power of two */
    uint32_t count;
};

void gong_series_slots_fini(struct gong_series_slots *slots);

/* gong_series_slots_find: false where it has none. gong_series_slots_add: finds
 * or gives one; *added: it is a new one, the highest. False without memory. */
bool gong_series_slots_find(const struct gong_series_slots *slots,
                            uint32_t series, uint32_t *slot);
bool gong_series_slots_add(struct gong_series_slots *slots, uint32_t series,
                           uint32_t *slot, bool *added);

/* gong_series_slots_clear: forgets all, keeps the memory. */
void gong_series_slots_clear(struct gong_series_slots *slots);
size_t gong_series_slots_bytes(const struct gong_series_slots *slots);

/* gong_series_slots_sorted: the slots by rising number of their series; the
 * caller frees. NULL without memory. */
uint32_t *gong_series_slots_sorted(const struct gong_series_slots *slots);

#endif
