#include "rules/engine/eval_private.h"
#include "rules/engine/eval_order.h"
#include "rules/engine/eval_selector.h"
#include "rules/engine/eval_space.h"

#include <math.h>
#include <string.h>

#include "rules/engine/range_fn.h"
#include "rules/engine/value_fn.h"

/* The numbers of a call, in the order they are written. */
static bool
take_numbers(struct gong_eval *eval, uint32_t index, int64_t t,
             double numbers[2])
{
    const struct gong_expr_node *node = eval->states[index].expr;
    size_t count = 0;

    for (size_t i = 0; i < node->arg_count; i++) {
        const struct gong_eval_state *arg = NULL;

        if (eval->expr->nodes[node->args[i]].type != GONG_VALUE_SCALAR) {
            continue;
        }
        arg = gong_eval_arg(eval, index, i, t);
        if (arg == NULL) {
            return false;
        }
        if (count < 2) {
            numbers[count++] = arg->scalar;
        }
    }
    return true;
}

static uint32_t
matrix_arg(const struct gong_eval *eval, const struct gong_expr_node *node)
{
    size_t i = 0;

    while (i + 1 < node->arg_count &&
           eval->expr->nodes[node->args[i]].type != GONG_VALUE_MATRIX) {
        i++;
    }
    return node->args[i];
}

static bool
check_range_call(struct gong_eval *eval, uint32_t index,
                 const struct gong_range_call *call)
{
    const char *fault = gong_range_fn_fault(call);

    return fault == NULL ||
           gong_eval_fail(eval, index, GONG_EVAL_PARAMETER, "%s", fault);
}

/* One window of the call into the vector, where it has a result. */
static bool
run_window(struct gong_eval *eval, uint32_t index,
           const struct gong_range_call *call,
           const struct gong_eval_series *window)
{
    struct gong_eval_state *state = &eval->states[index];
    uint32_t set = window->set;
    double value = 0;

    if (!gong_eval_grow(eval, &state->scratch[0],
                        gong_range_fn_sorts(call->fn) ? window->count : 0,
                        sizeof(double))) {
        return gong_eval_no_memory(eval, index);
    }
    if (!gong_range_fn_run(call, window->samples, window->count,
                           state->scratch[0].data, &value)) {
        return true;
    }
    if (!gong_range_fn_keeps_name(call->fn)) {
        set = gong_eval_unnamed(eval, index, set);
        if (set == 0 ||
            !gong_eval_check_origin(eval, index, window->set, set)) {
            return false;
        }
    }
    gong_eval_put(state, set, value);
    return true;
}

static bool
call_range(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_windows windows = {0, 0, 0, 0};
    struct gong_range_call call = {.fn = (enum gong_range_fn)state->function,
                                   .at_ms = t};
    bool checked = false;

    if (!take_numbers(eval, index, t, call.params) ||
        !gong_eval_windows(eval, matrix_arg(eval, state->expr), t, &windows) ||
        !gong_eval_clear(eval, index, windows.count)) {
        return false;
    }
    call.start_ms = windows.start_ms;
    call.end_ms = windows.end_ms;
    for (size_t i = 0; i < windows.count; i++) {
        struct gong_eval_series window = {0, NULL, 0};

        if (!gong_eval_window(eval, &windows, i, &window)) {
            return false;
        }
        if (window.count == 0) {
            continue;
        }
        if (!checked && !check_range_call(eval, index, &call)) {
            return false;
        }
        checked = true;
        if (!run_window(eval, index, &call, &window)) {
            return false;
        }
    }
    return true;
}

static uint32_t
empty_set(struct gong_eval *eval, uint32_t index)
{
    return gong_eval_intern(eval, index, NULL, 0);
}

/* A vector of one number without labels. */
static bool
put_number(struct gong_eval *eval, uint32_t index, double value)
{
    uint32_t set = empty_set(eval, index);

    if (set == 0 || !gong_eval_clear(eval, index, 1)) {
        return false;
    }
    gong_eval_put(&eval->states[index], set, value);
    return true;
}

static bool
call_value(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    enum gong_value_fn fn = (enum gong_value_fn)state->function;
    double numbers[2] = {1, 0}; /* round()'s */
    const struct gong_eval_state *arg = NULL;
    const struct gong_eval_sample *items = NULL;

    if (state->expr->arg_count == 0) {
        int64_t seconds = t / 1000; /* towards zero */

        return put_number(eval, index,
                          gong_value_fn_run(fn, (double)seconds, NULL));
    }
    arg = gong_eval_arg(eval, index, 0, t);
    if (arg == NULL || !take_numbers(eval, index, t, numbers) ||
        !gong_eval_clear(eval, index, arg->vector.count)) {
        return false;
    }
    if (gong_value_fn_is_empty(fn, numbers)) {
        return true;
    }
    items = gong_eval_items(&arg->vector);
    for (size_t i = 0; i < arg->vector.count; i++) {
        uint32_t set = gong_eval_unnamed(eval, index, items[i].set);

        if (set == 0) {
            return false;
        }
        gong_eval_put(state, set,
                      gong_value_fn_run(fn, items[i].value, numbers));
    }
    return gong_eval_check_distinct(eval, index);
}

/* What absent() can say of a series that is not there: the labels which the
 * selector wants equal to a text, each but once. */
static uint32_t
absent_set(struct gong_eval *eval, uint32_t index)
{
    const struct gong_expr_node *node = eval->states[index].expr;
    uint32_t arg = eval->states[node->args[0]].inner;
    const struct gong_expr_node *selector = eval->states[arg].expr;
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    size_t count = 0;

    if (selector->kind != GONG_EXPR_SELECTOR) {
        return empty_set(eval, index);
    }
    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *matcher = &selector->matchers[i];
        struct gong_label_pair pair = {0, 0};
        bool again = i > 0 && strcmp(matcher->name, matcher[-1].name) == 0;

        if (strcmp(matcher->name, "__name__") == 0) {
            continue;
        }
        pair.name = gong_eval_symbol(eval, index, gong_str_of(matcher->name));
        if (pair.name == 0) {
            return 0;
        }
        if (matcher->op == GONG_MATCH_EQUAL && !again &&
            matcher->value[0] != '\0') {
            pair.value =
                gong_eval_symbol(eval, index, gong_str_of(matcher->value));
            if (pair.value == 0) {
                return 0;
            }
        }
        if (!gong_eval_set_label(eval, index, pairs, &count, pair)) {
            return 0;
        }
    }
    return gong_eval_intern(eval, index, pairs, count);
}

static bool
put_absent(struct gong_eval *eval, uint32_t index)
{
    struct gong_eval_state *state = &eval->states[index];

    if (state->scratch_generation != eval->generation) {
        uint32_t set = absent_set(eval, index);

        if (set == 0) {
            return false;
        }
        state->scratch_count = set;
        state->scratch_generation = eval->generation;
    }
    if (!gong_eval_clear(eval, index, 1)) {
        return false;
    }
    gong_eval_put(state, (uint32_t)state->scratch_count, 1);
    return true;
}

static bool
call_absent(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);

    if (arg == NULL) {
        return false;
    }
    return arg->vector.count > 0 ? gong_eval_clear(eval, index, 0)
                                 : put_absent(eval, index);
}

static bool
call_absent_over_time(struct gong_eval *eval, uint32_t index, int64_t t)
{
    uint32_t arg = eval->states[index].expr->args[0];
    struct gong_eval_windows windows = {0, 0, 0, 0};

    if (!gong_eval_windows(eval, arg, t, &windows)) {
        return false;
    }
    for (size_t i = 0; i < windows.count; i++) {
        struct gong_eval_series window = {0, NULL, 0};

        if (!gong_eval_window(eval, &windows, i, &window)) {
            return false;
        }
        if (window.count > 0) {
            return gong_eval_clear(eval, index, 0);
        }
    }
    return put_absent(eval, index);
}

/* Of native histograms, which no sample is. */
static bool
call_native(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_expr_node *node = eval->states[index].expr;

    for (size_t i = 0; i < node->arg_count; i++) {
        if (gong_eval_arg(eval, index, i, t) == NULL) {
            return false;
        }
    }
    return gong_eval_clear(eval, index, 0);
}

static bool
call_pi(struct gong_eval *eval, uint32_t index, int64_t t)
{
    (void)t;
    eval->states[index].scalar = GONG_PI;
    return true;
}

static bool
call_time(struct gong_eval *eval, uint32_t index, int64_t t)
{
    eval->states[index].scalar = (double)t / 1000;
    return true;
}

static bool
call_scalar(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);

    if (arg == NULL) {
        return false;
    }
    eval->states[index].scalar = arg->vector.count == 1
                                     ? gong_eval_items(&arg->vector)->value
                                     : (double)NAN;
    return true;
}

static bool
call_vector(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);

    return arg != NULL && put_number(eval, index, arg->scalar);
}

static bool
call_timestamp(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    uint32_t inner = eval->states[state->expr->args[0]].inner;
    const struct gong_eval_state *arg = &eval->states[inner];
    struct gong_eval_sample *items = NULL;

    if (arg->expr->kind == GONG_EXPR_SELECTOR) {
        if (!gong_eval_stamps(eval, inner, index, t)) {
            return false;
        }
    } else {
        if (!gong_eval_node(eval, inner, t) ||
            !gong_eval_clear(eval, index, arg->vector.count)) {
            return false;
        }
        for (size_t i = 0; i < arg->vector.count; i++) {
            gong_eval_put(state, gong_eval_items(&arg->vector)[i].set,
                          (double)t / 1000);
        }
    }
    items = gong_eval_items(&state->vector);
    for (size_t i = 0; i < state->vector.count; i++) {
        items[i].set = gong_eval_unnamed(eval, index, items[i].set);
        if (items[i].set == 0) {
            return false;
        }
    }
    return gong_eval_check_distinct(eval, index);
}

static bool
call_sort(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);
    bool falling = strcmp(state->expr->text, "sort_desc") == 0;
    size_t count = 0;

    if (arg == NULL) {
        return false;
    }
    count = arg->vector.count;
    if (!gong_eval_clear(eval, index, 2 * count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct gong_eval_sample item = gong_eval_items(&arg->vector)[i];

        gong_eval_put(state, item.set, item.value);
    }
    gong_eval_sort(gong_eval_items(&state->vector), count,
                   gong_eval_items(&state->vector) + count, falling);
    return true;
}

static const struct {
    const char *name;
    gong_eval_handler handler;
} calls[] = {
    {"absent", call_absent},
    {"absent_over_time", call_absent_over_time},
    {"histogram_count", call_native},
    {"histogram_fraction", call_native},
    {"histogram_quantile", gong_eval_histogram_quantile},
    {"histogram_sum", call_native},
    {"label_join", gong_eval_label_join},
    {"label_replace", gong_eval_label_replace},
    {"pi", call_pi},
    {"scalar", call_scalar},
    {"sort", call_sort},
    {"sort_desc", call_sort},
    {"time", call_time},
    {"timestamp", call_timestamp},
    {"vector", call_vector},
};

bool
gong_eval_call_find(struct gong_eval_state *state)
{
    struct gong_str name = gong_str_of(state->expr->text);
    enum gong_range_fn range = GONG_RANGE_AVG;
    enum gong_value_fn value = GONG_FN_ABS;

    if (gong_range_fn_find(name, &range)) {
        state->function = (int)range;
        state->handler = call_range;
        return true;
    }
    if (gong_value_fn_find(name, &value)) {
        state->function = (int)value;
        state->handler = call_value;
        return true;
    }
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (gong_str_is(name, calls[i].name)) {
            state->handler = calls[i].handler;
            return true;
        }
    }
    return false;
}
