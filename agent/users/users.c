#include "agent/users/users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/users/users_private.h"

#define SCHEMA_VERSION 1
#define BUSY_MS        5000

static const char schema[] =
    "CREATE TABLE users (name TEXT PRIMARY KEY, full_name TEXT NOT NULL,"
    " password TEXT NOT NULL, disabled INTEGER NOT NULL,"
    " created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE grants (user TEXT NOT NULL REFERENCES users ON DELETE "
    "CASCADE, unit TEXT NOT NULL, role TEXT NOT NULL,"
    " PRIMARY KEY (user, unit)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sessions (hash BLOB PRIMARY KEY, user TEXT NOT NULL "
    "REFERENCES users ON DELETE CASCADE, cookie INTEGER NOT NULL,"
    " created INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;"
    "CREATE INDEX sessions_user ON sessions (user);"
    "CREATE TABLE tokens (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " hash BLOB NOT NULL UNIQUE, user TEXT NOT NULL REFERENCES users ON "
    "DELETE CASCADE, name TEXT NOT NULL, role TEXT NOT NULL,"
    " unit TEXT NOT NULL, created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;"
    "CREATE INDEX tokens_user ON tokens (user);"
    "CREATE TABLE audit (number INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " who TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL,"
    " object TEXT NOT NULL, result TEXT NOT NULL, text TEXT NOT NULL,"
    " hash BLOB NOT NULL) STRICT;"
    "PRAGMA user_version = 1;";

/* Whoever removes the last user does not open what they guarded. */
static const char first_user[] =
    "CREATE TABLE IF NOT EXISTS first_user (name TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER IF NOT EXISTS first_user_added AFTER INSERT ON users"
    " WHEN NOT EXISTS (SELECT 1 FROM first_user)"
    " BEGIN INSERT INTO first_user VALUES (NEW.name); END;"
    "INSERT INTO first_user SELECT name FROM users"
    " WHERE NOT EXISTS (SELECT 1 FROM first_user) LIMIT 1;";

/* --- open and close --- */

/* SQLite gives its other files the mode of this one. */
static bool
make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool made = fd >= 0 && fchmod(fd, 0600) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return made;
}

static enum gong_err
set_up(sqlite3 *db, char *why, size_t why_size)
{
    int64_t version;

    (void)sqlite3_busy_timeout(db, BUSY_MS);
    (void)sqlite3_extended_result_codes(db, 0);
    if (sqlite3_exec(db,
                     "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
                     "PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;",
                     NULL, NULL, NULL) != SQLITE_OK) {
        (void)snprintf(why, why_size, "%s", sqlite3_errmsg(db));
        return gong_users_sql_error(db);
    }
    version = gong_users_sql_number(db, -1, "PRAGMA user_version", "");
    if (version == 0 &&
        (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
         sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK ||
         sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)) {
        (void)snprintf(why, why_size, "%s", sqlite3_errmsg(db));
        return gong_users_sql_error(db);
    }
    if (version != 0 && version != SCHEMA_VERSION) {
        (void)snprintf(why, why_size,
                       "found a file of another version, expected version %d",
                       SCHEMA_VERSION);
        return GONG_ERR_UNSUPPORTED;
    }
    if (sqlite3_exec(db, first_user, NULL, NULL, NULL) != SQLITE_OK) {
        (void)snprintf(why, why_size, "%s", sqlite3_errmsg(db));
        return gong_users_sql_error(db);
    }
    return GONG_OK;
}

enum gong_err
gong_users_read_any(struct gong_users *users)
{
    int64_t count = gong_users_sql_number(
        users->db, -1, "SELECT count(*) FROM first_user", "");

    if (count < 0) {
        return gong_users_sql_error(users->db);
    }
    users->any_in = count > 0;
    return GONG_OK;
}

static enum gong_err
look_for_any(struct gong_users *users, char *why, size_t why_size)
{
    enum gong_err err = gong_users_read_any(users);

    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s", sqlite3_errmsg(users->db));
    }
    return err;
}

/* A hash of what nobody can type: unknown names take as long as known ones. */
static bool
make_nobody(struct gong_users *users)
{
    uint8_t random[32];

    randombytes_buf(random, sizeof random);
    users->nobodys = gong_password_hash(
        users, gong_str_from((const char *)random, sizeof random));
    return users->nobodys != NULL;
}

enum gong_err
gong_users_open_db(struct gong_users *users, char *why, size_t why_size)
{
    enum gong_err err;

    if (sqlite3_open_v2(users->path, &users->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX,
                        NULL) != SQLITE_OK) {
        (void)snprintf(why, why_size, "%s: cannot be opened", users->path);
        return GONG_ERR_IO;
    }
    err = set_up(users->db, why, why_size);
    return err != GONG_OK ? err : look_for_any(users, why, why_size);
}

static enum gong_err
open_in(struct gong_users *users, const char *path, char *why, size_t why_size)
{
    if (sodium_init() < 0 || gong_monitor_init(&users->hashing) != GONG_OK) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    if (!make_private(path)) {
        (void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
        return gong_err_from_errno(errno);
    }
    users->path = strdup(path);
    if (users->path == NULL || !make_nobody(users)) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    return gong_users_open_db(users, why, why_size);
}

enum gong_err
gong_users_open(const char *path, struct gong_users **out, char *why,
                size_t why_size)
{
    struct gong_users *users = calloc(1, sizeof *users);
    enum gong_err err;

    *out = NULL;
    if (users == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&users->lock, NULL);
    err = open_in(users, path, why, why_size);
    if (err != GONG_OK) {
        gong_users_close(users);
        return err;
    }
    atomic_store(&users->any, users->any_in);
    *out = users;
    return GONG_OK;
}

void
gong_users_close(struct gong_users *users)
{
    if (users == NULL) {
        return;
    }
    (void)sqlite3_close(users->db);
    gong_monitor_fini(&users->hashing);
    (void)pthread_mutex_destroy(&users->lock);
    free(users->nobodys);
    free(users->path);
    free(users);
}

bool
gong_users_any(const struct gong_users *users)
{
    return atomic_load(&users->any);
}

bool
gong_user_name_valid(struct gong_str name)
{
    if (name.len == 0 || name.len >= GONG_USER_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
              c == '_' || c == '-')) {
            return false;
        }
    }
    return name.data[0] != '.' && name.data[0] != '-';
}

/* --- grants --- */

enum gong_err
gong_users_read_grants(struct gong_users *users, const char *name,
                       struct gong_grants *out)
{
    sqlite3_stmt *row = gong_users_sql_open(
        users->db, "SELECT role, unit FROM grants WHERE user = ? ORDER BY unit",
        "t", name);
    int status = SQLITE_ERROR;
    enum gong_err err = GONG_OK;

    out->count = 0;
    while (row != NULL && (status = sqlite3_step(row)) == SQLITE_ROW &&
           out->count < GONG_GRANTS_MAX) {
        struct gong_grant *grant = &out->items[out->count++];

        grant->role = gong_role_of(gong_str_of(gong_users_sql_text(row, 0)));
        (void)snprintf(grant->unit, sizeof grant->unit, "%s",
                       gong_users_sql_text(row, 1));
    }
    if (status != SQLITE_DONE && status != SQLITE_ROW) {
        err = gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    return err;
}

static enum gong_err
write_grants(struct gong_users *users, const char *name,
             const struct gong_grants *grants)
{
    enum gong_err err = gong_users_sql_run(
        users->db, "DELETE FROM grants WHERE user = ?", "t", name);

    for (size_t i = 0; i < grants->count && err == GONG_OK; i++) {
        err = gong_users_sql_run(users->db,
                                 "INSERT INTO grants (user, unit, role) "
                                 "VALUES (?,?,?)",
                                 "ttt", name, grants->items[i].unit,
                                 gong_role_text(grants->items[i].role));
    }
    return err;
}

/* "operator@22015 viewer@*" for the audit log. */
static void
name_grants(const struct gong_grants *grants, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; grants != NULL && i < grants->count && len < size; i++) {
        len += (size_t)snprintf(
            out + len, size - len, "%s%s@%s", i == 0 ? "" : " ",
            gong_role_text(grants->items[i].role), grants->items[i].unit);
    }
}

/* --- users --- */

/* Who may do everything; -1: cannot be read. */
static int64_t
count_admins(struct gong_users *users)
{
    return gong_users_sql_number(
        users->db, -1,
        "SELECT count(*) FROM grants JOIN users ON name = user WHERE "
        "role = 'admin' AND unit = '*' AND disabled = 0",
        "");
}

/* INVALID if a change took the last of them. */
static enum gong_err
keep_admin(struct gong_users *users, int64_t before)
{
    int64_t after = count_admins(users);

    if (before < 0 || after < 0) {
        return gong_users_sql_error(users->db);
    }
    return before > 0 && after == 0 ? GONG_ERR_INVALID : GONG_OK;
}

static enum gong_err
put_user(struct gong_users *users, const struct gong_user *user,
         const char *hash, const struct gong_audit_by *by)
{
    char object[GONG_USER_NAME_SIZE + 8], text[GONG_AUDIT_TEXT_MAX];
    int64_t count =
        gong_users_sql_number(users->db, -1, "SELECT count(*) FROM users", "");
    enum gong_err err;

    if (count < 0 || count >= GONG_USERS_MAX) {
        return count < 0 ? gong_users_sql_error(users->db) : GONG_ERR_TOO_LARGE;
    }
    err = gong_users_sql_run(users->db,
                             "INSERT INTO users (name, full_name, password, "
                             "disabled, created) VALUES (?,?,?,?,?)",
                             "tttii", user->name, user->full_name, hash,
                             (int64_t)user->disabled, by->now_ms);
    if (err == GONG_OK) {
        err = write_grants(users, user->name, &user->grants);
    }
    (void)snprintf(object, sizeof object, "user %s", user->name);
    name_grants(&user->grants, text, sizeof text);
    return err != GONG_OK
               ? err
               : gong_audit_done(users, by, "user.add", object, text);
}

enum gong_err
gong_users_add(struct gong_users *users, const struct gong_user *user,
               struct gong_str password, const struct gong_audit_by *by)
{
    char *hash;
    enum gong_err err;

    if (!gong_user_name_valid(gong_str_of(user->name)) ||
        gong_user_password_wrong(password) != NULL) {
        return GONG_ERR_INVALID;
    }
    hash = gong_password_hash(users, password);
    if (hash == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = gong_users_begin(users);
    if (err == GONG_OK) {
        err = gong_users_end(users, put_user(users, user, hash, by));
    }
    if (err == GONG_OK) {
        atomic_store(&users->any, true);
    }
    free(hash);
    return err;
}

static enum gong_err
end_sessions(struct gong_users *users, const char *name)
{
    return gong_users_sql_run(users->db, "DELETE FROM sessions WHERE user = ?",
                              "t", name);
}

/* Who resets a password does not trust what was given out before. */
static enum gong_err
end_tokens(struct gong_users *users, const char *name,
           const struct gong_user_change *change)
{
    enum gong_err err = gong_users_sql_run(
        users->db, "DELETE FROM tokens WHERE user = ?", "t", name);

    if (err == GONG_OK && change->tokens_removed != NULL) {
        *change->tokens_removed = sqlite3_changes(users->db);
    }
    return err;
}

static enum gong_err
change_user(struct gong_users *users, const char *name,
            const struct gong_user_change *change, const char *hash)
{
    enum gong_err err = GONG_OK;

    if (change->full_name != NULL) {
        err = gong_users_sql_run(
            users->db, "UPDATE users SET full_name = ? WHERE name = ?", "tt",
            change->full_name, name);
    }
    if (err == GONG_OK && hash != NULL) {
        err = gong_users_sql_run(users->db,
                                 "UPDATE users SET password = ? WHERE name = ?",
                                 "tt", hash, name);
    }
    if (err == GONG_OK && change->grants != NULL) {
        err = write_grants(users, name, change->grants);
    }
    if (err == GONG_OK && change->disabled != NULL) {
        err = gong_users_sql_run(users->db,
                                 "UPDATE users SET disabled = ? WHERE name = ?",
                                 "it", (int64_t)*change->disabled, name);
    }
    if (err == GONG_OK &&
        (hash != NULL || (change->disabled != NULL && *change->disabled))) {
        err = end_sessions(users, name);
    }
    if (err == GONG_OK && hash != NULL) {
        err = end_tokens(users, name, change);
    }
    return err;
}

/* What changed, in words; never the password. */
static void
name_change(const struct gong_user_change *change, char *out, size_t size)
{
    char grants[GONG_AUDIT_TEXT_MAX / 2];

    name_grants(change->grants, grants, sizeof grants);
    (void)snprintf(out, size, "%s%s%s%s%s",
                   change->full_name != NULL ? "full_name " : "",
                   change->password != NULL ? "password, tokens removed " : "",
                   change->disabled == NULL ? ""
                   : *change->disabled      ? "disabled "
                                            : "enabled ",
                   change->grants != NULL ? "grants " : "", grants);
}

static enum gong_err
change_known(struct gong_users *users, const char *name,
             const struct gong_user_change *change, const char *hash,
             const struct gong_audit_by *by)
{
    char object[GONG_USER_NAME_SIZE + 8], text[GONG_AUDIT_TEXT_MAX];
    int64_t before = count_admins(users);
    int64_t known = gong_users_sql_number(
        users->db, -1, "SELECT count(*) FROM users WHERE name = ?", "t", name);
    enum gong_err err;

    if (known <= 0) {
        return known < 0 ? gong_users_sql_error(users->db) : GONG_ERR_NOT_FOUND;
    }
    err = change_user(users, name, change, hash);
    if (err == GONG_OK) {
        err = keep_admin(users, before);
    }
    (void)snprintf(object, sizeof object, "user %.64s", name);
    name_change(change, text, sizeof text);
    return err != GONG_OK
               ? err
               : gong_audit_done(users, by, "user.change", object, text);
}

enum gong_err
gong_users_change(struct gong_users *users, const char *name,
                  const struct gong_user_change *change,
                  const struct gong_audit_by *by)
{
    char *hash = NULL;
    enum gong_err err;

    if (change->password != NULL) {
        if (gong_user_password_wrong(*change->password) != NULL) {
            return GONG_ERR_INVALID;
        }
        hash = gong_password_hash(users, *change->password);
        if (hash == NULL) {
            return GONG_ERR_MEMORY;
        }
    }
    err = gong_users_begin(users);
    if (err == GONG_OK) {
        err =
            gong_users_end(users, change_known(users, name, change, hash, by));
    }
    free(hash);
    return err;
}

static enum gong_err
remove_user(struct gong_users *users, const char *name,
            const struct gong_audit_by *by)
{
    char object[GONG_USER_NAME_SIZE + 8];
    int64_t before = count_admins(users);
    enum gong_err err = gong_users_sql_run(
        users->db, "DELETE FROM users WHERE name = ?", "t", name);

    if (err == GONG_OK && sqlite3_changes(users->db) == 0) {
        err = GONG_ERR_NOT_FOUND;
    }
    if (err == GONG_OK) {
        err = keep_admin(users, before);
    }
    (void)snprintf(object, sizeof object, "user %.64s", name);
    return err != GONG_OK
               ? err
               : gong_audit_done(users, by, "user.remove", object, "");
}

enum gong_err
gong_users_remove(struct gong_users *users, const char *name,
                  const struct gong_audit_by *by)
{
    enum gong_err err = gong_users_begin(users);

    return err != GONG_OK ? err
                          : gong_users_end(users, remove_user(users, name, by));
}

#define COLUMNS "name, full_name, disabled, created"

static enum gong_err
read_user(struct gong_users *users, sqlite3_stmt *row, struct gong_user *out)
{
    *out = (struct gong_user){
        .disabled = sqlite3_column_int64(row, 2) != 0,
        .created_ms = sqlite3_column_int64(row, 3),
    };
    (void)snprintf(out->name, sizeof out->name, "%s",
                   gong_users_sql_text(row, 0));
    (void)snprintf(out->full_name, sizeof out->full_name, "%s",
                   gong_users_sql_text(row, 1));
    return gong_users_read_grants(users, out->name, &out->grants);
}

enum gong_err
gong_users_get(struct gong_users *users, const char *name,
               struct gong_user *out)
{
    sqlite3_stmt *row;
    int status;
    enum gong_err err;

    gong_users_lock(users);
    row = gong_users_sql_open(
        users->db, "SELECT " COLUMNS " FROM users WHERE name = ?", "t", name);
    status = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    err = status == SQLITE_ROW    ? read_user(users, row, out)
          : status == SQLITE_DONE ? GONG_ERR_NOT_FOUND
                                  : gong_users_sql_error(users->db);
    (void)sqlite3_finalize(row);
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}

enum gong_err
gong_users_each(struct gong_users *users,
                void (*each)(void *ctx, const struct gong_user *user),
                void *ctx)
{
    struct gong_user user;
    sqlite3_stmt *row;
    int status = SQLITE_ERROR;
    enum gong_err err = GONG_OK;

    gong_users_lock(users);
    row = gong_users_sql_open(
        users->db, "SELECT " COLUMNS " FROM users ORDER BY name", "");
    while (err == GONG_OK && row != NULL &&
           (status = sqlite3_step(row)) == SQLITE_ROW) {
        err = read_user(users, row, &user);
        if (err == GONG_OK) {
            each(ctx, &user);
        }
    }
    if (err == GONG_OK && status != SQLITE_DONE) {
        err = gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}
