/* groups_keep: members that go, and new numbers of members, instances and label
 * sets. Groups keep theirs: an empty one is used again. */
#include "rules/engine/groups.h"

static void
renumber_members(const struct gong_groups *groups, const struct gong_group *g,
                 const uint32_t *members)
{
    for (uint32_t i = 0; i < g->top; i++) {
        struct gong_group_slot *s = gong_group_slot_at(groups, g->run + i);

        if (s->last != GONG_GROUP_FREE) {
            s->member = members[s->member];
        }
    }
}

bool
gong_groups_keep(struct gong_groups *groups, const struct gong_kept *kept)
{
    gong_index_clear(&groups->index);
    for (uint32_t i = 1; i < groups->groups.count; i++) {
        struct gong_group *g = gong_group_at(groups, i);

        g->instance = kept->instances[g->instance];
        if (g->labelset == 0) {
            continue;
        }
        g->labelset = kept->sets[g->labelset];
        renumber_members(groups, g, kept->members);
        if (!gong_groups_index(groups, i)) {
            return false;
        }
    }
    gong_arena_keep(&groups->members, kept->members);
    return true;
}
