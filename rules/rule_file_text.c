#include "rules/rule_file_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "rules/engine/template.h"

void
gong_rule_out_of_memory(struct gong_rule_reader *reader)
{
    gong_conf_errors_no_memory(reader->errors, "rules");
    reader->failed = true;
}

void
gong_rule_refuse(struct gong_rule_reader *reader,
                 const struct gong_conf_node *node,
                 const struct gong_expr_error *error)
{
    gong_conf_error_in(node, error->at, reader->errors, "%s", error->message);
    reader->errors->no_memory |= error->no_memory;
    reader->failed = true;
}

/* [a-zA-Z_][a-zA-Z0-9_]*, and no name that the engine sets itself. */
static bool
is_label_name(const char *name)
{
    if (!gong_ascii_begins_name(name[0]) || strcmp(name, "alertname") == 0) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (!gong_ascii_is_name(*c)) {
            return false;
        }
    }
    return true;
}

/* One label or annotation; its texts are copied. */
static bool
copy_text(struct gong_rule_reader *reader, const struct gong_conf_node *node,
          struct gong_rule_text *out)
{
    out->name = strdup(gong_conf_name(node));
    out->text = strdup(gong_conf_string(node));
    if (out->name == NULL || out->text == NULL) {
        free(out->name);
        free(out->text);
        *out = (struct gong_rule_text){0};
        gong_rule_out_of_memory(reader);
        return false;
    }
    return true;
}

static void
parse_template(struct gong_rule_reader *reader,
               const struct gong_conf_node *node, struct gong_rule_text *out,
               size_t max)
{
    struct gong_str text = gong_str_of(out->text);
    struct gong_expr_error error = {0};

    if (text.len > max) {
        gong_conf_error_in(node, max, reader->errors,
                           "found a text of %zu bytes, expected at most %zu",
                           text.len, max);
        reader->failed = true;
        return;
    }
    out->tmpl = gong_template_parse(text, &error);
    if (out->tmpl == NULL) {
        gong_rule_refuse(reader, node, &error);
    }
}

static void
parse_label(struct gong_rule_reader *reader, const struct gong_conf_node *node,
            struct gong_rule_text *label)
{
    if (label->text[0] == '\0') {
        gong_conf_error_in(node, 0, reader->errors,
                           "found an empty label, expected text");
        reader->failed = true;
    } else if (strstr(label->text, "{{") != NULL) {
        parse_template(reader, node, label, GONG_RULE_LABEL_SIZE);
    }
}

/* Why a label may not be what it is; NULL: it may. */
static const char *
objection(const struct gong_rule *rule, const struct gong_rule_text *label,
          bool interval)
{
    bool value = gong_rule_text_reads_value(label->text);

    if (rule->level_count > 0 && strcmp(label->name, "severity") == 0) {
        return "found severity beside levels, expected it in each of them";
    }
    if (label->tmpl == NULL) {
        return NULL;
    }
    if (rule->record != NULL) {
        return "found {{ in a label of a recording, expected fixed text";
    }
    if (value && !interval) {
        return "found the value in a label at interval 0s, expected an "
               "interval, or $labels only";
    }
    if (value && gong_clauses_count(&rule->clauses) > 1) {
        return "found the value in a label beside resolve or levels, expected "
               "$labels only";
    }
    return NULL;
}

void
gong_rule_check_labels(struct gong_rule_reader *reader,
                       const struct gong_conf_node *node, bool interval,
                       const struct gong_rule *rule)
{
    const struct gong_conf_node *labels = gong_conf_child(node, "labels");

    for (size_t i = 0; i < rule->label_count; i++) {
        const struct gong_rule_text *label = &rule->labels[i];
        const char *braces = strstr(label->text, "{{");
        const char *why = objection(rule, label, interval);

        if (why != NULL) {
            gong_conf_error_in(gong_conf_child(labels, label->name),
                               braces == NULL ? 0
                                              : (size_t)(braces - label->text),
                               reader->errors, "%s", why);
            reader->failed = true;
        }
    }
}

/* Whether node may be one of rule's texts at all. */
static bool
check_text_node(struct gong_rule_reader *reader,
                const struct gong_conf_node *node)
{
    bool ok = false;

    if (!is_label_name(gong_conf_name(node))) {
        gong_conf_error(node, reader->errors,
                        "found the name %s, expected letters, digits and _ "
                        "(but not alertname)",
                        gong_conf_name(node));
    } else if (gong_conf_string(node) == NULL) {
        gong_conf_error_in(node, 0, reader->errors,
                           "found another type, expected text in \"quotes\" "
                           "for %s",
                           gong_conf_name(node));
    } else {
        ok = true;
    }
    reader->failed = reader->failed || !ok;
    return ok;
}

struct gong_rule_text *
gong_rule_read_texts(struct gong_rule_reader *reader,
                     const struct gong_conf_node *rule, const char *key,
                     size_t *count)
{
    const struct gong_conf_node *node = gong_conf_child(rule, key);
    bool labels = strcmp(key, "labels") == 0;
    struct gong_rule_text *texts;

    if (node == NULL) {
        return NULL;
    }
    if (!gong_conf_is_group(node) ||
        gong_conf_count(node) > GONG_RULE_LABELS_MAX) {
        gong_conf_error_in(node, 0, reader->errors,
                           "found another value, expected a group of at most "
                           "%d texts for %s",
                           GONG_RULE_LABELS_MAX, key);
        reader->failed = true;
        return NULL;
    }
    texts = calloc(GONG_RULE_LABELS_MAX, sizeof *texts);
    if (texts == NULL) {
        gong_rule_out_of_memory(reader);
        return NULL;
    }
    for (size_t i = 0; i < gong_conf_count(node); i++) {
        const struct gong_conf_node *child = gong_conf_at(node, i);
        struct gong_rule_text *text = &texts[*count];

        if (!check_text_node(reader, child)) {
            continue;
        }
        if (!copy_text(reader, child, text)) {
            break;
        }
        (*count)++;
        if (labels) {
            parse_label(reader, child, text);
        } else {
            parse_template(reader, child, text, GONG_RULE_ANNOTATION_SIZE);
        }
    }
    return texts;
}
