/*
 * calendar: when a rule counts: hours of the week, dates on which they do not,
 * dates on which others do, and times of the year, in a zone that is a fixed
 * offset. Pure arithmetic on engine time; no leap seconds, no tables of zones.
 *
 *     { name = "school"; zone = "+07:00";
 *       hours = ("mon-fri 07:00-11:30", "mon-fri 13:30-17:00");
 *       except = ("2026-02-14..2026-02-22", "2026-04-30", "2026-05-01");
 *       also = ("2026-02-28 07:00-11:30");
 *       during = ("2025-09-05..2026-05-31"); }
 *
 *   open = during has the date (or there is none) and
 *          (also has date and time, or
 *           (hours have day and time (or there are none)
 *            and except has not the date))
 *
 * Hours that end before they begin go on after midnight; what is said of a date
 * counts for what lies on it.
 */
#ifndef GONG_RULES_ENGINE_CALENDAR_H
#define GONG_RULES_ENGINE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/promql.h"

#define GONG_CALENDAR_ENTRIES_MAX 512 /* of one list */

/* In minutes of the day; to up to 1440. */
struct gong_calendar_hours {
    uint8_t days; /* bit 0 is Monday */
    int16_t from;
    int16_t to;
};

/* In days since 1970-01-01, both ends included. */
struct gong_calendar_dates {
    int64_t first;
    int64_t last;
    int16_t from; /* of also */
    int16_t to;
};

struct gong_calendar_list {
    struct gong_calendar_dates *items;
    size_t count;
};

/* Transparent: plain data, owned. All zero: always open, at +00:00. */
struct gong_calendar {
    char *name;
    int64_t zone_ms;
    struct gong_calendar_hours *hours;
    size_t hours_count;
    struct gong_calendar_list except;
    struct gong_calendar_list also;
    struct gong_calendar_list during;
};

void gong_calendar_fini(struct gong_calendar *calendar);

/* Each takes one text as written in the file; false with error filled. */
bool gong_calendar_set_zone(struct gong_calendar *calendar,
                            struct gong_str text,
                            struct gong_expr_error *error);
bool gong_calendar_add_hours(struct gong_calendar *calendar,
                             struct gong_str text,
                             struct gong_expr_error *error);
bool gong_calendar_add_dates(struct gong_calendar_list *list, bool timed,
                             struct gong_str text,
                             struct gong_expr_error *error);

/* gong_calendar_is_open: at ms. */
bool gong_calendar_is_open(const struct gong_calendar *calendar, int64_t ms);

/* gong_calendar_next: the first instant after ms at which it opens or closes;
 * INT64_MAX: never again. */
int64_t gong_calendar_next(const struct gong_calendar *calendar, int64_t ms);

/* gong_calendar_identity: equal for calendars that say the same in the same
 * words, whatever they are called. */
uint64_t gong_calendar_identity(const struct gong_calendar *calendar);

#endif
