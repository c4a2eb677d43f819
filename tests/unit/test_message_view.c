/* Unit tests of agent/tell/message_view.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/tell/message_annotation.h"
#include "agent/tell/message_view.h"

static void
what_is_missing_reads_as_empty(void **state)
{
    char out[GONG_VIEW_SUMMARY_SIZE];

    (void)state;
    assert_string_equal(gong_view_text(NULL, "x"), "");
    assert_string_equal(gong_view_label(NULL, "x"), "");
    assert_int_equal(gong_view_int(NULL, "x"), 0);
    assert_false(gong_view_over(NULL));
    assert_string_equal(gong_view_summary(NULL, GONG_MESSAGE_VIETNAMESE, out),
                        "[CẢNH BÁO] đang diễn ra: ");
}

/* As in every other text: sections, decimal commas, Vietnamese. */
static void
numbers_are_written_as_people_write_them(void **state)
{
    char out[GONG_VIEW_SUMMARY_SIZE];
    json_t *item = json_pack(
        "{s:i, s:s, s:s, s:i, s:s, s:{s:f, s:f}, s:{s:s, s:s, s:s}}", "number",
        7, "severity", "critical", "news", "climbed", "level", 3, "value",
        "40.31", "facts", "param_level3", 34.5, "trend", 0.42, "annotations",
        "summary",
        "Củng Sơn 40.31 m[[, trên báo động {level:roman} "
        "{value-param_level#:2} m]][[, {trend:+2} m/giờ]][[, {other} m]]",
        "summary_en", "Củng Sơn 40.31 m[[, {trend:+2} m/h]]", "action",
        "Sơ tán");
    json_t *texts = gong_message_annotations(item);

    (void)state;
    assert_non_null(item);
    assert_string_equal(gong_view_summary(item, GONG_MESSAGE_VIETNAMESE, out),
                        "#7 [KHẨN CẤP] đã tăng mức: Củng Sơn 40,31 m, trên báo "
                        "động III 5,81 m, tăng 0,42 m/giờ | việc cần làm: Sơ "
                        "tán");
    assert_string_equal(gong_view_summary(item, GONG_MESSAGE_ENGLISH, out),
                        "#7 [CRITICAL] now worse: Củng Sơn 40.31 m, rising "
                        "0.42 m/h | what to do: Sơ tán");
    /* Programs get the value as it is. */
    assert_string_equal(gong_view_text(texts, "summary"),
                        "Củng Sơn 40.31 m, trên báo động III 5,81 m, tăng 0,42 "
                        "m/giờ");
    assert_string_equal(gong_view_text(texts, "summary_en"),
                        "Củng Sơn 40.31 m, rising 0.42 m/h");
    assert_string_equal(gong_view_text(texts, "action"), "Sơ tán");
    json_decref(texts);
    json_decref(item);
}

static void
long_summary_is_cut_between_characters(void **state)
{
    char text[GONG_VIEW_SUMMARY_SIZE * 3];
    char out[GONG_VIEW_SUMMARY_SIZE];

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        json_t *item;
        json_t *check;
        size_t len = shift;

        memset(text, 'x', shift);
        while (len < sizeof text - 4) {
            (void)strcpy(text + len, "ế");
            len += 3;
        }
        item = json_pack("{s:i, s:{s:s}}", "number", 5, "annotations",
                         "summary", text);
        assert_non_null(item);
        (void)gong_view_summary(item, GONG_MESSAGE_VIETNAMESE, out);
        assert_in_range(strlen(out), GONG_VIEW_SUMMARY_SIZE - 4,
                        GONG_VIEW_SUMMARY_SIZE - 1);
        check = json_string(out); /* NULL where it is no UTF-8 */
        assert_non_null(check);
        json_decref(check);
        json_decref(item);
    }
}

/* What only a message knows is filled in, and never seen as it is written. */
static void
sections_are_filled(void **state)
{
    char out[GONG_VIEW_SUMMARY_SIZE];
    json_t *item = json_loads(
        "{\"number\":5,\"value\":\"40.31\",\"level\":3,\"annotations\":{"
        "\"summary\":\"Nước 40.31 m[[, báo động {level:roman}]][[, {gone}]]\","
        "\"action\":\"Sơ tán[[ {param_level#:1}]]\"},"
        "\"facts\":{\"param_level3\":34.5}}",
        0, NULL);

    (void)state;
    assert_non_null(item);
    assert_string_equal(
        gong_view_summary(item, GONG_MESSAGE_VIETNAMESE, out),
        "#5 [CẢNH BÁO] đang diễn ra: Nước 40,31 m, báo động III | việc cần "
        "làm: Sơ tán 34,5");
    json_decref(item);
}

/* What functions of templates make of the value is its own, too; addresses,
 * versions and other numbers are not. */
static void
what_functions_make_of_it_has_a_comma(void **state)
{
    static const struct {
        const char *value;
        const char *summary;
        const char *shown;
    } cases[] = {
        {"0.12342", "12.34% at 10.0.0.1", "12,34% at 10.0.0.1"},
        {"0.12342", "12.34 at 0.5%", "12.34 at 0.5%"},
        {"1234.5", "1.234k", "1,234k"},
        {"1536000", "1.536M or 1.465 MiB", "1,536M or 1.465 MiB"},
        {"1536000", "1.465Mi", "1,465Mi"},
        {"0.0125", "12.5ms", "12,5ms"},
        {"0.0125", "12.5us, v12.5m", "12.5us, v12.5m"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[GONG_VIEW_SUMMARY_SIZE];
        json_t *item = json_pack("{s:i, s:s, s:{s:s}}", "number", 5, "value",
                                 cases[i].value, "annotations", "summary",
                                 cases[i].summary);

        assert_non_null(item);
        (void)gong_view_summary(item, GONG_MESSAGE_VIETNAMESE, out);
        assert_string_equal(strstr(out, ": ") + 2, cases[i].shown);
        json_decref(item);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_reads_as_empty),
        cmocka_unit_test(numbers_are_written_as_people_write_them),
        cmocka_unit_test(long_summary_is_cut_between_characters),
        cmocka_unit_test(sections_are_filled),
        cmocka_unit_test(what_functions_make_of_it_has_a_comma),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
