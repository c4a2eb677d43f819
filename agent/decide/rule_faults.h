/*
 * rule_faults: which rules have no result at run time (semantics rule 16), for
 * people: counters by rule, and a log line when one begins to fail, fails
 * otherwise, or works again; and which read a parameter that the city model
 * lacks. Engine thread, but for gong_rule_faults_text.
 *
 *   gong_engine_rule_faults_total{rule="..."}   evaluations without a result
 *   gong_engine_rule_failing{rule="..."}        1 while the last one had none
 */
#ifndef GONG_AGENT_DECIDE_RULE_FAULTS_H
#define GONG_AGENT_DECIDE_RULE_FAULTS_H

#include <stddef.h>

#include "common/counter.h"
#include "rules/engine/engine.h"

struct gong_rule_faults;

/* counters is borrowed until free. NULL without memory. */
struct gong_rule_faults *gong_rule_faults_new(struct gong_counters *counters);
void gong_rule_faults_free(struct gong_rule_faults *faults);

/* gong_rule_faults_note: what the engine says of a rule. Without memory for one
 * that was never heard of it is only logged. */
void gong_rule_faults_note(struct gong_rule_faults *faults,
                           const struct gong_rule_fault *fault);

/* gong_rule_faults_restart: other rules, or the engine begins anew: none fails
 * until it is said again. set are the rules, NULL: none yet. Returns how many
 * read a parameter that no device of the city model has; some of them are
 * logged. */
size_t gong_rule_faults_restart(struct gong_rule_faults *faults,
                                const struct gong_ruleset *set);

/* gong_rule_faults_text: any thread: why the last evaluation of the rule with
 * this id had no result; a literal; NULL: it had one. */
const char *gong_rule_faults_text(struct gong_rule_faults *faults,
                                  const char *id);

/* gong_rule_faults_failing: how many fail now. */
size_t gong_rule_faults_failing(const struct gong_rule_faults *faults);

#endif
