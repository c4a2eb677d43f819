/*
 * bench_amplification KIND DIR RATE INTERVAL_MS SECONDS PAYLOAD STAT: writes
 * RATE records a second of PAYLOAD bytes into DIR, made durable every
 * INTERVAL_MS, and prints the bytes of payload, the syncs, and the bytes that
 * the block device whose /sys/block/.../stat is STAT was given to write
 * meanwhile, opening and closing left out. bench/amplification.sh runs it.
 *
 *   fill   the log, until every segment has been used once; the rest is ignored
 *   spool  the log
 *   bare   write(2) to one growing file, fdatasync(2)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/spool.h"

#define SEGMENT     ((uint64_t)1 << 20)
#define SEGMENTS    16
#define PAYLOAD_MAX 65536
#define TICK_MS     10

static char bytes[PAYLOAD_MAX];

struct target {
    struct gong_spool *spool; /* or */
    int fd;
    size_t payload;
    uint64_t syncs;
};

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static void
put(struct target *target)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_DATA};
    struct iovec part = {bytes, target->payload};

    if (target->spool != NULL) {
        if (gong_spool_append(target->spool, &meta, &part, 1, NULL) !=
            GONG_OK) {
            die("append");
        }
    } else if (write(target->fd, bytes, target->payload) !=
               (ssize_t)target->payload) {
        die("write");
    }
}

static void
make_durable(struct target *target)
{
    target->syncs++;
    if (target->spool != NULL) {
        if (gong_spool_sync(target->spool) != GONG_OK) {
            die("sync");
        }
    } else if (fdatasync(target->fd) != 0) {
        die("fdatasync");
    }
}

static uint64_t
run(struct target *target, double rate, gong_dur_t interval, double seconds)
{
    gong_mono_t start = gong_mono_now();
    gong_mono_t synced = start;
    uint64_t made = 0;
    double since = 0;

    while (since < seconds) {
        gong_clock_sleep(gong_dur_ms(TICK_MS));
        since = (double)gong_mono_since(gong_mono_now(), start).ns / 1e9;
        for (; (double)made < since * rate; made++) {
            put(target);
        }
        if (gong_mono_since(gong_mono_now(), synced).ns >= interval.ns) {
            make_durable(target);
            synced = gong_mono_now();
        }
    }
    make_durable(target);
    return made;
}

static void
open_spool(struct target *target, const char *dir)
{
    struct gong_spool_options options = {.dir = dir,
                                         .segment_size = SEGMENT,
                                         .segments_max = SEGMENTS,
                                         .policy = GONG_SPOOL_DROP_OLDEST};
    char why[256];

    if (gong_spool_open(&options, &target->spool, why, sizeof why) != GONG_OK) {
        (void)fprintf(stderr, "%s\n", why);
        exit(1);
    }
}

static void
open_bare(struct target *target, const char *dir)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/bare", dir);
    target->fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (target->fd < 0) {
        die(path);
    }
}

static double
number(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || value < 0 || value > 1e9) {
        (void)fprintf(stderr, "not a number: %s\n", text);
        exit(64);
    }
    return value;
}

/* The 7th number of STAT: sectors of 512 bytes, whatever the device's are. */
static uint64_t
device_bytes(const char *path)
{
    char line[256];
    char *at = line;
    uint64_t sectors = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        die(path);
    }
    (void)fclose(file);
    for (int i = 0; i < 7; i++) {
        sectors = strtoull(at, &at, 10);
    }
    return sectors * 512;
}

int
main(int argc, char **argv)
{
    struct target target = {.fd = -1};
    uint64_t before;
    uint64_t made;

    if (argc != 8) {
        (void)fputs("bench_amplification fill|spool|bare DIR RATE INTERVAL_MS "
                    "SECONDS PAYLOAD STAT\n",
                    stderr);
        return 64;
    }
    target.payload = (size_t)number(argv[6]);
    if (target.payload == 0 || target.payload > PAYLOAD_MAX) {
        return 64;
    }
    memset(bytes, 'x', sizeof bytes);
    if (strcmp(argv[1], "bare") == 0) {
        open_bare(&target, argv[2]);
    } else {
        open_spool(&target, argv[2]);
    }
    if (strcmp(argv[1], "fill") == 0) {
        for (uint64_t left = SEGMENT * (SEGMENTS + 1); left > target.payload;
             left -= target.payload) {
            put(&target);
        }
        gong_spool_close(target.spool);
        return 0;
    }
    sync();
    before = device_bytes(argv[7]);
    made = run(&target, number(argv[3]), gong_dur_ms((int64_t)number(argv[4])),
               number(argv[5]));
    sync();
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", made * target.payload,
           target.syncs, device_bytes(argv[7]) - before);
    gong_spool_close(target.spool);
    return 0;
}
