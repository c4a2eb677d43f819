#include "rules/engine/book_metric.h"

#include <string.h>

#include "rules/engine/arith.h"

/* What is known of a node's results. */
struct kept {
    const char *metric;
    bool mixed;
};

static const struct kept nothing = {NULL, false};

static bool
is_filter(const struct gong_expr_node *node)
{
    return gong_op_is_comparison(node->op) && !node->return_bool;
}

static struct kept
of_selector(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;

    if (node->matcher_count > 0 && strcmp(first->name, "__name__") == 0 &&
        first->op == GONG_MATCH_EQUAL && first->value[0] != '\0') {
        return (struct kept){first->value, false};
    }
    return (struct kept){NULL, true};
}

static struct kept
of_or(struct kept left, struct kept right)
{
    bool same = left.metric == right.metric ||
                (left.metric != NULL && right.metric != NULL &&
                 strcmp(left.metric, right.metric) == 0);

    return left.mixed || right.mixed || !same ? (struct kept){NULL, true}
                                              : left;
}

/* The node whose results are the binary operator's, but for their values. */
static uint32_t
filtered(const struct gong_expr *expr, const struct gong_expr_node *node)
{
    bool number = expr->nodes[node->args[0]].type == GONG_VALUE_SCALAR;

    return node->args[number ? 1 : 0];
}

/* How deep brackets and filters may lie in each other; what is deeper counts as
 * mixed. */
#define DEPTH_MAX 64

static struct kept
look(const struct gong_expr *expr, uint32_t n, int depth)
{
    const struct gong_expr_node *node = &expr->nodes[n];

    if (depth == DEPTH_MAX) {
        return (struct kept){NULL, true};
    }
    switch (node->kind) {
    case GONG_EXPR_SELECTOR:
        return of_selector(node);
    case GONG_EXPR_PAREN:
        return look(expr, node->args[0], depth + 1);
    case GONG_EXPR_CALL:
        return strcmp(node->text, "last_over_time") == 0
                   ? look(expr, node->args[0], depth + 1)
                   : nothing;
    case GONG_EXPR_BINARY:
        if (node->op == GONG_OP_OR) {
            return of_or(look(expr, node->args[0], depth + 1),
                         look(expr, node->args[1], depth + 1));
        }
        if (node->op == GONG_OP_AND || node->op == GONG_OP_UNLESS) {
            return look(expr, node->args[0], depth + 1);
        }
        return is_filter(node) &&
                       (!node->on || node->card == GONG_CARD_MANY_TO_ONE)
                   ? look(expr, filtered(expr, node), depth + 1)
                   : nothing;
    case GONG_EXPR_NUMBER:
    case GONG_EXPR_STRING:
    case GONG_EXPR_UNARY:
    case GONG_EXPR_AGGREGATE:
    case GONG_EXPR_SUBQUERY:
        break;
    }
    return nothing;
}

const char *
gong_book_metric(const struct gong_rule *rule, bool *mixed)
{
    uint32_t fires = rule->clauses.fires == 0 ? 1 : rule->clauses.fires;
    struct kept kept = nothing;

    for (uint32_t i = 0; i < fires; i++) {
        struct gong_expr clause =
            gong_clause_view(rule->expr, &rule->clauses, i);
        struct kept own = look(&clause, clause.root, 0);

        kept = i == 0 ? own : of_or(kept, own);
    }
    *mixed = kept.mixed;
    return kept.mixed ? NULL : kept.metric;
}

enum gong_err
gong_book_name(struct gong_book_rule *r, struct gong_symbols *symbols)
{
    bool mixed = false;
    const char *metric =
        r->plan == NULL ? NULL : gong_book_metric(r->rule, &mixed);

    if (metric != NULL) {
        r->metric = gong_symbol_intern(symbols, gong_str_of(metric));
    }
    if (r->rule->record != NULL) {
        r->record = gong_symbol_intern(symbols, gong_str_of(r->rule->record));
    }
    return (metric != NULL && r->metric == 0) ||
                   (r->rule->record != NULL && r->record == 0)
               ? GONG_ERR_MEMORY
               : GONG_OK;
}

bool
gong_book_asks_trend(const struct gong_rule *rule)
{
    for (size_t i = 0; i < rule->annotation_count; i++) {
        if (strstr(rule->annotations[i].text, "{trend") != NULL) {
            return true;
        }
    }
    return false;
}
