/* plan_compile: one walk over the tree, which is in postfix order already. Each
 * node takes its arguments' items and leaves its own. */
#include "rules/engine/plan_compile.h"

#include <string.h>

#include "rules/engine/promql_error.h"

#define KNOWN_SO_FAR                                                           \
    "what is evaluated so far: selectors, functions of one window or value, "  \
    "comparison, arithmetic, and/or/unless"

bool
gong_plan_general(struct gong_plan_compiler *c,
                  const struct gong_expr_node *node, const char *what)
{
    c->kind = GONG_PLAN_GENERAL;
    return gong_expr_fail(c->error, node->at, "found %s, expected %s", what,
                          KNOWN_SO_FAR);
}

bool
gong_plan_refuse(struct gong_plan_compiler *c,
                 const struct gong_expr_node *node, const char *what)
{
    c->kind = GONG_PLAN_REFUSED;
    return gong_expr_fail(c->error, node->at, "found %s, expected %s", what,
                          KNOWN_SO_FAR);
}

static bool
general_call(struct gong_plan_compiler *c, const struct gong_expr_node *node,
             const char *what)
{
    c->kind = GONG_PLAN_GENERAL;
    return gong_expr_fail(c->error, node->at, "found %s %s(), expected %s",
                          what, node->text, KNOWN_SO_FAR);
}

static const struct gong_expr_node *
node_at(const struct gong_plan_compiler *c, uint32_t node)
{
    return &c->expr->nodes[node];
}

/* What stands in the brackets. */
static uint32_t
unwrap(const struct gong_plan_compiler *c, uint32_t node)
{
    while (node_at(c, node)->kind == GONG_EXPR_PAREN) {
        node = node_at(c, node)->args[0];
    }
    return node;
}

/* steps has room. */
static void
emit(struct gong_plan_compiler *c, struct gong_plan_step step)
{
    c->plan->steps[c->plan->step_count++] = step;
}

/* The items of a node's arguments give way to its own. */
static bool
replace(struct gong_plan_compiler *c, const struct gong_expr_node *node,
        uint32_t args, enum gong_plan_item_kind kind, uint32_t step)
{
    c->depth -= args;
    if (c->depth == GONG_PLAN_STACK_MAX) {
        c->kind = GONG_PLAN_GENERAL;
        return gong_expr_fail(c->error, node->at,
                              "found more than %d values open at once, "
                              "expected fewer brackets to the right",
                              GONG_PLAN_STACK_MAX);
    }
    c->items[c->depth++] =
        (struct gong_plan_item){kind, (uint32_t)(node - c->expr->nodes), step};
    return true;
}

/* The items of a node's arguments; the steps of the first one begin here. */
static struct gong_plan_item *
args_of(struct gong_plan_compiler *c, uint32_t count)
{
    return &c->items[c->depth - count];
}

static bool
compile_selector(struct gong_plan_compiler *c,
                 const struct gong_expr_node *node)
{
    struct gong_plan_step step = {.code = GONG_PLAN_PUSH_LEAF};
    uint32_t at = c->plan->step_count;

    if (node->range_ms > 0) {
        return replace(c, node, 0, GONG_ITEM_WINDOW, at);
    }
    if (gong_plan_is_param(node, c->stamped[node - c->expr->nodes])) {
        step.code = GONG_PLAN_PUSH_PARAM;
        if (!gong_plan_find_param(c, node, &step.leaf)) {
            return false;
        }
        emit(c, step);
        return replace(c, node, 0, GONG_ITEM_PARAM, at);
    }
    if (!gong_plan_find_leaf(c, node, c->stamped[node - c->expr->nodes], NULL,
                             &step.leaf)) {
        return false;
    }
    emit(c, step);
    return replace(c, node, 0, GONG_ITEM_SERIES, at);
}

/* Whether two vectors meet label set by label set, and what comes of it. */
static bool
meet(struct gong_plan_compiler *c, const struct gong_expr_node *node,
     enum gong_plan_item_kind left, enum gong_plan_item_kind right,
     enum gong_plan_item_kind *out)
{
    bool sets = node->op >= GONG_OP_AND;
    bool bare_right = left == GONG_ITEM_SERIES && right == GONG_ITEM_BARE;
    bool all_one = node->on && node->label_count == 0;
    bool grouped = node->card == GONG_CARD_MANY_TO_ONE;

    *out = left;
    if (bare_right && all_one &&
        (sets ? node->op != GONG_OP_OR : grouped && node->include_count == 0)) {
        return true;
    }
    if (left == GONG_ITEM_SERIES && right == GONG_ITEM_PARAM) {
        return gong_plan_meets_param(node) ||
               gong_plan_general(c, node, "a parameter of other devices");
    }
    if (grouped) {
        return gong_plan_general(c, node, "group_left");
    }
    if (node->card == GONG_CARD_ONE_TO_MANY) {
        return gong_plan_general(c, node, "group_right");
    }
    if (node->has_matching && (node->on || node->label_count != 0) &&
        !(left == GONG_ITEM_BARE && right == GONG_ITEM_BARE)) {
        return gong_plan_general(c, node, node->on ? "on ()" : "ignoring ()");
    }
    return left == right ||
           gong_plan_general(c, node, "a vector without labels");
}

static bool
compile_binary(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    const struct gong_plan_item *args = args_of(c, 2);
    enum gong_plan_item_kind kind = args[0].kind;
    uint32_t at = args[0].step;

    if (args[0].kind == GONG_ITEM_SCALAR) {
        kind = args[1].kind;
    } else if (args[1].kind != GONG_ITEM_SCALAR &&
               !meet(c, node, args[0].kind, args[1].kind, &kind)) {
        return false;
    }
    emit(c, (struct gong_plan_step){
                .code = GONG_PLAN_BINARY,
                .op = node->op,
                .return_bool = node->return_bool,
                .left_scalar = args[0].kind == GONG_ITEM_SCALAR,
                .right_scalar = args[1].kind == GONG_ITEM_SCALAR,
            });
    return replace(c, node, 2, kind, at);
}

static bool
compile_unary(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    struct gong_plan_item arg = *args_of(c, 1);

    if (node->op != GONG_OP_ADD) {
        emit(c, (struct gong_plan_step){.code = GONG_PLAN_NEGATE});
    }
    return replace(c, node, 1, arg.kind, arg.step);
}

/* The number that an argument always is, taken out of the program. */
static bool
fold(struct gong_plan_compiler *c, uint32_t first, uint32_t end, double *number)
{
    struct gong_plan part = {
        .steps = c->plan->steps + first,
        .step_count = end - first,
    };

    for (uint32_t i = first; i < end; i++) {
        if (c->plan->steps[i].code == GONG_PLAN_PUSH_TIME ||
            c->plan->steps[i].code == GONG_PLAN_PUSH_PARAM) {
            return false;
        }
    }
    return gong_plan_run(&part, NULL, 0, number);
}

static bool
compile_range(struct gong_plan_compiler *c, const struct gong_expr_node *node,
              enum gong_range_fn fn)
{
    uint32_t count = (uint32_t)node->arg_count;
    const struct gong_plan_item *args = args_of(c, count);
    struct gong_range_call call = {.fn = fn};
    struct gong_plan_step step = {.code = GONG_PLAN_PUSH_LEAF};
    uint32_t at = args[0].step;
    const struct gong_expr_node *selector = NULL;
    size_t params = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = i + 1 < count ? args[i + 1].step : c->plan->step_count;

        if (args[i].kind == GONG_ITEM_WINDOW) {
            selector = node_at(c, unwrap(c, args[i].node));
        } else if (params == 2 ||
                   !fold(c, args[i].step, end, &call.params[params++])) {
            return general_call(c, node, "a moving number in");
        }
    }
    if (selector == NULL) {
        return general_call(c, node, "function");
    }
    if (gong_range_fn_fault(&call) != NULL) {
        return gong_plan_refuse(c, node, gong_range_fn_fault(&call));
    }
    if (!gong_plan_find_leaf(c, selector, false, &call, &step.leaf)) {
        return false;
    }
    c->plan->moves |= fn == GONG_RANGE_RATE || fn == GONG_RANGE_INCREASE ||
                      fn == GONG_RANGE_DELTA || fn == GONG_RANGE_PREDICT_LINEAR;
    c->plan->step_count = at;
    emit(c, step);
    return replace(c, node, count, GONG_ITEM_SERIES, at);
}

static void
emit_time(struct gong_plan_compiler *c)
{
    c->plan->moves = true;
    c->plan->reads_time = true;
    emit(c, (struct gong_plan_step){.code = GONG_PLAN_PUSH_TIME});
}

static bool
compile_value(struct gong_plan_compiler *c, const struct gong_expr_node *node,
              enum gong_value_fn fn)
{
    uint32_t count = (uint32_t)node->arg_count;
    uint32_t at = count == 0 ? c->plan->step_count : args_of(c, count)->step;
    enum gong_plan_item_kind kind =
        count == 0 ? GONG_ITEM_BARE : args_of(c, count)->kind;

    if (count == 0) {
        emit_time(c);
    }
    if (fn == GONG_FN_ROUND && count == 1) {
        emit(c, (struct gong_plan_step){.code = GONG_PLAN_PUSH_NUMBER,
                                        .number = 1});
    }
    emit(c, (struct gong_plan_step){.code = GONG_PLAN_CALL, .fn = fn});
    return replace(c, node, count, kind, at);
}

static bool
compile_timestamp(struct gong_plan_compiler *c,
                  const struct gong_expr_node *node)
{
    struct gong_plan_item arg = *args_of(c, 1);

    if (!c->stamped[unwrap(c, arg.node)]) {
        c->plan->moves = true;
        c->plan->reads_time = true;
        emit(c, (struct gong_plan_step){.code = GONG_PLAN_TIMESTAMP});
    }
    return replace(c, node, 1, arg.kind, arg.step);
}

static bool
compile_call(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    struct gong_str name = gong_str_of(node->text);
    uint32_t at = c->plan->step_count;
    enum gong_range_fn range = GONG_RANGE_AVG;
    enum gong_value_fn value = GONG_FN_ABS;

    if (gong_range_fn_find(name, &range)) {
        return compile_range(c, node, range);
    }
    if (gong_value_fn_find(name, &value)) {
        return compile_value(c, node, value);
    }
    if (gong_str_is(name, "timestamp")) {
        return compile_timestamp(c, node);
    }
    if (gong_str_is(name, "vector")) {
        return replace(c, node, 1, GONG_ITEM_BARE, args_of(c, 1)->step);
    }
    if (gong_str_is(name, "time")) {
        emit_time(c);
        return replace(c, node, 0, GONG_ITEM_SCALAR, at);
    }
    if (gong_str_is(name, "pi")) {
        emit(c, (struct gong_plan_step){.code = GONG_PLAN_PUSH_NUMBER,
                                        .number = GONG_PI});
        return replace(c, node, 0, GONG_ITEM_SCALAR, at);
    }
    return general_call(c, node, "function");
}

static bool
compile_node(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    uint32_t at = c->plan->step_count;

    switch (node->kind) {
    case GONG_EXPR_NUMBER:
        emit(c, (struct gong_plan_step){.code = GONG_PLAN_PUSH_NUMBER,
                                        .number = node->number});
        return replace(c, node, 0, GONG_ITEM_SCALAR, at);
    case GONG_EXPR_SELECTOR:
        return compile_selector(c, node);
    case GONG_EXPR_UNARY:
        return compile_unary(c, node);
    case GONG_EXPR_BINARY:
        return compile_binary(c, node);
    case GONG_EXPR_PAREN:
        return replace(c, node, 1, args_of(c, 1)->kind, args_of(c, 1)->step);
    case GONG_EXPR_STRING:
        return gong_plan_general(c, node, "a string");
    case GONG_EXPR_SUBQUERY:
        return gong_plan_general(c, node, "a subquery");
    case GONG_EXPR_CALL:
        return compile_call(c, node);
    case GONG_EXPR_AGGREGATE:
        return general_call(c, node, "aggregation");
    }
    return false;
}

static bool
is_known(const char *text)
{
    struct gong_str name = gong_str_of(text);
    enum gong_range_fn range = GONG_RANGE_AVG;
    enum gong_value_fn value = GONG_FN_ABS;

    return gong_range_fn_find(name, &range) ||
           gong_value_fn_find(name, &value) || gong_str_is(name, "timestamp") ||
           gong_str_is(name, "vector") || gong_str_is(name, "time") ||
           gong_str_is(name, "pi");
}

/* A call is turned down before its arguments are: the reader wants to know
 * about absent(), not about what is inside. */
static bool
check_kinds(struct gong_plan_compiler *c)
{
    for (uint32_t i = c->expr->count; i > 0; i--) {
        const struct gong_expr_node *node = node_at(c, i - 1);

        if (node->kind == GONG_EXPR_AGGREGATE) {
            return general_call(c, node, "aggregation");
        }
        if (node->kind == GONG_EXPR_SUBQUERY) {
            return gong_plan_general(c, node, "a subquery");
        }
        if (node->kind == GONG_EXPR_CALL && !is_known(node->text)) {
            return general_call(c, node, "function");
        }
        if (node->kind == GONG_EXPR_CALL &&
            strcmp(node->text, "timestamp") == 0) {
            uint32_t arg = unwrap(c, node->args[0]);

            c->stamped[arg] = node_at(c, arg)->kind == GONG_EXPR_SELECTOR;
        }
    }
    return true;
}

bool
gong_plan_compile(struct gong_plan_compiler *c)
{
    const struct gong_expr_node *root = node_at(c, c->expr->root);

    if (!check_kinds(c)) {
        return false;
    }
    for (uint32_t i = 0; i < c->expr->count; i++) {
        if (!compile_node(c, node_at(c, i))) {
            return false;
        }
    }
    if (c->items[0].kind == GONG_ITEM_WINDOW) {
        return gong_plan_refuse(c, root, "a range selector");
    }
    if (c->items[0].kind != GONG_ITEM_SERIES) {
        c->kind = c->items[0].kind == GONG_ITEM_BARE ||
                          c->items[0].kind == GONG_ITEM_PARAM
                      ? GONG_PLAN_GENERAL
                      : GONG_PLAN_REFUSED;
        return gong_expr_fail(c->error, root->at,
                              "found an expression that selects nothing, "
                              "expected one with a selector");
    }
    return true;
}
