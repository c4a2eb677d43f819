/* desk_feed: what the engine says, to a desk, with time in between. */
#ifndef GONG_RULES_TOOL_DESK_FEED_H
#define GONG_RULES_TOOL_DESK_FEED_H

#include "rules/desk/desk.h"

/* gong_desk_feed: an effect at its journal time, after what was due before. */
enum gong_err gong_desk_feed(struct gong_desk *desk,
                             const struct gong_effect *effect) GONG_MUST_CHECK;
/* gong_desk_feed_to: each timer at its own instant. */
enum gong_err gong_desk_feed_to(struct gong_desk *desk,
                                int64_t ms) GONG_MUST_CHECK;

#endif
