/*
 * A disk that fails on demand, for programs that are started with this library
 * in LD_PRELOAD:
 *
 *   GONG_DISK_FOLDER   only files below it are touched
 *   GONG_DISK_FLAG     while this file exists, its first word says how:
 *
 *     ENOSPC   nothing grows: what was allocated before can still be written,
 *              as on a file system that is full
 *     EIO      no write and no sync succeeds
 *     EROFS    as EIO, and nothing can be created, renamed or removed
 *
 * FLAG.hits grows by one byte with each call that was made to fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Its names with 64 are the ones that programs with large files call; both
 * kinds are the same here. */
#define ALIAS(name) __attribute__((alias(#name)))

/* real: the one behind ours, looked up once; two threads find the same. */
#define REAL(type, name, parameters)                                           \
    static type(*real) parameters;                                             \
    if (real == NULL) {                                                        \
        void *found = dlsym(RTLD_NEXT, #name);                                 \
        memcpy(&real, &found, sizeof real);                                    \
    }

/* What the disk does now: 0 when it is well. */
static int
trouble(void)
{
    const char *flag = getenv("GONG_DISK_FLAG");
    char word[16] = "";
    long fd = flag == NULL ? -1 : syscall(SYS_open, flag, O_RDONLY, 0);

    if (fd < 0) {
        return 0;
    }
    if (syscall(SYS_read, fd, word, sizeof word - 1) < 0) {
        word[0] = '\0';
    }
    (void)syscall(SYS_close, fd);
    return strncmp(word, "ENOSPC", 6) == 0  ? ENOSPC
           : strncmp(word, "EIO", 3) == 0   ? EIO
           : strncmp(word, "EROFS", 5) == 0 ? EROFS
                                            : 0;
}

static bool
below(const char *path)
{
    const char *folder = getenv("GONG_DISK_FOLDER");
    size_t len = folder == NULL ? 0 : strlen(folder);

    return len > 0 && strncmp(path, folder, len) == 0 &&
           (path[len] == '/' || path[len] == '\0');
}

static bool
path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    ssize_t len;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, PATH_MAX - 1);
    if (len <= 0) {
        return false;
    }
    path[len] = '\0';
    return true;
}

/* The error of a call on fd, 0 to let it pass. */
static int
trouble_of(int fd)
{
    int saved = errno;
    int error = trouble();
    char path[PATH_MAX];

    if (error != 0 && (!path_of(fd, path) || !below(path))) {
        error = 0;
    }
    errno = saved;
    return error;
}

static int
trouble_at(int dir, const char *name)
{
    char path[PATH_MAX];
    int error = trouble();

    if (error != EROFS) {
        return 0;
    }
    if (name[0] == '/') {
        return below(name) ? error : 0;
    }
    if (dir == AT_FDCWD) {
        return getcwd(path, sizeof path) != NULL && below(path) ? error : 0;
    }
    return path_of(dir, path) && below(path) ? error : 0;
}

static int
fail(int error)
{
    char path[PATH_MAX];
    long fd;

    (void)snprintf(path, sizeof path, "%s.hits", getenv("GONG_DISK_FLAG"));
    fd = syscall(SYS_open, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd >= 0) {
        (void)syscall(SYS_write, fd, "x", 1);
        (void)syscall(SYS_close, fd);
    }
    errno = error;
    return -1;
}

/* How many of len bytes at offset may be written; -1 after fail. */
static ssize_t
allowed(int fd, off_t offset, size_t len)
{
    int error = trouble_of(fd);
    struct stat status;

    if (error == 0 || len == 0) {
        return (ssize_t)len;
    }
    if (error != ENOSPC || fstat(fd, &status) != 0) {
        return fail(error);
    }
    if (!S_ISREG(status.st_mode)) {
        return (ssize_t)len;
    }
    if (offset < 0) { /* where the file stands */
        offset = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? status.st_size
                                                      : lseek(fd, 0, SEEK_CUR);
    }
    if (offset >= status.st_size) {
        return fail(ENOSPC);
    }
    return (off_t)len < status.st_size - offset
               ? (ssize_t)len
               : (ssize_t)(status.st_size - offset);
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
    REAL(ssize_t, write, (int, const void *, size_t))
    ssize_t some = allowed(fd, -1, len);

    return some < 0 ? -1 : real(fd, bytes, (size_t)some);
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    REAL(ssize_t, pwrite, (int, const void *, size_t, off_t))
    ssize_t some = allowed(fd, offset, len);

    return some < 0 ? -1 : real(fd, bytes, (size_t)some, offset);
}

static size_t
total(const struct iovec *parts, int count)
{
    size_t len = 0;

    for (int i = 0; i < count; i++) {
        len += parts[i].iov_len;
    }
    return len;
}

/* A vector that does not fit is written as far as its whole parts do: a short
 * write. Where not even the first one fits, a part of that. */
static int
fitting(const struct iovec *parts, int count, size_t some)
{
    int whole = 0;

    while (whole < count && parts[whole].iov_len <= some) {
        some -= parts[whole++].iov_len;
    }
    return whole;
}

ssize_t
pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    REAL(ssize_t, pwritev, (int, const struct iovec *, int, off_t))
    ssize_t some = allowed(fd, offset, total(parts, count));
    int whole = some < 0 ? 0 : fitting(parts, count, (size_t)some);

    if (some < 0) {
        return -1;
    }
    return whole == 0 && count > 0
               ? pwrite(fd, parts[0].iov_base, (size_t)some, offset)
               : real(fd, parts, whole, offset);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    REAL(ssize_t, writev, (int, const struct iovec *, int))
    ssize_t some = allowed(fd, -1, total(parts, count));
    int whole = some < 0 ? 0 : fitting(parts, count, (size_t)some);

    if (some < 0) {
        return -1;
    }
    return whole == 0 && count > 0 ? write(fd, parts[0].iov_base, (size_t)some)
                                   : real(fd, parts, whole);
}

static int
growing(int fd, off_t size)
{
    int error = trouble_of(fd);
    struct stat status;

    if (error == ENOSPC && fstat(fd, &status) == 0 && size <= status.st_size) {
        return 0;
    }
    return error;
}

int
posix_fallocate(int fd, off_t offset, off_t len)
{
    REAL(int, posix_fallocate, (int, off_t, off_t))
    int error = growing(fd, offset + len);
    int saved = errno;

    if (error != 0) {
        (void)fail(error);
        errno = saved;
        return error;
    }
    return real(fd, offset, len);
}

int
fallocate(int fd, int mode, off_t offset, off_t len)
{
    REAL(int, fallocate, (int, int, off_t, off_t))
    int error = growing(fd, offset + len);

    return error != 0 ? fail(error) : real(fd, mode, offset, len);
}

int
ftruncate(int fd, off_t size)
{
    REAL(int, ftruncate, (int, off_t))
    int error = growing(fd, size);

    /* A file may be made longer on a full disk: that is a hole. */
    return error != 0 && error != ENOSPC ? fail(error) : real(fd, size);
}

int
fsync(int fd)
{
    REAL(int, fsync, (int))
    int error = trouble_of(fd);

    return error != 0 && error != ENOSPC ? fail(error) : real(fd);
}

int
fdatasync(int fd)
{
    REAL(int, fdatasync, (int))
    int error = trouble_of(fd);

    return error != 0 && error != ENOSPC ? fail(error) : real(fd);
}

/* --- names: only a disk that cannot be written minds --- */

static bool
writes(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
}

int
openat(int dir, const char *name, int flags, ...)
{
    REAL(int, openat, (int, const char *, int, ...))
    va_list args;
    mode_t mode = 0;
    int error = writes(flags) ? trouble_at(dir, name) : 0;

    if ((flags & O_CREAT) != 0) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return error != 0 ? fail(error) : real(dir, name, flags, mode);
}

int
open(const char *name, int flags, ...)
{
    REAL(int, open, (const char *, int, ...))
    va_list args;
    mode_t mode = 0;
    int error = writes(flags) ? trouble_at(AT_FDCWD, name) : 0;

    if ((flags & O_CREAT) != 0) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return error != 0 ? fail(error) : real(name, flags, mode);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    REAL(int, renameat, (int, const char *, int, const char *))
    int error = trouble_at(to_dir, to);

    return error != 0 ? fail(error) : real(from_dir, from, to_dir, to);
}

int
rename(const char *from, const char *to)
{
    REAL(int, rename, (const char *, const char *))
    int error = trouble_at(AT_FDCWD, to);

    return error != 0 ? fail(error) : real(from, to);
}

int
unlinkat(int dir, const char *name, int flags)
{
    REAL(int, unlinkat, (int, const char *, int))
    int error = trouble_at(dir, name);

    return error != 0 ? fail(error) : real(dir, name, flags);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
    REAL(int, mkdirat, (int, const char *, mode_t))
    int error = trouble_at(dir, name);

    return error != 0 ? fail(error) : real(dir, name, mode);
}

ssize_t pwrite64(int, const void *, size_t, off_t) ALIAS(pwrite);
ssize_t pwritev64(int, const struct iovec *, int, off_t) ALIAS(pwritev);
int posix_fallocate64(int, off_t, off_t) ALIAS(posix_fallocate);
int fallocate64(int, int, off_t, off_t) ALIAS(fallocate);
int ftruncate64(int, off_t) ALIAS(ftruncate);
int openat64(int, const char *, int, ...) ALIAS(openat);
int open64(const char *, int, ...) ALIAS(open);
