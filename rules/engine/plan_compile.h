/* plan_compile: what the planner's own files share. Nobody else includes it. */
#ifndef GONG_RULES_ENGINE_PLAN_COMPILE_H
#define GONG_RULES_ENGINE_PLAN_COMPILE_H

#include "rules/engine/plan.h"

/* What a subexpression gives. */
enum gong_plan_item_kind {
    GONG_ITEM_SCALAR,
    GONG_ITEM_SERIES, /* a value of the instance's label set */
    GONG_ITEM_BARE,   /* a vector's one element without labels */
    GONG_ITEM_PARAM,  /* a vector's one element of the instance's device */
    GONG_ITEM_WINDOW, /* a range selector, which a function takes up */
};

struct gong_plan_item {
    enum gong_plan_item_kind kind;
    uint32_t node;
    uint32_t step; /* where its steps begin */
};

struct gong_plan_compiler {
    const struct gong_expr *expr;
    struct gong_plan *plan;
    struct gong_expr_error *error;
    enum gong_plan_class kind;
    bool *stamped; /* by node: a selector that timestamp() takes */
    struct gong_plan_item items[GONG_PLAN_STACK_MAX + 1];
    uint32_t depth;
};

/* Both return false. general: it is not of this class; refuse: of none. */
bool gong_plan_general(struct gong_plan_compiler *c,
                       const struct gong_expr_node *node, const char *what);
bool gong_plan_refuse(struct gong_plan_compiler *c,
                      const struct gong_expr_node *node, const char *what);

/* plan_leaf.c */

/* gong_plan_find_leaf: the leaf of a selector under a function (call NULL: an
 * instant one), made if need be. */
bool gong_plan_find_leaf(struct gong_plan_compiler *c,
                         const struct gong_expr_node *node, bool stamp,
                         const struct gong_range_call *call, uint32_t *out);
void gong_plan_leaf_fini(struct gong_plan_leaf *leaf);

/* plan_param.c */

/* gong_plan_is_param: whether a selector is a parameter as it is now, which is
 * no leaf; what time alone changes is none of these. gong_plan_find_param: its
 * number, made if need be. gong_plan_meets_param: whether an operator between
 * the instance's label set and its device's parameters takes each with those of
 * the same device, and keeps the label set. */
bool gong_plan_is_param(const struct gong_expr_node *node, bool stamp);
bool gong_plan_find_param(struct gong_plan_compiler *c,
                          const struct gong_expr_node *node, uint32_t *out);
bool gong_plan_meets_param(const struct gong_expr_node *node);

/* plan_compile.c */
bool gong_plan_compile(struct gong_plan_compiler *c);

#endif
