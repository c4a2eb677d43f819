/* desk_alert: how an incident goes on. Private to the desk. */
#ifndef GONG_RULES_DESK_DESK_ALERT_H
#define GONG_RULES_DESK_DESK_ALERT_H

#include "rules/desk/desk_private.h"

/* gong_desk_entry_step: moves an incident; false: nothing here. */
bool gong_desk_entry_step(struct gong_desk *desk, struct gong_desk_entry *entry,
                          enum gong_incident_event event);
/* gong_desk_entry_relabel: silences, inhibition, escalation and routes anew. */
void gong_desk_entry_relabel(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
/* gong_desk_entry_end: what an end means for groups, silences, inhibition. */
void gong_desk_entry_end(struct gong_desk *desk, struct gong_desk_entry *entry);

#endif
