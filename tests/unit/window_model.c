#include "window_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool
has_stamp(const struct series *s, int64_t ms)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->samples[i].ms == ms) {
            return true;
        }
    }
    return false;
}

static void
add_sample(struct series *s, struct gong_sample sample)
{
    size_t at = s->count++;

    assert_true(s->count < MANY);
    for (; at > 0 && s->samples[at - 1].ms > sample.ms; at--) {
        s->samples[at] = s->samples[at - 1];
    }
    s->samples[at] = sample;
}

/* Evaluates what reads one of the series; of the past only, or at all. */
static void
evaluate_readers(struct model *m, int device, bool fresh[LABELS][METRICS],
                 bool past, int64_t t, int64_t captured)
{
    for (size_t r = 0; r < WINDOW_RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            bool touched = false;

            for (int leaf = 0; leaf < window_rules[r].leaf_count; leaf++) {
                const struct leaf *l = &window_rules[r].leaves[leaf];

                touched |= fresh[label][l->metric] &&
                           (!past || l->range > 0 || l->offset > 0);
            }
            if (touched && window_rules[r].spec.interval_ms == 0) {
                model_evaluate(m, r, device, label, t, captured);
            }
        }
    }
}

static void
model_stamp(struct model *m, int device, struct point *points, size_t count,
            int64_t t)
{
    bool fresh[LABELS][METRICS] = {{false}};

    model_run_device(m, device, t);
    for (size_t p = 0; p < count; p++) {
        struct series *s =
            &m->series[device][points[p].label][points[p].metric];

        if (points[p].stamp != t) {
            continue;
        }
        points[p].late = s->count > 0 && t < s->samples[s->count - 1].ms;
        if (s->count == 0 || t > s->samples[s->count - 1].ms) {
            add_sample(s, (struct gong_sample){t, points[p].value});
            fresh[points[p].label][points[p].metric] = true;
        }
    }
    evaluate_readers(m, device, fresh, false, t, t);
}

/* How far back a series is read at all. */
static int64_t
kept(int metric)
{
    int64_t most = 0;

    for (size_t r = 0; r < WINDOW_RULES; r++) {
        for (int leaf = 0; leaf < window_rules[r].leaf_count; leaf++) {
            const struct leaf *l = &window_rules[r].leaves[leaf];

            if (l->metric == metric && l->range + l->offset > most) {
                most = l->range + l->offset;
            }
        }
    }
    return most;
}

/* Whether some rule may still see it: within its reach, or as the one that was
 * newest there. */
static bool
is_kept(const struct series *s, int64_t ms, int64_t keep)
{
    int64_t from = s->samples[s->count - 1].ms - keep;

    for (size_t i = 0; i < s->count && ms < from; i++) {
        if (s->samples[i].ms > ms && s->samples[i].ms < from) {
            return false;
        }
    }
    return true;
}

static void
take_late(struct model *m, int device, const struct point *points, size_t count,
          int64_t now, int64_t captured)
{
    bool fresh[LABELS][METRICS] = {{false}};
    int64_t t = NEVER;

    for (;;) { /* by stamp */
        int64_t next = INT64_MAX;

        for (size_t p = 0; p < count; p++) {
            if (points[p].stamp > t && points[p].stamp < next) {
                next = points[p].stamp;
            }
        }
        if (next == INT64_MAX) {
            break;
        }
        t = next;
        for (size_t p = 0; p < count; p++) {
            struct series *s =
                &m->series[device][points[p].label][points[p].metric];

            if (points[p].stamp == t && points[p].late && !has_stamp(s, t) &&
                is_kept(s, t, kept(points[p].metric))) {
                add_sample(s, (struct gong_sample){t, points[p].value});
                fresh[points[p].label][points[p].metric] = true;
            }
        }
    }
    evaluate_readers(m, device, fresh, true, now, captured);
}

void
model_data(struct model *m, int64_t now, int device, struct point *points,
           size_t count)
{
    struct clock *c = &m->clocks[device];
    int64_t t = NEVER;
    int64_t before = 0;

    model_run_until(m, now);
    m->journal = now;
    for (;;) { /* the stamps, ascending */
        int64_t next = INT64_MAX;

        for (size_t p = 0; p < count; p++) {
            if (points[p].stamp > t && points[p].stamp < next) {
                next = points[p].stamp;
            }
        }
        if (next == INT64_MAX) {
            break;
        }
        t = next;
        model_stamp(m, device, points, count, t);
    }
    before = model_shown(c, now);
    if (c->newest == NEVER || t > c->newest) {
        *c = (struct clock){t, now, before > t ? before : t};
    }
    model_run_device(m, device, model_shown(c, now));
    take_late(m, device, points, count, model_shown(c, now), t);
}

void
model_init(struct model *m)
{
    struct text effects = m->effects;

    memset(m, 0, sizeof *m);
    m->effects = effects;
    for (int d = 0; d < DEVICES; d++) {
        m->clocks[d].newest = NEVER;
        for (int l = 0; l < LABELS; l++) {
            for (size_t r = 0; r < WINDOW_RULES; r++) {
                m->instances[r][d][l].told = NEVER;
                m->instances[r][d][l].last = NEVER;
                m->instances[r][d][l].held = NEVER;
            }
        }
    }
    for (size_t r = 0; r < WINDOW_RULES; r++) {
        int64_t interval = window_rules[r].spec.interval_ms;

        m->grids[r] = interval > 0 ? START / interval * interval : INT64_MAX;
    }
    text_clear(&m->effects);
}

void
model_forget_looks(struct model *m)
{
    for (size_t r = 0; r < WINDOW_RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            int64_t now = model_shown(&m->clocks[d], m->journal);

            for (int l = 0; l < LABELS; l++) {
                struct instance *i = &m->instances[r][d][l];

                if (i->last != NEVER && now != NEVER && i->last >= now) {
                    i->last = now - 1;
                }
            }
        }
    }
}
