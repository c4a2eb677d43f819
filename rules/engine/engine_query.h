/*
 * engine_query: rules that are evaluated as a whole, because they join, drop or
 * make labels across devices, or feed series of their own (record).
 *
 *   series --entries--> head --timer, touch--> evaluator --> label sets
 *                                                 |            |
 *                                  reads the engine's series   alerts, outputs
 *
 * The head is an instance without labels: its timer is the rule's. A result's
 * label set has an instance of its own, which has no timer. What is listed here
 * as derived is made anew from the tables when a snapshot is read.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_QUERY_H
#define GONG_RULES_ENGINE_ENGINE_QUERY_H

#include "rules/engine/bind.h"
#include "rules/engine/eval.h"

/* A rule at interval 0 is evaluated at most so often (semantics rule 22), and
 * feeds its recorded series so often. Time alone moves it each
 * GONG_PLAN_TICK_MS (rule 3e). */
#define GONG_GENERAL_MIN_MS    1000
#define GONG_GENERAL_RECORD_MS 10000

/* So long after the last record time alone still moves rules (engine_rest.c).
 */
#define GONG_QUIET_MS INT64_C(86400000)

/* One per rule, in an arena in the order of rules. */
struct gong_general_state {
    int64_t evaluated_ms; /* GONG_STAMP_NONE: not yet */
    uint32_t head;        /* instance */
    uint32_t first;       /* alert, or output, linked by next */
    uint32_t round;       /* counts evaluations that had a result */
    uint32_t rests;       /* 1: instants by time alone are left out */
};

/* A series that a recording feeds: its instance has one instead of an alert. */
struct gong_output {
    uint32_t instance; /* 0: free */
    uint32_t series;   /* 0: no rule reads it */
    uint32_t next;     /* of its rule, or in the free list */
    uint32_t round;    /* the last one that it was fed in */
};

struct gong_outputs {
    struct gong_arena arena;
    uint32_t free;
};

static inline struct gong_output *
gong_output_at(const struct gong_outputs *outputs, uint32_t output)
{
    return gong_arena_at(&outputs->arena, output);
}

struct gong_general;
struct gong_engine;
struct gong_live;

/* gong_general_new: the evaluator of a rule of live. NULL with error filled:
 * GONG_ERR_INVALID's cause, or without memory. */
struct gong_general *gong_general_new(const struct gong_engine *engine,
                                      struct gong_live *live,
                                      const struct gong_book_rule *rule,
                                      struct gong_expr_error *error);
void gong_general_free(struct gong_general *query);

/* gong_general_forget: series and label sets of the engine have new numbers. */
void gong_general_forget(struct gong_general *query);

/* What one evaluation said. */
struct gong_general_result {
    const struct gong_eval_sample *samples; /* set 0: no labels at all */
    size_t count;
    /* The first instant after this one at which the result may be another
     * without a new sample; INT64_MAX: never. */
    int64_t next_ms;
    /* A range was not known as far back as it is read (semantics rule 23): the
     * result does not count. */
    bool warming;
};

/* gong_general_run: a clause of the rule (clause.h) at t; samples that were
 * there slack ms ago still count as newest. GONG_ERR_INVALID or
 * GONG_ERR_TOO_LARGE: no result. A result is valid until the same clause is run
 * again. */
enum gong_err gong_general_run(struct gong_general *query, uint32_t clause,
                               int64_t t, int64_t slack,
                               struct gong_general_result *out) GONG_MUST_CHECK;

/* gong_general_fault: why the last run gave no result that counts; where the
 * evaluator had one, two of it had equal labels. */
enum gong_eval_fault gong_general_fault(const struct gong_general *query);

/* gong_general_failing: a word that the caller keeps, false at first. */
bool *gong_general_failing(struct gong_general *query);

/* What the caller keeps for a set of a clause's last result, 0 at first. */
struct gong_general_known {
    uint32_t instance;
    uint32_t source; /* label set */
};

/* gong_general_known: stands as long as the evaluator knows the set. NULL
 * without memory. */
struct gong_general_known *gong_general_known(struct gong_general *query,
                                              uint32_t clause, uint32_t set);

/* gong_general_labels: of a set, the metric's name among them where it was
 * kept. */
size_t gong_general_labels(const struct gong_general *query, uint32_t clause,
                           uint32_t set, struct gong_label_view *out);

#endif
