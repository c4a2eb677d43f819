/*
 * eval_memory: series in memory as a source of eval.h, for tools and tests.
 *
 *   series   1 .. count, each a label set with samples by rising time
 *   order    numbers sorted by labels, made when it is first asked for
 *   select   one list of numbers per distinct matchers, kept for good, made
 *            anew when series were added
 *
 * One for one thread, though several evaluators may read it. Pure.
 */
#ifndef GONG_RULES_ENGINE_EVAL_MEMORY_H
#define GONG_RULES_ENGINE_EVAL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/eval.h"
#include "rules/engine/sample.h"
#include "rules/engine/template.h"

struct gong_eval_memory;

/* NULL without memory. */
struct gong_eval_memory *gong_eval_memory_new(void);
void gong_eval_memory_free(struct gong_eval_memory *memory);

/* gong_eval_memory_series: finds or makes. Labels in any order, the metric's
 * name as __name__; empty ones count as absent. GONG_ERR_TOO_LARGE past
 * GONG_LABELSET_MAX labels, GONG_ERR_INVALID where a name stands twice. */
enum gong_err gong_eval_memory_series(struct gong_eval_memory *memory,
                                      const struct gong_label_view *labels,
                                      size_t count,
                                      uint32_t *series) GONG_MUST_CHECK;

/* gong_eval_memory_append: GONG_ERR_INVALID where ms is not later than the
 * newest, which then stands. A stale marker is a value like others. */
enum gong_err gong_eval_memory_append(struct gong_eval_memory *memory,
                                      uint32_t series, int64_t ms,
                                      double value) GONG_MUST_CHECK;

/* gong_eval_memory_forget: drops samples older than before_ms. */
void gong_eval_memory_forget(struct gong_eval_memory *memory,
                             int64_t before_ms);

/* gong_eval_memory_count: how many series; they are 1 .. count. */
uint32_t gong_eval_memory_count(const struct gong_eval_memory *memory);

/* gong_eval_memory_bytes: the memory that it holds, selections left out. */
size_t gong_eval_memory_bytes(const struct gong_eval_memory *memory);

/* gong_eval_memory_labels: sorted by name; out holds GONG_LABELSET_MAX. */
size_t gong_eval_memory_labels(const struct gong_eval_memory *memory,
                               uint32_t series, struct gong_label_view *out);

/* gong_eval_memory_samples: all, by rising time; good until the next append.
 * NULL where there are none. */
const struct gong_sample *
gong_eval_memory_samples(const struct gong_eval_memory *memory, uint32_t series,
                         size_t *count);

/* gong_eval_memory_source: a view of memory, which must outlive it. */
struct gong_eval_source
gong_eval_memory_source(struct gong_eval_memory *memory);

#endif
