/*
 * query: an expression over a data set at one instant or at each of a range's
 * steps, as the query API of Prometheus answers it.
 */
#ifndef GONG_RULES_QUERY_QUERY_H
#define GONG_RULES_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/promql.h"

#define GONG_QUERY_STEPS_MAX 11000 /* of a range, as Prometheus has it */

/* Zeros: no limits but the evaluator's own. */
struct gong_query_limits {
    size_t samples_max; /* that one step may read and make */
    size_t bytes_max;   /* of memory: of the evaluator, and of the answer */
    /* Asked before each step, on the way in a long one, and after the last;
     * anything but GONG_OK ends the query with it. May be NULL. */
    enum gong_err (*goes_on)(void *ctx);
    void *ctx;
};

struct gong_query {
    const char *expr;
    bool range;
    int64_t from_ms; /* the instant, where it is no range */
    int64_t to_ms;
    int64_t step_ms;
    int64_t lookback_ms;                    /* 0: 5 minutes */
    int64_t subquery_step_ms;               /* 0: 1 minute */
    const struct gong_query_limits *limits; /* borrowed; NULL: none */
};

struct gong_answer {
    enum gong_value_type type; /* of a range always MATRIX */
    int64_t at_ms;
    double scalar;
    char *text; /* of STRING */
    /* VECTOR, with one sample each, and MATRIX: series 1 .. count of memory, in
     * the evaluator's order; of a range sorted by labels. */
    struct gong_eval_memory *memory;
    uint32_t *order;
    uint32_t count;
};

/* gong_answer_fini: after any gong_query_run or gong_query_answer. */
void gong_answer_fini(struct gong_answer *answer);

/* Why there is none. */
struct gong_query_error {
    const char *type;  /* bad_data, or execution as the evaluator has it */
    const char *fault; /* the evaluator's word, or "" */
    struct gong_expr_error detail;
};

/* gong_query_parse: the expression, which is the caller's to free with
 * gong_expr_free, where it and the range make sense; else NULL in *expr, and
 * error is filled. */
enum gong_err gong_query_parse(const struct gong_query *query,
                               struct gong_expr **expr,
                               struct gong_query_error *error) GONG_MUST_CHECK;

/* gong_query_run: what was parsed, over a source; fills answer, or on an error,
 * error. TOO_LARGE past a limit; what goes_on said. */
enum gong_err gong_query_run(const struct gong_query *query,
                             const struct gong_expr *expr,
                             const struct gong_eval_source *source,
                             struct gong_answer *answer,
                             struct gong_query_error *error) GONG_MUST_CHECK;

/* gong_query_answer: both. */
enum gong_err gong_query_answer(const struct gong_query *query,
                                const struct gong_eval_source *source,
                                struct gong_answer *answer,
                                struct gong_query_error *error) GONG_MUST_CHECK;

/* gong_query_type_name: scalar, string, vector, matrix. */
const char *gong_query_type_name(enum gong_value_type type);

#endif
