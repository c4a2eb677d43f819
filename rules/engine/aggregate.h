/*
 * aggregate: the form `AGG by (labels) (P)` with whatever else of numbers
 * stands around it: `avg by (site) (x / 10) * 2 > 5`. AGG is sum, avg, min,
 * max, count or group; P reads one series at a time, its newest sample only.
 *
 *   series --members--> value --groups.h--> one number a group --outer-->
 * result
 */
#ifndef GONG_RULES_ENGINE_AGGREGATE_H
#define GONG_RULES_ENGINE_AGGREGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/labelset.h"
#include "rules/engine/plan.h"

enum gong_aggregate_kind {
    GONG_AGGREGATE_SUM,
    GONG_AGGREGATE_AVG,
    GONG_AGGREGATE_MIN,
    GONG_AGGREGATE_MAX,
    GONG_AGGREGATE_COUNT,
    GONG_AGGREGATE_GROUP,
};

struct gong_aggregate {
    enum gong_aggregate_kind kind;
    bool plain; /* P is the selector itself */
    bool without;
    const struct gong_expr_node *node; /* of the expression's */
    uint32_t *names;                   /* symbols of by's or without's labels */
    uint32_t name_count;
    struct gong_plan *members; /* P; its one leaf is the selector */
    struct gong_plan *outer;   /* its one leaf is what a group comes to */
};

/* gong_aggregate_new: NULL with error filled where the expression is not of
 * this form, or without memory. expr is borrowed until free. */
struct gong_aggregate *gong_aggregate_new(const struct gong_expr *expr,
                                          struct gong_expr_error *error);
void gong_aggregate_free(struct gong_aggregate *aggregate);

/* gong_aggregate_name: interns the names of its labels. */
enum gong_err gong_aggregate_name(struct gong_aggregate *aggregate,
                                  struct gong_symbols *symbols) GONG_MUST_CHECK;

/* gong_aggregate_labelset: the label set of the group that a member with this
 * one belongs to; 0 without memory. */
uint32_t gong_aggregate_labelset(const struct gong_aggregate *aggregate,
                                 struct gong_labelsets *sets, uint32_t set);

/* gong_aggregate_member: what a member with this sample comes to; false where
 * P has no result. */
static inline bool
gong_aggregate_member(const struct gong_aggregate *aggregate, double sample,
                      double *value)
{
    struct gong_plan_input input = {sample, true};

    *value = sample;
    return aggregate->plain ||
           gong_plan_run(aggregate->members, &input, 0, value);
}

#endif
