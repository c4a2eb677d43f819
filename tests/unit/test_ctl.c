/* gongctl against the real server, over its local socket and over TCP. */
#include "ctl/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/base64.h"
#include "ctl/client.h"
#include "ctl/matchers.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/token_file.h"
#include "ctl/words.h"
#include "ctl_fixture.h"

static void
the_first_user_then_a_login(void **state)
{
    struct ctl_world *world = *state;
    struct stat status;
    char path[160], why[512];

    assert_int_equal(RUN(world, "users", "add", "lan", "--name",
                         "Nguyễn Thị Lan", "--grant", "admin@*", "--grant",
                         "operator@22015", "--password-file", world->password),
                     0);
    assert_int_equal(RUN(world, "users"), 0);
    ctl_holds(world->out, "lan");
    ctl_holds(world->out, "Nguyễn Thị Lan");
    ctl_holds(world->out, "admin@* operator@22015");
    assert_int_equal(RUN_TCP(world, "alerts"), GONG_CTL_NO_PERMISSION);
    ctl_holds(world->err, "gongctl login");
    assert_int_equal(RUN_TCP(world, "login", "--user", "lan", "--password-file",
                             world->password),
                     0);
    ctl_holds(world->out, "Xin chào Nguyễn Thị Lan");
    (void)snprintf(path, sizeof path, "%s/gong/sessions", world->api->dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(RUN_TCP(world, "whoami"), 0);
    ctl_holds(world->out, "quản trị (admin) @ *");
    assert_int_equal(RUN_TCP(world, "logout"), 0);
    assert_int_equal(RUN_TCP(world, "whoami"), GONG_CTL_NO_PERMISSION);
    /* A file that others can read is not believed. */
    assert_int_equal(gong_ctl_token_save(world->tcp, "gs_x", why, sizeof why),
                     GONG_OK);
    assert_int_equal(chmod(path, 0644), 0);
    assert_null(gong_ctl_token_load(world->tcp, why, sizeof why));
    ctl_holds(why, "chmod 600");
}

/* Where nobody can vouch for the chain that is an alarm, never silence. */
static void
watch_trusts_no_silence(void **state)
{
    static const char *const words[] = {"watch", "--once", NULL};
    struct ctl_world *world = *state;

    assert_int_equal(RUN(world, "watch", "--once"), GONG_CTL_BROKEN);
    ctl_holds(world->out, "BÁO ĐỘNG: trạm trung tâm không gửi mẫu thử");
    ctl_holds(world->out, "ALARM: the agent sends no proofs");
    assert_int_equal(RUN(world, "watch", "--once", "--format", "json"),
                     GONG_CTL_BROKEN);
    ctl_holds(world->out, "\"state\":\"alarm\"");
    assert_int_equal(ctl_run_at(world, "unix:/nowhere/gong.sock", words),
                     GONG_CTL_UNAVAILABLE);
    ctl_holds(world->out, "the agent does not answer");
    (void)api_add_user(world->api, "viewer", "all");
    assert_int_equal(RUN_TCP(world, "watch", "--once"), GONG_CTL_NO_PERMISSION);
    ctl_holds(world->out, "nhưng không cho xem (HTTP 401");
    ctl_holds(world->out, "the agent answers, but this watch may not look");
    assert_int_equal(RUN(world, "watch", "--once", "--max-age", "soon"),
                     GONG_CTL_USAGE);
    assert_int_equal(RUN(world, "watch", "--every", "1ms"), GONG_CTL_USAGE);
    assert_int_equal(RUN(world, "drill"), GONG_CTL_UNAVAILABLE);
    assert_int_equal(RUN(world, "drill", "--severity", "terrible"),
                     GONG_CTL_REFUSED);
}

/* As they are typed: "gongctl --format json alerts". */
static void
options_stand_on_both_sides_of_the_command(void **state)
{
    struct ctl_world *world = *state;

    assert_int_equal(RUN(world, "--format", "json", "alerts"), 0);
    ctl_holds(world->out, "\"number\": 1");
    assert_int_equal(RUN(world, "--format=json", "--limit", "1", "alerts",
                         "--unit", "22015"),
                     0);
    ctl_holds(world->out, "\"number\": 1");
    /* A value may be called as a command is. */
    assert_int_equal(RUN(world, "--comment", "alerts", "ack", "1"), 0);
    ctl_holds(world->api->act, "comment=alerts");
    assert_int_equal(RUN(world, "--sticky", "ack", "1"), 0);
    ctl_holds(world->api->act, "sticky=1");
    assert_int_equal(RUN(world, "--format", "json", "--help"), 0);
    ctl_holds(world->out, "gongctl");
    assert_int_equal(RUN(world, "--format", "json", "help", "alerts"), 0);
    ctl_holds(world->out, "alerts");
    assert_int_equal(RUN(world, "--limit", "1", "show", "1"), GONG_CTL_USAGE);
    assert_int_equal(RUN(world, "--format", "json"), GONG_CTL_USAGE);
    assert_int_equal(RUN(world, "--format", "json", "alert"), GONG_CTL_USAGE);
    ctl_holds(world->err, "did you mean: gongctl alerts");
}

static void
alerts_and_acts(void **state)
{
    struct ctl_world *world = *state;

    assert_int_equal(RUN(world, "alerts"), 0);
    ctl_holds(world->out, "MỨC ĐỘ");
    ctl_holds(world->out, "#1");
    ctl_holds(world->out, "khẩn cấp");
    ctl_holds(world->out, "chưa tiếp nhận");
    assert_int_equal(
        RUN(world, "alerts", "--unit", "22015", "--format", "json"), 0);
    ctl_holds(world->out, "\"number\": 1");
    assert_null(strstr(world->out, "\"number\": 2"));
    assert_int_equal(RUN(world, "alerts", "--limit", "1"), 0);
    assert_null(strstr(world->out, "#2"));
    assert_int_equal(RUN(world, "show", "#1"), 0);
    ctl_holds(world->out, "Nước <b>dâng</b>");
    ctl_holds(world->out, "bắt đầu");
    ctl_holds(world->out, "Điều kiện           river_level > 40");
    ctl_holds(world->out, "unit=\"22015\"");
    ctl_holds(world->out, "15:53:18,000           đo");
    ctl_holds(world->out, "15:53:18,200  0,200 s  nhận");
    ctl_holds(world->out, "15:53:18,250  0,250 s  quyết định");
    ctl_holds(world->out, "contact:duty-1  email");
    assert_int_equal(RUN(world, "show", "2"), 0);
    ctl_holds(world->out, "Kết luận              đúng\n");
    ctl_holds(world->out, "Nguyên nhân           mưa lớn\n");
    ctl_holds(world->out, "Chi phí               1.500.000 đồng\n");
    assert_int_equal(RUN(world, "show", "9"), GONG_CTL_NOT_FOUND);
    assert_int_equal(
        RUN(world, "ack", "1", "2", "--comment", "đã rõ", "--sticky"), 0);
    assert_int_equal(world->api->acts, 2);
    ctl_holds(world->api->act, "incident=2 ");
    ctl_holds(world->api->act, "comment=đã rõ");
    ctl_holds(world->api->act, "sticky=1");
    assert_int_equal(RUN(world, "assign", "1", "minh"), 0);
    ctl_holds(world->api->act, "owner=minh");
    assert_int_equal(RUN(world, "comment", "1", "đang đi"), 0);
    ctl_holds(world->api->act, "comment=đang đi");
    assert_int_equal(
        RUN(world, "outcome", "1", "--verdict", "false", "--cost", "0"), 0);
    ctl_holds(world->api->act, "verdict=2");
    assert_int_equal(RUN(world, "silence", "1", "--for", "2h"), 0);
    ctl_holds(world->api->act, "incident=1 ");
    assert_int_equal(RUN(world, "silence", "--match", "unit=22015", "--match",
                         "x!~\"a b\"", "--for", "2h", "--comment", "c"),
                     0);
    ctl_holds(world->api->act, "matchers=unit=\"22015\",x!~\"a b\" ");
    ctl_holds(world->out, "(số 7)");
    assert_int_equal(RUN(world, "maintenance", "add", "--match", "unit=22015",
                         "--for", "1h"),
                     0);
    assert_int_equal(RUN(world, "maintenance"), 0);
    assert_int_equal(RUN(world, "silences"), 0);
    ctl_holds(world->out, "unit=\"22018\"");
    assert_int_equal(RUN(world, "unsilence", "1"), 0);
    ctl_holds(world->api->act, "silence=1 ");
    world->api->act_err = GONG_ERR_INVALID;
    assert_int_equal(RUN(world, "resolve", "1"), GONG_CTL_REFUSED);
    ctl_holds(world->err, "it is over");
    /* What is shown may not be all. */
    world->api->desk_err = GONG_ERR_NO_SPACE;
    assert_int_equal(RUN(world, "alerts"), GONG_CTL_BROKEN);
    ctl_holds(world->err, "Đĩa của máy chủ cảnh báo đã đầy");
    ctl_holds(world->out, "#1");
    assert_int_equal(RUN(world, "show", "1"), GONG_CTL_BROKEN);
    ctl_holds(world->err, "disk is full");
}

/* Who, what, and that the file is the one that was kept. */
static void
handover_is_kept(struct ctl_world *world)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char path[160], hex[2 * sizeof digest + 1], text[65536];
    size_t len;
    FILE *file;

    ctl_holds(world->out, "\nBẢO TRÌ\n  11  ");
    ctl_holds(world->out, "Người giao ca: local:");
    ctl_holds(world->out, "Người nhận ca: Minh\n");
    assert_int_equal(RUN(world, "handover"), GONG_CTL_USAGE);
    (void)snprintf(path, sizeof path, "%s/log.json", world->api->dir);
    assert_int_equal(RUN(world, "handover", "--to", "Minh", "--by", "Lan",
                         "--format", "json", "--output", path),
                     0);
    assert_string_equal(world->out, "");
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    assert_int_equal(unlink(path), 0);
    ctl_holds(text, "\"by\": \"Lan\"");
    ctl_holds(text, "\"maintenance\": [");
    (void)crypto_hash_sha256(digest, (const unsigned char *)text, len);
    (void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    ctl_holds(world->err, hex);
    assert_int_equal(RUN(world, "audit"), 0);
    ctl_holds(world->out, hex);
    ctl_holds(world->out, "by=\"Lan\" to=\"Minh\" ");
}

static void
the_rest_of_the_desk(void **state)
{
    struct ctl_world *world = *state;

    assert_int_equal(RUN(world, "units"), 0);
    ctl_holds(world->out, "Xã Sơn Hoà");
    assert_int_equal(RUN(world, "devices", "22015"), 0);
    ctl_holds(world->out, "Trạm Củng Sơn");
    assert_null(strstr(world->out, "22018"));
    assert_int_equal(RUN(world, "rules", "log"), 0);
    ctl_holds(world->out, "đang dùng");
    assert_int_equal(RUN(world, "rules", "rollback", "ab"), 0);
    assert_string_equal(world->api->rolled_back, "ab");
    assert_int_equal(RUN(world, "rules", "rollback", "no"), GONG_CTL_NOT_FOUND);
    assert_int_equal(RUN(world, "audit", "verify"), 0);
    ctl_holds(world->out, "nguyên vẹn");
    assert_int_equal(RUN(world, "audit", "--limit", "5"), 0);
    ctl_holds(world->out, "rules.rollback");
    assert_int_equal(RUN(world, "handover", "--to", "Minh", "--since", "8h"),
                     0);
    ctl_holds(world->out, "SỔ TRỰC");
    ctl_holds(world->out, "Người giao ca: local:");
    ctl_holds(world->out, "Viết lúc");
    ctl_holds(world->out, "Người nhận ca: Minh");
    ctl_holds(world->out, "CÒN ĐANG DIỄN RA");
    ctl_holds(world->out, "#3 [khẩn cấp]");
    ctl_holds(world->out, "unit=\"22018\", đến khi kết thúc, lan");
    handover_is_kept(world);
    assert_int_equal(RUN(world, "ledger", "22015/gauge"), 0);
    ctl_holds(world->out, "không có số thứ tự");
    assert_null(strstr(world->out, "22018"));
    assert_int_equal(RUN(world, "report", "--month", "2025-10"), 0);
    ctl_holds(world->out, "<h1>Báo cáo cảnh báo tháng 2025-10</h1>");
    ctl_holds(world->out, "3 cảnh báo, 0 lần quá hạn");
    ctl_holds(world->out, "Không tính: 0 diễn tập, 0 của quy tắc thử nghiệm");
    ctl_holds(world->out, "<th>Xã Sơn Hoà</th><td>22015</td><td>1 <span "
                          "class=\"part\">(không rõ)</span></td>");
    ctl_holds(world->out, "<th>Toàn bộ</th><td>*</td><td>3 ");
    assert_int_equal(RUN(world, "report", "--month", "2025-10", "--as", "csv"),
                     0);
    ctl_holds(world->out, "\"22015\",\"Xã Sơn Hoà\",1,1,0,0,0,0,0,,,,,0,,,\n");
    ctl_holds(world->out, "\"*\",\"Toàn bộ\",3,3,");
    ctl_holds(world->out, "\"dien_tap\",\"Diễn tập (không tính)\",0,");
    assert_int_equal(
        RUN(world, "report", "--month", "2025-11", "--format", "json"), 0);
    ctl_holds(world->out, "\"units\": []");
    assert_int_equal(RUN(world, "report", "--incident", "1"), 0);
    ctl_holds(world->out, "<h1>Cảnh báo #1: Nước &lt;b&gt;dâng&lt;/b&gt;</h1>");
    ctl_holds(world->out, "<p>Điều kiện: river_level &gt; 40</p>");
    ctl_holds(world->out, "<td class=\"text\">đã báo</td>"
                          "<td class=\"text\">contact:duty-1</td>");
    assert_int_equal(RUN(world, "report", "--incident", "1", "--as", "csv"), 0);
    ctl_holds(world->out, "\"09/10/2025 15:53:18,250\",1759999998250,"
                          "\"quyết định\",\"\",\"river_level > 40\"\n");
    assert_int_equal(RUN(world, "report", "--incident", "9"),
                     GONG_CTL_NOT_FOUND);
    assert_int_equal(RUN(world, "completion", "bash"), 0);
    ctl_holds(world->out, "complete -F _gongctl gongctl");
}

static void
tokens_for_programs(void **state)
{
    struct ctl_world *world = *state;
    char path[128];
    FILE *file;

    (void)api_add_user(world->api, "operator", "22015");
    world->api->now_ms = 0;
    assert_int_equal(RUN_TCP(world, "login", "--user", "operator.22015",
                             "--password-file", world->password),
                     0);
    assert_int_equal(RUN_TCP(world, "tokens", "add", "bang", "--role", "viewer",
                             "--unit", "22015", "--for", "90d"),
                     0);
    (void)snprintf(path, sizeof path, "%s/token", world->api->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(world->out, file);
    (void)fclose(file);
    assert_int_equal(RUN_TCP(world, "logout"), 0);
    assert_int_equal(RUN_TCP(world, "alerts", "--token-file", path), 0);
    ctl_holds(world->out, "#1");
    assert_null(strstr(world->out, "#2"));
    assert_int_equal(RUN_TCP(world, "ack", "1", "--token-file", path),
                     GONG_CTL_NO_PERMISSION);
    assert_int_equal(RUN_TCP(world, "ack", "2", "--token-file", path),
                     GONG_CTL_NOT_FOUND);
    assert_int_equal(unlink(path), 0);
}

static void
what_is_typed_wrong(void **state)
{
    static const char *const wrong[][6] = {
        {"alert"},
        {"alerts", "--unti", "22015"},
        {"alerts", "--all=yes"},
        {"alerts", "--limit", "0"},
        {"alerts", "--since", "yesterday"},
        {"alerts", "--format", "xml"},
        {"show"},
        {"show", "-1"},
        {"ack"},
        {"ack", "x"},
        {"ack", "1", "--until", "soon"},
        {"silence", "--match", "unit", "--for", "2h"},
        {"silence", "--match", "unit=1"},
        {"users", "add"},
        {"users", "drop", "lan"},
        {"tokens", "add", "x"},
        {"report"},
        {"report", "--month", "2026-13"},
        {"report", "--incident", "x"},
        {"report", "--month", "2026-11", "--incident", "1"},
        {"backup"},
        {"restore"},
        {"completion", "zsh"},
        {"audit", "check"},
    };
    struct ctl_world *world = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *words[7] = {NULL};

        memcpy(words, wrong[i], sizeof wrong[i]);
        if (ctl_run_at(world, world->agent, words) != GONG_CTL_USAGE) {
            fail_msg("%s %s: %s%s", wrong[i][0],
                     wrong[i][1] == NULL ? "" : wrong[i][1], world->out,
                     world->err);
        }
    }
    assert_int_equal(ctl_run_at(world, "http://example.vn",
                                (const char *const[]){"alerts", NULL}),
                     GONG_CTL_USAGE);
    assert_int_equal(ctl_run_at(world, "unix:/nowhere/gong.sock",
                                (const char *const[]){"alerts", NULL}),
                     GONG_CTL_UNAVAILABLE);
}

static void
backup_and_restore(void **state)
{
    struct ctl_world *world = *state;
    char file[160], path[200], why[256];
    FILE *damaged;

    (void)api_add_user(world->api, "admin", "*");
    (void)api_add_user(world->api, "engineer", "*");
    world->api->now_ms = 0;
    (void)snprintf(file, sizeof file, "%s/saved", world->api->dir);
    assert_int_equal(RUN_TCP(world, "login", "--user", "engineer.all",
                             "--password-file", world->password),
                     0);
    assert_int_equal(RUN_TCP(world, "backup", file), GONG_CTL_NO_PERMISSION);
    assert_int_equal(RUN_TCP(world, "restore", world->password, "--yes"),
                     GONG_CTL_NO_PERMISSION);
    assert_int_not_equal(access(file, F_OK), 0);
    assert_int_equal(RUN(world, "backup", file), 0);
    ctl_holds(world->out, "Đã sao lưu vào");
    assert_int_equal(RUN(world, "backup", file), GONG_CTL_REFUSED);
    assert_int_equal(RUN(world, "backup", "/nowhere/saved"), GONG_CTL_IO);
    assert_int_equal(RUN(world, "users", "remove", "engineer.all"), 0);
    assert_int_equal(RUN(world, "restore", file), 0);
    ctl_holds(world->out, "--yes");
    assert_int_equal(RUN(world, "users"), 0);
    assert_null(strstr(world->out, "engineer.all"));
    assert_int_equal(RUN(world, "restore", file, "--yes"), 0);
    ctl_holds(world->out, "Đã khôi phục: người dùng");
    ctl_holds(world->out, "users.db.before-restore-1");
    assert_int_equal(RUN(world, "users"), 0);
    ctl_holds(world->out, "engineer.all");
    /* Never with a token. */
    assert_int_equal(RUN_TCP(world, "login", "--user", "admin.all",
                             "--password-file", world->password),
                     0);
    /* After a login, from anywhere. */
    assert_int_equal(RUN_TCP(world, "ledger"), 0);
    ctl_holds(world->out, "gauge");
    assert_int_equal(RUN_TCP(world, "units"), 0);
    assert_int_equal(RUN_TCP(world, "devices"), 0);
    assert_int_equal(RUN_TCP(world, "rules", "log"), 0);
    assert_int_equal(RUN_TCP(world, "handover", "--to", "Minh"), 0);
    ctl_holds(world->out, "Người giao ca: admin.all");
    assert_int_equal(RUN_TCP(world, "tokens", "add", "cron", "--role", "admin",
                             "--unit", "*", "--for", "9d"),
                     0);
    (void)snprintf(path, sizeof path, "%s/token", world->api->dir);
    damaged = fopen(path, "w");
    assert_non_null(damaged);
    (void)fputs(world->out, damaged);
    (void)fclose(damaged);
    assert_int_equal(
        RUN_TCP(world, "restore", file, "--yes", "--token-file", path),
        GONG_CTL_NO_PERMISSION);
    assert_int_equal(RUN_TCP(world, "logout"), 0);
    /* Sessions of then are over. */
    assert_int_equal(RUN_TCP(world, "whoami"), GONG_CTL_NO_PERMISSION);
    assert_int_equal(RUN(world, "audit", "verify"), 0);
    assert_int_equal(RUN(world, "audit"), 0);
    ctl_holds(world->out, "backup.restore");

    (void)snprintf(path, sizeof path, "%s.cut", file);
    assert_int_equal(rename(file, path), 0);
    assert_int_equal(truncate(path, 4000), 0);
    assert_int_equal(RUN(world, "restore", path, "--yes"), GONG_CTL_REFUSED);
    ctl_holds(world->err, "users.db: the file ends before it does");
    damaged = fopen(path, "w");
    assert_non_null(damaged);
    (void)fclose(damaged);
    assert_int_equal(RUN(world, "restore", path), GONG_CTL_REFUSED);
    ctl_holds(world->err, "it is no backup");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(RUN(world, "restore", path), GONG_CTL_IO);
    assert_int_equal(RUN(world, "restore", "/tmp"), GONG_CTL_IO);
    ctl_holds(world->err, "gongctl: /tmp: Is a directory");
    /* While another is being sent. */
    assert_int_equal(
        gong_backup_put(&world->api->backup, 0, "x", 1, why, sizeof why),
        GONG_OK);
    assert_int_equal(RUN(world, "restore", world->password),
                     GONG_CTL_UNAVAILABLE);
    ctl_holds(world->err, "another restore is running");
}

/* --- parts --- */

static void
bytes_as_text(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"},
    };
    static const char *const wrong[] = {
        "Zg=", "Z===", "Zg==Zg==", "Z g=", "Zm9v\n"};
    unsigned char bytes[64];
    char text[64];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        gong_ctl_base64_encode((const unsigned char *)pairs[i][0],
                               strlen(pairs[i][0]), text);
        assert_string_equal(text, pairs[i][1]);
        assert_true(gong_ctl_base64_decode(text, bytes, &len));
        assert_int_equal(len, strlen(pairs[i][0]));
        assert_memory_equal(bytes, pairs[i][0], len);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(gong_ctl_base64_decode(wrong[i], bytes, &len));
    }
}

static void
take(struct gong_ctl_report *report, const char *text)
{
    json_t *incident = json_loads(text, 0, NULL);

    assert_non_null(incident);
    gong_ctl_report_take_incident(report, incident);
    json_decref(incident);
}

/* 22016 and 22017 were merged into 22015, of which there is no row yet. */
static void
a_merged_unit_has_one_row(void **state)
{
    struct gong_ctl_report report = {.from = 1, .until = 1000000};
    json_t *units = json_loads(
        "[{\"code\":\"22015\",\"name\":\"Xã A\",\"was\":[\"22016\",\"22017\"]},"
        "{\"code\":\"22018\",\"name\":\"Xã B\",\"was\":[]}]",
        0, NULL);
    json_t *device = json_loads("{\"site\":\"22017\",\"epochs\":[{\"received\":"
                                "9,\"missing\":1,\"dropped\":0}]}",
                                0, NULL);
    struct gong_ctl_report_row *row;

    (void)state;
    take(&report, "{\"unit\":\"22016\",\"opened\":1000,\"acked\":3000,"
                  "\"ended\":11000,\"severity\":\"critical\",\"cost\":7}");
    take(&report, "{\"unit\":\"22018\",\"opened\":1000}");
    take(&report, "{\"unit\":\"22017\",\"opened\":1000,\"acked\":2000,"
                  "\"cost\":5,\"annotations\":{\"unit_name\":\"Xã cũ\"}}");
    gong_ctl_report_take_device(&report, device);
    gong_ctl_report_finish(&report, units);
    assert_int_equal(report.count, 2);
    row = &report.rows[0];
    assert_string_equal(row->code, "22015");
    assert_string_equal(row->name, "Xã A");
    assert_true(row->alerts == 2 && row->critical == 1 && row->cost == 12 &&
                row->acknowledged == 2 && row->ended == 1);
    assert_int_equal(gong_ctl_quantile(&row->to_ack, 100), 2000);
    assert_int_equal(gong_ctl_quantile(&row->to_ack, 0), 1000);
    assert_true(gong_ctl_completeness(row) == 90.0);
    assert_string_equal(report.rows[1].code, "22018");
    assert_int_equal(report.sum.alerts, 3);
    assert_false(report.failed);
    json_decref(units);
    json_decref(device);
    gong_ctl_report_free(&report);
}

/* Figures of known incidents, and what is no work of the month. */
static void
a_month_adds_up(void **state)
{
    struct gong_ctl_report report = {.from = 1000, .until = 1000000};
    json_t *device = json_loads(
        "{\"site\":\"22015\",\"epochs\":[{\"received\":90,\"missing\":6,"
        "\"dropped\":4},{\"received\":0,\"missing\":0,\"dropped\":0}]}",
        0, NULL);
    struct gong_ctl_report_row *row;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    take(&report, "{\"unit\":\"22015\",\"opened\":1000,\"acked\":3000,"
                  "\"ended\":11000,\"severity\":\"critical\",\"cost\":7,"
                  "\"ack_overdue\":true,\"verdict\":\"false\"}");
    take(&report, "{\"unit\":\"22015\",\"opened\":2000,\"acked\":6000,"
                  "\"resolve_overdue\":true,\"cost\":5}");
    take(&report, "{\"unit\":\"22015\",\"opened\":999}");
    take(&report, "{\"unit\":\"22015\",\"opened\":1000000}");
    take(&report, "{\"unit\":\"22015\",\"opened\":5000,\"trial\":true}");
    take(&report, "{\"unit\":\"22015\",\"opened\":5000,\"verdict\":\"test\"}");
    take(&report, "{\"unit\":\"gong-drill\",\"opened\":5000,"
                  "\"labels\":{\"site\":\"gong-drill\"}}");
    gong_ctl_report_take_device(&report, device);
    gong_ctl_report_finish(&report, NULL);
    assert_int_equal(report.count, 1);
    row = &report.rows[0];
    assert_true(row->alerts == 2 && row->critical == 1 &&
                row->acknowledged == 2 && row->ended == 1 &&
                row->false_ones == 1 && row->ack_breaches == 1 &&
                row->resolve_breaches == 1 && row->cost == 12);
    assert_int_equal(gong_ctl_quantile(&row->to_ack, 50), 2000);
    assert_int_equal(gong_ctl_quantile(&row->to_ack, 100), 4000);
    assert_int_equal(gong_ctl_quantile(&row->to_end, 50), 10000);
    assert_true(gong_ctl_completeness(row) == 90.0);
    assert_true(report.drills == 1 && report.trials == 1 && report.tests == 1);
    assert_int_equal(report.sum.alerts, 2);
    gong_ctl_report_html(&report, "2026-11", out);
    (void)fclose(out);
    ctl_holds(text, "<td>2 <span class=\"part\">(90,00 %)</span></td>");
    ctl_holds(text, "<td class=\"bad\">1 <span class=\"part\">(90,00 %)");
    ctl_holds(text, "90,00 % (90/100)");
    ctl_holds(text, "Không tính: 1 diễn tập, 1 của quy tắc thử nghiệm, 1 có");
    free(text);
    gong_ctl_report_free(&report);
    json_decref(device);
}

static void
tables_fit_their_text(void **state)
{
    static const char *const headings[] = {"TÊN", "GHI CHÚ"};
    struct gong_ctl_table *table = gong_ctl_table_new(headings, 2);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_int_equal(gong_ctl_text_width("Đắk Lắk"), 7);
    assert_int_equal(gong_ctl_text_width("Đa\xcc\x86k"), 3);
    assert_int_equal(gong_ctl_text_width("水"), 2);
    assert_int_equal(gong_ctl_text_width("\xff\xc3"), 2);
    gong_ctl_table_add(table, "Sơn Hoà");
    gong_ctl_table_add(table, "một ghi chú dài hơn hai mươi chữ");
    gong_ctl_table_add(table, "Ea\x1b[31m");
    gong_ctl_table_add(table, NULL);
    gong_ctl_table_print(table, 29, out);
    (void)fclose(out);
    assert_string_equal(text, "TÊN      GHI CHÚ\n"
                              "Sơn Hoà  một ghi chú dài hơn…\n"
                              "Ea?[31m  \n");
    free(text);
    gong_ctl_table_free(table);
}

static void
instants_and_lengths(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* 0: it is none */
    } cases[] = {
        {"2h", 1000 + 7200000},
        {"1970-01-01", 0},
        {"2026-11-22", INT64_C(1795280400000)},
        {"2026-11-22 18:00", INT64_C(1795345200000)},
        {"2026-11-22T18:00", INT64_C(1795345200000)},
        {"1795345200000", INT64_C(1795345200000)},
        {"22/11/2026 18:00", INT64_C(1795345200000)},
        {"22/11/2026", INT64_C(1795280400000)},
        {"22/11 18:00", 0},
        {"11-22 18:00", 0},
        {"18:00", 0},
        {"22/11/26", 0},
        {"2026-02-29", 0},
        {"2028-02-29", INT64_C(1835370000000)},
        {"31/04/2026", 0},
        {"2026-13-01", 0},
        {"2026-11-22 25:00", 0},
        {"2026-11-22 18:00x", 0},
        {"soon", 0},
        {"", 0},
        {"-2h", 0},
        {"5", 0},
    };
    char text[GONG_CTL_TIME_SIZE];
    int64_t from, until;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 0;
        bool good = gong_ctl_read_instant(cases[i].text, 1000, &ms);

        if (good != (cases[i].ms != 0) || (good && ms != cases[i].ms)) {
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
        }
    }
    assert_string_equal(gong_ctl_day(INT64_C(1795345200000), text),
                        "22/11/2026 18:00");
    assert_string_equal(gong_ctl_instant(0, text), "");
    assert_string_equal(gong_ctl_decimal("-18.5", text), "-18,5");
    assert_string_equal(gong_ctl_decimal("1.5e+20", text), "1,5e+20");
    assert_string_equal(gong_ctl_decimal("NaN", text), "NaN");
    assert_string_equal(gong_ctl_decimal("v1.2", text), "v1.2");
    assert_string_equal(gong_ctl_length(7500000, text), "2 giờ 5 phút");
    assert_string_equal(gong_ctl_length(90000000, text), "1 ngày 1 giờ");
    assert_string_equal(gong_ctl_length(7200000, text), "2 giờ");
    assert_string_equal(gong_ctl_length(86400000, text), "1 ngày");
    assert_string_equal(gong_ctl_length(60000, text), "1 phút");
    assert_string_equal(gong_ctl_length(59999, text), "59 giây");
    assert_string_equal(gong_ctl_length(999, text), "dưới 1 giây");
    assert_string_equal(gong_ctl_length(0, text), "0 giây");
    assert_string_equal(gong_ctl_length(-1, text), "");
    assert_true(gong_ctl_read_month("2026-12", &from, &until));
    assert_string_equal(gong_ctl_day(from, text), "01/12/2026 00:00");
    assert_string_equal(gong_ctl_day(until, text), "01/01/2027 00:00");
    assert_false(gong_ctl_read_month("2026-1", &from, &until));
}

static void
matchers(void **state)
{
    static const char *const wrong[] = {
        "",         "unit",        "=x",           "unit!x",
        "unit=\"x", "unit=\"x\"y", "unit==~\"x\"", "unit==x",
        "unit!==x"};
    json_t *list = json_array();

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (gong_ctl_matcher_add(list, wrong[i])) {
            fail_msg("%s", wrong[i]);
        }
    }
    assert_true(gong_ctl_matcher_add(list, "a=\"b \\\"c\\\\\""));
    assert_true(gong_ctl_matcher_add(list, "a!~b|c"));
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(list, 0), "value")),
        "b \"c\\");
    assert_true(
        json_is_true(json_object_get(json_array_get(list, 1), "isRegex")));
    assert_true(
        json_is_false(json_object_get(json_array_get(list, 1), "isEqual")));
    json_decref(list);
}

/* A token goes in clear text to this machine and to no other. */
static void
addresses_of_an_agent(void **state)
{
    static const struct {
        const char *agent;
        bool good;
    } rows[] = {
        {"unix:/run/gong.sock", true},
        {"https://gong.example", true},
        {"https://gong.example:8443/desk", true},
        {"http://127.0.0.1:9109", true},
        {"http://127.9.8.7", true},
        {"http://localhost:9109", true},
        {"http://LOCALHOST", true},
        {"http://[::1]:9109", true},
        {"http://gong.example", false},
        {"http://127.evil.example", false},
        {"http://127.0.0.1.evil.example", false},
        {"http://localhost.evil.example", false},
        {"http://127.0.0.1@evil.example", false},
        {"http://localhost:80@evil.example", false},
        {"http://evil@127.0.0.1", false},
        {"https://lan:secret@gong.example", false},
        {"http://[::1].evil.example", false},
        {"http://[::2]", false},
        {"http://[::1]@evil.example", false},
        {"http://128.0.0.1", false},
        {"http://127.0.0.1\\@evil.example", false},
        {"http://127.0.0.1?x=1", false},
        {"http://127.0.0.1#x", false},
        {"http://127.0.0.1/", false},
        {"ftp://127.0.0.1", false},
        {"127.0.0.1:9109", false},
        {"http://", false},
        {"", false},
    };
    struct gong_ctl_client *client;
    char why[128];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum gong_err err = gong_ctl_client_open(rows[i].agent, "gt_x", NULL,
                                                 &client, why, sizeof why);

        if ((err == GONG_OK) != rows[i].good) {
            fail_msg("%s", rows[i].agent);
        }
        gong_ctl_client_close(client);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ctl_setup, ctl_teardown)
    const struct CMUnitTest tests[] = {
        T(the_first_user_then_a_login),
        T(watch_trusts_no_silence),
        T(options_stand_on_both_sides_of_the_command),
        T(alerts_and_acts),
        T(the_rest_of_the_desk),
        T(tokens_for_programs),
        T(what_is_typed_wrong),
        T(backup_and_restore),
        cmocka_unit_test(bytes_as_text),
        cmocka_unit_test(a_month_adds_up),
        cmocka_unit_test(a_merged_unit_has_one_row),
        cmocka_unit_test(addresses_of_an_agent),
        cmocka_unit_test(tables_fit_their_text),
        cmocka_unit_test(instants_and_lengths),
        cmocka_unit_test(matchers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
