/*
 * gap_rules: of a rule set those rules that the samples of one device alone
 * decide: they may be played again for it over times whose samples came late.
 *
 * Alerts that the engine evaluates device by device (semantics rule 2); no
 * aggregates, nothing evaluated as a whole, as recordings are and what reads
 * one; no trial, none of the program's own, none of presence only.
 */
#ifndef GONG_AGENT_GAP_GAP_RULES_H
#define GONG_AGENT_GAP_GAP_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/ruleset.h"

/* Transparent; {0} is empty. */
struct gong_gap_rules {
    /* For an engine; never to be freed as a rule set: it borrows all of its
     * rules. */
    struct gong_ruleset set;
    /* How much earlier samples must begin for its states to be right: the
     * longest of ranges, offsets, look-backs, `for` and keep. Longer look-backs
     * that devices declare are not in it. */
    int64_t warm_ms;
    char **metrics; /* that they read, sorted */
    size_t metric_count;
};

/* gong_gap_rules_init: whole is borrowed until fini. INVALID: it is none that
 * an engine takes. */
enum gong_err
gong_gap_rules_init(struct gong_gap_rules *rules,
                    const struct gong_ruleset *whole) GONG_MUST_CHECK;
void gong_gap_rules_fini(struct gong_gap_rules *rules);

/* gong_gap_rules_read: whether one of them reads the metric. */
bool gong_gap_rules_read(const struct gong_gap_rules *rules,
                         struct gong_str metric);

#endif
