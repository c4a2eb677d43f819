/*
 * cost: what a rule costs the engine in memory, by measuring: an engine with
 * this rule alone is fed series made for its selectors.
 */
#ifndef GONG_RULES_TOOL_COST_H
#define GONG_RULES_TOOL_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/ruleset.h"

struct gong_cost {
    uint64_t series;       /* that were fed */
    uint64_t rest_bytes;   /* per series, nothing being true */
    uint64_t firing_bytes; /* per series, all alerts open; 0: none would */
};

/* gong_cost_measure: with windows full of a sample each every_ms, 0: each of
 * the group's intervals, else 10 s; of windows with more than 400 samples the
 * others are reckoned from these, up to as many as a window holds
 * (sample_window.h). All clauses count, with what is held for alerts that
 * levels, resolve and on_missing keep open. What reads parameters is of a city
 * model in which each device has them all. foreign: as of the rule's set.
 * UNSUPPORTED where no series can be made, as for the agent's own of presence.
 */
enum gong_err gong_cost_measure(const struct gong_rule *rule, bool foreign,
                                int64_t every_ms,
                                struct gong_cost *cost) GONG_MUST_CHECK;

struct gong_cost_result {
    enum gong_err err;
    struct gong_cost cost; /* if that is OK */
};

/* cost_all.c: all rules of a set; out has room for as many. */
void gong_cost_measure_all(const struct gong_ruleset *set, int64_t every_ms,
                           struct gong_cost_result *out);

#endif
