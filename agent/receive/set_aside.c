#include "agent/receive/set_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/clock.h"

#define TITLE_SIZE 320

static enum gong_err
write_batch(int fd, struct gong_str title, struct gong_str message)
{
    char *bytes[] = {(char *)(uintptr_t)title.data,
                     (char *)(uintptr_t)message.data};
    char newline[] = "\n";
    struct iovec parts[] = {
        {bytes[0], title.len}, {bytes[1], message.len}, {newline, 1}};
    size_t size = title.len + message.len + 1;
    struct stat status;
    ssize_t written;
    enum gong_err err;

    if (fstat(fd, &status) != 0) {
        return gong_err_from_errno(errno);
    }
    if ((uint64_t)status.st_size + size > GONG_SET_ASIDE_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    written = writev(fd, parts, 3);
    if (written == (ssize_t)size) {
        return GONG_OK;
    }
    err = written < 0 ? gong_err_from_errno(errno) : GONG_ERR_NO_SPACE;
    /* Half a batch would make the next one's title part of it. */
    if (ftruncate(fd, status.st_size) != 0) {
        return gong_err_from_errno(errno);
    }
    return err;
}

enum gong_err
gong_set_aside_write(const char *path, struct gong_device_name device,
                     const struct gong_batch_header *header,
                     struct gong_str message)
{
    char title[TITLE_SIZE];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    enum gong_err err;
    int len;

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    len = snprintf(title, sizeof title,
                   "== %.*s/%.*s epoch=%016" PRIx64 " seq=%" PRIu64
                   " wall=%" PRId64 " length=%zu\n",
                   (int)device.site.len, device.site.data,
                   (int)device.device.len, device.device.data, header->epoch,
                   header->seq, gong_wall_now().ns, message.len);
    err = write_batch(fd, gong_str_from(title, (size_t)len), message);
    /* Settling it lets the sender forget it. */
    if (err == GONG_OK && fsync(fd) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (close(fd) != 0 && err == GONG_OK) {
        err = gong_err_from_errno(errno);
    }
    return err;
}
