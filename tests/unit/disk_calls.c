#include "disk_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX 64

static struct disk_watch watching;

ssize_t __real_pwritev64(int fd, const struct iovec *parts, int count,
                         off_t at);
ssize_t __wrap_pwritev64(int fd, const struct iovec *parts, int count,
                         off_t at);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t at);
int __real_posix_fallocate64(int fd, off_t at, off_t len);
int __wrap_posix_fallocate64(int fd, off_t at, off_t len);
int __real_ftruncate64(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlinkat(int fd, const char *name, int flags);
int __wrap_unlinkat(int fd, const char *name, int flags);
int __real_unlink(const char *name);
int __wrap_unlink(const char *name);
int __real_mkdir(const char *name, mode_t mode);
int __wrap_mkdir(const char *name, mode_t mode);
int __real_openat64(int fd, const char *name, int flags, ...);
int __wrap_openat64(int fd, const char *name, int flags, ...);
int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);

void
disk_watch(const struct disk_watch *watch)
{
    watching = watch == NULL ? (struct disk_watch){0} : *watch;
}

int64_t
disk_real_write(int fd, const void *bytes, size_t len, uint64_t at)
{
    return __real_pwrite64(fd, bytes, len, (off_t)at);
}

int
disk_real_unlink(int dir_fd, const char *name)
{
    return __real_unlinkat(dir_fd, name, 0);
}

static struct disk_order
ask(const struct disk_call *call)
{
    return watching.before == NULL ? (struct disk_order){0}
                                   : watching.before(watching.ctx, call);
}

static void
tell(const struct disk_call *call, int64_t result)
{
    int saved = errno;

    if (watching.after != NULL) {
        watching.after(watching.ctx, call, result);
    }
    errno = saved;
}

/* The first len bytes of parts; returns how many parts they take. */
static int
shorten(const struct disk_call *call, uint64_t len, struct iovec *out)
{
    int count = 0;

    while (count < call->part_count && count < PARTS_MAX && len > 0) {
        out[count] = call->parts[count];
        if (out[count].iov_len > len) {
            out[count].iov_len = (size_t)len;
        }
        len -= out[count++].iov_len;
    }
    return count;
}

static ssize_t
write_parts(const struct disk_call *call)
{
    struct disk_order order = ask(call);
    struct iovec parts[PARTS_MAX];
    ssize_t result;

    if (order.error != 0) {
        errno = order.error;
        result = -1;
    } else if (order.pretend) {
        result = (ssize_t)call->len;
    } else if (order.cut && order.len < call->len) {
        int count = shorten(call, order.len, parts);

        result = __real_pwritev64(call->fd, parts, count, (off_t)call->at);
    } else {
        result = __real_pwritev64(call->fd, call->parts, call->part_count,
                                  (off_t)call->at);
    }
    tell(call, result);
    return result;
}

ssize_t
__wrap_pwritev64(int fd, const struct iovec *parts, int count, off_t at)
{
    struct disk_call call = {.op = DISK_WRITE,
                             .fd = fd,
                             .parts = parts,
                             .part_count = count,
                             .scattered = true,
                             .at = (uint64_t)at};

    for (int i = 0; i < count; i++) {
        call.len += parts[i].iov_len;
    }
    return write_parts(&call);
}

ssize_t
__wrap_pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    struct iovec part = {(void *)(uintptr_t)bytes, len};
    struct disk_call call = {.op = DISK_WRITE,
                             .fd = fd,
                             .parts = &part,
                             .part_count = 1,
                             .at = (uint64_t)at,
                             .len = len};

    return write_parts(&call);
}

/* Whether the order settles the call; then its result is in *result. */
static bool
ordered(const struct disk_call *call, int *result)
{
    struct disk_order order = ask(call);

    *result = 0;
    if (order.error != 0) {
        errno = order.error;
        *result = call->op == DISK_ALLOCATE ? order.error : -1;
        return true;
    }
    return order.pretend;
}

int
__wrap_posix_fallocate64(int fd, off_t at, off_t len)
{
    struct disk_call call = {.op = DISK_ALLOCATE,
                             .fd = fd,
                             .at = (uint64_t)at,
                             .len = (uint64_t)len};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_posix_fallocate64(fd, at, len);
    }
    tell(&call, result);
    return result;
}

int
__wrap_ftruncate64(int fd, off_t len)
{
    struct disk_call call = {
        .op = DISK_TRUNCATE, .fd = fd, .len = (uint64_t)len};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_ftruncate64(fd, len);
    }
    tell(&call, result);
    return result;
}

int
__wrap_fdatasync(int fd)
{
    struct disk_call call = {.op = DISK_DATA_SYNC, .fd = fd};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_fdatasync(fd);
    }
    tell(&call, result);
    return result;
}

int
__wrap_fsync(int fd)
{
    struct disk_call call = {.op = DISK_SYNC, .fd = fd};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_fsync(fd);
    }
    tell(&call, result);
    return result;
}

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    struct disk_call call = {
        .op = DISK_RENAME, .fd = from_fd, .name = from, .to = to};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_renameat(from_fd, from, to_fd, to);
    }
    tell(&call, result);
    return result;
}

int
__wrap_rename(const char *from, const char *to)
{
    struct disk_call call = {
        .op = DISK_RENAME, .fd = AT_FDCWD, .name = from, .to = to};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_rename(from, to);
    }
    tell(&call, result);
    return result;
}

int
__wrap_unlinkat(int fd, const char *name, int flags)
{
    struct disk_call call = {.op = DISK_UNLINK, .fd = fd, .name = name};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_unlinkat(fd, name, flags);
    }
    tell(&call, result);
    return result;
}

int
__wrap_unlink(const char *name)
{
    struct disk_call call = {.op = DISK_UNLINK, .fd = AT_FDCWD, .name = name};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_unlink(name);
    }
    tell(&call, result);
    return result;
}

int
__wrap_mkdir(const char *name, mode_t mode)
{
    struct disk_call call = {.op = DISK_MKDIR, .fd = AT_FDCWD, .name = name};
    int result;

    if (!ordered(&call, &result)) {
        result = __real_mkdir(name, mode);
    }
    tell(&call, result);
    return result;
}

static int
open_file(int fd, const char *name, int flags, mode_t mode)
{
    struct disk_call call = {
        .op = DISK_CREATE, .fd = fd, .name = name, .flags = flags};
    int result;

    if ((flags & O_CREAT) == 0) {
        return __real_openat64(fd, name, flags);
    }
    if (!ordered(&call, &result)) {
        result = __real_openat64(fd, name, flags, mode);
    }
    tell(&call, result);
    return result;
}

static mode_t
take_mode(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
}

int
__wrap_openat64(int fd, const char *name, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = take_mode(flags, arguments);
    va_end(arguments);
    return open_file(fd, name, flags, mode);
}

int
__wrap_open64(const char *name, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = take_mode(flags, arguments);
    va_end(arguments);
    return open_file(AT_FDCWD, name, flags, mode);
}
