/*
 * engine_aggregate: rules that aggregate what series say: their members follow
 * the series, their groups have the alerts, on journal time.
 *
 *   sample -> member -> group, touched or armed -> total -> outer -> alert
 *
 * A group's timer comes when its first member goes, or when its alert changes
 * by time. One that is empty, at rest and without a timer is used again.
 */
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_step.h"
#include "rules/engine/engine_data.h"

/* Finds the group of a member, or makes it. */
static enum gong_err
join(struct gong_engine *engine, struct gong_live *live, uint32_t labelset,
     uint32_t rule, uint32_t member)
{
    uint32_t group = 0;
    uint32_t set = gong_aggregate_labelset(live->book.rules[rule].aggregate,
                                           &engine->labelsets, labelset);
    enum gong_err err = set == 0
                            ? GONG_ERR_MEMORY
                            : gong_bind_group(&live->binds, rule, set, &group);

    if (err != GONG_OK) {
        return err;
    }
    return gong_groups_join(&live->binds.groups, group, member)
               ? GONG_OK
               : GONG_ERR_MEMORY;
}

/* What a series' newest sample says, to its place in its group. */
static enum gong_err
write_member(struct gong_engine *engine, struct gong_live *live,
             const struct gong_series *series, uint32_t rule, uint32_t member)
{
    const struct gong_book_rule *r = &live->book.rules[rule];
    struct gong_groups *groups = &live->binds.groups;
    double value = 0;
    bool present = gong_aggregate_member(r->aggregate, series->value, &value);

    if (gong_member_at(groups, member)->group == 0) {
        enum gong_err err = join(engine, live, series->labelset, rule, member);

        if (err != GONG_OK) {
            return err;
        }
    }
    gong_groups_set(groups, member, present, value,
                    series->stamp + gong_bind_lookback(r, series));
    return GONG_OK;
}

enum gong_err
gong_engine_feed_member(struct gong_engine *engine,
                        const struct gong_series *series, uint32_t rule,
                        uint32_t member)
{
    struct gong_live *live = engine->live;
    const struct gong_groups *groups = &live->binds.groups;
    const struct gong_instance *i = NULL;
    uint32_t instance = 0;
    enum gong_err err = write_member(engine, live, series, rule, member);

    if (err == GONG_ERR_TOO_LARGE) {
        engine->stats.over_limit++;
        return GONG_OK;
    }
    if (err != GONG_OK) {
        return err;
    }
    instance =
        gong_group_at(groups, gong_member_at(groups, member)->group)->instance;
    if (live->book.rules[rule].interval_ms == 0) {
        return gong_engine_touch(engine, instance);
    }
    i = gong_instance_at(&live->binds, instance);
    return i->news != 0 && i->timer != 0
               ? GONG_OK
               : gong_engine_arm_grid(engine, instance);
}

int64_t
gong_engine_counts_at(const struct gong_engine *engine, int64_t t)
{
    int64_t stood =
        gong_timers_stood(&engine->live->timers, GONG_CLOCK_JOURNAL);

    return engine->settle_ms != GONG_NEVER && t > stood ? stood : t;
}

/* A series' members of all rules. */
static enum gong_err
join_series(struct gong_engine *engine, struct gong_live *live, uint32_t series,
            int64_t t)
{
    const struct gong_binds *binds = &live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);
    enum gong_err err = GONG_OK;

    for (uint32_t i = 0; i < a->count && err == GONG_OK; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);
        uint32_t member = gong_binding_at(binds, s->bindings + i);

        if (entry->form != GONG_FORM_AGGREGATE ||
            gong_member_at(&binds->groups, member)->group != 0 ||
            s->stamp + gong_bind_lookback(&live->book.rules[entry->rule], s) <
                t) {
            continue;
        }
        err = write_member(engine, live, s, entry->rule, member);
        err = err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
    }
    return err;
}

enum gong_err
gong_engine_join_members(struct gong_engine *engine, struct gong_live *live,
                         int64_t t)
{
    enum gong_err err = GONG_OK;

    if (live->binds.groups.members.count == 0) {
        return GONG_OK;
    }
    for (uint32_t n = 1; n < live->binds.series.count && err == GONG_OK; n++) {
        if (gong_series_at(&live->binds, n)->stamp != GONG_STAMP_NONE) {
            err = join_series(engine, live, n, t);
        }
    }
    return err;
}

bool
gong_engine_has_members(const struct gong_live *live,
                        const struct gong_instance *instance)
{
    return gong_group_at(&live->binds.groups, instance->leaves)->live != 0;
}

static enum gong_err
become_true(struct gong_engine *engine, uint32_t instance, double value,
            int64_t t, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);

    bool rests =
        i->alert == 0 ||
        gong_alert_at(&live->alerts, i->alert)->state == GONG_ALERT_INACTIVE;

    if (rests && gong_engine_is_taken(engine, instance)) {
        gong_engine_note_twin(engine, i->rule, t);
        return GONG_OK;
    }
    if (i->alert == 0 && !gong_engine_add_alert(live, instance)) {
        return GONG_ERR_MEMORY;
    }
    gong_alert_at(&live->alerts, i->alert)->value = value;
    (void)gong_engine_step(engine, instance, t,
                           (struct gong_engine_word){GONG_ALERT_TRUE, 1},
                           cause);
    return GONG_OK;
}

/* While it settles that is held. On journal time no instant to come lies before
 * this one, so an alert at rest is forgotten at once. */
static void
become_false(struct gong_engine *engine, uint32_t instance, int64_t t,
             bool empty, const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    uint32_t n = gong_instance_at(&live->binds, instance)->alert;
    struct gong_alert *alert = gong_alert_at(&live->alerts, n);

    if (engine->settle_ms != GONG_NEVER) {
        alert->held_ms = alert->held_ms == GONG_ALERT_FREE ? t : alert->held_ms;
        return;
    }
    (void)gong_engine_step(
        engine, instance, t,
        (struct gong_engine_word){empty ? GONG_ALERT_MISSING : GONG_ALERT_FALSE,
                                  0},
        cause);
    if (gong_alert_at(&live->alerts, n)->state == GONG_ALERT_INACTIVE) {
        gong_engine_remove_alert(live, instance);
    }
}

/* Sees to it that it is looked at when time alone changes something; settling
 * ends with a look at all of them. */
static enum gong_err
arm(struct gong_engine *engine, uint32_t instance, int64_t first)
{
    const struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    const struct gong_alert *alert =
        i->alert == 0 ? NULL : gong_alert_at(&live->alerts, i->alert);
    int64_t due = INT64_MAX;

    if (alert != NULL && alert->held_ms == GONG_ALERT_FREE) {
        due = gong_alert_due(alert, &rule->terms);
    }
    if (engine->settle_ms == GONG_NEVER && first < due) {
        due = first + 1;
    }
    if (due == INT64_MAX) {
        return GONG_OK;
    }
    return gong_engine_arm_at(engine, instance,
                              rule->interval_ms > 0
                                  ? gong_engine_on_grid(due, rule->interval_ms)
                                  : due);
}

static void
let_go(struct gong_live *live, uint32_t instance)
{
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);

    if (i->alert == 0 && i->timer == 0 && !gong_engine_has_members(live, i)) {
        gong_groups_remove(&live->binds.groups, i->leaves);
    }
}

enum gong_err
gong_engine_run_group(struct gong_engine *engine, uint32_t instance, int64_t t,
                      const struct gong_cause *cause)
{
    struct gong_live *live = engine->live;
    const struct gong_instance *i = gong_instance_at(&live->binds, instance);
    const struct gong_aggregate *aggregate =
        live->book.rules[i->rule].aggregate;
    struct gong_group_total total = {0};
    struct gong_plan_input input = {0, true};
    uint32_t group = i->leaves;
    double value = 0;
    enum gong_err err = GONG_OK;

    if (gong_group_at(&live->binds.groups, group)->labelset == 0) {
        return GONG_OK; /* nobody's */
    }
    if (i->alert != 0 && gong_alert_at(&live->alerts, i->alert)->told_ms > t) {
        t = gong_alert_at(&live->alerts, i->alert)->told_ms;
    }
    engine->stats.evaluations++;
    total = gong_groups_total(&live->binds.groups, group, aggregate->kind,
                              gong_engine_counts_at(engine, t));
    input.value = total.value;
    if (total.count > 0 && gong_plan_run(aggregate->outer, &input, t, &value)) {
        err = become_true(engine, instance, value, t, cause);
    } else if (i->alert != 0) {
        become_false(engine, instance, t, total.first == INT64_MAX, cause);
    }
    if (err == GONG_OK) {
        err = arm(engine, instance, total.first);
    }
    if (err == GONG_OK) {
        let_go(live, instance);
    }
    return err;
}
