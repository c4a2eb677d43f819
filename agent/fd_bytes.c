#include "agent/fd_bytes.h"

#include <errno.h>
#include <unistd.h>

enum gong_err
gong_fd_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t done = write(fd, at, len);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done < 0 ? gong_err_from_errno(errno) : GONG_ERR_IO;
        }
        at += done;
        len -= (size_t)done;
    }
    return GONG_OK;
}

bool
gong_fd_read_all(int fd, void *out, size_t len)
{
    char *at = out;

    while (len > 0) {
        ssize_t got = read(fd, at, len);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        at += got;
        len -= (size_t)got;
    }
    return true;
}
