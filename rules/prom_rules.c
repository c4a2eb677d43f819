#include "rules/prom_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/clock.h"
#include "rules/engine/promql.h"
#include "rules/engine/ruleset.h"
#include "rules/engine/template.h"

/* With aliases a short file can say a lot: all of it together is no more than
 * this much text, as a bundle holds. */
#define TEXT_MAX  (64u << 20)
#define TEXT_EACH 64 /* that a text takes beside itself */

struct reader {
    struct gong_yaml *yaml;
    struct gong_conf_errors *errors;
    size_t rules;
    size_t text;
    bool failed;
};

static void
fail(struct reader *r, const struct gong_yaml_node *node, const char *found,
     const char *expected)
{
    gong_yaml_error(r->yaml, node, r->errors, "found %s, expected %s", found,
                    expected);
    r->failed = true;
}

static void
no_memory(struct reader *r)
{
    gong_conf_errors_no_memory(r->errors, gong_yaml_name(r->yaml));
    r->failed = true;
}

/* Whether a text may be read, too. */
static bool
spend(struct reader *r, const struct gong_yaml_node *node)
{
    size_t before = r->text;

    if (before > TEXT_MAX) {
        return false;
    }
    r->text += node->len + TEXT_EACH;
    if (r->text > TEXT_MAX) {
        fail(r, node, "more than 64 MiB of text with all aliases", "less");
    }
    return r->text <= TEXT_MAX;
}

/* Refuses keys that are not known, with the nearest one that is. */
static bool
check_keys(struct reader *r, const struct gong_yaml_node *node,
           const char *const *known, size_t count)
{
    uint32_t i = node->first;

    if (node->kind != GONG_YAML_MAPPING) {
        fail(r, node, "another kind of value", "keys with values");
        return false;
    }
    while (i != 0) {
        const struct gong_yaml_node *key = gong_yaml_at(r->yaml, i);
        const char *near;
        size_t k = 0;

        while (k < count && strcmp(key->text, known[k]) != 0) {
            k++;
        }
        if (k == count) {
            near = gong_conf_nearest(key->text, known, count);
            gong_yaml_error(r->yaml, key, r->errors,
                            "found the unknown key %s%s%s%s", key->text,
                            near == NULL ? "" : "; did you mean ",
                            near == NULL ? "" : near, near == NULL ? "" : "?");
            r->failed = true;
        }
        i = gong_yaml_next(r->yaml, gong_yaml_next(r->yaml, i));
    }
    return true;
}

/* A text by key; NULL where it is absent or null. */
static const char *
read_text(struct reader *r, const struct gong_yaml_node *mapping,
          const char *key, const struct gong_yaml_node **node)
{
    const struct gong_yaml_node *value = gong_yaml_get(r->yaml, mapping, key);

    *node = value;
    if (value == NULL || gong_yaml_is_null(value)) {
        return NULL;
    }
    if (value->kind != GONG_YAML_SCALAR) {
        fail(r, value, "keys or a list", "text");
        return NULL;
    }
    return spend(r, value) ? value->text : NULL;
}

/* Likewise, of what must say something: an empty text is none. */
static const char *
read_name(struct reader *r, const struct gong_yaml_node *mapping,
          const char *key, const struct gong_yaml_node **node)
{
    const char *text = read_text(r, mapping, key, node);

    return text == NULL || text[0] == '\0' ? NULL : text;
}

static int64_t
read_length(struct reader *r, const struct gong_yaml_node *mapping,
            const char *key)
{
    const struct gong_yaml_node *node = NULL;
    const char *text = read_text(r, mapping, key, &node);
    gong_dur_t length = {0};

    if (text != NULL && gong_dur_parse(gong_str_of(text), &length) != GONG_OK) {
        fail(r, node, "no length of time", "one such as 30s or 1h30m");
    }
    return length.ns / GONG_NS_PER_MS;
}

static bool
is_name(const char *text, bool metric)
{
    size_t i = 0;

    for (; text[i] != '\0'; i++) {
        char c = text[i];
        bool letter = gong_ascii_begins_name(c) || (metric && c == ':');

        if (!letter && (i == 0 || !gong_ascii_is_digit(c))) {
            return false;
        }
    }
    return i > 0;
}

/* The mapping at key as an array of names and texts, in their order. */
static struct gong_prom_text *
read_texts(struct reader *r, const struct gong_yaml_node *rule, const char *key,
           size_t *count)
{
    const struct gong_yaml_node *mapping = gong_yaml_get(r->yaml, rule, key);
    struct gong_prom_text *texts;
    uint32_t i;

    *count = 0;
    if (mapping == NULL || gong_yaml_is_null(mapping)) {
        return NULL;
    }
    if (mapping->kind != GONG_YAML_MAPPING) {
        fail(r, mapping, "another kind of value", "names with texts");
        return NULL;
    }
    texts = calloc((size_t)mapping->count + 1, sizeof *texts);
    if (texts == NULL) {
        no_memory(r);
        return NULL;
    }
    for (i = mapping->first; i != 0 && r->text <= TEXT_MAX;
         i = gong_yaml_next(r->yaml, gong_yaml_next(r->yaml, i))) {
        const struct gong_yaml_node *name = gong_yaml_at(r->yaml, i);
        const struct gong_yaml_node *value =
            gong_yaml_at(r->yaml, gong_yaml_next(r->yaml, i));

        if (!is_name(name->text, false) ||
            (strcmp(name->text, "__name__") == 0 &&
             strcmp(key, "labels") == 0)) {
            fail(r, name, "another name", "letters, digits and _");
        } else if (value->kind != GONG_YAML_SCALAR) {
            fail(r, value, "keys or a list", "text");
        } else if (spend(r, value)) {
            texts[*count].name = name->text;
            texts[*count].text = gong_yaml_is_null(value) ? "" : value->text;
            texts[(*count)++].node = value;
        }
    }
    return texts;
}

static void
check_expr(struct reader *r, const struct gong_prom_rule *rule)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr;

    if (rule->expr == NULL) {
        fail(r, rule->node, "a rule without expr", "one");
        return;
    }
    expr = gong_expr_parse(gong_str_of(rule->expr), &error);
    if (expr == NULL) {
        gong_yaml_error_in(r->yaml, rule->expr_node, error.at, r->errors, "%s",
                           error.message);
        r->errors->no_memory |= error.no_memory;
        r->failed = true;
    }
    gong_expr_free(expr);
}

/* What only one of the two kinds may have. */
static void
check_kind(struct reader *r, const struct gong_prom_rule *rule)
{
    if ((rule->alert == NULL) == (rule->record == NULL)) {
        fail(r, rule->node,
             rule->alert == NULL ? "neither alert nor record"
                                 : "both alert and record",
             "one of them");
        return;
    }
    if (rule->record == NULL) {
        return;
    }
    if (!is_name(rule->record, true)) {
        fail(r, gong_yaml_get(r->yaml, rule->node, "record"), "another name",
             "a metric's name");
    }
    if (rule->annotation_count > 0) {
        fail(r, gong_yaml_get(r->yaml, rule->node, "annotations"),
             "annotations of a recording", "none");
    }
    if (rule->for_ms != 0) {
        fail(r, gong_yaml_get(r->yaml, rule->node, "for"),
             "`for` of a recording", "none");
    }
    if (rule->keep_firing_for_ms != 0) {
        fail(r, gong_yaml_get(r->yaml, rule->node, "keep_firing_for"),
             "`keep_firing_for` of a recording", "none");
    }
}

static void
read_rule(struct reader *r, const struct gong_yaml_node *node,
          struct gong_prom_rule *rule)
{
    static const char *const known[] = {
        "record", "alert",       "expr",           "for",
        "labels", "annotations", "keep_firing_for"};
    const struct gong_yaml_node *ignored = NULL;

    rule->node = node;
    if (!check_keys(r, node, known, sizeof known / sizeof known[0])) {
        return;
    }
    rule->alert = read_name(r, node, "alert", &ignored);
    rule->record = read_name(r, node, "record", &ignored);
    rule->expr = read_name(r, node, "expr", &rule->expr_node);
    rule->for_ms = read_length(r, node, "for");
    rule->keep_firing_for_ms = read_length(r, node, "keep_firing_for");
    rule->labels = read_texts(r, node, "labels", &rule->label_count);
    rule->annotations =
        read_texts(r, node, "annotations", &rule->annotation_count);
    if (r->text <= TEXT_MAX) {
        check_kind(r, rule);
        check_expr(r, rule);
    }
}

static const char *
name_of(const struct gong_prom_rule *rule)
{
    const char *name = rule->alert != NULL ? rule->alert : rule->record;

    return name == NULL ? "" : name;
}

/* The how manieth of its name the group's last rule is. */
static size_t
number_of_last(const struct gong_prom_group *group)
{
    const char *name = name_of(&group->rules[group->rule_count - 1]);

    for (size_t i = group->rule_count - 1; i > 0; i--) {
        const char *other = name_of(&group->rules[i - 1]);

        /* An alias is the same text. */
        if (other == name || strcmp(other, name) == 0) {
            return group->rules[i - 1].number + 1;
        }
    }
    return 1;
}

static void
read_rules(struct reader *r, struct gong_prom_group *group)
{
    const struct gong_yaml_node *rules =
        gong_yaml_get(r->yaml, group->node, "rules");

    if (rules == NULL || gong_yaml_is_null(rules)) {
        return;
    }
    if (rules->kind != GONG_YAML_SEQUENCE) {
        fail(r, rules, "another kind of value", "a list of rules");
        return;
    }
    if (rules->count > GONG_RULES_MAX - r->rules) {
        gong_yaml_error(r->yaml, rules, r->errors,
                        "found more than %d rules in all, expected fewer",
                        GONG_RULES_MAX);
        r->failed = true;
        return;
    }
    r->rules += rules->count;
    group->rules = calloc((size_t)rules->count + 1, sizeof *group->rules);
    if (group->rules == NULL) {
        no_memory(r);
        return;
    }
    for (uint32_t i = rules->first; i != 0 && r->text <= TEXT_MAX;
         i = gong_yaml_next(r->yaml, i)) {
        struct gong_prom_rule *rule = &group->rules[group->rule_count++];

        read_rule(r, gong_yaml_at(r->yaml, i), rule);
        rule->number = number_of_last(group);
    }
}

/* Whether no group before the last one has its name. */
static bool
is_new_name(const struct gong_prom_file *file)
{
    const char *name = file->groups[file->group_count - 1].name;

    for (size_t i = 0; i + 1 < file->group_count && name[0] != '\0'; i++) {
        if (strcmp(file->groups[i].name, name) == 0) {
            return false;
        }
    }
    return true;
}

static void
read_group(struct reader *r, const struct gong_yaml_node *node,
           struct gong_prom_file *file)
{
    static const char *const known[] = {"name", "interval", "limit", "rules"};
    struct gong_prom_group *group = &file->groups[file->group_count++];
    const struct gong_yaml_node *at = NULL;
    const char *limit;
    char *end = NULL;

    group->node = node;
    group->name = "";
    if (!check_keys(r, node, known, sizeof known / sizeof known[0])) {
        return;
    }
    group->name = read_name(r, node, "name", &at);
    if (group->name == NULL) {
        fail(r, node, "a group without a name", "one");
        group->name = "";
    }
    if (!is_new_name(file)) {
        fail(r, at, "a second group of this name", "each name once");
        return;
    }
    group->interval_ms = read_length(r, node, "interval");
    if (group->interval_ms > 0 && group->interval_ms < GONG_INTERVAL_MIN_MS) {
        fail(r, gong_yaml_get(r->yaml, node, "interval"), "a shorter interval",
             "100ms or more");
    }
    limit = read_text(r, node, "limit", &at);
    if (limit != NULL) {
        errno = 0;
        group->limit = strtoll(limit, &end, 10);
        if (errno != 0 || end == limit || *end != '\0' || at->quoted ||
            at->tagged) {
            fail(r, at, "no number", "one");
        }
    }
    read_rules(r, group);
}

static void
read_groups(struct reader *r, struct gong_prom_file *file)
{
    static const char *const known[] = {"groups"};
    const struct gong_yaml_node *root = gong_yaml_root(r->yaml);
    const struct gong_yaml_node *groups;

    if (gong_yaml_is_null(root) || !check_keys(r, root, known, 1)) {
        return;
    }
    groups = gong_yaml_get(r->yaml, root, "groups");
    if (groups == NULL || gong_yaml_is_null(groups)) {
        return;
    }
    if (groups->kind != GONG_YAML_SEQUENCE) {
        fail(r, groups, "another kind of value", "a list of groups");
        return;
    }
    if (groups->count > GONG_RULES_MAX) {
        gong_yaml_error(r->yaml, groups, r->errors,
                        "found more than %d groups, expected fewer",
                        GONG_RULES_MAX);
        r->failed = true;
        return;
    }
    file->groups = calloc((size_t)groups->count + 1, sizeof *file->groups);
    if (file->groups == NULL) {
        no_memory(r);
        return;
    }
    for (uint32_t i = groups->first; i != 0 && r->text <= TEXT_MAX;
         i = gong_yaml_next(r->yaml, i)) {
        read_group(r, gong_yaml_at(r->yaml, i), file);
    }
}

struct gong_prom_file *
gong_prom_file_read(const char *name, struct gong_str text,
                    struct gong_conf_errors *errors)
{
    struct gong_prom_file *file = calloc(1, sizeof *file);
    struct reader r = {.errors = errors};

    if (file == NULL) {
        gong_conf_errors_no_memory(errors, name);
        return NULL;
    }
    file->yaml = gong_yaml_read(name, text, errors);
    if (file->yaml != NULL) {
        r.yaml = file->yaml;
        read_groups(&r, file);
    }
    if (file->yaml == NULL || r.failed) {
        gong_prom_file_free(file);
        return NULL;
    }
    return file;
}

struct gong_prom_file *
gong_prom_file_load(const char *path, struct gong_conf_errors *errors)
{
    size_t len = 0;
    char *bytes = gong_conf_load_bytes(path, &len, errors);
    struct gong_prom_file *file = NULL;

    if (bytes != NULL) {
        file = gong_prom_file_read(path, gong_str_from(bytes, len), errors);
    }
    free(bytes);
    return file;
}

void
gong_prom_file_free(struct gong_prom_file *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t g = 0; g < file->group_count; g++) {
        for (size_t i = 0; i < file->groups[g].rule_count; i++) {
            free(file->groups[g].rules[i].labels);
            free(file->groups[g].rules[i].annotations);
        }
        free(file->groups[g].rules);
    }
    free(file->groups);
    gong_yaml_free(file->yaml);
    free(file);
}
