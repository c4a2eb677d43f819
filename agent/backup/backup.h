/*
 * backup: what people made of the alerts, and who they are, in one file, and
 * back again, while everything runs.
 *
 *   STATE/desk.db  --.                                     .-> desk's thread
 *   STATE/users.db --+--> STATE/backup/backup   verify ----+-> users
 *   rules in force --'    (backup_file.h) <--> API         '-> STATE/rules/
 *
 * One backup and one file to be restored lie in STATE/backup; the next takes
 * the place of either. One thing is done at a time: who comes meanwhile gets
 * AGAIN, with why. A restore puts all of its databases in place, or none, over
 * a kill too; what it takes the place of is kept (exchange.h).
 */
#ifndef GONG_AGENT_BACKUP_BACKUP_H
#define GONG_AGENT_BACKUP_BACKUP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "agent/backup/backup_file.h"
#include "agent/backup/exchange.h"
#include "agent/desk/desk.h"
#include "agent/tell/outbox.h"
#include "agent/users/users.h"
#include "common/clock.h"

#define GONG_BACKUP_RULE_SIZE 65

enum gong_backup_doing {
    GONG_BACKUP_NOTHING,
    GONG_BACKUP_MAKING,
    GONG_BACKUP_SENDING, /* a file to be restored */
    GONG_BACKUP_RESTORING,
};

/* What others of this process that read desk.db are told. */
enum gong_backup_readers {
    GONG_READERS_HOLD,   /* they have it open no more, and wait */
    GONG_READERS_GO_ON,  /* after HOLD */
    GONG_READERS_REFUSE, /* after HOLD: the file is half another one, until the
                            next start: whoever asks is told so */
};

/* Transparent; everything is borrowed. */
struct gong_backup {
    const char *state_dir;
    struct gong_desk_thread *desk; /* NULL: there is none */
    struct gong_outbox *outbox;    /* the desk's; NULL: none */
    /* Names the rule set in force; "" where there is none. May be NULL. */
    void (*rules)(void *ctx, char out[GONG_BACKUP_RULE_SIZE]);
    void *rules_ctx;
    /* HOLD and what ends it on one thread. May be NULL. */
    void (*hold_readers)(void *ctx, enum gong_backup_readers what);
    void *readers;

    atomic_bool cancelled;
    atomic_int doing; /* enum gong_backup_doing: who has the lock */
    pthread_mutex_t lock;
    /* Under the lock. */
    bool sending;
    gong_mono_t sent; /* the last piece */
};

/* What became of a restore. */
struct gong_restored {
    struct gong_backup_manifest manifest;
    bool desk, users, rules; /* they were in it, and are back */
    char desk_aside[GONG_EXCHANGE_PATH_SIZE];
    char users_aside[GONG_EXCHANGE_PATH_SIZE];
};

void gong_backup_init(struct gong_backup *backup);
void gong_backup_fini(struct gong_backup *backup);
/* gong_backup_cancel: any thread: for good: whatever is done leaves off soon
 * with CLOSED, and changes nothing. */
void gong_backup_cancel(struct gong_backup *backup);
/* gong_backup_recover: at the start, before anybody opens a database: undoes a
 * restore that was broken off, and removes what it left; the newest backup
 * stays. */
enum gong_err gong_backup_recover(const char *state_dir, char *why,
                                  size_t why_size) GONG_MUST_CHECK;

/* gong_backup_make: a new backup; size: of its file. */
enum gong_err gong_backup_make(struct gong_backup *backup, int64_t now_ms,
                               struct gong_backup_manifest *out, uint64_t *size,
                               char *why, size_t why_size) GONG_MUST_CHECK;
/* gong_backup_get: at most len bytes of it; 0 at its end; id: of which backup,
 * for another one may be made between two pieces. NOT_FOUND. */
enum gong_err gong_backup_get(struct gong_backup *backup, uint64_t offset,
                              void *out, size_t *len,
                              char id[GONG_BACKUP_SHA_SIZE]) GONG_MUST_CHECK;

/* gong_backup_put: more of a file to be restored; offset 0 begins another one,
 * unless one is being sent: it was neither checked nor restored yet, and its
 * last piece came within 10 s. INVALID where it does not go on where the last
 * ended. */
enum gong_err gong_backup_put(struct gong_backup *backup, uint64_t offset,
                              const void *bytes, size_t len, char *why,
                              size_t why_size) GONG_MUST_CHECK;
/* gong_backup_check: what was put: whole, sound, and of a version that this
 * program reads. */
enum gong_err gong_backup_check(struct gong_backup *backup,
                                struct gong_backup_manifest *out, char *why,
                                size_t why_size) GONG_MUST_CHECK;
/* gong_backup_restore: checks, then puts it in the place of what there is.
 * users may be NULL. Where it fails nothing has changed. */
enum gong_err gong_backup_restore(struct gong_backup *backup,
                                  struct gong_users *users,
                                  struct gong_restored *out, char *why,
                                  size_t why_size) GONG_MUST_CHECK;

#endif
