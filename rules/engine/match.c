#include "rules/engine/match.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "rules/engine/match_pattern.h"
#include "rules/engine/promql_error.h"

/* A value has at most 64 KiB; what needs more steps than this for it has run
 * away. */
#define STEPS_MAX 1000000
#define HEAP_KIB  1024

enum form {
    FORM_EQUAL,    /* text */
    FORM_LITERALS, /* one of the sorted literals */
    FORM_SIMPLE,   /* edges and a text */
    FORM_REGEX,
};

struct matcher {
    enum form form;
    bool negative;
    struct gong_str name;
    struct gong_str text;
    char *space; /* owned: what literals and simple point into */
    struct gong_str *literals;
    size_t literal_count;
    struct gong_pattern_simple simple;
    pcre2_code *code;
};

struct gong_matchers {
    struct matcher *list;
    size_t count;
    uint64_t unknown;
    pcre2_match_context *limits; /* these two only if there is a FORM_REGEX */
    pcre2_match_data *match;
};

static int
compare_texts(const void *a, const void *b)
{
    const struct gong_str *x = a;
    const struct gong_str *y = b;

    return gong_str_compare(*x, *y);
}

/* FORM_LITERALS if the pattern is that; ok stays true if it is not. */
static bool
take_literals(struct matcher *m, struct gong_str pattern, bool *taken)
{
    size_t most = 1;

    for (size_t i = 0; i < pattern.len; i++) {
        most += pattern.data[i] == '|' ? 1 : 0;
    }
    m->literals = calloc(most, sizeof *m->literals);
    if (m->literals == NULL) {
        return false;
    }
    m->literal_count =
        gong_pattern_literals(pattern, m->space, m->literals, most);
    *taken = m->literal_count != 0;
    if (*taken) {
        m->form = FORM_LITERALS;
        qsort(m->literals, m->literal_count, sizeof *m->literals,
              compare_texts);
    }
    return true;
}

static bool
say_pcre(struct gong_expr_error *error, struct gong_str pattern, int code,
         size_t at)
{
    char word[GONG_EXPR_WORD_SIZE];
    PCRE2_UCHAR why[128] = "";

    if (code == PCRE2_ERROR_HEAP_FAILED) {
        return gong_expr_no_memory(error, 0);
    }
    (void)pcre2_get_error_message(code, why, sizeof why);
    return gong_expr_fail(error, at < pattern.len ? at : pattern.len,
                          "found the pattern %s, which cannot be compiled "
                          "(%s), expected another",
                          gong_expr_word(pattern, word), (const char *)why);
}

static bool
compile(struct matcher *m, struct gong_str pattern,
        struct gong_expr_error *error)
{
    static const uint32_t options =
        PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
        PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_AUTO_CAPTURE;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    size_t len = 0;
    char *text = gong_pattern_pcre(pattern, &len);
    int code = 0;
    PCRE2_SIZE at = 0;
    bool ok = context != NULL && text != NULL;

    m->form = FORM_REGEX;
    if (!ok) {
        (void)gong_expr_no_memory(error, 0);
    } else {
        (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        m->code =
            pcre2_compile((PCRE2_SPTR)text, len, options, &code, &at, context);
        ok = m->code != NULL || say_pcre(error, pattern, code, at);
    }
    free(text);
    pcre2_compile_context_free(context);
    return ok;
}

static bool
prepare_regex(struct matcher *m, struct gong_str pattern,
              struct gong_expr_error *error)
{
    bool taken = false;

    m->space = malloc(pattern.len + 1);
    if (m->space == NULL || !take_literals(m, pattern, &taken)) {
        return gong_expr_no_memory(error, 0);
    }
    if (taken) {
        return true;
    }
    if (gong_pattern_simple(pattern, m->space, &m->simple)) {
        m->form = FORM_SIMPLE;
        return true;
    }
    return compile(m, pattern, error);
}

static bool
prepare(struct gong_matchers *all, struct matcher *m,
        const struct gong_matcher *from, struct gong_expr_error *error)
{
    bool ok = true;

    m->name = gong_str_of(from->name);
    m->text = gong_str_of(from->value);
    m->negative =
        from->op == GONG_MATCH_NOT_EQUAL || from->op == GONG_MATCH_NOT_REGEX;
    if (from->op == GONG_MATCH_REGEX || from->op == GONG_MATCH_NOT_REGEX) {
        ok = prepare_regex(m, m->text, error);
    }
    if (!ok || m->form != FORM_REGEX || all->match != NULL) {
        return ok;
    }
    all->match = pcre2_match_data_create(1, NULL);
    all->limits = pcre2_match_context_create(NULL);
    if (all->match == NULL || all->limits == NULL) {
        return gong_expr_no_memory(error, 0);
    }
    (void)pcre2_set_match_limit(all->limits, STEPS_MAX);
    (void)pcre2_set_heap_limit(all->limits, HEAP_KIB);
    return true;
}

struct gong_matchers *
gong_matchers_new(const struct gong_matcher *matchers, size_t count,
                  struct gong_expr_error *error)
{
    struct gong_matchers *all = calloc(1, sizeof *all);

    if (all == NULL ||
        (all->list = calloc(count + 1, sizeof *all->list)) == NULL) {
        free(all);
        (void)gong_expr_no_memory(error, 0);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        all->count++;
        if (!prepare(all, &all->list[i], &matchers[i], error)) {
            gong_matchers_free(all);
            return NULL;
        }
    }
    return all;
}

void
gong_matchers_free(struct gong_matchers *matchers)
{
    if (matchers == NULL) {
        return;
    }
    for (size_t i = 0; i < matchers->count; i++) {
        free(matchers->list[i].space);
        free(matchers->list[i].literals);
        pcre2_code_free(matchers->list[i].code);
    }
    pcre2_match_data_free(matchers->match);
    pcre2_match_context_free(matchers->limits);
    free(matchers->list);
    free(matchers);
}

size_t
gong_matchers_count(const struct gong_matchers *matchers)
{
    return matchers->count;
}

static bool
without_newline(const char *data, size_t len)
{
    return len == 0 || memchr(data, '\n', len) == NULL;
}

/* .*text.* and its kin: the text at some place between both edges. */
static bool
contains(const struct gong_pattern_simple *s, struct gong_str value)
{
    size_t first = s->head == GONG_EDGE_SOME ? 1 : 0;
    size_t last = s->tail == GONG_EDGE_SOME ? 1 : 0;

    for (size_t at = first; at + s->text.len + last <= value.len; at++) {
        size_t end = at + s->text.len;

        if (!without_newline(value.data, at)) {
            return false;
        }
        if (memcmp(value.data + at, s->text.data, s->text.len) == 0 &&
            without_newline(value.data + end, value.len - end)) {
            return true;
        }
    }
    return false;
}

static bool
match_simple(const struct gong_pattern_simple *s, struct gong_str value)
{
    size_t len = s->text.len;
    size_t more = value.len - len;
    const char *wild = value.data;
    enum gong_pattern_edge edge = s->head != GONG_EDGE_NONE ? s->head : s->tail;

    if (value.len < len) {
        return false;
    }
    if (value.len == 0) {
        return s->head != GONG_EDGE_SOME && s->tail != GONG_EDGE_SOME;
    }
    if (s->head != GONG_EDGE_NONE && s->tail != GONG_EDGE_NONE) {
        return contains(s, value);
    }
    if (s->head == GONG_EDGE_NONE) {
        if (memcmp(value.data, s->text.data, len) != 0) {
            return false;
        }
        wild += len;
    } else if (memcmp(value.data + more, s->text.data, len) != 0) {
        return false;
    }
    return (more > 0 || edge == GONG_EDGE_ANY) && without_newline(wild, more);
}

static enum gong_match_verdict
match_regex(struct gong_matchers *all, const struct matcher *m,
            struct gong_str value)
{
    const char *data = value.len == 0 ? "" : value.data;
    int rc = pcre2_match(m->code, (PCRE2_SPTR)data, value.len, 0, 0, all->match,
                         all->limits);

    if (rc == PCRE2_ERROR_NOMATCH) {
        return GONG_MATCH_NO;
    }
    if (rc >= 0) {
        return GONG_MATCH_YES;
    }
    all->unknown++;
    return GONG_MATCH_UNKNOWN;
}

enum gong_match_verdict
gong_matchers_one(struct gong_matchers *matchers, size_t i,
                  struct gong_str value)
{
    const struct matcher *m = &matchers->list[i];
    enum gong_match_verdict verdict = GONG_MATCH_NO;
    bool yes = false;

    switch (m->form) {
    case FORM_EQUAL:
        yes = gong_str_equal(m->text, value);
        break;
    case FORM_LITERALS:
        yes = bsearch(&value, m->literals, m->literal_count,
                      sizeof *m->literals, compare_texts) != NULL;
        break;
    case FORM_SIMPLE:
        yes = match_simple(&m->simple, value);
        break;
    case FORM_REGEX:
        verdict = match_regex(matchers, m, value);
        if (verdict == GONG_MATCH_UNKNOWN) {
            return verdict;
        }
        yes = verdict == GONG_MATCH_YES;
        break;
    }
    return yes != m->negative ? GONG_MATCH_YES : GONG_MATCH_NO;
}

static struct gong_str
value_of(const struct gong_label_view *labels, size_t count,
         struct gong_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_equal(labels[i].name, name)) {
            return labels[i].value;
        }
    }
    return gong_str_from("", 0);
}

enum gong_match_verdict
gong_matchers_all(struct gong_matchers *matchers,
                  const struct gong_label_view *labels, size_t count)
{
    enum gong_match_verdict all = GONG_MATCH_YES;

    for (size_t i = 0; i < matchers->count; i++) {
        enum gong_match_verdict one = gong_matchers_one(
            matchers, i, value_of(labels, count, matchers->list[i].name));

        if (one == GONG_MATCH_NO) {
            return one;
        }
        all = one == GONG_MATCH_UNKNOWN ? one : all;
    }
    return all;
}

uint64_t
gong_matchers_unknown(const struct gong_matchers *matchers)
{
    return matchers->unknown;
}

size_t
gong_matcher_literals(struct gong_str pattern, char *space,
                      struct gong_str *out, size_t max)
{
    return gong_pattern_literals(pattern, space, out, max);
}
