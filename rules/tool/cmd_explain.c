#include "rules/tool/commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/conf.h"
#include "rules/tool/data_set.h"
#include "rules/tool/explain.h"
#include "rules/tool/instant.h"
#include "rules/tool/json_text.h"
#include "rules/tool/replay.h"
#include "rules/tool/rule_load.h"
#include "rules/tool/series_notation.h"

struct explain_options {
    char *rules;
    const char *rule;
    const char *labels;
    const char *data;
    struct gong_argument_time at;
};

/* By id, else by the alert's name. */
static const struct gong_rule *
find_rule(const struct gong_ruleset *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->rules[i].id, name) == 0) {
            return &set->rules[i];
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(gong_rule_name(&set->rules[i]), name) == 0) {
            return &set->rules[i];
        }
    }
    return NULL;
}

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

struct open_alerts {
    const struct gong_explain *explain;
    size_t count;
};

static void
put_open(void *ctx, const struct gong_effect *effect)
{
    struct open_alerts *open = ctx;
    const struct gong_explain *explain = open->explain;
    char since[GONG_INSTANT_SIZE];
    int64_t left = effect->since_ms + effect->rule->for_ms - explain->at_ms;

    if (!gong_explain_fits(explain, effect->labels, effect->label_count)) {
        return;
    }
    open->count++;
    (void)gong_instant_text(effect->since_ms, since);
    (void)fprintf(explain->out,
                  "  %s since %s: ", gong_alert_state_text(effect->to), since);
    gong_label_text_put(explain->out, effect->labels, effect->label_count);
    if (effect->to == GONG_ALERT_PENDING && left > 0) {
        char text[GONG_DUR_TEXT_SIZE];

        gong_dur_format(gong_dur_ms(left), text);
        (void)fprintf(explain->out, ", fires in %s if it stays so", text);
    }
    (void)fputc('\n', explain->out);
}

/* What the engine makes of the same data up to then. */
static enum gong_err
tell_state(const struct gong_call *call, const struct gong_explain *explain,
           const char *data)
{
    struct gong_rule alone = *explain->rule;
    struct gong_ruleset set = {
        .rules = &alone, .count = 1, .foreign = explain->foreign};
    struct open_alerts open = {explain, 0};
    struct gong_replay replay = {.set = &set,
                                 .path = data,
                                 .tolerance_ms = INT64_MAX / 4,
                                 .has_until = true,
                                 .until_ms = explain->at_ms,
                                 .emit = ignore,
                                 .at_end = put_open,
                                 .ctx = &open,
                                 .err = call->err};
    enum gong_err err;

    (void)fputs("\nstate:\n", call->out);
    err = gong_replay_run(&replay);
    if (err == GONG_OK && open.count == 0) {
        (void)fputs("  inactive\n", call->out);
    }
    return err;
}

static void
put_head(const struct gong_call *call, const struct gong_explain *explain)
{
    char at[GONG_INSTANT_SIZE];
    char hold[GONG_DUR_TEXT_SIZE];
    const struct gong_rule *rule = explain->rule;

    (void)gong_instant_text(explain->at_ms, at);
    gong_dur_format(gong_dur_ms(rule->for_ms), hold);
    (void)fprintf(call->out, "%s (%s:%d) at %s, for %s\n\n", rule->id,
                  rule->file, rule->line, at, hold);
}

static int
explain_data(const struct gong_call *call,
             const struct explain_options *options,
             const struct gong_rule *rule, bool foreign,
             const struct gong_series_labels *labels)
{
    struct gong_data_set *set = gong_data_set_new();
    struct gong_explain explain = {.foreign = foreign,
                                   .rule = rule,
                                   .labels = labels->labels,
                                   .label_count = labels->count,
                                   .at_ms = options->at.ms,
                                   .out = call->out};
    enum gong_err err = GONG_ERR_MEMORY;
    size_t refused = 0;
    bool holds = false;

    if (set != NULL) {
        err = gong_data_set_read(set, options->data, GONG_DATA_BY_NAME,
                                 call->err, &refused);
    }
    if (err == GONG_OK) {
        explain.memory = gong_data_set_finish(set);
        err = explain.memory == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err == GONG_OK) {
        put_head(call, &explain);
        err = gong_explain_tree(&explain, &holds);
    }
    if (err == GONG_OK) {
        (void)fprintf(call->out, "\n%s\n",
                      holds ? "The expression holds."
                            : "The expression does not hold.");
        if (gong_data_format_of(options->data) == GONG_DATA_LINES) {
            err = tell_state(call, &explain, options->data);
        }
    }
    gong_data_set_free(set);
    return gong_tool_status(err);
}

static int
explain_rule(const struct gong_call *call,
             const struct explain_options *options,
             const struct gong_ruleset *set)
{
    const struct gong_rule *rule = find_rule(set, options->rule);
    struct gong_series_labels labels = {0};
    struct gong_expr_error error = {0};
    int status;

    if (rule == NULL) {
        return gong_call_refuse(call, "no such rule",
                                "the id or the alert's name of one");
    }
    if (gong_series_labels_read(
            gong_str_of(options->labels == NULL ? "{}" : options->labels),
            &labels, &error) != GONG_OK) {
        return gong_call_refuse(call, "other labels",
                                "--labels '{name=\"value\", ...}'");
    }
    status = explain_data(call, options, rule, set->foreign, &labels);
    gong_series_labels_fini(&labels);
    return status;
}

int
gong_cmd_explain(const struct gong_call *call)
{
    struct explain_options options = {0};
    const struct gong_argument table[] = {
        {"rules", GONG_ARGUMENT_TEXT, &options.rules, "FILE",
         "tệp quy tắc, thư mục *.cfg, hoặc YAML của Prometheus",
         "rule file, folder of *.cfg, or Prometheus' YAML"},
        {"rule", GONG_ARGUMENT_TEXT, &options.rule, "NAME",
         "id hoặc tên báo động", "the rule's id or its alert's name"},
        {"labels", GONG_ARGUMENT_TEXT, &options.labels, "LABELS",
         "của báo động, ví dụ '{device=\"lamp-1\"}'",
         "of the alert, say '{device=\"lamp-1\"}'"},
        {"at", GONG_ARGUMENT_TIME, &options.at, "TIME", "lúc nào", "when"},
        {"data", GONG_ARGUMENT_TEXT, &options.data, "FILE",
         "số liệu, như của eval", "samples, as for eval"},
    };
    struct gong_conf_errors errors = {0};
    struct gong_ruleset *set;
    struct gong_words words;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count > 0 || options.rules == NULL || options.rule == NULL ||
        options.data == NULL || !options.at.given) {
        return gong_call_refuse(call, "other words",
                                "--rules, --rule, --at and --data");
    }
    if (strcmp(options.data, "-") == 0) {
        return gong_call_refuse(call, "standard input",
                                "a file, which is read twice");
    }
    set = gong_rules_load(&options.rules, 1, &errors);
    gong_conf_errors_print(&errors, call->err);
    gong_conf_errors_fini(&errors);
    status = set == NULL ? GONG_TOOL_NO : explain_rule(call, &options, set);
    gong_ruleset_free(set);
    return status;
}
