#include "rules/tool/cost.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/engine.h"
#include "rules/engine/presence.h"

#define SERIES      1024 /* of each selector */
#define WINDOWED    128  /* of each where windows are to be filled */
#define SAMPLES_MAX 2000 /* of a window */
#define EVERY_MS    INT64_C(10000)
#define START_MS    INT64_C(1760000000000)

/* What is fed for one rule. */
struct fed {
    const struct gong_rule *rule;
    bool foreign;
    uint32_t series;  /* of each selector */
    uint32_t samples; /* of each series */
    int64_t step_ms;
    int64_t silence_ms; /* until all of it counts as missing */
    size_t distinct;    /* series in all */
};

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* A tag for each matcher that names a value. */
static bool
put_tags(FILE *out, const struct gong_expr_node *selector, bool foreign)
{
    const char *metric = NULL;

    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *m = &selector->matchers[i];

        if (m->op == GONG_MATCH_EQUAL && strcmp(m->name, "__name__") == 0) {
            metric = m->value;
        }
    }
    if (metric == NULL || (!foreign && gong_presence_metric(gong_str_of(
                                           metric)) != GONG_PRESENCE_METRICS)) {
        return false;
    }
    (void)fputs(metric, out);
    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *m = &selector->matchers[i];

        if (m->op == GONG_MATCH_EQUAL && m->value[0] != '\0' &&
            strcmp(m->name, "__name__") != 0 &&
            strpbrk(m->value, " ,=\\\n\"") == NULL) {
            (void)fprintf(out, ",%s=%s", m->name, m->value);
        }
    }
    return true;
}

/* Whether a selector before it has the same series. */
static bool
is_repeated(const struct fed *fed, uint32_t node)
{
    const struct gong_expr *expr = fed->rule->expr;
    char *mine = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&mine, &len);
    bool repeated = false;

    if (out == NULL) {
        return false;
    }
    (void)put_tags(out, &expr->nodes[node], fed->foreign);
    (void)fclose(out);
    for (uint32_t i = 0; i < node && !repeated; i++) {
        char *other = NULL;

        if (expr->nodes[i].kind != GONG_EXPR_SELECTOR) {
            continue;
        }
        out = open_memstream(&other, &len);
        if (out != NULL) {
            (void)put_tags(out, &expr->nodes[i], fed->foreign);
            (void)fclose(out);
            repeated = strcmp(mine, other) == 0;
        }
        free(other);
    }
    free(mine);
    return repeated;
}

/* One sample of value for every series of the rule, all its clauses. */
static size_t
put_samples(FILE *out, const struct fed *fed, double value, int64_t ms)
{
    const struct gong_expr *expr = fed->rule->expr;
    size_t count = 0;

    for (uint32_t i = 0; i < expr->count; i++) {
        if (expr->nodes[i].kind != GONG_EXPR_SELECTOR || is_repeated(fed, i)) {
            continue;
        }
        for (uint32_t k = 0; k < fed->series; k++) {
            if (!put_tags(out, &expr->nodes[i], fed->foreign)) {
                break;
            }
            (void)fprintf(out, ",cost=%" PRIu32 " value=%.17g %" PRId64 "\n", k,
                          value, ms * GONG_NS_PER_MS);
            count++;
        }
    }
    return count;
}

static enum gong_err
feed(struct gong_engine *engine, struct fed *fed, double value, int64_t ms)
{
    char *payload = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&payload, &len);
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = ms,
                 .wall_ns = ms * GONG_NS_PER_MS},
    };
    enum gong_err err = GONG_ERR_MEMORY;

    if (out == NULL) {
        return err;
    }
    (void)fputc(0, out);
    (void)fputc(0, out);
    fed->distinct = put_samples(out, fed, value, ms);
    if (fclose(out) == 0) {
        record.payload = gong_str_from(payload, len);
        err = gong_engine_apply(engine, &record);
    }
    free(payload);
    return err;
}

/* What the rule costs so far, and whether its alerts are open. */
static void
take_stats(const struct gong_engine *engine, const struct fed *fed,
           struct gong_cost *cost, bool silent)
{
    struct gong_engine_stats stats;
    uint64_t each;

    gong_engine_stats(engine, &stats);
    if (fed->distinct == 0) {
        return;
    }
    each = (stats.bytes + fed->distinct - 1) / fed->distinct;
    if (stats.pending + stats.firing + stats.unknown + stats.trial > 0) {
        cost->firing_bytes =
            each > cost->firing_bytes ? each : cost->firing_bytes;
    } else if (!silent && each < cost->rest_bytes) {
        cost->rest_bytes = each;
    }
}

/* All series at one value, some of which may make it true, then silence: that
 * opens alerts, too (on_missing). */
static enum gong_err
measure_value(struct fed *fed, double value, struct gong_cost *cost)
{
    struct gong_rule alone = *fed->rule;
    struct gong_ruleset set = {
        .rules = &alone, .count = 1, .foreign = fed->foreign};
    struct gong_engine *engine = gong_engine_new(NULL, ignore, NULL);
    struct gong_record clock = {.meta = {.type = GONG_RECORD_CLOCK}};
    int64_t ms = START_MS;
    enum gong_err err;

    if (engine == NULL) {
        return GONG_ERR_MEMORY;
    }
    alone.calendar = NULL; /* it costs nothing, and may be closed */
    err = gong_engine_set_rules(engine, &set, 0, START_MS, NULL);
    for (uint32_t t = 0; t < fed->samples && err == GONG_OK; t++) {
        /* In windows no two samples alike, as they compress too well. */
        double more = fed->samples > 2 ? (double)(t * 7 % 13) / 100 : 0;

        ms += fed->step_ms;
        err = feed(engine, fed, value + more, ms);
    }
    take_stats(engine, fed, cost, false);
    clock.meta.journal_ms = ms + fed->silence_ms;
    clock.meta.wall_ns = clock.meta.journal_ms * GONG_NS_PER_MS;
    if (err == GONG_OK) {
        err = gong_engine_apply(engine, &clock);
    }
    take_stats(engine, fed, cost, true);
    gong_engine_free(engine);
    return err;
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
    if (longest > 0) {
        fed.step_ms = every_ms > 0            ? every_ms
                      : rule->interval_ms > 0 ? rule->interval_ms
                                              : EVERY_MS;
        fed.series = WINDOWED;
        fed.samples = longest / fed.step_ms < SAMPLES_MAX
                          ? (uint32_t)(longest / fed.step_ms) + 3
                          : SAMPLES_MAX;
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

static enum gong_err
measure(const struct gong_rule *rule, bool foreign, int64_t every_ms,
        struct gong_cost *cost)
{
    static const double values[] = {0, 1, 1e12, -1e12};
    struct fed fed = plan_feed(rule, foreign, every_ms);

    *cost = (struct gong_cost){.rest_bytes = UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        enum gong_err err = measure_value(&fed, values[i], cost);

        if (err != GONG_OK) {
            return err;
        }
        if (fed.distinct == 0) {
            return GONG_ERR_UNSUPPORTED;
        }
    }
    cost->series = fed.distinct;
    if (cost->rest_bytes == UINT64_MAX) {
        cost->rest_bytes = cost->firing_bytes;
    }
    return GONG_OK;
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
