#include "window_model.h"

static struct opt
when(bool condition, double value)
{
    return (struct opt){condition, value};
}

static struct opt
over5(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 5, in[0].value);
}

static struct opt
over8(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 8, in[0].value);
}

static struct opt
under3(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value < 3, in[0].value);
}

static struct opt
over3(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 3, in[0].value);
}

static struct opt
over_half(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 0.5, in[0].value);
}

static struct opt
rose(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[1].present && in[0].value - in[1].value > 4,
                in[0].value - in[1].value);
}

static struct opt
alone(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 5 &&
                    !(in[1].present && in[1].value > 5),
                in[0].value);
}

static struct opt
either(const struct opt *in, double now)
{
    (void)now;
    if (in[0].present && in[0].value > 20) {
        return in[0];
    }
    return when(in[1].present && in[1].value > 9, in[1].value);
}

static struct opt
stale(const struct opt *in, double now)
{
    return when(in[0].present && now - in[0].value > 3, now - in[0].value);
}

static struct opt
greater(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[1].present && in[0].value > in[1].value,
                in[0].value);
}

static struct opt
delta_and(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 3 && in[1].present &&
                    in[1].value < 7,
                in[0].value);
}

static struct opt
rises(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 12, in[0].value);
}

static struct opt
high_beside_low(const struct opt *in, double now)
{
    (void)now;
    return when(in[0].present && in[0].value > 8 && in[1].present &&
                    in[1].value < 7,
                in[0].value);
}

#define RULE(name, text, ...)                                                  \
    {                                                                          \
        .alert = name, .expr = text, __VA_ARGS__                               \
    }
#define A(range, offset, fn)                                                   \
    {                                                                          \
        0, range, offset, GONG_RANGE_##fn, 0, false                            \
    }
#define B(range, offset, fn)                                                   \
    {                                                                          \
        1, range, offset, GONG_RANGE_##fn, 0, false                            \
    }
#define UNKNOWN .on_missing = GONG_ON_MISSING_UNKNOWN

const struct model_rule window_rules[WINDOW_RULES] = {
    {RULE("w0", "avg_over_time(m_a[4s]) > 5", .for_ms = 0),
     over5,
     1,
     {A(4000, 0, AVG)},
     false},
    {RULE("w1", "avg_over_time(m_a[4s]) > 5", .for_ms = 3000, .keep_ms = 2000),
     over5,
     1,
     {A(4000, 0, AVG)},
     false},
    {RULE("w2", "max_over_time(m_a[6s]) > 8", .keep_ms = 3000),
     over8,
     1,
     {A(6000, 0, MAX)},
     false},
    {RULE("w3", "min_over_time(m_a[5s]) < 3", .for_ms = 1000),
     under3,
     1,
     {A(5000, 0, MIN)},
     false},
    {RULE("w4", "count_over_time(m_a[5s]) < 3", .for_ms = 1500),
     under3,
     1,
     {A(5000, 0, COUNT)},
     false},
    {RULE("w5", "changes(m_b[8s]) > 3", .for_ms = 2000),
     over3,
     1,
     {B(8000, 0, CHANGES)},
     false},
    {RULE("w6", "rate(m_b[6s]) > 0.5", .keep_ms = 1000),
     over_half,
     1,
     {B(6000, 0, RATE)},
     true},
    {RULE("w7", "m_a - m_a offset 3s > 4", .for_ms = 1000, .lookback_ms = 5000),
     rose,
     2,
     {A(0, 0, AVG), A(0, 3000, AVG)},
     false},
    {RULE("w8", "m_a offset 2s > 5", .keep_ms = 1500, .lookback_ms = 4000),
     over5,
     1,
     {A(0, 2000, AVG)},
     false},
    {RULE("w9", "avg_over_time(m_a[4s]) > 5 unless m_b > 5", .for_ms = 500,
          .lookback_ms = 6000),
     alone,
     2,
     {A(4000, 0, AVG), B(0, 0, AVG)},
     false},
    {RULE("w10", "sum_over_time(m_a[5s] offset 2s) > 20 or m_b > 9",
          .lookback_ms = 6000),
     either,
     2,
     {A(5000, 2000, SUM), B(0, 0, AVG)},
     false},
    {RULE("w11", "time() - timestamp(m_a) > 3", .lookback_ms = 20000),
     stale,
     1,
     {{0, 0, 0, GONG_RANGE_AVG, 0, true}},
     true},
    {RULE("w12", "last_over_time(m_b[3s]) > 5", UNKNOWN),
     over5,
     1,
     {B(3000, 0, LAST)},
     false},
    {RULE("w13", "avg_over_time(m_b[4s]) > 5", UNKNOWN, .for_ms = 4000,
          .keep_ms = 2000),
     over5,
     1,
     {B(4000, 0, AVG)},
     false},
    {RULE("w14", "min_over_time(m_a[4s]) > 3", .interval_ms = 2000),
     over3,
     1,
     {A(4000, 0, MIN)},
     false},
    {RULE("w15", "rate(m_a[6s]) > 0.5", .interval_ms = 2500, .for_ms = 2500),
     over_half,
     1,
     {A(6000, 0, RATE)},
     true},
    {RULE("w16", "quantile_over_time(0.5, m_a[7s]) > m_b", .lookback_ms = 9000),
     greater,
     2,
     {{0, 7000, 0, GONG_RANGE_QUANTILE, 0.5, false}, B(0, 0, AVG)},
     false},
    {RULE("w17", "delta(m_a[6s]) > 3 and m_b < 7", .for_ms = 1000,
          .lookback_ms = 5000),
     delta_and,
     2,
     {A(6000, 0, DELTA), B(0, 0, AVG)},
     true},
    {RULE("w18", "m_a > 5", .lookback_ms = 7000),
     over5,
     1,
     {A(0, 0, AVG)},
     false},
    {RULE("w19", "stddev_over_time(m_b[6s]) > 3", .interval_ms = 1500),
     over3,
     1,
     {B(6000, 0, STDDEV)},
     false},
    {RULE("w20", "predict_linear(m_a[8s], 5) > 12", .for_ms = 500),
     rises,
     1,
     {{0, 8000, 0, GONG_RANGE_PREDICT_LINEAR, 5, false}},
     true},
    {RULE("w21", "m_b offset 4s < 3", .interval_ms = 3000, .lookback_ms = 5000),
     under3,
     1,
     {B(0, 4000, AVG)},
     false},
    {RULE("w22", "idelta(m_b[9s]) > 3", .keep_ms = 500),
     over3,
     1,
     {B(9000, 0, IDELTA)},
     false},
    {RULE("w23", "resets(m_a[10s] offset 1s) > 3", UNKNOWN, .for_ms = 700),
     over3,
     1,
     {A(10000, 1000, RESETS)},
     false},
    {RULE("w24", "max_over_time(m_a[6s]) > 8 and m_b offset 1s < 7", UNKNOWN,
          .keep_ms = 2500, .lookback_ms = 3000),
     high_beside_low,
     2,
     {A(6000, 0, MAX), B(0, 1000, AVG)},
     false},
};
