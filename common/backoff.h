/*
 * backoff: how long to wait before trying again: full jitter, so that a
 * thousand clients of a broker that came back do not arrive together.
 *
 *   wait = uniform(0 .. min(most, first * 2^attempts))
 *
 * Pure: the randomness is seeded by the caller.
 */
#ifndef GONG_COMMON_BACKOFF_H
#define GONG_COMMON_BACKOFF_H

#include <stdint.h>

#include "common/clock.h"

/* Transparent: a plain value. */
struct gong_backoff {
    gong_dur_t first;
    gong_dur_t most;
    unsigned attempts;
    uint64_t random; /* state of the generator */
};

void gong_backoff_init(struct gong_backoff *backoff, gong_dur_t first,
                       gong_dur_t most, uint64_t seed);
/* gong_backoff_next: the next wait; counts the attempt. */
gong_dur_t gong_backoff_next(struct gong_backoff *backoff);
/* gong_backoff_reset: after success. */
void gong_backoff_reset(struct gong_backoff *backoff);

/* gong_random_u64: from the kernel; falls back to a mix of clock and process
 * where it has none. For ids and seeds, not for secrets. */
uint64_t gong_random_u64(void);

#endif
