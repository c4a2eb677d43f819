/*
 * Series that differ in "le" alone are the buckets of one histogram. The
 * metric's name is among what tells histograms apart, though not in the result.
 *
 *   memo[0]     set -> set without le
 *   memo[1]     set -> place + 1 of its bound, NO_BOUND without one
 *   marks[1]    set without le -> number of its histogram + 1
 *   scratch[0]  histograms
 *   scratch[1]  buckets as they come, then by histogram behind them
 *   scratch[2]  bounds
 */
#include "rules/engine/eval_private.h"
#include "rules/engine/eval_space.h"

#include <math.h>
#include <stdlib.h>

#include "rules/engine/promql_literal.h"

#define NO_BOUND UINT32_MAX

struct bucket {
    double bound;
    double count;
    uint32_t histogram;
};

struct histogram {
    uint32_t set;
    uint32_t count; /* of buckets */
    size_t first;
};

/* No bound: 0x1 lacks the binary exponent that it would need in a label. */
static bool
is_hexadecimal(struct gong_str text)
{
    return text.len > 1 && text.data[0] == '0' &&
           (text.data[1] == 'x' || text.data[1] == 'X');
}

/* As numbers are written in labels: with a sign, perhaps. */
static bool
read_bound(struct gong_str text, double *bound)
{
    bool minus = text.len > 0 && text.data[0] == '-';

    if (minus || (text.len > 0 && text.data[0] == '+')) {
        text = gong_str_from(text.data + 1, text.len - 1);
    }
    /* Zeros in front make no octal number of it here. */
    while (text.len > 1 && text.data[0] == '0' && text.data[1] >= '0' &&
           text.data[1] <= '9') {
        text = gong_str_from(text.data + 1, text.len - 1);
    }
    if (is_hexadecimal(text) || !gong_promql_number(text, bound)) {
        return false;
    }
    *bound = minus ? -*bound : *bound;
    return true;
}

/* The place of a set's bound, remembered; 0 on failure. */
static uint32_t
learn_bound(struct gong_eval *eval, uint32_t index,
            struct gong_eval_marks *places, uint32_t set)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_str le = gong_labelset_get(&eval->sets, set, gong_str_of("le"));
    uint32_t place = NO_BOUND;
    double bound = 0;

    if (state->scratch_generation != eval->generation) {
        state->scratch_generation = eval->generation;
        state->scratch_count = 0;
    }
    if (read_bound(le, &bound)) {
        double *bounds = NULL;

        if (!gong_eval_grow(eval, &state->scratch[2], state->scratch_count + 1,
                            sizeof *bounds)) {
            (void)gong_eval_no_memory(eval, index);
            return 0;
        }
        bounds = state->scratch[2].data;
        bounds[state->scratch_count] = bound;
        place = (uint32_t)++state->scratch_count;
    }
    return gong_eval_mark(eval, index, places, set, place) ? place : 0;
}

/* The set without le, metric's name and all. */
static uint32_t
histogram_set(struct gong_eval *eval, uint32_t index, uint32_t set)
{
    struct gong_eval_marks *memo =
        gong_eval_memo(eval, index, &eval->states[index].memo[0]);
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    struct gong_label_pair le = {0, 0};
    uint32_t out = memo == NULL ? 0 : gong_eval_marked(memo, set);
    size_t count = 0;

    if (memo == NULL || out != 0) {
        return out;
    }
    le.name = gong_eval_symbol(eval, index, gong_str_of("le"));
    count = gong_eval_pairs(eval, set, pairs);
    if (le.name == 0 || !gong_eval_set_label(eval, index, pairs, &count, le)) {
        return 0;
    }
    out = gong_eval_intern(eval, index, pairs, count);
    return out != 0 && gong_eval_mark(eval, index, memo, set, out) ? out : 0;
}

/* The number of the histogram that set belongs to. */
static bool
find_histogram(struct gong_eval *eval, uint32_t index, uint32_t set,
               size_t *count, uint32_t *number)
{
    struct gong_eval_state *state = &eval->states[index];
    uint32_t group = histogram_set(eval, index, set);
    struct histogram *histograms = NULL;

    if (group == 0) {
        return false;
    }
    *number = gong_eval_marked(&state->marks[1], group);
    if (*number == 0) {
        uint32_t out = gong_eval_unnamed(eval, index, group);

        if (out == 0 || !gong_eval_mark(eval, index, &state->marks[1], group,
                                        (uint32_t)*count + 1)) {
            return false;
        }
        if (!gong_eval_grow(eval, &state->scratch[0], *count + 1,
                            sizeof *histograms)) {
            return gong_eval_no_memory(eval, index);
        }
        histograms = state->scratch[0].data;
        histograms[*count] = (struct histogram){out, 0, 0};
        *number = (uint32_t)++ * count;
    }
    *number -= 1;
    histograms = state->scratch[0].data;
    histograms[*number].count++;
    return true;
}

/* Buckets of all histograms as they come; how many of each. */
static bool
collect(struct gong_eval *eval, uint32_t index,
        const struct gong_eval_vector *vector, size_t *buckets,
        size_t *histograms)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_marks *places =
        gong_eval_memo(eval, index, &state->memo[1]);
    const struct gong_eval_sample *items = gong_eval_items(vector);
    struct bucket *list = state->scratch[1].data;

    for (size_t i = 0; i < vector->count; i++) {
        uint32_t place = 0;
        uint32_t number = 0;

        if (places == NULL) {
            return false;
        }
        place = gong_eval_marked(places, items[i].set);
        if (place == 0) {
            place = learn_bound(eval, index, places, items[i].set);
        }
        if (place == 0) {
            return false;
        }
        if (place == NO_BOUND) {
            continue;
        }
        if (!find_histogram(eval, index, items[i].set, histograms, &number)) {
            return false;
        }
        list[(*buckets)++] =
            (struct bucket){((double *)state->scratch[2].data)[place - 1],
                            items[i].value, number};
    }
    return true;
}

static int
compare_bounds(const void *a, const void *b)
{
    const struct bucket *x = a;
    const struct bucket *y = b;

    return x->bound < y->bound ? -1 : x->bound > y->bound;
}

/* Buckets of one bound become one; counts never fall. Returns how many. */
static size_t
tidy(struct bucket *buckets, size_t count)
{
    size_t last = 0;

    for (size_t i = 1; i < count; i++) {
        if (buckets[i].bound == buckets[last].bound) {
            buckets[last].count += buckets[i].count;
        } else {
            buckets[++last] = buckets[i];
        }
    }
    for (size_t i = 1; i <= last; i++) {
        if (buckets[i].count < buckets[i - 1].count) {
            buckets[i].count = buckets[i - 1].count;
        }
    }
    return last + 1;
}

/* The first but the last whose count reaches rank. */
static size_t
find_rank(const struct bucket *buckets, size_t count, double rank)
{
    size_t low = 0;
    size_t high = count - 1;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (buckets[middle].count >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static double
interpolate(double q, const struct bucket *buckets, size_t count)
{
    double rank = q * buckets[count - 1].count;
    size_t at = find_rank(buckets, count, rank);
    double start = 0;
    double in_bucket = buckets[at].count;

    if (at == count - 1) {
        return buckets[count - 2].bound;
    }
    if (at == 0 && buckets[0].bound <= 0) {
        return buckets[0].bound;
    }
    if (at > 0) {
        start = buckets[at - 1].bound;
        in_bucket -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    return start + (buckets[at].bound - start) * (rank / in_bucket);
}

static double
quantile(double q, struct bucket *buckets, size_t count)
{
    if (isnan(q)) {
        return (double)NAN;
    }
    if (q < 0 || q > 1) {
        return q < 0 ? (double)-INFINITY : (double)INFINITY;
    }
    qsort(buckets, count, sizeof *buckets, compare_bounds);
    if (!(buckets[count - 1].bound > 0 && isinf(buckets[count - 1].bound))) {
        return (double)NAN;
    }
    count = tidy(buckets, count);
    if (count < 2 || buckets[count - 1].count == 0) {
        return (double)NAN;
    }
    return interpolate(q, buckets, count);
}

/* Buckets by histogram, in the second half of scratch[1]. */
static struct bucket *
arrange(struct gong_eval_state *state, size_t buckets, size_t histograms)
{
    struct histogram *all = state->scratch[0].data;
    const struct bucket *from = state->scratch[1].data;
    struct bucket *to = (struct bucket *)state->scratch[1].data + buckets;
    size_t at = 0;

    for (size_t i = 0; i < histograms; i++) {
        all[i].first = at;
        at += all[i].count;
        all[i].count = 0;
    }
    for (size_t i = 0; i < buckets; i++) {
        struct histogram *histogram = &all[from[i].histogram];

        to[histogram->first + histogram->count++] = from[i];
    }
    return to;
}

bool
gong_eval_histogram_quantile(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_state *q = gong_eval_arg(eval, index, 0, t);
    const struct gong_eval_state *arg =
        q == NULL ? NULL : gong_eval_arg(eval, index, 1, t);
    struct bucket *buckets = NULL;
    const struct histogram *histograms = NULL;
    size_t bucket_count = 0;
    size_t histogram_count = 0;

    if (arg == NULL || !gong_eval_clear(eval, index, arg->vector.count) ||
        !gong_eval_marks_begin(eval, index, &state->marks[1])) {
        return false;
    }
    if (!gong_eval_grow(eval, &state->scratch[1], 2 * arg->vector.count,
                        sizeof *buckets)) {
        return gong_eval_no_memory(eval, index);
    }
    if (!collect(eval, index, &arg->vector, &bucket_count, &histogram_count)) {
        return false;
    }
    buckets = arrange(state, bucket_count, histogram_count);
    histograms = state->scratch[0].data;
    for (size_t i = 0; i < histogram_count; i++) {
        gong_eval_put(state, histograms[i].set,
                      quantile(q->scalar, buckets + histograms[i].first,
                               histograms[i].count));
    }
    return gong_eval_check_distinct(eval, index);
}
