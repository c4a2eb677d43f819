#include "rules/engine/groups.h"

#include <math.h>
#include <string.h>

/* Of a tree with so many levels all nodes are looked at. */
#define SMALL_LEVEL 6

void
gong_groups_init(struct gong_groups *groups, struct gong_budget *budget,
                 struct gong_budget *derived, const struct gong_hash_key *key)
{
    *groups = (struct gong_groups){.key = key};
    gong_arena_init(&groups->members, budget, sizeof(struct gong_member));
    gong_arena_init(&groups->groups, budget, sizeof(struct gong_group));
    gong_arena_init(&groups->slots, derived, sizeof(struct gong_group_slot));
    gong_arena_init(&groups->nodes, derived, sizeof(struct gong_group_node));
    gong_index_init(&groups->index, derived);
}

void
gong_groups_fini(struct gong_groups *groups)
{
    gong_arena_fini(&groups->members);
    gong_arena_fini(&groups->groups);
    gong_arena_fini(&groups->slots);
    gong_arena_fini(&groups->nodes);
    gong_index_fini(&groups->index);
}

static struct gong_group_node *
node_at(const struct gong_groups *groups, uint32_t node)
{
    struct gong_group_node *all = groups->nodes.data;

    return all + node;
}

static uint64_t
hash_of(const struct gong_groups *groups, uint32_t rule, uint32_t labelset)
{
    uint32_t words[2] = {rule, labelset};

    return gong_hash(groups->key, words, sizeof words);
}

uint32_t
gong_groups_find(const struct gong_groups *groups, uint32_t rule,
                 uint32_t labelset)
{
    struct gong_probe probe =
        gong_probe_start(&groups->index, hash_of(groups, rule, labelset));
    uint32_t group = 0;

    while ((group = gong_probe_next(&groups->index, &probe)) != 0) {
        const struct gong_group *g = gong_group_at(groups, group);

        if (g->rule == rule && g->labelset == labelset) {
            return group;
        }
    }
    return 0;
}

bool
gong_groups_index(struct gong_groups *groups, uint32_t group)
{
    const struct gong_group *g = gong_group_at(groups, group);

    return gong_index_put(&groups->index, hash_of(groups, g->rule, g->labelset),
                          group);
}

uint32_t
gong_groups_add(struct gong_groups *groups, uint32_t rule, uint32_t labelset)
{
    uint32_t group = groups->free;
    uint32_t next = 0;
    struct gong_group *g = NULL;

    if (group != 0) {
        next = gong_group_at(groups, group)->next;
    } else {
        group = gong_arena_add(&groups->groups, 1);
    }
    if (group == 0) {
        return 0;
    }
    g = gong_group_at(groups, group);
    *g = (struct gong_group){
        .instance = g->instance,
        .rule = rule,
        .labelset = labelset,
    };
    if (!gong_groups_index(groups, group)) {
        return 0;
    }
    groups->free = group == groups->free ? next : groups->free;
    return group;
}

static void
free_run(struct gong_groups *groups, uint32_t run, uint32_t level)
{
    if (run != 0) {
        gong_group_slot_at(groups, run)->member = groups->runs[level];
        groups->runs[level] = run;
    }
}

void
gong_groups_remove(struct gong_groups *groups, uint32_t group)
{
    struct gong_group *g = gong_group_at(groups, group);

    gong_index_remove(&groups->index, hash_of(groups, g->rule, g->labelset),
                      group);
    free_run(groups, g->run, g->level);
    *g = (struct gong_group){
        .instance = g->instance,
        .rule = g->rule,
        .next = groups->free,
    };
    groups->free = group;
}

/* A run of 2^level slots, which are zeros or were in use; 0 without memory. */
static uint32_t
take_run(struct gong_groups *groups, uint32_t level)
{
    uint32_t count = UINT32_C(1) << level;
    uint32_t run = groups->runs[level];
    uint32_t before = groups->slots.count;

    if (run != 0) {
        groups->runs[level] = gong_group_slot_at(groups, run)->member;
        return run;
    }
    run = gong_arena_add(&groups->slots, count);
    if (run != 0 && gong_arena_add(&groups->nodes, count) == 0) {
        groups->slots.count = before;
        return 0;
    }
    return run;
}

bool
gong_groups_move(struct gong_groups *groups, struct gong_group *g,
                 uint32_t level)
{
    uint32_t run = level < GONG_GROUP_LEVELS ? take_run(groups, level) : 0;

    if (run == 0) {
        return false;
    }
    if (g->run != 0) {
        memcpy(gong_group_slot_at(groups, run),
               gong_group_slot_at(groups, g->run),
               g->top * sizeof(struct gong_group_slot));
    }
    for (uint32_t i = g->top; i >> level == 0; i++) {
        *gong_group_slot_at(groups, run + i) =
            (struct gong_group_slot){.last = GONG_GROUP_FREE};
    }
    for (uint32_t i = 1; i >> level == 0; i++) {
        node_at(groups, run + i)->first = GONG_GROUP_FREE;
    }
    free_run(groups, g->run, g->level);
    g->run = run;
    g->level = level;
    return true;
}

/* Nodes above a marked one are marked already. */
static void
mark(const struct gong_groups *groups, const struct gong_group *g,
     uint32_t slot)
{
    uint32_t n = ((UINT32_C(1) << g->level) + slot) / 2;

    while (n > 0 && node_at(groups, g->run + n)->first != GONG_GROUP_FREE) {
        node_at(groups, g->run + n)->first = GONG_GROUP_FREE;
        n /= 2;
    }
}

bool
gong_groups_join(struct gong_groups *groups, uint32_t group, uint32_t member)
{
    struct gong_group *g = gong_group_at(groups, group);
    struct gong_group_slot *s = NULL;
    uint32_t slot = g->next == 0 ? g->top : g->next - 1;

    if ((g->run == 0 && !gong_groups_move(groups, g, 0)) ||
        (slot >> g->level != 0 && !gong_groups_move(groups, g, g->level + 1))) {
        return false;
    }
    s = gong_group_slot_at(groups, g->run + slot);
    if (g->next != 0) {
        g->next = s->member;
    } else {
        g->top++;
    }
    g->live++;
    *s = (struct gong_group_slot){.last = INT64_MAX, .member = member};
    *gong_member_at(groups, member) = (struct gong_member){group, slot};
    mark(groups, g, slot);
    return true;
}

void
gong_groups_set(struct gong_groups *groups, uint32_t member, bool present,
                double value, int64_t last)
{
    const struct gong_member *m = gong_member_at(groups, member);
    const struct gong_group *g = gong_group_at(groups, m->group);
    struct gong_group_slot *s = gong_group_slot_at(groups, g->run + m->slot);

    s->value = value;
    s->present = present;
    s->last = last;
    mark(groups, g, m->slot);
}

static void
leave(struct gong_groups *groups, struct gong_group *g, uint32_t slot)
{
    struct gong_group_slot *s = gong_group_slot_at(groups, g->run + slot);

    *gong_member_at(groups, s->member) = (struct gong_member){0};
    *s = (struct gong_group_slot){.last = GONG_GROUP_FREE, .member = g->next};
    g->next = slot + 1;
    g->live--;
    mark(groups, g, slot);
}

/* What changes nothing when it is added: -0 leaves even the sign of a zero. */
static double
neutral(enum gong_aggregate_kind kind)
{
    return kind == GONG_AGGREGATE_MIN || kind == GONG_AGGREGATE_MAX
               ? (double)NAN
               : -0.0;
}

static struct gong_group_node
node_of_slot(const struct gong_group_slot *slot, enum gong_aggregate_kind kind)
{
    return (struct gong_group_node){
        .value = slot->present != 0 ? slot->value : neutral(kind),
        .first = slot->last == GONG_GROUP_FREE ? INT64_MAX : slot->last,
        .count = slot->present != 0,
    };
}

/* a + b is value + rest, exactly, before the rests of both are added to it. */
static void
add(struct gong_group_node *out, const struct gong_group_node *a,
    const struct gong_group_node *b)
{
    double sum = a->value + b->value;
    double part = sum - a->value;
    double rest = (a->value - (sum - part)) + (b->value - part);

    out->value = sum;
    out->rest = 0;
    if (isfinite(sum)) {
        rest += a->rest + b->rest;
        out->value = rest == 0 ? sum : sum + rest;
        out->rest = rest - (out->value - sum);
    }
}

/* NaN counts for nothing beside a number, as in Prometheus. */
static double
lesser(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static double
greater(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static struct gong_group_node
combine(const struct gong_group_node *a, const struct gong_group_node *b,
        enum gong_aggregate_kind kind)
{
    struct gong_group_node out = {
        .first = a->first < b->first ? a->first : b->first,
        .count = a->count + b->count,
    };

    switch (kind) {
    case GONG_AGGREGATE_SUM:
    case GONG_AGGREGATE_AVG:
        add(&out, a, b);
        break;
    case GONG_AGGREGATE_MIN:
        out.value = lesser(a->value, b->value);
        break;
    case GONG_AGGREGATE_MAX:
        out.value = greater(a->value, b->value);
        break;
    case GONG_AGGREGATE_COUNT:
    case GONG_AGGREGATE_GROUP:
        break;
    }
    return out;
}

static struct gong_group_node
below(const struct gong_groups *groups, const struct gong_group *g, uint32_t n,
      enum gong_aggregate_kind kind)
{
    return n >> g->level == 0
               ? *node_at(groups, g->run + n)
               : node_of_slot(
                     gong_group_slot_at(groups,
                                        g->run + n - (UINT32_C(1) << g->level)),
                     kind);
}

static bool
is_marked(const struct gong_groups *groups, const struct gong_group *g,
          uint32_t n)
{
    return n >> g->level == 0 &&
           node_at(groups, g->run + n)->first == GONG_GROUP_FREE;
}

static void
make_anew(const struct gong_groups *groups, const struct gong_group *g,
          uint32_t n, enum gong_aggregate_kind kind)
{
    struct gong_group_node a = below(groups, g, 2 * n, kind);
    struct gong_group_node b = below(groups, g, 2 * n + 1, kind);

    *node_at(groups, g->run + n) = combine(&a, &b, kind);
}

/* From marked node to marked node: of a large tree few are. */
static void
walk_marked(const struct gong_groups *groups, const struct gong_group *g,
            enum gong_aggregate_kind kind)
{
    uint32_t n = 1;

    while (n != 0) {
        if (is_marked(groups, g, 2 * n)) {
            n = 2 * n;
        } else if (is_marked(groups, g, 2 * n + 1)) {
            n = 2 * n + 1;
        } else {
            make_anew(groups, g, n, kind);
            n /= 2;
        }
    }
}

/* The root, after all marked nodes were made anew from below. */
static struct gong_group_node
refresh(const struct gong_groups *groups, const struct gong_group *g,
        enum gong_aggregate_kind kind)
{
    if (is_marked(groups, g, 1) && g->level > SMALL_LEVEL) {
        walk_marked(groups, g, kind);
    }
    for (uint32_t n = UINT32_C(1) << g->level; n > 1 && is_marked(groups, g, 1);
         n--) {
        if (is_marked(groups, g, n - 1)) {
            make_anew(groups, g, n - 1, kind);
        }
    }
    return below(groups, g, 1, kind);
}

/* The slot of the first one to go. */
static uint32_t
find_first(const struct gong_groups *groups, const struct gong_group *g,
           enum gong_aggregate_kind kind, int64_t first)
{
    uint32_t n = 1;

    while (n >> g->level == 0) {
        n = 2 * n + (below(groups, g, 2 * n, kind).first != first);
    }
    return n - (UINT32_C(1) << g->level);
}

/* The mean where the sum is no number: it may have been too large on the way.
 */
static double
careful_mean(const struct gong_groups *groups, const struct gong_group *g,
             uint32_t count)
{
    double mean = 0;

    for (uint32_t i = 0; i < g->top; i++) {
        const struct gong_group_slot *s =
            gong_group_slot_at(groups, g->run + i);

        mean += s->present != 0 ? s->value / (double)count : 0;
    }
    return mean;
}

static double
value_of(const struct gong_groups *groups, const struct gong_group *g,
         enum gong_aggregate_kind kind, const struct gong_group_node *root)
{
    switch (kind) {
    case GONG_AGGREGATE_AVG:
        return isfinite(root->value) ? root->value / (double)root->count
                                     : careful_mean(groups, g, root->count);
    case GONG_AGGREGATE_COUNT:
        return (double)root->count;
    case GONG_AGGREGATE_GROUP:
        return 1;
    case GONG_AGGREGATE_SUM:
    case GONG_AGGREGATE_MIN:
    case GONG_AGGREGATE_MAX:
        break;
    }
    return root->value;
}

struct gong_group_total
gong_groups_total(struct gong_groups *groups, uint32_t group,
                  enum gong_aggregate_kind kind, int64_t t)
{
    struct gong_group *g = gong_group_at(groups, group);
    struct gong_group_node root = {.first = INT64_MAX};

    if (g->live == 0) {
        return (struct gong_group_total){.first = INT64_MAX};
    }
    root = refresh(groups, g, kind);
    while (root.first < t) {
        leave(groups, g, find_first(groups, g, kind, root.first));
        root = refresh(groups, g, kind);
    }
    return (struct gong_group_total){
        .value = root.count == 0 ? 0 : value_of(groups, g, kind, &root),
        .count = root.count,
        .first = root.first,
    };
}
