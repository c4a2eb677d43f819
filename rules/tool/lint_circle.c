/*
 * lint_circle: recordings that read each other in a circle: each sees what the
 * others said the time before (rules/engine/book_order.h).
 *
 *   edges      a -> b: a reads what b records, by its name or by a pattern
 *   a search   from each recording, breadth first, back to itself
 */
#include "rules/tool/lint.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/match.h"

#define TEXT_SIZE 512

struct edge {
    uint32_t from; /* numbers among the recordings; sorted by it */
    uint32_t to;
};

struct circles {
    const struct gong_ruleset *set;
    uint32_t *recordings; /* their rules */
    uint32_t count;
    struct edge *edges;
    size_t edge_count;
    size_t edge_size;
    uint32_t *via;   /* where the search came from, +1; 0: not seen */
    uint32_t *queue; /* and, at the end, the way back */
    bool *told;
};

static const struct gong_rule *
rule_of(const struct circles *c, uint32_t recording)
{
    return &c->set->rules[c->recordings[recording]];
}

static bool
add_edge(struct circles *c, uint32_t from, uint32_t to)
{
    if (c->edge_count == c->edge_size) {
        size_t size = c->edge_size == 0 ? 64 : c->edge_size * 2;
        struct edge *edges = realloc(c->edges, size * sizeof *edges);

        if (edges == NULL) {
            return false;
        }
        c->edges = edges;
        c->edge_size = size;
    }
    c->edges[c->edge_count++] = (struct edge){from, to};
    return true;
}

/* Whether a selector may take a metric's name. */
static bool
takes(const struct gong_expr_node *node, struct gong_matchers *matchers,
      const char *metric)
{
    for (size_t i = 0; i < node->matcher_count; i++) {
        const struct gong_matcher *m = &node->matchers[i];

        if (strcmp(m->name, "__name__") == 0 &&
            (m->op == GONG_MATCH_EQUAL
                 ? strcmp(m->value, metric) != 0
                 : matchers != NULL &&
                       gong_matchers_one(matchers, i, gong_str_of(metric)) ==
                           GONG_MATCH_NO)) {
            return false;
        }
    }
    return true;
}

/* A name needs no pattern. */
static struct gong_matchers *
patterns_of(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;
    struct gong_expr_error error = {0};

    return node->matcher_count > 0 && strcmp(first->name, "__name__") == 0 &&
                   first->op == GONG_MATCH_EQUAL
               ? NULL
               : gong_matchers_new(node->matchers, node->matcher_count, &error);
}

static bool
add_edges(struct circles *c, uint32_t from)
{
    const struct gong_expr *expr = rule_of(c, from)->expr;
    bool ok = true;

    for (uint32_t n = 0; n < expr->count && ok; n++) {
        const struct gong_expr_node *node = &expr->nodes[n];
        struct gong_matchers *matchers;

        if (node->kind != GONG_EXPR_SELECTOR) {
            continue;
        }
        matchers = patterns_of(node);
        for (uint32_t to = 0; to < c->count && ok; to++) {
            ok = !takes(node, matchers, rule_of(c, to)->record) ||
                 add_edge(c, from, to);
        }
        gong_matchers_free(matchers);
    }
    return ok;
}

static size_t
first_edge(const struct circles *c, uint32_t from)
{
    size_t low = 0;
    size_t high = c->edge_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c->edges[middle].from < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether the search from start comes back; then via has the way. */
static bool
comes_back(struct circles *c, uint32_t start)
{
    uint32_t head = 0;
    uint32_t tail = 0;

    memset(c->via, 0, c->count * sizeof *c->via);
    c->queue[tail++] = start;
    while (head < tail) {
        uint32_t from = c->queue[head++];

        for (size_t e = first_edge(c, from);
             e < c->edge_count && c->edges[e].from == from; e++) {
            uint32_t to = c->edges[e].to;

            if (c->via[to] != 0) {
                continue;
            }
            c->via[to] = from + 1;
            if (to == start) {
                return true;
            }
            c->queue[tail++] = to;
        }
    }
    return false;
}

static void
append(char text[TEXT_SIZE], const char *more)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, TEXT_SIZE - len, "%s", more);
}

/* The way from start on, as "a reads b (f.cfg:3), b reads a". */
static void
tell(struct gong_linter *linter, struct circles *c, uint32_t start)
{
    char text[TEXT_SIZE] = "";
    uint32_t len = 0;
    uint32_t at = start;

    do {
        c->queue[len++] = at;
        at = c->via[at] - 1;
    } while (at != start);
    /* The way back stands there: start, the last one, ..., the first one. */
    for (uint32_t i = len; i-- > 0;) {
        const struct gong_rule *from =
            rule_of(c, c->queue[i + 1 == len ? 0 : i + 1]);
        const struct gong_rule *to = rule_of(c, c->queue[i]);
        char place[160] = "";

        if (i != 0) {
            (void)snprintf(place, sizeof place, " (%.100s:%d), ", to->file,
                           to->line);
        }
        append(text, from->record);
        append(text, " reads ");
        append(text, to->record);
        append(text, place);
        c->told[c->queue[i]] = true;
    }
    gong_lint_say(linter, rule_of(c, start), "circle",
                  "found recordings in a circle: %s; expected none, as each "
                  "sees what the others said before",
                  text);
}

void
gong_lint_circles(struct gong_linter *linter, const struct gong_ruleset *set)
{
    size_t room = set->count + 1;
    struct circles c = {
        .set = set,
        .recordings = calloc(room, sizeof *c.recordings),
        .via = calloc(room, sizeof *c.via),
        .queue = calloc(room, sizeof *c.queue),
        .told = calloc(room, sizeof *c.told),
    };
    bool ok = c.recordings != NULL && c.via != NULL && c.queue != NULL &&
              c.told != NULL;

    for (uint32_t i = 0; i < set->count && ok; i++) {
        if (set->rules[i].record != NULL) {
            c.recordings[c.count++] = i;
        }
    }
    for (uint32_t i = 0; i < c.count && ok; i++) {
        ok = add_edges(&c, i);
    }
    for (uint32_t i = 0; i < c.count && ok; i++) {
        if (!c.told[i] && comes_back(&c, i)) {
            tell(linter, &c, i);
        }
    }
    free(c.recordings);
    free(c.via);
    free(c.queue);
    free(c.told);
    free(c.edges);
}
