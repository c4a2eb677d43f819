#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/ascii.h"
#include "rules/engine/match_pattern.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/promql_regex.h"
#include "rules/engine/template_function.h"

#define STEPS_MAX 100000
#define HEAP_KIB  1024

/* A pattern that is searched for, not matched whole. */
struct search {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static void
fini(struct search *s)
{
    pcre2_code_free(s->code);
    pcre2_match_data_free(s->match);
    pcre2_match_context_free(s->limits);
}

static pcre2_code *
compile(struct gong_str pattern)
{
    static const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY |
                                    PCRE2_NEVER_BACKSLASH_C |
                                    PCRE2_ALT_CIRCUMFLEX;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    size_t len = 0;
    char *text = gong_pattern_pcre(pattern, &len);
    pcre2_code *code = NULL;
    int error = 0;
    PCRE2_SIZE at = 0;

    if (context != NULL && text != NULL) {
        (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        code =
            pcre2_compile((PCRE2_SPTR)text, len, options, &error, &at, context);
    }
    free(text);
    pcre2_compile_context_free(context);
    return code;
}

static bool
init(struct gong_trender *render, const char *name, struct gong_str pattern,
     struct search *s)
{
    struct gong_expr_error error = {0};
    bool empty = false;

    *s = (struct search){NULL, NULL, NULL};
    if (!gong_promql_check_regex(pattern, &empty, &error)) {
        return gong_trender_fail(render, "error calling %s: %s", name,
                                 error.message);
    }
    s->code = compile(pattern);
    s->match = s->code == NULL
                   ? NULL
                   : pcre2_match_data_create_from_pattern(s->code, NULL);
    s->limits = pcre2_match_context_create(NULL);
    if (s->code == NULL || s->match == NULL || s->limits == NULL) {
        fini(s);
        return gong_trender_fail(
            render, "error calling %s: the pattern cannot be compiled", name);
    }
    (void)pcre2_set_match_limit(s->limits, STEPS_MAX);
    (void)pcre2_set_heap_limit(s->limits, HEAP_KIB);
    return true;
}

/* 1 found, 0 not, -1 failed. */
static int
find(struct gong_trender *render, const char *name, const struct search *s,
     struct gong_str text, size_t from)
{
    int rc = pcre2_match(s->code, (PCRE2_SPTR)(text.len == 0 ? "" : text.data),
                         text.len, from, 0, s->match, s->limits);

    if (rc == PCRE2_ERROR_NOMATCH) {
        return 0;
    }
    if (rc < 0) {
        (void)gong_trender_fail(
            render, "error calling %s: the pattern's match was given up", name);
        return -1;
    }
    return 1;
}

bool
gong_tfn_match(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    struct search s;
    int found = 0;

    (void)count;
    if (!init(render, "match", args[0].as.text, &s)) {
        return false;
    }
    found = find(render, "match", &s, args[1].as.text, 0);
    fini(&s);
    *out = gong_tvalue_bool(found == 1);
    return found >= 0;
}

static void
put_group(struct gong_tbuilder *out, const struct search *s,
          struct gong_str text, size_t group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);

    if (group < pcre2_get_ovector_count(s->match) &&
        at[2 * group] != PCRE2_UNSET) {
        gong_tbuilder_put(out,
                          gong_str_from(text.data + at[2 * group],
                                        at[2 * group + 1] - at[2 * group]));
    }
}

/* By number, or by name where it is not all digits. */
static void
put_named(struct gong_tbuilder *out, const struct search *s,
          struct gong_str text, struct gong_str name)
{
    char copy[64];
    uint32_t number = 0;
    size_t digits = 0;
    int found = 0;

    while (digits < name.len && name.data[digits] >= '0' &&
           name.data[digits] <= '9') {
        number = number < 1000000
                     ? number * 10 + (uint32_t)(name.data[digits] - '0')
                     : number;
        digits++;
    }
    if (digits == name.len) {
        put_group(out, s, text, number);
        return;
    }
    if (name.len < sizeof copy) {
        memcpy(copy, name.data, name.len);
        copy[name.len] = '\0';
        found = pcre2_substring_number_from_name(s->code, (PCRE2_SPTR)copy);
    }
    if (found > 0) {
        put_group(out, s, text, (size_t)found);
    }
}

/* Behind a "$": the name of a group, with braces or without; 0: it is none, and
 * the "$" stands for itself. */
static size_t
group_ahead(struct gong_str text, struct gong_str *name)
{
    size_t start = text.len > 0 && text.data[0] == '{' ? 1 : 0;
    size_t end = start;

    while (end < text.len && gong_ascii_is_name(text.data[end])) {
        end++;
    }
    *name = gong_str_from(text.data + start, end - start);
    if (end == start ||
        (start == 1 && (end == text.len || text.data[end] != '}'))) {
        return 0;
    }
    return end + start;
}

/* What a match becomes: $1, ${name}, $$. */
static void
expand(struct gong_tbuilder *out, const struct search *s, struct gong_str text,
       struct gong_str by)
{
    for (size_t at = 0; at < by.len && !out->render->failed; at++) {
        struct gong_str name = {0};
        size_t len = 0;

        if (by.data[at] == '$' && at + 1 < by.len && by.data[at + 1] == '$') {
            at++;
        } else if (by.data[at] == '$') {
            len = group_ahead(gong_str_from(by.data + at + 1, by.len - at - 1),
                              &name);
        }
        if (len > 0) {
            put_named(out, s, text, name);
            at += len;
        } else {
            gong_tbuilder_putc(out, by.data[at]);
        }
    }
}

static size_t
rune_width(struct gong_str text, size_t at)
{
    size_t len = at < text.len
                     ? gong_promql_rune(
                           gong_str_from(text.data + at, text.len - at), NULL)
                     : 0;

    return len == 0 ? 1 : len;
}

/* As Go replaces: an empty match right behind another one is passed over. */
static int
replace_all(struct gong_tbuilder *out, const struct search *s,
            struct gong_str text, struct gong_str by)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
    size_t done = 0;
    size_t from = 0;
    int found = 1;

    while (from <= text.len && !out->render->failed) {
        found = find(out->render, "reReplaceAll", s, text, from);
        if (found <= 0) {
            break;
        }
        gong_tbuilder_put(out, gong_str_from(text.data + done, at[0] - done));
        if (at[1] > done || at[0] == 0) {
            expand(out, s, text, by);
        }
        done = at[1];
        size_t width = rune_width(text, from);
        from = from + width > done ? from + width : done;
    }
    if (done < text.len) {
        gong_tbuilder_put(out,
                          gong_str_from(text.data + done, text.len - done));
    }
    return found;
}

bool
gong_tfn_replace(struct gong_trender *render, const struct gong_tvalue *args,
                 size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};
    struct search s;
    int found = 0;

    (void)count;
    if (!init(render, "reReplaceAll", args[0].as.text, &s)) {
        return false;
    }
    found = replace_all(&text, &s, args[2].as.text, args[1].as.text);
    fini(&s);
    *out = gong_tvalue_text(gong_tbuilder_text(&text));
    return found >= 0 && !render->failed;
}
