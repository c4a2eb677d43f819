/*
 * eval: the value of any expression at an instant, over series that a source
 * holds, equal to what Prometheus 2.42 says of the same samples.
 *
 *   tree + source -> gong_eval -> scalar | string | vector | matrix | fault
 *
 * Label sets are numbers in a space of the evaluator's own. What an expression
 * makes of labels (names dropped, groups, matches) is remembered from one
 * evaluation to the next, and the space is cleared between two of them when it
 * has grown too large, so that label_replace() or count_values() grow nothing
 * for ever. Series stand in the source's order, groups in the order of their
 * first members, results of operators in the order of their driving side: so a
 * sum is the same bits each time.
 *
 * Memory is used again: in the steady state an evaluation allocates nothing.
 * One evaluator is for one thread. Pure.
 */
#ifndef GONG_RULES_ENGINE_EVAL_H
#define GONG_RULES_ENGINE_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/promql.h"
#include "rules/engine/sample.h"
#include "rules/engine/template.h"

#define GONG_EVAL_LOOKBACK_MS 300000
#define GONG_EVAL_STEP_MS     60000
#define GONG_EVAL_SAMPLES_MAX 50000000
#define GONG_EVAL_BYTES_MAX   (256u << 20)

/* What is asked of series. A series is a number that keeps its labels until
 * gong_eval_forget. Nothing changes in the source during an evaluation. */
struct gong_eval_source {
    void *ctx;
    /* select: the series that the selector's matchers take, in the order of
     * their labels (sorted by name, __name__ among them, and compared name by
     * name, value by value), none twice; valid until the evaluation ends. Asked
     * at most once an evaluation for each selector. index is the selector's
     * place in the expression's tree. An error ends the evaluation. */
    enum gong_err (*select)(void *ctx, const struct gong_expr_node *selector,
                            uint32_t index, const uint32_t **series,
                            size_t *count);
    /* labels: of a series, sorted by name, __name__ among them, none empty; out
     * holds GONG_LABELSET_MAX. Views are good until the next call. */
    size_t (*labels)(void *ctx, uint32_t series, struct gong_label_view *out);
    /* window: samples with from <= ms <= to by rising time, stale markers among
     * them, valid until the next call of window. May be NULL where *count is
     * 0. */
    const struct gong_sample *(*window)(void *ctx, uint32_t series,
                                        int64_t from, int64_t to,
                                        size_t *count);
    /* newest: the last of these samples, be it a stale marker; false: none. */
    bool (*newest)(void *ctx, uint32_t series, int64_t from, int64_t to,
                   struct gong_sample *out);
};

/* Zeros mean the constants above, as Prometheus has them. */
struct gong_eval_options {
    int64_t lookback_ms;
    int64_t subquery_step_ms; /* of [1h:] */
    size_t samples_max; /* that one evaluation may read and make, each step of
                           a subquery being at least one */
    size_t bytes_max;   /* of memory that the evaluator may hold */
    /* What @ start() and @ end() mean: where has_range is false, the instant
     * itself. */
    bool has_range;
    int64_t start_ms;
    int64_t end_ms;
    /* Asked each time some ten thousand samples were read or made; anything but
     * GONG_OK ends the evaluation with it. May be NULL. */
    enum gong_err (*goes_on)(void *ctx);
    void *goes_on_ctx;
};

/* Why an evaluation has no result. The texts are stable names. */
enum gong_eval_fault {
    GONG_EVAL_FINE,
    GONG_EVAL_MANY_TO_MANY,  /* two of one match group on the "one" side */
    GONG_EVAL_MANY_TO_ONE,   /* a second match, and no group_left/right */
    GONG_EVAL_NOT_UNIQUE,    /* group_left/right gives equal label sets */
    GONG_EVAL_SAME_LABELSET, /* two results have equal label sets */
    GONG_EVAL_PARAMETER,     /* an argument's value is none of its domain */
    GONG_EVAL_SAMPLES,       /* more than samples_max */
    GONG_EVAL_LABELS,        /* a label set past GONG_LABELSET_MAX */
    GONG_EVAL_PATTERN,       /* label_replace()'s pattern: no verdict */
    GONG_EVAL_SOURCE,        /* select failed */
    GONG_EVAL_MEMORY,        /* more than bytes_max, or none left */
    GONG_EVAL_LIMIT,         /* of a rule: more results than its limit */
    GONG_EVAL_STOPPED,       /* goes_on said so */
};

/* Plain values. set is a number for gong_eval_labels. */
struct gong_eval_sample {
    uint32_t set;
    double value;
};

struct gong_eval_series {
    uint32_t set;
    const struct gong_sample *samples; /* without stale markers */
    size_t count;                      /* at least 1 */
};

struct gong_eval_result {
    enum gong_value_type type;
    int64_t at_ms;
    double scalar;
    struct gong_str text;
    const struct gong_eval_sample *vector; /* no label set twice */
    const struct gong_eval_series *matrix;
    size_t count; /* of vector or matrix */
};

struct gong_eval;

/* gong_eval_new: NULL with error filled where the expression cannot be
 * evaluated whatever the samples, or without memory. expr and source's ctx are
 * borrowed, source and options are copied; options may be NULL. */
struct gong_eval *gong_eval_new(const struct gong_expr *expr,
                                const struct gong_eval_source *source,
                                const struct gong_eval_options *options,
                                struct gong_expr_error *error);
void gong_eval_free(struct gong_eval *eval);

/* gong_eval_at: *result stands until the next call for this evaluator. Any
 * error leaves *result alone, fills error and sets gong_eval_fault:
 * GONG_ERR_INVALID for what the samples or arguments are to blame for,
 * GONG_ERR_TOO_LARGE past a limit, GONG_ERR_MEMORY, or what select or goes_on
 * said. */
enum gong_err gong_eval_at(struct gong_eval *eval, int64_t t_ms,
                           const struct gong_eval_result **result,
                           struct gong_expr_error *error) GONG_MUST_CHECK;

/* gong_eval_fault: of the last gong_eval_at. */
enum gong_eval_fault gong_eval_fault(const struct gong_eval *eval);
const char *gong_eval_fault_text(enum gong_eval_fault fault);

/* gong_eval_labels: of a set of the last result, sorted by name; out holds
 * GONG_LABELSET_MAX. Good until the next gong_eval_at. */
size_t gong_eval_labels(const struct gong_eval *eval, uint32_t set,
                        struct gong_label_view *out);

/* gong_eval_generation: as long as it stands, a label set keeps its number, so
 * that a caller may remember what it knows by number. It changes only within
 * gong_eval_at, before anything is evaluated. */
uint64_t gong_eval_generation(const struct gong_eval *eval);

/* gong_eval_forget: the labels behind the source's numbers have changed. */
void gong_eval_forget(struct gong_eval *eval);

/* gong_eval_bytes: the memory that it holds. */
size_t gong_eval_bytes(const struct gong_eval *eval);

#endif
