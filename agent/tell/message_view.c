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

static const char *
word_of(const char *text, const char *const words[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i][0], text) == 0) {
            return words[i][1];
        }
    }
    return words[count - 1][1];
}

static const char *
severity_word(const json_t *item)
{
    static const char *const words[][2] = {{"critical", "KHẨN CẤP"},
                                           {"warning", "CHÚ Ý"},
                                           {"info", "THÔNG TIN"},
                                           {"", "CẢNH BÁO"}};

    return word_of(gong_view_text(item, "severity"), words,
                   sizeof words / sizeof words[0]);
}

static const char *
news_word(const json_t *item)
{
    static const char *const words[][2] = {
        {"resolved", "đã kết thúc"}, {"climbed", "đã tăng mức"},
        {"fell", "đã giảm mức"},     {"overdue", "quá hạn xử lý"},
        {"firing", "đang diễn ra"},  {"still", "đang diễn ra"}};

    return word_of(gong_view_over(item) ? "resolved"
                                        : gong_view_text(item, "news"),
                   words, sizeof words / sizeof words[0]);
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
gong_view_summary(const json_t *item, char out[GONG_VIEW_SUMMARY_SIZE])
{
    char summary[GONG_MESSAGE_ANNOTATION_SIZE];
    char action[GONG_MESSAGE_ANNOTATION_SIZE];
    bool acts = !gong_view_over(item);

    (void)gong_message_annotation(
        item, "summary", gong_view_label(item, "alertname"),
        GONG_MESSAGE_VIETNAMESE, summary, sizeof summary);
    (void)gong_message_annotation(item, "action", "", GONG_MESSAGE_VIETNAMESE,
                                  action, sizeof action);
    acts = acts && action[0] != '\0';
    (void)snprintf(out, GONG_VIEW_SUMMARY_SIZE,
                   "#%lld [%s] %s: ", (long long)gong_view_int(item, "number"),
                   severity_word(item), news_word(item));
    append(out, summary);
    append(out, acts ? " | việc cần làm: " : "");
    append(out, acts ? action : "");
    trim(out);
    gong_text_clean(out, strlen(out));
    return out;
}
