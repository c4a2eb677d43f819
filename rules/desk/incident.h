/*
 * incident: what became of one alert, for people. There is at most one open
 * incident per (rule, label fingerprint); its level and severity change, it
 * stays the same incident. Two things move it: the alert (what the engine
 * says) and people (what they do). Both pass gong_incident_next, the one
 * function that knows which state follows.
 *
 *              fire                      acknowledge
 *   (none) ----------> OPEN ------------------------------> ACKNOWLEDGED
 *                       ^ \  <-- unacknowledge, expiry, climb    |
 *                       |  \      (climb: unless it is sticky)   |
 *                       |   '------------ end -----------.       | end
 *                       |                                v       v
 *                       '---- fire within reopen ----- ENDED (the alert is
 *                                                        |   over, or lost)
 *                                                        | outcome
 *                                                        v
 *                                                      CLOSED
 *
 * One that has ended, or was closed, opens again only while somebody who was
 * told of it has not been told that it is over; else the alert's next fire is
 * another incident.
 *
 * Silence, maintenance and inhibition are no states: they come and go by time
 * and by other alerts, and hold back messages only (desk.h).
 */
#ifndef GONG_RULES_DESK_INCIDENT_H
#define GONG_RULES_DESK_INCIDENT_H

#include <stdbool.h>

enum gong_incident_state {
    GONG_INCIDENT_NONE,
    GONG_INCIDENT_OPEN,
    GONG_INCIDENT_ACKNOWLEDGED,
    GONG_INCIDENT_ENDED,  /* over, its outcome not yet said */
    GONG_INCIDENT_CLOSED, /* its outcome was said after it was over */
};

enum gong_incident_event {
    /* The alert. */
    GONG_INCIDENT_FIRE,  /* it fires */
    GONG_INCIDENT_KEEP,  /* open as before: another value, keeping, unknown */
    GONG_INCIDENT_CLIMB, /* to a worse level or severity */
    GONG_INCIDENT_FALL,  /* to a lesser one */
    GONG_INCIDENT_END,   /* it is over, or lost */
    /* People. */
    GONG_INCIDENT_ACKNOWLEDGE,
    GONG_INCIDENT_UNACKNOWLEDGE,
    GONG_INCIDENT_ASSIGN,
    GONG_INCIDENT_COMMENT,
    GONG_INCIDENT_RESOLVE, /* a person ends it: the alert may still hold */
    GONG_INCIDENT_OUTCOME, /* cause, verdict, cost */
    /* Time. */
    GONG_INCIDENT_ACK_EXPIRES,
    GONG_INCIDENT_ACK_OVERDUE,
    GONG_INCIDENT_RESOLVE_OVERDUE,
    GONG_INCIDENT_ESCALATE,
};

#define GONG_INCIDENT_STATES 5
#define GONG_INCIDENT_EVENTS 15

/* What else an event does; the desk carries it out. */
struct gong_incident_step {
    bool taken; /* false: the event means nothing here; a person is told so */
    enum gong_incident_state next;
    bool opens;     /* a number is given, deadlines begin */
    bool news;      /* people are told of the alert itself */
    bool drops_ack; /* owner and comment of the acknowledgement end */
    bool escalates; /* the next step of the escalation is told */
    bool overdue;   /* a deadline was missed: counted, kept */
    bool ends;      /* deadlines and escalation stop */
};

/* sticky: an acknowledgement that a climb does not end. Pure. */
struct gong_incident_step gong_incident_next(enum gong_incident_state state,
                                             enum gong_incident_event event,
                                             bool sticky);

const char *gong_incident_state_text(enum gong_incident_state state);
const char *gong_incident_event_text(enum gong_incident_event event);

#endif
