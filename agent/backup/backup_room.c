#include "agent/backup/backup_room.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MORE      (UINT64_C(1) << 20) /* what databases write on their way */
#define PATH_SIZE 4200

static uint64_t
mebibytes(uint64_t bytes)
{
    return (bytes >> 20) + ((bytes & 0xfffff) != 0);
}

enum gong_err
gong_backup_room(const char *folder, uint64_t need, char *why, size_t why_size)
{
    struct statvfs about;
    uint64_t there;

    if (statvfs(folder, &about) != 0) {
        return GONG_OK;
    }
    there = about.f_frsize != 0 && about.f_bavail > UINT64_MAX / about.f_frsize
                ? UINT64_MAX
                : (uint64_t)about.f_bavail * about.f_frsize;
    need = need > UINT64_MAX - need / 8 - MORE ? UINT64_MAX
                                               : need + need / 8 + MORE;
    if (there >= need) {
        return GONG_OK;
    }
    (void)snprintf(why, why_size,
                   "%s: cần %" PRIu64 " MiB, còn %" PRIu64 " MiB | %" PRIu64
                   " MiB are needed, %" PRIu64 " MiB are free",
                   folder, mebibytes(need), there >> 20, mebibytes(need),
                   there >> 20);
    return GONG_ERR_NO_SPACE;
}

uint64_t
gong_backup_size(const char *path)
{
    char log[PATH_SIZE];
    struct stat status;
    uint64_t size = 0;

    if (stat(path, &status) != 0) {
        return 0;
    }
    size = (uint64_t)status.st_size;
    (void)snprintf(log, sizeof log, "%s-wal", path);
    return stat(log, &status) == 0 ? size + (uint64_t)status.st_size : size;
}
