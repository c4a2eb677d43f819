/* Every kind of message by every channel in both languages, whole, as in
 * tests/messages: what people read changes only where somebody has read it.
 * GONG_WRITE_GOLDEN in the environment writes the files anew. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/tell/message_files.h"
#include "agent/tell/sms_text.h"
#include "agent/tell/utf16.h"
#include "message_fixture.h"

#define CHAT_UNITS 2000
#define SMS_PARTS  5

/* --- kinds --- */

static json_t *
item_of(json_t *message)
{
    return json_array_get(json_object_get(message, "items"), 0);
}

static void
set(json_t *object, const char *key, json_t *value)
{
    assert_int_equal(json_object_set_new(object, key, value), 0);
}

static void
firing(json_t *message)
{
    set(item_of(message), "news", json_string("firing"));
    set(item_of(message), "told_level", json_integer(0));
}

static void
climbed(json_t *message)
{
    set(item_of(message), "news", json_string("climbed"));
}

static void
fell(json_t *message)
{
    set(item_of(message), "news", json_string("fell"));
    set(item_of(message), "told_level", json_integer(4));
}

static void
still(json_t *message)
{
    set(item_of(message), "news", json_string("still"));
    set(item_of(message), "state", json_string("acknowledged"));
    set(item_of(message), "owner", json_string("Nguyễn Thị Lan"));
    set(item_of(message), "acked_by", json_string("Y Bhăm Niê"));
}

static void
escalated(json_t *message)
{
    set(message, "waited", json_integer(INT64_C(4200000)));
}

static void
overdue(json_t *message)
{
    set(item_of(message), "news", json_string("overdue"));
    set(item_of(message), "owner", json_string("Nguyễn Thị Lan"));
}

static void
unknown(json_t *message)
{
    set(item_of(message), "news", json_string("still"));
    set(item_of(message), "alert", json_string("unknown"));
}

static void
ended(json_t *message)
{
    json_t *item = item_of(message);

    set(item, "news", json_string("resolved"));
    set(item, "state", json_string("ended"));
    set(item, "alert", json_string("inactive"));
    set(item, "value", json_string("33.2"));
    set(item, "ended", json_integer(MESSAGE_AT_MS));
    set(item, "since", json_integer(MESSAGE_AT_MS - INT64_C(98100000)));
    set(item, "owner", json_string("Nguyễn Thị Lan"));
    set(item, "acked_by", json_string("Y Bhăm Niê"));
}

static void
lost(json_t *message)
{
    ended(message);
    set(item_of(message), "value", json_string("NaN"));
    set(item_of(message), "lost", json_true());
}

static void
drill(json_t *message)
{
    json_t *item = item_of(message);

    firing(message);
    set(item, "number", json_integer(0));
    set(item, "value", json_string("1"));
    set(item, "level", json_integer(0));
    set(item, "facts", json_object());
    set(item, "device_name", json_string(""));
    set(item, "labels",
        json_pack("{s:s, s:s, s:s}", "alertname", "GongDrill", "unit", "22015",
                  "severity", "critical"));
    set(item, "annotations",
        json_pack("{s:s, s:s, s:s, s:s}", "summary",
                  "DIỄN TẬP / DRILL: thử đường báo động, không phải sự cố thật",
                  "action", "Không phải làm gì", "summary_en",
                  "DIỄN TẬP / DRILL: a test of the way of alerts, nothing is "
                  "wrong",
                  "action_en", "Nothing to do"));
}

/* rules/city: an alert that tells that nobody was told. */
static void
nobody_reached(json_t *message)
{
    json_t *item = item_of(message);

    firing(message);
    set(item, "value", json_string("17"));
    set(item, "level", json_integer(0));
    set(item, "facts", json_object());
    set(item, "device_name", json_string(""));
    set(item, "labels",
        json_pack("{s:s, s:s, s:s}", "alertname", "GongUnreached", "unreached",
                  "1", "severity", "critical"));
    set(item, "annotations",
        json_pack("{s:s, s:s, s:s, s:s}", "summary",
                  "Cảnh báo số 17: chưa ai nhận được tin", "action",
                  "Gọi điện cho trực ban.", "summary_en",
                  "Alert number 17: nobody was reached", "action_en",
                  "Call the one on duty."));
}

static const struct {
    const char *name;
    const char *kind;
    void (*change)(json_t *message);
    bool acts; /* it says what to do */
    bool river;
    const char *word[2]; /* that it is no plain news */
} kinds[] = {
    {"page", "news", firing, true, true, {"", ""}},
    {"climb", "news", climbed, true, true, {"", ""}},
    {"fall", "news", fell, true, true, {"", ""}},
    {"reminder", "repeat", still, true, true, {"NHẮC LẠI", "REMINDER"}},
    {"escalation",
     "escalate",
     escalated,
     true,
     true,
     {"CHUYỂN CẤP TRÊN", "ESCALATED"}},
    {"overdue", "news", overdue, true, true, {"", ""}},
    {"unknown", "repeat", unknown, true, true, {"NHẮC LẠI", "REMINDER"}},
    {"end", "news", ended, false, true, {"", ""}},
    {"end, no longer watched", "news", lost, false, true, {"", ""}},
    {"drill", "drill", drill, true, false, {"DIỄN TẬP", "DRILL"}},
    {"nobody reached", "news", nobody_reached, true, false, {"", ""}},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct {
    const char *name;
    enum gong_message_part part;
    size_t units;
} channels[] = {
    {"subject", GONG_MESSAGE_SUBJECT, 0},
    {"mail", GONG_MESSAGE_MAIL, 0},
    {"html", GONG_MESSAGE_HTML, 0},
    {"chat", GONG_MESSAGE_CHAT, CHAT_UNITS},
    {"sms", GONG_MESSAGE_SMS, 0},
};

#define CHANNELS (sizeof channels / sizeof channels[0])

static json_t *
message_of(size_t kind)
{
    json_t *message = message_flood(kinds[kind].kind);

    kinds[kind].change(message);
    return message;
}

static struct gong_message_texts *
load(const char *language)
{
    char name[8];
    char *names[] = {name};
    const struct gong_strings languages = {names, 1};
    struct gong_message_texts *texts;
    char why[256];

    (void)snprintf(name, sizeof name, "%s", language);
    texts = gong_message_files_load("", &languages, why, sizeof why);
    assert_non_null(texts);
    return texts;
}

static char *
write_text(const struct gong_message_texts *texts, json_t *message,
           size_t channel)
{
    const struct gong_link_signer signer = message_signer();
    const struct gong_message_view view = {message, "cs-duty-1", &signer};
    char *text = channels[channel].part == GONG_MESSAGE_SMS
                     ? gong_sms_text(texts, &view, SMS_PARTS)
                     : gong_message_text(texts, &view, channels[channel].part,
                                         channels[channel].units);

    assert_non_null(text);
    return text;
}

/* --- whole texts --- */

static void
put_storm(FILE *out, const struct gong_message_texts *texts)
{
    json_t *message = message_storm(100, 9000, 900);

    for (size_t c = 0; c < CHANNELS; c++) {
        if (channels[c].part == GONG_MESSAGE_CHAT ||
            channels[c].part == GONG_MESSAGE_SMS ||
            channels[c].part == GONG_MESSAGE_SUBJECT) {
            char *text = write_text(texts, message, c);

            (void)fprintf(out, "=== storm, %s ===\n%s\n\n", channels[c].name,
                          text);
            free(text);
        }
    }
    json_decref(message);
}

/* HTML of the two that differ most. */
static char *
write_all(const char *language)
{
    struct gong_message_texts *texts = load(language);
    char *all = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&all, &size);

    assert_non_null(out);
    for (size_t k = 0; k < KINDS; k++) {
        json_t *message = message_of(k);
        bool html = strcmp(kinds[k].name, "escalation") == 0 ||
                    strcmp(kinds[k].name, "end") == 0;

        for (size_t c = 0; c < CHANNELS; c++) {
            char *text = write_text(texts, message, c);

            if (channels[c].part != GONG_MESSAGE_HTML || html) {
                (void)fprintf(out, "=== %s, %s ===\n%s\n\n", kinds[k].name,
                              channels[c].name, text);
            }
            free(text);
        }
        json_decref(message);
    }
    put_storm(out, texts);
    assert_int_equal(fclose(out), 0);
    gong_message_texts_free(texts);
    return all;
}

static char *
read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 262144);

    assert_non_null(text);
    if (file != NULL) {
        (void)fread(text, 1, 262143, file);
        (void)fclose(file);
    }
    return text;
}

static void
check_golden(const char *language)
{
    char path[512];
    char *got = write_all(language);
    char *expected;
    size_t line = 1;

    (void)snprintf(path, sizeof path, "%s/tests/messages/%s.txt",
                   GONG_SOURCE_DIR, language);
    if (getenv("GONG_WRITE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(got, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    expected = read_file(path);
    for (size_t i = 0; got[i] != '\0' || expected[i] != '\0'; i++) {
        if (got[i] != expected[i]) {
            size_t start = i;

            while (start > 0 && got[start - 1] != '\n') {
                start--;
            }
            fail_msg("%s:%zu: found\n%.*s", path, line,
                     (int)strcspn(got + start, "\n"), got + start);
        }
        line += got[i] == '\n' ? 1 : 0;
    }
    free(expected);
    free(got);
}

static void
texts_are_those_that_were_read(void **state)
{
    (void)state;
    check_golden("vi");
    check_golden("en");
}

/* --- what each must hold --- */

static void
must_hold(const char *text, const char *part, size_t kind, size_t channel)
{
    if (strstr(text, part) == NULL) {
        fail_msg("%s by %s lacks %s:\n%s", kinds[kind].name,
                 channels[channel].name, part, text);
    }
}

/* It is no incident: it has no number and no link. */
static bool
is_drill(size_t kind)
{
    return strcmp(kinds[kind].kind, "drill") == 0;
}

static void
check_river(const char *text, size_t kind, size_t channel, bool english)
{
    must_hold(text, english ? "40.31 m" : "40,31 m", kind, channel);
    must_hold(text, "III", kind, channel);
    must_hold(text, english ? "5.81" : "5,81", kind, channel);
    must_hold(text, english ? "rising 0.42" : "tăng 0,42", kind, channel);
}

static void
check_one(const char *text, size_t kind, size_t channel, bool english)
{
    enum gong_message_part part = channels[channel].part;

    if (!is_drill(kind)) {
        must_hold(text, "#17", kind, channel);
    }
    if (kinds[kind].river && kinds[kind].acts) {
        check_river(text, kind, channel, english);
    } else if (kinds[kind].river) {
        /* It stands above nothing any more. */
        must_hold(text, english ? "40.31 m" : "40,31 m", kind, channel);
        assert_null(strstr(text, "0,42"));
        assert_null(strstr(text, "1,30"));
    }
    must_hold(text, kinds[kind].word[english ? 1 : 0], kind, channel);
    if (part == GONG_MESSAGE_SUBJECT) {
        return;
    }
    must_hold(text, "Xã Sơn Hoà", kind, channel);
    if (!is_drill(kind)) {
        must_hold(text, MESSAGE_LINK, kind, channel);
    }
    if (kinds[kind].acts && kinds[kind].river) {
        must_hold(text, english ? "Evacuate." : "Sơ tán dân vùng ngập.", kind,
                  channel);
    } else if (kinds[kind].river) {
        must_hold(text, "Y Bhăm Niê", kind, channel);
        must_hold(text, english ? "1 d 3 h" : "1 ngày 3 giờ", kind, channel);
    }
}

/* Number, what, where, value, level, trend, what to do, link, and why it
 * comes; of what is over, for how long, and who took it up. */
static void
each_says_all_that_counts(void **state)
{
    static const char *const languages[] = {"vi", "en"};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        struct gong_message_texts *texts = load(languages[l]);

        for (size_t k = 0; k < KINDS; k++) {
            json_t *message = message_of(k);

            for (size_t c = 0; c < CHANNELS; c++) {
                char *text = write_text(texts, message, c);

                check_one(text, k, c, l == 1);
                free(text);
            }
            json_decref(message);
        }
        gong_message_texts_free(texts);
    }
}

static size_t
count_of(const char *text, const char *word)
{
    size_t count = 0;

    for (const char *at = strstr(text, word); at != NULL;
         at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

static void
a_drill_says_once_that_it_is_one(void **state)
{
    static const char *const languages[] = {"vi", "en"};
    static const char *const words[] = {"DIỄN TẬP", "DRILL"};
    size_t kind = 0;

    (void)state;
    while (!is_drill(kind)) {
        kind++;
    }
    for (size_t l = 0; l < 2; l++) {
        struct gong_message_texts *texts = load(languages[l]);
        json_t *message = message_of(kind);

        for (size_t c = 0; c < CHANNELS; c++) {
            char *text = write_text(texts, message, c);

            assert_int_equal(count_of(text, words[l]), 1);
            assert_int_equal(count_of(text, words[1 - l]), 0);
            assert_null(strstr(text, "#0"));
            free(text);
        }
        json_decref(message);
        gong_message_texts_free(texts);
    }
}

static void
the_end_says_the_last_value(void **state)
{
    static const char *const languages[] = {"vi", "en"};
    static const char *const said[] = {"Giá trị cuối cùng: 33,2",
                                       "Last value: 33.2"};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        struct gong_message_texts *texts = load(languages[l]);

        for (size_t k = 0; k < KINDS; k++) {
            json_t *message = message_of(k);
            char *text = write_text(texts, message, 3);

            assert_int_equal(strstr(text, said[l]) != NULL,
                             strcmp(kinds[k].name, "end") == 0);
            assert_null(strstr(text, "nan"));
            free(text);
            json_decref(message);
        }
        gong_message_texts_free(texts);
    }
}

/* --- no point in a Vietnamese number, no comma in an English one --- */

static void
check_signs(const char *text, char wrong)
{
    const char *end = text + strlen(text);

    for (const char *c = text; c < end; c++) {
        const char *link = strstr(text, MESSAGE_LINK);

        if (link != NULL && c >= link && c < link + strlen(MESSAGE_LINK)) {
            continue;
        }
        if (c > text && *c == wrong && isdigit((unsigned char)c[-1]) &&
            isdigit((unsigned char)c[1])) {
            fail_msg("a wrong sign: %.20s", c - 1);
        }
    }
}

static void
decimal_signs(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        struct gong_message_texts *vi = load("vi");
        struct gong_message_texts *en = load("en");
        json_t *message = message_of(k);

        for (size_t c = 0; c < CHANNELS; c++) {
            char *text;

            if (channels[c].part == GONG_MESSAGE_HTML) {
                continue; /* sizes in its styles */
            }
            text = write_text(vi, message, c);
            check_signs(text, '.');
            free(text);
            text = write_text(en, message, c);
            check_signs(text, ',');
            free(text);
        }
        json_decref(message);
        gong_message_texts_free(vi);
        gong_message_texts_free(en);
    }
}

/* --- the longest --- */

static void
lengthen(json_t *object, const char *key, const char *start)
{
    char text[1201];

    (void)snprintf(text, sizeof text, "%s", start);
    for (size_t at = strlen(text); at + 4 < sizeof text; at = strlen(text)) {
        memcpy(text + at, "\xe1\xba\xbf", 4); /* ế */
    }
    set(object, key, json_string(text));
}

static void
lengthen_all(json_t *message)
{
    json_t *item;
    size_t i;

    lengthen(message, "receiver", "");
    lengthen(message, "unit_name", "");
    json_array_foreach(json_object_get(message, "items"), i, item)
    {
        json_t *annotations = json_object_get(item, "annotations");

        lengthen(annotations, "summary", "Nước dâng ");
        lengthen(annotations, "action", "Sơ tán ");
        lengthen(annotations, "unit_name", "Xã ");
        lengthen(item, "device_name", "Trạm ");
        lengthen(item, "owner", "Nguyễn ");
        lengthen(item, "acked_by", "Trần ");
    }
}

static void
repeat_items(json_t *message, size_t count)
{
    json_t *items = json_object_get(message, "items");

    for (size_t i = 1; i < count; i++) {
        json_t *copy = json_deep_copy(json_array_get(items, 0));

        set(copy, "number", json_integer((json_int_t)(17 + i)));
        assert_int_equal(json_array_append_new(items, copy), 0);
    }
}

static void
check_longest(const struct gong_message_texts *texts, json_t *message,
              size_t kind, size_t count)
{
    char *chat = write_text(texts, message, 3);
    char *sms = write_text(texts, message, 4);

    assert_in_range(gong_utf16_units(gong_str_of(chat)), 1, CHAT_UNITS);
    assert_in_range(gong_sms_size(gong_str_of(sms)).parts, 1, SMS_PARTS);
    /* Whole links, and nothing cut away but in the middle. */
    for (size_t c = 3; c <= 4; c++) {
        const char *text = c == 3 ? chat : sms;

        if (!is_drill(kind)) {
            must_hold(text, "#17", kind, c);
            must_hold(text, MESSAGE_LINK, kind, c);
        }
        must_hold(text, kinds[kind].word[0], kind, c);
        if (count > 1) {
            must_hold(text, "https://gong.example/alerts", kind, c);
        }
    }
    free(chat);
    free(sms);
}

/* Every kind with the longest names, one alert and a hundred. */
static void
the_longest_keep_what_counts(void **state)
{
    static const size_t counts[] = {1, 100};
    struct gong_message_texts *texts = load("vi");

    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t i = 0; i < 2; i++) {
            json_t *message = message_of(k);

            lengthen_all(message);
            repeat_items(message, counts[i]);
            check_longest(texts, message, k, counts[i]);
            json_decref(message);
        }
    }
    gong_message_texts_free(texts);
}

/* --- how text messages are counted --- */

static const struct {
    const char *text; /* this, so often: */
    size_t times;
    bool gsm;
    size_t units;
    size_t parts;
} sizes[] = {
    {"", 1, true, 0, 1},
    {"a", 160, true, 160, 1},
    {"a", 161, true, 161, 2},
    {"a", 306, true, 306, 2},
    {"a", 307, true, 307, 3},
    {"@\n\r$_", 1, true, 5, 1},
    {"é", 160, true, 160, 1},
    {"€", 80, true, 160, 1},
    {"€", 81, true, 162, 2},
    /* 153 is odd: none of them is split. */
    {"[", 153, true, 306, 3},
    {"`", 1, false, 1, 1},
    {"\x7f", 1, false, 1, 1},
    {"á", 70, false, 70, 1},
    {"ế", 71, false, 71, 2},
    {"ế", 134, false, 134, 2},
    {"ế", 135, false, 135, 3},
    {"😀", 35, false, 70, 1},
    /* 67 is odd, too. */
    {"😀", 66, false, 132, 2},
    {"😀", 67, false, 134, 3},
};

static void
parts_of_text_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t len = strlen(sizes[i].text);
        char *text = calloc(sizes[i].times, len + 1);
        struct gong_sms_size size;

        assert_non_null(text);
        for (size_t n = 0; n < sizes[i].times; n++) {
            memcpy(text + n * len, sizes[i].text, len);
        }
        size = gong_sms_size(gong_str_from(text, len * sizes[i].times));
        if (size.gsm != sizes[i].gsm || size.units != sizes[i].units ||
            size.parts != sizes[i].parts) {
            fail_msg("case %zu: %zu units in %zu parts", i, size.units,
                     size.parts);
        }
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_those_that_were_read),
        cmocka_unit_test(each_says_all_that_counts),
        cmocka_unit_test(a_drill_says_once_that_it_is_one),
        cmocka_unit_test(the_end_says_the_last_value),
        cmocka_unit_test(decimal_signs),
        cmocka_unit_test(the_longest_keep_what_counts),
        cmocka_unit_test(parts_of_text_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
