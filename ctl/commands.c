#include "ctl/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "ctl/output.h"
#include "ctl/token_file.h"
#include "ctl/usage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE         500
#define END                                                                    \
    {                                                                          \
        NULL, NULL, NULL, NULL                                                 \
    }

/* --- the table --- */

const struct gong_ctl_option gong_ctl_common_options[] = {
    {"agent", "ADDRESS", NULL,
     "unix:PATH hoặc https://HOST; mặc định $GONG_AGENT hoặc "
     "unix:" GONG_CTL_SOCKET " | which agent"},
    {"format", "WORD", "table json", "table (mặc định) hoặc json | how"},
    {"ca-file", "FILE", NULL, "chứng thư tin cậy | authorities to trust"},
    {"token-file", "FILE", NULL,
     "tệp chứa mã truy cập | file with an API token"},
    {"help", NULL, NULL, "trợ giúp | help"},
    {"version", NULL, NULL, "phiên bản | version"},
    END,
};

static const struct gong_ctl_option login_options[] = {
    {"user", "NAME", NULL, "tên đăng nhập | name"},
    {"password-file", "FILE", NULL, "mật khẩu lấy từ tệp | from a file"},
    END,
};
static const struct gong_ctl_option alerts_options[] = {
    {"all", NULL, NULL, "cả những cảnh báo đã kết thúc | ended ones too"},
    {"unit", "CODE", NULL, "chỉ đơn vị này và cấp dưới | this unit and below"},
    {"severity", "WORDS", "critical warning info",
     "critical,warning,info | only these"},
    {"owner", "NAME", NULL, "chỉ của người xử lý này | only whose owner it is"},
    {"since", "LENGTH", NULL, "mở trong khoảng này, ví dụ 24h | opened within"},
    {"limit", "N", NULL, "nhiều nhất N dòng | at most N"},
    END,
};
static const struct gong_ctl_option ack_options[] = {
    {"comment", "TEXT", NULL, "ghi chú | a remark"},
    {"owner", "NAME", NULL, "người xử lý | who sees to it"},
    {"until", "TIME", NULL, "đến khi nào: 2h, 2026-11-22 18:00 | until when"},
    {"sticky", NULL, NULL,
     "giữ cả khi cảnh báo tăng mức | also when it climbs"},
    END,
};
static const struct gong_ctl_option comment_options[] = {
    {"comment", "TEXT", NULL, "ghi chú | a remark"},
    END,
};
static const struct gong_ctl_option outcome_options[] = {
    {"verdict", "WORD", "real false late test",
     "real (đúng), false (báo nhầm), late (muộn), test (thử) | was it real"},
    {"cause", "TEXT", NULL, "nguyên nhân | why"},
    {"cost", "DONG", NULL, "chi phí, đồng | in dong"},
    {"comment", "TEXT", NULL, "ghi chú | a remark"},
    END,
};
static const struct gong_ctl_option silence_options[] = {
    {"match", "MATCHER", NULL,
     "nhãn, ví dụ unit=22015; lặp lại được | a label; may be repeated"},
    {"for", "LENGTH", NULL, "trong bao lâu: 2h | how long"},
    {"until", "TIME", NULL, "đến khi nào | until when"},
    {"from", "TIME", NULL, "từ khi nào | from when"},
    {"comment", "TEXT", NULL, "ghi chú | a remark"},
    {"all", NULL, NULL, "cả những mục đã hết hạn | also those that are over"},
    END,
};
static const struct gong_ctl_option users_options[] = {
    {"name", "TEXT", NULL, "họ tên | for people"},
    {"grant", "ROLE@UNIT", NULL,
     "quyền, ví dụ operator@22015 hoặc admin@*; lặp lại được | may be "
     "repeated"},
    {"password-file", "FILE", NULL, "mật khẩu lấy từ tệp | from a file"},
    {"password", NULL, NULL, "đổi mật khẩu | another password"},
    {"disable", NULL, NULL, "khóa | can no longer log in"},
    {"enable", NULL, NULL, "mở khóa | can log in again"},
    END,
};
static const struct gong_ctl_option tokens_options[] = {
    {"role", "ROLE", "viewer operator engineer admin", "vai trò | role"},
    {"unit", "CODE", NULL, "đơn vị, hoặc * | unit, or *"},
    {"for", "LENGTH", NULL, "có hiệu lực bao lâu: 90d | how long"},
    END,
};
static const struct gong_ctl_option limit_options[] = {
    {"limit", "N", NULL, "nhiều nhất N dòng | at most N"},
    END,
};
static const struct gong_ctl_option handover_options[] = {
    {"since", "LENGTH", NULL, "độ dài ca, mặc định 12h | of the shift"},
    {"to", "NAME", NULL, "người nhận ca | who takes over"},
    {"by", "NAME", NULL,
     "người giao ca; mặc định là người đăng nhập | who hands over"},
    {"comment", "TEXT", NULL, "ghi chú | a remark"},
    {"output", "FILE", NULL, "ghi vào tệp | into a file"},
    END,
};
static const struct gong_ctl_option report_options[] = {
    {"month", "YYYY-MM", NULL, "tháng | month"},
    {"incident", "N", NULL,
     "một cảnh báo, từ lúc đo đến khi đóng | one alert, measured to closed"},
    {"as", "WORD", "html csv", "html (mặc định) hoặc csv"},
    {"output", "FILE", NULL, "ghi vào tệp | into a file"},
    END,
};

static const struct gong_ctl_option restore_options[] = {
    {"yes", NULL, NULL,
     "khôi phục; không có thì chỉ kiểm tra | without it: only checks"},
    END,
};
static const struct gong_ctl_option watch_options[] = {
    {"max-age", "LENGTH", NULL,
     "mẫu thử cũ hơn là báo động, mặc định 3m | older than that is an alarm"},
    {"every", "LENGTH", NULL, "bao lâu xem một lần, mặc định 15s | looks"},
    {"repeat", "LENGTH", NULL, "nhắc lại sau, mặc định 15m | says again after"},
    {"exec", "PROGRAM", NULL,
     "chạy khi báo động và khi hết: PROGRAM alarm|well VI EN | to be run"},
    {"once", NULL, NULL, "xem một lần, mã thoát khác 0 là báo động | once"},
    END,
};
static const struct gong_ctl_option drill_options[] = {
    {"receiver", "NAME", NULL,
     "báo tới nơi nhận này của tệp định tuyến | instead of the routes"},
    {"contact", "ID", NULL, "báo tới vị trí trực này | to that post instead"},
    {"unit", "CODE", NULL, "như cảnh báo của đơn vị này | as of that unit"},
    {"severity", "WORD", "critical warning info",
     "mức, mặc định critical | how bad"},
    {"service", "WORD", NULL, "nhãn service | the label"},
    {"timeout", "LENGTH", NULL, "chờ bao lâu, mặc định 60s | how long"},
    END,
};

const struct gong_ctl_command gong_ctl_commands[] = {
    {"login", "", 0, login_options, gong_ctl_login, "đăng nhập | log in"},
    {"logout", "", 0, NULL, gong_ctl_logout, "đăng xuất | log out"},
    {"whoami", "", 0, NULL, gong_ctl_whoami,
     "tôi là ai, được làm gì | who am I, what may I"},
    {"passwd", "", 0, NULL, gong_ctl_passwd, "đổi mật khẩu | my password"},
    {"alerts", "", 0, alerts_options, gong_ctl_alerts,
     "danh sách cảnh báo | incidents"},
    {"show", "N", 1, NULL, gong_ctl_show,
     "một cảnh báo: vì sao, diễn biến | one of them, with its history"},
    {"ack", "N...", GONG_CTL_WORDS_MAX, ack_options, gong_ctl_ack,
     "tiếp nhận | acknowledge"},
    {"unack", "N", 1, comment_options, gong_ctl_unack,
     "thôi tiếp nhận | take that back"},
    {"assign", "N OWNER", 2, comment_options, gong_ctl_assign,
     "giao người xử lý | another owner"},
    {"comment", "N TEXT", 2, NULL, gong_ctl_comment, "ghi chú | a remark"},
    {"resolve", "N", 1, comment_options, gong_ctl_resolve,
     "đóng sự cố | it is over"},
    {"outcome", "N", 1, outcome_options, gong_ctl_outcome,
     "kết quả, nguyên nhân, chi phí | what it was"},
    {"silence", "[N]", 1, silence_options, gong_ctl_silence,
     "tạm ngừng báo | no messages"},
    {"silences", "", 0, silence_options, gong_ctl_silences,
     "các lần tạm ngừng báo | silences"},
    {"unsilence", "S", 1, comment_options, gong_ctl_unsilence,
     "báo trở lại | end a silence or maintenance"},
    {"maintenance", "[add]", 1, silence_options, gong_ctl_maintenance,
     "bảo trì theo lịch | planned maintenance"},
    {"units", "", 0, NULL, gong_ctl_units, "đơn vị | units"},
    {"devices", "[UNIT]", 1, NULL, gong_ctl_devices, "thiết bị | devices"},
    {"ledger", "[SITE[/DEVICE]]", 1, NULL, gong_ctl_ledger,
     "sổ giao nhận số liệu | delivery ledger"},
    {"rules", "log|rollback SHA", 2, comment_options, gong_ctl_rules,
     "bộ quy tắc đã dùng, quay lại bộ cũ | rule sets, an earlier one"},
    {"users", "[add|change|remove NAME]", 2, users_options, gong_ctl_users,
     "người dùng | users"},
    {"tokens", "[add NAME|remove ID]", 2, tokens_options, gong_ctl_tokens,
     "mã truy cập cho chương trình | API tokens"},
    {"audit", "[verify]", 1, limit_options, gong_ctl_audit,
     "nhật ký kiểm toán | audit log"},
    {"handover", "--to NAME", 0, handover_options, gong_ctl_handover,
     "giao ca: viết sổ trực | write the shift log"},
    {"report", "", 0, report_options, gong_ctl_report,
     "báo cáo tháng theo đơn vị, hoặc một cảnh báo | by unit, or one "
     "alert"},
    {"backup", "FILE", 1, NULL, gong_ctl_backup,
     "sao lưu bàn trực và người dùng | back up desk and users"},
    {"restore", "FILE", 1, restore_options, gong_ctl_restore,
     "khôi phục từ bản sao lưu | restore a backup"},
    {"watch", "", 0, watch_options, gong_ctl_watch,
     "canh từ máy khác: báo động có còn đến nơi không | do alerts get through"},
    {"drill", "", 0, drill_options, gong_ctl_drill,
     "diễn tập từ thiết bị đến điện thoại | from a device to the phone"},
    {"completion", "bash", 1, NULL, gong_ctl_completion,
     "gợi ý lệnh cho bash | completion"},
};
const size_t gong_ctl_command_count = COUNT(gong_ctl_commands);

/* --- for commands --- */

int
gong_ctl_wrong(struct gong_ctl *ctl, const char *what)
{
    (void)fprintf(ctl->err, "gongctl: %s\n", what);
    return GONG_CTL_USAGE;
}

const char *
gong_ctl_arg(const struct gong_ctl *ctl, size_t n)
{
    return n < ctl->arguments.word_count ? ctl->arguments.words[n] : NULL;
}

uint64_t
gong_ctl_number(const char *text)
{
    char *end = NULL;
    unsigned long long number;

    if (text == NULL) {
        return 0;
    }
    text += text[0] == '#';
    if (text[0] < '0' || text[0] > '9') {
        return 0;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : 0;
}

const char *
gong_ctl_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

int64_t
gong_ctl_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

void
gong_ctl_put(FILE *out, const char *text)
{
    char *copy = strdup(text);

    if (copy != NULL) {
        gong_text_clean(copy, strlen(copy));
        (void)fputs(copy, out);
    }
    free(copy);
}

int
gong_ctl_print_json(struct gong_ctl *ctl, json_t *value)
{
    if (json_dumpf(value, ctl->out, JSON_INDENT(2)) == 0) {
        (void)fputc('\n', ctl->out);
    }
    json_decref(value);
    return GONG_CTL_OK;
}

int
gong_ctl_done(struct gong_ctl *ctl, json_t *answer, const char *what)
{
    int64_t number = gong_ctl_int(answer, "number");

    if (ctl->json) {
        return gong_ctl_print_json(ctl, answer);
    }
    (void)fputs(what, ctl->out);
    if (number != 0) {
        (void)fprintf(ctl->out, " (số %lld)", (long long)number);
    }
    (void)fputc('\n', ctl->out);
    json_decref(answer);
    return GONG_CTL_OK;
}

static int
exit_of(long status)
{
    switch (status) {
    case 401:
    case 403:
        return GONG_CTL_NO_PERMISSION;
    case 404:
        return GONG_CTL_NOT_FOUND;
    case 400:
    case 409:
    case 413:
        return GONG_CTL_REFUSED;
    default:
        return GONG_CTL_UNAVAILABLE;
    }
}

/* Who is not let in, and what to do about it. */
static void
advise(struct gong_ctl *ctl)
{
    const char *path = gong_ctl_option(&ctl->arguments, "token-file");

    if (path == NULL) {
        (void)fputs("Hãy chạy: gongctl login | log in first\n", ctl->err);
        return;
    }
    (void)fputs("  mã truy cập sai hoặc hết hạn | the token is wrong or over: ",
                ctl->err);
    gong_ctl_put(ctl->err, path);
    (void)fputc('\n', ctl->err);
}

/* What a refusal says: Vietnamese | English (status), then the detail. */
static void
print_problem(struct gong_ctl *ctl, const struct gong_ctl_answer *answer)
{
    const char *vi = gong_ctl_text(answer->json, "title");
    const char *en = gong_ctl_text(answer->json, "title_en");
    const char *detail = gong_ctl_text(answer->json, "detail");

    (void)fputs("gongctl: ", ctl->err);
    gong_ctl_put(ctl->err, vi[0] == '\0' ? "máy chủ từ chối" : vi);
    (void)fputs(" | ", ctl->err);
    gong_ctl_put(ctl->err, en[0] == '\0' ? "the server refuses" : en);
    (void)fprintf(ctl->err, " (%ld)\n", answer->status);
    if (detail[0] != '\0') {
        (void)fputs("  ", ctl->err);
        gong_ctl_put(ctl->err, detail);
        (void)fputc('\n', ctl->err);
    }
}

static int
complain(struct gong_ctl *ctl, const struct gong_ctl_answer *answer)
{
    if (answer->status == 0) {
        (void)fprintf(
            ctl->err,
            "gongctl: không kết nối được tới | cannot reach %s: ", ctl->agent);
        gong_ctl_put(ctl->err, answer->why);
        (void)fputc('\n', ctl->err);
        return GONG_CTL_UNAVAILABLE;
    }
    print_problem(ctl, answer);
    if (answer->status == 401) {
        advise(ctl);
    }
    return exit_of(answer->status);
}

/* Once; the answer is shown as well. */
static void
warn(struct gong_ctl *ctl, const json_t *answer)
{
    const char *warning = gong_ctl_text(answer, "warning");

    if (warning[0] != '\0' && !ctl->warned) {
        ctl->warned = true;
        (void)fputs("gongctl: CHÚ Ý: ", ctl->err);
        gong_ctl_put(ctl->err, warning);
        (void)fputc('\n', ctl->err);
    }
}

int
gong_ctl_do(struct gong_ctl *ctl, const char *method, const char *path,
            json_t *body, json_t **json)
{
    struct gong_ctl_answer answer;
    int code = GONG_CTL_OK;

    gong_ctl_ask(ctl->client, method, path, body, &answer);
    json_decref(body);
    if (answer.status / 100 != 2) {
        code = complain(ctl, &answer);
    } else if (!json_is_object(answer.json)) {
        (void)fputs("gongctl: câu trả lời không đọc được | the answer cannot "
                    "be read\n",
                    ctl->err);
        code = GONG_CTL_SOFTWARE;
    } else {
        warn(ctl, answer.json);
    }
    if (json != NULL) {
        *json = code == GONG_CTL_OK ? json_incref(answer.json) : NULL;
    }
    gong_ctl_answer_fini(&answer);
    return code;
}

int
gong_ctl_pages(struct gong_ctl *ctl, const char *path, const char *member,
               size_t max, json_t **out)
{
    json_t *all = json_array();
    json_int_t before = 0;
    int code = GONG_CTL_OK;

    *out = NULL;
    do {
        size_t left = max - json_array_size(all);
        char page[2048];
        json_t *answer;
        const json_t *next;

        (void)snprintf(page, sizeof page, "%s%climit=%zu&before=%lld", path,
                       strchr(path, '?') == NULL ? '?' : '&',
                       left < PAGE ? left : (size_t)PAGE, (long long)before);
        code = gong_ctl_do(ctl, "GET", page, NULL, &answer);
        if (code != GONG_CTL_OK) {
            break;
        }
        (void)json_array_extend(all, json_object_get(answer, member));
        next = json_object_get(answer, "next");
        before = json_is_integer(next) ? json_integer_value(next) : 0;
        json_decref(answer);
    } while (before != 0 && json_array_size(all) < max);
    if (code != GONG_CTL_OK) {
        json_decref(all);
        return code;
    }
    *out = all;
    return GONG_CTL_OK;
}

/* --- the program --- */

static const char *
agent_of(const struct gong_ctl_arguments *arguments)
{
    const char *agent = gong_ctl_option(arguments, "agent");

    if (agent == NULL) {
        agent = getenv("GONG_AGENT");
    }
    return agent == NULL || agent[0] == '\0' ? "unix:" GONG_CTL_SOCKET : agent;
}

static int
open_and_run(struct gong_ctl *ctl, const struct gong_ctl_command *command)
{
    const char *path = gong_ctl_option(&ctl->arguments, "token-file");
    char why[512] = "";
    char *token = path != NULL
                      ? gong_ctl_secret(ctl, NULL, path)
                      : gong_ctl_token_load(ctl->agent, why, sizeof why);
    int code = GONG_CTL_USAGE;

    if (path != NULL && token == NULL) {
        return GONG_CTL_USAGE;
    }
    if (why[0] != '\0') {
        (void)fprintf(ctl->err, "gongctl: %s\n", why);
    }
    if (gong_ctl_client_open(ctl->agent, token,
                             gong_ctl_option(&ctl->arguments, "ca-file"),
                             &ctl->client, why, sizeof why) != GONG_OK) {
        (void)fprintf(ctl->err, "gongctl: %s: ", why);
        gong_ctl_put(ctl->err, ctl->agent);
        (void)fputc('\n', ctl->err);
    } else {
        code = command->run(ctl);
        code = code == GONG_CTL_OK && ctl->warned ? GONG_CTL_BROKEN : code;
    }
    gong_ctl_client_close(ctl->client);
    free(token);
    return code;
}

static int
run_command(struct gong_ctl *ctl, const struct gong_ctl_command *command)
{
    const char *format = gong_ctl_option(&ctl->arguments, "format");
    int code;

    if (gong_ctl_flag(&ctl->arguments, "help")) {
        gong_ctl_usage(command, ctl->out);
        code = GONG_CTL_OK;
    } else {
        ctl->json = format != NULL && strcmp(format, "json") == 0;
        if (format != NULL && !ctl->json && strcmp(format, "table") != 0) {
            return gong_ctl_wrong(ctl, "--format: table | json");
        }
        ctl->agent = agent_of(&ctl->arguments);
        code = open_and_run(ctl, command);
    }
    return gong_ctl_output_end(ctl, code);
}

static bool
asks_for_itself(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
           strcmp(word, "--version") == 0;
}

/* Where the command is: options may stand before it, also its own. Without one
 * where --help or --version is, or the first word; 0: there is none. */
static int
find_command(int argc, char **argv)
{
    int lead = gong_ctl_arguments_lead(argc - 1, argv + 1,
                                       gong_ctl_common_options, NULL);

    for (int i = 1; i < argc; i++) {
        const struct gong_ctl_command *command = gong_ctl_command_find(argv[i]);

        if (command != NULL &&
            gong_ctl_arguments_lead(i - 1, argv + 1, gong_ctl_common_options,
                                    command->options) == i - 1) {
            return i;
        }
    }
    for (int i = 1; i <= lead; i++) {
        if (asks_for_itself(argv[i])) {
            return i;
        }
    }
    return lead + 1 < argc ? lead + 1 : 0;
}

/* Its words and options, which stand on both sides of its name. */
static bool
read_arguments(int argc, char **argv, int at,
               const struct gong_ctl_command *command, struct gong_ctl *ctl)
{
    char **others = calloc((size_t)argc, sizeof *others);
    int count = 0;
    bool ok;

    if (others == NULL) {
        (void)fprintf(ctl->err, "gongctl: %s\n",
                      gong_err_text(GONG_ERR_MEMORY));
        return false;
    }
    for (int i = 1; i < argc; i++) {
        if (i != at) {
            others[count++] = argv[i];
        }
    }
    ok = gong_ctl_arguments_read(count, others, gong_ctl_common_options,
                                 command->options, &ctl->arguments, ctl->err);
    free(others);
    return ok;
}

int
gong_ctl_run(int argc, char **argv, FILE *out, FILE *err)
{
    struct gong_ctl ctl = {
        .out = out, .err = err, .now_ms = gong_floor_ms(gong_wall_now().ns)};
    int at = argc < 2 ? 0 : find_command(argc, argv);
    const char *name = at == 0 ? "" : argv[at];
    const struct gong_ctl_command *command = gong_ctl_command_find(name);

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        gong_ctl_usage(
            at + 1 < argc ? gong_ctl_command_find(argv[at + 1]) : NULL, out);
        return gong_ctl_output_end(&ctl, GONG_CTL_OK);
    }
    if (strcmp(name, "--version") == 0) {
        (void)fprintf(out, "gongctl %s\n", GONG_VERSION);
        return gong_ctl_output_end(&ctl, GONG_CTL_OK);
    }
    if (command == NULL) {
        gong_ctl_usage_unknown(name, err);
        return GONG_CTL_USAGE;
    }
    if (!read_arguments(argc, argv, at, command, &ctl) ||
        (!gong_ctl_flag(&ctl.arguments, "help") &&
         !gong_ctl_arguments_fit(&ctl.arguments, command->words_max, err))) {
        gong_ctl_usage_hint(command, err);
        return GONG_CTL_USAGE;
    }
    return run_command(&ctl, command);
}
