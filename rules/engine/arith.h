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

/* gong_op_mirrored: a op b is b mirrored(op) a, of a comparison. */
static inline enum gong_op
gong_op_mirrored(enum gong_op op)
{
    return op == GONG_OP_GT   ? GONG_OP_LT
           : op == GONG_OP_LT ? GONG_OP_GT
           : op == GONG_OP_GE ? GONG_OP_LE
           : op == GONG_OP_LE ? GONG_OP_GE
                              : op;
}

static inline bool
gong_op_is_set(enum gong_op op)
{
    return op >= GONG_OP_AND;
}

/* gong_arith_compare: op is a comparison (semantics rule 20). */
static inline bool
gong_arith_compare(enum gong_op op, double a, double b)
{
    switch (op) {
    case GONG_OP_EQ:
        return a == b;
    case GONG_OP_NE:
        return a != b;
    case GONG_OP_GT:
        return a > b;
    case GONG_OP_LT:
        return a < b;
    case GONG_OP_GE:
        return a >= b;
    case GONG_OP_LE:
        return a <= b;
    case GONG_OP_ADD:
    case GONG_OP_SUB:
    case GONG_OP_MUL:
    case GONG_OP_DIV:
    case GONG_OP_MOD:
    case GONG_OP_POW:
    case GONG_OP_ATAN2:
    case GONG_OP_AND:
    case GONG_OP_OR:
    case GONG_OP_UNLESS:
        break;
    }
    return false;
}

/* gong_arith_calculate: op is one of + - * / % ^ atan2. */
double gong_arith_calculate(enum gong_op op, double a, double b);

#endif
