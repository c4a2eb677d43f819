#include "agent/snapshot_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/snapshot_file.h"

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
    int fd = *(const int *)ctx;
    const char *at = bytes;

    while (len > 0) {
        ssize_t done = write(fd, at, len);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        at += done;
        len -= (size_t)done;
    }
    return true;
}

static int
write_part(const struct gong_snapshot_child *child)
{
    struct gong_snapshot_sink sink = {.write = write_all};
    int fd = -1;

    (void)unlinkat(child->dir_fd, GONG_SNAPSHOT_PART, 0);
    fd = openat(child->dir_fd, GONG_SNAPSHOT_PART,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    sink.ctx = &fd;
    if (!gong_engine_save(child->engine, child->place, &sink) ||
        fsync(fd) != 0) {
        return errno;
    }
    return close(fd) == 0 ? 0 : errno;
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
               : errno;
}

void
gong_snapshot_child_run(const struct gong_snapshot_child *child)
{
    int failure;

    close_others(child->dir_fd, child->word_fd);
    failure = write_part(child);
    if (failure == 0) {
        failure = publish(child);
    }
    if (failure != 0) {
        (void)unlinkat(child->dir_fd, GONG_SNAPSHOT_PART, 0);
    }
    _exit(failure);
}
