/* desk_recipient: recipients and what they are told. Private to the desk. */
#ifndef GONG_RULES_DESK_DESK_RECIPIENT_H
#define GONG_RULES_DESK_DESK_RECIPIENT_H

#include "rules/desk/desk_private.h"

struct gong_desk_recipient *gong_desk_recipient_of(struct gong_desk *desk,
                                                   size_t receiver,
                                                   struct gong_str unit);
void gong_desk_recipient_free(struct gong_desk_recipient *recipient);
void gong_desk_recipient_unlink(struct gong_desk *desk,
                                struct gong_desk_recipient *recipient);
void gong_desk_recipient_arm(struct gong_desk *desk,
                             struct gong_desk_recipient *recipient);
void gong_desk_recipient_flush(struct gong_desk *desk,
                               struct gong_desk_recipient *recipient);

/* gong_desk_message_news: of all ready groups; whether there was any. */
bool gong_desk_message_news(struct gong_desk *desk,
                            struct gong_desk_recipient *recipient);
/* gong_desk_message_escalate: of all pendings, which end. */
bool gong_desk_message_escalate(struct gong_desk *desk,
                                struct gong_desk_recipient *recipient);

#endif
