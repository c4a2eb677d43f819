/*
 * number | string | (expr) | [name] {matchers} | name | function(args)
 * | aggregator [by|without (labels)] (args) [by|without (labels)]
 */
#include "rules/engine/promql_operand.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/promql_regex.h"
#include "rules/engine/promql_tree.h"
#include "rules/engine/promql_types.h"

static bool
parse_match_op(struct gong_parser *p, enum gong_match_op *op)
{
    if (p->token.kind == GONG_TOKEN_ASSIGN) {
        *op = GONG_MATCH_EQUAL;
    } else if (p->token.kind == GONG_TOKEN_REGEX) {
        *op = GONG_MATCH_REGEX;
    } else if (p->token.kind == GONG_TOKEN_NOT_REGEX) {
        *op = GONG_MATCH_NOT_REGEX;
    } else if (p->token.kind == GONG_TOKEN_OPERATOR &&
               p->token.op == GONG_OP_NE) {
        *op = GONG_MATCH_NOT_EQUAL;
    } else {
        return gong_parser_unexpected(p, "one of = != =~ !~");
    }
    return gong_parser_advance(p);
}

/* Whether a matcher holds for a label that is absent; checks its pattern. */
static bool
judge_matcher(struct gong_parser *p, enum gong_match_op op, const char *value,
              bool *matches_empty)
{
    bool plain = op == GONG_MATCH_EQUAL || op == GONG_MATCH_NOT_EQUAL;
    bool negative = op == GONG_MATCH_NOT_EQUAL || op == GONG_MATCH_NOT_REGEX;
    bool empty = value[0] == '\0';

    if (!plain &&
        !gong_promql_check_regex(gong_str_of(value), &empty, p->error)) {
        p->error->at = p->token.at;
        return false;
    }
    *matches_empty = empty != negative;
    return true;
}

/* The value of a string, the caller's to free; NULL after an error. */
static char *
parse_string(struct gong_parser *p)
{
    char *value = NULL;

    if (p->token.kind != GONG_TOKEN_STRING) {
        (void)gong_parser_unexpected(p, "a string");
        return NULL;
    }
    value = gong_promql_unquote(p->token.text, p->error);
    if (value == NULL) {
        p->error->at += p->token.at;
    }
    return value;
}

static bool
parse_matcher(struct gong_parser *p, struct gong_expr_node *node,
              bool *selective)
{
    struct gong_token name = p->token;
    enum gong_match_op op = GONG_MATCH_EQUAL;
    char *value = NULL;
    bool matches_empty = false;

    if (name.kind != GONG_TOKEN_NAME) {
        return gong_parser_unexpected(p, "a label name or \"}\"");
    }
    if (!gong_parser_advance(p) || !parse_match_op(p, &op)) {
        return false;
    }
    value = parse_string(p);
    if (value == NULL) {
        return false;
    }
    if (!judge_matcher(p, op, value, &matches_empty)) {
        free(value);
        return false;
    }
    *selective = *selective || !matches_empty;
    if (!gong_tree_matcher_push(node, op, name.text, value)) {
        free(value);
        return gong_parser_no_memory(p);
    }
    return gong_parser_advance(p);
}

/* The rest of { matcher {, matcher} [,] } after its brace. */
static bool
parse_matchers(struct gong_parser *p, struct gong_expr_node *node,
               bool *selective)
{
    while (p->token.kind != GONG_TOKEN_RIGHT_BRACE) {
        if (!parse_matcher(p, node, selective)) {
            return false;
        }
        if (p->token.kind == GONG_TOKEN_COMMA) {
            if (!gong_parser_advance(p)) {
                return false;
            }
        } else if (p->token.kind != GONG_TOKEN_RIGHT_BRACE) {
            return gong_parser_unexpected(p, "\",\" or \"}\"");
        }
    }
    return gong_parser_advance(p);
}

static bool
add_metric(struct gong_parser *p, struct gong_expr_node *node,
           struct gong_str name)
{
    char *value = gong_str_copy(name);

    if (value == NULL ||
        !gong_tree_matcher_push(node, GONG_MATCH_EQUAL, gong_str_of("__name__"),
                                value)) {
        free(value);
        return gong_parser_no_memory(p);
    }
    return true;
}

/* The matchers must not say the name again, and must select something. */
static bool
check_selector(struct gong_parser *p, const struct gong_expr_node *node,
               bool named, bool selective)
{
    for (size_t i = 1; named && i < node->matcher_count; i++) {
        if (strcmp(node->matchers[i].name, "__name__") == 0) {
            return gong_expr_fail(p->error, node->at,
                                  "found a second metric name, expected one");
        }
    }
    if (!named && !selective) {
        return gong_expr_fail(p->error, node->at,
                              "found a selector that takes every series, "
                              "expected a matcher that an absent label fails");
    }
    return true;
}

/* name is NULL where the selector starts with its brace. */
static bool
parse_selector(struct gong_parser *p, const struct gong_token *name,
               uint32_t *out)
{
    struct gong_expr_node node = {.kind = GONG_EXPR_SELECTOR,
                                  .at = name ? name->at : p->token.at};
    bool ok = name == NULL || add_metric(p, &node, name->text);
    bool selective = false;

    if (ok && p->token.kind == GONG_TOKEN_LEFT_BRACE) {
        ok = gong_parser_advance(p) && parse_matchers(p, &node, &selective);
    }
    if (!ok || !check_selector(p, &node, name != NULL, selective)) {
        gong_tree_node_fini(&node);
        return false;
    }
    return gong_parser_push(p, &node, out);
}

/* ( [expr {, expr}] ) */
static bool
parse_args(struct gong_parser *p, struct gong_expr_node *node)
{
    uint32_t child = 0;

    if (!gong_parser_expect(p, GONG_TOKEN_LEFT_PAREN, "\"(\"")) {
        return false;
    }
    if (p->token.kind == GONG_TOKEN_RIGHT_PAREN) {
        return gong_parser_advance(p);
    }
    for (;;) {
        if (!gong_parser_expr(p, &child)) {
            return false;
        }
        if (!gong_tree_arg_push(node, child)) {
            return gong_parser_no_memory(p);
        }
        if (p->token.kind != GONG_TOKEN_COMMA) {
            return gong_parser_expect(p, GONG_TOKEN_RIGHT_PAREN,
                                      "an operator, \",\" or \")\"");
        }
        if (!gong_parser_advance(p)) {
            return false;
        }
    }
}

static bool
parse_call(struct gong_parser *p, const struct gong_token *name, uint32_t *out)
{
    struct gong_expr_node node = {.kind = GONG_EXPR_CALL, .at = name->at};
    char word[GONG_EXPR_WORD_SIZE];

    if (!gong_promql_is_function(name->text)) {
        return gong_expr_fail(p->error, name->at,
                              "found %s before \"(\", expected a function",
                              gong_expr_word(name->text, word));
    }
    node.text = gong_str_copy(name->text);
    if (node.text == NULL) {
        return gong_parser_no_memory(p);
    }
    if (!parse_args(p, &node)) {
        gong_tree_node_fini(&node);
        return false;
    }
    return gong_parser_push(p, &node, out);
}

static bool
is_grouping(enum gong_token_kind kind)
{
    return kind == GONG_TOKEN_BY || kind == GONG_TOKEN_WITHOUT;
}

static bool
parse_grouping(struct gong_parser *p, struct gong_expr_node *node)
{
    if (!is_grouping(p->token.kind) || node->has_grouping) {
        return true;
    }
    node->has_grouping = true;
    node->without = p->token.kind == GONG_TOKEN_WITHOUT;
    return gong_parser_advance(p) &&
           gong_parser_labels(p, &node->labels, &node->label_count);
}

static bool
parse_aggregate(struct gong_parser *p, const struct gong_token *name,
                uint32_t *out)
{
    struct gong_expr_node node = {.kind = GONG_EXPR_AGGREGATE, .at = name->at};

    node.text = gong_str_copy(name->text);
    if (node.text == NULL) {
        return gong_parser_no_memory(p);
    }
    for (char *c = node.text; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    if (!parse_grouping(p, &node) || !parse_args(p, &node) ||
        !parse_grouping(p, &node)) {
        gong_tree_node_fini(&node);
        return false;
    }
    return gong_parser_push(p, &node, out);
}

/* Words of the language that may name a metric where one can stand. */
static bool
is_metric_token(const struct gong_token *token)
{
    switch (token->kind) {
    case GONG_TOKEN_NAME:
    case GONG_TOKEN_COLON_NAME:
    case GONG_TOKEN_AGGREGATOR:
    case GONG_TOKEN_BY:
    case GONG_TOKEN_OFFSET:
    case GONG_TOKEN_WITHOUT:
    case GONG_TOKEN_START:
    case GONG_TOKEN_FINISH:
        return true;
    case GONG_TOKEN_OPERATOR:
        return token->op >= GONG_OP_AND;
    case GONG_TOKEN_END:
    case GONG_TOKEN_NUMBER:
    case GONG_TOKEN_DURATION:
    case GONG_TOKEN_STRING:
    case GONG_TOKEN_BOOL:
    case GONG_TOKEN_GROUP_LEFT:
    case GONG_TOKEN_GROUP_RIGHT:
    case GONG_TOKEN_IGNORING:
    case GONG_TOKEN_ON:
    case GONG_TOKEN_LEFT_PAREN:
    case GONG_TOKEN_RIGHT_PAREN:
    case GONG_TOKEN_LEFT_BRACE:
    case GONG_TOKEN_RIGHT_BRACE:
    case GONG_TOKEN_LEFT_BRACKET:
    case GONG_TOKEN_RIGHT_BRACKET:
    case GONG_TOKEN_COMMA:
    case GONG_TOKEN_COLON:
    case GONG_TOKEN_AT:
    case GONG_TOKEN_ASSIGN:
    case GONG_TOKEN_REGEX:
    case GONG_TOKEN_NOT_REGEX:
        return false;
    }
    return false;
}

static bool
parse_word(struct gong_parser *p, uint32_t *out)
{
    struct gong_token name = p->token;

    if (!gong_parser_advance(p)) {
        return false;
    }
    if (name.kind == GONG_TOKEN_AGGREGATOR &&
        (is_grouping(p->token.kind) ||
         p->token.kind == GONG_TOKEN_LEFT_PAREN)) {
        return parse_aggregate(p, &name, out);
    }
    if (name.kind == GONG_TOKEN_NAME &&
        p->token.kind == GONG_TOKEN_LEFT_PAREN) {
        return parse_call(p, &name, out);
    }
    return parse_selector(p, &name, out);
}

static bool
parse_literal(struct gong_parser *p, uint32_t *out)
{
    struct gong_expr_node node = {.kind = GONG_EXPR_NUMBER, .at = p->token.at};

    if (p->token.kind == GONG_TOKEN_STRING) {
        node.kind = GONG_EXPR_STRING;
        node.text = parse_string(p);
        if (node.text == NULL) {
            return false;
        }
    } else {
        /* The lexer let only numbers pass. */
        (void)gong_promql_number(p->token.text, &node.number);
    }
    return gong_parser_push(p, &node, out) && gong_parser_advance(p);
}

static bool
parse_paren(struct gong_parser *p, uint32_t *out)
{
    struct gong_expr_node node = {.kind = GONG_EXPR_PAREN, .at = p->token.at};
    uint32_t child = 0;

    if (!gong_parser_advance(p) || !gong_parser_expr(p, &child) ||
        !gong_parser_expect(p, GONG_TOKEN_RIGHT_PAREN,
                            "an operator or \")\"")) {
        return false;
    }
    if (!gong_tree_arg_push(&node, child)) {
        return gong_parser_no_memory(p);
    }
    return gong_parser_push(p, &node, out);
}

bool
gong_parser_operand(struct gong_parser *p, uint32_t *out)
{
    if (p->token.kind == GONG_TOKEN_NUMBER ||
        p->token.kind == GONG_TOKEN_STRING) {
        return parse_literal(p, out);
    }
    if (p->token.kind == GONG_TOKEN_LEFT_PAREN) {
        return parse_paren(p, out);
    }
    if (p->token.kind == GONG_TOKEN_LEFT_BRACE) {
        return parse_selector(p, NULL, out);
    }
    if (is_metric_token(&p->token)) {
        return parse_word(p, out);
    }
    return gong_parser_unexpected(p, "an expression");
}
