#include "agent/decide/snapshot_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fd_bytes.h"
#include "agent/decide/snapshot_file.h"

#define FDS_MAX 65536u /* where the kernel cannot close ranges */

static void
close_between(unsigned from, unsigned to)
{
    if (from > to || close_range(from, to, 0) == 0) {
        return;
    }
    for (unsigned fd = from; fd <= to && fd < FDS_MAX; fd++) {
        (void)close((int)fd);
    }
}

/* The logs' locks are among them: they must not outlive the agent. */
static void
close_others(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b);
    unsigned high = (unsigned)(a < b ? b : a);

    if (low > 3) {
        close_between(3, low - 1);
    }
    close_between(low + 1, high - 1);
    close_between(high + 1, ~0u);
}

static bool
write_all(void *ctx, const void *bytes, size_t len)
{
    return gong_fd_write_all(*(const int *)ctx, bytes, len) == GONG_OK;
}

/* The reason for a failure just now; a short write may have left none. */
static int
reason(void)
{
    return errno != 0 ? errno : EIO;
}

/* What it opened stays open in *fd: by that it knows its file again. */
static int
write_part(const struct gong_snapshot_child *child, int *fd)
{
    struct gong_snapshot_sink sink = {.write = write_all, .ctx = fd};

    (void)unlinkat(child->dir_fd, GONG_SNAPSHOT_PART, 0);
    *fd = openat(child->dir_fd, GONG_SNAPSHOT_PART,
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*fd < 0) {
        return reason();
    }
    errno = 0;
    if (!gong_engine_save(child->engine, child->place, &sink) ||
        fsync(*fd) != 0) {
        return reason();
    }
    return 0;
}

static bool
hear_word(int fd)
{
    char word;
    ssize_t got;

    do {
        got = recv(fd, &word, 1, 0);
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

static int
publish(const struct gong_snapshot_child *child)
{
    if (!hear_word(child->word_fd)) {
        return ECANCELED;
    }
    return renameat(child->dir_fd, GONG_SNAPSHOT_PART, child->dir_fd,
                    child->name) == 0 &&
                   fsync(child->dir_fd) == 0
               ? 0
               : reason();
}

/* Where the agent died meanwhile, the next one's file may have the name. */
static void
withdraw(const struct gong_snapshot_child *child, int fd)
{
    struct stat mine;
    struct stat there;

    if (fd >= 0 && fstat(fd, &mine) == 0 &&
        fstatat(child->dir_fd, GONG_SNAPSHOT_PART, &there,
                AT_SYMLINK_NOFOLLOW) == 0 &&
        mine.st_dev == there.st_dev && mine.st_ino == there.st_ino) {
        (void)unlinkat(child->dir_fd, GONG_SNAPSHOT_PART, 0);
    }
}

void
gong_snapshot_child_run(const struct gong_snapshot_child *child)
{
    int fd = -1;
    int failure;

    close_others(child->dir_fd, child->word_fd);
    failure = write_part(child, &fd);
    if (failure == 0) {
        failure = publish(child);
    }
    if (failure != 0) {
        withdraw(child, fd);
    }
    _exit(failure);
}
