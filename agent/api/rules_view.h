/*
 * rules_view: a rule set as Prometheus' /api/v1/rules answers it: groups with
 * their rules, each with the alerts that it has now.
 *
 * Of our own are the keys that Prometheus has not: "resolve", "levels",
 * "trial" and "id" of a rule; state "unknown".
 */
#ifndef GONG_AGENT_API_RULES_VIEW_H
#define GONG_AGENT_API_RULES_VIEW_H

#include <jansson.h>

#include "rules/engine/ruleset.h"

/* gong_rules_view_json: alerts: the list of an alert view's "alerts", borrowed;
 * NULL for none. The caller json_decref()s; NULL without memory. */
json_t *gong_rules_view_json(const struct gong_ruleset *set,
                             const json_t *alerts);

#endif
