#include "agent/tell/outbox_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/sql.h"

enum statement {
    ID,
    WAITING,
    HEAD,
    MESSAGE,
    RECEIVED,
    OVER,
    UNREACHED,
    PUT_ROW,
    PUT_DELIVERY,
    STATEMENTS,
};

_Static_assert(GONG_OUTBOX_WAITING == 0 && GONG_OUTBOX_SENT == 1,
               "in the texts below, and stored");

static const char *const texts[STATEMENTS] = {
    [ID] = "SELECT value FROM meta WHERE name = 'id'",
    [WAITING] = "SELECT id, recipient FROM outbox"
                " WHERE state = 0 AND id > ? ORDER BY id",
    [HEAD] = "SELECT id, message, chain, created_ms, place, rounds, tries,"
             " unreached_ms FROM outbox WHERE state = 0 AND recipient = ?"
             " ORDER BY id LIMIT 1",
    [MESSAGE] = "SELECT body FROM messages WHERE id = ?",
    [RECEIVED] = "SELECT received_ms FROM message_incidents"
                 " WHERE message = ? AND received_ms <> 0",
    [OVER] = "SELECT count(*) FROM message_incidents JOIN incidents"
             " ON number = incident WHERE message = ? AND ended_ms = 0",
    /* From the few rows that reached nobody to their incidents that are open,
     * and of each whether any row about it was sent: where a person was meant,
     * one to a person that was made then or later; what was sent before it
     * climbed does not count. Alerts about this are left out: each would bring
     * the next. */
    [UNREACHED] =
        "SELECT DISTINCT i.number FROM outbox AS o"
        " CROSS JOIN message_incidents AS m ON m.message = o.message"
        " CROSS JOIN incidents AS i ON i.number = m.incident"
        " WHERE o.unreached_ms <> 0 AND i.ended_ms = 0 AND i.acked_ms = 0"
        " AND NOT EXISTS (SELECT 1 FROM message_incidents AS n"
        " JOIN outbox AS s ON s.message = n.message"
        " WHERE n.incident = i.number AND s.state = 1"
        " AND (o.recipient GLOB 'channel:*'"
        " OR (s.created_ms >= o.created_ms"
        " AND s.recipient NOT GLOB 'channel:*')))"
        " AND NOT EXISTS (SELECT 1 FROM incident_labels AS l"
        " WHERE l.incident = i.number AND l.name = 'unreached')",
    [PUT_ROW] = "UPDATE outbox SET state = ?, place = ?, rounds = ?, tries = ?,"
                " next_ms = ?, unreached_ms = ?, done_ms = ?"
                " WHERE id = ? AND state = 0",
    [PUT_DELIVERY] =
        "INSERT INTO deliveries(outbox, at_ms, channel, outcome, why,"
        " latency_ms, stored_ms, notified_ms)"
        " SELECT id, ?, ?, ?, ?, ?, ?, ? FROM outbox WHERE id = ?",
};

struct gong_outbox_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[STATEMENTS];
    struct gong_outbox_file file;
};

static enum gong_err
read_id(struct gong_outbox_db *db)
{
    struct gong_sql_row row = gong_sql_row(db->statements[ID]);
    enum gong_err err = gong_sql_next(&row);

    if (err == GONG_OK) {
        struct gong_str id = gong_sql_get_text(&row);

        (void)snprintf(db->file.id, sizeof db->file.id, "%.*s", (int)id.len,
                       id.data);
    }
    gong_sql_end(&row);
    return err;
}

enum gong_err
gong_outbox_db_open(const char *path, struct gong_outbox_db **out, char *why,
                    size_t why_size)
{
    struct gong_outbox_db *db = calloc(1, sizeof *db);
    struct stat about;
    enum gong_err err;

    *out = NULL;
    if (db == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    if (stat(path, &about) == 0) {
        db->file.device = about.st_dev;
        db->file.number = about.st_ino;
    }
    err = gong_desk_schema_join(path, &db->handle, why, why_size);
    if (err == GONG_OK) {
        err = gong_sql_prepare(db->handle, texts, db->statements, STATEMENTS);
        if (err == GONG_OK) {
            err = read_id(db);
        }
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "%s: %s", path,
                           sqlite3_errmsg(db->handle));
        }
    }
    if (err != GONG_OK) {
        gong_outbox_db_close(db);
        return err;
    }
    *out = db;
    return GONG_OK;
}

void
gong_outbox_db_close(struct gong_outbox_db *db)
{
    if (db == NULL) {
        return;
    }
    gong_sql_finalize(db->statements, STATEMENTS);
    gong_desk_schema_close(db->handle);
    free(db);
}

const char *
gong_outbox_db_id(const struct gong_outbox_db *db)
{
    return db->file.id;
}

struct gong_outbox_file
gong_outbox_db_file(const struct gong_outbox_db *db)
{
    return db->file;
}

/* The last connection to a file removes its log of changes, by name. */
void
gong_outbox_db_disown(struct gong_outbox_db *db)
{
    int persist = 1;

    if (db != NULL) {
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                NULL);
        (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL,
                                   &persist);
    }
}

enum gong_err
gong_outbox_db_waiting(struct gong_outbox_db *db, int64_t *seen,
                       gong_outbox_db_each_fn each, void *ctx)
{
    struct gong_sql_row row = gong_sql_row(db->statements[WAITING]);
    enum gong_err err;

    gong_sql_put_int(&row, *seen);
    while ((err = gong_sql_next(&row)) == GONG_OK) {
        int64_t id = gong_sql_get_int(&row);

        err = each(ctx, gong_sql_get_text(&row));
        if (err != GONG_OK) {
            break;
        }
        *seen = id;
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

/* What is not as the desk wrote it becomes a chain of nobody. */
static json_t *
read_chain(struct gong_str text)
{
    json_t *chain =
        json_loadb(text.data == NULL ? "" : text.data, text.len, 0, NULL);
    bool sound = json_is_array(chain);

    for (size_t i = 0; sound && i < json_array_size(chain); i++) {
        const json_t *reach = json_array_get(chain, i);

        sound = json_array_size(reach) == 2 &&
                json_is_string(json_array_get(reach, 0)) &&
                json_is_string(json_array_get(reach, 1));
    }
    if (!sound) {
        json_decref(chain);
        chain = json_array();
    }
    return chain;
}

static struct gong_outbox_row *
read_row(struct gong_sql_row *from)
{
    struct gong_outbox_row *row = calloc(1, sizeof *row);

    if (row == NULL) {
        return NULL;
    }
    row->id = gong_sql_get_int(from);
    row->message = gong_sql_get_int(from);
    row->chain = read_chain(gong_sql_get_text(from));
    row->created_ms = gong_sql_get_int(from);
    row->place = (size_t)gong_sql_get_int(from);
    row->rounds = (unsigned)gong_sql_get_int(from);
    row->tries = (unsigned)gong_sql_get_int(from);
    row->unreached_ms = gong_sql_get_int(from);
    if (row->chain == NULL) {
        free(row);
        return NULL;
    }
    if (row->place >= json_array_size(row->chain)) {
        row->place = 0;
    }
    return row;
}

enum gong_err
gong_outbox_db_head(struct gong_outbox_db *db, const char *recipient,
                    struct gong_outbox_row **out)
{
    struct gong_sql_row row = gong_sql_row(db->statements[HEAD]);
    enum gong_err err;

    gong_sql_put_text(&row, gong_str_of(recipient));
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        *out = read_row(&row);
        err = *out == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    gong_sql_end(&row);
    return err;
}

void
gong_outbox_row_free(struct gong_outbox_row *row)
{
    if (row != NULL) {
        json_decref(row->chain);
        free(row);
    }
}

enum gong_err
gong_outbox_db_message(struct gong_outbox_db *db, int64_t message, json_t **out)
{
    struct gong_sql_row row = gong_sql_row(db->statements[MESSAGE]);
    enum gong_err err;

    gong_sql_put_int(&row, message);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        struct gong_str body = gong_sql_get_text(&row);

        *out =
            json_loadb(body.data == NULL ? "" : body.data, body.len, 0, NULL);
        err = json_is_object(*out) ? GONG_OK : GONG_ERR_CORRUPT;
        if (err != GONG_OK) {
            json_decref(*out);
            *out = NULL;
        }
    }
    gong_sql_end(&row);
    return err;
}

enum gong_err
gong_outbox_db_received(struct gong_outbox_db *db, int64_t message,
                        gong_outbox_db_received_fn each, void *ctx)
{
    struct gong_sql_row row = gong_sql_row(db->statements[RECEIVED]);
    enum gong_err err;

    gong_sql_put_int(&row, message);
    while ((err = gong_sql_next(&row)) == GONG_OK) {
        each(ctx, gong_sql_get_int(&row));
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
read_count(struct gong_sql_row *row, int64_t *count)
{
    enum gong_err err = gong_sql_next(row);

    if (err == GONG_OK) {
        *count = gong_sql_get_int(row);
    }
    gong_sql_end(row);
    return err;
}

enum gong_err
gong_outbox_db_over(struct gong_outbox_db *db, int64_t message, bool *over)
{
    struct gong_sql_row row = gong_sql_row(db->statements[OVER]);
    int64_t open = 0;
    enum gong_err err;

    gong_sql_put_int(&row, message);
    err = read_count(&row, &open);
    *over = err == GONG_OK && open == 0;
    return err;
}

enum gong_err
gong_outbox_db_unreached(struct gong_outbox_db *db,
                         void (*each)(void *ctx, int64_t incident), void *ctx)
{
    struct gong_sql_row row = gong_sql_row(db->statements[UNREACHED]);
    enum gong_err err;

    while ((err = gong_sql_next(&row)) == GONG_OK) {
        each(ctx, gong_sql_get_int(&row));
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

enum gong_err
gong_outbox_db_begin(struct gong_outbox_db *db, bool durable)
{
    return gong_sql_do(db->handle, durable ? "PRAGMA synchronous = FULL;"
                                             "BEGIN IMMEDIATE"
                                           : "PRAGMA synchronous = NORMAL;"
                                             "BEGIN IMMEDIATE");
}

/* A value that changes: a commit that leaves a page as it was syncs nothing. */
enum gong_err
gong_outbox_db_sync(struct gong_outbox_db *db)
{
    return gong_sql_do(db->handle,
                       "PRAGMA synchronous = FULL;"
                       "INSERT INTO meta(name, value) VALUES('synced', 1)"
                       " ON CONFLICT(name) DO UPDATE SET value = value + 1");
}

enum gong_err
gong_outbox_db_put_row(struct gong_outbox_db *db,
                       const struct gong_outbox_row *row)
{
    struct gong_sql_row to = gong_sql_row(db->statements[PUT_ROW]);

    gong_sql_put_int(&to, (int64_t)row->state);
    gong_sql_put_int(&to, (int64_t)row->place);
    gong_sql_put_int(&to, row->rounds);
    gong_sql_put_int(&to, row->tries);
    gong_sql_put_int(&to, row->next_ms);
    gong_sql_put_int(&to, row->unreached_ms);
    gong_sql_put_int(&to, row->done_ms);
    gong_sql_put_int(&to, row->id);
    return gong_sql_run(&to);
}

enum gong_err
gong_outbox_db_put_delivery(struct gong_outbox_db *db,
                            const struct gong_outbox_delivery *delivery)
{
    struct gong_sql_row to = gong_sql_row(db->statements[PUT_DELIVERY]);

    gong_sql_put_int(&to, delivery->at_ms);
    gong_sql_put_text(&to, gong_str_of(delivery->channel));
    gong_sql_put_int(&to, (int64_t)delivery->outcome);
    gong_sql_put_text(&to, gong_str_of(delivery->why));
    gong_sql_put_int(&to, delivery->latency_ms);
    gong_sql_put_int(&to, delivery->stored_ms);
    gong_sql_put_int(&to, delivery->notified_ms);
    gong_sql_put_int(&to, delivery->row);
    return gong_sql_run(&to);
}

enum gong_err
gong_outbox_db_commit(struct gong_outbox_db *db)
{
    return gong_sql_do(db->handle, "COMMIT");
}

void
gong_outbox_db_rollback(struct gong_outbox_db *db)
{
    gong_sql_rollback(db->handle);
}
