#include "agent/history/samples.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define START 64

void
gong_samples_fini(struct gong_samples *samples)
{
    free(samples->data);
    *samples = (struct gong_samples){0};
}

enum gong_err
gong_samples_reserve(struct gong_samples *samples, size_t more)
{
    size_t capacity = samples->capacity == 0 ? START : samples->capacity;
    struct gong_sample *data;

    if (samples->capacity - samples->count >= more) {
        return GONG_OK;
    }
    if (more > SIZE_MAX / sizeof *data / 2 - samples->count) {
        return GONG_ERR_MEMORY;
    }
    while (capacity - samples->count < more) {
        capacity *= 2;
    }
    data = realloc(samples->data, capacity * sizeof *data);
    if (data == NULL) {
        return GONG_ERR_MEMORY;
    }
    samples->data = data;
    samples->capacity = capacity;
    return GONG_OK;
}

enum gong_err
gong_samples_add(struct gong_samples *samples, struct gong_sample sample)
{
    enum gong_err err = gong_samples_reserve(samples, 1);

    if (err == GONG_OK) {
        samples->data[samples->count++] = sample;
    }
    return err;
}

static bool
in_order(const struct gong_sample *samples, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (samples[i - 1].ms >= samples[i].ms) {
            return false;
        }
    }
    return true;
}

/* Two runs become one; of equal stamps that of the first stands. */
static void
join(const struct gong_sample *a, size_t a_count, const struct gong_sample *b,
     size_t b_count, struct gong_sample *out)
{
    size_t i = 0;
    size_t j = 0;

    while (i < a_count || j < b_count) {
        bool first = j == b_count || (i < a_count && a[i].ms <= b[j].ms);

        *out++ = first ? a[i++] : b[j++];
    }
}

/* A stable sort by merging, from below. Whichever run came first stays first
 * among equals. */
static void
sort(struct gong_sample *samples, struct gong_sample *scratch, size_t count)
{
    struct gong_sample *from = samples;
    struct gong_sample *to = scratch;

    for (size_t width = 1; width < count; width *= 2) {
        struct gong_sample *swap = from;

        for (size_t at = 0; at < count; at += 2 * width) {
            size_t left = count - at < width ? count - at : width;
            size_t right =
                count - at - left < width ? count - at - left : width;

            join(from + at, left, from + at + left, right, to + at);
        }
        from = to;
        to = swap;
    }
    if (from != samples) {
        memcpy(samples, from, count * sizeof *samples);
    }
}

static size_t
drop_equal(struct gong_sample *samples, size_t count)
{
    size_t kept = 1;

    for (size_t i = 1; i < count; i++) {
        if (samples[i].ms != samples[kept - 1].ms) {
            samples[kept++] = samples[i];
        }
    }
    return kept;
}

enum gong_err
gong_samples_merge(struct gong_samples *samples, size_t first)
{
    size_t count = samples->count - first;
    struct gong_sample *scratch;

    if (count < 2 || in_order(samples->data + first, count)) {
        return GONG_OK;
    }
    scratch = calloc(count, sizeof *scratch);
    if (scratch == NULL) {
        return GONG_ERR_MEMORY;
    }
    sort(samples->data + first, scratch, count);
    free(scratch);
    samples->count = first + drop_equal(samples->data + first, count);
    return GONG_OK;
}
