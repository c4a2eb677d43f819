#include "rules/engine/book_order.h"

#include <stdlib.h>
#include <string.h>

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

/* A walk over recordings, depth first, without recursion: rules lie on a stack
 * until all that they read has its place. */
struct walk {
    const struct gong_ruleset *set;
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

/* The next recording that the rule on top reads and that has no place yet. */
static bool
descend(struct walk *walk)
{
    uint32_t top = walk->depth - 1;
    const struct gong_rule *rule = &walk->set->rules[walk->stack[top]];

    while (walk->next[top] < walk->recording_count) {
        uint32_t other = walk->recordings[walk->next[top]++];

        if (!walk->seen[other] && reads(rule, walk->set->rules[other].record)) {
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
    if (space == NULL || walk.seen == NULL) {
        free(space);
        free(walk.seen);
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
    *order = space;
    return GONG_OK;
}
