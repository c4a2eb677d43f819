/*
 * desk_merged: an alert whose unit was merged into another. The engine ends it
 * under the labels that it had and begins it anew under those of the unit that
 * goes on; for people it is the same incident. Private to the desk.
 */
#ifndef GONG_RULES_DESK_DESK_MERGED_H
#define GONG_RULES_DESK_DESK_MERGED_H

#include "rules/desk/desk_private.h"

/*
 * The desk's table of shapes: rule and labels without unit. The entries of a
 * shape are a list, at most one open one for each unit:
 *
 *   shapes --> entry <-> entry <-> entry
 *
 * gong_desk_alike_take: after its labels became others. gong_desk_alike_leave:
 * before it goes; nothing if it is in none. */
void gong_desk_alike_take(struct gong_desk *desk,
                          struct gong_desk_entry *entry);
void gong_desk_alike_leave(struct gong_desk *desk,
                           struct gong_desk_entry *entry);

/* gong_desk_merged_find: the incident of the same rule that has ended under
 * the same labels but an older code of its unit, while somebody has not been
 * told that it is over; NULL. A person may have ended or closed it. */
struct gong_desk_entry *
gong_desk_merged_find(const struct gong_desk *desk,
                      const struct gong_desk_alert *alert);

/* Who had acknowledged an incident, kept over its end and new beginning. */
struct gong_desk_ack {
    char *by; /* NULL: nobody, or no longer */
    char *owner;
    char *comment;
    int64_t until_ms;
    bool sticky;
};

/* gong_desk_ack_keep: before it begins anew; false without memory.
 * gong_desk_ack_give: after it; frees what was kept. */
bool gong_desk_ack_keep(struct gong_desk *desk,
                        const struct gong_desk_entry *entry,
                        struct gong_desk_ack *out);
void gong_desk_ack_give(struct gong_desk *desk, struct gong_desk_entry *entry,
                        struct gong_desk_ack *ack);

#endif
