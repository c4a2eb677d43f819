#include "rules/tool/lint.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

void
gong_lint_say(struct gong_linter *linter, const struct gong_rule *rule,
              const char *word, const char *format, ...)
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
lint_annotations(struct gong_linter *linter, const struct gong_rule *rule)
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
            gong_lint_say(linter, rule, wanted[w],
                          "found no annotation %s, expected one", wanted[w]);
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
lint_label(struct gong_linter *linter, const struct gong_rule *rule,
           const struct gong_rule_text *label)
{
    for (uint32_t i = 0; i < rule->expr->count; i++) {
        const struct gong_expr_node *node = &rule->expr->nodes[i];

        if (is_grouped(node, label->name)) {
            gong_lint_say(linter, rule, "label",
                          "the rule's label %s hides that of by (%s)",
                          label->name, label->name);
            return;
        }
        for (size_t k = 0; k < node->matcher_count; k++) {
            const struct gong_matcher *m = &node->matchers[k];

            if (strcmp(m->name, label->name) == 0 &&
                (m->op != GONG_MATCH_EQUAL ||
                 strcmp(m->value, label->text) != 0)) {
                gong_lint_say(
                    linter, rule, "label",
                    "the rule's label %s hides the series' own, which the "
                    "selector names",
                    label->name);
                return;
            }
        }
    }
    if (strcmp(label->name, "site") == 0 ||
        strcmp(label->name, "device") == 0) {
        gong_lint_say(linter, rule, "label",
                      "the rule's label %s hides where the alert comes from",
                      label->name);
    }
}

static bool
same_clauses(const struct gong_rule *a, const struct gong_rule *b)
{
    char *first = gong_expr_print(a->expr);
    char *second = gong_expr_print(b->expr);
    bool same = first != NULL && second != NULL && strcmp(first, second) == 0 &&
                a->clauses.fires == b->clauses.fires &&
                a->clauses.resolves == b->clauses.resolves &&
                a->calendar == b->calendar;

    free(first);
    free(second);
    return same;
}

static void
lint_twice(struct gong_linter *linter, const struct gong_ruleset *set,
           size_t at)
{
    const struct gong_rule *rule = &set->rules[at];

    for (size_t i = 0; i < at; i++) {
        const struct gong_rule *other = &set->rules[i];

        if (rule->alert != NULL && other->alert != NULL &&
            strcmp(rule->alert, other->alert) == 0 &&
            gong_rule_same_labels(rule, other) && same_clauses(rule, other)) {
            gong_lint_say(linter, rule, "twice",
                          "found the same rule as at %s:%d", other->file,
                          other->line);
            return;
        }
    }
}

size_t
gong_lint(const struct gong_ruleset *set,
          const struct gong_lint_options *options, FILE *out)
{
    struct gong_linter linter = {out, 0, set};

    for (size_t i = 0; i < set->count; i++) {
        const struct gong_rule *rule = &set->rules[i];

        gong_lint_clauses(&linter, rule, options);
        lint_annotations(&linter, rule);
        gong_lint_names(&linter, rule, set->foreign);
        for (size_t k = 0; k < rule->label_count; k++) {
            lint_label(&linter, rule, &rule->labels[k]);
        }
        lint_twice(&linter, set, i);
    }
    gong_lint_circles(&linter, set);
    return linter.count;
}
