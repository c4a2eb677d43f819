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
struct gong_desk_hush;
struct gong_desk_seat;

struct gong_desk_member {
    struct gong_desk_entry *entry;
    struct gong_desk_group *group;
    size_t place;  /* among the group's */
    unsigned told; /* the rank told last, and 1; 0: not told */
    bool fell;     /* told that it falls, since it climbed last */
    bool late;     /* told after its deadline to resolve */
    bool paged;    /* told as critical: its fall and end are told at night */
    bool left;     /* the route no longer takes it: only its end is told */
    bool wanted;   /* of gong_desk_route_entry */
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
    /* Those that only the label unit sets apart (desk_merged.h). */
    uint64_t shape;
    struct gong_desk_entry *alike_next;
    struct gong_desk_entry *alike_prev;
    bool shaped; /* among them */
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
    struct gong_desk_table shapes; /* the first of each */
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

#endif
