#include "rules/engine/eval.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/eval_private.h"
#include "rules/engine/eval_selector.h"
#include "rules/engine/eval_space.h"
#include "rules/engine/promql_error.h"

bool
gong_eval_fail(struct gong_eval *eval, uint32_t index,
               enum gong_eval_fault fault, const char *format, ...)
{
    struct gong_expr_error *error = eval->error;
    va_list arguments;

    eval->fault = fault;
    error->at = eval->states[index].expr->at;
    error->no_memory = fault == GONG_EVAL_MEMORY;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return false;
}

bool
gong_eval_no_memory(struct gong_eval *eval, uint32_t index)
{
    return gong_eval_fail(eval, index, GONG_EVAL_MEMORY,
                          "found no memory left, expected some");
}

/* Between two questions to goes_on. */
#define SPENT_UNASKED 10000

static bool
goes_on(struct gong_eval *eval, uint32_t index)
{
    enum gong_err err;

    if (eval->options.goes_on == NULL ||
        eval->spent - eval->asked < SPENT_UNASKED) {
        return true;
    }
    eval->asked = eval->spent;
    err = eval->options.goes_on(eval->options.goes_on_ctx);
    if (err == GONG_OK) {
        return true;
    }
    eval->source_err = err;
    return gong_eval_fail(eval, index, GONG_EVAL_STOPPED,
                          "found an evaluation that was ended (%s)",
                          gong_err_text(err));
}

bool
gong_eval_spend(struct gong_eval *eval, uint32_t index, size_t samples)
{
    if (samples > eval->options.samples_max - eval->spent) {
        return gong_eval_fail(eval, index, GONG_EVAL_SAMPLES,
                              "found an evaluation of more than %zu samples, "
                              "expected fewer",
                              eval->options.samples_max);
    }
    eval->spent += samples;
    return goes_on(eval, index);
}

bool
gong_eval_grow(struct gong_eval *eval, struct gong_eval_buffer *buffer,
               size_t count, size_t stride)
{
    size_t bytes = buffer->bytes == 0 ? 16 * stride : buffer->bytes;
    void *data = NULL;

    if (buffer->data != NULL && count <= buffer->bytes / stride) {
        return true;
    }
    if (count > SIZE_MAX / 4 / stride) {
        return false;
    }
    while (bytes / stride < count) {
        bytes *= 2;
    }
    data =
        gong_budget_resize(&eval->budget, buffer->data, buffer->bytes, bytes);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->bytes = bytes;
    return true;
}

void
gong_eval_drop(struct gong_eval *eval, struct gong_eval_buffer *buffer)
{
    (void)gong_budget_resize(&eval->budget, buffer->data, buffer->bytes, 0);
    *buffer = (struct gong_eval_buffer){NULL, 0};
}

bool
gong_eval_clear(struct gong_eval *eval, uint32_t index, size_t count)
{
    struct gong_eval_vector *vector = &eval->states[index].vector;

    vector->count = 0;
    return gong_eval_grow(eval, &vector->items, count,
                          sizeof(struct gong_eval_sample)) ||
           gong_eval_no_memory(eval, index);
}

int64_t
gong_eval_before(int64_t a, int64_t b)
{
    if (b > 0 && a < INT64_MIN + b) {
        return INT64_MIN;
    }
    if (b < 0 && a > INT64_MAX + b) {
        return INT64_MAX;
    }
    return a - b;
}

/* The parser lets whole milliseconds pass alone, which may be too many. */
static int64_t
ms_of(double seconds)
{
    double ms = round(seconds * 1000);

    if (!(ms < (double)INT64_MAX)) {
        return INT64_MAX;
    }
    return ms <= (double)INT64_MIN ? INT64_MIN : (int64_t)ms;
}

int64_t
gong_eval_anchor(const struct gong_eval *eval,
                 const struct gong_expr_node *node, int64_t t)
{
    switch (node->anchor) {
    case GONG_ANCHOR_NONE:
        break;
    case GONG_ANCHOR_TIME:
        t = ms_of(node->anchor_seconds);
        break;
    case GONG_ANCHOR_START:
        t = eval->start_ms;
        break;
    case GONG_ANCHOR_END:
        t = eval->end_ms;
        break;
    }
    return gong_eval_before(t, node->offset_ms);
}

static bool
negate(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);
    const struct gong_eval_sample *items = NULL;
    bool minus = state->expr->op == GONG_OP_SUB;

    if (arg == NULL) {
        return false;
    }
    if (state->expr->type == GONG_VALUE_SCALAR) {
        state->scalar = minus ? -arg->scalar : arg->scalar;
        return true;
    }
    if (!gong_eval_clear(eval, index, arg->vector.count)) {
        return false;
    }
    items = gong_eval_items(&arg->vector);
    for (size_t i = 0; i < arg->vector.count; i++) {
        uint32_t set = items[i].set;

        if (minus) {
            set = gong_eval_unnamed(eval, index, set);
            if (set == 0 ||
                !gong_eval_check_origin(eval, index, items[i].set, set)) {
                return false;
            }
        }
        gong_eval_put(state, set, minus ? -items[i].value : items[i].value);
    }
    return true;
}

bool
gong_eval_node(struct gong_eval *eval, uint32_t index, int64_t t)
{
    uint32_t inner = eval->states[index].inner;
    struct gong_eval_state *state = &eval->states[inner];

    switch (state->expr->kind) {
    case GONG_EXPR_NUMBER:
        state->scalar = state->expr->number;
        return true;
    case GONG_EXPR_STRING:
    case GONG_EXPR_PAREN: /* never inner */
        return true;
    case GONG_EXPR_SELECTOR:
        return state->expr->range_ms > 0 ? gong_eval_matrix(eval, inner, t)
                                         : gong_eval_selector(eval, inner, t);
    case GONG_EXPR_SUBQUERY:
        return gong_eval_subquery(eval, inner, t);
    case GONG_EXPR_UNARY:
        return negate(eval, inner, t);
    case GONG_EXPR_BINARY:
        return gong_eval_binary(eval, inner, t);
    case GONG_EXPR_CALL:
        return state->handler(eval, inner, t);
    case GONG_EXPR_AGGREGATE:
        return gong_eval_aggregate(eval, inner, t);
    }
    return false;
}

struct gong_eval_state *
gong_eval_arg(struct gong_eval *eval, uint32_t index, size_t i, int64_t t)
{
    uint32_t arg = eval->states[index].expr->args[i];

    return gong_eval_node(eval, arg, t) ? &eval->states[eval->states[arg].inner]
                                        : NULL;
}

/* False where a call or aggregate is none that is known here. */
static bool
prepare(struct gong_eval *eval)
{
    for (uint32_t i = 0; i < eval->expr->count; i++) {
        struct gong_eval_state *state = &eval->states[i];
        const struct gong_expr_node *node = &eval->expr->nodes[i];

        state->expr = node;
        state->inner = node->kind == GONG_EXPR_PAREN
                           ? eval->states[node->args[0]].inner
                           : i;
        if ((node->kind == GONG_EXPR_CALL && !gong_eval_call_find(state)) ||
            (node->kind == GONG_EXPR_AGGREGATE &&
             !gong_eval_aggregate_find(state))) {
            return gong_eval_fail(eval, i, GONG_EVAL_PARAMETER,
                                  "found %s(), expected what can be evaluated",
                                  node->text);
        }
    }
    return true;
}

static void
take_options(struct gong_eval *eval, const struct gong_eval_options *options)
{
    if (options != NULL) {
        eval->options = *options;
    }
    if (eval->options.lookback_ms == 0) {
        eval->options.lookback_ms = GONG_EVAL_LOOKBACK_MS;
    }
    if (eval->options.subquery_step_ms <= 0) {
        eval->options.subquery_step_ms = GONG_EVAL_STEP_MS;
    }
    if (eval->options.samples_max == 0) {
        eval->options.samples_max = GONG_EVAL_SAMPLES_MAX;
    }
    if (eval->options.bytes_max == 0) {
        eval->options.bytes_max = GONG_EVAL_BYTES_MAX;
    }
    eval->budget.limit = eval->options.bytes_max;
}

struct gong_eval *
gong_eval_new(const struct gong_expr *expr,
              const struct gong_eval_source *source,
              const struct gong_eval_options *options,
              struct gong_expr_error *error)
{
    struct gong_eval *eval = calloc(1, sizeof(*eval));

    if (eval == NULL) {
        (void)gong_expr_no_memory(error, 0);
        return NULL;
    }
    eval->expr = expr;
    eval->source = *source;
    eval->error = error;
    take_options(eval, options);
    gong_eval_space_init(eval);
    eval->states = calloc(expr->count, sizeof(*eval->states));
    if (eval->states == NULL) {
        (void)gong_expr_no_memory(error, 0);
    } else if (prepare(eval)) {
        eval->fault = GONG_EVAL_FINE;
        return eval;
    }
    gong_eval_free(eval);
    return NULL;
}

static void
free_state(struct gong_eval *eval, struct gong_eval_state *state)
{
    gong_eval_drop(eval, &state->vector.items);
    gong_eval_drop(eval, &state->series);
    gong_eval_drop(eval, &state->sets);
    gong_eval_drop(eval, &state->matrix);
    gong_eval_drop(eval, &state->samples);
    gong_eval_drop(eval, &state->steps);
    for (size_t i = 0; i < 2; i++) {
        gong_eval_drop(eval, &state->names[i].symbols);
    }
    for (size_t i = 0; i < 3; i++) {
        gong_eval_drop(eval, &state->memo[i].marks.slots);
        gong_eval_drop(eval, &state->marks[i].slots);
        gong_eval_drop(eval, &state->scratch[i]);
    }
    gong_eval_pattern_free(state->pattern);
}

void
gong_eval_free(struct gong_eval *eval)
{
    if (eval == NULL) {
        return;
    }
    for (uint32_t i = 0; eval->states != NULL && i < eval->expr->count; i++) {
        free_state(eval, &eval->states[i]);
    }
    free(eval->states);
    gong_eval_space_fini(eval);
    free(eval);
}

static enum gong_err
err_of(const struct gong_eval *eval)
{
    switch (eval->fault) {
    case GONG_EVAL_FINE:
        return GONG_OK;
    case GONG_EVAL_MANY_TO_MANY:
    case GONG_EVAL_MANY_TO_ONE:
    case GONG_EVAL_NOT_UNIQUE:
    case GONG_EVAL_SAME_LABELSET:
    case GONG_EVAL_PARAMETER:
    case GONG_EVAL_PATTERN:
        return GONG_ERR_INVALID;
    case GONG_EVAL_SAMPLES:
    case GONG_EVAL_LABELS:
    case GONG_EVAL_LIMIT:
        return GONG_ERR_TOO_LARGE;
    case GONG_EVAL_SOURCE:
    case GONG_EVAL_STOPPED:
        return eval->source_err;
    case GONG_EVAL_MEMORY:
        /* A rule that asks for too much is no lack of the machine's. */
        return eval->budget.refused ? GONG_ERR_TOO_LARGE : GONG_ERR_MEMORY;
    }
    return GONG_ERR_INVALID;
}

static void
fill_result(struct gong_eval *eval, int64_t t)
{
    uint32_t root = eval->states[eval->expr->root].inner;
    const struct gong_eval_state *state = &eval->states[root];
    struct gong_eval_result *result = &eval->result;

    *result = (struct gong_eval_result){.type = state->expr->type, .at_ms = t};
    switch (result->type) {
    case GONG_VALUE_SCALAR:
        result->scalar = state->scalar;
        break;
    case GONG_VALUE_STRING:
        result->text = gong_str_of(state->expr->text);
        break;
    case GONG_VALUE_VECTOR:
        result->vector = gong_eval_items(&state->vector);
        result->count = state->vector.count;
        break;
    case GONG_VALUE_MATRIX:
        result->matrix = state->matrix.data;
        result->count = state->matrix_count;
        break;
    }
}

enum gong_err
gong_eval_at(struct gong_eval *eval, int64_t t_ms,
             const struct gong_eval_result **result,
             struct gong_expr_error *error)
{
    eval->error = error;
    eval->fault = GONG_EVAL_FINE;
    eval->evaluation++;
    eval->spent = 0;
    eval->asked = 0;
    eval->budget.refused = false;
    eval->start_ms = eval->options.has_range ? eval->options.start_ms : t_ms;
    eval->end_ms = eval->options.has_range ? eval->options.end_ms : t_ms;
    if (!gong_eval_space_refresh(eval)) {
        (void)gong_eval_no_memory(eval, eval->expr->root);
        return err_of(eval);
    }
    if (!gong_eval_node(eval, eval->expr->root, t_ms)) {
        return err_of(eval);
    }
    fill_result(eval, t_ms);
    *result = &eval->result;
    return GONG_OK;
}

enum gong_eval_fault
gong_eval_fault(const struct gong_eval *eval)
{
    return eval->fault;
}

const char *
gong_eval_fault_text(enum gong_eval_fault fault)
{
    switch (fault) {
    case GONG_EVAL_FINE:
        return "none";
    case GONG_EVAL_MANY_TO_MANY:
        return "many-to-many";
    case GONG_EVAL_MANY_TO_ONE:
        return "many-to-one";
    case GONG_EVAL_NOT_UNIQUE:
        return "not-unique";
    case GONG_EVAL_SAME_LABELSET:
        return "same-labelset";
    case GONG_EVAL_PARAMETER:
        return "parameter";
    case GONG_EVAL_SAMPLES:
        return "samples";
    case GONG_EVAL_LABELS:
        return "labels";
    case GONG_EVAL_PATTERN:
        return "pattern";
    case GONG_EVAL_SOURCE:
        return "source";
    case GONG_EVAL_MEMORY:
        return "memory";
    case GONG_EVAL_LIMIT:
        return "limit";
    case GONG_EVAL_STOPPED:
        return "stopped";
    }
    return "?";
}

size_t
gong_eval_labels(const struct gong_eval *eval, uint32_t set,
                 struct gong_label_view *out)
{
    return gong_labelset_views(&eval->sets, set, out);
}

uint64_t
gong_eval_generation(const struct gong_eval *eval)
{
    return eval->generation;
}

void
gong_eval_forget(struct gong_eval *eval)
{
    eval->forget = true;
}

size_t
gong_eval_bytes(const struct gong_eval *eval)
{
    return sizeof(*eval) + eval->expr->count * sizeof(*eval->states) +
           eval->budget.used;
}
