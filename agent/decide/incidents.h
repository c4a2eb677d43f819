/*
 * incidents: the state in which each alert was last kept in the effects log:
 * an open-addressed table by (rule id, label fingerprint). Alerts at rest have
 * no entry. One thread at a time: its owner's.
 */
#ifndef GONG_AGENT_DECIDE_INCIDENTS_H
#define GONG_AGENT_DECIDE_INCIDENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/effect.h"

struct gong_incident_key {
    uint64_t rule; /* gong_incident_rule of its id */
    uint64_t fingerprint;
};

/* Transparent to its owner. */
struct gong_incident {
    struct gong_incident_key key;
    uint64_t offset; /* of the record in the effects log that put it there */
    enum gong_alert_state state; /* INACTIVE: an empty slot */
    unsigned level; /* the owner's, 0 after set: at which one it is */
    bool held;      /* the owner's mark */
};

/* All zero is an empty table. Grows by doubling, without a bound of its own:
 * there are no more than the engine has alerts. */
struct gong_incidents {
    struct gong_incident *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void gong_incidents_fini(struct gong_incidents *table);

/* gong_incident_rule: FNV-1a 64 over the id. */
uint64_t gong_incident_rule(const char *id);

/* gong_incidents_find: NULL where the alert is at rest; valid until the next
 * set. */
struct gong_incident *gong_incidents_find(const struct gong_incidents *table,
                                          struct gong_incident_key key);

/* gong_incidents_set: MEMORY leaves the table as it was. INACTIVE removes. */
enum gong_err gong_incidents_set(struct gong_incidents *table,
                                 struct gong_incident_key key,
                                 enum gong_alert_state state,
                                 uint64_t offset) GONG_MUST_CHECK;

#endif
