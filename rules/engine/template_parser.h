/*
 * template_parser: what the parser of blocks and that of pipelines share.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_PARSER_H
#define GONG_RULES_ENGINE_TEMPLATE_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/template_lex.h"
#include "rules/engine/template_tree.h"

#define GONG_TEMPLATE_NESTING_MAX 40 /* blocks and brackets */

struct gong_tparser {
    struct gong_tlexer lexer;
    struct gong_ttoken token; /* the one to be taken next */
    struct gong_template *tmpl;
    struct gong_str names[GONG_TEMPLATE_SLOTS]; /* of the visible variables */
    uint32_t name_count;
    unsigned nesting;
    unsigned ranges; /* that break would leave */
    bool query;      /* the function query is taken */
    bool root;       /* the dot is what the render was given */
    bool defining;   /* $ is not */
    struct gong_expr_error *error;
};

/* All of these are false with error filled. */

/* gong_tparser_next: takes the token. gong_tparser_word: also space before the
 * next one. */
bool gong_tparser_next(struct gong_tparser *p);
bool gong_tparser_skip_space(struct gong_tparser *p);
bool gong_tparser_fail(struct gong_tparser *p, const char *expected);
bool gong_tparser_push(struct gong_tparser *p, enum gong_tnode_kind kind,
                       size_t at, uint32_t *out);

bool gong_tparser_is_mark(const struct gong_tparser *p, char mark);

/* gong_tparser_string: the value of the string that is the token, which is
 * taken. */
bool gong_tparser_string(struct gong_tparser *p, struct gong_str *out);

/* gong_tparser_pipeline: up to the closing braces or bracket, which is not
 * taken. range allows two variables. */
bool gong_tparser_pipeline(struct gong_tparser *p, bool range, uint32_t *out);

#endif
