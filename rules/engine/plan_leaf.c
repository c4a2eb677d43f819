/* plan_leaf: the selectors of a plan, each with what is made of its samples. */
#include "rules/engine/plan_compile.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/presence.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/promql_tree.h"

/* So that sums of instants and lengths stay in int64. */
#define FURTHEST (INT64_C(100) * 365 * 86400 * 1000)

static bool
no_memory(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    c->kind = GONG_PLAN_REFUSED;
    return gong_expr_no_memory(c->error, node->at);
}

/* One metric name, first among the matchers. */
static bool
check_name(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    for (size_t i = 0; i < node->matcher_count; i++) {
        const struct gong_matcher *m = &node->matchers[i];
        bool name = strcmp(m->name, "__name__") == 0;

        if (name != (i == 0) || (name && m->op != GONG_MATCH_EQUAL) ||
            (name && m->value[0] == '\0')) {
            return gong_plan_general(c, node,
                                     "a selector without a single metric name");
        }
    }
    return true;
}

static bool
check_when(struct gong_plan_compiler *c, const struct gong_expr_node *node)
{
    if (node->offset_ms < 0) {
        return gong_plan_refuse(c, node, "an offset into the future");
    }
    if (node->anchor != GONG_ANCHOR_NONE) {
        return gong_plan_refuse(c, node, "an @ modifier");
    }
    if (node->range_ms > FURTHEST || node->offset_ms > FURTHEST) {
        return gong_plan_refuse(c, node, "a range or offset above a century");
    }
    return true;
}

static bool
same_matcher(const struct gong_matcher *a, const struct gong_matcher *b)
{
    return a->op == b->op && strcmp(a->name, b->name) == 0 &&
           strcmp(a->value, b->value) == 0;
}

static bool
same_call(const struct gong_range_call *a, const struct gong_range_call *b)
{
    return a->fn == b->fn && a->params[0] == b->params[0] &&
           a->params[1] == b->params[1];
}

/* Matchers are sorted, so equal selectors have equal lists. */
static bool
same_leaf(const struct gong_plan_leaf *leaf, const struct gong_expr_node *node,
          bool stamp, const struct gong_range_call *call)
{
    if (strcmp(leaf->metric, node->matchers[0].value) != 0 ||
        leaf->matcher_count != node->matcher_count - 1 ||
        leaf->range_ms != node->range_ms ||
        leaf->offset_ms != node->offset_ms || leaf->stamp != stamp ||
        (call != NULL && !same_call(&leaf->call, call))) {
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

    leaf->metric = gong_str_copy(gong_str_of(node->matchers[0].value));
    leaf->matchers = calloc(count == 0 ? 1 : count, sizeof(*leaf->matchers));
    if (leaf->metric == NULL || leaf->matchers == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_matcher *from = &node->matchers[i + 1];
        struct gong_matcher *to = &leaf->matchers[leaf->matcher_count++];

        to->op = from->op;
        to->name = gong_str_copy(gong_str_of(from->name));
        to->value = gong_str_copy(gong_str_of(from->value));
        if (to->name == NULL || to->value == NULL) {
            return false;
        }
    }
    return true;
}

static bool
compile_matchers(struct gong_plan_compiler *c,
                 const struct gong_expr_node *node, struct gong_plan_leaf *leaf)
{
    if (!copy_matchers(leaf, node)) {
        return no_memory(c, node);
    }
    if (leaf->matcher_count == 0) {
        return true;
    }
    leaf->compiled =
        gong_matchers_new(leaf->matchers, leaf->matcher_count, c->error);
    if (leaf->compiled == NULL) {
        c->kind = GONG_PLAN_REFUSED;
        c->error->at = node->at;
        return false;
    }
    return true;
}

/* Presence and alerts have states, not samples. */
static bool
note_presence(struct gong_plan_compiler *c, const struct gong_expr_node *node,
              uint32_t leaf, bool stamp)
{
    const char *name = node->matchers[0].value;
    bool past = node->range_ms > 0 || node->offset_ms > 0;

    if (past && (strcmp(name, "ALERTS") == 0 ||
                 strcmp(name, "ALERTS_FOR_STATE") == 0)) {
        return gong_plan_refuse(c, node, "the past of ALERTS");
    }
    if (gong_presence_metric(gong_str_of(name)) == GONG_PRESENCE_METRICS) {
        return true;
    }
    if (stamp || past) {
        return gong_plan_refuse(c, node,
                                "the past of up, unit_up or device_dark");
    }
    c->plan->presence |= (uint16_t)(1u << leaf);
    return true;
}

bool
gong_plan_find_leaf(struct gong_plan_compiler *c,
                    const struct gong_expr_node *node, bool stamp,
                    const struct gong_range_call *call, uint32_t *out)
{
    struct gong_plan *plan = c->plan;
    struct gong_plan_leaf *leaf = NULL;

    if (!check_when(c, node) || !check_name(c, node)) {
        return false;
    }
    for (*out = 0; *out < plan->leaf_count; (*out)++) {
        if (same_leaf(&plan->leaves[*out], node, stamp, call)) {
            return true;
        }
    }
    if (plan->leaf_count == GONG_PLAN_LEAVES_MAX) {
        c->kind = GONG_PLAN_GENERAL;
        return gong_expr_fail(c->error, node->at,
                              "found more than %d different selectors, "
                              "expected at most these",
                              GONG_PLAN_LEAVES_MAX);
    }
    leaf = &plan->leaves[plan->leaf_count++];
    leaf->range_ms = node->range_ms;
    leaf->offset_ms = node->offset_ms;
    leaf->stamp = stamp;
    if (call != NULL) {
        leaf->call = *call;
    }
    return note_presence(c, node, *out, stamp) &&
           compile_matchers(c, node, leaf);
}

void
gong_plan_leaf_fini(struct gong_plan_leaf *leaf)
{
    gong_matchers_free(leaf->compiled);
    for (size_t i = 0; i < leaf->matcher_count; i++) {
        free(leaf->matchers[i].name);
        free(leaf->matchers[i].value);
    }
    free(leaf->matchers);
    free(leaf->metric);
}
