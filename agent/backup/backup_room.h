/* backup_room: whether the disk has room for what is to be written there. */
#ifndef GONG_AGENT_BACKUP_BACKUP_ROOM_H
#define GONG_AGENT_BACKUP_BACKUP_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* gong_backup_room: NO_SPACE where folder's file system has less than need and
 * a little more; why says how much of each, in Vietnamese and English. One that
 * does not tell has room. */
enum gong_err gong_backup_room(const char *folder, uint64_t need, char *why,
                               size_t why_size) GONG_MUST_CHECK;
/* gong_backup_size: of a database with its log of changes; 0: it is not there.
 */
uint64_t gong_backup_size(const char *path);

#endif
