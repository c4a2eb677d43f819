#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/decide/alert_view.h"
#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "agent/api/rules_view.h"
#include "agent/look/ledger_view.h"

/* --- what the agent shows of itself --- */

void
gong_api_health(struct gong_api_call *call)
{
    const struct gong_status_source *status = call->api->options.status;
    size_t len = 0;
    bool well = true;
    char *body;

    if (status == NULL) {
        gong_api_not_offered(call);
        return;
    }
    body = gong_status_health(status, &well, &len);
    gong_api_text(call->answer, well ? 200 : 503, "application/json", body,
                  len);
}

void
gong_api_metrics(struct gong_api_call *call)
{
    size_t len = 0;
    char *body;

    if (call->api->options.status == NULL) {
        gong_api_not_offered(call);
        return;
    }
    body = gong_status_metrics(call->api->options.status, &len);
    gong_api_text(call->answer, 200, call->route->type, body, len);
}

/* --- lists of which each sees their own --- */

static bool
sees_everything(const struct gong_api_call *call)
{
    return gong_api_sees(call, gong_str_of(GONG_GRANT_ALL));
}

static struct gong_str
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return gong_str_of(text == NULL ? "" : text);
}

/* Takes out of the list what may not be read; field names the unit, or holds
 * labels that do. */
static void
keep_seen(const struct gong_api_call *call, json_t *items, const char *field)
{
    if (sees_everything(call)) {
        return;
    }
    for (size_t i = json_array_size(items); i-- > 0;) {
        const json_t *item = json_array_get(items, i);
        const json_t *labels = json_object_get(item, field);
        struct gong_grant_place place = {.unit = text_of(item, field)};

        if (json_is_object(labels)) {
            place.unit = text_of(labels, "unit");
            place.site = text_of(labels, "site");
            place.device = text_of(labels, "device");
            place.unit = place.unit.len > 0 ? place.unit : place.site;
        }
        if (!gong_api_sees_place(call, &place)) {
            (void)json_array_remove(items, i);
        }
    }
}

void
gong_api_alerts(struct gong_api_call *call)
{
    static const char none[] =
        "{\"status\":\"success\",\"data\":{\"alerts\":[],\"truncated\":0}}";
    const struct gong_status_source *status = call->api->options.status;
    struct gong_alert_view *view =
        status == NULL ? NULL : gong_engine_thread_alerts(status->engine);
    const char *text = view == NULL ? none : view->json;
    size_t len = view == NULL ? sizeof none - 1 : view->len;

    if (sees_everything(call)) {
        gong_api_text(call->answer, 200, "application/json",
                      gong_str_copy(gong_str_from(text, len)), len);
    } else {
        json_t *answer = json_loadb(text, len, 0, NULL);

        keep_seen(call,
                  json_object_get(json_object_get(answer, "data"), "alerts"),
                  "labels");
        gong_api_json(call->answer, 200, answer);
    }
    gong_alert_view_release(view);
}

void
gong_api_ledger(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;
    struct gong_ledger_query query = {
        .site = gong_api_argument(request, "site"),
        .device = gong_api_argument(request, "device"),
        .prefix = gong_api_argument(request, "prefix"),
        .after = gong_api_argument(request, "after"),
        .limit = (size_t)gong_api_query_number(call, "limit", 0),
    };
    size_t len = 0;
    char *body;
    json_t *answer;

    if (call->api->options.receive == NULL) {
        gong_api_not_offered(call);
        return;
    }
    body = gong_ledger_view_json(call->api->options.receive, &query, &len);
    if (body == NULL || sees_everything(call)) {
        gong_api_text(call->answer, 200, "application/json", body, len);
        return;
    }
    answer = json_loadb(body, len, 0, NULL);
    free(body);
    keep_seen(call, json_object_get(answer, "devices"), "site");
    gong_api_json(call->answer, 200, answer);
}

/* Takes items. */
static void
answer_list(struct gong_api_call *call, const char *name, json_t *items,
            const char *field)
{
    keep_seen(call, items, field);
    gong_api_json(call->answer, 200,
                  items == NULL ? NULL : json_pack("{s:o}", name, items));
}

void
gong_api_units(struct gong_api_call *call)
{
    const struct gong_api_city *city = &call->api->options.city;

    if (city->units == NULL) {
        gong_api_not_offered(call);
        return;
    }
    answer_list(call, "units", city->units(city->ctx), "code");
}

void
gong_api_devices(struct gong_api_call *call)
{
    const struct gong_api_city *city = &call->api->options.city;

    if (city->devices == NULL) {
        gong_api_not_offered(call);
        return;
    }
    answer_list(call, "devices", city->devices(city->ctx), "unit");
}

/* --- rules --- */

/* Prometheus lists under each rule the alerts that it has now. */
static void
keep_seen_alerts(const struct gong_api_call *call, json_t *groups)
{
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *rules =
            json_object_get(json_array_get(groups, i), "rules");

        for (size_t j = 0; j < json_array_size(rules); j++) {
            keep_seen(call, json_object_get(json_array_get(rules, j), "alerts"),
                      "labels");
        }
    }
}

static void
take(const char **items, size_t *count, const char *value)
{
    items[(*count)++] = value;
}

/* As Prometheus reads them: names may come several times. False with the
 * answer filled, in its form. */
static bool
read_query(const struct gong_api_call *call, struct gong_rules_query *out)
{
    const struct gong_api_request *request = call->request;
    const char *no = gong_api_argument(request, "exclude_alerts");

    _Static_assert(GONG_API_QUERY_MAX == sizeof out->names / sizeof(char *),
                   "each parameter has a place");
    out->type = gong_api_argument(request, "type");
    out->no_alerts = strcmp(no, "true") == 0 || strcmp(no, "1") == 0;
    for (size_t i = 0; i < request->query_count; i++) {
        const struct gong_api_pair *pair = &request->query[i];

        if (strcmp(pair->name, "rule_name[]") == 0) {
            take(out->names, &out->name_count, pair->value);
        } else if (strcmp(pair->name, "rule_group[]") == 0 ||
                   strcmp(pair->name, "rule_group") == 0) {
            take(out->groups, &out->group_count, pair->value);
        } else if (strcmp(pair->name, "file[]") == 0 ||
                   strcmp(pair->name, "file") == 0) {
            take(out->files, &out->file_count, pair->value);
        }
    }
    if (out->type[0] == '\0' || strcmp(out->type, "alert") == 0 ||
        strcmp(out->type, "record") == 0) {
        return true;
    }
    gong_api_json(call->answer, 400,
                  json_pack("{s:s,s:s,s:s}", "status", "error", "errorType",
                            "bad_data", "error",
                            "type: expected alert or record"));
    return false;
}

void
gong_api_rules(struct gong_api_call *call)
{
    const struct gong_api_rules *rules = &call->api->options.rules;
    struct gong_rules_query query = {0};
    json_t *answer;

    if (rules->rules == NULL) {
        gong_api_not_offered(call);
        return;
    }
    if (!read_query(call, &query)) {
        return;
    }
    answer = rules->rules(rules->ctx);
    gong_rules_view_keep(answer, &query);
    if (!sees_everything(call)) {
        keep_seen_alerts(
            call, json_object_get(json_object_get(answer, "data"), "groups"));
    }
    gong_api_json(call->answer, 200, answer);
}

void
gong_api_rules_log(struct gong_api_call *call)
{
    const struct gong_api_rules *rules = &call->api->options.rules;
    json_t *sets;

    if (rules->log == NULL) {
        gong_api_not_offered(call);
        return;
    }
    sets = rules->log(rules->ctx);
    gong_api_json(call->answer, 200,
                  sets == NULL ? NULL : json_pack("{s:o}", "sets", sets));
}

void
gong_api_rules_rollback(struct gong_api_call *call)
{
    const struct gong_api_rules *rules = &call->api->options.rules;
    const char *sha = gong_api_body_text(call, "sha", "");
    char why[1024] = "", object[96];
    enum gong_err err;

    if (rules->rollback == NULL) {
        gong_api_not_offered(call);
        return;
    }
    err = rules->rollback(rules->ctx, sha, why, sizeof why);
    (void)snprintf(object, sizeof object, "rules %.64s", sha);
    gong_api_audit(call, "rules.rollback", object,
                   err == GONG_OK   ? "ok"
                   : why[0] != '\0' ? why
                                    : gong_err_text(err),
                   gong_api_body_text(call, "comment", ""));
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, why);
        return;
    }
    gong_api_done(call, 0);
}

/* --- the document, the stream --- */

void
gong_api_document(struct gong_api_call *call)
{
    gong_api_json(call->answer, 200, gong_api_openapi());
}

/* Who reads a stream: may see what they might when it began; streams end after
 * 10 minutes. */
struct viewer {
    struct gong_grant_tree tree;
    struct gong_principal who;
};

static bool
may_see(void *ctx, const struct gong_grant_place *place)
{
    const struct viewer *viewer = ctx;

    return gong_principal_concerns(&viewer->who, &viewer->tree,
                                   GONG_ACTION_READ, place);
}

void
gong_api_events(struct gong_api_call *call)
{
    struct viewer *viewer = calloc(1, sizeof *viewer);
    struct gong_events_filter filter = {may_see, free, viewer};

    if (viewer == NULL || call->api->options.events == NULL) {
        free(viewer);
        gong_api_not_offered(call);
        return;
    }
    viewer->tree = call->api->options.city.tree;
    viewer->who = call->who;
    call->answer->stream =
        gong_events_join(call->api->options.events,
                         call->request->last_event_id, &filter, call->now_ms);
    if (call->answer->stream == NULL) {
        free(viewer);
        gong_api_problem(call->answer, 503, "Quá nhiều kết nối sự kiện",
                         "Too many streams of events", NULL);
        gong_api_header(call->answer, "Retry-After", "10");
        return;
    }
    call->answer->status = 200;
    call->answer->type = call->route->type;
}
