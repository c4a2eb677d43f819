#include "engine_model.h"

#include <inttypes.h>
#include <stdio.h>

int64_t
model_lookback(const struct model *m, size_t r, int device)
{
    int64_t own = model_rules[r].spec.lookback_ms;
    int64_t declared = m->lives[device].declared;

    return own != 0 ? own : declared > 300000 ? declared : 300000;
}

const struct newest *
model_newest(const struct model *m, size_t r, int leaf, int device, int label)
{
    const struct leaf *l = &model_rules[r].leaves[leaf];
    const struct newest *n = &m->series[device][label][l->metric];

    return model_leaf_wants(l, l->metric, label) && n->stamp != NEVER ? n
                                                                      : NULL;
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

static void
judge_device(const struct model *m, int device, struct instance *i)
{
    for (size_t r = 0; r < MODEL_RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            const struct instance *other = &m->instances[r][device][label];
            int severity = model_severity(r);

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
    bool unit = model_rules[spot->rule].leaves[0].metric == UNIT;

    for (int d = 0; model_is_presence(spot->rule) && d < DEVICES; d++) {
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
    int own = model_severity(spot->rule);
    char device[32] = "";

    if (to == GONG_ALERT_FIRING && i->state <= GONG_ALERT_PENDING) {
        judge(m, spot);
    }
    if (model_rules[spot->rule].leaves[0].metric != UNIT) {
        (void)snprintf(device, sizeof device, "device=\"d%d\"%s,", spot->device,
                       ks[spot->label]);
    }
    text_add(&m->effects,
             "%s{%s%ssite=\"s\"} %s->%s %s at %" PRId64 " since %" PRId64
             " value %.17g journal %" PRId64 " captured %" PRId64
             " hidden %d\n",
             model_rules[spot->rule].spec.alert, device,
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
    int64_t for_ms = model_rules[spot->rule].spec.for_ms;

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
    int64_t keep_ms = model_rules[spot->rule].spec.keep_ms;
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

    if (missing && model_is_unknown(spot->rule)) {
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

/* Since when, while it settles, nothing is said for want of a sample that was
 * there when blind time began; INT64_MAX: something is said. */
static int64_t
held_since(const struct model *m, const struct spot *spot, bool result,
           unsigned present)
{
    const struct model_rule *rule = &model_rules[spot->rule];
    const struct instance *i =
        &m->instances[spot->rule][spot->device][spot->label];
    bool timed = rule->spec.interval_ms > 0 || model_is_presence(spot->rule);
    bool can_miss =
        i->state == GONG_ALERT_PENDING || i->state == GONG_ALERT_FIRING ||
        (i->state == GONG_ALERT_KEEPING && model_is_unknown(spot->rule));
    int64_t stood = timed ? m->stood : m->clocks[spot->device].stood;
    int64_t since = INT64_MAX;

    if (m->settle == NEVER ||
        (!model_can_be_true_by_silence(spot->rule) &&
         (result || (i->fed & ~present) == 0 || !can_miss))) {
        return INT64_MAX;
    }
    stood = i->held != NEVER ? NEVER : stood;
    for (int leaf = 0; leaf < rule->leaf_count; leaf++) {
        const struct newest *n =
            model_newest(m, spot->rule, leaf, spot->device, spot->label);

        if (n != NULL && (present & (1u << leaf)) == 0 &&
            rule->leaves[leaf].metric < SAMPLED) {
            int64_t gone =
                n->stamp + model_lookback(m, spot->rule, spot->device) + 1;

            since = gone > stood && gone < since ? gone : since;
        }
    }
    return timed && since < m->resumed ? m->resumed : since;
}

/* At rest a sample leaves a timer of its instant to be seen: the device may be
 * up by then. */
static void
evaluate_dark(struct model *m, const struct spot *spot, int64_t before)
{
    struct instance *i = instance_at(m, spot);

    decide_unknown(m, spot, GONG_REASON_DARK);
    if (spot->captured != 0 && i->state == GONG_ALERT_INACTIVE) {
        i->last = before > i->last - 1 ? before : i->last - 1;
    }
}

void
model_evaluate(struct model *m, size_t r, int device, int label, int64_t t,
               int64_t captured)
{
    const struct model_rule *rule = &model_rules[r];
    struct instance *i = &m->instances[r][device][label];
    struct opt in[3] = {{0}};
    struct spot spot;
    int64_t held = 0;
    int64_t before = 0;
    unsigned present = 0;

    t = i->told > t ? i->told : t;
    for (int leaf = 0; leaf < rule->leaf_count; leaf++) {
        const struct newest *n = model_newest(m, r, leaf, device, label);

        if (rule->spec.interval_ms == 0 && n != NULL && n->stamp > t) {
            t = n->stamp;
        }
    }
    for (int leaf = 0; leaf < rule->leaf_count; leaf++) {
        const struct newest *n = model_newest(m, r, leaf, device, label);

        if (n != NULL && (n->stamp >= t - model_lookback(m, r, device) ||
                          rule->leaves[leaf].metric >= SAMPLED)) {
            in[leaf] = (struct opt){true, n->value};
            present |= 1u << leaf;
        }
    }
    before = i->last;
    i->last = t;
    spot = (struct spot){r, device, label, captured};
    if (m->lives[device].dark && model_is_unknown(r) && !model_is_presence(r)) {
        evaluate_dark(m, &spot, before);
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
