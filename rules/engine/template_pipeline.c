/*
 *   pipeline  [$x := | $x = | $i, $e :=] command {| command}
 *   command   operand {space operand}
 *   operand   (. | .field | $variable | literal | function | "(" pipeline ")")
 *             {.field}
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/template_call.h"
#include "rules/engine/template_parser.h"

#define NUMBER_MAX 64

static bool
find_variable(struct gong_tparser *p, struct gong_str name, uint32_t *slot)
{
    char word[GONG_EXPR_WORD_SIZE];

    for (uint32_t i = p->name_count; i > 0; i--) {
        if (gong_str_equal(p->names[i - 1], name)) {
            *slot = i - 1;
            return true;
        }
    }
    return gong_expr_fail(p->error, (size_t)(name.data - p->tmpl->pool),
                          "found %s, expected $labels, $value or a variable "
                          "that is set",
                          gong_expr_word(name, word));
}

/* What the render is given is known, so a wrong name is said at load. */
static bool
check_root(struct gong_tparser *p, struct gong_str fields, size_t at)
{
    static const char *const known[] = {"Labels", "ExternalLabels",
                                        "ExternalURL", "Value"};
    const char *dot = memchr(fields.data, '.', fields.len);
    struct gong_str first = fields;
    char word[GONG_EXPR_WORD_SIZE];

    if (dot != NULL) {
        first.len = (size_t)(dot - fields.data);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (gong_str_is(first, known[i])) {
            return true;
        }
    }
    return gong_expr_fail(p->error, at,
                          "found field %s, expected one of Labels, Value, "
                          "ExternalLabels, ExternalURL",
                          gong_expr_word(first, word));
}

/* The fields right behind an operand; text begins behind the first dot. */
static bool
take_fields(struct gong_tparser *p, struct gong_str *text)
{
    const char *start = p->token.text.data + 1;

    *text = gong_str_from(start, 0);
    while (p->token.kind == GONG_TTOKEN_FIELD) {
        const char *end = p->token.text.data + p->token.text.len;

        text->len = (size_t)(end - start);
        if (!gong_tparser_next(p)) {
            return false;
        }
    }
    return true;
}

/* Go's whole numbers: bases by prefix, "_" between digits. */
static bool
read_integer(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '+' || *text == '-' ? 1 : 0);
    int base = 10;
    unsigned long long value = 0;
    char *end = NULL;

    if (digits[0] == '0' && digits[1] != '\0') {
        char c = (char)(digits[1] | 0x20);

        base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        digits += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
    }
    errno = 0;
    value = strtoull(digits, &end, base);
    if (end == digits || *end != '\0' || errno != 0 || *digits == '-' ||
        *digits == '+' || value > INT64_MAX) {
        return false;
    }
    *out = *text == '-' ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool
read_number(struct gong_tparser *p, struct gong_tnode *node)
{
    char text[NUMBER_MAX];
    size_t used = 0;
    char *end = NULL;

    for (size_t i = 0; i < p->token.text.len && used < sizeof text - 1; i++) {
        char c = p->token.text.data[i];

        if (c != '_') {
            text[used++] = c;
        }
    }
    text[used] = '\0';
    node->kind = GONG_TNODE_INT;
    if (used < sizeof text - 1 && read_integer(text, &node->integer)) {
        return true;
    }
    node->kind = GONG_TNODE_FLOAT;
    errno = 0;
    node->number = strtod(text, &end);
    if (used == sizeof text - 1 || end == text || *end != '\0' ||
        errno == ERANGE || strpbrk(text, ".eEpP") == NULL ||
        strpbrk(text, "nNiI") != NULL) {
        return gong_tparser_fail(p, "a number");
    }
    return true;
}

static bool
read_char(struct gong_tparser *p, struct gong_tnode *node)
{
    struct gong_expr_error inner = {0};
    char *value = gong_promql_unquote(p->token.text, &inner);
    uint32_t rune = 0;
    size_t len = 0;
    bool ok = false;

    if (value == NULL) {
        return gong_expr_fail(p->error, p->token.at + inner.at, "%s",
                              inner.message);
    }
    len = gong_promql_rune(gong_str_of(value), &rune);
    ok = len != 0 && value[len] == '\0';
    free(value);
    node->kind = GONG_TNODE_INT;
    node->integer = rune;
    return ok || gong_tparser_fail(p, "one character in quotes");
}

/* true, false, nil or a function. */
static bool
read_word(struct gong_tparser *p, struct gong_tnode *node)
{
    struct gong_str word = p->token.text;
    bool yes = gong_str_is(word, "true");
    int function = gong_tcall_find(word);

    if (yes || gong_str_is(word, "false")) {
        node->kind = GONG_TNODE_BOOL;
        node->integer = yes ? 1 : 0;
        return true;
    }
    if (gong_str_is(word, "nil")) {
        node->kind = GONG_TNODE_NIL;
        return true;
    }
    if (function < 0) {
        return gong_tparser_fail(p, "$labels.NAME, $value or a function");
    }
    if (!p->query && gong_str_is(word, "query")) {
        return gong_tparser_fail(p, "no query: annotations cannot ask here");
    }
    node->kind = GONG_TNODE_IDENT;
    node->integer = function;
    return true;
}

/* A literal, word or the dot: all that is one token. */
static bool
parse_simple(struct gong_tparser *p, struct gong_tnode *node)
{
    bool ok = true;

    switch (p->token.kind) {
    case GONG_TTOKEN_STRING:
        node->kind = GONG_TNODE_STRING;
        return gong_tparser_string(p, &node->text);
    case GONG_TTOKEN_NUMBER:
        ok = read_number(p, node);
        break;
    case GONG_TTOKEN_CHAR:
        ok = read_char(p, node);
        break;
    case GONG_TTOKEN_WORD:
        ok = read_word(p, node);
        break;
    case GONG_TTOKEN_DOT:
        node->kind = GONG_TNODE_DOT;
        break;
    case GONG_TTOKEN_END:
    case GONG_TTOKEN_TEXT:
    case GONG_TTOKEN_OPEN:
    case GONG_TTOKEN_CLOSE:
    case GONG_TTOKEN_SPACE:
    case GONG_TTOKEN_FIELD:
    case GONG_TTOKEN_VARIABLE:
    case GONG_TTOKEN_MARK:
    case GONG_TTOKEN_DECLARE:
        ok = gong_tparser_fail(p, "$labels.NAME, $value or a function");
        break;
    }
    return ok && gong_tparser_next(p);
}

static bool
parse_variable(struct gong_tparser *p, struct gong_tnode *node)
{
    size_t at = p->token.at;

    node->kind = GONG_TNODE_VARIABLE;
    if (!find_variable(p, p->token.text, &node->slot) ||
        !gong_tparser_next(p) || !take_fields(p, &node->text)) {
        return false;
    }
    return node->slot != 0 || node->text.len == 0 || p->defining ||
           check_root(p, node->text, at);
}

/* A pipeline in brackets: its node is in child. */
static bool
parse_brackets(struct gong_tparser *p, uint32_t *child)
{
    if (p->nesting == GONG_TEMPLATE_NESTING_MAX) {
        return gong_tparser_fail(p, "fewer brackets inside each other");
    }
    p->nesting++;
    if (!gong_tparser_next(p) || !gong_tparser_pipeline(p, false, child)) {
        return false;
    }
    p->nesting--;
    if (!gong_tparser_is_mark(p, ')')) {
        return gong_tparser_fail(p, "\")\"");
    }
    return gong_tparser_next(p);
}

/* Fields behind what is no field itself. */
static bool
parse_chain(struct gong_tparser *p, size_t at, uint32_t *node)
{
    enum gong_tnode_kind kind = p->tmpl->nodes[*node].kind;
    uint32_t chain = 0;
    struct gong_str fields = {0};

    if (kind != GONG_TNODE_PIPE && kind != GONG_TNODE_IDENT) {
        return gong_tparser_fail(p, "a field of something that has fields");
    }
    if (!take_fields(p, &fields) ||
        !gong_tparser_push(p, GONG_TNODE_CHAIN, at, &chain)) {
        return false;
    }
    p->tmpl->nodes[chain].child = *node;
    p->tmpl->nodes[chain].text = fields;
    *node = chain;
    return true;
}

static bool
parse_operand(struct gong_tparser *p, uint32_t *out)
{
    struct gong_tnode node = {.kind = GONG_TNODE_DOT};
    size_t at = p->token.at;
    bool ok = true;

    *out = 0;
    if (gong_tparser_is_mark(p, '(')) {
        ok = parse_brackets(p, out);
    } else if (p->token.kind == GONG_TTOKEN_VARIABLE) {
        ok = parse_variable(p, &node);
    } else if (p->token.kind == GONG_TTOKEN_FIELD) {
        node.kind = GONG_TNODE_FIELD;
        ok = take_fields(p, &node.text) &&
             (!p->root || check_root(p, node.text, at));
    } else {
        ok = parse_simple(p, &node);
    }
    if (ok && *out == 0) {
        ok = gong_tparser_push(p, node.kind, at, out);
        if (ok) {
            node.at = (uint32_t)at;
            p->tmpl->nodes[*out] = node;
        }
    }
    if (ok && p->token.kind == GONG_TTOKEN_FIELD) {
        ok = parse_chain(p, at, out);
    }
    return ok;
}

static bool
ends_command(const struct gong_tparser *p)
{
    return p->token.kind == GONG_TTOKEN_CLOSE || gong_tparser_is_mark(p, '|') ||
           gong_tparser_is_mark(p, ')');
}

/* How often a function may be given what is written, which Prometheus would say
 * only when it renders. */
static bool
check_count(struct gong_tparser *p, const struct gong_tnode *function,
            size_t given)
{
    size_t least = 0;
    size_t most = 0;

    gong_tcall_bounds((int)function->integer, &least, &most);
    if (given >= least && given <= most) {
        return true;
    }
    return gong_expr_fail(
        p->error, function->at, "found %zu argument%s of %s, expected %s%zu",
        given, given == 1 ? "" : "s", gong_tcall_name((int)function->integer),
        least == most ? "" : "at least ", least);
}

static bool
check_command(struct gong_tparser *p, uint32_t command, bool piped)
{
    const struct gong_tnode *nodes = p->tmpl->nodes;
    uint32_t first = nodes[command].child;
    enum gong_tnode_kind kind = nodes[first].kind;
    size_t given = piped ? 1 : 0;

    for (uint32_t i = nodes[first].next; i != 0; i = nodes[i].next) {
        given++;
        if (nodes[i].kind == GONG_TNODE_IDENT &&
            !check_count(p, &nodes[i], 0)) {
            return false;
        }
    }
    if (kind == GONG_TNODE_IDENT) {
        return check_count(p, &nodes[first], given);
    }
    if (kind == GONG_TNODE_NIL && given == 0) {
        return gong_expr_fail(p->error, nodes[first].at,
                              "found nil, expected a command");
    }
    if (given > 0) {
        return gong_expr_fail(p->error, nodes[first].at,
                              "found a value where something is given to it, "
                              "expected printf or another function");
    }
    return true;
}

static bool
parse_command(struct gong_tparser *p, bool piped, uint32_t *out)
{
    uint32_t last = 0;

    if (!gong_tparser_push(p, GONG_TNODE_COMMAND, p->token.at, out)) {
        return false;
    }
    for (;;) {
        uint32_t operand = 0;

        if (!gong_tparser_skip_space(p)) {
            return false;
        }
        if (ends_command(p) && last != 0) {
            return check_command(p, *out, piped);
        }
        if (!parse_operand(p, &operand)) {
            return false;
        }
        if (last == 0) {
            p->tmpl->nodes[*out].child = operand;
        } else {
            p->tmpl->nodes[last].next = operand;
        }
        last = operand;
        if (p->token.kind != GONG_TTOKEN_SPACE && !ends_command(p)) {
            return gong_tparser_fail(p, "\"}}\"");
        }
    }
}

/* The names of variables that are declared or set. */
struct targets {
    struct gong_str names[2];
    uint32_t count;
    bool assign;
};

/* False where the pipeline begins with no such names, which is no error. */
static bool
read_targets(struct gong_tparser *p, bool range, struct targets *out)
{
    while (out->count < 2 && p->token.kind == GONG_TTOKEN_VARIABLE) {
        out->names[out->count++] = p->token.text;
        if (!gong_tparser_next(p) || !gong_tparser_skip_space(p)) {
            return false;
        }
        if (!range || !gong_tparser_is_mark(p, ',')) {
            break;
        }
        if (!gong_tparser_next(p) || !gong_tparser_skip_space(p)) {
            return false;
        }
    }
    out->assign = gong_tparser_is_mark(p, '=');
    return out->count > 0 &&
           (out->assign || p->token.kind == GONG_TTOKEN_DECLARE) &&
           gong_tparser_next(p);
}

static bool
set_targets(struct gong_tparser *p, uint32_t pipe, const struct targets *t)
{
    struct gong_tnode *node = &p->tmpl->nodes[pipe];

    node->count = t->count;
    node->assign = t->assign;
    if (t->assign) {
        uint32_t second = 0;
        bool ok = find_variable(p, t->names[0], &node->slot) &&
                  (t->count < 2 || find_variable(p, t->names[1], &second));

        node->other = second;
        return ok;
    }
    node->slot = p->name_count;
    node->other = p->name_count + 1;
    for (uint32_t i = 0; i < t->count; i++) {
        if (p->name_count == GONG_TEMPLATE_SLOTS) {
            return gong_tparser_fail(p, "fewer variables");
        }
        p->names[p->name_count++] = t->names[i];
    }
    return true;
}

bool
gong_tparser_pipeline(struct gong_tparser *p, bool range, uint32_t *out)
{
    struct targets targets = {.count = 0};
    uint32_t last = 0;
    bool more = true;

    if (!gong_tparser_skip_space(p) ||
        !gong_tparser_push(p, GONG_TNODE_PIPE, p->token.at, out)) {
        return false;
    }
    const struct gong_tlexer lexer = p->lexer;
    const struct gong_ttoken token = p->token;
    bool found = read_targets(p, range, &targets);
    if (!found) {
        p->lexer = lexer;
        p->token = token;
        targets.count = 0;
    }
    while (more) {
        uint32_t command = 0;

        if (!parse_command(p, last != 0, &command)) {
            return false;
        }
        if (last == 0) {
            p->tmpl->nodes[*out].child = command;
        } else {
            p->tmpl->nodes[last].next = command;
        }
        last = command;
        more = gong_tparser_is_mark(p, '|');
        if (more && !gong_tparser_next(p)) {
            return false;
        }
    }
    return !found || set_targets(p, *out, &targets);
}
