#include "rules/engine/value_fn.h"

#include <math.h>

#define LOG2_OF_E  1.44269504088896340735992468100189213743
#define LOG10_OF_E 0.43429448190325182765112891891660508229

struct function {
    const char *name;
    enum gong_value_fn fn;
    size_t params;
    bool date;
};

/* In the order of enum gong_value_fn. */
static const struct function functions[] = {
    {"abs", GONG_FN_ABS, 0, false},
    {"acos", GONG_FN_ACOS, 0, false},
    {"acosh", GONG_FN_ACOSH, 0, false},
    {"asin", GONG_FN_ASIN, 0, false},
    {"asinh", GONG_FN_ASINH, 0, false},
    {"atan", GONG_FN_ATAN, 0, false},
    {"atanh", GONG_FN_ATANH, 0, false},
    {"ceil", GONG_FN_CEIL, 0, false},
    {"clamp", GONG_FN_CLAMP, 2, false},
    {"clamp_max", GONG_FN_CLAMP_MAX, 1, false},
    {"clamp_min", GONG_FN_CLAMP_MIN, 1, false},
    {"cos", GONG_FN_COS, 0, false},
    {"cosh", GONG_FN_COSH, 0, false},
    {"day_of_month", GONG_FN_DAY_OF_MONTH, 0, true},
    {"day_of_week", GONG_FN_DAY_OF_WEEK, 0, true},
    {"day_of_year", GONG_FN_DAY_OF_YEAR, 0, true},
    {"days_in_month", GONG_FN_DAYS_IN_MONTH, 0, true},
    {"deg", GONG_FN_DEG, 0, false},
    {"exp", GONG_FN_EXP, 0, false},
    {"floor", GONG_FN_FLOOR, 0, false},
    {"hour", GONG_FN_HOUR, 0, true},
    {"ln", GONG_FN_LN, 0, false},
    {"log10", GONG_FN_LOG10, 0, false},
    {"log2", GONG_FN_LOG2, 0, false},
    {"minute", GONG_FN_MINUTE, 0, true},
    {"month", GONG_FN_MONTH, 0, true},
    {"rad", GONG_FN_RAD, 0, false},
    {"round", GONG_FN_ROUND, 1, false},
    {"sgn", GONG_FN_SGN, 0, false},
    {"sin", GONG_FN_SIN, 0, false},
    {"sinh", GONG_FN_SINH, 0, false},
    {"sqrt", GONG_FN_SQRT, 0, false},
    {"tan", GONG_FN_TAN, 0, false},
    {"tanh", GONG_FN_TANH, 0, false},
    {"year", GONG_FN_YEAR, 0, true},
};

bool
gong_value_fn_find(struct gong_str name, enum gong_value_fn *fn)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (gong_str_is(name, functions[i].name)) {
            *fn = functions[i].fn;
            return true;
        }
    }
    return false;
}

const char *
gong_value_fn_name(enum gong_value_fn fn)
{
    return functions[fn].name;
}

size_t
gong_value_fn_params(enum gong_value_fn fn)
{
    return functions[fn].params;
}

bool
gong_value_fn_is_date(enum gong_value_fn fn)
{
    return functions[fn].date;
}

bool
gong_value_fn_is_empty(enum gong_value_fn fn, const double *params)
{
    return fn == GONG_FN_CLAMP && params[1] < params[0];
}

/* Go's math.Max: an infinity wins over NaN, NaN over numbers, 0 over -0. */
static double
greater(double a, double b)
{
    if ((isinf(a) && a > 0) || (isinf(b) && b > 0)) {
        return INFINITY;
    }
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    if (a == 0 && b == 0) {
        return signbit(a) ? b : a;
    }
    return a > b ? a : b;
}

static double
lesser(double a, double b)
{
    return -greater(-a, -b);
}

static double
sign_of(double value)
{
    if (value < 0) {
        return -1;
    }
    return value > 0 ? 1 : value;
}

static double
round_to(double value, double nearest)
{
    double inverse = 1.0 / nearest;

    return floor(value * inverse + 0.5) / inverse;
}

/*
 * A date is counted in days from 1 January of a leap year that begins a cycle
 * of 400 years, so far back that all of int64's seconds lie behind it.
 */
#define DAY_SECONDS     86400
#define CYCLE_DAYS      146097
#define CENTURY_DAYS    36524
#define FOUR_YEARS_DAYS 1461
#define YEAR_DAYS       365
#define ORIGIN_YEAR     INT64_C(-292277022399)
#define ORIGIN_SECONDS  UINT64_C(9223372028715321600) /* until 1970 */

struct date {
    int64_t year;
    unsigned day; /* of the year, from 0 */
    bool leap;
};

/* Truncated as Prometheus' platform does: what does not fit is the least. */
static uint64_t
seconds_since_origin(double value)
{
    int64_t seconds = INT64_MIN;

    if (value >= -0x1p63 && value < 0x1p63) {
        seconds = (int64_t)value;
    }
    return (uint64_t)seconds + ORIGIN_SECONDS;
}

/* n of the parts with so many days, of which the last of most is longer. */
static uint64_t
take_parts(uint64_t *days, uint64_t size, uint64_t most)
{
    uint64_t n = *days / size;

    n = n < most ? n : most - 1;
    *days -= n * size;
    return n;
}

static struct date
date_of(double value)
{
    uint64_t days = seconds_since_origin(value) / DAY_SECONDS;
    uint64_t years = days / CYCLE_DAYS * 400;

    /* The origin is year 1 of its cycle: the leap year stands last in every
     * four, and the leap century last in every cycle. */
    days %= CYCLE_DAYS;
    years += take_parts(&days, CENTURY_DAYS, 4) * 100;
    years += days / FOUR_YEARS_DAYS * 4;
    days %= FOUR_YEARS_DAYS;
    years += take_parts(&days, YEAR_DAYS, 4);
    int64_t year = ORIGIN_YEAR + (int64_t)years;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return (struct date){year, (unsigned)days, leap};
}

static unsigned
days_in(const struct date *date, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30,
                                         31, 31, 30, 31, 30, 31};

    return days[month] + (month == 1 && date->leap ? 1u : 0);
}

static double
date_part(enum gong_value_fn fn, double value)
{
    struct date date = date_of(value);
    unsigned day = date.day;
    unsigned month = 0;

    while (month < 11 && day >= days_in(&date, month)) {
        day -= days_in(&date, month);
        month++;
    }
    if (fn == GONG_FN_YEAR) {
        return (double)date.year;
    }
    if (fn == GONG_FN_MONTH) {
        return month + 1;
    }
    if (fn == GONG_FN_DAY_OF_YEAR) {
        return date.day + 1;
    }
    return fn == GONG_FN_DAY_OF_MONTH ? day + 1 : days_in(&date, month);
}

static double
time_part(enum gong_value_fn fn, double value)
{
    uint64_t seconds = seconds_since_origin(value);

    if (fn == GONG_FN_DAY_OF_WEEK) {
        return (double)((seconds / DAY_SECONDS + 1) % 7); /* a Monday first */
    }
    return fn == GONG_FN_HOUR ? (double)(seconds % DAY_SECONDS / 3600)
                              : (double)(seconds % 3600 / 60);
}

/* As Go computes them: by the natural logarithm of what stands behind the power
 * of two. */
static double
log_2(double value)
{
    int exponent = 0;
    double fraction = frexp(value, &exponent);

    if (fraction == 0.5) {
        return exponent - 1; /* exact */
    }
    return (isfinite(value) ? exponent : 0) + log(fraction) * LOG2_OF_E;
}

static double
run_angle(enum gong_value_fn fn, double value)
{
    if (fn == GONG_FN_DEG) {
        return value * 180 / GONG_PI;
    }
    return value * GONG_PI / 180;
}

double
gong_value_fn_run(enum gong_value_fn fn, double value, const double *params)
{
    switch (fn) {
    case GONG_FN_ABS:
        return fabs(value);
    case GONG_FN_ACOS:
        return acos(value);
    case GONG_FN_ACOSH:
        return acosh(value);
    case GONG_FN_ASIN:
        return asin(value);
    case GONG_FN_ASINH:
        return asinh(value);
    case GONG_FN_ATAN:
        return atan(value);
    case GONG_FN_ATANH:
        return atanh(value);
    case GONG_FN_CEIL:
        return ceil(value);
    case GONG_FN_CLAMP:
        return greater(params[0], lesser(params[1], value));
    case GONG_FN_CLAMP_MAX:
        return lesser(params[0], value);
    case GONG_FN_CLAMP_MIN:
        return greater(params[0], value);
    case GONG_FN_COS:
        return cos(value);
    case GONG_FN_COSH:
        return cosh(value);
    case GONG_FN_DAY_OF_MONTH:
    case GONG_FN_DAY_OF_YEAR:
    case GONG_FN_DAYS_IN_MONTH:
    case GONG_FN_MONTH:
    case GONG_FN_YEAR:
        return date_part(fn, value);
    case GONG_FN_DAY_OF_WEEK:
    case GONG_FN_HOUR:
    case GONG_FN_MINUTE:
        return time_part(fn, value);
    case GONG_FN_DEG:
    case GONG_FN_RAD:
        return run_angle(fn, value);
    case GONG_FN_EXP:
        return exp(value);
    case GONG_FN_FLOOR:
        return floor(value);
    case GONG_FN_LN:
        return log(value);
    case GONG_FN_LOG10:
        return log(value) * LOG10_OF_E;
    case GONG_FN_LOG2:
        return log_2(value);
    case GONG_FN_ROUND:
        return round_to(value, params[0]);
    case GONG_FN_SGN:
        return sign_of(value);
    case GONG_FN_SIN:
        return sin(value);
    case GONG_FN_SINH:
        return sinh(value);
    case GONG_FN_SQRT:
        return sqrt(value);
    case GONG_FN_TAN:
        return tan(value);
    case GONG_FN_TANH:
        return tanh(value);
    }
    return value;
}
