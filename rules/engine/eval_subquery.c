/*
 * The child is evaluated at the absolute multiples of the step within the
 * window, both ends inside. What it gives is first kept as it comes, then put
 * in order by series:
 *
 *   steps     (slot 0, t1) (slot 1, t1) (slot 0, t2) (slot 1, t2) ...
 *   matrix    slot 0: count, samples ------.   slot 1 ---.
 *   samples   [ t1 t2 t3 ...               | t1 t2 t3 ... ]
 */
#include "rules/engine/eval_private.h"

#include <string.h>

#include "rules/engine/eval_selector.h"
#include "rules/engine/eval_space.h"

struct step {
    uint32_t slot;
    struct gong_sample sample;
};

static bool
add_slot(struct gong_eval *eval, uint32_t index, uint32_t set, uint32_t *slot)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_marks *slots = &state->marks[1];
    struct gong_eval_series *matrix = NULL;

    *slot = gong_eval_marked(slots, set);
    if (*slot != 0) {
        *slot -= 1;
        return true;
    }
    if (!gong_eval_grow(eval, &state->matrix, state->matrix_count + 1,
                        sizeof *matrix)) {
        return gong_eval_no_memory(eval, index);
    }
    *slot = (uint32_t)state->matrix_count++;
    matrix = state->matrix.data;
    matrix[*slot] = (struct gong_eval_series){set, NULL, 0};
    return gong_eval_mark(eval, index, slots, set, *slot + 1);
}

/* What the child gave at t. */
static bool
keep(struct gong_eval *eval, uint32_t index,
     const struct gong_eval_vector *vector, size_t *used, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_sample *items = gong_eval_items(vector);
    struct step *steps = NULL;

    if (!gong_eval_spend(eval, index, vector->count + 1)) {
        return false;
    }
    if (!gong_eval_grow(eval, &state->steps, *used + vector->count,
                        sizeof *steps)) {
        return gong_eval_no_memory(eval, index);
    }
    steps = state->steps.data;
    for (size_t i = 0; i < vector->count; i++) {
        struct gong_eval_series *matrix = NULL;
        uint32_t slot = 0;

        if (!add_slot(eval, index, items[i].set, &slot)) {
            return false;
        }
        matrix = state->matrix.data;
        matrix[slot].count++;
        steps[*used + i] = (struct step){slot, {t, items[i].value}};
    }
    *used += vector->count;
    return true;
}

/* Slots a and b of the matrix stand as they should. */
static bool
in_order(const struct gong_eval *eval, uint32_t index, uint32_t a, uint32_t b)
{
    const struct gong_eval_series *matrix = eval->states[index].matrix.data;

    return gong_labelset_compare(&eval->sets, matrix[a].set, matrix[b].set) <=
           0;
}

/* from[bounds[0]..bounds[1]) and from[bounds[1]..bounds[2]), each in order,
 * into to. */
static void
merge(const struct gong_eval *eval, uint32_t index, const uint32_t *from,
      uint32_t *to, const size_t bounds[3])
{
    size_t left = bounds[0];
    size_t right = bounds[1];

    for (size_t i = bounds[0]; i < bounds[2]; i++) {
        bool take_left = right == bounds[2] ||
                         (left < bounds[1] &&
                          in_order(eval, index, from[left], from[right]));

        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* The slots in the order of their labels, into order or other, whichever is
 * returned; each holds matrix_count. */
static const uint32_t *
sort_slots(const struct gong_eval *eval, uint32_t index, uint32_t *order,
           uint32_t *other)
{
    size_t count = eval->states[index].matrix_count;

    for (size_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t width = 1; width < count; width *= 2) {
        uint32_t *sorted = other;

        for (size_t at = 0; at < count; at += 2 * width) {
            size_t middle = at + width < count ? at + width : count;
            size_t end = middle + width < count ? middle + width : count;

            merge(eval, index, order, sorted, (size_t[]){at, middle, end});
        }
        other = order;
        order = sorted;
    }
    return order;
}

/* A series that first came at a later step stands where its labels do: so the
 * order of series is the same at each instant. */
static bool
order_slots(struct gong_eval *eval, uint32_t index, size_t used)
{
    struct gong_eval_state *state = &eval->states[index];
    size_t count = state->matrix_count;
    struct gong_eval_series *matrix = state->matrix.data;
    struct gong_eval_series *sorted = NULL;
    struct step *steps = state->steps.data;
    uint32_t *rank = NULL;
    const uint32_t *order = NULL;
    size_t ahead = 1;

    while (ahead < count &&
           in_order(eval, index, (uint32_t)ahead - 1, (uint32_t)ahead)) {
        ahead++;
    }
    if (ahead >= count) {
        return true;
    }
    if (!gong_eval_grow(eval, &state->scratch[0], 3 * count, sizeof *rank) ||
        !gong_eval_grow(eval, &state->scratch[2], count, sizeof *sorted)) {
        return gong_eval_no_memory(eval, index);
    }
    rank = state->scratch[0].data;
    sorted = state->scratch[2].data;
    order = sort_slots(eval, index, rank + count, rank + 2 * count);
    for (size_t i = 0; i < count; i++) {
        rank[order[i]] = (uint32_t)i;
        sorted[i] = matrix[order[i]];
    }
    memcpy(matrix, sorted, count * sizeof *matrix);
    for (size_t i = 0; i < used; i++) {
        steps[i].slot = rank[steps[i].slot];
    }
    return true;
}

static bool
arrange(struct gong_eval *eval, uint32_t index, size_t used)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_series *matrix = state->matrix.data;
    const struct step *steps = state->steps.data;
    struct gong_sample *samples = NULL;
    size_t *next = NULL;
    size_t at = 0;

    if (!gong_eval_grow(eval, &state->samples, used, sizeof *samples) ||
        !gong_eval_grow(eval, &state->scratch[1], state->matrix_count,
                        sizeof *next)) {
        return gong_eval_no_memory(eval, index);
    }
    samples = state->samples.data;
    next = state->scratch[1].data;
    for (size_t i = 0; i < state->matrix_count; i++) {
        matrix[i].samples = samples + at;
        next[i] = at;
        at += matrix[i].count;
    }
    for (size_t i = 0; i < used; i++) {
        samples[next[steps[i].slot]++] = steps[i].sample;
    }
    return true;
}

/* The first multiple of step from start on. */
static int64_t
first_step(int64_t start, int64_t step)
{
    int64_t first = start / step * step; /* towards zero */

    return first < start ? gong_eval_before(first, -step) : first;
}

bool
gong_eval_subquery(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_expr_node *node = state->expr;
    int64_t end = gong_eval_anchor(eval, node, t);
    int64_t start = gong_eval_before(end, node->range_ms);
    int64_t step =
        node->step_ms > 0 ? node->step_ms : eval->options.subquery_step_ms;
    size_t used = 0;

    state->matrix_count = 0;
    if (!gong_eval_marks_begin(eval, index, &state->marks[1])) {
        return false;
    }
    for (int64_t at = first_step(start, step); at <= end; at += step) {
        const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, at);

        if (arg == NULL || !keep(eval, index, &arg->vector, &used, at)) {
            return false;
        }
        if (at > INT64_MAX - step) {
            break;
        }
    }
    return order_slots(eval, index, used) && arrange(eval, index, used);
}
