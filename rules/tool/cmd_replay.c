#include "rules/tool/commands.h"

#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "rules/tool/history_data.h"
#include "rules/tool/input.h"
#include "rules/tool/replay.h"
#include "rules/tool/replay_report.h"
#include "rules/tool/rule_load.h"

struct replay_options {
    struct gong_argument_texts rules;
    char *model;
    const char *data;
    const char *format_word;
    enum gong_replay_format format;
    const char *precision_word;
    struct gong_precision precision;
    bool pending;
    bool quiet;
    struct gong_argument_time tolerance;
    struct gong_argument_time from;
    struct gong_argument_time to;
};

static bool
find_format(const char *word, enum gong_replay_format *out)
{
    static const char *const words[] = {"table", "json", "csv"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            *out = (enum gong_replay_format)i;
            return true;
        }
    }
    return false;
}

static int
replay_rules(const struct gong_call *call, const struct replay_options *options,
             const struct gong_ruleset *set)
{
    struct gong_replay_report *report = gong_replay_report_new(
        set, options->format, options->pending, call->out);
    struct gong_replay replay = {
        .set = set,
        .path = options->data,
        .tolerance_ms = options->tolerance.ms,
        .precision = options->precision,
        .has_since = options->from.given,
        .since_ms = options->from.ms,
        .has_until = options->to.given,
        .until_ms = options->to.ms,
        .progress = !options->quiet && isatty(STDERR_FILENO) == 1,
        .emit = gong_replay_report_effect,
        .fault = gong_replay_report_fault,
        .ctx = report,
        .err = call->err,
    };
    enum gong_err err = GONG_ERR_MEMORY;

    if (report != NULL) {
        err = gong_replay_run(&replay);
    }
    if (err == GONG_OK) {
        err = gong_replay_report_end(report, &replay.stats, replay.from_ms,
                                     replay.to_ms);
    }
    if (err == GONG_OK) {
        gong_replay_report_faults(report, call->err);
    }
    gong_replay_report_free(report);
    if (err == GONG_OK && replay.refused > 0) {
        return GONG_TOOL_DATA;
    }
    return gong_tool_status(err);
}

static int
judge_options(const struct gong_call *call, struct replay_options *options)
{
    int status;

    if (options->rules.count == 0 || options->data == NULL) {
        return gong_call_refuse(
            call, options->rules.count == 0 ? "no --rules" : "no --data",
            "--rules and --data");
    }
    if (!find_format(options->format_word, &options->format)) {
        return gong_call_refuse_value(call, "format", options->format_word,
                                      "table, json or csv");
    }
    status = gong_call_history_times(call, options->data, &options->from,
                                     &options->to);
    return status != GONG_TOOL_OK
               ? status
               : gong_call_precision(call, options->precision_word,
                                     gong_history_data_path(options->data) ==
                                             NULL &&
                                         !gong_input_is_folder(options->data),
                                     &options->precision);
}

int
gong_cmd_replay(const struct gong_call *call)
{
    struct replay_options options = {.format_word = "table"};
    const struct gong_argument table[] = {
        {"rules", GONG_ARGUMENT_TEXTS, &options.rules, "FILE",
         "tệp quy tắc, thư mục *.cfg, hoặc YAML của Prometheus; nhiều lần",
         "rule file, folder of *.cfg, or Prometheus' YAML; may come again"},
        {"model", GONG_ARGUMENT_TEXT, &options.model, "FILE",
         "mô hình đơn vị, thiết bị (tệp hoặc thư mục)",
         "the city model (a file or a folder)"},
        {"data", GONG_ARGUMENT_TEXT, &options.data, "FILE",
         "line protocol (.gz được), nhật ký của agent, history:PATH; "
         "-: đầu vào chuẩn",
         "line protocol (.gz too), an agent's journal, history:PATH; "
         "-: standard input"},
        {"from", GONG_ARGUMENT_TIME, &options.from, "TIME",
         "lịch sử từ thời điểm này", "a history from here on"},
        {"to", GONG_ARGUMENT_TIME, &options.to, "TIME",
         "đến thời điểm này, kể cả nó", "up to here, included"},
        {"format", GONG_ARGUMENT_TEXT, &options.format_word, "WORD",
         "table (không có), json hoặc csv", "table (default), json or csv"},
        {"tolerance", GONG_ARGUMENT_LENGTH, &options.tolerance, "LENGTH",
         "một dòng được phép đến trễ bao lâu; 0",
         "how late a line may stand in the file; 0"},
        {"precision", GONG_ARGUMENT_TEXT, &options.precision_word, "WORD",
         "đơn vị của mốc thời gian: ns (không có), us, ms hoặc s",
         "the unit of stamps: ns (default), us, ms or s"},
        {"pending", GONG_ARGUMENT_FLAG, &options.pending, NULL,
         "bảng kể cả lúc đang chờ `for`",
         "the table tells of pending alerts too"},
        {"quiet", GONG_ARGUMENT_FLAG, &options.quiet, NULL, "không báo tiến độ",
         "no progress on a terminal"},
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
    status = set == NULL ? GONG_TOOL_NO : replay_rules(call, &options, set);
    gong_ruleset_free(set);
    return status;
}
