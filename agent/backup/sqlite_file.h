/*
 * sqlite_file: whole files of SQLite: copied while others write, checked, and
 * made to hold all that is theirs.
 */
#ifndef GONG_AGENT_BACKUP_SQLITE_FILE_H
#define GONG_AGENT_BACKUP_SQLITE_FILE_H

#include <stdatomic.h>
#include <stddef.h>

#include "common/err.h"

/* What long work on files is given: when to leave off, and where to say what
 * is wrong. All borrowed. */
struct gong_file_job {
    const atomic_bool *cancelled; /* looked at between steps; may be NULL */
    char *why;
    size_t why_size;
};

/* gong_file_job_goes_on: CLOSED with why once it was cancelled. */
enum gong_err
gong_file_job_goes_on(const struct gong_file_job *job) GONG_MUST_CHECK;

/* gong_sqlite_copy: one state of the file at from, whatever is written
 * meanwhile, into a new file. In small steps; writers wait for none of them. */
enum gong_err gong_sqlite_copy(const char *from, const char *to,
                               const struct gong_file_job *job) GONG_MUST_CHECK;

/* gong_sqlite_check: CORRUPT where its pages do not hang together. Changes
 * nothing. */
enum gong_err
gong_sqlite_check(const char *path,
                  const struct gong_file_job *job) GONG_MUST_CHECK;

/* gong_sqlite_settle: writes back what lies in the log of changes: the file
 * alone is the database then, and synced, and nobody has it open. AGAIN: some
 * other program has. After a failure file and log together are as whole as they
 * were. */
enum gong_err gong_sqlite_settle(const char *path, char *why,
                                 size_t why_size) GONG_MUST_CHECK;

#endif
