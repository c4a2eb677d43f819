/*
 * effect: what the engine tells the world, in order. (position, ordinal) names
 * an effect for good: the same journal gives the same effects, byte for byte.
 */
#ifndef GONG_RULES_ENGINE_EFFECT_H
#define GONG_RULES_ENGINE_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/ruleset.h"
#include "rules/engine/template.h"

enum gong_alert_state {
    GONG_ALERT_INACTIVE,
    GONG_ALERT_PENDING,
    GONG_ALERT_FIRING,
    GONG_ALERT_KEEPING, /* condition false, keep_firing_for not over: still
                           firing to people */
    GONG_ALERT_UNKNOWN, /* it fired, then its device turned dark or its data
                           went missing: still open to people */
};

/* How bad, by the label `severity`. */
enum gong_severity {
    GONG_SEVERITY_OTHER, /* none, or another word */
    GONG_SEVERITY_INFO,
    GONG_SEVERITY_WARNING,
    GONG_SEVERITY_CRITICAL,
};

/* gong_severity_of: of a label's text. gong_severity_text: NULL for OTHER. */
enum gong_severity gong_severity_of(const char *text);
const char *gong_severity_text(enum gong_severity severity);

const char *gong_alert_state_text(enum gong_alert_state state);
/* gong_alert_state_valid: whether a number names a state. */
bool gong_alert_state_valid(unsigned state);
/* gong_alert_state_open: whether people see the alert as firing. */
bool gong_alert_state_open(enum gong_alert_state state);
/* gong_alert_text_open: the same of a state's text; false of any other. */
bool gong_alert_text_open(const char *text);

enum gong_effect_reason {
    GONG_REASON_CONDITION, /* the expression became true or false */
    GONG_REASON_FOR,       /* `for` was over */
    GONG_REASON_KEEP,      /* keep_firing_for was over */
    /* No sample within look-back of a selector that fed the last true result
     * (semantics rule 12). */
    GONG_REASON_MISSING,
    GONG_REASON_DARK,         /* the device is dark */
    GONG_REASON_RULE_REMOVED, /* a new rule set dropped or changed the rule */
    GONG_REASON_RESOLVE,      /* resolve became true */
    GONG_REASON_LEVEL,        /* another level: from and to are equal */
    GONG_REASON_CALENDAR,     /* the rule's calendar closed */
    GONG_REASON_LIMIT,        /* it and others are more than the rule's limit */
};

const char *gong_effect_reason_text(enum gong_effect_reason reason);

/* A sample of a recorded series, or of one of presence; a stale marker
 * (sample.h) ends it. position as of effects; ordinals rise among samples
 * and are no lower than of the effects before. Valid during the call only. */
struct gong_recorded {
    uint64_t position;
    uint32_t ordinal;
    const char *name;             /* the metric's */
    const struct gong_rule *rule; /* NULL: presence */
    int64_t at_ms;
    double value;
    const struct gong_label_view *labels; /* sorted, without the name */
    size_t label_count;
};

/* All pointers are borrowed and valid during the call only. */
struct gong_effect {
    uint64_t position; /* journal offset of the record that caused it */
    uint32_t ordinal;  /* 0, 1, 2 ... within that record */
    int64_t journal_ms;

    const struct gong_rule *rule;
    enum gong_alert_state from;
    enum gong_alert_state to;
    enum gong_effect_reason reason;
    int64_t at_ms;    /* instant of the decision on the rule's clock */
    int64_t since_ms; /* when the condition became true */
    double value;     /* newest true value */
    /* By how much the value changes in an hour, over the last one; where the
     * rule's texts ask for it, and enough is known. */
    bool has_trend;
    double trend;
    /* The name that the result kept, for templates; empty where it kept none,
     * or where its label set has it. */
    struct gong_str metric;
    /* Of rules with levels, from 1 on; 0: none, or it is at rest or pending.
     * The label severity says the level's. */
    unsigned from_level;
    unsigned to_level;

    /* alertname, the series' labels without the metric name, the rule's
     * labels (which win); sorted by name. */
    const struct gong_label_view *labels;
    size_t label_count;
    const struct gong_label_view *annotations; /* rendered, rule's order */
    size_t annotation_count;
    /* FNV-1a 64 over labels: name 0xff value 0xff; of presence rules and those
     * with levels without severity, which is not always the same. */
    uint64_t fingerprint;

    /* Of rules that read presence only: they take the worst severity of the
     * alerts that are unknown while the device or unit is dark, as it is when
     * they fire, and keep it to the end. */
    bool presence;
    enum gong_severity worst; /* wins over the rule's label if it is worse */
    uint32_t hidden;          /* how many alerts those are */

    /* Latency stamps of the sample that caused it; 0 where a timer did. */
    int64_t captured_ms;
    int64_t published_ms; /* 0 without header */
    int64_t received_ms;
};

#endif
