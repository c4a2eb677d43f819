/* engine_clause: what more than its condition decides whether a rule's alert
 * may be: its calendar, and what has fallen silent. */
#include "rules/engine/engine_hold.h"

bool
gong_engine_is_open(const struct gong_rule *rule, int64_t t)
{
    return rule->calendar == NULL || gong_calendar_is_open(rule->calendar, t);
}

bool
gong_engine_calendar_turns(const struct gong_rule *rule, int64_t t)
{
    return rule->calendar != NULL &&
           gong_calendar_is_open(rule->calendar, t) !=
               gong_calendar_is_open(rule->calendar, t - 1);
}

int64_t
gong_engine_calendar_due(const struct gong_rule *rule,
                         const struct gong_alert *alert, int64_t t)
{
    if (rule->calendar == NULL ||
        (alert == NULL && gong_calendar_is_open(rule->calendar, t))) {
        return INT64_MAX;
    }
    return gong_calendar_next(rule->calendar, t);
}

static bool
is_silent(const struct gong_live *live, const struct gong_instance *instance,
          uint16_t fed)
{
    const struct gong_plan *plan = live->book.rules[instance->rule].plan;

    for (uint32_t leaf = 0; leaf < plan->leaf_count; leaf++) {
        uint32_t series = gong_bind_leaf(&live->binds, instance, leaf);

        if (series != 0 && ((fed | plan->presence) & (1u << leaf)) == 0 &&
            gong_series_at(&live->binds, series)->stamp != GONG_STAMP_NONE) {
            return true;
        }
    }
    return false;
}

bool
gong_engine_is_missing(const struct gong_live *live,
                       const struct gong_instance *instance,
                       const struct gong_alert *alert, uint16_t fed)
{
    return live->book.rules[instance->rule].terms.fire
               ? is_silent(live, instance, fed)
               : alert != NULL && (alert->fed & ~fed) != 0;
}
