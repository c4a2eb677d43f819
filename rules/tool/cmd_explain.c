#include "rules/tool/commands.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "rules/tool/data_set.h"
#include "rules/tool/explain.h"
#include "rules/tool/explain_state.h"
#include "rules/tool/explain_terms.h"
#include "rules/tool/instant.h"
#include "rules/tool/rule_load.h"
#include "rules/tool/series_notation.h"

struct explain_options {
    char *rules;
    char *model;
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
put_head(const struct gong_explain *explain)
{
    const struct gong_rule *rule = explain->rule;
    char at[GONG_INSTANT_SIZE];

    (void)gong_instant_text(explain->at_ms, at);
    (void)fprintf(explain->out, "%s (%s:%d) at %s\n\n", rule->id, rule->file,
                  rule->line, at);
}

static void
put_verdict(const struct gong_explain *explain, const struct gong_said *said)
{
    const struct gong_rule *rule = explain->rule;
    size_t level = rule->level_count;

    while (level > 0 && (said->fires >> (level - 1) & 1u) == 0) {
        level--;
    }
    (void)fprintf(explain->out, "\nThe expression %s%s%s.\n",
                  said->fires == 0 ? "does not hold" : "holds",
                  level == 0 ? "" : " at level ",
                  level == 0 ? "" : rule->levels[level - 1].severity);
}

/* The engine's state comes first: what rules record is read by others. */
static enum gong_err
explain_data(struct gong_explain *explain, const char *path, FILE *err,
             struct gong_data_set *data)
{
    struct gong_explain_state *state = NULL;
    bool lines = gong_data_format_of(path) == GONG_DATA_LINES;
    struct gong_said said = {0};
    size_t refused = 0;
    enum gong_err result = GONG_OK;

    gong_data_set_use(data, explain->set->city);
    result = gong_data_set_read(data, path, GONG_DATA_BY_NAME, err, &refused);
    if (result == GONG_OK) {
        result = gong_data_set_add_params(data, explain->at_ms);
    }
    if (result == GONG_OK && lines) {
        result = gong_explain_state_run(explain, path, data, err, &state);
    }
    if (result == GONG_OK) {
        explain->memory = gong_data_set_finish(data);
        result = explain->memory == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (result == GONG_OK) {
        put_head(explain);
        result = gong_explain_clauses(explain, &said);
    }
    if (result == GONG_OK) {
        gong_explain_terms(explain);
        put_verdict(explain, &said);
    }
    if (result == GONG_OK && state != NULL && explain->rule->record == NULL) {
        result = gong_explain_state_put(state, explain);
    } else if (result == GONG_OK && !lines) {
        (void)fputs("\nstate: not told of this format, only of line "
                    "protocol\n",
                    explain->out);
    }
    gong_explain_state_free(state);
    if (result == GONG_OK && refused > 0) {
        result = GONG_ERR_INVALID; /* as it is said on err */
    }
    return result;
}

static int
explain_rule(const struct gong_call *call,
             const struct explain_options *options,
             const struct gong_ruleset *set)
{
    const struct gong_rule *rule = find_rule(set, options->rule);
    struct gong_series_labels labels = {0};
    struct gong_expr_error error = {0};
    struct gong_explain explain = {
        .set = set, .rule = rule, .at_ms = options->at.ms, .out = call->out};
    struct gong_data_set *data = NULL;
    enum gong_err err = GONG_ERR_MEMORY;

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
    explain.labels = labels.labels;
    explain.label_count = labels.count;
    data = gong_data_set_new();
    if (data != NULL) {
        err = explain_data(&explain, options->data, call->err, data);
    }
    gong_data_set_free(data);
    gong_series_labels_fini(&labels);
    return gong_tool_status(err);
}

int
gong_cmd_explain(const struct gong_call *call)
{
    struct explain_options options = {0};
    const struct gong_argument table[] = {
        {"rules", GONG_ARGUMENT_TEXT, &options.rules, "FILE",
         "tệp quy tắc, thư mục *.cfg, hoặc YAML của Prometheus",
         "rule file, folder of *.cfg, or Prometheus' YAML"},
        {"model", GONG_ARGUMENT_TEXT, &options.model, "FILE",
         "mô hình đơn vị, thiết bị (tệp hoặc thư mục)",
         "the city model (a file or a folder)"},
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
    set = gong_rules_load_city(&options.rules, 1, options.model, &errors);
    gong_conf_errors_print(&errors, call->err);
    gong_conf_errors_fini(&errors);
    status = set == NULL ? GONG_TOOL_NO : explain_rule(call, &options, set);
    gong_ruleset_free(set);
    return status;
}
