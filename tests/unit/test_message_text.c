/* Unit tests of agent/tell/message_text.c: golden texts, what is omitted,
 * lengths, and that nothing from outside steers a terminal or a page. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tell/message_facts.h"
#include "agent/tell/message_files.h"
#include "agent/tell/message_preview.h"
#include "agent/tell/utf16.h"
#include "message_fixture.h"

/* --- memory that ends when told so --- */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static size_t memory_left = SIZE_MAX; /* pieces */

static bool
take_memory(void)
{
    if (memory_left == 0) {
        return false;
    }
    memory_left -= memory_left == SIZE_MAX ? 0 : 1;
    return true;
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return take_memory() ? __real_calloc(count, size) : NULL;
}

void *
__wrap_malloc(size_t size)
{
    return take_memory() ? __real_malloc(size) : NULL;
}

#define GOLDEN "Củng Sơn 40,31 m, trên báo động III 5,81 m, tăng 0,42 m/giờ"

static struct gong_message_texts *
load(const char *folder, const char *first, const char *second)
{
    char a[8];
    char b[8];
    char *names[] = {a, b};
    struct gong_strings languages = {names, second == NULL ? 1 : 2};
    struct gong_message_texts *texts;
    char why[512] = "";

    (void)snprintf(a, sizeof a, "%s", first);
    (void)snprintf(b, sizeof b, "%s", second == NULL ? "" : second);
    texts = gong_message_files_load(folder, &languages, why, sizeof why);
    if (texts == NULL) {
        print_message("%s\n", why);
    }
    return texts;
}

static char *
write_text(json_t *message, const struct gong_message_texts *texts,
           enum gong_message_part part, size_t units)
{
    const struct gong_link_signer signer = message_signer();
    const struct gong_message_view view = {message, "cs-duty-1", &signer};
    char *text = gong_message_text(texts, &view, part, units);

    assert_non_null(text);
    return text;
}

static void
check(json_t *message, const char *language, enum gong_message_part part,
      const char *expected)
{
    struct gong_message_texts *texts = load("", language, NULL);
    char *text;

    assert_non_null(texts);
    text = write_text(message, texts, part, 0);
    assert_string_equal(text, expected);
    free(text);
    json_decref(message);
    gong_message_texts_free(texts);
}

/* What the message says counts, not when it was opened. */
static void
waited_since_nobody_had_it(void **state)
{
    json_t *message = message_flood("escalate");

    (void)state;
    assert_int_equal(
        json_object_set_new(message, "waited", json_integer(1200000)), 0);
    check(message, "en", GONG_MESSAGE_CHAT,
          "ESCALATED: nobody acknowledged within 20 min\n\n"
          "CRITICAL · #17 · now worse · level III\n"
          "Củng Sơn 40.31 m, 5.81 m above flood alarm III, rising 0.42 m/h\n"
          "Where: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Since: 07:25 on 20 Nov\n"
          "What to do now: Evacuate.\n"
          "See and acknowledge: " MESSAGE_LINK "\n\n"
          "Sent to: Xã Sơn Hoà, unit-duty, 08:10 on 20 Nov");
}

static json_t *
waited(json_int_t ms)
{
    json_t *message = message_flood("escalate");

    assert_int_equal(json_object_set_new(message, "waited", json_integer(ms)),
                     0);
    return message;
}

static void
waited_reads_as_people_say_it(void **state)
{
#define REST(text)                                                             \
    text ": #17 KHẨN CẤP tăng lên mức III, Xã Sơn Hoà: " GOLDEN                \
         ". Làm ngay: Sơ tán dân vùng ngập. " MESSAGE_LINK
    (void)state;
    check(waited(59999), "vi", GONG_MESSAGE_SMS,
          REST("CHUYỂN CẤP TRÊN, dưới 1 phút chưa ai tiếp nhận"));
    check(waited(60000), "vi", GONG_MESSAGE_SMS,
          REST("CHUYỂN CẤP TRÊN, 1 phút chưa ai tiếp nhận"));
    check(waited(3600000), "vi", GONG_MESSAGE_SMS,
          REST("CHUYỂN CẤP TRÊN, 1 giờ chưa ai tiếp nhận"));
    check(waited(3660000), "vi", GONG_MESSAGE_SMS,
          REST("CHUYỂN CẤP TRÊN, 1 giờ 1 phút chưa ai tiếp nhận"));
    check(waited(59999), "en", GONG_MESSAGE_CHAT,
          "ESCALATED: nobody acknowledged for under a minute\n\n"
          "CRITICAL · #17 · now worse · level III\n"
          "Củng Sơn 40.31 m, 5.81 m above flood alarm III, rising 0.42 m/h\n"
          "Where: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Since: 07:25 on 20 Nov\n"
          "What to do now: Evacuate.\n"
          "See and acknowledge: " MESSAGE_LINK "\n\n"
          "Sent to: Xã Sơn Hoà, unit-duty, 08:10 on 20 Nov");
}

/* A text, or none, and never half a one. */
static void
without_memory_there_is_no_text(void **state)
{
    json_t *message = message_flood("news");
    const struct gong_message_view view = {message, NULL, NULL};
    struct gong_message_texts *texts = load("", "vi", "en");
    char *whole = gong_message_text(texts, &view, GONG_MESSAGE_CHAT, 2000);
    size_t failed = 0;

    (void)state;
    assert_non_null(whole);
    for (size_t left = 0; left < 200; left++) {
        char *text;

        memory_left = left;
        text = gong_message_text(texts, &view, GONG_MESSAGE_CHAT, 2000);
        memory_left = SIZE_MAX;
        failed += text == NULL ? 1 : 0;
        if (text != NULL) {
            assert_string_equal(text, whole);
        }
        free(text);
    }
    assert_in_range(failed, 3, 199);
    free(whole);
    gong_message_texts_free(texts);
    json_decref(message);
}

static void
golden_texts(void **state)
{
    (void)state;
    check(message_flood("news"), "vi", GONG_MESSAGE_SUBJECT,
          "[KHẨN CẤP] #17 " GOLDEN);
    check(message_flood("escalate"), "vi", GONG_MESSAGE_SUBJECT,
          "[CHUYỂN CẤP TRÊN] [KHẨN CẤP] #17 " GOLDEN);
    check(message_flood("news"), "vi", GONG_MESSAGE_CHAT,
          "KHẨN CẤP · #17 · tăng mức · mức III\n" GOLDEN "\n"
          "Nơi: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Từ: 07:25 ngày 20/11\n"
          "Việc cần làm ngay: Sơ tán dân vùng ngập.\n"
          "Xem và tiếp nhận: " MESSAGE_LINK "\n\n"
          "Gửi tới: Xã Sơn Hoà, unit-duty, lúc 08:10 ngày 20/11");
    check(message_flood("escalate"), "vi", GONG_MESSAGE_CHAT,
          "CHUYỂN CẤP TRÊN: chưa ai tiếp nhận sau 10 phút\n\n"
          "KHẨN CẤP · #17 · tăng mức · mức III\n" GOLDEN "\n"
          "Nơi: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Từ: 07:25 ngày 20/11\n"
          "Việc cần làm ngay: Sơ tán dân vùng ngập.\n"
          "Xem và tiếp nhận: " MESSAGE_LINK "\n\n"
          "Gửi tới: Xã Sơn Hoà, unit-duty, lúc 08:10 ngày 20/11");
    check(message_flood("escalate"), "en", GONG_MESSAGE_CHAT,
          "ESCALATED: nobody acknowledged within 10 min\n\n"
          "CRITICAL · #17 · now worse · level III\n"
          "Củng Sơn 40.31 m, 5.81 m above flood alarm III, rising 0.42 m/h\n"
          "Where: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Since: 07:25 on 20 Nov\n"
          "What to do now: Evacuate.\n"
          "See and acknowledge: " MESSAGE_LINK "\n\n"
          "Sent to: Xã Sơn Hoà, unit-duty, 08:10 on 20 Nov");
    check(message_flood("escalate"), "vi", GONG_MESSAGE_SMS,
          "CHUYỂN CẤP TRÊN, 10 phút chưa ai tiếp nhận: #17 KHẨN CẤP tăng lên "
          "mức III, Xã Sơn Hoà: " GOLDEN
          ". Làm ngay: Sơ tán dân vùng ngập. " MESSAGE_LINK);
    check(message_flood("drill"), "vi", GONG_MESSAGE_SUBJECT,
          "[DIỄN TẬP] [KHẨN CẤP] thử đường báo động, không phải sự cố thật");
    check(message_flood("repeat"), "en", GONG_MESSAGE_SUBJECT,
          "[REMINDER] [CRITICAL] #17 Củng Sơn 40.31 m, 5.81 m above flood "
          "alarm III, rising 0.42 m/h");
}

static json_t *
flood_item(json_t *message)
{
    return json_array_get(json_object_get(message, "items"), 0);
}

static void
set(json_t *object, const char *key, json_t *value)
{
    assert_int_equal(json_object_set_new(object, key, value), 0);
}

static void
past_its_deadline(void **state)
{
    json_t *message = message_flood("news");

    (void)state;
    set(flood_item(message), "news", json_string("overdue"));
    check(message, "vi", GONG_MESSAGE_SMS,
          "#17 KHẨN CẤP quá hạn xử lý, Xã Sơn Hoà: " GOLDEN
          ". Làm ngay: Sơ tán dân vùng ngập. " MESSAGE_LINK);
}

static void
what_is_over_and_what_is_unknown(void **state)
{
    json_t *message = message_flood("news");
    json_t *item = flood_item(message);

    (void)state;
    set(item, "alert", json_string("unknown"));
    set(item, "news", json_string("still"));
    set(item, "owner", json_string("Nguyễn A"));
    check(json_incref(message), "vi", GONG_MESSAGE_CHAT,
          "KHẨN CẤP · #17 · không rõ (mất tín hiệu) · mức III\n" GOLDEN "\n"
          "Nơi: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Từ: 07:25 ngày 20/11\n"
          "Giá trị cuối cùng: 40,31\n"
          "Người xử lý: Nguyễn A\n"
          "Việc cần làm ngay: Sơ tán dân vùng ngập.\n"
          "Xem và tiếp nhận: " MESSAGE_LINK "\n\n"
          "Gửi tới: Xã Sơn Hoà, unit-duty, lúc 08:10 ngày 20/11");
    set(item, "alert", json_string("inactive"));
    set(item, "news", json_string("resolved"));
    set(item, "ended", json_integer(MESSAGE_AT_MS));
    check(json_incref(message), "vi", GONG_MESSAGE_SUBJECT,
          "[ĐÃ KẾT THÚC] #17 Củng Sơn 40,31 m");
    check(message, "vi", GONG_MESSAGE_CHAT,
          "KHẨN CẤP · #17 · đã kết thúc · mức III\n"
          "Củng Sơn 40,31 m\n"
          "Nơi: Xã Sơn Hoà, Trạm thủy văn Củng Sơn\n"
          "Từ 07:25 ngày 20/11 đến 08:10 ngày 20/11, kéo dài 45 phút\n"
          "Giá trị cuối cùng: 40,31\n"
          "Người xử lý: Nguyễn A\n"
          "Xem: " MESSAGE_LINK "\n\n"
          "Gửi tới: Xã Sơn Hoà, unit-duty, lúc 08:10 ngày 20/11");
}

/* Without facts there is no section; the trend is the engine's. */
static void
facts(void **state)
{
    static const struct {
        const char *text;
        double trend;
    } cases[] = {{"0.420", 0.42}, {"-12.005", -12.005}, {"0.000", 0},
                 {"", NAN},       {"fast", NAN},        {"1.5 m", NAN},
                 {"inf", NAN},    {"nan", NAN}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *item = json_object();
        const json_t *trend;

        assert_true(gong_message_facts_device(item, NULL));
        assert_true(gong_message_facts_trend(item, gong_str_of(cases[i].text)));
        trend = json_object_get(json_object_get(item, "facts"), "trend");
        assert_int_equal(trend != NULL, !isnan(cases[i].trend));
        assert_true(trend == NULL ||
                    fabs(json_number_value(trend) - cases[i].trend) < 1e-9);
        json_decref(item);
    }
}

static size_t
count(const char *text, const char *part)
{
    size_t found = 0;

    for (const char *at = strstr(text, part); at != NULL;
         at = strstr(at + 1, part)) {
        found++;
    }
    return found;
}

static unsigned long
number_before(const char *text, const char *what)
{
    const char *end = strstr(text, what);
    const char *start = end;
    unsigned long number = 0;

    if (end == NULL) {
        return 0;
    }
    while (start > text &&
           ((start[-1] >= '0' && start[-1] <= '9') || start[-1] == '.')) {
        start--;
    }
    for (; start < end; start++) {
        number = *start == '.' ? number
                               : number * 10 + (unsigned long)(*start - '0');
    }
    return number;
}

/* Each of 10,000 is listed or in one stated count, however short the text. */
static void
a_storm_adds_up(void **state)
{
    static const size_t limits[] = {0, 20000, 2000, 1999, 1000, 700, 500, 335};
    struct gong_message_texts *texts = load("", "vi", NULL);
    json_t *message = message_storm(100, 9000, 900);

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char *text = write_text(message, texts, GONG_MESSAGE_CHAT, limits[i]);
        unsigned long omitted =
            number_before(text, " cảnh báo khác,") +
            number_before(text, " cảnh báo khác đã kết thúc");

        assert_true(limits[i] == 0 ||
                    gong_utf16_units(gong_str_of(text)) <= limits[i]);
        assert_int_equal(count(text, "#") + omitted, 10000);
        assert_int_equal(count(text, "xem: https://gong.example/alerts"), 1);
        free(text);
    }
    json_decref(message);
    message = message_storm(2, 9900, 0);
    check(message, "vi", GONG_MESSAGE_SMS,
          "#1 CHÚ Ý, Xã Sơn Hoà: Đèn quá nhiệt: 71,5 °C. Làm ngay: Cắt nguồn "
          "tủ đèn "
          "https://gong.example/a/AWaHwAEBY3MtZHV0eS0x0Jje_ffKTQtjxK0t4t4mPw\n"
          "#2 CHÚ Ý, Xã Sơn Hoà: Đèn quá nhiệt: 71,5 °C. Làm ngay: Cắt nguồn "
          "tủ đèn "
          "https://gong.example/a/AWaHwAECY3MtZHV0eS0xqdyDNm1b0fGjwgxFDr0vLA\n"
          "và 9.900 cảnh báo khác, xem: https://gong.example/alerts");
    gong_message_texts_free(texts);
}

/* A hundred items in every part and language stay within what one render may
 * take: nothing of a template's error shows. */
static void
the_longest_message_is_whole(void **state)
{
    struct gong_message_texts *texts = load("", "vi", "en");
    json_t *message = message_storm(100, 9000, 900);
    size_t i;
    json_t *item;

    (void)state;
    json_array_foreach(json_object_get(message, "items"), i, item)
    {
        char *text = malloc(2001);

        assert_non_null(text);
        memset(text, '&', 2000);
        text[2000] = '\0';
        set(json_object_get(item, "annotations"), "summary", json_string(text));
        set(json_object_get(item, "annotations"), "action", json_string(text));
        free(text);
        set(item, "owner", json_string("Nguyễn A"));
        set(item, "level", json_integer(2));
        set(item, "alert", json_string("unknown"));
    }
    for (int part = 0; part <= GONG_MESSAGE_SMS; part++) {
        char *text =
            write_text(message, texts, (enum gong_message_part)part, 0);

        assert_null(strstr(text, "error expanding"));
        assert_int_equal(count(text, "#100"), part == GONG_MESSAGE_SUBJECT ? 0
                                              : part == GONG_MESSAGE_SMS   ? 1
                                                                           : 2);
        free(text);
    }
    json_decref(message);
    gong_message_texts_free(texts);
}

static void
a_long_text_is_cut(void **state)
{
    struct gong_message_texts *texts = load("", "vi", "en");
    json_t *message = message_flood("news");
    char *text;
    char summary[4001];

    (void)state;
    for (size_t i = 0; i + 5 < sizeof summary; i += 5) {
        memcpy(summary + i, "e\xcc\x82\xcc\x81", 5);
        summary[i + 5] = '\0';
    }
    set(json_object_get(flood_item(message), "annotations"), "summary",
        json_string(summary));
    for (size_t units = 1; units < 700; units++) {
        size_t len;

        text = write_text(message, texts, GONG_MESSAGE_CHAT, units);
        len = gong_utf16_units(gong_str_of(text));
        assert_true(len <= units);
        /* A letter keeps its marks. */
        assert_null(strstr(text, "\xcc\x81"
                                 "e…"));
        assert_null(strstr(text, "e\xcc\x82…"));
        free(text);
    }
    json_decref(message);
    gong_message_texts_free(texts);
}

static void
text_from_outside_is_harmless(void **state)
{
    static const enum gong_message_part parts[] = {
        GONG_MESSAGE_SUBJECT, GONG_MESSAGE_MAIL, GONG_MESSAGE_HTML,
        GONG_MESSAGE_CHAT, GONG_MESSAGE_SMS};
    struct gong_message_texts *texts = load("", "vi", "en");
    json_t *message = message_flood("news");
    json_t *item = flood_item(message);

    (void)state;
    set(json_object_get(item, "annotations"), "summary",
        json_string("a\r\nBcc: x@y\x1b[31m\x7f\u202e{{ 1 }}<script>'\""));
    set(json_object_get(item, "labels"), "device",
        json_string("<img src=x onerror=alert(1)>"));
    set(item, "device_name", json_string(""));
    set(item, "owner", json_string("\"><b>"));
    set(message, "receiver", json_string("</p><i>"));
    for (size_t i = 0; i < 5; i++) {
        char *text = write_text(message, texts, parts[i], 0);

        assert_null(strchr(text, '\r'));
        assert_null(strchr(text, 0x1b));
        assert_null(strchr(text, 0x7f));
        assert_null(strstr(text, "\u202e"));
        assert_null(strstr(text, "\nBcc"));
        if (parts[i] == GONG_MESSAGE_HTML) {
            assert_null(strstr(text, "<script>"));
            assert_null(strstr(text, "<img"));
            assert_null(strstr(text, "<b>"));
            assert_null(strstr(text, "<i>"));
            assert_non_null(strstr(text, "&lt;script&gt;&#39;&#34;"));
        } else if (parts[i] == GONG_MESSAGE_SUBJECT) {
            assert_null(strchr(text, '\n'));
        }
        free(text);
    }
    json_decref(message);
    gong_message_texts_free(texts);
}

static void
any_shape_is_taken(void **state)
{
    static const char *const shapes[] = {
        "{}",
        "{\"items\":[]}",
        "{\"items\":[{}]}",
        "{\"items\":[1,\"a\",null]}",
        "{\"items\":{\"a\":1},\"omitted\":[]}",
        "{\"kind\":1,\"at\":\"x\",\"items\":[{\"number\":-1,\"value\":1,"
        "\"since\":-5,\"level\":9999999999,\"labels\":[],\"facts\":1}]}",
        "{\"at\":9223372036854775807,\"zone\":9223372036854775807,"
        "\"items\":[{\"since\":9223372036854775807,\"opened\":1,"
        "\"value\":\"nan\",\"annotations\":{\"summary\":\"[[{value}]]\"}}],"
        "\"omitted\":{\"firing\":9223372036854775807}}",
    };
    struct gong_message_texts *texts = load("", "vi", "en");

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        json_t *message = json_loads(shapes[i], 0, NULL);

        assert_non_null(message);
        for (int part = 0; part <= GONG_MESSAGE_SMS; part++) {
            free(write_text(message, texts, (enum gong_message_part)part, 50));
        }
        json_decref(message);
    }
    gong_message_texts_free(texts);
}

static void
without_a_contact_there_is_no_link(void **state)
{
    struct gong_message_texts *texts = load("", "vi", NULL);
    json_t *message = message_flood("news");
    const struct gong_message_view view = {message, NULL, NULL};
    char *text = gong_message_text(texts, &view, GONG_MESSAGE_CHAT, 0);

    (void)state;
    assert_non_null(text);
    assert_null(strstr(text, "/a/"));
    free(text);
    json_decref(message);
    gong_message_texts_free(texts);
}

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#define BLOCKS                                                                 \
    "{{ define \"subject\" }}S{{ end }}{{ define \"mail\" }}M{{ end }}"        \
    "{{ define \"html\" }}H{{ end }}{{ define \"chat\" }}"                     \
    "{{ range query \"items\" }}{{ .Labels.number }}!{{ end }}{{ end }}"

static void
templates_of_files(void **state)
{
    char folder[] = "/tmp/gong-tmpl-XXXXXX";
    char path[64];
    char vi[] = "vi";
    char xx[] = "xx";
    char *names[] = {vi};
    struct gong_strings languages = {names, 1};
    struct gong_message_texts *texts;
    json_t *message = message_flood("news");
    char why[512];
    char *text;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/vi.tmpl", folder);
    write_file(path, BLOCKS "{{ define \"sms\" }}{{ slice \"a\" 5 }}{{ end }}");
    texts = load(folder, "vi", "en"); /* en is built in */
    assert_non_null(texts);
    text = write_text(message, texts, GONG_MESSAGE_CHAT, 0);
    assert_non_null(strstr(text, "17!\n\n---\n\nCRITICAL"));
    free(text);
    /* A template that fails is no reason to stay silent. */
    text = write_text(message, texts, GONG_MESSAGE_SMS, 0);
    assert_non_null(strstr(text, "#17 KHẨN CẤP"));
    free(text);
    gong_message_texts_free(texts);
    write_file(path, "\n {{ nothing }}");
    assert_null(gong_message_files_load(folder, &languages, why, sizeof why));
    assert_non_null(strstr(why, "/vi.tmpl:2:5: "));
    write_file(path, BLOCKS);
    assert_null(gong_message_files_load(folder, &languages, why, sizeof why));
    assert_non_null(strstr(why, "sms"));
    names[0] = xx;
    assert_null(gong_message_files_load(folder, &languages, why, sizeof why));
    assert_string_equal(why, "languages: found xx, expected vi or en");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    json_decref(message);
}

/* What is built in is what is shipped. */
static void
shipped_files(void **state)
{
    (void)state;
    for (int language = 0; language < 2; language++) {
        struct gong_str builtin =
            gong_message_builtin((enum gong_message_language)language);
        char path[256];
        char *text = calloc(1, 65536);
        FILE *file;

        (void)snprintf(path, sizeof path,
                       GONG_SOURCE_DIR "/deploy/messages/%s.tmpl",
                       gong_message_languages[language]);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(text);
        assert_int_equal(fread(text, 1, 65535, file), builtin.len);
        assert_memory_equal(text, builtin.data, builtin.len);
        (void)fclose(file);
        free(text);
    }
}

static void
a_preview(void **state)
{
    char folder[] = "/tmp/gong-view-XXXXXX";
    char path[64];
    struct gong_preview_options options = {.path = path};
    json_t *message = message_flood("news");
    char *said = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&said, &size);

    (void)state;
    assert_non_null(out);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/m.json", folder);
    assert_int_equal(json_dump_file(message, path, 0), 0);
    assert_int_equal(gong_message_preview(&options, out, out), GONG_OK);
    (void)fflush(out);
    assert_non_null(strstr(said, "[KHẨN CẤP] #17 " GOLDEN "\n"));
    assert_non_null(strstr(said, "CRITICAL · #17"));
    options.channel = "chat";
    assert_int_equal(gong_message_preview(&options, out, out), GONG_OK);
    options.channel = "sms";
    assert_int_equal(gong_message_preview(&options, out, out), GONG_OK);
    options.channel = "pigeon";
    assert_int_equal(gong_message_preview(&options, out, out),
                     GONG_ERR_INVALID);
    options.channel = "sms";
    write_file(path, "{\"items\":");
    assert_int_equal(gong_message_preview(&options, out, out),
                     GONG_ERR_INVALID);
    write_file(path, "{}");
    assert_int_equal(gong_message_preview(&options, out, out),
                     GONG_ERR_INVALID);
    (void)fclose(out);
    assert_non_null(strstr(said, "/ 2000)"));
    assert_non_null(strstr(said, "(3 / 5 phần | parts, UCS-2: 198)"));
    assert_non_null(strstr(said, "m.json:1:"));
    free(said);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    json_decref(message);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waited_since_nobody_had_it),
        cmocka_unit_test(waited_reads_as_people_say_it),
        cmocka_unit_test(without_memory_there_is_no_text),
        cmocka_unit_test(golden_texts),
        cmocka_unit_test(past_its_deadline),
        cmocka_unit_test(what_is_over_and_what_is_unknown),
        cmocka_unit_test(facts),
        cmocka_unit_test(a_storm_adds_up),
        cmocka_unit_test(the_longest_message_is_whole),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(text_from_outside_is_harmless),
        cmocka_unit_test(any_shape_is_taken),
        cmocka_unit_test(without_a_contact_there_is_no_link),
        cmocka_unit_test(templates_of_files),
        cmocka_unit_test(shipped_files),
        cmocka_unit_test(a_preview),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
