#include "rules/engine/promql.h"

#include <stdlib.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_lex.h"
#include "rules/engine/promql_parser.h"
#include "rules/engine/promql_types.h"

static bool
parse_whole(struct gong_parser *p)
{
    if (!gong_parser_advance(p)) {
        return false;
    }
    if (p->token.kind == GONG_TOKEN_END) {
        return gong_parser_unexpected(p, "an expression");
    }
    if (!gong_parser_expr(p, &p->expr->root)) {
        return false;
    }
    if (p->token.kind != GONG_TOKEN_END) {
        return gong_parser_unexpected(p, "an operator or the end");
    }
    return gong_promql_check_types(p->expr, p->error);
}

struct gong_expr *
gong_expr_parse(struct gong_str text, struct gong_expr_error *error)
{
    struct gong_parser parser = {.error = error};

    if (text.len > GONG_EXPR_TEXT_MAX) {
        (void)gong_expr_fail(error, GONG_EXPR_TEXT_MAX,
                             "found %zu bytes, expected at most %d", text.len,
                             GONG_EXPR_TEXT_MAX);
        return NULL;
    }
    parser.expr = calloc(1, sizeof(*parser.expr));
    if (parser.expr == NULL) {
        (void)gong_parser_no_memory(&parser);
        return NULL;
    }
    gong_lex_init(&parser.lex, text);
    if (!parse_whole(&parser)) {
        gong_expr_free(parser.expr);
        return NULL;
    }
    return parser.expr;
}
