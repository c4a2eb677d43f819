/* The tree is in postfix order already, so compiling is one walk over it. */
#include "rules/engine/plan.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/presence.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/promql_tree.h"

#define KNOWN_SO_FAR                                                           \
    "what is evaluated so far: selectors with = and !=, comparison, "          \
    "arithmetic, and/or/unless"

struct compiler {
    const struct gong_expr *expr;
    struct gong_plan *plan;
    struct gong_expr_error *error;
    uint32_t depth; /* of the stack after the steps so far */
};

static bool
refuse(struct compiler *c, const struct gong_expr_node *node, const char *what)
{
    return gong_expr_fail(c->error, node->at, "found %s, expected %s", what,
                          KNOWN_SO_FAR);
}

static bool
refuse_call(struct compiler *c, const struct gong_expr_node *node,
            const char *what)
{
    return gong_expr_fail(c->error, node->at, "found %s %s(), expected %s",
                          what, node->text, KNOWN_SO_FAR);
}

static bool
no_memory(struct compiler *c, const struct gong_expr_node *node)
{
    return gong_expr_fail(c->error, node->at,
                          "found no memory left, expected some");
}

static bool
check_when(struct compiler *c, const struct gong_expr_node *node)
{
    if (node->range_ms > 0) {
        return refuse(c, node, "a range selector");
    }
    if (node->offset_ms != 0) {
        return refuse(c, node, "an offset");
    }
    if (node->anchor != GONG_ANCHOR_NONE) {
        return refuse(c, node, "an @ modifier");
    }
    return true;
}

/* One metric name, then plain matchers only. */
static bool
check_matchers(struct compiler *c, const struct gong_expr_node *node)
{
    for (size_t i = 0; i < node->matcher_count; i++) {
        const struct gong_matcher *m = &node->matchers[i];
        bool name = strcmp(m->name, "__name__") == 0;

        if (m->op == GONG_MATCH_REGEX || m->op == GONG_MATCH_NOT_REGEX) {
            return refuse(c, node, "a matcher =~ or !~");
        }
        if (name != (i == 0) || (name && m->op != GONG_MATCH_EQUAL) ||
            (name && m->value[0] == '\0')) {
            return gong_expr_fail(c->error, node->at,
                                  "found a selector without a single metric "
                                  "name, expected %s",
                                  KNOWN_SO_FAR);
        }
    }
    return true;
}

static bool
same_matcher(const struct gong_matcher *a, const struct gong_matcher *b)
{
    return a->op == b->op && strcmp(a->name, b->name) == 0 &&
           strcmp(a->value, b->value) == 0;
}

/* Matchers are sorted, so equal selectors have equal lists. */
static bool
same_leaf(const struct gong_plan_leaf *leaf, const struct gong_expr_node *node)
{
    if (strcmp(leaf->metric, node->matchers[0].value) != 0 ||
        leaf->matcher_count != node->matcher_count - 1) {
        return false;
    }
    for (size_t i = 0; i < leaf->matcher_count; i++) {
        if (!same_matcher(&leaf->matchers[i], &node->matchers[i + 1])) {
            return false;
        }
    }
    return true;
}

static bool
copy_matchers(struct gong_plan_leaf *leaf, const struct gong_expr_node *node)
{
    size_t count = node->matcher_count - 1;

    leaf->metric = gong_tree_copy(gong_str_of(node->matchers[0].value));
    leaf->matchers = calloc(count == 0 ? 1 : count, sizeof(*leaf->matchers));
    if (leaf->metric == NULL || leaf->matchers == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_matcher *from = &node->matchers[i + 1];
        struct gong_matcher *to = &leaf->matchers[leaf->matcher_count++];

        to->op = from->op;
        to->name = gong_tree_copy(gong_str_of(from->name));
        to->value = gong_tree_copy(gong_str_of(from->value));
        if (to->name == NULL || to->value == NULL) {
            return false;
        }
    }
    return true;
}

static bool
find_leaf(struct compiler *c, const struct gong_expr_node *node, uint32_t *out)
{
    struct gong_plan *plan = c->plan;

    for (*out = 0; *out < plan->leaf_count; (*out)++) {
        if (same_leaf(&plan->leaves[*out], node)) {
            return true;
        }
    }
    if (plan->leaf_count == GONG_PLAN_LEAVES_MAX) {
        return gong_expr_fail(c->error, node->at,
                              "found more than %d different selectors, "
                              "expected at most these",
                              GONG_PLAN_LEAVES_MAX);
    }
    plan->leaf_count++;
    if (gong_presence_metric(gong_str_of(node->matchers[0].value)) !=
        GONG_PRESENCE_METRICS) {
        plan->presence |= (uint16_t)(1u << *out);
    }
    return copy_matchers(&plan->leaves[*out], node) || no_memory(c, node);
}

/* steps has room for one step a node. */
static bool
emit(struct compiler *c, const struct gong_expr_node *node,
     const struct gong_plan_step *step)
{
    if (c->depth > GONG_PLAN_STACK_MAX) {
        return gong_expr_fail(c->error, node->at,
                              "found more than %d values open at once, "
                              "expected fewer brackets to the right",
                              GONG_PLAN_STACK_MAX);
    }
    c->plan->steps[c->plan->step_count++] = *step;
    return true;
}

static bool
compile_selector(struct compiler *c, const struct gong_expr_node *node)
{
    struct gong_plan_step step = {.code = GONG_PLAN_PUSH_LEAF};

    if (!check_when(c, node) || !check_matchers(c, node) ||
        !find_leaf(c, node, &step.leaf)) {
        return false;
    }
    c->depth++;
    return emit(c, node, &step);
}

static bool
compile_binary(struct compiler *c, const struct gong_expr_node *node)
{
    const struct gong_expr_node *nodes = c->expr->nodes;
    struct gong_plan_step step = {
        .code = GONG_PLAN_BINARY,
        .op = node->op,
        .return_bool = node->return_bool,
        .left_scalar = nodes[node->args[0]].type == GONG_VALUE_SCALAR,
        .right_scalar = nodes[node->args[1]].type == GONG_VALUE_SCALAR,
    };

    if (node->card == GONG_CARD_MANY_TO_ONE) {
        return refuse(c, node, "group_left");
    }
    if (node->card == GONG_CARD_ONE_TO_MANY) {
        return refuse(c, node, "group_right");
    }
    if (node->has_matching) {
        return refuse(c, node, node->on ? "on ()" : "ignoring ()");
    }
    c->depth--;
    return emit(c, node, &step);
}

static bool
compile_unary(struct compiler *c, const struct gong_expr_node *node)
{
    struct gong_plan_step step = {.code = GONG_PLAN_NEGATE};

    return node->op == GONG_OP_ADD || emit(c, node, &step);
}

static bool
compile_node(struct compiler *c, const struct gong_expr_node *node)
{
    struct gong_plan_step number = {.code = GONG_PLAN_PUSH_NUMBER,
                                    .number = node->number};

    switch (node->kind) {
    case GONG_EXPR_NUMBER:
        c->depth++;
        return emit(c, node, &number);
    case GONG_EXPR_SELECTOR:
        return compile_selector(c, node);
    case GONG_EXPR_UNARY:
        return compile_unary(c, node);
    case GONG_EXPR_BINARY:
        return compile_binary(c, node);
    case GONG_EXPR_PAREN:
        return true;
    case GONG_EXPR_STRING:
        return refuse(c, node, "a string");
    case GONG_EXPR_SUBQUERY:
        return refuse(c, node, "a subquery");
    case GONG_EXPR_CALL:
        return refuse_call(c, node, "function");
    case GONG_EXPR_AGGREGATE:
        return refuse_call(c, node, "aggregation");
    }
    return false;
}

/* A call is refused before its arguments are: the reader wants to know about
 * rate(), not about the range inside. */
static bool
check_kinds(struct compiler *c)
{
    for (uint32_t i = c->expr->count; i > 0; i--) {
        const struct gong_expr_node *node = &c->expr->nodes[i - 1];

        if ((node->kind == GONG_EXPR_CALL ||
             node->kind == GONG_EXPR_AGGREGATE ||
             node->kind == GONG_EXPR_SUBQUERY) &&
            !compile_node(c, node)) {
            return false;
        }
    }
    return true;
}

static bool
compile(struct compiler *c)
{
    const struct gong_expr_node *root = &c->expr->nodes[c->expr->root];

    if (!check_kinds(c)) {
        return false;
    }
    for (uint32_t i = 0; i < c->expr->count; i++) {
        if (!compile_node(c, &c->expr->nodes[i])) {
            return false;
        }
    }
    if (root->type != GONG_VALUE_VECTOR) {
        return gong_expr_fail(c->error, root->at,
                              "found an expression that selects nothing, "
                              "expected one with a selector");
    }
    return true;
}

struct gong_plan *
gong_plan_new(const struct gong_expr *expr, struct gong_expr_error *error)
{
    struct gong_plan *plan = calloc(1, sizeof(*plan));
    struct compiler c = {.expr = expr, .plan = plan, .error = error};

    if (plan == NULL) {
        (void)gong_expr_fail(error, 0, "found no memory left, expected some");
        return NULL;
    }
    plan->per_device = true;
    plan->leaves = calloc(GONG_PLAN_LEAVES_MAX, sizeof(*plan->leaves));
    plan->steps = calloc(expr->count, sizeof(*plan->steps));
    if (plan->leaves == NULL || plan->steps == NULL) {
        (void)gong_expr_fail(error, 0, "found no memory left, expected some");
    } else if (compile(&c)) {
        return plan;
    }
    gong_plan_free(plan);
    return NULL;
}

void
gong_plan_free(struct gong_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (uint32_t i = 0; i < plan->leaf_count; i++) {
        struct gong_plan_leaf *leaf = &plan->leaves[i];

        for (size_t j = 0; j < leaf->matcher_count; j++) {
            free(leaf->matchers[j].name);
            free(leaf->matchers[j].value);
        }
        free(leaf->matchers);
        free(leaf->metric);
    }
    free(plan->leaves);
    free(plan->steps);
    free(plan);
}
