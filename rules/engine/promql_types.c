#include "rules/engine/promql_types.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/arith.h"
#include "rules/engine/promql_error.h"

/* s scalar, t text, v instant vector, m range vector (matrix). */
struct function {
    const char *name;
    const char *args;
    int optional; /* how many of the last may be left out; REPEATED: the last
                     stands any number of times, or not at all */
    enum gong_value_type result;
};

#define REPEATED (-1)

static const struct function functions[] = {
    {"abs", "v", 0, GONG_VALUE_VECTOR},
    {"absent", "v", 0, GONG_VALUE_VECTOR},
    {"absent_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"acos", "v", 0, GONG_VALUE_VECTOR},
    {"acosh", "v", 0, GONG_VALUE_VECTOR},
    {"asin", "v", 0, GONG_VALUE_VECTOR},
    {"asinh", "v", 0, GONG_VALUE_VECTOR},
    {"atan", "v", 0, GONG_VALUE_VECTOR},
    {"atanh", "v", 0, GONG_VALUE_VECTOR},
    {"avg_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"ceil", "v", 0, GONG_VALUE_VECTOR},
    {"changes", "m", 0, GONG_VALUE_VECTOR},
    {"clamp", "vss", 0, GONG_VALUE_VECTOR},
    {"clamp_max", "vs", 0, GONG_VALUE_VECTOR},
    {"clamp_min", "vs", 0, GONG_VALUE_VECTOR},
    {"cos", "v", 0, GONG_VALUE_VECTOR},
    {"cosh", "v", 0, GONG_VALUE_VECTOR},
    {"count_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"day_of_month", "v", 1, GONG_VALUE_VECTOR},
    {"day_of_week", "v", 1, GONG_VALUE_VECTOR},
    {"day_of_year", "v", 1, GONG_VALUE_VECTOR},
    {"days_in_month", "v", 1, GONG_VALUE_VECTOR},
    {"deg", "v", 0, GONG_VALUE_VECTOR},
    {"delta", "m", 0, GONG_VALUE_VECTOR},
    {"deriv", "m", 0, GONG_VALUE_VECTOR},
    {"exp", "v", 0, GONG_VALUE_VECTOR},
    {"floor", "v", 0, GONG_VALUE_VECTOR},
    {"histogram_count", "v", 0, GONG_VALUE_VECTOR},
    {"histogram_fraction", "ssv", 0, GONG_VALUE_VECTOR},
    {"histogram_quantile", "sv", 0, GONG_VALUE_VECTOR},
    {"histogram_sum", "v", 0, GONG_VALUE_VECTOR},
    {"holt_winters", "mss", 0, GONG_VALUE_VECTOR},
    {"hour", "v", 1, GONG_VALUE_VECTOR},
    {"idelta", "m", 0, GONG_VALUE_VECTOR},
    {"increase", "m", 0, GONG_VALUE_VECTOR},
    {"irate", "m", 0, GONG_VALUE_VECTOR},
    {"label_join", "vttt", REPEATED, GONG_VALUE_VECTOR},
    {"label_replace", "vtttt", 0, GONG_VALUE_VECTOR},
    {"last_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"ln", "v", 0, GONG_VALUE_VECTOR},
    {"log10", "v", 0, GONG_VALUE_VECTOR},
    {"log2", "v", 0, GONG_VALUE_VECTOR},
    {"max_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"min_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"minute", "v", 1, GONG_VALUE_VECTOR},
    {"month", "v", 1, GONG_VALUE_VECTOR},
    {"pi", "", 0, GONG_VALUE_SCALAR},
    {"predict_linear", "ms", 0, GONG_VALUE_VECTOR},
    {"present_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"quantile_over_time", "sm", 0, GONG_VALUE_VECTOR},
    {"rad", "v", 0, GONG_VALUE_VECTOR},
    {"rate", "m", 0, GONG_VALUE_VECTOR},
    {"resets", "m", 0, GONG_VALUE_VECTOR},
    {"round", "vs", 1, GONG_VALUE_VECTOR},
    {"scalar", "v", 0, GONG_VALUE_SCALAR},
    {"sgn", "v", 0, GONG_VALUE_VECTOR},
    {"sin", "v", 0, GONG_VALUE_VECTOR},
    {"sinh", "v", 0, GONG_VALUE_VECTOR},
    {"sort", "v", 0, GONG_VALUE_VECTOR},
    {"sort_desc", "v", 0, GONG_VALUE_VECTOR},
    {"sqrt", "v", 0, GONG_VALUE_VECTOR},
    {"stddev_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"stdvar_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"sum_over_time", "m", 0, GONG_VALUE_VECTOR},
    {"tan", "v", 0, GONG_VALUE_VECTOR},
    {"tanh", "v", 0, GONG_VALUE_VECTOR},
    {"time", "", 0, GONG_VALUE_SCALAR},
    {"timestamp", "v", 0, GONG_VALUE_VECTOR},
    {"vector", "s", 0, GONG_VALUE_VECTOR},
    {"year", "v", 1, GONG_VALUE_VECTOR},
};

static const struct function *
find_function(struct gong_str name)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (gong_str_is(name, functions[i].name)) {
            return &functions[i];
        }
    }
    return NULL;
}

bool
gong_promql_is_function(struct gong_str name)
{
    return find_function(name) != NULL;
}

const char *
gong_value_type_text(enum gong_value_type type)
{
    switch (type) {
    case GONG_VALUE_SCALAR:
        return "a scalar";
    case GONG_VALUE_STRING:
        return "a string";
    case GONG_VALUE_VECTOR:
        return "an instant vector";
    case GONG_VALUE_MATRIX:
        return "a range vector";
    }
    return "?";
}

static enum gong_value_type
type_of_letter(char letter)
{
    switch (letter) {
    case 's':
        return GONG_VALUE_SCALAR;
    case 't':
        return GONG_VALUE_STRING;
    case 'm':
        return GONG_VALUE_MATRIX;
    default:
        return GONG_VALUE_VECTOR;
    }
}

static bool
is_number_like(enum gong_value_type type)
{
    return type == GONG_VALUE_SCALAR || type == GONG_VALUE_VECTOR;
}

/* Whether child i of node has the wanted type. */
static bool
check_arg(const struct gong_expr *expr, const struct gong_expr_node *node,
          size_t i, enum gong_value_type want, struct gong_expr_error *error)
{
    const struct gong_expr_node *arg = &expr->nodes[node->args[i]];

    if (arg->type == want) {
        return true;
    }
    return gong_expr_fail(error, arg->at,
                          "found %s as argument %zu of %s(), expected %s",
                          gong_value_type_text(arg->type), i + 1, node->text,
                          gong_value_type_text(want));
}

static bool
check_call(const struct gong_expr *expr, struct gong_expr_node *node,
           struct gong_expr_error *error)
{
    const struct function *f = find_function(gong_str_of(node->text));
    size_t known = f == NULL ? 0 : strlen(f->args);
    size_t least = known;

    if (f == NULL) {
        return gong_expr_fail(error, node->at,
                              "found %s(), expected a function", node->text);
    }
    node->type = f->result;
    if (f->optional != 0) {
        least -= 1;
    }
    if (node->arg_count < least ||
        (node->arg_count > known && f->optional != REPEATED)) {
        const char *bound = f->optional == 0          ? ""
                            : f->optional == REPEATED ? "at least "
                                                      : "at most ";
        return gong_expr_fail(
            error, node->at, "found %zu argument%s of %s(), expected %s%zu",
            node->arg_count, node->arg_count == 1 ? "" : "s", f->name, bound,
            f->optional == REPEATED ? least : known);
    }
    for (size_t i = 0; i < node->arg_count; i++) {
        char letter = f->args[i < known ? i : known - 1];

        if (!check_arg(expr, node, i, type_of_letter(letter), error)) {
            return false;
        }
    }
    return true;
}

static bool
check_aggregate(const struct gong_expr *expr, struct gong_expr_node *node,
                struct gong_expr_error *error)
{
    bool label = strcmp(node->text, "count_values") == 0;
    bool parameter = label || strcmp(node->text, "topk") == 0 ||
                     strcmp(node->text, "bottomk") == 0 ||
                     strcmp(node->text, "quantile") == 0;
    size_t want = parameter ? 2 : 1;

    node->type = GONG_VALUE_VECTOR;
    if (node->arg_count != want) {
        return gong_expr_fail(
            error, node->at, "found %zu argument%s of %s(), expected %zu",
            node->arg_count, node->arg_count == 1 ? "" : "s", node->text, want);
    }
    if (parameter &&
        !check_arg(expr, node, 0, label ? GONG_VALUE_STRING : GONG_VALUE_SCALAR,
                   error)) {
        return false;
    }
    return check_arg(expr, node, want - 1, GONG_VALUE_VECTOR, error);
}

static bool
check_sides(const struct gong_expr *expr, const struct gong_expr_node *node,
            struct gong_expr_error *error)
{
    for (size_t i = 0; i < 2; i++) {
        const struct gong_expr_node *side = &expr->nodes[node->args[i]];

        if (!is_number_like(side->type)) {
            return gong_expr_fail(error, side->at,
                                  "found %s beside %s, expected a scalar or an "
                                  "instant vector",
                                  gong_value_type_text(side->type),
                                  gong_op_text(node->op));
        }
    }
    return true;
}

/* A label cannot both be matched on and be copied by group_left. */
static bool
check_include(const struct gong_expr_node *node, struct gong_expr_error *error)
{
    for (size_t i = 0; node->on && i < node->label_count; i++) {
        for (size_t j = 0; j < node->include_count; j++) {
            if (strcmp(node->labels[i], node->include[j]) == 0) {
                char word[GONG_EXPR_WORD_SIZE];
                return gong_expr_fail(
                    error, node->at,
                    "found label %s in both on and group, expected it in one",
                    gong_expr_word(gong_str_of(node->labels[i]), word));
            }
        }
    }
    return true;
}

/* Prometheus takes on() and group_left beside a scalar as long as no label is
 * named, and forgets them; so do we. */
static bool
check_matching(struct gong_expr_node *node, bool vectors,
               struct gong_expr_error *error)
{
    bool group = node->card == GONG_CARD_MANY_TO_ONE ||
                 node->card == GONG_CARD_ONE_TO_MANY;

    if (vectors) {
        if (gong_op_is_set(node->op) && group) {
            return gong_expr_fail(error, node->at,
                                  "found a group clause at %s, expected none",
                                  gong_op_text(node->op));
        }
        if (gong_op_is_set(node->op)) {
            node->card = GONG_CARD_MANY_TO_MANY;
        }
        return true;
    }
    if (node->label_count > 0) {
        return gong_expr_fail(error, node->at,
                              "found matching labels beside a scalar, expected "
                              "them between instant vectors only");
    }
    for (size_t i = 0; i < node->include_count; i++) {
        free(node->include[i]);
    }
    node->include_count = 0;
    node->has_matching = false;
    node->on = false;
    node->card = GONG_CARD_ONE_TO_ONE;
    return true;
}

static bool
check_binary(const struct gong_expr *expr, struct gong_expr_node *node,
             struct gong_expr_error *error)
{
    enum gong_value_type left = expr->nodes[node->args[0]].type;
    enum gong_value_type right = expr->nodes[node->args[1]].type;
    bool scalars = left == GONG_VALUE_SCALAR && right == GONG_VALUE_SCALAR;
    bool vectors = left == GONG_VALUE_VECTOR && right == GONG_VALUE_VECTOR;

    node->type = scalars ? GONG_VALUE_SCALAR : GONG_VALUE_VECTOR;
    if (node->return_bool && !gong_op_is_comparison(node->op)) {
        return gong_expr_fail(error, node->at,
                              "found bool after %s, expected it after "
                              "comparisons only",
                              gong_op_text(node->op));
    }
    if (scalars && gong_op_is_comparison(node->op) && !node->return_bool) {
        return gong_expr_fail(error, node->at,
                              "found %s between scalars, expected %s bool",
                              gong_op_text(node->op), gong_op_text(node->op));
    }
    if (!check_sides(expr, node, error) || !check_include(node, error) ||
        !check_matching(node, vectors, error)) {
        return false;
    }
    if (!vectors && gong_op_is_set(node->op)) {
        return gong_expr_fail(error, node->at,
                              "found %s beside a scalar, expected it between "
                              "instant vectors only",
                              gong_op_text(node->op));
    }
    return true;
}

static bool
check_child(const struct gong_expr *expr, struct gong_expr_node *node,
            struct gong_expr_error *error)
{
    const struct gong_expr_node *child = &expr->nodes[node->args[0]];

    node->type = child->type;
    if (node->kind == GONG_EXPR_UNARY && !is_number_like(child->type)) {
        return gong_expr_fail(error, node->at,
                              "found %s after a sign, expected a scalar or an "
                              "instant vector",
                              gong_value_type_text(child->type));
    }
    if (node->kind == GONG_EXPR_SUBQUERY) {
        node->type = GONG_VALUE_MATRIX;
        if (child->type != GONG_VALUE_VECTOR) {
            return gong_expr_fail(error, node->at,
                                  "found a subquery over %s, expected one over "
                                  "an instant vector",
                                  gong_value_type_text(child->type));
        }
    }
    return true;
}

static bool
check_node(const struct gong_expr *expr, struct gong_expr_node *node,
           struct gong_expr_error *error)
{
    switch (node->kind) {
    case GONG_EXPR_NUMBER:
        node->type = GONG_VALUE_SCALAR;
        return true;
    case GONG_EXPR_STRING:
        node->type = GONG_VALUE_STRING;
        return true;
    case GONG_EXPR_SELECTOR:
        node->type = node->range_ms > 0 ? GONG_VALUE_MATRIX : GONG_VALUE_VECTOR;
        return true;
    case GONG_EXPR_UNARY:
    case GONG_EXPR_PAREN:
    case GONG_EXPR_SUBQUERY:
        return check_child(expr, node, error);
    case GONG_EXPR_BINARY:
        return check_binary(expr, node, error);
    case GONG_EXPR_CALL:
        return check_call(expr, node, error);
    case GONG_EXPR_AGGREGATE:
        return check_aggregate(expr, node, error);
    }
    return false;
}

bool
gong_promql_check_types(struct gong_expr *expr, struct gong_expr_error *error)
{
    for (uint32_t i = 0; i < expr->count; i++) {
        if (!check_node(expr, &expr->nodes[i], error)) {
            return false;
        }
    }
    return true;
}
