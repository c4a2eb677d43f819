/*
 *   template  {text | {{ action }} | define}
 *   action    pipeline | if | range | with | template | block
 *             | break | continue
 *   if        {{if pipeline}} list [{{else if pipeline}} list]
 *             [{{else}} list] {{end}}
 */
#include "rules/engine/template_parser.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"

/* What ended a list. */
enum ending {
    ENDING_TEXT, /* the template's end */
    ENDING_END,
    ENDING_ELSE, /* the token is what follows the word else */
};

static bool parse_list(struct gong_tparser *p, uint32_t *out,
                       enum ending *ending);

bool
gong_tparser_next(struct gong_tparser *p)
{
    return gong_tlex(&p->lexer, &p->token);
}

bool
gong_tparser_skip_space(struct gong_tparser *p)
{
    return p->token.kind != GONG_TTOKEN_SPACE || gong_tparser_next(p);
}

bool
gong_tparser_fail(struct gong_tparser *p, const char *expected)
{
    size_t len = p->token.text.len;
    char word[GONG_EXPR_WORD_SIZE];

    if (p->token.kind == GONG_TTOKEN_END) {
        return gong_expr_fail(p->error, p->token.at,
                              "found the end of the text, expected %s",
                              expected);
    }
    return gong_expr_fail(
        p->error, p->token.at, "found %s, expected %s",
        gong_expr_word(gong_str_from(p->token.text.data, len < 24 ? len : 24),
                       word),
        expected);
}

static bool
no_memory(struct gong_tparser *p)
{
    return gong_expr_no_memory(p->error, p->token.at);
}

bool
gong_tparser_push(struct gong_tparser *p, enum gong_tnode_kind kind, size_t at,
                  uint32_t *out)
{
    *out = gong_tnode_push(p->tmpl, kind, at);
    return *out != 0 || no_memory(p);
}

bool
gong_tparser_is_mark(const struct gong_tparser *p, char mark)
{
    return p->token.kind == GONG_TTOKEN_MARK && p->token.text.data[0] == mark;
}

bool
gong_tparser_string(struct gong_tparser *p, struct gong_str *out)
{
    struct gong_expr_error inner = {0};
    char *space = p->tmpl->pool + p->tmpl->pool_used;
    char *value = NULL;

    if (p->token.kind != GONG_TTOKEN_STRING) {
        return gong_tparser_fail(p, "a text in quotes");
    }
    value = gong_promql_unquote(p->token.text, &inner);
    if (value == NULL) {
        return gong_expr_fail(p->error, p->token.at + inner.at, "%s",
                              inner.message);
    }
    *out = gong_str_from(space, strlen(value));
    memcpy(space, value, out->len);
    p->tmpl->pool_used += out->len;
    free(value);
    return gong_tparser_next(p);
}

/* The closing braces. */
static bool
parse_close(struct gong_tparser *p)
{
    if (!gong_tparser_skip_space(p)) {
        return false;
    }
    if (p->token.kind != GONG_TTOKEN_CLOSE) {
        return gong_tparser_fail(p, "\"}}\"");
    }
    return gong_tparser_next(p);
}

static bool
enter(struct gong_tparser *p)
{
    if (p->nesting == GONG_TEMPLATE_NESTING_MAX) {
        return gong_tparser_fail(p, "fewer blocks inside each other");
    }
    p->nesting++;
    return true;
}

static bool
is_word(const struct gong_tparser *p, const char *word)
{
    return p->token.kind == GONG_TTOKEN_WORD &&
           gong_str_is(p->token.text, word);
}

static bool parse_control(struct gong_tparser *p, enum gong_tnode_kind kind,
                          size_t at, uint32_t *out);

/* Behind else: another if, or a list, up to the end. */
static bool
parse_else(struct gong_tparser *p, enum gong_tnode_kind kind, uint32_t *out)
{
    enum ending ending = ENDING_TEXT;
    size_t at = p->token.at;
    uint32_t nested = 0;

    if (!gong_tparser_skip_space(p)) {
        return false;
    }
    if (is_word(p, "if") && kind == GONG_TNODE_IF) {
        if (!gong_tparser_next(p) ||
            !parse_control(p, GONG_TNODE_IF, at, &nested) ||
            !gong_tparser_push(p, GONG_TNODE_LIST, at, out)) {
            return false;
        }
        p->tmpl->nodes[*out].child = nested;
        return true;
    }
    if (!parse_close(p) || !parse_list(p, out, &ending)) {
        return false;
    }
    return ending == ENDING_END || gong_tparser_fail(p, "{{end}}");
}

/* Behind the keyword of if, range or with, up to and with the end. */
static bool
parse_control(struct gong_tparser *p, enum gong_tnode_kind kind, size_t at,
              uint32_t *out)
{
    enum ending ending = ENDING_TEXT;
    uint32_t names = p->name_count;
    bool root = p->root;
    uint32_t pipe = 0;
    uint32_t list = 0;
    uint32_t other = 0;

    if (!enter(p) ||
        !gong_tparser_pipeline(p, kind == GONG_TNODE_RANGE, &pipe) ||
        !parse_close(p)) {
        return false;
    }
    p->root = root && kind == GONG_TNODE_IF;
    p->ranges += kind == GONG_TNODE_RANGE ? 1 : 0;
    if (!parse_list(p, &list, &ending)) {
        return false;
    }
    p->ranges -= kind == GONG_TNODE_RANGE ? 1 : 0;
    p->root = root;
    if (ending == ENDING_TEXT) {
        return gong_tparser_fail(p, "{{end}}");
    }
    if (ending == ENDING_ELSE && !parse_else(p, kind, &other)) {
        return false;
    }
    p->name_count = names;
    p->nesting--;
    if (!gong_tparser_push(p, kind, at, out)) {
        return false;
    }
    p->tmpl->nodes[*out].pipe = pipe;
    p->tmpl->nodes[*out].child = list;
    p->tmpl->nodes[*out].other = other;
    return true;
}

static bool
add_define(struct gong_tparser *p, struct gong_str name, uint32_t list)
{
    struct gong_template *t = p->tmpl;
    struct gong_tdefine *more =
        realloc(t->defines, (t->define_count + 1) * sizeof *more);

    if (more == NULL) {
        return no_memory(p);
    }
    t->defines = more;
    for (uint32_t i = 1; i < t->define_count; i++) {
        if (gong_str_equal(more[i].name, name)) {
            more[i].list = list; /* the later one, as Go has it */
            return true;
        }
    }
    more[t->define_count++] = (struct gong_tdefine){name, list};
    return true;
}

/* The list of a define or block, which sees only $; up to and with the end. */
static bool
parse_body(struct gong_tparser *p, struct gong_str name)
{
    struct gong_str kept[GONG_TEMPLATE_SLOTS];
    uint32_t count = p->name_count;
    unsigned ranges = p->ranges;
    bool root = p->root;
    bool defining = p->defining;
    enum ending ending = ENDING_TEXT;
    uint32_t list = 0;

    memcpy(kept, p->names, sizeof kept);
    p->name_count = 1;
    p->root = false;
    p->defining = true;
    p->ranges = 0;
    if (!enter(p) || !parse_close(p) || !parse_list(p, &list, &ending)) {
        return false;
    }
    if (ending != ENDING_END) {
        return gong_tparser_fail(p, "{{end}}");
    }
    memcpy(p->names, kept, sizeof kept);
    p->name_count = count;
    p->root = root;
    p->defining = defining;
    p->ranges = ranges;
    p->nesting--;
    return add_define(p, name, list);
}

static bool
parse_define(struct gong_tparser *p)
{
    struct gong_str name = {0};

    if (p->nesting > 0) {
        return gong_tparser_fail(p, "define outside of other blocks");
    }
    return gong_tparser_next(p) && gong_tparser_skip_space(p) &&
           gong_tparser_string(p, &name) && parse_body(p, name);
}

/* template "name" [pipeline], and block, which also defines it. */
static bool
parse_call(struct gong_tparser *p, bool block, size_t at, uint32_t *out)
{
    struct gong_str name = {0};
    uint32_t pipe = 0;

    if (!gong_tparser_next(p) || !gong_tparser_skip_space(p) ||
        !gong_tparser_string(p, &name) || !gong_tparser_skip_space(p)) {
        return false;
    }
    if ((block || p->token.kind != GONG_TTOKEN_CLOSE) &&
        !gong_tparser_pipeline(p, false, &pipe)) {
        return false;
    }
    if (block ? !parse_body(p, name) : !parse_close(p)) {
        return false;
    }
    if (!gong_tparser_push(p, GONG_TNODE_TEMPLATE, at, out)) {
        return false;
    }
    p->tmpl->nodes[*out].text = name;
    p->tmpl->nodes[*out].pipe = pipe;
    return true;
}

static bool
parse_jump(struct gong_tparser *p, enum gong_tnode_kind kind, uint32_t *out)
{
    size_t at = p->token.at;

    if (p->ranges == 0) {
        return gong_tparser_fail(p, "break and continue inside {{range}}");
    }
    return gong_tparser_next(p) && parse_close(p) &&
           gong_tparser_push(p, kind, at, out);
}

static bool
parse_output(struct gong_tparser *p, size_t at, uint32_t *out)
{
    uint32_t pipe = 0;

    if (!gong_tparser_pipeline(p, false, &pipe) || !parse_close(p) ||
        !gong_tparser_push(p, GONG_TNODE_ACTION, at, out)) {
        return false;
    }
    p->tmpl->nodes[*out].pipe = pipe;
    return true;
}

/* Behind the opening braces; out stays 0 for what leaves no node. ending is set
 * by end and else. */
static bool
parse_action(struct gong_tparser *p, uint32_t *out, enum ending *ending)
{
    static const struct {
        const char *word;
        enum gong_tnode_kind kind;
    } controls[] = {{"if", GONG_TNODE_IF},
                    {"range", GONG_TNODE_RANGE},
                    {"with", GONG_TNODE_WITH}};
    size_t at = p->token.at;

    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        if (is_word(p, controls[i].word)) {
            return gong_tparser_next(p) &&
                   parse_control(p, controls[i].kind, at, out);
        }
    }
    if (is_word(p, "end")) {
        *ending = ENDING_END;
        return gong_tparser_next(p) && parse_close(p);
    }
    if (is_word(p, "else")) {
        *ending = ENDING_ELSE;
        return gong_tparser_next(p);
    }
    if (is_word(p, "define")) {
        return parse_define(p);
    }
    if (is_word(p, "template") || is_word(p, "block")) {
        return parse_call(p, is_word(p, "block"), at, out);
    }
    if (is_word(p, "break") || is_word(p, "continue")) {
        return parse_jump(
            p, is_word(p, "break") ? GONG_TNODE_BREAK : GONG_TNODE_CONTINUE,
            out);
    }
    return parse_output(p, at, out);
}

static bool
parse_list(struct gong_tparser *p, uint32_t *out, enum ending *ending)
{
    uint32_t last = 0;

    *ending = ENDING_TEXT;
    if (!gong_tparser_push(p, GONG_TNODE_LIST, p->token.at, out)) {
        return false;
    }
    while (*ending == ENDING_TEXT && p->token.kind != GONG_TTOKEN_END) {
        bool text = p->token.kind == GONG_TTOKEN_TEXT;
        uint32_t node = 0;
        bool ok = true;

        if (text) {
            ok = gong_tparser_push(p, GONG_TNODE_TEXT, p->token.at, &node);
            if (ok) {
                p->tmpl->nodes[node].text = p->token.text;
            }
            ok = ok && gong_tparser_next(p);
        } else {
            ok = gong_tparser_next(p) && gong_tparser_skip_space(p) &&
                 parse_action(p, &node, ending);
        }
        if (!ok) {
            return false;
        }
        if (node != 0 && last != 0) {
            p->tmpl->nodes[last].next = node;
        } else if (node != 0) {
            p->tmpl->nodes[*out].child = node;
        }
        last = node != 0 ? node : last;
    }
    return true;
}

/* Templates may be used before they are defined. */
static bool
check_calls(struct gong_tparser *p)
{
    for (uint32_t i = 1; i < p->tmpl->count; i++) {
        const struct gong_tnode *node = &p->tmpl->nodes[i];
        char word[GONG_EXPR_WORD_SIZE];

        if (node->kind == GONG_TNODE_TEMPLATE &&
            gong_tdefine_find(p->tmpl, node->text) == NULL) {
            return gong_expr_fail(p->error, node->at,
                                  "found template %s, expected one that is "
                                  "defined",
                                  gong_expr_word(node->text, word));
        }
    }
    return true;
}

bool
gong_template_read(struct gong_template *tmpl, bool query,
                   struct gong_expr_error *error)
{
    static const char *const names[] = {"$", "$labels", "$externalLabels",
                                        "$externalURL", "$value"};
    struct gong_tparser p = {
        .tmpl = tmpl, .query = query, .root = true, .error = error};
    enum ending ending = ENDING_TEXT;
    uint32_t list = 0;

    p.lexer.source = gong_str_from(tmpl->pool, tmpl->source_len);
    p.lexer.error = error;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        p.names[p.name_count++] = gong_str_of(names[i]);
    }
    tmpl->pool_used = tmpl->source_len;
    if (!add_define(&p, gong_str_from("", 0), 0) || !gong_tparser_next(&p) ||
        !parse_list(&p, &list, &ending)) {
        return false;
    }
    if (ending != ENDING_TEXT) {
        return gong_expr_fail(error, p.token.at,
                              "found {{end}} or {{else}}, expected them inside "
                              "{{if}}, {{range}} or {{with}}");
    }
    tmpl->defines[0].list = list;
    return check_calls(&p);
}
