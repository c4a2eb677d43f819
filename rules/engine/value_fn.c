#include "rules/engine/value_fn.h"

#include <math.h>

#define LOG2_OF_E  1.44269504088896340735992468100189213743
#define HALF_PI    1.57079632679489661923132169163975144210
#define LOG10_OF_E 0.43429448190325182765112891891660508229

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
round_to(double value, const double *nearest)
{
    double inverse = 1.0 / *nearest;

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
year_of(double value)
{
    return (double)date_of(value).year;
}

/* From 0; day is left as the day of the month, from 0. */
static unsigned
month_in(const struct date *date, unsigned *day)
{
    unsigned month = 0;

    *day = date->day;
    while (month < 11 && *day >= days_in(date, month)) {
        *day -= days_in(date, month);
        month++;
    }
    return month;
}

static double
month_of(double value)
{
    struct date date = date_of(value);
    unsigned day = 0;

    return month_in(&date, &day) + 1;
}

static double
day_of_month(double value)
{
    struct date date = date_of(value);
    unsigned day = 0;

    (void)month_in(&date, &day);
    return day + 1;
}

static double
day_of_year(double value)
{
    return date_of(value).day + 1;
}

static double
days_in_month(double value)
{
    struct date date = date_of(value);
    unsigned day = 0;

    return days_in(&date, month_in(&date, &day));
}

static double
day_of_week(double value)
{
    uint64_t days = seconds_since_origin(value) / DAY_SECONDS;

    return (double)((days + 1) % 7); /* the origin is a Monday */
}

static double
hour_of(double value)
{
    uint64_t hours = seconds_since_origin(value) / 3600;

    return (double)(hours % 24);
}

static double
minute_of(double value)
{
    uint64_t minutes = seconds_since_origin(value) / 60;

    return (double)(minutes % 60);
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
log_10(double value)
{
    return log(value) * LOG10_OF_E;
}

static double
degrees(double value)
{
    return value * 180 / GONG_PI;
}

static double
radians(double value)
{
    return value * GONG_PI / 180;
}

/* Near 1 the difference of two angles is mostly rounding: the way it is
 * computed is part of the result. */
static double
arc_cosine(double value)
{
    double side = sqrt(1 - value * value);
    double size = fabs(value);
    double angle = size > 0.7 ? HALF_PI - atan(side / size) : atan(size / side);

    return HALF_PI - copysign(angle, value);
}

/* Half of exp(), which overflows a little before the sum of both would. */
#define HYPERBOLIC_FAR 21

static double
hyperbolic_sine(double value)
{
    double size = fabs(value);

    return size > HYPERBOLIC_FAR ? copysign(exp(size) * 0.5, value)
                                 : sinh(value);
}

static double
hyperbolic_cosine(double value)
{
    double size = fabs(value);

    return size > HYPERBOLIC_FAR ? exp(size) * 0.5 : cosh(size);
}

static double
clamp(double value, const double *bounds)
{
    return greater(bounds[0], lesser(bounds[1], value));
}

static double
clamp_max(double value, const double *bound)
{
    return lesser(*bound, value);
}

static double
clamp_min(double value, const double *bound)
{
    return greater(*bound, value);
}

struct function {
    const char *name;
    double (*plain)(double value); /* this one or the next */
    double (*with)(double value, const double *params);
    size_t params;
    bool date;
};

/* In the order of enum gong_value_fn. */
static const struct function functions[] = {
    {"abs", fabs, NULL, 0, false},
    {"acos", arc_cosine, NULL, 0, false},
    {"acosh", acosh, NULL, 0, false},
    {"asin", asin, NULL, 0, false},
    {"asinh", asinh, NULL, 0, false},
    {"atan", atan, NULL, 0, false},
    {"atanh", atanh, NULL, 0, false},
    {"ceil", ceil, NULL, 0, false},
    {"clamp", NULL, clamp, 2, false},
    {"clamp_max", NULL, clamp_max, 1, false},
    {"clamp_min", NULL, clamp_min, 1, false},
    {"cos", cos, NULL, 0, false},
    {"cosh", hyperbolic_cosine, NULL, 0, false},
    {"day_of_month", day_of_month, NULL, 0, true},
    {"day_of_week", day_of_week, NULL, 0, true},
    {"day_of_year", day_of_year, NULL, 0, true},
    {"days_in_month", days_in_month, NULL, 0, true},
    {"deg", degrees, NULL, 0, false},
    {"exp", exp, NULL, 0, false},
    {"floor", floor, NULL, 0, false},
    {"hour", hour_of, NULL, 0, true},
    {"ln", log, NULL, 0, false},
    {"log10", log_10, NULL, 0, false},
    {"log2", log_2, NULL, 0, false},
    {"minute", minute_of, NULL, 0, true},
    {"month", month_of, NULL, 0, true},
    {"rad", radians, NULL, 0, false},
    {"round", NULL, round_to, 1, false},
    {"sgn", sign_of, NULL, 0, false},
    {"sin", sin, NULL, 0, false},
    {"sinh", hyperbolic_sine, NULL, 0, false},
    {"sqrt", sqrt, NULL, 0, false},
    {"tan", tan, NULL, 0, false},
    {"tanh", tanh, NULL, 0, false},
    {"year", year_of, NULL, 0, true},
};

bool
gong_value_fn_find(struct gong_str name, enum gong_value_fn *fn)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (gong_str_is(name, functions[i].name)) {
            *fn = (enum gong_value_fn)i;
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

double
gong_value_fn_run(enum gong_value_fn fn, double value, const double *params)
{
    const struct function *f = &functions[fn];

    return f->plain != NULL ? f->plain(value) : f->with(value, params);
}
