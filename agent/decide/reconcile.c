#include "agent/decide/reconcile.h"

struct reconciling {
    struct gong_effects *effects;
    int64_t decided_ms;
};

static void
hold(void *ctx, const struct gong_effect *alert)
{
    const struct reconciling *r = ctx;

    gong_effects_held(r->effects, alert, r->decided_ms);
}

void
gong_reconcile(struct gong_effects *effects, struct gong_engine *engine,
               int64_t decided_ms)
{
    struct reconciling r = {effects, decided_ms};
    struct gong_effect place = {0};

    if (!gong_effects_unreconciled(effects) || gong_engine_settling(engine)) {
        return;
    }
    gong_effects_reconcile(effects);
    gong_engine_alerts(engine, hold, &r);
    gong_engine_place(engine, &place.position, &place.journal_ms);
    gong_effects_reconciled(effects, &place, decided_ms);
}
