#include "rules/engine/arith.h"

#include <math.h>
#include <stdint.h>

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

#define POWER_FAR 64

/* Far exponents are worked off bit by bit, as the reference does: the rounding
 * of the squares adds up to more than the last bits.
 *
 *   base = mantissa * 2^scale, result * 2^shift */
static double
power(double base, double exponent)
{
    double exact = pow(base, exponent);
    double size = fabs(exponent);
    double whole = floor(size);
    double part = size - whole;
    double result = 1;
    double mantissa = 0;
    int scale = 0;
    int64_t shift = 0;
    int64_t far = 0;

    if (!isfinite(exact) || exact == 0 || !(size > POWER_FAR) ||
        size >= 0x1p62 || fabs(base) == 1) {
        return exact;
    }
    if (part > 0.5) {
        part -= 1;
        whole += 1;
    }
    if (part != 0) {
        result = exp(part * log(base));
    }
    mantissa = frexp(base, &scale);
    far = scale;
    for (uint64_t left = (uint64_t)whole; left != 0; left >>= 1) {
        if (far > INT32_MAX || far < INT32_MIN) {
            return exact;
        }
        if ((left & 1) != 0) {
            result *= mantissa;
            shift += far;
        }
        mantissa *= mantissa;
        far *= 2;
        if (mantissa < 0.5) {
            mantissa += mantissa;
            far--;
        }
    }
    if (exponent < 0) {
        result = 1 / result;
        shift = -shift;
    }
    return shift > INT32_MAX || shift < INT32_MIN ? exact
                                                  : ldexp(result, (int)shift);
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
        return power(a, b);
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
