#include "agent/backup/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/backup/backup_private.h"
#include "agent/backup/backup_room.h"
#include "agent/desk/desk_db.h"
#include "agent/fd_bytes.h"
#include "common/log.h"

#define SENDING_S 10 /* how long the next piece may take */

void
gong_backup_init(struct gong_backup *backup)
{
    (void)pthread_mutex_init(&backup->lock, NULL);
    atomic_init(&backup->cancelled, false);
    atomic_init(&backup->doing, GONG_BACKUP_NOTHING);
    backup->sending = false;
}

void
gong_backup_fini(struct gong_backup *backup)
{
    (void)pthread_mutex_destroy(&backup->lock);
}

void
gong_backup_cancel(struct gong_backup *backup)
{
    atomic_store(&backup->cancelled, true);
}

static const char *
busy_text(enum gong_backup_doing doing)
{
    switch (doing) {
    case GONG_BACKUP_MAKING:
        return "đang sao lưu | a backup is being made";
    case GONG_BACKUP_SENDING:
    case GONG_BACKUP_RESTORING:
        return "đang có một lần khôi phục khác | another restore is running";
    case GONG_BACKUP_NOTHING:
        break;
    }
    return "hãy thử lại | try again";
}

enum gong_err
gong_backup_begin(struct gong_backup *backup, enum gong_backup_doing doing,
                  char *why, size_t why_size)
{
    why[0] = '\0';
    if (pthread_mutex_trylock(&backup->lock) != 0) {
        (void)snprintf(
            why, why_size, "%s",
            busy_text((enum gong_backup_doing)atomic_load(&backup->doing)));
        return GONG_ERR_AGAIN;
    }
    if (gong_exchange_pending(backup->state_dir)) {
        (void)pthread_mutex_unlock(&backup->lock);
        (void)snprintf(why, why_size,
                       "%s/restoring: a restore could not be undone; the next "
                       "start of the agent does it",
                       backup->state_dir);
        return GONG_ERR_IO;
    }
    atomic_store(&backup->doing, (int)doing);
    return GONG_OK;
}

void
gong_backup_end(struct gong_backup *backup)
{
    atomic_store(&backup->doing, GONG_BACKUP_NOTHING);
    (void)pthread_mutex_unlock(&backup->lock);
}

static enum gong_err
fail_errno(const char *path, char *why, size_t why_size)
{
    int error = errno;

    (void)snprintf(why, why_size, "%s: %s", path, strerror(error));
    return gong_err_from_errno(error);
}

enum gong_err
gong_backup_path(const struct gong_backup *backup, const char *name,
                 char out[GONG_BACKUP_PATH_SIZE], char *why, size_t why_size)
{
    int len =
        snprintf(out, GONG_BACKUP_PATH_SIZE, "%s/backup", backup->state_dir);

    if (len < 0 || (size_t)len + strlen(name) + 2 > GONG_BACKUP_PATH_SIZE) {
        (void)snprintf(why, why_size, "%s: the path is too long",
                       backup->state_dir);
        return GONG_ERR_TOO_LARGE;
    }
    if (mkdir(out, 0700) != 0 && errno != EEXIST) {
        return fail_errno(out, why, why_size);
    }
    (void)snprintf(out + len, GONG_BACKUP_PATH_SIZE - (size_t)len, "%s%s",
                   name[0] == '\0' ? "" : "/", name);
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
    struct gong_file_job job;
};

static void
state_path(const struct gong_backup *backup, const char *name,
           char out[GONG_BACKUP_PATH_SIZE])
{
    (void)snprintf(out, GONG_BACKUP_PATH_SIZE, "%s/%s", backup->state_dir,
                   name);
}

/* Where the desk stands in the copy. */
static enum gong_err
note_place(struct making *making, const char *file)
{
    struct gong_desk_place place;
    enum gong_err err =
        gong_desk_db_look(file, &place, making->job.why, making->job.why_size);

    if (err == GONG_OK) {
        making->manifest->position = place.position;
        making->manifest->ordinal = place.ordinal;
    }
    return err;
}

static enum gong_err
add_database(struct making *making, const char *name)
{
    size_t i = making->manifest->count;
    char from[GONG_BACKUP_PATH_SIZE];
    enum gong_err err;

    state_path(making->backup, name, from);
    if (access(from, F_OK) != 0) {
        return GONG_OK;
    }
    err = gong_backup_path(making->backup, name, making->files[i],
                           making->job.why, making->job.why_size);
    if (err == GONG_OK) {
        gong_backup_remove(making->files[i]);
        making->made[i] = true;
        making->manifest->count++;
        (void)snprintf(making->manifest->parts[i].name, GONG_BACKUP_NAME_SIZE,
                       "%s", name);
        err = gong_sqlite_copy(from, making->files[i], &making->job);
    }
    if (err == GONG_OK) {
        err = gong_sqlite_check(making->files[i], &making->job);
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
    const struct gong_file_job *job = &making->job;
    const char *files[GONG_BACKUP_PARTS_MAX] = {NULL};
    char fresh[GONG_BACKUP_PATH_SIZE], path[GONG_BACKUP_PATH_SIZE];
    struct stat status = {.st_size = 0};
    enum gong_err err = gong_backup_path(making->backup, "backup.new", fresh,
                                         job->why, job->why_size);

    for (size_t i = 0; i < making->manifest->count; i++) {
        files[i] = making->files[i];
    }
    if (err == GONG_OK) {
        err = gong_backup_path(making->backup, GONG_BACKUP_MADE, path, job->why,
                               job->why_size);
    }
    if (err == GONG_OK) {
        (void)unlink(fresh);
        err = gong_backup_write(fresh, making->manifest, files, job);
    }
    if (err == GONG_OK &&
        (stat(fresh, &status) != 0 || rename(fresh, path) != 0)) {
        err = fail_errno(path, job->why, job->why_size);
        (void)unlink(fresh);
    }
    if (err == GONG_OK) {
        *size = (uint64_t)status.st_size;
    }
    return err;
}

/* Each database twice: its copy, and the file of all of them. */
static enum gong_err
look_for_room(struct making *making)
{
    static const char *const names[] = {GONG_BACKUP_DESK, GONG_BACKUP_USERS};
    char path[GONG_BACKUP_PATH_SIZE];
    uint64_t size = 0;
    enum gong_err err;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        state_path(making->backup, names[i], path);
        size += gong_backup_size(path);
    }
    err = gong_backup_path(making->backup, "", path, making->job.why,
                           making->job.why_size);
    return err == GONG_OK ? gong_backup_room(path, 2 * size, making->job.why,
                                             making->job.why_size)
                          : err;
}

static enum gong_err
make(struct making *making, uint64_t *size)
{
    enum gong_err err = look_for_room(making);

    if (err == GONG_OK && making->backup->desk != NULL) {
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
    struct making making = {.backup = backup,
                            .manifest = out,
                            .job = {&backup->cancelled, why, why_size}};
    enum gong_err err =
        gong_backup_begin(backup, GONG_BACKUP_MAKING, why, why_size);

    memset(out, 0, sizeof *out);
    (void)snprintf(out->version, sizeof out->version, "%s", GONG_VERSION);
    out->made_ms = now_ms;
    if (err != GONG_OK) {
        return err;
    }
    err = make(&making, size);
    gong_backup_end(backup);
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "backup_failed", "reason=\"%s\" todo=\"%s\"",
                 why[0] == '\0' ? gong_err_text(err) : why, gong_err_todo(err));
    }
    return err;
}

/* --- its bytes, and those of another --- */

enum gong_err
gong_backup_get(struct gong_backup *backup, uint64_t offset, void *out,
                size_t *len, char id[GONG_BACKUP_SHA_SIZE])
{
    char path[GONG_BACKUP_PATH_SIZE], why[256];
    enum gong_err err =
        gong_backup_path(backup, GONG_BACKUP_MADE, path, why, sizeof why);
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
    err = gong_backup_id(fd, id);
    got = offset > INT64_MAX ? 0 : pread(fd, out, *len, (off_t)offset);
    (void)close(fd);
    *len = got < 0 ? 0 : (size_t)got;
    return err == GONG_OK && got < 0 ? GONG_ERR_IO : err;
}

/* Nothing of it is kept where the disk is full. */
static enum gong_err
append(const char *path, uint64_t offset, const void *bytes, size_t len,
       const struct gong_file_job *job)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0),
             0600);
    off_t end = fd < 0 || offset == 0 ? 0 : lseek(fd, 0, SEEK_END);
    enum gong_err err = GONG_OK;

    if (fd < 0 || end < 0) {
        err = fail_errno(path, job->why, job->why_size);
    } else if ((uint64_t)end != offset) {
        (void)snprintf(job->why, job->why_size, "it goes on at byte %lld",
                       (long long)end);
        err = GONG_ERR_INVALID;
    } else {
        err = gong_fd_write_all(fd, bytes, len);
        if (err != GONG_OK) {
            (void)snprintf(job->why, job->why_size, "%s: %s", path,
                           gong_err_text(err));
            (void)unlink(path);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

/* Whether nobody else sends one: who left off is waited for no longer than
 * this. Under the lock. */
static enum gong_err
may_send(const struct gong_backup *backup, uint64_t offset, char *why,
         size_t why_size)
{
    gong_dur_t since = gong_mono_since(gong_mono_now(), backup->sent);

    if (offset > 0 || !backup->sending ||
        since.ns >= gong_dur_s(SENDING_S).ns) {
        return GONG_OK;
    }
    (void)snprintf(why, why_size, "%s", busy_text(GONG_BACKUP_SENDING));
    return GONG_ERR_AGAIN;
}

enum gong_err
gong_backup_put(struct gong_backup *backup, uint64_t offset, const void *bytes,
                size_t len, char *why, size_t why_size)
{
    const struct gong_file_job job = {&backup->cancelled, why, why_size};
    char path[GONG_BACKUP_PATH_SIZE];
    enum gong_err err =
        gong_backup_begin(backup, GONG_BACKUP_SENDING, why, why_size);

    if (err != GONG_OK) {
        return err;
    }
    err = may_send(backup, offset, why, why_size);
    if (err == GONG_OK) {
        err = gong_backup_path(backup, GONG_BACKUP_GIVEN, path, why, why_size);
    }
    if (err == GONG_OK) {
        err = append(path, offset, bytes, len, &job);
        if (err != GONG_ERR_INVALID) {
            backup->sending = err == GONG_OK;
            backup->sent = gong_mono_now();
        }
    }
    gong_backup_end(backup);
    return err;
}

/* --- after a crash --- */

static size_t
remove_leftovers(const char *folder)
{
    DIR *dir = opendir(folder);
    char path[GONG_BACKUP_PATH_SIZE];
    struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, GONG_BACKUP_MADE) != 0 &&
            entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) <
                (int)sizeof path &&
            unlink(path) == 0) {
            count++;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return count;
}

enum gong_err
gong_backup_recover(const char *state_dir, char *why, size_t why_size)
{
    char folder[GONG_BACKUP_PATH_SIZE];
    enum gong_err err = gong_exchange_mend(state_dir, why, why_size);
    size_t count;

    if (err != GONG_OK) {
        return err;
    }
    (void)snprintf(folder, sizeof folder, "%s/backup", state_dir);
    count = remove_leftovers(folder);
    if (count > 0) {
        gong_log(GONG_LOG_INFO, "backup_leftovers_removed",
                 "folder=%s files=%zu", folder, count);
    }
    return GONG_OK;
}
