/*
 * value_fn: PromQL's functions of one value, applied to each of a vector. What
 * is special about NaN, infinities and the sign of zero is as in Go's math.
 * Logarithms, exp, sinh and the like are the C library's: rarely another last
 * bit than Prometheus has, two for angles.
 *
 * What is of the whole vector is the caller's: the result has no metric name;
 * the date functions without an argument are of time(); clamp whose first
 * number is greater than its second gives an empty vector
 * (gong_value_fn_is_empty). Pure.
 */
#ifndef GONG_RULES_ENGINE_VALUE_FN_H
#define GONG_RULES_ENGINE_VALUE_FN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum gong_value_fn {
    GONG_FN_ABS,
    GONG_FN_ACOS,
    GONG_FN_ACOSH,
    GONG_FN_ASIN,
    GONG_FN_ASINH,
    GONG_FN_ATAN,
    GONG_FN_ATANH,
    GONG_FN_CEIL,
    GONG_FN_CLAMP,
    GONG_FN_CLAMP_MAX,
    GONG_FN_CLAMP_MIN,
    GONG_FN_COS,
    GONG_FN_COSH,
    GONG_FN_DAY_OF_MONTH,
    GONG_FN_DAY_OF_WEEK,
    GONG_FN_DAY_OF_YEAR,
    GONG_FN_DAYS_IN_MONTH,
    GONG_FN_DEG,
    GONG_FN_EXP,
    GONG_FN_FLOOR,
    GONG_FN_HOUR,
    GONG_FN_LN,
    GONG_FN_LOG10,
    GONG_FN_LOG2,
    GONG_FN_MINUTE,
    GONG_FN_MONTH,
    GONG_FN_RAD,
    GONG_FN_ROUND,
    GONG_FN_SGN,
    GONG_FN_SIN,
    GONG_FN_SINH,
    GONG_FN_SQRT,
    GONG_FN_TAN,
    GONG_FN_TANH,
    GONG_FN_YEAR,
};

#define GONG_PI 3.14159265358979323846 /* pi() */

/* gong_value_fn_find: by PromQL's name, such as "abs". */
bool gong_value_fn_find(struct gong_str name, enum gong_value_fn *fn);
const char *gong_value_fn_name(enum gong_value_fn fn);

/* gong_value_fn_params: how many numbers may follow the vector: clamp 2 (min,
 * max), clamp_min and clamp_max 1, round 1 (left out: 1), the others none. */
size_t gong_value_fn_params(enum gong_value_fn fn);

/* gong_value_fn_is_date: of unix seconds, and of time() where the vector is
 * left out. */
bool gong_value_fn_is_date(enum gong_value_fn fn);

/* gong_value_fn_is_empty: the result is an empty vector whatever the values. */
bool gong_value_fn_is_empty(enum gong_value_fn fn, const double *params);

/* gong_value_fn_run: params holds gong_value_fn_params() numbers; NULL where
 * there are none. */
double gong_value_fn_run(enum gong_value_fn fn, double value,
                         const double *params);

#endif
