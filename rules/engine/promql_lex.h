/*
 * promql_lex: PromQL text to tokens. Inside { } words are label names and =~,
 * !~ exist; inside [ ] a colon separates; elsewhere a colon is part of a name.
 * "#" starts a comment that ends with the line.
 */
#ifndef GONG_RULES_ENGINE_PROMQL_LEX_H
#define GONG_RULES_ENGINE_PROMQL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/promql.h"
#include "rules/engine/promql_error.h"

enum gong_token_kind {
    GONG_TOKEN_END,
    GONG_TOKEN_NUMBER,
    GONG_TOKEN_DURATION,
    GONG_TOKEN_STRING,
    GONG_TOKEN_NAME,       /* no colon: metric, label or function */
    GONG_TOKEN_COLON_NAME, /* with a colon: a metric */
    GONG_TOKEN_OPERATOR,   /* op says which; also and, or, unless, atan2 */
    GONG_TOKEN_AGGREGATOR,
    GONG_TOKEN_BOOL,
    GONG_TOKEN_BY,
    GONG_TOKEN_GROUP_LEFT,
    GONG_TOKEN_GROUP_RIGHT,
    GONG_TOKEN_IGNORING,
    GONG_TOKEN_OFFSET,
    GONG_TOKEN_ON,
    GONG_TOKEN_WITHOUT,
    GONG_TOKEN_START, /* the words start and end, for "@ start()" */
    GONG_TOKEN_FINISH,
    GONG_TOKEN_LEFT_PAREN,
    GONG_TOKEN_RIGHT_PAREN,
    GONG_TOKEN_LEFT_BRACE,
    GONG_TOKEN_RIGHT_BRACE,
    GONG_TOKEN_LEFT_BRACKET,
    GONG_TOKEN_RIGHT_BRACKET,
    GONG_TOKEN_COMMA,
    GONG_TOKEN_COLON,
    GONG_TOKEN_AT,
    GONG_TOKEN_ASSIGN,    /* = */
    GONG_TOKEN_REGEX,     /* =~ */
    GONG_TOKEN_NOT_REGEX, /* !~ */
};

/* Plain value; text is borrowed from the expression. */
struct gong_token {
    enum gong_token_kind kind;
    enum gong_op op;
    struct gong_str text;
    uint32_t at;
};

struct gong_lex {
    struct gong_str text; /* borrowed */
    size_t at;
    bool in_braces;
    bool in_brackets;
};

void gong_lex_init(struct gong_lex *lex, struct gong_str text);

/* gong_lex_next: false with error filled where no token can start or end. */
bool gong_lex_next(struct gong_lex *lex, struct gong_token *token,
                   struct gong_expr_error *error);

/* gong_lex_describe: "end of text" or the token in quotes; returns out. */
const char *gong_lex_describe(const struct gong_token *token,
                              char out[static GONG_EXPR_WORD_SIZE]);

/* gong_lex_word_kind: the kind that a bare word has outside braces, its
 * operator in op (may be NULL). */
enum gong_token_kind gong_lex_word_kind(struct gong_str word, enum gong_op *op);

#endif
