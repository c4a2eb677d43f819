#include "ctl/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

#define ZONE_S (GONG_STAFF_ZONE_MS / 1000)
#define DAY_S  INT64_C(86400)

static bool
split(int64_t ms, struct tm *out)
{
    return ms > 0 && gong_clock_staff(ms, GONG_STAFF_ZONE_MS, out);
}

const char *
gong_ctl_instant(int64_t ms, char out[GONG_CTL_TIME_SIZE])
{
    struct tm parts;

    if (!split(ms, &parts) ||
        strftime(out, GONG_CTL_TIME_SIZE, "%d/%m %H:%M", &parts) == 0) {
        out[0] = '\0';
    }
    return out;
}

const char *
gong_ctl_day(int64_t ms, char out[GONG_CTL_TIME_SIZE])
{
    struct tm parts;

    if (!split(ms, &parts) ||
        strftime(out, GONG_CTL_TIME_SIZE, "%d/%m/%Y %H:%M", &parts) == 0) {
        out[0] = '\0';
    }
    return out;
}

const char *
gong_ctl_stamp(int64_t ms, char out[GONG_CTL_TIME_SIZE])
{
    struct tm parts;
    size_t len;

    out[0] = '\0';
    if (split(ms, &parts)) {
        len =
            strftime(out, GONG_CTL_TIME_SIZE - 5, "%d/%m/%Y %H:%M:%S", &parts);
        (void)snprintf(out + len, GONG_CTL_TIME_SIZE - len, ",%03d",
                       (int)(ms % 1000));
    }
    return out;
}

/* The second unit only where there is some of it. */
static void
two_units(char out[GONG_CTL_TIME_SIZE], int64_t first, const char *first_unit,
          int64_t second, const char *second_unit)
{
    int len =
        snprintf(out, GONG_CTL_TIME_SIZE, "%" PRId64 " %s", first, first_unit);

    if (second > 0 && len > 0) {
        (void)snprintf(out + len, GONG_CTL_TIME_SIZE - (size_t)len,
                       " %" PRId64 " %s", second, second_unit);
    }
}

const char *
gong_ctl_length(int64_t ms, char out[GONG_CTL_TIME_SIZE])
{
    int64_t minutes = ms / 60000, hours = minutes / 60, days = hours / 24;

    out[0] = '\0';
    if (ms < 0) {
        return out;
    }
    if (days > 0) {
        two_units(out, days, "ngày", hours % 24, "giờ");
    } else if (hours > 0) {
        two_units(out, hours, "giờ", minutes % 60, "phút");
    } else if (minutes > 0) {
        two_units(out, minutes, "phút", 0, "");
    } else if (ms > 0 && ms < 1000) {
        (void)snprintf(out, GONG_CTL_TIME_SIZE, "dưới 1 giây");
    } else {
        two_units(out, ms / 1000, "giây", 0, "");
    }
    return out;
}

const char *
gong_ctl_decimal(const char *text, char out[GONG_CTL_TIME_SIZE])
{
    char *point;

    (void)snprintf(out, GONG_CTL_TIME_SIZE, "%s", text);
    point = strchr(out, '.');
    if (point != NULL && strspn(out, "+-.0123456789e") == strlen(out)) {
        *point = ',';
    }
    return out;
}

static const char *const words[][2] = {
    {"broker", "kết nối MQTT (broker)"},
    {"receive", "broker không trả mẫu thử về"},
    {"rules", "quy tắc không báo"},
    {"desk", "bàn trực cảnh báo"},
    {"outbox", "gửi tin (kênh báo)"},
    {"critical", "khẩn cấp"},
    {"warning", "chú ý"},
    {"info", "thông tin"},
    {"firing", "đang diễn ra"},
    {"keeping", "đang diễn ra"},
    {"pending", "chờ xác nhận"},
    {"inactive", "đã kết thúc"},
    {"unknown", "không rõ (mất tín hiệu)"},
    {"overdue", "quá hạn"},
    {"no longer evaluated", "hệ thống không còn giữ"},
    {"maintenance", "bảo trì"},
    {"silenced", "tạm ngừng báo"},
    {"inhibited", "bị cảnh báo khác che"},
    {"on trial", "thử nghiệm"},
    {"open", "chưa tiếp nhận"},
    {"acknowledged", "đã tiếp nhận"},
    {"ended", "đã kết thúc"},
    {"closed", "đã đóng"},
    {"captured", "đo"},
    {"published", "gửi đi"},
    {"received", "nhận"},
    {"decided", "quyết định"},
    {"stored", "ghi sổ"},
    {"notified", "đã báo"},
    {"untold", "chưa báo được"},
    {"condition", "điều kiện đúng hoặc hết đúng"},
    {"for", "đúng đủ lâu"},
    {"keep", "vẫn vậy"},
    {"keep_firing_for", "hết thời gian giữ"},
    {"missing", "mất số liệu"},
    {"dark", "thiết bị mất tín hiệu"},
    {"rule_removed", "quy tắc đã bỏ"},
    {"level", "đổi mức"},
    {"calendar", "ngoài lịch"},
    {"limit", "vượt giới hạn của quy tắc"},
    {"lost", "hệ thống không còn giữ"},
    {"fire", "bắt đầu"},
    {"climb", "tăng mức"},
    {"fall", "giảm mức"},
    {"end", "kết thúc"},
    {"acknowledge", "tiếp nhận"},
    {"unacknowledge", "thôi tiếp nhận"},
    {"assign", "giao người xử lý"},
    {"comment", "ghi chú"},
    {"resolve", "đóng sự cố"},
    {"outcome", "kết quả"},
    {"ack-expires", "hết hạn tiếp nhận"},
    {"ack-overdue", "quá hạn tiếp nhận"},
    {"resolve-overdue", "quá hạn xử lý"},
    {"escalate", "chuyển cấp trên"},
    {"real", "đúng"},
    {"false", "báo nhầm"},
    {"late", "báo muộn"},
    {"test", "thử"},
    {"none", ""},
    {"province", "tỉnh"},
    {"commune", "xã"},
    {"ward", "phường"},
    {"department", "sở, ban, ngành"},
    {"service", "dịch vụ"},
    {"viewer", "xem"},
    {"operator", "trực ban"},
    {"engineer", "kỹ sư"},
    {"admin", "quản trị"},
};

const char *
gong_ctl_word(const char *english)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], english) == 0) {
            return words[i][1];
        }
    }
    return english;
}

/* Days from 1970 to a date of the Gregorian calendar. */
static int64_t
days_to(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

/* Exactly so many digits; moves on. */
static bool
take_digits(const char **at, size_t digits, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool
take(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

/* That the calendar has. */
static bool
is_day(int64_t year, int64_t month, int64_t day)
{
    int64_t next_year = month == 12 ? year + 1 : year;

    return year >= 1971 && month >= 1 && month <= 12 && day >= 1 &&
           days_to(year, month, day) < days_to(next_year, month % 12 + 1, 1);
}

/* "2026-11-22" or "22/11/2026". */
static bool
take_day(const char **at, int64_t *days)
{
    const char *p = *at;
    int64_t year, month, day;
    bool known;

    known = take_digits(&p, 4, &year) && take(&p, '-') &&
            take_digits(&p, 2, &month) && take(&p, '-') &&
            take_digits(&p, 2, &day);
    if (!known) {
        p = *at;
        known = take_digits(&p, 2, &day) && take(&p, '/') &&
                take_digits(&p, 2, &month) && take(&p, '/') &&
                take_digits(&p, 4, &year);
    }
    if (!known || !is_day(year, month, day)) {
        return false;
    }
    *at = p;
    *days = days_to(year, month, day);
    return true;
}

static bool
read_date(const char *text, int64_t *out)
{
    int64_t days, hour = 0, minute = 0;

    if (!take_day(&text, &days)) {
        return false;
    }
    if (*text == ' ' || *text == 'T') {
        text++;
        if (!take_digits(&text, 2, &hour) || !take(&text, ':') ||
            !take_digits(&text, 2, &minute) || hour > 23 || minute > 59) {
            return false;
        }
    }
    *out = (days * DAY_S + hour * 3600 + minute * 60 - ZONE_S) * 1000;
    return *text == '\0';
}

bool
gong_ctl_read_length(const char *text, int64_t *out_ms)
{
    gong_dur_t length;

    if (gong_dur_parse(gong_str_of(text), &length) != GONG_OK ||
        length.ns <= 0) {
        return false;
    }
    *out_ms = length.ns / GONG_NS_PER_MS;
    return true;
}

bool
gong_ctl_read_instant(const char *text, int64_t now_ms, int64_t *out)
{
    char *end = NULL;
    long long number;
    int64_t length;

    if (read_date(text, out)) {
        return true;
    }
    if (gong_ctl_read_length(text, &length)) {
        *out = now_ms + length;
        return true;
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    *out = number;
    return errno == 0 && end != text && *end == '\0' && number > 1000000000000;
}

bool
gong_ctl_read_month(const char *text, int64_t *from, int64_t *until)
{
    int64_t year, month;

    if (!take_digits(&text, 4, &year) || !take(&text, '-') ||
        !take_digits(&text, 2, &month) || *text != '\0' || year < 1971 ||
        month < 1 || month > 12) {
        return false;
    }
    *from = (days_to(year, month, 1) * DAY_S - ZONE_S) * 1000;
    *until =
        (days_to(month == 12 ? year + 1 : year, month % 12 + 1, 1) * DAY_S -
         ZONE_S) *
        1000;
    return true;
}
