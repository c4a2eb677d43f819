#include "rules/engine/ruleset.h"

#include <stdlib.h>

static void
free_texts(struct gong_rule_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i].name);
        free(texts[i].text);
        gong_template_free(texts[i].tmpl);
    }
    free(texts);
}

void
gong_rule_fini(struct gong_rule *rule)
{
    free(rule->id);
    free(rule->group);
    free(rule->alert);
    free(rule->record);
    free(rule->expr_text);
    gong_expr_free(rule->expr);
    free_texts(rule->labels, rule->label_count);
    free_texts(rule->annotations, rule->annotation_count);
    free(rule->file);
    *rule = (struct gong_rule){0};
}

void
gong_ruleset_free(struct gong_ruleset *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        gong_rule_fini(&set->rules[i]);
    }
    free(set->rules);
    free(set);
}
