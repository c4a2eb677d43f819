/*
 * desk_life: the desk's thread and its outbox over a real effects log, in a
 * folder of their own, with a small city and routes. May be stopped and
 * started again, as the agent is.
 *
 *   66 (duty: p, also two ways to be reached) -- 22015 (duty: u, head: h)
 */
#ifndef GONG_TESTS_DESK_LIFE_H
#define GONG_TESTS_DESK_LIFE_H

#include "agent/desk/desk.h"
#include "agent/desk/desk_read.h"
#include "outbox_fixture.h"

/* Every alert by itself and at once to the unit's duty; who does not
 * acknowledge in 300 ms: its head, in 600 ms: the province's duty. */
extern const char desk_life_routes[];

struct desk_life {
    struct desk_files files;
    char effects_dir[96];
    struct gong_counters *counters;
    struct gong_effects *effects;
    struct gong_desk_config *config;
    struct gong_model *model;
    struct gong_outbox *outbox;
    struct gong_desk_thread *desk;
    const struct gong_channel_kind *kind; /* of "one" and "two" */
    const void *kind_config;
    uint64_t position;        /* of the next effect */
    struct gong_trust *trust; /* the test's; NULL: none */
};

/* Nothing runs yet. */
void desk_life_init(struct desk_life *life,
                    const struct gong_channel_kind *kind,
                    const void *kind_config);
void desk_life_fini(struct desk_life *life);
/* The same in a folder that another process made. */
void desk_life_init_in(struct desk_life *life, const char *dir,
                       const struct gong_channel_kind *kind,
                       const void *kind_config);

/* Reads routes; replaces none that are in use. */
struct gong_desk_config *desk_life_config(const char *text);

/* The log alone, then the outbox and the desk. */
void desk_life_open(struct desk_life *life);
void desk_life_start(struct desk_life *life);
/* All of it. */
void desk_life_stop(struct desk_life *life);
/* Another, empty effects log: nothing may run. */
void desk_life_forget_log(struct desk_life *life);

/* One alert's transition: alertname A, device, site and unit 22015. */
void desk_life_put(struct desk_life *life, const char *device,
                   enum gong_alert_state from, enum gong_alert_state to);
void desk_life_fire(struct desk_life *life, const char *device);
void desk_life_over(struct desk_life *life, const char *device);
/* An end for silences: they last no year. */
int64_t desk_life_tomorrow(void);
/* A probe's alert fires, with one label of a drill; value "": without. */
void desk_life_probe(struct desk_life *life, const char *rule, double number,
                     const char *label, const char *value);
/* The engine holds this one alert (NULL: none): the log is reconciled. */
void desk_life_reconcile(struct desk_life *life, const char *device);

uint64_t desk_life_count(struct desk_life *life, enum gong_counter_type type,
                         const char *name, const char *labels);

#endif
