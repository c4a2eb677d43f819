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

static enum gong_err
take(struct gong_gap_rules *rules, const struct gong_ruleset *whole,
     const struct gong_book *book)
{
    rules->set = *whole;
    rules->set.count = 0;
    rules->set.rules = calloc(whole->count + 1, sizeof *rules->set.rules);
    if (rules->set.rules == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        if (is_of_device(&book->rules[i])) {
            rules->set.rules[rules->set.count++] = *book->rules[i].rule;
            rules->warm_ms = longer(rules->warm_ms, warm_of(&book->rules[i]));
        }
    }
    return GONG_OK;
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
    return err;
}

void
gong_gap_rules_fini(struct gong_gap_rules *rules)
{
    free(rules->set.rules);
    *rules = (struct gong_gap_rules){0};
}
