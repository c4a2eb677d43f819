#include "agent/history/rollup.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/range_fn.h"

#define START 32

void
gong_rollups_fini(struct gong_rollups *rollups)
{
    free(rollups->data);
    *rollups = (struct gong_rollups){0};
}

enum gong_err
gong_rollups_reserve(struct gong_rollups *rollups, size_t more)
{
    size_t capacity = rollups->capacity == 0 ? START : rollups->capacity;
    struct gong_rollup *data;

    if (rollups->capacity - rollups->count >= more) {
        return GONG_OK;
    }
    if (more > SIZE_MAX / sizeof *data / 2 - rollups->count) {
        return GONG_ERR_MEMORY;
    }
    while (capacity - rollups->count < more) {
        capacity *= 2;
    }
    data = realloc(rollups->data, capacity * sizeof *data);
    if (data == NULL) {
        return GONG_ERR_MEMORY;
    }
    rollups->data = data;
    rollups->capacity = capacity;
    return GONG_OK;
}

static enum gong_err
add(struct gong_rollups *rollups, const struct gong_rollup *rollup)
{
    enum gong_err err = gong_rollups_reserve(rollups, 1);

    if (err == GONG_OK) {
        rollups->data[rollups->count++] = *rollup;
    }
    return err;
}

enum gong_err
gong_rollups_append(struct gong_rollups *rollups,
                    const struct gong_rollup *more, size_t count)
{
    enum gong_err err = gong_rollups_reserve(rollups, count);

    if (err == GONG_OK && count > 0) {
        memcpy(rollups->data + rollups->count, more, count * sizeof *more);
        rollups->count += count;
    }
    return err;
}

/* Where the interval ends that a time lies in: (end - length, end]. */
static int64_t
end_of(int64_t ms, int64_t length_ms)
{
    return ms <= 0 ? 0 : (ms + length_ms - 1) / length_ms * length_ms;
}

static double
run(enum gong_range_fn fn, const struct gong_sample *samples, size_t count)
{
    struct gong_range_call call = {.fn = fn};
    double value = NAN;

    return gong_range_fn_run(&call, samples, count, NULL, &value) ? value
                                                                  : (double)NAN;
}

/* One interval of samples none of which is a stale marker. */
static void
fill(struct gong_rollup *rollup, const struct gong_sample *samples,
     size_t count)
{
    rollup->count = count;
    rollup->min = (double)NAN;
    rollup->max = (double)NAN;
    if (count > 0) {
        rollup->min = run(GONG_RANGE_MIN, samples, count);
        rollup->max = run(GONG_RANGE_MAX, samples, count);
        rollup->sum = run(GONG_RANGE_SUM, samples, count);
    }
}

static size_t
without_stale(const struct gong_sample *samples, size_t count,
              struct gong_sample *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!gong_is_stale(samples[i].value)) {
            out[kept++] = samples[i];
        }
    }
    return kept;
}

static bool
has_stale(const struct gong_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_is_stale(samples[i].value)) {
            return true;
        }
    }
    return false;
}

enum gong_err
gong_rollup_make(const struct gong_sample *samples, size_t count,
                 int64_t length_ms, struct gong_rollups *out)
{
    struct gong_sample *kept = NULL;
    enum gong_err err = GONG_OK;
    size_t next = 0;

    if (has_stale(samples, count)) {
        kept = calloc(count, sizeof *kept);
        if (kept == NULL) {
            return GONG_ERR_MEMORY;
        }
    }
    for (size_t i = 0; i < count && err == GONG_OK; i = next) {
        struct gong_rollup rollup = {.end_ms =
                                         end_of(samples[i].ms, length_ms)};

        for (next = i; next < count && samples[next].ms <= rollup.end_ms;) {
            next++;
        }
        rollup.last_ms = samples[next - 1].ms;
        rollup.last = samples[next - 1].value;
        if (kept == NULL) {
            fill(&rollup, samples + i, next - i);
        } else {
            fill(&rollup, kept, without_stale(samples + i, next - i, kept));
        }
        err = add(out, &rollup);
    }
    free(kept);
    return err;
}

/* The parts of one longer interval as samples, one value of each. */
static double
join_by(enum gong_range_fn fn, const struct gong_rollup *parts, size_t count,
        struct gong_sample *scratch)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        double value = fn == GONG_RANGE_MIN   ? parts[i].min
                       : fn == GONG_RANGE_MAX ? parts[i].max
                                              : parts[i].sum;

        if (parts[i].count > 0) {
            scratch[used++] = (struct gong_sample){parts[i].end_ms, value};
        }
    }
    return used == 0 ? (double)NAN : run(fn, scratch, used);
}

static void
join(struct gong_rollup *whole, const struct gong_rollup *parts, size_t count,
     struct gong_sample *scratch)
{
    for (size_t i = 0; i < count; i++) {
        whole->count += parts[i].count;
    }
    whole->last_ms = parts[count - 1].last_ms;
    whole->last = parts[count - 1].last;
    whole->min = join_by(GONG_RANGE_MIN, parts, count, scratch);
    whole->max = join_by(GONG_RANGE_MAX, parts, count, scratch);
    whole->sum =
        whole->count == 0 ? 0 : join_by(GONG_RANGE_SUM, parts, count, scratch);
}

enum gong_err
gong_rollup_join(const struct gong_rollup *parts, size_t count,
                 int64_t length_ms, struct gong_rollups *out)
{
    struct gong_sample *scratch = calloc(count + 1, sizeof *scratch);
    enum gong_err err = scratch == NULL ? GONG_ERR_MEMORY : GONG_OK;
    size_t next = 0;

    for (size_t i = 0; i < count && err == GONG_OK; i = next) {
        struct gong_rollup whole = {.end_ms =
                                        end_of(parts[i].end_ms, length_ms)};

        for (next = i; next < count && parts[next].end_ms <= whole.end_ms;) {
            next++;
        }
        join(&whole, parts + i, next - i, scratch);
        err = add(out, &whole);
    }
    free(scratch);
    return err;
}

static bool
in_order(const struct gong_rollup *rollups, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (rollups[i - 1].end_ms >= rollups[i].end_ms) {
            return false;
        }
    }
    return true;
}

/* Stable, by inserting: runs are short, and nearly in order. */
static void
sort(struct gong_rollup *rollups, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct gong_rollup one = rollups[i];
        size_t at = i;

        for (; at > 0 && rollups[at - 1].end_ms > one.end_ms; at--) {
            rollups[at] = rollups[at - 1];
        }
        rollups[at] = one;
    }
}

enum gong_err
gong_rollups_merge(struct gong_rollups *rollups, size_t first)
{
    struct gong_rollup *data = rollups->data + first;
    size_t count = rollups->count - first;
    size_t kept = 0;

    if (count < 2 || in_order(data, count)) {
        return GONG_OK;
    }
    sort(data, count);
    for (size_t i = 1; i < count; i++) {
        if (data[i].end_ms != data[kept].end_ms) {
            kept++;
        }
        data[kept] = data[i];
    }
    rollups->count = first + kept + 1;
    return GONG_OK;
}
