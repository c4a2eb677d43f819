/*
 * alert: the state of one instance of a rule, and the one function that every
 * change of it passes.
 *
 *              true, for = 0
 *        .------------------------.
 *        |                        v        false,
 *    inactive --true--> pending --+--> firing ---keep > 0---> keeping
 *        ^                |  `for` over  | ^                   |   |
 *        '---- false -----+-- false -----' '------ true -------'   |
 *        '---- false, keep over ------------------------------------'
 *
 * `for` counts from the first true instant (semantics rule 10), keep from the
 * first false one (rule 11). What is missing (rule 12) is treated as false,
 * with a reason of its own, under on_missing = "resolve"; and darkness of the
 * device says nothing then. Under "unknown" both suspend:
 *
 *    pending             stays, and `for` stands still until something is known
 *    firing, keeping --> unknown --true--> firing
 *                           '-----false--> keeping, or inactive without keep
 */
#ifndef GONG_RULES_ENGINE_ALERT_H
#define GONG_RULES_ENGINE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/engine/arena.h"
#include "rules/engine/effect.h"

enum gong_alert_event {
    GONG_ALERT_TRUE,
    GONG_ALERT_FALSE,
    GONG_ALERT_MISSING, /* no result because a sample left the look-back */
    GONG_ALERT_DARK,    /* the device is dark */
    GONG_ALERT_REMOVED, /* the rule is gone */
};

#define GONG_ALERT_FREE INT64_MIN

/* In an arena. state is an enum gong_alert_state. */
struct gong_alert {
    int64_t since_ms;  /* the first true instant */
    int64_t told_ms;   /* the instant of the last change */
    double value;      /* newest true value */
    int64_t held_ms;   /* since when settling holds it, or `for` stands still;
                          GONG_ALERT_FREE: not */
    uint32_t instance; /* in the free list: next free */
    uint16_t fed;      /* leaves that had a sample when last true, as bits */
    uint8_t state;
    uint8_t used;
    uint32_t hidden;   /* alerts that it hid when it fired; of presence rules */
    uint32_t severity; /* likewise the worst one's, an enum gong_severity */
    uint32_t next;     /* of a GENERAL rule's: its next alert */
    uint32_t round;    /* likewise: the last evaluation that it was true in */
    uint32_t metric;   /* likewise: the name that its newest result kept, a
                          symbol; 0: none */
    uint32_t spare;
};

struct gong_alert_terms {
    int64_t for_ms;
    int64_t keep_ms;
    bool unknown; /* on_missing */
};

struct gong_alert_change {
    enum gong_alert_state from;
    enum gong_alert_state to;
    enum gong_effect_reason reason;
};

/* gong_alert_step: what event means at instant now, never before told_ms; true
 * where the state changed, with change filled. At most one change an instant.
 */
bool gong_alert_step(struct gong_alert *alert,
                     const struct gong_alert_terms *terms,
                     enum gong_alert_event event, int64_t now,
                     struct gong_alert_change *change);

/* gong_alert_release: what held it is over: `for` goes on from now. */
void gong_alert_release(struct gong_alert *alert, int64_t now);

/* gong_alert_due: when the state changes by itself; INT64_MAX if never. */
int64_t gong_alert_due(const struct gong_alert *alert,
                       const struct gong_alert_terms *terms);

/* A table of alerts: only instances that are not at rest have one. */
struct gong_alerts {
    struct gong_arena arena;
    uint32_t free;
};

void gong_alerts_init(struct gong_alerts *alerts, struct gong_budget *budget);
void gong_alerts_fini(struct gong_alerts *alerts);
uint32_t gong_alerts_add(struct gong_alerts *alerts, uint32_t instance);
void gong_alerts_remove(struct gong_alerts *alerts, uint32_t alert);

static inline struct gong_alert *
gong_alert_at(const struct gong_alerts *alerts, uint32_t alert)
{
    return gong_arena_at(&alerts->arena, alert);
}

#endif
