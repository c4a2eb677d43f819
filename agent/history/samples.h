/*
 * samples: a list of samples that grows, and two of them made one.
 */
#ifndef GONG_AGENT_HISTORY_SAMPLES_H
#define GONG_AGENT_HISTORY_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/sample.h"

/* Transparent; {0} is an empty one. */
struct gong_samples {
    struct gong_sample *data;
    size_t count;
    size_t capacity;
};

void gong_samples_fini(struct gong_samples *samples);

/* gong_samples_reserve: room for so many more. */
enum gong_err gong_samples_reserve(struct gong_samples *samples,
                                   size_t more) GONG_MUST_CHECK;
enum gong_err gong_samples_add(struct gong_samples *samples,
                               struct gong_sample sample) GONG_MUST_CHECK;

/* gong_samples_merge: puts in order, from sample first on, what two or more
 * runs behind each other hold: by rising time, and of those with the same
 * millisecond the one that stood first (semantics rule 8). Costs nothing more
 * than a look where it is in order. */
enum gong_err gong_samples_merge(struct gong_samples *samples,
                                 size_t first) GONG_MUST_CHECK;

#endif
