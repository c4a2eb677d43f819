#include "engine_model.h"

#include <string.h>

void
model_init(struct model *m)
{
    memset(m, 0, sizeof *m);
    m->blind_from = NEVER;
    m->settle = NEVER;
    m->resumed = NEVER;
    for (int d = 0; d < DEVICES; d++) {
        m->clocks[d].newest = NEVER;
        for (int l = 0; l < LABELS; l++) {
            for (int k = 0; k < METRICS; k++) {
                m->series[d][l][k].stamp = NEVER;
            }
            for (size_t r = 0; r < MODEL_RULES; r++) {
                m->instances[r][d][l].told = NEVER;
                m->instances[r][d][l].last = NEVER;
                m->instances[r][d][l].held = NEVER;
                m->instances[r][d][l].climb = NEVER;
            }
        }
    }
    for (size_t r = 0; r < MODEL_RULES; r++) {
        int64_t interval = model_rules[r].spec.interval_ms;

        m->grids[r] = interval > 0 ? START / interval * interval : INT64_MAX;
    }
    text_clear(&m->effects);
}

/* Settling is over: everything on device time is looked at again; the grids
 * come by themselves. */
static void
look_again(struct model *m)
{
    model_run_timers(m, m->settle);
    m->journal = m->settle > m->journal ? m->settle : m->journal;
    m->settle = NEVER;
    model_end_held(m);
    for (size_t r = 0; r < MODEL_RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            for (int l = 0; l < LABELS; l++) {
                struct instance *i = &m->instances[r][d][l];
                int64_t now = model_is_presence(r)
                                  ? m->journal
                                  : model_shown(&m->clocks[d], m->journal);

                bool look =
                    i->held != NEVER || (model_can_be_true_by_silence(r) &&
                                         i->state != GONG_ALERT_UNKNOWN);

                i->waits = i->waits && !look;
                if (look && model_rules[r].spec.interval_ms == 0 &&
                    i->last != NEVER) {
                    model_evaluate(m, r, d, l, now, 0);
                }
            }
        }
    }
}

static void
run_until(struct model *m, int64_t limit)
{
    if (m->blind_from != NEVER) {
        return;
    }
    if (m->settle != NEVER && limit > m->settle) {
        look_again(m);
    }
    model_run_timers(m, limit);
}

void
model_advance(struct model *m, int64_t now, bool inclusive)
{
    run_until(m, inclusive ? now + 1 : now);
    m->journal = now;
}

void
model_blind(struct model *m)
{
    m->blind_from = m->journal;
}

static int64_t
later(int64_t t, int64_t now, int64_t blind)
{
    return t >= now ? t : t + blind < now ? t + blind : now;
}

static void
resume_instance(struct instance *i, int64_t now, int64_t blind)
{
    if (i->state == GONG_ALERT_PENDING) {
        i->since = later(i->since, now, blind);
    } else if (i->state == GONG_ALERT_KEEPING) {
        i->told = later(i->told, now, blind);
    }
    if (i->climb != NEVER) {
        i->climb = later(i->climb, now, blind);
    }
    if (i->held != NEVER) {
        i->held = later(i->held, now, blind);
    }
}

/* A grid has no instants in blind time, and `for` and keep on it stand still.
 */
static void
resume_grid(struct model *m, size_t r, int64_t now, int64_t blind)
{
    int64_t interval = model_rules[r].spec.interval_ms;

    if (interval == 0 && !model_is_presence(r)) {
        return;
    }
    if (interval > 0 && m->grids[r] < now) {
        m->grids[r] = (now + interval - 1) / interval * interval;
    }
    for (int d = 0; d < DEVICES; d++) {
        for (int l = 0; l < LABELS; l++) {
            resume_instance(&m->instances[r][d][l], now, blind);
        }
    }
}

/* Device clocks go on from what they showed at seen. */
static void
resume_clocks(struct model *m, int64_t seen, int64_t now, int64_t blind)
{
    for (int d = 0; d < DEVICES; d++) {
        struct clock *c = &m->clocks[d];
        int64_t was = model_shown(c, seen);

        if (c->newest == NEVER) {
            continue;
        }
        c->stood = m->settle == NEVER ? was : c->stood;
        c->floor = was > c->floor ? was : c->floor;
        c->arrival = c->arrival + blind < now ? c->arrival + blind : now;
    }
}

void
model_resume(struct model *m, int64_t now, int64_t blind, int64_t settle)
{
    int64_t seen = m->blind_from;

    if (m->blind_from != NEVER && now - m->blind_from > blind) {
        blind = now - m->blind_from;
    }
    if (m->blind_from == NEVER) {
        seen = now - blind > m->journal ? now - blind : m->journal;
        run_until(m, seen);
    }
    m->blind_from = NEVER;
    m->journal = now;
    m->stood = m->settle == NEVER ? seen : m->stood;
    m->resumed = now;
    resume_clocks(m, seen, now, blind);
    for (size_t r = 0; r < MODEL_RULES; r++) {
        resume_grid(m, r, now, blind);
    }
    if (settle > 0 && now + settle > m->settle) {
        m->settle = now + settle;
    }
    if (m->settle == NEVER) {
        model_end_held(m);
    }
}

/* All samples with one stamp, then each rule that reads one of them, once. */
static void
model_stamp(struct model *m, int device, const struct sample *samples,
            size_t count, int64_t t)
{
    bool fresh[LABELS][METRICS] = {{false}};

    model_run_device(m, device, t);
    for (size_t s = 0; s < count; s++) {
        struct newest *n =
            &m->series[device][samples[s].label][samples[s].metric];

        if (samples[s].stamp == t && (n->stamp == NEVER || t > n->stamp)) {
            *n = (struct newest){t, samples[s].value};
            fresh[samples[s].label][samples[s].metric] = true;
        }
    }
    for (size_t r = 0; r < MODEL_RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            bool touched = false;

            for (int leaf = 0; leaf < model_rules[r].leaf_count; leaf++) {
                const struct leaf *l = &model_rules[r].leaves[leaf];

                touched |= fresh[label][l->metric] &&
                           model_leaf_wants(l, l->metric, label);
            }
            if (touched) {
                m->instances[r][device][label].waits = false;
            }
            if (touched && model_rules[r].spec.interval_ms == 0) {
                model_evaluate(m, r, device, label, t, t);
            }
        }
    }
}

void
model_data(struct model *m, int64_t now, int device,
           const struct sample *samples, size_t count)
{
    struct clock *c = &m->clocks[device];
    int64_t t = NEVER;
    int64_t seen = 0;
    int64_t before = 0;

    model_advance(m, now, false);
    model_heard(m, device);
    for (;;) { /* the stamps, ascending */
        int64_t next = INT64_MAX;

        for (size_t s = 0; s < count; s++) {
            if (samples[s].stamp > t && samples[s].stamp < next) {
                next = samples[s].stamp;
            }
        }
        if (next == INT64_MAX) {
            break;
        }
        t = next;
        model_stamp(m, device, samples, count, t);
    }
    seen = m->blind_from != NEVER ? m->blind_from : now; /* it stands */
    before = model_shown(c, seen);
    if (c->newest == NEVER || t > c->newest) {
        *c = (struct clock){t, now, before > t ? before : t, c->stood};
    }
    model_run_device(m, device, model_shown(c, seen));
}

/* After a change of rules what is due right now is looked at, maybe again. */
void
model_reload(struct model *m)
{
    int64_t seen = m->blind_from != NEVER ? m->blind_from : m->journal;

    for (size_t r = 0; r < MODEL_RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            int64_t now = model_shown(&m->clocks[d], seen);

            for (int l = 0; l < LABELS; l++) {
                struct instance *i = &m->instances[r][d][l];

                i->waits = i->waits && i->state != GONG_ALERT_INACTIVE;
                if (i->last != NEVER && now != NEVER && i->last >= now) {
                    i->last = now - 1;
                }
            }
        }
    }
}
