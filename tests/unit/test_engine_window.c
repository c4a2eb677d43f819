/*
 * The engine's windows against a model that keeps every sample in plain arrays:
 * at every record it asks each instance when time alone shows it something
 * else, by the words of semantics rules 3, 6 and 7, and goes through these
 * instants one by one. Random streams, with late and equal samples, gaps,
 * skewed clocks and reloads, must give the same effects. Beside the engine runs
 * a twin that is saved and read back again and again.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/range_fn.h"
#include "snapshot_bytes.h"

#define DEVICES 2
#define LABELS  2 /* k="x", none */
#define METRICS 2
#define LEAVES  2
#define MANY    2000
#define STREAMS 150
#define RECORDS 120
#define TICK    15000
#define START   INT64_C(10000000)
#define NEVER   INT64_MIN

struct opt {
    bool present;
    double value;
};

struct leaf {
    int metric;
    int64_t range; /* 0: the newest sample */
    int64_t offset;
    enum gong_range_fn fn;
    double param;
    bool stamp;
};

struct model_rule {
    struct rule_spec spec;
    struct opt (*eval)(const struct opt *in, double now);
    int leaf_count;
    struct leaf leaves[LEAVES];
    bool moves;
};

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

static const struct model_rule rules[] = {
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
     NULL,
     2,
     {A(6000, 0, MAX), B(0, 1000, AVG)},
     false},
};
#define RULES (sizeof rules / sizeof rules[0])

static struct opt
result_of(size_t r, const struct opt *in, double now)
{
    if (rules[r].eval != NULL) {
        return rules[r].eval(in, now);
    }
    return when(in[0].present && in[0].value > 8 && in[1].present &&
                    in[1].value < 7,
                in[0].value);
}

struct instance {
    enum gong_alert_state state;
    int64_t since;
    int64_t told;
    int64_t last; /* instant of the last evaluation */
    double value;
    unsigned fed;
    int64_t held;
};

struct series {
    struct gong_sample samples[MANY];
    size_t count;
};

struct clock {
    int64_t newest;
    int64_t arrival;
    int64_t floor;
};

struct model {
    struct series series[DEVICES][LABELS][METRICS];
    struct instance instances[RULES][DEVICES][LABELS];
    struct clock clocks[DEVICES];
    int64_t grids[RULES];
    int64_t journal;
    struct text effects;
};

/* One selector of an instance at t. */
struct sight {
    const struct series *series;
    const struct leaf *leaf;
    int64_t from;
    int64_t to;
    int64_t t;
    int64_t reach;
};

static struct sight
sight_of(const struct model *m, size_t r, int leaf, int device, int label,
         int64_t t)
{
    const struct leaf *l = &rules[r].leaves[leaf];
    const struct series *s = &m->series[device][label][l->metric];
    int64_t lookback =
        rules[r].spec.lookback_ms == 0 ? 300000 : rules[r].spec.lookback_ms;
    struct sight out = {.series = s, .leaf = l};

    out.t = s->count > 0 && s->samples[s->count - 1].ms > t
                ? s->samples[s->count - 1].ms
                : t;
    out.reach = l->offset + (l->range > 0 ? l->range : lookback);
    out.to = out.t - l->offset;
    out.from = out.t - out.reach;
    return out;
}

static size_t
collect(const struct sight *sight, struct gong_sample *out)
{
    size_t count = 0;

    for (size_t i = 0; i < sight->series->count; i++) {
        const struct gong_sample *s = &sight->series->samples[i];

        if (s->ms >= sight->from && s->ms <= sight->to) {
            out[count++] = *s;
        }
    }
    return count;
}

static struct opt
see(const struct sight *sight, bool *fed)
{
    static struct gong_sample samples[MANY];
    static double scratch[MANY];
    size_t count = collect(sight, samples);
    struct gong_range_call call = {
        .fn = sight->leaf->fn,
        .start_ms = sight->from,
        .end_ms = sight->to,
        .at_ms = sight->t,
        .params = {sight->leaf->param, 0},
    };
    struct opt out = {false, 0};

    *fed = count > 0;
    if (sight->leaf->range > 0) {
        out.present = count > 0 && gong_range_fn_run(&call, samples, count,
                                                     scratch, &out.value);
    } else if (count > 0) {
        out =
            when(true, sight->leaf->stamp ? (double)samples[count - 1].ms / 1000
                                          : samples[count - 1].value);
    }
    return out;
}

struct spot {
    size_t rule;
    int device;
    int label;
    int64_t captured;
};

static void
tell(struct model *m, const struct spot *spot, enum gong_alert_state to,
     enum gong_effect_reason reason)
{
    struct instance *i = &m->instances[spot->rule][spot->device][spot->label];

    text_add(&m->effects,
             "%s{device=\"d%d\"%s,site=\"s\"} %s->%s %s at %" PRId64
             " since %" PRId64 " value %.17g journal %" PRId64
             " captured %" PRId64 "\n",
             rules[spot->rule].spec.alert, spot->device,
             spot->label == 0 ? ",k=\"x\"" : "",
             gong_alert_state_text(i->state), gong_alert_state_text(to),
             gong_effect_reason_text(reason), i->last, i->since, i->value,
             m->journal, spot->captured);
    i->state = to;
    i->told = i->last;
}

static void
decide_true(struct model *m, const struct spot *spot, struct instance *i)
{
    int64_t for_ms = rules[spot->rule].spec.for_ms;

    if (i->state == GONG_ALERT_INACTIVE) {
        i->since = i->last;
        tell(m, spot, for_ms == 0 ? GONG_ALERT_FIRING : GONG_ALERT_PENDING,
             GONG_REASON_CONDITION);
    } else if (i->state == GONG_ALERT_PENDING && i->last - i->since >= for_ms) {
        tell(m, spot, GONG_ALERT_FIRING, GONG_REASON_FOR);
    } else if (i->state == GONG_ALERT_KEEPING ||
               i->state == GONG_ALERT_UNKNOWN) {
        tell(m, spot, GONG_ALERT_FIRING, GONG_REASON_CONDITION);
    }
}

static void
decide_false(struct model *m, const struct spot *spot, struct instance *i,
             bool missing)
{
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
       unsigned fed)
{
    struct instance *i = &m->instances[spot->rule][spot->device][spot->label];
    bool missing = !result.present && (i->fed & ~fed) != 0;

    if (missing &&
        rules[spot->rule].spec.on_missing == GONG_ON_MISSING_UNKNOWN) {
        if (i->state == GONG_ALERT_PENDING) {
            i->held = i->held == NEVER ? i->last : i->held;
        } else if (i->state == GONG_ALERT_FIRING ||
                   i->state == GONG_ALERT_KEEPING) {
            tell(m, spot, GONG_ALERT_UNKNOWN, GONG_REASON_MISSING);
        }
        return;
    }
    if (i->held != NEVER && i->last > i->held) {
        i->since += i->last - i->held;
    }
    i->held = NEVER;
    if (result.present) {
        i->value = result.value;
        i->fed = fed;
        decide_true(m, spot, i);
    } else {
        decide_false(m, spot, i, missing);
    }
}

static void
evaluate(struct model *m, size_t r, int device, int label, int64_t t,
         int64_t captured)
{
    struct instance *i = &m->instances[r][device][label];
    struct spot spot = {r, device, label, captured};
    struct opt in[LEAVES] = {{false, 0}};
    unsigned fed = 0;

    t = i->told > t ? i->told : t;
    for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
        struct sight sight = sight_of(m, r, leaf, device, label, t);

        t = rules[r].spec.interval_ms == 0 ? sight.t : t;
    }
    for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
        struct sight sight = sight_of(m, r, leaf, device, label, t);
        bool has = false;

        in[leaf] = see(&sight, &has);
        fed |= has ? 1u << leaf : 0;
    }
    i->last = t;
    decide(m, &spot, result_of(r, in, (double)t / 1000), fed);
}

static int64_t
after(int64_t best, int64_t candidate, int64_t t)
{
    return candidate > t && candidate < best ? candidate : best;
}

/* When time alone shows a selector something else, after t. */
static int64_t
leaf_due(const struct sight *sight, int64_t t, bool moves)
{
    int64_t seen = NEVER;
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < sight->series->count; i++) {
        int64_t ms = sight->series->samples[i].ms;

        if (sight->leaf->offset > 0) {
            next = after(next, ms + sight->leaf->offset, t);
        }
        if (sight->leaf->range > 0) {
            next = after(next, ms + sight->reach + 1, t);
        }
        seen = ms <= sight->to && ms >= sight->from ? ms : seen;
    }
    if (seen != NEVER && sight->leaf->range == 0) {
        next = after(next, seen + sight->reach + 1, t);
    }
    return seen != NEVER && moves ? after(next, t - t % TICK + TICK, t) : next;
}

static int64_t
next_instant(const struct model *m, size_t r, int device, int label)
{
    const struct instance *i = &m->instances[r][device][label];
    int64_t next = INT64_MAX;

    if (i->last == NEVER || i->held != NEVER ||
        i->state == GONG_ALERT_UNKNOWN || rules[r].spec.interval_ms > 0) {
        return next;
    }
    if (i->state == GONG_ALERT_PENDING) {
        next = i->since + rules[r].spec.for_ms;
    } else if (i->state == GONG_ALERT_KEEPING) {
        next = i->told + rules[r].spec.keep_ms;
    }
    for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
        struct sight sight = sight_of(m, r, leaf, device, label, i->last);
        int64_t due = leaf_due(&sight, i->last, rules[r].moves);

        next = due < next ? due : next;
    }
    return next;
}

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

static int64_t
journal_of(const struct clock *c, int64_t at)
{
    if (c->newest == NEVER) {
        return at;
    }
    return at <= c->floor ? c->arrival : at - c->newest + c->arrival;
}

struct due {
    int64_t journal;
    int64_t at;
    size_t rule;
    int device; /* -1: the grid */
    int label;
};

static void
consider(struct due *best, struct due candidate)
{
    if (candidate.journal < best->journal ||
        (candidate.journal == best->journal && candidate.at < best->at)) {
        *best = candidate;
    }
}

static struct due
device_due(const struct model *m, int device)
{
    struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

    for (size_t r = 0; r < RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            int64_t at = next_instant(m, r, device, label);

            if (at != INT64_MAX) {
                consider(&best, (struct due){
                                    journal_of(&m->clocks[device], at),
                                    at,
                                    r,
                                    device,
                                    label,
                                });
            }
        }
    }
    return best;
}

static void
run_until(struct model *m, int64_t limit)
{
    for (;;) {
        struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

        for (int device = 0; device < DEVICES; device++) {
            consider(&best, device_due(m, device));
        }
        for (size_t r = 0; r < RULES; r++) {
            if (rules[r].spec.interval_ms > 0) {
                consider(&best,
                         (struct due){m->grids[r], m->grids[r], r, -1, 0});
            }
        }
        if (best.journal >= limit) {
            return;
        }
        m->journal = best.journal > m->journal ? best.journal : m->journal;
        if (best.device >= 0) {
            evaluate(m, best.rule, best.device, best.label, best.at, 0);
            continue;
        }
        for (int d = 0; d < DEVICES; d++) {
            for (int l = 0; l < LABELS; l++) {
                evaluate(m, best.rule, d, l, best.at, 0);
            }
        }
        m->grids[best.rule] += rules[best.rule].spec.interval_ms;
    }
}

static void
run_device(struct model *m, int device, int64_t limit)
{
    for (;;) {
        struct due best = device_due(m, device);

        if (best.at >= limit) {
            return;
        }
        evaluate(m, best.rule, device, best.label, best.at, 0);
    }
}

struct point {
    int64_t stamp;
    int label;
    int metric;
    double value;
    bool late;
};

static bool
has_stamp(const struct series *s, int64_t ms)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->samples[i].ms == ms) {
            return true;
        }
    }
    return false;
}

static void
add_sample(struct series *s, struct gong_sample sample)
{
    size_t at = s->count++;

    assert_true(s->count < MANY);
    for (; at > 0 && s->samples[at - 1].ms > sample.ms; at--) {
        s->samples[at] = s->samples[at - 1];
    }
    s->samples[at] = sample;
}

/* Evaluates what reads one of the series; of the past only, or at all. */
static void
evaluate_readers(struct model *m, int device, bool fresh[LABELS][METRICS],
                 bool past, int64_t t, int64_t captured)
{
    for (size_t r = 0; r < RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            bool touched = false;

            for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
                const struct leaf *l = &rules[r].leaves[leaf];

                touched |= fresh[label][l->metric] &&
                           (!past || l->range > 0 || l->offset > 0);
            }
            if (touched && rules[r].spec.interval_ms == 0) {
                evaluate(m, r, device, label, t, captured);
            }
        }
    }
}

static void
model_stamp(struct model *m, int device, struct point *points, size_t count,
            int64_t t)
{
    bool fresh[LABELS][METRICS] = {{false}};

    run_device(m, device, t);
    for (size_t p = 0; p < count; p++) {
        struct series *s =
            &m->series[device][points[p].label][points[p].metric];

        if (points[p].stamp != t) {
            continue;
        }
        points[p].late = s->count > 0 && t < s->samples[s->count - 1].ms;
        if (s->count == 0 || t > s->samples[s->count - 1].ms) {
            add_sample(s, (struct gong_sample){t, points[p].value});
            fresh[points[p].label][points[p].metric] = true;
        }
    }
    evaluate_readers(m, device, fresh, false, t, t);
}

/* How far back a series is read at all. */
static int64_t
kept(int metric)
{
    int64_t most = 0;

    for (size_t r = 0; r < RULES; r++) {
        for (int leaf = 0; leaf < rules[r].leaf_count; leaf++) {
            const struct leaf *l = &rules[r].leaves[leaf];

            if (l->metric == metric && l->range + l->offset > most) {
                most = l->range + l->offset;
            }
        }
    }
    return most;
}

/* Whether some rule may still see it: within its reach, or as the one that was
 * newest there. */
static bool
is_kept(const struct series *s, int64_t ms, int64_t keep)
{
    int64_t from = s->samples[s->count - 1].ms - keep;

    for (size_t i = 0; i < s->count && ms < from; i++) {
        if (s->samples[i].ms > ms && s->samples[i].ms < from) {
            return false;
        }
    }
    return true;
}

static void
take_late(struct model *m, int device, const struct point *points, size_t count,
          int64_t now, int64_t captured)
{
    bool fresh[LABELS][METRICS] = {{false}};
    int64_t t = NEVER;

    for (;;) { /* by stamp */
        int64_t next = INT64_MAX;

        for (size_t p = 0; p < count; p++) {
            if (points[p].stamp > t && points[p].stamp < next) {
                next = points[p].stamp;
            }
        }
        if (next == INT64_MAX) {
            break;
        }
        t = next;
        for (size_t p = 0; p < count; p++) {
            struct series *s =
                &m->series[device][points[p].label][points[p].metric];

            if (points[p].stamp == t && points[p].late && !has_stamp(s, t) &&
                is_kept(s, t, kept(points[p].metric))) {
                add_sample(s, (struct gong_sample){t, points[p].value});
                fresh[points[p].label][points[p].metric] = true;
            }
        }
    }
    evaluate_readers(m, device, fresh, true, now, captured);
}

static void
model_data(struct model *m, int64_t now, int device, struct point *points,
           size_t count)
{
    struct clock *c = &m->clocks[device];
    int64_t t = NEVER;
    int64_t before = 0;

    run_until(m, now);
    m->journal = now;
    for (;;) { /* the stamps, ascending */
        int64_t next = INT64_MAX;

        for (size_t p = 0; p < count; p++) {
            if (points[p].stamp > t && points[p].stamp < next) {
                next = points[p].stamp;
            }
        }
        if (next == INT64_MAX) {
            break;
        }
        t = next;
        model_stamp(m, device, points, count, t);
    }
    before = shown(c, now);
    if (c->newest == NEVER || t > c->newest) {
        *c = (struct clock){t, now, before > t ? before : t};
    }
    run_device(m, device, shown(c, now));
    take_late(m, device, points, count, shown(c, now), t);
}

static void
model_init(struct model *m)
{
    struct text effects = m->effects;

    memset(m, 0, sizeof *m);
    m->effects = effects;
    for (int d = 0; d < DEVICES; d++) {
        m->clocks[d].newest = NEVER;
        for (int l = 0; l < LABELS; l++) {
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
    char *lines[2048];
    struct text sorted = {0};
    size_t count = 0;
    char *rest = NULL;

    for (char *line = strtok_r(text->data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(count < 2048);
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
    struct gong_engine *twin; /* read back from a snapshot of the engine */
    struct gong_ruleset *set;
    struct text effects;
    struct text bytes;
    struct text twin_bytes;
    struct text payload;
    struct text points;
    int64_t now;
    int64_t skews[DEVICES];
    uint64_t told[RULES];
    bool forgets; /* what has been silent for long, at once */
    uint64_t expired;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_line(&s->effects, effect);
    text_add(&s->effects, " journal %" PRId64 " captured %" PRId64 "\n",
             effect->journal_ms, effect->captured_ms);
    effect_bytes(&s->bytes, effect);
    s->told[strtoul(effect->rule->alert + 1, NULL, 10)]++;
}

static void
on_twin_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_bytes(&s->twin_bytes, effect);
}

static void
renew_twin(struct stream *s)
{
    struct gong_snapshot_place place = {.position = 7};
    struct bytes bytes = {0};
    struct gong_snapshot_start start = {
        .emit = on_twin_effect, .ctx = s, .set = s->set};
    const char *why = "";

    assert_true(bytes_save(
        &bytes, s->twin != NULL && any(2) == 0 ? s->twin : s->engine, &place));
    gong_engine_free(s->twin);
    if (bytes_restore(&bytes, &start, &s->twin, &why) != GONG_OK) {
        fail_msg("not restored: %s", why);
    }
    bytes_free(&bytes);
    if (s->forgets) {
        forget_soon(s->twin);
    }
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

/* After a change of rules what is due right now is looked at, maybe again. */
static void
forget_looks(struct model *m)
{
    for (size_t r = 0; r < RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            int64_t now = shown(&m->clocks[d], m->journal);

            for (int l = 0; l < LABELS; l++) {
                struct instance *i = &m->instances[r][d][l];

                if (i->last != NEVER && now != NEVER && i->last >= now) {
                    i->last = now - 1;
                }
            }
        }
    }
}

/* The same rules again: their windows go on. */
static void
reload(struct stream *s)
{
    struct rule_spec specs[RULES];
    struct gong_ruleset *set = NULL;
    struct gong_rules_report report;

    for (size_t r = 0; r < RULES; r++) {
        specs[r] = rules[r].spec;
    }
    set = make_rules(specs, RULES);
    assert_int_equal(gong_engine_set_rules(s->engine, set, 0, s->now, &report),
                     GONG_OK);
    assert_int_equal(report.kept, s->set == NULL ? 0 : RULES);
    if (s->twin != NULL) {
        assert_int_equal(
            gong_engine_set_rules(s->twin, set, 0, s->now, &report), GONG_OK);
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

static void
data(struct stream *s)
{
    static const char *const keys[] = {"m,k=x", "m"};
    static const char *const fields[] = {"a", "b"};
    static const char *const names[] = {"d0", "d1"};
    int device = (int)any(DEVICES);
    struct point points[8];
    size_t count = 1 + any(8);
    int64_t stamp = s->now + s->skews[device] - (int64_t)any(4) * 500;
    struct gong_record record;

    text_clear(&s->points);
    for (size_t i = 0; i < count; i++) {
        if (any(3) == 0) {
            stamp = s->now + s->skews[device] - (int64_t)any(30) * 500;
        }
        points[i] = (struct point){stamp, (int)any(LABELS), (int)any(METRICS),
                                   (double)any(22) / 2, false};
        text_add(&s->points, "%s %s=%g %" PRId64 "\n", keys[points[i].label],
                 fields[points[i].metric], points[i].value, stamp);
    }
    record =
        data_record(&s->payload, s->now, "s", names[device], s->points.data);
    apply(s, &record);
    model_data(&s->model, s->now, device, points, count);
}

/* The lines of text that other has not. */
static void
print_others(const char *who, const struct text *text, const struct text *other)
{
    char *lines = strdup(text->data);
    char *rest = NULL;

    assert_non_null(lines);
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(other->data, line) == NULL) {
            print_error("%s: %s\n", who, line);
        }
    }
    free(lines);
}

static void
check(struct stream *s, unsigned round, unsigned step)
{
    sort_lines(&s->effects);
    sort_lines(&s->model.effects);
    if (strcmp(s->effects.data, s->model.effects.data) != 0) {
        print_others("engine", &s->effects, &s->model.effects);
        print_others("model", &s->model.effects, &s->effects);
        fail_msg("stream %u, record %u at %" PRId64, round, step, s->now);
    }
    if (s->twin != NULL) {
        assert_string_equal(s->bytes.data, s->twin_bytes.data);
    }
    text_clear(&s->effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    text_clear(&s->model.effects);
}

static void
run_stream(struct stream *s, unsigned round)
{
    random_state = 0x9e3779b97f4a7c15u * (round + 1);
    model_init(&s->model);
    s->engine = gong_engine_new(NULL, on_effect, s);
    assert_non_null(s->engine);
    s->forgets = round % 3 == 0;
    if (s->forgets) {
        forget_soon(s->engine);
    }
    s->now = START;
    s->model.journal = START;
    for (int d = 0; d < DEVICES; d++) {
        s->skews[d] = -(int64_t)any(5) * 700;
    }
    text_clear(&s->effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    reload(s);
    for (unsigned step = 0; step < RECORDS; step++) {
        s->now += (int64_t)any(4) * 500 + (any(25) == 0 ? 20000 : 0);
        if (s->forgets && any(30) == 0) {
            s->now += 600000 + (int64_t)any(2400) * 500;
        }
        if (any(30) == 0) {
            reload(s);
        } else if (any(5) == 0) {
            tick(s);
        } else {
            data(s);
        }
        check(s, round, step);
        if (any(15) == 0) {
            renew_twin(s);
        }
    }
    s->expired += engine_expired(s->engine);
    gong_engine_free(s->engine);
    gong_engine_free(s->twin);
    gong_ruleset_free(s->set);
    s->engine = NULL;
    s->twin = NULL;
    s->set = NULL;
}

static void
test_random_streams(void **state)
{
    static struct stream s;
    const char *few = getenv("GONG_MODEL_STREAMS");
    unsigned streams = few == NULL ? STREAMS : (unsigned)strtoul(few, NULL, 10);

    (void)state;
    for (unsigned round = 0; round < streams; round++) {
        run_stream(&s, round);
    }
    for (size_t r = 0; r < RULES && few == NULL; r++) {
        if (s.told[r] < streams) {
            fail_msg("%s says too little: %" PRIu64, rules[r].spec.expr,
                     s.told[r]);
        }
    }
    /* Most of them hold on to an alert that is unknown. */
    assert_true(few != NULL || s.expired > 0);
    text_free(&s.effects);
    text_free(&s.bytes);
    text_free(&s.twin_bytes);
    text_free(&s.payload);
    text_free(&s.points);
    text_free(&s.model.effects);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_streams),
    };

    return cmocka_run_group_tests_name("engine_window", tests, NULL, NULL);
}
