/*
 * backup_file: what a backup lies in: one file.
 *
 *   "gong-backup 1 " SHA-256 of the next line, hex "\n"
 *   the manifest, JSON on one line "\n"
 *   the bytes of its parts, one behind the other
 *
 * The manifest names program, time, the desk's position in the journal, and of
 * each part its name, size and SHA-256. `tail -n +3` gives the parts.
 */
#ifndef GONG_AGENT_BACKUP_BACKUP_FILE_H
#define GONG_AGENT_BACKUP_BACKUP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/backup/sqlite_file.h"
#include "common/err.h"

#define GONG_BACKUP_PARTS_MAX 3
#define GONG_BACKUP_NAME_SIZE 96
#define GONG_BACKUP_SHA_SIZE  65

#define GONG_BACKUP_DESK  "desk.db"
#define GONG_BACKUP_USERS "users.db"
#define GONG_BACKUP_RULES "rules/" /* and <sha>.bundle */

struct gong_backup_part {
    char name[GONG_BACKUP_NAME_SIZE];
    uint64_t size;
    char sha256[GONG_BACKUP_SHA_SIZE];
};

struct gong_backup_manifest {
    char id[GONG_BACKUP_SHA_SIZE]; /* of its line: no two backups share it */
    char version[32];              /* of the program that wrote it */
    int64_t made_ms;
    uint64_t position; /* in the journal: the last effect that the desk took */
    uint32_t ordinal;
    size_t count;
    struct gong_backup_part parts[GONG_BACKUP_PARTS_MAX];
};

/* gong_backup_write: a new file at path, synced, of the files that are the
 * manifest's parts; fills in their sizes and digests. Nothing is left of what
 * fails. CORRUPT where a part is empty, or there is none. */
enum gong_err
gong_backup_write(const char *path, struct gong_backup_manifest *manifest,
                  const char *const *files,
                  const struct gong_file_job *job) GONG_MUST_CHECK;
/* gong_backup_id: what an open backup's first line says it is. CORRUPT. */
enum gong_err gong_backup_id(int fd,
                             char out[GONG_BACKUP_SHA_SIZE]) GONG_MUST_CHECK;
/* gong_backup_verify: reads all of it. CORRUPT, UNSUPPORTED with why. */
enum gong_err
gong_backup_verify(const char *path, struct gong_backup_manifest *out,
                   const struct gong_file_job *job) GONG_MUST_CHECK;
/* gong_backup_extract: a part of a verified file into a new one, mode 0600. */
enum gong_err gong_backup_extract(
    const char *path, const struct gong_backup_manifest *manifest, size_t part,
    const char *to, const struct gong_file_job *job) GONG_MUST_CHECK;

#endif
