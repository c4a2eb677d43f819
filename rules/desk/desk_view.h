/* desk_view: what the desk says to whoever keeps it, shows it and tells it:
 * incidents, and messages about them. Plain data. */
#ifndef GONG_RULES_DESK_DESK_VIEW_H
#define GONG_RULES_DESK_DESK_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/desk/desk_config.h"
#include "rules/desk/incident.h"
#include "rules/engine/effect.h"
#include "rules/engine/template.h"

/* When what made a transition passed which station, wall-clock ms; 0: not
 * known, or a timer made it. */
struct gong_alert_stamps {
    int64_t captured_ms;
    int64_t published_ms;
    int64_t received_ms;
    int64_t decided_ms;
};

enum gong_verdict {
    GONG_VERDICT_NONE,
    GONG_VERDICT_REAL,
    GONG_VERDICT_FALSE,
    GONG_VERDICT_LATE,
    GONG_VERDICT_TEST,
};

/* Where an acknowledgement, an owner and deadlines stand. Plain data. */
struct gong_desk_incident {
    uint64_t number; /* short, for people: 1, 2, 3 ... never given twice */
    uint64_t rule;
    uint64_t fingerprint;
    enum gong_incident_state state;
    enum gong_alert_state alert;
    unsigned level;
    enum gong_severity severity;
    bool trial;
    bool lost;
    double value;
    /* The agent's clock: durations for people (time to acknowledge and to
     * resolve, deadlines) are between these and those below. */
    int64_t opened_ms; /* when the desk heard of it */
    int64_t changed_ms;
    int64_t ended_ms; /* when the engine ended the alert, not before the desk
                         heard of it, or a person ended it; 0: it is open */
    /* The rule's clock, which is the device's: what is said of the alert
     * itself. since <= over; neither is later than the desk's now when it
     * heard of it. */
    int64_t since_ms; /* the earliest that was said */
    int64_t over_ms;  /* 0: it is open, or a person ended it */
    /* It has ended, but the desk still needs it: somebody was told of it who
     * has not been told that it is over, or a person ended it and its alert
     * goes on. To be restored, as those that are open. */
    bool waits;
    /* People. */
    struct gong_str owner;
    struct gong_str acked_by;
    struct gong_str ack_comment;
    int64_t acked_ms;     /* of the first acknowledgement; 0: none yet */
    int64_t ack_until_ms; /* 0: until resolved */
    bool sticky;
    struct gong_str cause;
    enum gong_verdict verdict;
    int64_t cost;
    /* Time. */
    int64_t untaken_ms;  /* since when nobody has it: it was opened or climbed,
                            or an acknowledgement ended; the agent's clock */
    unsigned escalated;  /* steps told so far */
    int64_t escalate_ms; /* when the next is due; 0: none */
    int64_t ack_due_ms;  /* 0: no deadline */
    int64_t resolve_due_ms; /* 0: no deadline */
    bool ack_overdue;
    bool resolve_overdue;
    /* What holds its messages back now. */
    bool silenced;
    bool in_maintenance;
    bool inhibited;
    /* Of the last transition that is news; zero after a restore. */
    struct gong_alert_stamps stamps;
    /* Text. */
    struct gong_str rule_id;
    const struct gong_label_view *labels;
    size_t label_count;
    const struct gong_label_view *annotations;
    size_t annotation_count;
};

/* Of one incident; an error ends what goes on to the next. */
typedef enum gong_err (*gong_desk_incident_fn)(
    void *ctx, const struct gong_desk_incident *incident);

/* Why a message was made. */
enum gong_message_kind {
    GONG_MESSAGE_NEWS,     /* something fires, climbs, falls or is over */
    GONG_MESSAGE_REPEAT,   /* nothing new for repeat_interval */
    GONG_MESSAGE_ESCALATE, /* nobody acknowledged in time */
    GONG_MESSAGE_DRILL,    /* a test; not made by the desk itself */
};

/* What is said of one incident in a message. */
enum gong_message_news {
    GONG_NEWS_STILL, /* told before, still so */
    GONG_NEWS_FIRING,
    GONG_NEWS_CLIMBED,
    GONG_NEWS_FELL,
    GONG_NEWS_OVERDUE, /* its deadline to resolve has passed */
    GONG_NEWS_RESOLVED,
};

struct gong_message_item {
    const struct gong_desk_incident *incident;
    enum gong_message_news news;
    unsigned told_level; /* the level told last; 0: none, or not told yet */
    bool no_unit; /* its alert names no unit of the model: the root's are told
                     instead */
};

#define GONG_MESSAGE_ITEMS_MAX 100 /* listed; the others are counted */

/* Borrowed during the call. Each incident that a message is about is either
 * in items or in exactly one of the counts of omitted. */
struct gong_desk_message {
    enum gong_message_kind kind;
    const struct gong_desk_receiver *receiver; /* of the configuration */
    struct gong_str unit; /* code; empty where the receiver is of no unit */
    unsigned step;        /* ESCALATE: 1, 2 ... */
    int64_t waited_ms;    /* ESCALATE: for how long nobody has taken up the one
                             that waits longest, by its untaken_ms */
    int64_t at_ms;
    /* Groups in it; where it is one: that one's labels. */
    size_t groups;
    const struct gong_label_view *group_labels;
    size_t group_label_count;
    struct gong_str group_key; /* as Alertmanager writes it; of the first */
    /* Open ones first, then the worst, then what is news, then by number. */
    const struct gong_message_item *items;
    size_t item_count;
    size_t all_count; /* with those in omitted, which stand behind the others;
                         0: as item_count */
    size_t omitted_firing;
    size_t omitted_resolved;
};

#endif
