/*
 * engine_trend: by how much what a rule compares changes in an hour, for the
 * texts of its alerts: the slope of a straight line through the samples of the
 * last hour (deriv), where they span a third of it. Markers of ends are none.
 *
 * That is asked of rules whose result is a sample as it came, of one series;
 * what others compare is no series.
 */
#include <math.h>

#include "rules/engine/bind_past.h"
#include "rules/engine/engine_instant.h"
#include "rules/engine/engine_state.h"
#include "rules/engine/engine_step.h"

#define SPAN_MS (GONG_TREND_MS / 3)

/* The series whose samples are the values; 0: none is. */
static uint32_t
series_of(const struct gong_live *live, const struct gong_instance *instance)
{
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];

    for (uint32_t leaf = 0; leaf < rule->plan->leaf_count; leaf++) {
        uint32_t series = gong_bind_leaf(&live->binds, instance, leaf);

        if (series != 0 &&
            gong_plan_leaf_is_newest(&rule->plan->leaves[leaf]) &&
            gong_series_at(&live->binds, series)->metric == rule->metric) {
            return series;
        }
    }
    return 0;
}

bool
gong_engine_trend(struct gong_live *live, const struct gong_alert *alert,
                  double *trend)
{
    struct gong_binds *binds = &live->binds;
    const struct gong_instance *i = gong_instance_at(binds, alert->instance);
    const struct gong_book_rule *rule = &live->book.rules[i->rule];
    struct gong_range_call call = {.fn = GONG_RANGE_DERIV};
    const struct gong_sample *samples = NULL;
    const struct gong_series *s = NULL;
    uint32_t series = 0;
    size_t count = 0;

    if (!rule->trend || rule->metric == 0 ||
        rule->form == GONG_FORM_AGGREGATE || rule->form == GONG_FORM_GENERAL) {
        return false;
    }
    series = series_of(live, i);
    s = gong_series_at(binds, series);
    if (series == 0 || s->stamp == GONG_STAMP_NONE) {
        return false;
    }
    call.end_ms = call.at_ms = s->stamp;
    call.start_ms = s->stamp - GONG_TREND_MS;
    samples = gong_sample_window_read(
        &binds->windows, gong_bind_window(binds, s), gong_bind_newest(s),
        call.start_ms, call.end_ms, &count);
    samples = gong_engine_drop_stale(&binds->windows, samples, &count);
    if (count < 2 || samples[count - 1].ms - samples[0].ms < SPAN_MS ||
        !gong_range_fn_run(&call, samples, count, NULL, trend)) {
        return false;
    }
    *trend *= (double)GONG_TREND_MS / 1000;
    return isfinite(*trend);
}
