#include "rules/engine/eval_selector.h"
#include "rules/engine/eval_space.h"

#include <string.h>

static bool
ask(struct gong_eval *eval, uint32_t index, const uint32_t **series,
    size_t *count)
{
    const struct gong_eval_state *state = &eval->states[index];
    enum gong_err err = eval->source.select(eval->source.ctx, state->expr,
                                            index, series, count);

    if (err == GONG_OK) {
        return true;
    }
    eval->source_err = err;
    return gong_eval_fail(eval, index, GONG_EVAL_SOURCE,
                          "found a selector that cannot be answered (%s), "
                          "expected its series",
                          gong_err_text(err));
}

/* Whether the sets known are those of this list. */
static bool
is_known(const struct gong_eval *eval, const struct gong_eval_state *state,
         const uint32_t *series, size_t count)
{
    return state->sets_generation == eval->generation &&
           state->series_count == count &&
           (count == 0 ||
            memcmp(state->series.data, series, count * sizeof *series) == 0);
}

static bool
learn(struct gong_eval *eval, uint32_t index, const uint32_t *series,
      size_t count)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_label_view labels[GONG_LABELSET_MAX];
    uint32_t *sets = NULL;

    state->sets_generation = 0;
    if (!gong_eval_grow(eval, &state->series, count, sizeof *series) ||
        !gong_eval_grow(eval, &state->sets, count, sizeof *sets)) {
        return gong_eval_no_memory(eval, index);
    }
    sets = state->sets.data;
    for (size_t i = 0; i < count; i++) {
        size_t n = eval->source.labels(eval->source.ctx, series[i], labels);

        sets[i] = gong_eval_set_of(eval, index, labels, n);
        if (sets[i] == 0) {
            return false;
        }
    }
    if (count != 0) {
        memcpy(state->series.data, series, count * sizeof *series);
    }
    state->series_count = count;
    state->sets_generation = eval->generation;
    return true;
}

/* The selector's series and their sets, once an evaluation. */
static bool
select_series(struct gong_eval *eval, uint32_t index)
{
    struct gong_eval_state *state = &eval->states[index];
    const uint32_t *series = NULL;
    size_t count = 0;

    if (state->asked == eval->evaluation) {
        return true;
    }
    if (!ask(eval, index, &series, &count)) {
        return false;
    }
    if (!is_known(eval, state, series, count) &&
        !learn(eval, index, series, count)) {
        return false;
    }
    state->asked = eval->evaluation;
    return true;
}

/* Into the vector of node index: the newest samples, or their times. */
static bool
fill(struct gong_eval *eval, uint32_t selector, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[selector];
    struct gong_eval_state *out = &eval->states[index];
    const struct gong_eval_source *source = &eval->source;
    int64_t to = gong_eval_anchor(eval, state->expr, t);
    int64_t from = gong_eval_before(to, eval->options.lookback_ms);
    const uint32_t *series = NULL;
    const uint32_t *sets = NULL;

    if (!select_series(eval, selector) ||
        !gong_eval_spend(eval, selector, state->series_count) ||
        !gong_eval_clear(eval, index, state->series_count)) {
        return false;
    }
    series = state->series.data;
    sets = state->sets.data;
    for (size_t i = 0; i < state->series_count; i++) {
        struct gong_sample sample = {0, 0};

        if (source->newest(source->ctx, series[i], from, to, &sample) &&
            !gong_is_stale(sample.value)) {
            gong_eval_put(out, sets[i],
                          selector == index ? sample.value
                                            : (double)sample.ms / 1000);
        }
    }
    return true;
}

bool
gong_eval_selector(struct gong_eval *eval, uint32_t index, int64_t t)
{
    return fill(eval, index, index, t);
}

bool
gong_eval_stamps(struct gong_eval *eval, uint32_t selector, uint32_t index,
                 int64_t t)
{
    return fill(eval, selector, index, t);
}

bool
gong_eval_windows(struct gong_eval *eval, uint32_t index, int64_t t,
                  struct gong_eval_windows *windows)
{
    uint32_t inner = eval->states[index].inner;
    const struct gong_eval_state *state = &eval->states[inner];
    bool subquery = state->expr->kind == GONG_EXPR_SUBQUERY;

    windows->node = inner;
    windows->end_ms = gong_eval_anchor(eval, state->expr, t);
    windows->start_ms =
        gong_eval_before(windows->end_ms, state->expr->range_ms);
    if (subquery ? !gong_eval_subquery(eval, inner, t)
                 : !select_series(eval, inner)) {
        return false;
    }
    windows->count = subquery ? state->matrix_count : state->series_count;
    return true;
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

/* The source's samples stay as they are: what is left of them is copied. */
static bool
drop_stale(struct gong_eval *eval, uint32_t index, struct gong_eval_series *out)
{
    struct gong_eval_buffer *scratch = &eval->states[index].scratch[0];
    struct gong_sample *kept = NULL;
    size_t count = 0;

    if (!gong_eval_grow(eval, scratch, out->count, sizeof *kept)) {
        return gong_eval_no_memory(eval, index);
    }
    kept = scratch->data;
    for (size_t i = 0; i < out->count; i++) {
        if (!gong_is_stale(out->samples[i].value)) {
            kept[count++] = out->samples[i];
        }
    }
    out->samples = kept;
    out->count = count;
    return true;
}

bool
gong_eval_window(struct gong_eval *eval,
                 const struct gong_eval_windows *windows, size_t i,
                 struct gong_eval_series *out)
{
    const struct gong_eval_state *state = &eval->states[windows->node];
    const struct gong_eval_source *source = &eval->source;
    const struct gong_eval_series *matrix = state->matrix.data;
    const uint32_t *series = state->series.data;
    const uint32_t *sets = state->sets.data;

    if (state->expr->kind == GONG_EXPR_SUBQUERY) {
        *out = matrix[i];
        return true;
    }
    out->set = sets[i];
    out->samples = source->window(source->ctx, series[i], windows->start_ms,
                                  windows->end_ms, &out->count);
    if (!gong_eval_spend(eval, windows->node, out->count)) {
        return false;
    }
    return !has_stale(out->samples, out->count) ||
           drop_stale(eval, windows->node, out);
}

/* A window of the source is gone with the next: all are copied. While samples
 * may move, series know how many there are, and only then where. */
bool
gong_eval_matrix(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_windows windows = {0, 0, 0, 0};
    struct gong_eval_series *matrix = NULL;
    const struct gong_sample *next = NULL;
    size_t used = 0;

    state->matrix_count = 0;
    if (!gong_eval_windows(eval, index, t, &windows)) {
        return false;
    }
    if (!gong_eval_grow(eval, &state->matrix, windows.count, sizeof *matrix)) {
        return gong_eval_no_memory(eval, index);
    }
    matrix = state->matrix.data;
    for (size_t i = 0; i < windows.count; i++) {
        struct gong_eval_series one = {0, NULL, 0};
        struct gong_sample *samples = NULL;

        if (!gong_eval_window(eval, &windows, i, &one)) {
            return false;
        }
        if (one.count == 0) {
            continue;
        }
        if (!gong_eval_grow(eval, &state->samples, used + one.count,
                            sizeof *samples)) {
            return gong_eval_no_memory(eval, index);
        }
        samples = state->samples.data;
        memcpy(samples + used, one.samples, one.count * sizeof *samples);
        used += one.count;
        matrix[state->matrix_count++] = one;
    }
    next = state->samples.data;
    for (size_t i = 0; i < state->matrix_count; i++) {
        matrix[i].samples = next;
        next += matrix[i].count;
    }
    return true;
}
