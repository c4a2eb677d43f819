#include "engine_model.h"

int64_t
model_shown(const struct clock *c, int64_t now)
{
    int64_t s = 0;

    if (c->newest == NEVER) {
        return NEVER;
    }
    s = c->newest + (now - c->arrival);
    return s > c->floor ? s : c->floor;
}

/* The next instant at which this instance could change by itself. */
static int64_t
next_instant(const struct model *m, size_t r, int device, int label)
{
    const struct rule_spec *spec = &model_rules[r].spec;
    const struct instance *i = &m->instances[r][device][label];
    int64_t next = INT64_MAX;

    if (i->last == NEVER || i->held != NEVER ||
        i->state == GONG_ALERT_UNKNOWN) {
        return next;
    }
    if (i->state == GONG_ALERT_PENDING) {
        next = i->since + spec->for_ms;
    } else if (i->state == GONG_ALERT_KEEPING) {
        next = i->told + spec->keep_ms;
    }
    if (i->climb != NEVER && i->level < 2 &&
        i->climb + spec->worse_for_ms < next) {
        next = i->climb + spec->worse_for_ms;
    }
    for (int leaf = 0; leaf < model_rules[r].leaf_count; leaf++) {
        const struct newest *n = model_newest(m, r, leaf, device, label);

        if (n != NULL && model_rules[r].leaves[leaf].metric < SAMPLED &&
            n->stamp + model_lookback(m, r, device) + 1 > i->last &&
            n->stamp + model_lookback(m, r, device) + 1 < next) {
            next = n->stamp + model_lookback(m, r, device) + 1;
        }
    }
    return next;
}

static void
consider(struct due *best, struct due candidate)
{
    if (candidate.journal < best->journal ||
        (candidate.journal == best->journal && candidate.at < best->at)) {
        *best = candidate;
    }
}

/* When a clock shows at. In its very first record it has no pace yet. */
static int64_t
journal_of(const struct clock *c, int64_t at)
{
    if (c->newest == NEVER) {
        return at;
    }
    return at <= c->floor ? c->arrival : at - c->newest + c->arrival;
}

/* What is due first of a device: of what runs on its clock, or with presence
 * of what reads its presence, on the journal's. */
static struct due
device_due(const struct model *m, int device, bool presence)
{
    const struct clock *c = &m->clocks[device];
    struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

    for (size_t r = 0; r < MODEL_RULES; r++) {
        bool here = model_rules[r].spec.interval_ms == 0 &&
                    model_is_presence(r) == presence;

        for (int label = 0; here && label < LABELS; label++) {
            int64_t at = next_instant(m, r, device, label);

            if (at != INT64_MAX) {
                consider(
                    &best,
                    (struct due){model_is_presence(r) ? at : journal_of(c, at),
                                 at, r, device, label});
            }
        }
    }
    return best;
}

/* Whether a sample left the look-back since the last instant of the grid. */
static bool
is_news(const struct model *m, size_t r, int device, int label)
{
    for (int leaf = 0; leaf < model_rules[r].leaf_count; leaf++) {
        const struct newest *n = model_newest(m, r, leaf, device, label);
        int64_t gone =
            n == NULL ? NEVER : n->stamp + model_lookback(m, r, device) + 1;

        if (gone > m->ran[r] && gone <= m->grids[r] &&
            model_rules[r].leaves[leaf].metric < SAMPLED) {
            return model_can_be_true_by_silence(r);
        }
    }
    return false;
}

static void
run_grid(struct model *m, size_t r)
{
    int64_t t = m->grids[r];

    for (int device = 0; device < DEVICES; device++) {
        for (int label = 0; label < LABELS; label++) {
            struct instance *i = &m->instances[r][device][label];

            if (i->state == GONG_ALERT_INACTIVE &&
                is_news(m, r, device, label)) {
                i->waits = false;
            }
            if (!i->waits) {
                model_evaluate(m, r, device, label, t, 0);
            }
        }
    }
    m->ran[r] = t;
    m->grids[r] += model_rules[r].spec.interval_ms;
}

/* What is due first of all devices. */
static struct due
first_due(const struct model *m)
{
    struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

    for (int device = 0; device < DEVICES; device++) {
        consider(&best, device_due(m, device, false));
        consider(&best, device_due(m, device, true));
    }
    return best;
}

/* Everything due before journal time limit. */
void
model_run_timers(struct model *m, int64_t limit)
{
    struct due first = first_due(m);

    for (;;) {
        struct due best = first;
        struct due quiet;

        for (size_t r = 0; r < MODEL_RULES; r++) {
            if (model_rules[r].spec.interval_ms > 0) {
                consider(&best,
                         (struct due){m->grids[r], m->grids[r], r, -1, 0});
            }
        }
        quiet = model_next_silence(m);
        if (quiet.journal <= best.journal && quiet.journal < limit) {
            m->journal = quiet.journal;
            model_turn(m, quiet.device, true);
            first = first_due(m);
            continue;
        }
        if (best.journal >= limit) {
            return;
        }
        if (best.journal > m->journal) {
            m->journal = best.journal;
        }
        if (best.device < 0) {
            run_grid(m, best.rule); /* nothing else is due for that */
        } else {
            model_evaluate(m, best.rule, best.device, best.label, best.at, 0);
            first = first_due(m);
        }
    }
}

void
model_run_device(struct model *m, int device, int64_t limit)
{
    for (;;) {
        struct due best = device_due(m, device, false);

        if (best.at >= limit) {
            return;
        }
        model_evaluate(m, best.rule, device, best.label, best.at, 0);
    }
}
