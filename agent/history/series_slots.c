#include "agent/history/series_slots.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_START 256

void
gong_series_slots_fini(struct gong_series_slots *slots)
{
    free(slots->table);
    free(slots->series);
    *slots = (struct gong_series_slots){0};
}

/* Numbers are given out by the history itself: nobody can aim them. */
static uint32_t
place_of(const struct gong_series_slots *slots, uint32_t series)
{
    return (uint32_t)((series * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
           (slots->size - 1);
}

/* Where the series is in the table, or where it would go. */
static uint32_t
look(const struct gong_series_slots *slots, uint32_t series)
{
    uint32_t at = place_of(slots, series);

    while (slots->table[at] != 0 &&
           slots->series[slots->table[at] - 1] != series) {
        at = (at + 1) & (slots->size - 1);
    }
    return at;
}

bool
gong_series_slots_find(const struct gong_series_slots *slots, uint32_t series,
                       uint32_t *slot)
{
    uint32_t at = 0;

    if (slots->size == 0) {
        return false;
    }
    at = look(slots, series);
    if (slots->table[at] == 0) {
        return false;
    }
    *slot = slots->table[at] - 1;
    return true;
}

static bool
grow(struct gong_series_slots *slots)
{
    uint32_t size = slots->size == 0 ? SLOTS_START : slots->size * 2;
    uint32_t *table = NULL;
    uint32_t *series = NULL;

    if (size == 0) {
        return false;
    }
    series = realloc(slots->series, size / 2 * sizeof *series);
    if (series == NULL) {
        return false;
    }
    slots->series = series;
    table = calloc(size, sizeof *table);
    if (table == NULL) {
        return false;
    }
    free(slots->table);
    slots->table = table;
    slots->size = size;
    for (uint32_t i = 0; i < slots->count; i++) {
        table[look(slots, series[i])] = i + 1;
    }
    return true;
}

bool
gong_series_slots_add(struct gong_series_slots *slots, uint32_t series,
                      uint32_t *slot, bool *added)
{
    uint32_t at = 0;

    *added = false;
    if (gong_series_slots_find(slots, series, slot)) {
        return true;
    }
    if (slots->count >= slots->size / 2 && !grow(slots)) {
        return false;
    }
    at = look(slots, series);
    *slot = slots->count++;
    slots->series[*slot] = series;
    slots->table[at] = *slot + 1;
    *added = true;
    return true;
}

void
gong_series_slots_clear(struct gong_series_slots *slots)
{
    if (slots->size > 0) {
        memset(slots->table, 0, slots->size * sizeof *slots->table);
    }
    slots->count = 0;
}

size_t
gong_series_slots_bytes(const struct gong_series_slots *slots)
{
    return (size_t)slots->size * 6;
}

/* A series and its slot, as one number that sorts by series. */
static int
compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

uint32_t *
gong_series_slots_sorted(const struct gong_series_slots *slots)
{
    uint64_t *pairs = calloc((size_t)slots->count + 1, sizeof *pairs);
    uint32_t *sorted = calloc((size_t)slots->count + 1, sizeof *sorted);

    for (uint32_t i = 0; pairs != NULL && i < slots->count; i++) {
        pairs[i] = (uint64_t)slots->series[i] << 32 | i;
    }
    if (pairs != NULL && sorted != NULL) {
        qsort(pairs, slots->count, sizeof *pairs, compare);
        for (uint32_t i = 0; i < slots->count; i++) {
            sorted[i] = (uint32_t)pairs[i];
        }
    } else {
        free(sorted);
        sorted = NULL;
    }
    free(pairs);
    return sorted;
}
