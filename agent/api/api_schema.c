#include "agent/api/api_schema_private.h"

/* --- words --- */

const char *const gong_api_incident_states[] = {
    "none", "open", "acknowledged", "ended", "closed", NULL};
const char *const gong_api_incident_events[] = {
    "fire",          "keep",
    "climb",         "fall",
    "end",           "acknowledge",
    "unacknowledge", "assign",
    "comment",       "resolve",
    "outcome",       "ack-expires",
    "ack-overdue",   "resolve-overdue",
    "escalate",      NULL};
const char *const gong_api_verdicts[] = {"none", "real", "false",
                                         "late", "test", NULL};
const char *const gong_api_roles[] = {"viewer", "operator", "engineer", "admin",
                                      NULL};
static const char *const severities[] = {"", "info", "warning", "critical",
                                         NULL};
static const char *const alert_states[] = {"inactive", "pending", "firing",
                                           "keeping",  "unknown", NULL};

/* --- parts --- */

static const struct gong_api_field grant_fields[] = {
    {"role", GONG_API_STRING, YES, NO, 16, NULL, gong_api_roles,
     "What may be done."},
    {"unit", GONG_API_STRING, YES, NO, 64, NULL, NULL,
     "Code of a unit: there and below; * is everything."},
};
SCHEMA(gong_api_grant_part, "Grant", grant_fields);

/* --- answers --- */

static const struct gong_api_field problem_fields[] = {
    {"type", GONG_API_STRING, YES, NO, 0, NULL, NULL, "about:blank"},
    {"title", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Vietnamese."},
    {"title_en", GONG_API_STRING, YES, NO, 0, NULL, NULL, "English."},
    {"status", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "HTTP status."},
    {"detail", GONG_API_STRING, NO, NO, 0, NULL, NULL, "What exactly."},
};
SCHEMA(gong_api_problem_answer, "Problem", problem_fields);

static const struct gong_api_field login_answer_fields[] = {
    {"user", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Name."},
    {"full_name", GONG_API_STRING, YES, NO, 0, NULL, NULL, "For people."},
    {"expires", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"csrf", GONG_API_STRING, NO, NO, 0, NULL, NULL,
     "With a cookie: to be sent as X-Gong-CSRF with everything but GET."},
    {"token", GONG_API_STRING, NO, NO, 0, NULL, NULL,
     "Without a cookie: to be sent as Authorization: Bearer."},
};
SCHEMA(gong_api_login_answer, "Login", login_answer_fields);

static const struct gong_api_field session_fields[] = {
    {"user", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Name."},
    {"full_name", GONG_API_STRING, YES, NO, 0, NULL, NULL, "For people."},
    {"kind", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "nobody, cookie, session, token or local."},
    {"expires", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms; 0: never."},
    {"grants", GONG_API_ARRAY, YES, NO, 0, &gong_api_grant_part, NULL, ""},
    {"csrf", GONG_API_STRING, NO, NO, 0, NULL, NULL, "With a cookie."},
};
SCHEMA(gong_api_session_answer, "Session", session_fields);

static const struct gong_api_field done_fields[] = {
    {"done", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"number", GONG_API_INTEGER, NO, NO, 0, NULL, NULL,
     "Of the silence or maintenance that was made."},
};
SCHEMA(gong_api_done_answer, "Done", done_fields);

static const struct gong_api_field incident_fields[] = {
    {"number", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"state", GONG_API_STRING, YES, NO, 0, NULL, gong_api_incident_states, ""},
    {"alert", GONG_API_STRING, YES, NO, 0, NULL, alert_states, ""},
    {"rule", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Its id."},
    {"severity", GONG_API_STRING, YES, NO, 0, NULL, severities, ""},
    {"level", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: none."},
    {"unit", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Code; may be empty."},
    {"value", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"trial", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"lost", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL,
     "It ended because the engine no longer knew it."},
    {"since", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "The rule's clock, which is the device's; ms since 1970."},
    {"opened", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"changed", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"ended", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: it is open."},
    {"over", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "The rule's clock; 0: it is open, or a person ended it."},
    {"owner", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"acked_by", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"ack_comment", GONG_API_TEXT, YES, NO, 0, NULL, NULL, ""},
    {"acked", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: not yet."},
    {"ack_until", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: its end."},
    {"sticky", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"cause", GONG_API_TEXT, YES, NO, 0, NULL, NULL, ""},
    {"verdict", GONG_API_STRING, YES, NO, 0, NULL, gong_api_verdicts, ""},
    {"cost", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "In dong."},
    {"escalated", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "Steps told."},
    {"escalates", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: never."},
    {"ack_due", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: none."},
    {"resolve_due", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: none."},
    {"ack_overdue", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"resolve_overdue", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"silenced", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"in_maintenance", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"inhibited", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"labels", GONG_API_MAP, YES, NO, 0, NULL, NULL, ""},
    {"annotations", GONG_API_MAP, YES, NO, 0, NULL, NULL, ""},
    {"summary", GONG_API_TEXT, YES, NO, 0, NULL, NULL,
     "The sentence that messages say, in Vietnamese; may be empty."},
    {"unit_name", GONG_API_STRING, NO, NO, 0, NULL, NULL,
     "Where the city model knows the unit."},
    {"device_name", GONG_API_STRING, NO, NO, 0, NULL, NULL,
     "Where the city model knows the device."},
    {"facts", GONG_API_ANY, NO, NO, 0, NULL, NULL,
     "Numbers that texts are filled from: param_*, trend."},
};
static SCHEMA(incident_part, "Incident", incident_fields);

static const struct gong_api_field incidents_fields[] = {
    {"incidents", GONG_API_ARRAY, YES, NO, 0, &incident_part, NULL,
     "The newest first."},
    {"next", GONG_API_INTEGER, YES, YES, 0, NULL, NULL,
     "What to say as `before` for the following page; null: none."},
    {"warning", GONG_API_STRING, NO, NO, 0, NULL, NULL,
     "The desk cannot write: what is new is not kept, and may be missing here. "
     "Absent while all is well."},
};
SCHEMA(gong_api_incidents_answer, "Incidents", incidents_fields);

static const struct gong_api_field event_fields[] = {
    {"at", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"event", GONG_API_STRING, YES, NO, 0, NULL, gong_api_incident_events, ""},
    {"by", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Empty: nobody did it."},
    {"text", GONG_API_TEXT, YES, NO, 0, NULL, NULL, ""},
};
static SCHEMA(event_part, "IncidentEvent", event_fields);

static const struct gong_api_field decision_fields[] = {
    {"event", GONG_API_STRING, YES, NO, 0, NULL, gong_api_incident_events,
     "What it did to the incident."},
    {"reason", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"expr", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "The clause that was looked at; of a long one the begin."},
    {"value", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "What it gave for the incident's labels."},
    {"level", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: none."},
    {"position", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "In the journal, of the record that caused it."},
    {"ordinal", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"at", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "On the rule's clock."},
    {"captured", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "ms since 1970, as all stamps; 0: time alone decided."},
    {"published", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: not known."},
    {"received", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"decided", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"stored", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "When the desk took it."},
};
static SCHEMA(decision_part, "Decision", decision_fields);

static const struct gong_api_field delivery_fields[] = {
    {"receiver", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"unit", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"recipient", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "contact:NAME, channel:NAME, or role:ROLE@UNIT with nobody on duty."},
    {"channel", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Empty: no try yet."},
    {"unreached", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"outcome", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "waiting, sent, retry, refused or exhausted."},
    {"why", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"created", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"at", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "Of the try; 0: none yet."},
    {"latency", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "Of the try, ms."},
};
static SCHEMA(delivery_part, "Delivery", delivery_fields);

static const struct gong_api_field more_fields[] = {
    {"decisions", GONG_API_ARRAY, YES, NO, 0, &decision_part, NULL,
     "Why, with the stamps of the samples; the oldest first."},
    {"deliveries", GONG_API_ARRAY, YES, NO, 0, &delivery_part, NULL,
     "Who was told, each try."},
};
static SCHEMA(more_part, "IncidentMore", more_fields);

static const struct gong_api_field incident_answer_fields[] = {
    {"incident", GONG_API_OBJECT, YES, NO, 0, &incident_part, NULL, ""},
    {"history", GONG_API_ARRAY, YES, NO, 0, &event_part, NULL,
     "The oldest first."},
    {"more", GONG_API_OBJECT, YES, YES, 0, &more_part, NULL,
     "Why, stamps, who was told."},
    {"warning", GONG_API_STRING, NO, NO, 0, NULL, NULL,
     "The desk cannot write: what is new is not kept, and may be missing here. "
     "Absent while all is well."},
};
SCHEMA(gong_api_incident_answer, "IncidentShown", incident_answer_fields);

static const struct gong_api_field silence_answer_fields[] = {
    {"number", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"incident", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: by matchers."},
    {"matchers", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"by", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"comment", GONG_API_TEXT, YES, NO, 0, NULL, NULL, ""},
    {"created", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"from", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"until", GONG_API_INTEGER, YES, YES, 0, NULL, NULL,
     "null: until the incident is over."},
    {"ended", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
};
static SCHEMA(silence_part, "Silence", silence_answer_fields);

static const struct gong_api_field silences_fields[] = {
    {"silences", GONG_API_ARRAY, YES, NO, 0, &silence_part, NULL, ""},
};
SCHEMA(gong_api_silences_answer, "Silences", silences_fields);

static const struct gong_api_field unit_fields[] = {
    {"code", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"name", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"name_en", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"kind", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"parent", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Code; root: empty."},
    {"lon", GONG_API_NUMBER, YES, YES, 0, NULL, NULL, ""},
    {"lat", GONG_API_NUMBER, YES, YES, 0, NULL, NULL, ""},
    {"was", GONG_API_ARRAY, YES, NO, 0, NULL, NULL,
     "Codes of units that were merged into it."},
};
static SCHEMA(unit_part, "Unit", unit_fields);

static const struct gong_api_field units_fields[] = {
    {"units", GONG_API_ARRAY, YES, NO, 0, &unit_part, NULL, ""},
};
SCHEMA(gong_api_units_answer, "Units", units_fields);

static const struct gong_api_field device_fields[] = {
    {"unit", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Code."},
    {"name", GONG_API_STRING, YES, NO, 0, NULL, NULL, "As in topics."},
    {"label", GONG_API_STRING, YES, NO, 0, NULL, NULL, "For people."},
    {"label_en", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"every", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms; 0: not said."},
    {"lon", GONG_API_NUMBER, YES, YES, 0, NULL, NULL, ""},
    {"lat", GONG_API_NUMBER, YES, YES, 0, NULL, NULL, ""},
    {"affects", GONG_API_ARRAY, YES, NO, 0, NULL, NULL, "Units."},
};
static SCHEMA(device_part, "Device", device_fields);

static const struct gong_api_field devices_fields[] = {
    {"devices", GONG_API_ARRAY, YES, NO, 0, &device_part, NULL, ""},
};
SCHEMA(gong_api_devices_answer, "Devices", devices_fields);

static const struct gong_api_field ledger_fields[] = {
    {"devices", GONG_API_ANY, YES, NO, 0, NULL, NULL,
     "What came of whom: agent/look/ledger_view.h."},
    {"next", GONG_API_STRING, YES, YES, 0, NULL, NULL,
     "What to say as `after` for the following page; null: none."},
};
SCHEMA(gong_api_ledger_answer, "Ledger", ledger_fields);

static const struct gong_api_field user_answer_fields[] = {
    {"name", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"full_name", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"disabled", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"created", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"grants", GONG_API_ARRAY, YES, NO, 0, &gong_api_grant_part, NULL, ""},
    {"tokens_removed", GONG_API_INTEGER, NO, NO, 0, NULL, NULL,
     "After another password: how many API tokens went with the old one."},
};
SCHEMA(gong_api_user_answer, "User", user_answer_fields);

static const struct gong_api_field users_fields[] = {
    {"users", GONG_API_ARRAY, YES, NO, 0, &gong_api_user_answer, NULL, ""},
};
SCHEMA(gong_api_users_answer, "Users", users_fields);

static const struct gong_api_field token_answer_fields[] = {
    {"id", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"user", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"name", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"role", GONG_API_STRING, YES, NO, 0, NULL, gong_api_roles, ""},
    {"unit", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"created", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"expires", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"used", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "0: never."},
};
static SCHEMA(token_part, "Token", token_answer_fields);

static const struct gong_api_field tokens_fields[] = {
    {"tokens", GONG_API_ARRAY, YES, NO, 0, &token_part, NULL, ""},
};
SCHEMA(gong_api_tokens_answer, "Tokens", tokens_fields);

static const struct gong_api_field token_made_fields[] = {
    {"id", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"token", GONG_API_STRING, YES, NO, 0, NULL, NULL, "Shown this once."},
};
SCHEMA(gong_api_token_made_answer, "TokenMade", token_made_fields);

static const struct gong_api_field entry_fields[] = {
    {"number", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"at", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"who", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"address", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"action", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"object", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"result", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"text", GONG_API_TEXT, YES, NO, 0, NULL, NULL, ""},
    {"hash", GONG_API_STRING, YES, NO, 0, NULL, NULL, "SHA-256, hex."},
};
static SCHEMA(entry_part, "AuditEntry", entry_fields);

static const struct gong_api_field audit_fields[] = {
    {"entries", GONG_API_ARRAY, YES, NO, 0, &entry_part, NULL,
     "The newest first."},
    {"next", GONG_API_INTEGER, YES, YES, 0, NULL, NULL,
     "What to say as `before` for the following page; null: none."},
};
SCHEMA(gong_api_audit_answer, "Audit", audit_fields);

static const struct gong_api_field verdict_fields[] = {
    {"entries", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"broken", GONG_API_INTEGER, YES, YES, 0, NULL, NULL,
     "The first entry that does not follow; null: none."},
    {"head", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Hash of the last: note it, and a log that is made anew shows."},
};
SCHEMA(gong_api_verdict_answer, "AuditVerdict", verdict_fields);

static const struct gong_api_field set_fields[] = {
    {"sha", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"at", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"now", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, "It is in force."},
    {"rolled_back", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "When the last rollback made it the one in force; 0: it did not."},
    {"undone", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "When rule files that differ took its place; 0: they did not."},
};
static SCHEMA(set_part, "RuleSet", set_fields);

static const struct gong_api_field rules_log_fields[] = {
    {"sets", GONG_API_ARRAY, YES, NO, 0, &set_part, NULL, "The newest first."},
};
SCHEMA(gong_api_rules_log_answer, "RulesLog", rules_log_fields);

static const struct gong_api_field alert_fields[] = {
    {"labels", GONG_API_MAP, YES, NO, 0, NULL, NULL, ""},
    {"annotations", GONG_API_MAP, YES, NO, 0, NULL, NULL, ""},
    {"state", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"activeAt", GONG_API_STRING, YES, NO, 0, NULL, NULL, "RFC 3339."},
    {"value", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"unknown", GONG_API_BOOLEAN, NO, NO, 0, NULL, NULL,
     "Its device is dark or its data is missing; else absent."},
};
static SCHEMA(alert_part, "Alert", alert_fields);

static const struct gong_api_field alerts_data_fields[] = {
    {"alerts", GONG_API_ARRAY, YES, NO, 0, &alert_part, NULL, ""},
    {"truncated", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "How many are not listed."},
};
static SCHEMA(alerts_data_part, "AlertsData", alerts_data_fields);

static const struct gong_api_field alerts_fields[] = {
    {"status", GONG_API_STRING, YES, NO, 0, NULL, NULL, "success"},
    {"data", GONG_API_OBJECT, YES, NO, 0, &alerts_data_part, NULL, ""},
};
SCHEMA(gong_api_alerts_answer, "PrometheusAlerts", alerts_fields);

static const struct gong_api_field rules_data_fields[] = {
    {"groups", GONG_API_ANY, YES, NO, 0, NULL, NULL, "As Prometheus has it."},
};
static SCHEMA(rules_data_part, "RulesData", rules_data_fields);

static const struct gong_api_field rules_fields[] = {
    {"status", GONG_API_STRING, YES, NO, 0, NULL, NULL, "success"},
    {"data", GONG_API_OBJECT, YES, NO, 0, &rules_data_part, NULL, ""},
};
SCHEMA(gong_api_rules_answer, "PrometheusRules", rules_fields);

static const struct gong_api_field health_fields[] = {
    {"status", GONG_API_STRING, YES, NO, 0, NULL, NULL, "ok or failed"},
    {"agent", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"journal", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"broker", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"engine", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"desk", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"proof", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "ok, failed, none yet, or off"},
    {"stores", GONG_API_MAP, YES, NO, 0, NULL, NULL, ""},
};
SCHEMA(gong_api_health_answer, "Health", health_fields);

static const char *const hops[] = {"",     "broker", "receive", "rules",
                                   "desk", "outbox", NULL};

#define HOP                                                                    \
    {                                                                          \
        "hop", GONG_API_STRING, YES, NO, 0, NULL, hops,                        \
            "Which hop it did not pass; empty: it passed them all."            \
    }
#define STAMP(name, help)                                                      \
    {                                                                          \
        name, GONG_API_INTEGER, YES, NO, 0, NULL, NULL, help                   \
    }

static const struct gong_api_field drill_delivery_fields[] = {
    {"receiver", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"unit", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"recipient", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "channel:NAME, contact:ID, or role:ROLE@UNIT where nobody is on duty."},
    {"state", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "waiting, sent, unreached, refused or expired."},
    {"channel", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Of this try; empty: none yet."},
    {"outcome", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Of this try: sent, retry, refused, exhausted; waiting: none yet."},
    {"why", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"unreached", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    STAMP("created", ""),
    STAMP("at", ""),
    STAMP("latency", "ms."),
};
static SCHEMA(drill_delivery_part, "DrillDelivery", drill_delivery_fields);

static const struct gong_api_field channel_away_fields[] = {
    {"channel", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    STAMP("since", "ms since 1970."),
};
static SCHEMA(channel_away_part, "ChannelAway", channel_away_fields);

static const struct gong_api_field proof_fields[] = {
    STAMP("interval", "Between two of them, ms; 0: none are sent."),
    STAMP("last", "When the last one came back, ms since 1970; 0: not since "
                  "the start."),
    STAMP("age", "ms since then, or since the start."),
    STAMP("took", "ms from its begin to its end."),
    {"ok", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL,
     "No more than three intervals old."},
    HOP,
};
SCHEMA(gong_api_proof_answer, "Proof", proof_fields);

static const struct gong_api_field drill_fields[] = {
    STAMP("number", "Which one; 0: there was none since the start."),
    STAMP("begun", "ms since 1970, as all that follow; 0: not yet."),
    STAMP("sent", "It was given to the broker."),
    STAMP("received", "It came back from the broker and was journaled."),
    STAMP("decided", "Its rule fires."),
    STAMP("desk", "The desk has kept what to tell whom."),
    STAMP("messages", "How many it made of it."),
    HOP,
    {"why", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Why it went no further, where that is known."},
    {"deliveries", GONG_API_ARRAY, YES, NO, 0, &drill_delivery_part, NULL,
     "Who is told, and each try."},
    {"away", GONG_API_ARRAY, YES, NO, 0, &channel_away_part, NULL,
     "Channels that are known to be away now, and since when: chains pass "
     "over them."},
};
SCHEMA(gong_api_drill_answer, "Drill", drill_fields);

const struct gong_api_schema gong_api_any_answer = {"Anything", NULL, 0};

static const struct gong_api_field backup_part_fields[] = {
    {"name", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"size", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "Bytes."},
    {"sha256", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
};
static SCHEMA(backup_part, "BackupPart", backup_part_fields);

static const struct gong_api_field backup_fields[] = {
    {"id", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "SHA-256 of its manifest: no two share it."},
    {"version", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Of the program that made it."},
    {"made", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"position", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "In the journal, of the last effect that the desk took."},
    {"ordinal", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, ""},
    {"size", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "Bytes of all of it; of one that was sent, of its parts."},
    {"parts", GONG_API_ARRAY, YES, NO, 0, &backup_part, NULL, ""},
};
SCHEMA(gong_api_backup_answer, "Backup", backup_fields);

static const struct gong_api_field backup_chunk_fields[] = {
    {"id", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Of which backup: another one may be made between two pieces."},
    {"offset", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "As asked."},
    {"data", GONG_API_BYTES, YES, NO, 0, NULL, NULL, "Empty: its end."},
};
SCHEMA(gong_api_backup_chunk_answer, "BackupPiece", backup_chunk_fields);

static const struct gong_api_field restore_answer_fields[] = {
    {"backup", GONG_API_OBJECT, YES, NO, 0, &gong_api_backup_answer, NULL, ""},
    {"desk", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, "It was restored."},
    {"users", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL, ""},
    {"rules", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL,
     "The set is there again; which one is in force did not change."},
    {"desk_before", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Where what was there before lies."},
    {"users_before", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
};
SCHEMA(gong_api_restore_answer, "Restored", restore_answer_fields);
