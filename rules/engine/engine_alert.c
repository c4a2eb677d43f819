/* engine_alert: an instance's alert: that it has one, its changes, and what is
 * told of them. */
#include "rules/engine/engine_general.h"

void
gong_engine_describe(const struct gong_live *live,
                     const struct gong_alert *alert, struct gong_effect *effect)
{
    uint32_t metric = alert->metric;
    const struct gong_book_rule *rule =
        &live->book
             .rules[gong_instance_at(&live->binds, alert->instance)->rule];
    enum gong_severity worst = (enum gong_severity)alert->severity;

    metric = rule->metric != 0 ? rule->metric : metric;
    effect->rule = rule->rule;
    effect->metric =
        metric == 0 ? gong_str_of("")
                    : gong_symbol_text(live->binds.labelsets->symbols, metric);
    effect->at_ms = alert->told_ms;
    effect->since_ms = alert->since_ms;
    effect->value = alert->value;
    effect->presence = rule->presence;
    effect->worst = worst > rule->severity ? worst : GONG_SEVERITY_OTHER;
    effect->hidden = alert->hidden;
}

void
gong_engine_tell(struct gong_engine *engine, const struct gong_live *live,
                 const struct gong_alert *alert,
                 const struct gong_alert_change *change,
                 const struct gong_cause *cause)
{
    uint32_t labels = gong_bind_labels(
        &live->binds, gong_instance_at(&live->binds, alert->instance));
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
    gong_effect_render(engine->space, &engine->labelsets, labels, &effect);
    engine->stats.transitions++;
    engine->emit(engine->ctx, &effect);
    if (live == engine->live &&
        gong_engine_note_alert(
            engine, gong_instance_at(&live->binds, alert->instance)->rule,
            &effect) != GONG_OK) {
        engine->short_of_memory = true;
    }
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
                 enum gong_alert_event event, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    struct gong_alert *alert = gong_alert_at(&live->alerts, i->alert);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    struct gong_alert_change change = {0};

    if (!gong_alert_step(alert, &rule->terms, event, t, &change)) {
        return false;
    }
    if (rule->presence && change.to == GONG_ALERT_FIRING &&
        change.from <= GONG_ALERT_PENDING) {
        gong_engine_judge(engine, alert);
    }
    gong_live_count(live, change.from, change.to);
    gong_engine_tell(engine, live, alert, &change, cause);
    return true;
}
