/* Hostile bytes as one record, then as a whole segment of a log whose id they
 * do not know, and as the log.meta beside it: opening must bear them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/spool.h"
#include "tests/fuzz/fuzz.h"

#define SEGMENT      65536
#define SEGMENT_NAME "0000000000000002.segment"

/* The place that the seeds were written for. */
static const struct gong_record_place place = {
    .log_id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .segment = 2,
    .offset = 131136};

/* Waiting for the disk would be all that a run does: linked with --wrap. */
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

int
__wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

int
__wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}

static char folder[] = "/tmp/gong-fuzz-XXXXXX";

static void
remove_files(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    FUZZ_CHECK(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    (void)closedir(dir);
}

static void
remove_folder(void)
{
    remove_files();
    (void)rmdir(folder);
}

static void
make_folder(void)
{
    static bool made;

    if (!made) {
        FUZZ_CHECK(mkdtemp(folder) != NULL);
        FUZZ_CHECK(atexit(remove_folder) == 0);
        made = true;
    }
}

static void
put(const char *name, const uint8_t *data, size_t size)
{
    char path[128];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
    (void)close(fd);
}

/* All that a log promises, whatever was in its folder. */
static void
use_log(void)
{
    struct gong_spool_options options = {
        .dir = folder, .segment_size = SEGMENT, .segments_max = 2};
    struct gong_record_meta meta = {.type = GONG_RECORD_CLOCK};
    struct gong_spool *spool = NULL;
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record = {.offset = 0};
    uint64_t offset = 0;
    uint64_t last = 0;
    char why[200];

    FUZZ_CHECK(gong_spool_open(&options, &spool, why, sizeof why) == GONG_OK);
    FUZZ_CHECK(gong_spool_append(spool, &meta, NULL, 0, &offset) == GONG_OK);
    FUZZ_CHECK(gong_spool_cursor_open(spool, NULL, &cursor) == GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        FUZZ_CHECK(record.offset >= last);
        last = record.next;
    }
    FUZZ_CHECK(record.offset == offset);
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
    remove_files();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str bytes = gong_str_from((const char *)data, size);
    struct gong_record record;

    if (gong_record_open(&place, bytes, &record) == GONG_OK) {
        FUZZ_CHECK(record.next - record.offset <= size);
        FUZZ_CHECK(record.payload.len <= size - GONG_RECORD_HEADER_SIZE);
    }
    make_folder();
    put(SEGMENT_NAME, data, size < SEGMENT ? size : SEGMENT);
    use_log();
    put(SEGMENT_NAME, data, size < SEGMENT ? size : SEGMENT);
    put("log.meta", data, size < SEGMENT ? size : SEGMENT);
    use_log();
    return 0;
}
