/* calendar_text: a calendar's lists as they are written. */
#include "rules/engine/calendar.h"

#include <stdlib.h>

#include "rules/engine/promql_error.h"

#define MINUTE_MS INT64_C(60000)
#define DAY       1440

struct scan {
    struct gong_str text;
    size_t at;
    struct gong_expr_error *error;
};

static bool
fail(const struct scan *s, const char *expected)
{
    char word[GONG_EXPR_WORD_SIZE];
    size_t left = s->text.len - s->at;

    if (left == 0) {
        return gong_expr_fail(s->error, s->at,
                              "found the end of the text, expected %s",
                              expected);
    }
    return gong_expr_fail(
        s->error, s->at, "found %s, expected %s",
        gong_expr_word(
            gong_str_from(s->text.data + s->at, left < 24 ? left : 24), word),
        expected);
}

static bool
take(struct scan *s, const char *text)
{
    size_t len = strlen(text);

    if (s->text.len - s->at < len ||
        memcmp(s->text.data + s->at, text, len) != 0) {
        return false;
    }
    s->at += len;
    return true;
}

/* Exactly so many digits. */
static bool
take_number(struct scan *s, size_t digits, int *out)
{
    int value = 0;

    if (s->text.len - s->at < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = s->text.data[s->at + i];

        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    s->at += digits;
    *out = value;
    return true;
}

/* HH:MM, up to 24:00. */
static bool
take_time(struct scan *s, int16_t *out)
{
    struct scan start = *s;
    int hour = 0;
    int minute = 0;

    if (!take_number(s, 2, &hour) || !take(s, ":") ||
        !take_number(s, 2, &minute) || minute > 59 ||
        hour * 60 + minute > DAY) {
        s->at = start.at;
        return fail(s, "a time such as 07:30, up to 24:00");
    }
    *out = (int16_t)(hour * 60 + minute);
    return true;
}

static bool
take_times(struct scan *s, int16_t *from, int16_t *to)
{
    size_t start = s->at;

    if (!take_time(s, from)) {
        return false;
    }
    if (!take(s, "-")) {
        return fail(s, "- and the time at which it ends");
    }
    if (!take_time(s, to)) {
        return false;
    }
    if (*from == *to || *from == DAY) {
        s->at = start;
        return fail(s, "two different times, the first before 24:00");
    }
    return true;
}

static bool
take_day(struct scan *s, unsigned *out)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu",
                                        "fri", "sat", "sun"};

    for (unsigned i = 0; i < 7; i++) {
        if (take(s, names[i])) {
            *out = i;
            return true;
        }
    }
    return fail(s, "a day: mon tue wed thu fri sat sun");
}

/* mon-fri,sun; a range may go round the end of the week. */
static bool
take_days(struct scan *s, uint8_t *days)
{
    do {
        unsigned first = 0;
        unsigned last = 0;

        if (!take_day(s, &first)) {
            return false;
        }
        last = first;
        if (take(s, "-") && !take_day(s, &last)) {
            return false;
        }
        *days |= (uint8_t)(1u << last);
        for (unsigned day = first; day != last; day = (day + 1) % 7) {
            *days |= (uint8_t)(1u << day);
        }
    } while (take(s, ","));
    return true;
}

static bool
at_end(const struct scan *s)
{
    return s->at == s->text.len || fail(s, "nothing more");
}

/* Room for one more of count elements; false with error filled. */
static bool
make_room(void **items, size_t count, size_t size,
          struct gong_expr_error *error)
{
    void *larger = NULL;

    if (count == GONG_CALENDAR_ENTRIES_MAX) {
        return gong_expr_fail(error, 0,
                              "found more than %d entries, expected fewer",
                              GONG_CALENDAR_ENTRIES_MAX);
    }
    larger = realloc(*items, (count + 1) * size);
    if (larger == NULL) {
        return gong_expr_no_memory(error, 0);
    }
    *items = larger;
    return true;
}

bool
gong_calendar_add_hours(struct gong_calendar *calendar, struct gong_str text,
                        struct gong_expr_error *error)
{
    struct scan s = {text, 0, error};
    struct gong_calendar_hours hours = {0};
    void *items = calendar->hours;

    if (!take_days(&s, &hours.days)) {
        return false;
    }
    if (!take(&s, " ")) {
        return fail(&s, "a space and times such as 07:30-17:00");
    }
    if (!take_times(&s, &hours.from, &hours.to) || !at_end(&s) ||
        !make_room(&items, calendar->hours_count, sizeof hours, error)) {
        return false;
    }
    calendar->hours = items;
    calendar->hours[calendar->hours_count++] = hours;
    return true;
}

static bool
is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01 of a date from then on. */
static int64_t
day_number(int year, int month, int day)
{
    int64_t before = year - 1;
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400;

    for (int m = 1; m < month; m++) {
        days += days_in_month(year, m);
    }
    return days + day - 719163; /* of 1970-01-01 */
}

static bool
take_date(struct scan *s, int64_t *out)
{
    size_t start = s->at;
    int year = 0;
    int month = 0;
    int day = 0;

    if (!take_number(s, 4, &year) || !take(s, "-") ||
        !take_number(s, 2, &month) || !take(s, "-") ||
        !take_number(s, 2, &day) || year < 1970 || month < 1 || month > 12 ||
        day < 1 || day > days_in_month(year, month)) {
        s->at = start;
        return fail(s, "a date such as 2026-04-30");
    }
    *out = day_number(year, month, day);
    return true;
}

bool
gong_calendar_add_dates(struct gong_calendar_list *list, bool timed,
                        struct gong_str text, struct gong_expr_error *error)
{
    struct scan s = {text, 0, error};
    struct gong_calendar_dates dates = {.to = DAY};
    void *items = list->items;

    if (!take_date(&s, &dates.first)) {
        return false;
    }
    dates.last = dates.first;
    if (take(&s, "..") && !take_date(&s, &dates.last)) {
        return false;
    }
    if (dates.last < dates.first) {
        s.at = 0;
        return fail(&s, "the earlier date first");
    }
    if (timed && take(&s, " ")) {
        size_t start = s.at;

        if (!take_times(&s, &dates.from, &dates.to)) {
            return false;
        }
        if (dates.from > dates.to) {
            s.at = start;
            return fail(&s, "the earlier time first");
        }
    }
    if (!at_end(&s) || !make_room(&items, list->count, sizeof dates, error)) {
        return false;
    }
    list->items = items;
    list->items[list->count++] = dates;
    return true;
}

bool
gong_calendar_set_zone(struct gong_calendar *calendar, struct gong_str text,
                       struct gong_expr_error *error)
{
    struct scan s = {text, 0, error};
    bool west = take(&s, "-");
    int hours = 0;
    int minutes = 0;

    if ((!west && !take(&s, "+")) || !take_number(&s, 2, &hours) ||
        !take(&s, ":") || !take_number(&s, 2, &minutes) || hours > 14 ||
        minutes > 59) {
        s.at = 0;
        return fail(&s, "an offset such as +07:00");
    }
    if (!at_end(&s)) {
        return false;
    }
    calendar->zone_ms = (hours * 60 + minutes) * MINUTE_MS * (west ? -1 : 1);
    return true;
}
