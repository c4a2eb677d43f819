/*
 * promql_regex: judges the patterns of =~ and !~ without matching: whether they
 * are RE2 (the language Prometheus has: no back-references, no look-around, no
 * possessive repeats), and whether a label that is absent satisfies them.
 */
#ifndef GONG_RULES_ENGINE_PROMQL_REGEX_H
#define GONG_RULES_ENGINE_PROMQL_REGEX_H

#include <stdbool.h>

#include "common/str.h"
#include "rules/engine/promql.h"

/* gong_promql_check_regex: matches_empty says whether the pattern, anchored at
 * both ends, matches the empty text. False with error filled. */
bool gong_promql_check_regex(struct gong_str pattern, bool *matches_empty,
                             struct gong_expr_error *error);

#endif
