/*
 * exchange: files of SQLite put in the place of others in one folder: all of
 * them or none, over a kill or a power cut at any moment.
 *
 *   do     name ------ a second name: name.before-restore-<n>, its log too
 *          "restoring" names both, synced
 *          with ------ renamed to name, one file after the other
 *   keep   "restoring" goes: from here on the new ones are in force
 *   undo   the second names become the first ones again, "restoring" goes
 *
 * Each name stands for the old or for the new file, whole, at any instant;
 * what was broken off is undone by the next start, before anybody opens them.
 */
#ifndef GONG_AGENT_BACKUP_EXCHANGE_H
#define GONG_AGENT_BACKUP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define GONG_EXCHANGE_MAX       2
#define GONG_EXCHANGE_NAME_SIZE 64
#define GONG_EXCHANGE_PATH_SIZE 4200

struct gong_exchange_file {
    char name[GONG_EXCHANGE_NAME_SIZE];
    char aside[GONG_EXCHANGE_NAME_SIZE]; /* "" where there was none */
    const char *with;                    /* path of the new one; borrowed */
};

/* Transparent; dir is borrowed. */
struct gong_exchange {
    const char *dir;
    size_t count;
    struct gong_exchange_file files[GONG_EXCHANGE_MAX];
};

/* gong_exchange_add: with has to be settled (sqlite_file.h), on the same file
 * system, and open nowhere. */
void gong_exchange_add(struct gong_exchange *exchange, const char *name,
                       const char *with);
/* gong_exchange_do: nobody has any of them open. After a failure all is as
 * before; false in *whole: not even that could be done, and the next start
 * does it: nothing may be opened before. */
enum gong_err gong_exchange_do(struct gong_exchange *exchange, bool *whole,
                               char *why, size_t why_size) GONG_MUST_CHECK;
/* gong_exchange_keep, gong_exchange_undo: after do, one of them; undo also
 * after a keep that failed. The new files may have been opened, and have to be
 * closed for undo. */
enum gong_err gong_exchange_keep(const struct gong_exchange *exchange,
                                 char *why, size_t why_size) GONG_MUST_CHECK;
enum gong_err gong_exchange_undo(const struct gong_exchange *exchange,
                                 char *why, size_t why_size) GONG_MUST_CHECK;
/* gong_exchange_pending: one was neither kept nor undone. */
bool gong_exchange_pending(const char *dir);
/* gong_exchange_mend: undoes what was broken off in dir, and drops second names
 * of files in use. */
enum gong_err gong_exchange_mend(const char *dir, char *why,
                                 size_t why_size) GONG_MUST_CHECK;

#endif
