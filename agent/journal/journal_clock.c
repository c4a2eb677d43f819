#include "agent/journal/journal_clock.h"

#define NS_MAX (GONG_JOURNAL_MS_MAX * GONG_NS_PER_MS)

static int64_t
bounded(int64_t ns)
{
    return ns < NS_MAX ? ns : NS_MAX;
}

void
gong_journal_clock_start(struct gong_journal_clock *clock, int64_t last_ms,
                         gong_mono_t mono, gong_wall_t wall)
{
    int64_t start_ns = bounded(wall.ns);

    last_ms = last_ms < GONG_JOURNAL_MS_MAX ? last_ms : GONG_JOURNAL_MS_MAX;
    if (last_ms > start_ns / GONG_NS_PER_MS) {
        start_ns = last_ms * GONG_NS_PER_MS;
    }
    *clock = (struct gong_journal_clock){0};
    clock->offset_ns = start_ns - mono.ns;
    clock->read = mono;
    clock->last_ms = gong_floor_ms(start_ns);
}

static int64_t
clamp(int64_t value, int64_t limit)
{
    if (value > limit) {
        return limit;
    }
    return value < -limit ? -limit : value;
}

/* Slewing in whole steps of a second's two-hundredth would lose the remainder
 * when read often; elapsed / 200 keeps it down to one ns per reading. */
int64_t
gong_journal_clock_read(struct gong_journal_clock *clock, gong_mono_t mono,
                        gong_wall_t wall)
{
    int64_t elapsed = mono.ns - clock->read.ns;
    int64_t now_ms;

    if (elapsed > 0) {
        int64_t limit = elapsed / (GONG_NS_PER_S / GONG_JOURNAL_SLEW_PER_S);

        clock->offset_ns +=
            clamp(bounded(wall.ns) - mono.ns - clock->offset_ns, limit);
        clock->read = mono;
    }
    now_ms = gong_floor_ms(mono.ns + clock->offset_ns);
    if (now_ms > clock->last_ms) {
        clock->last_ms = now_ms;
    }
    return clock->last_ms;
}

int64_t
gong_journal_clock_step(struct gong_journal_clock *clock, gong_mono_t mono,
                        gong_wall_t wall)
{
    int64_t lead = bounded(wall.ns) - mono.ns - clock->offset_ns;
    bool ahead = lead > GONG_JOURNAL_STEP_NS;

    if (!ahead || !clock->ahead) {
        clock->ahead = ahead;
        clock->ahead_since = mono;
        return 0;
    }
    if (mono.ns - clock->ahead_since.ns < GONG_JOURNAL_LASTS_NS) {
        return 0;
    }
    clock->offset_ns += lead;
    clock->ahead = false;
    return lead / GONG_NS_PER_MS;
}
