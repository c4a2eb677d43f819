#include "rules/engine/reads.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/timer.h"

static bool
is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a call does to the instants at which a rule is looked at. */
static void
note_call(struct gong_reads *reads, const struct gong_expr_node *node)
{
    static const char *const moving[] = {"rate", "increase", "delta",
                                         "predict_linear"};
    static const char *const dates[] = {
        "hour",         "minute",      "month",         "year",
        "day_of_month", "day_of_week", "days_in_month", "day_of_year"};
    static const char *const silent[] = {"absent", "absent_over_time"};

    reads->moves |=
        is_one_of(node->text, moving, sizeof moving / sizeof moving[0]);
    reads->moves_alone |=
        strcmp(node->text, "time") == 0 ||
        (node->arg_count == 0 &&
         is_one_of(node->text, dates, sizeof dates / sizeof dates[0]));
    reads->silence |=
        is_one_of(node->text, silent, sizeof silent / sizeof silent[0]);
}

static void
note_node(struct gong_reads *reads, const struct gong_expr_node *node)
{
    switch (node->kind) {
    case GONG_EXPR_CALL:
        note_call(reads, node);
        break;
    case GONG_EXPR_SUBQUERY:
        reads->moves = true;
        break;
    case GONG_EXPR_BINARY:
        reads->silence |= node->op == GONG_OP_OR || node->op == GONG_OP_UNLESS;
        break;
    case GONG_EXPR_NUMBER:
    case GONG_EXPR_STRING:
    case GONG_EXPR_SELECTOR:
    case GONG_EXPR_UNARY:
    case GONG_EXPR_AGGREGATE:
    case GONG_EXPR_PAREN:
        break;
    }
}

static bool
check_when(const struct gong_expr_node *node, struct gong_expr_error *error)
{
    if (node->anchor != GONG_ANCHOR_NONE) {
        return gong_expr_fail(error, node->at,
                              "found an @ modifier, expected none: a rule "
                              "looks at the present");
    }
    if (node->offset_ms < 0) {
        return gong_expr_fail(error, node->at,
                              "found an offset into the future, expected one "
                              "into the past");
    }
    return true;
}

/* Of several matchers of the name one that says it is enough. */
static const char *
metric_of(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;

    return node->matcher_count > 0 && strcmp(first->name, "__name__") == 0 &&
                   first->op == GONG_MATCH_EQUAL && first->value[0] != '\0'
               ? first->value
               : NULL;
}

static int64_t
bounded(int64_t ms)
{
    return ms < GONG_INSTANT_MAX ? ms : GONG_INSTANT_MAX;
}

static bool
add_read(struct gong_reads *reads, const struct gong_expr *expr, uint32_t n,
         int64_t behind, struct gong_expr_error *error)
{
    const struct gong_expr_node *node = &expr->nodes[n];
    struct gong_read *read = &reads->all[reads->count];

    if (reads->count == GONG_READS_MAX) {
        return gong_expr_fail(error, node->at,
                              "found more than %d selectors, expected at most "
                              "these",
                              GONG_READS_MAX);
    }
    *read = (struct gong_read){
        .node = n,
        .metric = metric_of(node),
        .need_ms = bounded(behind + node->range_ms + node->offset_ms),
    };
    read->back = node->range_ms == 0 && read->need_ms > 0;
    read->matchers =
        gong_matchers_new(node->matchers, node->matcher_count, error);
    reads->count += read->matchers != NULL;
    return read->matchers != NULL;
}

/* From the root down, so that a selector knows the subqueries around it:
 * behind holds how far back they look in all. */
static bool
walk(struct gong_reads *reads, const struct gong_expr *expr, int64_t *behind,
     struct gong_expr_error *error)
{
    for (uint32_t i = expr->count; i > 0; i--) {
        const struct gong_expr_node *node = &expr->nodes[i - 1];
        int64_t below = behind[i - 1];

        note_node(reads, node);
        if (!check_when(node, error)) {
            return false;
        }
        if (node->kind == GONG_EXPR_SELECTOR &&
            !add_read(reads, expr, i - 1, below, error)) {
            return false;
        }
        if (node->kind == GONG_EXPR_SUBQUERY) {
            below = bounded(below + node->range_ms + node->offset_ms);
        }
        for (size_t a = 0; a < node->arg_count; a++) {
            behind[node->args[a]] = below;
        }
    }
    return true;
}

static bool
check_type(const struct gong_expr *expr, struct gong_expr_error *error)
{
    const struct gong_expr_node *root = &expr->nodes[expr->root];

    if (root->type == GONG_VALUE_VECTOR || root->type == GONG_VALUE_SCALAR) {
        return true;
    }
    return gong_expr_fail(
        error, root->at, "found a %s, expected an instant vector or a number",
        root->type == GONG_VALUE_STRING ? "text" : "range vector");
}

struct gong_reads *
gong_reads_new(const struct gong_expr *expr, struct gong_expr_error *error)
{
    struct gong_reads *reads = calloc(1, sizeof *reads);
    int64_t *behind = calloc(expr->count, sizeof *behind);
    bool fine = false;

    if (reads != NULL) {
        reads->all = calloc(expr->count, sizeof *reads->all);
    }
    if (reads == NULL || reads->all == NULL || behind == NULL) {
        (void)gong_expr_no_memory(error, 0);
    } else {
        fine = check_type(expr, error) && walk(reads, expr, behind, error);
    }
    free(behind);
    if (fine) {
        return reads;
    }
    gong_reads_free(reads);
    return NULL;
}

void
gong_reads_free(struct gong_reads *reads)
{
    if (reads == NULL) {
        return;
    }
    for (uint32_t i = 0; i < reads->count; i++) {
        gong_matchers_free(reads->all[i].matchers);
    }
    free(reads->all);
    free(reads);
}

uint32_t
gong_reads_find(const struct gong_reads *reads, uint32_t node)
{
    uint32_t i = 0;

    while (i + 1 < reads->count && reads->all[i].node != node) {
        i++;
    }
    return i;
}
