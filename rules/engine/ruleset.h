/*
 * ruleset: rules as they were written, immutable once built. Loaders
 * (rules/rule_file.c) make it; the engine borrows it until it gets another.
 */
#ifndef GONG_RULES_ENGINE_RULESET_H
#define GONG_RULES_ENGINE_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/calendar.h"
#include "rules/engine/city.h"
#include "rules/engine/clause.h"
#include "rules/engine/promql.h"
#include "rules/engine/template.h"

#define GONG_RULES_MAX       10000     /* rules in a set */
#define GONG_INTERVAL_MIN_MS 100       /* of a group, if not 0: time alone */
                                       /* may have to walk a day of them */
#define GONG_RULE_LABELS_MAX      16   /* labels or annotations of a rule */
#define GONG_RULE_ANNOTATION_SIZE 2048 /* bytes of one rendered annotation */
#define GONG_RULE_LABEL_SIZE      256  /* bytes of one rendered label */

/* Transparent: plain data. All pointers are owned by the ruleset. */
struct gong_rule_text {
    char *name;
    char *text;                 /* as written */
    struct gong_template *tmpl; /* NULL: fixed text */
};

/* What an alert becomes whose data is missing or whose device is dark
 * (semantics rule 12). */
enum gong_on_missing {
    GONG_ON_MISSING_RESOLVE, /* missing is false; darkness says nothing */
    GONG_ON_MISSING_UNKNOWN,
    GONG_ON_MISSING_FIRE, /* missing and dark are true */
};

/* One step of an alert that climbs and falls, the least severe first. */
struct gong_rule_level {
    char *severity; /* what the label says */
    int64_t for_ms;
};

struct gong_rule {
    char *id; /* unique: the id key, else group/name/static labels */
    char *group;
    char *alert;  /* NULL: a recording */
    char *record; /* the metric that it feeds; NULL: an alert */
    char *expr_text;
    struct gong_expr *expr; /* all clauses, joined (clause.h) */
    struct gong_clauses clauses;
    struct gong_rule_level *levels; /* NULL: it has none */
    size_t level_count;
    bool trial;   /* evaluated and kept, but nobody is told */
    bool own;     /* the program's: in no ALERTS, not counted, not listed */
    char *active; /* the calendar's name, or NULL */
    const struct gong_calendar *calendar; /* of the set; NULL: always */
    int64_t interval_ms;                  /* 0: on every sample */
    int64_t lookback_ms; /* semantics rule 5; 5 minutes by default */
    int64_t for_ms;
    int64_t keep_firing_for_ms;
    enum gong_on_missing on_missing;
    struct gong_rule_text *labels;
    size_t label_count;
    struct gong_rule_text *annotations;
    size_t annotation_count;
    char *file; /* where it was written, for reports */
    int line;
    bool lookback_fixed; /* whatever devices declare */
    bool whole;          /* evaluated as a whole, even if a device's alone
                            could be: its labels may make two alerts one, as
                            whoever has the series knows; foreign sets only */
    uint32_t limit;      /* of results, or of alerts that are pending or fire;
                            with more there is none. 0: none */
};

struct gong_ruleset {
    struct gong_rule *rules;
    size_t count;
    struct gong_calendar *calendars;
    size_t calendar_count;
    struct gong_city *city; /* NULL: none; foreign sets have none */
    /* Rules of a Prometheus, for samples of one: up, unit_up and device_dark
     * are series like others, and rules run in their order at each instant, so
     * that ALERTS and what is recorded are seen as there. */
    bool foreign;
    int64_t subquery_step_ms; /* of those that name none; 0: one minute */
};

/* gong_rule_is_whole: whether its labels say that results of several devices
 * may have to be told apart, or that they change with the value: such a rule is
 * evaluated as a whole. */
bool gong_rule_is_whole(const struct gong_rule *rule);

/* gong_rule_is_plain: whether one expression and time alone say all: no levels,
 * no resolve, no calendar. */
bool gong_rule_is_plain(const struct gong_rule *rule);

/* gong_rule_lacking: a parameter of the city model that the rule names and no
 * device has, NULL if there is none: then the name is one like others, of any
 * series. A rule that would be one of a single device with it is evaluated as a
 * whole, and on_missing is "resolve". NULL city: there is no model. */
const char *gong_rule_lacking(const struct gong_rule *rule,
                              const struct gong_city *city);

/* gong_rule_same_labels: as written, in the same order. */
bool gong_rule_same_labels(const struct gong_rule *a,
                           const struct gong_rule *b);

/* gong_rule_sort_labels: by name. */
void gong_rule_sort_labels(struct gong_rule *rule);

/* gong_rule_make_id: group/name and the labels, which are sorted (semantics
 * rule 18), and #number past the first of one name. Heap; NULL without memory,
 * also where it was missing for a label. */
char *gong_rule_make_id(const struct gong_rule *rule, size_t number);

/* gong_rule_text_reads_value: whether a template mentions the value. */
bool gong_rule_text_reads_value(const char *text);

void gong_ruleset_free(struct gong_ruleset *set);

/* gong_ruleset_listed: how many rules are not the program's own. */
size_t gong_ruleset_listed(const struct gong_ruleset *set);

/* gong_rule_name: of its alert, or of the metric that it records. */
static inline const char *
gong_rule_name(const struct gong_rule *rule)
{
    return rule->alert != NULL ? rule->alert : rule->record;
}

/* gong_rule_fini: what one rule holds, where it is in no set. */
void gong_rule_fini(struct gong_rule *rule);

#endif
