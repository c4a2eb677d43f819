/*
 * gong-agent: receives from the broker, journals, evaluates rules, tells.
 *
 *   gong-agent --config FILE            run; SIGHUP reads the rules again
 *   gong-agent --config FILE --check    config and rules, every problem
 *   gong-agent --config FILE --dump     the whole configuration in force
 *   gong-agent --options                every option as Markdown
 *   gong-agent --openapi                the API as OpenAPI (docs/openapi.json)
 *   gong-agent --check-audit FILE       whether STATE/users.db was changed
 *   gong-agent --check-journal DIR      whether a journal's files are sound
 *   gong-agent --config FILE --ledger [SITE[/DEVICE]]   what came of whom
 *   gong-agent --journal-dump DIR [--from OFFSET]   a line for each record
 *   gong-agent --preview-message FILE [--channel C] [--templates DIR]
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/agent.h"
#include "agent/api/api_routes.h"
#include "agent/users/audit.h"
#include "agent/config.h"
#include "agent/journal/journal_tool.h"
#include "agent/look/ledger_tool.h"
#include "agent/tell/message_preview.h"
#include "agent/decide/rules_reload.h"
#include "common/log.h"
#include "rules/desk/desk_config.h"

#define DEFAULT_CONFIG "/etc/gong/gong-agent.cfg"
#define WHY_SIZE       1024

enum mode {
    MODE_RUN,
    MODE_CHECK,
    MODE_DUMP,
    MODE_LEDGER,
    MODE_OPTIONS,
    MODE_OPENAPI,
    MODE_AUDIT_CHECK,
    MODE_JOURNAL_CHECK,
    MODE_JOURNAL_DUMP,
    MODE_PREVIEW,
    MODE_VERSION,
    MODE_HELP,
    MODE_WRONG,
};

static const char usage[] =
    "gong-agent: nhận số liệu, tính quy tắc, báo động\n"
    "gong-agent: receives metrics, evaluates rules, alerts\n"
    "\n"
    "  --config FILE   tệp cấu hình | the configuration; mặc định | default:\n"
    "                  " DEFAULT_CONFIG "\n"
    "  --check         kiểm tra cấu hình và quy tắc, nêu mọi lỗi\n"
    "                  check configuration and rules, name every mistake\n"
    "  --dump          in ra cấu hình đang có hiệu lực\n"
    "                  print the configuration in force\n"
    "  --ledger [SITE[/DEVICE]]\n"
    "                  sổ giao nhận: đủ đến lúc nào, thiếu gì; hỏi gong-agent\n"
    "                  đang chạy, nếu không thì đọc tệp. Mã thoát 0: không\n"
    "                  mất gì, 1: có mất, 66: không có thiết bị hay dữ liệu\n"
    "                  the delivery ledger: complete until when, what is\n"
    "                  missing; asks the running agent, else reads its files.\n"
    "                  Exit 0: nothing is lost, 1: something is, 66: no such\n"
    "                  device or no state\n"
    "  --options       in ra mọi tùy chọn, dạng Markdown\n"
    "                  print every option as Markdown\n"
    "  --openapi       in ra mô tả API | print the API as OpenAPI\n"
    "  --check-audit FILE\n"
    "                  nhật ký kiểm toán trong FILE (users.db) có bị sửa "
    "không\n"
    "                  whether the audit log in FILE (users.db) was changed\n"
    "  --check-journal DIR\n"
    "                  tệp nhật ký trong DIR có lành không\n"
    "                  whether a journal's files are sound\n"
    "  --journal-dump DIR [--from OFFSET]\n"
    "                  in mỗi bản ghi một dòng\n"
    "                  a line for each of its records\n"
    "  --preview-message FILE [--channel email|html|chat|sms]\n"
    "                  [--templates DIR]\n"
    "                  tin nhắn (JSON) sẽ trông thế nào với người nhận\n"
    "                  how a message (JSON) will look to who gets it\n"
    "  --version       in ra phiên bản | print the version\n"
    "  --help          in ra trang này | print this\n"
    "\n"
    "SIGHUP: đọc lại các tệp quy tắc; có một lỗi thì không đổi gì.\n"
    "SIGHUP reads the rule files again, all or nothing.\n";

/* What the arguments say. */
struct arguments {
    const char *path; /* of the configuration, or a journal's folder */
    const char *what; /* of the ledger */
    uint64_t from;
    struct gong_preview_options preview;
};

static bool
read_offset(const char *text, uint64_t *out)
{
    char *end = NULL;

    if (text == NULL) {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] >= '0' &&
           text[0] <= '9';
}

static enum mode
read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'f'},
        {"check", no_argument, NULL, MODE_CHECK},
        {"dump", no_argument, NULL, MODE_DUMP},
        {"ledger", no_argument, NULL, MODE_LEDGER},
        {"options", no_argument, NULL, MODE_OPTIONS},
        {"openapi", no_argument, NULL, MODE_OPENAPI},
        {"check-audit", required_argument, NULL, MODE_AUDIT_CHECK},
        {"check-journal", required_argument, NULL, MODE_JOURNAL_CHECK},
        {"journal-dump", required_argument, NULL, MODE_JOURNAL_DUMP},
        {"from", required_argument, NULL, 'o'},
        {"preview-message", required_argument, NULL, MODE_PREVIEW},
        {"channel", required_argument, NULL, 'c'},
        {"templates", required_argument, NULL, 't'},
        {"version", no_argument, NULL, MODE_VERSION},
        {"help", no_argument, NULL, MODE_HELP},
        {NULL, 0, NULL, 0},
    };
    enum mode mode = MODE_RUN;
    int found;

    while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (found == 'f') {
            arguments->path = optarg;
        } else if (found == 'o') {
            if (!read_offset(optarg, &arguments->from)) {
                return MODE_WRONG;
            }
        } else if (found == 'c') {
            arguments->preview.channel = optarg;
        } else if (found == 't') {
            arguments->preview.templates = optarg;
        } else if (found >= MODE_CHECK && found <= MODE_HELP) {
            mode = (enum mode)found;
            arguments->path = optarg != NULL ? optarg : arguments->path;
        } else {
            return MODE_WRONG;
        }
    }
    if (mode == MODE_LEDGER && optind < argc) {
        arguments->what = argv[optind++];
    }
    return optind == argc ? mode : MODE_WRONG;
}

static int
config_failed(struct gong_conf_errors *errors)
{
    gong_conf_errors_print(errors, stderr);
    gong_conf_errors_fini(errors);
    return EX_CONFIG;
}

/* What is wrong with the rules is said with what is wrong beside them. */
static void
check_rules_of(const char *path, struct gong_conf_errors *errors)
{
    struct gong_agent_config *config = gong_agent_config_root(path);
    struct gong_rules_checked rules;

    if (config != NULL && config->rules.count > 0 &&
        gong_rules_check_city(&config->rules, &config->model, &rules, errors)) {
        gong_rules_checked_fini(&rules);
    }
    gong_agent_config_free(config);
}

static void
tell_checked(const char *path, const struct gong_agent_config *config,
             const struct gong_rules_checked *checked)
{
    const struct gong_rule_source *source = checked->source;
    size_t units = gong_model_unit_count(source->model);
    size_t rules = gong_ruleset_listed(source->set);

    (void)printf("%s: %zu rule%s", path, rules, rules == 1 ? "" : "s");
    if (units > 0) {
        (void)printf(", %zu units, %zu devices", units,
                     gong_model_device_count(source->model));
    }
    (void)fputc('\n', stdout);
    (void)gong_agent_config_warn(config, path, stderr);
    if (checked->routes != NULL) {
        (void)gong_desk_config_warn(checked->routes, config->desk.routes,
                                    stderr);
    }
}

static bool
block_signals(sigset_t *set)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigemptyset(set);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    return sigaction(SIGPIPE, &ignore, NULL) == 0 &&
           pthread_sigmask(SIG_BLOCK, set, NULL) == 0;
}

/* Every thread has these signals blocked: they are only taken here. */
static void
serve(struct gong_agent *agent, const sigset_t *set)
{
    int number = 0;

    while (sigwait(set, &number) == 0) {
        if (number != SIGHUP) {
            break;
        }
        gong_log(GONG_LOG_INFO, "reload", "signal=SIGHUP");
        gong_agent_reload(agent);
    }
    gong_log(GONG_LOG_INFO, "stopping", "signal=%d", number);
}

static int
run(const struct gong_agent_config *config, struct gong_rules_checked *rules)
{
    struct gong_agent *agent;
    char why[WHY_SIZE] = "";
    char quoted[WHY_SIZE];
    sigset_t signals;
    enum gong_err err;

    if (!block_signals(&signals)) {
        return EX_OSERR;
    }
    if (config->notifies) {
        gong_log(GONG_LOG_WARNING, "notify_deprecated",
                 "todo=\"see what --check says to write instead\"");
    }
    err = gong_agent_start(config, rules, &agent, why, sizeof why);
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "start_failed", "reason=%s todo=\"%s\"",
                 gong_log_quote(gong_str_of(why), quoted, sizeof quoted),
                 gong_err_todo(err));
        gong_rules_checked_fini(rules);
        return EX_UNAVAILABLE;
    }
    gong_rules_checked_fini(rules);
    gong_log(GONG_LOG_INFO, "ready", "agent=%s http=%" PRIu16, config->agent,
             gong_agent_http_port(agent));
    serve(agent, &signals);
    gong_agent_stop(agent);
    gong_log(GONG_LOG_INFO, "stopped", "agent=%s", config->agent);
    return EX_OK;
}

static int
show_ledger(const struct gong_agent_config *config, const char *what)
{
    bool lost;
    enum gong_err err = gong_ledger_tool(config, what, stdout, stderr, &lost);

    if (err == GONG_ERR_INVALID) {
        return EX_USAGE;
    }
    if (err != GONG_OK) {
        (void)fprintf(stderr, "ledger: %s\n", gong_err_text(err));
        return EX_NOINPUT;
    }
    return lost ? 1 : EX_OK;
}

static int
with_config(enum mode mode, const struct arguments *arguments)
{
    const char *path = arguments->path;
    struct gong_conf_errors errors = {.files = mode == MODE_CHECK};
    struct gong_agent_config *config = gong_agent_config_load(path, &errors);
    struct gong_rules_checked rules;
    int status = EX_OK;

    if (config == NULL) {
        check_rules_of(path, &errors);
        return config_failed(&errors);
    }
    gong_log_init("gong-agent", (enum gong_log_level)config->log_level);
    if (mode == MODE_DUMP) {
        gong_agent_config_dump(config, stdout);
    } else if (mode == MODE_LEDGER) {
        status = show_ledger(config, arguments->what);
    } else if (!gong_rules_check_config(config, &rules, &errors)) {
        status = config_failed(&errors);
    } else if (mode == MODE_CHECK) {
        tell_checked(path, config, &rules);
        gong_rules_checked_fini(&rules);
    } else {
        status = run(config, &rules);
    }
    gong_conf_errors_fini(&errors);
    gong_agent_config_free(config);
    return status;
}

static int
with_journal(enum mode mode, const struct arguments *arguments)
{
    enum gong_err err =
        mode == MODE_JOURNAL_CHECK
            ? gong_journal_check(arguments->path, stdout, stderr)
            : gong_journal_dump(arguments->path, arguments->from, stdout,
                                stderr);

    if (err == GONG_OK) {
        return EX_OK;
    }
    return err == GONG_ERR_CORRUPT ? EX_DATAERR : EX_NOINPUT;
}

static int
preview(struct arguments *arguments)
{
    arguments->preview.path = arguments->path;
    return gong_message_preview(&arguments->preview, stdout, stderr) == GONG_OK
               ? EX_OK
               : EX_DATAERR;
}

static int
check_audit(const char *path)
{
    enum gong_err err = gong_audit_check(path, stdout, stderr);

    if (err == GONG_OK) {
        return EX_OK;
    }
    return err == GONG_ERR_CORRUPT ? EX_DATAERR : EX_NOINPUT;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = {.path = DEFAULT_CONFIG, .what = ""};
    enum mode mode = read_arguments(argc, argv, &arguments);

    switch (mode) {
    case MODE_RUN:
    case MODE_CHECK:
    case MODE_DUMP:
    case MODE_LEDGER:
        return with_config(mode, &arguments);
    case MODE_JOURNAL_CHECK:
    case MODE_JOURNAL_DUMP:
        return with_journal(mode, &arguments);
    case MODE_PREVIEW:
        return preview(&arguments);
    case MODE_OPTIONS:
        gong_agent_config_manual(stdout);
        return EX_OK;
    case MODE_OPENAPI:
        return gong_api_openapi_print(stdout) == GONG_OK ? EX_OK : EX_IOERR;
    case MODE_AUDIT_CHECK:
        return check_audit(arguments.path);
    case MODE_VERSION:
        (void)printf("gong-agent %s\n", GONG_VERSION);
        return EX_OK;
    case MODE_HELP:
        (void)fputs(usage, stdout);
        return EX_OK;
    case MODE_WRONG:
        break;
    }
    (void)fputs(usage, stderr);
    return EX_USAGE;
}
