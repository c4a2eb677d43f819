#include "rules/tool/commands.h"

#include <string.h>

#include "common/log.h"

const struct gong_command gong_commands[] = {
    {"check",
     "FILE... [--cost] [--budget SIZE] [--every LENGTH] [--lint-fatal]",
     "Kiểm tra tệp quy tắc: mọi lỗi, và những gì đáng ngờ.",
     "Checks rule files: every error, and what is hardly meant so.",
     "FILE: our rule files, folders of them, or Prometheus' (*.yml, *.yaml).\n"
     "Errors: file:line:column: found ..., expected ...; warnings end with a "
     "word: never,\n"
     "resolve, level, range, for, active, on_missing, summary, action, "
     "severity, template,\n"
     "label, twice, circle.\n"
     "\n"
     "Exit: 0, 1 errors (or warnings with --lint-fatal, or past --budget), 64 "
     "usage.\n",
     gong_cmd_check},
    {"diff",
     "--routes --old FILE --new FILE --data FILE --rules FILE [--model FILE]",
     "So sánh hai tệp định tuyến trên số liệu cũ: ai nhận bao nhiêu tin.",
     "Compares routing files over past samples: who is told how often.",
     "The samples run through the rules, the alerts through both files; then "
     "messages are\n"
     "counted per receiver, unit and shift. Only rows that differ are printed, "
     "but with\n"
     "--all; then the sums. --format json: an object a row, last the sums.\n"
     "\n"
     "Exit: 0 nothing differs, 1 something does or a file is refused, 64 "
     "usage, 65 bad data,\n"
     "66 no file.\n",
     gong_cmd_diff},
    {"eval",
     "--expr EXPR --data FILE --at TIME | --from TIME --to TIME --step LENGTH",
     "Tính một biểu thức PromQL trên số liệu trong tệp.",
     "Evaluates a PromQL expression over the samples of a file.",
     "Data (lines, .gz too): line protocol, stamps in ns; a metric is "
     "measurement_field,\n"
     "labels are the tags. NAME.prom: metric{label=\"x\"} VALUE MS; NAME.om: "
     "the same with\n"
     "seconds; both also take NaN, +Inf, -Inf and stale (the marker that ends "
     "a series). history:PATH: an agent's history.db or its folder, raw "
     "samples.\n"
     "\n"
     "--cases: a JSON object a line in FILE (-: standard input), an answer a "
     "line out:\n"
     "  {\"expr\": \"sum(up)\", \"at\": 60 | \"from\": 0, \"to\": 300, "
     "\"step\": 15,\n"
     "   \"lookback\": 300, \"data\": \"FILE\" | \"series\": [{\"metric\": "
     "{\"__name__\": \"up\"},\n"
     "   \"values\": [[0, \"1\"], [15, \"NaN\"], [30, \"stale\"]]}]}\n"
     "Times are seconds. A case without data has that of the case before. "
     "Answers are\n"
     "those of Prometheus' HTTP API: {\"status\":\"success\",\"data\":...} or\n"
     "{\"status\":\"error\",\"errorType\":\"bad_data\"|\"execution\","
     "\"error\":...}.\n"
     "\n"
     "Exit: 0, 1 the expression is refused or fails, 64 usage, 65 bad data, "
     "66 no file;\n"
     "of --cases 1 a line is no case: what an expression does wrong is an "
     "answer there.\n",
     gong_cmd_eval},
    {"explain",
     "--rules FILE --rule NAME [--labels LABELS] --at TIME --data FILE",
     "Vì sao báo động, vì sao không: từng vế của biểu thức với giá trị.",
     "Why an alert, and why not: each clause of the expression with its "
     "values.",
     "Every part of expr, resolve and levels is evaluated at TIME; a selector "
     "without a value\n"
     "tells when its last sample was. Then for, keep_firing_for, on_missing "
     "with "
     "what is missing,\n"
     "the calendar and trial; with line protocol or a history each alert's "
     "state, its last\n"
     "change and why it goes on.\n"
     "\n"
     "Exit: 0, 1 the rules are refused, 64 usage, 65 bad data, 66 no file.\n",
     gong_cmd_explain},
    {"export",
     "--data history:PATH [--match SELECTOR] [--from TIME] [--to TIME]",
     "Xuất số liệu trong lịch sử của agent ra line protocol.",
     "Writes samples of an agent's history as line protocol.",
     "A sample a line, by rising stamp: the metric is the measurement, the "
     "field is value,\n"
     "labels are tags, stamps are in ns. Raw samples only: of what is older "
     "there are roll-ups,\n"
     "which are not written. The agent may run; what it has not committed yet, "
     "10 minutes at\n"
     "most, is not there.\n"
     "\n"
     "Exit: 0, 1 the model is refused, 64 usage, 65 a damaged file, 66 no "
     "file, 71 out of\n"
     "memory, 74 the output cannot be written.\n",
     gong_cmd_export},
    {"import", "FILE.yml [--group NAME] > FILE.cfg",
     "Chuyển quy tắc của Prometheus thành của ta.",
     "Converts a rule file of Prometheus to ours.",
     "What cannot be converted is left out, named on standard error, and the "
     "exit is 1.\n"
     "A note there names each rule that reads up, which is another series "
     "here.\n"
     "\n"
     "Exit: 0, 1 something was left out or the file is wrong, 64 usage.\n",
     gong_cmd_import},
    {"replay", "--rules FILE --data FILE [--format WORD] [--tolerance LENGTH]",
     "Cho số liệu cũ chạy qua quy tắc: báo động nào, lúc nào, bao lâu.",
     "Runs past samples through rules: which alerts, when, for how long.",
     "Data: lines sorted by stamp, or late by at most --tolerance; in a file a "
     "sample\n"
     "arrives at its stamp. history:PATH is an agent's history.db or its "
     "folder: raw samples\n"
     "of --from to --to, likewise. --format json: a transition a line, last a "
     "summary.\n"
     "Rules that had no result are named on standard error.\n"
     "\n"
     "Exit: 0, 1 the rules are refused, 64 usage, 65 bad data or lines that "
     "are refused,\n"
     "66 no file, 71 out of memory, 74 the output cannot be written.\n",
     gong_cmd_replay},
    {"test", "FILE... [--rules FILE] [--routes FILE]",
     "Thử quy tắc (*.cases, promtool *.yml) và định tuyến (*.desk).",
     "Unit tests of rules: *.cases or promtool's *.yml; of routes: *.desk.",
     "*.cases: RULE fires|quiet FROM TO STEP [of SITE/DEVICE] LINE, a case a "
     "line, seconds;\n"
     "in LINE {A..B} "
     "goes from A to B, {A|B} is one after the other, \" & \" begins another "
     "line.\n"
     "*.yml: rule_files, input_series, alert_rule_test, promql_expr_test as "
     "for "
     "promtool test\n"
     "rules. Alerts are run by the evaluator and, where it can take rule and "
     "samples, by the\n"
     "engine: both have to agree.\n"
     "\n"
     "Exit: 0, 1 a test failed or a file is wrong, 64 usage.\n",
     gong_cmd_test},
    {0},
};

static void
put_usage(FILE *out)
{
    (void)fputs("gong-rules: kiểm tra, thử và giải thích quy tắc báo động\n"
                "gong-rules: checks, tests and explains alert rules\n"
                "\n",
                out);
    for (const struct gong_command *c = gong_commands; c->name != NULL; c++) {
        (void)fprintf(out, "  %-8s %s\n           %s\n", c->name, c->vietnamese,
                      c->english);
    }
    (void)fputs("\n"
                "gong-rules COMMAND --help tells more; --version prints the "
                "version.\n",
                out);
}

static int
run_command(int argc, char **argv, FILE *out, FILE *err)
{
    char quoted[100];

    for (const struct gong_command *c = gong_commands; c->name != NULL; c++) {
        if (strcmp(argv[1], c->name) == 0) {
            struct gong_call call = {c, argc - 1, argv + 1, out, err};

            return c->run(&call);
        }
    }
    (void)fprintf(err, "gong-rules: found the unknown command %s\n",
                  gong_log_quote(gong_str_of(argv[1]), quoted, sizeof quoted));
    put_usage(err);
    return GONG_TOOL_USAGE;
}

int
gong_rules_run(int argc, char **argv, FILE *out, FILE *err)
{
    int status = GONG_TOOL_OK;

    if (argc < 2) {
        put_usage(err);
        return GONG_TOOL_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)fprintf(out, "gong-rules %s\n", GONG_VERSION);
    } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
               strcmp(argv[1], "help") == 0) {
        put_usage(out);
    } else {
        status = run_command(argc, argv, out, err);
    }
    if (fflush(out) != 0 && status == GONG_TOOL_OK) {
        (void)fputs("gong-rules: the output could not be written\n", err);
        status = GONG_TOOL_WRITE;
    }
    return status;
}
