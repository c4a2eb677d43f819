/*
 * Chunks of two hours at 10 s, of what devices say: bytes a sample, and
 * nanoseconds a sample to write and to read.
 *
 *   bench_chunk [rounds [series [kind]]]
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/history/chunk.h"
#include "points.h"

#define SAMPLES 720

static uint64_t random_state = 88172645463325252u;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static void
need(bool good)
{
    if (!good) {
        fprintf(stderr, "bench_chunk: no memory\n");
        exit(1);
    }
}

static double
points(double before, uint32_t series, uint32_t round)
{
    char line[POINTS_LINE_SIZE];
    const char *at = NULL;

    (void)before;
    (void)points_line(series, round, false, line);
    at = strchr(line, '=');
    need(at != NULL);
    return strtod(at + 1, NULL);
}

static double
counter(double before, uint32_t series, uint32_t round)
{
    return round == 0 ? series * 1e6 : before + (double)any(1500);
}

static double
slow(double before, uint32_t series, uint32_t round)
{
    int64_t tenths = round == 0 ? 215 + series % 50
                                : llround(before * 10) + (int64_t)any(3) - 1;

    return (double)tenths / 10;
}

static double
constant(double before, uint32_t series, uint32_t round)
{
    (void)before;
    (void)round;
    return (series % 100) / 2.0;
}

static double
truth(double before, uint32_t series, uint32_t round)
{
    (void)series;
    return round > 0 && any(100) != 0 ? before : 1 - before;
}

static double
computed(double before, uint32_t series, uint32_t round)
{
    (void)before;
    (void)series;
    (void)round;
    return (double)any(1000) / 100.0 + 20;
}

static double
noise(double before, uint32_t series, uint32_t round)
{
    (void)before;
    (void)series;
    (void)round;
    return 20 + (double)any(UINT64_C(1) << 52) / 1e13;
}

static const struct kind {
    const char *name;
    double (*value)(double before, uint32_t series, uint32_t round);
    uint64_t jitter; /* ms */
} kinds[] = {
    {"noisy hundredths", points, 0},
    {"same, 5 ms of jitter", points, 5},
    {"counter", counter, 0},
    {"slow tenths", slow, 0},
    {"same, 5 ms of jitter", slow, 5},
    {"constant", constant, 0},
    {"0 or 1", truth, 0},
    {"x / 100.0 + 20", computed, 0},
    {"noise in all bits", noise, 0},
};

static double
cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static struct gong_sample *
make(const struct kind *kind, uint32_t series)
{
    struct gong_sample *all = calloc((size_t)series * SAMPLES, sizeof *all);

    need(all != NULL);
    for (uint32_t s = 0; s < series; s++) {
        double value = 0;

        for (uint32_t i = 0; i < SAMPLES; i++) {
            value = kind->value(value, s, i);
            all[s * SAMPLES + i] =
                (struct gong_sample){POINTS_START_MS + i * INT64_C(10000) +
                                         (int64_t)any(kind->jitter + 1),
                                     value};
        }
    }
    return all;
}

/* One round: all series written, then all read. */
static void
run(struct gong_chunk_coder *coder, const struct gong_sample *all,
    uint32_t series, struct gong_buffer *bytes, double seconds[2])
{
    struct gong_samples out = {0};
    size_t *ends = calloc(series, sizeof *ends);
    double start = cpu_seconds();
    size_t at = 0;

    need(ends != NULL);
    bytes->len = 0;
    for (uint32_t s = 0; s < series; s++) {
        need(gong_chunk_encode(coder, all + (size_t)s * SAMPLES, SAMPLES,
                               bytes) == GONG_OK);
        ends[s] = bytes->len;
    }
    seconds[0] += cpu_seconds() - start;
    start = cpu_seconds();
    for (uint32_t s = 0; s < series; at = ends[s++]) {
        out.count = 0;
        need(gong_chunk_decode(coder,
                               gong_str_from(bytes->data + at, ends[s] - at),
                               &out) == GONG_OK);
    }
    seconds[1] += cpu_seconds() - start;
    need(out.count == SAMPLES);
    gong_samples_fini(&out);
    free(ends);
}

int
main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
    uint32_t series = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 200;
    size_t only = argc > 3 ? strtoul(argv[3], NULL, 10) : SIZE_MAX;
    struct gong_chunk_coder *coder = gong_chunk_coder_new();

    need(coder != NULL && series > 0);
    printf("%-22s %12s %10s %10s\n", "", "bytes/sample", "write ns", "read ns");
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        double seconds[2] = {0, 0};
        double samples = (double)series * SAMPLES;
        struct gong_buffer bytes = {0};
        struct gong_sample *all = NULL;

        if (only != SIZE_MAX && only != k) {
            continue;
        }
        all = make(&kinds[k], series);
        for (long i = 0; i < rounds; i++) {
            run(coder, all, series, &bytes, seconds);
        }
        printf("%-22s %12.3f %10.1f %10.1f\n", kinds[k].name,
               (double)bytes.len / samples,
               seconds[0] * 1e9 / samples / (double)rounds,
               seconds[1] * 1e9 / samples / (double)rounds);
        free(all);
        gong_buffer_fini(&bytes);
    }
    gong_chunk_coder_free(coder);
    return 0;
}
