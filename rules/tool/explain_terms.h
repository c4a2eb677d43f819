/* explain_terms: what beside its expressions decides whether a rule's alert is:
 * its clock, its lengths of time, what is missing, its calendar. */
#ifndef GONG_RULES_TOOL_EXPLAIN_TERMS_H
#define GONG_RULES_TOOL_EXPLAIN_TERMS_H

#include "rules/tool/explain.h"

/* gong_explain_terms: a line for each key that the rule has or that has a
 * default, with what it comes to at the instant. */
void gong_explain_terms(const struct gong_explain *explain);

/* gong_explain_missing: how many series that its firing clauses read, and that
 * fit the labels, had samples and have none that counts now. Told on out, up to
 * five, if told is set. */
size_t gong_explain_missing(const struct gong_explain *explain, bool told);

/* gong_explain_on_missing: what of it is in force: not what the rule says where
 * the city model lacks its parameter. */
enum gong_on_missing
gong_explain_on_missing(const struct gong_explain *explain);

#endif
