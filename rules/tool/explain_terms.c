#include "rules/tool/explain_terms.h"

#include "rules/engine/labelset.h"
#include "rules/query/instant.h"
#include "rules/query/json_text.h"

#define SHOWN_MAX 5

static void
put_name(const struct gong_explain *explain, const char *name)
{
    (void)fprintf(explain->out, "  %-16s ", name);
}

static void
put_interval(const struct gong_explain *explain)
{
    int64_t every = explain->rule->interval_ms;
    int64_t into = every > 0 ? explain->at_ms % every : 0;

    put_name(explain, "interval");
    gong_length_put(explain->out, every);
    if (every == 0) {
        (void)fputs(": on every sample\n", explain->out);
        return;
    }
    (void)fputs(": the last instant was ", explain->out);
    gong_instant_put(explain->out,
                     explain->at_ms - (into < 0 ? into + every : into));
    (void)fputc('\n', explain->out);
}

static void
put_lookback(const struct gong_explain *explain)
{
    put_name(explain, "lookback");
    gong_length_put(explain->out, explain->rule->lookback_ms);
    (void)fputs(explain->rule->lookback_fixed
                    ? ": so long a sample counts\n"
                    : ": so long a sample counts, longer where the device "
                      "declares it\n",
                explain->out);
}

/* The newest sample of a series that counts at the instant; false: none. An
 * older one, if there is any, is in last. */
static bool
has_sample(const struct gong_explain *explain,
           const struct gong_expr_node *node, uint32_t series,
           struct gong_sample *last, bool *had)
{
    struct gong_eval_source source = gong_eval_memory_source(explain->memory);
    int64_t at = explain->at_ms - node->offset_ms;
    int64_t back =
        node->range_ms > 0 ? node->range_ms : explain->rule->lookback_ms;

    *had = source.newest(source.ctx, series, INT64_MIN, at, last);
    return *had && last->ms >= at - back && !gong_is_stale(last->value);
}

static void
put_missing(const struct gong_explain *explain,
            const struct gong_label_view *labels, size_t count,
            const struct gong_sample *last)
{
    (void)fprintf(explain->out, "%*s", 19, "");
    gong_label_text_put(explain->out, labels, count);
    (void)fputs(gong_is_stale(last->value) ? " was ended " : ": its last was ",
                explain->out);
    gong_length_put(explain->out, explain->at_ms - last->ms);
    (void)fputs(" before\n", explain->out);
}

/* Of one selector. */
static size_t
count_missing(const struct gong_explain *explain, uint32_t index, size_t before,
              bool told)
{
    struct gong_eval_source source = gong_eval_memory_source(explain->memory);
    const struct gong_expr_node *node = &explain->rule->expr->nodes[index];
    const uint32_t *series = NULL;
    size_t count = 0;
    size_t missing = 0;

    if (source.select(source.ctx, node, index, &series, &count) != GONG_OK) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        size_t labelled = source.labels(source.ctx, series[i], labels);
        struct gong_sample last = {0};
        bool had = false;

        if (!gong_explain_fits(explain, labels, labelled) ||
            has_sample(explain, node, series[i], &last, &had) || !had) {
            continue;
        }
        if (told && before + missing < SHOWN_MAX) {
            put_missing(explain, labels, labelled, &last);
        }
        missing++;
    }
    return missing;
}

size_t
gong_explain_missing(const struct gong_explain *explain, bool told)
{
    const struct gong_rule *rule = explain->rule;
    uint32_t fires = rule->clauses.fires == 0 ? 1 : rule->clauses.fires;
    struct gong_expr last =
        gong_clause_view(rule->expr, &rule->clauses, fires - 1);
    size_t missing = 0;

    for (uint32_t i = 0; i <= last.root; i++) {
        if (rule->expr->nodes[i].kind == GONG_EXPR_SELECTOR) {
            missing += count_missing(explain, i, missing, told);
        }
    }
    return missing;
}

enum gong_on_missing
gong_explain_on_missing(const struct gong_explain *explain)
{
    return !explain->set->foreign &&
                   gong_rule_lacking(explain->rule, explain->set->city) != NULL
               ? GONG_ON_MISSING_RESOLVE
               : explain->rule->on_missing;
}

static void
put_parameter(const struct gong_explain *explain)
{
    const char *param =
        explain->set->foreign
            ? NULL
            : gong_rule_lacking(explain->rule, explain->set->city);

    if (param != NULL) {
        put_name(explain, "parameter");
        (void)fprintf(explain->out,
                      "no device of the city model has %s: the rule is "
                      "evaluated as a whole\n",
                      param);
    }
}

static void
put_on_missing(const struct gong_explain *explain)
{
    static const char *const meanings[] = {
        [GONG_ON_MISSING_RESOLVE] = "resolve: it counts as false",
        [GONG_ON_MISSING_UNKNOWN] = "unknown: the alert stays, unknown",
        [GONG_ON_MISSING_FIRE] = "fire: it counts as true",
    };
    size_t missing = gong_explain_missing(explain, false);
    enum gong_on_missing said = gong_explain_on_missing(explain);

    put_name(explain, "on_missing");
    (void)fprintf(explain->out, "%s; ", meanings[said]);
    if (missing == 0) {
        (void)fputs("nothing is missing\n", explain->out);
        return;
    }
    (void)fprintf(explain->out, "missing %s %zu series:\n",
                  missing == 1 ? "is" : "are", missing);
    (void)gong_explain_missing(explain, true);
}

static void
put_active(const struct gong_explain *explain)
{
    const struct gong_calendar *calendar = explain->rule->calendar;
    int64_t next = INT64_MAX;
    bool open = true;

    put_name(explain, "active");
    if (calendar == NULL) {
        (void)fputs("always\n", explain->out);
        return;
    }
    open = gong_calendar_is_open(calendar, explain->at_ms);
    next = gong_calendar_next(calendar, explain->at_ms);
    (void)fprintf(explain->out, "%s: %s", calendar->name,
                  open ? "open" : "closed, so nothing can be");
    if (next == INT64_MAX) {
        (void)fputs(", for good\n", explain->out);
        return;
    }
    (void)fputs(" until ", explain->out);
    gong_instant_put(explain->out, next);
    (void)fputc('\n', explain->out);
}

static void
put_for(const struct gong_explain *explain)
{
    const struct gong_rule *rule = explain->rule;

    put_name(explain, "for");
    gong_length_put(explain->out, rule->for_ms);
    for (size_t i = 0; i < rule->level_count; i++) {
        (void)fprintf(explain->out, "%s%s ", i == 0 ? ": " : ", ",
                      rule->levels[i].severity);
        gong_length_put(explain->out, rule->levels[i].for_ms);
    }
    (void)fputc('\n', explain->out);
}

void
gong_explain_terms(const struct gong_explain *explain)
{
    const struct gong_rule *rule = explain->rule;

    (void)fputs("terms:\n", explain->out);
    put_interval(explain);
    put_lookback(explain);
    put_parameter(explain);
    if (rule->record != NULL) {
        return;
    }
    put_for(explain);
    put_name(explain, "keep_firing_for");
    gong_length_put(explain->out, rule->keep_firing_for_ms);
    (void)fputc('\n', explain->out);
    put_on_missing(explain);
    put_active(explain);
    put_name(explain, "trial");
    (void)fputs(rule->trial ? "true: nobody is told\n" : "false\n",
                explain->out);
}
