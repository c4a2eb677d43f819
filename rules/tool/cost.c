#include "rules/tool/cost.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/engine.h"

#define SERIES   1024 /* of each selector */
#define START_MS INT64_C(1760000000000)

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* A tag for each matcher that names a value. */
static bool
put_tags(FILE *out, const struct gong_expr_node *selector)
{
    const char *metric = NULL;

    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *m = &selector->matchers[i];

        if (m->op == GONG_MATCH_EQUAL && strcmp(m->name, "__name__") == 0) {
            metric = m->value;
        }
    }
    if (metric == NULL || strcmp(metric, "up") == 0 ||
        strcmp(metric, "unit_up") == 0 || strcmp(metric, "device_dark") == 0) {
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

/* One sample of value for every series of the rule. */
static size_t
put_samples(FILE *out, const struct gong_expr *expr, double value, int64_t ms)
{
    size_t count = 0;

    for (uint32_t i = 0; i < expr->count; i++) {
        if (expr->nodes[i].kind != GONG_EXPR_SELECTOR) {
            continue;
        }
        for (uint32_t k = 0; k < SERIES; k++) {
            if (!put_tags(out, &expr->nodes[i])) {
                break;
            }
            (void)fprintf(out, ",cost=%" PRIu32 " value=%g %" PRId64 "\n", k,
                          value, ms * GONG_NS_PER_MS);
            count++;
        }
    }
    return count;
}

static enum gong_err
feed(struct gong_engine *engine, const struct gong_expr *expr, double value,
     int64_t ms, size_t *count)
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
    *count = put_samples(out, expr, value, ms);
    if (fclose(out) == 0) {
        record.payload = gong_str_from(payload, len);
        err = gong_engine_apply(engine, &record);
    }
    free(payload);
    return err;
}

/* Memory with all series at one value, some of which may make it true. */
static enum gong_err
measure_value(const struct gong_rule *rule, bool foreign, double value,
              size_t *series, struct gong_engine_stats *stats)
{
    struct gong_rule alone = *rule;
    struct gong_ruleset set = {.rules = &alone, .count = 1, .foreign = foreign};
    struct gong_engine *engine = gong_engine_new(NULL, ignore, NULL);
    enum gong_err err;

    if (engine == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = gong_engine_set_rules(engine, &set, 0, START_MS, NULL);
    for (int64_t t = 1; t <= 2 && err == GONG_OK; t++) {
        err = feed(engine, rule->expr, value,
                   START_MS + t * (rule->interval_ms + 1000), series);
    }
    gong_engine_stats(engine, stats);
    gong_engine_free(engine);
    return err;
}

enum gong_err
gong_cost_measure(const struct gong_rule *rule, bool foreign,
                  struct gong_cost *cost)
{
    static const double values[] = {0, 1, 1e12, -1e12};

    *cost = (struct gong_cost){.rest_bytes = UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct gong_engine_stats stats;
        size_t series = 0;
        enum gong_err err =
            measure_value(rule, foreign, values[i], &series, &stats);
        bool open = false;
        uint64_t each;

        if (err != GONG_OK) {
            return err;
        }
        if (series == 0) {
            return GONG_ERR_UNSUPPORTED;
        }
        cost->series = series;
        each = (stats.bytes + series - 1) / series;
        open = stats.pending + stats.firing > 0;
        if (open && each > cost->firing_bytes) {
            cost->firing_bytes = each;
        }
        if (!open && each < cost->rest_bytes) {
            cost->rest_bytes = each;
        }
    }
    if (cost->rest_bytes == UINT64_MAX) {
        cost->rest_bytes = cost->firing_bytes;
    }
    return GONG_OK;
}
