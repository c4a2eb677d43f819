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
            int severity = model_rules[r].worse == NULL ? model_severity(r)
                           : other->level == 2          ? 3
                                                        : 2;

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
tell_level(struct model *m, const struct spot *spot, enum gong_alert_state to,
           int level, enum gong_effect_reason reason)
{
    struct instance *i = instance_at(m, spot);
    static const char *const ks[] = {",k=\"x\"", ",k=\"y\"", ""};
    static const char *const severities[] = {"", "severity=\"info\",",
                                             "severity=\"warning\",",
                                             "severity=\"critical\","};
    bool leveled = model_rules[spot->rule].worse != NULL;
    int shown = level != 0 ? level : i->level;
    int own = !leveled ? model_severity(spot->rule) : shown == 2 ? 3 : 2;
    char device[32] = "";
    char levels[32] = "";

    if (to == GONG_ALERT_FIRING && i->state <= GONG_ALERT_PENDING) {
        judge(m, spot);
    }
    if (model_rules[spot->rule].leaves[0].metric != UNIT) {
        (void)snprintf(device, sizeof device, "device=\"d%d\"%s,", spot->device,
                       ks[spot->label]);
    }
    if (leveled && (i->level != 0 || level != 0)) {
        (void)snprintf(levels, sizeof levels, " level %d->%d", i->level, level);
    }
    text_add(&m->effects,
             "%s{%s%ssite=\"s\"} %s->%s %s at %" PRId64 " since %" PRId64
             " value %.17g%s journal %" PRId64 " captured %" PRId64
             " hidden %d\n",
             model_rules[spot->rule].spec.alert, device,
             severities[i->worst > own ? i->worst : own],
             gong_alert_state_text(i->state), gong_alert_state_text(to),
             gong_effect_reason_text(reason), i->last, i->since, i->value,
             levels, m->journal, spot->captured, i->hidden);
    i->state = to;
    i->level = level;
    i->told = i->last;
    if (to != GONG_ALERT_PENDING && to != GONG_ALERT_FIRING) {
        i->climb = NEVER;
    }
}

static void
tell(struct model *m, const struct spot *spot, enum gong_alert_state to,
     enum gong_effect_reason reason)
{
    tell_level(m, spot, to,
               to <= GONG_ALERT_PENDING ? 0 : instance_at(m, spot)->level,
               reason);
}

/* The worst level up to reach that has been for its `for`, or that it has been
 * at. */
static int
counted(const struct model *m, const struct spot *spot, int reach)
{
    const struct instance *i =
        &m->instances[spot->rule][spot->device][spot->label];
    const struct rule_spec *spec = &model_rules[spot->rule].spec;

    if (reach == 2 &&
        (i->level == 2 || i->last - i->climb >= spec->worse_for_ms)) {
        return 2;
    }
    return i->level >= 1 || i->last - i->since >= spec->for_ms ? 1 : 0;
}

/* Rules 10 to 12, one by one. */
static void
decide_true(struct model *m, const struct spot *spot, int reach)
{
    struct instance *i = instance_at(m, spot);
    int level = 0;

    if (i->state == GONG_ALERT_INACTIVE) {
        i->since = i->last;
        i->worst = 0;
        i->hidden = 0;
    }
    i->climb = reach < 2 ? NEVER : i->climb == NEVER ? i->last : i->climb;
    level = counted(m, spot, reach);
    if (i->state == GONG_ALERT_INACTIVE) {
        tell_level(m, spot, level == 0 ? GONG_ALERT_PENDING : GONG_ALERT_FIRING,
                   level, GONG_REASON_CONDITION);
    } else if (i->state == GONG_ALERT_PENDING && level > 0) {
        tell_level(m, spot, GONG_ALERT_FIRING, level, GONG_REASON_FOR);
    } else if (i->state == GONG_ALERT_FIRING && level != i->level) {
        tell_level(m, spot, GONG_ALERT_FIRING, level, GONG_REASON_LEVEL);
    } else if (i->state == GONG_ALERT_KEEPING ||
               i->state == GONG_ALERT_UNKNOWN) {
        tell_level(m, spot, GONG_ALERT_FIRING, level, GONG_REASON_CONDITION);
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

/* What the clauses of a rule say of an instance (rule 11). */
struct word {
    struct opt result; /* of the worst one that is true */
    int reach;         /* the level that is true or holds; 0: none */
    bool over;         /* nothing is true, and what could hold is resolved */
};

static struct opt
ask(struct opt (*clause)(const struct opt *in), const struct opt *in)
{
    return clause == NULL ? (struct opt){false, 0} : clause(in);
}

static struct word
listen(const struct model *m, const struct spot *spot, const struct opt *in)
{
    const struct model_rule *rule = &model_rules[spot->rule];
    const struct instance *i =
        &m->instances[spot->rule][spot->device][spot->label];
    struct opt first = rule->eval(in);
    struct opt second = ask(rule->worse, in);
    bool holds1 = i->level >= 1 && rule->ends != NULL;
    bool holds2 = i->level >= 2 && rule->worse_ends != NULL;
    bool on1 = first.present || (holds1 && !ask(rule->ends, in).present);
    bool on2 = second.present || (holds2 && !ask(rule->worse_ends, in).present);
    struct word word = {second.present ? second : first,
                        on2   ? 2
                        : on1 ? 1
                              : 0,
                        false};

    word.over = word.reach == 0 && (holds1 || holds2);
    return word;
}

static void
decide(struct model *m, const struct spot *spot, const struct word *word,
       unsigned present)
{
    struct instance *i = instance_at(m, spot);
    bool missing =
        !word->result.present && !word->over && (i->fed & ~present) != 0;

    if (missing && model_is_unknown(spot->rule)) {
        decide_unknown(m, spot, GONG_REASON_MISSING);
        return;
    }
    if (i->held != NEVER && i->last > i->held) {
        int64_t stood = i->last - i->held;

        i->since += i->state == GONG_ALERT_PENDING ? stood : 0;
        i->climb += i->climb != NEVER && i->level < 2 ? stood : 0;
    }
    i->held = NEVER;
    if (word->result.present) {
        i->value = word->result.value;
        i->fed = present;
        decide_true(m, spot, word->reach);
    } else if (word->over) {
        tell(m, spot, GONG_ALERT_INACTIVE, GONG_REASON_RESOLVE);
    } else if (word->reach > 0 && !missing) {
        decide_true(m, spot, word->reach);
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
    struct word word;
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
    word = listen(m, &spot, in);
    held = held_since(m, &spot, word.result.present || word.over, present);
    if (held != INT64_MAX) {
        if (i->state != GONG_ALERT_INACTIVE && i->held == NEVER) {
            i->held = held;
        }
        return;
    }
    decide(m, &spot, &word, present);
}
