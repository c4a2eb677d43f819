/*
 * The engine against a model that knows no arenas, heaps or short cuts: at
 * every record the model asks every instance when something could happen to it
 * by the rules' own words, goes through these instants one by one and evaluates
 * by hand-written C what the engine evaluates from PromQL. Hundreds of random
 * streams must give the same effects at the same instants. Beside the engine
 * runs a twin that is saved and read back again and again: it must say the
 * same, byte for byte.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "snapshot_bytes.h"

#define DEVICES 3
#define LABELS  3 /* k="x", k="y", none */
#define SAMPLED 4 /* metrics that devices send */
#define UP      4
#define DARK    5 /* device_dark */
#define UNIT    6 /* under device 0 */
#define METRICS 7
#define NONE    2 /* the label of what has none */
#define STREAMS 200
#define SUMMED  20 /* fewer streams need not show everything */
#define RECORDS 80
#define START   INT64_C(10000000)
#define NEVER   INT64_MIN

struct opt {
    bool present;
    double value;
};

enum where { ANY, NOT_X, ONLY_X, ONLY_Y, ONLY_NONE };

struct leaf {
    int metric;
    enum where where;
};

struct model_rule {
    struct rule_spec spec;
    int leaf_count;
    struct leaf leaves[3];
    struct opt (*eval)(const struct opt *in);
};

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

static const struct model_rule rules[] = {
    {RULE("r0", "m_a > 5", .lookback_ms = 20000), 1, {A}, over5},
    {RULE("r1", "m_a > 5", .for_ms = 10000, .lookback_ms = 20000),
     1,
     {A},
     over5},
    {RULE("r2", "5 < m_a", .for_ms = 3000, .keep_ms = 6000,
          .lookback_ms = 9500),
     1,
     {A},
     over5},
    {RULE("r3", "m_a > m_b", .for_ms = 5000, .lookback_ms = 20000),
     2,
     {A, B},
     greater},
    {RULE("r4", "m_a > 5 and m_b > 5", .keep_ms = 4000, .lookback_ms = 15000),
     2,
     {A, B},
     both},
    {RULE("r5", "m_a > 5 unless m_b > 5", .for_ms = 3000, .keep_ms = 4000,
          .lookback_ms = 8000),
     2,
     {A, B},
     alone},
    {RULE("r6", "m_a > 8 or m_b > 8", .lookback_ms = 12000), 2, {A, B}, either},
    {RULE("r7", "m_a{k!=\"x\"} < 3", .for_ms = 500, .lookback_ms = 20000),
     1,
     {{0, NOT_X}},
     under3},
    {RULE("r8", "m_a{k=\"x\"} + m_b * 2 > 16", .keep_ms = 5000,
          .lookback_ms = 20000),
     2,
     {{0, ONLY_X}, B},
     weighted},
    {RULE("r9", "(m_a or m_b) >= 7", .for_ms = 2000, .lookback_ms = 10000),
     2,
     {A, B},
     first_of},
    {RULE("r10", "m_a > 5 and m_a{k=\"x\"} < 9", .lookback_ms = 20000),
     2,
     {A, {0, ONLY_X}},
     twice},
    {RULE("r11", "m_b > 2 < 8", .for_ms = 4000, .keep_ms = 1,
          .lookback_ms = 20000),
     1,
     {B},
     between},
    {RULE("r12", "m_a - m_b > 0 unless m_c == 0", .for_ms = 1,
          .lookback_ms = 7000),
     3,
     {A, B, C},
     three},
    {RULE("r13", "m_a > 5", .interval_ms = 1500, .lookback_ms = 20000),
     1,
     {A},
     over5},
    {RULE("r14", "m_b > 5", .interval_ms = 5000, .for_ms = 6000,
          .keep_ms = 7000, .lookback_ms = 12000),
     1,
     {B},
     over5},
    {RULE("r15", "m_a > 5 unless m_b > 5", .interval_ms = 2500, .for_ms = 2500,
          .keep_ms = 2000, .lookback_ms = 9000),
     2,
     {A, B},
     alone},
    {RULE("r16", "m_a > m_b", .interval_ms = 4000, .lookback_ms = 10000),
     2,
     {A, B},
     greater},
    /* Only thresholds read m_d, in another mix for each label. */
    {RULE("r17", "m_d{k=\"x\"} >= 7", .for_ms = 1000, .lookback_ms = 20000),
     1,
     {{3, ONLY_X}},
     at_least7},
    {RULE("r18", "m_d{k!=\"x\"} <= 2", .keep_ms = 3000, .lookback_ms = 20000),
     1,
     {{3, NOT_X}},
     at_most2},
    {RULE("r19", "4 == m_d{k=\"x\"}", .lookback_ms = 20000),
     1,
     {{3, ONLY_X}},
     is4},
    {RULE("r20", "m_d{k=\"y\"} > 5", .interval_ms = 1000, .lookback_ms = 20000),
     1,
     {{3, ONLY_Y}},
     over5},
    {RULE("r21", "m_d{k=\"\"} != 5", .lookback_ms = 20000),
     1,
     {{3, ONLY_NONE}},
     not5},
    {RULE("r22", "m_d{k=\"y\"} < 3", .lookback_ms = 20000),
     1,
     {{3, ONLY_Y}},
     under3},
    /* Presence, and what it suspends. */
    {RULE("r23", "up == 0", UNKNOWN), 1, {{UP, ONLY_NONE}}, is0},
    {RULE("r24", "device_dark == 1", UNKNOWN, .for_ms = 4000, .keep_ms = 2500,
          INFO),
     1,
     {{DARK, ONLY_NONE}},
     is1},
    {RULE("r25", "unit_up == 0", UNKNOWN, .for_ms = 1000, INFO),
     1,
     {{UNIT, ONLY_NONE}},
     is0},
    {RULE("r26", "device_dark == 1", .interval_ms = 3000),
     1,
     {{DARK, ONLY_NONE}},
     is1},
    {RULE("r27", "up == 0", UNKNOWN, .interval_ms = 2500, .for_ms = 5000),
     1,
     {{UP, ONLY_NONE}},
     is0},
    {RULE("r28", "m_a > 5", UNKNOWN, .for_ms = 6000, .keep_ms = 4000,
          .lookback_ms = 15000, WARNING),
     1,
     {A},
     over5},
    {RULE("r29", "m_b > 5", UNKNOWN, .lookback_ms = 9000, CRITICAL),
     1,
     {B},
     over5},
    {RULE("r30", "m_a > m_b", UNKNOWN, .keep_ms = 6000, .lookback_ms = 7000),
     2,
     {A, B},
     greater},
    {RULE("r31", "m_a > 5 unless m_b > 5", UNKNOWN, .for_ms = 3000,
          .keep_ms = 4000, .lookback_ms = 8000),
     2,
     {A, B},
     alone},
    {RULE("r32", "m_a > 5", UNKNOWN, .interval_ms = 2000, .for_ms = 4000,
          .keep_ms = 3000, .lookback_ms = 12000),
     1,
     {A},
     over5},
    {RULE("r33", "m_a > 5 and up == 1", UNKNOWN, .interval_ms = 2000,
          .lookback_ms = 12000),
     2,
     {A, {UP, ONLY_NONE}},
     over_while_up},
    /* The usual look-back, or what the device declares. */
    {RULE("r34", "m_a > 5", UNKNOWN, .for_ms = 8000, .keep_ms = 2000),
     1,
     {A},
     over5},
    {RULE("r35", "m_c > 5 unless m_b > 5", .for_ms = 0), 2, {C, B}, alone},
    {RULE("r36", "m_d{k=\"x\"} >= 7", .keep_ms = 9000),
     1,
     {{3, ONLY_X}},
     at_least7},
    {RULE("r37", "m_c > 5 unless m_b > 5", UNKNOWN, .interval_ms = 7000),
     2,
     {C, B},
     alone},
    {RULE("r38", "m_a > m_b", .interval_ms = 5000, .for_ms = 9000),
     2,
     {A, B},
     greater},
};
#define RULES (sizeof rules / sizeof rules[0])

struct instance {
    enum gong_alert_state state;
    int64_t since;
    int64_t told;
    int64_t last; /* instant of the last evaluation */
    double value;
    unsigned fed;
    int64_t held; /* since when settling holds it, or nothing is known */
    bool waits;   /* nothing is known: for a sample */
    int worst;    /* of what it hid when it fired */
    int hidden;
};

/* What is known of a device. */
struct life {
    bool known;
    bool dark;
    bool ended; /* by the offline of the last birth's conn */
    bool held;  /* an offline waits for settling */
    bool held_ended;
    int conn; /* of the last birth; 0: none */
    int64_t heard;
    int64_t silence;  /* 0: for ever */
    int64_t declared; /* the look-back for that, 0: the usual one */
};

struct clock {
    int64_t newest;
    int64_t arrival;
    int64_t floor;
    int64_t stood; /* what it showed when it was blind, not settled, first */
};

struct newest {
    int64_t stamp;
    double value;
};

struct model {
    struct newest series[DEVICES][LABELS][METRICS];
    struct instance instances[RULES][DEVICES][LABELS];
    struct clock clocks[DEVICES];
    struct life lives[DEVICES];
    int order[DEVICES]; /* in which they became known: ties are broken by it */
    int unit_dark;      /* how often it was so */
    int relooked;       /* how often for a look-back that changed */
    int64_t grids[RULES]; /* the next instant of rules with an interval */
    int64_t ran[RULES];   /* the last one */
    int64_t journal;
    int64_t blind_from; /* or NEVER */
    int64_t settle;     /* until then, or NEVER */
    int64_t stood;      /* when doubt began, and the last blind time ended */
    int64_t resumed;
    struct text effects;
};

/* An instance, or a rule's grid, and when it is due. */
struct due {
    int64_t journal;
    int64_t at;
    size_t rule;
    int device; /* -1: the grid; with rule RULES: its silence */
    int label;
};

static bool
leaf_wants(const struct leaf *leaf, int metric, int label)
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

static int64_t
lookback_of(const struct model *m, size_t r, int device)
{
    int64_t own = rules[r].spec.lookback_ms;
    int64_t declared = m->lives[device].declared;

    return own != 0 ? own : declared > 300000 ? declared : 300000;
}

static const struct newest *
leaf_newest(const struct model *m, size_t r, int leaf, int device, int label)
{
    const struct leaf *l = &rules[r].leaves[leaf];
    const struct newest *n = &m->series[device][label][l->metric];

    return leaf_wants(l, l->metric, label) && n->stamp != NEVER ? n : NULL;
}

/* One instance, and the sample behind its evaluation: 0 where a timer is. */
struct spot {
    size_t rule;
    int device;
    int label;
    int64_t captured;
};

static struct instance *
instance_at(struct model *m, const struct spot *spot)
{
    return &m->instances[spot->rule][spot->device][spot->label];
}

/* 1 info, 2 warning, 3 critical; 0: no label. */
static int
severity_of(size_t r)
{
    static const char *const labels[] = {
        "", "severity=info", "severity=warning", "severity=critical"};
    int severity = rules[r].spec.label == NULL ? 0 : 3;

    while (severity > 0 && strcmp(rules[r].spec.label, labels[severity]) != 0) {
        severity--;
    }
    return severity;
}

static bool
is_presence(size_t r)
{
    for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
        if (rules[r].leaves[leaf].metric < SAMPLED) {
            return false;
        }
    }
    return true;
}

static void
judge_device(const struct model *m, int device, struct instance *i)
{
    for (size_t r = 0; r < RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            const struct instance *other = &m->instances[r][device][label];
            int severity = severity_of(r);

            if (other->state == GONG_ALERT_UNKNOWN) {
                severity = other->worst > severity ? other->worst : severity;
                i->worst = severity > i->worst ? severity : i->worst;
                i->hidden++;
            }
        }
    }
}

/* What an alert about presence stands for when it begins to fire. */
static void
judge(struct model *m, const struct spot *spot)
{
    struct instance *i = instance_at(m, spot);
    bool unit = rules[spot->rule].leaves[0].metric == UNIT;

    for (int d = 0; is_presence(spot->rule) && d < DEVICES; d++) {
        if (unit || d == spot->device) {
            judge_device(m, d, i);
        }
    }
}

static void
tell(struct model *m, const struct spot *spot, enum gong_alert_state to,
     enum gong_effect_reason reason)
{
    struct instance *i = instance_at(m, spot);
    static const char *const ks[] = {",k=\"x\"", ",k=\"y\"", ""};
    static const char *const severities[] = {"", "severity=\"info\",",
                                             "severity=\"warning\",",
                                             "severity=\"critical\","};
    int own = severity_of(spot->rule);
    char device[32] = "";

    if (to == GONG_ALERT_FIRING && i->state <= GONG_ALERT_PENDING) {
        judge(m, spot);
    }
    if (rules[spot->rule].leaves[0].metric != UNIT) {
        (void)snprintf(device, sizeof device, "device=\"d%d\"%s,", spot->device,
                       ks[spot->label]);
    }
    text_add(&m->effects,
             "%s{%s%ssite=\"s\"} %s->%s %s at %" PRId64 " since %" PRId64
             " value %.17g journal %" PRId64 " captured %" PRId64
             " hidden %d\n",
             rules[spot->rule].spec.alert, device,
             severities[i->worst > own ? i->worst : own],
             gong_alert_state_text(i->state), gong_alert_state_text(to),
             gong_effect_reason_text(reason), i->last, i->since, i->value,
             m->journal, spot->captured, i->hidden);
    i->state = to;
    i->told = i->last;
}

/* Rules 10 to 12, one by one. */
static void
decide_true(struct model *m, const struct spot *spot)
{
    struct instance *i = instance_at(m, spot);
    int64_t for_ms = rules[spot->rule].spec.for_ms;

    if (i->state == GONG_ALERT_INACTIVE) {
        i->since = i->last;
        i->worst = 0;
        i->hidden = 0;
        tell(m, spot, for_ms == 0 ? GONG_ALERT_FIRING : GONG_ALERT_PENDING,
             GONG_REASON_CONDITION);
    } else if (i->state == GONG_ALERT_PENDING && i->last - i->since >= for_ms) {
        tell(m, spot, GONG_ALERT_FIRING, GONG_REASON_FOR);
    } else if (i->state == GONG_ALERT_KEEPING ||
               i->state == GONG_ALERT_UNKNOWN) {
        tell(m, spot, GONG_ALERT_FIRING, GONG_REASON_CONDITION);
    }
}

static bool
is_unknown_rule(size_t r)
{
    return rules[r].spec.on_missing == GONG_ON_MISSING_UNKNOWN;
}

/* Nothing is known any more. */
static void
decide_unknown(struct model *m, const struct spot *spot,
               enum gong_effect_reason why)
{
    struct instance *i = instance_at(m, spot);

    i->waits = true;
    if (i->state == GONG_ALERT_PENDING) {
        i->held = i->held == NEVER ? i->last : i->held;
    } else if (i->state == GONG_ALERT_FIRING ||
               i->state == GONG_ALERT_KEEPING) {
        i->held = NEVER;
        tell(m, spot, GONG_ALERT_UNKNOWN, why);
    }
}

static void
decide_false(struct model *m, const struct spot *spot, bool missing)
{
    struct instance *i = instance_at(m, spot);
    int64_t keep_ms = rules[spot->rule].spec.keep_ms;
    enum gong_effect_reason why =
        missing ? GONG_REASON_MISSING : GONG_REASON_CONDITION;

    if (i->state == GONG_ALERT_PENDING) {
        tell(m, spot, GONG_ALERT_INACTIVE, why);
    } else if (i->state == GONG_ALERT_FIRING ||
               i->state == GONG_ALERT_UNKNOWN) {
        tell(m, spot, keep_ms > 0 ? GONG_ALERT_KEEPING : GONG_ALERT_INACTIVE,
             why);
    } else if (i->state == GONG_ALERT_KEEPING && i->last - i->told >= keep_ms) {
        tell(m, spot, GONG_ALERT_INACTIVE, GONG_REASON_KEEP);
    }
}

static void
decide(struct model *m, const struct spot *spot, struct opt result,
       unsigned present)
{
    struct instance *i = instance_at(m, spot);
    bool missing = !result.present && (i->fed & ~present) != 0;

    if (missing && is_unknown_rule(spot->rule)) {
        decide_unknown(m, spot, GONG_REASON_MISSING);
        return;
    }
    if (i->held != NEVER && i->state == GONG_ALERT_PENDING &&
        i->last > i->held) {
        i->since += i->last - i->held;
    }
    i->held = NEVER;
    if (result.present) {
        i->value = result.value;
        i->fed = present;
        decide_true(m, spot);
    } else {
        decide_false(m, spot, missing);
    }
}

static bool
can_be_true_by_silence(size_t r)
{
    return strstr(rules[r].spec.expr, " or ") != NULL ||
           strstr(rules[r].spec.expr, " unless ") != NULL;
}

/* Since when, while it settles, nothing is said for want of a sample that was
 * there when blind time began; INT64_MAX: something is said. */
static int64_t
held_since(const struct model *m, const struct spot *spot, bool result,
           unsigned present)
{
    const struct model_rule *rule = &rules[spot->rule];
    const struct instance *i =
        &m->instances[spot->rule][spot->device][spot->label];
    bool timed = rule->spec.interval_ms > 0 || is_presence(spot->rule);
    bool can_miss =
        i->state == GONG_ALERT_PENDING || i->state == GONG_ALERT_FIRING ||
        (i->state == GONG_ALERT_KEEPING && is_unknown_rule(spot->rule));
    int64_t stood = timed ? m->stood : m->clocks[spot->device].stood;
    int64_t since = INT64_MAX;

    if (m->settle == NEVER ||
        (!can_be_true_by_silence(spot->rule) &&
         (result || (i->fed & ~present) == 0 || !can_miss))) {
        return INT64_MAX;
    }
    stood = i->held != NEVER ? NEVER : stood;
    for (int leaf = 0; leaf < rule->leaf_count; leaf++) {
        const struct newest *n =
            leaf_newest(m, spot->rule, leaf, spot->device, spot->label);

        if (n != NULL && (present & (1u << leaf)) == 0 &&
            rule->leaves[leaf].metric < SAMPLED) {
            int64_t gone =
                n->stamp + lookback_of(m, spot->rule, spot->device) + 1;

            since = gone > stood && gone < since ? gone : since;
        }
    }
    return timed && since < m->resumed ? m->resumed : since;
}

static void
evaluate(struct model *m, size_t r, int device, int label, int64_t t,
         int64_t captured)
{
    const struct model_rule *rule = &rules[r];
    struct instance *i = &m->instances[r][device][label];
    struct opt in[3] = {{0}};
    struct spot spot;
    int64_t held = 0;
    unsigned present = 0;

    t = i->told > t ? i->told : t;
    for (int leaf = 0; leaf < rule->leaf_count; leaf++) {
        const struct newest *n = leaf_newest(m, r, leaf, device, label);

        if (rule->spec.interval_ms == 0 && n != NULL && n->stamp > t) {
            t = n->stamp;
        }
    }
    for (int leaf = 0; leaf < rule->leaf_count; leaf++) {
        const struct newest *n = leaf_newest(m, r, leaf, device, label);

        if (n != NULL && (n->stamp >= t - lookback_of(m, r, device) ||
                          rule->leaves[leaf].metric >= SAMPLED)) {
            in[leaf] = when(true, n->value);
            present |= 1u << leaf;
        }
    }
    i->last = t;
    spot = (struct spot){r, device, label, captured};
    if (m->lives[device].dark && is_unknown_rule(r) && !is_presence(r)) {
        decide_unknown(m, &spot, GONG_REASON_DARK);
        return;
    }
    held = held_since(m, &spot, rule->eval(in).present, present);
    if (held != INT64_MAX) {
        if (i->state != GONG_ALERT_INACTIVE && i->held == NEVER) {
            i->held = held;
        }
        return;
    }
    decide(m, &spot, rule->eval(in), present);
}

/* The next instant at which this instance could change by itself. */
static int64_t
next_instant(const struct model *m, size_t r, int device, int label)
{
    const struct rule_spec *spec = &rules[r].spec;
    const struct instance *i = &m->instances[r][device][label];
    int64_t next = INT64_MAX;

    if (i->last == NEVER || i->held != NEVER ||
        i->state == GONG_ALERT_UNKNOWN) {
        return next;
    }
    if (i->state == GONG_ALERT_PENDING) {
        next = i->since + spec->for_ms;
    } else if (i->state == GONG_ALERT_KEEPING) {
        next = i->told + spec->keep_ms;
    }
    for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
        const struct newest *n = leaf_newest(m, r, leaf, device, label);

        if (n != NULL && rules[r].leaves[leaf].metric < SAMPLED &&
            n->stamp + lookback_of(m, r, device) + 1 > i->last &&
            n->stamp + lookback_of(m, r, device) + 1 < next) {
            next = n->stamp + lookback_of(m, r, device) + 1;
        }
    }
    return next;
}

static void
consider(struct due *best, struct due candidate)
{
    if (candidate.journal < best->journal ||
        (candidate.journal == best->journal && candidate.at < best->at)) {
        *best = candidate;
    }
}

/* When a clock shows at. In its very first record it has no pace yet. */
static int64_t
journal_of(const struct clock *c, int64_t at)
{
    if (c->newest == NEVER) {
        return at;
    }
    return at <= c->floor ? c->arrival : at - c->newest + c->arrival;
}

/* What is due first of a device: of what runs on its clock, or with presence
 * of what reads its presence, on the journal's. */
static struct due
device_due(const struct model *m, int device, bool presence)
{
    const struct clock *c = &m->clocks[device];
    struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

    for (size_t r = 0; r < RULES; r++) {
        bool here =
            rules[r].spec.interval_ms == 0 && is_presence(r) == presence;

        for (int label = 0; here && label < LABELS; label++) {
            int64_t at = next_instant(m, r, device, label);

            if (at != INT64_MAX) {
                consider(&best,
                         (struct due){is_presence(r) ? at : journal_of(c, at),
                                      at, r, device, label});
            }
        }
    }
    return best;
}

static int64_t shown(const struct clock *c, int64_t now);

static bool
unit_is_dark(const struct model *m)
{
    int known = 0;
    int dark = 0;

    for (int d = 0; d < DEVICES; d++) {
        known += m->lives[d].known;
        dark += m->lives[d].dark;
    }
    return known > 1 && known == dark;
}

/* A series of presence, and all that reads it. */
static void
set_presence(struct model *m, int metric, int device, bool gone, bool value)
{
    struct newest *n = &m->series[device][NONE][metric];

    n->stamp = gone ? NEVER : m->journal;
    n->value = value;
    for (size_t r = 0; r < RULES; r++) {
        for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
            if (rules[r].leaves[leaf].metric == metric) {
                m->instances[r][device][NONE].waits = false;
                if (rules[r].spec.interval_ms == 0) {
                    evaluate(m, r, device, NONE, m->journal, 0);
                }
            }
        }
    }
}

static void
set_dark(struct model *m, int device)
{
    if (m->lives[device].known) {
        set_presence(m, DARK, device, unit_is_dark(m), m->lives[device].dark);
    }
}

static int
count_known(const struct model *m)
{
    int known = 0;

    for (int d = 0; d < DEVICES; d++) {
        known += m->lives[d].known;
    }
    return known;
}

/* After the life of a device changed: the unit's devices are gone before it is
 * dark, and come back after it is up. */
static void
announce(struct model *m, int device, bool unit_was_dark, int known_before)
{
    bool unit = unit_is_dark(m) != unit_was_dark ||
                (known_before < 2 && count_known(m) == 2);

    m->unit_dark += !unit_was_dark && unit_is_dark(m);
    if (unit && !unit_is_dark(m)) {
        set_presence(m, UNIT, 0, false, true);
    }
    for (int d = 0; d < DEVICES; d++) {
        if (unit || d == device) {
            set_dark(m, d);
        }
    }
    if (unit && unit_is_dark(m)) {
        set_presence(m, UNIT, 0, false, false);
    }
    set_presence(m, UP, device, false, !m->lives[device].dark);
}

static void
turn(struct model *m, int device, bool dark)
{
    struct life *life = &m->lives[device];
    bool was = unit_is_dark(m);
    int known = count_known(m);

    if (!life->known) {
        m->order[known] = device;
    }
    life->known = true;
    life->dark = dark;
    life->ended = life->ended && dark;
    for (size_t r = 0; dark && r < RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            if (rules[r].spec.interval_ms == 0 && is_unknown_rule(r) &&
                !is_presence(r) &&
                m->instances[r][device][label].state != GONG_ALERT_INACTIVE &&
                m->instances[r][device][label].last != NEVER) {
                evaluate(m, r, device, label,
                         shown(&m->clocks[device], m->journal), 0);
            }
        }
    }
    announce(m, device, was, known);
}

static void
heard(struct model *m, int device)
{
    struct life *life = &m->lives[device];

    life->heard = m->journal;
    if (life->ended) {
        return;
    }
    life->held = life->held && life->held_ended;
    if (!life->known || life->dark) {
        turn(m, device, false);
    }
}

/* What is open is looked at now, or on the next instant of its grid; what is
 * unknown or held waits. Nothing of the past is made up for. */
static void
look_back_further(struct model *m, int device, int64_t lookback)
{
    int64_t now = shown(&m->clocks[device],
                        m->blind_from != NEVER ? m->blind_from : m->journal);
    bool same = m->lives[device].declared == lookback;

    m->lives[device].declared = lookback;
    for (size_t r = 0; !same && now != NEVER && r < RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            struct instance *i = &m->instances[r][device][label];

            if (rules[r].spec.lookback_ms != 0 || is_presence(r)) {
                continue;
            }
            if (i->state == GONG_ALERT_INACTIVE) {
                i->waits = false;
                i->last =
                    i->last == NEVER || i->last > now - 1 ? i->last : now - 1;
            } else if (rules[r].spec.interval_ms == 0 && i->held == NEVER &&
                       i->state != GONG_ALERT_UNKNOWN) {
                m->relooked++;
                evaluate(m, r, device, label, now, 0);
            }
        }
    }
}

/* conn 0: none is named. */
static void
born(struct model *m, int device, int conn, int64_t every)
{
    struct life *life = &m->lives[device];

    life->silence = every == 0              ? 0
                    : every * 5 / 2 < 30000 ? 30000
                                            : every * 5 / 2;
    look_back_further(m, device, every * 5 / 2 > 300000 ? every * 5 / 2 : 0);
    if (life->dark && !life->ended && conn != 0 && conn == life->conn) {
        return;
    }
    life->conn = conn;
    life->held = false;
    life->ended = false;
    heard(m, device);
}

static void
gone(struct model *m, int device, int conn)
{
    struct life *life = &m->lives[device];
    bool ended = conn != 0 && conn == life->conn;

    if (!life->known || (conn != 0 && life->conn != 0 && !ended)) {
        return;
    }
    if (life->dark) {
        life->ended |= ended;
    } else if (m->blind_from != NEVER || m->settle != NEVER) {
        life->held_ended = ended || (life->held && life->held_ended);
        life->held = true;
    } else {
        life->ended = ended;
        turn(m, device, true);
    }
}

static void
end_held(struct model *m)
{
    int known = count_known(m);

    for (int n = 0; n < known; n++) {
        int d = m->order[n];
        struct life *life = &m->lives[d];

        if (life->held) {
            life->held = false;
            life->ended = life->held_ended;
            if (!life->dark) {
                turn(m, d, true);
            }
        }
    }
}

/* Whose silence ends first. */
static struct due
next_silence(const struct model *m)
{
    struct due best = {INT64_MAX, INT64_MAX, RULES, 0, 0};
    int known = count_known(m);

    for (int n = 0; n < known; n++) {
        int d = m->order[n];
        const struct life *life = &m->lives[d];
        int64_t from = life->heard > m->resumed ? life->heard : m->resumed;
        int64_t at = from + life->silence;

        at = at < m->settle ? m->settle : at;
        at = at < m->journal ? m->journal : at;
        if (!life->dark && life->silence != 0 && at < best.journal) {
            best = (struct due){at, at, RULES, d, 0};
        }
    }
    return best;
}

/* Whether a sample left the look-back since the last instant of the grid. */
static bool
is_news(const struct model *m, size_t r, int device, int label)
{
    for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
        const struct newest *n = leaf_newest(m, r, leaf, device, label);
        int64_t gone =
            n == NULL ? NEVER : n->stamp + lookback_of(m, r, device) + 1;

        if (gone > m->ran[r] && gone <= m->grids[r] &&
            rules[r].leaves[leaf].metric < SAMPLED) {
            return can_be_true_by_silence(r);
        }
    }
    return false;
}

static void
run_grid(struct model *m, size_t r)
{
    int64_t t = m->grids[r];

    for (int device = 0; device < DEVICES; device++) {
        for (int label = 0; label < LABELS; label++) {
            struct instance *i = &m->instances[r][device][label];

            if (i->state == GONG_ALERT_INACTIVE &&
                is_news(m, r, device, label)) {
                i->waits = false;
            }
            if (!i->waits) {
                evaluate(m, r, device, label, t, 0);
            }
        }
    }
    m->ran[r] = t;
    m->grids[r] += rules[r].spec.interval_ms;
}

/* What is due first of all devices. */
static struct due
first_due(const struct model *m)
{
    struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

    for (int device = 0; device < DEVICES; device++) {
        consider(&best, device_due(m, device, false));
        consider(&best, device_due(m, device, true));
    }
    return best;
}

/* Everything due before journal time limit. */
static void
run_timers(struct model *m, int64_t limit)
{
    struct due first = first_due(m);

    for (;;) {
        struct due best = first;
        struct due quiet;

        for (size_t r = 0; r < RULES; r++) {
            if (rules[r].spec.interval_ms > 0) {
                consider(&best,
                         (struct due){m->grids[r], m->grids[r], r, -1, 0});
            }
        }
        quiet = next_silence(m);
        if (quiet.journal <= best.journal && quiet.journal < limit) {
            m->journal = quiet.journal;
            turn(m, quiet.device, true);
            first = first_due(m);
            continue;
        }
        if (best.journal >= limit) {
            return;
        }
        if (best.journal > m->journal) {
            m->journal = best.journal;
        }
        if (best.device < 0) {
            run_grid(m, best.rule); /* nothing else is due for that */
        } else {
            evaluate(m, best.rule, best.device, best.label, best.at, 0);
            first = first_due(m);
        }
    }
}

/* Settling is over: everything on device time is looked at again; the grids
 * come by themselves. */
static void
look_again(struct model *m)
{
    run_timers(m, m->settle);
    m->journal = m->settle > m->journal ? m->settle : m->journal;
    m->settle = NEVER;
    end_held(m);
    for (size_t r = 0; r < RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            for (int l = 0; l < LABELS; l++) {
                struct instance *i = &m->instances[r][d][l];
                int64_t now = is_presence(r) ? m->journal
                                             : shown(&m->clocks[d], m->journal);

                bool look =
                    i->held != NEVER || (can_be_true_by_silence(r) &&
                                         i->state != GONG_ALERT_UNKNOWN);

                i->waits = i->waits && !look;
                if (look && rules[r].spec.interval_ms == 0 &&
                    i->last != NEVER) {
                    evaluate(m, r, d, l, now, 0);
                }
            }
        }
    }
}

static void
run_until(struct model *m, int64_t limit)
{
    if (m->blind_from != NEVER) {
        return;
    }
    if (m->settle != NEVER && limit > m->settle) {
        look_again(m);
    }
    run_timers(m, limit);
}

/* A grid has no instants in blind time, and `for` and keep on it stand still.
 */
static void
resume_grid(struct model *m, size_t r, int64_t now, int64_t blind)
{
    int64_t interval = rules[r].spec.interval_ms;

    if (interval == 0 && !is_presence(r)) {
        return;
    }
    if (interval > 0 && m->grids[r] < now) {
        m->grids[r] = (now + interval - 1) / interval * interval;
    }
    for (int d = 0; d < DEVICES; d++) {
        for (int l = 0; l < LABELS; l++) {
            struct instance *i = &m->instances[r][d][l];
            int64_t *from = i->state == GONG_ALERT_PENDING   ? &i->since
                            : i->state == GONG_ALERT_KEEPING ? &i->told
                                                             : NULL;

            if (from != NULL && *from < now) {
                *from = *from + blind < now ? *from + blind : now;
            }
            if (i->held != NEVER && i->held < now) {
                i->held = i->held + blind < now ? i->held + blind : now;
            }
        }
    }
}

static void
model_resume(struct model *m, int64_t now, int64_t blind, int64_t settle)
{
    int64_t seen = m->blind_from;

    if (m->blind_from != NEVER && now - m->blind_from > blind) {
        blind = now - m->blind_from;
    }
    if (m->blind_from == NEVER) {
        seen = now - blind > m->journal ? now - blind : m->journal;
        run_until(m, seen);
    }
    m->blind_from = NEVER;
    m->journal = now;
    m->stood = m->settle == NEVER ? seen : m->stood;
    m->resumed = now;
    for (int d = 0; d < DEVICES; d++) {
        struct clock *c = &m->clocks[d];

        if (c->newest != NEVER) {
            int64_t was = shown(c, seen);

            c->stood = m->settle == NEVER ? was : c->stood;
            c->floor = was > c->floor ? was : c->floor;
            c->arrival = c->arrival + blind < now ? c->arrival + blind : now;
        }
    }
    for (size_t r = 0; r < RULES; r++) {
        resume_grid(m, r, now, blind);
    }
    if (settle > 0 && now + settle > m->settle) {
        m->settle = now + settle;
    }
    if (m->settle == NEVER) {
        end_held(m);
    }
}

static void
run_device(struct model *m, int device, int64_t limit)
{
    for (;;) {
        struct due best = device_due(m, device, false);

        if (best.at >= limit) {
            return;
        }
        evaluate(m, best.rule, device, best.label, best.at, 0);
    }
}

struct sample {
    int64_t stamp;
    int label;
    int metric;
    double value;
};

static int64_t
shown(const struct clock *c, int64_t now)
{
    int64_t s = 0;

    if (c->newest == NEVER) {
        return NEVER;
    }
    s = c->newest + (now - c->arrival);
    return s > c->floor ? s : c->floor;
}

/* All samples with one stamp, then each rule that reads one of them, once. */
static void
model_stamp(struct model *m, int device, const struct sample *samples,
            size_t count, int64_t t)
{
    bool fresh[LABELS][METRICS] = {{false}};

    run_device(m, device, t);
    for (size_t s = 0; s < count; s++) {
        struct newest *n =
            &m->series[device][samples[s].label][samples[s].metric];

        if (samples[s].stamp == t && (n->stamp == NEVER || t > n->stamp)) {
            *n = (struct newest){t, samples[s].value};
            fresh[samples[s].label][samples[s].metric] = true;
        }
    }
    for (size_t r = 0; r < RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            bool touched = false;

            for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
                const struct leaf *l = &rules[r].leaves[leaf];

                touched |=
                    fresh[label][l->metric] && leaf_wants(l, l->metric, label);
            }
            if (touched) {
                m->instances[r][device][label].waits = false;
            }
            if (touched && rules[r].spec.interval_ms == 0) {
                evaluate(m, r, device, label, t, t);
            }
        }
    }
}

static void
model_data(struct model *m, int64_t now, int device,
           const struct sample *samples, size_t count)
{
    struct clock *c = &m->clocks[device];
    int64_t t = NEVER;
    int64_t seen = 0;
    int64_t before = 0;

    run_until(m, now);
    m->journal = now;
    heard(m, device);
    for (;;) { /* the stamps, ascending */
        int64_t next = INT64_MAX;

        for (size_t s = 0; s < count; s++) {
            if (samples[s].stamp > t && samples[s].stamp < next) {
                next = samples[s].stamp;
            }
        }
        if (next == INT64_MAX) {
            break;
        }
        t = next;
        model_stamp(m, device, samples, count, t);
    }
    seen = m->blind_from != NEVER ? m->blind_from : now; /* it stands */
    before = shown(c, seen);
    if (c->newest == NEVER || t > c->newest) {
        *c = (struct clock){t, now, before > t ? before : t, c->stood};
    }
    run_device(m, device, shown(c, seen));
}

static void
model_init(struct model *m)
{
    memset(m, 0, sizeof *m);
    m->blind_from = NEVER;
    m->settle = NEVER;
    m->resumed = NEVER;
    for (int d = 0; d < DEVICES; d++) {
        m->clocks[d].newest = NEVER;
        for (int l = 0; l < LABELS; l++) {
            for (int k = 0; k < METRICS; k++) {
                m->series[d][l][k].stamp = NEVER;
            }
            for (size_t r = 0; r < RULES; r++) {
                m->instances[r][d][l].told = NEVER;
                m->instances[r][d][l].last = NEVER;
                m->instances[r][d][l].held = NEVER;
            }
        }
    }
    for (size_t r = 0; r < RULES; r++) {
        int64_t interval = rules[r].spec.interval_ms;

        m->grids[r] = interval > 0 ? START / interval * interval : INT64_MAX;
    }
    text_clear(&m->effects);
}

/* xorshift: the same streams on every machine. */
static uint64_t random_state;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Within a record the order among instances is the engine's own. */
static void
sort_lines(struct text *text)
{
    char *lines[1024];
    struct text sorted = {0};
    size_t count = 0;
    char *rest = NULL;

    for (char *line = strtok_r(text->data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(count < 1024);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    text_clear(&sorted);
    for (size_t i = 0; i < count; i++) {
        text_add(&sorted, "%s\n", lines[i]);
    }
    text_free(text);
    *text = sorted;
}

struct stream {
    struct model model;
    struct gong_engine *engine;
    struct gong_engine *twin; /* read back from a snapshot of engine or twin */
    struct gong_ruleset *set;
    struct text effects;    /* the engine's */
    struct text bytes;      /* the same, every byte of them */
    struct text twin_bytes; /* the twin's */
    struct text payload;
    struct text points;
    int64_t now;
    int64_t skews[DEVICES];
    bool blinks; /* it is blind at times */
    bool slow;   /* samples lie far apart at times */
    int mute;    /* says nothing, -1: none */
    /* How many records had effects, such of darkness, only such that hide
     * something: to see that the streams say something. */
    uint64_t told;
    uint64_t unknown;
    uint64_t hid;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_line(&s->effects, effect);
    text_add(&s->effects,
             " journal %" PRId64 " captured %" PRId64 " hidden %" PRIu32 "\n",
             effect->journal_ms, effect->captured_ms, effect->hidden);
    effect_bytes(&s->bytes, effect);
}

static void
on_twin_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_bytes(&s->twin_bytes, effect);
}

/* The twin is left for one that is read back from it: or from the engine. */
static void
renew_twin(struct stream *s, bool from_twin)
{
    struct gong_snapshot_place place = {.position = 7};
    struct bytes bytes = {0};
    struct gong_snapshot_start start = {
        .emit = on_twin_effect, .ctx = s, .set = s->set};
    const struct gong_engine *from =
        from_twin && s->twin != NULL ? s->twin : s->engine;
    const char *why = "";

    assert_true(bytes_save(&bytes, from, &place));
    assert_int_equal(bytes.len, gong_engine_save_size(from));
    gong_engine_free(s->twin);
    if (bytes_restore(&bytes, &start, &s->twin, &why) != GONG_OK) {
        fail_msg("not restored: %s", why);
    }
    bytes_free(&bytes);
}

static void
apply(struct stream *s, const struct gong_record *record)
{
    assert_int_equal(gong_engine_apply(s->engine, record), GONG_OK);
    if (s->twin != NULL) {
        assert_int_equal(gong_engine_apply(s->twin, record), GONG_OK);
        assert_true(gong_engine_deadline(s->engine) ==
                    gong_engine_deadline(s->twin));
    }
}

static struct gong_ruleset *
new_rules(void)
{
    struct rule_spec specs[RULES];

    for (size_t r = 0; r < RULES; r++) {
        specs[r] = rules[r].spec;
    }
    return make_rules(specs, RULES);
}

/* After a change of rules what is due right now is looked at, maybe again. */
static void
forget_looks(struct model *m)
{
    int64_t seen = m->blind_from != NEVER ? m->blind_from : m->journal;

    for (size_t r = 0; r < RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            int64_t now = shown(&m->clocks[d], seen);

            for (int l = 0; l < LABELS; l++) {
                struct instance *i = &m->instances[r][d][l];

                i->waits = i->waits && i->state != GONG_ALERT_INACTIVE;
                if (i->last != NEVER && now != NEVER && i->last >= now) {
                    i->last = now - 1;
                }
            }
        }
    }
}

/* The same rules again: nothing may be forgotten. */
static void
reload(struct stream *s)
{
    struct gong_ruleset *set = new_rules();
    struct gong_rules_report report;

    assert_int_equal(gong_engine_set_rules(s->engine, set, 0, s->now, &report),
                     GONG_OK);
    assert_int_equal(report.kept, s->set == NULL ? 0 : RULES);
    if (s->twin != NULL) {
        assert_int_equal(
            gong_engine_set_rules(s->twin, set, 0, s->now, &report), GONG_OK);
        assert_int_equal(report.kept, RULES);
    }
    gong_ruleset_free(s->set);
    s->set = set;
    run_until(&s->model, s->now);
    s->model.journal = s->now;
    forget_looks(&s->model);
}

static void
tick(struct stream *s)
{
    struct gong_record record = clock_record(s->now);

    apply(s, &record);
    run_until(&s->model, s->now + 1);
    s->model.journal = s->now;
}

/* Blind from here on, or for some time until now. */
static void
blind(struct stream *s)
{
    bool begins = s->model.blind_from == NEVER && any(3) == 0;
    int64_t ms = begins ? -1 : (int64_t)any(80) * 500;
    int64_t settle = (int64_t)any(4) * 4500;
    struct gong_record record;

    if (ms > 0) {
        s->now += ms + (int64_t)any(3) * 500 - 500;
    }
    record = resume_record(&s->payload, s->now, ms, settle);
    apply(s, &record);
    if (ms >= 0) {
        model_resume(&s->model, s->now, ms, settle);
        return;
    }
    run_until(&s->model, s->now);
    s->model.journal = s->now;
    s->model.blind_from = s->now;
}

/* The whole unit says goodbye, in whatever order. */
static void
blackout(struct stream *s)
{
    for (int device = 0; device < DEVICES; device++) {
        char name[8];
        struct gong_record record;

        (void)snprintf(name, sizeof name, "d%d", device);
        record = status_record(&s->payload, s->now, "s", name,
                               "{\"state\":\"offline\"}");
        apply(s, &record);
        run_until(&s->model, s->now);
        s->model.journal = s->now;
        gone(&s->model, device, 0);
        s->now += (int64_t)any(4) * 1000;
    }
}

static int
any_device(struct stream *s)
{
    int device = (int)any(DEVICES);

    return device == s->mute ? (device + 1) % DEVICES : device;
}

/* A birth, a will, a cleared one, or one that means nothing. */
static void
status(struct stream *s)
{
    static const int64_t everies[] = {0, 4000, 16000, 8000, 150000, 240000};
    int device = any_device(s);
    int conn = (int)any(3);
    uint64_t what = any(10);
    int64_t every = everies[any(6)];
    char name[8];
    char conns[32] = "";
    char text[128] = "";
    struct gong_record record;

    (void)snprintf(name, sizeof name, "d%d", device);
    if (conn != 0) {
        (void)snprintf(conns, sizeof conns, ",\"conn\":\"%x\"", conn);
    }
    if (what < 4) {
        (void)snprintf(text, sizeof text,
                       "{\"state\":\"online\"%s,\"every\":{%s%" PRId64 "%s}}",
                       conns, every == 0 ? "" : "\"m\":", every / 1000, "");
        if (every == 0) {
            (void)snprintf(text, sizeof text, "{\"state\":\"online\"%s}",
                           conns);
        }
    } else if (what < 9) {
        (void)snprintf(text, sizeof text, "{\"state\":\"offline\"%s}", conns);
    } else if (conn != 0) {
        (void)snprintf(text, sizeof text, "{\"state\":\"offline\"");
    }
    record = status_record(&s->payload, s->now, "s", name, text);
    apply(s, &record);
    run_until(&s->model, s->now);
    s->model.journal = s->now;
    if (what < 4) {
        born(&s->model, device, conn, every);
    } else if (what < 9) {
        gone(&s->model, device, conn);
    }
    s->mute = (int)any(2 * DEVICES) - DEVICES;
}

static void
data(struct stream *s)
{
    static const char *const keys[] = {"m,k=x", "m,k=y", "m"};
    static const char *const fields[] = {"a", "b", "c", "d"};
    static const char *const names[] = {"d0", "d1", "d2"};
    int device = any_device(s);
    struct sample samples[8];
    size_t count = 1 + any(8);
    int64_t stamp = s->now + s->skews[device] - (int64_t)any(4) * 500;
    struct gong_record record;

    text_clear(&s->points);
    for (size_t i = 0; i < count; i++) {
        if (any(3) == 0) {
            stamp = s->now + s->skews[device] - (int64_t)any(16) * 500;
        }
        samples[i] = (struct sample){stamp, (int)any(LABELS), (int)any(SAMPLED),
                                     (double)any(11)};
        text_add(&s->points, "%s %s=%g %" PRId64 "\n", keys[samples[i].label],
                 fields[samples[i].metric], samples[i].value, stamp);
    }
    record =
        data_record(&s->payload, s->now, "s", names[device], s->points.data);
    record.meta.wall_ns = INT64_MAX / 2; /* far: nothing is shifted */
    apply(s, &record);
    model_data(&s->model, s->now, device, samples, count);
}

static void
step(struct stream *s)
{
    int64_t deadline = gong_engine_deadline(s->engine);
    uint64_t what = any(100);

    s->now += (int64_t)any(8) * 500;
    if (any(20) == 0) {
        s->now += (int64_t)any(60) * 500;
    }
    if (s->slow && any(12) == 0) { /* beyond the usual look-back */
        s->now += (int64_t)any(500) * 1000;
    }
    if (what < 10 && deadline != INT64_MAX && deadline >= s->now) {
        s->now = deadline;
    }
    if (what < 15) {
        tick(s);
    } else if (what < 18) {
        reload(s);
    } else if (what < 21 && s->blinks) {
        blind(s);
    } else if (what < 31) {
        status(s);
    } else if (what < 33) {
        blackout(s);
    } else {
        data(s);
    }
}

static void
check_states(struct stream *s)
{
    struct gong_engine_stats stats;
    uint64_t pending = 0;
    uint64_t firing = 0;
    uint64_t unknown = 0;
    uint64_t dark = 0;

    for (int d = 0; d < DEVICES; d++) {
        dark += s->model.lives[d].dark;
    }
    for (size_t r = 0; r < RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            for (int l = 0; l < LABELS; l++) {
                enum gong_alert_state state = s->model.instances[r][d][l].state;

                pending += state == GONG_ALERT_PENDING;
                firing +=
                    state == GONG_ALERT_FIRING || state == GONG_ALERT_KEEPING;
                unknown += state == GONG_ALERT_UNKNOWN;
            }
        }
    }
    gong_engine_stats(s->engine, &stats);
    assert_int_equal(stats.pending, pending);
    assert_int_equal(stats.firing, firing);
    assert_int_equal(stats.unknown, unknown);
    assert_int_equal(stats.devices_dark, dark);
}

static void
play(struct stream *s, uint64_t seed)
{
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    model_init(&s->model);
    s->engine = gong_engine_new(NULL, on_effect, s);
    assert_non_null(s->engine);
    s->now = START;
    s->blinks = seed % 2 == 0;
    s->slow = seed % 7 == 1;
    s->mute = -1;
    s->skews[0] = 0;
    s->skews[1] = -120000;
    s->skews[2] = (int64_t)any(5) * 500 - 1000;
    text_clear(&s->effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    reload(s);
    for (int i = 0; i < RECORDS; i++) {
        step(s);
        sort_lines(&s->effects);
        sort_lines(&s->model.effects);
        if (strcmp(s->effects.data, s->model.effects.data) != 0) {
            /* A message of the test library is cut. */
            (void)fprintf(stderr, "engine:\n%smodel:\n%s", s->effects.data,
                          s->model.effects.data);
            fail_msg("stream %" PRIu64 " record %d journal %" PRId64
                     "\n%s\nengine:\n%smodel:\n%s",
                     seed, i, s->now, s->points.data, s->effects.data,
                     s->model.effects.data);
        }
        if (s->twin != NULL) {
            assert_string_equal(s->bytes.data, s->twin_bytes.data);
        }
        if ((seed + (uint64_t)i) % 7 == 0) {
            renew_twin(s, i % 2 == 0);
        }
        s->told += s->effects.len != 0;
        s->unknown += strstr(s->effects.data, "->unknown dark") != NULL;
        s->hid += strstr(s->effects.data, " hidden 0\n") == NULL &&
                  s->effects.len != 0;
        text_clear(&s->effects);
        text_clear(&s->bytes);
        text_clear(&s->twin_bytes);
        text_clear(&s->model.effects);
    }
    check_states(s);
    gong_engine_free(s->engine);
    gong_engine_free(s->twin);
    gong_ruleset_free(s->set);
    text_free(&s->effects);
    text_free(&s->bytes);
    text_free(&s->twin_bytes);
    text_free(&s->payload);
    text_free(&s->points);
    text_free(&s->model.effects);
}

/* GONG_MODEL_STREAMS asks for more in long runs, for fewer where a sanitizer
 * makes each one slow; GONG_MODEL_FIRST for others than the first ones. */
static uint64_t
number_of(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);
    uint64_t number = text == NULL ? usual : strtoull(text, NULL, 10);

    assert_true(number > 0);
    return number;
}

static void
test_random_streams(void **state)
{
    const uint64_t streams = number_of("GONG_MODEL_STREAMS", STREAMS);
    const uint64_t first = number_of("GONG_MODEL_FIRST", 1);
    uint64_t told = 0;
    uint64_t unknown = 0;
    uint64_t hid = 0;
    uint64_t unit_dark = 0;
    uint64_t relooked = 0;

    (void)state;
    for (uint64_t seed = first; seed < first + streams; seed++) {
        struct stream s = {0};

        play(&s, seed);
        told += s.told;
        unknown += s.unknown;
        hid += s.hid;
        unit_dark += (uint64_t)s.model.unit_dark;
        relooked += (uint64_t)s.model.relooked;
    }
    if (streams < SUMMED) {
        return;
    }
    /* Most records change something, or the comparison proves little. */
    assert_true(told > streams * RECORDS / 3);
    assert_true(unknown > streams);
    assert_true(hid > 0);
    assert_true(unit_dark > streams / 2);
    assert_true(relooked > streams / 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_streams),
    };

    return cmocka_run_group_tests_name("engine_model", tests, NULL, NULL);
}
