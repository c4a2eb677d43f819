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
 *
 * Under "fire" both are as good as true.
 *
 * With resolve (rule 11) what has fired has three answers, not two:
 *
 *    true     as above; it wins over resolve
 *    held     neither: it is firing, whatever it was
 *    over     resolve alone: it ends at once, without keep
 *
 * With levels it has one of them while it is not at rest or pending. A level is
 * reached where its clause is true or holds, or that of a worse one, and has
 * counted for its own `for`, but for those that it has been at already. A
 * change of level while it fires is a change like any other. Outside of its
 * calendar a rule's alerts end at once.
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
    GONG_ALERT_HELD,    /* neither true nor over */
    GONG_ALERT_OVER,    /* resolve is true, and no clause that fires */
    GONG_ALERT_MISSING, /* no result because a sample left the look-back */
    GONG_ALERT_DARK,    /* the device is dark */
    GONG_ALERT_CLOSED,  /* outside of its calendar */
    GONG_ALERT_LIMITED, /* there are more than the rule's limit */
    GONG_ALERT_REMOVED, /* the rule is gone */
};

#define GONG_ALERT_FREE INT64_MIN

/* In an arena. state is an enum gong_alert_state. */
struct gong_alert {
    int64_t since_ms; /* the first true instant */
    int64_t told_ms;  /* the instant of the last change */
    double value;     /* newest true value */
    int64_t held_ms;  /* since when settling holds it, or `for` stands still;
                         GONG_ALERT_FREE: not */
    /* Since when the second, third ... level is reached; GONG_ALERT_FREE: not.
     * Of the first that is since_ms. */
    int64_t climbs[GONG_LEVELS_MAX - 1];
    uint32_t instance; /* in the free list: next free */
    uint16_t fed;      /* leaves that had a sample when last true, as bits */
    uint8_t state;
    uint8_t used;
    uint32_t hidden;  /* alerts that it hid when it fired; of presence rules */
    uint32_t next;    /* of a GENERAL rule's: its next alert */
    uint32_t round;   /* likewise: the last evaluation that it was true in */
    uint32_t source;  /* likewise: the label set of the last true result, the
                         metric's name among it where it was kept */
    uint8_t severity; /* the worst of the hidden, an enum gong_severity */
    uint8_t level;    /* from 1 on once it has fired; 0: at rest, pending */
    uint8_t spare[6];
};

struct gong_alert_terms {
    int64_t for_ms;
    int64_t keep_ms;
    bool unknown;     /* on_missing */
    bool fire;        /* likewise */
    uint8_t levels;   /* 0: it has none */
    uint8_t resolves; /* levels that have a clause that ends them, as bits */
    int64_t climb_ms[GONG_LEVELS_MAX - 1]; /* `for` of those above the first */
};

struct gong_alert_change {
    enum gong_alert_state from;
    enum gong_alert_state to;
    enum gong_effect_reason reason;
    unsigned from_level; /* 0 without levels, and where it has none */
    unsigned to_level;
};

/* gong_alert_judge: what the clauses of a rule mean for its alert, which may be
 * NULL: at rest. reach gets the worst level whose clause is true or holds;
 * missing says that a sample is. */
enum gong_alert_event gong_alert_judge(const struct gong_alert *alert,
                                       const struct gong_alert_terms *terms,
                                       const struct gong_said *said,
                                       bool missing, unsigned *reach);

/* gong_alert_step: what event means at instant now, never before told_ms; true
 * where state or level changed, with change filled. At most one change an
 * instant. reach matters with TRUE and HELD, of rules with levels. */
bool gong_alert_step(struct gong_alert *alert,
                     const struct gong_alert_terms *terms,
                     enum gong_alert_event event, unsigned reach, int64_t now,
                     struct gong_alert_change *change);

/* gong_alert_release: what held it is over: each `for` goes on from now. */
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
