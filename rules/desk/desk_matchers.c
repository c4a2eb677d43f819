/* Matchers of routes, silences and inhibition: the inside of a selector. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_config.h"
#include "rules/engine/promql_error.h"

/* A name before the braces makes a selector of what alone would be none:
 * {unit=""} takes alerts without a unit. It becomes the first matcher. */
#define NAME "x"
#define UNIT "unit"

struct gong_desk_matchers {
    struct gong_expr *expr;         /* what `compiled` points into */
    struct gong_matchers *compiled; /* without the name */
    char *text;
};

static bool
no_memory(struct gong_expr_error *error)
{
    return gong_expr_fail(error, 0, "found no memory left, expected some");
}

static bool
is_selector(const struct gong_expr *expr)
{
    const struct gong_expr_node *node = &expr->nodes[expr->root];

    return expr->count == 1 && node->kind == GONG_EXPR_SELECTOR &&
           node->range_ms == 0 && node->offset_ms == 0 &&
           node->anchor == GONG_ANCHOR_NONE;
}

/* Blanks and braces around the matchers are not part of them. */
static struct gong_str
inside(struct gong_str text, size_t *skipped)
{
    struct gong_str s = text;

    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }
    while (s.len > 0 &&
           (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }
    if (s.len >= 2 && s.data[0] == '{' && s.data[s.len - 1] == '}') {
        s.data++;
        s.len -= 2;
    }
    *skipped = (size_t)(s.data - text.data);
    return s;
}

static struct gong_expr *
parse(struct gong_str text, struct gong_expr_error *error)
{
    size_t skipped = 0;
    struct gong_str within = inside(text, &skipped);
    size_t size = within.len + sizeof NAME "{}";
    char *selector = malloc(size);
    struct gong_expr *expr = NULL;

    if (within.len >= GONG_EXPR_TEXT_MAX - sizeof NAME "{}") {
        free(selector);
        (void)gong_expr_fail(error, 0, "found %zu bytes, expected fewer",
                             within.len);
        return NULL;
    }
    if (selector == NULL) {
        (void)no_memory(error);
        return NULL;
    }
    memcpy(selector, NAME "{", sizeof NAME "{" - 1);
    if (within.len > 0) {
        memcpy(selector + sizeof NAME "{" - 1, within.data, within.len);
    }
    memcpy(selector + size - 2, "}", 2);
    expr = gong_expr_parse(gong_str_from(selector, size - 1), error);
    free(selector);
    if (expr == NULL) {
        size_t before = sizeof NAME "{" - 1;

        error->at = error->at < before ? 0 : error->at - before;
        error->at = skipped + (error->at > within.len ? within.len : error->at);
    } else if (!is_selector(expr)) {
        (void)gong_expr_fail(error, 0,
                             "found more than matchers, expected "
                             "name=\"value\" and commas");
        gong_expr_free(expr);
        expr = NULL;
    }
    return expr;
}

/* As Alertmanager escapes values: backslash, quote, newline. */
static void
print_value(FILE *out, const char *value)
{
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\n') {
            (void)fputs("\\n", out);
        } else {
            if (*p == '\\' || *p == '"') {
                (void)fputc('\\', out);
            }
            (void)fputc(*p, out);
        }
    }
}

static char *
print(const struct gong_matcher *matchers, size_t count)
{
    static const char *const ops[] = {
        [GONG_MATCH_EQUAL] = "=",
        [GONG_MATCH_NOT_EQUAL] = "!=",
        [GONG_MATCH_REGEX] = "=~",
        [GONG_MATCH_NOT_REGEX] = "!~",
    };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    (void)fputc('{', out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%s%s\"", i == 0 ? "" : ",", matchers[i].name,
                      ops[matchers[i].op]);
        print_value(out, matchers[i].value);
        (void)fputc('"', out);
    }
    (void)fputc('}', out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

struct gong_desk_matchers *
gong_desk_matchers_read(struct gong_str text, struct gong_expr_error *error)
{
    struct gong_expr *expr = parse(text, error);
    struct gong_desk_matchers *m = NULL;
    const struct gong_expr_node *node = NULL;

    if (expr == NULL) {
        return NULL;
    }
    m = calloc(1, sizeof *m);
    if (m == NULL) {
        gong_expr_free(expr);
        (void)no_memory(error);
        return NULL;
    }
    m->expr = expr;
    node = &expr->nodes[expr->root];
    m->compiled =
        gong_matchers_new(node->matchers + 1, node->matcher_count - 1, error);
    if (m->compiled != NULL) {
        m->text = print(node->matchers + 1, node->matcher_count - 1);
        if (m->text == NULL) {
            (void)no_memory(error);
        }
    }
    if (m->text == NULL) {
        gong_desk_matchers_free(m);
        return NULL;
    }
    return m;
}

void
gong_desk_matchers_free(struct gong_desk_matchers *matchers)
{
    if (matchers == NULL) {
        return;
    }
    gong_matchers_free(matchers->compiled);
    gong_expr_free(matchers->expr);
    free(matchers->text);
    free(matchers);
}

static const struct gong_matcher *
matcher_at(const struct gong_desk_matchers *matchers, size_t i)
{
    return &matchers->expr->nodes[matchers->expr->root].matchers[i + 1];
}

static struct gong_str
value_of(const struct gong_label_view *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_equal(labels[i].name, gong_str_of(name))) {
            return labels[i].value;
        }
    }
    return gong_str_of("");
}

/* Under both codes: where one is enough for =, neither may be named by !=. */
static bool
takes_unit(struct gong_desk_matchers *matchers, size_t i, struct gong_str unit,
           struct gong_str site)
{
    enum gong_match_op op = matcher_at(matchers, i)->op;
    bool as_unit =
        gong_matchers_one(matchers->compiled, i, unit) == GONG_MATCH_YES;
    bool as_site =
        gong_matchers_one(matchers->compiled, i, site) == GONG_MATCH_YES;

    return op == GONG_MATCH_NOT_EQUAL || op == GONG_MATCH_NOT_REGEX
               ? as_unit && as_site
               : as_unit || as_site;
}

/* A device of a unit that was merged into another still reports under the old
 * code: as its site. What names the old unit still means it. */
static bool
take_with_site(struct gong_desk_matchers *matchers,
               const struct gong_label_view *labels, size_t count,
               struct gong_str site)
{
    for (size_t i = 0; i < gong_matchers_count(matchers->compiled); i++) {
        const char *name = matcher_at(matchers, i)->name;
        struct gong_str value = value_of(labels, count, name);
        bool takes = strcmp(name, UNIT) == 0
                         ? takes_unit(matchers, i, value, site)
                         : gong_matchers_one(matchers->compiled, i, value) ==
                               GONG_MATCH_YES;

        if (!takes) {
            return false;
        }
    }
    return true;
}

/* Whether the site is another code of the label's unit. */
static bool
is_also(const struct gong_model *model, struct gong_str unit,
        struct gong_str site, struct gong_str device)
{
    const struct gong_unit *of = model == NULL || unit.len == 0 ||
                                         site.len == 0 ||
                                         gong_str_equal(unit, site)
                                     ? NULL
                                     : gong_model_unit(model, unit);
    const struct gong_model_device *known = NULL;

    if (of == NULL || gong_model_unit(model, site) != of) {
        return false;
    }
    known = gong_model_device(model, site, device);
    return known == NULL || gong_model_unit_at(model, known->unit) == of;
}

bool
gong_desk_matchers_take(struct gong_desk_matchers *matchers,
                        const struct gong_model *model,
                        const struct gong_label_view *labels, size_t count)
{
    struct gong_str unit = value_of(labels, count, UNIT);
    struct gong_str site = value_of(labels, count, "site");

    if (matchers == NULL) {
        return true;
    }
    return is_also(model, unit, site, value_of(labels, count, "device"))
               ? take_with_site(matchers, labels, count, site)
               : gong_matchers_all(matchers->compiled, labels, count) ==
                     GONG_MATCH_YES;
}

const struct gong_matcher *
gong_desk_matchers_at(const struct gong_desk_matchers *matchers, size_t index)
{
    return index < gong_matchers_count(matchers->compiled)
               ? matcher_at(matchers, index)
               : NULL;
}

const char *
gong_desk_matchers_unit(const struct gong_desk_matchers *matchers, size_t *next)
{
    while (*next < gong_matchers_count(matchers->compiled)) {
        const struct gong_matcher *one = matcher_at(matchers, (*next)++);

        if (strcmp(one->name, UNIT) == 0 && one->value[0] != '\0' &&
            (one->op == GONG_MATCH_EQUAL || one->op == GONG_MATCH_NOT_EQUAL)) {
            return one->value;
        }
    }
    return NULL;
}

bool
gong_desk_matchers_allow(struct gong_desk_matchers *matchers, const char *name,
                         const char *value)
{
    const struct gong_expr_node *node =
        matchers == NULL ? NULL : &matchers->expr->nodes[matchers->expr->root];

    for (size_t i = 1; node != NULL && i < node->matcher_count; i++) {
        if (strcmp(node->matchers[i].name, name) == 0 &&
            gong_matchers_one(matchers->compiled, i - 1, gong_str_of(value)) !=
                GONG_MATCH_YES) {
            return false;
        }
    }
    return true;
}

const char *
gong_desk_matchers_text(const struct gong_desk_matchers *matchers)
{
    return matchers == NULL ? "{}" : matchers->text;
}
