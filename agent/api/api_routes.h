/*
 * api_routes: every endpoint, one row each. Dispatch, permissions and the
 * OpenAPI document (docs/openapi.json) come from it.
 */
#ifndef GONG_AGENT_API_API_ROUTES_H
#define GONG_AGENT_API_API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "agent/api/api_request.h"
#include "agent/api/api_schema.h"
#include "agent/users/grant.h"

#define GONG_API_PARAM_SIZE 2049 /* of the one {..} in a path, with NUL */

struct gong_api_call;

/* Where the action must be allowed. */
enum gong_api_scope {
    GONG_API_SCOPE_NONE,      /* OPEN and SELF: nowhere in particular */
    GONG_API_SCOPE_ALL,       /* over everything */
    GONG_API_SCOPE_SOME,      /* in some unit; lists hold what may be read */
    GONG_API_SCOPE_INCIDENT,  /* in the unit of incident {n} */
    GONG_API_SCOPE_CONCERNED, /* there, or in a unit that its device affects */
    GONG_API_SCOPE_SILENCE,   /* in the unit of silence {n} */
    GONG_API_SCOPE_MATCHERS,  /* in the unit that the body's matchers name */
};

struct gong_api_parameter {
    const char *name;
    enum gong_api_type type;
    const char *help;
    const char *const *words; /* it is a list of these, a,b; NULL: any text */
};

struct gong_api_route {
    const char *method;
    const char *path; /* with at most one {name}, which takes no slash */
    enum gong_action action;
    enum gong_api_scope scope;
    enum gong_api_lane lane;
    void (*handle)(struct gong_api_call *call);
    const struct gong_api_schema *body;     /* NULL: none */
    const struct gong_api_schema *answer;   /* NULL: type is no JSON */
    const char *type;                       /* of the answer; NULL: JSON */
    const struct gong_api_parameter *query; /* ends with a name NULL */
    const char *summary;
};

extern const struct gong_api_route gong_api_routes[];
extern const size_t gong_api_route_count;

/* gong_api_route_find: NULL if there is none; then allow holds the methods that
 * the path has ("GET, POST"), or "". param: what {..} stands for. */
const struct gong_api_route *
gong_api_route_find(const char *method, const char *path,
                    char param[GONG_API_PARAM_SIZE], char *allow,
                    size_t allow_size);

/* gong_api_openapi: the document, indented; json_decref() it. NULL without
 * memory. */
json_t *gong_api_openapi(void);
/* gong_api_openapi_print: the same as text; for gong-agent --openapi. */
enum gong_err gong_api_openapi_print(FILE *out) GONG_MUST_CHECK;

#endif
