/*
 * chunk_values: doubles as a column of a frame (chunk_frame.h), bit by bit.
 *
 *   number  how   2 * places (+ 1: differences), XOR, or XOR + 1 + as decimal:
 *                 nearly decimal
 *   decimal: number of exceptions, for each the distance from the one before
 *            and its bits; the base, zigzag; a column of distances from the
 *            least, or of differences from the one before, zigzag, without the
 *            first
 *   nearly:  likewise; then a column of how many doubles each lies above its
 *            decimal, zigzag: a device that computes (x / 100.0 + 20) misses
 *            some by one
 *   XOR:     the first one's bits; a column of the others, each XOR the one
 *            before
 *
 * Exceptions are what has no decimal number, say a stale marker; where they are
 * many, all is XOR.
 */
#ifndef GONG_AGENT_HISTORY_CHUNK_VALUES_H
#define GONG_AGENT_HISTORY_CHUNK_VALUES_H

#include "agent/history/chunk_frame.h"

/* gong_values_put: numbers is scratch for count of them, at least 1. */
enum gong_err gong_values_put(struct gong_frame *frame, const double *values,
                              uint64_t *numbers, size_t count) GONG_MUST_CHECK;
bool gong_values_get(struct gong_frame *frame, double *values,
                     uint64_t *numbers, size_t count);

/* Signed numbers as unsigned ones that are small where these are near 0. */
static inline uint64_t
gong_zigzag(int64_t n)
{
    return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

static inline int64_t
gong_unzigzag(uint64_t n)
{
    return (int64_t)((n >> 1) ^ (UINT64_C(0) - (n & 1)));
}

#endif
