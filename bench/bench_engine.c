/*
 * Decodes and evaluates 1.02 million points of five fields with 20 threshold
 * rules, half of them with `for`, from memory; beside it only decodes them.
 *
 *   batches   10,200 devices, each with records of 50 points, 10 s apart
 *   file      no topic: one record for each stamp, a point of every device
 *
 *   bench_engine [rounds] [interval in ms]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/batch.h"
#include "common/clock.h"
#include "common/err.h"
#include "rules/engine/engine.h"

#define DEVICES 10200
#define STEPS   100 /* points of a device */
#define BATCH   50
#define START   INT64_C(1760000000000)
#define PERIOD  10000
#define RULES   20

struct tape {
    char *bytes;
    size_t len;
    size_t size;
    struct gong_record *records;
    size_t count;
};

static void
need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_engine: %s\n", what);
        exit(1);
    }
}

static uint32_t
noise(uint32_t device, uint32_t step, uint32_t field)
{
    uint32_t x = device * 2654435761u + step * 40503u + field * 97u;

    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ (x >> 13);
}

/* One device in 200 runs hot half of the time. */
static double
reading(uint32_t device, uint32_t step, uint32_t field)
{
    double value = 20 + (noise(device, step, field) % 100) / 10.0;

    return device % 200 == 7 && (step / 10) % 2 == 1 ? value + 60 : value;
}

static void
add_point(struct tape *tape, uint32_t device, uint32_t step, bool tagged)
{
    char name[48] = "";
    int len = 0;

    if (tagged) {
        snprintf(name, sizeof name, ",device=lamp-%05u,site=2201%u", device,
                 device % 10);
    }
    need(tape->size - tape->len > 200, "tape is too short");
    len = snprintf(tape->bytes + tape->len, 200,
                   "streetlight%s,phase=a temp=%.1f,volt=%.1f,power=%.2f,"
                   "load=%ui,lux=%.1f %" PRId64 "000000\n",
                   name, reading(device, step, 0), reading(device, step, 1),
                   reading(device, step, 2), (unsigned)reading(device, step, 3),
                   reading(device, step, 4), START + (int64_t)step * PERIOD);
    tape->len += (size_t)len;
}

/* Begins a record; its length follows. */
static size_t
begin_record(struct tape *tape, uint32_t device, bool tagged)
{
    size_t at = tape->len;
    char site[8];
    char name[16];

    if (tagged) {
        tape->bytes[tape->len++] = 0;
        tape->bytes[tape->len++] = 0;
        return at;
    }
    snprintf(site, sizeof site, "2201%u", device % 10);
    snprintf(name, sizeof name, "lamp-%05u", device);
    tape->len += gong_batch_prefix(gong_str_of(site), gong_str_of(name),
                                   tape->bytes + tape->len);
    return at;
}

static void
end_record(struct tape *tape, size_t at, int64_t ms)
{
    tape->records[tape->count] = (struct gong_record){
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = ms,
                 .wall_ns = ms * GONG_NS_PER_MS},
        .offset = tape->count,
        .payload = {tape->bytes + at, tape->len - at},
    };
    tape->count++;
}

static void
make_batches(struct tape *tape)
{
    for (uint32_t start = 0; start < STEPS; start += BATCH) {
        for (uint32_t device = 0; device < DEVICES; device++) {
            size_t at = begin_record(tape, device, false);

            for (uint32_t step = start; step < start + BATCH; step++) {
                add_point(tape, device, step, false);
            }
            end_record(tape, at, START + (int64_t)(start + BATCH) * PERIOD);
        }
    }
}

static void
make_file(struct tape *tape)
{
    for (uint32_t step = 0; step < STEPS; step++) {
        size_t at = begin_record(tape, 0, true);

        for (uint32_t device = 0; device < DEVICES; device++) {
            add_point(tape, device, step, true);
        }
        end_record(tape, at, START + (int64_t)step * PERIOD);
    }
}

static struct gong_ruleset *
make_rules(int64_t interval_ms)
{
    static const char *const fields[] = {"temp", "volt", "power", "load",
                                         "lux"};
    static const char *const tests[] = {"> 70", "> 1000", "< 0", "> 75"};
    static struct gong_rule rules[RULES];
    static struct gong_ruleset set = {.rules = rules, .count = RULES};
    static char texts[RULES][2][64];

    for (size_t i = 0; i < RULES; i++) {
        struct gong_expr_error error = {0};

        snprintf(texts[i][0], sizeof texts[i][0], "rule-%zu", i);
        snprintf(texts[i][1], sizeof texts[i][1], "streetlight_%s %s",
                 fields[i / 4], tests[i % 4]);
        gong_expr_free(rules[i].expr);
        rules[i] = (struct gong_rule){
            .id = texts[i][0],
            .alert = texts[i][0],
            .expr_text = texts[i][1],
            .expr = gong_expr_parse(gong_str_of(texts[i][1]), &error),
            .lookback_ms = 300000,
            .interval_ms = interval_ms,
            .for_ms = i % 2 == 1 ? 30000 : 0,
        };
        need(rules[i].expr != NULL, error.message);
    }
    return &set;
}

static void
count_effect(void *ctx, const struct gong_effect *effect)
{
    uint64_t *count = ctx;

    (void)effect;
    ++*count;
}

/* CPU time of this process. */
static double
cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double
decode_only(const struct tape *tape, struct gong_lp_reader *reader)
{
    double start = cpu_seconds();
    uint64_t points = 0;

    for (size_t i = 0; i < tape->count; i++) {
        const struct gong_lp_point *point = NULL;
        const struct gong_lp_error *error = NULL;
        struct gong_batch batch;
        int64_t ns = 0;

        need(gong_batch_open(&batch, reader, tape->records[i].payload,
                             tape->records[i].meta.wall_ns) == GONG_OK,
             "a record does not open");
        while (gong_batch_next(&batch, reader, &point, &error, &ns) ==
               GONG_LP_POINT) {
            points++;
        }
    }
    need(points == (uint64_t)DEVICES * STEPS, "points were lost");
    return cpu_seconds() - start;
}

static double
evaluate(const struct tape *tape, int64_t interval_ms,
         struct gong_engine_stats *stats, double *second)
{
    uint64_t effects = 0;
    struct gong_engine *engine = gong_engine_new(NULL, count_effect, &effects);
    double start = cpu_seconds();
    double middle = 0;

    need(engine != NULL, "no memory");
    need(gong_engine_set_rules(engine, make_rules(interval_ms), 0, 0, NULL) ==
             GONG_OK,
         "the rules are refused");
    for (size_t i = 0; i < tape->count; i++) {
        if (i == tape->count / 2) {
            middle = cpu_seconds();
        }
        need(gong_engine_apply(engine, &tape->records[i]) == GONG_OK,
             "a record does not apply");
    }
    *second = cpu_seconds() - middle;
    start = cpu_seconds() - start;
    gong_engine_stats(engine, stats);
    gong_engine_free(engine);
    return start;
}

static void
run(const char *name, void (*make)(struct tape *), int rounds,
    int64_t interval_ms)
{
    struct tape tape = {.size = (size_t)DEVICES * STEPS * 160};
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_engine_stats stats = {0};
    double decoding = 1e9;
    double both = 1e9;
    double steady = 1e9;

    tape.bytes = malloc(tape.size);
    tape.records =
        calloc((size_t)DEVICES * STEPS / BATCH + STEPS, sizeof *tape.records);
    need(tape.bytes != NULL && tape.records != NULL && reader != NULL,
         "no memory");
    make(&tape);
    for (int i = 0; i < rounds; i++) {
        double d = decode_only(&tape, reader);
        double half = 0;
        double e = evaluate(&tape, interval_ms, &stats, &half);

        decoding = d < decoding ? d : decoding;
        both = e < both ? e : both;
        steady = half < steady ? half : steady;
    }
    printf("%s: %.1f MB, %" PRIu64 " samples, %" PRIu64 " evaluations, %" PRIu64
           " transitions\n",
           name, (double)tape.len / 1e6, stats.samples, stats.evaluations,
           stats.transitions);
    printf("  decode                %.3f CPU-s\n", decoding);
    printf("  decode and evaluate   %.3f CPU-s, %.1f x, second half %.3f\n",
           both, both / decoding, steady);
    printf("  evaluation            %.1f ns a sample\n",
           (both - decoding) * 1e9 / (double)stats.samples);
    printf("  memory                %.1f MB, %.0f bytes a series\n",
           (double)stats.bytes / 1e6,
           (double)stats.bytes / (double)stats.series);
    free(tape.bytes);
    free(tape.records);
    gong_lp_reader_free(reader);
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;
    int64_t interval_ms = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

    run("batches", make_batches, rounds, interval_ms);
    run("file", make_file, rounds, interval_ms);
    return 0;
}
