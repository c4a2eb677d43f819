/* engine_move_alerts: alerts of rules that kept their meaning, under their new
 * instances. */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_move.h"

/* Where an old rule goes on, or GONG_BOOK_NONE. */
static uint32_t
heir(const struct gong_book *from, const struct gong_book *to, uint32_t rule)
{
    uint32_t found = gong_book_find(to, from->rules[rule].rule->id);

    return found != GONG_BOOK_NONE &&
                   gong_book_same(&from->rules[rule], &to->rules[found])
               ? found
               : GONG_BOOK_NONE;
}

static enum gong_err
find_group(const struct gong_move *move, uint32_t rule, uint32_t labelset,
           uint32_t *instance)
{
    struct gong_live *live = move->to;
    uint32_t group = gong_groups_find(&live->binds.groups, rule, labelset);
    enum gong_err err = GONG_OK;

    if (group == 0 && move->relabelled) {
        return GONG_OK;
    }
    err = gong_bind_group(&live->binds, rule, labelset, &group);

    if (err == GONG_OK) {
        *instance = gong_group_at(&live->binds.groups, group)->instance;
    }
    return err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
}

/* The new instance that an old alert belongs to, 0 if there is none. */
static enum gong_err
find_heir(const struct gong_move *move, const struct gong_alert *alert,
          uint32_t *instance)
{
    const struct gong_live *from = move->from;
    struct gong_live *to = move->to;
    const struct gong_instance *i =
        gong_instance_at(&from->binds, alert->instance);
    const struct gong_series *home = NULL;
    struct gong_series_name name = {0};
    uint32_t rule = heir(&from->book, &to->book, i->rule);
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    *instance = 0;
    if (rule == GONG_BOOK_NONE) {
        return GONG_OK;
    }
    if (to->book.rules[rule].form == GONG_FORM_GENERAL) {
        err = gong_bind_general(&to->binds, rule, i->leaves, instance);
        return err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
    }
    if (to->book.rules[rule].form == GONG_FORM_AGGREGATE) {
        return find_group(move, rule, gong_bind_labels(&from->binds, i),
                          instance);
    }
    home = gong_series_at(&from->binds, gong_bind_home(&from->binds, i));
    name =
        (struct gong_series_name){home->device, home->labelset, home->metric};
    if (move->relabelled && gong_bind_find_series(&to->binds, name) == 0) {
        return GONG_OK;
    }
    err = gong_bind_series(&to->binds, name, &series);
    if (err == GONG_ERR_NOT_FOUND || err == GONG_ERR_TOO_LARGE) {
        return GONG_OK;
    }
    if (err == GONG_OK) {
        *instance = gong_bind_instance(&to->binds, series, rule);
    }
    return err;
}

/* Puts an alert on the list of its GENERAL rule. */
static void
adopt(const struct gong_live *live, uint32_t rule, uint32_t n)
{
    struct gong_general_state *state =
        gong_general_state_at(live, live->book.rules[rule].general);
    struct gong_alert *alert = gong_alert_at(&live->alerts, n);

    alert->next = state->first;
    alert->round = 0;
    state->first = n;
}

/* Copies an alert to its new instance, and whether a sample is still to be
 * looked at. */
static enum gong_err
move_alert(const struct gong_live *from, struct gong_live *to,
           const struct gong_alert *alert, uint32_t instance)
{
    struct gong_instance *i = gong_instance_at(&to->binds, instance);

    i->alert = gong_alerts_add(&to->alerts, instance);
    if (i->alert == 0) {
        return GONG_ERR_MEMORY;
    }
    i->news = gong_instance_at(&from->binds, alert->instance)->news;
    *gong_alert_at(&to->alerts, i->alert) = *alert;
    gong_alert_at(&to->alerts, i->alert)->instance = instance;
    gong_live_count(to, &to->book.rules[i->rule], GONG_ALERT_INACTIVE,
                    (enum gong_alert_state)alert->state);
    if (gong_bind_is_busy(&to->binds, i)) {
        gong_series_at(&to->binds, i->leaves)->busy++;
    }
    if (to->book.rules[i->rule].form == GONG_FORM_GENERAL) {
        adopt(to, i->rule, i->alert);
    }
    return GONG_OK;
}

enum gong_err
gong_engine_move_alerts(const struct gong_move *move, unsigned char *moved)
{
    const struct gong_live *from = move->from;

    for (uint32_t n = 1; n < from->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&from->alerts, n);
        enum gong_err err = GONG_OK;
        uint32_t instance = 0;

        if (!alert->used) {
            continue;
        }
        err = find_heir(move, alert, &instance);
        if (err == GONG_OK && instance != 0) {
            err = move_alert(from, move->to, alert, instance);
            moved[n] = 1;
        }
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}
