/*
 * watch_state: when `gongctl watch` says something. It looks at the agent every
 * so often; from what it saw comes what is to be said now. Pure.
 *
 *   well --- too old, or no answer ---> alarm --- every repeat ---> again
 *    ^                                    |
 *    '------------- a fresh proof --------'
 *
 * An agent that has just started has no proof yet: then what counts is the last
 * one that the watch itself has heard of, or its own start.
 */
#ifndef GONG_CTL_WATCH_STATE_H
#define GONG_CTL_WATCH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define GONG_WATCH_DEAF 3 /* looks in a row without an answer: an alarm */

struct gong_watch {
    int64_t max_age_ms;
    int64_t repeat_ms; /* 0: once */
    int64_t proven_ms; /* on the caller's clock, as all of these */
    int64_t said_ms;
    unsigned deaf;
    bool alarm;
};

/* What one look showed. */
struct gong_watch_look {
    bool answered;  /* and could be read */
    bool proves;    /* the agent sends proofs at all */
    int64_t last;   /* 0: none since its start */
    int64_t age_ms; /* of the last one, or of the agent */
    bool refused;   /* it answered that this watch may not look */
};

enum gong_watch_word {
    GONG_WATCH_NOTHING,
    GONG_WATCH_ALARM, /* for the first time */
    GONG_WATCH_AGAIN,
    GONG_WATCH_WELL, /* after an alarm */
};

/* Why there is an alarm. */
enum gong_watch_why {
    GONG_WATCH_FINE,
    GONG_WATCH_NO_ANSWER,
    GONG_WATCH_REFUSED, /* the agent lives; nobody knows of the rest */
    GONG_WATCH_NO_PROOFS,
    GONG_WATCH_TOO_OLD,
};

void gong_watch_init(struct gong_watch *watch, int64_t max_age_ms,
                     int64_t repeat_ms, int64_t now_ms);
/* gong_watch_note: of one look, why it is to be an alarm by itself; deaf: no
 * answer is one only after GONG_WATCH_DEAF, a refusal is one at once. */
enum gong_watch_why gong_watch_note(struct gong_watch *watch,
                                    const struct gong_watch_look *look,
                                    int64_t now_ms);
enum gong_watch_word gong_watch_say(struct gong_watch *watch,
                                    enum gong_watch_why why, int64_t now_ms);
/* gong_watch_unsaid: nobody could be told: say it again with the next look. */
void gong_watch_unsaid(struct gong_watch *watch, enum gong_watch_word word);
/* gong_watch_age: of the last proof that is known of. */
int64_t gong_watch_age(const struct gong_watch *watch, int64_t now_ms);

#endif
