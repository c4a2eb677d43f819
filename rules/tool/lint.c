#include "rules/tool/lint.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

struct linter {
    FILE *out;
    size_t count;
};

static void say(struct linter *linter, const struct gong_rule *rule,
                const char *word, const char *format, ...) GONG_PRINTF(4, 5);

static void
say(struct linter *linter, const struct gong_rule *rule, const char *word,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fprintf(linter->out, "%s:%d: warning: %s: ", rule->file, rule->line,
                  gong_rule_name(rule));
    (void)vfprintf(linter->out, format, args);
    (void)fprintf(linter->out, " (%s)\n", word);
    va_end(args);
    linter->count++;
}

static void
lint_never(struct linter *linter, const struct gong_rule *rule)
{
    uint32_t at = gong_lint_never(rule->expr);
    struct gong_expr part = {rule->expr->nodes, at + 1, at};
    char *text;

    if (at == GONG_EXPR_NONE) {
        return;
    }
    text = gong_expr_print(&part);
    say(linter, rule, "never",
        "never fires: found %s, expected what can be "
        "true",
        text == NULL ? "a part" : text);
    free(text);
}

static void
lint_ranges(struct linter *linter, const struct gong_rule *rule,
            int64_t every_ms)
{
    int64_t every = every_ms > 0 ? every_ms : rule->interval_ms;

    for (uint32_t i = 0; i < rule->expr->count && every > 0; i++) {
        const struct gong_expr_node *node = &rule->expr->nodes[i];
        char found[GONG_DUR_TEXT_SIZE];
        char wanted[GONG_DUR_TEXT_SIZE];

        if (node->kind != GONG_EXPR_SELECTOR || node->range_ms == 0 ||
            node->range_ms >= 2 * every) {
            continue;
        }
        gong_dur_format(gong_dur_ms(node->range_ms), found);
        gong_dur_format(gong_dur_ms(2 * every), wanted);
        say(linter, rule, "range",
            "found the range [%s], expected at least [%s], twice the time "
            "between samples",
            found, wanted);
    }
}

static void
lint_for(struct linter *linter, const struct gong_rule *rule)
{
    char found[GONG_DUR_TEXT_SIZE];
    char wanted[GONG_DUR_TEXT_SIZE];

    if (rule->for_ms <= rule->lookback_ms || rule->interval_ms > 0) {
        return;
    }
    gong_dur_format(gong_dur_ms(rule->for_ms), found);
    gong_dur_format(gong_dur_ms(rule->lookback_ms), wanted);
    say(linter, rule, "for",
        "found for = %s, longer than the look-back of %s: one sample cannot "
        "satisfy it",
        found, wanted);
}

static void
lint_annotations(struct linter *linter, const struct gong_rule *rule)
{
    static const char *const wanted[] = {"summary", "action"};

    if (rule->alert == NULL) {
        return; /* nobody is told of a recording */
    }
    for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++) {
        bool found = false;

        for (size_t i = 0; i < rule->annotation_count; i++) {
            found |= strcmp(rule->annotations[i].name, wanted[w]) == 0;
        }
        if (!found) {
            say(linter, rule, wanted[w], "found no annotation %s, expected one",
                wanted[w]);
        }
    }
}

static bool
is_grouped(const struct gong_expr_node *node, const char *name)
{
    if (node->kind != GONG_EXPR_AGGREGATE || node->without) {
        return false;
    }
    for (size_t i = 0; i < node->label_count; i++) {
        if (strcmp(node->labels[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A label of the rule that the expression tells series apart by. */
static void
lint_label(struct linter *linter, const struct gong_rule *rule,
           const struct gong_rule_text *label)
{
    for (uint32_t i = 0; i < rule->expr->count; i++) {
        const struct gong_expr_node *node = &rule->expr->nodes[i];

        if (is_grouped(node, label->name)) {
            say(linter, rule, "label",
                "the rule's label %s hides that of by (%s)", label->name,
                label->name);
            return;
        }
        for (size_t k = 0; k < node->matcher_count; k++) {
            const struct gong_matcher *m = &node->matchers[k];

            if (strcmp(m->name, label->name) == 0 &&
                (m->op != GONG_MATCH_EQUAL ||
                 strcmp(m->value, label->text) != 0)) {
                say(linter, rule, "label",
                    "the rule's label %s hides the series' own, which the "
                    "selector names",
                    label->name);
                return;
            }
        }
    }
    if (strcmp(label->name, "site") == 0 ||
        strcmp(label->name, "device") == 0) {
        say(linter, rule, "label",
            "the rule's label %s hides where the alert comes from",
            label->name);
    }
}

static bool
same_labels(const struct gong_rule *a, const struct gong_rule *b)
{
    if (a->label_count != b->label_count) {
        return false;
    }
    for (size_t i = 0; i < a->label_count; i++) {
        if (strcmp(a->labels[i].name, b->labels[i].name) != 0 ||
            strcmp(a->labels[i].text, b->labels[i].text) != 0) {
            return false;
        }
    }
    return true;
}

static void
lint_twice(struct linter *linter, const struct gong_ruleset *set, size_t at)
{
    const struct gong_rule *rule = &set->rules[at];

    for (size_t i = 0; i < at; i++) {
        const struct gong_rule *other = &set->rules[i];

        if (rule->alert != NULL && other->alert != NULL &&
            strcmp(rule->alert, other->alert) == 0 &&
            strcmp(rule->expr_text, other->expr_text) == 0 &&
            same_labels(rule, other)) {
            say(linter, rule, "twice", "found the same rule as at %s:%d",
                other->file, other->line);
            return;
        }
    }
}

size_t
gong_lint(const struct gong_ruleset *set, int64_t every_ms, FILE *out)
{
    struct linter linter = {out, 0};

    for (size_t i = 0; i < set->count; i++) {
        const struct gong_rule *rule = &set->rules[i];

        lint_never(&linter, rule);
        lint_ranges(&linter, rule, every_ms);
        lint_for(&linter, rule);
        lint_annotations(&linter, rule);
        for (size_t k = 0; k < rule->label_count; k++) {
            lint_label(&linter, rule, &rule->labels[k]);
        }
        lint_twice(&linter, set, i);
    }
    return linter.count;
}
