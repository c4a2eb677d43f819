/*
 * plan: what the engine makes of one expression, once, at load.
 *
 * Of the per-device class is an expression whose operators all keep the label
 * set, so that the rule splits into independent instances, one per label set,
 * and a sample costs one small program run: selectors with a metric name (and
 * any matchers and an offset), functions of one window and of one value,
 * timestamp(), time() and what is made of it, numbers, arithmetic, comparison
 * and and / or / unless between vectors with equal labels; and with on ()
 * beside what has no labels: `x > 5 and on () hour() < 6`; and with on (site,
 * device) beside parameters of the device (city.h), which are numbers of their
 * device until the model changes. Everything else that
 * PromQL knows is told apart: GENERAL where it needs more than one label set at
 * once, REFUSED where it looks into the future, at a fixed time, or is no
 * vector.
 *
 * A program is postfix code over the instance's leaves (one leaf per distinct
 * selector with its function); each stack slot is a double and whether it is
 * present.
 */
#ifndef GONG_RULES_ENGINE_PLAN_H
#define GONG_RULES_ENGINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/match.h"
#include "rules/engine/promql.h"
#include "rules/engine/range_fn.h"
#include "rules/engine/value_fn.h"

#define GONG_PLAN_LEAVES_MAX 16
#define GONG_PLAN_STACK_MAX  32
#define GONG_PLAN_PARAMS_MAX 8
/* What a program sees: leaves, and from GONG_PLAN_LEAVES_MAX on parameters. */
#define GONG_PLAN_INPUTS_MAX (GONG_PLAN_LEAVES_MAX + GONG_PLAN_PARAMS_MAX)

/* How often an expression that time alone changes is looked at (semantics rule
 * 3e). */
#define GONG_PLAN_TICK_MS 15000

struct gong_plan_leaf {
    char *metric;
    struct gong_matcher *matchers; /* without the metric name */
    size_t matcher_count;
    struct gong_matchers *compiled; /* the same; NULL if there are none */
    int64_t range_ms;               /* 0: the newest sample */
    int64_t offset_ms;
    bool stamp;                  /* timestamp(): when, in seconds */
    struct gong_range_call call; /* of a range: fn and params */
};

/* gong_plan_leaf_is_newest: whether the series' newest sample says all. */
static inline bool
gong_plan_leaf_is_newest(const struct gong_plan_leaf *leaf)
{
    return leaf->range_ms == 0 && leaf->offset_ms == 0;
}

enum gong_plan_code {
    GONG_PLAN_PUSH_NUMBER,
    GONG_PLAN_PUSH_LEAF,
    GONG_PLAN_PUSH_PARAM, /* leaf: its number */
    GONG_PLAN_PUSH_TIME,
    GONG_PLAN_NEGATE,
    GONG_PLAN_BINARY,
    GONG_PLAN_CALL,      /* fn of a value, with the numbers above it */
    GONG_PLAN_TIMESTAMP, /* of what is no selector: the time of evaluation */
};

struct gong_plan_step {
    enum gong_plan_code code;
    enum gong_op op;
    enum gong_value_fn fn;
    bool return_bool;
    bool left_scalar; /* a filter comparison keeps the vector side's value */
    bool right_scalar;
    double number;
    uint32_t leaf;
};

/* A parameter of the device: number is the book's, of the city's metrics. */
struct gong_plan_param {
    char *metric;
    size_t number;
};

struct gong_plan {
    struct gong_plan_leaf *leaves;
    uint32_t leaf_count;
    struct gong_plan_param *params;
    uint32_t param_count;
    struct gong_plan_step *steps;
    uint32_t step_count;
    /* Whether site and device stay in every result: always, today. Such rules
     * run on device time (semantics rule 2). */
    bool per_device;
    bool moves;        /* time alone changes its value (semantics rule 3e) */
    bool reads_time;   /* it has a time of its own in it */
    uint16_t presence; /* leaves that are series of presence.h, as bits */
};

/* gong_plan_is_presence: whether it reads nothing else. */
static inline bool
gong_plan_is_presence(const struct gong_plan *plan)
{
    return plan->presence == (1u << plan->leaf_count) - 1;
}

enum gong_plan_class {
    GONG_PLAN_PER_DEVICE,
    GONG_PLAN_GENERAL,
    GONG_PLAN_REFUSED, /* or no memory was left */
};

/* gong_plan_new: NULL with error filled where the expression is not of the
 * per-device class. Caller frees. gong_plan_try also says which it is of. */
struct gong_plan *gong_plan_new(const struct gong_expr *expr,
                                struct gong_expr_error *error);
struct gong_plan *gong_plan_try(const struct gong_expr *expr,
                                enum gong_plan_class *kind,
                                struct gong_expr_error *error);
void gong_plan_free(struct gong_plan *plan);

/* What the program sees of one leaf, or parameter. */
struct gong_plan_input {
    double value;
    bool present;
};

/* gong_plan_run: the result at t; false where it has none. */
bool gong_plan_run(const struct gong_plan *plan,
                   const struct gong_plan_input *inputs, int64_t t,
                   double *value);

/* gong_plan_run_part: of the steps from first to before end alone, which leave
 * one number, as those of a clause do (clause.h). */
bool gong_plan_run_part(const struct gong_plan *plan, uint32_t first,
                        uint32_t end, const struct gong_plan_input *inputs,
                        int64_t t, double *value);

#endif
