#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/backup/backup_private.h"
#include "agent/decide/rule_store.h"
#include "agent/desk/desk_db.h"
#include "agent/fd_bytes.h"
#include "common/log.h"

#define PAUSE_S 30 /* what is being sent has to be over */
#define NONE    SIZE_MAX

/* Parts of the given file, each a file of its own now. */
struct unpacked {
    struct gong_backup *backup;
    struct gong_backup_manifest manifest;
    char given[GONG_BACKUP_PATH_SIZE];
    char desk[GONG_BACKUP_PATH_SIZE];
    char users[GONG_BACKUP_PATH_SIZE];
    char *why;
    size_t why_size;
};

static size_t
find_part(const struct gong_backup_manifest *manifest, const char *prefix)
{
    for (size_t i = 0; i < manifest->count; i++) {
        if (strncmp(manifest->parts[i].name, prefix, strlen(prefix)) == 0) {
            return i;
        }
    }
    return NONE;
}

/* Opened as the agent would, on the copy: an older one is brought up to date,
 * a newer one is refused. */
static enum gong_err
open_desk(const char *path, char *why, size_t why_size)
{
    struct gong_desk_db *db;
    enum gong_err err = gong_desk_db_open(path, &db, why, why_size);

    if (err == GONG_OK) {
        gong_desk_db_close(db);
    }
    return err;
}

static enum gong_err
open_users(const char *path, char *why, size_t why_size)
{
    struct gong_users *users;
    enum gong_err err = gong_users_open(path, &users, why, why_size);

    if (err == GONG_OK) {
        gong_users_close(users);
    }
    return err;
}

static enum gong_err
unpack_one(struct unpacked *unpacked, const char *name, char *path,
           enum gong_err (*try_open)(const char *, char *, size_t))
{
    size_t part = find_part(&unpacked->manifest, name);
    char file[64];
    enum gong_err err;

    if (part == NONE) {
        return GONG_OK;
    }
    (void)snprintf(file, sizeof file, "restore-%s", name);
    err = gong_backup_path(unpacked->backup, file, path);
    if (err != GONG_OK) {
        return err;
    }
    gong_backup_remove(path);
    err = gong_backup_extract(unpacked->given, &unpacked->manifest, part, path,
                              unpacked->why, unpacked->why_size);
    if (err == GONG_OK) {
        err = gong_sqlite_check(path, unpacked->why, unpacked->why_size);
    }
    return err == GONG_OK ? try_open(path, unpacked->why, unpacked->why_size)
                          : err;
}

static enum gong_err
unpack(struct unpacked *unpacked)
{
    enum gong_err err = gong_backup_given(unpacked->backup, unpacked->given);

    if (err == GONG_OK && access(unpacked->given, F_OK) != 0) {
        (void)snprintf(unpacked->why, unpacked->why_size, "no file was sent");
        return GONG_ERR_NOT_FOUND;
    }
    if (err == GONG_OK) {
        err = gong_backup_verify(unpacked->given, &unpacked->manifest,
                                 unpacked->why, unpacked->why_size);
    }
    if (err == GONG_OK) {
        err = unpack_one(unpacked, GONG_BACKUP_DESK, unpacked->desk, open_desk);
    }
    if (err == GONG_OK) {
        err = unpack_one(unpacked, GONG_BACKUP_USERS, unpacked->users,
                         open_users);
    }
    return err;
}

static void
clean(const struct unpacked *unpacked)
{
    if (unpacked->desk[0] != '\0') {
        gong_backup_remove(unpacked->desk);
    }
    if (unpacked->users[0] != '\0') {
        gong_backup_remove(unpacked->users);
    }
}

static struct unpacked
begin(struct gong_backup *backup, char *why, size_t why_size)
{
    why[0] = '\0';
    return (struct unpacked){
        .backup = backup, .why = why, .why_size = why_size};
}

enum gong_err
gong_backup_check(struct gong_backup *backup, struct gong_backup_manifest *out,
                  char *why, size_t why_size)
{
    struct unpacked unpacked = begin(backup, why, why_size);
    enum gong_err err;

    if (pthread_mutex_trylock(&backup->lock) != 0) {
        return GONG_ERR_AGAIN;
    }
    err = unpack(&unpacked);
    *out = unpacked.manifest;
    clean(&unpacked);
    (void)pthread_mutex_unlock(&backup->lock);
    return err;
}

/* --- in the place of what there is --- */

static enum gong_err
put_desk(struct unpacked *unpacked, struct gong_restored *out)
{
    struct gong_backup *backup = unpacked->backup;
    enum gong_err err = GONG_OK;

    if (unpacked->desk[0] == '\0' || backup->desk == NULL) {
        return GONG_OK;
    }
    if (backup->outbox != NULL) {
        err = gong_outbox_pause(backup->outbox, gong_dur_s(PAUSE_S));
        if (err != GONG_OK) {
            (void)snprintf(unpacked->why, unpacked->why_size,
                           "messages are being sent; try again");
            return GONG_ERR_INVALID;
        }
    }
    err = gong_desk_replace(backup->desk, unpacked->desk, out->desk_aside,
                            unpacked->why, unpacked->why_size);
    out->desk = err == GONG_OK;
    if (backup->outbox != NULL) {
        gong_outbox_resume(backup->outbox);
    }
    return err;
}

/* The set is there again, for `rules rollback`; which one is in force is the
 * configuration's. A set that cannot be kept is no reason to fail. */
static bool
put_rules(const struct unpacked *unpacked)
{
    const struct gong_backup_manifest *manifest = &unpacked->manifest;
    size_t i = find_part(manifest, GONG_BACKUP_RULES);
    char path[GONG_BACKUP_PATH_SIZE], why[256];
    bool done = false;
    char *bytes;
    int fd;

    if (i == NONE || manifest->parts[i].size > GONG_RULE_BUNDLE_MAX ||
        gong_backup_path(unpacked->backup, "restore-rules", path) != GONG_OK) {
        return false;
    }
    gong_backup_remove(path);
    if (gong_backup_extract(unpacked->given, manifest, i, path, why,
                            sizeof why) != GONG_OK) {
        return false;
    }
    bytes = malloc(manifest->parts[i].size + 1);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (bytes != NULL && fd >= 0 &&
        gong_fd_read_all(fd, bytes, (size_t)manifest->parts[i].size)) {
        /* A set is named by the digest of its bytes. */
        done = gong_rule_store_put(
                   unpacked->backup->state_dir,
                   gong_str_from(bytes, (size_t)manifest->parts[i].size),
                   manifest->parts[i].sha256) == GONG_OK;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    free(bytes);
    gong_backup_remove(path);
    return done;
}

static enum gong_err
put_all(struct unpacked *unpacked, struct gong_users *users,
        struct gong_restored *out)
{
    enum gong_err err = unpack(unpacked);

    if (err == GONG_OK) {
        err = put_desk(unpacked, out);
    }
    if (err == GONG_OK && users != NULL && unpacked->users[0] != '\0') {
        err = gong_users_replace(users, unpacked->users, out->users_aside,
                                 unpacked->why, unpacked->why_size);
        out->users = err == GONG_OK;
    }
    if (err == GONG_OK) {
        out->rules = put_rules(unpacked);
        (void)unlink(unpacked->given);
    }
    return err;
}

enum gong_err
gong_backup_restore(struct gong_backup *backup, struct gong_users *users,
                    struct gong_restored *out, char *why, size_t why_size)
{
    struct unpacked unpacked = begin(backup, why, why_size);
    enum gong_err err;

    memset(out, 0, sizeof *out);
    if (pthread_mutex_trylock(&backup->lock) != 0) {
        return GONG_ERR_AGAIN;
    }
    err = put_all(&unpacked, users, out);
    clean(&unpacked);
    (void)pthread_mutex_unlock(&backup->lock);
    gong_log(err == GONG_OK ? GONG_LOG_WARNING : GONG_LOG_ERROR,
             err == GONG_OK ? "backup_restored" : "backup_not_restored",
             "desk=%d users=%d reason=\"%s\"", (int)out->desk, (int)out->users,
             err == GONG_OK   ? ""
             : why[0] == '\0' ? gong_err_text(err)
                              : why);
    return err;
}
