/*
 * rule_cases: the shortest tests of rules, a line each, as in
 * tests/rules/city.cases:
 *
 *   # comment
 *   RULE fires|quiet FROM TO STEP LINE
 *   RULE fires|quiet FROM TO STEP of SITE/DEVICE LINE
 *   RULE fires|quiet FROM TO 1 status DEVICE TEXT; DEVICE TEXT; ...
 *
 * RULE is a rule's id, or the name of its alert where no other rule has that.
 * LINE is line protocol without a stamp, of site 22015 and device d-1, or of a
 * device of the city model, with the short forms of case_line.h: a sample each
 * STEP seconds from FROM to TO. Statuses come all at FROM. Then time goes on 1
 * s past TO.
 *
 * A case fails where the verdict is another one, a line is refused, or an
 * annotation is not rendered: it has "{{" or "<error expanding" in it. A rule
 * without a case that fires and one that is quiet is told of, but for
 * recordings.
 */
#ifndef GONG_RULES_TOOL_RULE_CASES_H
#define GONG_RULES_TOOL_RULE_CASES_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/engine/ruleset.h"

/* gong_rule_cases_run: runs the file's cases; what is wrong is said on out.
 * False where one failed, or the file cannot be read. lacking: how many alerts
 * have no case that fires, or none that is quiet. */
bool gong_rule_cases_run(const char *path, const struct gong_ruleset *set,
                         FILE *out, size_t *lacking);

#endif
