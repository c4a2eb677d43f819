#include "tests/failing_step.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include <sqlite3.h>

#define NEVER UINT64_MAX

static atomic_uint_fast64_t failing = NEVER;
static atomic_uint_fast64_t steps;
static atomic_int way;
static atomic_int_fast64_t room = -1;

/* Whether this step does nothing. */
static bool
fails_now(bool writes)
{
    uint64_t at = atomic_load(&failing);
    uint64_t step;

    if (at == NEVER) {
        return false;
    }
    step = atomic_fetch_add(&steps, 1);
    if (step == at && atomic_load(&way) == FAILING_STEP_DIES) {
        _exit(FAILING_STEP_DIED);
    }
    return step == at ||
           (step > at && (atomic_load(&way) == FAILING_STEP_DEAD ||
                          (writes && atomic_load(&way) == FAILING_STEP_FULL)));
}

static bool
has_space(bool writes)
{
    if (fails_now(writes)) {
        errno = ENOSPC;
        return false;
    }
    return true;
}

void
failing_step_begin(enum failing_step_way how, uint64_t at)
{
    atomic_store(&way, (int)how);
    atomic_store(&steps, 0);
    atomic_store(&failing, at);
}

uint64_t
failing_step_end(void)
{
    atomic_store(&failing, NEVER);
    return atomic_load(&steps);
}

void
failing_step_room(int64_t bytes)
{
    atomic_store(&room, bytes);
}

/* --- the project's own calls --- */

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_statvfs64(const char *path, struct statvfs *out);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_statvfs64(const char *path, struct statvfs *out);

ssize_t
__wrap_write(int fd, const void *bytes, size_t len)
{
    return has_space(true) ? __real_write(fd, bytes, len) : -1;
}

int
__wrap_fsync(int fd)
{
    return has_space(false) ? __real_fsync(fd) : -1;
}

int
__wrap_rename(const char *from, const char *to)
{
    return has_space(false) ? __real_rename(from, to) : -1;
}

int
__wrap_link(const char *from, const char *to)
{
    return has_space(true) ? __real_link(from, to) : -1;
}

int
__wrap_unlink(const char *path)
{
    return has_space(false) ? __real_unlink(path) : -1;
}

int
__wrap_statvfs64(const char *path, struct statvfs *out)
{
    int done = __real_statvfs64(path, out);

    if (done == 0 && atomic_load(&room) >= 0) {
        out->f_frsize = 1;
        out->f_bavail = (fsblkcnt_t)atomic_load(&room);
    }
    return done;
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* --- SQLite's --- */

static sqlite3_vfs shim;
static sqlite3_vfs *disk;
static sqlite3_io_methods methods;
static const sqlite3_io_methods *real;

static int
on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    return fails_now(true) ? SQLITE_FULL : real->xWrite(file, bytes, len, at);
}

static int
on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fails_now(false) ? SQLITE_IOERR_TRUNCATE
                            : real->xTruncate(file, size);
}

static int
on_sync(sqlite3_file *file, int flags)
{
    return fails_now(false) ? SQLITE_IOERR_FSYNC : real->xSync(file, flags);
}

static int
on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    return fails_now(false) ? SQLITE_IOERR_DELETE
                            : disk->xDelete(disk, path, sync);
}

/* All of its files have the same methods, but for the locks that the file
 * system offers: those of the first one. */
static int
on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
        int *out_flags)
{
    int code = disk->xOpen(disk, path, file, flags, out_flags);

    (void)vfs;
    if (code == SQLITE_OK && file->pMethods == real) {
        file->pMethods = &methods;
    }
    return code;
}

static void
learn_methods(void)
{
    static const char path[] = "/tmp/gong-failing-step";
    sqlite3_file *file = sqlite3_malloc(disk->szOsFile);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_DELETEONCLOSE;

    if (file != NULL &&
        disk->xOpen(disk, path, file, flags, &flags) == SQLITE_OK) {
        real = file->pMethods;
        methods = *real;
        methods.xWrite = on_write;
        methods.xTruncate = on_truncate;
        methods.xSync = on_sync;
        (void)real->xClose(file);
    }
    sqlite3_free(file);
}

void
failing_step_init(void)
{
    disk = sqlite3_vfs_find(NULL);
    learn_methods();
    shim = *disk;
    shim.zName = "failing";
    shim.pNext = NULL;
    shim.xOpen = on_open;
    shim.xDelete = on_delete;
    (void)sqlite3_vfs_register(&shim, 1);
}
