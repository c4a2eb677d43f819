/* desk_emit: what changed, on its way to the sink. Private to the desk. */
#ifndef GONG_RULES_DESK_DESK_EMIT_H
#define GONG_RULES_DESK_DESK_EMIT_H

#include "rules/desk/desk_private.h"

void gong_desk_event_add(struct gong_desk *desk, uint64_t incident,
                         enum gong_incident_event event, struct gong_str by,
                         struct gong_str text);
void gong_desk_group_dirty(struct gong_desk *desk,
                           struct gong_desk_group *group);
void gong_desk_recipient_dirty(struct gong_desk *desk,
                               struct gong_desk_recipient *recipient);
void gong_desk_hush_dirty(struct gong_desk *desk, struct gong_desk_hush *hush);
/* gong_desk_emit: everything that is dirty, to the sink. */
void gong_desk_emit(struct gong_desk *desk);
void gong_desk_emit_fini(struct gong_desk *desk);
/* gong_desk_gone_add: a key whose state is to go. */
void gong_desk_gone_add(struct gong_desk *desk, const char *key);

#endif
