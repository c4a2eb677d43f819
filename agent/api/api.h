/*
 * api: what the agent offers over HTTP, apart from the HTTP itself. Each
 * endpoint is one row of a table (api_routes.h); from it come who may ask, the
 * dispatch and the OpenAPI document.
 *
 *   request -> route -> who is it -> may they -> body -> handler -> answer
 *                        users.h      grant.h    api_schema.h
 *
 * As long as there is no user, this machine may read without a login and
 * nobody else is answered; the first user is made over the local socket, where
 * root and the agent's own user may do everything.
 *
 * Everything that the API shows or does beside users comes through function
 * pointers, so that it can be asked without a desk, a city model or an engine.
 * Those that are NULL answer 501.
 */
#ifndef GONG_AGENT_API_API_H
#define GONG_AGENT_API_API_H

#include <jansson.h>

#include "agent/api/api_request.h"
#include "agent/backup/backup.h"
#include "agent/history/history_query.h"
#include "agent/look/status.h"
#include "agent/trust/trust.h"
#include "agent/users/users.h"
#include "common/counter.h"
#include "rules/desk/desk.h"

struct gong_api_event {
    int64_t at_ms;
    enum gong_incident_event event;
    struct gong_str by; /* empty: nobody did it */
    struct gong_str text;
};

/* Which incidents. Borrowed. */
struct gong_api_incident_query {
    uint64_t before; /* numbers below it; 0: all */
    bool open_only;
    /* Codes of the units to look at; NULL: all. */
    const char *const *units;
    size_t unit_count;
    enum gong_severity severity; /* at least; OTHER: all */
    int64_t since_ms;            /* opened, or changed, then or later */
    size_t rows_max;             /* incidents looked at */
};

/* Incidents, silences and what people do. Any thread; may block on the disk.
 * What is handed to each is valid during that call. */
struct gong_api_desk {
    void *ctx;
    /* The highest number first, until each gives false or rows_max were looked
     * at: then *next is the last of those, else 0. May hand over more than was
     * asked for: whoever asks looks at each. */
    enum gong_err (*incidents)(void *ctx,
                               const struct gong_api_incident_query *query,
                               bool (*each)(void *arg,
                                            const struct gong_desk_incident *),
                               void *arg, uint64_t *next);
    /* One; NOT_FOUND. event (may be NULL): its record, the oldest first. */
    enum gong_err (*incident)(
        void *ctx, uint64_t number,
        void (*each)(void *arg, const struct gong_desk_incident *),
        void (*event)(void *arg, const struct gong_api_event *), void *arg);
    /* What else is known of it: stamps, why, who was told; an object that the
     * caller json_decref()s, or NULL. The pointer may be NULL. */
    json_t *(*more)(void *ctx, uint64_t number);
    /* Who is told by messages from first to last: an array, or NULL. The
     * pointer may be NULL. */
    json_t *(*told)(void *ctx, int64_t first, int64_t last);
    /* ended_too: also those that are over. */
    enum gong_err (*silences)(void *ctx, bool ended_too,
                              void (*each)(void *arg,
                                           const struct gong_desk_silence *),
                              void *arg);
    /* One, over or not: NOT_FOUND, each uncalled. */
    enum gong_err (*silence)(void *ctx, uint64_t number,
                             void (*each)(void *arg,
                                          const struct gong_desk_silence *),
                             void *arg);
    /* gong_desk_do. */
    enum gong_err (*act)(void *ctx, const struct gong_desk_act *act,
                         uint64_t *number, char *why, size_t why_size);
    /* OK, or why it cannot write what is new. The pointer may be NULL. */
    enum gong_err (*well)(void *ctx);
};

/* The city model. Arrays of objects that the caller json_decref()s. */
struct gong_api_city {
    struct gong_grant_tree tree;
    void *ctx;
    json_t *(*units)(void *ctx);   /* code, name, name_en, kind, parent .. */
    json_t *(*devices)(void *ctx); /* unit, name, label, lon, lat .. */
    /* Codes and earlier codes, as strings, of a unit, of all below it and of
     * those whose devices affect them. The pointer may be NULL. */
    json_t *(*codes)(void *ctx, struct gong_str root);
    /* The unit of a code, of an earlier one, or of a name that only one has:
     * into code; true without a model, text as it is. Otherwise false, and the
     * nearest ones in near. The pointer may be NULL. */
    bool (*find)(void *ctx, struct gong_str text,
                 char code[GONG_GRANT_UNIT_SIZE], char *near, size_t size);
    /* Whether the model has a contact of this id. The pointer may be NULL. */
    bool (*contact)(void *ctx, struct gong_str id);
    /* Puts what the model knows of an incident into its JSON: unit_name,
     * device_name, and facts for its texts (message_facts.h). The pointer may
     * be NULL. */
    void (*facts)(void *ctx, json_t *item, struct gong_str unit,
                  struct gong_str site, struct gong_str device);
};

/* Rules in force and their history. */
struct gong_api_rules {
    void *ctx;
    /* As Prometheus' /api/v1/rules: the whole answer; json_decref(). */
    json_t *(*rules)(void *ctx);
    /* Array of {sha, at, now}; newest first. */
    json_t *(*log)(void *ctx);
    /* Makes an earlier set the one in force, with its city model. INVALID (also
     * where the routes in force do not fit that), NOT_FOUND with why. */
    enum gong_err (*rollback)(void *ctx, const char *sha, char *why,
                              size_t why_size);
};

/* The embedded history. */
struct gong_api_history {
    const char *path;                  /* of history.db; NULL: there is none */
    struct gong_history_recent recent; /* read NULL: none */
    struct gong_history_query_limits limits;
    enum gong_err (*query)(const struct gong_history_question *question,
                           struct gong_answer *answer,
                           struct gong_history_remarks *remarks,
                           struct gong_query_error *error);
};

/* Who a signed link is for, and what it may acknowledge. */
struct gong_api_link_claims {
    uint64_t incident;
    char person[GONG_USER_FULL_NAME_SIZE];
    int64_t expires_ms;
};

struct gong_api_link {
    void *ctx;
    /* OK only for a token that is whole, genuine and not expired; TIMEOUT:
     * genuine, but expired. */
    enum gong_err (*verify)(void *ctx, const char *token, int64_t now_ms,
                            struct gong_api_link_claims *out);
};

/* Channels that are known to be away. */
struct gong_api_channels {
    void *ctx;
    /* Array of {channel, since}, or NULL. Any thread. The pointer may be NULL:
     * none is known. */
    json_t *(*away)(void *ctx);
};

/* Everything is borrowed until free. */
struct gong_api_options {
    const struct gong_status_source *status; /* NULL: no status pages */
    struct gong_receive *receive;            /* NULL: no ledger */
    struct gong_users *users;                /* NULL: nobody can log in */
    struct gong_events *events;              /* NULL: no stream */
    struct gong_api_desk desk;
    struct gong_api_city city;
    struct gong_api_rules rules;
    struct gong_api_link link;
    struct gong_api_history history;
    struct gong_api_channels channels;
    struct gong_backup *backup;     /* NULL: none is made */
    struct gong_trust *trust;       /* NULL: no proofs, no drills */
    struct gong_counters *counters; /* may be NULL */
};

struct gong_api;

/* NULL without memory. */
struct gong_api *gong_api_new(const struct gong_api_options *options);
void gong_api_free(struct gong_api *api);

/* gong_api_service: for the HTTP server; borrowed. */
const struct gong_api_service *gong_api_service(struct gong_api *api);
/* gong_api_ask: any thread; answers one request as of now_ms. */
void gong_api_ask(struct gong_api *api, const struct gong_api_request *request,
                  int64_t now_ms, struct gong_api_answer *answer);

/* gong_api_publish_incident: to the streams of whoever may see it. */
void gong_api_publish_incident(struct gong_events *events,
                               const struct gong_api_city *city,
                               const struct gong_desk_incident *incident);

#endif
