/*
 * chunk_times: times that rise strictly, as a column of a frame.
 *
 *   first | number how | step or span | column
 *
 * How 0: step is the first distance, the column what each further one differs
 * from the one before it. How 1: span is the last one's distance from the first
 * one, the column how far each time between them lies from the straight line:
 * less where a steady clock is read late now and then. Both zigzag.
 */
#ifndef GONG_AGENT_HISTORY_CHUNK_TIMES_H
#define GONG_AGENT_HISTORY_CHUNK_TIMES_H

#include "agent/history/chunk_frame.h"

/* gong_times_put: count times, at least 1, which are spent; scratch is for as
 * many. gong_times_get: the same into times, none outside of 0 ..
 * GONG_HISTORY_MS_MAX, or false. */
enum gong_err gong_times_put(struct gong_frame *frame, uint64_t *times,
                             uint64_t *scratch, size_t count) GONG_MUST_CHECK;
bool gong_times_get(struct gong_frame *frame, uint64_t *times, size_t count);

#endif
