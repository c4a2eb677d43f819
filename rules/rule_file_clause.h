/*
 * rule_file_clause: a rule's expressions: expr, resolve and levels.
 *
 *   expr = "env_temp > 70";  resolve = "env_temp < 65";
 *
 *   expr = "env_temp";
 *   levels = ( { severity = "warning";  above = 70; resolve = 65; },
 *              { severity = "critical"; above = 90; for = "10s"; } );
 *
 *   levels = ( { severity = "warning";  expr = "a > 70"; resolve = "a < 65"; },
 *              { severity = "critical"; expr = "a > 90 or b > 3"; } );
 */
#ifndef GONG_RULES_RULE_FILE_CLAUSE_H
#define GONG_RULES_RULE_FILE_CLAUSE_H

#include "rules/rule_file_read.h"

/* gong_rule_read_clauses: fills expr, clauses and levels of the rule that node
 * is; its expr_text, for_ms and labels are there already. resolve is the
 * rule's, "" or NULL: none. False after problems, which are in errors. */
bool gong_rule_read_clauses(struct gong_rule_reader *reader,
                            const struct gong_conf_node *node,
                            const char *resolve, struct gong_rule *rule);

/* gong_rule_check_shapes: of a rule that is evaluated as a whole: refuses what
 * ends an alert where it may have other labels than what fires it (semantics
 * rule 11). */
void gong_rule_check_shapes(struct gong_rule_reader *reader,
                            const struct gong_conf_node *node,
                            const struct gong_rule *rule);

#endif
