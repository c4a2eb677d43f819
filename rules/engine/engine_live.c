/* engine_live: what one rule set has alive, as a thing of its own: the engine
 * begins with an empty one, a reload builds the next beside it. */
#include "rules/engine/engine_state.h"

#include <stdlib.h>

struct gong_live *
gong_live_new(struct gong_engine *engine)
{
    struct gong_live *live = calloc(1, sizeof *live);

    if (live == NULL) {
        return NULL;
    }
    gong_binds_init(&live->binds, &live->book, &engine->labelsets,
                    &engine->budget);
    live->binds.instances_max = engine->limits.instances;
    gong_timers_init(&live->timers, &engine->budget);
    gong_alerts_init(&live->alerts, &engine->budget);
    return live;
}

void
gong_live_free(struct gong_live *live)
{
    if (live == NULL) {
        return;
    }
    gong_alerts_fini(&live->alerts);
    gong_timers_fini(&live->timers);
    gong_binds_fini(&live->binds);
    gong_book_fini(&live->book);
    free(live);
}

uint32_t
gong_live_clock(const struct gong_engine *engine, const struct gong_live *live,
                const struct gong_instance *instance)
{
    const struct gong_binds *binds = &live->binds;
    const struct gong_series *home = NULL;

    if (live->book.rules[instance->rule].journal) {
        return GONG_CLOCK_JOURNAL;
    }
    home = gong_series_at(binds, gong_bind_home(binds, instance));
    return gong_device_at(&engine->registry, home->device)->clock;
}

void
gong_live_count(struct gong_live *live, enum gong_alert_state from,
                enum gong_alert_state to)
{
    live->pending -= from == GONG_ALERT_PENDING;
    live->firing -= from == GONG_ALERT_FIRING || from == GONG_ALERT_KEEPING;
    live->unknown -= from == GONG_ALERT_UNKNOWN;
    live->pending += to == GONG_ALERT_PENDING;
    live->firing += to == GONG_ALERT_FIRING || to == GONG_ALERT_KEEPING;
    live->unknown += to == GONG_ALERT_UNKNOWN;
}
