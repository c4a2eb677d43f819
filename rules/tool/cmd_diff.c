#include "rules/tool/commands.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "rules/desk/desk_config_load.h"
#include "rules/tool/desk_load.h"
#include "rules/tool/history_data.h"
#include "rules/tool/replay.h"
#include "rules/tool/route_diff.h"
#include "rules/tool/rule_load.h"

#define HOUR_MS INT64_C(3600000)

struct diff_options {
    bool routes;
    char *older;
    char *newer;
    char *rules;
    char *model;
    const char *data;
    const char *format;
    bool all;
    struct gong_argument_time shift;
    struct gong_argument_time begin;
    struct gong_argument_time tolerance;
    struct gong_argument_time from;
    struct gong_argument_time to;
};

/* What is compared, and with what. */
struct compared {
    struct gong_rule_source *city;
    struct gong_ruleset *set;
    struct gong_desk_config *older;
    struct gong_desk_config *newer;
};

static bool
load(const struct gong_call *call, struct diff_options *options,
     struct compared *c)
{
    struct gong_conf_errors errors = {0};
    bool ok;

    c->city = gong_city_load(options->model, &errors);
    if (c->city != NULL) {
        c->older = gong_desk_config_load(options->older, c->city->model, NULL,
                                         &errors);
        c->newer = gong_desk_config_load(options->newer, c->city->model, NULL,
                                         &errors);
        c->set =
            gong_rules_load_city(&options->rules, 1, options->model, &errors);
    }
    ok = c->older != NULL && c->newer != NULL && c->set != NULL;
    gong_conf_errors_print(&errors, call->err);
    gong_conf_errors_fini(&errors);
    return ok;
}

static int
compare(const struct gong_call *call, const struct diff_options *options,
        const struct compared *c)
{
    struct gong_shift shift = {
        options->shift.given ? options->shift.ms : 8 * HOUR_MS,
        options->begin.given ? options->begin.ms : 6 * HOUR_MS};
    struct gong_route_diff *diff =
        gong_route_diff_new(c->older, c->newer, c->city->model, &shift);
    struct gong_replay replay = {
        .set = c->set,
        .path = options->data,
        .tolerance_ms = options->tolerance.ms,
        .has_since = options->from.given,
        .since_ms = options->from.ms,
        .has_until = options->to.given,
        .until_ms = options->to.ms,
        .emit = gong_route_diff_effect,
        .ctx = diff,
        .err = call->err,
    };
    enum gong_err err = GONG_ERR_MEMORY;
    int status;

    if (diff != NULL) {
        err = gong_replay_run(&replay);
    }
    if (err == GONG_OK) {
        err = gong_route_diff_end(diff, replay.to_ms);
    }
    status = gong_tool_status(err);
    if (err == GONG_OK &&
        gong_route_diff_put(diff, options->all,
                            strcmp(options->format, "json") == 0,
                            call->out) > 0) {
        status = GONG_TOOL_NO;
    }
    gong_route_diff_free(diff);
    if (err == GONG_OK && replay.refused > 0) {
        (void)fprintf(call->err, "%s: %llu lines refused\n", options->data,
                      (unsigned long long)replay.refused);
        return GONG_TOOL_DATA;
    }
    return status;
}

static bool
complete(const struct diff_options *o)
{
    return o->routes && o->older != NULL && o->newer != NULL &&
           o->data != NULL && o->rules != NULL;
}

static int
judge_options(const struct gong_call *call, const struct diff_options *options)
{
    if (!complete(options)) {
        return gong_call_refuse(call, "other words",
                                "--routes, --old, --new, --data and --rules");
    }
    if (strcmp(options->format, "table") != 0 &&
        strcmp(options->format, "json") != 0) {
        return gong_call_refuse(call, "another format", "table or json");
    }
    if ((options->shift.given && options->shift.ms < 60000) ||
        options->begin.ms >= 24 * HOUR_MS) {
        return gong_call_refuse(call, "another shift",
                                "at least 1m, beginning within a day");
    }
    return gong_call_history_times(call, options->data, &options->from,
                                   &options->to);
}

int
gong_cmd_diff(const struct gong_call *call)
{
    struct diff_options options = {.format = "table"};
    const struct gong_argument table[] = {
        {"routes", GONG_ARGUMENT_FLAG, &options.routes, NULL,
         "so sánh hai tệp định tuyến", "compare routing files"},
        {"old", GONG_ARGUMENT_TEXT, &options.older, "FILE", "tệp đang dùng",
         "the file in use"},
        {"new", GONG_ARGUMENT_TEXT, &options.newer, "FILE", "tệp mới",
         "the other one"},
        {"data", GONG_ARGUMENT_TEXT, &options.data, "FILE",
         "line protocol (.gz được), nhật ký của agent, history:PATH; "
         "-: đầu vào chuẩn",
         "line protocol (.gz too), an agent's journal, history:PATH; "
         "-: standard input"},
        {"from", GONG_ARGUMENT_TIME, &options.from, "TIME",
         "lịch sử từ thời điểm này", "a history from here on"},
        {"to", GONG_ARGUMENT_TIME, &options.to, "TIME",
         "đến thời điểm này, kể cả nó", "up to here, included"},
        {"rules", GONG_ARGUMENT_TEXT, &options.rules, "FILE",
         "tệp hoặc thư mục quy tắc", "rules, a file or a folder"},
        {"model", GONG_ARGUMENT_TEXT, &options.model, "FILE",
         "mô hình đơn vị, thiết bị (tệp hoặc thư mục)",
         "the city model (a file or a folder)"},
        {"shift", GONG_ARGUMENT_LENGTH, &options.shift, "LENGTH",
         "một ca trực dài bao lâu; 8h", "how long a shift is; 8h"},
        {"shift-begin", GONG_ARGUMENT_LENGTH, &options.begin, "LENGTH",
         "ca đầu tiên trong ngày bắt đầu lúc nào; 6h",
         "when the day's first shift begins; 6h"},
        {"all", GONG_ARGUMENT_FLAG, &options.all, NULL, "kể cả dòng không đổi",
         "rows that do not differ, too"},
        {"format", GONG_ARGUMENT_TEXT, &options.format, "WORD",
         "table (không có) hoặc json", "table (default) or json"},
        {"tolerance", GONG_ARGUMENT_LENGTH, &options.tolerance, "LENGTH",
         "một dòng được phép đến trễ bao lâu; 0",
         "how late a line may stand in the file; 0"},
    };
    struct compared compared = {0};
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
    status = load(call, &options, &compared)
                 ? compare(call, &options, &compared)
                 : GONG_TOOL_NO;
    gong_ruleset_free(compared.set);
    gong_desk_config_free(compared.older);
    gong_desk_config_free(compared.newer);
    gong_rule_source_free(compared.city);
    return status;
}
