#include "rules/engine/arith.h"

#include <math.h>

bool
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

/* Where the quotient vanishes, so does the sign of y. */
static double
angle(double y, double x)
{
    bool vanishes = x < 0 && isfinite(x) && y != 0 && y / x == 0;

    return vanishes ? acos(-1) : atan2(y, x);
}

double
gong_arith_calculate(enum gong_op op, double a, double b)
{
    switch (op) {
    case GONG_OP_ADD:
        return a + b;
    case GONG_OP_SUB:
        return a - b;
    case GONG_OP_MUL:
        return a * b;
    case GONG_OP_DIV:
        return a / b; /* by zero too: IEEE says which */
    case GONG_OP_MOD:
        return fmod(a, b);
    case GONG_OP_POW:
        return pow(a, b);
    case GONG_OP_ATAN2:
        return angle(a, b);
    case GONG_OP_EQ:
    case GONG_OP_NE:
    case GONG_OP_GT:
    case GONG_OP_LT:
    case GONG_OP_GE:
    case GONG_OP_LE:
    case GONG_OP_AND:
    case GONG_OP_OR:
    case GONG_OP_UNLESS:
        break;
    }
    return (double)NAN;
}
