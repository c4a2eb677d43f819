/*
 * replay_report: what a replay tells: the alert timeline while it runs, and at
 * the end what came of each rule.
 *
 *   table   2026-01-31T01:00:05Z firing    LampOverheating{device="d"} 71 (for)
 *   csv     time,at_ms,rule,alert,from,state,reason,since_ms,value,labels
 *   json    {"event":"transition",...} a line, last {"event":"summary",...}
 */
#ifndef GONG_RULES_TOOL_REPLAY_REPORT_H
#define GONG_RULES_TOOL_REPLAY_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/effect.h"
#include "rules/engine/engine.h"

enum gong_replay_format {
    GONG_REPLAY_TABLE,
    GONG_REPLAY_JSON,
    GONG_REPLAY_CSV,
};

struct gong_replay_report;

/* set and out are borrowed. pending: the table tells of pending alerts too.
 * NULL without memory. */
struct gong_replay_report *
gong_replay_report_new(const struct gong_ruleset *set,
                       enum gong_replay_format format, bool pending, FILE *out);
void gong_replay_report_free(struct gong_replay_report *report);

/* gong_replay_report_effect: a gong_effect_fn whose ctx is the report. */
void gong_replay_report_effect(void *ctx, const struct gong_effect *effect);

/* gong_replay_report_fault: a gong_fault_fn whose ctx is the report.
 * gong_replay_report_faults: a line for each rule that had no result, whatever
 * the format is: who looks at its alerts alone takes it for a sound one. */
void gong_replay_report_fault(void *ctx, const struct gong_rule_fault *fault);
void gong_replay_report_faults(const struct gong_replay_report *report,
                               FILE *err);

/* gong_replay_report_end: the summary, once; from and to are the first and the
 * last instant. Returns MEMORY where it was short on the way: then the summary
 * is missing. */
enum gong_err gong_replay_report_end(struct gong_replay_report *report,
                                     const struct gong_engine_stats *stats,
                                     int64_t from_ms,
                                     int64_t to_ms) GONG_MUST_CHECK;

#endif
