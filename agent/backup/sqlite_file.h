/*
 * sqlite_file: whole files of SQLite: copied while others write, checked, and
 * put in the place of another.
 */
#ifndef GONG_AGENT_BACKUP_SQLITE_FILE_H
#define GONG_AGENT_BACKUP_SQLITE_FILE_H

#include <stddef.h>

#include "common/err.h"

#define GONG_SQLITE_PATH_SIZE 4200

/* gong_sqlite_copy: one state of the file at from, whatever is written
 * meanwhile, into a new file. In small steps; writers wait for none of them. */
enum gong_err gong_sqlite_copy(const char *from, const char *to, char *why,
                               size_t why_size) GONG_MUST_CHECK;

/* gong_sqlite_check: CORRUPT where its pages do not hang together. */
enum gong_err gong_sqlite_check(const char *path, char *why,
                                size_t why_size) GONG_MUST_CHECK;

/*
 * gong_sqlite_swap: puts the file `with`, which nobody has open, in the place
 * of path, to which nobody may write meanwhile. What was there is kept as
 * path.before-restore-<n>, named in aside; "" if there was nothing. A crash in
 * between leaves one or the other. After a failure all is as before.
 */
enum gong_err gong_sqlite_swap(const char *path, const char *with,
                               char aside[GONG_SQLITE_PATH_SIZE], char *why,
                               size_t why_size) GONG_MUST_CHECK;
/* gong_sqlite_swap_back: undoes it: `with` is taken out again. */
enum gong_err gong_sqlite_swap_back(const char *path, const char *with,
                                    const char *aside) GONG_MUST_CHECK;

#endif
