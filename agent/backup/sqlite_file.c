#include "agent/backup/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/clock.h"

#define STEP_PAGES 256
#define STEP_MS    1
#define CANCELLED  "the agent is stopping"
#define BUSY_MS    5000
#define CHECK_OPS  100000 /* between two looks at whether to leave off */
#define PATH_SIZE  4200

static enum gong_err
err_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return GONG_OK;
    case SQLITE_NOMEM:
        return GONG_ERR_MEMORY;
    case SQLITE_FULL:
        return GONG_ERR_NO_SPACE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return GONG_ERR_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return GONG_ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return GONG_ERR_AGAIN;
    case SQLITE_INTERRUPT:
        return GONG_ERR_CLOSED;
    default:
        return GONG_ERR_IO;
    }
}

/* Nothing but a cancelled job interrupts: SQLite's word for it helps nobody. */
static enum gong_err
tell(sqlite3 *handle, int code, const char *path, char *why, size_t why_size)
{
    if ((code & 0xff) == SQLITE_INTERRUPT) {
        (void)snprintf(why, why_size, CANCELLED);
    } else if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       handle == NULL ? sqlite3_errstr(code)
                                      : sqlite3_errmsg(handle));
    }
    return err_of(code);
}

static int
open_at(const char *path, int flags, sqlite3 **out)
{
    int code = sqlite3_open_v2(path, out, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (*out != NULL) {
        (void)sqlite3_busy_timeout(*out, BUSY_MS);
    }
    /* It may be anybody's file. */
    return code == SQLITE_OK ? sqlite3_exec(*out,
                                            "PRAGMA trusted_schema = OFF;"
                                            "PRAGMA cell_size_check = ON",
                                            NULL, NULL, NULL)
                             : code;
}

enum gong_err
gong_file_job_goes_on(const struct gong_file_job *job)
{
    if (job->cancelled == NULL || !atomic_load(job->cancelled)) {
        return GONG_OK;
    }
    (void)snprintf(job->why, job->why_size, CANCELLED);
    return GONG_ERR_CLOSED;
}

/* --- copies --- */

/* The reader's transaction holds one state: what others write meanwhile
 * neither shows nor makes the copy begin again. */
static int
copy_pages(sqlite3 *from, sqlite3 *to, const struct gong_file_job *job)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code, finished;

    if (backup == NULL) {
        return sqlite3_errcode(to);
    }
    do {
        code = sqlite3_backup_step(backup, STEP_PAGES);
        if (code == SQLITE_OK || code == SQLITE_BUSY) {
            gong_clock_sleep(gong_dur_ms(STEP_MS));
        }
    } while ((code == SQLITE_OK || code == SQLITE_BUSY) &&
             gong_file_job_goes_on(job) == GONG_OK);
    finished = sqlite3_backup_finish(backup);
    if (code == SQLITE_OK || code == SQLITE_BUSY) {
        return SQLITE_INTERRUPT;
    }
    return code == SQLITE_DONE ? finished : code;
}

static enum gong_err
fail_errno(const char *path, char *why, size_t why_size)
{
    int error = errno;

    (void)snprintf(why, why_size, "%s: %s", path, strerror(error));
    return gong_err_from_errno(error);
}

static enum gong_err
copy(sqlite3 *from, const char *from_path, const char *to_path,
     const struct gong_file_job *job)
{
    sqlite3 *to = NULL;
    int code = sqlite3_exec(from,
                            "BEGIN;"
                            "SELECT count(*) FROM sqlite_schema",
                            NULL, NULL, NULL);
    enum gong_err err;
    int fd;

    if (code != SQLITE_OK) {
        return tell(from, code, from_path, job->why, job->why_size);
    }
    fd = open(to_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0) {
        return fail_errno(to_path, job->why, job->why_size);
    }
    code = open_at(to_path, SQLITE_OPEN_READWRITE, &to);
    if (code == SQLITE_OK) {
        code = copy_pages(from, to, job);
    }
    err = tell(to, code, to_path, job->why, job->why_size);
    (void)sqlite3_close(to);
    return err;
}

enum gong_err
gong_sqlite_copy(const char *from, const char *to,
                 const struct gong_file_job *job)
{
    sqlite3 *handle = NULL;
    int code = open_at(from, SQLITE_OPEN_READONLY, &handle);
    enum gong_err err = tell(handle, code, from, job->why, job->why_size);

    if (err == GONG_OK) {
        err = copy(handle, from, to, job);
    }
    (void)sqlite3_close(handle);
    return err;
}

/* --- checks --- */

static int
leaves_off(void *ctx)
{
    return gong_file_job_goes_on(ctx) == GONG_OK ? 0 : 1;
}

/* The one answer of a statement is this text. */
static enum gong_err
expect(sqlite3 *handle, const char *path, const char *sql, const char *expected,
       const struct gong_file_job *job)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    enum gong_err err;

    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    err = tell(handle, code, path, job->why, job->why_size);
    if (err == GONG_OK) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        if (code != SQLITE_ROW || text == NULL || strcmp(text, expected) != 0) {
            (void)snprintf(job->why, job->why_size, "%s: %s", path,
                           text == NULL ? "not checked" : text);
            err = GONG_ERR_CORRUPT;
        }
    }
    (void)sqlite3_finalize(statement);
    return err;
}

enum gong_err
gong_sqlite_check(const char *path, const struct gong_file_job *job)
{
    struct gong_file_job copy = *job;
    sqlite3 *handle = NULL;
    int code = open_at(path, SQLITE_OPEN_READWRITE, &handle);
    enum gong_err err = tell(handle, code, path, job->why, job->why_size);

    if (err == GONG_OK) {
        sqlite3_progress_handler(handle, CHECK_OPS, leaves_off, &copy);
        err = expect(handle, path, "PRAGMA integrity_check(1)", "ok", job);
    }
    (void)sqlite3_close(handle);
    return err;
}

/* --- a file that is all of its database --- */

static enum gong_err
sync_file(const char *path, char *why, size_t why_size)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    enum gong_err err = GONG_OK;

    if (fd < 0) {
        return fail_errno(path, why, why_size);
    }
    if (fsync(fd) != 0) {
        err = fail_errno(path, why, why_size);
    }
    (void)close(fd);
    return err;
}

static enum gong_err
nothing_beside(const char *path, char *why, size_t why_size)
{
    static const char *const suffixes[] = {"-wal", "-journal"};
    char name[PATH_SIZE];

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        if (access(name, F_OK) == 0) {
            (void)snprintf(why, why_size, "%s: it is not written back", name);
            return GONG_ERR_IO;
        }
    }
    return GONG_OK;
}

/* Without a log of changes: SQLite lets go of it only when all of it is written
 * back, and only for the one connection that there is. */
enum gong_err
gong_sqlite_settle(const char *path, char *why, size_t why_size)
{
    const struct gong_file_job job = {NULL, why, why_size};
    sqlite3 *handle = NULL;
    int code = open_at(path, SQLITE_OPEN_READWRITE, &handle);
    enum gong_err err = tell(handle, code, path, why, why_size);

    if (err == GONG_OK) {
        err = expect(handle, path, "PRAGMA journal_mode = DELETE", "delete",
                     &job);
    }
    code = sqlite3_close(handle);
    if (err == GONG_OK && code != SQLITE_OK) {
        err = tell(NULL, code, path, why, why_size);
    }
    if (err == GONG_OK) {
        err = nothing_beside(path, why, why_size);
    }
    return err == GONG_OK ? sync_file(path, why, why_size) : err;
}
