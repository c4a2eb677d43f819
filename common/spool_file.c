#include "common/spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_TRIES 3
#define DISK_BLOCK 4096

static const uint8_t zeros[16 * DISK_BLOCK];

enum gong_err
gong_spool_file_write(int fd, uint64_t at, const void *bytes, size_t len)
{
    const uint8_t *next = bytes;

    while (len > 0) {
        ssize_t n = pwrite(fd, next, len, (off_t)at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? GONG_ERR_IO : gong_err_from_errno(errno);
        }
        next += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return GONG_OK;
}

/* Takes n written bytes off the front of parts; the number of parts done. */
static int
advance(struct iovec *parts, int part_count, size_t n)
{
    int done = 0;

    while (done < part_count && n >= parts[done].iov_len) {
        n -= parts[done].iov_len;
        done++;
    }
    if (done < part_count) {
        parts[done].iov_base = (char *)parts[done].iov_base + n;
        parts[done].iov_len -= n;
    }
    return done;
}

enum gong_err
gong_spool_file_writev(int fd, uint64_t at, struct iovec *parts, int part_count)
{
    int done = advance(parts, part_count, 0);

    while (done < part_count) {
        ssize_t n = pwritev(fd, parts + done, part_count - done, (off_t)at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? GONG_ERR_IO : gong_err_from_errno(errno);
        }
        at += (uint64_t)n;
        done += advance(parts + done, part_count - done, (size_t)n);
    }
    return GONG_OK;
}

enum gong_err
gong_spool_file_zero(int fd, uint64_t from, uint64_t to)
{
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && from < to) {
        size_t len =
            to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;

        err = gong_spool_file_write(fd, from, zeros, len);
        from += len;
    }
    return err;
}

enum gong_err
gong_spool_file_allocate(int fd, uint64_t size)
{
    struct stat st;
    int error;

    if (fstat(fd, &st) != 0) {
        return gong_err_from_errno(errno);
    }
    if ((uint64_t)st.st_size > size && ftruncate(fd, (off_t)size) != 0) {
        return gong_err_from_errno(errno);
    }
    do {
        error = posix_fallocate(fd, 0, (off_t)size);
    } while (error == EINTR);
    if (error == EOPNOTSUPP || error == EINVAL || error == ENOSYS) {
        return (uint64_t)st.st_size < size
                   ? gong_spool_file_zero(fd, (uint64_t)st.st_size, size)
                   : GONG_OK;
    }
    if (error == ENOSPC && (uint64_t)st.st_size >= size) {
        return GONG_OK; /* holes: a write into one will say so itself */
    }
    errno = error;
    return gong_err_from_errno(error);
}

/* Bytes read, 0 at the file's end, -1 where the disk refuses. */
static ssize_t
read_some(int fd, uint64_t at, uint8_t *out, size_t len)
{
    for (int tries = 0; tries < READ_TRIES;) {
        ssize_t n = pread(fd, out, len, (off_t)at);

        if (n >= 0) {
            return n;
        }
        tries += errno != EINTR;
    }
    return -1;
}

void
gong_spool_file_read(int fd, uint64_t at, void *out, size_t len)
{
    uint8_t *next = out;
    bool narrow = false;

    while (len > 0) {
        size_t in_block = DISK_BLOCK - (size_t)(at % DISK_BLOCK);
        size_t want = narrow && in_block < len ? in_block : len;
        ssize_t n = read_some(fd, at, next, want);
        size_t got = n > 0 ? (size_t)n : want;

        if (n < 0 && !narrow) {
            narrow = true; /* find the block that is bad, lose only that */
            continue;
        }
        if (n <= 0) {
            memset(next, 0, want);
        }
        next += got;
        at += got;
        len -= got;
    }
}

enum gong_err
gong_spool_file_data_sync(int fd)
{
    int result;

    do {
        result = fdatasync(fd);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? GONG_OK : gong_err_from_errno(errno);
}

enum gong_err
gong_spool_file_sync(int fd)
{
    int result;

    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? GONG_OK : gong_err_from_errno(errno);
}

static enum gong_err
write_and_close(int fd, const void *bytes, size_t len)
{
    enum gong_err err = gong_spool_file_write(fd, 0, bytes, len);

    if (err == GONG_OK) {
        err = gong_spool_file_sync(fd);
    }
    if (close(fd) != 0 && err == GONG_OK) {
        err = gong_err_from_errno(errno);
    }
    return err;
}

enum gong_err
gong_spool_file_replace(int dir_fd, const char *name, const void *bytes,
                        size_t len)
{
    char temporary[NAME_MAX + 1];
    enum gong_err err;
    int fd;
    int n = snprintf(temporary, sizeof temporary, "%s.tmp", name);

    if (n < 0 || (size_t)n >= sizeof temporary) {
        return GONG_ERR_TOO_LARGE;
    }
    fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                0600);
    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    err = write_and_close(fd, bytes, len);
    if (err == GONG_OK && renameat(dir_fd, temporary, dir_fd, name) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (err != GONG_OK) {
        (void)unlinkat(dir_fd, temporary, 0);
        return err;
    }
    return gong_spool_file_sync(dir_fd);
}
