/*
 * eval_private: what the parts of the evaluator share.
 *
 * Each node of the tree has its state: the value it had last, and what it
 * remembers of labels. A node is evaluated by recursion, at most as deep as
 * the parser lets expressions nest; a subquery evaluates its child once a step,
 * and takes the child's value away before the next.
 *
 *   eval.c            limits, faults, dispatch, the simplest nodes
 *   eval_space.c      label sets, and memory of what became of them
 *   eval_selector.c   samples of series, windows
 *   eval_subquery.c   windows of steps
 *   eval_operator.c   arithmetic and comparison
 *   eval_match.c      the same of two vectors, and/or/unless
 *   eval_aggregate.c  sum and its kin
 *   eval_order.c      topk, bottomk, sort
 *   eval_call.c       functions
 *   eval_relabel.c    label_replace, label_join
 *   eval_histogram.c  histogram_quantile
 */
#ifndef GONG_RULES_ENGINE_EVAL_PRIVATE_H
#define GONG_RULES_ENGINE_EVAL_PRIVATE_H

#include "rules/engine/eval.h"
#include "rules/engine/labelset.h"

/* Grows, and is accounted. Never shrinks. */
struct gong_eval_buffer {
    void *data;
    size_t bytes;
};

struct gong_eval_vector {
    struct gong_eval_buffer items; /* struct gong_eval_sample */
    size_t count;
};

/* Per label set a number, all of them forgotten at once. 0: none. */
struct gong_eval_marks {
    struct gong_eval_buffer slots; /* struct gong_eval_mark by set */
    uint32_t limit;                /* slots that are filled */
    uint32_t epoch;
};

struct gong_eval_mark {
    uint32_t epoch;
    uint32_t value;
};

/* Marks that live as long as label sets do: what became of a set. */
struct gong_eval_memo {
    struct gong_eval_marks marks;
    uint64_t generation;
};

/* Names as symbols, of this generation. */
struct gong_eval_names {
    struct gong_eval_buffer symbols; /* uint32_t */
    size_t count;
    uint64_t generation;
};

struct gong_eval_state;
struct gong_eval;

typedef bool (*gong_eval_handler)(struct gong_eval *eval, uint32_t index,
                                  int64_t t);

/* What a node keeps. Which of it is used is its kind's business. */
struct gong_eval_state {
    const struct gong_expr_node *expr;
    uint32_t inner; /* itself, or what its parentheses hold */
    gong_eval_handler handler;
    int function; /* gong_range_fn, gong_value_fn or gong_eval_aggregate */

    double scalar;
    struct gong_eval_vector vector;

    /* Selector: its series at the last select, and their label sets. */
    struct gong_eval_buffer series; /* uint32_t */
    struct gong_eval_buffer sets;   /* uint32_t */
    size_t series_count;
    uint64_t sets_generation;
    uint64_t asked; /* in which evaluation */

    /* Matrix: windows of a subquery, or of a selector at the root. */
    struct gong_eval_buffer matrix;  /* struct gong_eval_series */
    struct gong_eval_buffer samples; /* struct gong_sample */
    struct gong_eval_buffer steps;   /* as they came */
    size_t matrix_count;

    struct gong_eval_names names[2];
    struct gong_eval_memo memo[3];
    struct gong_eval_marks marks[3];
    struct gong_eval_buffer scratch[3];
    size_t scratch_count;
    uint64_t scratch_generation;
    void *pattern; /* of label_replace */
};

struct gong_eval {
    const struct gong_expr *expr;
    struct gong_eval_source source;
    struct gong_eval_options options;
    struct gong_eval_result result;
    enum gong_eval_fault fault;
    enum gong_err source_err;
    struct gong_expr_error *error;

    struct gong_budget budget;
    struct gong_hash_key key;
    struct gong_symbols symbols;
    struct gong_labelsets sets;
    struct gong_eval_memo unnamed; /* without __name__ */
    uint32_t name_symbol;          /* of __name__ */
    uint64_t generation;
    uint64_t settled; /* units of labels after the generation's first run */
    bool forget;

    uint64_t evaluation;
    int64_t start_ms; /* @ start(), @ end() */
    int64_t end_ms;
    size_t spent;                   /* of samples_max */
    size_t asked;                   /* spent when goes_on was asked last */
    struct gong_eval_state *states; /* one a node */
};

/* gong_eval_fail: false, for "return gong_eval_fail". */
bool gong_eval_fail(struct gong_eval *eval, uint32_t index,
                    enum gong_eval_fault fault, const char *format, ...)
    GONG_PRINTF(4, 5);
bool gong_eval_no_memory(struct gong_eval *eval, uint32_t index);
/* gong_eval_spend: counts samples; false past the limit. */
bool gong_eval_spend(struct gong_eval *eval, uint32_t index, size_t samples);

/* gong_eval_node: the value at t is then in the state of that node, which is
 * that of what parentheses hold. */
bool gong_eval_node(struct gong_eval *eval, uint32_t index, int64_t t);

/* gong_eval_arg: evaluates argument i of node; NULL on failure. */
struct gong_eval_state *gong_eval_arg(struct gong_eval *eval, uint32_t index,
                                      size_t i, int64_t t);

/* gong_eval_anchor: the time that offset and @ of node make of t. */
int64_t gong_eval_anchor(const struct gong_eval *eval,
                         const struct gong_expr_node *node, int64_t t);

/* a - b, at the ends of time where it would be past them. */
int64_t gong_eval_before(int64_t a, int64_t b);

/* gong_eval_grow: room for count elements, and data that is not NULL even for
 * none; false without memory. */
bool gong_eval_grow(struct gong_eval *eval, struct gong_eval_buffer *buffer,
                    size_t count, size_t stride);
void gong_eval_drop(struct gong_eval *eval, struct gong_eval_buffer *buffer);

static inline struct gong_eval_sample *
gong_eval_items(const struct gong_eval_vector *vector)
{
    return vector->items.data;
}

/* gong_eval_clear: an empty vector with room for count samples. */
bool gong_eval_clear(struct gong_eval *eval, uint32_t index, size_t count);

/* gong_eval_put: room is there. */
static inline void
gong_eval_put(struct gong_eval_state *state, uint32_t set, double value)
{
    gong_eval_items(&state->vector)[state->vector.count++] =
        (struct gong_eval_sample){set, value};
}

bool gong_eval_binary(struct gong_eval *eval, uint32_t index, int64_t t);
/* gong_eval_combine: one pair of numbers; false: a comparison filters it out.
 */
bool gong_eval_combine(const struct gong_expr_node *node, double left,
                       double right, double *value);
bool gong_eval_sets(struct gong_eval *eval, uint32_t index);
bool gong_eval_match(struct gong_eval *eval, uint32_t index);

bool gong_eval_aggregate_find(struct gong_eval_state *state);
bool gong_eval_aggregate(struct gong_eval *eval, uint32_t index, int64_t t);

bool gong_eval_call_find(struct gong_eval_state *state);
bool gong_eval_label_replace(struct gong_eval *eval, uint32_t index, int64_t t);
bool gong_eval_label_join(struct gong_eval *eval, uint32_t index, int64_t t);
void gong_eval_pattern_free(void *pattern);
bool gong_eval_histogram_quantile(struct gong_eval *eval, uint32_t index,
                                  int64_t t);

/* gong_eval_is_label: [a-zA-Z_][a-zA-Z0-9_]* */
bool gong_eval_is_label(struct gong_str name);

#endif
