/*
 * book: a rule set made ready: each rule's plan, the shape it takes on the hot
 * path, and which selectors wait for which metric. Immutable once compiled; it
 * borrows the rule set.
 */
#ifndef GONG_RULES_ENGINE_BOOK_H
#define GONG_RULES_ENGINE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/aggregate.h"
#include "rules/engine/alert.h"
#include "rules/engine/plan.h"
#include "rules/engine/reads.h"
#include "rules/engine/ruleset.h"
#include "rules/engine/symbol.h"

enum gong_book_form {
    GONG_FORM_THRESHOLD, /* one selector compared with a number */
    GONG_FORM_SINGLE,    /* one selector, any program of its newest sample */
    GONG_FORM_WINDOW,    /* one selector, and more than its newest sample, the
                            time or a parameter, counts */
    GONG_FORM_JOINT,     /* several selectors */
    GONG_FORM_GENERAL,   /* evaluated as a whole: engine_query.h */
    GONG_FORM_AGGREGATE, /* members and groups: groups.h */
};

struct gong_book_rule {
    const struct gong_rule *rule; /* borrowed */
    struct gong_plan *plan;       /* NULL: GENERAL; AGGREGATE: of a member */
    struct gong_aggregate *aggregate; /* AGGREGATE; owns the plan */
    struct gong_reads *reads;         /* GENERAL */
    uint32_t general;                 /* GENERAL: the how manieth, from 1 */
    uint32_t first_read;              /* GENERAL: of all that such rules read */
    uint32_t record; /* symbol of the metric that it feeds; 0: an alert */
    uint32_t metric; /* symbol of what its results keep; 0: none, GENERAL */
    char *canonical;
    struct gong_clause_code code; /* not GENERAL */
    struct gong_alert_terms terms;
    int64_t lookback_ms;
    bool lookback_fixed;
    int64_t interval_ms; /* 0: on every sample, on the device's clock */
    enum gong_book_form form;
    enum gong_op op; /* THRESHOLD: value op number */
    double number;
    /* Whether silence of a selector can make the result true: with or and
     * unless it can. Then instances at rest need timers too. */
    bool silence;
    /* Whether time alone can make the result true: silence, a sample that
     * enters a window or leaves it, or time() itself. Likewise. */
    bool restless;
    /* A function of a window that lies between its samples, compared with a
     * number, op and number as above: it cannot become true while all samples
     * lie on the other side. */
    bool between;
    bool trend;    /* its texts ask for a trend (engine_trend.c) */
    bool presence; /* reads presence only */
    bool journal;  /* runs on journal time, not on the device's clock */
    enum gong_severity severity; /* of the rule's label; levels have others */
};

/* How far back a trend looks. */
#define GONG_TREND_MS INT64_C(3600000)

/* gong_book_severity: of an alert at a level. */
enum gong_severity gong_book_severity(const struct gong_book_rule *rule,
                                      unsigned level);

struct gong_book_leaf {
    uint32_t metric; /* symbol; 0: any */
    uint32_t rule;
    uint32_t leaf; /* of a plan, or one of reads */
};

struct gong_book {
    struct gong_book_rule *rules; /* a recording before what reads it */
    uint32_t count;
    uint32_t general_count;
    uint32_t read_count;
    bool foreign;                  /* as of the rule set */
    bool reads_alerts;             /* foreign: and so all alerts are GENERAL */
    int64_t subquery_step_ms;      /* 0: the evaluator's own */
    struct gong_book_leaf *leaves; /* by metric, rule, leaf */
    uint32_t leaf_count;
    uint32_t *by_id;    /* rules in the order of their ids */
    uint32_t *recorded; /* symbols of what recordings feed, sorted */
    uint32_t recorded_count;
    const struct gong_city *city; /* of the set; NULL: none */
    uint32_t *params;             /* symbols of the city's metrics */
    uint32_t *params_sorted;
    uint32_t expected; /* symbol of param_expected; 0: no city has it */
};

#define GONG_BOOK_NONE UINT32_MAX

/* gong_book_compile: fills book; on error it is empty, and fini is fine.
 * GONG_ERR_INVALID where a plan is refused, two ids are equal or there are too
 * many rules. set is borrowed until fini. */
enum gong_err gong_book_compile(struct gong_book *book,
                                const struct gong_ruleset *set,
                                struct gong_symbols *symbols) GONG_MUST_CHECK;
void gong_book_fini(struct gong_book *book);

/* gong_book_find: the rule with this id, or GONG_BOOK_NONE. */
uint32_t gong_book_find(const struct gong_book *book, const char *id);

/* gong_book_is_recorded: whether a recording feeds this metric, so that no
 * payload may; in a foreign set both do. */
bool gong_book_is_recorded(const struct gong_book *book, uint32_t metric);

/* gong_book_is_param: whether the city model feeds this metric. */
bool gong_book_is_param(const struct gong_book *book, uint32_t metric);

/* book_same.c */

/* gong_book_same: whether two rules mean the same, so that state goes on. */
bool gong_book_same(const struct gong_book_rule *a,
                    const struct gong_book_rule *b);

/* gong_book_identity: equal for books that mean the same, rule by rule. */
uint64_t gong_book_identity(const struct gong_book *book);

/* gong_book_check: whether a rule may have this expression, or a clause of it,
 * in a foreign set or in one of ours; false with error filled. */
bool gong_book_check(const struct gong_expr *expr, bool foreign,
                     struct gong_expr_error *error);

/* gong_book_leaves: the selectors that name a metric, and how many; of metric 0
 * those that take several. gong_book_is_read: whether there are any at all. */
const struct gong_book_leaf *gong_book_leaves(const struct gong_book *book,
                                              uint32_t metric, uint32_t *count);
bool gong_book_is_read(const struct gong_book *book, uint32_t metric);

/* gong_threshold_is_far: whether value op number is false by far more than what
 * averages of such values can be off; op is no == or !=. */
static inline bool
gong_threshold_is_far(enum gong_op op, double value, double number)
{
    double off = (value < 0 ? -value : value) * 1e-9;

    return op == GONG_OP_GT || op == GONG_OP_GE ? value + off < number
                                                : value - off > number;
}

#endif
