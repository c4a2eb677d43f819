/*
 * census: which alerts the engine held at one moment, by key: whoever keeps
 * alerts for longer than the effects log does ends those that are not in it.
 * Immutable.
 */
#ifndef GONG_AGENT_DESK_CENSUS_H
#define GONG_AGENT_DESK_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/decide/incidents.h"

struct gong_census {
    uint64_t end; /* true for what the effects log says before that offset */
    size_t count;
    struct gong_incident_key *keys; /* sorted */
};

/* gong_census_take: the entries marked as held; NULL without memory. */
struct gong_census *gong_census_take(const struct gong_incidents *table);
void gong_census_free(struct gong_census *census);
bool gong_census_has(const struct gong_census *census,
                     struct gong_incident_key key);

#endif
