/* Unit tests of agent/tell/notify_log.c: golden texts, cuts, a file that cannot
 * be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "agent/tell/notify.h"
#include "agent/tell/notify_log.h"
#include "agent/tell/notify_number.h"
#include "sink_fixture.h"

static const struct sink_alert firing = {
    .name = "LampHot",
    .device = "lamp-1",
    .from = GONG_ALERT_PENDING,
    .to = GONG_ALERT_FIRING,
    .at_ms = SINK_ARRIVAL_MS,
    .value = 71.5,
};

#define INDENT "               "

static void
golden_firing(void **state)
{
    json_t *effect = sinks_alert(&firing);
    char text[GONG_NOTIFY_LOG_SIZE];
    size_t len = gong_notify_log_format(effect, text);

    (void)state;
    assert_int_equal(len, strlen(text));
    assert_string_equal(
        text,
        "09/10 15:53:20 [KHẨN CẤP] đang diễn ra: Đèn quá nhiệt | đơn vị 22015 "
        "thiết bị lamp-1 | giá trị 71,5 | việc cần làm: Cắt nguồn\n" INDENT
        "[CRITICAL] firing: Lamp is hot | unit 22015 device lamp-1 | value "
        "71.5 | what to do: Cut the power\n");
    json_decref(effect);
}

static void
golden_resolved(void **state)
{
    struct sink_alert alert = firing;
    char text[GONG_NOTIFY_LOG_SIZE];
    json_t *effect;

    (void)state;
    alert.from = GONG_ALERT_FIRING;
    alert.to = GONG_ALERT_INACTIVE;
    alert.value = 1.0 / 3;
    effect = sinks_alert(&alert);
    (void)gong_notify_log_format(effect, text);
    assert_string_equal(
        text,
        "09/10 15:53:20 [KHẨN CẤP] đã kết thúc, trước đó: Đèn quá nhiệt | đơn "
        "vị 22015 thiết bị lamp-1\n" INDENT
        "[CRITICAL] resolved, it was: Lamp is hot | unit 22015 device "
        "lamp-1\n");
    json_decref(effect);
}

/* The value, however a template rounded it; nothing else. */
static void
vietnamese_numbers_have_a_comma(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
        double value;
    } cases[] = {
        {"còn 18.5 %", "còn 18,5 %", 18.52},
        {"18.520", "18,520", 18.52},
        {"còn 18.5.", "còn 18,5.", 18.5},
        {"-3.5 °C (3.5)", "-3,5 °C (3,5)", -3.5},
        {"0.33, 0.333", "0,33, 0,333", 1.0 / 3},
        {"máy 10.0.18.5 còn 18.5", "máy 10.0.18.5 còn 18,5", 18.5},
        {"bản v18.5 hay 18.6", "bản v18.5 hay 18.6", 18.5},
        {"18.5C 1.18.5 18..5 .5 5.", "18,5C 1.18.5 18..5 .5 5.", 18.5},
        {"1.0e+06 12", "1.0e+06 12", 1e6},
        {"", "", 1.5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sink_alert alert = firing;
        json_t *effect;
        char text[64];

        alert.value = cases[i].value;
        effect = sinks_alert(&alert);
        (void)snprintf(text, sizeof text, "%s", cases[i].text);
        gong_notify_put_commas(effect, text, strlen(text));
        assert_string_equal(text, cases[i].shown);
        json_decref(effect);
    }
}

static void
both_languages_write_numbers_their_way(void **state)
{
    json_t *effect = sinks_alert(&firing);
    json_t *annotations = json_object_get(effect, "annotations");
    char text[GONG_NOTIFY_LOG_SIZE];

    (void)state;
    assert_int_equal(
        json_object_set_new(annotations, "summary", json_string("71.50 độ")) |
            json_object_set_new(annotations, "summary_en",
                                json_string("71.50 degrees")),
        0);
    (void)gong_notify_log_format(effect, text);
    assert_non_null(strstr(text, "đang diễn ra: 71,50 độ | "));
    assert_non_null(strstr(text, "firing: 71.50 degrees | "));
    json_decref(effect);
}

static void
severities(void **state)
{
    static const struct {
        const char *severity;
        const char *vietnamese;
        const char *english;
    } cases[] = {
        {"critical", "[KHẨN CẤP] ", "[CRITICAL] "},
        {"warning", "[CHÚ Ý] ", "[WARNING] "},
        {"info", "[THÔNG TIN] ", "[INFO] "},
        {"page", "[page] ", "[page] "},
        {"", "[CẢNH BÁO] ", "[ALERT] "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *effect = sinks_alert(&firing);
        char text[GONG_NOTIFY_LOG_SIZE];

        assert_int_equal(json_object_set_new(json_object_get(effect, "labels"),
                                             "severity",
                                             json_string(cases[i].severity)),
                         0);
        (void)gong_notify_log_format(effect, text);
        assert_non_null(strstr(text, cases[i].vietnamese));
        assert_non_null(strstr(text, cases[i].english));
        json_decref(effect);
    }
}

static void
what_is_missing_is_left_out(void **state)
{
    json_t *effect = sinks_alert(&firing);
    char text[GONG_NOTIFY_LOG_SIZE];

    (void)state;
    assert_int_equal(json_object_clear(json_object_get(effect, "labels")), 0);
    assert_int_equal(json_object_clear(json_object_get(effect, "annotations")),
                     0);
    (void)gong_notify_log_format(effect, text);
    assert_string_equal(
        text, "09/10 15:53:20 [CẢNH BÁO] đang diễn ra: LampHot | giá "
              "trị 71,5\n" INDENT "[ALERT] firing: LampHot | value 71.5\n");
    json_decref(effect);
}

static void
hostile_texts_stay_two_clean_lines(void **state)
{
    json_t *effect = sinks_alert(&firing);
    json_t *annotations = json_object_get(effect, "annotations");
    char text[GONG_NOTIFY_LOG_SIZE];
    char huge[3 * GONG_NOTIFY_LOG_SIZE];
    size_t len;
    int newlines = 0;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof huge; i += 2) {
        memcpy(huge + i, "Đ", 3);
    }
    assert_int_equal(json_object_set_new(annotations, "summary",
                                         json_string("a\n\x1b[2J\xc2\x9b"
                                                     "b")),
                     0);
    assert_int_equal(
        json_object_set_new(annotations, "summary_en", json_string(huge)), 0);
    len = gong_notify_log_format(effect, text);
    assert_true(len < GONG_NOTIFY_LOG_SIZE);
    assert_non_null(strstr(text, "a??[2J??b"));
    for (size_t i = 0; i < len; i++) {
        newlines += text[i] == '\n';
        assert_true(text[i] == '\n' || (unsigned char)text[i] >= 0x20);
    }
    assert_int_equal(newlines, 2);
    /* Cut between characters: what is left is UTF-8. */
    effect = (json_decref(effect), json_string(text));
    assert_non_null(effect);
    json_decref(effect);
}

static void
writes_to_its_file(void **state)
{
    struct sinks *sinks = *state;
    char path[128];
    struct gong_notify_log_config config = {.file = path};
    json_t *effect = sinks_alert(&firing);
    void *log = NULL;
    char why[128] = "";
    char *text;

    (void)snprintf(path, sizeof path, "%s/alerts.log", sinks->dir);
    assert_int_equal(gong_notify_log.open(&config, &log, why, sizeof why),
                     GONG_OK);
    assert_int_equal(gong_notify_log.deliver(log, effect, why, sizeof why),
                     GONG_NOTIFY_DONE);
    assert_int_equal(gong_notify_log.deliver(log, effect, why, sizeof why),
                     GONG_NOTIFY_DONE);
    text = sinks_read(sinks, "alerts.log");
    assert_non_null(strstr(text, "KHẨN CẤP"));
    assert_non_null(strstr(strstr(text, "CRITICAL"), "KHẨN CẤP"));
    free(text);
    gong_notify_log.close(log);
    json_decref(effect);
}

/* Nothing is lost: the alert is tried again when there is room. */
static void
a_full_disk_is_tried_again(void **state)
{
    char path[] = "/dev/full";
    struct gong_notify_log_config config = {.file = path};
    json_t *effect = sinks_alert(&firing);
    void *log = NULL;
    char why[128] = "";

    (void)state;
    assert_int_equal(gong_notify_log.open(&config, &log, why, sizeof why),
                     GONG_OK);
    assert_int_equal(gong_notify_log.deliver(log, effect, why, sizeof why),
                     GONG_NOTIFY_RETRY);
    assert_non_null(strstr(why, "cannot write /dev/full: no space left"));
    gong_notify_log.close(log);
    json_decref(effect);
}

static void
a_missing_folder_is_told_at_start(void **state)
{
    char path[] = "/nonexistent/alerts.log";
    struct gong_notify_log_config config = {.file = path};
    void *log = NULL;
    char why[128] = "";

    (void)state;
    assert_int_equal(gong_notify_log.open(&config, &log, why, sizeof why),
                     GONG_ERR_NOT_FOUND);
    assert_non_null(strstr(why, "cannot write /nonexistent/alerts.log"));
    assert_null(log);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_firing),
        cmocka_unit_test(golden_resolved),
        cmocka_unit_test(vietnamese_numbers_have_a_comma),
        cmocka_unit_test(both_languages_write_numbers_their_way),
        cmocka_unit_test(severities),
        cmocka_unit_test(what_is_missing_is_left_out),
        cmocka_unit_test(hostile_texts_stay_two_clean_lines),
        cmocka_unit_test_setup_teardown(writes_to_its_file, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test(a_full_disk_is_tried_again),
        cmocka_unit_test(a_missing_folder_is_told_at_start),
    };

    /* Staff read Viet Nam's time, whatever the machine's zone is. */
    if (setenv("TZ", "<+03>-3", 1) != 0) {
        return 1;
    }
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
