/* engine_snapshot_timers: whether stored timers can be, and their heaps anew.
 */
#include "rules/engine/engine_query.h"
#include "rules/engine/engine_snapshot_private.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_hold.h"

/* What was due on a clock has run, but for what was due just then, and on
 * journal time for what fell due while it was blind and is put off: a timer
 * from long ago would go through all instants since. */
static bool
is_due_sound(const struct gong_engine *engine, const struct gong_instance *i,
             int64_t due)
{
    const struct gong_live *live = engine->live;
    uint32_t clock = gong_live_clock(engine, live, i);
    int64_t shown = gong_timers_clock_now(&live->timers, clock,
                                          gong_engine_ran_until(engine));

    return gong_snapshot_instant_sound(due) &&
           (due >= shown - GONG_QUIET_MS ||
            (clock == GONG_CLOCK_JOURNAL && due < engine->resumed_ms));
}

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
        !is_due_sound(engine, i, t->due)) {
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
