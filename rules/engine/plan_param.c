/* plan_param: parameters of a device in a plan (city.h): what one says follows
 * from the device alone, so that it is looked up, not bound. */
#include <stdlib.h>
#include <string.h>

#include "rules/engine/city.h"
#include "rules/engine/plan_compile.h"
#include "rules/engine/promql_error.h"

bool
gong_plan_is_param(const struct gong_expr_node *node, bool stamp)
{
    const struct gong_matcher *name = node->matchers;

    return !stamp && node->matcher_count == 1 &&
           strcmp(name->name, "__name__") == 0 &&
           name->op == GONG_MATCH_EQUAL &&
           strncmp(name->value, GONG_CITY_PARAM, strlen(GONG_CITY_PARAM)) ==
               0 &&
           strcmp(name->value, GONG_CITY_PARAM GONG_CITY_EXPECTED) != 0 &&
           node->range_ms == 0 && node->offset_ms == 0 &&
           node->anchor == GONG_ANCHOR_NONE;
}

bool
gong_plan_find_param(struct gong_plan_compiler *c,
                     const struct gong_expr_node *node, uint32_t *out)
{
    struct gong_plan *plan = c->plan;
    const char *name = node->matchers[0].value;
    char *copy = NULL;

    for (*out = 0; *out < plan->param_count; (*out)++) {
        if (strcmp(plan->params[*out].metric, name) == 0) {
            return true;
        }
    }
    if (plan->param_count == GONG_PLAN_PARAMS_MAX) {
        c->kind = GONG_PLAN_GENERAL;
        return gong_expr_fail(c->error, node->at,
                              "found more than %d parameters, expected at most "
                              "these",
                              GONG_PLAN_PARAMS_MAX);
    }
    copy = gong_str_copy(gong_str_of(name));
    if (copy == NULL) {
        c->kind = GONG_PLAN_REFUSED;
        return gong_expr_no_memory(c->error, node->at);
    }
    plan->params[plan->param_count++].metric = copy;
    return true;
}

/* on (site, device): the labels are sorted. */
bool
gong_plan_meets_param(const struct gong_expr_node *node)
{
    bool sets = node->op == GONG_OP_AND || node->op == GONG_OP_UNLESS;

    return node->on && node->label_count == 2 &&
           strcmp(node->labels[0], "device") == 0 &&
           strcmp(node->labels[1], "site") == 0 && node->op != GONG_OP_OR &&
           (sets ||
            (node->card == GONG_CARD_MANY_TO_ONE && node->include_count == 0));
}
