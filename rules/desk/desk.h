/*
 * desk: who hears of an alert, and when. A pure library: what the engine says
 * (effects), what people do (acts) and time go in; messages and the changes to
 * keep come out. It reads no clock, does no I/O, starts no thread. The agent
 * keeps what comes out in one transaction; gong-rules tests and compares
 * routes with the same code.
 *
 *   alert --.                        .-> group (route x group_by x unit)
 *            >-> incident -> routes -+        | group_wait, group_interval,
 *   act ----'      |                 '-> ...  | repeat_interval
 *                  |                          v
 *                  '-> escalation -----> recipient (receiver x unit)
 *                                            | at most one message a
 *   time ----> deadlines, expiries           v group_wait
 *                                         message
 *
 * Groups, waits, mutes and inhibition mean what they mean in Alertmanager 0.25
 * (docs/DESK.md names the differences). Held back from messages, never from
 * the record: alerts that are silenced, in maintenance, inhibited, or whose
 * route is muted now.
 *
 * Time is wall-clock ms that never decreases; the caller sees to that.
 * One thread at a time. The order of inputs decides everything: the same
 * inputs give the same outputs, byte for byte.
 */
#ifndef GONG_RULES_DESK_DESK_H
#define GONG_RULES_DESK_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/desk/desk_config.h"
#include "rules/desk/incident.h"
#include "rules/desk/silence.h"
#include "rules/engine/effect.h"
#include "rules/engine/template.h"
#include "rules/model/model.h"

/* When what made a transition passed which station, wall-clock ms; 0: not
 * known, or a timer made it. */
struct gong_alert_stamps {
    int64_t captured_ms;
    int64_t published_ms;
    int64_t received_ms;
    int64_t decided_ms;
};

/* An alert's transition; gong_effect and its JSON (agent/decide/effect_json.h)
 * both give one. Borrowed during the call. */
struct gong_desk_alert {
    uint64_t position; /* of the effect, with ordinal */
    uint32_t ordinal;
    uint64_t rule; /* FNV-1a 64 of the rule's id */
    uint64_t fingerprint;
    struct gong_str rule_id;
    enum gong_alert_state state; /* after it */
    unsigned level;              /* after it; 0: none */
    bool trial;                  /* recorded, never told */
    bool lost; /* ended because the engine no longer knows it */
    double value;
    int64_t at_ms;
    int64_t since_ms;
    struct gong_alert_stamps stamps;
    const struct gong_label_view *labels; /* sorted by name */
    size_t label_count;
    const struct gong_label_view *annotations;
    size_t annotation_count;
};

enum gong_act_kind {
    GONG_ACT_ACKNOWLEDGE,
    GONG_ACT_UNACKNOWLEDGE,
    GONG_ACT_ASSIGN,
    GONG_ACT_COMMENT,
    GONG_ACT_RESOLVE,
    GONG_ACT_OUTCOME,
    GONG_ACT_SILENCE,     /* matchers, or one incident until it is over */
    GONG_ACT_UNSILENCE,   /* by the silence's number */
    GONG_ACT_MAINTENANCE, /* from..until for matchers */
};

enum gong_verdict {
    GONG_VERDICT_NONE,
    GONG_VERDICT_REAL,
    GONG_VERDICT_FALSE,
    GONG_VERDICT_LATE,
    GONG_VERDICT_TEST,
};

/* What a person does. Texts are borrowed, may be empty. */
struct gong_desk_act {
    enum gong_act_kind kind;
    struct gong_str by;      /* who; never empty */
    uint64_t incident;       /* its number; 0: none (silence by matchers) */
    uint64_t silence;        /* UNSILENCE */
    struct gong_str owner;   /* ASSIGN; ACKNOWLEDGE: by, if empty */
    struct gong_str comment; /* of all kinds */
    int64_t from_ms;         /* SILENCE, MAINTENANCE; 0: now */
    int64_t until_ms; /* ACKNOWLEDGE, SILENCE, MAINTENANCE; 0: until resolved */
    bool sticky;      /* ACKNOWLEDGE */
    struct gong_str matchers; /* SILENCE, MAINTENANCE: as in routes, joined by
                                 commas: severity="info",unit=~"24.*" */
    struct gong_str cause;    /* OUTCOME */
    enum gong_verdict verdict;
    int64_t cost; /* OUTCOME: in dong */
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

/* Past it: alerts are not taken; incidents share one group of their route and
 * unit, without labels; a silence is refused. */
#define GONG_DESK_INCIDENTS_MAX 100000
#define GONG_DESK_GROUPS_MAX    100000
#define GONG_DESK_SILENCES_MAX  1000
/* A silence or maintenance that is planned further ahead or lasts longer is a
 * mistake: refused. */
#define GONG_DESK_SILENCE_MS_MAX (INT64_C(366) * 24 * 3600 * 1000)
#define GONG_DESK_STATE_MAX      (8 << 20)

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

/* What the caller has to keep, in the order of the calls, in one transaction
 * with what went in. Incidents are told after an input that changed them,
 * before the messages about them that are made at once. An error of any of
 * these is given back by the call that caused it, and by all later ones: the
 * desk must be thrown away and restored. The same holds for GONG_ERR_MEMORY. */
struct gong_desk_sink {
    void *ctx;
    enum gong_err (*incident)(void *ctx,
                              const struct gong_desk_incident *incident);
    /* The record of what happened to an incident: by is empty where nobody
     * did it. */
    enum gong_err (*event)(void *ctx, uint64_t incident, int64_t at_ms,
                           enum gong_incident_event event, struct gong_str by,
                           struct gong_str text);
    enum gong_err (*message)(void *ctx,
                             const struct gong_desk_message *message);
    /* A silence or a time of maintenance begins, changes or ends. */
    enum gong_err (*silence)(void *ctx, const struct gong_desk_silence *);
    /* State of a group or of a recipient, opaque text under its key; NULL: it
     * is gone. Handed back by gong_desk_restore_group. At most some 40 bytes
     * for each incident that was told, and GONG_DESK_STATE_MAX. It is told when
     * it is made and when messages were made, not with each alert. */
    enum gong_err (*group)(void *ctx, struct gong_str key,
                           const struct gong_str *state);
};

struct gong_desk;

/* config and model are borrowed until free or gong_desk_reload. NULL: no
 * memory. */
struct gong_desk *gong_desk_new(const struct gong_desk_config *config,
                                const struct gong_model *model,
                                const struct gong_desk_sink *sink,
                                int64_t now_ms);
void gong_desk_free(struct gong_desk *desk);

/* Before the first input: what was kept, in any order. next_incident,
 * next_silence: the first that was never given. INVALID: not what a sink was
 * given. Ended incidents that do not wait are passed over.
 *
 * Later, an incident that is over may be handed back for the act that comes
 * next (an outcome, a comment); then it is forgotten again. */
enum gong_err gong_desk_restore(struct gong_desk *desk, uint64_t next_incident,
                                uint64_t next_silence) GONG_MUST_CHECK;
enum gong_err gong_desk_restore_incident(
    struct gong_desk *desk,
    const struct gong_desk_incident *incident) GONG_MUST_CHECK;
enum gong_err gong_desk_restore_silence(struct gong_desk *desk,
                                        const struct gong_desk_silence *silence)
    GONG_MUST_CHECK;
enum gong_err gong_desk_restore_group(struct gong_desk *desk,
                                      struct gong_str key,
                                      struct gong_str state) GONG_MUST_CHECK;

/* Inputs. Each first runs what is due by now_ms. A caller that comes late gets
 * one message of what was due meanwhile, not several.
 * gong_desk_alert: TOO_LARGE where as many incidents are held as can be: the
 * alert was not taken, everything else is as before. */
enum gong_err gong_desk_alert(struct gong_desk *desk,
                              const struct gong_desk_alert *alert,
                              int64_t now_ms) GONG_MUST_CHECK;
/* INVALID with why filled where the act means nothing here (no such incident,
 * it is over, a matcher that cannot be read): nothing was changed. number: of
 * the silence that was made; may be NULL. */
enum gong_err gong_desk_act(struct gong_desk *desk,
                            const struct gong_desk_act *act, int64_t now_ms,
                            uint64_t *number, char *why,
                            size_t why_size) GONG_MUST_CHECK;
/* gong_desk_act_text: the act in a line, as its event keeps it: the comment,
 * then what else it sets:
 *
 *   đang đi [owner="lan" until=2026-11-22T08:15:00+07:00 sticky]
 *   [verdict=real cost=1500000 cause="mưa lớn"]
 *
 * zone_ms: east of UTC; of a longer comment only comment_max bytes. The caller
 * frees; NULL without memory. */
char *gong_desk_act_text(const struct gong_desk_act *act, int64_t zone_ms,
                         size_t comment_max);
enum gong_err gong_desk_run(struct gong_desk *desk,
                            int64_t now_ms) GONG_MUST_CHECK;
/* gong_desk_next: when gong_desk_run has something to do; INT64_MAX: never. */
int64_t gong_desk_next(const struct gong_desk *desk);

/* gong_desk_reload: other routes, another model; groups that still exist go on
 * where they are, and nothing is told again because of it. */
enum gong_err gong_desk_reload(struct gong_desk *desk,
                               const struct gong_desk_config *config,
                               const struct gong_model *model,
                               int64_t now_ms) GONG_MUST_CHECK;

/* How full it is, and what its bounds cost so far. */
struct gong_desk_stats {
    size_t incidents;
    size_t groups;
    size_t silences;
    uint64_t refused; /* alerts */
    uint64_t folded;  /* incidents that share a group for lack of one */
};
struct gong_desk_stats gong_desk_stats(const struct gong_desk *desk);

/* gong_desk_find: an incident by its number, open ones and those that ended
 * and still wait for a message; NULL. Valid until the next input. */
const struct gong_desk_incident *gong_desk_find(const struct gong_desk *desk,
                                                uint64_t number);

#endif
