/*
 * engine_instant: what an instance sees at an instant, and when time alone
 * shows it something else (semantics rules 3 and 6).
 *
 *   newest sample    gone look-back + 1 ms after its stamp
 *   [range]          each sample leaves range + 1 ms after its stamp
 *   offset           all that later; and each sample enters offset after it
 *   time()           each GONG_PLAN_TICK_MS, while some selector has a sample,
 *                    for GONG_QUIET_MS after it
 *
 * A stamp after t can only meet a rule with an interval, by as much as stamps
 * may lie ahead of their arrival: then the newest sample counts as at hand, and
 * windows end with it.
 */
#include "rules/engine/engine_instant.h"

#include "rules/engine/sample.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_hold.h"

/* One selector of an instance, as it is looked at. */
struct sight {
    const struct gong_book_rule *rule;
    const struct gong_plan_leaf *leaf;
    uint32_t number; /* of the leaf */
    const struct gong_series *series;
    struct gong_sample_windows *windows;
    uint32_t window; /* 0: the newest sample does */
    int64_t t;
    int64_t from; /* what counts at t: from <= ms <= to */
    int64_t to;
};

/* False where the selector has no series, or that no sample. */
static bool
sight_of(struct gong_live *live, const struct gong_instance *instance,
         uint32_t leaf, int64_t t, struct sight *out)
{
    const struct gong_binds *binds = &live->binds;
    uint32_t series = gong_bind_leaf(binds, instance, leaf);
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];
    const struct gong_plan_leaf *l = &rule->plan->leaves[leaf];

    if (series == 0 || s->stamp == GONG_STAMP_NONE) {
        return false;
    }
    *out = (struct sight){
        .rule = rule,
        .leaf = l,
        .number = leaf,
        .series = s,
        .windows = &live->binds.windows,
        .window = gong_plan_leaf_is_newest(l) ? 0 : gong_bind_window(binds, s),
        .t = t > s->stamp ? t : s->stamp,
    };
    out->to = out->t - l->offset_ms;
    out->from = out->t - gong_bind_reach(rule, leaf, s);
    return true;
}

static bool
is_presence(const struct sight *sight)
{
    return (sight->rule->plan->presence & (1u << sight->number)) != 0;
}

/* Whether samples may be missing that were never kept (semantics rule 23). */
static bool
is_warming(const struct sight *sight)
{
    struct gong_sample sample = {0, 0};
    int64_t whole = 0;

    if (sight->window == 0) {
        return false;
    }
    whole = gong_sample_window_whole(sight->windows, sight->window);
    if (sight->from >= whole) {
        return false;
    }
    return sight->leaf->range_ms > 0 || sight->to < whole ||
           !gong_sample_window_newest(sight->windows, sight->window,
                                      gong_bind_newest(sight->series), whole,
                                      sight->to, &sample);
}

const struct gong_sample *
gong_engine_drop_stale(struct gong_sample_windows *windows,
                       const struct gong_sample *samples, size_t *count)
{
    struct gong_sample *kept = windows->samples + (samples - windows->samples);
    size_t left = 0;
    size_t first = 0;

    while (first < *count && !gong_is_stale(samples[first].value)) {
        first++;
    }
    if (first == *count) {
        return samples;
    }
    windows->cached = 0;
    for (size_t i = 0; i < *count; i++) {
        if (!gong_is_stale(samples[i].value)) {
            kept[left++] = samples[i];
        }
    }
    *count = left;
    return kept;
}

/* Whether the selector has a sample, and what is made of it. */
static bool
see(const struct sight *sight, struct gong_plan_input *input)
{
    const struct gong_plan_leaf *leaf = sight->leaf;
    struct gong_sample sample = gong_bind_newest(sight->series);
    struct gong_range_call call = leaf->call;
    const struct gong_sample *samples = NULL;
    size_t count = 0;

    if (leaf->range_ms == 0) {
        bool there = sight->window == 0
                         ? sample.ms >= sight->from || is_presence(sight)
                         : gong_sample_window_newest(
                               sight->windows, sight->window, sample,
                               sight->from, sight->to, &sample);

        there = there && !gong_is_stale(sample.value);
        *input = (struct gong_plan_input){
            leaf->stamp ? (double)sample.ms / 1000 : sample.value, there};
        return there;
    }
    samples = gong_sample_window_read(sight->windows, sight->window, sample,
                                      sight->from, sight->to, &count);
    samples = gong_engine_drop_stale(sight->windows, samples, &count);
    call.start_ms = sight->from;
    call.end_ms = sight->to;
    call.at_ms = sight->t;
    input->present =
        count > 0 && gong_range_fn_run(&call, samples, count,
                                       sight->windows->numbers, &input->value);
    return count > 0;
}

/* The parameters of the instance's device; its series are the city's by the
 * same labels. */
static void
see_params(const struct gong_live *live, const struct gong_instance *instance,
           struct gong_plan_input *inputs)
{
    const struct gong_binds *binds = &live->binds;
    const struct gong_plan *plan = live->book.rules[instance->rule].plan;
    uint32_t labelset =
        plan->param_count == 0 ? 0 : gong_bind_labels(binds, instance);

    for (uint32_t i = 0; i < plan->param_count; i++) {
        inputs[i] = (struct gong_plan_input){0, false};
        inputs[i].present = gong_city_param(
            live->book.city,
            gong_labelset_get(binds->labelsets, labelset, gong_str_of("site")),
            gong_labelset_get(binds->labelsets, labelset,
                              gong_str_of("device")),
            plan->params[i].number, &inputs[i].value);
    }
}

struct gong_said
gong_engine_look(struct gong_live *live, const struct gong_instance *instance,
                 int64_t t, uint16_t *fed)
{
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];
    const struct gong_plan *plan = rule->plan;
    struct gong_plan_input inputs[GONG_PLAN_INPUTS_MAX];
    bool warming = false;

    *fed = 0;
    for (uint32_t leaf = 0; leaf < plan->leaf_count; leaf++) {
        struct sight sight;

        inputs[leaf] = (struct gong_plan_input){0, false};
        if (!sight_of(live, instance, leaf, t, &sight)) {
            continue;
        }
        warming |= is_warming(&sight);
        if (see(&sight, &inputs[leaf])) {
            *fed |= (uint16_t)(1u << leaf);
        }
    }
    see_params(live, instance, inputs + GONG_PLAN_LEAVES_MAX);
    return warming ? (struct gong_said){0}
                   : gong_clauses_run(plan, &rule->rule->clauses, &rule->code,
                                      inputs, t);
}

/* When the window shows something else: its first sample leaves, or the next
 * one enters. */
static int64_t
window_due(const struct sight *sight)
{
    int64_t offset = sight->leaf->offset_ms;
    int64_t reach = sight->t - sight->from;
    int64_t whole = gong_sample_window_whole(sight->windows, sight->window);
    int64_t due = INT64_MAX;
    size_t count = 0;
    size_t seen = 0;
    const struct gong_sample *samples = gong_sample_window_read(
        sight->windows, sight->window, gong_bind_newest(sight->series),
        sight->from, INT64_MAX, &count);

    for (; offset > 0 && seen < count && samples[seen].ms <= sight->to;) {
        seen++;
    }
    if (offset > 0 && seen < count) {
        due = samples[seen].ms + offset;
    }
    if (sight->leaf->range_ms > 0 && count > 0) {
        due = gong_engine_earlier(due, samples[0].ms + reach + 1);
    } else if (seen > 0) {
        due = gong_engine_earlier(due, samples[seen - 1].ms + reach + 1);
    }
    return sight->from < whole ? gong_engine_earlier(due, whole + reach) : due;
}

/* Whether some selector has a sample of the last day, so that time can change
 * anything. */
static bool
is_ticking(const struct sight *sight)
{
    struct gong_sample sample = gong_bind_newest(sight->series);
    bool there =
        sight->window == 0
            ? sample.ms >= sight->from
            : gong_sample_window_newest(sight->windows, sight->window, sample,
                                        sight->from, sight->to, &sample);

    return there && sight->to - sample.ms < GONG_QUIET_MS;
}

static int64_t
next_tick(const struct gong_book_rule *rule, int64_t t)
{
    return rule->interval_ms > 0
               ? t + 1
               : gong_engine_on_grid(t + 1, GONG_PLAN_TICK_MS);
}

int64_t
gong_engine_next_instant(struct gong_live *live,
                         const struct gong_instance *instance, int64_t t)
{
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];
    int64_t due = INT64_MAX;

    for (uint32_t leaf = 0; leaf < rule->plan->leaf_count; leaf++) {
        struct sight sight;
        int64_t next = INT64_MAX;

        if (!sight_of(live, instance, leaf, t, &sight)) {
            continue;
        }
        if (sight.window != 0) {
            next = window_due(&sight);
        } else if (!is_presence(&sight)) {
            next = sight.series->stamp + (sight.t - sight.from) + 1;
        }
        due = next > t ? gong_engine_earlier(due, next) : due;
        if (rule->plan->moves && is_presence(&sight)) {
            due = gong_engine_earlier(
                due, gong_live_presence_tick(live, next_tick(rule, t)));
        } else if (rule->plan->moves && is_ticking(&sight)) {
            due = gong_engine_earlier(due, next_tick(rule, t));
        }
    }
    return due;
}

bool
gong_engine_is_far(struct gong_live *live, const struct gong_instance *instance,
                   int64_t t)
{
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];
    const struct gong_sample *samples = NULL;
    struct sight sight;
    size_t count = 0;

    if (!rule->between || !sight_of(live, instance, 0, t, &sight) ||
        is_warming(&sight)) {
        return false;
    }
    /* A delayed sample takes it back, but never behind the newest one. */
    samples = gong_sample_window_read(
        sight.windows, sight.window, gong_bind_newest(sight.series),
        sight.series->stamp - (sight.t - sight.from), INT64_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        if (!gong_threshold_is_far(rule->op, samples[i].value, rule->number)) {
            return false;
        }
    }
    return true;
}
