/* clause_shape: the labels of an expression's result, from the root down to
 * what decides them:
 *
 *   sum by (a, b) (...)      by a b
 *   x > 5, rate(x[1m])       the shape of x
 *   x and y, x unless y      that of x
 *   x * on(..) group_left y  that of x, where nothing is taken from y
 *   x or y                   that of x, if y has the same one
 *   x{k="v"}                 its matchers
 *   anything else            its own text
 */
#include "rules/engine/clause.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/range_fn.h"
#include "rules/engine/value_fn.h"

static char *
copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

/* "by" and the labels, which are sorted. */
static char *
grouping(char *const *labels, size_t count)
{
    size_t size = 3;
    char *out = NULL;
    size_t len = 2;

    for (size_t i = 0; i < count; i++) {
        size += strlen(labels[i]) + 1;
    }
    out = malloc(size);
    if (out == NULL) {
        return NULL;
    }
    memcpy(out, "by", 3);
    for (size_t i = 0; i < count; i++) {
        size_t add = strlen(labels[i]);

        out[len++] = ' ';
        memcpy(out + len, labels[i], add + 1);
        len += add;
    }
    return out;
}

static char *
own_text(const struct gong_expr *expr, uint32_t node)
{
    struct gong_expr view = *expr;

    view.root = node;
    view.count = node + 1;
    return gong_expr_print(&view);
}

/* What decides a function's labels: its one vector, or none. */
static bool
keeps_labels(const struct gong_expr_node *node)
{
    static const char *const more[] = {
        "hour",         "minute",      "month",       "year",
        "day_of_month", "day_of_week", "day_of_year", "days_in_month",
        "timestamp",    "sort",        "sort_desc"};
    enum gong_range_fn range = GONG_RANGE_AVG;
    enum gong_value_fn value = GONG_FN_ABS;

    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        if (strcmp(node->text, more[i]) == 0) {
            return node->arg_count > 0;
        }
    }
    return gong_range_fn_find(gong_str_of(node->text), &range) ||
           gong_value_fn_find(gong_str_of(node->text), &value);
}

/* The argument whose labels a node's result has; node itself if none says. */
static uint32_t
inward(const struct gong_expr *expr, uint32_t n)
{
    const struct gong_expr_node *node = &expr->nodes[n];

    switch (node->kind) {
    case GONG_EXPR_UNARY:
    case GONG_EXPR_PAREN:
    case GONG_EXPR_SUBQUERY:
        return node->args[0];
    case GONG_EXPR_BINARY:
        if (expr->nodes[node->args[0]].type == GONG_VALUE_SCALAR) {
            return node->args[1];
        }
        if (expr->nodes[node->args[1]].type == GONG_VALUE_SCALAR ||
            node->op == GONG_OP_AND || node->op == GONG_OP_UNLESS ||
            (node->card == GONG_CARD_ONE_TO_ONE && !node->has_matching) ||
            (node->card == GONG_CARD_MANY_TO_ONE && node->include_count == 0)) {
            return node->args[0];
        }
        if (node->card == GONG_CARD_ONE_TO_MANY && node->include_count == 0) {
            return node->args[1];
        }
        return n;
    case GONG_EXPR_CALL:
        for (size_t i = 0; keeps_labels(node) && i < node->arg_count; i++) {
            if (expr->nodes[node->args[i]].type != GONG_VALUE_SCALAR) {
                return node->args[i];
            }
        }
        return n;
    case GONG_EXPR_NUMBER:
    case GONG_EXPR_STRING:
    case GONG_EXPR_SELECTOR:
    case GONG_EXPR_AGGREGATE:
        break;
    }
    return n;
}

static char *
selector_text(const struct gong_expr_node *node)
{
    struct gong_expr_node bare = *node;
    struct gong_expr one = {&bare, 1, 0};

    bare.range_ms = 0;
    bare.offset_ms = 0;
    bare.anchor = GONG_ANCHOR_NONE;
    return gong_expr_print(&one);
}

static bool
is_ranking(const char *name)
{
    return strcmp(name, "topk") == 0 || strcmp(name, "bottomk") == 0 ||
           strcmp(name, "count_values") == 0;
}

/* Of both sides, if they are alike; else the text. NULL without memory. */
static char *
either(const struct gong_expr *expr, uint32_t n)
{
    struct gong_expr left = *expr;
    struct gong_expr right = *expr;
    char *a = NULL;
    char *b = NULL;
    bool same = false;

    left.root = expr->nodes[n].args[0];
    left.count = left.root + 1;
    right.root = expr->nodes[n].args[1];
    right.count = right.root + 1;
    a = gong_clause_shape(&left);
    b = a == NULL ? NULL : gong_clause_shape(&right);
    same = b != NULL && strcmp(a, b) == 0;
    if (b == NULL || same) {
        free(same ? b : a);
        return same ? a : NULL;
    }
    free(a);
    free(b);
    return own_text(expr, n);
}

char *
gong_clause_shape(const struct gong_expr *expr)
{
    uint32_t n = expr->root;
    const struct gong_expr_node *node = NULL;

    for (uint32_t next = inward(expr, n); next != n; next = inward(expr, n)) {
        n = next;
    }
    node = &expr->nodes[n];
    if (node->type == GONG_VALUE_SCALAR) {
        return copy_text("by");
    }
    if (node->kind == GONG_EXPR_SELECTOR) {
        return selector_text(node);
    }
    if (node->kind == GONG_EXPR_AGGREGATE && !node->without &&
        !is_ranking(node->text)) {
        return grouping(node->labels, node->label_count);
    }
    if (node->kind == GONG_EXPR_BINARY && node->op == GONG_OP_OR) {
        return either(expr, n);
    }
    if (node->kind == GONG_EXPR_BINARY && node->on &&
        node->card == GONG_CARD_ONE_TO_ONE) {
        return grouping(node->labels, node->label_count);
    }
    return own_text(expr, n);
}
