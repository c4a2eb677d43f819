/* desk_group: groups, their members and when they are due. Private to the desk.
 */
#ifndef GONG_RULES_DESK_DESK_GROUP_H
#define GONG_RULES_DESK_DESK_GROUP_H

#include "rules/desk/desk_private.h"

/* What makes a group. Borrowed. */
struct gong_desk_group_spec {
    size_t route;
    const char *identity;
    size_t twin;
    struct gong_desk_recipient *recipient;
    const struct gong_label_view *labels;
    size_t label_count;
};
struct gong_desk_group *
gong_desk_group_new(struct gong_desk *desk,
                    const struct gong_desk_group_spec *spec,
                    struct gong_str key, struct gong_str name);
void gong_desk_group_free(struct gong_desk_group *group);
/* gong_desk_group_unlink: takes it out of the desk; its memory remains. */
void gong_desk_group_unlink(struct gong_desk *desk,
                            struct gong_desk_group *group);
/* gong_desk_group_empty: the end of one without members; whether it was. */
bool gong_desk_group_empty(struct gong_desk *desk,
                           struct gong_desk_group *group);
struct gong_desk_member *gong_desk_member_add(struct gong_desk *desk,
                                              struct gong_desk_group *group,
                                              struct gong_desk_entry *entry);
void gong_desk_member_remove(struct gong_desk_member *member);
void gong_desk_group_set_due(struct gong_desk *desk,
                             struct gong_desk_group *group, int64_t due);
/* gong_desk_group_touch: there is news: it is due at its next tick after
 * group_wait; soon: without waiting for a tick. */
void gong_desk_group_touch(struct gong_desk *desk,
                           struct gong_desk_group *group, bool soon);
void gong_desk_entry_touch(struct gong_desk *desk,
                           struct gong_desk_entry *entry, bool soon);
const struct gong_desk_route *
gong_desk_group_route(const struct gong_desk *desk,
                      const struct gong_desk_group *group);
/* gong_desk_group_muted: by its route's intervals; until gets the next instant
 * at which that may change, and may be NULL. */
bool gong_desk_group_muted(const struct gong_desk *desk,
                           const struct gong_desk_group *group, int64_t *until);
/* What a member has to say; false: nothing, now. In a group that is muted only
 * what is critical says anything, and what was told as critical that it falls
 * or is over. */
bool gong_desk_member_news(const struct gong_desk_member *member, bool muted,
                           enum gong_message_news *news);
/* gong_desk_member_tell: as it is now, its recipient knows it. */
void gong_desk_member_tell(struct gong_desk_member *member);
/* Whether it is told again where there is nothing new. */
bool gong_desk_member_repeats(const struct gong_desk_member *member);
enum gong_desk_need {
    GONG_DESK_NEED_NONE,
    GONG_DESK_NEED_REPEAT,
    GONG_DESK_NEED_NEWS,
};
enum gong_desk_need gong_desk_group_need(const struct gong_desk *desk,
                                         const struct gong_desk_group *group);
/* gong_desk_group_rearm: after a flush, told or not: drops what is over and
 * needs no message, and sets when it is due again. It may be gone then. */
void gong_desk_group_rearm(struct gong_desk *desk,
                           struct gong_desk_group *group);
/* gong_desk_group_clean: it is as it was kept. */
void gong_desk_group_clean(struct gong_desk *desk,
                           struct gong_desk_group *group);

#endif
