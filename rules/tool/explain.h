/*
 * explain: why an alert is as it is at an instant, or why it is not: each node
 * of its expression with the values that it has then, for the series that the
 * asked labels leave.
 */
#ifndef GONG_RULES_TOOL_EXPLAIN_H
#define GONG_RULES_TOOL_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/ruleset.h"

struct gong_explain {
    bool foreign; /* the rule's set is */
    const struct gong_rule *rule;
    const struct gong_label_view
        *labels; /* a result has these, or lacks them */
    size_t label_count;
    int64_t at_ms;
    struct gong_eval_memory *memory;
    FILE *out;
};

/* gong_explain_tree: the expression, node by node, below each other. *holds:
 * whether it has a result for the labels. */
enum gong_err gong_explain_tree(const struct gong_explain *explain,
                                bool *holds) GONG_MUST_CHECK;

/* gong_explain_fits: whether a label set has what was asked for; a label that
 * it lacks is no contradiction. */
bool gong_explain_fits(const struct gong_explain *explain,
                       const struct gong_label_view *labels, size_t count);

#endif
