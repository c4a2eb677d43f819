/*
 * book_metric: the metric whose name a rule's results keep, for templates that
 * show all labels: as in Prometheus comparisons that filter, and, unless and
 * last_over_time keep it, everything else drops it.
 */
#ifndef GONG_RULES_ENGINE_BOOK_METRIC_H
#define GONG_RULES_ENGINE_BOOK_METRIC_H

#include "rules/engine/promql.h"

/* gong_book_metric: NULL where none keeps it, or where results may keep
 * different ones, which *mixed says. */
const char *gong_book_metric(const struct gong_expr *expr, bool *mixed);

#endif
