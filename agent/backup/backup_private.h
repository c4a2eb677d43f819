/* backup_private: what the files of backup share. */
#ifndef GONG_AGENT_BACKUP_BACKUP_PRIVATE_H
#define GONG_AGENT_BACKUP_BACKUP_PRIVATE_H

#include "agent/backup/backup.h"

#define GONG_BACKUP_PATH_SIZE 4096

/* Names in STATE/backup. */
#define GONG_BACKUP_MADE  "backup"
#define GONG_BACKUP_GIVEN "restore"

/* STATE/backup/<name>, "" for the folder; it is made where it is missing. */
enum gong_err gong_backup_path(const struct gong_backup *backup,
                               const char *name,
                               char out[GONG_BACKUP_PATH_SIZE], char *why,
                               size_t why_size) GONG_MUST_CHECK;
/* Takes the lock; AGAIN: another has it, and why says who. */
enum gong_err gong_backup_begin(struct gong_backup *backup,
                                enum gong_backup_doing doing, char *why,
                                size_t why_size) GONG_MUST_CHECK;
void gong_backup_end(struct gong_backup *backup);
/* With what SQLite lays beside it. */
void gong_backup_remove(const char *path);
#endif
