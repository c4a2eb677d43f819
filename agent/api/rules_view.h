/*
 * rules_view: a rule set as Prometheus' /api/v1/rules answers it: groups with
 * their rules, each with the alerts that it has now.
 *
 * Of our own are the keys that Prometheus has not: "levels", "trial" and "id"
 * of a rule. Rules are evaluated as samples arrive: lastEvaluation is the
 * engine's time for all of them, and evaluationTime, which is not measured for
 * each, is 0.
 */
#ifndef GONG_AGENT_API_RULES_VIEW_H
#define GONG_AGENT_API_RULES_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "rules/engine/ruleset.h"

/* All is borrowed. */
struct gong_rules_view {
    const struct gong_ruleset *set;
    const json_t *alerts; /* an alert view's "alerts"; NULL: none */
    int64_t at_ms;        /* how far the engine is; 0: nowhere yet */
    /* Why a rule has no result; NULL: it has one, or none of them fails. */
    const char *(*fault)(void *ctx, const char *rule_id);
    void *ctx;
};

/* The caller json_decref()s; NULL without memory. */
json_t *gong_rules_view_json(const struct gong_rules_view *view);

/* Which of them. Borrowed; each list may be empty: all. */
struct gong_rules_query {
    const char *type; /* "alert", "record"; "": both */
    const char *names[16];
    size_t name_count;
    const char *groups[16];
    size_t group_count;
    const char *files[16];
    size_t file_count;
    bool no_alerts;
};

/* gong_rules_view_keep: takes out of an answer what was not asked for; a group
 * of which nothing remains goes too. */
void gong_rules_view_keep(json_t *answer, const struct gong_rules_query *query);

#endif
