#include "window_model.h"

static int64_t
after(int64_t best, int64_t candidate, int64_t t)
{
    return candidate > t && candidate < best ? candidate : best;
}

/* When time alone shows a selector something else, after t. */
static int64_t
leaf_due(const struct sight *sight, int64_t t, bool moves)
{
    int64_t seen = NEVER;
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < sight->series->count; i++) {
        int64_t ms = sight->series->samples[i].ms;

        if (sight->leaf->offset > 0) {
            next = after(next, ms + sight->leaf->offset, t);
        }
        if (sight->leaf->range > 0) {
            next = after(next, ms + sight->reach + 1, t);
        }
        seen = ms <= sight->to && ms >= sight->from ? ms : seen;
    }
    if (seen != NEVER && sight->leaf->range == 0) {
        next = after(next, seen + sight->reach + 1, t);
    }
    return seen != NEVER && moves ? after(next, t - t % TICK + TICK, t) : next;
}

static int64_t
next_instant(const struct model *m, size_t r, int device, int label)
{
    const struct instance *i = &m->instances[r][device][label];
    int64_t next = INT64_MAX;

    if (i->last == NEVER || i->held != NEVER ||
        i->state == GONG_ALERT_UNKNOWN ||
        window_rules[r].spec.interval_ms > 0) {
        return next;
    }
    if (i->state == GONG_ALERT_PENDING) {
        next = i->since + window_rules[r].spec.for_ms;
    } else if (i->state == GONG_ALERT_KEEPING) {
        next = i->told + window_rules[r].spec.keep_ms;
    }
    for (int leaf = 0; leaf < window_rules[r].leaf_count; leaf++) {
        struct sight sight = model_sight(m, r, leaf, device, label, i->last);
        int64_t due = leaf_due(&sight, i->last, window_rules[r].moves);

        next = due < next ? due : next;
    }
    return next;
}

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

static int64_t
journal_of(const struct clock *c, int64_t at)
{
    if (c->newest == NEVER) {
        return at;
    }
    return at <= c->floor ? c->arrival : at - c->newest + c->arrival;
}

struct due {
    int64_t journal;
    int64_t at;
    size_t rule;
    int device; /* -1: the grid */
    int label;
};

static void
consider(struct due *best, struct due candidate)
{
    if (candidate.journal < best->journal ||
        (candidate.journal == best->journal && candidate.at < best->at)) {
        *best = candidate;
    }
}

static struct due
device_due(const struct model *m, int device)
{
    struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

    for (size_t r = 0; r < WINDOW_RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            int64_t at = next_instant(m, r, device, label);

            if (at != INT64_MAX) {
                consider(&best, (struct due){
                                    journal_of(&m->clocks[device], at),
                                    at,
                                    r,
                                    device,
                                    label,
                                });
            }
        }
    }
    return best;
}

void
model_run_until(struct model *m, int64_t limit)
{
    for (;;) {
        struct due best = {INT64_MAX, INT64_MAX, 0, 0, 0};

        for (int device = 0; device < DEVICES; device++) {
            consider(&best, device_due(m, device));
        }
        for (size_t r = 0; r < WINDOW_RULES; r++) {
            if (window_rules[r].spec.interval_ms > 0) {
                consider(&best,
                         (struct due){m->grids[r], m->grids[r], r, -1, 0});
            }
        }
        if (best.journal >= limit) {
            return;
        }
        m->journal = best.journal > m->journal ? best.journal : m->journal;
        if (best.device >= 0) {
            model_evaluate(m, best.rule, best.device, best.label, best.at, 0);
            continue;
        }
        for (int d = 0; d < DEVICES; d++) {
            for (int l = 0; l < LABELS; l++) {
                model_evaluate(m, best.rule, d, l, best.at, 0);
            }
        }
        m->grids[best.rule] += window_rules[best.rule].spec.interval_ms;
    }
}

void
model_run_device(struct model *m, int device, int64_t limit)
{
    for (;;) {
        struct due best = device_due(m, device);

        if (best.at >= limit) {
            return;
        }
        model_evaluate(m, best.rule, device, best.label, best.at, 0);
    }
}
