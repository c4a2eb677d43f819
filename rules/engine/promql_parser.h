/*
 * promql_parser: what the two halves of the parser share. promql_parser.c has
 * signs, operators and modifiers; promql_operand.c what they apply to.
 *
 * Every function that returns bool fills parser->error before it says false.
 */
#ifndef GONG_RULES_ENGINE_PROMQL_PARSER_H
#define GONG_RULES_ENGINE_PROMQL_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/promql.h"
#include "rules/engine/promql_lex.h"

/* Transparent: one parse, on its caller's stack. All pointers are borrowed. */
struct gong_parser {
    struct gong_lex lex;
    struct gong_token token; /* the one that is looked at */
    struct gong_expr *expr;
    struct gong_expr_error *error;
    unsigned depth;
};

bool gong_parser_no_memory(struct gong_parser *p);
/* gong_parser_unexpected: "found <token>, expected <expected>". */
bool gong_parser_unexpected(struct gong_parser *p, const char *expected);
bool gong_parser_advance(struct gong_parser *p);
bool gong_parser_expect(struct gong_parser *p, enum gong_token_kind kind,
                        const char *expected);

/* gong_parser_push: takes over what node owns, also on failure. */
bool gong_parser_push(struct gong_parser *p, struct gong_expr_node *node,
                      uint32_t *out);

/* gong_parser_labels: ( [label {, label} [,]] ); names and count grow. */
bool gong_parser_labels(struct gong_parser *p, char ***names, size_t *count);

/* gong_parser_expr: an expression of any operators; out is its node. */
bool gong_parser_expr(struct gong_parser *p, uint32_t *out);

#endif
