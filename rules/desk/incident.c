#include "rules/desk/incident.h"

#include <stddef.h>

/* What a cell of the table may say. */
enum {
    TAKEN = 1 << 0,
    OPENS = 1 << 1,
    NEWS = 1 << 2,
    DROPS = 1 << 3, /* the acknowledgement */
    ESCALATES = 1 << 4,
    OVERDUE = 1 << 5,
    ENDS = 1 << 6,
};

struct cell {
    enum gong_incident_state next;
    unsigned does; /* 0: the event means nothing here */
};

#define NONE_   GONG_INCIDENT_NONE
#define OPEN_   GONG_INCIDENT_OPEN
#define ACKED_  GONG_INCIDENT_ACKNOWLEDGED
#define ENDED_  GONG_INCIDENT_ENDED
#define CLOSED_ GONG_INCIDENT_CLOSED

/* Of a climb while acknowledged, sticky has its own cell. */
static const struct cell sticky_climb = {ACKED_, TAKEN | NEWS};

static const struct cell cells[GONG_INCIDENT_STATES][GONG_INCIDENT_EVENTS] =
    {
        [NONE_] =
            {
                [GONG_INCIDENT_FIRE] = {OPEN_, TAKEN | OPENS | NEWS},
            },
        [OPEN_] =
            {
                [GONG_INCIDENT_FIRE] = {OPEN_, TAKEN},
                [GONG_INCIDENT_KEEP] = {OPEN_, TAKEN},
                [GONG_INCIDENT_CLIMB] = {OPEN_, TAKEN | NEWS},
                [GONG_INCIDENT_FALL] = {OPEN_, TAKEN | NEWS},
                [GONG_INCIDENT_END] = {ENDED_, TAKEN | NEWS | ENDS},
                [GONG_INCIDENT_ACKNOWLEDGE] = {ACKED_, TAKEN},
                [GONG_INCIDENT_ASSIGN] = {OPEN_, TAKEN},
                [GONG_INCIDENT_COMMENT] = {OPEN_, TAKEN},
                [GONG_INCIDENT_RESOLVE] = {ENDED_, TAKEN | NEWS | ENDS},
                [GONG_INCIDENT_OUTCOME] = {OPEN_, TAKEN},
                [GONG_INCIDENT_ACK_OVERDUE] = {OPEN_, TAKEN | OVERDUE},
                [GONG_INCIDENT_RESOLVE_OVERDUE] = {OPEN_, TAKEN | OVERDUE},
                [GONG_INCIDENT_ESCALATE] = {OPEN_, TAKEN | ESCALATES},
            },
        [ACKED_] =
            {
                [GONG_INCIDENT_FIRE] = {ACKED_, TAKEN},
                [GONG_INCIDENT_KEEP] = {ACKED_, TAKEN},
                [GONG_INCIDENT_CLIMB] = {OPEN_, TAKEN | NEWS | DROPS},
                [GONG_INCIDENT_FALL] = {ACKED_, TAKEN | NEWS},
                [GONG_INCIDENT_END] = {ENDED_, TAKEN | NEWS | ENDS},
                [GONG_INCIDENT_ACKNOWLEDGE] = {ACKED_, TAKEN},
                [GONG_INCIDENT_UNACKNOWLEDGE] = {OPEN_, TAKEN | DROPS},
                [GONG_INCIDENT_ASSIGN] = {ACKED_, TAKEN},
                [GONG_INCIDENT_COMMENT] = {ACKED_, TAKEN},
                [GONG_INCIDENT_RESOLVE] = {ENDED_, TAKEN | NEWS | ENDS},
                [GONG_INCIDENT_OUTCOME] = {ACKED_, TAKEN},
                [GONG_INCIDENT_ACK_EXPIRES] = {OPEN_, TAKEN | DROPS},
                [GONG_INCIDENT_RESOLVE_OVERDUE] = {ACKED_, TAKEN | OVERDUE},
            },
        [ENDED_] =
            {
                [GONG_INCIDENT_FIRE] = {OPEN_, TAKEN | NEWS | DROPS},
                [GONG_INCIDENT_COMMENT] = {ENDED_, TAKEN},
                [GONG_INCIDENT_OUTCOME] = {CLOSED_, TAKEN},
            },
        [CLOSED_] =
            {
                [GONG_INCIDENT_FIRE] = {OPEN_, TAKEN | NEWS | DROPS},
                [GONG_INCIDENT_COMMENT] = {CLOSED_, TAKEN},
                [GONG_INCIDENT_OUTCOME] = {CLOSED_, TAKEN},
            },
};

struct gong_incident_step
gong_incident_next(enum gong_incident_state state,
                   enum gong_incident_event event, bool sticky)
{
    const struct cell *cell = &cells[state][event];

    if (sticky && state == ACKED_ && event == GONG_INCIDENT_CLIMB) {
        cell = &sticky_climb;
    }
    return (struct gong_incident_step){
        .taken = (cell->does & TAKEN) != 0,
        .next = cell->does == 0 ? state : cell->next,
        .opens = (cell->does & OPENS) != 0,
        .news = (cell->does & NEWS) != 0,
        .drops_ack = (cell->does & DROPS) != 0,
        .escalates = (cell->does & ESCALATES) != 0,
        .overdue = (cell->does & OVERDUE) != 0,
        .ends = (cell->does & ENDS) != 0,
    };
}

const char *
gong_incident_state_text(enum gong_incident_state state)
{
    static const char *const texts[] = {"none", "open", "acknowledged", "ended",
                                        "closed"};

    return texts[state];
}

const char *
gong_incident_event_text(enum gong_incident_event event)
{
    static const char *const texts[] = {
        "fire",          "keep",
        "climb",         "fall",
        "end",           "acknowledge",
        "unacknowledge", "assign",
        "comment",       "resolve",
        "outcome",       "ack-expires",
        "ack-overdue",   "resolve-overdue",
        "escalate",
    };

    return texts[event];
}
