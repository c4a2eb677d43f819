#include "agent/desk/desk_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/desk/desk_db_private.h"
#include "agent/desk/desk_row.h"
#include "agent/desk/desk_schema.h"
#include "common/log.h"

#define TIDY_PAGES 1000 /* of 4 KiB */

#define SELECT_INCIDENTS "SELECT " GONG_DESK_ROW_COLUMNS " FROM incidents "

static const char *const texts[GONG_DESK_DB_STATEMENTS] = {
    [GONG_DESK_DB_META_PUT] = "INSERT OR REPLACE INTO meta VALUES(?,?)",
    [GONG_DESK_DB_META_GET] = "SELECT value FROM meta WHERE name = ?",
    [GONG_DESK_DB_INCIDENT_PUT] =
        "INSERT INTO incidents(" GONG_DESK_ROW_COLUMNS
        ") VALUES(" GONG_DESK_ROW_MARKS ") ON CONFLICT(number) DO UPDATE SET"
        " fingerprint = excluded.fingerprint,"
        " state = excluded.state, alert = excluded.alert,"
        " level = excluded.level, severity = excluded.severity,"
        " trial = excluded.trial, lost = excluded.lost,"
        " value = excluded.value, opened_ms = excluded.opened_ms,"
        " since_ms = excluded.since_ms, changed_ms = excluded.changed_ms,"
        " ended_ms = excluded.ended_ms, waits = excluded.waits,"
        " owner = excluded.owner,"
        " acked_by = excluded.acked_by, ack_comment = excluded.ack_comment,"
        " acked_ms = excluded.acked_ms,"
        " ack_until_ms = excluded.ack_until_ms, sticky = excluded.sticky,"
        " cause = excluded.cause, verdict = excluded.verdict,"
        " cost = excluded.cost, escalated = excluded.escalated,"
        " escalate_ms = excluded.escalate_ms,"
        " ack_due_ms = excluded.ack_due_ms,"
        " resolve_due_ms = excluded.resolve_due_ms,"
        " ack_overdue = excluded.ack_overdue,"
        " resolve_overdue = excluded.resolve_overdue,"
        " silenced = excluded.silenced,"
        " in_maintenance = excluded.in_maintenance,"
        " inhibited = excluded.inhibited, rule_id = excluded.rule_id,"
        " labels = excluded.labels, annotations = excluded.annotations,"
        " over_ms = excluded.over_ms, untaken_ms = excluded.untaken_ms",
    [GONG_DESK_DB_INCIDENT_LABELS] =
        "SELECT labels FROM incidents WHERE number = ?",
    [GONG_DESK_DB_LABELS_CLEAR] =
        "DELETE FROM incident_labels WHERE incident = ?",
    [GONG_DESK_DB_LABEL_PUT] =
        "INSERT OR REPLACE INTO incident_labels VALUES(?,?,?)",
    [GONG_DESK_DB_EVENT_PUT] = "INSERT INTO events(incident, at_ms, event, by,"
                               " text) VALUES(?,?,?,?,?)",
    [GONG_DESK_DB_DECISION_PUT] =
        "INSERT INTO decisions VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
    [GONG_DESK_DB_SILENCE_PUT] =
        "INSERT OR REPLACE INTO silences VALUES(?,?,?,?,?,?,?,?,?,?)",
    [GONG_DESK_DB_GROUP_PUT] = "INSERT OR REPLACE INTO groups VALUES(?,?)",
    [GONG_DESK_DB_GROUP_CLEAR] = "DELETE FROM groups WHERE key = ?",
    [GONG_DESK_DB_MESSAGE_PUT] = "INSERT INTO messages(at_ms, kind, receiver,"
                                 " unit, body) VALUES(?,?,?,?,?)",
    [GONG_DESK_DB_MESSAGE_INCIDENT] =
        "INSERT OR IGNORE INTO message_incidents(message, incident,"
        " captured_ms, published_ms, received_ms, decided_ms)"
        " VALUES(?,?,?,?,?,?)",
    [GONG_DESK_DB_OUTBOX_PUT] =
        "INSERT INTO outbox(message, recipient, chain, state, created_ms,"
        " place, rounds, tries, next_ms, unreached_ms, done_ms)"
        " VALUES(?,?,?,0,?,0,0,0,0,0,0)",
    [GONG_DESK_DB_TOLD_OPEN] =
        "SELECT number FROM incidents WHERE ended_ms = 0 AND EXISTS("
        "SELECT 1 FROM message_incidents AS m JOIN outbox AS o"
        " ON o.message = m.message WHERE m.incident = number"
        " AND o.recipient = 'channel:' || ?) ORDER BY number",
    [GONG_DESK_DB_INCIDENTS_KEPT] =
        SELECT_INCIDENTS "WHERE ended_ms = 0 OR waits <> 0 ORDER BY number",
    [GONG_DESK_DB_INCIDENTS_OPEN] =
        SELECT_INCIDENTS "WHERE (ended_ms = 0 OR waits <> 0)"
                         " AND alert IN (2, 3, 4) ORDER BY number",
    [GONG_DESK_DB_INCIDENT_NEWEST] =
        SELECT_INCIDENTS "WHERE rule = ? AND fingerprint = ?"
                         " ORDER BY number DESC LIMIT 1",
    [GONG_DESK_DB_INCIDENT_NUMBERED] = SELECT_INCIDENTS "WHERE number = ?",
    [GONG_DESK_DB_SILENCES] =
        "SELECT number, maintenance, incident, matchers, by, comment,"
        " created_ms, from_ms, until_ms, ended FROM silences WHERE ended = 0"
        " ORDER BY number",
    [GONG_DESK_DB_GROUPS] = "SELECT key, state FROM groups ORDER BY key",
    [GONG_DESK_DB_PRUNE_INCIDENTS] =
        "DELETE FROM incidents WHERE number IN (SELECT number FROM incidents"
        " WHERE ended_ms <> 0 AND waits = 0 AND ended_ms < ? LIMIT ?)",
    [GONG_DESK_DB_PRUNE_MESSAGES] =
        "DELETE FROM messages WHERE id IN"
        " (SELECT id FROM messages WHERE at_ms < ? LIMIT ?)",
    [GONG_DESK_DB_PRUNE_SILENCES] =
        "DELETE FROM silences WHERE number IN (SELECT number FROM silences"
        " WHERE ended <> 0 AND until_ms < ? LIMIT ?)",
    [GONG_DESK_DB_MESSAGE_DROP] =
        "DELETE FROM messages WHERE id = ?1 AND NOT EXISTS"
        " (SELECT 1 FROM outbox WHERE message = ?1 AND state = 0)",
};

/* GONG_ALERT_FIRING, KEEPING and UNKNOWN, as the texts above have them. */
_Static_assert(GONG_ALERT_FIRING == 2 && GONG_ALERT_KEEPING == 3 &&
                   GONG_ALERT_UNKNOWN == 4,
               "stored in desk.db");

static int
note_pages(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    struct gong_desk_db *db = ctx;

    (void)handle;
    (void)name;
    db->pages = pages;
    return SQLITE_OK;
}

/* A number in meta; missing: the default. */
static enum gong_err
get_meta(struct gong_desk_db *db, const char *name, int64_t *out)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_META_GET);
    enum gong_err err;

    gong_sql_put_text(&row, gong_str_of(name));
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        *out = gong_sql_get_int(&row);
    }
    gong_sql_end(&row);
    return err;
}

static enum gong_err
get_numbers(struct gong_desk_db *db)
{
    int64_t incident = 1;
    int64_t silence = 1;
    enum gong_err err = get_meta(db, "next_incident", &incident);

    if (err == GONG_OK || err == GONG_ERR_NOT_FOUND) {
        err = get_meta(db, "next_silence", &silence);
    }
    db->next_incident = (uint64_t)incident;
    db->next_silence = (uint64_t)silence;
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

typedef enum gong_err (*open_fn)(const char *path, sqlite3 **out, char *why,
                                 size_t why_size);

static enum gong_err
open_with(open_fn open, const char *path, struct gong_desk_db **out, char *why,
          size_t why_size)
{
    struct gong_desk_db *db = calloc(1, sizeof *db);
    enum gong_err err;

    *out = NULL;
    if (db == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    db->link = "";
    err = open(path, &db->handle, why, why_size);
    if (err == GONG_OK) {
        /* Written back when nothing waits: gong_desk_db_tidy. */
        (void)sqlite3_wal_hook(db->handle, note_pages, db);
        err = gong_sql_prepare(db->handle, texts, db->statements,
                               GONG_DESK_DB_STATEMENTS);
        if (err == GONG_OK) {
            err = get_numbers(db);
        }
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "%s: %s", path,
                           sqlite3_errmsg(db->handle));
        }
    }
    if (err != GONG_OK) {
        gong_desk_db_close(db);
        return err;
    }
    *out = db;
    return GONG_OK;
}

enum gong_err
gong_desk_db_open(const char *path, struct gong_desk_db **out, char *why,
                  size_t why_size)
{
    return open_with(gong_desk_schema_open, path, out, why, why_size);
}

enum gong_err
gong_desk_db_open_sound(const char *path, struct gong_desk_db **out, char *why,
                        size_t why_size)
{
    return open_with(gong_desk_schema_open_sound, path, out, why, why_size);
}

enum gong_err
gong_desk_db_look(const char *path, struct gong_desk_place *out, char *why,
                  size_t why_size)
{
    struct gong_desk_db *db;
    enum gong_err err =
        open_with(gong_desk_schema_read, path, &db, why, why_size);

    if (err == GONG_OK) {
        err = gong_desk_db_place(db, out);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "%s: %s", path, gong_err_text(err));
        }
        gong_desk_db_close(db);
    }
    return err;
}

void
gong_desk_db_close(struct gong_desk_db *db)
{
    if (db == NULL) {
        return;
    }
    gong_sql_finalize(db->statements, GONG_DESK_DB_STATEMENTS);
    gong_desk_schema_close(db->handle);
    free(db);
}

void
gong_desk_db_tell(struct gong_desk_db *db, const struct gong_model *model,
                  const char *link)
{
    db->model = model;
    db->link = link == NULL ? "" : link;
}

void
gong_desk_db_decide(struct gong_desk_db *db,
                    const struct gong_desk_decision *decision)
{
    db->decision = decision;
}

struct gong_desk_sink
gong_desk_db_sink(struct gong_desk_db *db)
{
    return (struct gong_desk_sink){
        .ctx = db,
        .incident = gong_desk_db_put_incident,
        .event = gong_desk_db_put_event,
        .message = gong_desk_db_put_message,
        .silence = gong_desk_db_put_silence,
        .group = gong_desk_db_put_group,
    };
}

enum gong_err
gong_desk_db_begin(struct gong_desk_db *db)
{
    db->written = 0;
    db->messages = 0;
    gong_desk_changes_clear(&db->changes);
    return gong_sql_do(db->handle, "BEGIN IMMEDIATE");
}

enum gong_err
gong_desk_db_commit(struct gong_desk_db *db)
{
    return gong_sql_do(db->handle, "COMMIT");
}

void
gong_desk_db_rollback(struct gong_desk_db *db)
{
    gong_sql_rollback(db->handle);
}

size_t
gong_desk_db_written(const struct gong_desk_db *db)
{
    return db->written;
}

size_t
gong_desk_db_messages(const struct gong_desk_db *db)
{
    return db->messages;
}

struct gong_desk_changes *
gong_desk_db_changes(struct gong_desk_db *db)
{
    return &db->changes;
}

enum gong_err
gong_desk_db_put_meta(struct gong_desk_db *db, const char *name, int64_t value)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_META_PUT);

    gong_sql_put_text(&row, gong_str_of(name));
    gong_sql_put_int(&row, value);
    return gong_sql_run(&row);
}

/* The log's id as two numbers. */
static int64_t
half_of(const uint8_t id[16], size_t half)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | id[half * 8 + i];
    }
    return (int64_t)value;
}

static void
put_half(uint8_t id[16], size_t half, int64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        id[half * 8 + i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    }
}

static const char *const place_names[] = {"effects_log_high",
                                          "effects_log_low",
                                          "effects_generation",
                                          "effects_offset",
                                          "position",
                                          "ordinal",
                                          "now_ms"};

#define PLACE_NUMBERS (sizeof place_names / sizeof place_names[0])

enum gong_err
gong_desk_db_put_place(struct gong_desk_db *db,
                       const struct gong_desk_place *place)
{
    const int64_t values[PLACE_NUMBERS] = {half_of(place->log_id, 0),
                                           half_of(place->log_id, 1),
                                           place->generation,
                                           (int64_t)place->offset,
                                           (int64_t)place->position,
                                           place->ordinal,
                                           place->now_ms};
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < PLACE_NUMBERS && err == GONG_OK; i++) {
        err = gong_desk_db_put_meta(db, place_names[i], values[i]);
    }
    return err;
}

enum gong_err
gong_desk_db_place(struct gong_desk_db *db, struct gong_desk_place *out)
{
    int64_t values[PLACE_NUMBERS] = {0};
    enum gong_err err = GONG_OK;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < PLACE_NUMBERS && err == GONG_OK; i++) {
        err = get_meta(db, place_names[i], &values[i]);
    }
    if (err != GONG_OK) {
        return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
    }
    out->known = true;
    put_half(out->log_id, 0, values[0]);
    put_half(out->log_id, 1, values[1]);
    out->generation = (uint32_t)values[2];
    out->offset = (uint64_t)values[3];
    out->position = (uint64_t)values[4];
    out->ordinal = (uint32_t)values[5];
    out->now_ms = values[6];
    return GONG_OK;
}

static enum gong_err
prune(struct gong_desk_db *db, enum gong_desk_db_statement which,
      int64_t before_ms, bool *more)
{
    struct gong_sql_row row = gong_desk_db_row(db, which);
    enum gong_err err;

    gong_sql_put_int(&row, before_ms);
    gong_sql_put_int(&row, GONG_DESK_PRUNE_STEP);
    err = gong_sql_run(&row);
    if (err == GONG_OK && sqlite3_changes(db->handle) >= GONG_DESK_PRUNE_STEP) {
        *more = true;
    }
    return err;
}

enum gong_err
gong_desk_db_prune(struct gong_desk_db *db, int64_t before_ms, bool *more)
{
    static const enum gong_desk_db_statement steps[] = {
        GONG_DESK_DB_PRUNE_INCIDENTS, GONG_DESK_DB_PRUNE_MESSAGES,
        GONG_DESK_DB_PRUNE_SILENCES};
    enum gong_err err = gong_desk_db_begin(db);

    *more = false;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && err == GONG_OK;
         i++) {
        err = prune(db, steps[i], before_ms, more);
    }
    if (err == GONG_OK) {
        err = gong_desk_db_commit(db);
    }
    if (err != GONG_OK) {
        gong_desk_db_rollback(db);
    }
    return err;
}

void
gong_desk_db_tidy(struct gong_desk_db *db)
{
    if (db->pages < TIDY_PAGES) {
        return;
    }
    db->pages = 0;
    /* What it cannot do now, because of a reader, the next one does. */
    (void)sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                    NULL, NULL);
}
