/* engine_snapshot_groups: whether groups and their instances, of AGGREGATE
 * rules all of them, lead to each other. */
#include "rules/engine/engine_snapshot_private.h"

static bool
is_aggregate(const struct gong_engine *engine, uint32_t instance)
{
    const struct gong_live *live = engine->live;

    return live->book.rules[gong_instance_at(&live->binds, instance)->rule]
               .form == GONG_FORM_AGGREGATE;
}

/* A group that is free has the instance that it had, at rest. */
static bool
group_sound(const struct gong_engine *engine, uint32_t group)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_group *g = gong_group_at(&binds->groups, group);
    const struct gong_instance *i = NULL;

    if (g->labelset != 0 &&
        !gong_snapshot_is_labelset(&engine->labelsets, g->labelset)) {
        return false;
    }
    if (g->instance == 0) {
        return g->labelset == 0;
    }
    if (!gong_snapshot_within(&binds->instances, g->instance) ||
        !is_aggregate(engine, g->instance)) {
        return false;
    }
    i = gong_instance_at(binds, g->instance);
    g->rule = i->rule;
    return i->leaves == group &&
           (g->labelset != 0 || (i->alert == 0 && i->timer == 0));
}

const char *
gong_snapshot_check_groups(const struct gong_engine *engine)
{
    struct gong_binds *binds = &engine->live->binds;

    for (uint32_t n = 1; n < binds->groups.groups.count; n++) {
        if (!group_sound(engine, n)) {
            return "a group is of no rule";
        }
    }
    for (uint32_t n = 1; n < binds->instances.count; n++) {
        const struct gong_instance *i = gong_instance_at(binds, n);

        if (is_aggregate(engine, n) &&
            gong_group_at(&binds->groups, i->leaves)->instance != n) {
            return "an instance has another's group";
        }
    }
    return gong_groups_restore(&binds->groups);
}
