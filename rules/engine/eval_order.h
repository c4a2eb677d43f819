/*
 * eval_order: samples in the order of their values. The order of equal values,
 * which Prometheus leaves to its heap and its sort, is kept: topk() then names
 * the same series. (Of more than a dozen results equal ones stay as they came.)
 */
#ifndef GONG_RULES_ENGINE_EVAL_ORDER_H
#define GONG_RULES_ENGINE_EVAL_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/engine/eval.h"

/* gong_eval_sort: by value, NaN last; spare holds count samples. */
void gong_eval_sort(struct gong_eval_sample *items, size_t count,
                    struct gong_eval_sample *spare, bool falling);
/* gong_eval_best: of count samples the k greatest (or least), sorted, to the
 * front; returns how many. NaN are taken last. spare as above. */
size_t gong_eval_best(struct gong_eval_sample *items, size_t count, size_t k,
                      struct gong_eval_sample *spare, bool greatest);

#endif
