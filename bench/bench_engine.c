/*
 * Decodes and evaluates 1.02 million points of five fields (points.h) with the
 * rules of a file, from memory; beside it only decodes them.
 *
 *   batches   10,200 devices, each with records of 50 points, 10 s apart
 *   file      no topic: one record for each stamp, a point of every device
 *
 *   bench_engine RULES [times]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/batch.h"
#include "common/clock.h"
#include "common/err.h"
#include "points.h"
#include "rules/engine/engine.h"
#include "rules/rule_file.h"

#define DEVICES POINTS_DEVICES
#define STEPS   POINTS_ROUNDS
#define BATCH   50
#define START   POINTS_START_MS
#define PERIOD  POINTS_PERIOD_MS

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

static void
add_point(struct tape *tape, uint32_t device, uint32_t step, bool tagged)
{
    need(tape->size - tape->len > POINTS_LINE_SIZE, "tape is too short");
    tape->len += points_line(device, step, tagged, tape->bytes + tape->len);
}

/* Begins a record; its length follows. */
static size_t
begin_record(struct tape *tape, uint32_t device, bool tagged)
{
    size_t at = tape->len;
    char site[16];
    char name[16];

    if (tagged) {
        tape->bytes[tape->len++] = 0;
        tape->bytes[tape->len++] = 0;
        return at;
    }
    points_names(device, site, name);
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

static struct gong_rule_source *
load_rules(char *path)
{
    struct gong_strings paths = {&path, 1};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = gong_rule_files_load(&paths, &errors);

    need(source != NULL, "the rules are refused");
    return source;
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
evaluate(const struct tape *tape, const struct gong_ruleset *set,
         struct gong_engine_stats *stats, double *second)
{
    uint64_t effects = 0;
    struct gong_engine *engine = gong_engine_new(NULL, count_effect, &effects);
    double start = cpu_seconds();
    double middle = 0;

    need(engine != NULL, "no memory");
    need(gong_engine_set_rules(engine, set, 0, START, NULL) == GONG_OK,
         "the rules cannot be compiled");
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
    const struct gong_ruleset *set)
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
        double e = evaluate(&tape, set, &stats, &half);

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
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
    struct gong_rule_source *source = NULL;

    need(argc > 1, "bench_engine RULES [times]");
    source = load_rules(argv[1]);
    run("batches", make_batches, rounds, source->set);
    run("file", make_file, rounds, source->set);
    gong_rule_source_free(source);
    return 0;
}
