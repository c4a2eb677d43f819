/*
 * desk_row: an incident as a row of the table: its columns in one order, for
 * whoever writes and reads them.
 */
#ifndef GONG_AGENT_DESK_DESK_ROW_H
#define GONG_AGENT_DESK_DESK_ROW_H

#include "agent/sql.h"
#include "rules/desk/desk.h"
#include "rules/engine/template.h"

/* The columns, in the order of get and put. */
#define GONG_DESK_ROW_COLUMNS                                                  \
    "number, rule, fingerprint, state, alert, level, severity, trial, lost, "  \
    "value, opened_ms, since_ms, changed_ms, ended_ms, waits, owner, "         \
    "acked_by, "                                                               \
    "ack_comment, acked_ms, ack_until_ms, sticky, cause, verdict, cost, "      \
    "escalated, escalate_ms, ack_due_ms, resolve_due_ms, ack_overdue, "        \
    "resolve_overdue, silenced, in_maintenance, inhibited, rule_id, labels, "  \
    "annotations, over_ms, untaken_ms"
#define GONG_DESK_ROW_MARKS                                                    \
    "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?," \
    "?,?"

/* Label sets as JSON objects: {"alertname":"RiverHigh", ...}. Heap text, to be
 * freed by the caller; NULL without memory. */
char *gong_desk_pairs_text(const struct gong_label_view *pairs, size_t count);

/* Binds all columns. labels and annotations: their texts. */
void gong_desk_row_put(struct gong_sql_row *row,
                       const struct gong_desk_incident *incident,
                       struct gong_str labels, struct gong_str annotations);

/* An incident that was read, with what its views point to. */
struct gong_desk_row {
    struct gong_desk_incident incident;
    void *labels; /* parsed texts */
    void *annotations;
    struct gong_label_view *views;
};

/* gong_desk_row_get: of the row that gong_sql_next came to; texts are valid
 * until the row moves on. Free with gong_desk_row_fini, also after a failure.
 * CORRUPT: not what put wrote. */
enum gong_err gong_desk_row_get(struct gong_sql_row *row,
                                struct gong_desk_row *out) GONG_MUST_CHECK;
void gong_desk_row_fini(struct gong_desk_row *row);

/* gong_desk_row_each: all rows of a statement that selects these columns, until
 * each gives an error back; *count: how many came. Ends the row. */
enum gong_err gong_desk_row_each(struct gong_sql_row *row,
                                 gong_desk_incident_fn each, void *ctx,
                                 size_t *count) GONG_MUST_CHECK;

/* gong_desk_row_get_silence: its columns in the order of the struct. */
void gong_desk_row_get_silence(struct gong_sql_row *row,
                               struct gong_desk_silence *out);

#endif
