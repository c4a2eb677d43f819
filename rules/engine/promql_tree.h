/* promql_tree: the memory of an expression's tree while it grows. */
#ifndef GONG_RULES_ENGINE_PROMQL_TREE_H
#define GONG_RULES_ENGINE_PROMQL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/promql.h"

/* All of these return false where memory is out, and change nothing then. */

/* gong_tree_push: node becomes the newest one and owns what it points to; its
 * index is in out. On false the caller still owns it. */
bool gong_tree_push(struct gong_expr *expr, const struct gong_expr_node *node,
                    uint32_t *out);
/* gong_tree_name_push: appends a copy of text to a list of names. */
bool gong_tree_name_push(char ***names, size_t *count, struct gong_str text);
/* gong_tree_matcher_push: appends a matcher; takes value on true. */
bool gong_tree_matcher_push(struct gong_expr_node *node, enum gong_match_op op,
                            struct gong_str name, char *value);
bool gong_tree_arg_push(struct gong_expr_node *node, uint32_t child);

/* gong_tree_sort: puts matchers and name lists into their canonical order. */
void gong_tree_sort(struct gong_expr_node *node);

/* gong_tree_node_fini: frees what a node owns. */
void gong_tree_node_fini(struct gong_expr_node *node);

#endif
