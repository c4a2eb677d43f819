/* desk_route: which groups an incident is in. Private to the desk. */
#ifndef GONG_RULES_DESK_DESK_ROUTE_H
#define GONG_RULES_DESK_DESK_ROUTE_H

#include "rules/desk/desk_private.h"

/* gong_desk_route_entry: into the groups that routes give it; what was told
 * elsewhere to the same recipient stays told. */
void gong_desk_route_entry(struct gong_desk *desk,
                           struct gong_desk_entry *entry);
/* gong_desk_route_units: calls on_unit for each unit whose people a receiver
 * means for this incident; "" for receivers of no unit. */
void gong_desk_route_units(struct gong_desk *desk,
                           struct gong_desk_entry *entry, size_t receiver,
                           void (*on_unit)(struct gong_desk *desk,
                                           struct gong_desk_entry *entry,
                                           size_t index, struct gong_str unit),
                           size_t index);
/* gong_desk_route_unit_of: its unit in the model; NULL: the model has none. */
const struct gong_unit *
gong_desk_route_unit_of(const struct gong_desk *desk,
                        const struct gong_desk_entry *entry);
/* gong_desk_unit_find: NULL where the model has none. */
const struct gong_unit *gong_desk_unit_find(const struct gong_model *model,
                                            struct gong_str code);

#endif
