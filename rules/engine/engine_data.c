/*
 * engine_data: a record of samples.
 *
 *   engine_stage -> samples sorted by ms -> for each ms: timers before it,
 *   samples, evaluations (semantics rule 3)
 */
#include "rules/engine/engine_aggregate.h"
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_instant.h"
#include "rules/engine/engine_stage.h"

#include "common/clock.h"
#include "rules/engine/arith.h"
#include "rules/engine/sample.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_data.h"
#include "rules/engine/engine_hold.h"

enum gong_err
gong_engine_touch(struct gong_engine *engine, uint32_t instance)
{
    struct gong_instance *i = gong_instance_at(&engine->live->binds, instance);
    uint32_t at = 0;

    if ((i->flags & GONG_INSTANCE_TOUCHED) != 0) {
        return GONG_OK;
    }
    at = gong_arena_add(&engine->touched, 1);
    if (at == 0) {
        return GONG_ERR_MEMORY;
    }
    *(uint32_t *)gong_arena_at(&engine->touched, at) = instance;
    i->flags |= GONG_INSTANCE_TOUCHED;
    return GONG_OK;
}

/* Whether a rule of one selector fires for a sample that just came. */
static bool
holds(const struct gong_binds *binds, const struct gong_entry *entry,
      double value)
{
    struct gong_plan_input input = {value, !gong_is_stale(value)};
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];

    if (entry->form == GONG_FORM_THRESHOLD) {
        return input.present && gong_arith_compare((enum gong_op)entry->op,
                                                   value, entry->number);
    }
    return gong_clauses_fire(r->plan, &r->rule->clauses, &r->code, &input, 0);
}

/* Whether an instance at rest stays there, as can be told without a look at
 * more than the sample that just came. */
static bool
stays(const struct gong_binds *binds, const struct gong_entry *entry,
      const struct gong_instance *instance, double value)
{
    if (entry->form <= GONG_FORM_SINGLE) {
        return instance->alert == 0 && !holds(binds, entry, value);
    }
    return entry->between != 0 && instance->alert == 0 &&
           (instance->flags & GONG_INSTANCE_FAR) != 0 &&
           gong_threshold_is_far((enum gong_op)entry->op, value, entry->number);
}

/* Tells one selector's instance, or member, of the sample, unless it is at rest
 * and stays there. */
static enum gong_err
feed(struct gong_engine *engine, const struct gong_series *series,
     const struct gong_entry *entry, uint32_t instance,
     const struct gong_cause *cause)
{
    const struct gong_binds *binds = &engine->live->binds;

    if (entry->form == GONG_FORM_GENERAL) {
        return gong_engine_touch_general(engine, instance, engine->ran_ms);
    }
    if (entry->form == GONG_FORM_AGGREGATE) {
        return gong_engine_feed_member(engine, series, entry->rule, instance);
    }
    if (stays(binds, entry, gong_instance_at(binds, instance), series->value)) {
        engine->stats.evaluations++;
        /* Silence must be seen at rest too. */
        return entry->fire && gong_instance_at(binds, instance)->timer == 0
                   ? gong_engine_arm(engine, instance, series->stamp)
                   : GONG_OK;
    }
    if (entry->timed) {
        return gong_engine_arm_grid(engine, instance);
    }
    return entry->form == GONG_FORM_JOINT
               ? gong_engine_touch(engine, instance)
               : gong_engine_evaluate(engine, instance, series->stamp, cause);
}

/* Whether all that read a series stay at rest: one look at the range says so,
 * of most samples. */
static inline bool
leaves_at_rest(const struct gong_series *s, const struct gong_attachment *a,
               double value)
{
    return s->busy == 0 && value >= a->low && value <= a->high;
}

/* Both are copies: an alert that changes makes series of its own. */
static enum gong_err
feed_all(struct gong_engine *engine, const struct gong_series *series,
         struct gong_attachment a, const struct gong_cause *cause)
{
    const struct gong_binds *binds = &engine->live->binds;
    enum gong_err err = GONG_OK;

    for (uint32_t i = 0; i < a.count && err == GONG_OK; i++) {
        err = feed(engine, series, gong_entry_at(binds, a.first + i),
                   gong_binding_at(binds, series->bindings + i), cause);
    }
    return err;
}

/* The newest sample so far goes to the series' window. */
static enum gong_err
keep_newest(struct gong_engine *engine, const struct gong_series *s,
            struct gong_sample next, int64_t keep_ms)
{
    struct gong_binds *binds = &engine->live->binds;
    enum gong_err err =
        gong_sample_window_push(&binds->windows, gong_bind_window(binds, s),
                                gong_bind_newest(s), next, keep_ms);

    engine->stats.over_limit += binds->windows.lost;
    binds->windows.lost = 0;
    return err;
}

static inline enum gong_err
push(struct gong_engine *engine, struct gong_series *s, struct gong_sample next,
     int64_t keep_ms)
{
    enum gong_err err = GONG_OK;

    if (keep_ms != GONG_KEEP_NONE && s->stamp != GONG_STAMP_NONE) {
        err = next.ms > s->stamp
                  ? keep_newest(engine, s, next, keep_ms)
                  : gong_sample_window_replace(
                        &engine->live->binds.windows,
                        gong_bind_window(&engine->live->binds, s),
                        gong_bind_newest(s), next.value, keep_ms);
    }
    if (err == GONG_OK) {
        s->stamp = next.ms;
        s->value = next.value;
    }
    return err;
}

enum gong_err
gong_engine_push(struct gong_engine *engine, uint32_t series,
                 struct gong_sample next)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_series *s = gong_series_at(binds, series);

    if (s->stamp != GONG_STAMP_NONE && next.ms < s->stamp) {
        next.ms = s->stamp;
    }
    return push(engine, s, next,
                gong_attachment_at(binds, s->attachment)->keep_ms);
}

/* A sample that is newer than its series' others, to all that keeps it or may
 * move with it. Apart, so that the usual sample saves no registers for it. */
__attribute__((noinline)) static enum gong_err
apply_newer(struct gong_engine *engine, struct gong_series *s,
            const struct gong_attachment *a, const struct gong_staged *sample,
            const struct gong_cause *cause)
{
    struct gong_series fed = *s; /* whole, before its parts are written */
    enum gong_err err = push(
        engine, s, (struct gong_sample){sample->ms, sample->value}, a->keep_ms);

    if (err != GONG_OK) {
        return err;
    }
    if (leaves_at_rest(s, a, sample->value)) {
        engine->stats.evaluations += a->count;
        return GONG_OK;
    }
    fed.stamp = sample->ms;
    fed.value = sample->value;
    return feed_all(engine, &fed, *a, cause);
}

enum gong_err
gong_engine_apply_sample(struct gong_engine *engine,
                         const struct gong_staged *sample,
                         const struct gong_cause *cause)
{
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_series *s = gong_series_at(binds, sample->series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);

    if (sample->ms < s->stamp) {
        return gong_engine_put_aside(engine, sample);
    }
    if (sample->ms == s->stamp) {
        engine->stats.same_stamp += sample->value != s->value;
        return GONG_OK;
    }
    if (a->keep_ms != GONG_KEEP_NONE || !leaves_at_rest(s, a, sample->value)) {
        return apply_newer(engine, s, a, sample, cause);
    }
    s->stamp = sample->ms;
    s->value = sample->value;
    engine->stats.evaluations += a->count;
    return GONG_OK;
}

enum gong_err
gong_engine_evaluate_touched(struct gong_engine *engine, int64_t t,
                             const struct gong_cause *cause)
{
    for (uint32_t i = 1; i < engine->touched.count; i++) {
        uint32_t instance =
            *(const uint32_t *)gong_arena_at(&engine->touched, i);
        struct gong_instance *in =
            gong_instance_at(&engine->live->binds, instance);
        enum gong_err err = GONG_OK;

        in->flags &= (uint8_t)~GONG_INSTANCE_TOUCHED;
        err = engine->live->book.rules[in->rule].form == GONG_FORM_AGGREGATE
                  ? gong_engine_run_group(engine, instance, engine->journal_ms,
                                          cause)
                  : gong_engine_evaluate(engine, instance, t, cause);
        if (err != GONG_OK) {
            return err;
        }
    }
    gong_arena_clear(&engine->touched);
    return GONG_OK;
}

/* All samples of one stamp, from staged sample *i on. */
static enum gong_err
apply_instant(struct gong_engine *engine, uint32_t clock, uint32_t *i,
              struct gong_cause *cause)
{
    int64_t t = gong_staged_at(&engine->staged, *i)->ms;
    enum gong_err err = gong_engine_run_clock(engine, clock, t);

    cause->captured_ms = t;
    while (err == GONG_OK && *i < engine->staged.count &&
           gong_staged_at(&engine->staged, *i)->ms == t) {
        err = gong_engine_apply_sample(
            engine, gong_staged_at(&engine->staged, *i), cause);
        ++*i;
    }
    return err == GONG_OK ? gong_engine_evaluate_touched(engine, t, cause)
                          : err;
}

static enum gong_err
apply_staged(struct gong_engine *engine, const struct gong_intake *intake)
{
    struct gong_timers *timers = &engine->live->timers;
    uint32_t clock = gong_device_at(&engine->registry, intake->device)->clock;
    struct gong_cause cause = {
        .published_ms =
            intake->batch.has_header ? intake->batch.header.sent_ms : 0,
        .received_ms = gong_floor_ms(intake->batch.arrival_ns),
    };
    enum gong_err err = GONG_OK;
    uint32_t i = 1;
    int64_t now = 0;

    while (err == GONG_OK && i < engine->staged.count) {
        err = apply_instant(engine, clock, &i, &cause);
    }
    if (err != GONG_OK) {
        return err;
    }
    if (intake->newest != GONG_CLOCK_NEVER) {
        gong_timers_clock_hear(timers, clock, intake->newest,
                               gong_engine_ran_until(engine),
                               engine->journal_ms);
    }
    now = gong_timers_clock_now(timers, clock, gong_engine_ran_until(engine));
    err = gong_engine_run_clock(engine, clock, now);
    if (err == GONG_OK && engine->late.count > 1) {
        err = gong_engine_take_late(engine, now, &cause);
    }
    return err == GONG_OK ? gong_engine_run_dirty(engine, &cause) : err;
}

enum gong_err
gong_engine_apply_data(struct gong_engine *engine,
                       const struct gong_record *record)
{
    struct gong_intake intake = {
        .newest = GONG_CLOCK_NEVER,
        .last_ms = GONG_CLOCK_NEVER,
    };
    enum gong_err err = gong_batch_open(&intake.batch, engine->reader,
                                        record->payload, record->meta.wall_ns);

    if (err != GONG_OK) {
        engine->stats.damaged++;
        return GONG_OK;
    }
    gong_arena_clear(&engine->touched);
    gong_arena_clear(&engine->late);
    err = gong_engine_stage(engine, &intake);
    return err == GONG_OK && intake.device != 0 ? apply_staged(engine, &intake)
                                                : err;
}
