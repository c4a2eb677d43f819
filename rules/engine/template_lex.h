/*
 * template_lex: the tokens of a template:
 *
 *   text {{- action -}} text {{- comment -}} ...
 *
 * A "-" beside the braces, with a space towards the action, takes the space of
 * the text away on that side.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_LEX_H
#define GONG_RULES_ENGINE_TEMPLATE_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "rules/engine/promql.h"

enum gong_ttoken_kind {
    GONG_TTOKEN_END,
    GONG_TTOKEN_TEXT,
    GONG_TTOKEN_OPEN,  /* {{ */
    GONG_TTOKEN_CLOSE, /* }} */
    GONG_TTOKEN_SPACE,
    GONG_TTOKEN_WORD,     /* name, keyword, true, nil */
    GONG_TTOKEN_FIELD,    /* .name */
    GONG_TTOKEN_DOT,      /* . */
    GONG_TTOKEN_VARIABLE, /* $name, $ */
    GONG_TTOKEN_NUMBER,
    GONG_TTOKEN_CHAR,    /* 'x' */
    GONG_TTOKEN_STRING,  /* "..." or `...` with its quotes */
    GONG_TTOKEN_MARK,    /* | ( ) , = */
    GONG_TTOKEN_DECLARE, /* := */
};

struct gong_ttoken {
    enum gong_ttoken_kind kind;
    size_t at;
    struct gong_str text; /* points into the source */
};

/* Plain value. */
struct gong_tlexer {
    struct gong_str source;
    size_t at;
    bool inside; /* between {{ and }} */
    bool trim;   /* the text to come loses its leading space */
    struct gong_expr_error *error;
};

/* gong_tlex: the next token; false with error filled. */
bool gong_tlex(struct gong_tlexer *lexer, struct gong_ttoken *token);

#endif
