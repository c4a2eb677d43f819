#include "rules/engine/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/city.h"

#define ID_NUMBER_SIZE 24 /* # and a size_t, with the NUL */

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
    for (size_t i = 0; i < rule->level_count; i++) {
        free(rule->levels[i].severity);
    }
    free(rule->levels);
    free(rule->active);
    free(rule->file);
    *rule = (struct gong_rule){0};
}

/* Inside of {{ and }} only; a text that mentions it in vain counts too. */
bool
gong_rule_is_plain(const struct gong_rule *rule)
{
    return gong_clauses_count(&rule->clauses) == 1 && rule->level_count == 0 &&
           rule->active == NULL && rule->calendar == NULL;
}

bool
gong_rule_text_reads_value(const char *text)
{
    const char *open = strstr(text, "{{");

    while (open != NULL) {
        const char *end = strstr(open, "}}");
        const char *dollar = strstr(open, "$value");
        const char *field = strstr(open, ".Value");

        if (end == NULL) {
            end = open + strlen(open);
        }
        if ((dollar != NULL && dollar < end) ||
            (field != NULL && field < end)) {
            return true;
        }
        open = strstr(end, "{{");
    }
    return false;
}

bool
gong_rule_is_whole(const struct gong_rule *rule)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        const struct gong_rule_text *label = &rule->labels[i];

        if (strcmp(label->name, "site") == 0 ||
            strcmp(label->name, "device") == 0 ||
            (label->tmpl != NULL && gong_rule_text_reads_value(label->text))) {
            return true;
        }
    }
    return false;
}

size_t
gong_ruleset_listed(const struct gong_ruleset *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        count += set->rules[i].own ? 0 : 1;
    }
    return count;
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
    for (size_t i = 0; i < set->calendar_count; i++) {
        gong_calendar_fini(&set->calendars[i]);
    }
    gong_city_free(set->city);
    free(set->calendars);
    free(set);
}

bool
gong_rule_same_labels(const struct gong_rule *a, const struct gong_rule *b)
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

static int
compare_names(const void *a, const void *b)
{
    const struct gong_rule_text *first = a;
    const struct gong_rule_text *second = b;

    return strcmp(first->name, second->name);
}

void
gong_rule_sort_labels(struct gong_rule *rule)
{
    qsort(rule->labels, rule->label_count, sizeof *rule->labels, compare_names);
}

const char *
gong_rule_lacking(const struct gong_rule *rule, const struct gong_city *city)
{
    for (uint32_t i = 0; i < rule->expr->count; i++) {
        const struct gong_expr_node *node = &rule->expr->nodes[i];
        size_t number = 0;

        for (size_t k = 0; k < node->matcher_count; k++) {
            const struct gong_matcher *m = &node->matchers[k];

            if (m->op == GONG_MATCH_EQUAL && strcmp(m->name, "__name__") == 0 &&
                strncmp(m->value, GONG_CITY_PARAM, strlen(GONG_CITY_PARAM)) ==
                    0 &&
                !gong_city_metric(city, m->value, &number)) {
                return m->value;
            }
        }
    }
    return NULL;
}

/* Of an id, with the NUL; 0 where a label has no text. */
static size_t
measure_id(const struct gong_rule *rule)
{
    size_t size =
        strlen(rule->group) + 1 + strlen(gong_rule_name(rule)) + ID_NUMBER_SIZE;

    for (size_t i = 0; i < rule->label_count; i++) {
        const struct gong_rule_text *label = &rule->labels[i];

        if (label->name == NULL || label->text == NULL) {
            return 0;
        }
        size += 1 + strlen(label->name) + 1 + strlen(label->text);
    }
    return size;
}

char *
gong_rule_make_id(const struct gong_rule *rule, size_t number)
{
    size_t size = measure_id(rule);
    char *id = size == 0 ? NULL : malloc(size);
    char *end;

    if (id == NULL) {
        return NULL;
    }
    end = stpcpy(stpcpy(stpcpy(id, rule->group), "/"), gong_rule_name(rule));
    for (size_t i = 0; i < rule->label_count; i++) {
        end = stpcpy(stpcpy(end, i == 0 ? "/" : ","), rule->labels[i].name);
        end = stpcpy(stpcpy(end, "="), rule->labels[i].text);
    }
    if (number > 1) {
        (void)snprintf(end, ID_NUMBER_SIZE, "#%zu", number);
    }
    return id;
}
