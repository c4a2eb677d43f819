/*
 * explain: why an alert is as it is at an instant, or why it is not: each
 * clause of its rule (rules/engine/clause.h), node by node with the values that
 * it has then for the series that the asked labels leave, and what else decides
 * (explain_terms.h) and what the engine made of it all (explain_state.h).
 */
#ifndef GONG_RULES_TOOL_EXPLAIN_H
#define GONG_RULES_TOOL_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/ruleset.h"
#include "rules/tool/precision.h"

/* Plain data; all of it is borrowed. */
struct gong_explain {
    const struct gong_ruleset *set;
    const struct gong_rule *rule; /* of the set */
    const struct gong_label_view
        *labels; /* a result has these, or lacks them */
    size_t label_count;
    int64_t at_ms;
    int64_t since_ms; /* of a history: what is earlier is not read */
    struct gong_precision precision; /* of the data's stamps */
    struct gong_eval_memory *memory;
    FILE *out;
};

/* What a rule's clauses say, and which have no result at all, a bit each. */
struct gong_explained {
    struct gong_said said;
    uint32_t fails;
};

/* gong_explain_clauses: each clause and whether it holds for the labels, and
 * below it its nodes. out gets what they say. */
enum gong_err gong_explain_clauses(const struct gong_explain *explain,
                                   struct gong_explained *out) GONG_MUST_CHECK;

/* gong_explain_says: the same without a word. */
enum gong_err gong_explain_says(const struct gong_explain *explain,
                                struct gong_explained *out) GONG_MUST_CHECK;

/* gong_explain_fits: whether a label set has what was asked for; a label that
 * it lacks is no contradiction. */
bool gong_explain_fits(const struct gong_explain *explain,
                       const struct gong_label_view *labels, size_t count);

#endif
