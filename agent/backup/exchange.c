#include "agent/backup/exchange.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define NOTE      "restoring"
#define FIRST     "gong-restoring 1\n"
#define LAST      "end\n"
#define NOTE_SIZE 512
#define ASIDE_MAX 1000
#define NOTHING   "-"
#define ASIDE     ".before-restore-"

/* What else of a database lies beside it; its index of the log is made again.
 */
static const char *const parts[] = {"", "-wal", "-journal"};
static const char *const helpers[] = {"-wal", "-shm", "-journal"};

#define PARTS   (sizeof parts / sizeof parts[0])
#define HELPERS (sizeof helpers / sizeof helpers[0])

static enum gong_err
fail_errno(const char *path, char *why, size_t why_size)
{
    int error = errno;

    (void)snprintf(why, why_size, "%s: %s", path, strerror(error));
    return gong_err_from_errno(error);
}

static void
path_of(const char *dir, const char *name, const char *suffix,
        char out[GONG_EXCHANGE_PATH_SIZE])
{
    (void)snprintf(out, GONG_EXCHANGE_PATH_SIZE, "%s/%s%s", dir, name, suffix);
}

static enum gong_err
remove_one(const char *path, char *why, size_t why_size)
{
    return unlink(path) == 0 || errno == ENOENT
               ? GONG_OK
               : fail_errno(path, why, why_size);
}

static enum gong_err
sync_folder(const char *dir, char *why, size_t why_size)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum gong_err err = GONG_OK;

    if (fd < 0) {
        return fail_errno(dir, why, why_size);
    }
    if (fsync(fd) != 0) {
        err = fail_errno(dir, why, why_size);
    }
    (void)close(fd);
    return err;
}

void
gong_exchange_add(struct gong_exchange *exchange, const char *name,
                  const char *with)
{
    struct gong_exchange_file *file = &exchange->files[exchange->count++];

    (void)snprintf(file->name, sizeof file->name, "%s", name);
    file->aside[0] = '\0';
    file->with = with;
}

/* --- the note --- */

static enum gong_err
write_text(const char *path, const char *text, char *why, size_t why_size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    ssize_t done;
    enum gong_err err = GONG_OK;

    if (fd < 0) {
        return fail_errno(path, why, why_size);
    }
    errno = ENOSPC; /* where less is written than was asked for */
    done = write(fd, text, len);
    if (done < 0 || (size_t)done != len || fsync(fd) != 0) {
        err = fail_errno(path, why, why_size);
    }
    (void)close(fd);
    return err;
}

static enum gong_err
write_note(const struct gong_exchange *exchange, char *why, size_t why_size)
{
    char text[NOTE_SIZE] = FIRST;
    char fresh[GONG_EXCHANGE_PATH_SIZE], path[GONG_EXCHANGE_PATH_SIZE];
    size_t len = strlen(text);
    enum gong_err err;

    for (size_t i = 0; i < exchange->count; i++) {
        const struct gong_exchange_file *file = &exchange->files[i];

        len += (size_t)snprintf(text + len, sizeof text - len, "%s %s\n",
                                file->name,
                                file->aside[0] == '\0' ? NOTHING : file->aside);
    }
    (void)snprintf(text + len, sizeof text - len, LAST);
    path_of(exchange->dir, NOTE, ".new", fresh);
    path_of(exchange->dir, NOTE, "", path);
    err = write_text(fresh, text, why, why_size);
    if (err == GONG_OK && rename(fresh, path) != 0) {
        err = fail_errno(path, why, why_size);
    }
    if (err != GONG_OK) {
        (void)unlink(fresh);
        return err;
    }
    return sync_folder(exchange->dir, why, why_size);
}

/* "name aside", and nothing that lies in another folder. */
static bool
read_line(const char *line, size_t len, struct gong_exchange_file *out)
{
    const char *space = memchr(line, ' ', len);
    size_t name = space == NULL ? 0 : (size_t)(space - line);
    size_t aside = len - name - 1;

    if (name == 0 || name >= sizeof out->name || aside == 0 ||
        aside >= sizeof out->aside || memchr(line, '/', len) != NULL) {
        return false;
    }
    (void)snprintf(out->name, sizeof out->name, "%.*s", (int)name, line);
    (void)snprintf(out->aside, sizeof out->aside, "%.*s", (int)aside,
                   space + 1);
    if (strcmp(out->aside, NOTHING) == 0) {
        out->aside[0] = '\0';
        return true;
    }
    return strncmp(out->aside, out->name, name) == 0 &&
           strncmp(out->aside + name, ASIDE, strlen(ASIDE)) == 0;
}

static bool
read_note(const char *text, struct gong_exchange *out)
{
    const char *line = text + strlen(FIRST);

    if (strncmp(text, FIRST, strlen(FIRST)) != 0) {
        return false;
    }
    while (out->count < GONG_EXCHANGE_MAX && strcmp(line, LAST) != 0) {
        const char *end = strchr(line, '\n');

        if (end == NULL ||
            !read_line(line, (size_t)(end - line), &out->files[out->count])) {
            return false;
        }
        out->count++;
        line = end + 1;
    }
    return strcmp(line, LAST) == 0;
}

static enum gong_err
drop_note(const char *dir, char *why, size_t why_size)
{
    char path[GONG_EXCHANGE_PATH_SIZE];
    enum gong_err err;

    path_of(dir, NOTE, "", path);
    err = remove_one(path, why, why_size);
    return err == GONG_OK ? sync_folder(dir, why, why_size) : err;
}

/* --- there --- */

/* Names that nothing has yet. */
static bool
choose_aside(const char *dir, struct gong_exchange_file *file)
{
    char path[GONG_EXCHANGE_PATH_SIZE];

    for (int number = 1; number < ASIDE_MAX; number++) {
        bool is_free = true;

        (void)snprintf(file->aside, sizeof file->aside, "%.40s" ASIDE "%d",
                       file->name, number);
        for (size_t i = 0; i < PARTS && is_free; i++) {
            path_of(dir, file->aside, parts[i], path);
            is_free = access(path, F_OK) != 0;
        }
        if (is_free) {
            return true;
        }
    }
    return false;
}

static void
drop_aside(const char *dir, struct gong_exchange_file *file)
{
    char path[GONG_EXCHANGE_PATH_SIZE];

    for (size_t i = 0; i < PARTS && file->aside[0] != '\0'; i++) {
        path_of(dir, file->aside, parts[i], path);
        (void)unlink(path);
    }
    file->aside[0] = '\0';
}

static enum gong_err
keep_aside(const char *dir, struct gong_exchange_file *file, char *why,
           size_t why_size)
{
    char from[GONG_EXCHANGE_PATH_SIZE], to[GONG_EXCHANGE_PATH_SIZE];

    path_of(dir, file->name, "", from);
    if (access(from, F_OK) != 0 && errno == ENOENT) {
        return GONG_OK;
    }
    if (!choose_aside(dir, file)) {
        file->aside[0] = '\0';
        (void)snprintf(why, why_size, "%s: too many are kept as *" ASIDE "<n>",
                       from);
        return GONG_ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < PARTS; i++) {
        path_of(dir, file->name, parts[i], from);
        path_of(dir, file->aside, parts[i], to);
        if (link(from, to) != 0 && (i == 0 || errno != ENOENT)) {
            return fail_errno(to, why, why_size);
        }
    }
    return GONG_OK;
}

static enum gong_err
drop_helpers(const char *dir, const char *name, char *why, size_t why_size)
{
    char path[GONG_EXCHANGE_PATH_SIZE];
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < HELPERS && err == GONG_OK; i++) {
        path_of(dir, name, helpers[i], path);
        err = remove_one(path, why, why_size);
    }
    return err;
}

static enum gong_err
put(const char *dir, const struct gong_exchange_file *file, char *why,
    size_t why_size)
{
    char path[GONG_EXCHANGE_PATH_SIZE];
    enum gong_err err = drop_helpers(dir, file->name, why, why_size);

    path_of(dir, file->name, "", path);
    if (err == GONG_OK && rename(file->with, path) != 0) {
        err = fail_errno(path, why, why_size);
    }
    return err;
}

enum gong_err
gong_exchange_do(struct gong_exchange *exchange, bool *whole, char *why,
                 size_t why_size)
{
    enum gong_err err = GONG_OK;
    char reason[256];

    *whole = true;
    for (size_t i = 0; i < exchange->count && err == GONG_OK; i++) {
        err = keep_aside(exchange->dir, &exchange->files[i], why, why_size);
    }
    if (err == GONG_OK) {
        err = write_note(exchange, why, why_size);
    }
    /* Without the note a kill would not be mended: nothing may go back. */
    if (err != GONG_OK && !gong_exchange_pending(exchange->dir)) {
        for (size_t i = 0; i < exchange->count; i++) {
            drop_aside(exchange->dir, &exchange->files[i]);
        }
        return err;
    }
    for (size_t i = 0; i < exchange->count && err == GONG_OK; i++) {
        err = put(exchange->dir, &exchange->files[i], why, why_size);
    }
    if (err == GONG_OK) {
        err = sync_folder(exchange->dir, why, why_size);
    }
    if (err != GONG_OK) {
        *whole = gong_exchange_undo(exchange, reason, sizeof reason) == GONG_OK;
    }
    return err;
}

enum gong_err
gong_exchange_keep(const struct gong_exchange *exchange, char *why,
                   size_t why_size)
{
    char path[GONG_EXCHANGE_PATH_SIZE];
    enum gong_err err;

    path_of(exchange->dir, NOTE, "", path);
    err = remove_one(path, why, why_size);
    if (err == GONG_OK &&
        sync_folder(exchange->dir, why, why_size) != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "restore_not_synced",
                 "reason=\"%s\" effect=\"a power cut now may undo it\"", why);
    }
    return err;
}

/* --- and back --- */

/* The log before the index, the database, then its own log: what was broken off
 * anywhere is done once more from there. While the second name is there none of
 * its parts has gone back. */
static enum gong_err
take_back(const char *dir, const struct gong_exchange_file *file, char *why,
          size_t why_size)
{
    char from[GONG_EXCHANGE_PATH_SIZE], to[GONG_EXCHANGE_PATH_SIZE];
    enum gong_err err = GONG_OK;

    path_of(dir, file->aside, "", from);
    if (access(from, F_OK) == 0) {
        err = drop_helpers(dir, file->name, why, why_size);
    }
    for (size_t i = 0; i < PARTS && err == GONG_OK; i++) {
        path_of(dir, file->aside, parts[i], from);
        path_of(dir, file->name, parts[i], to);
        if (rename(from, to) != 0 && errno != ENOENT) {
            err = fail_errno(to, why, why_size);
        } else {
            /* Two names of one file: rename leaves both. */
            err = remove_one(from, why, why_size);
        }
    }
    return err;
}

static enum gong_err
take_out(const char *dir, const char *name, char *why, size_t why_size)
{
    char path[GONG_EXCHANGE_PATH_SIZE];
    enum gong_err err = drop_helpers(dir, name, why, why_size);

    path_of(dir, name, "", path);
    return err == GONG_OK ? remove_one(path, why, why_size) : err;
}

enum gong_err
gong_exchange_undo(const struct gong_exchange *exchange, char *why,
                   size_t why_size)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < exchange->count && err == GONG_OK; i++) {
        const struct gong_exchange_file *file = &exchange->files[i];

        err = file->aside[0] == '\0'
                  ? take_out(exchange->dir, file->name, why, why_size)
                  : take_back(exchange->dir, file, why, why_size);
    }
    if (err == GONG_OK) {
        err = sync_folder(exchange->dir, why, why_size);
    }
    return err == GONG_OK ? drop_note(exchange->dir, why, why_size) : err;
}

bool
gong_exchange_pending(const char *dir)
{
    char path[GONG_EXCHANGE_PATH_SIZE];

    path_of(dir, NOTE, "", path);
    return access(path, F_OK) == 0;
}

/* Whether name is a second name, and what it is one of is the same file. */
static bool
is_double(int dir, const char *name)
{
    const char *mark = strstr(name, ASIDE);
    const char *suffix = mark == NULL ? "" : strchr(mark + strlen(ASIDE), '-');
    char first[NAME_MAX + 1];
    struct stat one, other;

    if (mark == NULL || strlen(name) >= sizeof first) {
        return false;
    }
    (void)snprintf(first, sizeof first, "%.*s%s", (int)(mark - name), name,
                   suffix == NULL ? "" : suffix);
    return fstatat(dir, name, &one, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(dir, first, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
           one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* Second names that were given before there was a note: they pass for a copy,
 * and are the file in use. */
static void
drop_doubles(const char *dir)
{
    DIR *folder = opendir(dir);

    if (folder == NULL) {
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (is_double(dirfd(folder), entry->d_name)) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    (void)closedir(folder);
}

enum gong_err
gong_exchange_mend(const char *dir, char *why, size_t why_size)
{
    struct gong_exchange exchange = {.dir = dir};
    char path[GONG_EXCHANGE_PATH_SIZE], text[NOTE_SIZE];
    ssize_t len;
    enum gong_err err;
    int fd;

    path_of(dir, NOTE, ".new", path);
    (void)unlink(path);
    path_of(dir, NOTE, "", path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        drop_doubles(dir);
        return GONG_OK;
    }
    if (fd < 0) {
        return fail_errno(path, why, why_size);
    }
    len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    text[len < 0 ? 0 : len] = '\0';
    if (!read_note(text, &exchange)) {
        (void)snprintf(why, why_size,
                       "%s: it is none of this program: it cannot be told "
                       "which files a restore that was broken off has changed",
                       path);
        return GONG_ERR_CORRUPT;
    }
    err = gong_exchange_undo(&exchange, why, why_size);
    if (err == GONG_OK) {
        gong_log(GONG_LOG_WARNING, "restore_undone",
                 "reason=\"it was broken off\" effect=\"all is as before\"");
    }
    return err;
}
