#include "rules/engine/template_lex.h"

#include <string.h>

#include "common/ascii.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"

static char
ahead(const struct gong_tlexer *l, size_t offset)
{
    return l->at + offset < l->source.len ? l->source.data[l->at + offset]
                                          : '\0';
}

/* Letters beyond ASCII are letters. */
static bool
is_name(char c)
{
    return gong_ascii_is_name(c) || ((unsigned char)c & 0x80) != 0;
}

static bool
fail(const struct gong_tlexer *l, const char *expected)
{
    size_t left = l->source.len - l->at;
    char word[GONG_EXPR_WORD_SIZE];

    if (left == 0) {
        return gong_expr_fail(l->error, l->at,
                              "found the end of the text, expected %s",
                              expected);
    }
    return gong_expr_fail(
        l->error, l->at, "found %s, expected %s",
        gong_expr_word(
            gong_str_from(l->source.data + l->at, left < 24 ? left : 24), word),
        expected);
}

static bool
take(struct gong_tlexer *l, struct gong_ttoken *token,
     enum gong_ttoken_kind kind, size_t len)
{
    token->kind = kind;
    token->at = l->at;
    token->text = gong_str_from(l->source.data + l->at, len);
    l->at += len;
    return true;
}

static bool
starts(const struct gong_tlexer *l, const char *text)
{
    size_t len = strlen(text);

    return l->source.len - l->at >= len &&
           memcmp(l->source.data + l->at, text, len) == 0;
}

/* The length of a closing "}}" or " -}}" here. */
static size_t
close_ahead(const struct gong_tlexer *l)
{
    if (gong_ascii_is_blank(ahead(l, 0)) && ahead(l, 1) == '-' &&
        ahead(l, 2) == '}' && ahead(l, 3) == '}') {
        return 4;
    }
    return starts(l, "}}") ? 2 : 0;
}

/* Behind a comment's slash: the comment, and the braces that must follow. */
static bool
skip_comment(struct gong_tlexer *l)
{
    l->at += 2;
    while (!starts(l, "*/")) {
        if (l->at == l->source.len) {
            return fail(l, "*/ after a comment");
        }
        l->at++;
    }
    l->at += 2;
    size_t len = close_ahead(l);
    if (len == 0) {
        return fail(l, "\"}}\" right after a comment");
    }
    l->trim = len == 4;
    l->at += len;
    return true;
}

/* Text up to the next "{{"; what a "-" beyond it takes away is left out. */
static size_t
text_ahead(const struct gong_tlexer *l, size_t *skip)
{
    size_t len = 0;
    size_t end = 0;

    while (l->at + len < l->source.len &&
           !(ahead(l, len) == '{' && ahead(l, len + 1) == '{')) {
        len++;
    }
    end = len;
    if (ahead(l, len) == '{' && ahead(l, len + 2) == '-' &&
        gong_ascii_is_blank(ahead(l, len + 3))) {
        while (end > 0 && gong_ascii_is_blank(ahead(l, end - 1))) {
            end--;
        }
    }
    *skip = len;
    return end;
}

/* Text of len bytes, and what a "-" takes away behind it. */
static bool
take_text(struct gong_tlexer *l, struct gong_ttoken *token, size_t len,
          size_t skip)
{
    const char *nul = NULL;

    (void)take(l, token, GONG_TTOKEN_TEXT, len);
    nul = memchr(token->text.data, '\0', len);
    if (nul != NULL) {
        l->at = (size_t)(nul - l->source.data);
        return fail(l, "text without NUL");
    }
    l->at += skip - len;
    return true;
}

static void
trim_ahead(struct gong_tlexer *l)
{
    while (l->trim && gong_ascii_is_blank(ahead(l, 0))) {
        l->at++;
    }
    l->trim = false;
}

/* Outside of braces; comments are passed over. */
static bool
lex_text(struct gong_tlexer *l, struct gong_ttoken *token)
{
    for (;;) {
        size_t skip = 0;
        size_t len = 0;

        trim_ahead(l);
        len = text_ahead(l, &skip);
        if (l->at == l->source.len) {
            return take(l, token, GONG_TTOKEN_END, 0);
        }
        if (skip > 0) {
            return take_text(l, token, len, skip);
        }
        size_t open =
            ahead(l, 2) == '-' && gong_ascii_is_blank(ahead(l, 3)) ? 3 : 2;
        size_t comment = open == 3 ? 4 : 2; /* the space, too */
        if (ahead(l, comment) != '/' || ahead(l, comment + 1) != '*') {
            l->inside = true;
            return take(l, token, GONG_TTOKEN_OPEN, open);
        }
        l->at += comment;
        if (!skip_comment(l)) {
            return false;
        }
    }
}

static bool
lex_quoted(struct gong_tlexer *l, struct gong_ttoken *token)
{
    char quote = ahead(l, 0);
    size_t len = 1;

    while (ahead(l, len) != quote) {
        if (l->at + len >= l->source.len || ahead(l, len) == '\0' ||
            (ahead(l, len) == '\n' && quote != '`')) {
            return fail(l, "a closing quote");
        }
        len += ahead(l, len) == '\\' && quote != '`' ? 2 : 1;
    }
    return take(l, token, quote == '\'' ? GONG_TTOKEN_CHAR : GONG_TTOKEN_STRING,
                len + 1);
}

static size_t
name_ahead(const struct gong_tlexer *l, size_t offset)
{
    size_t len = 0;

    while (is_name(ahead(l, offset + len))) {
        len++;
    }
    return len;
}

/* What must follow a name: else "$labels.a-b" would be read as two. */
static bool
ends_word(const struct gong_tlexer *l, size_t offset)
{
    char c = ahead(l, offset);

    return l->at + offset == l->source.len || gong_ascii_is_blank(c) ||
           (c != '\0' && strchr(".,|:=()", c) != NULL) ||
           (c == '}' && ahead(l, offset + 1) == '}');
}

static bool
lex_word(struct gong_tlexer *l, struct gong_ttoken *token,
         enum gong_ttoken_kind kind, size_t head)
{
    size_t len = head + name_ahead(l, head);

    if (kind == GONG_TTOKEN_FIELD && gong_ascii_is_digit(ahead(l, 1))) {
        return fail(l, "a field's name");
    }
    if (!ends_word(l, len)) {
        l->at += len;
        return fail(l, "\"}}\"");
    }
    return take(l, token, kind, len);
}

/* Digits, letters, dots and signs of exponents; their value is the parser's. */
static bool
lex_number(struct gong_tlexer *l, struct gong_ttoken *token)
{
    size_t len = ahead(l, 0) == '+' || ahead(l, 0) == '-' ? 1 : 0;
    bool hex = ahead(l, len) == '0' &&
               (ahead(l, len + 1) == 'x' || ahead(l, len + 1) == 'X');

    while (is_name(ahead(l, len)) || ahead(l, len) == '.' ||
           ((ahead(l, len) == '+' || ahead(l, len) == '-') && len > 0 &&
            strchr(hex ? "pP" : "eEpP", ahead(l, len - 1)) != NULL)) {
        len++;
    }
    return take(l, token, GONG_TTOKEN_NUMBER, len);
}

static bool
lex_inside(struct gong_tlexer *l, struct gong_ttoken *token)
{
    char c = ahead(l, 0);
    char d = ahead(l, 1);
    size_t len = 0;

    while (gong_ascii_is_blank(ahead(l, len))) {
        len++;
    }
    if (len > 0) {
        return take(l, token, GONG_TTOKEN_SPACE, len);
    }
    if (c == ':' && d == '=') {
        return take(l, token, GONG_TTOKEN_DECLARE, 2);
    }
    if (c != '\0' && strchr("|(),=", c) != NULL) {
        return take(l, token, GONG_TTOKEN_MARK, 1);
    }
    if (c == '"' || c == '`' || c == '\'') {
        return lex_quoted(l, token);
    }
    if (c == '$') {
        return lex_word(l, token, GONG_TTOKEN_VARIABLE, 1);
    }
    if (c == '.' && !gong_ascii_is_digit(d)) {
        return is_name(d) ? lex_word(l, token, GONG_TTOKEN_FIELD, 1)
                          : take(l, token, GONG_TTOKEN_DOT, 1);
    }
    if (gong_ascii_is_digit(c) || c == '.' || c == '+' || c == '-') {
        return lex_number(l, token);
    }
    if (is_name(c)) {
        return lex_word(l, token, GONG_TTOKEN_WORD, 0);
    }
    return fail(l, c == '}' ? "\"}}\"" : "$labels.NAME, $value or a function");
}

bool
gong_tlex(struct gong_tlexer *l, struct gong_ttoken *token)
{
    if (!l->inside) {
        return lex_text(l, token);
    }
    /* Space before " -}}" is the closing's own, however much there is. */
    size_t space = 0;
    while (gong_ascii_is_blank(ahead(l, space)) &&
           gong_ascii_is_blank(ahead(l, space + 1))) {
        space++;
    }
    l->at += space;
    size_t len = close_ahead(l);
    if (len > 0) {
        l->inside = false;
        l->trim = len == 4;
        return take(l, token, GONG_TTOKEN_CLOSE, len);
    }
    l->at -= space;
    return lex_inside(l, token);
}
