#include "agent/tell/message_status.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LANGUAGES 2

/* A word of the message, and what staff read, by language; the last one stands
 * for all others. */
struct word {
    const char *name;
    const char *shown[LANGUAGES];
};

static const struct word kinds[] = {
    {"drill", {"DIỄN TẬP", "DRILL"}},
    {"escalate", {"CHUYỂN CẤP TRÊN", "ESCALATED"}},
    {"repeat", {"NHẮC LẠI", "REMINDER"}},
    {"", {"", ""}},
};

static const struct word severities[] = {
    {"critical", {"KHẨN CẤP", "CRITICAL"}},
    {"warning", {"CHÚ Ý", "WARNING"}},
    {"info", {"THÔNG TIN", "INFO"}},
    {"", {"CẢNH BÁO", "ALERT"}},
};

static const struct word news[] = {
    {"overdue", {"quá hạn xử lý", "overdue"}},
    {"climbed", {"tăng mức", "now worse"}},
    {"fell", {"giảm mức", "less severe"}},
    {"still", {"vẫn đang diễn ra", "still firing"}},
    {"", {"đang diễn ra", "firing"}},
};

#define COUNT(words) (sizeof(words) / sizeof(words)[0])

static const char *
shown(const struct word *words, size_t count, const char *name,
      enum gong_message_language language)
{
    size_t i = 0;

    while (i + 1 < count && strcmp(words[i].name, name) != 0) {
        i++;
    }
    return words[i].shown[language];
}

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static const char *
news_of(const json_t *item, bool over, enum gong_message_language language)
{
    bool english = language == GONG_MESSAGE_ENGLISH;

    if (over && json_is_true(json_object_get(item, "lost"))) {
        return english ? "closed: no longer watched"
                       : "đã đóng: không còn theo dõi";
    }
    if (over) {
        return english ? "resolved" : "đã kết thúc";
    }
    if (strcmp(text_of(item, "news"), "overdue") != 0 &&
        strcmp(text_of(item, "alert"), "unknown") == 0) {
        return english ? "signal lost" : "mất tín hiệu";
    }
    return shown(news, COUNT(news), text_of(item, "news"), language);
}

void
gong_message_status(const char *kind, const json_t *item,
                    enum gong_message_language language,
                    char out[GONG_MESSAGE_STATUS_SIZE])
{
    bool over = strcmp(text_of(item, "news"), "resolved") == 0;
    bool drill = strcmp(kind, "drill") == 0;
    const char *first = shown(kinds, COUNT(kinds), kind, language);
    const char *severity = shown(severities, COUNT(severities),
                                 text_of(item, "severity"), language);
    const char *state = news_of(item, over, language);

    if (over) {
        (void)snprintf(out, GONG_MESSAGE_STATUS_SIZE, "%s%s%s",
                       drill ? first : "", drill ? ", " : "", state);
    } else if (first[0] != '\0') {
        (void)snprintf(out, GONG_MESSAGE_STATUS_SIZE, "%s, %s", first,
                       severity);
    } else {
        (void)snprintf(out, GONG_MESSAGE_STATUS_SIZE, "%s, %s", severity,
                       state);
    }
}

void
gong_message_lasted(int64_t ms, enum gong_message_language language,
                    char out[GONG_MESSAGE_LASTED_SIZE])
{
    static const char *const units[LANGUAGES][3] = {{"ngày", "giờ", "phút"},
                                                    {"d", "h", "min"}};
    int64_t minutes = ms / 60000;
    const int64_t counts[] = {minutes / 1440, minutes / 60 % 24, minutes % 60};
    size_t first = counts[0] > 0 ? 0 : counts[1] > 0 ? 1 : 2;
    int len;

    if (minutes == 0) {
        (void)snprintf(out, GONG_MESSAGE_LASTED_SIZE, "%s",
                       language == GONG_MESSAGE_ENGLISH ? "under a minute"
                                                        : "dưới 1 phút");
        return;
    }
    len = snprintf(out, GONG_MESSAGE_LASTED_SIZE, "%" PRId64 " %s",
                   counts[first], units[language][first]);
    if (first < 2 && counts[first + 1] > 0 && len > 0) {
        (void)snprintf(out + len, GONG_MESSAGE_LASTED_SIZE - (size_t)len,
                       " %" PRId64 " %s", counts[first + 1],
                       units[language][first + 1]);
    }
}
