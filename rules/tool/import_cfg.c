#include "rules/tool/import_cfg.h"

#include <string.h>

#include "common/ascii.h"
#include "common/clock.h"
#include "rules/engine/presence.h"
#include "rules/tool/rule_load.h"

void
gong_import_put_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            (void)fprintf(out, "\\%c", c);
        } else if (c == '\n' && text[1] != '\0') {
            (void)fputs("\\n\"\n             \"", out);
        } else if (c == '\n') {
            (void)fputs("\\n", out);
        } else if (c == '\t') {
            (void)fputs("\\t", out);
        } else if (c < 0x20 || c == 0x7f) {
            (void)fprintf(out, "\\x%02x", c);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

static void
put_key(FILE *out, const char *key, const char *text)
{
    (void)fprintf(out, "    %s = ", key);
    gong_import_put_text(out, text);
    (void)fputs(";\n", out);
}

static void
put_length(FILE *out, const char *key, int64_t ms)
{
    char text[GONG_DUR_TEXT_SIZE];

    if (ms > 0) {
        gong_dur_format(gong_dur_ms(ms), text);
        (void)fprintf(out, "    %s = \"%s\";\n", key, text);
    }
}

static void
put_texts(FILE *out, const char *key, const struct gong_prom_text *texts,
          size_t count)
{
    if (count == 0) {
        return;
    }
    (void)fprintf(out, "    %s = {\n", key);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "      %s = ", texts[i].name);
        gong_import_put_text(out, texts[i].text);
        (void)fputs(";\n", out);
    }
    (void)fputs("    };\n", out);
}

/* The id of a second alert of the same name and labels would be the first
 * one's. */
static bool
needs_id(const struct gong_rule *rule)
{
    return strchr(rule->id, '#') != NULL;
}

static void
put_id(FILE *out, const struct gong_rule *rule)
{
    (void)fputs("    id = \"", out);
    for (const char *c = rule->id; *c != '\0'; c++) {
        bool plain = gong_ascii_is_letter(*c) || gong_ascii_is_digit(*c) ||
                     *c == '-' || *c == '.';

        (void)fputc(plain ? *c : '_', out);
    }
    (void)fputs("\";\n", out);
}

static void
put_rule(FILE *out, const struct gong_prom_rule *from,
         const struct gong_rule *rule, bool first)
{
    (void)fprintf(out, "%s  {\n", first ? "" : ",\n");
    put_key(out, from->alert != NULL ? "alert" : "record",
            from->alert != NULL ? from->alert : from->record);
    if (needs_id(rule)) {
        put_id(out, rule);
    }
    put_key(out, "expr", from->expr);
    put_length(out, "for", from->for_ms);
    put_length(out, "keep_firing_for", from->keep_firing_for_ms);
    put_texts(out, "labels", from->labels, from->label_count);
    put_texts(out, "annotations", from->annotations, from->annotation_count);
    (void)fputs("  }", out);
}

struct import {
    const struct gong_prom_file *file;
    FILE *out;
    FILE *notes;
    struct gong_conf_errors *errors;
    const struct gong_prom_group *head; /* the group that gives its name */
    int64_t interval_ms;
    bool any; /* a rule was written */
    bool complete;
};

static int64_t
interval_of(const struct gong_prom_group *group)
{
    return group->interval_ms == 0 ? GONG_PROM_INTERVAL_MS : group->interval_ms;
}

static void
put_head(struct import *import, const struct gong_prom_group *group)
{
    char interval[GONG_DUR_TEXT_SIZE];

    import->head = group;
    import->interval_ms = interval_of(group);
    gong_dur_format(gong_dur_ms(import->interval_ms), interval);
    (void)fputs("group = ", import->out);
    gong_import_put_text(import->out, group->name);
    (void)fprintf(import->out,
                  ";\ninterval = \"%s\";\nlookback = \"5m\";\nrules = (\n",
                  interval);
}

/* The presence series that a selector names, or NULL. */
static const char *
presence_of(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;

    return node->kind == GONG_EXPR_SELECTOR && node->matcher_count > 0 &&
                   first->op == GONG_MATCH_EQUAL &&
                   strcmp(first->name, "__name__") == 0 &&
                   gong_presence_metric(gong_str_of(first->value)) !=
                       GONG_PRESENCE_METRICS
               ? first->value
               : NULL;
}

/* A label that these series never have, or NULL. */
static const char *
lacking(const struct gong_expr_node *node)
{
    for (size_t i = 1; i < node->matcher_count; i++) {
        const char *name = node->matchers[i].name;

        if (strcmp(name, "site") != 0 && strcmp(name, "device") != 0) {
            return name;
        }
    }
    return NULL;
}

/* A Prometheus' up is of its targets, the agent's of its devices. */
static void
note_presence(const struct import *import, const struct gong_rule *rule)
{
    for (uint32_t i = 0; i < rule->expr->count; i++) {
        const struct gong_expr_node *node = &rule->expr->nodes[i];
        const char *name = presence_of(node);
        const char *label = name == NULL ? NULL : lacking(node);

        if (name == NULL) {
            continue;
        }
        (void)fprintf(
            import->notes,
            "%s:%d: note: %s: %s is the agent's own series of presence here: "
            "whether a device is there, by site and device, on the agent's "
            "clock, never too old; not whether a target of a Prometheus could "
            "be scraped, by job and instance",
            rule->file, rule->line, gong_rule_name(rule), name);
        if (label != NULL) {
            (void)fprintf(import->notes, "; it has no label %s", label);
        }
        (void)fputc('\n', import->notes);
        return;
    }
}

/* Whether all of a rule's labels or annotations can be written: to libconfig a
 * name begins with a letter. */
static bool
names_fit(const struct import *import, const struct gong_prom_text *texts,
          size_t count)
{
    bool fit = true;

    for (size_t i = 0; i < count; i++) {
        const char *name = texts[i].name;

        if (name[0] == '_' || strcmp(name, "alertname") == 0) {
            gong_yaml_error(import->file->yaml, texts[i].node, import->errors,
                            "found the name %s, expected one that begins with "
                            "a letter, and not alertname",
                            name);
            fit = false;
        }
    }
    return fit;
}

static void
import_rule(struct import *import, const struct gong_prom_origin *origin,
            const struct gong_prom_rule *from)
{
    struct gong_rule rule;
    bool fits = names_fit(import, from->labels, from->label_count);

    fits = names_fit(import, from->annotations, from->annotation_count) && fits;
    if (!gong_prom_rule_convert(origin, from, &rule, import->errors)) {
        import->complete = false;
        return;
    }
    if (fits) {
        put_rule(import->out, from, &rule, !import->any);
        import->any = true;
        note_presence(import, &rule);
    }
    import->complete = import->complete && fits;
    gong_rule_fini(&rule);
}

static void
import_group(struct import *import, const struct gong_prom_group *group)
{
    struct gong_prom_origin origin = {import->file, group, interval_of(group),
                                      1, false};

    if (import->head == NULL) {
        put_head(import, group);
    } else if (interval_of(group) != import->interval_ms) {
        gong_yaml_error(import->file->yaml, group->node, import->errors,
                        "found the group %s with another interval than the "
                        "first, expected one; use --group",
                        group->name);
        import->complete = false;
        return;
    }
    for (size_t i = 0; i < group->rule_count; i++) {
        origin.number = group->rules[i].number;
        import_rule(import, &origin, &group->rules[i]);
    }
    if (group->limit != 0) {
        gong_yaml_error(import->file->yaml, group->node, import->errors,
                        "found a limit, expected none: it is left out");
        import->complete = false;
    }
}

bool
gong_import_cfg(const struct gong_prom_file *file, const char *group, FILE *out,
                FILE *notes, struct gong_conf_errors *errors)
{
    struct import import = {.file = file,
                            .out = out,
                            .notes = notes,
                            .errors = errors,
                            .complete = true};

    for (size_t i = 0; i < file->group_count; i++) {
        if (group == NULL || strcmp(group, file->groups[i].name) == 0) {
            import_group(&import, &file->groups[i]);
        }
    }
    if (import.head == NULL) {
        gong_conf_errors_add(errors, "%s: found no group%s%s, expected one",
                             gong_yaml_name(file->yaml),
                             group == NULL ? "" : " ",
                             group == NULL ? "" : group);
        return false;
    }
    (void)fputs("\n);\n", out);
    return import.complete;
}
