/* backup_private: what the files of backup share. */
#ifndef GONG_AGENT_BACKUP_BACKUP_PRIVATE_H
#define GONG_AGENT_BACKUP_BACKUP_PRIVATE_H

#include "agent/backup/backup.h"

#define GONG_BACKUP_PATH_SIZE 4096

/* STATE/backup/<name>; the folder is made where it is missing. */
enum gong_err gong_backup_path(const struct gong_backup *backup,
                               const char *name,
                               char out[GONG_BACKUP_PATH_SIZE]) GONG_MUST_CHECK;
/* With what SQLite lays beside it. */
void gong_backup_remove(const char *path);
/* The backup to be restored. */
enum gong_err
gong_backup_given(const struct gong_backup *backup,
                  char out[GONG_BACKUP_PATH_SIZE]) GONG_MUST_CHECK;

#endif
