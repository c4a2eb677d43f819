/*
 * spool_fixture: a log in a folder of its own, and a disk that fails on order.
 *
 * disk_calls.h shows it every call that changes the disk. Syncs do not reach
 * it: what they promise cannot be seen from one process anyway.
 */
#ifndef GONG_TESTS_SPOOL_FIXTURE_H
#define GONG_TESTS_SPOOL_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/spool.h"

#define SEGMENT ((uint64_t)65536)

/* Transparent: tests set the failures. 0 is none. */
struct disk {
    int write_errno; /* of pwritev, after write_partial bytes */
    size_t write_partial;
    int plain_errno;       /* of pwrite */
    int allocate_errno;    /* of posix_fallocate */
    atomic_int sync_errno; /* of fdatasync */
    atomic_uint syncs;
    _Atomic uint64_t plain_bytes; /* that pwrite wrote */
};

extern struct disk disk;

/* cmocka's setup and teardown: an empty folder. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Calls that change a disk come here again, after others watched them. */
void fixture_watch(void);

const char *fixture_dir(void);
struct gong_spool *fixture_open(uint32_t segments_max,
                                enum gong_spool_policy policy);
/* Frees what open took, as a killed process would: no sync, no log.meta. */
void fixture_kill(struct gong_spool *spool);

/* One record whose payload is len bytes (at least 8) made of number. */
enum gong_err fixture_append(struct gong_spool *spool, uint64_t number,
                             size_t len, uint64_t *offset);
/* The same, held in memory. */
enum gong_err fixture_hold(struct gong_spool *spool, uint64_t number,
                           size_t len, uint64_t *offset);
/* Appends first..last, each must succeed. */
void fixture_append_all(struct gong_spool *spool, uint64_t first, uint64_t last,
                        size_t len);
/* The number in a record; fails the test if a byte of it is wrong. */
uint64_t fixture_number(const struct gong_record *record);
/* The next number, or UINT64_MAX when there is none. */
uint64_t fixture_next(struct gong_spool_cursor *cursor);
/* Reads all that a new cursor sees; must be first..last without a gap. */
void fixture_expect(struct gong_spool *spool, uint64_t first, uint64_t last);

/* Files of the folder. */
void fixture_flip(const char *name, uint64_t at, size_t len);
void fixture_write(const char *name, uint64_t at, const void *bytes,
                   size_t len);
void fixture_read(const char *name, uint64_t at, void *bytes, size_t len);
void fixture_truncate(const char *name, uint64_t len);
void fixture_remove(const char *name);
bool fixture_exists(const char *name);
int fixture_count(const char *suffix);

#endif
