#include "agent/api/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api/api_private.h"
#include "agent/api/api_prometheus.h"

/* --- bodies --- */

const char *
gong_api_body_text(const struct gong_api_call *call, const char *name,
                   const char *fallback)
{
    const char *text = json_string_value(json_object_get(call->body, name));

    return text == NULL ? fallback : text;
}

int64_t
gong_api_body_number(const struct gong_api_call *call, const char *name,
                     int64_t fallback)
{
    const json_t *value = json_object_get(call->body, name);

    return json_is_integer(value) ? (int64_t)json_integer_value(value)
                                  : fallback;
}

bool
gong_api_body_true(const struct gong_api_call *call, const char *name,
                   bool fallback)
{
    const json_t *value = json_object_get(call->body, name);

    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static bool
read_number(const char *text, uint64_t *out)
{
    char *end = NULL;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= INT64_MAX;
}

uint64_t
gong_api_query_number(const struct gong_api_call *call, const char *name,
                      uint64_t fallback)
{
    uint64_t value;

    return read_number(gong_api_argument(call->request, name), &value)
               ? value
               : fallback;
}

static bool
is_json(const char *type)
{
    static const char json[] = "application/json";

    return strncmp(type, json, sizeof json - 1) == 0 &&
           (type[sizeof json - 1] == '\0' || type[sizeof json - 1] == ';' ||
            type[sizeof json - 1] == ' ');
}

/* False with the answer filled. */
static bool
read_body(struct gong_api_call *call)
{
    const struct gong_api_route *route = call->route;
    char why[512] = "";

    if (route->body == NULL || route->body == &gong_api_form_body) {
        return true;
    }
    if (!is_json(call->request->content_type)) {
        gong_api_problem(call->answer, 415, "Nội dung phải là application/json",
                         "The body must be application/json", NULL);
        return false;
    }
    call->body = gong_api_read(call->request->body, why, sizeof why);
    if (call->body == NULL ||
        !gong_api_check(call->body, route->body, why, sizeof why)) {
        gong_api_problem(call->answer, 400, "Nội dung không hợp lệ",
                         "The body is not as it must be", why);
        return false;
    }
    return true;
}

/* --- scopes that need a look --- */

/* What is too long is none of ours. */
static void
take(char out[GONG_GRANT_UNIT_SIZE], struct gong_str text)
{
    size_t len = text.len < GONG_GRANT_UNIT_SIZE ? text.len : 0;

    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

static void
see_incident(void *arg, const struct gong_desk_incident *incident)
{
    struct gong_api_call *call = arg;
    struct gong_grant_place place =
        gong_api_place_of(incident->labels, incident->label_count);

    take(call->unit, place.unit);
    take(call->site, place.site);
    take(call->device, place.device);
}

static bool
find_incident(struct gong_api_call *call, uint64_t number)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    enum gong_err err =
        desk->incident == NULL
            ? GONG_ERR_UNSUPPORTED
            : desk->incident(desk->ctx, number, see_incident, NULL, call);

    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
    }
    return err == GONG_OK;
}

struct silence_search {
    struct gong_api_call *call;
    uint64_t incident;
};

static void
see_silence(void *arg, const struct gong_desk_silence *silence)
{
    struct silence_search *search = arg;

    search->incident = silence->incident;
    gong_api_matchers_unit(silence->matchers, search->call->unit);
}

static bool
find_silence(struct gong_api_call *call)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    struct silence_search search = {.call = call};
    enum gong_err err =
        desk->silence == NULL
            ? GONG_ERR_UNSUPPORTED
            : desk->silence(desk->ctx, call->number, see_silence, &search);

    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return false;
    }
    return search.incident == 0 || find_incident(call, search.incident);
}

static bool
check_scope(struct gong_api_call *call)
{
    bool incident = call->route->scope == GONG_API_SCOPE_INCIDENT ||
                    call->route->scope == GONG_API_SCOPE_CONCERNED;

    if (!incident && call->route->scope != GONG_API_SCOPE_SILENCE) {
        return true;
    }
    if (!read_number(call->param, &call->number) || call->number == 0) {
        gong_api_failed(call->answer, GONG_ERR_NOT_FOUND, NULL);
        return false;
    }
    return (incident ? find_incident(call, call->number)
                     : find_silence(call)) &&
           gong_api_allow_place(call);
}

/* --- one request --- */

static const struct gong_api_route *
find_route(const struct gong_api_request *request, char *param, char *allow,
           size_t size)
{
    /* HEAD is a GET whose body the server leaves out. */
    const char *method =
        strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;

    return gong_api_route_find(method, request->path, param, allow, size);
}

static void
no_route(struct gong_api_answer *answer, const char *allow)
{
    if (allow[0] == '\0') {
        gong_api_problem(answer, 404, "Không có trang này",
                         "There is no such page", NULL);
        return;
    }
    gong_api_problem(answer, 405, "Phương thức không dùng được ở đây",
                     "Not with this method", allow);
    gong_api_header(answer, "Allow", "%s", allow);
}

void
gong_api_ask(struct gong_api *api, const struct gong_api_request *request,
             int64_t now_ms, struct gong_api_answer *answer)
{
    struct gong_api_call *call = calloc(1, sizeof *call);
    char allow[64];

    if (call == NULL) {
        gong_api_no_memory(answer);
        return;
    }
    call->api = api;
    call->request = request;
    call->answer = answer;
    call->now_ms = now_ms;
    call->route = find_route(request, call->param, allow, sizeof allow);
    if (request->body_too_large) {
        gong_api_refuse(call, 413, "Nội dung dài quá 64 KiB",
                        "The body is larger than 64 KiB", NULL);
    } else if (call->route == NULL) {
        no_route(answer, allow);
    } else if (gong_api_identify(call) && gong_api_allow(call) &&
               gong_api_take_form(call) && gong_api_check_query(call) &&
               check_scope(call) && read_body(call)) {
        call->route->handle(call);
    }
    json_decref(call->body);
    gong_api_form_fini(&call->form);
    sodium_memzero(call, sizeof *call);
    free(call);
}

/* --- the service --- */

static enum gong_api_lane
lane_of(void *ctx, const struct gong_api_request *request)
{
    char param[GONG_API_PARAM_SIZE], allow[64];
    const struct gong_api_route *route =
        find_route(request, param, allow, sizeof allow);

    (void)ctx;
    return route == NULL || request->body_too_large ? GONG_API_LANE_HERE
                                                    : route->lane;
}

static void
answer_now(void *ctx, const struct gong_api_request *request,
           struct gong_api_answer *answer)
{
    gong_api_ask(ctx, request, gong_floor_ms(gong_wall_now().ns), answer);
}

static bool
only_itself(void *ctx, struct gong_str unit, struct gong_str root)
{
    (void)ctx;
    return gong_str_equal(unit, root);
}

struct gong_api *
gong_api_new(const struct gong_api_options *options)
{
    struct gong_api *api = calloc(1, sizeof *api);
    struct gong_hash_key key;

    if (api == NULL || sodium_init() < 0) {
        free(api);
        return NULL;
    }
    randombytes_buf(&key, sizeof key);
    api->options = *options;
    api->service = (struct gong_api_service){api, lane_of, answer_now};
    if (api->options.city.tree.under == NULL) {
        api->options.city.tree.under = only_itself;
    }
    (void)pthread_mutex_init(&api->lock, NULL);
    api->limit = gong_login_limit_new(key);
    if (api->limit == NULL) {
        gong_api_free(api);
        return NULL;
    }
    if (options->counters != NULL) {
        api->denials = gong_counter_add(options->counters, GONG_COUNTER,
                                        "gong_api_denied_total",
                                        "Requests that were not allowed.", "");
        api->logins_failed = gong_counter_add(
            options->counters, GONG_COUNTER, "gong_api_logins_failed_total",
            "Logins with a wrong name or password.", "");
    }
    gong_prom_count(api, options->counters);
    return api;
}

void
gong_api_free(struct gong_api *api)
{
    if (api == NULL) {
        return;
    }
    gong_login_limit_free(api->limit);
    (void)pthread_mutex_destroy(&api->lock);
    free(api);
}

const struct gong_api_service *
gong_api_service(struct gong_api *api)
{
    return &api->service;
}
