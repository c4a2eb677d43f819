/*
 * api_schema: the shapes of what the API takes and gives, as data: bodies are
 * checked against them, and the OpenAPI document is written from them.
 */
#ifndef GONG_AGENT_API_API_SCHEMA_H
#define GONG_AGENT_API_API_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/str.h"

enum gong_api_type {
    GONG_API_STRING, /* one line */
    GONG_API_TEXT,   /* may hold line ends */
    GONG_API_BYTES,  /* base64 */
    GONG_API_INTEGER,
    GONG_API_AMOUNT, /* an integer from 0 to GONG_API_AMOUNT_MAX */
    GONG_API_NUMBER,
    GONG_API_BOOLEAN,
    GONG_API_OBJECT, /* of */
    GONG_API_ARRAY,  /* of objects, or of strings where of is NULL */
    GONG_API_MAP,    /* names to strings */
    GONG_API_ANY,
};

struct gong_api_field {
    const char *name;
    enum gong_api_type type;
    bool required;
    bool nullable; /* of answers */
    size_t max;    /* bytes of a string, items of an array; 0: as the body */
    const struct gong_api_schema *of;
    const char *const *choices; /* NULL-terminated; of strings */
    const char *help;
};

struct gong_api_schema {
    const char *name;
    const struct gong_api_field *fields;
    size_t count;
};

#define GONG_API_DEPTH_MAX 16
/* So that thousands of them add up. */
#define GONG_API_AMOUNT_MAX INT64_C(1000000000000000)

/* gong_api_read: strict JSON: one object, UTF-8, no name twice, no deeper than
 * the most. NULL with a reason in why. */
json_t *gong_api_read(struct gong_str text, char *why, size_t why_size);
/* gong_api_check: false with the name of what is wrong in why. */
bool gong_api_check(json_t *value, const struct gong_api_schema *schema,
                    char *why, size_t why_size);

/* Words of enumerations, in the order of their numbers. */
extern const char *const gong_api_incident_states[]; /* enum + 1 */
extern const char *const gong_api_incident_events[];
extern const char *const gong_api_verdicts[];
extern const char *const gong_api_roles[];

/* Bodies. */
extern const struct gong_api_schema gong_api_login_body;
extern const struct gong_api_schema gong_api_password_body;
extern const struct gong_api_schema gong_api_acknowledge_body;
extern const struct gong_api_schema gong_api_comment_body;
extern const struct gong_api_schema gong_api_assign_body;
extern const struct gong_api_schema gong_api_until_body;
extern const struct gong_api_schema gong_api_outcome_body;
extern const struct gong_api_schema gong_api_silence_body;
extern const struct gong_api_schema gong_api_maintenance_body;
extern const struct gong_api_schema gong_api_user_body;
extern const struct gong_api_schema gong_api_user_change_body;
extern const struct gong_api_schema gong_api_token_body;
extern const struct gong_api_schema gong_api_rollback_body;
extern const struct gong_api_schema gong_api_restore_chunk_body;
extern const struct gong_api_schema gong_api_restore_body;
extern const struct gong_api_schema gong_api_drill_body;
extern const struct gong_api_schema gong_api_handover_body;
/* A form, whose fields are the route's parameters. */
extern const struct gong_api_schema gong_api_form_body;
/* Answers. */
extern const struct gong_api_schema gong_api_problem_answer;
extern const struct gong_api_schema gong_api_prom_error_answer;
extern const struct gong_api_schema gong_api_login_answer;
extern const struct gong_api_schema gong_api_session_answer;
extern const struct gong_api_schema gong_api_done_answer;
extern const struct gong_api_schema gong_api_incidents_answer;
extern const struct gong_api_schema gong_api_incident_answer;
extern const struct gong_api_schema gong_api_silences_answer;
extern const struct gong_api_schema gong_api_units_answer;
extern const struct gong_api_schema gong_api_devices_answer;
extern const struct gong_api_schema gong_api_ledger_answer;
extern const struct gong_api_schema gong_api_users_answer;
extern const struct gong_api_schema gong_api_user_answer;
extern const struct gong_api_schema gong_api_tokens_answer;
extern const struct gong_api_schema gong_api_token_made_answer;
extern const struct gong_api_schema gong_api_audit_answer;
extern const struct gong_api_schema gong_api_verdict_answer;
extern const struct gong_api_schema gong_api_rules_log_answer;
extern const struct gong_api_schema gong_api_alerts_answer;
extern const struct gong_api_schema gong_api_rules_answer;
extern const struct gong_api_schema gong_api_health_answer;
extern const struct gong_api_schema gong_api_backup_answer;
extern const struct gong_api_schema gong_api_backup_chunk_answer;
extern const struct gong_api_schema gong_api_restore_answer;
extern const struct gong_api_schema gong_api_proof_answer;
extern const struct gong_api_schema gong_api_drill_answer;
extern const struct gong_api_schema gong_api_prom_query_answer;
extern const struct gong_api_schema gong_api_prom_series_answer;
extern const struct gong_api_schema gong_api_prom_texts_answer;
extern const struct gong_api_schema gong_api_prom_metadata_answer;
extern const struct gong_api_schema gong_api_prom_buildinfo_answer;
extern const struct gong_api_schema gong_api_any_answer;

#endif
