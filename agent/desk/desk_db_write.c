/* The sink of the pure desk, but for messages. */
#include <stdlib.h>

#include "agent/desk/desk_db_private.h"
#include "agent/desk/desk_row.h"

/* Numbers are never given twice, also when the newest is pruned. */
static enum gong_err
note_number(struct gong_desk_db *db, const char *name, uint64_t *next,
            uint64_t number)
{
    if (number < *next) {
        return GONG_OK;
    }
    *next = number + 1;
    return gong_desk_db_put_meta(db, name, (int64_t)*next);
}

/* Whether the incident is there with this label set. */
static enum gong_err
has_labels(struct gong_desk_db *db, uint64_t number, const char *labels,
           bool *same)
{
    struct gong_sql_row row =
        gong_desk_db_row(db, GONG_DESK_DB_INCIDENT_LABELS);
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)number);
    err = gong_sql_next(&row);
    *same = err == GONG_OK && gong_str_is(gong_sql_get_text(&row), labels);
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
put_labels(struct gong_desk_db *db, const struct gong_desk_incident *incident)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_LABELS_CLEAR);
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)incident->number);
    err = gong_sql_run(&row);
    for (size_t i = 0; i < incident->label_count && err == GONG_OK; i++) {
        row = gong_desk_db_row(db, GONG_DESK_DB_LABEL_PUT);
        gong_sql_put_int(&row, (int64_t)incident->number);
        gong_sql_put_text(&row, incident->labels[i].name);
        gong_sql_put_text(&row, incident->labels[i].value);
        err = gong_sql_run(&row);
    }
    return err;
}

static enum gong_err
put_incident(struct gong_desk_db *db, const struct gong_desk_incident *incident,
             const char *labels, const char *annotations)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_INCIDENT_PUT);
    bool same = false;
    enum gong_err err = has_labels(db, incident->number, labels, &same);

    if (err == GONG_OK) {
        gong_desk_row_put(&row, incident, gong_str_of(labels),
                          gong_str_of(annotations));
        err = gong_sql_run(&row);
    }
    if (err == GONG_OK && !same) {
        err = put_labels(db, incident);
    }
    return err;
}

enum gong_err
gong_desk_db_put_incident(void *ctx, const struct gong_desk_incident *incident)
{
    struct gong_desk_db *db = ctx;
    char *labels =
        gong_desk_pairs_text(incident->labels, incident->label_count);
    char *annotations =
        gong_desk_pairs_text(incident->annotations, incident->annotation_count);
    enum gong_err err = GONG_ERR_MEMORY;

    if (labels != NULL && annotations != NULL) {
        err = put_incident(db, incident, labels, annotations);
    }
    if (err == GONG_OK) {
        err = note_number(db, "next_incident", &db->next_incident,
                          incident->number);
    }
    free(labels);
    free(annotations);
    gong_desk_changes_note(&db->changes, incident->number);
    db->written++;
    return err;
}

/* Behind the event that was put last. */
static enum gong_err
put_decision(struct gong_desk_db *db)
{
    const struct gong_desk_decision *is = db->decision;
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_DECISION_PUT);

    gong_sql_put_int(&row, sqlite3_last_insert_rowid(db->handle));
    gong_sql_put_text(&row, is->reason);
    gong_sql_put_text(&row, is->expr);
    gong_sql_put_real(&row, is->value);
    gong_sql_put_int(&row, is->level);
    gong_sql_put_int(&row, (int64_t)is->position);
    gong_sql_put_int(&row, is->ordinal);
    gong_sql_put_int(&row, is->at_ms);
    gong_sql_put_int(&row, is->captured_ms);
    gong_sql_put_int(&row, is->published_ms);
    gong_sql_put_int(&row, is->received_ms);
    gong_sql_put_int(&row, is->decided_ms);
    return gong_sql_run(&row);
}

enum gong_err
gong_desk_db_put_event(void *ctx, uint64_t incident, int64_t at_ms,
                       enum gong_incident_event event, struct gong_str by,
                       struct gong_str text)
{
    struct gong_desk_db *db = ctx;
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_EVENT_PUT);
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)incident);
    gong_sql_put_int(&row, at_ms);
    gong_sql_put_int(&row, (int64_t)event);
    gong_sql_put_text(&row, by);
    gong_sql_put_text(&row, text);
    db->written++;
    err = gong_sql_run(&row);
    return err == GONG_OK && db->decision != NULL && event <= GONG_INCIDENT_END
               ? put_decision(db)
               : err;
}

enum gong_err
gong_desk_db_put_silence(void *ctx, const struct gong_desk_silence *silence)
{
    struct gong_desk_db *db = ctx;
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_SILENCE_PUT);
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)silence->number);
    gong_sql_put_int(&row, silence->maintenance);
    gong_sql_put_int(&row, (int64_t)silence->incident);
    gong_sql_put_text(&row, silence->matchers);
    gong_sql_put_text(&row, silence->by);
    gong_sql_put_text(&row, silence->comment);
    gong_sql_put_int(&row, silence->created_ms);
    gong_sql_put_int(&row, silence->from_ms);
    gong_sql_put_int(&row, silence->until_ms);
    gong_sql_put_int(&row, silence->ended);
    err = gong_sql_run(&row);
    if (err == GONG_OK) {
        err =
            note_number(db, "next_silence", &db->next_silence, silence->number);
    }
    db->written++;
    return err;
}

enum gong_err
gong_desk_db_put_group(void *ctx, struct gong_str key,
                       const struct gong_str *state)
{
    struct gong_desk_db *db = ctx;
    struct gong_sql_row row = gong_desk_db_row(
        db, state == NULL ? GONG_DESK_DB_GROUP_CLEAR : GONG_DESK_DB_GROUP_PUT);

    gong_sql_put_text(&row, key);
    if (state != NULL) {
        gong_sql_put_text(&row, *state);
    }
    db->written++;
    return gong_sql_run(&row);
}
