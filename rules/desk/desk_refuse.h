/*
 * desk_refuse: why the desk does not do what somebody asks, as staff read it:
 * Vietnamese, then English. All of these texts are one table.
 */
#ifndef GONG_RULES_DESK_DESK_REFUSE_H
#define GONG_RULES_DESK_DESK_REFUSE_H

#include <stddef.h>
#include <stdint.h>

#include "rules/desk/incident.h"

enum gong_desk_refusal {
    GONG_REFUSE_OVER_ALREADY,
    GONG_REFUSE_NO_COMMENT,
    GONG_REFUSE_NOT_OPEN,
    GONG_REFUSE_STATE,
    GONG_REFUSE_NO_UNTIL,
    GONG_REFUSE_BACKWARDS,
    GONG_REFUSE_TOO_LATE,
    GONG_REFUSE_TOO_LONG,
    GONG_REFUSE_OPERATOR,
    GONG_REFUSE_NO_TARGET,
    GONG_REFUSE_TOO_MANY,
    GONG_REFUSE_MATCHERS,
    GONG_REFUSE_NO_SILENCE,
    GONG_REFUSE_NOBODY,
    GONG_REFUSE_NO_ACT,
};

/* What a text may name; what it does not name is not looked at. */
struct gong_desk_refused {
    uint64_t number; /* of the incident or silence; how many, of days too */
    enum gong_incident_state state;
    enum gong_incident_event event;
    const char
        *text; /* what the reader of matchers said, in English; a label */
};

/* gong_desk_refuse: "tiếng Việt | English" into why, cut on a character. */
void gong_desk_refuse(enum gong_desk_refusal refusal,
                      const struct gong_desk_refused *what, char *why,
                      size_t why_size);

#endif
