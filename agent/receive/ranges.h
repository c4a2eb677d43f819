/*
 * ranges: which sequence numbers of a spool have come: everything up to cum,
 * and at most 32 ranges above it. It is ledger, dedup and ack at once.
 *
 *      1 2 3 4 5 . . 8 9 . 11
 *      --------^     ===   ==
 *             cum    ranges, ascending, never touching
 *
 * Pure.
 */
#ifndef GONG_AGENT_RECEIVE_RANGES_H
#define GONG_AGENT_RECEIVE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define GONG_RANGES_MAX 32

struct gong_range {
    uint64_t first;
    uint64_t last; /* both ends included */
};

/* Transparent; start from {0}, gong_ranges_fini frees. Most have no ranges, so
 * items are allocated when the first gap shows. */
struct gong_ranges {
    uint64_t cum;
    uint32_t count;
    uint32_t capacity;
    struct gong_range *items;
};

void gong_ranges_fini(struct gong_ranges *ranges);
bool gong_ranges_has(const struct gong_ranges *ranges, uint64_t seq);

/* gong_ranges_add: GONG_ERR_TOO_LARGE where it would take a 33rd range; then,
 * and without memory, nothing changed. */
enum gong_err gong_ranges_add(struct gong_ranges *ranges,
                              uint64_t seq) GONG_MUST_CHECK;
/* gong_ranges_fits: whether add would not be TOO_LARGE. */
bool gong_ranges_fits(const struct gong_ranges *ranges, uint64_t seq);

/* gong_ranges_add_run: all of first..last; else as add. */
enum gong_err gong_ranges_add_run(struct gong_ranges *ranges, uint64_t first,
                                  uint64_t last) GONG_MUST_CHECK;

/* gong_ranges_next_missing: the first run at or after from and up to last that
 * has not come; false if none. */
bool gong_ranges_next_missing(const struct gong_ranges *ranges, uint64_t from,
                              uint64_t last, struct gong_range *out);

/* gong_ranges_raise: everything up to cum is settled. */
void gong_ranges_raise(struct gong_ranges *ranges, uint64_t cum);

#endif
