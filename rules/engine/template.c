/*
 * A template is a list of parts, each a piece of text, a label or the value:
 *
 *   "Đèn {{ $labels.device }} nóng {{ $value | printf "%.1f" }}"
 *    text  label              text  value, format
 *
 * A format is text around one verb, in Go's meaning of it.
 */
#include "rules/engine/template.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/promql_tree.h"
#include "rules/engine/template_format.h"

enum part_kind {
    PART_TEXT,
    PART_LABEL,
    PART_VALUE,
};

struct part {
    enum part_kind kind;
    char *text; /* the text, or the label's name; owned */
    bool formatted;
    struct gong_format format;
};

struct gong_template {
    struct part *parts;
    size_t count;
};

struct template_parser {
    struct gong_str text;
    size_t at;
    struct gong_template *tmpl;
    struct gong_expr_error *error;
};

static bool
fail(struct template_parser *p, const char *expected)
{
    size_t left = p->text.len - p->at;
    char word[GONG_EXPR_WORD_SIZE];

    if (left == 0) {
        return gong_expr_fail(p->error, p->at,
                              "found the end of the text, expected %s",
                              expected);
    }
    return gong_expr_fail(
        p->error, p->at, "found %s, expected %s",
        gong_expr_word(
            gong_str_from(p->text.data + p->at, left < 24 ? left : 24), word),
        expected);
}

static bool
skip_text(struct template_parser *p, const char *text)
{
    size_t len = strlen(text);

    if (p->text.len - p->at < len ||
        memcmp(p->text.data + p->at, text, len) != 0) {
        return false;
    }
    p->at += len;
    return true;
}

static void
skip_space(struct template_parser *p)
{
    while (skip_text(p, " ") || skip_text(p, "\t") || skip_text(p, "\n") ||
           skip_text(p, "\r")) {
    }
}

static bool
is_name_byte(char c, bool first)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (!first && c >= '0' && c <= '9');
}

/* The length of the name that starts here. */
static size_t
name_ahead(const struct template_parser *p)
{
    size_t len = 0;

    while (p->at + len < p->text.len &&
           is_name_byte(p->text.data[p->at + len], len == 0)) {
        len++;
    }
    return len;
}

/* $labels.NAME, .Labels.NAME, $value or .Value */
static bool
parse_operand(struct template_parser *p, struct part *part)
{
    static const char known[] = "$labels.NAME, $value or printf";
    size_t start = p->at;
    size_t len = 0;

    if (skip_text(p, "$labels.") || skip_text(p, ".Labels.")) {
        len = name_ahead(p);
        if (len == 0) {
            return fail(p, "a label name");
        }
        part->kind = PART_LABEL;
        part->text = gong_tree_copy(gong_str_from(p->text.data + p->at, len));
        p->at += len;
        return part->text != NULL || fail(p, "memory");
    }
    if ((skip_text(p, "$value") || skip_text(p, ".Value")) &&
        name_ahead(p) == 0) {
        part->kind = PART_VALUE;
        return true;
    }
    p->at = start;
    return fail(p, known);
}

/* The quoted format of printf, and its verb. */
static bool
parse_format(struct template_parser *p, struct part *part)
{
    size_t start = p->at;
    char quote = start < p->text.len ? p->text.data[start] : '\0';
    size_t end = start + 1;
    char *format = NULL;
    bool ok = false;

    if (quote != '"' && quote != '`') {
        return fail(p, "a format such as \"%.1f\"");
    }
    while (end < p->text.len && p->text.data[end] != quote &&
           p->text.data[end] != '\n') {
        end += quote == '"' && p->text.data[end] == '\\' ? 2 : 1;
    }
    if (end >= p->text.len || p->text.data[end] != quote) {
        return fail(p, "a closing quote in this line");
    }
    p->at = end + 1;
    format = gong_promql_unquote(
        gong_str_from(p->text.data + start, end + 1 - start), p->error);
    ok = format != NULL &&
         gong_format_parse(gong_str_of(format), &part->format, p->error);
    free(format);
    part->formatted = ok;
    if (!ok) {
        p->error->at = start;
    }
    return ok;
}

static bool
check_verb(struct template_parser *p, const struct part *part, size_t at)
{
    bool text = part->formatted && gong_format_is_text(&part->format);

    if (part->formatted && text != (part->kind == PART_LABEL)) {
        return gong_expr_fail(p->error, at, "found %s, expected %s",
                              text ? "%s for a number" : "%f for a label",
                              text ? "a verb such as %.1f" : "%s");
    }
    return true;
}

/* operand [| printf "format"], or printf "format" operand */
static bool
parse_pipeline(struct template_parser *p, struct part *part)
{
    size_t start = p->at;

    if (skip_text(p, "printf ")) {
        skip_space(p);
        if (!parse_format(p, part)) {
            return false;
        }
        skip_space(p);
        return parse_operand(p, part) && check_verb(p, part, start);
    }
    if (!parse_operand(p, part)) {
        return false;
    }
    skip_space(p);
    if (!skip_text(p, "|")) {
        return true;
    }
    skip_space(p);
    if (!skip_text(p, "printf")) {
        return fail(p, "printf after |");
    }
    skip_space(p);
    return parse_format(p, part) && check_verb(p, part, start);
}

static bool
add_part(struct template_parser *p, const struct part *part)
{
    struct gong_template *tmpl = p->tmpl;
    struct part *parts =
        realloc(tmpl->parts, (tmpl->count + 1) * sizeof(*parts));

    if (parts == NULL) {
        return fail(p, "memory");
    }
    tmpl->parts = parts;
    parts[tmpl->count++] = *part;
    return true;
}

static void
free_part(struct part *part)
{
    free(part->text);
    gong_format_fini(&part->format);
}

static bool
parse_action(struct template_parser *p)
{
    struct part part = {.kind = PART_VALUE};
    bool ok = false;

    skip_space(p);
    ok = parse_pipeline(p, &part);
    if (ok) {
        skip_space(p);
        ok = skip_text(p, "}}") || fail(p, "\"}}\"");
    }
    if (!ok || !add_part(p, &part)) {
        free_part(&part);
        return false;
    }
    return true;
}

/* Text up to the next "{{" or the end. */
static bool
parse_text(struct template_parser *p)
{
    size_t start = p->at;
    struct part part = {.kind = PART_TEXT};

    while (p->at < p->text.len && !skip_text(p, "{{")) {
        if (p->text.data[p->at] == '\0') {
            return fail(p, "text without NUL");
        }
        p->at++;
    }
    size_t end = p->at;
    if (end - start >= 2 && memcmp(p->text.data + end - 2, "{{", 2) == 0) {
        end -= 2;
        p->at = end;
    }
    if (end == start) {
        return true;
    }
    part.text =
        gong_tree_copy(gong_str_from(p->text.data + start, end - start));
    if (part.text == NULL) {
        return fail(p, "memory");
    }
    if (!add_part(p, &part)) {
        free_part(&part);
        return false;
    }
    return true;
}

struct gong_template *
gong_template_parse(struct gong_str text, struct gong_expr_error *error)
{
    struct template_parser p = {.text = text, .error = error};
    bool ok = true;

    p.tmpl = calloc(1, sizeof(*p.tmpl));
    if (p.tmpl == NULL) {
        (void)gong_expr_fail(error, 0, "found no memory left, expected some");
        return NULL;
    }
    while (ok && p.at < text.len) {
        ok = skip_text(&p, "{{") ? parse_action(&p) : parse_text(&p);
    }
    if (!ok) {
        gong_template_free(p.tmpl);
        return NULL;
    }
    return p.tmpl;
}

void
gong_template_free(struct gong_template *tmpl)
{
    if (tmpl == NULL) {
        return;
    }
    for (size_t i = 0; i < tmpl->count; i++) {
        free_part(&tmpl->parts[i]);
    }
    free(tmpl->parts);
    free(tmpl);
}

static struct gong_str
find_label(const struct gong_label_view *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, name)) {
            return labels[i].value;
        }
    }
    return gong_str_from("", 0);
}

static void
render_value(const struct part *part, double value, struct gong_render *out)
{
    char text[GONG_NUMBER_TEXT_SIZE];
    size_t len = 0;

    if (part->formatted) {
        gong_format_number(&part->format, value, out);
        return;
    }
    len = gong_promql_number_text(value, text);
    gong_render_put(out, gong_str_from(text, len));
}

size_t
gong_template_render(const struct gong_template *tmpl,
                     const struct gong_label_view *labels, size_t label_count,
                     double value, char *out, size_t size)
{
    struct gong_render render = {.out = out, .size = size};

    for (size_t i = 0; i < tmpl->count; i++) {
        const struct part *part = &tmpl->parts[i];

        switch (part->kind) {
        case PART_TEXT:
            gong_render_put(&render, gong_str_of(part->text));
            break;
        case PART_LABEL: {
            struct gong_str label = find_label(labels, label_count, part->text);
            if (part->formatted) {
                gong_format_text(&part->format, label, &render);
            } else {
                gong_render_put(&render, label);
            }
            break;
        }
        case PART_VALUE:
            render_value(part, value, &render);
            break;
        }
    }
    return gong_render_end(&render);
}
