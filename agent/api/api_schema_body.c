/* What a request may say. */
#include "agent/api/api_schema_private.h"

static const struct gong_api_field matcher_fields[] = {
    {"name", GONG_API_STRING, YES, NO, 128, NULL, NULL, "A label."},
    {"value", GONG_API_STRING, YES, NO, 1024, NULL, NULL,
     "Its value, or a regular expression."},
    {"isRegex", GONG_API_BOOLEAN, NO, NO, 0, NULL, NULL, "Default: false."},
    {"isEqual", GONG_API_BOOLEAN, NO, NO, 0, NULL, NULL, "Default: true."},
};
static SCHEMA(matcher_part, "Matcher", matcher_fields);

static const struct gong_api_field login_fields[] = {
    {"user", GONG_API_STRING, YES, NO, 64, NULL, NULL, "Name."},
    {"password", GONG_API_STRING, YES, NO, 256, NULL, NULL, "Password."},
    {"cookie", GONG_API_BOOLEAN, NO, NO, 0, NULL, NULL,
     "True (default): a session cookie for browsers; false: the session's "
     "token is in the answer."},
};
SCHEMA(gong_api_login_body, "LoginRequest", login_fields);

static const struct gong_api_field password_fields[] = {
    {"old", GONG_API_STRING, YES, NO, 256, NULL, NULL, "As it is now."},
    {"new", GONG_API_STRING, YES, NO, 256, NULL, NULL,
     "As it is to be: 10 to 256 bytes."},
};
SCHEMA(gong_api_password_body, "PasswordRequest", password_fields);

#define COMMENT                                                                \
    {                                                                          \
        "comment", GONG_API_TEXT, NO, NO, 4096, NULL, NULL, "A remark."        \
    }

static const struct gong_api_field acknowledge_fields[] = {
    COMMENT,
    {"owner", GONG_API_STRING, NO, NO, 128, NULL, NULL,
     "Who sees to it; default: who asks."},
    {"until", GONG_API_INTEGER, NO, NO, 0, NULL, NULL,
     "Until when, ms since 1970; default: until it is over."},
    {"sticky", GONG_API_BOOLEAN, NO, NO, 0, NULL, NULL,
     "Whether it also holds when the alert climbs."},
};
SCHEMA(gong_api_acknowledge_body, "AcknowledgeRequest", acknowledge_fields);

static const struct gong_api_field comment_fields[] = {COMMENT};
SCHEMA(gong_api_comment_body, "CommentRequest", comment_fields);

static const struct gong_api_field assign_fields[] = {
    {"owner", GONG_API_STRING, YES, NO, 128, NULL, NULL, "Who sees to it."},
    COMMENT,
};
SCHEMA(gong_api_assign_body, "AssignRequest", assign_fields);

static const struct gong_api_field until_fields[] = {
    {"until", GONG_API_INTEGER, NO, NO, 0, NULL, NULL,
     "Until when, ms since 1970; default: until it is over."},
    COMMENT,
};
SCHEMA(gong_api_until_body, "SilenceIncidentRequest", until_fields);

static const struct gong_api_field outcome_fields[] = {
    {"verdict", GONG_API_STRING, YES, NO, 16, NULL, gong_api_verdicts,
     "Was it real?"},
    {"cause", GONG_API_TEXT, NO, NO, 4096, NULL, NULL, "Why it happened."},
    {"cost", GONG_API_AMOUNT, NO, NO, 0, NULL, NULL, "In dong."},
    COMMENT,
};
SCHEMA(gong_api_outcome_body, "OutcomeRequest", outcome_fields);

static const struct gong_api_field silence_fields[] = {
    {"matchers", GONG_API_ARRAY, YES, NO, 32, &matcher_part, NULL,
     "All must match. Without unit=\"code\" it needs a grant over "
     "everything; site=\"code\" alone is narrowed to that unit otherwise."},
    {"until", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"from", GONG_API_INTEGER, NO, NO, 0, NULL, NULL,
     "ms since 1970; default: now."},
    COMMENT,
};
SCHEMA(gong_api_silence_body, "SilenceRequest", silence_fields);

static const struct gong_api_field maintenance_fields[] = {
    {"matchers", GONG_API_ARRAY, YES, NO, 32, &matcher_part, NULL,
     "All must match. Without unit=\"code\" it needs a grant over "
     "everything; site=\"code\" alone is narrowed to that unit otherwise."},
    {"from", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    {"until", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "ms since 1970."},
    COMMENT,
};
SCHEMA(gong_api_maintenance_body, "MaintenanceRequest", maintenance_fields);

static const struct gong_api_field user_fields[] = {
    {"name", GONG_API_STRING, YES, NO, 64, NULL, NULL, "[a-z0-9._-]"},
    {"full_name", GONG_API_STRING, NO, NO, 256, NULL, NULL, "For people."},
    {"password", GONG_API_STRING, YES, NO, 256, NULL, NULL, "10 to 256 bytes."},
    {"grants", GONG_API_ARRAY, YES, NO, 64, &gong_api_grant_part, NULL,
     "What may be done where."},
};
SCHEMA(gong_api_user_body, "UserRequest", user_fields);

static const struct gong_api_field user_change_fields[] = {
    {"full_name", GONG_API_STRING, NO, NO, 256, NULL, NULL, "For people."},
    {"password", GONG_API_STRING, NO, NO, 256, NULL, NULL,
     "10 to 256 bytes; ends the user's sessions, removes their API tokens."},
    {"grants", GONG_API_ARRAY, NO, NO, 64, &gong_api_grant_part, NULL,
     "What may be done where, instead of what was."},
    {"disabled", GONG_API_BOOLEAN, NO, NO, 0, NULL, NULL,
     "True: can no longer log in; ends the user's sessions."},
};
SCHEMA(gong_api_user_change_body, "UserChangeRequest", user_change_fields);

static const struct gong_api_field token_fields[] = {
    {"name", GONG_API_STRING, YES, NO, 64, NULL, NULL, "What it is for."},
    {"role", GONG_API_STRING, YES, NO, 16, NULL, gong_api_roles,
     "Not above one's own."},
    {"unit", GONG_API_STRING, YES, NO, 64, NULL, NULL,
     "There and below; * is everything."},
    {"expires", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "ms since 1970; at most 400 days from now."},
};
SCHEMA(gong_api_token_body, "TokenRequest", token_fields);

static const struct gong_api_field rollback_fields[] = {
    {"sha", GONG_API_STRING, YES, NO, 64, NULL, NULL,
     "SHA-256 of the set, as the log names it."},
    COMMENT,
};
SCHEMA(gong_api_rollback_body, "RollbackRequest", rollback_fields);

static const struct gong_api_field restore_chunk_fields[] = {
    {"offset", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "Of its first byte; 0 begins another file."},
    {"data", GONG_API_BYTES, YES, NO, 60000, NULL, NULL, "Base64."},
};
SCHEMA(gong_api_restore_chunk_body, "RestorePiece", restore_chunk_fields);

static const struct gong_api_field restore_fields[] = {
    {"check", GONG_API_BOOLEAN, YES, NO, 0, NULL, NULL,
     "true: only checks it, nothing changes."},
};
SCHEMA(gong_api_restore_body, "RestoreRequest", restore_fields);

static const char *const drill_severities[] = {"info", "warning", "critical",
                                               NULL};

static const struct gong_api_field drill_body_fields[] = {
    {"receiver", GONG_API_STRING, NO, NO, 128, NULL, NULL,
     "Of the routing file; default: whom the routes name."},
    {"contact", GONG_API_STRING, NO, NO, 128, NULL, NULL,
     "A post of the city model, instead."},
    {"unit", GONG_API_STRING, NO, NO, 128, NULL, NULL, "Code of a unit."},
    {"severity", GONG_API_STRING, NO, NO, 16, NULL, drill_severities,
     "Default: critical."},
    {"service", GONG_API_STRING, NO, NO, 128, NULL, NULL,
     "A label that routes may ask for."},
};
SCHEMA(gong_api_drill_body, "DrillRequest", drill_body_fields);

static const struct gong_api_field handover_fields[] = {
    {"by", GONG_API_STRING, YES, NO, 200, NULL, NULL, "Who hands over."},
    {"to", GONG_API_STRING, YES, NO, 200, NULL, NULL, "Who takes over."},
    {"from", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "Of the shift; ms."},
    {"until", GONG_API_INTEGER, YES, NO, 0, NULL, NULL, "Of the shift; ms."},
    {"open", GONG_API_INTEGER, YES, NO, 0, NULL, NULL,
     "How many incidents are handed over."},
    {"sha256", GONG_API_STRING, YES, NO, 64, NULL, NULL,
     "Of the shift log's bytes, in hex."},
    COMMENT,
};
SCHEMA(gong_api_handover_body, "HandoverRequest", handover_fields);
