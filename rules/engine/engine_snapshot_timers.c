/* engine_snapshot_timers: whether stored timers can be, and their heaps anew.
 */
#include "rules/engine/engine_query.h"
#include "rules/engine/engine_snapshot_private.h"

static const char *
rearm_one(struct gong_engine *engine, uint32_t n,
          const struct gong_arena *stored)
{
    struct gong_live *live = engine->live;
    struct gong_instance *i = gong_instance_at(&live->binds, n);
    const struct gong_timer *t = NULL;

    if (!gong_snapshot_within(stored, i->timer)) {
        return "an instance has no such timer";
    }
    t = gong_arena_at(stored, i->timer);
    if (t->instance != n || t->rule != i->rule ||
        !gong_snapshot_instant_sound(t->due)) {
        return "an instance has another's timer";
    }
    i->timer = gong_timer_arm(&live->timers, gong_live_clock(engine, live, i),
                              t->due, i->rule, n);
    return i->timer == 0 ? "out of memory" : NULL;
}

/* Arms all timers again: their heaps are not believed, and the order in which
 * timers run does not depend on how heaps came about. */
const char *
gong_snapshot_rearm(struct gong_engine *engine)
{
    struct gong_live *live = engine->live;
    struct gong_arena stored = live->timers.timers;
    const char *wrong = NULL;

    gong_arena_init(&live->timers.timers, stored.budget, stored.stride);
    for (uint32_t n = 1; n < live->binds.instances.count && wrong == NULL;
         n++) {
        struct gong_instance *i = gong_instance_at(&live->binds, n);

        if (i->timer != 0) {
            wrong = rearm_one(engine, n, &stored);
        }
    }
    gong_arena_fini(&stored);
    return wrong;
}
