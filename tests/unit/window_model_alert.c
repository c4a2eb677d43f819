#include "window_model.h"

#include <inttypes.h>

struct sight
model_sight(const struct model *m, size_t r, int leaf, int device, int label,
            int64_t t)
{
    const struct leaf *l = &window_rules[r].leaves[leaf];
    const struct series *s = &m->series[device][label][l->metric];
    int64_t lookback = window_rules[r].spec.lookback_ms == 0
                           ? 300000
                           : window_rules[r].spec.lookback_ms;
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
        out.present = true;
        out.value = sight->leaf->stamp ? (double)samples[count - 1].ms / 1000
                                       : samples[count - 1].value;
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
             window_rules[spot->rule].spec.alert, spot->device,
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
    int64_t for_ms = window_rules[spot->rule].spec.for_ms;

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
    int64_t keep_ms = window_rules[spot->rule].spec.keep_ms;
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
        window_rules[spot->rule].spec.on_missing == GONG_ON_MISSING_UNKNOWN) {
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

void
model_evaluate(struct model *m, size_t r, int device, int label, int64_t t,
               int64_t captured)
{
    struct instance *i = &m->instances[r][device][label];
    struct spot spot = {r, device, label, captured};
    struct opt in[LEAVES] = {{false, 0}};
    unsigned fed = 0;

    t = i->told > t ? i->told : t;
    for (int leaf = 0; leaf < window_rules[r].leaf_count; leaf++) {
        struct sight sight = model_sight(m, r, leaf, device, label, t);

        t = window_rules[r].spec.interval_ms == 0 ? sight.t : t;
    }
    for (int leaf = 0; leaf < window_rules[r].leaf_count; leaf++) {
        struct sight sight = model_sight(m, r, leaf, device, label, t);
        bool has = false;

        in[leaf] = see(&sight, &has);
        fed |= has ? 1u << leaf : 0;
    }
    i->last = t;
    decide(m, &spot, window_rules[r].eval(in, (double)t / 1000), fed);
}
