#include "agent/history/history_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/sql.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "rules/engine/hash.h"

#define APPLICATION  0x676f6e68 /* "gonh" */
#define PATH_SIZE    4200
#define BUSY_MS      10000
#define BUSY_STEP_US 500

/* Labels are texts of any bytes; SQLite compares them byte by byte. */
static const char *const tables =
    "CREATE TABLE meta("
    " name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE series("
    " id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, labels BLOB NOT NULL)"
    " STRICT;"
    "CREATE INDEX series_hash ON series(hash);"
    "CREATE TABLE spans("
    " series INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL) STRICT;"
    "CREATE TABLE labels("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL,"
    " UNIQUE(name, value)) STRICT;"
    "CREATE TABLE label_series("
    " label INTEGER NOT NULL, series INTEGER NOT NULL,"
    " PRIMARY KEY(label, series)) STRICT, WITHOUT ROWID;"
    /* origin: the block of the finer resolution that these roll-ups are of. */
    "CREATE TABLE parts("
    " id INTEGER PRIMARY KEY, resolution INTEGER NOT NULL,"
    " block INTEGER NOT NULL, compacted INTEGER NOT NULL,"
    " origin INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL) STRICT;"
    "CREATE INDEX parts_block ON parts(resolution, block);"
    "CREATE INDEX parts_loose ON parts(resolution, block)"
    " WHERE compacted = 0;"
    "CREATE TABLE chunks("
    " id INTEGER PRIMARY KEY, chunk BLOB NOT NULL) STRICT;"
    "CREATE TABLE states("
    " series INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT;";

/* Waits in short steps: readers hold the lock only while they begin. */
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

enum gong_err
gong_history_explain(sqlite3 *handle, const char *path, enum gong_err err,
                     char *why, size_t why_size)
{
    int code = handle == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(handle);
    int system = handle == NULL ? 0 : sqlite3_system_errno(handle);
    bool failed = handle != NULL &&
                  (gong_sql_err(code) == err || (code & 0xff) == SQLITE_ERROR);

    if (failed && system != 0 &&
        (err == GONG_ERR_IO || err == GONG_ERR_NO_SPACE)) {
        (void)snprintf(why, why_size, "%s: %s: %s", path,
                       sqlite3_errmsg(handle), strerror(system));
    } else {
        (void)snprintf(why, why_size, "%s: %s", path,
                       failed ? sqlite3_errmsg(handle) : gong_err_text(err));
    }
    return err;
}

/* No mapping of the file into memory: reading one that was cut short would be a
 * SIGBUS instead of an error. */
static enum gong_err
open_handle(const char *path, bool writes, sqlite3 **out)
{
    int flags = writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    enum gong_err err = gong_sql_err(sqlite3_open_v2(
        path, out, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL));

    if (err != GONG_OK) {
        return err;
    }
    (void)sqlite3_busy_handler(*out, on_busy, NULL);
    (void)sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return gong_sql_do(*out, "PRAGMA trusted_schema = OFF;"
                             "PRAGMA cell_size_check = ON;"
                             "PRAGMA mmap_size = 0;"
                             "PRAGMA cache_size = -16384;");
}

/* Pages of 16 KiB: a chunk of 2 hours lies in one, and hardly a tenth of a page
 * stays free. Page size and vacuum count only where the file is empty. */
static enum gong_err
set_up_writer(sqlite3 *handle)
{
    return gong_sql_do(handle, "PRAGMA page_size = 16384;"
                               "PRAGMA auto_vacuum = INCREMENTAL;"
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA wal_autocheckpoint = 1000;"
                               "PRAGMA journal_size_limit = 16777216;"
                               "PRAGMA temp_store = MEMORY;");
}

static enum gong_err
read_number(sqlite3 *handle, const char *text, int64_t *number)
{
    sqlite3_stmt *statement[1];
    enum gong_err err = gong_sql_prepare(handle, &text, statement, 1);

    if (err == GONG_OK) {
        struct gong_sql_row row = gong_sql_row(statement[0]);

        err = gong_sql_next(&row);
        *number = err == GONG_OK ? gong_sql_get_int(&row) : 0;
        gong_sql_end(&row);
    }
    gong_sql_finalize(statement, 1);
    return err;
}

static enum gong_err
fill_new(sqlite3 *handle)
{
    struct gong_hash_key key = {.word = {gong_random_u64(), gong_random_u64()}};
    char text[256];
    enum gong_err err = gong_sql_do(handle, tables);

    (void)snprintf(text, sizeof text,
                   "PRAGMA application_id = %d; PRAGMA user_version = %d;"
                   "INSERT INTO meta VALUES('hash 0', %lld), ('hash 1', %lld)",
                   APPLICATION, GONG_HISTORY_VERSION,
                   (long long)(int64_t)key.word[0],
                   (long long)(int64_t)key.word[1]);
    return err == GONG_OK ? gong_sql_do(handle, text) : err;
}

static enum gong_err
make_tables(sqlite3 *handle)
{
    enum gong_err err = gong_sql_do(handle, "BEGIN IMMEDIATE");

    if (err == GONG_OK) {
        err = fill_new(handle);
    }
    if (err == GONG_OK) {
        err = gong_sql_do(handle, "COMMIT");
    }
    gong_sql_rollback(handle);
    return err;
}

/* What only a history has; an empty file is about to be one. */
static enum gong_err
look(sqlite3 *handle, bool writes, char *why, size_t why_size)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t objects = 0;
    enum gong_err err =
        read_number(handle, "PRAGMA application_id", &application);

    if (err == GONG_OK) {
        err = read_number(handle, "PRAGMA user_version", &version);
    }
    if (err == GONG_OK) {
        err =
            read_number(handle, "SELECT count(*) FROM sqlite_schema", &objects);
    }
    if (err != GONG_OK) {
        return err;
    }
    if (objects == 0 && application == 0 && version == 0) {
        return writes ? make_tables(handle) : GONG_ERR_NOT_FOUND;
    }
    if (application != APPLICATION) {
        (void)snprintf(why, why_size, "a database of something else");
        return GONG_ERR_CORRUPT;
    }
    if (version != GONG_HISTORY_VERSION) {
        (void)snprintf(why, why_size,
                       "its version is %lld, this program knows %d",
                       (long long)version, GONG_HISTORY_VERSION);
        return version > GONG_HISTORY_VERSION ? GONG_ERR_UNSUPPORTED
                                              : GONG_ERR_CORRUPT;
    }
    return GONG_OK;
}

/* SQLite gives its other files the mode of this one. What a file that is gone
 * left of them must not become part of the new one. */
static enum gong_err
make_file(const char *path)
{
    char other[PATH_SIZE];
    int fd;

    if (access(path, F_OK) == 0) {
        return GONG_OK;
    }
    (void)snprintf(other, sizeof other, "%s-wal", path);
    (void)unlink(other);
    (void)snprintf(other, sizeof other, "%s-shm", path);
    (void)unlink(other);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    (void)close(fd);
    return GONG_OK;
}

static enum gong_err
find_file(const char *path, bool writes, char *why, size_t why_size)
{
    struct stat st;
    enum gong_err err = writes ? make_file(path) : GONG_OK;

    if (err == GONG_OK && stat(path, &st) != 0) {
        err = errno == ENOENT ? GONG_ERR_NOT_FOUND : gong_err_from_errno(errno);
    }
    if (err == GONG_OK && !S_ISREG(st.st_mode)) {
        (void)snprintf(why, why_size, "%s: no regular file", path);
        return GONG_ERR_INVALID;
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
    }
    return err;
}

static enum gong_err
set_up(sqlite3 *handle, const char *path, bool writes, char *why,
       size_t why_size)
{
    char what[128] = "";
    enum gong_err err = writes ? set_up_writer(handle) : GONG_OK;

    if (err == GONG_OK) {
        err = look(handle, writes, what, sizeof what);
    }
    if (err != GONG_OK && what[0] != '\0') {
        (void)snprintf(why, why_size, "%s: %s", path, what);
    } else if (err != GONG_OK) {
        (void)gong_history_explain(handle, path, err, why, why_size);
    }
    return err;
}

enum gong_err
gong_history_connect(const char *path, bool writes, sqlite3 **out, char *why,
                     size_t why_size)
{
    enum gong_err err = find_file(path, writes, why, why_size);

    *out = NULL;
    if (err != GONG_OK) {
        return err;
    }
    err = open_handle(path, writes, out);
    if (err != GONG_OK) {
        (void)gong_history_explain(*out, path, err, why, why_size);
    } else {
        err = set_up(*out, path, writes, why, why_size);
    }
    if (err != GONG_OK) {
        (void)sqlite3_close(*out);
        *out = NULL;
    }
    return err;
}
