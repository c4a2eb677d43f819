/* groups_restore: groups read back. Slots are copied group by group into runs
 * of their own, so that no two groups share any, whatever the bytes say. */
#include <string.h>

#include "rules/engine/groups.h"

/* No instant lies further out (timer.h). */
#define FAR (INT64_MAX / 2)

/* The slots of a group that were given back: so many steps lead to the end. */
static bool
given_back_sound(const struct gong_groups *groups, const struct gong_group *g,
                 uint32_t unused)
{
    uint32_t next = g->next;

    for (uint32_t i = 0; i < unused; i++) {
        const struct gong_group_slot *s = NULL;

        if (next == 0 || next > g->top) {
            return false;
        }
        s = gong_group_slot_at(groups, g->run + next - 1);
        if (s->last != GONG_GROUP_FREE) {
            return false;
        }
        next = s->member;
    }
    return next == 0;
}

/* Gives each member its slot again. */
static bool
claim(struct gong_groups *groups, uint32_t group)
{
    struct gong_group *g = gong_group_at(groups, group);

    g->live = 0;
    for (uint32_t i = 0; i < g->top; i++) {
        struct gong_group_slot *s = gong_group_slot_at(groups, g->run + i);
        struct gong_member *m = NULL;

        s->present = s->present != 0;
        if (s->last == GONG_GROUP_FREE) {
            s->present = 0;
            continue;
        }
        if (s->member == 0 || s->member >= groups->members.count ||
            s->last < -FAR || s->last > FAR) {
            return false;
        }
        m = gong_member_at(groups, s->member);
        if (m->group != 0) {
            return false;
        }
        *m = (struct gong_member){group, i};
        g->live++;
    }
    return given_back_sound(groups, g, g->top - g->live);
}

static const char *
restore_group(struct gong_groups *groups, uint32_t group,
              const struct gong_arena *stored)
{
    struct gong_group *g = gong_group_at(groups, group);
    uint32_t run = g->run;
    uint32_t top = g->top;
    uint32_t level = g->level;

    g->run = 0;
    g->top = 0;
    g->live = 0;
    if (run == 0) {
        return level == 0 && top == 0 && g->next == 0 ? NULL
                                                      : "a group has no slots";
    }
    if (level >= GONG_GROUP_LEVELS || run >= stored->count ||
        (stored->count - run) >> level == 0 || (top - 1) >> level != 0 ||
        top == 0) {
        return "a group's slots are outside";
    }
    if (groups->slots.count + (UINT64_C(1) << level) >
        (uint64_t)stored->count + 1) {
        return "groups share slots";
    }
    if (!gong_groups_move(groups, g, level)) {
        return "out of memory";
    }
    memcpy(gong_group_slot_at(groups, g->run), gong_arena_at(stored, run),
           top * sizeof(struct gong_group_slot));
    g->top = top;
    return claim(groups, group) ? NULL : "a group's member is wrong";
}

/* Every group that is free, once: so many steps lead to the end. */
static bool
free_list_sound(const struct gong_groups *groups, uint32_t unused)
{
    uint32_t next = groups->free;

    for (uint32_t i = 0; i < unused; i++) {
        if (next == 0 || next >= groups->groups.count ||
            gong_group_at(groups, next)->labelset != 0) {
            return false;
        }
        next = gong_group_at(groups, next)->next;
    }
    return next == 0;
}

static const char *
restore_groups(struct gong_groups *groups, const struct gong_arena *stored)
{
    uint32_t unused = 0;

    for (uint32_t i = 1; i < groups->groups.count; i++) {
        struct gong_group *g = gong_group_at(groups, i);
        const char *wrong = NULL;

        if (g->labelset == 0) {
            *g = (struct gong_group){g->instance, g->rule, 0, 0,
                                     0,           0,       0, g->next};
            unused++;
            continue;
        }
        wrong = restore_group(groups, i, stored);
        if (wrong != NULL) {
            return wrong;
        }
        if (!gong_groups_index(groups, i)) {
            return "out of memory";
        }
    }
    return free_list_sound(groups, unused) ? NULL
                                           : "the list of free groups is wrong";
}

const char *
gong_groups_restore(struct gong_groups *groups)
{
    struct gong_arena stored = groups->slots;
    const char *wrong = NULL;

    gong_arena_init(&groups->slots, stored.budget, stored.stride);
    for (uint32_t i = 1; i < groups->members.count; i++) {
        *gong_member_at(groups, i) = (struct gong_member){0};
    }
    wrong = restore_groups(groups, &stored);
    gong_arena_fini(&stored);
    return wrong;
}
