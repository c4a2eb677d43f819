/*
 * rollup: what is kept of the samples of a series in each interval of fixed
 * length, (end - length, end], so that long ranges need not read them all.
 *
 *   columns  end | last's time | count | min | max | sum | last
 *
 * Written as chunks are (chunk.h), columns behind each other. Pure but for
 * memory.
 */
#ifndef GONG_AGENT_HISTORY_ROLLUP_H
#define GONG_AGENT_HISTORY_ROLLUP_H

#include <stddef.h>
#include <stdint.h>

#include "agent/history/chunk.h"

/* Plain value. An interval without samples has none. */
struct gong_rollup {
    int64_t end_ms;  /* a multiple of the length */
    int64_t last_ms; /* in the interval */
    double last;     /* may be a stale marker */
    uint64_t count;  /* of samples that are no stale marker */
    double min;      /* of those, as min_over_time() has it; NaN where none */
    double max;
    double sum; /* Kahan's, as sum_over_time() has it; 0 where there is none */
};

/* Transparent; {0} is an empty list. */
struct gong_rollups {
    struct gong_rollup *data;
    size_t count;
    size_t capacity;
};

void gong_rollups_fini(struct gong_rollups *rollups);

/* gong_rollups_reserve: room for so many more. */
enum gong_err gong_rollups_reserve(struct gong_rollups *rollups,
                                   size_t more) GONG_MUST_CHECK;
/* gong_rollups_append: GONG_ERR_MEMORY: nothing was. */
enum gong_err gong_rollups_append(struct gong_rollups *rollups,
                                  const struct gong_rollup *more,
                                  size_t count) GONG_MUST_CHECK;

/* gong_rollup_make: appends the intervals of samples in order. */
enum gong_err gong_rollup_make(const struct gong_sample *samples, size_t count,
                               int64_t length_ms,
                               struct gong_rollups *out) GONG_MUST_CHECK;
/* gong_rollup_join: appends the longer intervals that shorter ones make up, in
 * order; length_ms is a multiple of theirs. */
enum gong_err gong_rollup_join(const struct gong_rollup *parts, size_t count,
                               int64_t length_ms,
                               struct gong_rollups *out) GONG_MUST_CHECK;
/* gong_rollups_merge: from first on, two or more runs in order behind each
 * other, by rising end; of equal ends the one that stands last counts: it was
 * made anew. */
enum gong_err gong_rollups_merge(struct gong_rollups *rollups,
                                 size_t first) GONG_MUST_CHECK;

/* As gong_chunk_encode and gong_chunk_decode. */
enum gong_err gong_rollup_encode(struct gong_chunk_coder *coder,
                                 const struct gong_rollup *rollups,
                                 size_t count,
                                 struct gong_buffer *out) GONG_MUST_CHECK;
enum gong_err gong_rollup_decode(struct gong_chunk_coder *coder,
                                 struct gong_str bytes,
                                 struct gong_rollups *out) GONG_MUST_CHECK;

#endif
