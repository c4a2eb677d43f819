/*
 * range_fn: PromQL's functions of one window of samples, with the arithmetic of
 * Prometheus 2.42 operation by operation, so that results are the same bits.
 * absent_over_time is none of them: it is of a vector, the evaluator's. Pure.
 */
#ifndef GONG_RULES_ENGINE_RANGE_FN_H
#define GONG_RULES_ENGINE_RANGE_FN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/sample.h"

enum gong_range_fn {
    GONG_RANGE_AVG,
    GONG_RANGE_CHANGES,
    GONG_RANGE_COUNT,
    GONG_RANGE_DELTA,
    GONG_RANGE_DERIV,
    GONG_RANGE_HOLT_WINTERS,
    GONG_RANGE_IDELTA,
    GONG_RANGE_INCREASE,
    GONG_RANGE_IRATE,
    GONG_RANGE_LAST,
    GONG_RANGE_MAX,
    GONG_RANGE_MIN,
    GONG_RANGE_PREDICT_LINEAR,
    GONG_RANGE_PRESENT,
    GONG_RANGE_QUANTILE,
    GONG_RANGE_RATE,
    GONG_RANGE_RESETS,
    GONG_RANGE_STDDEV,
    GONG_RANGE_STDVAR,
    GONG_RANGE_SUM,
};

/* Which function, of which window. Plain value. */
struct gong_range_call {
    enum gong_range_fn fn;
    int64_t start_ms; /* the window's edges after offset and @, both inside */
    int64_t end_ms;
    int64_t at_ms; /* the time of evaluation: where predict_linear stands */
    /* The numbers of the call in the order they are written: quantile_over_time
     * 1 (quantile), predict_linear 1 (seconds), holt_winters 2. */
    double params[2];
};

/* gong_range_fn_find: by PromQL's name, such as "rate" or "avg_over_time". */
bool gong_range_fn_find(struct gong_str name, enum gong_range_fn *fn);
const char *gong_range_fn_name(enum gong_range_fn fn);

/* gong_range_fn_params: how many numbers beside the window it takes. */
size_t gong_range_fn_params(enum gong_range_fn fn);

/* gong_range_fn_fault: NULL, or why a call with these params is a run-time
 * error; to be asked before the first run at a time. Static storage. */
const char *gong_range_fn_fault(const struct gong_range_call *call);

/* gong_range_fn_keeps_name: last_over_time alone leaves the metric's name. */
bool gong_range_fn_keeps_name(enum gong_range_fn fn);

/* gong_range_fn_sorts: whether run needs scratch: room for count numbers. */
bool gong_range_fn_sorts(enum gong_range_fn fn);

/* gong_range_fn_run: false: no result for this series (too few samples). The
 * samples are those of the window, by time, without stale markers. scratch may
 * be NULL for a function that does not sort. */
bool gong_range_fn_run(const struct gong_range_call *call,
                       const struct gong_sample *samples, size_t count,
                       double *scratch, double *value);

/* gong_quantile: of values, which are sorted in place, NaN first; NaN of none.
 * The aggregation quantile() is the same function. */
double gong_quantile(double q, double *values, size_t count);

#endif
