#include "rules/engine/promql_tree.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more of size bytes. Lists are grown at powers of two, so
 * no capacity need be kept. */
static void *
grown(void *list, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0) {
        return list;
    }
    return realloc(list, (count == 0 ? 1 : count * 2) * size);
}

bool
gong_tree_push(struct gong_expr *expr, const struct gong_expr_node *node,
               uint32_t *out)
{
    struct gong_expr_node *nodes =
        grown(expr->nodes, expr->count, sizeof(*nodes));

    if (nodes == NULL) {
        return false;
    }
    expr->nodes = nodes;
    *out = expr->count;
    nodes[expr->count++] = *node;
    return true;
}

bool
gong_tree_name_push(char ***names, size_t *count, struct gong_str text)
{
    char **list = grown(*names, *count, sizeof(*list));
    char *copy = NULL;

    if (list == NULL) {
        return false;
    }
    *names = list;
    copy = gong_str_copy(text);
    if (copy == NULL) {
        return false;
    }
    list[(*count)++] = copy;
    return true;
}

bool
gong_tree_matcher_push(struct gong_expr_node *node, enum gong_match_op op,
                       struct gong_str name, char *value)
{
    struct gong_matcher *list =
        grown(node->matchers, node->matcher_count, sizeof(*list));
    char *copy = NULL;

    if (list == NULL) {
        return false;
    }
    node->matchers = list;
    copy = gong_str_copy(name);
    if (copy == NULL) {
        return false;
    }
    list[node->matcher_count++] = (struct gong_matcher){op, copy, value};
    return true;
}

bool
gong_tree_arg_push(struct gong_expr_node *node, uint32_t child)
{
    uint32_t *args = grown(node->args, node->arg_count, sizeof(*args));

    if (args == NULL) {
        return false;
    }
    node->args = args;
    args[node->arg_count++] = child;
    return true;
}

static int
compare_names(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

static int
compare_matchers(const void *a, const void *b)
{
    const struct gong_matcher *left = a;
    const struct gong_matcher *right = b;
    bool left_name = strcmp(left->name, "__name__") == 0;
    bool right_name = strcmp(right->name, "__name__") == 0;
    int order = 0;

    if (left_name != right_name) {
        return left_name ? -1 : 1;
    }
    order = strcmp(left->name, right->name);
    if (order == 0) {
        order = (int)left->op - (int)right->op;
    }
    return order != 0 ? order : strcmp(left->value, right->value);
}

void
gong_tree_sort(struct gong_expr_node *node)
{
    if (node->matcher_count > 1) {
        qsort(node->matchers, node->matcher_count, sizeof(*node->matchers),
              compare_matchers);
    }
    if (node->label_count > 1) {
        qsort(node->labels, node->label_count, sizeof(*node->labels),
              compare_names);
    }
    if (node->include_count > 1) {
        qsort(node->include, node->include_count, sizeof(*node->include),
              compare_names);
    }
}

static void
free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

void
gong_tree_node_fini(struct gong_expr_node *node)
{
    for (size_t i = 0; i < node->matcher_count; i++) {
        free(node->matchers[i].name);
        free(node->matchers[i].value);
    }
    free(node->matchers);
    free_names(node->labels, node->label_count);
    free_names(node->include, node->include_count);
    free(node->text);
    free(node->args);
}

void
gong_expr_free(struct gong_expr *expr)
{
    if (expr == NULL) {
        return;
    }
    for (uint32_t i = 0; i < expr->count; i++) {
        gong_tree_node_fini(&expr->nodes[i]);
    }
    free(expr->nodes);
    free(expr);
}
