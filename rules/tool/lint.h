/*
 * lint: what is no error in a rule and yet hardly meant so.
 *
 *   never      an expression, or a level's, cannot be true, whatever the
 * samples resolve    it can never be true, or is true wherever expr is not
 *   level      one that is never reached: a worse one holds wherever it does
 *   range      a window shorter than twice the time between samples
 *   for        longer than the look-back: one sample cannot satisfy it, and on
 *              every sample a gap ends the wait
 *   active     the calendar is never open, or not any more
 *   on_missing what it reads is never missing
 *   summary, action     an annotation that people need is missing
 *   severity   a word that ranks below all others
 *   template   a label that the result cannot have, or hardly has
 *   label      a label of the rule hides one that the expression tells apart
 *   twice      two rules with the same alert, expressions and labels
 *   circle     recordings that read each other in one
 */
#ifndef GONG_RULES_TOOL_LINT_H
#define GONG_RULES_TOOL_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rules/engine/ruleset.h"

struct gong_lint_options {
    int64_t every_ms; /* how often samples come; 0: not known, then the group's
                         interval stands for it */
    int64_t now_ms;   /* calendars that are closed for good after it are told */
};

/* gong_lint: a line on out for each finding: "file:line: warning: alert: ...
 * (word)"; returns how many. */
size_t gong_lint(const struct gong_ruleset *set,
                 const struct gong_lint_options *options, FILE *out);

/* What findings are written to. */
struct gong_linter {
    FILE *out;
    size_t count;
    const struct gong_ruleset *set; /* all rules that there are */
};

/* gong_lint_say: one finding about a rule. */
void gong_lint_say(struct gong_linter *linter, const struct gong_rule *rule,
                   const char *word, const char *format, ...) GONG_PRINTF(4, 5);

/* gong_lint_clauses: what is found in the expressions of a rule, in its
 * calendar and in on_missing. */
void gong_lint_clauses(struct gong_linter *linter, const struct gong_rule *rule,
                       const struct gong_lint_options *options);

/* gong_lint_names: in its severities and templates. */
void gong_lint_names(struct gong_linter *linter, const struct gong_rule *rule,
                     bool foreign);

/* gong_lint_circles: in what the recordings of a set read. */
void gong_lint_circles(struct gong_linter *linter,
                       const struct gong_ruleset *set);

/* The values that a node of an expression can have. */
struct gong_lint_range {
    double low;
    double high;
    bool empty; /* never any sample */
};

/* gong_lint_never: the node that makes the expression empty, for good;
 * GONG_EXPR_NONE where there is none. set: the rules that it stands among.
 * Pure. */
uint32_t gong_lint_never(const struct gong_ruleset *set,
                         const struct gong_expr *expr);

/* An expression that only compares something with numbers. */
struct gong_lint_filter {
    uint32_t what;                /* the node that is compared */
    struct gong_lint_range base;  /* of it */
    struct gong_lint_range range; /* of what is left of it */
};

/* gong_lint_filter_of: false where the expression is anything else. */
bool gong_lint_filter_of(const struct gong_ruleset *set,
                         const struct gong_expr *expr,
                         struct gong_lint_filter *out);

#endif
