/*
 * eval_selector: samples of series as vectors, and windows of range vectors,
 * whether a selector's or a subquery's.
 */
#ifndef GONG_RULES_ENGINE_EVAL_SELECTOR_H
#define GONG_RULES_ENGINE_EVAL_SELECTOR_H

#include "rules/engine/eval_private.h"

bool gong_eval_selector(struct gong_eval *eval, uint32_t index, int64_t t);
/* gong_eval_stamps: the times of the samples, in seconds. */
bool gong_eval_stamps(struct gong_eval *eval, uint32_t selector, uint32_t index,
                      int64_t t);

/* The windows of a range vector, selector or subquery. */
struct gong_eval_windows {
    uint32_t node;
    int64_t start_ms; /* both inside */
    int64_t end_ms;
    size_t count; /* of series */
};
bool gong_eval_windows(struct gong_eval *eval, uint32_t index, int64_t t,
                       struct gong_eval_windows *windows);
/* gong_eval_window: of the i-th series, without stale markers, good until the
 * next; false on failure. */
bool gong_eval_window(struct gong_eval *eval,
                      const struct gong_eval_windows *windows, size_t i,
                      struct gong_eval_series *out);
/* gong_eval_matrix: all windows at once, for a result. */
bool gong_eval_matrix(struct gong_eval *eval, uint32_t index, int64_t t);

bool gong_eval_subquery(struct gong_eval *eval, uint32_t index, int64_t t);

#endif
