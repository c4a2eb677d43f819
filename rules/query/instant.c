#include "rules/query/instant.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"

#define SECONDS_MAX   INT64_C(253402300799) /* the last of the year 9999 */
#define SECONDS_MIN   INT64_C(-62135596800) /* the first of the year 1 */
#define DAY           INT64_C(86400)
#define LENGTH_MAX_MS INT64_C(3155760000000)

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Years
 * begin in March, so that the leap day is a year's last. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           1 - 719468;
}

struct date {
    int64_t year;
    int64_t month;
    int64_t day;
};

static struct date
date_of(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    struct date date = {.day = of_year - (153 * m + 2) / 5 + 1,
                        .month = m < 10 ? m + 3 : m - 9};

    date.year = y + era * 400 + (date.month <= 2);
    return date;
}

struct cursor {
    const char *at;
    const char *end;
    bool good;
};

static int64_t
digits(struct cursor *c, int count)
{
    int64_t value = 0;

    for (int i = 0; i < count; i++) {
        if (c->at == c->end || *c->at < '0' || *c->at > '9') {
            c->good = false;
            return 0;
        }
        value = value * 10 + (*c->at++ - '0');
    }
    return value;
}

static bool
take(struct cursor *c, const char *any)
{
    for (; *any != '\0'; any++) {
        if (c->at < c->end && *c->at == *any) {
            c->at++;
            return true;
        }
    }
    return false;
}

static void
expect(struct cursor *c, const char *any)
{
    c->good = take(c, any) && c->good;
}

/* Thousandths from what stands behind a point. */
static int64_t
fraction(struct cursor *c)
{
    int64_t ms = 0;
    int64_t unit = 100;

    if (c->at == c->end || *c->at < '0' || *c->at > '9') {
        c->good = false;
    }
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        ms += (*c->at++ - '0') * unit;
        unit /= 10;
    }
    return ms;
}

/* Z, or +07:00; seconds to take away. */
static int64_t
zone(struct cursor *c)
{
    bool west = c->at < c->end && *c->at == '-';
    int64_t hours;
    int64_t minutes;

    if (take(c, "Zz")) {
        return 0;
    }
    expect(c, "+-");
    hours = digits(c, 2);
    expect(c, ":");
    minutes = digits(c, 2);
    c->good = c->good && hours < 24 && minutes < 60;
    return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static bool
is_date(const struct date *date)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    bool leap =
        (date->year % 4 == 0 && date->year % 100 != 0) || date->year % 400 == 0;

    return date->year >= 1 && date->month >= 1 && date->month <= 12 &&
           date->day >= 1 && date->day <= lengths[date->month - 1] &&
           (date->month != 2 || date->day < 29 || leap);
}

static bool
read_calendar(struct gong_str text, int64_t *ms)
{
    struct cursor c = {text.data, text.data + text.len, true};
    struct date date;
    int64_t hours;
    int64_t minutes;
    int64_t seconds;
    int64_t rest = 0;

    date.year = digits(&c, 4);
    expect(&c, "-");
    date.month = digits(&c, 2);
    expect(&c, "-");
    date.day = digits(&c, 2);
    expect(&c, "Tt ");
    hours = digits(&c, 2);
    expect(&c, ":");
    minutes = digits(&c, 2);
    expect(&c, ":");
    seconds = digits(&c, 2);
    if (take(&c, ".")) {
        rest = fraction(&c);
    }
    c.good =
        c.good && hours < 24 && minutes < 60 && seconds < 60 && is_date(&date);
    if (!c.good) {
        return false;
    }
    seconds += hours * 3600 + minutes * 60;
    seconds += days_of(date.year, date.month, date.day) * DAY;
    seconds -= zone(&c);
    *ms = seconds * 1000 + rest;
    return c.good && c.at == c.end;
}

/* [-]ddd[.ddd] */
static bool
read_seconds(struct gong_str text, int64_t *ms)
{
    struct cursor c = {text.data, text.data + text.len, true};
    bool negative = take(&c, "-");
    int64_t seconds = 0;
    int64_t rest = 0;

    if (c.at == c.end || *c.at < '0' || *c.at > '9') {
        return false;
    }
    while (c.at < c.end && *c.at >= '0' && *c.at <= '9' &&
           seconds <= SECONDS_MAX) {
        seconds = seconds * 10 + (*c.at++ - '0');
    }
    if (take(&c, ".")) {
        rest = fraction(&c);
    }
    if (negative) {
        seconds = -seconds;
        rest = -rest;
    }
    *ms = seconds * 1000 + rest;
    return c.good && c.at == c.end && seconds <= SECONDS_MAX &&
           seconds >= SECONDS_MIN;
}

bool
gong_instant_read(struct gong_str text, int64_t *ms)
{
    return read_seconds(text, ms) || read_calendar(text, ms);
}

/* So many digits of a number that has no more; where they end. */
static char *
put_digits(char *at, int64_t number, int count)
{
    for (int i = count; i-- > 0; number /= 10) {
        at[i] = (char)('0' + number % 10);
    }
    return at + count;
}

/* hh:mm:ss */
static char *
put_time(char *at, int64_t of_day)
{
    at = put_digits(at, of_day / 3600, 2);
    *at++ = ':';
    at = put_digits(at, of_day / 60 % 60, 2);
    *at++ = ':';
    return put_digits(at, of_day % 60, 2);
}

/* yyyy-mm-dd */
static char *
put_date(char *at, struct date date)
{
    at = put_digits(at, date.year, 4);
    *at++ = '-';
    at = put_digits(at, date.month, 2);
    *at++ = '-';
    return put_digits(at, date.day, 2);
}

size_t
gong_instant_text(int64_t ms, char out[static GONG_INSTANT_SIZE])
{
    int64_t seconds = ms >= 0 ? ms / 1000 : -((-(ms + 1)) / 1000) - 1;
    int64_t rest = ms - seconds * 1000;
    int64_t days = seconds >= 0 ? seconds / DAY : -((-(seconds + 1)) / DAY) - 1;
    char *at = out;

    if (seconds > SECONDS_MAX || seconds < SECONDS_MIN) {
        int used = snprintf(out, GONG_INSTANT_SIZE, "%" PRId64 "s", seconds);

        return (size_t)used;
    }
    at = put_date(at, date_of(days));
    *at++ = 'T';
    at = put_time(at, seconds - days * DAY);
    if (rest != 0) {
        *at++ = '.';
        at = put_digits(at, rest, 3);
    }
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - out);
}

void
gong_instant_put(FILE *out, int64_t ms)
{
    char text[GONG_INSTANT_SIZE];

    (void)gong_instant_text(ms, text);
    (void)fputs(text, out);
}

bool
gong_length_read(struct gong_str text, int64_t *ms)
{
    gong_dur_t length;

    if (read_seconds(text, ms)) {
        return *ms >= 0 && *ms <= LENGTH_MAX_MS;
    }
    if (gong_dur_parse(text, &length) != GONG_OK) {
        return false;
    }
    *ms = length.ns / GONG_NS_PER_MS;
    return *ms <= LENGTH_MAX_MS;
}

void
gong_length_put(FILE *out, int64_t ms)
{
    char text[GONG_DUR_TEXT_SIZE];

    gong_dur_format(gong_dur_ms(ms < 0 ? 0 : ms), text);
    (void)fputs(text, out);
}
