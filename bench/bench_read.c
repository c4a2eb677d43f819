/* bench_read FILE: the least that a reader of lines must do: reads it half a
 * MiB at a time, and finds the newlines. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char bytes[512 << 10];

static uint64_t
count_newlines(const char *p, const char *end)
{
    uint64_t count = 0;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        count++;
        p++;
    }
    return count;
}

int
main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    uint64_t lines = 0;
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0) {
        got = read(fd, bytes, sizeof bytes);
        lines += count_newlines(bytes, bytes + (got < 0 ? 0 : got));
    }
    if (got < 0) {
        perror("bench_read");
        return 1;
    }
    printf("%" PRIu64 " lines\n", lines);
    return 0;
}
