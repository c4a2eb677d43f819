#include "rules/engine/book_order.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/match.h"

/* The name that a selector asks for, or NULL. */
static const char *
metric_of(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;

    return node->kind == GONG_EXPR_SELECTOR && node->matcher_count > 0 &&
                   strcmp(first->name, "__name__") == 0 &&
                   first->op == GONG_MATCH_EQUAL
               ? first->value
               : NULL;
}

static bool
reads(const struct gong_rule *rule, const char *metric)
{
    for (uint32_t i = 0; i < rule->expr->count; i++) {
        const char *name = metric_of(&rule->expr->nodes[i]);

        if (name != NULL && strcmp(name, metric) == 0) {
            return true;
        }
    }
    return false;
}

bool
gong_book_reads_recorded(const struct gong_ruleset *set,
                         const struct gong_rule *rule)
{
    if (reads(rule, "ALERTS") || reads(rule, "ALERTS_FOR_STATE")) {
        return true;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->rules[i].record != NULL && reads(rule, set->rules[i].record)) {
            return true;
        }
    }
    return false;
}

bool
gong_book_reads_alerts(const struct gong_ruleset *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct gong_expr *expr = set->rules[i].expr;

        for (uint32_t n = 0; n < expr->count; n++) {
            const char *name = metric_of(&expr->nodes[n]);

            if (expr->nodes[n].kind == GONG_EXPR_SELECTOR &&
                (name == NULL || strcmp(name, "ALERTS") == 0 ||
                 strcmp(name, "ALERTS_FOR_STATE") == 0)) {
                return true;
            }
        }
    }
    return false;
}

/* A selector that asks for no name, but may take several. */
struct pattern {
    const struct gong_expr_node *node;
    struct gong_matchers *matchers;
};

/* Those of all rules; first[i] is the first one of rule i. */
struct patterns {
    struct pattern *all;
    size_t *first;
    size_t count;
};

static bool
is_pattern(const struct gong_expr_node *node)
{
    return node->kind == GONG_EXPR_SELECTOR && metric_of(node) == NULL;
}

/* What cannot be compiled, for which its rule will be refused, takes all. False
 * without memory. */
static bool
add_pattern(struct patterns *patterns, const struct gong_expr_node *node)
{
    struct gong_expr_error error = {0};

    patterns->all[patterns->count++] = (struct pattern){
        node, gong_matchers_new(node->matchers, node->matcher_count, &error)};
    return !error.no_memory;
}

static bool
find_patterns(struct patterns *patterns, const struct gong_ruleset *set)
{
    size_t room = 0;

    for (size_t i = 0; i < set->count; i++) {
        for (uint32_t n = 0; n < set->rules[i].expr->count; n++) {
            room += is_pattern(&set->rules[i].expr->nodes[n]);
        }
    }
    patterns->all = calloc(room + 1, sizeof *patterns->all);
    patterns->first = calloc(set->count + 1, sizeof *patterns->first);
    if (patterns->all == NULL || patterns->first == NULL) {
        return false;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct gong_expr *expr = set->rules[i].expr;

        patterns->first[i] = patterns->count;
        for (uint32_t n = 0; n < expr->count; n++) {
            if (is_pattern(&expr->nodes[n]) &&
                !add_pattern(patterns, &expr->nodes[n])) {
                return false;
            }
        }
    }
    patterns->first[set->count] = patterns->count;
    return true;
}

static void
free_patterns(struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        gong_matchers_free(patterns->all[i].matchers);
    }
    free(patterns->all);
    free(patterns->first);
}

/* Whether a selector takes a name, as far as its matchers of the name say. */
static bool
takes(const struct pattern *pattern, const char *metric)
{
    for (size_t i = 0;
         pattern->matchers != NULL && i < pattern->node->matcher_count; i++) {
        if (strcmp(pattern->node->matchers[i].name, "__name__") == 0 &&
            gong_matchers_one(pattern->matchers, i, gong_str_of(metric)) ==
                GONG_MATCH_NO) {
            return false;
        }
    }
    return true;
}

/* A walk over recordings, depth first, without recursion: rules lie on a stack
 * until all that they read has its place. */
struct walk {
    const struct gong_ruleset *set;
    struct patterns patterns;
    uint32_t *recordings;
    uint32_t recording_count;
    unsigned char *seen;
    uint32_t *stack;
    uint32_t *next; /* of a rule on the stack: the recording to look at */
    uint32_t depth;
    uint32_t *order;
    uint32_t count;
};

static void
push(struct walk *walk, uint32_t rule)
{
    walk->seen[rule] = 1;
    walk->next[walk->depth] = 0;
    walk->stack[walk->depth++] = rule;
}

/* Whether a rule reads what another one records, by its name or by a pattern.
 */
static bool
may_read(const struct walk *walk, uint32_t rule, const char *metric)
{
    const struct patterns *patterns = &walk->patterns;

    for (size_t i = patterns->first[rule]; i < patterns->first[rule + 1]; i++) {
        if (takes(&patterns->all[i], metric)) {
            return true;
        }
    }
    return reads(&walk->set->rules[rule], metric);
}

/* The next recording that the rule on top reads and that has no place yet. */
static bool
descend(struct walk *walk)
{
    uint32_t top = walk->depth - 1;
    uint32_t rule = walk->stack[top];

    while (walk->next[top] < walk->recording_count) {
        uint32_t other = walk->recordings[walk->next[top]++];

        if (!walk->seen[other] &&
            may_read(walk, rule, walk->set->rules[other].record)) {
            push(walk, other);
            return true;
        }
    }
    return false;
}

static void
visit(struct walk *walk, uint32_t rule)
{
    push(walk, rule);
    while (walk->depth > 0) {
        if (!descend(walk)) {
            walk->order[walk->count++] = walk->stack[--walk->depth];
        }
    }
}

enum gong_err
gong_book_order(const struct gong_ruleset *set, uint32_t **order)
{
    size_t room = set->count + 1;
    uint32_t *space = calloc(4 * room, sizeof *space);
    struct walk walk = {.set = set, .seen = calloc(room, 1)};

    *order = NULL;
    if (space == NULL || walk.seen == NULL ||
        !find_patterns(&walk.patterns, set)) {
        free(space);
        free(walk.seen);
        free_patterns(&walk.patterns);
        return GONG_ERR_MEMORY;
    }
    walk.order = space; /* first, so that it is what the caller frees */
    walk.stack = space + room;
    walk.next = walk.stack + room;
    walk.recordings = walk.next + room;
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->rules[i].record != NULL) {
            walk.recordings[walk.recording_count++] = i;
        }
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->foreign) {
            walk.order[walk.count++] = i;
        } else if (!walk.seen[i]) {
            visit(&walk, i);
        }
    }
    free(walk.seen);
    free_patterns(&walk.patterns);
    *order = space;
    return GONG_OK;
}
