#include "history_made.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/engine/labelset.h"

/* SplitMix64. */
uint64_t
history_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct span {
    int64_t from;
    int64_t to;
};

static struct span
span_of(const struct gong_eval_memory *memory)
{
    struct span span = {INT64_MAX, 0};

    for (uint32_t i = 1; i <= gong_eval_memory_count(memory); i++) {
        size_t count = 0;
        const struct gong_sample *samples =
            gong_eval_memory_samples(memory, i, &count);

        if (count > 0) {
            span.from = samples[0].ms < span.from ? samples[0].ms : span.from;
            span.to = samples[count - 1].ms > span.to ? samples[count - 1].ms
                                                      : span.to;
        }
    }
    return span;
}

static int
compare_times(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

/* When commits are; samples up to one are in it. */
static int64_t *
commit_times(const struct history_layout *layout, struct span span)
{
    uint64_t state = layout->seed;
    int64_t *times = calloc(layout->commits, sizeof *times);
    int64_t length = span.to - span.from + 1;
    int64_t last = span.to - length * (int64_t)layout->kept_percent / 100;

    if (times == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < layout->commits; i++) {
        times[i] =
            span.from + (int64_t)(history_random(&state) % (uint64_t)length);
        times[i] = times[i] > last ? last : times[i];
    }
    times[0] = last;
    qsort(times, layout->commits, sizeof *times, compare_times);
    return times;
}

/* In which commit a sample comes; layout->commits: in none. */
static unsigned
commit_of(const struct history_layout *layout, const int64_t *times,
          uint32_t series, int64_t ms)
{
    uint64_t state = layout->seed ^ ((uint64_t)series << 48) ^ (uint64_t)ms;
    uint64_t random = history_random(&state);
    unsigned commit = 0;

    while (commit < layout->commits && times[commit] < ms) {
        commit++;
    }
    if (commit < layout->commits && random % 100 < layout->late_percent) {
        commit += 1 + (unsigned)(random >> 32) % 3;
    }
    return commit < layout->commits ? commit : layout->commits;
}

/* What commit n brings of a series; of none, and of some of the last: what is
 * recent. */
static enum gong_err
gather(const struct history_layout *layout, const int64_t *times,
       const struct gong_eval_memory *memory, uint32_t series, unsigned n,
       struct gong_samples *out)
{
    size_t count = 0;
    const struct gong_sample *samples =
        gong_eval_memory_samples(memory, series, &count);
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        unsigned commit = commit_of(layout, times, series, samples[i].ms);
        bool twice = n == layout->commits && commit + 1 == n && i % 3 == 0;

        if (commit == n || twice) {
            err = gong_samples_add(out, samples[i]);
        }
    }
    return err;
}

static enum gong_err
number(struct history_made *made, const struct gong_eval_memory *memory)
{
    made->count = gong_eval_memory_count(memory);
    made->series = calloc((size_t)made->count + 1, sizeof *made->series);
    made->recent = calloc((size_t)made->count + 1, sizeof *made->recent);
    if (made->series == NULL || made->recent == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 1; i <= made->count; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        size_t count = gong_eval_memory_labels(memory, i, labels);
        enum gong_err err = gong_history_file_series(made->file, labels, count,
                                                     &made->series[i]);

        if (err != GONG_OK) {
            return err;
        }
    }
    return gong_history_file_publish(made->file);
}

static enum gong_err
tidy(struct history_made *made, const struct history_layout *layout,
     int64_t now_ms)
{
    static const struct gong_history_limits none = {0};
    struct gong_history_tidied tidied = {0};
    bool more = true;

    while (more) {
        enum gong_err err = gong_history_tidy_step(
            made->file, layout->limits == NULL ? &none : layout->limits, now_ms,
            &more, &tidied);

        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

static enum gong_err
commit(struct history_made *made, const struct history_layout *layout,
       const int64_t *times, const struct gong_eval_memory *memory, unsigned n)
{
    static const struct gong_history_place place;
    struct gong_samples samples = {0};
    enum gong_err err = gong_history_file_begin(made->file);

    for (uint32_t i = 1; i <= made->count && err == GONG_OK; i++) {
        samples.count = 0;
        err = gather(layout, times, memory, i, n, &samples);
        if (err == GONG_OK && samples.count > 0) {
            err = gong_history_file_put(made->file, made->series[i],
                                        samples.data, samples.count);
        }
    }
    gong_samples_fini(&samples);
    if (err != GONG_OK) {
        gong_history_file_rollback(made->file);
        return err;
    }
    err = gong_history_file_commit(made->file, &place);
    return err == GONG_OK && layout->tidy ? tidy(made, layout, times[n]) : err;
}

static enum gong_err
write_all(struct history_made *made, const struct history_layout *layout,
          const struct gong_eval_memory *memory)
{
    struct span span = span_of(memory);
    int64_t *times = commit_times(layout, span);
    enum gong_err err = times == NULL ? GONG_ERR_MEMORY : number(made, memory);

    for (unsigned n = 0; n < layout->commits && err == GONG_OK; n++) {
        err = commit(made, layout, times, memory, n);
    }
    for (uint32_t i = 1; i <= made->count && err == GONG_OK; i++) {
        err =
            gather(layout, times, memory, i, layout->commits, &made->recent[i]);
    }
    if (err == GONG_OK && layout->rest_ms > 0) {
        err = tidy(made, layout, span.to + layout->rest_ms);
    }
    free(times);
    return err;
}

enum gong_err
history_make(struct history_made *made, const struct gong_eval_memory *memory,
             const struct history_layout *layout)
{
    char why[256] = "";
    enum gong_err err;

    *made = (struct history_made){.folder = "/tmp/gong-history-XXXXXX"};
    if (mkdtemp(made->folder) == NULL) {
        return GONG_ERR_IO;
    }
    (void)snprintf(made->path, sizeof made->path, "%s/history.db",
                   made->folder);
    err = gong_history_file_open(made->path, &made->file, why, sizeof why);
    if (err == GONG_OK) {
        err = write_all(made, layout, memory);
    }
    if (err != GONG_OK) {
        (void)fprintf(stderr, "history_make: %s %s\n", gong_err_text(err),
                      made->file == NULL ? why
                                         : gong_history_file_why(made->file));
    }
    return err;
}

void
history_unmake(struct history_made *made)
{
    DIR *folder = opendir(made->folder);
    struct dirent *entry;

    if (made->file != NULL) {
        gong_history_file_close(made->file);
    }
    for (uint32_t i = 0; made->recent != NULL && i <= made->count; i++) {
        gong_samples_fini(&made->recent[i]);
    }
    free(made->recent);
    free(made->series);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[400];

        (void)snprintf(path, sizeof path, "%s/%s", made->folder, entry->d_name);
        (void)unlink(path);
    }
    if (folder != NULL) {
        (void)closedir(folder);
        (void)rmdir(made->folder);
    }
    *made = (struct history_made){0};
}

static enum gong_err
read_recent(void *ctx, uint32_t series, int64_t from, int64_t to,
            struct gong_samples *out)
{
    const struct history_made *made = ctx;
    enum gong_err err = GONG_OK;

    for (uint32_t i = 1; i <= made->count; i++) {
        const struct gong_samples *recent = &made->recent[i];

        for (size_t at = 0;
             made->series[i] == series && err == GONG_OK && at < recent->count;
             at++) {
            if (recent->data[at].ms >= from && recent->data[at].ms <= to) {
                err = gong_samples_add(out, recent->data[at]);
            }
        }
    }
    return err;
}

struct gong_history_recent
history_recent(struct history_made *made)
{
    return (struct gong_history_recent){made, read_recent};
}

enum gong_err
history_write_recent(struct history_made *made)
{
    static const struct gong_history_place place;
    enum gong_err err = gong_history_file_begin(made->file);

    for (uint32_t i = 1; i <= made->count && err == GONG_OK; i++) {
        const struct gong_samples *recent = &made->recent[i];

        if (recent->count > 0) {
            err = gong_history_file_put(made->file, made->series[i],
                                        recent->data, recent->count);
        }
    }
    return err == GONG_OK ? gong_history_file_commit(made->file, &place) : err;
}
