#include "rules/engine/alert.h"

static bool
move(struct gong_alert *alert, enum gong_alert_state to,
     enum gong_effect_reason reason, int64_t now,
     struct gong_alert_change *change)
{
    change->from = (enum gong_alert_state)alert->state;
    change->to = to;
    change->reason = reason;
    alert->state = (uint8_t)to;
    alert->told_ms = now;
    return true;
}

static bool
became_true(struct gong_alert *alert, const struct gong_alert_terms *terms,
            int64_t now, struct gong_alert_change *change)
{
    switch ((enum gong_alert_state)alert->state) {
    case GONG_ALERT_INACTIVE:
        alert->since_ms = now;
        alert->hidden = 0;
        alert->severity = GONG_SEVERITY_OTHER;
        return move(alert,
                    terms->for_ms > 0 ? GONG_ALERT_PENDING : GONG_ALERT_FIRING,
                    GONG_REASON_CONDITION, now, change);
    case GONG_ALERT_PENDING:
        if (now < gong_alert_due(alert, terms)) {
            return false;
        }
        return move(alert, GONG_ALERT_FIRING, GONG_REASON_FOR, now, change);
    case GONG_ALERT_FIRING:
        return false;
    case GONG_ALERT_KEEPING:
    case GONG_ALERT_UNKNOWN:
        return move(alert, GONG_ALERT_FIRING, GONG_REASON_CONDITION, now,
                    change);
    }
    return false;
}

static bool
became_false(struct gong_alert *alert, const struct gong_alert_terms *terms,
             enum gong_effect_reason reason, int64_t now,
             struct gong_alert_change *change)
{
    switch ((enum gong_alert_state)alert->state) {
    case GONG_ALERT_INACTIVE:
        return false;
    case GONG_ALERT_PENDING:
        return move(alert, GONG_ALERT_INACTIVE, reason, now, change);
    case GONG_ALERT_FIRING:
    case GONG_ALERT_UNKNOWN:
        return move(alert,
                    terms->keep_ms > 0 ? GONG_ALERT_KEEPING
                                       : GONG_ALERT_INACTIVE,
                    reason, now, change);
    case GONG_ALERT_KEEPING:
        if (now < gong_alert_due(alert, terms)) {
            return false;
        }
        return move(alert, GONG_ALERT_INACTIVE, GONG_REASON_KEEP, now, change);
    }
    return false;
}

static bool
suspend(struct gong_alert *alert, enum gong_effect_reason reason, int64_t now,
        struct gong_alert_change *change)
{
    switch ((enum gong_alert_state)alert->state) {
    case GONG_ALERT_INACTIVE:
    case GONG_ALERT_UNKNOWN:
        return false;
    case GONG_ALERT_PENDING:
        if (alert->held_ms == GONG_ALERT_FREE) {
            alert->held_ms = now;
        }
        return false;
    case GONG_ALERT_FIRING:
    case GONG_ALERT_KEEPING:
        alert->held_ms = GONG_ALERT_FREE;
        return move(alert, GONG_ALERT_UNKNOWN, reason, now, change);
    }
    return false;
}

void
gong_alert_release(struct gong_alert *alert, int64_t now)
{
    if (alert->held_ms != GONG_ALERT_FREE &&
        alert->state == GONG_ALERT_PENDING && now > alert->held_ms) {
        alert->since_ms += now - alert->held_ms;
    }
    alert->held_ms = GONG_ALERT_FREE;
}

bool
gong_alert_step(struct gong_alert *alert, const struct gong_alert_terms *terms,
                enum gong_alert_event event, int64_t now,
                struct gong_alert_change *change)
{
    switch (event) {
    case GONG_ALERT_TRUE:
        gong_alert_release(alert, now);
        return became_true(alert, terms, now, change);
    case GONG_ALERT_FALSE:
        gong_alert_release(alert, now);
        return became_false(alert, terms, GONG_REASON_CONDITION, now, change);
    case GONG_ALERT_MISSING:
        if (terms->unknown) {
            return suspend(alert, GONG_REASON_MISSING, now, change);
        }
        gong_alert_release(alert, now);
        return became_false(alert, terms, GONG_REASON_MISSING, now, change);
    case GONG_ALERT_DARK:
        return terms->unknown && suspend(alert, GONG_REASON_DARK, now, change);
    case GONG_ALERT_REMOVED:
        if (alert->state == GONG_ALERT_INACTIVE) {
            return false;
        }
        return move(alert, GONG_ALERT_INACTIVE, GONG_REASON_RULE_REMOVED, now,
                    change);
    }
    return false;
}

int64_t
gong_alert_due(const struct gong_alert *alert,
               const struct gong_alert_terms *terms)
{
    switch ((enum gong_alert_state)alert->state) {
    case GONG_ALERT_PENDING:
        return alert->since_ms + terms->for_ms;
    case GONG_ALERT_KEEPING:
        return alert->told_ms + terms->keep_ms;
    case GONG_ALERT_INACTIVE:
    case GONG_ALERT_FIRING:
    case GONG_ALERT_UNKNOWN:
        break;
    }
    return INT64_MAX;
}

void
gong_alerts_init(struct gong_alerts *alerts, struct gong_budget *budget)
{
    gong_arena_init(&alerts->arena, budget, sizeof(struct gong_alert));
    alerts->free = 0;
}

void
gong_alerts_fini(struct gong_alerts *alerts)
{
    gong_arena_fini(&alerts->arena);
    alerts->free = 0;
}

uint32_t
gong_alerts_add(struct gong_alerts *alerts, uint32_t instance)
{
    uint32_t alert = alerts->free;

    if (alert != 0) {
        alerts->free = gong_alert_at(alerts, alert)->instance;
    } else {
        alert = gong_arena_add(&alerts->arena, 1);
    }
    if (alert != 0) {
        *gong_alert_at(alerts, alert) = (struct gong_alert){
            .held_ms = GONG_ALERT_FREE,
            .instance = instance,
            .used = 1,
        };
    }
    return alert;
}

void
gong_alerts_remove(struct gong_alerts *alerts, uint32_t alert)
{
    *gong_alert_at(alerts, alert) =
        (struct gong_alert){.instance = alerts->free};
    alerts->free = alert;
}
