#include "rules/tool/cost.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/book.h"
#include "rules/engine/book_metric.h"
#include "rules/engine/engine.h"
#include "rules/engine/plan.h"
#include "rules/engine/sample_window.h"
#include "rules/tool/cost_feed.h"

#define SERIES      1024 /* of each selector */
#define WINDOWED    128  /* of each where windows are to be filled */
#define SAMPLES_MAX 400  /* of a window; more are reckoned */
#define EVERY_MS    INT64_C(10000)
#define START_MS    INT64_C(1760000000000)

/* What is fed for one rule. */
struct fed {
    const struct gong_rule *rule;
    bool foreign;
    uint32_t series;  /* of each selector */
    uint32_t samples; /* of each series */
    uint32_t missing; /* that windows hold and are not fed */
    int64_t step_ms;
    int64_t silence_ms; /* until all of it counts as missing */
    struct gong_cost_feed feed;
};

/* An engine with the rule alone. */
struct run {
    struct gong_rule rule;
    struct gong_ruleset set;
    struct gong_engine *engine;
    uint64_t begun; /* bytes with a first sample of each series */
    uint64_t extra; /* per series: those of the samples that were not fed */
    bool silent;
    uint64_t told; /* changes of alerts since then */
};

static void
note(void *ctx, const struct gong_effect *effect)
{
    struct run *run = ctx;

    (void)effect;
    run->told += run->silent;
}

/* What the rule costs so far, and whether its alerts are open. */
static void
take_stats(const struct run *run, const struct fed *fed, struct gong_cost *cost)
{
    struct gong_engine_stats stats;
    size_t count = gong_cost_feed_series(&fed->feed);
    uint64_t each;

    gong_engine_stats(run->engine, &stats);
    each = (stats.bytes + count - 1) / count + run->extra;
    if (stats.pending + stats.firing + stats.unknown + stats.trial > 0) {
        cost->firing_bytes =
            each > cost->firing_bytes ? each : cost->firing_bytes;
    } else if (!run->silent && each < cost->rest_bytes) {
        cost->rest_bytes = each;
    }
}

static uint64_t
bytes_of(const struct run *run)
{
    struct gong_engine_stats stats;

    gong_engine_stats(run->engine, &stats);
    return stats.bytes;
}

/* A sample that was not fed takes what those took that were. */
static void
reckon_extra(struct run *run, const struct fed *fed)
{
    if (fed->missing > 0 && fed->feed.distinct > 0) {
        run->extra = (bytes_of(run) - run->begun) / fed->feed.distinct *
                     fed->missing / (SAMPLES_MAX - 1);
    }
}

/* All series at one value, some of which may make it true. */
static enum gong_err
feed_all(struct run *run, const struct fed *fed, double value)
{
    int64_t ms = START_MS;
    enum gong_err err = GONG_OK;

    for (uint32_t t = 0; t < fed->samples && err == GONG_OK; t++) {
        /* In windows no two samples alike, as they compress too well. */
        double more = fed->samples > 2 ? (double)(t * 7 % 13) / 100 : 0;

        ms += fed->step_ms;
        err = gong_cost_feed_all(run->engine, &fed->feed, value + more, ms);
        run->begun = t == 0 ? bytes_of(run) : run->begun;
    }
    reckon_extra(run, fed);
    return err;
}

/* Then nothing: that opens alerts, too (on_missing). */
static enum gong_err
fall_silent(struct run *run, const struct fed *fed)
{
    struct gong_record clock = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms =
                     START_MS + fed->samples * fed->step_ms + fed->silence_ms}};

    clock.meta.wall_ns = gong_ms_to_ns(clock.meta.journal_ms);
    run->silent = true;
    return gong_engine_apply(run->engine, &clock);
}

static enum gong_err
begin_run(struct run *run, const struct fed *fed, double value)
{
    *run = (struct run){.rule = *fed->rule,
                        .engine = gong_engine_new(NULL, note, run)};
    run->rule.calendar = NULL; /* it costs nothing, and may be closed */
    gong_cost_feed_params(&fed->feed, value);
    run->set = (struct gong_ruleset){.rules = &run->rule,
                                     .count = 1,
                                     .foreign = fed->foreign,
                                     .city = fed->feed.city};
    return run->engine == NULL ? GONG_ERR_MEMORY
                               : gong_engine_set_rules(run->engine, &run->set,
                                                       0, START_MS, NULL);
}

/* Whether silence can cost the rule more than feeding does, by a look at one
 * series alone: it changes nothing where nothing is told in it, or where all
 * that can be open is. */
static enum gong_err
look_at_one(const struct fed *one, double value, bool *costs)
{
    struct run run;
    struct gong_engine_stats stats = {0};
    enum gong_err err = begin_run(&run, one, value);

    if (err == GONG_OK) {
        err = feed_all(&run, one, value);
    }
    if (err == GONG_OK) {
        gong_engine_stats(run.engine, &stats);
        err = fall_silent(&run, one);
    }
    *costs = run.told > 0 &&
             stats.pending + stats.firing + stats.unknown + stats.trial <
                 stats.instances;
    gong_engine_free(run.engine);
    return err;
}

static enum gong_err
measure_value(const struct fed *fed, const struct fed *one, double value,
              struct gong_cost *cost)
{
    struct run run;
    bool costs = true;
    enum gong_err err = begin_run(&run, fed, value);

    if (err == GONG_OK) {
        err = feed_all(&run, fed, value);
    }
    if (err == GONG_OK) {
        take_stats(&run, fed, cost);
    }
    if (err == GONG_OK && one->feed.distinct > 0) {
        err = look_at_one(one, value, &costs);
    }
    if (err == GONG_OK && costs) {
        err = fall_silent(&run, fed);
    }
    if (err == GONG_OK && costs) {
        take_stats(&run, fed, cost);
    }
    gong_engine_free(run.engine);
    return err;
}

/* Evaluating windows of n samples n times takes n * n: those of years are not
 * fed whole. */
static void
plan_samples(struct fed *fed, int64_t back)
{
    int64_t held =
        back < GONG_SAMPLE_WINDOW_FULL ? back : GONG_SAMPLE_WINDOW_FULL;

    fed->samples = SAMPLES_MAX;
    if (held + 3 <= SAMPLES_MAX) {
        fed->samples = (uint32_t)held + 3;
    } else {
        fed->missing = (uint32_t)(held + 3 - SAMPLES_MAX);
    }
}

/* How much has to be fed so that every window is full. */
static struct fed
plan_feed(const struct gong_rule *rule, bool foreign, int64_t every_ms)
{
    struct fed fed = {.rule = rule,
                      .foreign = foreign,
                      .series = SERIES,
                      .samples = 2,
                      .step_ms = rule->interval_ms + 1000};
    int64_t longest = 0;

    for (uint32_t i = 0; i < rule->expr->count; i++) {
        const struct gong_expr_node *node = &rule->expr->nodes[i];
        int64_t back = node->range_ms;

        back += node->offset_ms > 0 ? node->offset_ms : 0;
        longest = back > longest ? back : longest;
    }
    if (gong_book_asks_trend(rule) && longest < GONG_TREND_MS) {
        longest = GONG_TREND_MS; /* kept for its texts */
    }
    if (longest > 0) {
        fed.step_ms = every_ms > 0            ? every_ms
                      : rule->interval_ms > 0 ? rule->interval_ms
                                              : EVERY_MS;
        fed.series = WINDOWED;
        plan_samples(&fed, longest / fed.step_ms);
    }
    fed.silence_ms =
        rule->lookback_ms + longest + rule->for_ms + 2 * rule->interval_ms;
    fed.silence_ms += 2000;
    return fed;
}

/* A copy in which no metric has a colon, which line protocol cannot say: what
 * is recorded costs its readers no less. NULL without memory. */
static struct gong_expr *
without_colons(const struct gong_expr *from)
{
    struct gong_expr_error error = {0};
    char *text = gong_expr_print(from);
    struct gong_expr *expr =
        text == NULL ? NULL : gong_expr_parse(gong_str_of(text), &error);

    free(text);
    for (uint32_t i = 0; expr != NULL && i < expr->count; i++) {
        const struct gong_expr_node *node = &expr->nodes[i];

        for (size_t k = 0; k < node->matcher_count; k++) {
            char *c = node->matchers[k].value;

            if (strcmp(node->matchers[k].name, "__name__") != 0) {
                continue;
            }
            for (; *c != '\0'; c++) {
                *c = *c == ':' ? '_' : *c;
            }
        }
    }
    return expr;
}

/* Whether each series is evaluated by itself, whatever others there are. */
static bool
is_of_series(const struct gong_rule *rule, bool foreign)
{
    struct gong_expr_error error = {0};
    struct gong_plan *plan = gong_plan_new(rule->expr, &error);
    bool of_series = plan != NULL && plan->param_count == 0 && !foreign &&
                     rule->record == NULL && rule->limit == 0 && !rule->whole &&
                     !gong_rule_is_whole(rule);

    gong_plan_free(plan);
    return of_series;
}

static enum gong_err
measure_all(const struct fed *fed, const struct fed *one,
            struct gong_cost *cost)
{
    static const double values[] = {0, 1, 1e12, -1e12};
    enum gong_err err = GONG_OK;

    *cost = (struct gong_cost){.rest_bytes = UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0] && err == GONG_OK;
         i++) {
        err = measure_value(fed, one, values[i], cost);
    }
    cost->series = gong_cost_feed_series(&fed->feed);
    if (cost->rest_bytes == UINT64_MAX) {
        cost->rest_bytes = cost->firing_bytes;
    }
    return err;
}

static enum gong_err
measure(const struct gong_rule *rule, bool foreign, int64_t every_ms,
        struct gong_cost *cost)
{
    struct fed fed = plan_feed(rule, foreign, every_ms);
    struct fed one = fed;
    enum gong_err err =
        gong_cost_feed_make(rule, foreign, fed.series, &fed.feed);

    if (err == GONG_OK && is_of_series(rule, foreign)) {
        err = gong_cost_feed_make(rule, foreign, 1, &one.feed);
    }
    if (err == GONG_OK && gong_cost_feed_series(&fed.feed) == 0) {
        err = GONG_ERR_UNSUPPORTED;
    }
    if (err == GONG_OK) {
        err = measure_all(&fed, &one, cost);
    }
    gong_cost_feed_fini(&fed.feed);
    gong_cost_feed_fini(&one.feed);
    return err;
}

enum gong_err
gong_cost_measure(const struct gong_rule *rule, bool foreign, int64_t every_ms,
                  struct gong_cost *cost)
{
    struct gong_rule copy = *rule;
    enum gong_err err = GONG_ERR_MEMORY;

    copy.expr = without_colons(rule->expr);
    if (copy.expr != NULL) {
        err = measure(&copy, foreign, every_ms, cost);
    }
    gong_expr_free(copy.expr);
    return err;
}
