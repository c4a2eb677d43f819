/*
 * An engine of a million series: how long a fork holds it up, how fast its
 * state is written and read back, and how fast a journal is replayed, beside
 * what memcpy and the decoder alone do.
 *
 *   bench_snapshot [devices] [folder]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/decide/snapshot_memory.h"
#include "bench/descriptor.h"
#include "common/batch.h"
#include "common/clock.h"
#include "rules/engine/engine_snapshot.h"

#define RULES  20
#define FIELDS 5
#define START  INT64_C(1760000000000)
#define PERIOD 10000

static void
need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_snapshot: %s\n", what);
        exit(1);
    }
}

static double
since(gong_mono_t before)
{
    return (double)gong_mono_since(gong_mono_now(), before).ns / 1e9;
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
    static const char *const fields[FIELDS] = {"temp", "volt", "power", "load",
                                               "lux"};
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

        snprintf(expr, sizeof expr, "lamp_%s > %zu", fields[i % FIELDS],
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

static size_t
make_payload(uint32_t device, int64_t ms, char *out, size_t size)
{
    char name[16];
    size_t len;
    double hot = device % 200 == 7 ? 90 : 20;

    snprintf(name, sizeof name, "lamp-%06u", device);
    len = gong_batch_prefix(gong_str_of("22015"), gong_str_of(name), out);
    return len + (size_t)snprintf(out + len, size - len,
                                  "lamp,phase=a temp=%.1f,volt=%.1f,power=%u,"
                                  "load=%u,lux=%u %" PRId64 "000000\n",
                                  hot, 21.5, device % 50, device % 30,
                                  device % 60, ms);
}

/* One point of every device; decoding only where engine is NULL. */
static void
round_of(struct gong_engine *engine, struct gong_lp_reader *reader,
         uint32_t devices, int64_t ms)
{
    for (uint32_t d = 0; d < devices; d++) {
        char payload[256];
        struct gong_record record = {
            .meta = {.type = GONG_RECORD_DATA,
                     .journal_ms = ms,
                     .wall_ns = ms * GONG_NS_PER_MS},
            .offset = d,
        };
        struct gong_batch batch;
        const struct gong_lp_point *point;
        const struct gong_lp_error *error;
        int64_t ns;

        record.payload = gong_str_from(
            payload, make_payload(d, ms, payload, sizeof payload));
        if (engine != NULL) {
            need(gong_engine_apply(engine, &record) == GONG_OK, "apply");
        } else if (reader != NULL) {
            need(gong_batch_open(&batch, reader, record.payload,
                                 record.meta.wall_ns) == GONG_OK,
                 "batch");
            while (gong_batch_next(&batch, reader, &point, &error, &ns) !=
                   GONG_LP_END) {
            }
        }
    }
}

static double
gather(const struct gong_engine *engine)
{
    struct gong_snapshot_memory memory;
    gong_mono_t before = gong_mono_now();

    gong_snapshot_memory_of(engine, &memory);
    (void)gong_snapshot_memory_gather(&memory);
    return since(before);
}

/* As the agent does it, or with the memory as it lies. */
static void
bench_fork(const struct gong_engine *engine, const char *path, bool gathered)
{
    struct gong_snapshot_place place = {.position = 1};

    for (int i = 0; i < 5; i++) {
        double gathering = gathered ? gather(engine) : 0;
        gong_mono_t before = gong_mono_now();
        pid_t pid = fork();
        double stall;

        if (pid == 0) {
            int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            struct gong_snapshot_sink sink = {bench_write_fd, &fd};

            _exit(fd >= 0 && gong_engine_save(engine, &place, &sink) ? 0 : 1);
        }
        stall = since(before);
        need(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork");
        printf("fork %.2f ms, child done after %.0f ms, gathered before in "
               "%.0f ms\n",
               stall * 1e3, since(before) * 1e3, gathering * 1e3);
    }
}

static struct gong_engine *
bench_restore(const struct gong_ruleset *set, uint64_t *count, const char *path)
{
    int fd = open(path, O_RDONLY);
    struct stat st;
    struct gong_snapshot_source source = {bench_read_fd, &fd, 0};
    struct gong_engine_limits limits = {.devices = 2000000};
    struct gong_snapshot_start start = {&limits, on_effect, count, set};
    struct gong_engine *engine = NULL;
    const char *why = "";
    gong_mono_t before = gong_mono_now();

    need(fd >= 0 && fstat(fd, &st) == 0, "open");
    source.size = (uint64_t)st.st_size;
    if (gong_engine_restore(&start, &source, &engine, &why) != GONG_OK) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
    printf("restore %.0f MB in %.0f ms\n", (double)st.st_size / 1e6,
           since(before) * 1e3);
    (void)close(fd);
    return engine;
}

static void
bench_memcpy(size_t size)
{
    char *a = malloc(size);
    char *b = malloc(size);
    gong_mono_t before;

    need(a != NULL && b != NULL, "memory");
    memset(a, 1, size);
    memset(b, 2, size);
    before = gong_mono_now();
    memcpy(b, a, size);
    printf("memcpy of as much %.0f ms (%d)\n", since(before) * 1e3,
           b[size / 2]);
    free(a);
    free(b);
}

static void
bench_replay(struct gong_engine *engine, uint32_t devices, int64_t ms)
{
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    double times[3];
    gong_mono_t before = gong_mono_now();

    need(reader != NULL, "memory");
    round_of(NULL, NULL, devices, ms);
    times[0] = since(before);
    before = gong_mono_now();
    round_of(NULL, reader, devices, ms);
    times[1] = since(before) - times[0];
    before = gong_mono_now();
    round_of(engine, NULL, devices, ms);
    times[2] = since(before) - times[0];
    printf("replay, one point a record: %.2f M points/s, decoding alone %.2f\n",
           devices / times[2] / 1e6, devices / times[1] / 1e6);
    gong_lp_reader_free(reader);
}

int
main(int argc, char **argv)
{
    uint32_t devices = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 200000;
    const char *folder = argc > 2 ? argv[2] : "/tmp";
    struct gong_engine_limits limits = {.devices = 2000000};
    struct gong_ruleset *set = make_rules();
    uint64_t count = 0;
    struct gong_engine *engine = gong_engine_new(&limits, on_effect, &count);
    struct gong_engine_stats stats;
    char path[256];

    need(engine != NULL, "memory");
    need(gong_engine_set_rules(engine, set, 0, START, NULL) == GONG_OK,
         "rules");
    round_of(engine, NULL, devices, START);
    round_of(engine, NULL, devices, START + PERIOD);
    gong_engine_stats(engine, &stats);
    printf("%" PRIu64 " series, %" PRIu64 " instances, %.0f MB held\n",
           stats.series, stats.instances, (double)stats.bytes / 1e6);
    snprintf(path, sizeof path, "%s/bench.snapshot", folder);
    bench_fork(engine, path, false);
    bench_fork(engine, path, true);
    bench_memcpy((size_t)gong_engine_save_size(engine));
    gong_engine_free(engine);
    engine = bench_restore(set, &count, path);
    bench_replay(engine, devices, START + INT64_C(2) * PERIOD);
    gong_engine_free(engine);
    gong_ruleset_free(set);
    (void)unlink(path);
    return 0;
}
