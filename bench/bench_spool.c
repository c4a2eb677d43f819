/*
 * bench_spool [DIR]: the log against the bare system calls it is made of, on
 * the same folder, in one run. Figures are ratios; machines differ.
 *
 *   append   4 KiB records beside write(2) of 4 KiB to one file
 *   durable  a record's way from append to the durable mark, 50 ms group
 *            commit, beside what one fdatasync takes
 *   read     all of it through a cursor beside pread(2) in 64 KiB blocks
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/spool.h"

#define PAYLOAD   4032 /* with its header 4 KiB */
#define RECORD    4096
#define RECORDS   65536 /* 256 MiB */
#define WAITS     400
#define WAIT_MS   7
#define COMMIT_MS 50
#define BLOCK     65536

static char bytes[BLOCK];

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static double
seconds_since(gong_mono_t start)
{
    return (double)gong_mono_since(gong_mono_now(), start).ns / 1e9;
}

static int
compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static void
print_spread(const char *name, double *ms, size_t count)
{
    qsort(ms, count, sizeof *ms, compare);
    printf("%-28s p50 %8.2f ms   p99 %8.2f ms\n", name, ms[count / 2],
           ms[count * 99 / 100]);
}

static int
bare_file(const char *dir)
{
    char path[4096];
    int fd;

    (void)snprintf(path, sizeof path, "%s/bare", dir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        die(path);
    }
    (void)unlink(path);
    return fd;
}

static double
bare_append(int fd)
{
    gong_mono_t start = gong_mono_now();

    for (int i = 0; i < RECORDS; i++) {
        if (write(fd, bytes, RECORD) != RECORD) {
            die("write");
        }
    }
    return seconds_since(start);
}

static double
bare_read(int fd)
{
    gong_mono_t start = gong_mono_now();

    for (off_t at = 0; at < (off_t)RECORDS * RECORD; at += BLOCK) {
        if (pread(fd, bytes, BLOCK, at) != BLOCK) {
            die("pread");
        }
    }
    return seconds_since(start);
}

static void
append_one(struct gong_spool *spool, uint64_t *offset)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_DATA};
    struct iovec part = {bytes, PAYLOAD};

    if (gong_spool_append(spool, &meta, &part, 1, offset) != GONG_OK) {
        die("append");
    }
}

static double
log_append(struct gong_spool *spool)
{
    gong_mono_t start = gong_mono_now();

    for (int i = 0; i < RECORDS; i++) {
        append_one(spool, NULL);
    }
    return seconds_since(start);
}

static double
log_read(struct gong_spool *spool)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    gong_mono_t start = gong_mono_now();
    int count = 0;

    if (gong_spool_cursor_open(spool, NULL, &cursor) != GONG_OK) {
        die("cursor");
    }
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        count++;
    }
    gong_spool_cursor_close(cursor);
    if (count != RECORDS) {
        die("records");
    }
    return seconds_since(start);
}

struct waits {
    struct gong_spool *spool;
    atomic_bool stop;
    double syncs[WAITS];
    size_t sync_count;
};

static void *
commit(void *argument)
{
    struct waits *waits = argument;

    while (!atomic_load(&waits->stop)) {
        gong_mono_t start;

        gong_clock_sleep(gong_dur_ms(COMMIT_MS));
        start = gong_mono_now();
        if (gong_spool_sync(waits->spool) != GONG_OK) {
            die("sync");
        }
        if (waits->sync_count < WAITS) {
            waits->syncs[waits->sync_count++] = seconds_since(start) * 1e3;
        }
    }
    return NULL;
}

/* Appends every few ms and notes for each when the durable mark passed it. */
static void
log_durable(struct waits *waits)
{
    static gong_mono_t born[WAITS];
    static uint64_t offsets[WAITS];
    static double ms[WAITS];
    gong_mono_t next = gong_mono_now();
    struct gong_spool_stats stats;
    size_t made = 0;
    size_t done = 0;

    while (done < WAITS) {
        if (made < WAITS && gong_mono_now().ns >= next.ns) {
            born[made] = gong_mono_now();
            append_one(waits->spool, &offsets[made++]);
            next = gong_mono_add(next, gong_dur_ms(WAIT_MS));
        }
        gong_spool_stats(waits->spool, &stats);
        while (done < made && offsets[done] < stats.durable) {
            ms[done] = seconds_since(born[done]) * 1e3;
            done++;
        }
        gong_clock_sleep((gong_dur_t){GONG_NS_PER_MS / 5});
    }
    print_spread("append -> durable", ms, WAITS);
}

static void
bare_durable(int fd)
{
    static double ms[WAITS / 4];

    for (int i = 0; i < WAITS / 4; i++) {
        gong_mono_t start;

        for (int k = 0; k < COMMIT_MS / WAIT_MS; k++) {
            if (pwrite(fd, bytes, RECORD, (off_t)(i * 8 + k) * RECORD) !=
                RECORD) {
                die("pwrite");
            }
        }
        start = gong_mono_now();
        if (fdatasync(fd) != 0) {
            die("fdatasync");
        }
        ms[i] = seconds_since(start) * 1e3;
    }
    print_spread("bare fdatasync", ms, WAITS / 4);
}

static struct gong_spool *
open_log(const char *dir)
{
    struct gong_spool_options options = {.dir = dir,
                                         .segment_size = 16u << 20,
                                         .segments_max = 20,
                                         .policy = GONG_SPOOL_BLOCK};
    struct gong_spool *spool;
    char why[256];

    if (gong_spool_open(&options, &spool, why, sizeof why) != GONG_OK) {
        (void)fprintf(stderr, "%s\n", why);
        exit(1);
    }
    return spool;
}

static void
remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    (void)rmdir(path);
}

int
main(int argc, char **argv)
{
    char dir[4000];
    static struct waits waits;
    pthread_t committer;
    double bare;
    double ours;
    int fd;

    (void)snprintf(dir, sizeof dir, "%s/gong-bench-XXXXXX",
                   argc > 1 ? argv[1] : "/tmp");
    if (mkdtemp(dir) == NULL) {
        die(dir);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 31);
    }
    fd = bare_file(dir);
    waits.spool = open_log(dir);
    bare = bare_append(fd);
    ours = log_append(waits.spool);
    printf("append 4 KiB    bare %.0f/s   log %.0f/s   ratio %.2f\n",
           RECORDS / bare, RECORDS / ours, ours / bare);
    bare = bare_read(fd);
    ours = log_read(waits.spool);
    printf("read            bare %.0f MB/s   log %.0f MB/s   ratio %.2f\n",
           RECORDS * 4.096e-3 / bare, RECORDS * 4.096e-3 / ours, ours / bare);
    (void)fsync(fd);
    bare_durable(fd);
    (void)close(fd);
    if (gong_spool_sync(waits.spool) != GONG_OK) {
        die("sync");
    }
    if (pthread_create(&committer, NULL, commit, &waits) != 0) {
        die("committer");
    }
    log_durable(&waits);
    atomic_store(&waits.stop, true);
    (void)pthread_join(committer, NULL);
    print_spread("one gong_spool_sync", waits.syncs, waits.sync_count);
    gong_spool_close(waits.spool);
    bare = seconds_since((gong_mono_t){0});
    waits.spool = open_log(dir);
    ours = seconds_since((gong_mono_t){0}) - bare;
    printf("open, whole scan %.0f MB/s\n", RECORDS * 4.096e-3 / ours);
    gong_spool_close(waits.spool);
    remove_folder(dir);
    return 0;
}
