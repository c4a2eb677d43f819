/*
 * book_order: the order in which rules are evaluated at an equal instant: a
 * recording before the rules that read it, by its name or by a pattern that
 * takes it in (semantics rule 22), otherwise as they are written.
 */
#ifndef GONG_RULES_ENGINE_BOOK_ORDER_H
#define GONG_RULES_ENGINE_BOOK_ORDER_H

#include "common/err.h"
#include "rules/engine/ruleset.h"

/* gong_book_order: numbers in set of the first rule, the second and so on, as
 * many as it has; *order is the caller's to free. Where recordings read each
 * other in a circle the one written first goes first, and sees what the others
 * fed the last time. */
enum gong_err gong_book_order(const struct gong_ruleset *set,
                              uint32_t **order) GONG_MUST_CHECK;

/* gong_book_reads_recorded: whether a rule reads what another one records, as
 * far as names say; a selector without a name may read anything. */
bool gong_book_reads_recorded(const struct gong_ruleset *set,
                              const struct gong_rule *rule);

/* gong_book_reads_alerts: whether any rule may read ALERTS. */
bool gong_book_reads_alerts(const struct gong_ruleset *set);

#endif
