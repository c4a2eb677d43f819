#include "agent/gap/gap_rules.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/book.h"

static int64_t
longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
warm_of(const struct gong_book_rule *rule)
{
    int64_t back = 0;
    int64_t wait = rule->rule->for_ms;

    for (uint32_t i = 0; i < rule->plan->leaf_count; i++) {
        const struct gong_plan_leaf *leaf = &rule->plan->leaves[i];

        back = longer(back, leaf->range_ms + leaf->offset_ms);
    }
    for (size_t i = 0; i < rule->rule->level_count; i++) {
        wait = longer(wait, rule->rule->levels[i].for_ms);
    }
    return back + rule->lookback_ms + wait + rule->rule->keep_firing_for_ms +
           2 * rule->interval_ms + GONG_PLAN_TICK_MS;
}

static bool
reads_alerts(const struct gong_plan *plan)
{
    for (uint32_t i = 0; i < plan->leaf_count; i++) {
        if (strcmp(plan->leaves[i].metric, "ALERTS") == 0 ||
            strcmp(plan->leaves[i].metric, "ALERTS_FOR_STATE") == 0) {
            return true;
        }
    }
    return false;
}

/* Recordings, and what reads one, are evaluated as a whole. */
static bool
is_of_device(const struct gong_book_rule *rule)
{
    return rule->form != GONG_FORM_GENERAL &&
           rule->form != GONG_FORM_AGGREGATE && !rule->presence &&
           !rule->rule->own && !rule->rule->trial && !reads_alerts(rule->plan);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum gong_err
add_metric(struct gong_gap_rules *rules, const char *metric)
{
    char **metrics =
        realloc(rules->metrics, (rules->metric_count + 1) * sizeof *metrics);

    if (metrics == NULL) {
        return GONG_ERR_MEMORY;
    }
    rules->metrics = metrics;
    metrics[rules->metric_count] = strdup(metric);
    if (metrics[rules->metric_count] == NULL) {
        return GONG_ERR_MEMORY;
    }
    rules->metric_count++;
    return GONG_OK;
}

static enum gong_err
take_rule(struct gong_gap_rules *rules, const struct gong_book_rule *rule)
{
    enum gong_err err = GONG_OK;

    rules->set.rules[rules->set.count++] = *rule->rule;
    rules->warm_ms = longer(rules->warm_ms, warm_of(rule));
    for (uint32_t i = 0; err == GONG_OK && i < rule->plan->leaf_count; i++) {
        err = add_metric(rules, rule->plan->leaves[i].metric);
    }
    return err;
}

static enum gong_err
take(struct gong_gap_rules *rules, const struct gong_ruleset *whole,
     const struct gong_book *book)
{
    enum gong_err err = GONG_OK;

    rules->set = *whole;
    rules->set.count = 0;
    rules->set.rules = calloc(whole->count + 1, sizeof *rules->set.rules);
    if (rules->set.rules == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; err == GONG_OK && i < book->count; i++) {
        if (is_of_device(&book->rules[i])) {
            err = take_rule(rules, &book->rules[i]);
        }
    }
    if (err == GONG_OK && rules->metric_count > 0) {
        qsort(rules->metrics, rules->metric_count, sizeof *rules->metrics,
              compare);
    }
    return err;
}

enum gong_err
gong_gap_rules_init(struct gong_gap_rules *rules,
                    const struct gong_ruleset *whole)
{
    static const struct gong_hash_key key = {0};
    struct gong_budget budget = {0};
    struct gong_symbols symbols;
    struct gong_book book;
    enum gong_err err;

    *rules = (struct gong_gap_rules){0};
    gong_symbols_init(&symbols, &budget, &key);
    err = gong_book_compile(&book, whole, &symbols);
    if (err == GONG_OK) {
        err = take(rules, whole, &book);
    }
    gong_book_fini(&book);
    gong_symbols_fini(&symbols);
    if (err != GONG_OK) {
        gong_gap_rules_fini(rules);
    }
    return err;
}

void
gong_gap_rules_fini(struct gong_gap_rules *rules)
{
    for (size_t i = 0; i < rules->metric_count; i++) {
        free(rules->metrics[i]);
    }
    free(rules->metrics);
    free(rules->set.rules);
    *rules = (struct gong_gap_rules){0};
}

bool
gong_gap_rules_read(const struct gong_gap_rules *rules, struct gong_str metric)
{
    size_t low = 0;
    size_t high = rules->metric_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order =
            gong_str_compare(gong_str_of(rules->metrics[middle]), metric);

        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}
