/* One of Prometheus' rules as the engine takes it. */
#include "rules/prom_rules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/book.h"
#include "rules/engine/book_own.h"

#define LOOKBACK_MS 300000

/* What the engine cannot do is named at its place in the expression. */
static bool
check_expr(const struct gong_prom_origin *origin,
           const struct gong_prom_rule *from, const struct gong_rule *rule,
           struct gong_conf_errors *errors)
{
    struct gong_expr_error error = {0};
    bool fine = gong_book_check(rule->expr, origin->foreign, &error);

    if (!fine) {
        gong_yaml_error_in(origin->file->yaml, from->expr_node, error.at,
                           errors, "%s", error.message);
    }
    return fine;
}

/* Takes the name and text over into out; false without memory. */
static bool
copy_text(const struct gong_prom_text *from, struct gong_rule_text *out)
{
    out->name = strdup(from->name);
    out->text = strdup(from->text);
    return out->name != NULL && out->text != NULL;
}

static bool
parse_template(const struct gong_prom_origin *origin,
               const struct gong_prom_text *from, struct gong_rule_text *out,
               struct gong_conf_errors *errors)
{
    struct gong_expr_error error = {0};

    out->tmpl = gong_template_parse(gong_str_of(from->text), &error);
    if (out->tmpl == NULL) {
        gong_yaml_error_in(origin->file->yaml, from->node, error.at, errors,
                           "%s", error.message);
    }
    return out->tmpl != NULL;
}

/* Labels of recordings are no templates, whatever they look like: ours would be
 * taken for one. */
static bool
convert_label(const struct gong_prom_origin *origin,
              const struct gong_prom_rule *rule,
              const struct gong_prom_text *from, struct gong_rule_text *out,
              struct gong_conf_errors *errors)
{
    const char *braces = strstr(from->text, "{{");

    if (braces == NULL || (rule->record != NULL && origin->foreign)) {
        return true;
    }
    if (rule->record == NULL) {
        return parse_template(origin, from, out, errors);
    }
    gong_yaml_error_in(origin->file->yaml, from->node,
                       (size_t)(braces - from->text), errors,
                       "found {{ in a label of a recording, expected fixed "
                       "text");
    return false;
}

/* A Prometheus has no names of its own. */
static bool
check_record(const struct gong_prom_origin *origin,
             const struct gong_prom_rule *from, struct gong_conf_errors *errors)
{
    if (from->record == NULL || origin->foreign ||
        !gong_book_is_own(from->record)) {
        return true;
    }
    gong_yaml_error(origin->file->yaml, from->node, errors,
                    "found a recording %s, expected another name: what has "
                    "this one is the agent's own",
                    from->record);
    return false;
}

static bool
convert_labels(const struct gong_prom_origin *origin,
               const struct gong_prom_rule *from, struct gong_rule *rule,
               struct gong_conf_errors *errors)
{
    bool ok = true;

    rule->labels = calloc(from->label_count + 1, sizeof *rule->labels);
    if (rule->labels == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->label_count; i++) {
        struct gong_rule_text *label = &rule->labels[rule->label_count++];

        if (!copy_text(&from->labels[i], label)) {
            return false;
        }
        ok = convert_label(origin, from, &from->labels[i], label, errors) && ok;
    }
    return ok;
}

static bool
convert_annotations(const struct gong_prom_origin *origin,
                    const struct gong_prom_rule *from, struct gong_rule *rule,
                    struct gong_conf_errors *errors)
{
    bool ok = true;

    rule->annotations =
        calloc(from->annotation_count + 1, sizeof *rule->annotations);
    if (rule->annotations == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->annotation_count; i++) {
        const struct gong_prom_text *text = &from->annotations[i];
        struct gong_rule_text *out =
            &rule->annotations[rule->annotation_count++];

        if (!copy_text(text, out)) {
            return false;
        }
        ok = parse_template(origin, text, out, errors) && ok;
    }
    return ok;
}

/* Of the group's rules; ours have none. */
static uint32_t
limit_of(const struct gong_prom_origin *origin)
{
    int64_t limit = origin->foreign ? origin->group->limit : 0;

    if (limit <= 0) {
        return 0;
    }
    return limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
}

static bool
fill(const struct gong_prom_origin *origin, const struct gong_prom_rule *from,
     struct gong_rule *rule, struct gong_conf_errors *errors)
{
    const struct gong_yaml *yaml = origin->file->yaml;
    size_t line = gong_yaml_line(yaml, from->node);
    struct gong_expr_error error = {0};
    bool ok = true;

    *rule = (struct gong_rule){
        .interval_ms = origin->interval_ms,
        .lookback_ms = LOOKBACK_MS,
        .lookback_fixed = true,
        .for_ms = from->for_ms,
        .keep_firing_for_ms = from->keep_firing_for_ms,
        .on_missing = GONG_ON_MISSING_RESOLVE,
        .limit = limit_of(origin),
        .line = line > INT_MAX ? INT_MAX : (int)line,
    };
    if (from->label_count > GONG_RULE_LABELS_MAX ||
        from->annotation_count > GONG_RULE_LABELS_MAX) {
        gong_yaml_error(yaml, from->node, errors,
                        "found more than %d labels or annotations, expected "
                        "fewer",
                        GONG_RULE_LABELS_MAX);
        return false;
    }
    rule->group = strdup(origin->group->name);
    rule->alert = from->alert == NULL ? NULL : strdup(from->alert);
    rule->record = from->record == NULL ? NULL : strdup(from->record);
    rule->expr_text = strdup(from->expr);
    rule->file = strdup(gong_yaml_name(yaml));
    rule->expr = gong_expr_parse(gong_str_of(from->expr), &error);
    if (rule->group == NULL || (rule->alert == NULL && rule->record == NULL) ||
        rule->expr_text == NULL || rule->file == NULL || rule->expr == NULL) {
        return false;
    }
    ok = check_expr(origin, from, rule, errors);
    ok = check_record(origin, from, errors) && ok;
    ok = convert_labels(origin, from, rule, errors) && ok;
    ok = convert_annotations(origin, from, rule, errors) && ok;
    gong_rule_sort_labels(rule);
    rule->id = gong_rule_make_id(rule, origin->number);
    return ok && rule->id != NULL;
}

bool
gong_prom_rule_convert(const struct gong_prom_origin *origin,
                       const struct gong_prom_rule *from,
                       struct gong_rule *rule, struct gong_conf_errors *errors)
{
    size_t before = errors->count;

    *rule = (struct gong_rule){0};
    if (fill(origin, from, rule, errors)) {
        return true;
    }
    if (errors->count == before) {
        gong_conf_errors_no_memory(errors, "rules");
    }
    gong_rule_fini(rule);
    return false;
}
