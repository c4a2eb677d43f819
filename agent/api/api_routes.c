#include "agent/api/api_routes.h"

#include <string.h>

#include "agent/api/api_handlers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OURS         "/api/gong/v1"

#define OPEN  GONG_ACTION_OPEN
#define SELF  GONG_ACTION_SELF
#define READ  GONG_ACTION_READ
#define ACT   GONG_ACTION_ACT
#define RULES GONG_ACTION_RULES
#define USERS GONG_ACTION_USERS
#define AUDIT GONG_ACTION_AUDIT

#define NOWHERE   GONG_API_SCOPE_NONE
#define ALL       GONG_API_SCOPE_ALL
#define SOME      GONG_API_SCOPE_SOME
#define INCIDENT  GONG_API_SCOPE_INCIDENT
#define CONCERNED GONG_API_SCOPE_CONCERNED
#define SILENCE   GONG_API_SCOPE_SILENCE
#define MATCHERS  GONG_API_SCOPE_MATCHERS

#define HERE  GONG_API_LANE_HERE
#define WORK  GONG_API_LANE_WORK
#define HASH  GONG_API_LANE_HASH
#define QUERY GONG_API_LANE_QUERY

static const char *const severities[] = {"info", "warning", "critical", NULL};

static const struct gong_api_parameter ledger_query[] = {
    {"site", GONG_API_STRING, "Exactly this one.", NULL},
    {"device", GONG_API_STRING, "Exactly this one.", NULL},
    {"prefix", GONG_API_STRING, "Of site/device.", NULL},
    {"after", GONG_API_STRING, "`next` of the page before.", NULL},
    {"limit", GONG_API_INTEGER, "Devices on a page; at most 500.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter incidents_query[] = {
    {"open", GONG_API_BOOLEAN, "true: only those that are not over.", NULL},
    {"unit", GONG_API_STRING,
     "Only of this unit and below: its code, an earlier one, or its name.",
     NULL},
    {"severity", GONG_API_STRING, "Only these: critical,warning.", severities},
    {"owner", GONG_API_STRING, "Only whose owner this is.", NULL},
    {"since", GONG_API_INTEGER, "Only opened at or after; ms since 1970.",
     NULL},
    {"changed", GONG_API_INTEGER, "Only changed at or after; ms since 1970.",
     NULL},
    {"before", GONG_API_INTEGER, "`next` of the page before.", NULL},
    {"limit", GONG_API_INTEGER, "Incidents on a page; at most 500.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter rules_query[] = {
    {"type", GONG_API_STRING, "Only these: alert or record.", NULL},
    {"rule_name[]", GONG_API_STRING, "Only these; may come again.", NULL},
    {"rule_group[]", GONG_API_STRING, "Only of these; may come again.", NULL},
    {"file[]", GONG_API_STRING, "Only of these; may come again.", NULL},
    {"rule_group", GONG_API_STRING, "As rule_group[].", NULL},
    {"file", GONG_API_STRING, "As file[].", NULL},
    {"limit_alerts", GONG_API_INTEGER, "Grafana's own lists have it.", NULL},
    {"exclude_alerts", GONG_API_BOOLEAN, "true: without their alerts.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter page_query[] = {
    {"before", GONG_API_INTEGER, "What follows a page of open incidents.",
     NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter silences_query[] = {
    {"all", GONG_API_BOOLEAN, "true: also those that are over.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter audit_query[] = {
    {"before", GONG_API_INTEGER, "`next` of the page before.", NULL},
    {"limit", GONG_API_INTEGER, "Entries on a page; at most 500.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter backup_query[] = {
    {"offset", GONG_API_INTEGER, "Of its first byte.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

#define STARTS                                                                 \
    {"start", GONG_API_STRING, "RFC 3339, or seconds since 1970.", NULL},      \
    {                                                                          \
        "end", GONG_API_STRING, "Likewise.", NULL                              \
    }
#define LIMITS                                                                 \
    {"timeout", GONG_API_STRING, "30s; at most as configured.", NULL},         \
    {                                                                          \
        "limit", GONG_API_STRING, "Of series or texts; 0: none.", NULL         \
    }
#define ASKS                                                                   \
    {"query", GONG_API_STRING, "PromQL.", NULL},                               \
        {"lookback_delta", GONG_API_STRING, "5m: how old a sample may be.",    \
         NULL},                                                                \
        {"stats", GONG_API_STRING, "There are none.", NULL}, LIMITS

static const struct gong_api_parameter instant_query[] = {
    ASKS,
    {"time", GONG_API_STRING, "RFC 3339, or seconds since 1970; now.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter range_query[] = {
    ASKS,
    STARTS,
    {"step", GONG_API_STRING, "15s, or seconds.", NULL},
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter series_query[] = {
    {"match[]", GONG_API_STRING, "A selector; may come again.", NULL},
    STARTS,
    LIMITS,
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter metadata_query[] = {
    {"metric", GONG_API_STRING, "Only of this one.", NULL},
    {"limit_per_metric", GONG_API_STRING, "Each has one.", NULL},
    LIMITS,
    {NULL, GONG_API_ANY, NULL, NULL},
};

static const struct gong_api_parameter exemplars_query[] = {
    {"query", GONG_API_STRING, "PromQL.", NULL},
    STARTS,
    {NULL, GONG_API_ANY, NULL, NULL},
};

/* clang-format off */
const struct gong_api_route gong_api_routes[] = {
    {"GET", "/", READ, SOME, WORK, gong_api_page, NULL, NULL,
     "text/html; charset=utf-8", page_query,
     "A page for people: what is open, or a form to log in."},
    {"POST", "/", OPEN, NOWHERE, HASH, gong_api_page_login, NULL, NULL,
     "text/html; charset=utf-8", NULL, "Its form: opens a session."},
    {"GET", "/healthz", OPEN, NOWHERE, HERE, gong_api_health, NULL,
     &gong_api_health_answer, NULL, NULL,
     "200, or 503 and which part is not well."},
    {"GET", "/metrics", READ, SOME, WORK, gong_api_metrics, NULL, NULL,
     "text/plain; version=0.0.4; charset=utf-8", NULL,
     "Prometheus' text format."},
    {"GET", "/ledger", READ, SOME, WORK, gong_api_ledger, NULL,
     &gong_api_ledger_answer, NULL, ledger_query, "What came of whom."},
    {"GET", "/a/{token}", OPEN, NOWHERE, WORK, gong_api_link_show, NULL, NULL,
     "text/html; charset=utf-8", NULL,
     "The page of a signed link: shows one incident."},
    {"POST", "/a/{token}", OPEN, NOWHERE, WORK, gong_api_link_acknowledge,
     NULL, NULL, "text/html; charset=utf-8", NULL,
     "Acknowledges it for the person of the link."},
    {"GET", "/api/v1/alerts", READ, SOME, WORK, gong_api_alerts, NULL,
     &gong_api_alerts_answer, NULL, NULL, "Alerts, as Prometheus answers."},
    {"GET", "/api/v1/rules", READ, SOME, WORK, gong_api_rules, NULL,
     &gong_api_rules_answer, NULL, rules_query, "Rules, as Prometheus answers."},
    {"GET", "/api/v1/query", READ, SOME, QUERY, gong_api_prom_query,
     NULL, &gong_api_prom_query_answer, NULL, instant_query, "PromQL over the history at one instant."},
    {"POST", "/api/v1/query", READ, SOME, QUERY, gong_api_prom_query,
     &gong_api_form_body, &gong_api_prom_query_answer, NULL, instant_query, "PromQL over the history at one instant."},
    {"GET", "/api/v1/query_range", READ, SOME, QUERY, gong_api_prom_query_range,
     NULL, &gong_api_prom_query_answer, NULL, range_query, "PromQL over the history at each step of a range."},
    {"POST", "/api/v1/query_range", READ, SOME, QUERY, gong_api_prom_query_range,
     &gong_api_form_body, &gong_api_prom_query_answer, NULL, range_query, "PromQL over the history at each step of a range."},
    {"GET", "/api/v1/series", READ, SOME, QUERY, gong_api_prom_series,
     NULL, &gong_api_prom_series_answer, NULL, series_query, "Series of the history that selectors take."},
    {"POST", "/api/v1/series", READ, SOME, QUERY, gong_api_prom_series,
     &gong_api_form_body, &gong_api_prom_series_answer, NULL, series_query, "Series of the history that selectors take."},
    {"GET", "/api/v1/labels", READ, SOME, QUERY, gong_api_prom_labels,
     NULL, &gong_api_prom_texts_answer, NULL, series_query, "Names of labels."},
    {"POST", "/api/v1/labels", READ, SOME, QUERY, gong_api_prom_labels,
     &gong_api_form_body, &gong_api_prom_texts_answer, NULL, series_query, "Names of labels."},
    {"GET", "/api/v1/label/{name}/values", READ, SOME, QUERY, gong_api_prom_values,
     NULL, &gong_api_prom_texts_answer, NULL, series_query, "Values of a label."},
    {"GET", "/api/v1/metadata", READ, SOME, QUERY, gong_api_prom_metadata,
     NULL, &gong_api_prom_metadata_answer, NULL, metadata_query, "What is known of metrics."},
    {"GET", "/api/v1/query_exemplars", READ, SOME, QUERY, gong_api_prom_exemplars,
     NULL, &gong_api_prom_texts_answer, NULL, exemplars_query, "Always empty: there are none."},
    {"POST", "/api/v1/query_exemplars", READ, SOME, QUERY, gong_api_prom_exemplars,
     &gong_api_form_body, &gong_api_prom_texts_answer, NULL, exemplars_query, "Always empty: there are none."},
    {"GET", "/api/v1/status/buildinfo", READ, SOME, WORK,
     gong_api_prom_buildinfo, NULL, &gong_api_prom_buildinfo_answer, NULL, NULL,
     "Which Prometheus it answers as."},
    {"GET", OURS "/openapi.json", OPEN, NOWHERE, WORK, gong_api_document, NULL,
     &gong_api_any_answer, NULL, NULL, "This document."},
    {"POST", OURS "/login", OPEN, NOWHERE, HASH, gong_api_login,
     &gong_api_login_body, &gong_api_login_answer, NULL, NULL,
     "Opens a session."},
    {"POST", OURS "/logout", SELF, NOWHERE, WORK, gong_api_logout, NULL,
     &gong_api_done_answer, NULL, NULL, "Ends the session."},
    {"GET", OURS "/session", SELF, NOWHERE, WORK, gong_api_session, NULL,
     &gong_api_session_answer, NULL, NULL, "Who asks, and what they may."},
    {"PUT", OURS "/session/password", SELF, NOWHERE, HASH, gong_api_password,
     &gong_api_password_body, &gong_api_done_answer, NULL, NULL,
     "Another password for who asks; ends all of their sessions."},
    {"GET", OURS "/incidents", READ, SOME, WORK, gong_api_incidents, NULL,
     &gong_api_incidents_answer, NULL, incidents_query, "Incidents."},
    {"GET", OURS "/incidents/{n}", READ, CONCERNED, WORK, gong_api_incident,
     NULL, &gong_api_incident_answer, NULL, NULL,
     "One incident with its history."},
    {"POST", OURS "/incidents/{n}/acknowledge", ACT, CONCERNED, WORK,
     gong_api_acknowledge, &gong_api_acknowledge_body, &gong_api_done_answer,
     NULL, NULL, "Says who sees to it."},
    {"POST", OURS "/incidents/{n}/unacknowledge", ACT, CONCERNED, WORK,
     gong_api_unacknowledge, &gong_api_comment_body, &gong_api_done_answer,
     NULL, NULL, "Nobody sees to it any more."},
    {"POST", OURS "/incidents/{n}/assign", ACT, CONCERNED, WORK,
     gong_api_assign, &gong_api_assign_body, &gong_api_done_answer, NULL, NULL,
     "Another owner."},
    {"POST", OURS "/incidents/{n}/comment", ACT, CONCERNED, WORK,
     gong_api_comment, &gong_api_comment_body, &gong_api_done_answer, NULL,
     NULL, "A remark in its history."},
    {"POST", OURS "/incidents/{n}/silence", ACT, INCIDENT, WORK,
     gong_api_silence_incident, &gong_api_until_body, &gong_api_done_answer,
     NULL, NULL, "No messages about it, until a time or its end."},
    {"POST", OURS "/incidents/{n}/resolve", ACT, INCIDENT, WORK,
     gong_api_resolve, &gong_api_comment_body, &gong_api_done_answer, NULL,
     NULL, "It is over, whatever the alert says."},
    {"POST", OURS "/incidents/{n}/outcome", ACT, INCIDENT, WORK,
     gong_api_outcome, &gong_api_outcome_body, &gong_api_done_answer, NULL,
     NULL, "What it was: verdict, cause, cost."},
    {"POST", OURS "/handovers", ACT, SOME, WORK, gong_api_handover,
     &gong_api_handover_body, &gong_api_done_answer, NULL, NULL,
     "Keeps in the audit log who handed the shift over, and its log's digest."},
    {"GET", OURS "/silences", READ, SOME, WORK, gong_api_silences, NULL,
     &gong_api_silences_answer, NULL, silences_query, "Silences."},
    {"POST", OURS "/silences", ACT, MATCHERS, WORK, gong_api_silence,
     &gong_api_silence_body, &gong_api_done_answer, NULL, NULL,
     "No messages about what matches, until a time."},
    {"DELETE", OURS "/silences/{n}", ACT, SILENCE, WORK, gong_api_unsilence,
     NULL, &gong_api_done_answer, NULL, NULL,
     "Ends a silence or a time of maintenance."},
    {"GET", OURS "/maintenance", READ, SOME, WORK, gong_api_maintenances, NULL,
     &gong_api_silences_answer, NULL, silences_query, "Planned maintenance."},
    {"POST", OURS "/maintenance", ACT, MATCHERS, WORK, gong_api_maintenance,
     &gong_api_maintenance_body, &gong_api_done_answer, NULL, NULL,
     "Plans maintenance."},
    {"GET", OURS "/units", READ, SOME, WORK, gong_api_units, NULL,
     &gong_api_units_answer, NULL, NULL, "Units of the city model."},
    {"GET", OURS "/devices", READ, SOME, WORK, gong_api_devices, NULL,
     &gong_api_devices_answer, NULL, NULL, "Devices of the city model."},
    {"GET", OURS "/ledger", READ, SOME, WORK, gong_api_ledger, NULL,
     &gong_api_ledger_answer, NULL, ledger_query, "What came of whom."},
    {"GET", OURS "/users", USERS, ALL, WORK, gong_api_users, NULL,
     &gong_api_users_answer, NULL, NULL, "Users."},
    {"POST", OURS "/users", USERS, ALL, HASH, gong_api_user_add,
     &gong_api_user_body, &gong_api_user_answer, NULL, NULL, "A new user."},
    {"GET", OURS "/users/{name}", USERS, ALL, WORK, gong_api_user, NULL,
     &gong_api_user_answer, NULL, NULL, "One user."},
    {"PATCH", OURS "/users/{name}", USERS, ALL, HASH, gong_api_user_change,
     &gong_api_user_change_body, &gong_api_user_answer, NULL, NULL,
     "Changes a user."},
    {"DELETE", OURS "/users/{name}", USERS, ALL, WORK, gong_api_user_remove,
     NULL, &gong_api_done_answer, NULL, NULL, "Removes a user."},
    {"GET", OURS "/tokens", SELF, NOWHERE, WORK, gong_api_tokens, NULL,
     &gong_api_tokens_answer, NULL, NULL,
     "One's own tokens; everybody's for an admin over everything."},
    {"POST", OURS "/tokens", SELF, NOWHERE, WORK, gong_api_token_add,
     &gong_api_token_body, &gong_api_token_made_answer, NULL, NULL,
     "A token for programs; never above one's own grants."},
    {"DELETE", OURS "/tokens/{n}", SELF, NOWHERE, WORK, gong_api_token_remove,
     NULL, &gong_api_done_answer, NULL, NULL, "Removes a token."},
    {"GET", OURS "/audit", AUDIT, ALL, WORK, gong_api_audit_list, NULL,
     &gong_api_audit_answer, NULL, audit_query, "The audit log."},
    {"GET", OURS "/audit/verify", AUDIT, ALL, WORK, gong_api_audit_verdict,
     NULL, &gong_api_verdict_answer, NULL, NULL,
     "Whether the audit log was changed."},
    {"GET", OURS "/rules/log", READ, SOME, WORK, gong_api_rules_log, NULL,
     &gong_api_rules_log_answer, NULL, NULL,
     "Rule sets that were in force."},
    {"POST", OURS "/rules/rollback", RULES, ALL, WORK,
     gong_api_rules_rollback, &gong_api_rollback_body, &gong_api_done_answer,
     NULL, NULL, "Makes an earlier rule set the one in force."},
    {"POST", OURS "/backup", USERS, ALL, WORK, gong_api_backup_make, NULL,
     &gong_api_backup_answer, NULL, NULL,
     "Makes a backup of the desk, the users and the rules in force."},
    {"GET", OURS "/backup", USERS, ALL, WORK, gong_api_backup_read, NULL,
     &gong_api_backup_chunk_answer, NULL, backup_query,
     "A piece of the backup that was made last."},
    {"PUT", OURS "/restore", USERS, ALL, WORK, gong_api_restore_send,
     &gong_api_restore_chunk_body, &gong_api_done_answer, NULL, NULL,
     "A piece of a backup that is to be restored."},
    {"POST", OURS "/restore", USERS, ALL, WORK, gong_api_restore,
     &gong_api_restore_body, &gong_api_restore_answer, NULL, NULL,
     "Checks what was sent, and puts it in the place of what there is."},
    {"GET", OURS "/proof", READ, SOME, WORK, gong_api_proof, NULL,
     &gong_api_proof_answer, NULL, NULL,
     "When a sample last came through the whole chain."},
    {"GET", OURS "/drill", ACT, ALL, WORK, gong_api_drill, NULL,
     &gong_api_drill_answer, NULL, NULL, "How far the last drill came."},
    {"POST", OURS "/drill", ACT, ALL, WORK, gong_api_drill_begin,
     &gong_api_drill_body, &gong_api_done_answer, NULL, NULL,
     "Begins a drill: a marked test alert through the whole chain."},
    {"GET", OURS "/events", READ, SOME, WORK, gong_api_events, NULL, NULL,
     "text/event-stream", NULL,
     "Server-sent events: incident, reset. Last-Event-ID resumes."},
};
/* clang-format on */
const size_t gong_api_route_count = COUNT(gong_api_routes);

/* "{n}" takes one part of the path, not empty and without slash. */
static bool
matches(const char *pattern, const char *path, char param[GONG_API_PARAM_SIZE])
{
    const char *open = strchr(pattern, '{');
    size_t before, len;

    param[0] = '\0';
    if (open == NULL) {
        return strcmp(pattern, path) == 0;
    }
    before = (size_t)(open - pattern);
    if (strncmp(pattern, path, before) != 0) {
        return false;
    }
    len = strcspn(path + before, "/");
    if (len == 0 || len >= GONG_API_PARAM_SIZE ||
        strcmp(strchr(open, '}') + 1, path + before + len) != 0) {
        return false;
    }
    memcpy(param, path + before, len);
    param[len] = '\0';
    return true;
}

const struct gong_api_route *
gong_api_route_find(const char *method, const char *path,
                    char param[GONG_API_PARAM_SIZE], char *allow,
                    size_t allow_size)
{
    size_t len = 0;

    allow[0] = '\0';
    for (size_t i = 0; i < gong_api_route_count; i++) {
        const struct gong_api_route *route = &gong_api_routes[i];

        if (!matches(route->path, path, param)) {
            continue;
        }
        if (strcmp(route->method, method) == 0) {
            return route;
        }
        if (len < allow_size) {
            len += (size_t)snprintf(allow + len, allow_size - len, "%s%s",
                                    len == 0 ? "" : ", ", route->method);
        }
    }
    param[0] = '\0';
    return NULL;
}
