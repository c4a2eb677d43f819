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

/* A function of the value below its numbers; depth is left at the result. */
static void
call(const struct gong_plan_step *step, struct gong_plan_input *stack,
     size_t *depth)
{
    size_t count = gong_value_fn_params(step->fn);
    struct gong_plan_input *value = &stack[*depth - count - 1];
    double params[2] = {0, 0};

    for (size_t i = 0; i < count; i++) {
        params[i] = value[i + 1].value;
    }
    *depth -= count;
    value->present =
        value->present && !gong_value_fn_is_empty(step->fn, params);
    value->value = gong_value_fn_run(step->fn, value->value, params);
}

bool
gong_plan_run(const struct gong_plan *plan,
              const struct gong_plan_input *inputs, int64_t t, double *value)
{
    return gong_plan_run_part(plan, 0, plan->step_count, inputs, t, value);
}

bool
gong_plan_run_part(const struct gong_plan *plan, uint32_t first, uint32_t end,
                   const struct gong_plan_input *inputs, int64_t t,
                   double *value)
{
    struct gong_plan_input stack[GONG_PLAN_STACK_MAX + 1] = {{0, false}};
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
        case GONG_PLAN_PUSH_PARAM:
            stack[depth++] = inputs[GONG_PLAN_LEAVES_MAX + step->leaf];
            break;
        case GONG_PLAN_PUSH_TIME:
            stack[depth++] = (struct gong_plan_input){(double)t / 1000, true};
            break;
        case GONG_PLAN_NEGATE:
            stack[depth - 1].value = -stack[depth - 1].value;
            break;
        case GONG_PLAN_BINARY:
            depth--;
            stack[depth - 1] = combine(step, stack[depth - 1], stack[depth]);
            break;
        case GONG_PLAN_CALL:
            call(step, stack, &depth);
            break;
        case GONG_PLAN_TIMESTAMP:
            stack[depth - 1].value = (double)t / 1000;
            break;
        }
    }
    if (depth == 0 || !stack[0].present) {
        return false;
    }
    *value = stack[0].value;
    return true;
}
