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
#define BUSY_MS    5000
#define ASIDE_MAX  1000

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
    default:
        return GONG_ERR_IO;
    }
}

static enum gong_err
tell(sqlite3 *handle, int code, const char *path, char *why, size_t why_size)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
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
    return code;
}

/* --- copies --- */

/* The reader's transaction holds one state: what others write meanwhile
 * neither shows nor makes the copy begin again. */
static int
copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code;

    if (backup == NULL) {
        return sqlite3_errcode(to);
    }
    do {
        code = sqlite3_backup_step(backup, STEP_PAGES);
        if (code == SQLITE_OK) {
            gong_clock_sleep(gong_dur_ms(STEP_MS));
        }
    } while (code == SQLITE_OK || code == SQLITE_BUSY);
    (void)sqlite3_backup_finish(backup);
    return code;
}

static enum gong_err
copy(sqlite3 *from, const char *from_path, const char *to_path, char *why,
     size_t why_size)
{
    sqlite3 *to = NULL;
    int code = sqlite3_exec(from,
                            "PRAGMA trusted_schema = OFF; BEGIN;"
                            "SELECT count(*) FROM sqlite_schema",
                            NULL, NULL, NULL);
    enum gong_err err;
    int fd;

    if (code != SQLITE_OK) {
        return tell(from, code, from_path, why, why_size);
    }
    fd = open(to_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0) {
        (void)snprintf(why, why_size, "%s: %s", to_path, strerror(errno));
        return gong_err_from_errno(errno);
    }
    code = open_at(to_path, SQLITE_OPEN_READWRITE, &to);
    if (code == SQLITE_OK) {
        code = copy_pages(from, to);
    }
    err = tell(to, code, to_path, why, why_size);
    (void)sqlite3_close(to);
    return err;
}

enum gong_err
gong_sqlite_copy(const char *from, const char *to, char *why, size_t why_size)
{
    sqlite3 *handle = NULL;
    int code = open_at(from, SQLITE_OPEN_READONLY, &handle);
    enum gong_err err = tell(handle, code, from, why, why_size);

    if (err == GONG_OK) {
        err = copy(handle, from, to, why, why_size);
    }
    (void)sqlite3_close(handle);
    return err;
}

enum gong_err
gong_sqlite_check(const char *path, char *why, size_t why_size)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    int code = open_at(path, SQLITE_OPEN_READWRITE, &handle);
    enum gong_err err;

    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1,
                                  &statement, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    err = tell(handle, code, path, why, why_size);
    if (err == GONG_OK) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        if (code != SQLITE_ROW || text == NULL || strcmp(text, "ok") != 0) {
            (void)snprintf(why, why_size, "%s: %s", path,
                           text == NULL ? "not checked" : text);
            err = GONG_ERR_CORRUPT;
        }
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    return err;
}

/* --- one for another --- */

static void
with_suffix(char out[GONG_SQLITE_PATH_SIZE], const char *path,
            const char *suffix)
{
    (void)snprintf(out, GONG_SQLITE_PATH_SIZE, "%s%s", path, suffix);
}

/* So that the file alone holds everything. What cannot be read is left. */
static void
write_back(const char *path)
{
    sqlite3 *handle = NULL;

    if (access(path, F_OK) == 0 &&
        open_at(path, SQLITE_OPEN_READWRITE, &handle) == SQLITE_OK) {
        (void)sqlite3_wal_checkpoint_v2(handle, NULL,
                                        SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    (void)sqlite3_close(handle);
}

static void
sync_folder_of(const char *path)
{
    char folder[GONG_SQLITE_PATH_SIZE];
    char *slash;
    int fd;

    with_suffix(folder, path, "");
    slash = strrchr(folder, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    fd = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static void
move_helpers(const char *from, const char *to)
{
    static const char *const suffixes[] = {"-wal", "-shm"};
    char a[GONG_SQLITE_PATH_SIZE], b[GONG_SQLITE_PATH_SIZE];

    for (size_t i = 0; i < 2; i++) {
        with_suffix(a, from, suffixes[i]);
        with_suffix(b, to, suffixes[i]);
        (void)rename(a, b);
    }
}

/* A second name for what is there. */
static enum gong_err
keep_aside(const char *path, char aside[GONG_SQLITE_PATH_SIZE])
{
    for (int number = 1; number < ASIDE_MAX; number++) {
        (void)snprintf(aside, GONG_SQLITE_PATH_SIZE, "%s.before-restore-%d",
                       path, number);
        if (link(path, aside) == 0) {
            return GONG_OK;
        }
        if (errno == ENOENT) {
            aside[0] = '\0';
            return GONG_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    aside[0] = '\0';
    return gong_err_from_errno(errno);
}

enum gong_err
gong_sqlite_swap(const char *path, const char *with,
                 char aside[GONG_SQLITE_PATH_SIZE], char *why, size_t why_size)
{
    enum gong_err err;

    write_back(path);
    err = keep_aside(path, aside);
    if (err == GONG_OK && rename(with, path) != 0) {
        err = gong_err_from_errno(errno);
        if (aside[0] != '\0') {
            (void)unlink(aside);
        }
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
        return err;
    }
    if (aside[0] != '\0') {
        move_helpers(path, aside);
    }
    sync_folder_of(path);
    return GONG_OK;
}

enum gong_err
gong_sqlite_swap_back(const char *path, const char *with, const char *aside)
{
    move_helpers(path, with);
    if (rename(path, with) != 0 ||
        (aside[0] != '\0' && rename(aside, path) != 0)) {
        return gong_err_from_errno(errno);
    }
    if (aside[0] != '\0') {
        move_helpers(aside, path);
    }
    sync_folder_of(path);
    return GONG_OK;
}
