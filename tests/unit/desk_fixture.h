/* desk_fixture: a desk with a sink that writes down what it is told, keeps what
 * is to be kept, and can begin anew from that. The city of desk_model.c. */
#ifndef GONG_TESTS_DESK_FIXTURE_H
#define GONG_TESTS_DESK_FIXTURE_H

#include "rules/desk/desk.h"

struct desk_kept_incident {
    struct gong_desk_incident is; /* texts owned */
    struct desk_kept_incident *next;
};
struct desk_kept_silence {
    struct gong_desk_silence is;
    struct desk_kept_silence *next;
};
struct desk_kept_group {
    char *key;
    char *state;
    size_t len;
    struct desk_kept_group *next;
};

#define DESK_KEPT_BUCKETS 1024

struct desk_world {
    struct gong_desk_config *config;
    struct gong_model *model;
    struct gong_desk *desk;
    int64_t now;
    int64_t age_ms;      /* of alerts when they come, by the agent's clock */
    int64_t off_ms;      /* by which the device's clock is ahead */
    const char *summary; /* of alerts; NULL: "text" */
    /* What the sink was told since desk_said was called last. */
    char *said;
    size_t said_len;
    char *events;
    size_t events_len;
    bool lenient; /* groups may go that were never kept */
    /* Kept. */
    struct desk_kept_incident *incidents;
    struct desk_kept_incident **by_number; /* number, from 1 on */
    size_t numbers;
    struct desk_kept_silence *silences;
    struct desk_kept_group *groups[DESK_KEPT_BUCKETS]; /* by hash */
    uint64_t next_incident;
    uint64_t next_silence;
    size_t writes;       /* of groups */
    size_t messages;     /* all so far */
    uint64_t fail_after; /* this many calls of the sink; 0: never */
    void (*on_message)(void *ctx, const struct gong_desk_message *message);
    void *ctx;
};

/* config: a routing file's text; must be right. */
void desk_world_init(struct desk_world *world, const char *config);
void desk_world_fini(struct desk_world *world);
struct gong_desk_config *desk_config_of(const char *text);

/* Labels "a=b,c=d"; alertname, unit and severity as given there. */
enum gong_err desk_fire(struct desk_world *world, const char *labels,
                        unsigned level);
enum gong_err desk_alert(struct desk_world *world, const char *labels,
                         enum gong_alert_state state, unsigned level);
void desk_over(struct desk_world *world, const char *labels);
/* To a time, each timer at its own instant. */
void desk_run_to(struct desk_world *world, int64_t ms);
/* INVALID and why are not expected. The silence's number. */
uint64_t desk_do(struct desk_world *world, struct gong_desk_act act);
/* Throws the desk away and restores it. */
void desk_again(struct desk_world *world);
/* With other routes; NULL: the same model and config. */
void desk_reload(struct desk_world *world, const char *config);

/* What was told since the last call, one line a message; valid until the next
 * input. */
const char *desk_said(struct desk_world *world);
const char *desk_events(struct desk_world *world);

#endif
