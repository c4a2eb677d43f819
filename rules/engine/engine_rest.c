/*
 * engine_rest: how long time alone moves a rule. Instants of semantics rule 3e
 * have no cause but the clock; a leap over years in a file would have millions
 * of them, in which nothing was said.
 *
 *   record --- GONG_QUIET_MS ---|~~~ rests: none of these ~~~|--- record
 *
 * Whether one is left out depends on records that bring something alone:
 * samples, a status, rules, the end of blind time. CLOCK records and what the
 * engine recorded itself make no difference, so a file says the same as an
 * agent that lived through it. In a foreign set all records count: who has such
 * rules moves time step by step where he wants it seen. All that is due for a
 * reason (`for`, keep, look-back, windows, calendars) is never left out.
 */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_instant.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_hold.h"

int64_t
gong_live_presence_tick(struct gong_live *live, int64_t due)
{
    if (due <= live->heard_ms + GONG_QUIET_MS) {
        return due;
    }
    live->resting = true;
    return INT64_MAX;
}

int64_t
gong_live_tick(struct gong_live *live, const struct gong_book_rule *rule,
               int64_t due)
{
    int64_t tick = gong_live_presence_tick(live, due);

    gong_general_state_at(live, rule->general)->rests |= tick != due;
    return tick;
}

static int64_t
step_of(const struct gong_book_rule *rule)
{
    return rule->interval_ms > 0 ? rule->interval_ms : GONG_PLAN_TICK_MS;
}

/* The instants of a rule that were left out: those after the last one that was
 * not, and before now. */
static uint64_t
left_out(const struct gong_book_rule *rule, int64_t last, int64_t now)
{
    int64_t first = gong_engine_on_grid(last + 1, step_of(rule));

    return first < now ? (uint64_t)((now - 1 - first) / step_of(rule)) + 1 : 0;
}

static bool
is_resting(const struct gong_live *live, const struct gong_instance *instance)
{
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];

    if (rule->form == GONG_FORM_GENERAL) {
        return instance->leaves == 0 &&
               gong_general_state_at(live, rule->general)->rests != 0;
    }
    return rule->form != GONG_FORM_AGGREGATE && rule->plan->presence != 0 &&
           rule->plan->moves;
}

static enum gong_err
wake(struct gong_engine *engine, uint32_t n, int64_t now)
{
    struct gong_live *live = engine->live;
    uint32_t rule = gong_instance_at(&live->binds, n)->rule;
    const struct gong_book_rule *r = &live->book.rules[rule];

    if (r->form != GONG_FORM_GENERAL) {
        return gong_engine_arm(engine, n, now - 1);
    }
    gong_general_state_at(live, r->general)->rests = 0;
    return gong_engine_arm_general(engine, rule,
                                   gong_engine_on_grid(now, step_of(r)));
}

enum gong_err
gong_engine_hear(struct gong_engine *engine)
{
    struct gong_live *live = engine->live;
    int64_t now = engine->journal_ms;
    int64_t last = live->heard_ms + GONG_QUIET_MS;
    enum gong_err err = GONG_OK;

    live->heard_ms = now;
    if (!live->resting) {
        return GONG_OK;
    }
    live->resting = false;
    for (uint32_t n = 1; n < live->binds.instances.count && err == GONG_OK;
         n++) {
        const struct gong_instance *i = gong_instance_at(&live->binds, n);

        if (is_resting(live, i)) {
            engine->stats.left_out +=
                left_out(&live->book.rules[i->rule], last, now);
            err = wake(engine, n, now);
        }
    }
    return err;
}
