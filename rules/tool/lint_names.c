/*
 * lint_names: words that are hardly written as they were meant: a severity that
 * is none of those that rank, and labels in templates that the result of the
 * rule's expression cannot have.
 *
 *   sum by (a, b) (...)      a, b and nothing else
 *   x > 5                    whatever x has: only what is nearly site, device
 *                            or a label of its matchers is told
 */
#include "rules/tool/lint.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "rules/engine/effect.h"
#include "rules/engine/presence.h"
#include "rules/engine/template_tree.h"

#define NAMES_MAX 64
#define NAME_SIZE 129
#define LIST_SIZE 300

/* Labels that a result has, as far as that is known. */
struct carried {
    const char *names[NAMES_MAX];
    size_t count;
    bool foreign;
};

static void
add(struct carried *out, const char *name)
{
    if (out->count < NAMES_MAX) {
        out->names[out->count++] = name;
    }
}

static void
add_all(struct carried *out, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(out, names[i]);
    }
}

static void
remove_all(struct carried *out, char *const *names, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < out->count; i++) {
        bool gone = false;

        for (size_t k = 0; k < count; k++) {
            gone |= strcmp(out->names[i], names[k]) == 0;
        }
        if (!gone) {
            out->names[left++] = out->names[i];
        }
    }
    out->count = left;
}

static void
add_matched(struct carried *out, const struct gong_expr_node *selector,
            bool equal)
{
    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *m = &selector->matchers[i];

        if (strcmp(m->name, "__name__") != 0 &&
            (!equal || m->op == GONG_MATCH_EQUAL)) {
            add(out, m->name);
        }
    }
}

/* What a selector's series have: the agent's own are known. */
static bool
carry_selector(const struct gong_expr_node *node, struct carried *out)
{
    const struct gong_matcher *first = node->matchers;
    bool named = node->matcher_count > 0 && first->op == GONG_MATCH_EQUAL &&
                 strcmp(first->name, "__name__") == 0;

    if (out->foreign) {
        add(out, "instance");
        add(out, "job");
    } else {
        add(out, "site");
        if (!named || strcmp(first->value, "unit_up") != 0) {
            add(out, "device");
        }
        if (named && gong_presence_metric(gong_str_of(first->value)) !=
                         GONG_PRESENCE_METRICS) {
            return true;
        }
    }
    add_matched(out, node, false);
    return false;
}

static bool carry(const struct gong_expr *expr, uint32_t n,
                  struct carried *out);

static bool
carry_aggregate(const struct gong_expr *expr, const struct gong_expr_node *node,
                struct carried *out)
{
    uint32_t of = node->args[node->arg_count - 1];
    bool known;

    if (strcmp(node->text, "topk") == 0 || strcmp(node->text, "bottomk") == 0) {
        return carry(expr, of, out);
    }
    if (strcmp(node->text, "count_values") == 0) {
        const char *label = expr->nodes[node->args[0]].text;

        if (label == NULL) {
            return false;
        }
        add(out, label);
    }
    if (!node->without) {
        add_all(out, node->labels, node->label_count);
        return true;
    }
    known = carry(expr, of, out);
    remove_all(out, node->labels, node->label_count);
    return known;
}

static bool
carry_binary(const struct gong_expr *expr, const struct gong_expr_node *node,
             struct carried *out)
{
    uint32_t left = node->args[0];
    uint32_t right = node->args[1];
    bool known;

    if (expr->nodes[left].type == GONG_VALUE_SCALAR) {
        return carry(expr, right, out);
    }
    if (node->op == GONG_OP_OR) {
        known = carry(expr, left, out);
        return carry(expr, right, out) && known;
    }
    if (node->card == GONG_CARD_ONE_TO_ONE && node->on &&
        expr->nodes[right].type != GONG_VALUE_SCALAR) {
        add_all(out, node->labels, node->label_count);
        return true;
    }
    known =
        carry(expr, node->card == GONG_CARD_ONE_TO_MANY ? right : left, out);
    if (node->card == GONG_CARD_ONE_TO_ONE && node->has_matching) {
        remove_all(out, node->labels, node->label_count);
    }
    add_all(out, node->include, node->include_count);
    return known;
}

static bool
carry_call(const struct gong_expr *expr, const struct gong_expr_node *node,
           struct carried *out)
{
    bool replaces = strcmp(node->text, "label_replace") == 0 ||
                    strcmp(node->text, "label_join") == 0;
    bool known = true;

    if (strcmp(node->text, "absent") == 0 ||
        strcmp(node->text, "absent_over_time") == 0) {
        if (expr->nodes[node->args[0]].kind == GONG_EXPR_SELECTOR) {
            add_matched(out, &expr->nodes[node->args[0]], true);
        }
        return true;
    }
    for (size_t i = 0; i < node->arg_count; i++) {
        enum gong_value_type type = expr->nodes[node->args[i]].type;

        if (type == GONG_VALUE_VECTOR || type == GONG_VALUE_MATRIX) {
            known = carry(expr, node->args[i], out);
        }
    }
    if (replaces && expr->nodes[node->args[1]].text != NULL) {
        add(out, expr->nodes[node->args[1]].text);
    }
    return known;
}

/* Adds what the result has; true where it is all, false where there may be
 * more. */
static bool
carry(const struct gong_expr *expr, uint32_t n, struct carried *out)
{
    const struct gong_expr_node *node = &expr->nodes[n];

    switch (node->kind) {
    case GONG_EXPR_NUMBER:
    case GONG_EXPR_STRING:
        return true;
    case GONG_EXPR_SELECTOR:
        return carry_selector(node, out);
    case GONG_EXPR_UNARY:
    case GONG_EXPR_PAREN:
    case GONG_EXPR_SUBQUERY:
        return carry(expr, node->args[0], out);
    case GONG_EXPR_AGGREGATE:
        return carry_aggregate(expr, node, out);
    case GONG_EXPR_BINARY:
        return carry_binary(expr, node, out);
    case GONG_EXPR_CALL:
        return carry_call(expr, node, out);
    }
    return false;
}

/* One text with a template, while it is looked through. */
struct look {
    struct gong_linter *linter;
    const struct gong_rule *rule;
    const struct gong_rule_text *text;
    const struct carried *carried;
    bool known;
    const char *told; /* the last name that was, in the template's pool */
    size_t told_len;
};

static bool
is_carried(const struct carried *carried, const char *name)
{
    for (size_t i = 0; i < carried->count; i++) {
        if (strcmp(carried->names[i], name) == 0) {
            return true;
        }
    }
    return strcmp(name, "__name__") == 0;
}

/* Nearly one of them: what is longer by a word is another label. */
static const char *
nearly(const struct carried *carried, const char *name)
{
    const char *near = gong_conf_nearest(name, carried->names, carried->count);
    size_t len = strlen(name);

    return near != NULL && strlen(near) <= len + 1 && len <= strlen(near) + 1
               ? near
               : NULL;
}

static void
list_names(const struct carried *carried, char out[LIST_SIZE])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < carried->count && len < LIST_SIZE; i++) {
        len += (size_t)snprintf(out + len, LIST_SIZE - len, "%s%.100s",
                                i == 0 ? "" : ", ", carried->names[i]);
    }
}

/* What texts see beside the labels, whether there is a model or not. */
static bool
is_city_name(const struct look *look, const char *name)
{
    return !look->carried->foreign && (strcmp(name, "unit_name") == 0 ||
                                       strcmp(name, "unit_name_en") == 0 ||
                                       strcmp(name, "device_name") == 0 ||
                                       strcmp(name, "device_name_en") == 0);
}

static void
judge(struct look *look, struct gong_str label)
{
    char name[NAME_SIZE];
    char list[LIST_SIZE];
    const char *near;

    if (label.len == 0 || label.len >= sizeof name ||
        memchr(label.data, '.', label.len) != NULL ||
        (look->told_len == label.len &&
         memcmp(look->told, label.data, label.len) == 0)) {
        return;
    }
    memcpy(name, label.data, label.len);
    name[label.len] = '\0';
    near = nearly(look->carried, name);
    if (is_carried(look->carried, name) || is_city_name(look, name) ||
        (!look->known && near == NULL)) {
        return;
    }
    look->told = label.data;
    look->told_len = label.len;
    list_names(look->carried, list);
    gong_lint_say(
        look->linter, look->rule, "template",
        "found $labels.%s in %s, expected %s%s%s%s%s", name, look->text->name,
        !look->known               ? "a label that series have"
        : look->carried->count > 0 ? "one of the result's labels: "
                                   : "none: the result has no labels",
        look->known ? list : "", near == NULL ? "" : "; did you mean ",
        near == NULL ? "" : near, near == NULL ? "" : "?");
}

static struct gong_str
behind(struct gong_str text, const char *head)
{
    size_t len = strlen(head);

    return text.len > len && memcmp(text.data, head, len) == 0
               ? gong_str_from(text.data + len, text.len - len)
               : gong_str_from("", 0);
}

/* $ and $labels have the first two slots of a template, but not of those that
 * it defines. */
static void
look_at(struct look *look, uint32_t n)
{
    const struct gong_template *tmpl = look->text->tmpl;

    for (; n != 0; n = tmpl->nodes[n].next) {
        const struct gong_tnode *node = &tmpl->nodes[n];

        if (node->kind == GONG_TNODE_FIELD ||
            (node->kind == GONG_TNODE_VARIABLE && node->slot == 0)) {
            judge(look, behind(node->text, "Labels."));
        } else if (node->kind == GONG_TNODE_VARIABLE && node->slot == 1) {
            judge(look, node->text);
        }
        look_at(look, node->pipe);
        look_at(look, node->child);
        if (node->kind != GONG_TNODE_PIPE) { /* there it is a slot */
            look_at(look, node->other);
        }
    }
}

static void
lint_templates(struct gong_linter *linter, const struct gong_rule *rule,
               const struct gong_rule_text *texts, size_t count, bool foreign)
{
    struct gong_expr view = gong_clause_view(rule->expr, &rule->clauses, 0);
    struct carried carried = {.foreign = foreign};
    bool known = carry(&view, view.root, &carried);

    for (size_t i = 0; i < count; i++) {
        struct look look = {linter, rule, &texts[i], &carried, known, "", 0};

        if (texts[i].tmpl != NULL) {
            look_at(&look, texts[i].tmpl->defines[0].list);
        }
    }
}

/* Levels have an order of their own: there only what is nearly one of them is
 * told. */
static void
lint_severity(struct gong_linter *linter, const struct gong_rule *rule,
              const char *severity, bool is_level)
{
    const char *known[] = {gong_severity_text(GONG_SEVERITY_CRITICAL),
                           gong_severity_text(GONG_SEVERITY_WARNING),
                           gong_severity_text(GONG_SEVERITY_INFO)};
    const char *near;

    if (gong_severity_of(severity) != GONG_SEVERITY_OTHER) {
        return;
    }
    near = gong_conf_nearest(severity, known, sizeof known / sizeof known[0]);
    if (is_level && near == NULL) {
        return;
    }
    gong_lint_say(
        linter, rule, "severity",
        "found the severity %s, expected %s, %s or %s: it ranks below "
        "them%s%s%s",
        severity, known[0], known[1], known[2],
        near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
        near == NULL ? "" : "?");
}

void
gong_lint_names(struct gong_linter *linter, const struct gong_rule *rule,
                bool foreign)
{
    if (rule->alert == NULL) {
        return;
    }
    for (size_t i = 0; i < rule->label_count; i++) {
        if (strcmp(rule->labels[i].name, "severity") == 0 &&
            rule->labels[i].tmpl == NULL) {
            lint_severity(linter, rule, rule->labels[i].text, false);
        }
    }
    for (size_t i = 0; i < rule->level_count; i++) {
        lint_severity(linter, rule, rule->levels[i].severity, true);
    }
    lint_templates(linter, rule, rule->labels, rule->label_count, foreign);
    lint_templates(linter, rule, rule->annotations, rule->annotation_count,
                   foreign);
}
