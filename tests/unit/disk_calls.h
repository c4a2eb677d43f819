/*
 * disk_calls: every system call that changes a disk passes through here, so
 * that a test can make one fail or write down what was done.
 *
 *   program --> __wrap_pwrite64 --> before: what shall happen?
 *                                   the real call, or what was ordered
 *                               --> after: what came of it
 *
 * The programs are linked with --wrap (gong_test_disk in tests/unit.cmake).
 * Reading is not watched.
 */
#ifndef GONG_TESTS_DISK_CALLS_H
#define GONG_TESTS_DISK_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum disk_op {
    DISK_CREATE, /* open or openat with O_CREAT */
    DISK_MKDIR,
    DISK_WRITE,
    DISK_ALLOCATE,
    DISK_TRUNCATE,
    DISK_DATA_SYNC,
    DISK_SYNC,
    DISK_RENAME,
    DISK_UNLINK,
};

struct disk_call {
    enum disk_op op;
    int fd;           /* of the file; of the folder where there is a name */
    const char *name; /* create, mkdir, rename, unlink; else NULL */
    const char *to;   /* rename */
    int flags;        /* of a create */
    const struct iovec *parts; /* write */
    int part_count;
    bool scattered; /* write: by pwritev */
    uint64_t at;    /* write, allocate */
    uint64_t len;   /* write, allocate: bytes; truncate: the new length */
};

/* What shall happen; {0}: the call itself. */
struct disk_order {
    int error; /* it fails with this and does nothing */
    bool cut;  /* a write stops after len bytes and says so */
    uint64_t len;
    bool pretend; /* it says that it worked and does nothing */
};

/* Both may be called from any thread. after may be NULL; result is what the
 * call returned (an error number for allocate). */
struct disk_watch {
    struct disk_order (*before)(void *ctx, const struct disk_call *call);
    void (*after)(void *ctx, const struct disk_call *call, int64_t result);
    void *ctx;
};

/* disk_watch: from now on; NULL: the calls are left alone. watch is copied. Not
 * while other threads write. */
void disk_watch(const struct disk_watch *watch);

/* The calls themselves, for tests that arrange files. */
int64_t disk_real_write(int fd, const void *bytes, size_t len, uint64_t at);
int disk_real_unlink(int dir_fd, const char *name);

#endif
