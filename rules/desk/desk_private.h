/*
 * desk_private: what the parts of the desk share. Nobody else's.
 *
 *   entry (an incident) --< member >-- group --< recipient
 *     |                     told: the rank that the recipient knows
 *     '-- seats in buckets of the inhibition's rules
 *
 * Members are told or not. Those that are told are in the state of their group;
 * those that are not follow from routes and labels, so a new alert in a group
 * that is there changes nothing that is kept.
 *
 * An error (memory, a sink) is noted once, in desk->err; from then on nothing
 * is done any more.
 */
#ifndef GONG_RULES_DESK_DESK_PRIVATE_H
#define GONG_RULES_DESK_DESK_PRIVATE_H

#include "rules/desk/desk.h"
#include "rules/desk/desk_table.h"
#include "rules/desk/desk_timer.h"

#define GONG_DESK_NONE SIZE_MAX

struct gong_desk_entry;
struct gong_desk_group;
struct gong_desk_recipient;

struct gong_desk_member {
    struct gong_desk_entry *entry;
    struct gong_desk_group *group;
    size_t place;  /* among the group's */
    unsigned told; /* the rank told last, and 1; 0: not told */
    bool fell;     /* told that it falls, since it climbed last */
    bool left;     /* the route no longer takes it: only its end is told */
    bool wanted;   /* of gong_desk_route_entry */
};

/* An incident in a bucket of one inhibit rule: the alerts that agree in the
 * labels of `equal`. */
struct gong_desk_bucket {
    char *key; /* the rule's number and the values */
    size_t key_len;
    size_t sources;      /* that are no targets of the rule themselves */
    size_t both_sources; /* that are */
    struct gong_desk_seat **targets;
    size_t count;
    size_t capacity;
    size_t seats;
};

struct gong_desk_seat {
    struct gong_desk_entry *entry;
    struct gong_desk_bucket *bucket;
    size_t place; /* among the targets */
    bool source;
    bool target;
    bool counted; /* as a source: while it is open */
};

struct gong_desk_entry {
    struct gong_desk_incident is;
    char *text; /* of rule id, labels and annotations */
    struct gong_label_view *views;
    char *owner;
    char *acked_by;
    char *ack_comment;
    char *cause;
    unsigned char alert_key[16];
    bool no_unit;
    bool current; /* the one of its alert */
    bool leaving; /* freed when it was told */
    bool dirty;
    size_t place;      /* in desk->entries */
    size_t escalation; /* that counts for it; GONG_DESK_NONE */
    size_t silences;   /* that hold it now */
    size_t maintenances;
    size_t listed; /* while a message is made: its item, and 1 */
    struct gong_desk_member **members;
    size_t member_count;
    size_t member_capacity;
    struct gong_desk_seat *seats;
    size_t seat_count;
    struct gong_desk_timer timer;
};

struct gong_desk_group {
    char *key;  /* of the sink */
    char *name; /* as Alertmanager writes it */
    char *text; /* of unit and labels */
    struct gong_label_view *labels;
    size_t label_count;
    size_t route; /* GONG_DESK_NONE: it is gone; told incidents may end */
    char *identity;
    size_t twin;
    int64_t base;    /* its first flush: ticks are base, base + interval ... */
    int64_t due;     /* GONG_DESK_NEVER: nothing to tell */
    int64_t told_ms; /* 0: never */
    struct gong_desk_member **members;
    size_t count;
    size_t capacity;
    struct gong_desk_recipient *recipient;
    size_t recipient_place;
    size_t place; /* in desk->groups */
    bool ready;   /* due, waits for its recipient */
    bool dirty;
    bool stored;
    struct gong_desk_timer timer;
};

/* An escalation that is due, until it is told. */
struct gong_desk_pending {
    uint64_t incident;
    unsigned step;
    int64_t at_ms;
};

struct gong_desk_recipient {
    char *key; /* of the sink */
    size_t receiver;
    char *unit;
    int64_t quiet_ms; /* no message before */
    struct gong_desk_group **groups;
    size_t group_count;
    size_t group_capacity;
    struct gong_desk_pending *pendings;
    size_t pending_count;
    size_t pending_capacity;
    size_t place;
    bool dirty;
    bool stored;
    struct gong_desk_timer timer;
};

struct gong_desk_hush {
    struct gong_desk_silence is;
    char *text;
    struct gong_desk_matchers *matchers; /* NULL: of one incident */
    bool begun;
    size_t place;
    bool dirty;
    struct gong_desk_timer timer;
};

struct gong_desk_event {
    uint64_t incident;
    int64_t at_ms;
    enum gong_incident_event event;
    char *by;
    char *text;
};

/* A list of pointers that grows. */
struct gong_desk_list {
    void **items;
    size_t count;
    size_t capacity;
};

struct gong_desk {
    const struct gong_desk_config *config;
    const struct gong_model *model;
    struct gong_desk_sink sink;
    int64_t now;
    enum gong_err err;
    bool settled;               /* what was restored has been put together */
    bool settling;              /* what holds incidents back is not known yet */
    bool routing;               /* they go to groups that are there */
    struct gong_desk_list raws; /* states of groups and recipients, till then */
    uint64_t next_incident;
    uint64_t next_silence;
    uint64_t refused;
    uint64_t folded;

    struct gong_desk_table numbers;    /* entries */
    struct gong_desk_table alerts;     /* entries that are current */
    struct gong_desk_table groups;     /* by key */
    struct gong_desk_table recipients; /* by key */
    struct gong_desk_table buckets;
    struct gong_desk_list entry_list;
    struct gong_desk_list group_list;
    struct gong_desk_list recipient_list;
    struct gong_desk_list hush_list;
    struct gong_desk_heap timers;
    struct gong_desk_heap recipient_timers;
    struct gong_desk_entry *recalled; /* for the next act */

    /* To be told to the sink. */
    struct gong_desk_list dirty_entries;
    struct gong_desk_list dirty_groups;
    struct gong_desk_list dirty_recipients;
    struct gong_desk_list dirty_hushes;
    struct gong_desk_list gone; /* keys of groups, owned */
    struct gong_desk_event *events;
    size_t event_count;
    size_t event_capacity;
};

/* desk.c */
void gong_desk_fail(struct gong_desk *desk, enum gong_err err);
/* gong_desk_more: room for one more item of size; NULL without memory, with the
 * list as it was. */
void *gong_desk_more(void *items, size_t *capacity, size_t count, size_t size);
bool gong_desk_list_add(struct gong_desk *desk, struct gong_desk_list *list,
                        void *item);
void gong_desk_set_timer(struct gong_desk *desk, struct gong_desk_timer *timer,
                         int64_t due);
/* gong_desk_due: runs what is due at desk->now. */
void gong_desk_due(struct gong_desk *desk);

/* desk_entry.c: incidents and their memory. */
struct gong_desk_entry *gong_desk_entry_new(struct gong_desk *desk,
                                            uint64_t number, uint64_t rule,
                                            uint64_t fingerprint);
void gong_desk_entry_free(struct gong_desk_entry *entry);
struct gong_desk_entry *gong_desk_entry_find(const struct gong_desk *desk,
                                             uint64_t number);
struct gong_desk_entry *gong_desk_entry_of(const struct gong_desk *desk,
                                           uint64_t rule, uint64_t fingerprint);
struct gong_desk_texts {
    struct gong_str rule_id;
    const struct gong_label_view *labels;
    size_t label_count;
    const struct gong_label_view *annotations;
    size_t annotation_count;
};
/* gong_desk_entry_text: whether the labels are others than before. */
bool gong_desk_entry_text(struct gong_desk *desk, struct gong_desk_entry *entry,
                          const struct gong_desk_texts *texts);
/* gong_desk_entry_word: one of a person's texts, copied. */
void gong_desk_entry_word(struct gong_desk *desk, char **own,
                          struct gong_str *field, struct gong_str text);
struct gong_str gong_desk_entry_label(const struct gong_desk_entry *entry,
                                      const char *name);
static inline bool
gong_desk_entry_open(const struct gong_desk_entry *entry)
{
    return entry->is.state == GONG_INCIDENT_OPEN ||
           entry->is.state == GONG_INCIDENT_ACKNOWLEDGED;
}
static inline bool
gong_desk_entry_held(const struct gong_desk_entry *entry)
{
    return entry->is.silenced || entry->is.in_maintenance ||
           entry->is.inhibited;
}
/* A level counts before a severity. */
static inline unsigned
gong_desk_rank(unsigned level, enum gong_severity severity)
{
    return level << 2 | (unsigned)severity;
}
void gong_desk_entry_dirty(struct gong_desk *desk,
                           struct gong_desk_entry *entry);
/* gong_desk_entry_detach: its alert may have another one. */
void gong_desk_entry_detach(struct gong_desk *desk,
                            struct gong_desk_entry *entry);
/* gong_desk_entry_release: forgets one that has ended if nothing waits. */
void gong_desk_entry_release(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
/* gong_desk_entry_drop: forgets it without a word. */
void gong_desk_entry_drop(struct gong_desk *desk,
                          struct gong_desk_entry *entry);

/* desk_emit.c */
void gong_desk_event_add(struct gong_desk *desk, uint64_t incident,
                         enum gong_incident_event event, struct gong_str by,
                         struct gong_str text);
void gong_desk_group_dirty(struct gong_desk *desk,
                           struct gong_desk_group *group);
void gong_desk_recipient_dirty(struct gong_desk *desk,
                               struct gong_desk_recipient *recipient);
void gong_desk_hush_dirty(struct gong_desk *desk, struct gong_desk_hush *hush);
/* gong_desk_emit: everything that is dirty, to the sink. */
void gong_desk_emit(struct gong_desk *desk);
void gong_desk_emit_fini(struct gong_desk *desk);

/* desk_alert.c */
/* gong_desk_entry_step: moves an incident; false: nothing here. */
bool gong_desk_entry_step(struct gong_desk *desk, struct gong_desk_entry *entry,
                          enum gong_incident_event event);
/* gong_desk_entry_relabel: silences, inhibition, escalation and routes anew. */
void gong_desk_entry_relabel(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
/* gong_desk_entry_end: what an end means for groups, silences, inhibition. */
void gong_desk_entry_end(struct gong_desk *desk, struct gong_desk_entry *entry);

/* desk_route.c */
/* gong_desk_route_entry: into the groups that routes give it; what was told
 * elsewhere to the same recipient stays told. */
void gong_desk_route_entry(struct gong_desk *desk,
                           struct gong_desk_entry *entry);
/* gong_desk_route_units: calls on_unit for each unit whose people a receiver
 * means for this incident; "" for receivers of no unit. */
void gong_desk_route_units(struct gong_desk *desk,
                           struct gong_desk_entry *entry, size_t receiver,
                           void (*on_unit)(struct gong_desk *desk,
                                           struct gong_desk_entry *entry,
                                           size_t index, struct gong_str unit),
                           size_t index);
/* gong_desk_route_unit_of: its unit in the model; NULL: the model has none. */
const struct gong_unit *
gong_desk_route_unit_of(const struct gong_desk *desk,
                        const struct gong_desk_entry *entry);

/* desk_group.c */
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
 * at which that may change. */
bool gong_desk_group_muted(const struct gong_desk *desk,
                           const struct gong_desk_group *group, int64_t *until);
/* What a member has to say; false: nothing, now. */
bool gong_desk_member_news(const struct gong_desk_member *member,
                           enum gong_message_news *news);
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

/* desk_recipient.c */
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

/* desk_message.c */
/* gong_desk_message_news: of all ready groups; whether there was any. */
bool gong_desk_message_news(struct gong_desk *desk,
                            struct gong_desk_recipient *recipient);
/* gong_desk_message_escalate: of all pendings, which end. */
bool gong_desk_message_escalate(struct gong_desk *desk,
                                struct gong_desk_recipient *recipient);

/* desk_inhibit.c */
void gong_desk_inhibit_seat(struct gong_desk *desk,
                            struct gong_desk_entry *entry);
void gong_desk_inhibit_unseat(struct gong_desk *desk,
                              struct gong_desk_entry *entry);
/* gong_desk_inhibit_count: as a source, while it is open. */
void gong_desk_inhibit_count(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
bool gong_desk_inhibited(const struct gong_desk_entry *entry);

/* desk_silence.c */
/* gong_desk_hold: what holds it back now, anew; and what follows. */
void gong_desk_hold(struct gong_desk *desk, struct gong_desk_entry *entry);
/* gong_desk_silence_recount: which silences take its labels. */
void gong_desk_silence_recount(struct gong_desk *desk,
                               struct gong_desk_entry *entry);
struct gong_desk_hush *
gong_desk_silence_add(struct gong_desk *desk,
                      const struct gong_desk_silence *silence,
                      struct gong_expr_error *error);
struct gong_desk_hush *gong_desk_silence_find(const struct gong_desk *desk,
                                              uint64_t number);
void gong_desk_silence_free(struct gong_desk_hush *hush);
/* gong_desk_silence_turn: begins or ends it if it is time. */
void gong_desk_silence_turn(struct gong_desk *desk,
                            struct gong_desk_hush *hush);
void gong_desk_silence_end(struct gong_desk *desk, struct gong_desk_hush *hush);
/* gong_desk_silence_over: those of an incident that is over. */
void gong_desk_silence_over(struct gong_desk *desk, uint64_t incident);
/* gong_desk_silence_begin_all: of restored ones, without a word. */
void gong_desk_silence_begin_all(struct gong_desk *desk);

/* desk_escalate.c */
void gong_desk_escalate_find(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
void gong_desk_escalate_open(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
/* gong_desk_escalate_start: anew from the first step. */
void gong_desk_escalate_start(struct gong_desk *desk,
                              struct gong_desk_entry *entry);
/* gong_desk_escalate_go_on: the wait for the next step begins anew. */
void gong_desk_escalate_go_on(struct gong_desk *desk,
                              struct gong_desk_entry *entry);
void gong_desk_escalate_stop(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
/* gong_desk_escalate_climb: other deadlines, if they are sooner. */
void gong_desk_escalate_climb(struct gong_desk *desk,
                              struct gong_desk_entry *entry);
void gong_desk_escalate_arm(struct gong_desk *desk,
                            struct gong_desk_entry *entry);
/* gong_desk_escalate_due: what its timer stood for. */
void gong_desk_escalate_due(struct gong_desk *desk,
                            struct gong_desk_entry *entry);

/* desk_state.c: what is kept of groups and recipients, as text. NULL without
 * memory; the caller frees. */
char *gong_desk_state_group(const struct gong_desk_group *group,
                            const struct gong_desk *desk, size_t *len);
char *gong_desk_state_recipient(const struct gong_desk_recipient *recipient,
                                const struct gong_desk *desk, size_t *len);
/* A state that was read. Texts point into it, but for labels. */
struct gong_desk_raw_told {
    uint64_t incident;
    uint64_t told; /* a recipient's: the step */
    int64_t flags; /* a recipient's: since when */
};
struct gong_desk_raw {
    char *key;
    char *text;
    bool group; /* else a recipient */
    struct gong_str receiver;
    struct gong_str unit;
    struct gong_str identity; /* empty: of no route any more */
    struct gong_str name;
    uint64_t twin;
    int64_t base;
    int64_t due; /* a recipient's: quiet until */
    int64_t told_ms;
    struct gong_label_view *labels;
    size_t label_count;
    struct gong_desk_raw_told *told;
    size_t told_count;
};
#define GONG_DESK_FLAG_FELL 1
#define GONG_DESK_FLAG_LEFT 2
/* NULL with err set: INVALID or MEMORY. */
struct gong_desk_raw *gong_desk_raw_read(struct gong_str key,
                                         struct gong_str state,
                                         enum gong_err *err);
void gong_desk_raw_free(struct gong_desk_raw *raw);

/* gong_desk_group_clean: it is as it was kept. */
void gong_desk_group_clean(struct gong_desk *desk,
                           struct gong_desk_group *group);
/* gong_desk_gone_add: a key whose state is to go. */
void gong_desk_gone_add(struct gong_desk *desk, const char *key);
/* gong_desk_escalate_check: goes on if there is a step that nothing waits for,
 * as when routes or labels have changed. */
void gong_desk_escalate_check(struct gong_desk *desk,
                              struct gong_desk_entry *entry);
/* gong_desk_unit_find: NULL where the model has none. */
const struct gong_unit *gong_desk_unit_find(const struct gong_model *model,
                                            struct gong_str code);

/* desk_reload.c: puts together what was restored, or renewed. */
void gong_desk_settle(struct gong_desk *desk);

#endif
