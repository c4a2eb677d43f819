#include "rules/tool/commands.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "rules/tool/data_set.h"
#include "rules/tool/explain.h"
#include "rules/tool/explain_state.h"
#include "rules/tool/explain_terms.h"
#include "rules/tool/history_data.h"
#include "rules/query/instant.h"
#include "rules/tool/rule_load.h"
#include "rules/tool/series_notation.h"

#define QUOTE_SIZE 200
#define DAY_MS     INT64_C(86400000)

struct explain_options {
    struct gong_argument_texts rules;
    char *model;
    const char *rule;
    const char *labels;
    const char *data;
    const char *precision_word;
    struct gong_precision precision;
    struct gong_argument_time at;
    struct gong_argument_time from;
};

/* What the name of several rules may mean. */
static void
say_several(const struct gong_call *call, const struct gong_ruleset *set,
            const char *name, size_t count)
{
    char quoted[QUOTE_SIZE];

    (void)fprintf(
        call->err,
        "gong-rules explain: found %zu rules of the name %s, expected "
        "the id of one:\n",
        count, gong_log_quote(gong_str_of(name), quoted, sizeof quoted));
    for (size_t i = 0; i < set->count; i++) {
        const struct gong_rule *rule = &set->rules[i];

        if (strcmp(gong_rule_name(rule), name) == 0) {
            (void)fprintf(call->err, "  --rule '%s'  (%s:%d)\n", rule->id,
                          rule->file, rule->line);
        }
    }
}

/* NULL after a word about it. */
static const struct gong_rule *
find_rule(const struct gong_call *call, const struct gong_ruleset *set,
          const char *name)
{
    size_t at = 0;
    size_t count = gong_rule_find(set, name, &at);

    if (count == 1) {
        return &set->rules[at];
    }
    if (count == 0) {
        (void)gong_call_refuse_value(call, "rule", name,
                                     "the id or the name of one of the rules");
    } else {
        say_several(call, set, name, count);
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
put_verdict(const struct gong_explain *explain,
            const struct gong_explained *explained)
{
    const struct gong_rule *rule = explain->rule;
    size_t level = rule->level_count;

    while (level > 0 && (explained->said.fires >> (level - 1) & 1u) == 0) {
        level--;
    }
    (void)fprintf(explain->out, "\nThe expression %s%s%s.\n",
                  explained->fails != 0        ? "fails, and has no result"
                  : explained->said.fires == 0 ? "does not hold"
                                               : "holds",
                  level == 0 ? "" : " at level ",
                  level == 0 ? "" : rule->levels[level - 1].severity);
}

/* Samples of a file, or of a history as long as it is asked for. */
static enum gong_err
read_data(const struct gong_explain *explain, const char *path, FILE *err,
          struct gong_data_set *data, size_t *refused)
{
    struct gong_history_wanted wanted = {.data = path,
                                         .has_from = true,
                                         .from_ms = explain->since_ms,
                                         .has_to = true,
                                         .to_ms = explain->at_ms,
                                         .err = err};

    if (gong_history_data_path(path) != NULL) {
        return gong_data_set_history(data, &wanted, explain->set);
    }
    gong_data_set_precision(data, explain->precision);
    gong_data_set_use(data, explain->set->city);
    return gong_data_set_read(data, path, GONG_DATA_BY_NAME, err, refused);
}

/* The engine's state comes first: what rules record is read by others. */
static enum gong_err
explain_data(struct gong_explain *explain, const char *path, FILE *err,
             struct gong_data_set *data)
{
    struct gong_explain_state *state = NULL;
    bool lines = gong_history_data_path(path) != NULL ||
                 gong_data_format_of(path) == GONG_DATA_LINES;
    struct gong_explained explained = {0};
    size_t refused = 0;
    enum gong_err result = read_data(explain, path, err, data, &refused);

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
        result = gong_explain_clauses(explain, &explained);
    }
    if (result == GONG_OK) {
        gong_explain_terms(explain);
        put_verdict(explain, &explained);
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
    const struct gong_rule *rule = find_rule(call, set, options->rule);
    struct gong_series_labels labels = {0};
    struct gong_expr_error error = {0};
    struct gong_explain explain = {.set = set,
                                   .rule = rule,
                                   .at_ms = options->at.ms,
                                   .since_ms = options->from.given
                                                   ? options->from.ms
                                                   : options->at.ms - DAY_MS,
                                   .precision = options->precision,
                                   .out = call->out};
    struct gong_data_set *data = NULL;
    enum gong_err err = GONG_ERR_MEMORY;

    if (rule == NULL) {
        return GONG_TOOL_USAGE;
    }
    if (gong_series_labels_read(
            gong_str_of(options->labels == NULL ? "{}" : options->labels),
            &labels, &error) != GONG_OK) {
        return gong_call_refuse_value(call, "labels", options->labels,
                                      "{name=\"value\", ...}");
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

static const char *
missing_option(const struct explain_options *options)
{
    return options->rules.count == 0 ? "no --rules"
           : options->rule == NULL   ? "no --rule"
           : !options->at.given      ? "no --at"
           : options->data == NULL   ? "no --data"
                                     : NULL;
}

static int
judge_options(const struct gong_call *call, struct explain_options *options)
{
    if (missing_option(options) != NULL) {
        return gong_call_refuse(call, missing_option(options),
                                "--rules, --rule, --at and --data");
    }
    if (gong_history_data_path(options->data) != NULL) {
        if (options->from.given && options->from.ms > options->at.ms) {
            return gong_call_refuse_value(call, "from", options->from.text,
                                          "nothing after --at");
        }
        return gong_call_precision(call, options->precision_word, false,
                                   &options->precision);
    }
    if (options->from.given) {
        return gong_call_refuse(call, "--from",
                                "it beside --data history:PATH only");
    }
    if (strcmp(options->data, "-") == 0) {
        return gong_call_refuse_value(call, "data", options->data,
                                      "a file, which is read twice");
    }
    return gong_call_precision(call, options->precision_word,
                               gong_data_format_of(options->data) ==
                                   GONG_DATA_LINES,
                               &options->precision);
}

int
gong_cmd_explain(const struct gong_call *call)
{
    struct explain_options options = {0};
    const struct gong_argument table[] = {
        {"rules", GONG_ARGUMENT_TEXTS, &options.rules, "FILE",
         "tệp quy tắc, thư mục *.cfg, hoặc YAML của Prometheus; nhiều lần",
         "rule file, folder of *.cfg, or Prometheus' YAML; may come again"},
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
        {"from", GONG_ARGUMENT_TIME, &options.from, "TIME",
         "đọc lịch sử từ lúc nào; một ngày trước --at",
         "from when on a history is read; a day before --at"},
        {"precision", GONG_ARGUMENT_TEXT, &options.precision_word, "WORD",
         "đơn vị của mốc thời gian: ns (không có), us, ms hoặc s",
         "the unit of stamps: ns (default), us, ms or s"},
    };
    struct gong_conf_errors errors = {0};
    struct gong_ruleset *set;
    struct gong_words words;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count > 0) {
        return gong_call_refuse_word(call, words.items[0], "options only");
    }
    status = judge_options(call, &options);
    if (status != GONG_TOOL_OK) {
        return status;
    }
    set = gong_rules_load_city(options.rules.items, options.rules.count,
                               options.model, &errors);
    gong_conf_errors_print(&errors, call->err);
    gong_conf_errors_fini(&errors);
    status = set == NULL ? GONG_TOOL_NO : explain_rule(call, &options, set);
    gong_ruleset_free(set);
    return status;
}
