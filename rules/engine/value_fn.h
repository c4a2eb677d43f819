/*
 * value_fn: PromQL's functions of one value, applied to each of a vector. What
 * is special about NaN, infinities and the sign of zero is as in Go's math.
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
    GONG_VALUE_ABS,
    GONG_VALUE_ACOS,
    GONG_VALUE_ACOSH,
    GONG_VALUE_ASIN,
    GONG_VALUE_ASINH,
    GONG_VALUE_ATAN,
    GONG_VALUE_ATANH,
    GONG_VALUE_CEIL,
    GONG_VALUE_CLAMP,
    GONG_VALUE_CLAMP_MAX,
    GONG_VALUE_CLAMP_MIN,
    GONG_VALUE_COS,
    GONG_VALUE_COSH,
    GONG_VALUE_DAY_OF_MONTH,
    GONG_VALUE_DAY_OF_WEEK,
    GONG_VALUE_DAY_OF_YEAR,
    GONG_VALUE_DAYS_IN_MONTH,
    GONG_VALUE_DEG,
    GONG_VALUE_EXP,
    GONG_VALUE_FLOOR,
    GONG_VALUE_HOUR,
    GONG_VALUE_LN,
    GONG_VALUE_LOG10,
    GONG_VALUE_LOG2,
    GONG_VALUE_MINUTE,
    GONG_VALUE_MONTH,
    GONG_VALUE_RAD,
    GONG_VALUE_ROUND,
    GONG_VALUE_SGN,
    GONG_VALUE_SIN,
    GONG_VALUE_SINH,
    GONG_VALUE_SQRT,
    GONG_VALUE_TAN,
    GONG_VALUE_TANH,
    GONG_VALUE_YEAR,
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
