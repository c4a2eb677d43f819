/* api_private: what the parts of gong_api share. */
#ifndef GONG_AGENT_API_API_PRIVATE_H
#define GONG_AGENT_API_API_PRIVATE_H

#include <pthread.h>
#include <stdio.h>

#include "agent/api/api.h"
#include "agent/api/api_form.h"
#include "agent/api/api_routes.h"
#include "agent/users/audit.h"
#include "agent/users/login_limit.h"

#define GONG_API_PROM_RESULTS 7

struct gong_api {
    struct gong_api_options options;
    struct gong_api_service service;
    pthread_mutex_t lock; /* of the limit and of what follows */
    struct gong_login_limit *limit;
    int64_t denied_ms; /* second of the denials counted */
    unsigned denied;
    gong_counter_t *denials;
    gong_counter_t *logins_failed;
    gong_counter_t *prom_results[GONG_API_PROM_RESULTS];
};

/* One request while it is answered. */
struct gong_api_call {
    struct gong_api *api;
    const struct gong_api_request *request;
    struct gong_api_answer *answer;
    const struct gong_api_route *route;
    struct gong_principal who;
    char param[GONG_API_PARAM_SIZE];   /* what {..} stands for; "" */
    json_t *body;                      /* checked; NULL: the route takes none */
    struct gong_api_request with_form; /* request, where it brought a form */
    struct gong_api_form form;
    int64_t now_ms;
    uint64_t number;                   /* of an incident or silence */
    char unit[GONG_GRANT_UNIT_SIZE];   /* of it */
    char site[GONG_GRANT_UNIT_SIZE];   /* of its device, that it may concern */
    char device[GONG_GRANT_UNIT_SIZE]; /* others for; "": none */
};

/* --- answers: api_problem.c --- */

/* Vietnamese and English; detail may be NULL. */
void gong_api_problem(struct gong_api_answer *answer, unsigned status,
                      const char *vi, const char *en, const char *detail);
void gong_api_no_memory(struct gong_api_answer *answer);
/* gong_api_failed: what err means to who asked. */
void gong_api_failed(struct gong_api_answer *answer, enum gong_err err,
                     const char *detail);
void gong_api_not_offered(struct gong_api_call *call);
/* Takes value; NULL: out of memory. */
void gong_api_json(struct gong_api_answer *answer, unsigned status,
                   json_t *value);
/* Takes body (heap); NULL: out of memory. */
void gong_api_text(struct gong_api_answer *answer, unsigned status,
                   const char *type, char *body, size_t len);
void gong_api_done(struct gong_api_call *call, uint64_t number);

/* --- who: api_auth.c --- */

/* False with the answer filled. */
bool gong_api_identify(struct gong_api_call *call);
/* False with the answer filled: a route's action, everywhere, somewhere or in
 * one unit. */
bool gong_api_allow(struct gong_api_call *call);
bool gong_api_allow_unit(struct gong_api_call *call, struct gong_str unit);
/* The incident or silence that the route names. */
bool gong_api_allow_place(struct gong_api_call *call);
/* Whether the unit may be read: for lists. */
bool gong_api_sees(const struct gong_api_call *call, struct gong_str unit);
/* False with the answer filled. What a token makes would outlive it, and a
 * token outlives who stole it. */
bool gong_api_is_person(struct gong_api_call *call);
/* The same of an incident or an alert: also who its device concerns. */
bool gong_api_sees_place(const struct gong_api_call *call,
                         const struct gong_grant_place *place);
void gong_api_audit(struct gong_api_call *call, const char *action,
                    const char *object, const char *result, const char *text);
struct gong_audit_by gong_api_by(const struct gong_api_call *call);

/* For answers. */
json_t *gong_api_grants_json(const struct gong_grants *grants);

/* --- pages: api_page.c --- */

/* "22/11 08:15", Vietnam's time; a view of out. */
struct gong_str gong_api_instant(int64_t ms, char *out, size_t size);
/* Instead of what was answered. said: a line of HTML, or NULL. */
void gong_api_login_form(struct gong_api_call *call, unsigned status,
                         const char *said);
/* gong_api_open_incidents: a page of those that are open and may be seen, as
 * /incidents lists them, from `before` of the query on; json_decref(). next: 0
 * on the last page. */
enum gong_err gong_api_open_incidents(struct gong_api_call *call, json_t **out,
                                      uint64_t *next);

/* What whoever reads incidents is to know while the desk cannot write: text in
 * Vietnamese and English; NULL: it can. */
const char *gong_api_desk_warning(const struct gong_api_call *call);

/* --- what is asked for: api_query.c --- */

/* All false with the answer filled: which words or units there are. */
bool gong_api_check_query(struct gong_api_call *call);
/* A form in the body: its pairs are arguments from here on, before those of the
 * query. */
bool gong_api_take_form(struct gong_api_call *call);
/* gong_api_refuse: what was asked for is refused, in the form of the endpoint:
 * a problem with this status, or bad_data as Prometheus has it. */
void gong_api_refuse(struct gong_api_call *call, unsigned status,
                     const char *vi, const char *en, const char *detail);
/* A unit of the city model by code, earlier code, or a name that only one has:
 * its code. Without a model any is one. name: of the argument or field. */
bool gong_api_check_unit(struct gong_api_call *call, const char *name,
                         const char *text, char code[GONG_GRANT_UNIT_SIZE]);
/* Who may own an incident: a user, or a contact of the model; "" is nobody. */
bool gong_api_check_owner(struct gong_api_call *call, const char *owner);

/* --- bodies --- */

/* Of call->body: fallback where it is not there. */
const char *gong_api_body_text(const struct gong_api_call *call,
                               const char *name, const char *fallback);
int64_t gong_api_body_number(const struct gong_api_call *call, const char *name,
                             int64_t fallback);
bool gong_api_body_true(const struct gong_api_call *call, const char *name,
                        bool fallback);
/* Of the query: a number, or fallback. */
uint64_t gong_api_query_number(const struct gong_api_call *call,
                               const char *name, uint64_t fallback);

/* --- incidents: api_incident_json.c --- */

/* As messages say it: with what the city model knows. */
json_t *gong_api_incident_json(const struct gong_api_city *city,
                               const struct gong_desk_incident *incident);
/* As Prometheus writes values: a text. */
json_t *gong_api_value_json(double value);
json_t *gong_api_silence_json(const struct gong_desk_silence *silence);
json_t *gong_api_event_json(const struct gong_api_event *event);
/* The unit of labels: `unit`, else `site`; empty: none. */
struct gong_str gong_api_unit_of(const struct gong_label_view *labels,
                                 size_t count);
/* That, and the device of the labels. */
struct gong_grant_place gong_api_place_of(const struct gong_label_view *labels,
                                          size_t count);
json_t *gong_api_str_json(struct gong_str text);

/* --- matchers: api_matchers.c --- */

/* {name,value,isRegex,isEqual}.. as the desk reads them; heap. NULL with why.
 * unit: what they are bound to, or empty; a site alone binds to nothing. */
char *gong_api_matchers_text(const json_t *matchers,
                             char unit[GONG_GRANT_UNIT_SIZE], char *why,
                             size_t why_size);
/* Whether it wants label="value". */
bool gong_api_matcher_names(const json_t *matcher, const char *label);
/* Those that name a site and no unit take only the alerts there that are of the
 * site's unit, or of none: what a grant over it reaches. */
void gong_api_matchers_narrow(json_t *matchers);
/* The unit that a text of these is bound to, or empty. */
void gong_api_matchers_unit(struct gong_str text,
                            char unit[GONG_GRANT_UNIT_SIZE]);

#endif
