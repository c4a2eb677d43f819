/*
 * desk_config: routing files (libconfig). Keys follow Alertmanager's:
 *
 *   route = {
 *       receiver = "operations";
 *       group_by = ("alertname", "unit");
 *       group_wait = "30s";  group_interval = "5m";  repeat_interval = "4h";
 *       routes = (
 *         { matchers = ("service=\"water\"", "severity=~\"warning|critical\"");
 *           receiver = "unit-duty";
 *           continue = true;
 *           mute_time_intervals = ("night");
 *           active_time_intervals = ("office");
 *           routes = ( ... ); } );
 *   };
 *   inhibit_rules = (
 *     { source_matchers = ("alertname=\"UnitDark\"");
 *       target_matchers = ("severity=\"warning\"");
 *       equal = ("unit"); } );
 *   time_intervals = ( { name = "night"; hours = ("mon-sun 22:00-06:00"); } );
 *
 * time_intervals are calendars (rules/engine/calendar.h) in the same words as
 * in rule files; they never hold back incidents of severity critical. Ours:
 *
 *   receivers = (
 *     { name = "operations"; channels = ("hook"); },
 *     { name = "unit-duty"; role = "duty"; of = "unit"; affects = true; },
 *     { name = "unit-head"; role = "head"; of = "unit"; },
 *     { name = "province-duty"; role = "duty"; of = "66"; } );
 *   escalation = (
 *     { matchers = ("severity=\"critical\"");
 *       acknowledge = "10m";  resolve = "4h";       # deadlines
 *       steps = ( { after = "10m"; receiver = "unit-head"; },
 *                 { after = "20m"; receiver = "province-duty"; } ); } );
 *
 * A receiver names either channels (where messages go as they are) or a role
 * (people in the city model: of = "unit" means those of the alert's unit, and
 * with affects those of the units that its device affects; else of names one
 * unit). `channels` are names of the agent's configuration; which exist is not
 * known here. The first entry of escalation that matches counts.
 *
 * Everything is refused with file:line:column, all mistakes at once. Immutable
 * after reading, but matchers hold scratch memory: one thread at a time.
 */
#ifndef GONG_RULES_DESK_DESK_CONFIG_H
#define GONG_RULES_DESK_DESK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/conf.h"
#include "rules/engine/calendar.h"
#include "rules/engine/match.h"
#include "rules/model/model.h"

#define GONG_DESK_ROUTES_MAX    1000
#define GONG_DESK_RECEIVERS_MAX 200
#define GONG_DESK_STEPS_MAX     8
#define GONG_DESK_DEPTH_MAX     12  /* of routes in routes */
#define GONG_DESK_RULES_MAX     500 /* inhibit_rules; also escalation */
#define GONG_DESK_INTERVALS_MAX 200

struct gong_desk_receiver {
    char *name;
    struct gong_strings channels; /* or none, and: */
    char *role;
    char *of;     /* "unit", or a unit's code */
    bool affects; /* of = "unit" only */
    bool send_resolved;
};

/* Matchers with what they were compiled from. */
struct gong_desk_matchers;

struct gong_desk_route {
    size_t receiver;                     /* index */
    struct gong_desk_matchers *matchers; /* NULL: everything */
    bool go_on;                          /* `continue` */
    bool group_by_all;                   /* group_by = ("...") */
    struct gong_strings group_by;        /* sorted, inherited */
    gong_dur_t group_wait;
    gong_dur_t group_interval;
    gong_dur_t repeat_interval;
    size_t *mute; /* indices of time_intervals */
    size_t mute_count;
    size_t *active;
    size_t active_count;
    size_t parent;  /* index; the root is its own */
    size_t first;   /* its children: routes of the same parent, in order */
    size_t next;    /* the next sibling; 0: none */
    char *identity; /* Alertmanager's route key: matchers from the root */
    size_t twin;    /* how many routes before it have the same identity */
};

struct gong_desk_inhibit {
    struct gong_desk_matchers *source;
    struct gong_desk_matchers *target;
    struct gong_strings equal;
};

struct gong_desk_step {
    gong_dur_t after; /* since the incident was opened */
    size_t receiver;
};

struct gong_desk_escalation {
    struct gong_desk_matchers *matchers;
    gong_dur_t acknowledge; /* 0: no deadline */
    gong_dur_t resolve;
    struct gong_desk_step steps[GONG_DESK_STEPS_MAX];
    size_t step_count;
};

struct gong_desk_config {
    struct gong_desk_receiver *receivers;
    size_t receiver_count;
    struct gong_desk_route *routes; /* 0 is the root */
    size_t route_count;
    struct gong_desk_inhibit *inhibits;
    size_t inhibit_count;
    struct gong_calendar *intervals;
    size_t interval_count;
    struct gong_desk_escalation *escalations;
    size_t escalation_count;
};

/* gong_desk_config_read: NULL after problems, all of which are in errors. The
 * caller's file may hold other keys: known names the ones to pass over (NULL
 * for none). */
struct gong_desk_config *gong_desk_config_read(const struct gong_conf *conf,
                                               const char *const *others,
                                               struct gong_conf_errors *errors);
/* gong_desk_config_plain: what counts where there is no routing file: every
 * alert by itself, at once, to a receiver "all" with these channels. NULL
 * without memory. */
struct gong_desk_config *gong_desk_config_plain(const char *const *channels,
                                                size_t count);
void gong_desk_config_free(struct gong_desk_config *config);

/* gong_desk_matchers_read: `name="value"`, =, !=, =~, !~, several joined by
 * commas, braces around them allowed. NULL with error filled. */
struct gong_desk_matchers *
gong_desk_matchers_read(struct gong_str text, struct gong_expr_error *error);
void gong_desk_matchers_free(struct gong_desk_matchers *matchers);
/* Labels sorted by name. What cannot be decided does not match. A matcher on
 * `unit` also takes the label `site` where it is another code of that unit by
 * the model (NULL: there is none): the one under which a device of a unit that
 * was merged still reports. No other site speaks for a unit, nor one whose
 * device the model has in another unit. */
bool gong_desk_matchers_take(struct gong_desk_matchers *matchers,
                             const struct gong_model *model,
                             const struct gong_label_view *labels,
                             size_t count);
/* gong_desk_matchers_unit: the next unit that is named with = or !=, from *next
 * on, which begins with 0; NULL: no further one. Borrowed. */
const char *gong_desk_matchers_unit(const struct gong_desk_matchers *matchers,
                                    size_t *next);
/* gong_desk_matchers_at: by number, from 0 on; NULL: no further one. Borrowed.
 */
const struct gong_matcher *
gong_desk_matchers_at(const struct gong_desk_matchers *matchers, size_t index);
/* Whether those that speak of the label take this value of it. */
bool gong_desk_matchers_allow(struct gong_desk_matchers *matchers,
                              const char *name, const char *value);
/* gong_desk_config_holds: whether a route has time intervals and may take
 * critical alerts, which these do not hold back. */
bool gong_desk_config_holds(const struct gong_desk_config *config,
                            size_t route);
/* gong_desk_config_warn: of each such route a line; how many. */
size_t gong_desk_config_warn(const struct gong_desk_config *config,
                             const char *path, FILE *out);
/* As Alertmanager writes them: {a="b",c=~"d"}. Borrowed. */
const char *gong_desk_matchers_text(const struct gong_desk_matchers *matchers);

#endif
