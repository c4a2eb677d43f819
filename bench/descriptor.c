#include "bench/descriptor.h"

#include <unistd.h>

bool
bench_write_fd(void *ctx, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t done = write(*(int *)ctx, at, len);

        if (done <= 0) {
            return false;
        }
        at += done;
        len -= (size_t)done;
    }
    return true;
}

bool
bench_read_fd(void *ctx, void *out, size_t len)
{
    char *at = out;

    while (len > 0) {
        ssize_t got = read(*(int *)ctx, at, len);

        if (got <= 0) {
            return false;
        }
        at += got;
        len -= (size_t)got;
    }
    return true;
}
