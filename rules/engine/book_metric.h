/*
 * book_metric: the metric whose name a rule's results keep, for templates that
 * show all labels: as in Prometheus comparisons that filter, and, unless and
 * last_over_time keep it, everything else drops it.
 */
#ifndef GONG_RULES_ENGINE_BOOK_METRIC_H
#define GONG_RULES_ENGINE_BOOK_METRIC_H

#include "rules/engine/book.h"
#include "rules/engine/promql.h"

/* gong_book_metric: of the clauses that fire; NULL where none keeps it, or
 * where results may keep different ones, which *mixed says. */
const char *gong_book_metric(const struct gong_rule *rule, bool *mixed);

/* gong_book_name: fills the symbols of the names that a rule's results go by:
 * the one that they keep, where that is always the same, and the one that they
 * are recorded as. */
enum gong_err gong_book_name(struct gong_book_rule *rule,
                             struct gong_symbols *symbols) GONG_MUST_CHECK;

/* gong_book_asks_trend: whether a section of an annotation, which messages
 * fill, has {trend}. */
bool gong_book_asks_trend(const struct gong_rule *rule);

#endif
