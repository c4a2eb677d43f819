#include "rules/engine/eval_private.h"
#include "rules/engine/eval_space.h"

#include "rules/engine/arith.h"

static bool
drops_name(enum gong_op op, bool return_bool)
{
    return return_bool || op <= GONG_OP_POW;
}

bool
gong_eval_combine(const struct gong_expr_node *node, double left, double right,
                  double *value)
{
    bool holds = false;

    if (!gong_op_is_comparison(node->op)) {
        *value = gong_arith_calculate(node->op, left, right);
        return true;
    }
    holds = gong_arith_compare(node->op, left, right);
    if (node->return_bool) {
        *value = holds ? 1 : 0;
        return true;
    }
    *value = left;
    return holds;
}

/* A filter keeps the vector's value, on whichever side it is. */
static bool
with_scalar(struct gong_eval *eval, uint32_t index,
            const struct gong_eval_state *left,
            const struct gong_eval_state *right)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_expr_node *node = state->expr;
    bool scalar_left = left->expr->type == GONG_VALUE_SCALAR;
    const struct gong_eval_vector *vector =
        scalar_left ? &right->vector : &left->vector;
    double scalar = scalar_left ? left->scalar : right->scalar;
    const struct gong_eval_sample *items = gong_eval_items(vector);
    bool filter = gong_op_is_comparison(node->op) && !node->return_bool;
    bool unnamed = drops_name(node->op, node->return_bool);

    if (!gong_eval_clear(eval, index, vector->count)) {
        return false;
    }
    for (size_t i = 0; i < vector->count; i++) {
        uint32_t set = items[i].set;
        double value = items[i].value;
        double result = 0;

        if (!gong_eval_combine(node, scalar_left ? scalar : value,
                               scalar_left ? value : scalar, &result)) {
            continue;
        }
        if (unnamed && (set = gong_eval_unnamed(eval, index, set)) == 0) {
            return false;
        }
        gong_eval_put(state, set, filter ? value : result);
    }
    return !unnamed || gong_eval_check_distinct(eval, index);
}

bool
gong_eval_binary(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_state *left = gong_eval_arg(eval, index, 0, t);
    const struct gong_eval_state *right = NULL;
    bool left_vector = false;
    bool right_vector = false;

    if (left == NULL || (right = gong_eval_arg(eval, index, 1, t)) == NULL) {
        return false;
    }
    left_vector = left->expr->type == GONG_VALUE_VECTOR;
    right_vector = right->expr->type == GONG_VALUE_VECTOR;
    if (!left_vector && !right_vector) {
        (void)gong_eval_combine(state->expr, left->scalar, right->scalar,
                                &state->scalar);
        return true;
    }
    if (!left_vector || !right_vector) {
        return with_scalar(eval, index, left, right);
    }
    return gong_op_is_set(state->expr->op) ? gong_eval_sets(eval, index)
                                           : gong_eval_match(eval, index);
}
