/*
 * The grammar, by falling looseness (all left-associative but ^):
 *
 *   or  <  and unless  <  == != > < >= <=  <  + -  <  * / % atan2
 *       <  + - as signs  <  ^  <  offset @ [range] [range:step]
 *
 *   expr op [bool] [on|ignoring (labels) [group_left|group_right [(labels)]]]
 *        expr
 *
 * A node is pushed when it is complete, so the array is in postfix order.
 */
#include "rules/engine/promql_parser.h"

#include <math.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/promql_operand.h"
#include "rules/engine/promql_tree.h"

/* Within this many seconds a double holds every millisecond. */
#define ANCHOR_EXACT_MAX 1e12
#define ANCHOR_MAX       9.2233720368547758e18

enum precedence {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_COMPARE,
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_POWER,
};

static bool parse_binary(struct gong_parser *p, enum precedence least,
                         uint32_t *out);
static bool parse_nested(struct gong_parser *p, enum precedence least,
                         uint32_t *out);

bool
gong_parser_no_memory(struct gong_parser *p)
{
    return gong_expr_no_memory(p->error, p->token.at);
}

bool
gong_parser_unexpected(struct gong_parser *p, const char *expected)
{
    char word[GONG_EXPR_WORD_SIZE];

    return gong_expr_fail(p->error, p->token.at, "found %s, expected %s",
                          gong_lex_describe(&p->token, word), expected);
}

bool
gong_parser_advance(struct gong_parser *p)
{
    return gong_lex_next(&p->lex, &p->token, p->error);
}

bool
gong_parser_expect(struct gong_parser *p, enum gong_token_kind kind,
                   const char *expected)
{
    return p->token.kind == kind ? gong_parser_advance(p)
                                 : gong_parser_unexpected(p, expected);
}

bool
gong_parser_push(struct gong_parser *p, struct gong_expr_node *node,
                 uint32_t *out)
{
    gong_tree_sort(node);
    if (!gong_tree_push(p->expr, node, out)) {
        gong_tree_node_fini(node);
        return gong_parser_no_memory(p);
    }
    return true;
}

/* Pushes node with one more child, or frees it. */
static bool
push_over(struct gong_parser *p, struct gong_expr_node *node, uint32_t child,
          uint32_t *out)
{
    if (!gong_tree_arg_push(node, child)) {
        gong_tree_node_fini(node);
        return gong_parser_no_memory(p);
    }
    return gong_parser_push(p, node, out);
}

/* Words of the language that may also name a label in a list. "without" is not
 * among them, as in Prometheus 2.42. */
static bool
is_label_token(enum gong_token_kind kind, struct gong_str text)
{
    bool word =
        kind == GONG_TOKEN_OPERATOR && text.len > 1 && text.data[0] >= 'A';

    return word || kind == GONG_TOKEN_NAME || kind == GONG_TOKEN_AGGREGATOR ||
           (kind >= GONG_TOKEN_BOOL && kind <= GONG_TOKEN_FINISH &&
            kind != GONG_TOKEN_WITHOUT);
}

/* ( [label {, label} [,]] ) */
bool
gong_parser_labels(struct gong_parser *p, char ***names, size_t *count)
{
    if (!gong_parser_expect(p, GONG_TOKEN_LEFT_PAREN, "\"(\" and labels")) {
        return false;
    }
    while (p->token.kind != GONG_TOKEN_RIGHT_PAREN) {
        if (!is_label_token(p->token.kind, p->token.text)) {
            return gong_parser_unexpected(p, "a label name");
        }
        if (!gong_tree_name_push(names, count, p->token.text)) {
            return gong_parser_no_memory(p);
        }
        if (!gong_parser_advance(p)) {
            return false;
        }
        if (p->token.kind == GONG_TOKEN_COMMA) {
            if (!gong_parser_advance(p)) {
                return false;
            }
        } else if (p->token.kind != GONG_TOKEN_RIGHT_PAREN) {
            return gong_parser_unexpected(p, "\",\" or \")\"");
        }
    }
    return gong_parser_advance(p);
}

static enum precedence
precedence_of(enum gong_op op)
{
    switch (op) {
    case GONG_OP_OR:
        return LEVEL_OR;
    case GONG_OP_AND:
    case GONG_OP_UNLESS:
        return LEVEL_AND;
    case GONG_OP_EQ:
    case GONG_OP_NE:
    case GONG_OP_GT:
    case GONG_OP_LT:
    case GONG_OP_GE:
    case GONG_OP_LE:
        return LEVEL_COMPARE;
    case GONG_OP_ADD:
    case GONG_OP_SUB:
        return LEVEL_ADD;
    case GONG_OP_MUL:
    case GONG_OP_DIV:
    case GONG_OP_MOD:
    case GONG_OP_ATAN2:
        return LEVEL_MULTIPLY;
    case GONG_OP_POW:
        return LEVEL_POWER;
    }
    return LEVEL_OR;
}

static bool
parse_duration(struct gong_parser *p, int64_t *ms)
{
    if (p->token.kind != GONG_TOKEN_DURATION) {
        return gong_parser_unexpected(p, "a duration such as 5m");
    }
    (void)gong_promql_duration(p->token.text, ms);
    return gong_parser_advance(p);
}

/* The node a modifier belongs to, or NULL with the error filled. */
static struct gong_expr_node *
modified(struct gong_parser *p, uint32_t operand, const char *modifier)
{
    struct gong_expr_node *node = &p->expr->nodes[operand];

    if (node->kind == GONG_EXPR_SELECTOR || node->kind == GONG_EXPR_SUBQUERY) {
        return node;
    }
    (void)gong_expr_fail(p->error, p->token.at,
                         "found %s after what is no selector and no subquery, "
                         "expected it after one of these",
                         modifier);
    return NULL;
}

/* offset [-] duration */
static bool
parse_offset(struct gong_parser *p, uint32_t operand)
{
    struct gong_expr_node *node = modified(p, operand, "offset");
    bool negative = false;
    int64_t ms = 0;

    if (node == NULL) {
        return false;
    }
    if (node->offset_ms != 0) {
        return gong_parser_unexpected(p, "one offset only");
    }
    if (!gong_parser_advance(p)) {
        return false;
    }
    negative =
        p->token.kind == GONG_TOKEN_OPERATOR && p->token.op == GONG_OP_SUB;
    if ((negative && !gong_parser_advance(p)) || !parse_duration(p, &ms)) {
        return false;
    }
    node->offset_ms = negative ? -ms : ms;
    return true;
}

/* [+|-] number after "@" */
static bool
parse_anchor_time(struct gong_parser *p, struct gong_expr_node *node)
{
    bool sign = p->token.kind == GONG_TOKEN_OPERATOR &&
                (p->token.op == GONG_OP_SUB || p->token.op == GONG_OP_ADD);
    bool negative = sign && p->token.op == GONG_OP_SUB;
    double seconds = 0;

    if (sign && !gong_parser_advance(p)) {
        return false;
    }
    if (p->token.kind != GONG_TOKEN_NUMBER) {
        return gong_parser_unexpected(p, "a time in seconds, start() or end()");
    }
    (void)gong_promql_number(p->token.text, &seconds);
    if (!(seconds < ANCHOR_MAX)) {
        return gong_parser_unexpected(p, "a time in seconds within 64 bits");
    }
    if (seconds < ANCHOR_EXACT_MAX) {
        seconds = round(seconds * 1000) / 1000;
    }
    node->anchor = GONG_ANCHOR_TIME;
    node->anchor_seconds = negative ? -seconds : seconds;
    return gong_parser_advance(p);
}

/* @ seconds, @ start(), @ end() */
static bool
parse_anchor(struct gong_parser *p, uint32_t operand)
{
    struct gong_expr_node *node = modified(p, operand, "@");

    if (node == NULL) {
        return false;
    }
    if (node->anchor != GONG_ANCHOR_NONE) {
        return gong_parser_unexpected(p, "one @ only");
    }
    if (!gong_parser_advance(p)) {
        return false;
    }
    if (p->token.kind != GONG_TOKEN_START &&
        p->token.kind != GONG_TOKEN_FINISH) {
        return parse_anchor_time(p, node);
    }
    node->anchor =
        p->token.kind == GONG_TOKEN_START ? GONG_ANCHOR_START : GONG_ANCHOR_END;
    return gong_parser_advance(p) &&
           gong_parser_expect(p, GONG_TOKEN_LEFT_PAREN, "\"()\"") &&
           gong_parser_expect(p, GONG_TOKEN_RIGHT_PAREN, "\")\"");
}

/* Turns an instant selector into a range selector. */
static bool
set_range(struct gong_parser *p, uint32_t operand, uint32_t at, int64_t ms)
{
    struct gong_expr_node *node = &p->expr->nodes[operand];

    if (node->kind != GONG_EXPR_SELECTOR || node->range_ms != 0) {
        return gong_expr_fail(p->error, at,
                              "found a range after what is no instant "
                              "selector, expected [range:step] there");
    }
    if (node->offset_ms != 0 || node->anchor != GONG_ANCHOR_NONE) {
        return gong_expr_fail(p->error, at,
                              "found a range after %s, expected it before",
                              node->offset_ms != 0 ? "offset" : "@");
    }
    node->range_ms = ms;
    return true;
}

/* [range] or [range:[step]] */
static bool
parse_brackets(struct gong_parser *p, uint32_t operand, uint32_t *out)
{
    struct gong_expr_node node = {.kind = GONG_EXPR_SUBQUERY,
                                  .at = p->token.at};

    if (!gong_parser_advance(p) || !parse_duration(p, &node.range_ms)) {
        return false;
    }
    if (p->token.kind == GONG_TOKEN_RIGHT_BRACKET) {
        *out = operand;
        return set_range(p, operand, node.at, node.range_ms) &&
               gong_parser_advance(p);
    }
    if (!gong_parser_expect(p, GONG_TOKEN_COLON, "\":\" or \"]\"")) {
        return false;
    }
    if (p->token.kind != GONG_TOKEN_RIGHT_BRACKET &&
        !parse_duration(p, &node.step_ms)) {
        return false;
    }
    return gong_parser_expect(p, GONG_TOKEN_RIGHT_BRACKET, "\"]\"") &&
           push_over(p, &node, operand, out);
}

static bool
parse_postfix(struct gong_parser *p, uint32_t *out)
{
    bool ok = gong_parser_operand(p, out);

    while (ok) {
        if (p->token.kind == GONG_TOKEN_OFFSET) {
            ok = parse_offset(p, *out);
        } else if (p->token.kind == GONG_TOKEN_AT) {
            ok = parse_anchor(p, *out);
        } else if (p->token.kind == GONG_TOKEN_LEFT_BRACKET) {
            ok = parse_brackets(p, *out, out);
        } else {
            return true;
        }
    }
    return false;
}

/* A sign binds looser than ^ and is folded into a number. */
static bool
parse_signed(struct gong_parser *p, uint32_t *out)
{
    struct gong_expr_node node = {
        .kind = GONG_EXPR_UNARY, .at = p->token.at, .op = p->token.op};
    struct gong_expr_node *operand = NULL;
    uint32_t child = 0;

    if (p->token.kind != GONG_TOKEN_OPERATOR ||
        (node.op != GONG_OP_ADD && node.op != GONG_OP_SUB)) {
        return parse_postfix(p, out);
    }
    if (!gong_parser_advance(p) || !parse_nested(p, LEVEL_POWER, &child)) {
        return false;
    }
    operand = &p->expr->nodes[child];
    if (operand->kind == GONG_EXPR_NUMBER) {
        operand->number *= node.op == GONG_OP_SUB ? -1 : 1;
        operand->at = node.at;
        *out = child;
        return true;
    }
    return push_over(p, &node, child, out);
}

static bool
parse_group(struct gong_parser *p, struct gong_expr_node *node)
{
    if (p->token.kind != GONG_TOKEN_GROUP_LEFT &&
        p->token.kind != GONG_TOKEN_GROUP_RIGHT) {
        return true;
    }
    node->card = p->token.kind == GONG_TOKEN_GROUP_LEFT ? GONG_CARD_MANY_TO_ONE
                                                        : GONG_CARD_ONE_TO_MANY;
    if (!gong_parser_advance(p)) {
        return false;
    }
    return p->token.kind != GONG_TOKEN_LEFT_PAREN ||
           gong_parser_labels(p, &node->include, &node->include_count);
}

/* What may stand between an operator and its right side. */
static bool
parse_modifiers(struct gong_parser *p, struct gong_expr_node *node)
{
    if (p->token.kind == GONG_TOKEN_BOOL) {
        node->return_bool = true;
        if (!gong_parser_advance(p)) {
            return false;
        }
    }
    if (p->token.kind != GONG_TOKEN_ON &&
        p->token.kind != GONG_TOKEN_IGNORING) {
        return true;
    }
    node->has_matching = true;
    node->on = p->token.kind == GONG_TOKEN_ON;
    return gong_parser_advance(p) &&
           gong_parser_labels(p, &node->labels, &node->label_count) &&
           parse_group(p, node);
}

/* The operator that is looked at and its right side, over left. */
static bool
parse_right(struct gong_parser *p, uint32_t left, uint32_t *out)
{
    struct gong_expr_node node = {
        .kind = GONG_EXPR_BINARY, .at = p->token.at, .op = p->token.op};
    enum precedence level = precedence_of(node.op);
    uint32_t right = 0;

    if (!gong_tree_arg_push(&node, left)) {
        return gong_parser_no_memory(p);
    }
    if (!gong_parser_advance(p) || !parse_modifiers(p, &node) ||
        !(level == LEVEL_POWER ? parse_nested(p, level, &right)
                               : parse_binary(p, level + 1, &right))) {
        gong_tree_node_fini(&node);
        return false;
    }
    return push_over(p, &node, right, out);
}

static bool
parse_binary(struct gong_parser *p, enum precedence least, uint32_t *out)
{
    bool ok = parse_signed(p, out);

    while (ok && p->token.kind == GONG_TOKEN_OPERATOR &&
           precedence_of(p->token.op) >= least) {
        ok = parse_right(p, *out, out);
    }
    return ok;
}

/* Brackets, signs and ^ nest without bound of their own; other operators at
 * most once a level. */
static bool
parse_nested(struct gong_parser *p, enum precedence least, uint32_t *out)
{
    bool ok = false;

    if (p->depth == GONG_EXPR_DEPTH_MAX) {
        return gong_expr_fail(p->error, p->token.at,
                              "found an expression nested deeper than %d, "
                              "expected less",
                              GONG_EXPR_DEPTH_MAX);
    }
    p->depth++;
    ok = parse_binary(p, least, out);
    p->depth--;
    return ok;
}

bool
gong_parser_expr(struct gong_parser *p, uint32_t *out)
{
    return parse_nested(p, LEVEL_OR, out);
}
