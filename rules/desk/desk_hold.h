/* desk_hold: silences, inhibition, escalation. Private to the desk. */
#ifndef GONG_RULES_DESK_DESK_HOLD_H
#define GONG_RULES_DESK_DESK_HOLD_H

#include "rules/desk/desk_private.h"

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

/* A silence or maintenance. */
struct gong_desk_hush {
    struct gong_desk_silence is;
    char *text;
    struct gong_desk_matchers *matchers; /* NULL: of one incident */
    bool begun;
    size_t place;
    bool dirty;
    struct gong_desk_timer timer;
};

void gong_desk_inhibit_seat(struct gong_desk *desk,
                            struct gong_desk_entry *entry);
void gong_desk_inhibit_unseat(struct gong_desk *desk,
                              struct gong_desk_entry *entry);
/* gong_desk_inhibit_count: as a source, while it is open. */
void gong_desk_inhibit_count(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
bool gong_desk_inhibited(const struct gong_desk_entry *entry);

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
/* gong_desk_silence_undo: one that was added and not begun, without a word. */
void gong_desk_silence_undo(struct gong_desk *desk,
                            struct gong_desk_hush *hush);
/* gong_desk_silence_turn: begins or ends it if it is time. */
void gong_desk_silence_turn(struct gong_desk *desk,
                            struct gong_desk_hush *hush);
void gong_desk_silence_end(struct gong_desk *desk, struct gong_desk_hush *hush);
/* gong_desk_silence_over: those of an incident that is over. */
void gong_desk_silence_over(struct gong_desk *desk, uint64_t incident);
/* gong_desk_silence_begin_all: of restored ones, without a word. */
void gong_desk_silence_begin_all(struct gong_desk *desk);

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
/* gong_desk_escalate_check: goes on if there is a step that nothing waits for,
 * as when routes or labels have changed. */
void gong_desk_escalate_check(struct gong_desk *desk,
                              struct gong_desk_entry *entry);

#endif
