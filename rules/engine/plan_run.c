#include "rules/engine/plan.h"

#include "rules/engine/arith.h"

/* One number per label set on each side: set operators ask for presence only.
 */
static struct gong_plan_input
combine_sets(enum gong_op op, struct gong_plan_input left,
             struct gong_plan_input right)
{
    if (op == GONG_OP_OR) {
        return left.present ? left : right;
    }
    left.present = left.present && right.present == (op == GONG_OP_AND);
    return left;
}

static struct gong_plan_input
combine(const struct gong_plan_step *step, struct gong_plan_input left,
        struct gong_plan_input right)
{
    bool comparison = gong_op_is_comparison(step->op);
    struct gong_plan_input out = left;
    bool holds = false;

    if (gong_op_is_set(step->op)) {
        return combine_sets(step->op, left, right);
    }
    out.present = left.present && right.present;
    if (!comparison) {
        out.value = gong_arith_calculate(step->op, left.value, right.value);
        return out;
    }
    holds = gong_arith_compare(step->op, left.value, right.value);
    if (step->return_bool) {
        out.value = holds ? 1 : 0;
        return out;
    }
    out.value =
        step->left_scalar && !step->right_scalar ? right.value : left.value;
    out.present = out.present && holds;
    return out;
}

bool
gong_plan_run(const struct gong_plan *plan,
              const struct gong_plan_input *inputs, double *value)
{
    return gong_plan_run_part(plan, 0, plan->step_count, inputs, value);
}

bool
gong_plan_run_part(const struct gong_plan *plan, uint32_t first, uint32_t end,
                   const struct gong_plan_input *inputs, double *value)
{
    struct gong_plan_input stack[GONG_PLAN_STACK_MAX] = {{0, false}};
    size_t depth = 0;

    for (uint32_t i = first; i < end; i++) {
        const struct gong_plan_step *step = &plan->steps[i];

        switch (step->code) {
        case GONG_PLAN_PUSH_NUMBER:
            stack[depth++] = (struct gong_plan_input){step->number, true};
            break;
        case GONG_PLAN_PUSH_LEAF:
            stack[depth++] = inputs[step->leaf];
            break;
        case GONG_PLAN_NEGATE:
            stack[depth - 1].value = -stack[depth - 1].value;
            break;
        case GONG_PLAN_BINARY:
            depth--;
            stack[depth - 1] = combine(step, stack[depth - 1], stack[depth]);
            break;
        }
    }
    if (!stack[0].present) {
        return false;
    }
    *value = stack[0].value;
    return true;
}
