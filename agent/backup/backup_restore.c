#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/backup/backup_private.h"
#include "agent/backup/backup_room.h"
#include "agent/decide/rule_store.h"
#include "agent/desk/desk_db.h"
#include "agent/fd_bytes.h"
#include "common/log.h"

#define PAUSE_S 30 /* what is being sent has to be over */
#define NONE    SIZE_MAX

/* Parts of the given file, each a file of its own now. */
struct unpacked {
    struct gong_backup *backup;
    struct gong_users *users_of; /* the agent's; NULL: none */
    struct gong_backup_manifest manifest;
    char given[GONG_BACKUP_PATH_SIZE];
    char desk[GONG_BACKUP_PATH_SIZE];
    char users[GONG_BACKUP_PATH_SIZE];
    struct gong_file_job job;
    struct gong_exchange exchange;
    bool put; /* to be undone where it is not kept */
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
    enum gong_err err = gong_desk_db_open_sound(path, &db, why, why_size);

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
    const struct gong_file_job *job = &unpacked->job;
    size_t part = find_part(&unpacked->manifest, name);
    char file[64];
    enum gong_err err;

    if (part == NONE) {
        return GONG_OK;
    }
    (void)snprintf(file, sizeof file, "restore-%s", name);
    err =
        gong_backup_path(unpacked->backup, file, path, job->why, job->why_size);
    if (err != GONG_OK) {
        return err;
    }
    gong_backup_remove(path);
    err = gong_backup_extract(unpacked->given, &unpacked->manifest, part, path,
                              job);
    if (err == GONG_OK) {
        err = gong_sqlite_check(path, job);
    }
    if (err == GONG_OK) {
        err = try_open(path, job->why, job->why_size);
    }
    return err == GONG_OK ? gong_file_job_goes_on(job) : err;
}

static enum gong_err
look_for_room(const struct unpacked *unpacked)
{
    const struct gong_file_job *job = &unpacked->job;
    char folder[GONG_BACKUP_PATH_SIZE];
    uint64_t size = 0;
    enum gong_err err =
        gong_backup_path(unpacked->backup, "", folder, job->why, job->why_size);

    for (size_t i = 0; i < unpacked->manifest.count; i++) {
        size += unpacked->manifest.parts[i].size;
    }
    return err == GONG_OK
               ? gong_backup_room(folder, size, job->why, job->why_size)
               : err;
}

static enum gong_err
unpack(struct unpacked *unpacked)
{
    const struct gong_file_job *job = &unpacked->job;
    enum gong_err err =
        gong_backup_path(unpacked->backup, GONG_BACKUP_GIVEN, unpacked->given,
                         job->why, job->why_size);

    if (err == GONG_OK && access(unpacked->given, F_OK) != 0) {
        (void)snprintf(job->why, job->why_size, "no file was sent");
        return GONG_ERR_NOT_FOUND;
    }
    if (err == GONG_OK) {
        err = gong_backup_verify(unpacked->given, &unpacked->manifest, job);
    }
    if (err == GONG_OK) {
        err = look_for_room(unpacked);
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
begin(struct gong_backup *backup, struct gong_users *users, char *why,
      size_t why_size)
{
    return (struct unpacked){
        .backup = backup,
        .users_of = users,
        .job = {&backup->cancelled, why, why_size},
        .exchange = {.dir = backup->state_dir},
    };
}

enum gong_err
gong_backup_check(struct gong_backup *backup, struct gong_backup_manifest *out,
                  char *why, size_t why_size)
{
    struct unpacked unpacked = begin(backup, NULL, why, why_size);
    enum gong_err err =
        gong_backup_begin(backup, GONG_BACKUP_RESTORING, why, why_size);

    memset(out, 0, sizeof *out);
    if (err != GONG_OK) {
        return err;
    }
    backup->sending = false;
    err = unpack(&unpacked);
    *out = unpacked.manifest;
    clean(&unpacked);
    gong_backup_end(backup);
    return err;
}

/* --- in the place of what there is --- */

static bool
has_desk(const struct unpacked *unpacked)
{
    return unpacked->desk[0] != '\0' && unpacked->backup->desk != NULL;
}

static bool
has_users(const struct unpacked *unpacked)
{
    return unpacked->users[0] != '\0' && unpacked->users_of != NULL;
}

/* One that cannot be written back is kept as it is, with its log: that may be
 * why another takes its place. */
static enum gong_err
settle(const struct unpacked *unpacked, const char *name)
{
    char path[GONG_BACKUP_PATH_SIZE];
    enum gong_err err;

    (void)snprintf(path, sizeof path, "%s/%s", unpacked->backup->state_dir,
                   name);
    if (access(path, F_OK) != 0) {
        return GONG_OK;
    }
    err = gong_sqlite_settle(path, unpacked->job.why, unpacked->job.why_size);
    if (err == GONG_ERR_AGAIN) {
        (void)snprintf(unpacked->job.why, unpacked->job.why_size,
                       "%s: another program has it open", path);
        return err;
    }
    if (err != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "restore_kept_log", "file=%s reason=\"%s\"",
                 path, unpacked->job.why);
        unpacked->job.why[0] = '\0';
    }
    return GONG_OK;
}

/* Nobody has any of them open. */
static enum gong_err
put(void *ctx, char *why, size_t why_size)
{
    struct unpacked *unpacked = ctx;
    bool whole = true;
    enum gong_err err = GONG_OK;

    if (has_desk(unpacked)) {
        err = settle(unpacked, GONG_BACKUP_DESK);
        gong_exchange_add(&unpacked->exchange, GONG_BACKUP_DESK,
                          unpacked->desk);
    }
    if (has_users(unpacked) && err == GONG_OK) {
        err = settle(unpacked, GONG_BACKUP_USERS);
        gong_exchange_add(&unpacked->exchange, GONG_BACKUP_USERS,
                          unpacked->users);
    }
    if (err == GONG_OK) {
        err = gong_exchange_do(&unpacked->exchange, &whole, why, why_size);
        unpacked->put = err == GONG_OK || !whole;
    }
    if (err == GONG_OK && has_users(unpacked)) {
        err = gong_users_look(unpacked->users_of, why, why_size);
    }
    return err;
}

static enum gong_err
keep(void *ctx, char *why, size_t why_size)
{
    struct unpacked *unpacked = ctx;
    enum gong_err err = gong_exchange_keep(&unpacked->exchange, why, why_size);

    unpacked->put = err != GONG_OK;
    return err;
}

static enum gong_err
undo(void *ctx, char *why, size_t why_size)
{
    struct unpacked *unpacked = ctx;
    enum gong_err err = GONG_OK;

    if (has_users(unpacked)) {
        gong_users_shut(unpacked->users_of);
    }
    if (unpacked->put) {
        err = gong_exchange_undo(&unpacked->exchange, why, why_size);
        unpacked->put = err != GONG_OK;
    }
    return err;
}

/* Where there is no desk, or none in the backup. */
static enum gong_err
replace_without_desk(struct unpacked *unpacked)
{
    const struct gong_file_job *job = &unpacked->job;
    char reason[512] = "";
    enum gong_err err = put(unpacked, job->why, job->why_size);

    if (err == GONG_OK) {
        err = keep(unpacked, job->why, job->why_size);
    }
    if (err != GONG_OK && undo(unpacked, reason, sizeof reason) != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "restore_not_undone",
                 "reason=\"%s\" effect=\"nobody can log in\" todo=\"see that "
                 "the disk can be written, then start the agent again: it "
                 "undoes it\"",
                 reason);
    }
    return err;
}

static enum gong_err
replace(struct unpacked *unpacked)
{
    const struct gong_file_job *job = &unpacked->job;
    const struct gong_desk_swap swap = {unpacked, put, keep, undo};
    enum gong_err err = GONG_OK;

    if (has_users(unpacked)) {
        err = gong_users_prepare(unpacked->users, job->why, job->why_size);
        if (err != GONG_OK) {
            return err;
        }
        gong_users_hold(unpacked->users_of);
    }
    if (has_desk(unpacked)) {
        err = gong_desk_replace(unpacked->backup->desk, unpacked->desk, &swap,
                                job->why, job->why_size);
    } else if (has_users(unpacked)) {
        err = replace_without_desk(unpacked);
    }
    if (has_users(unpacked)) { /* nothing of what could not be undone */
        gong_users_release(unpacked->users_of, !unpacked->put);
    }
    return err;
}

/* Nothing is sent, and nobody reads. */
static enum gong_err
replace_quietly(struct unpacked *unpacked)
{
    struct gong_backup *backup = unpacked->backup;
    const struct gong_file_job *job = &unpacked->job;
    enum gong_err err = GONG_OK;
    bool halved;

    if (backup->outbox != NULL) {
        err = gong_outbox_pause(backup->outbox, gong_dur_s(PAUSE_S),
                                job->cancelled);
    }
    if (err != GONG_OK) {
        (void)snprintf(job->why, job->why_size,
                       err == GONG_ERR_CLOSED
                           ? "the agent is stopping"
                           : "đang gửi tin, hãy thử lại | messages are being "
                             "sent, try again");
        return err;
    }
    if (backup->hold_readers != NULL) {
        backup->hold_readers(backup->readers, GONG_READERS_HOLD);
    }
    err = replace(unpacked);
    /* Nothing is read or sent from what could not be undone. */
    halved = unpacked->put && has_desk(unpacked);
    if (backup->hold_readers != NULL) {
        backup->hold_readers(backup->readers,
                             halved ? GONG_READERS_REFUSE : GONG_READERS_GO_ON);
    }
    if (backup->outbox != NULL && !halved) {
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
    const struct gong_file_job job = {NULL, why, sizeof why};
    bool done = false;
    char *bytes;
    int fd;

    if (i == NONE || manifest->parts[i].size > GONG_RULE_BUNDLE_MAX ||
        gong_backup_path(unpacked->backup, "restore-rules", path, why,
                         sizeof why) != GONG_OK) {
        return false;
    }
    gong_backup_remove(path);
    if (gong_backup_extract(unpacked->given, manifest, i, path, &job) !=
        GONG_OK) {
        gong_log(GONG_LOG_WARNING, "rules_not_restored", "reason=\"%s\"", why);
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

static void
name_aside(const struct unpacked *unpacked, const char *name,
           char out[GONG_EXCHANGE_PATH_SIZE])
{
    for (size_t i = 0; i < unpacked->exchange.count; i++) {
        const struct gong_exchange_file *file = &unpacked->exchange.files[i];

        if (strcmp(file->name, name) == 0 && file->aside[0] != '\0') {
            (void)snprintf(out, GONG_EXCHANGE_PATH_SIZE, "%s/%s",
                           unpacked->backup->state_dir, file->aside);
        }
    }
}

static enum gong_err
put_all(struct unpacked *unpacked, struct gong_restored *out)
{
    enum gong_err err = unpack(unpacked);

    out->manifest = unpacked->manifest;
    if (err == GONG_OK) {
        err = gong_file_job_goes_on(&unpacked->job);
    }
    if (err == GONG_OK) {
        err = replace_quietly(unpacked);
    }
    if (err == GONG_OK) {
        out->desk = has_desk(unpacked);
        out->users = has_users(unpacked);
        name_aside(unpacked, GONG_BACKUP_DESK, out->desk_aside);
        name_aside(unpacked, GONG_BACKUP_USERS, out->users_aside);
        out->rules = put_rules(unpacked);
        (void)unlink(unpacked->given);
    }
    return err;
}

enum gong_err
gong_backup_restore(struct gong_backup *backup, struct gong_users *users,
                    struct gong_restored *out, char *why, size_t why_size)
{
    struct unpacked unpacked = begin(backup, users, why, why_size);
    enum gong_err err =
        gong_backup_begin(backup, GONG_BACKUP_RESTORING, why, why_size);

    memset(out, 0, sizeof *out);
    if (err != GONG_OK) {
        return err;
    }
    backup->sending = false;
    err = put_all(&unpacked, out);
    clean(&unpacked);
    gong_backup_end(backup);
    gong_log(err == GONG_OK ? GONG_LOG_WARNING : GONG_LOG_ERROR,
             err == GONG_OK ? "backup_restored" : "backup_not_restored",
             "desk=%d users=%d before=%s reason=\"%s\"", (int)out->desk,
             (int)out->users, out->desk_aside,
             err == GONG_OK   ? ""
             : why[0] == '\0' ? gong_err_text(err)
                              : why);
    return err;
}
