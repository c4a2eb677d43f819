#include "agent/backup/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/backup/backup_private.h"
#include "agent/desk/desk_db.h"
#include "agent/fd_bytes.h"
#include "common/log.h"

void
gong_backup_init(struct gong_backup *backup)
{
    (void)pthread_mutex_init(&backup->lock, NULL);
}

void
gong_backup_fini(struct gong_backup *backup)
{
    (void)pthread_mutex_destroy(&backup->lock);
}

enum gong_err
gong_backup_path(const struct gong_backup *backup, const char *name,
                 char out[GONG_BACKUP_PATH_SIZE])
{
    int len =
        snprintf(out, GONG_BACKUP_PATH_SIZE, "%s/backup", backup->state_dir);

    if (len < 0 || (size_t)len + strlen(name) + 2 > GONG_BACKUP_PATH_SIZE) {
        return GONG_ERR_TOO_LARGE;
    }
    if (mkdir(out, 0700) != 0 && errno != EEXIST) {
        return gong_err_from_errno(errno);
    }
    (void)snprintf(out + len, GONG_BACKUP_PATH_SIZE - (size_t)len, "/%s", name);
    return GONG_OK;
}

void
gong_backup_remove(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[GONG_BACKUP_PATH_SIZE + 16];

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

/* --- making one --- */

struct making {
    struct gong_backup *backup;
    struct gong_backup_manifest *manifest;
    char files[GONG_BACKUP_PARTS_MAX][GONG_BACKUP_PATH_SIZE];
    bool made[GONG_BACKUP_PARTS_MAX]; /* to be removed again */
    char *why;
    size_t why_size;
};

/* Where the desk stands in the copy. */
static enum gong_err
note_place(struct making *making, const char *file)
{
    struct gong_desk_place place;
    struct gong_desk_db *db;
    enum gong_err err =
        gong_desk_db_open(file, &db, making->why, making->why_size);

    if (err == GONG_OK) {
        err = gong_desk_db_place(db, &place);
        making->manifest->position = place.position;
        making->manifest->ordinal = place.ordinal;
        gong_desk_db_close(db);
    }
    return err;
}

static enum gong_err
add_database(struct making *making, const char *name)
{
    size_t i = making->manifest->count;
    char from[GONG_BACKUP_PATH_SIZE + 16];
    enum gong_err err;

    (void)snprintf(from, sizeof from, "%s/%s", making->backup->state_dir, name);
    if (access(from, F_OK) != 0) {
        return GONG_OK;
    }
    err = gong_backup_path(making->backup, name, making->files[i]);
    if (err == GONG_OK) {
        gong_backup_remove(making->files[i]);
        making->made[i] = true;
        making->manifest->count++;
        (void)snprintf(making->manifest->parts[i].name, GONG_BACKUP_NAME_SIZE,
                       "%s", name);
        err = gong_sqlite_copy(from, making->files[i], making->why,
                               making->why_size);
    }
    if (err == GONG_OK) {
        err =
            gong_sqlite_check(making->files[i], making->why, making->why_size);
    }
    if (err == GONG_OK && strcmp(name, GONG_BACKUP_DESK) == 0) {
        err = note_place(making, making->files[i]);
    }
    return err;
}

/* The rules and the city model in force. */
static void
add_rules(struct making *making)
{
    struct gong_backup *backup = making->backup;
    size_t i = making->manifest->count;
    char sha[GONG_BACKUP_RULE_SIZE] = "";

    if (backup->rules != NULL) {
        backup->rules(backup->rules_ctx, sha);
    }
    (void)snprintf(making->files[i], GONG_BACKUP_PATH_SIZE,
                   "%s/rules/%s.bundle", backup->state_dir, sha);
    if (sha[0] != '\0' && access(making->files[i], R_OK) == 0) {
        making->manifest->count++;
        (void)snprintf(making->manifest->parts[i].name, GONG_BACKUP_NAME_SIZE,
                       GONG_BACKUP_RULES "%s.bundle", sha);
    }
}

static enum gong_err
write_file(struct making *making, uint64_t *size)
{
    const char *files[GONG_BACKUP_PARTS_MAX] = {NULL};
    char fresh[GONG_BACKUP_PATH_SIZE], path[GONG_BACKUP_PATH_SIZE];
    struct stat status = {.st_size = 0};
    enum gong_err err = gong_backup_path(making->backup, "backup.new", fresh);

    for (size_t i = 0; i < making->manifest->count; i++) {
        files[i] = making->files[i];
    }
    if (err == GONG_OK) {
        err = gong_backup_path(making->backup, "backup", path);
    }
    if (err == GONG_OK) {
        (void)unlink(fresh);
        err = gong_backup_write(fresh, making->manifest, files, making->why,
                                making->why_size);
    }
    if (err == GONG_OK &&
        (rename(fresh, path) != 0 || stat(path, &status) != 0)) {
        err = gong_err_from_errno(errno);
    }
    if (err == GONG_OK) {
        *size = (uint64_t)status.st_size;
    }
    return err;
}

static enum gong_err
make(struct making *making, uint64_t *size)
{
    enum gong_err err = GONG_OK;

    if (making->backup->desk != NULL) {
        err = add_database(making, GONG_BACKUP_DESK);
    }
    if (err == GONG_OK) {
        err = add_database(making, GONG_BACKUP_USERS);
    }
    if (err == GONG_OK) {
        add_rules(making);
        err = write_file(making, size);
    }
    for (size_t i = 0; i < GONG_BACKUP_PARTS_MAX; i++) {
        if (making->made[i]) {
            gong_backup_remove(making->files[i]);
        }
    }
    return err;
}

enum gong_err
gong_backup_make(struct gong_backup *backup, int64_t now_ms,
                 struct gong_backup_manifest *out, uint64_t *size, char *why,
                 size_t why_size)
{
    struct making making = {
        .backup = backup, .manifest = out, .why = why, .why_size = why_size};
    enum gong_err err;

    why[0] = '\0';
    memset(out, 0, sizeof *out);
    (void)snprintf(out->version, sizeof out->version, "%s", GONG_VERSION);
    out->made_ms = now_ms;
    if (pthread_mutex_trylock(&backup->lock) != 0) {
        return GONG_ERR_AGAIN;
    }
    err = make(&making, size);
    (void)pthread_mutex_unlock(&backup->lock);
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "backup_failed", "reason=\"%s\" todo=\"%s\"",
                 why[0] == '\0' ? gong_err_text(err) : why, gong_err_todo(err));
    }
    return err;
}

/* --- its bytes, and those of another --- */

enum gong_err
gong_backup_get(struct gong_backup *backup, uint64_t offset, void *out,
                size_t *len)
{
    char path[GONG_BACKUP_PATH_SIZE];
    enum gong_err err = gong_backup_path(backup, "backup", path);
    ssize_t got;
    int fd;

    if (err != GONG_OK) {
        return err;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? GONG_ERR_NOT_FOUND
                               : gong_err_from_errno(errno);
    }
    got = offset > INT64_MAX ? 0 : pread(fd, out, *len, (off_t)offset);
    (void)close(fd);
    *len = got < 0 ? 0 : (size_t)got;
    return got < 0 ? GONG_ERR_IO : GONG_OK;
}

enum gong_err
gong_backup_given(const struct gong_backup *backup,
                  char out[GONG_BACKUP_PATH_SIZE])
{
    return gong_backup_path(backup, "restore", out);
}

static enum gong_err
append(int fd, uint64_t offset, const void *bytes, size_t len, char *why,
       size_t why_size)
{
    off_t end = offset == 0 ? 0 : lseek(fd, 0, SEEK_END);

    if (end < 0 || (uint64_t)end != offset) {
        (void)snprintf(why, why_size, "it goes on at byte %lld",
                       (long long)end);
        return GONG_ERR_INVALID;
    }
    return gong_fd_write_all(fd, bytes, len);
}

enum gong_err
gong_backup_put(struct gong_backup *backup, uint64_t offset, const void *bytes,
                size_t len, char *why, size_t why_size)
{
    char path[GONG_BACKUP_PATH_SIZE];
    enum gong_err err = gong_backup_given(backup, path);
    int fd;

    why[0] = '\0';
    if (err != GONG_OK) {
        return err;
    }
    if (pthread_mutex_trylock(&backup->lock) != 0) {
        return GONG_ERR_AGAIN;
    }
    fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0),
             0600);
    err = fd < 0 ? gong_err_from_errno(errno)
                 : append(fd, offset, bytes, len, why, why_size);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (err != GONG_OK && err != GONG_ERR_INVALID) {
        (void)unlink(path); /* a full disk is not kept full */
    }
    (void)pthread_mutex_unlock(&backup->lock);
    return err;
}
