/*
 * history.db as the agent writes and asks it, with what points.h says.
 *
 *   bench_history write PATH DEVICES ROUNDS COMMIT
 *       a commit of all series every so many rounds, tidied in between; then
 *       what is over is tidied away. Time is that of the head in memory, which
 *       gets samples as they come, of the commits and of tidying alone.
 *   bench_history query PATH EXPR FROM_MS TO_MS STEP_MS RAW
 *       one range; RAW 1: no roll-ups
 *
 * Prints one object of JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/history/history_file.h"
#include "agent/history/history_head.h"
#include "agent/history/history_query.h"
#include "agent/history/history_tidy.h"
#include "common/clock.h"
#include "points.h"

#define FIELDS 5
#define LABELS 4
#define DAY_MS INT64_C(86400000)

struct work {
    struct gong_history_file *file;
    struct gong_history_head *head;
    uint32_t devices;
    uint32_t *series; /* of each device's fields */
    struct gong_sample *samples;
    struct gong_history_tidied tidied;
    uint64_t head_bytes; /* at most */
    double head_cpu;
    double cpu; /* of all */
    double wall;
};

static void
need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_history: %s\n", what);
        exit(1);
    }
}

static double
cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double
wall_seconds(void)
{
    return (double)gong_mono_now().ns / 1e9;
}

/* "temp=21.30,..": where its name begins and how long it is; where the next one
 * does. */
static const char *
next_field(const char *at, struct gong_str *name, double *value)
{
    const char *equals = strchr(at, '=');
    char *end = NULL;

    need(equals != NULL, "a line without fields");
    *name = gong_str_from(at, (size_t)(equals - at));
    *value = strtod(equals + 1, &end);
    return end + 1;
}

static void
find_series(struct work *work, uint32_t device)
{
    char line[POINTS_LINE_SIZE];
    char metric[64];
    char site[16];
    char name[16];
    const char *at = NULL;
    struct gong_label_view labels[LABELS] = {
        {.name = gong_str_of("__name__")},
        {.name = gong_str_of("device")},
        {.name = gong_str_of("model"), .value = gong_str_of("standard1")},
        {.name = gong_str_of("site")},
    };

    (void)points_line(device, 0, false, line);
    points_names(device, site, name);
    at = strchr(line, ' ') + 1;
    labels[1].value = gong_str_of(name);
    labels[3].value = gong_str_of(site);
    for (size_t i = 0; i < FIELDS; i++) {
        struct gong_str field;
        double value = 0;

        at = next_field(at, &field, &value);
        (void)snprintf(metric, sizeof metric, "%.*s_%.*s",
                       (int)strcspn(line, " "), line, (int)field.len,
                       field.data);
        labels[0].value = gong_str_of(metric);
        need(gong_history_file_series(
                 work->file, labels, LABELS,
                 &work->series[(size_t)device * FIELDS + i]) == GONG_OK,
             gong_history_file_why(work->file));
    }
}

/* The samples of some rounds, those of a series behind each other. */
static void
make_rounds(struct work *work, uint32_t first, uint32_t rounds)
{
    char line[POINTS_LINE_SIZE];

    for (uint32_t device = 0; device < work->devices; device++) {
        for (uint32_t round = 0; round < rounds; round++) {
            const char *at = NULL;

            (void)points_line(device, first + round, false, line);
            at = strchr(line, ' ') + 1;
            for (size_t i = 0; i < FIELDS; i++) {
                struct gong_sample *to =
                    work->samples + ((size_t)device * FIELDS + i) * rounds +
                    round;
                struct gong_str name;

                at = next_field(at, &name, &to->value);
                to->ms = POINTS_START_MS +
                         (int64_t)(first + round) * POINTS_PERIOD_MS;
            }
        }
    }
}

static void
tidy(struct work *work, int64_t now_ms)
{
    const struct gong_history_limits limits = {0};
    bool more = true;

    while (more) {
        need(gong_history_tidy_step(work->file, &limits, now_ms, &more,
                                    &work->tidied) == GONG_OK,
             gong_history_file_why(work->file));
    }
}

/* As the feed does: all series of a round, then the next one. */
static void
hear(struct work *work, uint32_t rounds)
{
    struct gong_history_head_sizes sizes;
    size_t series = (size_t)work->devices * FIELDS;

    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < series; i++) {
            bool taken = false;

            need(gong_history_head_put(work->head, work->series[i],
                                       work->samples[i * rounds + round],
                                       &taken) == GONG_OK &&
                     taken,
                 "the head refused a sample");
        }
    }
    gong_history_head_sizes(work->head, &sizes);
    work->head_bytes =
        sizes.bytes > work->head_bytes ? sizes.bytes : work->head_bytes;
}

static enum gong_err
put_series(void *ctx, uint32_t series, const struct gong_sample *samples,
           size_t count)
{
    const struct work *work = ctx;

    return gong_history_file_put(work->file, series, samples, count);
}

static void
commit(struct work *work, uint32_t first, uint32_t rounds)
{
    struct gong_history_place place = {.journal = {.offset = first + 1}};
    double cpu = 0;
    double wall = 0;

    make_rounds(work, first, rounds);
    cpu = cpu_seconds();
    wall = wall_seconds();
    hear(work, rounds);
    work->head_cpu += cpu_seconds() - cpu;
    need(gong_history_file_begin(work->file) == GONG_OK,
         gong_history_file_why(work->file));
    need(gong_history_head_each(work->head, put_series, work) == GONG_OK,
         gong_history_file_why(work->file));
    need(gong_history_file_commit(work->file, &place) == GONG_OK,
         gong_history_file_why(work->file));
    gong_history_head_clear(work->head);
    tidy(work, POINTS_START_MS + (int64_t)(first + rounds) * POINTS_PERIOD_MS);
    work->cpu += cpu_seconds() - cpu;
    work->wall += wall_seconds() - wall;
}

static int
run_write(char **argv)
{
    struct work work = {.devices = (uint32_t)strtoul(argv[1], NULL, 10)};
    uint32_t rounds = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t every = (uint32_t)strtoul(argv[3], NULL, 10);
    size_t series = (size_t)work.devices * FIELDS;
    char why[512] = "";
    struct stat st;
    double cpu = 0;

    need(work.devices > 0 && every > 0, "nothing to do");
    need(gong_history_file_open(argv[0], &work.file, why, sizeof why) ==
             GONG_OK,
         why);
    work.head = gong_history_head_new();
    work.series = calloc(series, sizeof *work.series);
    work.samples = calloc(series * every, sizeof *work.samples);
    need(work.series != NULL && work.samples != NULL && work.head != NULL,
         "no memory");
    for (uint32_t device = 0; device < work.devices; device++) {
        find_series(&work, device);
    }
    for (uint32_t first = 0; first < rounds; first += every) {
        commit(&work, first, rounds - first < every ? rounds - first : every);
    }
    cpu = cpu_seconds();
    tidy(&work,
         POINTS_START_MS + (int64_t)rounds * POINTS_PERIOD_MS + 60 * DAY_MS);
    cpu = cpu_seconds() - cpu;
    gong_history_file_close(work.file);
    need(stat(argv[0], &st) == 0, "no file");
    printf("{\"samples\": %" PRIu64 ", \"cpu\": %.3f, \"wall\": %.3f, "
           "\"head_cpu\": %.3f, \"head_bytes\": %" PRIu64
           ", \"last_tidy\": %.3f, \"bytes\": %" PRId64
           ", \"compacted\": %" PRIu64 ", \"rolled\": %" PRIu64 "}\n",
           (uint64_t)series * rounds, work.cpu, work.wall, work.head_cpu,
           work.head_bytes, cpu, (int64_t)st.st_size,
           work.tidied.compacted_rows, work.tidied.rolled_rows);
    gong_history_head_free(work.head);
    free(work.series);
    free(work.samples);
    return 0;
}

static int
run_query(char **argv)
{
    struct gong_history_question question = {
        .path = argv[0],
        .query = {.expr = argv[1],
                  .range = true,
                  .from_ms = strtoll(argv[2], NULL, 10),
                  .to_ms = strtoll(argv[3], NULL, 10),
                  .step_ms = strtoll(argv[4], NULL, 10)},
        .rollups = strtol(argv[5], NULL, 10) == 0,
    };
    struct gong_history_remarks remarks;
    struct gong_query_error error = {0};
    struct gong_answer answer;
    double cpu = cpu_seconds();
    double wall = wall_seconds();
    size_t samples = 0;
    double last = 0;
    enum gong_err err =
        gong_history_query(&question, &answer, &remarks, &error);

    cpu = cpu_seconds() - cpu;
    wall = wall_seconds() - wall;
    need(err == GONG_OK, error.detail.message);
    for (uint32_t i = 1; i <= answer.count; i++) {
        size_t count = 0;

        const struct gong_sample *of =
            gong_eval_memory_samples(answer.memory, i, &count);

        samples += count;
        last = count > 0 ? of[count - 1].value : last;
    }
    printf("{\"cpu\": %.4f, \"wall\": %.4f, \"series\": %" PRIu32
           ", \"samples\": %zu, \"used\": %u, \"last\": %.17g}\n",
           cpu, wall, answer.count, samples, remarks.used, last);
    gong_answer_fini(&answer);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "write") == 0) {
        return run_write(argv + 2);
    }
    if (argc == 8 && strcmp(argv[1], "query") == 0) {
        return run_query(argv + 2);
    }
    fprintf(stderr, "bench_history: see its source for how to call it\n");
    return 2;
}
