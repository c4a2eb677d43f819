/*
 * What a start after a kill takes, part by part, at a million series: opening
 * the journal, restoring the snapshot, replaying the records after it; beside
 * each what the bare machine needs for the same bytes.
 *
 *   bench_recover [devices] [rounds] [fields] [folder]
 *
 * Each device sends batches of 50 points with our header line, each point a row
 * of its own with that many fields; 20 threshold rules, half with `for`, four
 * to a series. The first round makes the series and is what the snapshot holds;
 * the others are replayed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/descriptor.h"
#include "common/batch.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/spool.h"
#include "rules/engine/engine_snapshot.h"

#define RULES       20
#define MEASURES    5
#define BATCH       50
#define START       INT64_C(1760000000000)
#define PERIOD      10000
#define SEGMENT     (UINT64_C(64) << 20)
#define SYNC_EVERY  4096
#define RECORD_SIZE 65536

static const char *const measures[MEASURES] = {"temp", "volt", "power", "load",
                                               "lux"};

struct setting {
    uint32_t devices;
    uint32_t rounds;
    uint32_t fields;
    const char *folder;
};

static void
need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_recover: %s\n", what);
        exit(1);
    }
}

struct watch {
    gong_mono_t wall;
    clock_t cpu;
};

static struct watch
start_watch(void)
{
    return (struct watch){gong_mono_now(), clock()};
}

static double
wall_of(struct watch watch)
{
    return (double)gong_mono_since(gong_mono_now(), watch.wall).ns / 1e9;
}

static double
cpu_of(struct watch watch)
{
    return (double)(clock() - watch.cpu) / CLOCKS_PER_SEC;
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    (void)effect;
    ++*(uint64_t *)ctx;
}

static struct gong_ruleset *
make_rules(void)
{
    struct gong_ruleset *set = calloc(1, sizeof *set);

    need(set != NULL, "memory");
    set->rules = calloc(RULES, sizeof *set->rules);
    need(set->rules != NULL, "memory");
    set->count = RULES;
    for (size_t i = 0; i < RULES; i++) {
        struct gong_rule *rule = &set->rules[i];
        struct gong_expr_error error;
        char expr[64];
        char name[16];

        snprintf(expr, sizeof expr, "lamp_%s > %zu", measures[i % MEASURES],
                 70 + i);
        snprintf(name, sizeof name, "R%zu", i);
        rule->id = strdup(name);
        rule->group = strdup("bench");
        rule->alert = strdup(name);
        rule->expr_text = strdup(expr);
        rule->file = strdup("bench");
        rule->expr = gong_expr_parse(gong_str_of(expr), &error);
        rule->lookback_ms = 300000;
        rule->for_ms = i % 2 == 0 ? 0 : 30000;
        need(rule->expr != NULL, "rule");
    }
    return set;
}

/* One device in 200 has a hot lamp in every other round. */
static double
reading(uint32_t device, uint32_t round, uint32_t point, uint32_t field)
{
    uint32_t x =
        device * 2654435761u + round * 40503u + point * 97u + field * 7u;

    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return device % 200 == 7 && point == 3 && round % 2 == 1
               ? 90
               : 20 + (x % 100) / 10.0;
}

static size_t
make_body(const struct setting *s, uint32_t device, uint32_t round, char *out)
{
    size_t len = 0;

    for (uint32_t p = 0; p < BATCH; p++) {
        len += (size_t)snprintf(out + len, RECORD_SIZE - len, "lamp,id=%u ", p);
        for (uint32_t f = 0; f < s->fields; f++) {
            len += (size_t)snprintf(
                out + len, RECORD_SIZE - len, "%s%s=%.1f", f == 0 ? "" : ",",
                measures[(p + f) % MEASURES], reading(device, round, p, f));
        }
        len += (size_t)snprintf(out + len, RECORD_SIZE - len,
                                " %" PRId64 "000000\n",
                                START + (int64_t)round * PERIOD);
    }
    return len;
}

static void
append_batch(const struct setting *s, struct gong_spool *spool, uint32_t device,
             uint32_t round)
{
    static char body[RECORD_SIZE];
    char prefix[GONG_BATCH_PREFIX_SIZE];
    char line[GONG_BATCH_HEADER_SIZE];
    char name[16];
    size_t len = make_body(s, device, round, body);
    int64_t ms = START + (int64_t)round * PERIOD;
    struct gong_batch_header header = {.epoch = device + 1,
                                       .seq = round + 1,
                                       .low = round + 1,
                                       .sent_ms = ms,
                                       .points = BATCH,
                                       .crc = gong_crc32c(0, body, len)};
    struct gong_record_meta meta = {.type = GONG_RECORD_DATA,
                                    .journal_ms = ms,
                                    .wall_ns = ms * GONG_NS_PER_MS};
    struct iovec parts[3] = {{prefix, 0},
                             {line, gong_batch_header_format(&header, line)},
                             {body, len}};

    snprintf(name, sizeof name, "lamp-%06u", device);
    parts[0].iov_len =
        gong_batch_prefix(gong_str_of("22015"), gong_str_of(name), prefix);
    need(gong_spool_append(spool, &meta, parts, 3, NULL) == GONG_OK, "append");
}

static struct gong_spool *
open_spool(const char *dir)
{
    struct gong_spool_options options = {.dir = dir,
                                         .segment_size = SEGMENT,
                                         .segments_max = 256,
                                         .policy = GONG_SPOOL_BLOCK};
    struct gong_spool *spool = NULL;
    char why[256] = "";

    need(gong_spool_open(&options, &spool, why, sizeof why) == GONG_OK, why);
    return spool;
}

/* Returns where the second round begins. */
static uint64_t
make_journal(const struct setting *s, const char *dir)
{
    struct gong_spool *spool = open_spool(dir);
    struct gong_spool_stats stats;
    uint64_t second = 0;

    for (uint32_t round = 0; round < s->rounds; round++) {
        for (uint32_t device = 0; device < s->devices; device++) {
            append_batch(s, spool, device, round);
            if (device % SYNC_EVERY == 0) {
                need(gong_spool_sync(spool) == GONG_OK, "sync");
            }
        }
        gong_spool_stats(spool, &stats);
        second = round == 0 ? stats.end : second;
    }
    gong_spool_close(spool);
    return second;
}

/* --- the bare machine --- */

/* pread(2) in blocks of 64 KiB and the checksum of what it brings, over as many
 * bytes from the journal's end. */
static void
bench_bare(const char *dir, uint64_t from, uint64_t end)
{
    static char block[65536];
    struct watch watch = start_watch();
    uint32_t crc = 0;

    for (uint64_t number = from / SEGMENT; number <= end / SEGMENT; number++) {
        uint64_t at = number == from / SEGMENT ? from % SEGMENT : 0;
        uint64_t stop = number == end / SEGMENT ? end % SEGMENT : SEGMENT;
        char path[512];
        int fd;

        snprintf(path, sizeof path, "%s/%016" PRIx64 ".segment", dir, number);
        fd = open(path, O_RDONLY);
        need(fd >= 0, path);
        for (; at < stop; at += sizeof block) {
            ssize_t got = pread(fd, block, sizeof block, (off_t)at);

            need(got > 0, "pread");
            crc = gong_crc32c(crc, block, (size_t)got);
        }
        (void)close(fd);
    }
    printf(
        "  bare read and CRC of it     %7.0f ms   %.0f MB/s (%08" PRIx32 ")\n",
        wall_of(watch) * 1e3, (double)(end - from) / wall_of(watch) / 1e6, crc);
}

static void
bench_memcpy(size_t size)
{
    char *a = malloc(size);
    char *b = malloc(size);
    struct watch watch;

    need(a != NULL && b != NULL, "memory");
    memset(a, 1, size);
    memset(b, 2, size);
    watch = start_watch();
    memcpy(b, a, size);
    printf("  bare memcpy of as much      %7.0f ms (%d)\n",
           wall_of(watch) * 1e3, b[size / 2]);
    free(a);
    free(b);
}

/* --- the parts --- */

enum depth { CURSOR, DECODED, APPLIED };

static void
decode(struct gong_lp_reader *reader, const struct gong_record *record)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    struct gong_batch batch;
    int64_t ns;

    need(gong_batch_open(&batch, reader, record->payload,
                         record->meta.wall_ns) == GONG_OK,
         "batch");
    while (gong_batch_next(&batch, reader, &point, &error, &ns) !=
           GONG_LP_END) {
    }
}

static void
read_journal(const struct setting *s, struct gong_spool *spool, uint64_t from,
             enum depth depth, struct gong_engine *engine)
{
    static const char *const names[] = {"cursor alone", "cursor and decoding",
                                        "replay"};
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    struct watch watch = start_watch();
    uint64_t records = 0;
    double wall, cpu, points;

    need(reader != NULL, "memory");
    need(gong_spool_cursor_open(spool, NULL, &cursor) == GONG_OK, "cursor");
    gong_spool_cursor_seek(cursor, from);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        records++;
        if (depth == DECODED) {
            decode(reader, &record);
        } else if (depth == APPLIED) {
            need(gong_engine_apply(engine, &record) == GONG_OK, "apply");
        }
    }
    wall = wall_of(watch);
    cpu = cpu_of(watch);
    points = (double)records * BATCH;
    printf("  %-27s %7.0f ms   %.2f M points/s, %.2f M samples/s, by CPU time "
           "%.2f M points/s\n",
           names[depth], wall * 1e3, points / wall / 1e6,
           points * s->fields / wall / 1e6, points / cpu / 1e6);
    gong_spool_cursor_close(cursor);
    gong_lp_reader_free(reader);
}

/* Applies the first round and keeps what comes of it. */
static void
make_snapshot(struct gong_spool *spool, uint64_t second,
              const struct gong_ruleset *set, const char *path)
{
    struct gong_engine_limits limits = {.devices = 2000000};
    struct gong_snapshot_place place = {.position = second};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    struct gong_snapshot_sink sink = {bench_write_fd, &fd};
    uint64_t effects = 0;
    struct gong_engine *engine = gong_engine_new(&limits, on_effect, &effects);
    struct gong_spool_cursor *cursor = NULL;
    struct gong_engine_stats stats;
    struct gong_record record;

    need(engine != NULL && fd >= 0, "snapshot");
    need(gong_engine_set_rules(engine, set, 0, START, NULL) == GONG_OK,
         "rules");
    need(gong_spool_cursor_open(spool, NULL, &cursor) == GONG_OK, "cursor");
    while (gong_spool_cursor_next(cursor, second, &record) == GONG_OK) {
        need(gong_engine_apply(engine, &record) == GONG_OK, "apply");
    }
    gong_spool_cursor_close(cursor);
    gong_engine_stats(engine, &stats);
    printf("%" PRIu64 " series, %" PRIu64 " instances, %.0f MB held\n",
           stats.series, stats.instances, (double)stats.bytes / 1e6);
    need(gong_engine_save(engine, &place, &sink), "save");
    (void)close(fd);
    gong_engine_free(engine);
}

static struct gong_engine *
restore(const struct gong_ruleset *set, uint64_t *effects, const char *path)
{
    struct gong_engine_limits limits = {.devices = 2000000};
    struct gong_snapshot_start start = {&limits, on_effect, effects, set};
    struct watch watch = start_watch();
    int fd = open(path, O_RDONLY);
    struct gong_snapshot_source source = {bench_read_fd, &fd, 0};
    struct gong_engine *engine = NULL;
    const char *why = "";
    struct stat st;

    need(fd >= 0 && fstat(fd, &st) == 0, "open");
    source.size = (uint64_t)st.st_size;
    need(gong_engine_restore(&start, &source, &engine, &why) == GONG_OK, why);
    printf("  restore of %4.0f MB          %7.0f ms\n",
           (double)st.st_size / 1e6, wall_of(watch) * 1e3);
    (void)close(fd);
    bench_memcpy((size_t)st.st_size);
    return engine;
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

static void
run(const struct setting *s, const char *dir, const char *path)
{
    struct gong_ruleset *set = make_rules();
    uint64_t second = make_journal(s, dir);
    struct gong_spool_stats stats;
    struct gong_engine *engine;
    struct gong_spool *spool;
    struct watch watch = start_watch();
    uint64_t effects = 0;
    double opening;

    spool = open_spool(dir);
    opening = wall_of(watch);
    gong_spool_stats(spool, &stats);
    make_snapshot(spool, second, set, path);
    printf("journal of %.0f MB, of which %.0f MB after the snapshot, %.1f "
           "bytes a point\n",
           (double)stats.end / 1e6, (double)(stats.end - second) / 1e6,
           (double)second / s->devices / BATCH);
    printf("  opening the journal         %7.0f ms   looks at %.0f MB\n",
           opening * 1e3, (double)(stats.end - stats.checked) / 1e6);
    engine = restore(set, &effects, path);
    bench_bare(dir, second, stats.end);
    read_journal(s, spool, second, CURSOR, NULL);
    read_journal(s, spool, second, DECODED, NULL);
    read_journal(s, spool, second, APPLIED, engine);
    printf("%" PRIu64 " effects\n", effects);
    gong_engine_free(engine);
    gong_spool_close(spool);
    gong_ruleset_free(set);
}

static uint32_t
argument(int argc, char **argv, int i, uint32_t fallback)
{
    return argc > i ? (uint32_t)strtoul(argv[i], NULL, 10) : fallback;
}

int
main(int argc, char **argv)
{
    struct setting setting = {.devices = argument(argc, argv, 1, 20000),
                              .rounds = argument(argc, argv, 2, 5),
                              .fields = argument(argc, argv, 3, 1),
                              .folder = argc > 4 ? argv[4] : "/tmp"};
    char dir[256];
    char path[300];

    need(setting.devices > 0 && setting.rounds > 1 && setting.fields > 0 &&
             setting.fields <= MEASURES,
         "devices, rounds of at least 2, fields of at most 5");
    snprintf(dir, sizeof dir, "%s/gong-bench-XXXXXX", setting.folder);
    need(mkdtemp(dir) != NULL, dir);
    snprintf(path, sizeof path, "%s.snapshot", dir);
    run(&setting, dir, path);
    (void)unlink(path);
    remove_folder(dir);
    return 0;
}
