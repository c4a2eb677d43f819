#include "agent/desk/desk_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/sql.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"

#define PATH_SIZE    4200
#define DAMAGED_MAX  1000
#define BUSY_MS      10000 /* the other writer's sync on a slow card */
#define BUSY_STEP_US 200

/* One text a version; a text is never changed once it was released. */
static const char *const versions[] = {
    "CREATE TABLE meta("
    " name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE incidents("
    " number INTEGER PRIMARY KEY, rule INTEGER NOT NULL,"
    " fingerprint INTEGER NOT NULL, state INTEGER NOT NULL,"
    " alert INTEGER NOT NULL, level INTEGER NOT NULL,"
    " severity INTEGER NOT NULL, trial INTEGER NOT NULL,"
    " lost INTEGER NOT NULL, value REAL, opened_ms INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
    " ended_ms INTEGER NOT NULL, waits INTEGER NOT NULL,"
    " owner TEXT NOT NULL,"
    " acked_by TEXT NOT NULL, ack_comment TEXT NOT NULL,"
    " acked_ms INTEGER NOT NULL, ack_until_ms INTEGER NOT NULL,"
    " sticky INTEGER NOT NULL, cause TEXT NOT NULL,"
    " verdict INTEGER NOT NULL, cost INTEGER NOT NULL,"
    " escalated INTEGER NOT NULL, escalate_ms INTEGER NOT NULL,"
    " ack_due_ms INTEGER NOT NULL, resolve_due_ms INTEGER NOT NULL,"
    " ack_overdue INTEGER NOT NULL, resolve_overdue INTEGER NOT NULL,"
    " silenced INTEGER NOT NULL, in_maintenance INTEGER NOT NULL,"
    " inhibited INTEGER NOT NULL, rule_id TEXT NOT NULL,"
    " labels TEXT NOT NULL, annotations TEXT NOT NULL) STRICT;"
    "CREATE INDEX incidents_alert ON incidents(rule, fingerprint, number);"
    "CREATE INDEX incidents_open ON incidents(number) WHERE ended_ms = 0;"
    "CREATE INDEX incidents_waits ON incidents(number) WHERE waits <> 0;"
    "CREATE INDEX incidents_ended ON incidents(ended_ms) WHERE ended_ms <> 0;"
    "CREATE TABLE incident_labels("
    " incident INTEGER NOT NULL REFERENCES incidents ON DELETE CASCADE"
    " DEFERRABLE INITIALLY DEFERRED,"
    " name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(incident, name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX incident_labels_value"
    " ON incident_labels(name, value, incident);"
    "CREATE TABLE events("
    " id INTEGER PRIMARY KEY,"
    " incident INTEGER NOT NULL REFERENCES incidents ON DELETE CASCADE"
    " DEFERRABLE INITIALLY DEFERRED,"
    " at_ms INTEGER NOT NULL, event INTEGER NOT NULL, by TEXT NOT NULL,"
    " text TEXT NOT NULL) STRICT;"
    "CREATE INDEX events_incident ON events(incident, id);"
    "CREATE INDEX events_at ON events(at_ms);"
    "CREATE TABLE silences("
    " number INTEGER PRIMARY KEY, maintenance INTEGER NOT NULL,"
    " incident INTEGER NOT NULL, matchers TEXT NOT NULL, by TEXT NOT NULL,"
    " comment TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
    " ended INTEGER NOT NULL) STRICT;"
    "CREATE TABLE groups("
    " key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE messages("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, receiver TEXT NOT NULL, unit TEXT NOT NULL,"
    " body TEXT NOT NULL) STRICT;"
    "CREATE INDEX messages_at ON messages(at_ms);"
    "CREATE TABLE message_incidents("
    " message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,"
    " incident INTEGER NOT NULL REFERENCES incidents ON DELETE CASCADE"
    " DEFERRABLE INITIALLY DEFERRED,"
    " PRIMARY KEY(message, incident)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX message_incidents_incident"
    " ON message_incidents(incident, message);"
    /* chain: JSON, [[channel, address], ...]; place: which of them is next;
     * rounds: how often the last failed; unreached_ms: since when it counts as
     * having reached nobody, 0: not so. */
    "CREATE TABLE outbox("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,"
    " recipient TEXT NOT NULL, chain TEXT NOT NULL, state INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, place INTEGER NOT NULL,"
    " rounds INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " next_ms INTEGER NOT NULL, unreached_ms INTEGER NOT NULL,"
    " done_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX outbox_waiting ON outbox(recipient, id) WHERE state = 0;"
    "CREATE INDEX outbox_unreached ON outbox(message) WHERE unreached_ms <> 0;"
    "CREATE INDEX outbox_message ON outbox(message);"
    "CREATE TABLE deliveries("
    " id INTEGER PRIMARY KEY,"
    " outbox INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,"
    " at_ms INTEGER NOT NULL, channel TEXT NOT NULL,"
    " outcome INTEGER NOT NULL, why TEXT NOT NULL,"
    " latency_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX deliveries_outbox ON deliveries(outbox);",
    /* Of events that an alert caused; times as in gong_desk_decision. */
    "CREATE TABLE decisions("
    " event INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE"
    " DEFERRABLE INITIALLY DEFERRED,"
    " reason TEXT NOT NULL, expr TEXT NOT NULL, value REAL,"
    " level INTEGER NOT NULL, position INTEGER NOT NULL,"
    " ordinal INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " captured_ms INTEGER NOT NULL, published_ms INTEGER NOT NULL,"
    " received_ms INTEGER NOT NULL, decided_ms INTEGER NOT NULL) STRICT;",
    /* When each alert that a message has news of passed which station; when the
     * message was on the disk, and when the receiver had answered. 0: not
     * known, or no news. */
    "ALTER TABLE message_incidents ADD captured_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message_incidents ADD published_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message_incidents ADD received_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message_incidents ADD decided_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE deliveries ADD stored_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE deliveries ADD notified_ms INTEGER NOT NULL DEFAULT 0;",
    /* When the alert was over by its rule's clock, and since when nobody has
     * it. */
    "ALTER TABLE incidents ADD over_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE incidents ADD untaken_ms INTEGER NOT NULL DEFAULT 0;"
    "UPDATE incidents SET untaken_ms = changed_ms;",
};

#define VERSIONS ((int)(sizeof versions / sizeof versions[0]))

/* Waits in short steps: the other writer holds the lock for one sync. */
static int
on_busy(void *ctx, int count)
{
    (void)ctx;
    if (count >= BUSY_MS * 1000 / BUSY_STEP_US) {
        return 0;
    }
    gong_clock_sleep((gong_dur_t){BUSY_STEP_US * INT64_C(1000)});
    return 1;
}

static enum gong_err
explain(sqlite3 *handle, const char *path, enum gong_err err, char *why,
        size_t why_size)
{
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       handle == NULL ? gong_err_text(err)
                                      : sqlite3_errmsg(handle));
    }
    return err;
}

static enum gong_err
open_handle(const char *path, int flags, sqlite3 **out)
{
    enum gong_err err = gong_sql_err(sqlite3_open_v2(
        path, out, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL));

    if (err == GONG_OK) {
        (void)sqlite3_busy_handler(*out, on_busy, NULL);
        (void)sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        err = gong_sql_do(*out, "PRAGMA trusted_schema = OFF");
    }
    return err;
}

static enum gong_err
set_up_writer(sqlite3 *handle)
{
    return gong_sql_do(handle, "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA journal_size_limit = 67108864;");
}

static enum gong_err
read_version(sqlite3 *handle, int *version)
{
    static const char *const text[] = {"PRAGMA user_version"};
    sqlite3_stmt *statement[1];
    enum gong_err err = gong_sql_prepare(handle, text, statement, 1);

    if (err == GONG_OK) {
        struct gong_sql_row row = gong_sql_row(statement[0]);

        err = gong_sql_next(&row);
        *version = (int)gong_sql_get_int(&row);
        gong_sql_end(&row);
    }
    gong_sql_finalize(statement, 1);
    return err;
}

/* Whether the file's pages hang together. */
static enum gong_err
check(sqlite3 *handle)
{
    static const char *const text[] = {"PRAGMA quick_check(1)"};
    sqlite3_stmt *statement[1];
    enum gong_err err = gong_sql_prepare(handle, text, statement, 1);

    if (err == GONG_OK) {
        struct gong_sql_row row = gong_sql_row(statement[0]);

        err = gong_sql_next(&row);
        if (err == GONG_OK && !gong_str_is(gong_sql_get_text(&row), "ok")) {
            err = GONG_ERR_CORRUPT;
        }
        gong_sql_end(&row);
    }
    gong_sql_finalize(statement, 1);
    return err;
}

static enum gong_err
migrate_to(sqlite3 *handle, int version)
{
    char end[64];
    enum gong_err err = gong_sql_do(handle, "BEGIN IMMEDIATE");

    (void)snprintf(end, sizeof end, "PRAGMA user_version = %d", version);
    if (err == GONG_OK) {
        err = gong_sql_do(handle, versions[version - 1]);
    }
    if (err == GONG_OK) {
        err = gong_sql_do(handle, end);
    }
    /* The file's own name, part of every idempotency key. */
    if (err == GONG_OK && version == 1) {
        char name[128];

        (void)snprintf(name, sizeof name,
                       "INSERT INTO meta VALUES('id', '%016llx')",
                       (unsigned long long)gong_random_u64());
        err = gong_sql_do(handle, name);
    }
    if (err == GONG_OK) {
        return gong_sql_do(handle, "COMMIT");
    }
    gong_sql_rollback(handle);
    return err;
}

static enum gong_err
migrate(sqlite3 *handle, char *why, size_t why_size)
{
    int version = 0;
    enum gong_err err = read_version(handle, &version);

    if (err == GONG_OK && version > VERSIONS) {
        (void)snprintf(why, why_size,
                       "version %d of the file is newer than this program, "
                       "which knows %d",
                       version, VERSIONS);
        return GONG_ERR_UNSUPPORTED;
    }
    while (err == GONG_OK && version < VERSIONS) {
        err = migrate_to(handle, ++version);
    }
    return err;
}

/* SQLite gives its other files the mode of this one. One that is there is not
 * touched: to close it would drop the locks that other connections of this
 * process have on it (fcntl(2)). */
static enum gong_err
make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno == EEXIST ? GONG_OK : gong_err_from_errno(errno);
    }
    (void)close(fd);
    return GONG_OK;
}

enum gong_err
gong_desk_schema_open_sound(const char *path, sqlite3 **out, char *why,
                            size_t why_size)
{
    enum gong_err err;

    *out = NULL;
    why[0] = '\0';
    err = open_handle(path, SQLITE_OPEN_READWRITE, out);
    if (err == GONG_OK) {
        err = set_up_writer(*out);
    }
    if (err == GONG_OK) {
        err = check(*out);
    }
    if (err == GONG_OK) {
        err = migrate(*out, why, why_size);
    }
    if (err != GONG_OK) {
        if (why[0] == '\0') {
            (void)explain(*out, path, err, why, why_size);
        }
        (void)sqlite3_close(*out);
        *out = NULL;
    }
    return err;
}

static enum gong_err
open_or_make(const char *path, sqlite3 **out, char *why, size_t why_size)
{
    enum gong_err err = make_file(path);

    *out = NULL;
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
        return err;
    }
    return gong_desk_schema_open_sound(path, out, why, why_size);
}

static bool
move_one(const char *path, const char *suffix, int number)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];

    (void)snprintf(from, sizeof from, "%s%s", path, suffix);
    (void)snprintf(to, sizeof to, "%s.damaged-%d%s", path, number, suffix);
    return rename(from, to) == 0;
}

/* false where it cannot be moved out of the way. */
static bool
set_aside(const char *path, const char *why)
{
    char shown[512];
    char to[PATH_SIZE];
    int number = 1;

    do {
        (void)snprintf(to, sizeof to, "%s.damaged-%d", path, number);
    } while (access(to, F_OK) == 0 && ++number < DAMAGED_MAX);
    if (access(to, F_OK) == 0 || !move_one(path, "", number)) {
        return false;
    }
    (void)move_one(path, "-wal", number);
    (void)move_one(path, "-shm", number);
    gong_log(GONG_LOG_ERROR, "desk_db_set_aside",
             "file=%s reason=%s effect=\"what people did and were told begins "
             "anew\" todo=\"keep the file; sqlite3 FILE .recover may read it\"",
             to, gong_log_quote(gong_str_of(why), shown, sizeof shown));
    return true;
}

enum gong_err
gong_desk_schema_open(const char *path, sqlite3 **out, char *why,
                      size_t why_size)
{
    enum gong_err err = open_or_make(path, out, why, why_size);

    if (err == GONG_ERR_CORRUPT && set_aside(path, why)) {
        err = open_or_make(path, out, why, why_size);
    }
    return err;
}

static enum gong_err
join(const char *path, int flags, sqlite3 **out, char *why, size_t why_size)
{
    enum gong_err err = open_handle(path, flags, out);

    if (err == GONG_OK && (flags & SQLITE_OPEN_READWRITE) != 0) {
        err = set_up_writer(*out);
    }
    if (err != GONG_OK) {
        (void)explain(*out, path, err, why, why_size);
        (void)sqlite3_close(*out);
        *out = NULL;
    }
    return err;
}

enum gong_err
gong_desk_schema_join(const char *path, sqlite3 **out, char *why,
                      size_t why_size)
{
    return join(path, SQLITE_OPEN_READWRITE, out, why, why_size);
}

enum gong_err
gong_desk_schema_read(const char *path, sqlite3 **out, char *why,
                      size_t why_size)
{
    return join(path, SQLITE_OPEN_READONLY, out, why, why_size);
}

void
gong_desk_schema_close(sqlite3 *handle)
{
    (void)sqlite3_close(handle);
}
