/*
 * lint: what is no error in a rule and yet hardly meant so.
 *
 *   never      the expression cannot be true, whatever the samples
 *   range      a window shorter than twice the time between samples
 *   for        longer than the look-back: one sample cannot satisfy it, and on
 *              every sample a gap ends the wait
 *   summary, action     an annotation that people need is missing
 *   label      a label of the rule hides one that the expression tells apart
 *   twice      two rules with the same alert, expression and labels
 */
#ifndef GONG_RULES_TOOL_LINT_H
#define GONG_RULES_TOOL_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rules/engine/ruleset.h"

/* gong_lint: a line on out for each finding: "file:line: warning: alert: ...
 * (word)"; returns how many. every_ms: how often samples come, 0 where that is
 * not known: then the group's interval stands for it. */
size_t gong_lint(const struct gong_ruleset *set, int64_t every_ms, FILE *out);

/* The values that a node of an expression can have. */
struct gong_lint_range {
    double low;
    double high;
    bool empty; /* never any sample */
};

/* gong_lint_never: the node that makes the expression empty, for good;
 * GONG_EXPR_NONE where there is none. Pure. */
uint32_t gong_lint_never(const struct gong_expr *expr);

#endif
