/* bind_past: what of a series' past its readers see. */
#ifndef GONG_RULES_ENGINE_BIND_PAST_H
#define GONG_RULES_ENGINE_BIND_PAST_H

#include "rules/engine/bind.h"

/* gong_bind_window: the window of a series, 0 if nothing reads its past. */
static inline uint32_t
gong_bind_window(const struct gong_binds *binds,
                 const struct gong_series *series)
{
    const struct gong_attachment *a =
        gong_attachment_at(binds, series->attachment);

    return a->keep_ms == GONG_KEEP_NONE
               ? 0
               : gong_binding_at(binds, series->bindings + a->count);
}

/* gong_bind_newest: a series' newest sample. */
static inline struct gong_sample
gong_bind_newest(const struct gong_series *series)
{
    return (struct gong_sample){series->stamp, series->value};
}

/* gong_bind_reach: how long a sample counts for a selector. */
static inline int64_t
gong_bind_reach(const struct gong_book_rule *rule, uint32_t leaf,
                const struct gong_series *series)
{
    const struct gong_plan_leaf *l = &rule->plan->leaves[leaf];

    return l->offset_ms +
           (l->range_ms > 0 ? l->range_ms : gong_bind_lookback(rule, series));
}

#endif
