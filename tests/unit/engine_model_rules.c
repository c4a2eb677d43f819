#include "engine_model_rules.h"

#include <string.h>

static struct opt
when(bool condition, double value)
{
    return (struct opt){condition, value};
}

static struct opt
over5(const struct opt *in)
{
    return when(in[0].present && in[0].value > 5, in[0].value);
}

static struct opt
under3(const struct opt *in)
{
    return when(in[0].present && in[0].value < 3, in[0].value);
}

static struct opt
at_least7(const struct opt *in)
{
    return when(in[0].present && in[0].value >= 7, in[0].value);
}

static struct opt
at_most2(const struct opt *in)
{
    return when(in[0].present && in[0].value <= 2, in[0].value);
}

static struct opt
is4(const struct opt *in)
{
    return when(in[0].present && in[0].value == 4, in[0].value);
}

static struct opt
is0(const struct opt *in)
{
    return when(in[0].present && in[0].value == 0, in[0].value);
}

static struct opt
is1(const struct opt *in)
{
    return when(in[0].present && in[0].value == 1, in[0].value);
}

static struct opt
not5(const struct opt *in)
{
    return when(in[0].present && in[0].value != 5, in[0].value);
}

static struct opt
between(const struct opt *in)
{
    return when(in[0].present && in[0].value > 2 && in[0].value < 8,
                in[0].value);
}

static struct opt
greater(const struct opt *in)
{
    return when(in[0].present && in[1].present && in[0].value > in[1].value,
                in[0].value);
}

static struct opt
both(const struct opt *in)
{
    return when(in[0].present && in[0].value > 5 && in[1].present &&
                    in[1].value > 5,
                in[0].value);
}

static struct opt
alone(const struct opt *in)
{
    return when(in[0].present && in[0].value > 5 &&
                    !(in[1].present && in[1].value > 5),
                in[0].value);
}

static struct opt
either(const struct opt *in)
{
    if (in[0].present && in[0].value > 8) {
        return when(true, in[0].value);
    }
    return when(in[1].present && in[1].value > 8, in[1].value);
}

static struct opt
first_of(const struct opt *in)
{
    double value = in[0].present ? in[0].value : in[1].value;

    return when((in[0].present || in[1].present) && value >= 7, value);
}

static struct opt
weighted(const struct opt *in)
{
    double value = in[0].value + in[1].value * 2;

    return when(in[0].present && in[1].present && value > 16, value);
}

static struct opt
twice(const struct opt *in)
{
    return when(in[0].present && in[0].value > 5 && in[1].present &&
                    in[1].value < 9,
                in[0].value);
}

static struct opt
over8(const struct opt *in)
{
    return when(in[0].present && in[0].value > 8, in[0].value);
}

static struct opt
under6(const struct opt *in)
{
    return when(in[0].present && in[0].value < 6, in[0].value);
}

static struct opt
b_under3(const struct opt *in)
{
    return when(in[1].present && in[1].value < 3, in[1].value);
}

static struct opt
b_over7(const struct opt *in)
{
    return when(in[1].present && in[1].value > 7, in[1].value);
}

static struct opt
over_while_up(const struct opt *in)
{
    return when(in[0].present && in[0].value > 5 && in[1].present &&
                    in[1].value == 1,
                in[0].value);
}

static struct opt
three(const struct opt *in)
{
    return when(in[0].present && in[1].present &&
                    in[0].value - in[1].value > 0 &&
                    !(in[2].present && in[2].value == 0),
                in[0].value - in[1].value);
}

#define A                                                                      \
    {                                                                          \
        0, ANY                                                                 \
    }
#define B                                                                      \
    {                                                                          \
        1, ANY                                                                 \
    }
#define C                                                                      \
    {                                                                          \
        2, ANY                                                                 \
    }
#define RULE(name, text, ...)                                                  \
    {                                                                          \
        .alert = name, .expr = text, __VA_ARGS__                               \
    }

#define UNKNOWN  .on_missing = GONG_ON_MISSING_UNKNOWN
#define INFO     .label = "severity=info"
#define WARNING  .label = "severity=warning"
#define CRITICAL .label = "severity=critical"

const struct model_rule model_rules[MODEL_RULES] = {
    {RULE("r0", "m_a > 5", .lookback_ms = 20000), 1, {A}, .eval = over5},
    {RULE("r1", "m_a > 5", .for_ms = 10000, .lookback_ms = 20000),
     1,
     {A},
     .eval = over5},
    {RULE("r2", "5 < m_a", .for_ms = 3000, .keep_ms = 6000,
          .lookback_ms = 9500),
     1,
     {A},
     .eval = over5},
    {RULE("r3", "m_a > m_b", .for_ms = 5000, .lookback_ms = 20000),
     2,
     {A, B},
     .eval = greater},
    {RULE("r4", "m_a > 5 and m_b > 5", .keep_ms = 4000, .lookback_ms = 15000),
     2,
     {A, B},
     .eval = both},
    {RULE("r5", "m_a > 5 unless m_b > 5", .for_ms = 3000, .keep_ms = 4000,
          .lookback_ms = 8000),
     2,
     {A, B},
     .eval = alone},
    {RULE("r6", "m_a > 8 or m_b > 8", .lookback_ms = 12000),
     2,
     {A, B},
     .eval = either},
    {RULE("r7", "m_a{k!=\"x\"} < 3", .for_ms = 500, .lookback_ms = 20000),
     1,
     {{0, NOT_X}},
     .eval = under3},
    {RULE("r8", "m_a{k=\"x\"} + m_b * 2 > 16", .keep_ms = 5000,
          .lookback_ms = 20000),
     2,
     {{0, ONLY_X}, B},
     .eval = weighted},
    {RULE("r9", "(m_a or m_b) >= 7", .for_ms = 2000, .lookback_ms = 10000),
     2,
     {A, B},
     .eval = first_of},
    {RULE("r10", "m_a > 5 and m_a{k=\"x\"} < 9", .lookback_ms = 20000),
     2,
     {A, {0, ONLY_X}},
     .eval = twice},
    {RULE("r11", "m_b > 2 < 8", .for_ms = 4000, .keep_ms = 1,
          .lookback_ms = 20000),
     1,
     {B},
     .eval = between},
    {RULE("r12", "m_a - m_b > 0 unless m_c == 0", .for_ms = 1,
          .lookback_ms = 7000),
     3,
     {A, B, C},
     .eval = three},
    {RULE("r13", "m_a > 5", .interval_ms = 1500, .lookback_ms = 20000),
     1,
     {A},
     .eval = over5},
    {RULE("r14", "m_b > 5", .interval_ms = 5000, .for_ms = 6000,
          .keep_ms = 7000, .lookback_ms = 12000),
     1,
     {B},
     .eval = over5},
    {RULE("r15", "m_a > 5 unless m_b > 5", .interval_ms = 2500, .for_ms = 2500,
          .keep_ms = 2000, .lookback_ms = 9000),
     2,
     {A, B},
     .eval = alone},
    {RULE("r16", "m_a > m_b", .interval_ms = 4000, .lookback_ms = 10000),
     2,
     {A, B},
     .eval = greater},
    /* Only thresholds read m_d, in another mix for each label. */
    {RULE("r17", "m_d{k=\"x\"} >= 7", .for_ms = 1000, .lookback_ms = 20000),
     1,
     {{3, ONLY_X}},
     .eval = at_least7},
    {RULE("r18", "m_d{k!=\"x\"} <= 2", .keep_ms = 3000, .lookback_ms = 20000),
     1,
     {{3, NOT_X}},
     .eval = at_most2},
    {RULE("r19", "4 == m_d{k=\"x\"}", .lookback_ms = 20000),
     1,
     {{3, ONLY_X}},
     .eval = is4},
    {RULE("r20", "m_d{k=\"y\"} > 5", .interval_ms = 1000, .lookback_ms = 20000),
     1,
     {{3, ONLY_Y}},
     .eval = over5},
    {RULE("r21", "m_d{k=\"\"} != 5", .lookback_ms = 20000),
     1,
     {{3, ONLY_NONE}},
     .eval = not5},
    {RULE("r22", "m_d{k=\"y\"} < 3", .lookback_ms = 20000),
     1,
     {{3, ONLY_Y}},
     .eval = under3},
    /* Presence, and what it suspends. */
    {RULE("r23", "up == 0", UNKNOWN), 1, {{UP, ONLY_NONE}}, .eval = is0},
    {RULE("r24", "device_dark == 1", UNKNOWN, .for_ms = 4000, .keep_ms = 2500,
          INFO),
     1,
     {{DARK, ONLY_NONE}},
     .eval = is1},
    {RULE("r25", "unit_up == 0", UNKNOWN, .for_ms = 1000, INFO),
     1,
     {{UNIT, ONLY_NONE}},
     .eval = is0},
    {RULE("r26", "device_dark == 1", .interval_ms = 3000),
     1,
     {{DARK, ONLY_NONE}},
     .eval = is1},
    {RULE("r27", "up == 0", UNKNOWN, .interval_ms = 2500, .for_ms = 5000),
     1,
     {{UP, ONLY_NONE}},
     .eval = is0},
    {RULE("r28", "m_a > 5", UNKNOWN, .for_ms = 6000, .keep_ms = 4000,
          .lookback_ms = 15000, WARNING),
     1,
     {A},
     .eval = over5},
    {RULE("r29", "m_b > 5", UNKNOWN, .lookback_ms = 9000, CRITICAL),
     1,
     {B},
     .eval = over5},
    {RULE("r30", "m_a > m_b", UNKNOWN, .keep_ms = 6000, .lookback_ms = 7000),
     2,
     {A, B},
     .eval = greater},
    {RULE("r31", "m_a > 5 unless m_b > 5", UNKNOWN, .for_ms = 3000,
          .keep_ms = 4000, .lookback_ms = 8000),
     2,
     {A, B},
     .eval = alone},
    {RULE("r32", "m_a > 5", UNKNOWN, .interval_ms = 2000, .for_ms = 4000,
          .keep_ms = 3000, .lookback_ms = 12000),
     1,
     {A},
     .eval = over5},
    {RULE("r33", "m_a > 5 and up == 1", UNKNOWN, .interval_ms = 2000,
          .lookback_ms = 12000),
     2,
     {A, {UP, ONLY_NONE}},
     .eval = over_while_up},
    /* The usual look-back, or what the device declares. */
    {RULE("r34", "m_a > 5", UNKNOWN, .for_ms = 8000, .keep_ms = 2000),
     1,
     {A},
     .eval = over5},
    {RULE("r35", "m_c > 5 unless m_b > 5", .for_ms = 0),
     2,
     {C, B},
     .eval = alone},
    {RULE("r36", "m_d{k=\"x\"} >= 7", .keep_ms = 9000),
     1,
     {{3, ONLY_X}},
     .eval = at_least7},
    {RULE("r37", "m_c > 5 unless m_b > 5", UNKNOWN, .interval_ms = 7000),
     2,
     {C, B},
     .eval = alone},
    {RULE("r38", "m_a > m_b", .interval_ms = 5000, .for_ms = 9000),
     2,
     {A, B},
     .eval = greater},
    {RULE("r39", "m_c > 5 unless m_b > 5", UNKNOWN, .interval_ms = 6000,
          .for_ms = 14000, .keep_ms = 8000),
     2,
     {C, B},
     .eval = alone},
    /* Hysteresis and levels. */
    {RULE("r40", "m_a > 5", .for_ms = 3000, .resolve = "m_a < 3",
          .lookback_ms = 20000),
     1,
     {A},
     .eval = over5,
     .ends = under3},
    {RULE("r41", "m_a > 5", UNKNOWN, .keep_ms = 5000, .resolve = "m_a < 3",
          .lookback_ms = 9000),
     1,
     {A},
     .eval = over5,
     .ends = under3},
    {RULE("r42", "m_a > 5", .keep_ms = 3000, .resolve = "m_b < 3",
          .lookback_ms = 11000),
     2,
     {A, B},
     .eval = over5,
     .ends = b_under3},
    {RULE("r43", "m_a > 5", UNKNOWN, .for_ms = 4000, .worse = "m_a > 8",
          .worse_for_ms = 2500, .lookback_ms = 12000),
     1,
     {A},
     .eval = over5,
     .worse = over8},
    {RULE("r44", "m_a > 5", .interval_ms = 1500, .for_ms = 1500,
          .keep_ms = 3000, .resolve = "m_a < 3", .worse = "m_a > 8",
          .worse_resolve = "m_a < 6", .worse_for_ms = 4500,
          .lookback_ms = 15000),
     1,
     {A},
     .eval = over5,
     .ends = under3,
     .worse = over8,
     .worse_ends = under6},
    {RULE("r45", "m_a > 5", UNKNOWN, .keep_ms = 4000, .worse = "m_b > 7",
          .worse_resolve = "m_b < 3", .worse_for_ms = 1000,
          .lookback_ms = 10000),
     2,
     {A, B},
     .eval = over5,
     .worse = b_over7,
     .worse_ends = b_under3},
    {RULE("r46", "m_a > 5", .for_ms = 2000, .keep_ms = 2000,
          .resolve = "m_a < 3", .worse = "m_a > 8", .worse_for_ms = 0,
          .lookback_ms = 10000),
     1,
     {A},
     .eval = over5,
     .ends = under3,
     .worse = over8},
    {RULE("r47", "m_a > 5", UNKNOWN, .interval_ms = 2000, .resolve = "m_b < 3",
          .worse = "m_b > 7", .worse_for_ms = 6000, .lookback_ms = 14000),
     2,
     {A, B},
     .eval = over5,
     .ends = b_under3,
     .worse = b_over7},
};

bool
model_leaf_wants(const struct leaf *leaf, int metric, int label)
{
    switch (leaf->where) {
    case ANY:
        break;
    case NOT_X:
        return leaf->metric == metric && label != 0;
    case ONLY_X:
    case ONLY_Y:
    case ONLY_NONE:
        return leaf->metric == metric &&
               label == (int)leaf->where - (int)ONLY_X;
    }
    return leaf->metric == metric;
}

/* 1 info, 2 warning, 3 critical; 0: no label. */
int
model_severity(size_t r)
{
    static const char *const labels[] = {
        "", "severity=info", "severity=warning", "severity=critical"};
    int severity = model_rules[r].spec.label == NULL ? 0 : 3;

    while (severity > 0 &&
           strcmp(model_rules[r].spec.label, labels[severity]) != 0) {
        severity--;
    }
    return severity;
}

bool
model_is_presence(size_t r)
{
    for (int leaf = 0; leaf < model_rules[r].leaf_count; leaf++) {
        if (model_rules[r].leaves[leaf].metric < SAMPLED) {
            return false;
        }
    }
    return true;
}

bool
model_is_unknown(size_t r)
{
    return model_rules[r].spec.on_missing == GONG_ON_MISSING_UNKNOWN;
}

bool
model_can_be_true_by_silence(size_t r)
{
    return strstr(model_rules[r].spec.expr, " or ") != NULL ||
           strstr(model_rules[r].spec.expr, " unless ") != NULL;
}
