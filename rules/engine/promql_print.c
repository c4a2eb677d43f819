/* Written without recursion: a chain of operators may be thousands long. */
#include "rules/engine/promql.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_lex.h"
#include "rules/engine/promql_literal.h"

struct printer {
    const struct gong_expr *expr;
    char *out;
    size_t used;
    size_t size;
    bool failed; /* memory is out; the rest is ignored */
};

/* A node that is being written and how many of its children are done. */
struct frame {
    uint32_t node;
    size_t done;
};

/* Room for more bytes and a NUL, or NULL. */
static char *
reserve(struct printer *p, size_t more)
{
    if (p->failed) {
        return NULL;
    }
    if (p->used + more + 1 > p->size) {
        size_t size = (p->used + more + 1) * 2;
        char *grown = realloc(p->out, size);

        if (grown == NULL) {
            p->failed = true;
            return NULL;
        }
        p->out = grown;
        p->size = size;
    }
    return p->out + p->used;
}

static void
put_bytes(struct printer *p, struct gong_str text)
{
    char *to = reserve(p, text.len);

    if (to == NULL) {
        return;
    }
    if (text.len > 0) {
        memcpy(to, text.data, text.len);
    }
    p->used += text.len;
    p->out[p->used] = '\0';
}

static void
put(struct printer *p, const char *text)
{
    put_bytes(p, gong_str_of(text));
}

static void
put_string(struct printer *p, const char *value)
{
    struct gong_str text = gong_str_of(value);
    char *to = reserve(p, text.len * 4 + 2);

    if (to != NULL) {
        p->used += gong_promql_quote(text, to);
        p->out[p->used] = '\0';
    }
}

static void
put_number(struct printer *p, double value)
{
    char text[GONG_NUMBER_TEXT_SIZE];
    size_t len = gong_promql_number_text(value, text);
    /* Without its sign: "+" beside another sign would be one more sign. */
    size_t skip = text[0] == '+' ? 1 : 0;

    put_bytes(p, gong_str_from(text + skip, len - skip));
}

static void
put_duration(struct printer *p, int64_t ms)
{
    char text[GONG_DURATION_TEXT_SIZE];
    size_t len = gong_promql_duration_text(ms, text);

    put_bytes(p, gong_str_from(text, len));
}

static void
put_labels(struct printer *p, char *const *names, size_t count)
{
    put(p, " (");
    for (size_t i = 0; i < count; i++) {
        put(p, i == 0 ? "" : ", ");
        put(p, names[i]);
    }
    put(p, ")");
}

static const char *
match_op_text(enum gong_match_op op)
{
    switch (op) {
    case GONG_MATCH_EQUAL:
        return "=";
    case GONG_MATCH_NOT_EQUAL:
        return "!=";
    case GONG_MATCH_REGEX:
        return "=~";
    case GONG_MATCH_NOT_REGEX:
        return "!~";
    }
    return "?";
}

/* Whether the first matcher may stand before the braces. */
static bool
has_plain_name(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;
    struct gong_lex lex;
    struct gong_token token;
    struct gong_expr_error error;

    if (node->matcher_count == 0 || first->op != GONG_MATCH_EQUAL ||
        strcmp(first->name, "__name__") != 0 ||
        (node->matcher_count > 1 && strcmp(first[1].name, "__name__") == 0)) {
        return false;
    }
    gong_lex_init(&lex, gong_str_of(first->value));
    return gong_lex_next(&lex, &token, &error) &&
           (token.kind == GONG_TOKEN_NAME ||
            token.kind == GONG_TOKEN_COLON_NAME) &&
           token.text.len == strlen(first->value);
}

/* @ and offset, in this order. */
static void
put_when(struct printer *p, const struct gong_expr_node *node)
{
    switch (node->anchor) {
    case GONG_ANCHOR_NONE:
        break;
    case GONG_ANCHOR_TIME:
        put(p, " @ ");
        put_number(p, node->anchor_seconds);
        break;
    case GONG_ANCHOR_START:
        put(p, " @ start()");
        break;
    case GONG_ANCHOR_END:
        put(p, " @ end()");
        break;
    }
    if (node->offset_ms != 0) {
        put(p, node->offset_ms < 0 ? " offset -" : " offset ");
        put_duration(p,
                     node->offset_ms < 0 ? -node->offset_ms : node->offset_ms);
    }
}

static void
put_selector(struct printer *p, const struct gong_expr_node *node)
{
    size_t first = has_plain_name(node) ? 1 : 0;

    if (first == 1) {
        put(p, node->matchers[0].value);
    }
    for (size_t i = first; i < node->matcher_count; i++) {
        put(p, i == first ? "{" : ", ");
        put(p, node->matchers[i].name);
        put(p, match_op_text(node->matchers[i].op));
        put_string(p, node->matchers[i].value);
    }
    put(p, node->matcher_count > first ? "}" : "");
    if (node->range_ms > 0) {
        put(p, "[");
        put_duration(p, node->range_ms);
        put(p, "]");
    }
    put_when(p, node);
}

static void
put_operator(struct printer *p, const struct gong_expr_node *node)
{
    put(p, " ");
    put(p, gong_op_text(node->op));
    put(p, node->return_bool ? " bool" : "");
    if (node->has_matching) {
        put(p, node->on ? " on" : " ignoring");
        put_labels(p, node->labels, node->label_count);
    }
    if (node->card == GONG_CARD_MANY_TO_ONE ||
        node->card == GONG_CARD_ONE_TO_MANY) {
        put(p, node->card == GONG_CARD_MANY_TO_ONE ? " group_left"
                                                   : " group_right");
        /* Always: else a "(" to the right would be read as its labels. */
        put_labels(p, node->include, node->include_count);
    }
    put(p, " ");
}

/* What stands before the first child, or all of a node without children. */
static void
put_open(struct printer *p, const struct gong_expr_node *node)
{
    switch (node->kind) {
    case GONG_EXPR_NUMBER:
        put_number(p, node->number);
        break;
    case GONG_EXPR_STRING:
        put_string(p, node->text);
        break;
    case GONG_EXPR_SELECTOR:
        put_selector(p, node);
        break;
    case GONG_EXPR_UNARY:
        put(p, gong_op_text(node->op));
        break;
    case GONG_EXPR_CALL:
        put(p, node->text);
        put(p, "(");
        break;
    case GONG_EXPR_AGGREGATE:
        put(p, node->text);
        if (node->has_grouping) {
            put(p, node->without ? " without" : " by");
            put_labels(p, node->labels, node->label_count);
            put(p, " ");
        }
        put(p, "(");
        break;
    case GONG_EXPR_PAREN:
        put(p, "(");
        break;
    case GONG_EXPR_SUBQUERY:
    case GONG_EXPR_BINARY:
        break;
    }
}

static void
put_close(struct printer *p, const struct gong_expr_node *node)
{
    switch (node->kind) {
    case GONG_EXPR_CALL:
    case GONG_EXPR_AGGREGATE:
    case GONG_EXPR_PAREN:
        put(p, ")");
        break;
    case GONG_EXPR_SUBQUERY:
        put(p, "[");
        put_duration(p, node->range_ms);
        put(p, ":");
        if (node->step_ms > 0) {
            put_duration(p, node->step_ms);
        }
        put(p, "]");
        put_when(p, node);
        break;
    case GONG_EXPR_NUMBER:
    case GONG_EXPR_STRING:
    case GONG_EXPR_SELECTOR:
    case GONG_EXPR_UNARY:
    case GONG_EXPR_BINARY:
        break;
    }
}

static void
put_between(struct printer *p, const struct gong_expr_node *node)
{
    if (node->kind == GONG_EXPR_BINARY) {
        put_operator(p, node);
    } else {
        put(p, ", ");
    }
}

static void
put_tree(struct printer *p, struct frame *stack)
{
    size_t depth = 1;

    stack[0] = (struct frame){.node = p->expr->root};
    while (depth > 0) {
        struct frame *top = &stack[depth - 1];
        const struct gong_expr_node *node = &p->expr->nodes[top->node];

        if (top->done == 0) {
            put_open(p, node);
        }
        if (top->done == node->arg_count) {
            put_close(p, node);
            depth--;
            continue;
        }
        if (top->done > 0) {
            put_between(p, node);
        }
        stack[depth++] = (struct frame){.node = node->args[top->done++]};
    }
}

char *
gong_expr_print(const struct gong_expr *expr)
{
    struct printer p = {.expr = expr};
    struct frame *stack = malloc(expr->count * sizeof(*stack));

    if (stack == NULL) {
        return NULL;
    }
    put_tree(&p, stack);
    free(stack);
    if (p.failed) {
        free(p.out);
        return NULL;
    }
    return p.out;
}
