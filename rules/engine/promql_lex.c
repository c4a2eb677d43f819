#include "rules/engine/promql_lex.h"

#include <string.h>

#include "common/ascii.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"

#define KEYWORD_MAX 12 /* count_values, and room for none longer */

struct keyword {
    const char *text;
    enum gong_token_kind kind;
    enum gong_op op;
};

static const struct keyword keywords[] = {
    {"and", GONG_TOKEN_OPERATOR, GONG_OP_AND},
    {"or", GONG_TOKEN_OPERATOR, GONG_OP_OR},
    {"unless", GONG_TOKEN_OPERATOR, GONG_OP_UNLESS},
    {"atan2", GONG_TOKEN_OPERATOR, GONG_OP_ATAN2},
    {"sum", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"avg", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"count", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"min", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"max", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"group", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"stddev", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"stdvar", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"topk", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"bottomk", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"count_values", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"quantile", GONG_TOKEN_AGGREGATOR, GONG_OP_ADD},
    {"offset", GONG_TOKEN_OFFSET, GONG_OP_ADD},
    {"by", GONG_TOKEN_BY, GONG_OP_ADD},
    {"without", GONG_TOKEN_WITHOUT, GONG_OP_ADD},
    {"on", GONG_TOKEN_ON, GONG_OP_ADD},
    {"ignoring", GONG_TOKEN_IGNORING, GONG_OP_ADD},
    {"group_left", GONG_TOKEN_GROUP_LEFT, GONG_OP_ADD},
    {"group_right", GONG_TOKEN_GROUP_RIGHT, GONG_OP_ADD},
    {"bool", GONG_TOKEN_BOOL, GONG_OP_ADD},
    {"start", GONG_TOKEN_START, GONG_OP_ADD},
    {"end", GONG_TOKEN_FINISH, GONG_OP_ADD},
    {"inf", GONG_TOKEN_NUMBER, GONG_OP_ADD},
    {"nan", GONG_TOKEN_NUMBER, GONG_OP_ADD},
};

/* Signs of any place, the longer before their own beginnings. */
static const struct keyword signs[] = {
    {"(", GONG_TOKEN_LEFT_PAREN, GONG_OP_ADD},
    {")", GONG_TOKEN_RIGHT_PAREN, GONG_OP_ADD},
    {"{", GONG_TOKEN_LEFT_BRACE, GONG_OP_ADD},
    {"}", GONG_TOKEN_RIGHT_BRACE, GONG_OP_ADD},
    {"[", GONG_TOKEN_LEFT_BRACKET, GONG_OP_ADD},
    {"]", GONG_TOKEN_RIGHT_BRACKET, GONG_OP_ADD},
    {",", GONG_TOKEN_COMMA, GONG_OP_ADD},
    {"@", GONG_TOKEN_AT, GONG_OP_ADD},
    {"+", GONG_TOKEN_OPERATOR, GONG_OP_ADD},
    {"-", GONG_TOKEN_OPERATOR, GONG_OP_SUB},
    {"*", GONG_TOKEN_OPERATOR, GONG_OP_MUL},
    {"/", GONG_TOKEN_OPERATOR, GONG_OP_DIV},
    {"%", GONG_TOKEN_OPERATOR, GONG_OP_MOD},
    {"^", GONG_TOKEN_OPERATOR, GONG_OP_POW},
    {"==", GONG_TOKEN_OPERATOR, GONG_OP_EQ},
    {"=~", GONG_TOKEN_REGEX, GONG_OP_ADD},
    {"=", GONG_TOKEN_ASSIGN, GONG_OP_ADD},
    {"!=", GONG_TOKEN_OPERATOR, GONG_OP_NE},
    {"!~", GONG_TOKEN_NOT_REGEX, GONG_OP_ADD},
    {"<=", GONG_TOKEN_OPERATOR, GONG_OP_LE},
    {"<", GONG_TOKEN_OPERATOR, GONG_OP_LT},
    {">=", GONG_TOKEN_OPERATOR, GONG_OP_GE},
    {">", GONG_TOKEN_OPERATOR, GONG_OP_GT},
};

/* The byte at a place, NUL past the end: NUL is no token's beginning. */
static char
peek(const struct gong_lex *lex, size_t at)
{
    return at < lex->text.len ? lex->text.data[at] : '\0';
}

static struct gong_str
slice(const struct gong_lex *lex, size_t from, size_t to)
{
    return gong_str_from(lex->text.data + from, to - from);
}

void
gong_lex_init(struct gong_lex *lex, struct gong_str text)
{
    *lex = (struct gong_lex){.text = text};
}

static void
skip_blank(struct gong_lex *lex)
{
    for (;;) {
        char c = peek(lex, lex->at);

        if (c == '#') {
            while (lex->at < lex->text.len && peek(lex, lex->at) != '\n' &&
                   peek(lex, lex->at) != '\r') {
                lex->at++;
            }
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            lex->at++;
        } else {
            return;
        }
    }
}

static size_t
run_of(const struct gong_lex *lex, size_t at, bool (*member)(char))
{
    while (at < lex->text.len && member(peek(lex, at))) {
        at++;
    }
    return at;
}

/* Where a number that starts at lex->at would end. */
static size_t
number_end(const struct gong_lex *lex)
{
    size_t at = lex->at;
    bool (*digit)(char) = gong_ascii_is_digit;

    if (peek(lex, at) == '0' &&
        (peek(lex, at + 1) == 'x' || peek(lex, at + 1) == 'X')) {
        digit = gong_ascii_is_hex;
        at += 2;
    }
    at = run_of(lex, at, digit);
    if (peek(lex, at) == '.') {
        at = run_of(lex, at + 1, digit);
    }
    if (peek(lex, at) == 'e' || peek(lex, at) == 'E') {
        at++;
        at += peek(lex, at) == '+' || peek(lex, at) == '-' ? 1 : 0;
        at = run_of(lex, at, gong_ascii_is_digit);
    }
    return at;
}

static bool
lex_number(struct gong_lex *lex, struct gong_token *token,
           struct gong_expr_error *error)
{
    size_t end = number_end(lex);
    bool number = !gong_ascii_is_name(peek(lex, end));
    char word[GONG_EXPR_WORD_SIZE];
    double value = 0;
    int64_t ms = 0;

    end = run_of(lex, end, gong_ascii_is_name);
    token->text = slice(lex, lex->at, end);
    token->kind = number ? GONG_TOKEN_NUMBER : GONG_TOKEN_DURATION;
    if (number ? !gong_promql_number(token->text, &value)
               : !gong_promql_duration(token->text, &ms)) {
        return gong_expr_fail(error, lex->at, "found %s, expected %s",
                              gong_expr_word(token->text, word),
                              number ? "a number"
                                     : "a number or a duration above zero "
                                       "such as 1h30m");
    }
    lex->at = end;
    return true;
}

/* Finds the closing quote; what stands between is judged when unquoted. */
static bool
lex_string(struct gong_lex *lex, struct gong_token *token,
           struct gong_expr_error *error)
{
    char quote = peek(lex, lex->at);
    bool raw = quote == '`';
    size_t at = lex->at + 1;

    while (at < lex->text.len && peek(lex, at) != quote &&
           (raw || peek(lex, at) != '\n')) {
        at += !raw && peek(lex, at) == '\\' ? 2 : 1;
    }
    if (peek(lex, at) != quote) {
        return gong_expr_fail(
            error, lex->at, "found %s, expected a closing %c",
            at < lex->text.len ? "the end of the line" : "end of text", quote);
    }
    token->kind = GONG_TOKEN_STRING;
    token->text = slice(lex, lex->at, at + 1);
    lex->at = at + 1;
    return true;
}

enum gong_token_kind
gong_lex_word_kind(struct gong_str word, enum gong_op *op)
{
    char lower[KEYWORD_MAX + 1];

    if (memchr(word.data, ':', word.len) != NULL) {
        return GONG_TOKEN_COLON_NAME;
    }
    if (word.len > KEYWORD_MAX) {
        return GONG_TOKEN_NAME;
    }
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (gong_str_is(gong_str_from(lower, word.len), keywords[i].text)) {
            if (op != NULL) {
                *op = keywords[i].op;
            }
            return keywords[i].kind;
        }
    }
    return GONG_TOKEN_NAME;
}

static bool
is_name(char c)
{
    return gong_ascii_is_name(c) || c == ':';
}

static void
lex_word(struct gong_lex *lex, struct gong_token *token)
{
    size_t end =
        run_of(lex, lex->at, lex->in_braces ? gong_ascii_is_name : is_name);

    token->text = slice(lex, lex->at, end);
    token->kind = lex->in_braces ? GONG_TOKEN_NAME
                                 : gong_lex_word_kind(token->text, &token->op);
    lex->at = end;
}

static bool
lex_sign(struct gong_lex *lex, struct gong_token *token)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        size_t len = strlen(signs[i].text);
        bool regex = signs[i].kind == GONG_TOKEN_REGEX ||
                     signs[i].kind == GONG_TOKEN_NOT_REGEX;
        bool equal = signs[i].op == GONG_OP_EQ;

        if (len > lex->text.len - lex->at ||
            memcmp(lex->text.data + lex->at, signs[i].text, len) != 0 ||
            (regex && !lex->in_braces) || (equal && lex->in_braces)) {
            continue;
        }
        token->kind = signs[i].kind;
        token->op = signs[i].op;
        token->text = slice(lex, lex->at, lex->at + len);
        lex->at += len;
        return true;
    }
    return false;
}

/* What { } and [ ] change for the tokens that follow. */
static void
follow_place(struct gong_lex *lex, enum gong_token_kind kind)
{
    if (kind == GONG_TOKEN_LEFT_BRACE || kind == GONG_TOKEN_RIGHT_BRACE) {
        lex->in_braces = kind == GONG_TOKEN_LEFT_BRACE;
    }
    if (kind == GONG_TOKEN_LEFT_BRACKET || kind == GONG_TOKEN_RIGHT_BRACKET) {
        lex->in_brackets = kind == GONG_TOKEN_LEFT_BRACKET;
    }
}

static bool
lex_unknown(const struct gong_lex *lex, struct gong_expr_error *error)
{
    size_t left = lex->text.len - lex->at;
    struct gong_str rest = gong_str_from(lex->text.data + lex->at, left);
    size_t len = gong_promql_rune(rest, NULL);
    char word[GONG_EXPR_WORD_SIZE];

    if (len == 0) {
        return gong_expr_fail(error, lex->at,
                              "found bytes that are not UTF-8, expected an "
                              "expression");
    }
    rest.len = len;
    return gong_expr_fail(error, lex->at,
                          "found character %s, expected an expression or an "
                          "operator",
                          gong_expr_word(rest, word));
}

bool
gong_lex_next(struct gong_lex *lex, struct gong_token *token,
              struct gong_expr_error *error)
{
    char c = '\0';

    skip_blank(lex);
    c = peek(lex, lex->at);
    *token = (struct gong_token){.at = (uint32_t)lex->at};
    if (lex->at == lex->text.len) {
        token->kind = GONG_TOKEN_END;
        return true;
    }
    if (gong_ascii_is_digit(c) ||
        (c == '.' && gong_ascii_is_digit(peek(lex, lex->at + 1)))) {
        return lex_number(lex, token, error);
    }
    if (c == '"' || c == '\'' || c == '`') {
        return lex_string(lex, token, error);
    }
    if (c == ':' && lex->in_brackets) {
        token->kind = GONG_TOKEN_COLON;
        token->text = slice(lex, lex->at, lex->at + 1);
        lex->at++;
        return true;
    }
    if (gong_ascii_begins_name(c) || (c == ':' && !lex->in_braces)) {
        lex_word(lex, token);
        return true;
    }
    if (lex_sign(lex, token)) {
        follow_place(lex, token->kind);
        return true;
    }
    return lex_unknown(lex, error);
}

const char *
gong_lex_describe(const struct gong_token *token,
                  char out[static GONG_EXPR_WORD_SIZE])
{
    if (token->kind == GONG_TOKEN_END) {
        return "end of text";
    }
    return gong_expr_word(token->text, out);
}
