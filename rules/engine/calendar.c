#include "rules/engine/calendar.h"

#include <stdlib.h>

#include "rules/engine/hash.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    INT64_C(86400000)
#define DAY       1440 /* minutes */
#define WEEK_SEEN 8    /* days after which hours have shown all they say */
#define FAR_MS    (INT64_MAX / 4)

void
gong_calendar_fini(struct gong_calendar *calendar)
{
    free(calendar->name);
    free(calendar->hours);
    free(calendar->except.items);
    free(calendar->also.items);
    free(calendar->during.items);
    *calendar = (struct gong_calendar){0};
}

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* 1970-01-01 was a Thursday. */
static unsigned
day_of_week(int64_t day)
{
    return (unsigned)((day % 7 + 7 + 3) % 7);
}

static bool
has_date(const struct gong_calendar_list *list, int64_t day)
{
    for (size_t i = 0; i < list->count; i++) {
        if (day >= list->items[i].first && day <= list->items[i].last) {
            return true;
        }
    }
    return false;
}

static bool
has_hours(const struct gong_calendar_hours *hours, int64_t day, int minute)
{
    bool today = (hours->days >> day_of_week(day) & 1u) != 0;
    bool yesterday = (hours->days >> day_of_week(day - 1) & 1u) != 0;

    if (hours->from < hours->to) {
        return today && minute >= hours->from && minute < hours->to;
    }
    return (today && minute >= hours->from) ||
           (yesterday && minute < hours->to);
}

/* At a minute of a day of the zone. */
static bool
is_open(const struct gong_calendar *c, int64_t day, int minute)
{
    if (c->during.count > 0 && !has_date(&c->during, day)) {
        return false;
    }
    for (size_t i = 0; i < c->also.count; i++) {
        const struct gong_calendar_dates *d = &c->also.items[i];

        if (day >= d->first && day <= d->last && minute >= d->from &&
            minute < d->to) {
            return true;
        }
    }
    if (has_date(&c->except, day)) {
        return false;
    }
    for (size_t i = 0; i < c->hours_count; i++) {
        if (has_hours(&c->hours[i], day, minute)) {
            return true;
        }
    }
    return c->hours_count == 0;
}

static int64_t
local_of(const struct gong_calendar *calendar, int64_t ms)
{
    ms = ms > FAR_MS ? FAR_MS : ms < -FAR_MS ? -FAR_MS : ms;
    return ms + calendar->zone_ms;
}

bool
gong_calendar_is_open(const struct gong_calendar *calendar, int64_t ms)
{
    int64_t local = local_of(calendar, ms);
    int64_t day = floor_div(local, DAY_MS);

    return is_open(calendar, day, (int)((local - day * DAY_MS) / MINUTE_MS));
}

/* The first minute of day from `from` on at which it is as wanted, of those at
 * which it may change; DAY if there is none. */
static int
first_minute(const struct gong_calendar *c, int64_t day, int from, bool wanted)
{
    int best = DAY;
    int candidates[2] = {0, 0};

    if (from == 0 && is_open(c, day, 0) == wanted) {
        return 0;
    }
    for (size_t i = 0; i < c->hours_count + c->also.count; i++) {
        bool weekly = i < c->hours_count;

        candidates[0] =
            weekly ? c->hours[i].from : c->also.items[i - c->hours_count].from;
        candidates[1] =
            weekly ? c->hours[i].to : c->also.items[i - c->hours_count].to;
        for (size_t k = 0; k < 2; k++) {
            if (candidates[k] >= from && candidates[k] < best &&
                is_open(c, day, candidates[k]) == wanted) {
                best = candidates[k];
            }
        }
    }
    return best;
}

static int64_t
last_of(const struct gong_calendar_list *list, int64_t last)
{
    for (size_t i = 0; i < list->count; i++) {
        last = list->items[i].last > last ? list->items[i].last : last;
    }
    return last;
}

/* Where days that cannot be open end: at the next one of during. */
static int64_t
skip_closed(const struct gong_calendar *c, int64_t day)
{
    int64_t next = INT64_MAX;

    if (c->during.count == 0 || has_date(&c->during, day)) {
        return day;
    }
    for (size_t i = 0; i < c->during.count; i++) {
        int64_t first = c->during.items[i].first;

        next = first > day && first < next ? first : next;
    }
    return next;
}

int64_t
gong_calendar_next(const struct gong_calendar *calendar, int64_t ms)
{
    int64_t local = local_of(calendar, ms);
    int64_t day = floor_div(local, DAY_MS);
    int minute = (int)((local - day * DAY_MS) / MINUTE_MS);
    bool wanted = !is_open(calendar, day, minute);
    int64_t end = day;
    int from = minute + 1;

    end = last_of(&calendar->except, end);
    end = last_of(&calendar->also, end);
    end = last_of(&calendar->during, end) + WEEK_SEEN;
    for (; day <= end; day++) {
        int found = 0;

        if (wanted) {
            int64_t next = skip_closed(calendar, day);

            from = next == day ? from : 0;
            day = next;
        }
        if (day > end) {
            break;
        }
        found = first_minute(calendar, day, from, wanted);
        if (found < DAY) {
            return day * DAY_MS + found * MINUTE_MS - calendar->zone_ms;
        }
        from = 0;
    }
    return INT64_MAX;
}

static uint64_t
add_list(uint64_t state, const struct gong_calendar_list *list)
{
    state = gong_fnv1a(state, &list->count, sizeof list->count);
    for (size_t i = 0; i < list->count; i++) {
        int64_t words[4] = {list->items[i].first, list->items[i].last,
                            list->items[i].from, list->items[i].to};

        state = gong_fnv1a(state, words, sizeof words);
    }
    return state;
}

uint64_t
gong_calendar_identity(const struct gong_calendar *calendar)
{
    uint64_t state = GONG_FNV1A_START;

    state = gong_fnv1a(state, &calendar->zone_ms, sizeof calendar->zone_ms);
    for (size_t i = 0; i < calendar->hours_count; i++) {
        int64_t words[3] = {calendar->hours[i].days, calendar->hours[i].from,
                            calendar->hours[i].to};

        state = gong_fnv1a(state, words, sizeof words);
    }
    state = add_list(state, &calendar->except);
    state = add_list(state, &calendar->also);
    return add_list(state, &calendar->during);
}
