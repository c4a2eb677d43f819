#include "agent/tell/message_view.h"

#include <stdio.h>
#include <string.h>

#include "agent/tell/message_annotation.h"
#include "common/log.h"

const char *
gong_view_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

int64_t
gong_view_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *
gong_view_label(const json_t *item, const char *name)
{
    return gong_view_text(json_object_get(item, "labels"), name);
}

bool
gong_view_over(const json_t *item)
{
    return strcmp(gong_view_text(item, "news"), "resolved") == 0 ||
           gong_view_int(item, "ended") != 0;
}

/* What is known of a word in JSON, by language; the last row is for the rest.
 */
struct word {
    const char *text;
    const char *shown[2]; /* by enum gong_message_language */
};

static const struct word severities[] = {
    {"critical", {"KHẨN CẤP", "CRITICAL"}},
    {"warning", {"CHÚ Ý", "WARNING"}},
    {"info", {"THÔNG TIN", "INFO"}},
    {"", {"CẢNH BÁO", "ALERT"}},
};

static const struct word news[] = {
    {"resolved", {"đã kết thúc", "resolved"}},
    {"climbed", {"đã tăng mức", "now worse"}},
    {"fell", {"đã giảm mức", "now less severe"}},
    {"overdue", {"quá hạn xử lý", "overdue"}},
    {"firing", {"đang diễn ra", "firing"}},
};

static const char *
shown(const struct word *words, size_t count, const char *text,
      enum gong_message_language language)
{
    size_t i = 0;

    while (i + 1 < count && strcmp(words[i].text, text) != 0) {
        i++;
    }
    return words[i].shown[language];
}

/* Removes a sequence of UTF-8 that was cut at the end. */
static void
trim(char *text)
{
    size_t len = strlen(text);
    size_t at = len;

    while (at > 0 && ((unsigned char)text[at - 1] & 0xc0) == 0x80) {
        at--;
    }
    if (at > 0 && (unsigned char)text[at - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)text[at - 1];
        size_t need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

        if (len - (at - 1) < need) {
            text[at - 1] = '\0';
        }
    }
}

/* What fits. */
static void
append(char out[GONG_VIEW_SUMMARY_SIZE], const char *text)
{
    size_t len = strlen(out);
    size_t room = GONG_VIEW_SUMMARY_SIZE - 1 - len;
    size_t size = strlen(text);

    size = size < room ? size : room;
    memcpy(out + len, text, size);
    out[len + size] = '\0';
}

const char *
gong_view_summary(const json_t *item, enum gong_message_language language,
                  char out[GONG_VIEW_SUMMARY_SIZE])
{
    static const char *const to_do[] = {"việc cần làm", "what to do"};
    const char *what =
        gong_view_over(item) ? "resolved" : gong_view_text(item, "news");
    char summary[GONG_MESSAGE_ANNOTATION_SIZE];
    char action[GONG_MESSAGE_ANNOTATION_SIZE];
    char number[24] = ""; /* a drill has none */

    if (gong_view_int(item, "number") > 0) {
        (void)snprintf(number, sizeof number, "#%lld ",
                       (long long)gong_view_int(item, "number"));
    }
    (void)gong_message_annotation(item, "summary",
                                  gong_view_label(item, "alertname"), language,
                                  summary, sizeof summary);
    (void)gong_message_annotation(item, "action", "", language, action,
                                  sizeof action);
    (void)snprintf(out, GONG_VIEW_SUMMARY_SIZE, "%s[%s] %s: ", number,
                   shown(severities, sizeof severities / sizeof severities[0],
                         gong_view_text(item, "severity"), language),
                   shown(news, sizeof news / sizeof news[0], what, language));
    append(out, summary);
    if (!gong_view_over(item) && action[0] != '\0') {
        append(out, " | ");
        append(out, to_do[language]);
        append(out, ": ");
        append(out, action);
    }
    trim(out);
    gong_text_clean(out, strlen(out));
    return out;
}
