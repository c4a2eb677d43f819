#include "rules/query/query.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/labelset.h"

const char *
gong_query_type_name(enum gong_value_type type)
{
    switch (type) {
    case GONG_VALUE_SCALAR:
        return "scalar";
    case GONG_VALUE_STRING:
        return "string";
    case GONG_VALUE_VECTOR:
        return "vector";
    case GONG_VALUE_MATRIX:
        return "matrix";
    }
    return "";
}

void
gong_answer_fini(struct gong_answer *answer)
{
    gong_eval_memory_free(answer->memory);
    free(answer->order);
    free(answer->text);
    *answer = (struct gong_answer){0};
}

/* What a label set of the evaluator is in the answer, as long as the
 * evaluator's generation stands: saves comparing labels at every step. */
struct known {
    uint32_t *series; /* by set; 0: not known */
    size_t size;
    uint64_t generation;
};

static enum gong_err
known_grow(struct known *known, uint32_t set)
{
    size_t size = known->size == 0 ? 256 : known->size;
    uint32_t *series;

    while (size <= set) {
        size *= 2;
    }
    if (size == known->size) {
        return GONG_OK;
    }
    series = realloc(known->series, size * sizeof *series);
    if (series == NULL) {
        return GONG_ERR_MEMORY;
    }
    memset(series + known->size, 0, (size - known->size) * sizeof *series);
    known->series = series;
    known->size = size;
    return GONG_OK;
}

static enum gong_err
find_series(struct gong_answer *answer, const struct gong_eval *eval,
            struct known *known, uint32_t set, uint32_t *series)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    enum gong_err err;

    if (known->generation != gong_eval_generation(eval)) {
        known->generation = gong_eval_generation(eval);
        if (known->size > 0) {
            memset(known->series, 0, known->size * sizeof *known->series);
        }
    }
    err = known_grow(known, set);
    if (err != GONG_OK) {
        return err;
    }
    if (known->series[set] == 0) {
        err = gong_eval_memory_series(answer->memory, labels,
                                      gong_eval_labels(eval, set, labels),
                                      &known->series[set]);
    }
    *series = known->series[set];
    return err;
}

static enum gong_err
take_matrix(struct gong_answer *answer, const struct gong_eval *eval,
            struct known *known, const struct gong_eval_series *series)
{
    uint32_t number = 0;
    enum gong_err err = find_series(answer, eval, known, series->set, &number);

    for (size_t i = 0; i < series->count && err == GONG_OK; i++) {
        err = gong_eval_memory_append(answer->memory, number,
                                      series->samples[i].ms,
                                      series->samples[i].value);
    }
    return err;
}

/* One step's result into the answer. */
static enum gong_err
take(struct gong_answer *answer, const struct gong_eval *eval,
     struct known *known, const struct gong_eval_result *result)
{
    enum gong_err err = GONG_OK;
    uint32_t number = 0;

    switch (result->type) {
    case GONG_VALUE_STRING:
        answer->text = gong_str_copy(result->text);
        return answer->text == NULL ? GONG_ERR_MEMORY : GONG_OK;
    case GONG_VALUE_SCALAR:
        answer->scalar = result->scalar;
        if (answer->type == GONG_VALUE_SCALAR) {
            return GONG_OK;
        }
        err = gong_eval_memory_series(answer->memory, NULL, 0, &number);
        return err != GONG_OK
                   ? err
                   : gong_eval_memory_append(answer->memory, number,
                                             result->at_ms, result->scalar);
    case GONG_VALUE_VECTOR:
        for (size_t i = 0; i < result->count && err == GONG_OK; i++) {
            err = find_series(answer, eval, known, result->vector[i].set,
                              &number);
            if (err == GONG_OK) {
                err = gong_eval_memory_append(answer->memory, number,
                                              result->at_ms,
                                              result->vector[i].value);
            }
        }
        return err;
    case GONG_VALUE_MATRIX:
        for (size_t i = 0; i < result->count && err == GONG_OK; i++) {
            err = take_matrix(answer, eval, known, &result->matrix[i]);
        }
        return err;
    }
    return GONG_ERR_INVALID;
}

struct place {
    const struct gong_answer *answer;
    uint32_t series;
};

static int
compare_labels(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    struct gong_label_view first[GONG_LABELSET_MAX];
    struct gong_label_view second[GONG_LABELSET_MAX];
    size_t count = gong_eval_memory_labels(x->answer->memory, x->series, first);

    return gong_labels_compare(
        first, count, second,
        gong_eval_memory_labels(y->answer->memory, y->series, second));
}

static enum gong_err
put_in_order(struct gong_answer *answer, bool sort)
{
    struct place *places;

    answer->count = gong_eval_memory_count(answer->memory);
    answer->order = calloc((size_t)answer->count + 1, sizeof *answer->order);
    places = calloc((size_t)answer->count + 1, sizeof *places);
    if (answer->order == NULL || places == NULL) {
        free(places);
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < answer->count; i++) {
        places[i] = (struct place){answer, i + 1};
    }
    if (sort) {
        qsort(places, answer->count, sizeof *places, compare_labels);
    }
    for (uint32_t i = 0; i < answer->count; i++) {
        answer->order[i] = places[i].series;
    }
    free(places);
    return GONG_OK;
}

static void
refuse(struct gong_query_error *error, const char *text)
{
    (void)snprintf(error->detail.message, sizeof error->detail.message, "%s",
                   text);
}

/* After a step, or before the first. */
static enum gong_err
may_go_on(const struct gong_query *query, const struct gong_answer *answer,
          struct gong_query_error *error)
{
    const struct gong_query_limits *limits = query->limits;
    enum gong_err err = GONG_OK;

    if (limits == NULL) {
        return GONG_OK;
    }
    if (limits->bytes_max > 0 &&
        gong_eval_memory_bytes(answer->memory) > limits->bytes_max) {
        error->type = "execution";
        error->fault = gong_eval_fault_text(GONG_EVAL_MEMORY);
        refuse(error, "found an answer that is larger than the memory for it, "
                      "expected fewer series, or a longer step");
        return GONG_ERR_TOO_LARGE;
    }
    if (limits->goes_on != NULL) {
        err = limits->goes_on(limits->ctx);
    }
    if (err != GONG_OK) {
        error->type = "execution";
        error->fault = gong_eval_fault_text(GONG_EVAL_STOPPED);
        refuse(error, gong_err_text(err));
    }
    return err;
}

static enum gong_err
run_step(struct gong_eval *eval, int64_t t,
         const struct gong_eval_result **result, struct gong_query_error *error)
{
    enum gong_err err = gong_eval_at(eval, t, result, &error->detail);

    if (err != GONG_OK) {
        error->type = "execution";
        error->fault = gong_eval_fault_text(gong_eval_fault(eval));
    }
    return err;
}

static enum gong_err
run_steps(const struct gong_query *query, struct gong_eval *eval,
          struct gong_answer *answer, struct gong_query_error *error)
{
    struct known known = {0};
    int64_t t = query->from_ms;
    enum gong_err err = may_go_on(query, answer, error);

    while (err == GONG_OK) {
        const struct gong_eval_result *result = NULL;

        err = run_step(eval, t, &result, error);
        if (err == GONG_OK) {
            err = take(answer, eval, &known, result);
        }
        if (err == GONG_OK) {
            err = may_go_on(query, answer, error);
        }
        if (err != GONG_OK || !query->range ||
            query->to_ms - t < query->step_ms) {
            break;
        }
        t += query->step_ms;
    }
    free(known.series);
    return err;
}

/* Whether the range makes sense, and the expression in it. */
static enum gong_err
check_range(const struct gong_query *query, enum gong_value_type type,
            struct gong_query_error *error)
{
    if (!query->range) {
        return GONG_OK;
    }
    if (type == GONG_VALUE_STRING || type == GONG_VALUE_MATRIX) {
        refuse(error, type == GONG_VALUE_STRING
                          ? "found a string, expected a scalar or an instant "
                            "vector at the steps of a range"
                          : "found a range vector, expected a scalar or an "
                            "instant vector at the steps of a range");
        return GONG_ERR_INVALID;
    }
    if (query->step_ms <= 0 || query->to_ms < query->from_ms ||
        (query->to_ms - query->from_ms) / query->step_ms >
            GONG_QUERY_STEPS_MAX) {
        refuse(error, "found a range that ends before it begins, a step of "
                      "zero, or more than 11000 steps");
        return GONG_ERR_INVALID;
    }
    return GONG_OK;
}

enum gong_err
gong_query_parse(const struct gong_query *query, struct gong_expr **expr,
                 struct gong_query_error *error)
{
    enum gong_err err;

    *error = (struct gong_query_error){"bad_data", "", {0}};
    *expr = gong_expr_parse(gong_str_of(query->expr), &error->detail);
    if (*expr == NULL) {
        return error->detail.no_memory ? GONG_ERR_MEMORY : GONG_ERR_INVALID;
    }
    err = check_range(query, (*expr)->nodes[(*expr)->root].type, error);
    if (err != GONG_OK) {
        gong_expr_free(*expr);
        *expr = NULL;
    }
    return err;
}

static struct gong_eval_options
eval_options(const struct gong_query *query)
{
    struct gong_eval_options options = {
        .lookback_ms = query->lookback_ms,
        .subquery_step_ms = query->subquery_step_ms,
        .has_range = query->range,
        .start_ms = query->from_ms,
        .end_ms = query->to_ms,
    };

    if (query->limits != NULL) {
        options.samples_max = query->limits->samples_max;
        options.bytes_max = query->limits->bytes_max;
        options.goes_on = query->limits->goes_on;
        options.goes_on_ctx = query->limits->ctx;
    }
    return options;
}

enum gong_err
gong_query_run(const struct gong_query *query, const struct gong_expr *expr,
               const struct gong_eval_source *source,
               struct gong_answer *answer, struct gong_query_error *error)
{
    struct gong_eval_options options = eval_options(query);
    struct gong_eval *eval;
    enum gong_err err;

    *answer = (struct gong_answer){0};
    *error = (struct gong_query_error){"bad_data", "", {0}};
    eval = gong_eval_new(expr, source, &options, &error->detail);
    if (eval == NULL) {
        return GONG_ERR_INVALID;
    }
    answer->type =
        query->range ? GONG_VALUE_MATRIX : expr->nodes[expr->root].type;
    answer->at_ms = query->from_ms;
    answer->memory = gong_eval_memory_new();
    err = answer->memory == NULL ? GONG_ERR_MEMORY
                                 : run_steps(query, eval, answer, error);
    gong_eval_free(eval);
    if (err == GONG_OK) {
        err = put_in_order(answer, query->range);
    }
    if (err == GONG_ERR_MEMORY) {
        refuse(error, gong_err_text(err));
    }
    return err;
}

enum gong_err
gong_query_answer(const struct gong_query *query,
                  const struct gong_eval_source *source,
                  struct gong_answer *answer, struct gong_query_error *error)
{
    struct gong_expr *expr = NULL;
    enum gong_err err = gong_query_parse(query, &expr, error);

    *answer = (struct gong_answer){0};
    if (err == GONG_OK) {
        err = gong_query_run(query, expr, source, answer, error);
    }
    gong_expr_free(expr);
    return err;
}
