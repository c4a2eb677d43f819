/*
 * rule_cases: the shortest tests of rules, a line each, as in
 * tests/rules/city.cases:
 *
 *   # comment
 *   RULE fires|quiet FROM TO STEP LINE      a sample each STEP seconds from
 * FROM to TO; then time goes on 1 s RULE fires|quiet FROM TO 1 status DEVICE
 * TEXT; DEVICE TEXT; ...
 *
 * RULE is a rule's id, LINE is line protocol without a stamp, of site 22015 and
 * device d-1. A rule without a case that fires and one that is quiet is told
 * of.
 */
#ifndef GONG_RULES_TOOL_RULE_CASES_H
#define GONG_RULES_TOOL_RULE_CASES_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/engine/ruleset.h"

/* gong_rule_cases_run: runs the file's cases; failures are said on out. False
 * where one failed, or the file cannot be read. */
bool gong_rule_cases_run(const char *path, const struct gong_ruleset *set,
                         FILE *out);

#endif
