#include "rules/tool/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/query/answer_text.h"
#include "rules/tool/cases.h"
#include "rules/tool/data_set.h"
#include "rules/query/query.h"
#include "rules/tool/history_data.h"
#include "rules/tool/history_eval.h"

#define AROUND 60 /* bytes shown before and behind what is wrong */

struct eval_options {
    const char *expr;
    const char *data;
    const char *data_format;
    const char *format;
    const char *precision_word;
    struct gong_precision precision;
    const char *cases;
    struct gong_argument_time at;
    struct gong_argument_time from;
    struct gong_argument_time to;
    struct gong_argument_time step;
    struct gong_argument_time lookback;
};

static int
run_cases(const struct gong_call *call, const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    enum gong_err err;
    int status = GONG_TOOL_OK;
    bool unread;

    if (in == NULL) {
        (void)fprintf(call->err, "%s: cannot be read: %s\n", path,
                      strerror(errno));
        return GONG_TOOL_INPUT;
    }
    err = gong_cases_run(in, call->out, call->err, &status);
    unread = ferror(in) != 0;
    if (in != stdin) {
        (void)fclose(in);
    }
    if (unread) {
        (void)fprintf(call->err, "%s: cannot be read any further\n", path);
        return GONG_TOOL_INPUT;
    }
    return err == GONG_ERR_IO ? GONG_TOOL_WRITE
           : err == GONG_OK   ? status
                              : gong_tool_status(err);
}

/* Beside --cases everything stands in its lines. */
static bool
has_only_cases(const struct eval_options *options)
{
    return options->expr == NULL && options->data == NULL &&
           options->data_format == NULL && options->format == NULL &&
           options->precision_word == NULL && !options->at.given &&
           !options->from.given && !options->to.given && !options->step.given &&
           !options->lookback.given;
}

/* Whether it can stand on a terminal as it is. */
static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The expression around the place, with a mark under it, where it is one
 * line. */
static void
say_error(const struct gong_call *call, const char *expr,
          const struct gong_query_error *error)
{
    size_t at = error->detail.at;
    size_t first = at > AROUND ? at - AROUND : 0;

    (void)fprintf(call->err, "--expr:1:%zu: %s\n", at + 1,
                  error->detail.message);
    if (at <= strlen(expr) && is_plain(expr)) {
        (void)fprintf(call->err, "  %.*s\n  %*s^\n", 2 * AROUND, expr + first,
                      (int)(at - first), "");
    }
}

/* The exit code; error is why there is no answer, where result says so. */
static int
print_answer(const struct gong_call *call, const struct eval_options *options,
             const struct gong_answer *answer, enum gong_err result,
             const struct gong_query_error *error)
{
    bool json = options->format != NULL && strcmp(options->format, "json") == 0;

    if (result != GONG_OK) {
        say_error(call, options->expr, error);
        return GONG_TOOL_NO;
    }
    if (json) {
        gong_answer_put_json(call->out, answer);
        return GONG_TOOL_OK;
    }
    return gong_answer_put_text(call->out, answer) ? GONG_TOOL_OK
                                                   : GONG_TOOL_MEMORY;
}

static int
evaluate_history(const struct gong_call *call,
                 const struct eval_options *options,
                 const struct gong_query *query)
{
    struct gong_answer answer;
    struct gong_query_error error;
    enum gong_err result =
        gong_history_eval(options->data, query, &answer, &error, call->err);
    int status = GONG_TOOL_OK;

    if (result == GONG_OK || strcmp(error.type, "bad_data") == 0 ||
        strcmp(error.type, "execution") == 0) {
        status = print_answer(call, options, &answer, result, &error);
    } else {
        (void)fprintf(call->err, "%s: cannot be read: %s\n", options->data,
                      error.detail.message[0] == '\0' ? gong_err_text(result)
                                                      : error.detail.message);
        status = gong_tool_status(result);
    }
    gong_answer_fini(&answer);
    return status;
}

static int
evaluate_memory(const struct gong_call *call,
                const struct eval_options *options,
                const struct gong_query *query, struct gong_eval_memory *memory)
{
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_answer answer;
    struct gong_query_error error;
    enum gong_err result = gong_query_answer(query, &source, &answer, &error);
    int status = print_answer(call, options, &answer, result, &error);

    gong_answer_fini(&answer);
    return status;
}

static int
evaluate_file(const struct gong_call *call, const struct eval_options *options,
              const struct gong_query *query, enum gong_data_format format)
{
    struct gong_data_set *set = gong_data_set_new();
    struct gong_eval_memory *memory = NULL;
    size_t refused = 0;
    enum gong_err err;
    int status;

    if (set == NULL) {
        return GONG_TOOL_MEMORY;
    }
    gong_data_set_precision(set, options->precision);
    err = gong_data_set_read(set, options->data, format, call->err, &refused);
    status = gong_tool_status(err);
    if (err == GONG_OK) {
        memory = gong_data_set_finish(set);
        status = memory == NULL ? GONG_TOOL_MEMORY : status;
    }
    if (memory != NULL) {
        status = evaluate_memory(call, options, query, memory);
        status =
            status == GONG_TOOL_OK && refused > 0 ? GONG_TOOL_DATA : status;
    }
    gong_data_set_free(set);
    return status;
}

static int
evaluate(const struct gong_call *call, const struct eval_options *options,
         enum gong_data_format format)
{
    struct gong_query query = {
        .expr = options->expr,
        .range = !options->at.given,
        .from_ms = options->at.given ? options->at.ms : options->from.ms,
        .to_ms = options->to.ms,
        .step_ms = options->step.ms,
        .lookback_ms = options->lookback.ms,
    };

    return gong_history_data_path(options->data) != NULL
               ? evaluate_history(call, options, &query)
               : evaluate_file(call, options, &query, format);
}

static bool
is_range(const struct gong_call *call, const struct eval_options *options)
{
    int64_t steps =
        options->step.ms <= 0
            ? 0
            : (options->to.ms - options->from.ms) / options->step.ms;

    if (options->to.ms < options->from.ms) {
        (void)gong_call_refuse_value(call, "to", options->to.text,
                                     "nothing before --from");
    } else if (options->step.ms <= 0) {
        (void)gong_call_refuse_value(call, "step", options->step.text,
                                     "a length above 0");
    } else if (steps >= GONG_QUERY_STEPS_MAX) {
        (void)gong_call_refuse_value(call, "step", options->step.text,
                                     "at most 11000 steps in the range");
    } else {
        return true;
    }
    return false;
}

/* One instant, or a range that a query may have; what is wrong is said. */
static bool
has_times(const struct gong_call *call, const struct eval_options *options)
{
    if (options->at.given
            ? options->from.given || options->to.given || options->step.given
            : !options->from.given || !options->to.given ||
                  !options->step.given) {
        (void)gong_call_refuse(call,
                               options->at.given ? "--at beside a range"
                                                 : "no instant and no range",
                               "--at, or --from, --to and --step");
        return false;
    }
    if (options->lookback.given && options->lookback.ms <= 0) {
        (void)gong_call_refuse_value(call, "lookback", options->lookback.text,
                                     "a length above 0");
        return false;
    }
    return options->at.given || is_range(call, options);
}

static int
judge_options(const struct gong_call *call, struct eval_options *options,
              enum gong_data_format *format)
{
    if (!has_times(call, options)) {
        return GONG_TOOL_USAGE;
    }
    if (options->format != NULL && strcmp(options->format, "json") != 0 &&
        strcmp(options->format, "promtool") != 0) {
        return gong_call_refuse_value(call, "format", options->format,
                                      "promtool or json");
    }
    if (gong_history_data_path(options->data) != NULL) {
        return options->data_format != NULL
                   ? gong_call_refuse(call, "--data-format", "it with files")
                   : gong_call_precision(call, options->precision_word, false,
                                         &options->precision);
    }
    if (options->data_format != NULL &&
        !gong_data_format_find(options->data_format, format)) {
        return gong_call_refuse_value(call, "data-format", options->data_format,
                                      "lines, prometheus or openmetrics");
    }
    if (*format == GONG_DATA_BY_NAME) {
        *format = gong_data_format_of(options->data);
    }
    return gong_call_precision(call, options->precision_word,
                               *format == GONG_DATA_LINES, &options->precision);
}

int
gong_cmd_eval(const struct gong_call *call)
{
    struct eval_options options = {0};
    const struct gong_argument table[] = {
        {"expr", GONG_ARGUMENT_TEXT, &options.expr, "EXPR", "biểu thức PromQL",
         "the PromQL expression"},
        {"data", GONG_ARGUMENT_TEXT, &options.data, "FILE",
         "tệp số liệu, hoặc history:PATH của agent; -: đầu vào chuẩn",
         "samples, or history:PATH of an agent; -: standard input"},
        {"data-format", GONG_ARGUMENT_TEXT, &options.data_format, "WORD",
         "lines, prometheus hoặc openmetrics; không có: theo tên tệp",
         "lines, prometheus or openmetrics; without it, by the file's name"},
        {"precision", GONG_ARGUMENT_TEXT, &options.precision_word, "WORD",
         "đơn vị của mốc thời gian: ns (không có), us, ms hoặc s",
         "the unit of stamps: ns (default), us, ms or s"},
        {"at", GONG_ARGUMENT_TIME, &options.at, "TIME", "tại một thời điểm",
         "at one instant"},
        {"from", GONG_ARGUMENT_TIME, &options.from, "TIME", "từ thời điểm này",
         "from here"},
        {"to", GONG_ARGUMENT_TIME, &options.to, "TIME",
         "đến thời điểm này, kể cả nó", "up to here, included"},
        {"step", GONG_ARGUMENT_LENGTH, &options.step, "LENGTH",
         "mỗi bước dài bao lâu", "from one instant to the next"},
        {"lookback", GONG_ARGUMENT_LENGTH, &options.lookback, "LENGTH",
         "một số liệu còn giá trị bao lâu; 5m",
         "how long a sample counts as present; 5m"},
        {"format", GONG_ARGUMENT_TEXT, &options.format, "WORD",
         "promtool (không có) hoặc json", "promtool (default) or json"},
        {"cases", GONG_ARGUMENT_TEXT, &options.cases, "FILE",
         "mỗi dòng một câu hỏi JSON", "a query as JSON on each line"},
    };
    struct gong_words words;
    enum gong_data_format format = GONG_DATA_BY_NAME;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count > 0) {
        return gong_call_refuse_word(call, words.items[0], "options only");
    }
    if (options.cases != NULL && !has_only_cases(&options)) {
        return gong_call_refuse(call, "another option beside --cases",
                                "it in the lines of the file");
    }
    if (options.cases != NULL) {
        return run_cases(call, options.cases);
    }
    if (options.expr == NULL || options.data == NULL) {
        return gong_call_refuse(
            call, options.expr == NULL ? "no --expr" : "no --data",
            "--expr and --data, or --cases");
    }
    status = judge_options(call, &options, &format);
    return status == GONG_TOOL_OK ? evaluate(call, &options, format) : status;
}
