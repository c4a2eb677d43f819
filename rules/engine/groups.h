/*
 * groups: the members of aggregates, and what they come to.
 *
 *   member   one per series and AGGREGATE rule; knows its group and slot while
 *            the series' newest sample is young enough
 *   group    (rule, label set): a run of 2^level slots, and a tree over them
 *
 *      node 1                     node n stands over nodes 2n and 2n + 1; past
 *      |     \                    the last node come the slots
 *    node 2   node 3
 *    |   \    |    \              each knows what is below it: the sum, or the
 *   slot 0 1  slot 2 3            least or greatest value, how many, and how
 *                                 long the first of them to go counts
 *
 * A sample writes its slot and marks the nodes above it; those that are marked
 * are made anew when the group is asked. So the value depends on the members
 * that are there, never on what was added and taken away (semantics rule 9):
 * Inf, NaN and 1e16 go with their member. Sums are kept with twice the digits
 * of a double, so that neither the order of slots nor the shape shows in them,
 * but where summands lie further apart than that.
 *
 * A member that has gone gives its slot back, an empty group its run and its
 * number. All of it but the nodes is state.
 */
#ifndef GONG_RULES_ENGINE_GROUPS_H
#define GONG_RULES_ENGINE_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/engine/aggregate.h"
#include "rules/engine/arena.h"
#include "rules/engine/hash.h"
#include "rules/engine/kept.h"

#define GONG_GROUP_LEVELS 32

struct gong_member {
    uint32_t group; /* 0: has gone, or never came */
    uint32_t slot;
};

struct gong_group {
    uint32_t instance; /* carries its alert and its timer */
    uint32_t rule;
    uint32_t labelset; /* 0: free */
    uint32_t run;      /* its first slot and node; 0: none yet */
    uint32_t level;
    uint32_t live; /* slots taken */
    uint32_t top;  /* slots from here on were never taken */
    uint32_t next; /* the first slot that was given back, counted from 1; in the
                      free list: next free */
};

struct gong_group_slot {
    double value;    /* if present */
    int64_t last;    /* the last instant that it counts at; GROUP_FREE: free */
    uint32_t member; /* free: the next one given back, counted from 1 */
    uint32_t present;
};
#define GONG_GROUP_FREE INT64_MIN

struct gong_group_node {
    double value;
    double rest;    /* of a sum: what value has no digits for */
    int64_t first;  /* the earliest last below, INT64_MAX: none;
                       GONG_GROUP_FREE: to be made anew */
    uint32_t count; /* with a value */
    uint32_t spare;
};

/* Transparent: embedded. */
struct gong_groups {
    const struct gong_hash_key *key;
    struct gong_arena members;
    struct gong_arena groups;
    struct gong_arena slots; /* run by run, as are nodes */
    uint32_t free;           /* groups */
    /* Derived. */
    struct gong_arena nodes;
    struct gong_index index;          /* groups by rule and label set */
    uint32_t runs[GONG_GROUP_LEVELS]; /* free ones of each level */
};

/* All are borrowed until fini. Slots draw on derived too: how many there are
 * depends on what runs were used before. */
void gong_groups_init(struct gong_groups *groups, struct gong_budget *budget,
                      struct gong_budget *derived,
                      const struct gong_hash_key *key);
void gong_groups_fini(struct gong_groups *groups);

static inline struct gong_group *
gong_group_at(const struct gong_groups *groups, uint32_t group)
{
    return gong_arena_at(&groups->groups, group);
}

static inline struct gong_member *
gong_member_at(const struct gong_groups *groups, uint32_t member)
{
    struct gong_member *all = groups->members.data;

    return all + member;
}

static inline struct gong_group_slot *
gong_group_slot_at(const struct gong_groups *groups, uint32_t slot)
{
    struct gong_group_slot *all = groups->slots.data;

    return all + slot;
}

/* gong_groups_find: 0 if there is none. gong_groups_add: one that is not there,
 * 0 without memory; one that was used before keeps its instance. */
uint32_t gong_groups_find(const struct gong_groups *groups, uint32_t rule,
                          uint32_t labelset);
uint32_t gong_groups_add(struct gong_groups *groups, uint32_t rule,
                         uint32_t labelset);

/* gong_groups_remove: of an empty one. */
void gong_groups_remove(struct gong_groups *groups, uint32_t group);

/* gong_groups_join: gives a member that is in no group a slot, which is to be
 * set next; false without memory. */
bool gong_groups_join(struct gong_groups *groups, uint32_t group,
                      uint32_t member);

/* gong_groups_set: what a member of a group says, and for how long. */
void gong_groups_set(struct gong_groups *groups, uint32_t member, bool present,
                     double value, int64_t last);

/* What a group comes to. */
struct gong_group_total {
    double value;   /* if count > 0 */
    uint32_t count; /* members with a value */
    int64_t first;  /* the last instant of the first of them to go */
};

/* gong_groups_total: of those that count at t; the others leave. */
struct gong_group_total gong_groups_total(struct gong_groups *groups,
                                          uint32_t group,
                                          enum gong_aggregate_kind kind,
                                          int64_t t);

/* gong_groups_keep: forgets members, which are in no group then, and renumbers
 * what stays. False without memory. */
bool gong_groups_keep(struct gong_groups *groups, const struct gong_kept *kept);

/* For gong_groups_restore. gong_groups_move: moves a group to a run of another
 * level, with all its slots; gong_groups_index: makes it known. False without
 * memory. */
bool gong_groups_move(struct gong_groups *groups, struct gong_group *g,
                      uint32_t level);
bool gong_groups_index(struct gong_groups *groups, uint32_t group);

/* gong_groups_restore: after members, groups and slots have been read back and
 * free was set: looks at all of them, believing nothing, and makes anew what is
 * derived. NULL if all is sound, else what is not. */
const char *gong_groups_restore(struct gong_groups *groups);

#endif
