/*
 * A tree is in postfix order, so what stands below a node stands right before
 * it. The expression is cut in two, each of them planned like any other:
 *
 *   [ .... |  P .... | AGG | .... ]
 *             members            P
 *     outer: the rest, with a selector in the place of AGG and P
 */
#include "rules/engine/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"

static const char *const names[] = {
    [GONG_AGGREGATE_SUM] = "sum",     [GONG_AGGREGATE_AVG] = "avg",
    [GONG_AGGREGATE_MIN] = "min",     [GONG_AGGREGATE_MAX] = "max",
    [GONG_AGGREGATE_COUNT] = "count", [GONG_AGGREGATE_GROUP] = "group",
};
#define NAMES (sizeof names / sizeof names[0])

static bool
find_kind(const struct gong_expr_node *node, enum gong_aggregate_kind *kind)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (node->arg_count == 1 && strcmp(node->text, names[i]) == 0) {
            *kind = (enum gong_aggregate_kind)i;
            return true;
        }
    }
    return false;
}

/* Where the subtree of a node begins. */
static uint32_t
first_below(const struct gong_expr *expr, uint32_t node)
{
    while (expr->nodes[node].arg_count > 0) {
        node = expr->nodes[node].args[0];
    }
    return node;
}

/* The one aggregation; false if there is none, or another, or a selector
 * beside it. */
static bool
find_aggregate(const struct gong_expr *expr, uint32_t *out)
{
    uint32_t aggregates = 0;
    uint32_t first = 0;

    for (uint32_t i = 0; i < expr->count; i++) {
        if (expr->nodes[i].kind == GONG_EXPR_AGGREGATE) {
            *out = i;
            aggregates++;
        }
    }
    if (aggregates != 1) {
        return false;
    }
    first = first_below(expr, *out);
    for (uint32_t i = 0; i < expr->count; i++) {
        if (expr->nodes[i].kind == GONG_EXPR_SELECTOR &&
            (i < first || i > *out)) {
            return false;
        }
    }
    return true;
}

/* A part of an expression: nodes and links of its own, texts borrowed. */
struct part {
    struct gong_expr expr;
    uint32_t *args;
    uint32_t used; /* of args */
};

static bool
open_part(struct part *part, const struct gong_expr *expr,
          struct gong_expr_error *error)
{
    *part = (struct part){
        .expr.nodes = calloc(expr->count, sizeof *part->expr.nodes),
        .args = calloc(expr->count, sizeof *part->args),
    };
    return (part->expr.nodes != NULL && part->args != NULL) ||
           gong_expr_no_memory(error, 0);
}

static void
close_part(struct part *part)
{
    free(part->expr.nodes);
    free(part->args);
}

/* Adds nodes [from, to). Arguments from number first on lie gap earlier than
 * they did. */
static void
add_nodes(struct part *part, const struct gong_expr *expr, uint32_t from,
          uint32_t to, uint32_t first, uint32_t gap)
{
    for (uint32_t i = from; i < to; i++) {
        struct gong_expr_node *node = &part->expr.nodes[part->expr.count++];

        *node = expr->nodes[i];
        node->args = part->args + part->used;
        for (size_t a = 0; a < node->arg_count; a++) {
            uint32_t arg = expr->nodes[i].args[a];

            part->args[part->used++] = arg < first ? arg : arg - gap;
        }
    }
    part->expr.root = part->expr.count - 1;
}

static struct gong_plan *
plan_members(const struct gong_expr *expr, uint32_t aggregate,
             struct gong_expr_error *error)
{
    uint32_t first = first_below(expr, aggregate);
    struct gong_plan *plan = NULL;
    struct part part;

    if (open_part(&part, expr, error)) {
        add_nodes(&part, expr, first, aggregate, 0, first);
        plan = gong_plan_new(&part.expr, error);
    }
    close_part(&part);
    return plan;
}

static struct gong_plan *
plan_outer(const struct gong_expr *expr, uint32_t aggregate,
           struct gong_expr_error *error)
{
    static char label[] = "__name__";
    static char name[] = "group";
    static struct gong_matcher matcher = {GONG_MATCH_EQUAL, label, name};
    uint32_t first = first_below(expr, aggregate);
    struct gong_plan *plan = NULL;
    struct part part;

    if (open_part(&part, expr, error)) {
        add_nodes(&part, expr, 0, first, 0, 0);
        part.expr.nodes[part.expr.count++] = (struct gong_expr_node){
            .kind = GONG_EXPR_SELECTOR,
            .type = GONG_VALUE_VECTOR,
            .at = expr->nodes[aggregate].at,
            .matchers = &matcher,
            .matcher_count = 1,
        };
        add_nodes(&part, expr, aggregate + 1, expr->count, first,
                  aggregate - first);
        plan = gong_plan_new(&part.expr, error);
    }
    close_part(&part);
    return plan;
}

/* Whether nothing but one series' newest sample goes into it. */
static bool
is_simple(const struct gong_plan *plan)
{
    return plan->leaf_count == 1 && plan->param_count == 0 &&
           plan->presence == 0 && !plan->moves && !plan->reads_time &&
           gong_plan_leaf_is_newest(&plan->leaves[0]) && !plan->leaves[0].stamp;
}

static bool
make(struct gong_aggregate *aggregate, const struct gong_expr *expr,
     struct gong_expr_error *error)
{
    uint32_t n = 0;

    if (expr->root + 1 != expr->count || !find_aggregate(expr, &n) ||
        !find_kind(&expr->nodes[n], &aggregate->kind)) {
        return gong_expr_fail(error, 0,
                              "found another expression, expected one sum, "
                              "avg, min, max, count or group of one selector");
    }
    aggregate->node = &expr->nodes[n];
    /* Without by or without all members are one group, as with by (). */
    aggregate->without = expr->nodes[n].without;
    aggregate->members = plan_members(expr, n, error);
    if (aggregate->members == NULL) {
        return false;
    }
    aggregate->outer = plan_outer(expr, n, error);
    aggregate->plain = aggregate->members->step_count == 1;
    if (aggregate->outer == NULL) {
        return false;
    }
    return (is_simple(aggregate->members) && is_simple(aggregate->outer)) ||
           gong_expr_fail(error, expr->nodes[n].at,
                          "found more than newest samples, expected these");
}

struct gong_aggregate *
gong_aggregate_new(const struct gong_expr *expr, struct gong_expr_error *error)
{
    struct gong_aggregate *aggregate = calloc(1, sizeof *aggregate);

    if (aggregate == NULL) {
        (void)gong_expr_no_memory(error, 0);
        return NULL;
    }
    if (make(aggregate, expr, error)) {
        return aggregate;
    }
    gong_aggregate_free(aggregate);
    return NULL;
}

void
gong_aggregate_free(struct gong_aggregate *aggregate)
{
    if (aggregate == NULL) {
        return;
    }
    gong_plan_free(aggregate->members);
    gong_plan_free(aggregate->outer);
    free(aggregate->names);
    free(aggregate);
}

/* The metric's name stays nowhere: by (__name__) says nothing of one metric. */
enum gong_err
gong_aggregate_name(struct gong_aggregate *aggregate,
                    struct gong_symbols *symbols)
{
    const struct gong_expr_node *node = aggregate->node;

    free(aggregate->names);
    aggregate->name_count = 0;
    aggregate->names = calloc(node->label_count + 1, sizeof *aggregate->names);
    if (aggregate->names == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i <= node->label_count; i++) {
        bool metric = i == node->label_count;
        const char *name = metric ? "__name__" : node->labels[i];
        uint32_t symbol = 0;

        if (metric ? !node->without : strcmp(name, "__name__") == 0) {
            continue;
        }
        symbol = gong_symbol_intern(symbols, gong_str_of(name));
        if (symbol == 0) {
            return GONG_ERR_MEMORY;
        }
        aggregate->names[aggregate->name_count++] = symbol;
    }
    return GONG_OK;
}

static bool
is_named(const struct gong_aggregate *aggregate, uint32_t symbol)
{
    for (uint32_t i = 0; i < aggregate->name_count; i++) {
        if (aggregate->names[i] == symbol) {
            return true;
        }
    }
    return false;
}

uint32_t
gong_aggregate_labelset(const struct gong_aggregate *aggregate,
                        struct gong_labelsets *sets, uint32_t set)
{
    const struct gong_labelset *from = gong_arena_at(&sets->sets, set);
    struct gong_label_pair kept[GONG_LABELSET_MAX];
    size_t count = 0;

    for (uint32_t i = 0; i < from->count; i++) {
        const struct gong_label_pair *pair =
            gong_arena_at(&sets->pairs, from->first + i);

        if (is_named(aggregate, pair->name) != aggregate->without) {
            kept[count++] = *pair;
        }
    }
    return gong_labelset_intern(sets, kept, count);
}
