#include "engine_model.h"

static bool
unit_is_dark(const struct model *m)
{
    int known = 0;
    int dark = 0;

    for (int d = 0; d < DEVICES; d++) {
        known += m->lives[d].known;
        dark += m->lives[d].dark;
    }
    return known > 1 && known == dark;
}

/* A series of presence, and all that reads it. */
static void
set_presence(struct model *m, int metric, int device, bool gone, bool value)
{
    struct newest *n = &m->series[device][NONE][metric];

    n->stamp = gone ? NEVER : m->journal;
    n->value = value;
    for (size_t r = 0; r < MODEL_RULES; r++) {
        for (int leaf = 0; leaf < model_rules[r].leaf_count; leaf++) {
            if (model_rules[r].leaves[leaf].metric == metric) {
                m->instances[r][device][NONE].waits = false;
                if (model_rules[r].spec.interval_ms == 0) {
                    model_evaluate(m, r, device, NONE, m->journal, 0);
                }
            }
        }
    }
}

static void
set_dark(struct model *m, int device)
{
    if (m->lives[device].known) {
        set_presence(m, DARK, device, unit_is_dark(m), m->lives[device].dark);
    }
}

static int
count_known(const struct model *m)
{
    int known = 0;

    for (int d = 0; d < DEVICES; d++) {
        known += m->lives[d].known;
    }
    return known;
}

/* After the life of a device changed: the unit's devices are gone before it is
 * dark, and come back after it is up. */
static void
announce(struct model *m, int device, bool unit_was_dark, int known_before)
{
    bool unit = unit_is_dark(m) != unit_was_dark ||
                (known_before < 2 && count_known(m) == 2);

    m->unit_dark += !unit_was_dark && unit_is_dark(m);
    if (unit && !unit_is_dark(m)) {
        set_presence(m, UNIT, 0, false, true);
    }
    for (int d = 0; d < DEVICES; d++) {
        if (unit || d == device) {
            set_dark(m, d);
        }
    }
    if (unit && unit_is_dark(m)) {
        set_presence(m, UNIT, 0, false, false);
    }
    set_presence(m, UP, device, false, !m->lives[device].dark);
}

void
model_turn(struct model *m, int device, bool dark)
{
    struct life *life = &m->lives[device];
    bool was = unit_is_dark(m);
    int known = count_known(m);

    if (!life->known) {
        m->order[known] = device;
    }
    life->known = true;
    life->dark = dark;
    life->ended = life->ended && dark;
    for (size_t r = 0; dark && r < MODEL_RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            if (model_rules[r].spec.interval_ms == 0 && model_is_unknown(r) &&
                !model_is_presence(r) &&
                m->instances[r][device][label].state != GONG_ALERT_INACTIVE &&
                m->instances[r][device][label].last != NEVER) {
                model_evaluate(m, r, device, label,
                               model_shown(&m->clocks[device], m->journal), 0);
            }
        }
    }
    announce(m, device, was, known);
}

void
model_heard(struct model *m, int device)
{
    struct life *life = &m->lives[device];

    life->heard = m->journal;
    if (life->ended) {
        return;
    }
    life->held = life->held && life->held_ended;
    if (!life->known || life->dark) {
        model_turn(m, device, false);
    }
}

/* What is open is looked at now, or on the next instant of its grid; what is
 * unknown or held waits. Nothing of the past is made up for. */
static void
look_back_further(struct model *m, int device, int64_t lookback)
{
    int64_t now =
        model_shown(&m->clocks[device],
                    m->blind_from != NEVER ? m->blind_from : m->journal);
    bool same = m->lives[device].declared == lookback;

    m->lives[device].declared = lookback;
    for (size_t r = 0; !same && now != NEVER && r < MODEL_RULES; r++) {
        for (int label = 0; label < LABELS; label++) {
            struct instance *i = &m->instances[r][device][label];

            if (model_rules[r].spec.lookback_ms != 0 || model_is_presence(r)) {
                continue;
            }
            if (i->state == GONG_ALERT_INACTIVE) {
                i->waits = false;
                i->last =
                    i->last == NEVER || i->last > now - 1 ? i->last : now - 1;
            } else if (model_rules[r].spec.interval_ms == 0 &&
                       i->held == NEVER && i->state != GONG_ALERT_UNKNOWN) {
                m->relooked++;
                model_evaluate(m, r, device, label, now, 0);
            }
        }
    }
}

/* conn 0: none is named. */
void
model_born(struct model *m, int device, int conn, int64_t every)
{
    struct life *life = &m->lives[device];

    life->silence = every == 0              ? 0
                    : every * 5 / 2 < 30000 ? 30000
                                            : every * 5 / 2;
    look_back_further(m, device, every * 5 / 2 > 300000 ? every * 5 / 2 : 0);
    if (life->dark && !life->ended && conn != 0 && conn == life->conn) {
        return;
    }
    life->conn = conn;
    life->held = false;
    life->ended = false;
    model_heard(m, device);
}

void
model_gone(struct model *m, int device, int conn)
{
    struct life *life = &m->lives[device];
    bool ended = conn != 0 && conn == life->conn;

    if (!life->known || (conn != 0 && life->conn != 0 && !ended)) {
        return;
    }
    if (life->dark) {
        life->ended |= ended;
    } else if (m->blind_from != NEVER || m->settle != NEVER) {
        life->held_ended = ended || (life->held && life->held_ended);
        life->held = true;
    } else {
        life->ended = ended;
        model_turn(m, device, true);
    }
}

void
model_end_held(struct model *m)
{
    int known = count_known(m);

    for (int n = 0; n < known; n++) {
        int d = m->order[n];
        struct life *life = &m->lives[d];

        if (life->held) {
            life->held = false;
            life->ended = life->held_ended;
            if (!life->dark) {
                model_turn(m, d, true);
            }
        }
    }
}

/* Whose silence ends first. */
struct due
model_next_silence(const struct model *m)
{
    struct due best = {INT64_MAX, INT64_MAX, MODEL_RULES, 0, 0};
    int known = count_known(m);

    for (int n = 0; n < known; n++) {
        int d = m->order[n];
        const struct life *life = &m->lives[d];
        int64_t from = life->heard > m->resumed ? life->heard : m->resumed;
        int64_t at = from + life->silence;

        at = at < m->settle ? m->settle : at;
        at = at < m->journal ? m->journal : at;
        if (!life->dark && life->silence != 0 && at < best.journal) {
            best = (struct due){at, at, MODEL_RULES, d, 0};
        }
    }
    return best;
}
