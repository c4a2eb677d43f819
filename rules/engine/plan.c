#include "rules/engine/plan.h"

#include <stdlib.h>

#include "rules/engine/plan_compile.h"
#include "rules/engine/promql_error.h"

struct gong_plan *
gong_plan_try(const struct gong_expr *expr, enum gong_plan_class *kind,
              struct gong_expr_error *error)
{
    struct gong_plan *plan = calloc(1, sizeof(*plan));
    struct gong_plan_compiler c = {
        .expr = expr,
        .plan = plan,
        .error = error,
        .kind = GONG_PLAN_REFUSED,
        .stamped = calloc((size_t)expr->count + 1, sizeof(*c.stamped)),
    };
    bool made = false;

    if (plan != NULL && c.stamped != NULL) {
        plan->per_device = true;
        plan->params = calloc(GONG_PLAN_PARAMS_MAX, sizeof(*plan->params));
        plan->leaves = calloc(GONG_PLAN_LEAVES_MAX, sizeof(*plan->leaves));
        /* A node gives one step at most, round() two. */
        plan->steps = calloc((size_t)expr->count * 2, sizeof(*plan->steps));
    }
    if (plan == NULL || c.stamped == NULL || plan->leaves == NULL ||
        plan->params == NULL || plan->steps == NULL) {
        (void)gong_expr_no_memory(error, 0);
    } else {
        made = gong_plan_compile(&c);
    }
    free(c.stamped);
    if (!made) {
        *kind = c.kind;
        gong_plan_free(plan);
        return NULL;
    }
    *kind = GONG_PLAN_PER_DEVICE;
    return plan;
}

struct gong_plan *
gong_plan_new(const struct gong_expr *expr, struct gong_expr_error *error)
{
    enum gong_plan_class kind = GONG_PLAN_REFUSED;

    return gong_plan_try(expr, &kind, error);
}

void
gong_plan_free(struct gong_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (uint32_t i = 0; i < plan->leaf_count; i++) {
        gong_plan_leaf_fini(&plan->leaves[i]);
    }
    for (uint32_t i = 0; i < plan->param_count; i++) {
        free(plan->params[i].metric);
    }
    free(plan->params);
    free(plan->leaves);
    free(plan->steps);
    free(plan);
}
