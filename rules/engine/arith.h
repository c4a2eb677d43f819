/*
 * arith: PromQL's operators between two numbers, as IEEE and Prometheus have
 * them: x / 0 is infinite or NaN, a comparison with NaN is false but for !=.
 */
#ifndef GONG_RULES_ENGINE_ARITH_H
#define GONG_RULES_ENGINE_ARITH_H

#include <stdbool.h>

#include "rules/engine/promql.h"

static inline bool
gong_op_is_comparison(enum gong_op op)
{
    return op >= GONG_OP_EQ && op <= GONG_OP_LE;
}

static inline bool
gong_op_is_set(enum gong_op op)
{
    return op >= GONG_OP_AND;
}

/* gong_arith_compare: op is a comparison. */
bool gong_arith_compare(enum gong_op op, double a, double b);

/* gong_arith_calculate: op is one of + - * / % ^ atan2. */
double gong_arith_calculate(enum gong_op op, double a, double b);

#endif
