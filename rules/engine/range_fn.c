#include "rules/engine/range_fn.h"

#include <math.h>
#include <stdlib.h>

/* A sum with what rounding took from it (Neumaier's compensation). */
struct sum {
    double sum;
    double lost;
};

struct line {
    double slope;
    double intercept;
};

struct function {
    const char *name;
    enum gong_range_fn fn;
    size_t params;
};

/* In the order of enum gong_range_fn. */
static const struct function functions[] = {
    {"avg_over_time", GONG_RANGE_AVG, 0},
    {"changes", GONG_RANGE_CHANGES, 0},
    {"count_over_time", GONG_RANGE_COUNT, 0},
    {"delta", GONG_RANGE_DELTA, 0},
    {"deriv", GONG_RANGE_DERIV, 0},
    {"holt_winters", GONG_RANGE_HOLT_WINTERS, 2},
    {"idelta", GONG_RANGE_IDELTA, 0},
    {"increase", GONG_RANGE_INCREASE, 0},
    {"irate", GONG_RANGE_IRATE, 0},
    {"last_over_time", GONG_RANGE_LAST, 0},
    {"max_over_time", GONG_RANGE_MAX, 0},
    {"min_over_time", GONG_RANGE_MIN, 0},
    {"predict_linear", GONG_RANGE_PREDICT_LINEAR, 1},
    {"present_over_time", GONG_RANGE_PRESENT, 0},
    {"quantile_over_time", GONG_RANGE_QUANTILE, 1},
    {"rate", GONG_RANGE_RATE, 0},
    {"resets", GONG_RANGE_RESETS, 0},
    {"stddev_over_time", GONG_RANGE_STDDEV, 0},
    {"stdvar_over_time", GONG_RANGE_STDVAR, 0},
    {"sum_over_time", GONG_RANGE_SUM, 0},
};

bool
gong_range_fn_find(struct gong_str name, enum gong_range_fn *fn)
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
gong_range_fn_name(enum gong_range_fn fn)
{
    return functions[fn].name;
}

size_t
gong_range_fn_params(enum gong_range_fn fn)
{
    return functions[fn].params;
}

const char *
gong_range_fn_fault(const struct gong_range_call *call)
{
    double smoothing = call->params[0];
    double trend = call->params[1];

    if (call->fn != GONG_RANGE_HOLT_WINTERS) {
        return NULL;
    }
    if (smoothing <= 0 || smoothing >= 1) {
        return "found a smoothing factor of holt_winters() outside 0 to 1, "
               "expected one between";
    }
    if (trend <= 0 || trend >= 1) {
        return "found a trend factor of holt_winters() outside 0 to 1, "
               "expected one between";
    }
    return NULL;
}

bool
gong_range_fn_keeps_name(enum gong_range_fn fn)
{
    return fn == GONG_RANGE_LAST;
}

bool
gong_range_fn_sorts(enum gong_range_fn fn)
{
    return fn == GONG_RANGE_QUANTILE;
}

static void
add(struct sum *s, double value)
{
    double sum = s->sum + value;

    if (fabs(s->sum) >= fabs(value)) {
        s->lost += (s->sum - sum) + value;
    } else {
        s->lost += (value - sum) + s->sum;
    }
    s->sum = sum;
}

static double
sum_of(const struct gong_sample *samples, size_t count)
{
    struct sum s = {0, 0};

    for (size_t i = 0; i < count; i++) {
        add(&s, samples[i].value);
    }
    return isinf(s.sum) ? s.sum : s.sum + s.lost;
}

static double
mean_of(const struct gong_sample *samples, size_t count)
{
    struct sum mean = {0, 0};

    for (size_t i = 0; i < count; i++) {
        double value = samples[i].value;
        double n = (double)(i + 1);
        bool same = isinf(value) && (mean.sum > 0) == (value > 0);

        /* Once infinite, only the other infinity or NaN change it. */
        if (isinf(mean.sum) && (same || isfinite(value))) {
            continue;
        }
        add(&mean, value / n - mean.sum / n);
    }
    return isinf(mean.sum) ? mean.sum : mean.sum + mean.lost;
}

static double
variance_of(const struct gong_sample *samples, size_t count)
{
    struct sum mean = {0, 0};
    struct sum squares = {0, 0};

    for (size_t i = 0; i < count; i++) {
        double value = samples[i].value;
        double delta = value - (mean.sum + mean.lost);

        add(&mean, delta / (double)(i + 1));
        add(&squares, delta * (value - (mean.sum + mean.lost)));
    }
    return (squares.sum + squares.lost) / (double)count;
}

/* The greatest, or with sign -1 the least; NaN only if all are NaN. */
static double
extreme_of(const struct gong_sample *samples, size_t count, double sign)
{
    double extreme = samples[0].value;

    for (size_t i = 1; i < count; i++) {
        double value = samples[i].value;

        if (value * sign > extreme * sign || isnan(extreme)) {
            extreme = value;
        }
    }
    return extreme;
}

static double
changes_of(const struct gong_sample *samples, size_t count)
{
    double changes = 0;

    for (size_t i = 1; i < count; i++) {
        double a = samples[i - 1].value;
        double b = samples[i].value;

        changes += a != b && !(isnan(a) && isnan(b)) ? 1 : 0;
    }
    return changes;
}

static double
resets_of(const struct gong_sample *samples, size_t count)
{
    double resets = 0;

    for (size_t i = 1; i < count; i++) {
        resets += samples[i].value < samples[i - 1].value ? 1 : 0;
    }
    return resets;
}

static int
compare_numbers(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    if (isnan(*x) || isnan(*y)) {
        return isnan(*y) - isnan(*x);
    }
    return (*x > *y) - (*x < *y);
}

double
gong_quantile(double q, double *values, size_t count)
{
    double last = (double)count - 1;
    double rank = q * last;
    double lower = 0;
    double weight = 0;
    size_t at = 0;

    if (count == 0 || isnan(q)) {
        return NAN;
    }
    if (q < 0 || q > 1) {
        return q < 0 ? -INFINITY : INFINITY;
    }
    qsort(values, count, sizeof values[0], compare_numbers);
    lower = floor(rank);
    weight = rank - lower;
    at = (size_t)lower;
    return values[at] * (1 - weight) +
           values[at + 1 < count ? at + 1 : count - 1] * weight;
}

static double
quantile_of(const struct gong_range_call *call,
            const struct gong_sample *samples, size_t count, double *scratch)
{
    for (size_t i = 0; i < count; i++) {
        scratch[i] = samples[i].value;
    }
    return gong_quantile(call->params[0], scratch, count);
}

/* The line of least squares through the samples, its intercept at origin. */
static struct line
fit(const struct gong_sample *samples, size_t count, int64_t origin)
{
    struct sum x = {0, 0};
    struct sum y = {0, 0};
    struct sum xy = {0, 0};
    struct sum xx = {0, 0};
    double n = (double)count;
    double first = samples[0].value;
    bool flat = true;

    for (size_t i = 0; i < count; i++) {
        double value = samples[i].value;
        double seconds = (double)(samples[i].ms - origin) / 1e3;

        flat = flat && (i == 0 || value == first);
        add(&x, seconds);
        add(&y, value);
        add(&xy, seconds * value);
        add(&xx, seconds * seconds);
    }
    if (flat) {
        return isinf(first) ? (struct line){NAN, NAN} : (struct line){0, first};
    }
    double sum_x = x.sum + x.lost;
    double sum_y = y.sum + y.lost;
    double cov = (xy.sum + xy.lost) - sum_x * sum_y / n;
    double var = (xx.sum + xx.lost) - sum_x * sum_x / n;
    double slope = cov / var;
    return (struct line){slope, sum_y / n - slope * sum_x / n};
}

/* Double exponential smoothing; at least two samples. */
static double
smooth(const struct gong_range_call *call, const struct gong_sample *samples,
       size_t count)
{
    double factor = call->params[0];
    double trend_factor = call->params[1];
    double before = 0;
    double level = samples[0].value;
    double trend = samples[1].value - samples[0].value;

    for (size_t i = 1; i < count; i++) {
        double raw = factor * samples[i].value;
        double smoothed = 0;

        if (i > 1) {
            trend =
                trend_factor * (level - before) + (1 - trend_factor) * trend;
        }
        smoothed = (1 - factor) * (level + trend);
        before = level;
        level = raw + smoothed;
    }
    return level;
}

/* How much of the window the samples stand for, in seconds:
 *
 *   start      first  ...  last        end
 *   |--to_start--|--sampled--|--to_end--|
 *
 * A gap at an edge counts whole while it is shorter than 1.1 average steps, and
 * as half a step otherwise. A counter cannot have been below zero, which bounds
 * the gap before it. */
static double
covered(const struct gong_range_call *call, const struct gong_sample *samples,
        size_t count, double rise)
{
    bool counter = call->fn != GONG_RANGE_DELTA;
    int64_t last = samples[count - 1].ms;
    double to_start = (double)(samples[0].ms - call->start_ms) / 1000;
    double to_end = (double)(call->end_ms - last) / 1000;
    double sampled = (double)(last - samples[0].ms) / 1000;
    double step = sampled / (double)(count - 1);
    double threshold = step * 1.1;
    double seconds = sampled;

    if (counter && rise > 0 && samples[0].value >= 0) {
        double to_zero = sampled * (samples[0].value / rise);

        to_start = to_zero < to_start ? to_zero : to_start;
    }
    seconds += to_start < threshold ? to_start : step / 2;
    seconds += to_end < threshold ? to_end : step / 2;
    return seconds;
}

static double
seconds_of(int64_t ms)
{
    int64_t seconds = ms / 1000;
    int64_t nanoseconds = ms % 1000 * 1000000;

    return (double)seconds + (double)nanoseconds / 1e9;
}

/* rate, increase, delta; at least two samples. */
static double
extrapolate(const struct gong_range_call *call,
            const struct gong_sample *samples, size_t count)
{
    double rise = samples[count - 1].value - samples[0].value;
    double sampled = (double)(samples[count - 1].ms - samples[0].ms) / 1000;
    double factor = 0;

    for (size_t i = 1; i < count && call->fn != GONG_RANGE_DELTA; i++) {
        if (samples[i].value < samples[i - 1].value) {
            rise += samples[i - 1].value;
        }
    }
    factor = covered(call, samples, count, rise) / sampled;
    if (call->fn == GONG_RANGE_RATE) {
        factor /= seconds_of(call->end_ms - call->start_ms);
    }
    return rise * factor;
}

/* irate, idelta: of the last two samples. */
static bool
last_step(const struct gong_range_call *call, const struct gong_sample *samples,
          size_t count, double *value)
{
    const struct gong_sample *a = &samples[count - 2];
    const struct gong_sample *b = &samples[count - 1];
    bool rate = call->fn == GONG_RANGE_IRATE;

    if (a->ms == b->ms) {
        return false;
    }
    *value = rate && b->value < a->value ? b->value : b->value - a->value;
    if (rate) {
        *value /= (double)(b->ms - a->ms) / 1000;
    }
    return true;
}

/* Those that need at least two samples. */
static bool
run_pair(const struct gong_range_call *call, const struct gong_sample *samples,
         size_t count, double *value)
{
    struct line line = {0, 0};

    if (count < 2) {
        return false;
    }
    if (call->fn == GONG_RANGE_IRATE || call->fn == GONG_RANGE_IDELTA) {
        return last_step(call, samples, count, value);
    }
    if (call->fn == GONG_RANGE_HOLT_WINTERS) {
        *value = smooth(call, samples, count);
    } else if (call->fn == GONG_RANGE_DERIV) {
        *value = fit(samples, count, samples[0].ms).slope;
    } else if (call->fn == GONG_RANGE_PREDICT_LINEAR) {
        line = fit(samples, count, call->at_ms);
        *value = line.slope * call->params[0] + line.intercept;
    } else {
        *value = extrapolate(call, samples, count);
    }
    return true;
}

bool
gong_range_fn_run(const struct gong_range_call *call,
                  const struct gong_sample *samples, size_t count,
                  double *scratch, double *value)
{
    if (count == 0) {
        return false;
    }
    switch (call->fn) {
    case GONG_RANGE_DELTA:
    case GONG_RANGE_DERIV:
    case GONG_RANGE_HOLT_WINTERS:
    case GONG_RANGE_IDELTA:
    case GONG_RANGE_INCREASE:
    case GONG_RANGE_IRATE:
    case GONG_RANGE_PREDICT_LINEAR:
    case GONG_RANGE_RATE:
        return run_pair(call, samples, count, value);
    case GONG_RANGE_AVG:
        *value = mean_of(samples, count);
        return true;
    case GONG_RANGE_CHANGES:
        *value = changes_of(samples, count);
        return true;
    case GONG_RANGE_COUNT:
        *value = (double)count;
        return true;
    case GONG_RANGE_LAST:
        *value = samples[count - 1].value;
        return true;
    case GONG_RANGE_MAX:
        *value = extreme_of(samples, count, 1);
        return true;
    case GONG_RANGE_MIN:
        *value = extreme_of(samples, count, -1);
        return true;
    case GONG_RANGE_PRESENT:
        *value = 1;
        return true;
    case GONG_RANGE_QUANTILE:
        *value = quantile_of(call, samples, count, scratch);
        return true;
    case GONG_RANGE_RESETS:
        *value = resets_of(samples, count);
        return true;
    case GONG_RANGE_STDDEV:
        *value = sqrt(variance_of(samples, count));
        return true;
    case GONG_RANGE_STDVAR:
        *value = variance_of(samples, count);
        return true;
    case GONG_RANGE_SUM:
        *value = sum_of(samples, count);
        return true;
    }
    return false;
}
