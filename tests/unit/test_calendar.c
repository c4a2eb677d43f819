/* When calendars are open, against dates that are known; and that the next turn
 * is the first one, minute by minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/engine/calendar.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* Monday 2026-02-02 00:00 in Hanoi. */
#define MONDAY (INT64_C(1769965200000))

static struct gong_calendar
make(const char *zone)
{
    struct gong_calendar c = {0};
    struct gong_expr_error error;

    assert_true(gong_calendar_set_zone(&c, gong_str_of(zone), &error));
    return c;
}

static void
hours(struct gong_calendar *c, const char *text)
{
    struct gong_expr_error error;

    assert_true(gong_calendar_add_hours(c, gong_str_of(text), &error));
}

static void
dates(struct gong_calendar_list *list, const char *text)
{
    struct gong_expr_error error;

    assert_true(gong_calendar_add_dates(list, true, gong_str_of(text), &error));
}

/* Turns from a year of minutes on, seen by looking at each. */
static void
check_next(const struct gong_calendar *c, int64_t from, int64_t days)
{
    int64_t told = gong_calendar_next(c, from);
    bool open = gong_calendar_is_open(c, from);

    for (int64_t t = from + MINUTE; t < from + days * DAY; t += MINUTE) {
        if (gong_calendar_is_open(c, t) == open) {
            assert_true(told > t);
            continue;
        }
        assert_true(told == t);
        open = !open;
        told = gong_calendar_next(c, t);
        assert_true(gong_calendar_next(c, t + 59999) == told);
        assert_true(gong_calendar_next(c, t - 1) == t);
    }
}

static void
test_always(void **state)
{
    struct gong_calendar c = make("+00:00");

    (void)state;
    assert_true(gong_calendar_is_open(&c, 0));
    assert_true(gong_calendar_is_open(&c, -1));
    assert_true(gong_calendar_is_open(&c, INT64_MAX));
    assert_true(gong_calendar_next(&c, 0) == INT64_MAX);
    gong_calendar_fini(&c);
}

static void
test_office_hours(void **state)
{
    struct gong_calendar c = make("+07:00");

    (void)state;
    hours(&c, "mon-fri 07:30-11:30");
    hours(&c, "mon-fri 13:00-17:00");
    assert_false(gong_calendar_is_open(&c, MONDAY));
    assert_false(
        gong_calendar_is_open(&c, MONDAY + 7 * HOUR + 30 * MINUTE - 1));
    assert_true(gong_calendar_is_open(&c, MONDAY + 7 * HOUR + 30 * MINUTE));
    assert_false(gong_calendar_is_open(&c, MONDAY + 12 * HOUR));
    assert_true(gong_calendar_is_open(&c, MONDAY + 17 * HOUR - 1));
    assert_false(gong_calendar_is_open(&c, MONDAY + 17 * HOUR));
    assert_false(gong_calendar_is_open(&c, MONDAY + 5 * DAY + 9 * HOUR));
    assert_true(gong_calendar_next(&c, MONDAY + 4 * DAY + 17 * HOUR) ==
                MONDAY + 7 * DAY + 7 * HOUR + 30 * MINUTE);
    check_next(&c, MONDAY - 3 * DAY, 21);
    gong_calendar_fini(&c);
}

/* Tet of 2026 is on 17 February; that Saturday is worked instead. */
static void
test_holidays(void **state)
{
    struct gong_calendar c = make("+07:00");

    (void)state;
    hours(&c, "mon-fri 07:00-17:00");
    dates(&c.except, "2026-02-14..2026-02-22");
    dates(&c.except, "2026-04-30");
    dates(&c.also, "2026-02-28 08:00-12:00");
    assert_true(gong_calendar_is_open(&c, MONDAY + 11 * DAY + 8 * HOUR));
    assert_false(gong_calendar_is_open(&c, MONDAY + 15 * DAY + 8 * HOUR));
    assert_true(gong_calendar_next(&c, MONDAY + 11 * DAY + 17 * HOUR) ==
                MONDAY + 21 * DAY + 7 * HOUR);
    assert_true(gong_calendar_is_open(&c, MONDAY + 26 * DAY + 8 * HOUR));
    assert_false(gong_calendar_is_open(&c, MONDAY + 26 * DAY + 12 * HOUR));
    check_next(&c, MONDAY, 100);
    gong_calendar_fini(&c);
}

static void
test_over_midnight_and_seasons(void **state)
{
    struct gong_calendar c = make("-03:30");

    (void)state;
    hours(&c, "fri-mon 22:00-06:00");
    hours(&c, "wed 00:00-24:00");
    dates(&c.during, "2026-02-03..2026-02-20");
    dates(&c.during, "2027-01-01..2027-01-10");
    dates(&c.also, "2026-02-19");
    check_next(&c, MONDAY - 2 * DAY, 60);
    check_next(&c, MONDAY + 320 * DAY, 30);
    assert_true(gong_calendar_next(&c, MONDAY + 400 * DAY) == INT64_MAX);
    gong_calendar_fini(&c);
}

static void
test_leap_days(void **state)
{
    struct gong_calendar c = make("+00:00");

    (void)state;
    dates(&c.during, "2024-02-29");
    dates(&c.during, "2000-02-29");
    dates(&c.during, "1970-01-01");
    assert_true(gong_calendar_is_open(&c, 0));
    assert_false(gong_calendar_is_open(&c, -1));
    assert_true(gong_calendar_is_open(&c, INT64_C(951782400000)));
    assert_true(gong_calendar_is_open(&c, INT64_C(1709164800000)));
    assert_false(gong_calendar_is_open(&c, INT64_C(1709251200000)));
    gong_calendar_fini(&c);
}

static void
test_identity(void **state)
{
    struct gong_calendar a = make("+07:00");
    struct gong_calendar b = make("+07:00");

    (void)state;
    assert_true(gong_calendar_identity(&a) == gong_calendar_identity(&b));
    hours(&a, "mon 07:00-08:00");
    assert_false(gong_calendar_identity(&a) == gong_calendar_identity(&b));
    hours(&b, "mon 07:00-08:00");
    assert_true(gong_calendar_identity(&a) == gong_calendar_identity(&b));
    dates(&a.except, "2026-04-30");
    dates(&b.also, "2026-04-30");
    assert_false(gong_calendar_identity(&a) == gong_calendar_identity(&b));
    gong_calendar_fini(&a);
    gong_calendar_fini(&b);
}

static void
test_refusals(void **state)
{
    static const struct {
        char kind; /* z zone, h hours, d dates, a dates with times */
        const char *text;
        size_t at;
        const char *message;
    } rows[] = {
        {'z', "07:00", 0, "found \"07:00\", expected an offset such as +07:00"},
        {'z', "+15:00", 0,
         "found \"+15:00\", expected an offset such as +07:00"},
        {'z', "+07:00x", 6, "found \"x\", expected nothing more"},
        {'h', "mo 07:00-08:00", 0,
         "found \"mo 07:00-08:00\", expected a day: mon tue wed thu fri sat "
         "sun"},
        {'h', "mon", 3,
         "found the end of the text, expected a space and times such as "
         "07:30-17:00"},
        {'h', "mon 7:00-08:00", 4,
         "found \"7:00-08:00\", expected a time such as 07:30, up to 24:00"},
        {'h', "mon 07:00", 9,
         "found the end of the text, expected - and the time at which it ends"},
        {'h', "mon 07:00-24:01", 10,
         "found \"24:01\", expected a time such as 07:30, up to 24:00"},
        {'h', "mon 07:00-07:00", 4,
         "found \"07:00-07:00\", expected two different times, the first "
         "before 24:00"},
        {'d', "2026-02-29", 0,
         "found \"2026-02-29\", expected a date such as 2026-04-30"},
        {'d', "2026-02-28..2026-02-01", 0,
         "found \"2026-02-28..2026-02-01\", expected the earlier date first"},
        {'d', "2026-02-28 07:00-08:00", 10,
         "found \" 07:00-08:00\", expected nothing more"},
        {'a', "2026-02-28 08:00-07:00", 11,
         "found \"08:00-07:00\", expected the earlier time first"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_calendar c = {0};
        struct gong_expr_error error = {0};
        struct gong_str text = gong_str_of(rows[i].text);
        bool taken = rows[i].kind == 'z'
                         ? gong_calendar_set_zone(&c, text, &error)
                     : rows[i].kind == 'h'
                         ? gong_calendar_add_hours(&c, text, &error)
                         : gong_calendar_add_dates(&c.also, rows[i].kind == 'a',
                                                   text, &error);

        assert_false(taken);
        assert_string_equal(error.message, rows[i].message);
        assert_int_equal(error.at, rows[i].at);
        assert_int_equal(c.hours_count + c.also.count, 0);
        gong_calendar_fini(&c);
    }
}

static void
test_limit(void **state)
{
    struct gong_calendar c = {0};
    struct gong_expr_error error;

    (void)state;
    for (size_t i = 0; i < GONG_CALENDAR_ENTRIES_MAX; i++) {
        dates(&c.except, "2026-04-30");
        hours(&c, "mon 07:00-08:00");
    }
    assert_false(gong_calendar_add_dates(&c.except, false,
                                         gong_str_of("2026-04-30"), &error));
    assert_false(
        gong_calendar_add_hours(&c, gong_str_of("mon 07:00-08:00"), &error));
    assert_string_equal(error.message,
                        "found more than 512 entries, expected fewer");
    gong_calendar_fini(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_always),
        cmocka_unit_test(test_office_hours),
        cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_over_midnight_and_seasons),
        cmocka_unit_test(test_leap_days),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
