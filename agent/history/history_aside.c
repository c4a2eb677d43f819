#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/history/history_file.h"
#include "common/str.h"

#define PATH_SIZE 4200
#define MARK      ".damaged-"

/* The folder of path, "." where it names none; base gets what follows. */
static void
split(const char *path, char *folder, size_t size, const char **base)
{
    const char *slash = strrchr(path, '/');

    *base = slash == NULL ? path : slash + 1;
    if (slash == NULL) {
        (void)snprintf(folder, size, ".");
    } else {
        (void)snprintf(folder, size, "%.*s", (int)(slash - path + 1), path);
    }
}

/* base.damaged-NUMBER, -wal or -shm behind it. */
static bool
is_aside(const char *name, const char *base)
{
    size_t len = strlen(base);

    return strncmp(name, base, len) == 0 &&
           strncmp(name + len, MARK, sizeof MARK - 1) == 0;
}

static void
remove_older(const char *path)
{
    char folder[PATH_SIZE];
    char older[PATH_SIZE + NAME_MAX + 2];
    const char *base;
    const struct dirent *entry;
    DIR *dir;

    split(path, folder, sizeof folder, &base);
    dir = opendir(folder);
    if (dir == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (is_aside(entry->d_name, base)) {
            (void)snprintf(older, sizeof older, "%s/%s", folder, entry->d_name);
            (void)unlink(older);
        }
    }
    (void)closedir(dir);
}

static void
move_other(const char *path, const char *aside, const char *suffix)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];

    (void)snprintf(from, sizeof from, "%s%s", path, suffix);
    (void)snprintf(to, sizeof to, "%s%s", aside, suffix);
    (void)rename(from, to);
}

static enum gong_err
sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    const char *base;
    enum gong_err err = GONG_OK;
    int fd;

    split(path, folder, sizeof folder, &base);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

/* The file itself goes first: its log without it is removed by whoever makes a
 * new one (history_schema.c), but without its log it would be another one. */
enum gong_err
gong_history_file_set_aside(const char *path, int64_t unix_s, char *aside,
                            size_t aside_size)
{
    int len = snprintf(aside, aside_size, "%s" MARK "%" PRId64, path, unix_s);

    if (len < 0 || (size_t)len >= aside_size ||
        (size_t)len + sizeof "-wal" > PATH_SIZE) {
        return GONG_ERR_TOO_LARGE;
    }
    remove_older(path);
    if (rename(path, aside) != 0) {
        return gong_err_from_errno(errno);
    }
    move_other(path, aside, "-wal");
    move_other(path, aside, "-shm");
    return sync_folder(path);
}
