/* desk_db_private: what the files of desk_db share. */
#ifndef GONG_AGENT_DESK_DESK_DB_PRIVATE_H
#define GONG_AGENT_DESK_DESK_DB_PRIVATE_H

#include <sqlite3.h>

#include "agent/desk/desk_db.h"
#include "agent/sql.h"

enum gong_desk_db_statement {
    GONG_DESK_DB_META_PUT,
    GONG_DESK_DB_META_GET,
    GONG_DESK_DB_INCIDENT_PUT,
    GONG_DESK_DB_INCIDENT_LABELS,
    GONG_DESK_DB_LABELS_CLEAR,
    GONG_DESK_DB_LABEL_PUT,
    GONG_DESK_DB_EVENT_PUT,
    GONG_DESK_DB_DECISION_PUT,
    GONG_DESK_DB_SILENCE_PUT,
    GONG_DESK_DB_GROUP_PUT,
    GONG_DESK_DB_GROUP_CLEAR,
    GONG_DESK_DB_MESSAGE_PUT,
    GONG_DESK_DB_MESSAGE_INCIDENT,
    GONG_DESK_DB_OUTBOX_PUT,
    GONG_DESK_DB_TOLD_OPEN,
    GONG_DESK_DB_INCIDENTS_KEPT,
    GONG_DESK_DB_INCIDENTS_OPEN,
    GONG_DESK_DB_INCIDENT_NEWEST,
    GONG_DESK_DB_INCIDENT_NUMBERED,
    GONG_DESK_DB_SILENCES,
    GONG_DESK_DB_GROUPS,
    GONG_DESK_DB_PRUNE_INCIDENTS,
    GONG_DESK_DB_PRUNE_MESSAGES,
    GONG_DESK_DB_PRUNE_SILENCES,
    GONG_DESK_DB_MESSAGE_DROP,
    GONG_DESK_DB_STATEMENTS,
};

struct gong_desk_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[GONG_DESK_DB_STATEMENTS];
    const struct gong_model *model;
    const char *link;
    const struct gong_desk_decision *decision;
    const char *const *retained; /* channels */
    size_t retained_count;
    uint64_t next_incident;
    uint64_t next_silence;
    size_t written;
    size_t messages;
    struct gong_desk_changes changes;
    int pages; /* of the log of changes, at the last commit */
};

static inline struct gong_sql_row
gong_desk_db_row(struct gong_desk_db *db, enum gong_desk_db_statement which)
{
    return gong_sql_row(db->statements[which]);
}

/* The sink (desk_db_write.c, desk_db_outbox.c). */
enum gong_err gong_desk_db_put_meta(struct gong_desk_db *db, const char *name,
                                    int64_t value) GONG_MUST_CHECK;
enum gong_err gong_desk_db_put_incident(
    void *ctx, const struct gong_desk_incident *incident) GONG_MUST_CHECK;
enum gong_err gong_desk_db_put_event(void *ctx, uint64_t incident,
                                     int64_t at_ms,
                                     enum gong_incident_event event,
                                     struct gong_str by,
                                     struct gong_str text) GONG_MUST_CHECK;
enum gong_err gong_desk_db_put_silence(
    void *ctx, const struct gong_desk_silence *silence) GONG_MUST_CHECK;
enum gong_err
gong_desk_db_put_group(void *ctx, struct gong_str key,
                       const struct gong_str *state) GONG_MUST_CHECK;
enum gong_err gong_desk_db_put_message(
    void *ctx, const struct gong_desk_message *message) GONG_MUST_CHECK;

#endif
