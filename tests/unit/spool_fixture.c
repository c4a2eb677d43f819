#include "spool_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/le.h"
#include "disk_calls.h"

struct disk disk;
static char folder[64];

/* After write_partial bytes; a call that goes beyond them ends there. */
static struct disk_order
on_record(const struct disk_call *call)
{
    uint64_t left = disk.write_partial;
    uint64_t first = call->parts[0].iov_len;
    struct disk_order order = {0};

    if (disk.write_errno == 0) {
        return order;
    }
    if (left == 0) {
        order.error = disk.write_errno;
        return order;
    }
    order.cut = true;
    order.len = first < left ? first : left;
    disk.write_partial -= (size_t)order.len;
    return order;
}

static struct disk_order
before(void *ctx, const struct disk_call *call)
{
    struct disk_order order = {0};

    (void)ctx;
    switch (call->op) {
    case DISK_WRITE:
        if (call->scattered) {
            return on_record(call);
        }
        order.error = disk.plain_errno;
        if (order.error == 0) {
            disk.plain_bytes += call->len;
        }
        break;
    case DISK_ALLOCATE:
        order.error = disk.allocate_errno;
        break;
    case DISK_DATA_SYNC:
        disk.syncs++;
        order.error = disk.sync_errno;
        order.pretend = true;
        break;
    case DISK_SYNC:
        order.pretend = true;
        break;
    case DISK_CREATE:
    case DISK_MKDIR:
    case DISK_TRUNCATE:
    case DISK_RENAME:
    case DISK_UNLINK:
        break;
    }
    return order;
}

void
fixture_watch(void)
{
    const struct disk_watch watch = {.before = before};

    disk_watch(&watch);
}

int
fixture_setup(void **state)
{
    (void)state;
    disk = (struct disk){0};
    fixture_watch();
    (void)snprintf(folder, sizeof folder, "/tmp/gong-spool-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

/* Calls act for each entry; returns how many end in suffix. */
static int
each(const char *suffix, bool remove_it)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        size_t tail = strlen(suffix);

        if (entry->d_name[0] == '.' || len < tail ||
            strcmp(entry->d_name + len - tail, suffix) != 0) {
            continue;
        }
        count++;
        if (remove_it) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    (void)closedir(dir);
    return count;
}

int
fixture_teardown(void **state)
{
    (void)state;
    disk = (struct disk){0};
    disk_watch(NULL);
    (void)each("", true);
    return rmdir(folder);
}

const char *
fixture_dir(void)
{
    return folder;
}

struct gong_spool *
fixture_open(uint32_t segments_max, enum gong_spool_policy policy)
{
    struct gong_spool_options options = {.dir = folder,
                                         .segment_size = SEGMENT,
                                         .segments_max = segments_max,
                                         .policy = policy};
    struct gong_spool *spool = NULL;
    char why[256] = "";
    enum gong_err err = gong_spool_open(&options, &spool, why, sizeof why);

    if (err != GONG_OK) {
        fail_msg("open: %s", why);
    }
    return spool;
}

void
fixture_kill(struct gong_spool *spool)
{
    disk.sync_errno = EIO; /* close then leaves log.meta as it is */
    gong_spool_close(spool);
    disk.sync_errno = 0;
}

static void
fill(uint8_t *out, uint64_t number, size_t len)
{
    gong_le_put64(out, number);
    for (size_t i = 8; i < len; i++) {
        out[i] = (uint8_t)(number * 31 + i * 7 + 1);
    }
}

typedef enum gong_err (*take_fn)(struct gong_spool *spool,
                                 const struct gong_record_meta *meta,
                                 const struct iovec *parts, int part_count,
                                 uint64_t *offset);

static enum gong_err
give(struct gong_spool *spool, take_fn take, uint64_t number, size_t len,
     uint64_t *offset)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_DATA,
                                    .journal_ms = (int64_t)number};
    uint8_t *bytes = malloc(len);
    struct iovec parts[2];
    enum gong_err err;

    assert_non_null(bytes);
    fill(bytes, number, len);
    parts[0] = (struct iovec){bytes, 5};
    parts[1] = (struct iovec){bytes + 5, len - 5};
    err = take(spool, &meta, parts, 2, offset);
    free(bytes);
    return err;
}

enum gong_err
fixture_append(struct gong_spool *spool, uint64_t number, size_t len,
               uint64_t *offset)
{
    return give(spool, gong_spool_append, number, len, offset);
}

enum gong_err
fixture_hold(struct gong_spool *spool, uint64_t number, size_t len,
             uint64_t *offset)
{
    return give(spool, gong_spool_hold, number, len, offset);
}

void
fixture_append_all(struct gong_spool *spool, uint64_t first, uint64_t last,
                   size_t len)
{
    for (uint64_t number = first; number <= last; number++) {
        assert_int_equal(fixture_append(spool, number, len, NULL), GONG_OK);
    }
}

uint64_t
fixture_number(const struct gong_record *record)
{
    const uint8_t *bytes = (const uint8_t *)record->payload.data;
    uint64_t number;
    uint8_t *expected = malloc(record->payload.len);

    assert_non_null(expected);
    assert_true(record->payload.len >= 8);
    number = gong_le_get64(bytes);
    fill(expected, number, record->payload.len);
    assert_memory_equal(bytes, expected, record->payload.len);
    assert_true(record->meta.journal_ms == (int64_t)number);
    free(expected);
    return number;
}

uint64_t
fixture_next(struct gong_spool_cursor *cursor)
{
    struct gong_record record;
    enum gong_err err = gong_spool_cursor_next(cursor, UINT64_MAX, &record);

    if (err == GONG_ERR_AGAIN) {
        return UINT64_MAX;
    }
    assert_int_equal(err, GONG_OK);
    assert_true(gong_spool_cursor_offset(cursor) == record.next);
    return fixture_number(&record);
}

void
fixture_expect(struct gong_spool *spool, uint64_t first, uint64_t last)
{
    struct gong_spool_cursor *cursor = NULL;

    assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
    for (uint64_t number = first; number <= last; number++) {
        assert_true(fixture_next(cursor) == number);
    }
    assert_true(fixture_next(cursor) == UINT64_MAX);
    gong_spool_cursor_close(cursor);
}

static int
open_file(const char *name, int flags)
{
    char path[160];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, flags, 0600);
    assert_true(fd >= 0);
    return fd;
}

void
fixture_write(const char *name, uint64_t at, const void *bytes, size_t len)
{
    int fd = open_file(name, O_RDWR | O_CREAT);

    assert_true(disk_real_write(fd, bytes, len, at) == (int64_t)len);
    (void)close(fd);
}

void
fixture_read(const char *name, uint64_t at, void *bytes, size_t len)
{
    int fd = open_file(name, O_RDONLY);

    assert_true(pread(fd, bytes, len, (off_t)at) == (ssize_t)len);
    (void)close(fd);
}

void
fixture_flip(const char *name, uint64_t at, size_t len)
{
    uint8_t byte;

    for (size_t i = 0; i < len; i++) {
        fixture_read(name, at + i, &byte, 1);
        byte = (uint8_t)~byte;
        fixture_write(name, at + i, &byte, 1);
    }
}

void
fixture_truncate(const char *name, uint64_t len)
{
    int fd = open_file(name, O_RDWR);

    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    (void)close(fd);
}

void
fixture_remove(const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

bool
fixture_exists(const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

int
fixture_count(const char *suffix)
{
    return each(suffix, false);
}
