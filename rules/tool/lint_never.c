/*
 * Whether an expression can be true at all, by the values that each of its
 * nodes can have: an interval, or none. Bottom-up, for children stand before
 * their parents.
 */
#include "rules/tool/lint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/arith.h"

static const struct gong_lint_range anything = {-INFINITY, INFINITY, false};
static const struct gong_lint_range nothing = {0, 0, true};

struct walk {
    const struct gong_expr *expr;
    const struct gong_ruleset *set;
    struct gong_lint_range *ranges; /* by node */
    uint32_t never;                 /* the first node that became empty */
};

struct known {
    const char *name;
    double low;
    double high;
};

/* Functions, aggregations and series whose values have bounds. Those for
 * counters have none: of samples below 0 rate() is below 0, too. */
static const struct known calls[] = {
    {"abs", 0, INFINITY},
    {"absent", 1, 1},
    {"absent_over_time", 1, 1},
    {"changes", 0, INFINITY},
    {"count", 0, INFINITY},
    {"count_over_time", 0, INFINITY},
    {"day_of_month", 1, 31},
    {"day_of_week", 0, 6},
    {"day_of_year", 1, 366},
    {"days_in_month", 28, 31},
    {"exp", 0, INFINITY},
    {"group", 1, 1},
    {"hour", 0, 23},
    {"minute", 0, 59},
    {"month", 1, 12},
    {"present_over_time", 1, 1},
    {"resets", 0, INFINITY},
    {"sgn", -1, 1},
    {"sqrt", 0, INFINITY},
    {"stddev", 0, INFINITY},
    {"stddev_over_time", 0, INFINITY},
    {"stdvar", 0, INFINITY},
    {"stdvar_over_time", 0, INFINITY},
    {"time", 0, INFINITY},
};
static const char *const keepers[] = {
    "avg",           "min",           "max",
    "topk",          "bottomk",       "avg_over_time",
    "min_over_time", "max_over_time", "last_over_time",
    "sort",          "sort_desc",     "label_replace",
    "label_join",    "scalar",        "vector"};
static const struct known metrics[] = {
    {"up", 0, 1}, {"unit_up", 0, 1}, {"device_dark", 0, 1}};

static bool
find_known(const struct known *table, size_t count, const char *name,
           struct gong_lint_range *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            *out = (struct gong_lint_range){table[i].low, table[i].high, false};
            return true;
        }
    }
    return false;
}

/* Whether the agent alone says what series of this name are: not of a rule file
 * of Prometheus, nor where a rule records under it. */
static bool
is_agents(const struct gong_ruleset *set, const char *metric)
{
    for (size_t i = 0; i < set->count; i++) {
        const char *record = set->rules[i].record;

        if (record != NULL && strcmp(record, metric) == 0) {
            return false;
        }
    }
    return !set->foreign;
}

static struct gong_lint_range
selector(const struct gong_ruleset *set, const struct gong_expr_node *node)
{
    struct gong_lint_range range = anything;

    if (node->matcher_count > 0 && node->matchers[0].op == GONG_MATCH_EQUAL &&
        strcmp(node->matchers[0].name, "__name__") == 0 &&
        is_agents(set, node->matchers[0].value)) {
        (void)find_known(metrics, sizeof metrics / sizeof metrics[0],
                         node->matchers[0].value, &range);
    }
    return range;
}

/* The argument that is a vector, the last one where there are more. */
static struct gong_lint_range
vector_argument(const struct walk *w, const struct gong_expr_node *node)
{
    struct gong_lint_range range = anything;

    for (size_t i = 0; i < node->arg_count; i++) {
        enum gong_value_type type = w->expr->nodes[node->args[i]].type;

        if (type != GONG_VALUE_STRING) {
            range = w->ranges[node->args[i]];
        }
    }
    return range;
}

static struct gong_lint_range
call(const struct walk *w, const struct gong_expr_node *node)
{
    struct gong_lint_range argument = vector_argument(w, node);
    struct gong_lint_range range = anything;
    bool absent = strncmp(node->text, "absent", 6) == 0;

    for (size_t i = 0; i < sizeof keepers / sizeof keepers[0]; i++) {
        if (strcmp(node->text, keepers[i]) == 0) {
            /* first(range) of label_replace: the vector comes first. */
            return strncmp(node->text, "label_", 6) == 0
                       ? w->ranges[node->args[0]]
                       : argument;
        }
    }
    (void)find_known(calls, sizeof calls / sizeof calls[0], node->text, &range);
    if (strcmp(node->text, "sum") == 0 && argument.low >= 0) {
        range.low = 0;
    }
    range.empty = argument.empty && !absent && node->arg_count > 0 &&
                  node->kind == GONG_EXPR_AGGREGATE;
    return range;
}

static struct gong_lint_range
arithmetic(enum gong_op op, struct gong_lint_range a, struct gong_lint_range b)
{
    struct gong_lint_range range = anything;

    if (op == GONG_OP_ADD) {
        range.low = a.low + b.low;
        range.high = a.high + b.high;
    } else if (op == GONG_OP_SUB) {
        range.low = a.low - b.high;
        range.high = a.high - b.low;
    } else if ((op == GONG_OP_MUL || op == GONG_OP_DIV) && a.low >= 0 &&
               b.low >= 0) {
        range.low = 0;
    }
    if (isnan(range.low) || isnan(range.high)) {
        range = anything;
    }
    range.empty = a.empty || b.empty;
    return range;
}

/* Whether some x of a and some y of b are so. */
static bool
can_be(enum gong_op op, struct gong_lint_range a, struct gong_lint_range b)
{
    switch (op) {
    case GONG_OP_GT:
        return a.high > b.low;
    case GONG_OP_GE:
        return a.high >= b.low;
    case GONG_OP_LT:
        return a.low < b.high;
    case GONG_OP_LE:
        return a.low <= b.high;
    case GONG_OP_EQ:
        return a.low <= b.high && b.low <= a.high;
    case GONG_OP_NE:
        return !(a.low == a.high && b.low == b.high && a.low == b.low);
    case GONG_OP_ADD:
    case GONG_OP_SUB:
    case GONG_OP_MUL:
    case GONG_OP_DIV:
    case GONG_OP_MOD:
    case GONG_OP_POW:
    case GONG_OP_ATAN2:
    case GONG_OP_AND:
    case GONG_OP_OR:
    case GONG_OP_UNLESS:
        break;
    }
    return true;
}

/* What is left of a where `a op b` filters it. A bound that is excluded stays
 * one: x > 5 and x < 5 is caught by the comparison of bounds in meet. */
static struct gong_lint_range
filter(enum gong_op op, struct gong_lint_range a, struct gong_lint_range b)
{
    if (op == GONG_OP_GT || op == GONG_OP_GE || op == GONG_OP_EQ) {
        a.low = a.low > b.low ? a.low : b.low;
    }
    if (op == GONG_OP_LT || op == GONG_OP_LE || op == GONG_OP_EQ) {
        a.high = a.high < b.high ? a.high : b.high;
    }
    if (op == GONG_OP_GT && a.low == b.low) {
        a.low = nextafter(a.low, INFINITY);
    }
    if (op == GONG_OP_LT && a.high == b.high) {
        a.high = nextafter(a.high, -INFINITY);
    }
    return a;
}

static struct gong_lint_range
comparison(const struct walk *w, const struct gong_expr_node *node)
{
    struct gong_lint_range a = w->ranges[node->args[0]];
    struct gong_lint_range b = w->ranges[node->args[1]];
    bool scalar_left = w->expr->nodes[node->args[0]].type == GONG_VALUE_SCALAR;
    struct gong_lint_range range;

    if (a.empty || b.empty) {
        return nothing;
    }
    if (node->return_bool) {
        return (struct gong_lint_range){0, 1, false};
    }
    if (!can_be(node->op, a, b)) {
        return nothing;
    }
    range = scalar_left ? filter(gong_op_mirrored(node->op), b, a)
                        : filter(node->op, a, b);
    range.empty = range.low > range.high;
    return range;
}

/* Whether the node filters its left side by a number. */
static bool
is_filter(const struct gong_expr *expr, const struct gong_expr_node *node)
{
    return node->kind == GONG_EXPR_BINARY && !node->return_bool &&
           gong_op_is_comparison(node->op) &&
           expr->nodes[node->args[1]].type == GONG_VALUE_SCALAR;
}

/* The node below brackets and comparisons with numbers: what is filtered. */
static uint32_t
filtered(const struct gong_expr *expr, uint32_t at)
{
    while (expr->nodes[at].kind == GONG_EXPR_PAREN ||
           is_filter(expr, &expr->nodes[at])) {
        at = expr->nodes[at].args[0];
    }
    return at;
}

/* Whether two nodes mean the same. */
static bool
same(const struct gong_expr *expr, uint32_t a, uint32_t b)
{
    struct gong_expr first = {expr->nodes, a + 1, a};
    struct gong_expr second = {expr->nodes, b + 1, b};
    char *x = gong_expr_print(&first);
    char *y = gong_expr_print(&second);
    bool equal = x != NULL && y != NULL && strcmp(x, y) == 0;

    free(x);
    free(y);
    return equal;
}

static struct gong_lint_range
either(struct gong_lint_range a, struct gong_lint_range b)
{
    if (a.empty || b.empty) {
        return a.empty ? b : a;
    }
    a.low = a.low < b.low ? a.low : b.low;
    a.high = a.high > b.high ? a.high : b.high;
    return a;
}

static struct gong_lint_range
both(struct gong_lint_range a, struct gong_lint_range b)
{
    a.low = a.low > b.low ? a.low : b.low;
    a.high = a.high < b.high ? a.high : b.high;
    a.empty = a.low > a.high;
    return a;
}

/* Whether `unless right` takes away all of a range: only a plain filter of the
 * same thing keeps everything within its own. */
static bool
takes_all(const struct gong_expr_node *right, struct gong_lint_range a,
          struct gong_lint_range b)
{
    return !b.empty && b.low <= a.low && b.high >= a.high &&
           right->kind == GONG_EXPR_BINARY && right->op != GONG_OP_NE;
}

static struct gong_lint_range
set_operation(const struct walk *w, const struct gong_expr_node *node)
{
    struct gong_lint_range a = w->ranges[node->args[0]];
    struct gong_lint_range b = w->ranges[node->args[1]];
    bool one = same(w->expr, filtered(w->expr, node->args[0]),
                    filtered(w->expr, node->args[1])) &&
               !node->has_matching;

    if (node->op == GONG_OP_OR) {
        return either(a, b);
    }
    if (node->op == GONG_OP_UNLESS) {
        a.empty =
            a.empty || (one && takes_all(&w->expr->nodes[node->args[1]], a, b));
        return a;
    }
    if (a.empty || b.empty) {
        return nothing;
    }
    return one ? both(a, b) : a;
}

static struct gong_lint_range
binary(const struct walk *w, const struct gong_expr_node *node)
{
    if (node->op >= GONG_OP_AND) {
        return set_operation(w, node);
    }
    if (node->op >= GONG_OP_EQ) {
        return comparison(w, node);
    }
    return arithmetic(node->op, w->ranges[node->args[0]],
                      w->ranges[node->args[1]]);
}

static struct gong_lint_range
range_of(const struct walk *w, const struct gong_expr_node *node)
{
    struct gong_lint_range range = anything;

    switch (node->kind) {
    case GONG_EXPR_NUMBER:
        return isnan(node->number) ? anything
                                   : (struct gong_lint_range){
                                         node->number, node->number, false};
    case GONG_EXPR_STRING:
        return anything;
    case GONG_EXPR_SELECTOR:
        return selector(w->set, node);
    case GONG_EXPR_SUBQUERY:
    case GONG_EXPR_PAREN:
        return w->ranges[node->args[0]];
    case GONG_EXPR_UNARY:
        range = w->ranges[node->args[0]];
        return node->op == GONG_OP_SUB
                   ? (struct gong_lint_range){-range.high, -range.low,
                                              range.empty}
                   : range;
    case GONG_EXPR_BINARY:
        return binary(w, node);
    case GONG_EXPR_CALL:
    case GONG_EXPR_AGGREGATE:
        return call(w, node);
    }
    return range;
}

/* The ranges of all nodes; NULL without memory. */
static struct gong_lint_range *
all_ranges(const struct gong_ruleset *set, const struct gong_expr *expr,
           uint32_t *never)
{
    struct walk w = {expr, set, calloc(expr->count, sizeof *w.ranges),
                     GONG_EXPR_NONE};

    for (uint32_t i = 0; i < expr->count && w.ranges != NULL; i++) {
        w.ranges[i] = range_of(&w, &expr->nodes[i]);
        if (w.ranges[i].empty && w.never == GONG_EXPR_NONE) {
            w.never = i;
        }
    }
    *never = w.never;
    return w.ranges;
}

uint32_t
gong_lint_never(const struct gong_ruleset *set, const struct gong_expr *expr)
{
    uint32_t at = GONG_EXPR_NONE;
    struct gong_lint_range *ranges = all_ranges(set, expr, &at);
    bool never = ranges != NULL && ranges[expr->root].empty;

    free(ranges);
    return never ? at : GONG_EXPR_NONE;
}

/* Below brackets and comparisons with numbers, whichever side these are on; a
 * != leaves more than one interval. */
static uint32_t
compared(const struct gong_expr *expr)
{
    uint32_t at = expr->root;

    for (;;) {
        const struct gong_expr_node *node = &expr->nodes[at];
        bool filter = node->kind == GONG_EXPR_BINARY && !node->return_bool &&
                      gong_op_is_comparison(node->op) && node->op != GONG_OP_NE;

        if (node->kind == GONG_EXPR_PAREN ||
            (filter && expr->nodes[node->args[1]].type == GONG_VALUE_SCALAR)) {
            at = node->args[0];
        } else if (filter &&
                   expr->nodes[node->args[0]].type == GONG_VALUE_SCALAR) {
            at = node->args[1];
        } else {
            return at;
        }
    }
}

/* Whether every number that is compared with is one that does not change. */
static bool
is_fixed(const struct gong_expr *expr, uint32_t what)
{
    for (uint32_t i = what + 1; i < expr->count; i++) {
        enum gong_expr_kind kind = expr->nodes[i].kind;

        if (kind != GONG_EXPR_PAREN && kind != GONG_EXPR_BINARY &&
            kind != GONG_EXPR_NUMBER && kind != GONG_EXPR_UNARY) {
            return false;
        }
    }
    return true;
}

bool
gong_lint_filter_of(const struct gong_ruleset *set,
                    const struct gong_expr *expr, struct gong_lint_filter *out)
{
    uint32_t never = GONG_EXPR_NONE;
    struct gong_lint_range *ranges = all_ranges(set, expr, &never);
    bool filter = false;

    if (ranges != NULL) {
        *out = (struct gong_lint_filter){.what = compared(expr)};
        out->base = ranges[out->what];
        out->range = ranges[expr->root];
        filter = out->what != expr->root && is_fixed(expr, out->what) &&
                 !out->range.empty;
    }
    free(ranges);
    return filter;
}
