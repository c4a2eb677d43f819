/*
 * desk_decision: why an incident's alert went as it did: the clause that was
 * looked at, what it gave, and when the sample behind it was where. Kept with
 * the entry of the incident's history that it caused.
 */
#ifndef GONG_AGENT_DESK_DESK_DECISION_H
#define GONG_AGENT_DESK_DESK_DECISION_H

#include <stdint.h>

#include "common/str.h"

/* Texts are borrowed. Times are wall-clock ms, 0 where there is none: where
 * time alone decided, nothing was captured. */
struct gong_desk_decision {
    struct gong_str reason; /* gong_effect_reason_text */
    struct gong_str expr;   /* the clause; empty: not known */
    double value;
    unsigned level; /* 0: none */
    uint64_t position;
    uint32_t ordinal;
    int64_t at_ms; /* on the rule's clock */
    int64_t captured_ms;
    int64_t published_ms;
    int64_t received_ms;
    int64_t decided_ms;
};

#endif
