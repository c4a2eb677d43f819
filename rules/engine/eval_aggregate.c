/*
 * A group is the label set that its members become, numbered in the order of
 * first members. Numbers that can be folded are folded as they come, which is
 * the order of series; topk, bottomk and quantile first put members together:
 *
 *   memo[0]     set -> group's set
 *   marks[1]    group's set -> group's number + 1
 *   scratch[0]  groups
 *   scratch[1]  of each member, its group's number
 *   scratch[2]  members by group
 */
#include "rules/engine/eval_private.h"
#include "rules/engine/eval_order.h"
#include "rules/engine/eval_space.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/range_fn.h"

enum aggregate {
    AGGREGATE_AVG,
    AGGREGATE_BOTTOMK,
    AGGREGATE_COUNT,
    AGGREGATE_COUNT_VALUES,
    AGGREGATE_GROUP,
    AGGREGATE_MAX,
    AGGREGATE_MIN,
    AGGREGATE_QUANTILE,
    AGGREGATE_STDDEV,
    AGGREGATE_STDVAR,
    AGGREGATE_SUM,
    AGGREGATE_TOPK,
};

static const char *const aggregate_names[] = {
    [AGGREGATE_AVG] = "avg",       [AGGREGATE_BOTTOMK] = "bottomk",
    [AGGREGATE_COUNT] = "count",   [AGGREGATE_COUNT_VALUES] = "count_values",
    [AGGREGATE_GROUP] = "group",   [AGGREGATE_MAX] = "max",
    [AGGREGATE_MIN] = "min",       [AGGREGATE_QUANTILE] = "quantile",
    [AGGREGATE_STDDEV] = "stddev", [AGGREGATE_STDVAR] = "stdvar",
    [AGGREGATE_SUM] = "sum",       [AGGREGATE_TOPK] = "topk",
};

/* 1.797e308 in full, its sign, and a NUL. */
#define PLAIN_NUMBER_SIZE 400

struct group {
    uint32_t set;
    uint32_t count;
    double value;
    double mean;
    size_t first; /* in members by group */
};

bool
gong_eval_aggregate_find(struct gong_eval_state *state)
{
    for (int i = 0; i <= AGGREGATE_TOPK; i++) {
        if (strcmp(state->expr->text, aggregate_names[i]) == 0) {
            state->function = i;
            return true;
        }
    }
    return false;
}

static void
fold_mean(struct group *group, double value)
{
    double count = (double)group->count;

    /* An infinite mean stays what it is but for the other infinity and NaN. */
    if (isinf(group->mean) && !isnan(value) &&
        (!isinf(value) || (group->mean > 0) == (value > 0))) {
        return;
    }
    group->mean += value / count - group->mean / count;
}

static void
fold(enum aggregate aggregate, struct group *group, double value)
{
    double delta = value - group->mean;

    group->count++;
    switch (aggregate) {
    case AGGREGATE_SUM:
        group->value += value;
        break;
    case AGGREGATE_AVG:
        fold_mean(group, value);
        break;
    case AGGREGATE_MAX:
        if (group->value < value || isnan(group->value)) {
            group->value = value;
        }
        break;
    case AGGREGATE_MIN:
        if (group->value > value || isnan(group->value)) {
            group->value = value;
        }
        break;
    case AGGREGATE_STDDEV:
    case AGGREGATE_STDVAR:
        group->mean += delta / (double)group->count;
        group->value += delta * (value - group->mean);
        break;
    case AGGREGATE_COUNT:
    case AGGREGATE_COUNT_VALUES:
    case AGGREGATE_GROUP:
    case AGGREGATE_BOTTOMK:
    case AGGREGATE_QUANTILE:
    case AGGREGATE_TOPK:
        break;
    }
}

static double
value_of(enum aggregate aggregate, const struct group *group)
{
    switch (aggregate) {
    case AGGREGATE_AVG:
        return group->mean;
    case AGGREGATE_COUNT:
    case AGGREGATE_COUNT_VALUES:
        return (double)group->count;
    case AGGREGATE_STDDEV:
        return sqrt(group->value / (double)group->count);
    case AGGREGATE_STDVAR:
        return group->value / (double)group->count;
    case AGGREGATE_GROUP:
        return 1;
    case AGGREGATE_MAX:
    case AGGREGATE_MIN:
    case AGGREGATE_SUM:
    case AGGREGATE_BOTTOMK:
    case AGGREGATE_QUANTILE:
    case AGGREGATE_TOPK:
        break;
    }
    return group->value;
}

static uint32_t
group_of(struct gong_eval *eval, uint32_t index, uint32_t set)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_marks *memo = gong_eval_memo(eval, index, &state->memo[0]);
    uint32_t group = memo == NULL ? 0 : gong_eval_marked(memo, set);

    if (memo == NULL || group != 0) {
        return group;
    }
    group = gong_eval_reduce(eval, index, set, &state->names[0],
                             !state->expr->without);
    return group != 0 && gong_eval_mark(eval, index, memo, set, group) ? group
                                                                       : 0;
}

/* The number of the group with that set, begun with value if it is new. */
static bool
add_member(struct gong_eval *eval, uint32_t index, uint32_t set, double value,
           uint32_t *number)
{
    struct gong_eval_state *state = &eval->states[index];
    enum aggregate aggregate = (enum aggregate)state->function;
    uint32_t known = gong_eval_marked(&state->marks[1], set);
    bool spread =
        aggregate == AGGREGATE_STDDEV || aggregate == AGGREGATE_STDVAR;
    struct group *groups = state->scratch[0].data;

    if (known != 0) {
        *number = known - 1;
        fold(aggregate, &groups[known - 1], value);
        return true;
    }
    if (!gong_eval_grow(eval, &state->scratch[0], state->scratch_count + 1,
                        sizeof *groups)) {
        return gong_eval_no_memory(eval, index);
    }
    groups = state->scratch[0].data;
    *number = (uint32_t)state->scratch_count++;
    groups[*number] = (struct group){
        .set = set, .count = 1, .value = spread ? 0 : value, .mean = value};
    return gong_eval_mark(eval, index, &state->marks[1], set, *number + 1);
}

static bool
open_groups(struct gong_eval *eval, uint32_t index, size_t count)
{
    struct gong_eval_state *state = &eval->states[index];

    state->scratch_count = 0;
    return gong_eval_names(eval, index, &state->names[0], state->expr->labels,
                           state->expr->label_count) &&
           gong_eval_marks_begin(eval, index, &state->marks[1]) &&
           gong_eval_clear(eval, index, count);
}

static bool
put_groups(struct gong_eval *eval, uint32_t index)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct group *groups = state->scratch[0].data;

    for (size_t i = 0; i < state->scratch_count; i++) {
        gong_eval_put(state, groups[i].set,
                      value_of((enum aggregate)state->function, &groups[i]));
    }
    return true;
}

static bool
aggregate_folded(struct gong_eval *eval, uint32_t index,
                 const struct gong_eval_vector *vector)
{
    const struct gong_eval_sample *items = gong_eval_items(vector);

    for (size_t i = 0; i < vector->count; i++) {
        uint32_t set = group_of(eval, index, items[i].set);
        uint32_t number = 0;

        if (set == 0 ||
            !add_member(eval, index, set, items[i].value, &number)) {
            return false;
        }
    }
    return put_groups(eval, index);
}

/* Without an exponent, as few digits as read back. */
static size_t
print_plain(double value, char out[static PLAIN_NUMBER_SIZE])
{
    char text[GONG_NUMBER_TEXT_SIZE] = "";
    size_t len = gong_promql_number_text(value, text);
    const char *exponent = memchr(text, 'e', len);
    char digits[GONG_NUMBER_TEXT_SIZE];
    size_t count = 0;
    size_t used = 0;
    int point = 1; /* digits before the point */
    int power = 0;

    if (exponent == NULL) {
        memcpy(out, text, len);
        return len;
    }
    for (const char *c = text; c < exponent; c++) {
        if (*c >= '0' && *c <= '9') {
            digits[count++] = *c;
        }
    }
    for (const char *c = exponent + 2; c < text + len; c++) {
        power = power * 10 + (*c - '0');
    }
    point += exponent[1] == '-' ? -power : power;
    if (text[0] == '-') {
        out[used++] = '-';
    }
    if (point <= 0) {
        out[used++] = '0';
        out[used++] = '.';
    }
    for (int i = point; i < 0; i++) {
        out[used++] = '0';
    }
    for (size_t i = 0; i < count || (int)i < point; i++) {
        if (i != 0 && (int)i == point) {
            out[used++] = '.';
        }
        out[used++] = i < count ? digits[i] : '0';
    }
    return used;
}

/* The member's set with the value as one more label, then its group. */
static uint32_t
group_of_value(struct gong_eval *eval, uint32_t index, uint32_t label,
               struct gong_eval_sample item)
{
    struct gong_eval_state *state = &eval->states[index];
    bool keep = !state->expr->without;
    char text[PLAIN_NUMBER_SIZE];
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    struct gong_label_pair pair = {label, 0};
    uint32_t set = item.set;
    size_t count = 0;

    pair.value = gong_eval_symbol(
        eval, index, gong_str_from(text, print_plain(item.value, text)));
    if (pair.value == 0) {
        return 0;
    }
    /* What goes goes first, so that few sets are made; only a label that
     * without() names goes after it was set. */
    set = group_of(eval, index, set);
    if (set == 0) {
        return 0;
    }
    count = gong_eval_pairs(eval, set, pairs);
    if (!gong_eval_set_label(eval, index, pairs, &count, pair)) {
        return 0;
    }
    set = gong_eval_intern(eval, index, pairs, count);
    return keep || set == 0
               ? set
               : gong_eval_reduce(eval, index, set, &state->names[0], false);
}

static bool
count_values(struct gong_eval *eval, uint32_t index, const char *label,
             const struct gong_eval_vector *vector)
{
    const struct gong_eval_sample *items = gong_eval_items(vector);
    char word[GONG_EXPR_WORD_SIZE];
    uint32_t symbol = 0;

    if (!gong_eval_is_label(gong_str_of(label))) {
        return gong_eval_fail(eval, index, GONG_EVAL_PARAMETER,
                              "found %s as count_values()'s label, expected a "
                              "label's name",
                              gong_expr_word(gong_str_of(label), word));
    }
    symbol = gong_eval_symbol(eval, index, gong_str_of(label));
    for (size_t i = 0; symbol != 0 && i < vector->count; i++) {
        uint32_t set = group_of_value(eval, index, symbol, items[i]);
        uint32_t number = 0;

        if (set == 0 ||
            !add_member(eval, index, set, items[i].value, &number)) {
            return false;
        }
    }
    return symbol != 0 && put_groups(eval, index);
}

/* Fills scratch[2] with members by group, in their order. */
static bool
gather(struct gong_eval *eval, uint32_t index,
       const struct gong_eval_vector *vector)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_sample *items = gong_eval_items(vector);
    struct gong_eval_sample *members = NULL;
    struct group *groups = NULL;
    uint32_t *numbers = NULL;
    size_t at = 0;

    /* Half of the members' space is for sorting. */
    if (!gong_eval_grow(eval, &state->scratch[1], vector->count,
                        sizeof *numbers) ||
        !gong_eval_grow(eval, &state->scratch[2], 2 * vector->count,
                        sizeof *members)) {
        return gong_eval_no_memory(eval, index);
    }
    numbers = state->scratch[1].data;
    members = state->scratch[2].data;
    for (size_t i = 0; i < vector->count; i++) {
        uint32_t set = group_of(eval, index, items[i].set);

        if (set == 0 ||
            !add_member(eval, index, set, items[i].value, &numbers[i])) {
            return false;
        }
    }
    groups = state->scratch[0].data;
    for (size_t i = 0; i < state->scratch_count; i++) {
        groups[i].first = at;
        at += groups[i].count;
        groups[i].count = 0;
    }
    for (size_t i = 0; i < vector->count; i++) {
        struct group *group = &groups[numbers[i]];

        members[group->first + group->count++] = items[i];
    }
    return true;
}

static bool
choose(struct gong_eval *eval, uint32_t index, double parameter,
       const struct gong_eval_vector *vector)
{
    struct gong_eval_state *state = &eval->states[index];
    bool greatest = state->function == AGGREGATE_TOPK;
    struct gong_eval_sample *members = NULL;
    const struct group *groups = NULL;
    char number[GONG_NUMBER_TEXT_SIZE];

    if (!(parameter >= -0x1p63 && parameter < 0x1p63)) {
        (void)gong_promql_number_text(parameter, number);
        return gong_eval_fail(eval, index, GONG_EVAL_PARAMETER,
                              "found %s as the number of %s(), expected one of "
                              "64 bits",
                              number, state->expr->text);
    }
    if (parameter < 1) {
        return true;
    }
    if (!gather(eval, index, vector)) {
        return false;
    }
    members = state->scratch[2].data;
    groups = state->scratch[0].data;
    for (size_t i = 0; i < state->scratch_count; i++) {
        struct gong_eval_sample *own = members + groups[i].first;
        size_t k = parameter < (double)groups[i].count ? (size_t)parameter
                                                       : groups[i].count;

        k = gong_eval_best(own, groups[i].count, k, members + vector->count,
                           greatest);
        for (size_t j = 0; j < k; j++) {
            gong_eval_put(state, own[j].set, own[j].value);
        }
    }
    return true;
}

static bool
quantiles(struct gong_eval *eval, uint32_t index, double q,
          const struct gong_eval_vector *vector)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_sample *members = NULL;
    const struct group *groups = NULL;
    double *values = NULL;

    if (!gather(eval, index, vector)) {
        return false;
    }
    members = state->scratch[2].data;
    groups = state->scratch[0].data;
    values =
        (double *)(void *)((struct gong_eval_sample *)state->scratch[2].data +
                           vector->count);
    for (size_t i = 0; i < state->scratch_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            values[j] = members[groups[i].first + j].value;
        }
        gong_eval_put(state, groups[i].set,
                      gong_quantile(q, values, groups[i].count));
    }
    return true;
}

bool
gong_eval_aggregate(struct gong_eval *eval, uint32_t index, int64_t t)
{
    struct gong_eval_state *state = &eval->states[index];
    size_t last = state->expr->arg_count - 1;
    const struct gong_eval_state *parameter =
        last == 0 ? NULL : gong_eval_arg(eval, index, 0, t);
    const struct gong_eval_state *arg = NULL;

    if ((last != 0 && parameter == NULL) ||
        (arg = gong_eval_arg(eval, index, last, t)) == NULL ||
        !open_groups(eval, index, arg->vector.count)) {
        return false;
    }
    if (parameter == NULL) {
        return aggregate_folded(eval, index, &arg->vector);
    }
    if (state->function == AGGREGATE_COUNT_VALUES) {
        return count_values(eval, index, parameter->expr->text, &arg->vector);
    }
    if (state->function == AGGREGATE_QUANTILE) {
        return quantiles(eval, index, parameter->scalar, &arg->vector);
    }
    return choose(eval, index, parameter->scalar, &arg->vector);
}
