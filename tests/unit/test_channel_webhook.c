/* Unit tests of agent/tell/channel_webhook.c, channel_log.c and
 * desk_config_file.c: what is sent, what answers mean, what a configuration
 * says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tell/channel_webhook.h"
#include "agent/desk/desk_config_file.h"
#include "channel_fixture.h"

static void
webhook_is_alertmanagers_version_4(void **state)
{
    static const char expected[] =
        "{\"version\":\"4\",\"groupKey\":\"{}:{alertname=\\\"A\\\"}\","
        "\"truncatedAlerts\":7,\"status\":\"firing\","
        "\"receiver\":\"unit-duty\",\"groupLabels\":{\"alertname\":\"A\"},"
        "\"commonLabels\":{\"alertname\":\"A\",\"device\":\"gauge\"},"
        "\"commonAnnotations\":{\"wiki\":\"w\"},\"externalURL\":\"https://g\","
        "\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"A\","
        "\"site\":\"22015\",\"device\":\"gauge\"},\"annotations\":{"
        "\"summary\":\"Nước dâng\\n34,5\",\"action\":\"Sơ tán\","
        "\"wiki\":\"w\"},\"startsAt\":\"2025-10-09T08:53:20.000Z\","
        "\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"\","
        "\"fingerprint\":\"00c0ffee00000001\"},{\"status\":\"resolved\","
        "\"labels\":{\"alertname\":\"A\",\"site\":\"22018\","
        "\"device\":\"gauge\"},\"annotations\":{\"summary\":\"Đã rút\","
        "\"wiki\":\"w\"},\"startsAt\":\"2025-10-09T08:53:20.000Z\","
        "\"endsAt\":\"2025-10-09T08:53:20.100Z\",\"generatorURL\":\"\","
        "\"fingerprint\":\"00c0ffee00000002\"}]}";
    json_t *message = json_loads(channel_message, 0, NULL);
    json_t *body = gong_channel_webhook_body(message, "");
    char *text = json_dumps(body, JSON_COMPACT);

    (void)state;
    assert_string_equal(text, expected);
    free(text);
    json_decref(body);
    /* Over when all is over, also what is not listed. */
    (void)json_object_set_new(message, "omitted", json_object());
    (void)json_array_remove(json_object_get(message, "items"), 0);
    body = gong_channel_webhook_body(message, "https://other");
    assert_string_equal(json_string_value(json_object_get(body, "status")),
                        "resolved");
    assert_string_equal(json_string_value(json_object_get(body, "externalURL")),
                        "https://other");
    json_decref(body);
    json_decref(message);
}

/* Numbers without a section stay as the rule wrote them, as Alertmanager has
 * them; what is common is so after filling. */
static void
sections_of_annotations_are_filled(void **state)
{
    json_t *message = json_loads(
        "{\"group_labels\":{},\"items\":[{\"labels\":{},\"value\":\"2.5\","
        "\"level\":2,\"annotations\":{"
        "\"a\":\"2.5 m[[ mức {level}]]\",\"a_en\":\"2.5 m[[, {value:2}]]\","
        "\"b\":\"2.5 m\",\"c\":\"x[[ {level}]]\",\"d\":\"y[[ {no}]]\"}},"
        "{\"labels\":{},\"value\":\"2.5\",\"level\":3,\"annotations\":{"
        "\"c\":\"x[[ {level}]]\",\"d\":\"y[[ {level} {no}]]\"}}]}",
        0, NULL);
    json_t *body = gong_channel_webhook_body(message, "");
    json_t *alert = json_array_get(json_object_get(body, "alerts"), 0);
    char *one = json_dumps(json_object_get(alert, "annotations"), JSON_COMPACT);
    char *common =
        json_dumps(json_object_get(body, "commonAnnotations"), JSON_COMPACT);

    (void)state;
    assert_string_equal(one, "{\"a\":\"2.5 m mức 2\",\"a_en\":\"2.5 m, 2.50\","
                             "\"b\":\"2.5 m\",\"c\":\"x 2\",\"d\":\"y\"}");
    assert_string_equal(common, "{\"d\":\"y\"}");
    free(one);
    free(common);
    json_decref(body);
    json_decref(message);
}

static void
answers_are_judged_without_the_url(void **state)
{
    static const struct {
        CURLcode code;
        long status;
        enum gong_channel_outcome outcome;
        const char *why;
    } cases[] = {
        {CURLE_OK, 200, GONG_CHANNEL_SENT, NULL},
        {CURLE_OK, 204, GONG_CHANNEL_SENT, NULL},
        {CURLE_OK, 400, GONG_CHANNEL_REFUSE, "status 400: "},
        {CURLE_OK, 302, GONG_CHANNEL_REFUSE, "status 302: "},
        {CURLE_OK, 429, GONG_CHANNEL_RETRY, "status 429: "},
        {CURLE_OK, 503, GONG_CHANNEL_RETRY, "status 503: "},
        {CURLE_COULDNT_CONNECT, 0, GONG_CHANNEL_RETRY,
         "Couldn't connect to server"},
        {CURLE_OPERATION_TIMEDOUT, 0, GONG_CHANNEL_RETRY,
         "Timeout was reached"},
    };
    struct channel_case test;

    (void)state;
    assert_int_equal(channel_open(&test, &gong_channel_webhook,
                                  "url = \"http://h/?token=secret\";"),
                     GONG_OK);
    channel_begin(&test, channel_message, "");
    json_decref((json_t *)(uintptr_t)test.attempt.stage);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(test.kind->judge(test.state, &test.attempt,
                                          cases[i].code, cases[i].status),
                         cases[i].outcome);
        if (cases[i].why != NULL) {
            assert_string_equal(test.attempt.why, cases[i].why);
        }
    }
    channel_close(&test);
    assert_int_equal(
        channel_open(&test, &gong_channel_webhook, "url = \"ftp://h/\";"),
        GONG_ERR_INVALID);
    assert_int_equal(channel_open(&test, &gong_channel_webhook,
                                  "url = \"https://h/\";"
                                  "token_file = \"/no/where\";"),
                     GONG_ERR_INVALID);
    assert_non_null(strstr(test.why, "/no/where"));
    /* A secret goes to nobody who can be listened to. */
    assert_int_equal(channel_open(&test, &gong_channel_webhook,
                                  "url = \"http://127.0.0.1:x@h/\";"
                                  "token_file = \"/no/where\";"),
                     GONG_ERR_INVALID);
    assert_non_null(strstr(test.why, "https"));
    assert_int_equal(channel_open(&test, &gong_channel_webhook,
                                  "url = \"http://127.0.0.1:1/\";"
                                  "token_file = \"/no/where\";"),
                     GONG_ERR_INVALID);
    assert_non_null(strstr(test.why, "/no/where"));
}

static void
write_secret(const char *path, const char *secret)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", secret) > 0);
    assert_int_equal(fclose(file), 0);
}

/* What an answer comes to when a server repeats so much. */
static void
repeat(struct channel_case *test, const char *text)
{
    free(test->attempt.answer);
    test->attempt.answer = strdup(text);
    assert_non_null(test->attempt.answer);
    test->attempt.answer_length = strlen(text);
    assert_int_equal(
        test->kind->judge(test->state, &test->attempt, CURLE_OK, 400),
        GONG_CHANNEL_REFUSE);
}

/* base64 of "gong:p w%d/?>" is Z29uZzpwIHclZC8/Pg==. */
static void
no_secret_is_told_however_it_is_repeated(void **state)
{
    static const struct {
        const char *answer;
        const char *why;
    } rows[] = {
        {"Authorization: Basic Z29uZzpwIHclZC8/Pg== is wrong",
         "status 400: Authorization: Basic ******************** is wrong"},
        {"{\"a\":\"Basic Z29uZzpwIHclZC8\\/Pg==\"}",
         "status 400: {\"a\":\"Basic *********************\"}"},
        {"a=Z29uZzpwIHclZC8%2FPg%3D%3D",
         "status 400: a=**************************"},
        {"no p w%d/?> here", "status 400: no ******** here"},
        {"Cannot POST /hooks/T0123456789abcdefXYZ?key=s3cr3t%2Bx&v=1",
         "status 400: Cannot POST /hooks/********************?key=**********"
         "&v=1"},
        {"key s3cr3t+x", "status 400: key ********"},
        {"bearer t0ken-1", "status 400: bearer *******"},
    };
    char password[] = "/tmp/gong-secret-XXXXXX";
    char token[] = "/tmp/gong-secret-XXXXXX";
    char options[512];
    struct channel_case test;
    int fds[] = {mkstemp(password), mkstemp(token)};

    (void)state;
    assert_true(fds[0] >= 0 && fds[1] >= 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    write_secret(password, "p w%d/?>");
    write_secret(token, "t0ken-1");
    (void)snprintf(options, sizeof options,
                   "url = \"http://127.0.0.1:1/hooks/T0123456789abcdefXYZ"
                   "?key=s3cr3t%%2Bx&v=1\"; username = \"gong\"; "
                   "password_file = \"%s\"; token_file = \"%s\";",
                   password, token);
    assert_int_equal(channel_open(&test, &gong_channel_webhook, options),
                     GONG_OK);
    channel_begin(&test, channel_message, "");
    json_decref((json_t *)(uintptr_t)test.attempt.stage);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        repeat(&test, rows[i].answer);
        assert_string_equal(test.attempt.why, rows[i].why);
    }
    channel_close(&test);
    assert_int_equal(unlink(password), 0);
    assert_int_equal(unlink(token), 0);
}

static void
an_answer_is_cut_between_characters(void **state)
{
    struct channel_case test;

    (void)state;
    assert_int_equal(
        channel_open(&test, &gong_channel_webhook, "url = \"http://h/\";"),
        GONG_OK);
    channel_begin(&test, channel_message, "");
    json_decref((json_t *)(uintptr_t)test.attempt.stage);
    for (size_t ahead = 0; ahead < 8; ahead++) {
        char text[256];
        char *why = test.attempt.why;
        size_t len =
            (size_t)snprintf(text, sizeof text, "%.*s", (int)ahead, "aaaaaaaa");
        size_t kept = (128 - ahead) / 3;

        while (len + 4 < sizeof text) {
            memcpy(text + len, "\xe1\xba\xbf", 4); /* ế */
            len += 3;
        }
        repeat(&test, text);
        assert_int_equal(strlen(why),
                         strlen("status 400: ") + ahead + 3 * kept);
        assert_memory_equal(why + strlen(why) - 3, "\xe1\xba\xbf", 3);
    }
    channel_close(&test);
}

static void
log_writes_lines_for_people(void **state)
{
    char path[] = "/tmp/gong-log-XXXXXX";
    char options[64];
    char text[1024] = "";
    struct channel_case test;
    int fd = mkstemp(path);
    FILE *file;

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    (void)setenv("TZ", "UTC", 1); /* staff read their own zone */
    (void)snprintf(options, sizeof options, "file = \"%s\";", path);
    assert_int_equal(channel_open(&test, &gong_channel_log, options), GONG_OK);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    channel_close(&test);
    file = fopen(path, "r");
    assert_non_null(file);
    (void)fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    (void)unlink(path);
    assert_string_equal(
        text,
        "09/10 15:53:20 unit-duty Xã Sơn Hoà -> duty-1\n"
        "  #17 [KHẨN CẤP] đang diễn ra: Nước dâng?34,5 | việc cần làm: Sơ tán "
        "| đơn vị 22015 | thiết bị gauge | giá trị 34,5\n"
        "    #17 [CRITICAL] firing: Nước dâng?34,5 | what to do: Sơ tán | unit "
        "22015 | device gauge | value 34.5\n"
        "  #18 [CHÚ Ý] đã kết thúc: Đã rút | đơn vị 22018 | thiết bị gauge\n"
        "    #18 [WARNING] resolved: Đã rút | unit 22018 | device gauge\n"
        "  và 3 cảnh báo đang diễn ra, 4 đã kết thúc\n"
        "    and 3 more firing, 4 resolved\n");
    assert_int_not_equal(
        channel_open(&test, &gong_channel_log, "file = \"/no/where/log\";"),
        GONG_OK);
    /* A full disk is told as what it is. */
    assert_int_equal(
        channel_open(&test, &gong_channel_log, "file = \"/dev/full\";"),
        GONG_OK);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_RETRY);
    assert_string_equal(test.attempt.why, "No space left on device");
    channel_close(&test);
}

/* As logrotate does it. */
static void
a_log_that_was_moved_away_begins_anew(void **state)
{
    char dir[] = "/tmp/gong-log-XXXXXX";
    char path[64];
    char moved[64];
    char options[96];
    struct channel_case test;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/log", dir);
    (void)snprintf(moved, sizeof moved, "%s/log.1", dir);
    (void)snprintf(options, sizeof options, "file = \"%s\";", path);
    assert_int_equal(channel_open(&test, &gong_channel_log, options), GONG_OK);
    assert_int_equal(rename(path, moved), 0);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    channel_close(&test);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(moved), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* --- the configuration --- */

static bool
read_channels(const char *text, struct gong_desk_channels *out,
              struct gong_conf_errors *errors)
{
    struct gong_conf *conf =
        gong_conf_open_text("f", gong_str_of(text), errors);
    bool good;

    assert_non_null(conf);
    good = gong_desk_channels_read(
        gong_conf_child(gong_conf_root(conf), "channels"), out, errors);
    gong_conf_close(conf);
    return good;
}

static void
channels_are_read_with_their_kinds_options(void **state)
{
    struct gong_desk_channels channels;
    struct gong_conf_errors errors = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    (void)state;
    assert_true(read_channels(
        "channels = ( { type = \"log\"; }, { name = \"hook\"; type = "
        "\"webhook\"; url = \"http://h/\"; rate = 2; burst = 5; } );",
        &channels, &errors));
    assert_int_equal(channels.count, 2);
    assert_string_equal(channels.channels[0].name, "log");
    assert_ptr_equal(channels.channels[0].kind, &gong_channel_log);
    assert_true(channels.channels[0].rate == gong_channel_log.rate);
    assert_string_equal(channels.channels[1].name, "hook");
    assert_true(channels.channels[1].rate == 2);
    assert_true(channels.channels[1].burst == 5);
    assert_string_equal(*(char *const *)channels.channels[1].config,
                        "http://h/");
    out = open_memstream(&text, &len);
    assert_non_null(out);
    gong_desk_channels_dump(&channels, out);
    assert_int_equal(fclose(out), 0);
    gong_desk_channels_free(&channels);
    /* What is shown can be read again. */
    assert_true(read_channels(text, &channels, &errors));
    assert_int_equal(channels.count, 2);
    gong_desk_channels_free(&channels);
    free(text);
    assert_true(read_channels("x = 1;", &channels, &errors));
    assert_int_equal(channels.count, 0);
    gong_desk_channels_free(&channels);
}

static void
mistakes_are_named_with_their_place(void **state)
{
    struct gong_desk_channels channels;
    struct gong_conf_errors errors = {0};
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"channels = ( { type = \"logg\"; } );", "f:1:16: found an unknown "
                                                 "type of channel, expected "
                                                 "one of log, "},
        {"channels = ( { name = \"a\"; } );",
         "f:1:14: found no type of channel"},
        {"channels = ( { type = \"log\"; }, { type = \"log\"; } );",
         "f:1:33: found a second channel named \"log\""},
        {"channels = ( { type = \"log\"; name = \"a b\"; } );",
         "f:1:30: found a channel name"},
        {"channels = ( { type = \"log\"; files = \"x\"; } );", "f:1:"},
        {"channels = ( 5 );", "f:1:14: found something else"},
        {"channels = 5;", "f:1:1: found something else"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(read_channels(cases[i].text, &channels, &errors));
        if (strncmp(errors.items[0], cases[i].message,
                    strlen(cases[i].message)) != 0) {
            fail_msg("%s\n%s", errors.items[0], cases[i].message);
        }
        gong_desk_channels_free(&channels);
        gong_conf_errors_fini(&errors);
        memset(&errors, 0, sizeof errors);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webhook_is_alertmanagers_version_4),
        cmocka_unit_test(sections_of_annotations_are_filled),
        cmocka_unit_test(answers_are_judged_without_the_url),
        cmocka_unit_test(no_secret_is_told_however_it_is_repeated),
        cmocka_unit_test(an_answer_is_cut_between_characters),
        cmocka_unit_test(log_writes_lines_for_people),
        cmocka_unit_test(a_log_that_was_moved_away_begins_anew),
        cmocka_unit_test(channels_are_read_with_their_kinds_options),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
