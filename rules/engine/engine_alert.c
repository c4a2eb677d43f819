/* engine_alert: an instance's alert: that it has one, its changes, and what is
 * told of them. */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_step.h"
#include "rules/engine/engine_live.h"

/* The name that results of a plan keep. */
static struct gong_str
name_of(const struct gong_live *live, const struct gong_book_rule *rule)
{
    return rule->metric == 0
               ? gong_str_of("")
               : gong_symbol_text(live->binds.labelsets->symbols, rule->metric);
}

void
gong_engine_describe(const struct gong_live *live,
                     const struct gong_alert *alert, struct gong_effect *effect)
{
    const struct gong_book_rule *rule =
        &live->book
             .rules[gong_instance_at(&live->binds, alert->instance)->rule];
    enum gong_severity worst = (enum gong_severity)alert->severity;
    enum gong_severity own = gong_book_severity(rule, alert->level);

    effect->rule = rule->rule;
    effect->metric = name_of(live, rule);
    effect->at_ms = alert->told_ms;
    effect->since_ms = alert->since_ms;
    effect->value = alert->value;
    effect->presence = rule->presence;
    effect->worst = worst > own ? worst : GONG_SEVERITY_OTHER;
    effect->hidden = alert->hidden;
    effect->from_level = rule->terms.levels == 0 ? 0 : alert->level;
    effect->to_level = effect->from_level;
}

void
gong_engine_render(struct gong_engine *engine, const struct gong_live *live,
                   const struct gong_alert *alert, struct gong_effect *effect)
{
    const struct gong_instance *i =
        gong_instance_at(&live->binds, alert->instance);

    engine->space->city = live->book.city;
    effect->has_trend = live == engine->live &&
                        gong_engine_trend(engine->live, alert, &effect->trend);
    gong_effect_render(engine->space, &engine->labelsets,
                       gong_bind_labels(&live->binds, i), alert->source,
                       effect);
}

/* The severity that ALERTS has at a level (effect_render.h). */
static unsigned
shown(unsigned level)
{
    return level == 0 ? 1 : level;
}

/* ALERTS after a change; an alert of the rules before is no rule's any more.
 * With another level it is another series: the one of
 * the level before ends. */
static enum gong_err
note_change(struct gong_engine *engine, const struct gong_live *live,
            const struct gong_alert *alert, struct gong_effect *effect)
{
    struct gong_effect before = *effect;
    uint32_t rule = live == engine->live
                        ? gong_instance_at(&live->binds, alert->instance)->rule
                        : GONG_BOOK_NONE;
    enum gong_err err = GONG_OK;

    if (effect->rule->level_count == 0 || effect->to == GONG_ALERT_INACTIVE ||
        effect->from == GONG_ALERT_INACTIVE ||
        shown(effect->from_level) == shown(effect->to_level)) {
        return gong_engine_note_alert(engine, rule, effect);
    }
    before.to = GONG_ALERT_INACTIVE;
    before.to_level = effect->from_level;
    gong_engine_render(engine, live, alert, &before);
    err = gong_engine_note_alert(engine, rule, &before);
    before = *effect;
    before.from = GONG_ALERT_INACTIVE;
    gong_engine_render(engine, live, alert, &before);
    return err == GONG_OK ? gong_engine_note_alert(engine, rule, &before) : err;
}

void
gong_engine_tell(struct gong_engine *engine, const struct gong_live *live,
                 const struct gong_alert *alert,
                 const struct gong_alert_change *change,
                 const struct gong_cause *cause)
{
    struct gong_effect effect = {
        .position = engine->position,
        .ordinal = engine->ordinal++,
        .journal_ms = engine->journal_ms,
        .from = change->from,
        .to = change->to,
        .reason = change->reason,
        .captured_ms = cause->captured_ms,
        .published_ms = cause->published_ms,
        .received_ms = cause->received_ms,
    };

    gong_engine_describe(live, alert, &effect);
    effect.from_level = change->from_level;
    effect.to_level = change->to_level;
    gong_engine_render(engine, live, alert, &effect);
    engine->stats.transitions++;
    engine->emit(engine->ctx, &effect);
    if (!effect.rule->trial && !effect.rule->own &&
        note_change(engine, live, alert, &effect) != GONG_OK) {
        engine->short_of_memory = true;
    }
}

/* Whether an alert's label of this name is the rule's, whatever the series
 * says: its labels win, and so does the name that it has itself. */
static bool
is_overruled(const struct gong_rule *rule, struct gong_str name)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        if (gong_str_is(name, rule->labels[i].name)) {
            return true;
        }
    }
    return gong_str_is(name, "alertname") ||
           (rule->level_count > 0 && gong_str_is(name, "severity"));
}

static bool
has_overruled(const struct gong_rule *rule,
              const struct gong_label_view *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_overruled(rule, labels[i].name)) {
            return true;
        }
    }
    return false;
}

/* Whether two sorted lists of labels differ in nothing but what the rule says
 * itself. */
static bool
agree(const struct gong_rule *rule, const struct gong_label_view *a,
      size_t a_count, const struct gong_label_view *b, size_t b_count)
{
    size_t i = 0;
    size_t k = 0;

    for (;; i++, k++) {
        while (i < a_count && is_overruled(rule, a[i].name)) {
            i++;
        }
        while (k < b_count && is_overruled(rule, b[k].name)) {
            k++;
        }
        if (i == a_count || k == b_count) {
            return i == a_count && k == b_count;
        }
        if (!gong_str_equal(a[i].name, b[k].name) ||
            !gong_str_equal(a[i].value, b[k].value)) {
            return false;
        }
    }
}

static uint64_t
fingerprint_of(struct gong_engine *engine, const struct gong_live *live,
               const struct gong_instance *i)
{
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    struct gong_effect effect = {.rule = rule->rule,
                                 .metric = name_of(live, rule)};

    gong_effect_render(engine->space, &engine->labelsets,
                       gong_bind_labels(&live->binds, i), 0, &effect);
    return effect.fingerprint;
}

/* Whether an instance has an alert with these labels. */
static bool
is_twin(struct gong_engine *engine, uint32_t other, uint64_t fingerprint)
{
    const struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, other);

    return i->alert != 0 &&
           gong_alert_at(&live->alerts, i->alert)->state !=
               GONG_ALERT_INACTIVE &&
           fingerprint_of(engine, live, i) == fingerprint;
}

/* Among the alerts of the rule's other groups: labels are rendered only of
 * those that nothing else tells apart. */
static bool
is_group_taken(struct gong_engine *engine, uint32_t instance,
               const struct gong_label_view *labels, size_t count)
{
    const struct gong_live *live = engine->live;
    const struct gong_instance *mine = gong_instance_at(&live->binds, instance);
    const struct gong_rule *rule = live->book.rules[mine->rule].rule;
    uint64_t fingerprint = fingerprint_of(engine, live, mine);
    struct gong_label_view views[GONG_LABELSET_MAX];

    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);
        const struct gong_instance *i = NULL;
        size_t views_count = 0;

        if (alert->state == GONG_ALERT_INACTIVE) {
            continue; /* or nobody's */
        }
        i = gong_instance_at(&live->binds, alert->instance);
        if (i->rule != mine->rule || i == mine) {
            continue;
        }
        views_count = gong_labelset_views(
            &engine->labelsets, gong_bind_labels(&live->binds, i), views);
        if (agree(rule, labels, count, views, views_count) &&
            is_twin(engine, alert->instance, fingerprint)) {
            return true;
        }
    }
    return false;
}

/* Among what else the rule says of the same device. */
static bool
is_series_taken(struct gong_engine *engine, uint32_t instance)
{
    const struct gong_live *live = engine->live;
    const struct gong_binds *binds = &live->binds;
    const struct gong_instance *mine = gong_instance_at(binds, instance);
    const struct gong_series *home =
        gong_series_at(binds, gong_bind_home(binds, mine));
    uint64_t fingerprint = fingerprint_of(engine, live, mine);

    for (uint32_t s = gong_bind_family(binds, home->device); s != 0;
         s = gong_bind_sibling(binds, s)) {
        const struct gong_series *series = gong_series_at(binds, s);
        const struct gong_attachment *a =
            gong_attachment_at(binds, series->attachment);

        /* What another rule's entry leads to may be no instance at all. */
        for (uint32_t k = 0; k < a->count; k++) {
            uint32_t other = gong_binding_at(binds, series->bindings + k);

            if (gong_entry_at(binds, a->first + k)->rule == mine->rule &&
                other != instance && is_twin(engine, other, fingerprint)) {
                return true;
            }
        }
    }
    return false;
}

bool
gong_engine_is_taken(struct gong_engine *engine, uint32_t instance)
{
    const struct gong_live *live = engine->live;
    const struct gong_instance *mine = gong_instance_at(&live->binds, instance);
    const struct gong_book_rule *rule = &live->book.rules[mine->rule];
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = gong_labelset_views(
        &engine->labelsets, gong_bind_labels(&live->binds, mine), labels);

    if (!has_overruled(rule->rule, labels, count)) {
        return false;
    }
    return rule->form == GONG_FORM_AGGREGATE
               ? is_group_taken(engine, instance, labels, count)
               : is_series_taken(engine, instance);
}

bool
gong_engine_add_alert(struct gong_live *live, uint32_t instance)
{
    struct gong_instance *i = gong_instance_at(&live->binds, instance);

    i->alert = gong_alerts_add(&live->alerts, instance);
    if (i->alert == 0) {
        return false;
    }
    if (gong_bind_is_busy(&live->binds, i)) {
        gong_series_at(&live->binds, i->leaves)->busy++;
    }
    return true;
}

void
gong_engine_remove_alert(struct gong_live *live, uint32_t instance)
{
    struct gong_instance *i = gong_instance_at(&live->binds, instance);

    gong_alerts_remove(&live->alerts, i->alert);
    i->alert = 0;
    if (gong_bind_is_busy(&live->binds, i)) {
        gong_series_at(&live->binds, i->leaves)->busy--;
    }
}

bool
gong_engine_step(struct gong_engine *engine, uint32_t instance, int64_t t,
                 struct gong_engine_word word, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    struct gong_alert *alert = gong_alert_at(&live->alerts, i->alert);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    struct gong_alert_change change = {0};

    if (!gong_alert_step(alert, &rule->terms, word.event, word.reach, t,
                         &change)) {
        return false;
    }
    if (rule->presence && change.to == GONG_ALERT_FIRING &&
        change.from <= GONG_ALERT_PENDING) {
        gong_engine_judge(engine, alert);
    }
    gong_live_count(live, rule, change.from, change.to);
    gong_engine_tell(engine, live, alert, &change, cause);
    return true;
}
