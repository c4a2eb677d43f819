#include "rules/engine/alert.h"

static void
forget_climbs(struct gong_alert *alert)
{
    for (size_t i = 0; i < GONG_LEVELS_MAX - 1; i++) {
        alert->climbs[i] = GONG_ALERT_FREE;
    }
}

/* What is known to people: a rule without levels has none. */
static unsigned
level_shown(const struct gong_alert_terms *terms, unsigned level)
{
    return terms->levels == 0 ? 0 : level;
}

/* Why a change happens, and when. */
struct cause {
    enum gong_effect_reason reason;
    int64_t now;
};

static bool
move(struct gong_alert *alert, const struct gong_alert_terms *terms,
     enum gong_alert_state to, unsigned level, struct cause cause,
     struct gong_alert_change *change)
{
    change->from = (enum gong_alert_state)alert->state;
    change->to = to;
    change->reason = cause.reason;
    change->from_level = level_shown(terms, alert->level);
    change->to_level = level_shown(terms, level);
    alert->state = (uint8_t)to;
    alert->level = (uint8_t)level;
    alert->told_ms = cause.now;
    if (to != GONG_ALERT_PENDING && to != GONG_ALERT_FIRING) {
        forget_climbs(alert);
    }
    return true;
}

static bool
end(struct gong_alert *alert, const struct gong_alert_terms *terms,
    enum gong_effect_reason reason, int64_t now,
    struct gong_alert_change *change)
{
    return alert->state != GONG_ALERT_INACTIVE &&
           move(alert, terms, GONG_ALERT_INACTIVE, 0,
                (struct cause){reason, now}, change);
}

/* Since when each level above the first is reached. */
static void
climb(struct gong_alert *alert, const struct gong_alert_terms *terms,
      unsigned reach, int64_t now)
{
    for (unsigned level = 2; level <= terms->levels; level++) {
        int64_t *since = &alert->climbs[level - 2];

        *since = level > reach               ? GONG_ALERT_FREE
                 : *since == GONG_ALERT_FREE ? now
                                             : *since;
    }
}

/* When a level that is reached counts. */
static int64_t
counts_at(const struct gong_alert *alert, const struct gong_alert_terms *terms,
          unsigned level)
{
    return level == 1 ? alert->since_ms + terms->for_ms
                      : alert->climbs[level - 2] + terms->climb_ms[level - 2];
}

/* The worst level that is reached and counts; 0: none yet. */
static unsigned
counted(const struct gong_alert *alert, const struct gong_alert_terms *terms,
        unsigned reach, int64_t now)
{
    unsigned level = terms->levels == 0 ? 1 : reach;

    while (level > alert->level && counts_at(alert, terms, level) > now) {
        level--;
    }
    return level;
}

static bool
began(struct gong_alert *alert, const struct gong_alert_terms *terms,
      unsigned reach, enum gong_effect_reason reason, int64_t now,
      struct gong_alert_change *change)
{
    unsigned level = 0;

    alert->since_ms = now;
    alert->hidden = 0;
    alert->severity = GONG_SEVERITY_OTHER;
    alert->level = 0;
    forget_climbs(alert);
    climb(alert, terms, reach, now);
    level = counted(alert, terms, reach, now);
    return move(alert, terms,
                level == 0 ? GONG_ALERT_PENDING : GONG_ALERT_FIRING, level,
                (struct cause){reason, now}, change);
}

static bool
became_true(struct gong_alert *alert, const struct gong_alert_terms *terms,
            unsigned reach, enum gong_effect_reason reason, int64_t now,
            struct gong_alert_change *change)
{
    unsigned level = 0;

    if (alert->state == GONG_ALERT_INACTIVE) {
        return began(alert, terms, reach, reason, now, change);
    }
    climb(alert, terms, reach, now);
    level = counted(alert, terms, reach, now);
    switch ((enum gong_alert_state)alert->state) {
    case GONG_ALERT_PENDING:
        return level > 0 && move(alert, terms, GONG_ALERT_FIRING, level,
                                 (struct cause){GONG_REASON_FOR, now}, change);
    case GONG_ALERT_FIRING:
        return level != alert->level &&
               move(alert, terms, GONG_ALERT_FIRING, level,
                    (struct cause){GONG_REASON_LEVEL, now}, change);
    case GONG_ALERT_KEEPING:
    case GONG_ALERT_UNKNOWN:
        return move(alert, terms, GONG_ALERT_FIRING, level,
                    (struct cause){reason, now}, change);
    case GONG_ALERT_INACTIVE:
        break;
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
        return end(alert, terms, reason, now, change);
    case GONG_ALERT_FIRING:
    case GONG_ALERT_UNKNOWN:
        return terms->keep_ms > 0
                   ? move(alert, terms, GONG_ALERT_KEEPING, alert->level,
                          (struct cause){reason, now}, change)
                   : end(alert, terms, reason, now, change);
    case GONG_ALERT_KEEPING:
        return now >= gong_alert_due(alert, terms) &&
               end(alert, terms, GONG_REASON_KEEP, now, change);
    }
    return false;
}

static bool
suspend(struct gong_alert *alert, const struct gong_alert_terms *terms,
        enum gong_effect_reason reason, int64_t now,
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
        return move(alert, terms, GONG_ALERT_UNKNOWN, alert->level,
                    (struct cause){reason, now}, change);
    }
    return false;
}

/* What is not known: what on_missing makes of it. */
static bool
became_unsure(struct gong_alert *alert, const struct gong_alert_terms *terms,
              enum gong_effect_reason reason, int64_t now,
              struct gong_alert_change *change)
{
    if (terms->unknown) {
        return suspend(alert, terms, reason, now, change);
    }
    if (!terms->fire && reason == GONG_REASON_DARK) {
        return false;
    }
    gong_alert_release(alert, now);
    return terms->fire
               ? became_true(alert, terms, alert->level == 0 ? 1 : alert->level,
                             reason, now, change)
               : became_false(alert, terms, reason, now, change);
}

void
gong_alert_release(struct gong_alert *alert, int64_t now)
{
    int64_t held = alert->held_ms;

    alert->held_ms = GONG_ALERT_FREE;
    if (held == GONG_ALERT_FREE || now <= held) {
        return;
    }
    if (alert->state == GONG_ALERT_PENDING) {
        alert->since_ms += now - held;
    }
    for (size_t i = 0; i < GONG_LEVELS_MAX - 1; i++) {
        if (alert->climbs[i] != GONG_ALERT_FREE && i + 2 > alert->level) {
            alert->climbs[i] += now - held;
        }
    }
}

static unsigned
highest(unsigned bits)
{
    unsigned count = 0;

    for (; bits != 0; bits >>= 1) {
        count++;
    }
    return count;
}

enum gong_alert_event
gong_alert_judge(const struct gong_alert *alert,
                 const struct gong_alert_terms *terms,
                 const struct gong_said *said, bool missing, unsigned *reach)
{
    unsigned been =
        alert == NULL ? 0 : ((1u << alert->level) - 1) & terms->resolves;
    unsigned held = been & ~(unsigned)said->resolves;

    *reach = highest(said->fires | held);
    if (said->fires != 0) {
        return GONG_ALERT_TRUE;
    }
    if (held == 0 && been != 0) {
        return GONG_ALERT_OVER;
    }
    return missing     ? GONG_ALERT_MISSING
           : held != 0 ? GONG_ALERT_HELD
                       : GONG_ALERT_FALSE;
}

bool
gong_alert_step(struct gong_alert *alert, const struct gong_alert_terms *terms,
                enum gong_alert_event event, unsigned reach, int64_t now,
                struct gong_alert_change *change)
{
    switch (event) {
    case GONG_ALERT_TRUE:
        gong_alert_release(alert, now);
        return became_true(alert, terms, reach, GONG_REASON_CONDITION, now,
                           change);
    case GONG_ALERT_FALSE:
        gong_alert_release(alert, now);
        return became_false(alert, terms, GONG_REASON_CONDITION, now, change);
    case GONG_ALERT_HELD:
        gong_alert_release(alert, now);
        return alert->level == 0
                   ? became_false(alert, terms, GONG_REASON_CONDITION, now,
                                  change)
                   : became_true(alert, terms, reach, GONG_REASON_CONDITION,
                                 now, change);
    case GONG_ALERT_OVER:
        gong_alert_release(alert, now);
        return end(alert, terms,
                   alert->level == 0 ? GONG_REASON_CONDITION
                                     : GONG_REASON_RESOLVE,
                   now, change);
    case GONG_ALERT_MISSING:
        return became_unsure(alert, terms, GONG_REASON_MISSING, now, change);
    case GONG_ALERT_DARK:
        return became_unsure(alert, terms, GONG_REASON_DARK, now, change);
    case GONG_ALERT_CLOSED:
        gong_alert_release(alert, now);
        return end(alert, terms, GONG_REASON_CALENDAR, now, change);
    case GONG_ALERT_LIMITED:
        gong_alert_release(alert, now);
        return end(alert, terms, GONG_REASON_LIMIT, now, change);
    case GONG_ALERT_REMOVED:
        return end(alert, terms, GONG_REASON_RULE_REMOVED, now, change);
    }
    return false;
}

int64_t
gong_alert_due(const struct gong_alert *alert,
               const struct gong_alert_terms *terms)
{
    int64_t due = INT64_MAX;

    switch ((enum gong_alert_state)alert->state) {
    case GONG_ALERT_KEEPING:
        return alert->told_ms + terms->keep_ms;
    case GONG_ALERT_INACTIVE:
    case GONG_ALERT_UNKNOWN:
        return INT64_MAX;
    case GONG_ALERT_PENDING:
        due = counts_at(alert, terms, 1);
        break;
    case GONG_ALERT_FIRING:
        break;
    }
    for (unsigned level = 2; level <= terms->levels; level++) {
        if (level > alert->level &&
            alert->climbs[level - 2] != GONG_ALERT_FREE &&
            counts_at(alert, terms, level) < due) {
            due = counts_at(alert, terms, level);
        }
    }
    return due;
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
        forget_climbs(gong_alert_at(alerts, alert));
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
