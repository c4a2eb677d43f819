/*
 * plan: what the engine makes of one expression, once, at load.
 *
 * Evaluated today: instant selectors with a metric name and matchers = and !=,
 * numbers, arithmetic, comparison (with bool where PromQL wants it), and / or /
 * unless; between vectors only where all labels but the metric name must be
 * equal (no on, ignoring, group_*). Every operator then keeps the label set, so
 * the rule splits into independent instances, one per label set, and a sample
 * costs one small program run. Everything else PromQL knows is refused here by
 * name and place.
 *
 * A program is postfix code over the instance's leaves (one leaf per distinct
 * selector); each stack slot is a double and whether it is present.
 */
#ifndef GONG_RULES_ENGINE_PLAN_H
#define GONG_RULES_ENGINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/promql.h"

#define GONG_PLAN_LEAVES_MAX 16
#define GONG_PLAN_STACK_MAX  32

struct gong_plan_leaf {
    char *metric;
    struct gong_matcher *matchers; /* without the metric name */
    size_t matcher_count;
};

enum gong_plan_code {
    GONG_PLAN_PUSH_NUMBER,
    GONG_PLAN_PUSH_LEAF,
    GONG_PLAN_NEGATE,
    GONG_PLAN_BINARY,
};

struct gong_plan_step {
    enum gong_plan_code code;
    enum gong_op op;
    bool return_bool;
    bool left_scalar; /* a filter comparison keeps the vector side's value */
    bool right_scalar;
    double number;
    uint32_t leaf;
};

struct gong_plan {
    struct gong_plan_leaf *leaves;
    uint32_t leaf_count;
    struct gong_plan_step *steps;
    uint32_t step_count;
    /* Whether site and device stay in every result: always, today. Such rules
     * run on device time (semantics rule 2). */
    bool per_device;
    uint16_t presence; /* leaves that are series of presence.h, as bits */
};

/* gong_plan_is_presence: whether it reads nothing else. */
static inline bool
gong_plan_is_presence(const struct gong_plan *plan)
{
    return plan->presence == (1u << plan->leaf_count) - 1;
}

/* gong_plan_new: NULL with error filled where the expression is outside what
 * is evaluated, or is not an instant vector. Caller frees. */
struct gong_plan *gong_plan_new(const struct gong_expr *expr,
                                struct gong_expr_error *error);
void gong_plan_free(struct gong_plan *plan);

/* One leaf's newest sample as the program sees it. */
struct gong_plan_input {
    double value;
    bool present;
};

/* gong_plan_run: the result at one instant; false where it has no sample. */
bool gong_plan_run(const struct gong_plan *plan,
                   const struct gong_plan_input *inputs, double *value);

/* gong_plan_run_part: of the steps from first to before end alone, which leave
 * one number, as those of a clause do (clause.h). */
bool gong_plan_run_part(const struct gong_plan *plan, uint32_t first,
                        uint32_t end, const struct gong_plan_input *inputs,
                        double *value);

#endif
