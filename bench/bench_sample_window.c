/*
 * Compressed windows against rings of plain samples: 10,000 series, one sample
 * after another, each followed by an average over the window.
 *
 *   bench_sample_window [rounds]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rules/engine/range_fn.h"
#include "rules/engine/sample_window.h"

#define SERIES 10000
#define STEPS  200
#define START  INT64_C(1760000000000)

struct kind {
    const char *name;
    int64_t pace;
    int64_t range;
    unsigned jitter;
    double unit; /* 0: noise in every bit */
};

struct figures {
    double append; /* ns */
    double both;
    double bytes; /* a series */
    double check;
};

static void
need(bool good)
{
    if (!good) {
        fprintf(stderr, "bench_sample_window: no memory\n");
        exit(1);
    }
}

static struct gong_sample
sample_of(const struct kind *kind, uint32_t series, uint32_t step)
{
    uint32_t x = series * 2654435761u + step * 40503u;
    struct gong_sample out = {START + step * kind->pace + series % 1000, 0};

    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    out.ms += kind->jitter == 0 ? 0 : x % kind->jitter;
    out.value = kind->unit > 0 ? (double)(200 + x % 100) / (1 / kind->unit)
                               : 20 + (double)x / 3e9;
    return out;
}

static double
cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double
average(const struct gong_sample *samples, size_t count, int64_t start,
        int64_t end)
{
    struct gong_range_call call = {
        .fn = GONG_RANGE_AVG, .start_ms = start, .end_ms = end, .at_ms = end};
    double value = 0;

    return gong_range_fn_run(&call, samples, count, NULL, &value) ? value : 0;
}

static double
run_windows(const struct kind *kind, bool evaluate, struct figures *f)
{
    struct gong_budget budget = {0};
    struct gong_sample_windows all;
    struct gong_sample *newest = calloc(SERIES, sizeof *newest);
    double start = 0;

    need(newest != NULL);
    gong_sample_windows_init(&all, &budget, &budget);
    for (uint32_t i = 0; i < SERIES; i++) {
        need(gong_sample_window_add(&all) != 0);
        newest[i] = sample_of(kind, i, 0);
    }
    start = cpu_seconds();
    for (uint32_t step = 1; step < STEPS; step++) {
        for (uint32_t i = 0; i < SERIES; i++) {
            struct gong_sample next = sample_of(kind, i, step);
            size_t count = 0;

            need(gong_sample_window_push(&all, i + 1, newest[i], next,
                                         kind->range) == GONG_OK);
            newest[i] = next;
            if (evaluate) {
                const struct gong_sample *samples = gong_sample_window_read(
                    &all, i + 1, next, next.ms - kind->range, next.ms, &count);

                f->check +=
                    average(samples, count, next.ms - kind->range, next.ms);
            }
        }
    }
    start = cpu_seconds() - start;
    f->bytes = (double)budget.used / SERIES + 4;
    gong_sample_windows_fini(&all);
    free(newest);
    return start * 1e9 / ((double)SERIES * (STEPS - 1));
}

/* The peer: as many samples as the window can hold, moved up when it is full.
 */
static double
run_arrays(const struct kind *kind, bool evaluate, struct figures *f)
{
    size_t room = (size_t)(kind->range / kind->pace) + 2;
    struct gong_sample *all = calloc(SERIES * room, sizeof *all);
    uint32_t *counts = calloc(SERIES, sizeof *counts);
    double start = 0;

    need(all != NULL && counts != NULL);
    for (uint32_t i = 0; i < SERIES; i++) {
        all[i * room] = sample_of(kind, i, 0);
        counts[i] = 1;
    }
    start = cpu_seconds();
    for (uint32_t step = 1; step < STEPS; step++) {
        for (uint32_t i = 0; i < SERIES; i++) {
            struct gong_sample next = sample_of(kind, i, step);
            struct gong_sample *mine = all + i * room;
            uint32_t first = 0;

            while (first < counts[i] &&
                   mine[first].ms < next.ms - kind->range) {
                first++;
            }
            counts[i] -= first;
            for (uint32_t k = 0; k < counts[i]; k++) {
                mine[k] = mine[k + first];
            }
            mine[counts[i]++] = next;
            if (evaluate) {
                f->check +=
                    average(mine, counts[i], next.ms - kind->range, next.ms);
            }
        }
    }
    start = cpu_seconds() - start;
    f->bytes = (double)(room * sizeof *all + sizeof *counts);
    free(all);
    free(counts);
    return start * 1e9 / ((double)SERIES * (STEPS - 1));
}

static struct figures
best_of(int rounds, const struct kind *kind,
        double (*run)(const struct kind *, bool, struct figures *))
{
    struct figures best = {1e9, 1e9, 0, 0};

    for (int i = 0; i < rounds; i++) {
        struct figures f = {0};
        double append = run(kind, false, &f);
        double both = run(kind, true, &f);

        best.append = append < best.append ? append : best.append;
        best.both = both < best.both ? both : best.both;
        best.bytes = f.bytes;
        best.check = f.check;
    }
    return best;
}

int
main(int argc, char **argv)
{
    static const struct kind kinds[] = {
        {"1 m at 10 s, one place", 10000, 60000, 0, 0.1},
        {"5 m at 15 s, one place", 15000, 300000, 0, 0.1},
        {"5 m at 15 s, two places, jitter", 15000, 300000, 100, 0.01},
        {"5 m at 15 s, noise", 15000, 300000, 0, 0},
    };
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct kind *kind = &kinds[i];
        struct figures w = best_of(rounds, kind, run_windows);
        struct figures a = best_of(rounds, kind, run_arrays);
        int64_t steps = kind->range / kind->pace;
        double samples = (double)steps + 1;

        printf("%s: %s\n", kind->name,
               w.check < a.check || w.check > a.check ? "DIFFERENT" : "equal");
        printf("  windows  %6.1f bytes a series, %4.1f a sample, append "
               "%5.1f ns, with average %5.1f ns\n",
               w.bytes, w.bytes / samples, w.append, w.both);
        printf("  arrays   %6.1f bytes a series, %4.1f a sample, append "
               "%5.1f ns, with average %5.1f ns\n",
               a.bytes, a.bytes / samples, a.append, a.both);
    }
    return 0;
}
