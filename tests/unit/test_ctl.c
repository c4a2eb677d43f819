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

#include "agent/api/http_server.h"
#include "api_fixture.h"
#include "ctl/client.h"
#include "ctl/matchers.h"
#include "ctl/table.h"
#include "ctl/token_file.h"
#include "ctl/words.h"

struct world {
    struct api_world *api;
    struct gong_http_server *server;
    char socket[80];
    char agent[96]; /* unix: */
    char tcp[64];   /* http: */
    char password[96];
    char *out, *err;
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_http_address address;
    void *api = NULL;
    char why[256] = "";
    FILE *file;

    assert_non_null(world);
    assert_int_equal(api_setup(&api), 0);
    world->api = api;
    (void)snprintf(world->socket, sizeof world->socket, "%s/gong.sock",
                   world->api->dir);
    (void)snprintf(world->agent, sizeof world->agent, "unix:%s", world->socket);
    (void)snprintf(world->password, sizeof world->password, "%s/password",
                   world->api->dir);
    file = fopen(world->password, "w");
    assert_non_null(file);
    (void)fputs(API_PASSWORD "\n", file);
    (void)fclose(file);
    assert_int_equal(
        gong_http_address_parse("127.0.0.1:0", &address, why, sizeof why),
        GONG_OK);
    assert_int_equal(gong_http_server_start(
                         &(struct gong_http_server_options){
                             .address = &address,
                             .socket = world->socket,
                             .service = gong_api_service(world->api->api),
                             .events = world->api->events},
                         &world->server, why, sizeof why),
                     GONG_OK);
    (void)snprintf(world->tcp, sizeof world->tcp, "http://127.0.0.1:%u",
                   (unsigned)gong_http_server_port(world->server));
    assert_int_equal(setenv("XDG_STATE_HOME", world->api->dir, 1), 0);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *api = world->api;
    char path[160];

    gong_http_server_stop(world->server);
    (void)unlink(world->password);
    (void)snprintf(path, sizeof path, "%s/gong/sessions", world->api->dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/gong", world->api->dir);
    (void)rmdir(path);
    free(world->out);
    free(world->err);
    free(world);
    return api_teardown(&api);
}

/* One run; words end with NULL. */
static int
run_at(struct world *world, const char *agent, const char *const *words)
{
    char *argv[24];
    char name[] = "gongctl", option[] = "--agent";
    char copies[20][300];
    int argc = 0, code;
    size_t len;
    FILE *out, *err;

    free(world->out);
    free(world->err);
    world->out = world->err = NULL;
    argv[argc++] = name;
    for (size_t i = 0; words[i] != NULL; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[argc++] = copies[i];
    }
    argv[argc++] = option;
    (void)snprintf(copies[19], sizeof copies[19], "%s", agent);
    argv[argc++] = copies[19];
    out = open_memstream(&world->out, &len);
    err = open_memstream(&world->err, &len);
    assert_non_null(out);
    assert_non_null(err);
    code = gong_ctl_run(argc, argv, out, err);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

#define RUN(world, ...)                                                        \
    run_at(world, (world)->agent, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_TCP(world, ...)                                                    \
    run_at(world, (world)->tcp, (const char *const[]){__VA_ARGS__, NULL})

static void
holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, text);
    }
}

static void
the_first_user_then_a_login(void **state)
{
    struct world *world = *state;
    struct stat status;
    char path[160];

    assert_int_equal(RUN(world, "users", "add", "lan", "--name",
                         "Nguyễn Thị Lan", "--grant", "admin@*", "--grant",
                         "operator@22015", "--password-file", world->password),
                     0);
    assert_int_equal(RUN(world, "users"), 0);
    holds(world->out, "lan");
    holds(world->out, "Nguyễn Thị Lan");
    holds(world->out, "admin@* operator@22015");
    assert_int_equal(RUN_TCP(world, "alerts"), GONG_CTL_NO_PERMISSION);
    holds(world->err, "gongctl login");
    assert_int_equal(RUN_TCP(world, "login", "--user", "lan", "--password-file",
                             world->password),
                     0);
    holds(world->out, "Xin chào Nguyễn Thị Lan");
    (void)snprintf(path, sizeof path, "%s/gong/sessions", world->api->dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(RUN_TCP(world, "whoami"), 0);
    holds(world->out, "quản trị (admin) @ *");
    assert_int_equal(RUN_TCP(world, "logout"), 0);
    assert_int_equal(RUN_TCP(world, "whoami"), GONG_CTL_NO_PERMISSION);
    /* A file that others can read is not believed. */
    assert_int_equal(gong_ctl_token_save(world->tcp, "gs_x"), GONG_OK);
    assert_int_equal(chmod(path, 0644), 0);
    assert_null(gong_ctl_token_load(world->tcp));
}

static void
alerts_and_acts(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "alerts"), 0);
    holds(world->out, "MỨC ĐỘ");
    holds(world->out, "#1");
    holds(world->out, "khẩn cấp");
    holds(world->out, "chưa tiếp nhận");
    assert_int_equal(
        RUN(world, "alerts", "--unit", "22015", "--format", "json"), 0);
    holds(world->out, "\"number\": 1");
    assert_null(strstr(world->out, "\"number\": 2"));
    assert_int_equal(RUN(world, "alerts", "--limit", "1"), 0);
    assert_null(strstr(world->out, "#2"));
    assert_int_equal(RUN(world, "show", "#1"), 0);
    holds(world->out, "Nước <b>dâng</b>");
    holds(world->out, "bắt đầu");
    assert_int_equal(RUN(world, "show", "2"), 0);
    holds(world->out, "Kết luận              đúng\n");
    holds(world->out, "Nguyên nhân           mưa lớn\n");
    holds(world->out, "Chi phí               1.500.000 đồng\n");
    assert_int_equal(RUN(world, "show", "9"), GONG_CTL_NOT_FOUND);
    assert_int_equal(
        RUN(world, "ack", "1", "2", "--comment", "đã rõ", "--sticky"), 0);
    assert_int_equal(world->api->acts, 2);
    holds(world->api->act, "incident=2 ");
    holds(world->api->act, "comment=đã rõ");
    holds(world->api->act, "sticky=1");
    assert_int_equal(RUN(world, "assign", "1", "minh"), 0);
    holds(world->api->act, "owner=minh");
    assert_int_equal(RUN(world, "comment", "1", "đang đi"), 0);
    holds(world->api->act, "comment=đang đi");
    assert_int_equal(
        RUN(world, "outcome", "1", "--verdict", "false", "--cost", "0"), 0);
    holds(world->api->act, "verdict=2");
    assert_int_equal(RUN(world, "silence", "1", "--for", "2h"), 0);
    holds(world->api->act, "incident=1 ");
    assert_int_equal(RUN(world, "silence", "--match", "unit=22015", "--match",
                         "x!~\"a b\"", "--for", "2h", "--comment", "c"),
                     0);
    holds(world->api->act, "matchers=unit=\"22015\",x!~\"a b\" ");
    holds(world->out, "(số 7)");
    assert_int_equal(RUN(world, "maintenance", "add", "--match", "unit=22015",
                         "--for", "1h"),
                     0);
    assert_int_equal(RUN(world, "maintenance"), 0);
    assert_int_equal(RUN(world, "silences"), 0);
    holds(world->out, "unit=\"22018\"");
    assert_int_equal(RUN(world, "unsilence", "1"), 0);
    holds(world->api->act, "silence=1 ");
    world->api->act_err = GONG_ERR_INVALID;
    assert_int_equal(RUN(world, "resolve", "1"), GONG_CTL_REFUSED);
    holds(world->err, "it is over");
}

/* Who, what, and that the file is the one that was kept. */
static void
handover_is_kept(struct world *world)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char path[160], hex[2 * sizeof digest + 1], text[65536];
    size_t len;
    FILE *file;

    holds(world->out, "\nBẢO TRÌ\n  11  ");
    holds(world->out, "Người giao ca: local:");
    holds(world->out, "Người nhận ca: Minh\n");
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
    holds(text, "\"by\": \"Lan\"");
    holds(text, "\"maintenance\": [");
    (void)crypto_hash_sha256(digest, (const unsigned char *)text, len);
    (void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    holds(world->err, hex);
    assert_int_equal(RUN(world, "audit"), 0);
    holds(world->out, hex);
    holds(world->out, "by=\"Lan\" to=\"Minh\" ");
}

static void
the_rest_of_the_desk(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "units"), 0);
    holds(world->out, "Xã Sơn Hoà");
    assert_int_equal(RUN(world, "devices", "22015"), 0);
    holds(world->out, "Trạm Củng Sơn");
    assert_null(strstr(world->out, "22018"));
    assert_int_equal(RUN(world, "rules", "log"), 0);
    holds(world->out, "đang dùng");
    assert_int_equal(RUN(world, "rules", "rollback", "ab"), 0);
    assert_string_equal(world->api->rolled_back, "ab");
    assert_int_equal(RUN(world, "rules", "rollback", "no"), GONG_CTL_NOT_FOUND);
    assert_int_equal(RUN(world, "audit", "verify"), 0);
    holds(world->out, "nguyên vẹn");
    assert_int_equal(RUN(world, "audit", "--limit", "5"), 0);
    holds(world->out, "rules.rollback");
    assert_int_equal(RUN(world, "handover", "--to", "Minh", "--since", "8h"),
                     0);
    holds(world->out, "SỔ TRỰC");
    holds(world->out, "CÒN ĐANG DIỄN RA");
    holds(world->out, "#3 [khẩn cấp]");
    holds(world->out, "unit=\"22018\", đến khi kết thúc, lan");
    handover_is_kept(world);
    assert_int_equal(RUN(world, "ledger", "22015/gauge"), 0);
    holds(world->out, "không có số thứ tự");
    assert_null(strstr(world->out, "22018"));
    assert_int_equal(RUN(world, "report", "--month", "2025-10"), 0);
    holds(world->out, "<h1>Báo cáo cảnh báo tháng 2025-10</h1>");
    holds(world->out, "3 cảnh báo, 0 lần quá hạn");
    holds(world->out, "<th>Xã Sơn Hoà</th><td>22015</td><td>1</td>");
    assert_int_equal(RUN(world, "report", "--month", "2025-10", "--as", "csv"),
                     0);
    holds(world->out, "\"22015\",\"Xã Sơn Hoà\",1,1,0,0,0,0,0,,,,,0,\n");
    assert_int_equal(
        RUN(world, "report", "--month", "2025-11", "--format", "json"), 0);
    assert_string_equal(world->out, "[]\n");
    assert_int_equal(RUN(world, "completion", "bash"), 0);
    holds(world->out, "complete -F _gongctl gongctl");
}

static void
tokens_for_programs(void **state)
{
    struct world *world = *state;
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
    holds(world->out, "#1");
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
        {"completion", "zsh"},
        {"audit", "check"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *words[7] = {NULL};

        memcpy(words, wrong[i], sizeof wrong[i]);
        if (run_at(world, world->agent, words) != GONG_CTL_USAGE) {
            fail_msg("%s %s: %s%s", wrong[i][0],
                     wrong[i][1] == NULL ? "" : wrong[i][1], world->out,
                     world->err);
        }
    }
    assert_int_equal(run_at(world, "http://example.vn",
                            (const char *const[]){"alerts", NULL}),
                     GONG_CTL_USAGE);
    assert_int_equal(run_at(world, "unix:/nowhere/gong.sock",
                            (const char *const[]){"alerts", NULL}),
                     GONG_CTL_UNAVAILABLE);
}

/* --- parts --- */

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
    assert_string_equal(gong_ctl_length(7500000, text), "2 giờ 5 phút");
    assert_string_equal(gong_ctl_length(90000000, text), "1 ngày 1 giờ");
    assert_true(gong_ctl_read_month("2026-12", &from, &until));
    assert_string_equal(gong_ctl_day(from, text), "01/12/2026 00:00");
    assert_string_equal(gong_ctl_day(until, text), "01/01/2027 00:00");
    assert_false(gong_ctl_read_month("2026-1", &from, &until));
}

static void
matchers(void **state)
{
    static const char *const wrong[] = {"",       "unit",     "=x",
                                        "unit!x", "unit=\"x", "unit=\"x\"y"};
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_first_user_then_a_login),
        T(alerts_and_acts),
        T(the_rest_of_the_desk),
        T(tokens_for_programs),
        T(what_is_typed_wrong),
        cmocka_unit_test(addresses_of_an_agent),
        cmocka_unit_test(tables_fit_their_text),
        cmocka_unit_test(instants_and_lengths),
        cmocka_unit_test(matchers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
