/* Every state meets every event (rules 10 to 12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/engine/alert.h"

#define SINCE 1000
#define TOLD  2000

#define INACTIVE GONG_ALERT_INACTIVE
#define PENDING  GONG_ALERT_PENDING
#define FIRING   GONG_ALERT_FIRING
#define KEEPING  GONG_ALERT_KEEPING
#define UNKNOWN  GONG_ALERT_UNKNOWN
#define TRUE     GONG_ALERT_TRUE
#define FALSE    GONG_ALERT_FALSE
#define MISSING  GONG_ALERT_MISSING
#define DARK     GONG_ALERT_DARK
#define REMOVED  GONG_ALERT_REMOVED
#define LIMITED  GONG_ALERT_LIMITED
#define HELD     GONG_ALERT_HELD
#define OVER     GONG_ALERT_OVER
#define CLOSED   GONG_ALERT_CLOSED
#define FREE     GONG_ALERT_FREE
#define EVENTS   9
#define STAYS    (-1)

struct row {
    enum gong_alert_state state;
    enum gong_alert_event event;
    int64_t for_ms;
    int64_t keep_ms;
    int64_t now;
    int to; /* STAYS or a state */
    enum gong_effect_reason reason;
    enum gong_on_missing missing;
};
#define RESOLVES GONG_ON_MISSING_RESOLVE
#define SUSPENDS GONG_ON_MISSING_UNKNOWN
#define FIRES    GONG_ON_MISSING_FIRE

static const struct row table[] = {
    {INACTIVE, TRUE, 0, 0, 5000, FIRING, GONG_REASON_CONDITION, RESOLVES},
    {INACTIVE, TRUE, 1, 0, 5000, PENDING, GONG_REASON_CONDITION, RESOLVES},
    {INACTIVE, FALSE, 0, 0, 5000, STAYS, 0, RESOLVES},
    {INACTIVE, MISSING, 0, 0, 5000, STAYS, 0, RESOLVES},
    {INACTIVE, REMOVED, 0, 0, 5000, STAYS, 0, RESOLVES},
    {INACTIVE, LIMITED, 0, 0, 5000, STAYS, 0, RESOLVES},
    {PENDING, TRUE, 5000, 0, 5999, STAYS, 0, RESOLVES},
    {PENDING, TRUE, 5000, 0, 6000, FIRING, GONG_REASON_FOR, RESOLVES},
    {PENDING, TRUE, 5000, 0, 9999, FIRING, GONG_REASON_FOR, RESOLVES},
    {PENDING, FALSE, 5000, 0, 5000, INACTIVE, GONG_REASON_CONDITION, RESOLVES},
    {PENDING, FALSE, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, RESOLVES},
    {PENDING, MISSING, 5000, 9, 5000, INACTIVE, GONG_REASON_MISSING, RESOLVES},
    {PENDING, REMOVED, 5000, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     RESOLVES},
    {PENDING, LIMITED, 5000, 9, 5000, INACTIVE, GONG_REASON_LIMIT, RESOLVES},
    {FIRING, TRUE, 0, 0, 5000, STAYS, 0, RESOLVES},
    {FIRING, FALSE, 0, 0, 5000, INACTIVE, GONG_REASON_CONDITION, RESOLVES},
    {FIRING, FALSE, 0, 1, 5000, KEEPING, GONG_REASON_CONDITION, RESOLVES},
    {FIRING, MISSING, 0, 0, 5000, INACTIVE, GONG_REASON_MISSING, RESOLVES},
    {FIRING, MISSING, 0, 1, 5000, KEEPING, GONG_REASON_MISSING, RESOLVES},
    {FIRING, REMOVED, 0, 1, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, RESOLVES},
    {FIRING, LIMITED, 0, 1, 5000, INACTIVE, GONG_REASON_LIMIT, RESOLVES},
    {KEEPING, TRUE, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, RESOLVES},
    {KEEPING, FALSE, 0, 5000, 6999, STAYS, 0, RESOLVES},
    {KEEPING, FALSE, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, RESOLVES},
    {KEEPING, MISSING, 0, 5000, 6999, STAYS, 0, RESOLVES},
    {KEEPING, MISSING, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, RESOLVES},
    {KEEPING, REMOVED, 0, 5000, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     RESOLVES},
    {KEEPING, LIMITED, 0, 5000, 5000, INACTIVE, GONG_REASON_LIMIT, RESOLVES},
    {INACTIVE, DARK, 0, 0, 5000, STAYS, 0, RESOLVES},
    {PENDING, DARK, 5000, 9, 5000, STAYS, 0, RESOLVES},
    {FIRING, DARK, 0, 9, 5000, STAYS, 0, RESOLVES},
    {KEEPING, DARK, 0, 5000, 5000, STAYS, 0, RESOLVES},
    /* on_missing = "resolve" is never unknown; a snapshot could say it all the
     * same, and then it ends as firing does. */
    {UNKNOWN, TRUE, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, RESOLVES},
    {UNKNOWN, FALSE, 9, 0, 5000, INACTIVE, GONG_REASON_CONDITION, RESOLVES},
    {UNKNOWN, FALSE, 9, 9, 5000, KEEPING, GONG_REASON_CONDITION, RESOLVES},
    {UNKNOWN, MISSING, 9, 0, 5000, INACTIVE, GONG_REASON_MISSING, RESOLVES},
    {UNKNOWN, DARK, 9, 0, 5000, STAYS, 0, RESOLVES},
    {UNKNOWN, REMOVED, 9, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     RESOLVES},
    {UNKNOWN, LIMITED, 9, 9, 5000, INACTIVE, GONG_REASON_LIMIT, RESOLVES},
    /* on_missing = "unknown" */
    {INACTIVE, TRUE, 0, 0, 5000, FIRING, GONG_REASON_CONDITION, SUSPENDS},
    {INACTIVE, FALSE, 0, 0, 5000, STAYS, 0, SUSPENDS},
    {INACTIVE, MISSING, 0, 0, 5000, STAYS, 0, SUSPENDS},
    {INACTIVE, DARK, 0, 0, 5000, STAYS, 0, SUSPENDS},
    {INACTIVE, REMOVED, 0, 0, 5000, STAYS, 0, SUSPENDS},
    {INACTIVE, LIMITED, 0, 0, 5000, STAYS, 0, SUSPENDS},
    {PENDING, TRUE, 5000, 0, 6000, FIRING, GONG_REASON_FOR, SUSPENDS},
    {PENDING, FALSE, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, SUSPENDS},
    {PENDING, MISSING, 5000, 9, 6000, STAYS, 0, SUSPENDS},
    {PENDING, DARK, 5000, 9, 6000, STAYS, 0, SUSPENDS},
    {PENDING, REMOVED, 5000, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     SUSPENDS},
    {PENDING, LIMITED, 5000, 9, 5000, INACTIVE, GONG_REASON_LIMIT, SUSPENDS},
    {FIRING, TRUE, 0, 0, 5000, STAYS, 0, SUSPENDS},
    {FIRING, FALSE, 0, 1, 5000, KEEPING, GONG_REASON_CONDITION, SUSPENDS},
    {FIRING, MISSING, 0, 1, 5000, UNKNOWN, GONG_REASON_MISSING, SUSPENDS},
    {FIRING, DARK, 0, 1, 5000, UNKNOWN, GONG_REASON_DARK, SUSPENDS},
    {FIRING, REMOVED, 0, 1, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, SUSPENDS},
    {FIRING, LIMITED, 0, 1, 5000, INACTIVE, GONG_REASON_LIMIT, SUSPENDS},
    {KEEPING, TRUE, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, SUSPENDS},
    {KEEPING, FALSE, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, SUSPENDS},
    {KEEPING, MISSING, 0, 5000, 7000, UNKNOWN, GONG_REASON_MISSING, SUSPENDS},
    {KEEPING, DARK, 0, 5000, 6999, UNKNOWN, GONG_REASON_DARK, SUSPENDS},
    {KEEPING, REMOVED, 0, 5000, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     SUSPENDS},
    {KEEPING, LIMITED, 0, 5000, 5000, INACTIVE, GONG_REASON_LIMIT, SUSPENDS},
    {UNKNOWN, TRUE, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, SUSPENDS},
    {UNKNOWN, FALSE, 9, 0, 5000, INACTIVE, GONG_REASON_CONDITION, SUSPENDS},
    {UNKNOWN, FALSE, 9, 9, 5000, KEEPING, GONG_REASON_CONDITION, SUSPENDS},
    {UNKNOWN, MISSING, 9, 9, 5000, STAYS, 0, SUSPENDS},
    {UNKNOWN, DARK, 9, 9, 5000, STAYS, 0, SUSPENDS},
    {UNKNOWN, REMOVED, 9, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     SUSPENDS},
    {UNKNOWN, LIMITED, 9, 9, 5000, INACTIVE, GONG_REASON_LIMIT, SUSPENDS},
    /* on_missing = "fire": what is missing or dark is true. */
    {INACTIVE, TRUE, 0, 0, 5000, FIRING, GONG_REASON_CONDITION, FIRES},
    {INACTIVE, FALSE, 0, 0, 5000, STAYS, 0, FIRES},
    {INACTIVE, MISSING, 0, 0, 5000, FIRING, GONG_REASON_MISSING, FIRES},
    {INACTIVE, MISSING, 1, 0, 5000, PENDING, GONG_REASON_MISSING, FIRES},
    {INACTIVE, DARK, 0, 0, 5000, FIRING, GONG_REASON_DARK, FIRES},
    {INACTIVE, DARK, 1, 0, 5000, PENDING, GONG_REASON_DARK, FIRES},
    {INACTIVE, REMOVED, 0, 0, 5000, STAYS, 0, FIRES},
    {INACTIVE, LIMITED, 0, 0, 5000, STAYS, 0, FIRES},
    {PENDING, TRUE, 5000, 0, 6000, FIRING, GONG_REASON_FOR, FIRES},
    {PENDING, FALSE, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, FIRES},
    {PENDING, MISSING, 5000, 9, 5999, STAYS, 0, FIRES},
    {PENDING, MISSING, 5000, 9, 6000, FIRING, GONG_REASON_FOR, FIRES},
    {PENDING, DARK, 5000, 9, 6000, FIRING, GONG_REASON_FOR, FIRES},
    {PENDING, REMOVED, 5000, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     FIRES},
    {PENDING, LIMITED, 5000, 9, 5000, INACTIVE, GONG_REASON_LIMIT, FIRES},
    {FIRING, TRUE, 0, 0, 5000, STAYS, 0, FIRES},
    {FIRING, FALSE, 0, 1, 5000, KEEPING, GONG_REASON_CONDITION, FIRES},
    {FIRING, MISSING, 0, 1, 5000, STAYS, 0, FIRES},
    {FIRING, DARK, 0, 1, 5000, STAYS, 0, FIRES},
    {FIRING, REMOVED, 0, 1, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, FIRES},
    {FIRING, LIMITED, 0, 1, 5000, INACTIVE, GONG_REASON_LIMIT, FIRES},
    {KEEPING, TRUE, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, FIRES},
    {KEEPING, FALSE, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, FIRES},
    {KEEPING, MISSING, 0, 5000, 6999, FIRING, GONG_REASON_MISSING, FIRES},
    {KEEPING, DARK, 0, 5000, 6999, FIRING, GONG_REASON_DARK, FIRES},
    {KEEPING, REMOVED, 0, 5000, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     FIRES},
    {KEEPING, LIMITED, 0, 5000, 5000, INACTIVE, GONG_REASON_LIMIT, FIRES},
    /* Never unknown, but for a snapshot that says so. */
    {UNKNOWN, TRUE, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, FIRES},
    {UNKNOWN, FALSE, 9, 0, 5000, INACTIVE, GONG_REASON_CONDITION, FIRES},
    {UNKNOWN, MISSING, 9, 9, 5000, FIRING, GONG_REASON_MISSING, FIRES},
    {UNKNOWN, DARK, 9, 9, 5000, FIRING, GONG_REASON_DARK, FIRES},
    {UNKNOWN, REMOVED, 9, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, FIRES},
    {UNKNOWN, LIMITED, 9, 9, 5000, INACTIVE, GONG_REASON_LIMIT, FIRES},
    /* Held and over are about what has fired (rule 11); calendars about all. */
    {INACTIVE, HELD, 0, 9, 5000, STAYS, 0, RESOLVES},
    {INACTIVE, OVER, 0, 9, 5000, STAYS, 0, RESOLVES},
    {INACTIVE, CLOSED, 0, 9, 5000, STAYS, 0, RESOLVES},
    {PENDING, HELD, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, RESOLVES},
    {PENDING, OVER, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, RESOLVES},
    {PENDING, CLOSED, 5000, 9, 6000, INACTIVE, GONG_REASON_CALENDAR, RESOLVES},
    {FIRING, HELD, 0, 9, 5000, STAYS, 0, RESOLVES},
    {FIRING, OVER, 0, 9, 5000, INACTIVE, GONG_REASON_RESOLVE, RESOLVES},
    {FIRING, CLOSED, 0, 9, 5000, INACTIVE, GONG_REASON_CALENDAR, RESOLVES},
    {KEEPING, HELD, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, RESOLVES},
    {KEEPING, OVER, 9, 5000, 6000, INACTIVE, GONG_REASON_RESOLVE, RESOLVES},
    {KEEPING, CLOSED, 9, 5000, 6000, INACTIVE, GONG_REASON_CALENDAR, RESOLVES},
    {UNKNOWN, HELD, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, RESOLVES},
    {UNKNOWN, OVER, 9, 9, 5000, INACTIVE, GONG_REASON_RESOLVE, RESOLVES},
    {UNKNOWN, CLOSED, 9, 9, 5000, INACTIVE, GONG_REASON_CALENDAR, RESOLVES},
    /* Held and over are about what has fired (rule 11); calendars about all. */
    {INACTIVE, HELD, 0, 9, 5000, STAYS, 0, SUSPENDS},
    {INACTIVE, OVER, 0, 9, 5000, STAYS, 0, SUSPENDS},
    {INACTIVE, CLOSED, 0, 9, 5000, STAYS, 0, SUSPENDS},
    {PENDING, HELD, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, SUSPENDS},
    {PENDING, OVER, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, SUSPENDS},
    {PENDING, CLOSED, 5000, 9, 6000, INACTIVE, GONG_REASON_CALENDAR, SUSPENDS},
    {FIRING, HELD, 0, 9, 5000, STAYS, 0, SUSPENDS},
    {FIRING, OVER, 0, 9, 5000, INACTIVE, GONG_REASON_RESOLVE, SUSPENDS},
    {FIRING, CLOSED, 0, 9, 5000, INACTIVE, GONG_REASON_CALENDAR, SUSPENDS},
    {KEEPING, HELD, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, SUSPENDS},
    {KEEPING, OVER, 9, 5000, 6000, INACTIVE, GONG_REASON_RESOLVE, SUSPENDS},
    {KEEPING, CLOSED, 9, 5000, 6000, INACTIVE, GONG_REASON_CALENDAR, SUSPENDS},
    {UNKNOWN, HELD, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, SUSPENDS},
    {UNKNOWN, OVER, 9, 9, 5000, INACTIVE, GONG_REASON_RESOLVE, SUSPENDS},
    {UNKNOWN, CLOSED, 9, 9, 5000, INACTIVE, GONG_REASON_CALENDAR, SUSPENDS},
    /* Held and over are about what has fired (rule 11); calendars about all. */
    {INACTIVE, HELD, 0, 9, 5000, STAYS, 0, FIRES},
    {INACTIVE, OVER, 0, 9, 5000, STAYS, 0, FIRES},
    {INACTIVE, CLOSED, 0, 9, 5000, STAYS, 0, FIRES},
    {PENDING, HELD, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, FIRES},
    {PENDING, OVER, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, FIRES},
    {PENDING, CLOSED, 5000, 9, 6000, INACTIVE, GONG_REASON_CALENDAR, FIRES},
    {FIRING, HELD, 0, 9, 5000, STAYS, 0, FIRES},
    {FIRING, OVER, 0, 9, 5000, INACTIVE, GONG_REASON_RESOLVE, FIRES},
    {FIRING, CLOSED, 0, 9, 5000, INACTIVE, GONG_REASON_CALENDAR, FIRES},
    {KEEPING, HELD, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, FIRES},
    {KEEPING, OVER, 9, 5000, 6000, INACTIVE, GONG_REASON_RESOLVE, FIRES},
    {KEEPING, CLOSED, 9, 5000, 6000, INACTIVE, GONG_REASON_CALENDAR, FIRES},
    {UNKNOWN, HELD, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, FIRES},
    {UNKNOWN, OVER, 9, 9, 5000, INACTIVE, GONG_REASON_RESOLVE, FIRES},
    {UNKNOWN, CLOSED, 9, 9, 5000, INACTIVE, GONG_REASON_CALENDAR, FIRES},
};
#define ROWS (sizeof table / sizeof table[0])

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &table[i];
        struct gong_alert alert = {.state = (uint8_t)row->state,
                                   .since_ms = SINCE,
                                   .told_ms = TOLD,
                                   .held_ms = FREE,
                                   .level = row->state >= FIRING};
        struct gong_alert_terms terms = {.for_ms = row->for_ms,
                                         .keep_ms = row->keep_ms,
                                         .unknown = row->missing == SUSPENDS,
                                         .fire = row->missing == FIRES};
        struct gong_alert_change change = {0};
        bool changed =
            gong_alert_step(&alert, &terms, row->event, 1, row->now, &change);

        if (changed != (row->to != STAYS) ||
            (changed &&
             ((int)change.to != row->to || change.from != row->state ||
              change.reason != row->reason))) {
            fail_msg("row %zu", i);
        }
        assert_true(alert.told_ms == (changed ? row->now : TOLD));
        assert_int_equal(alert.state, changed ? row->to : (int)row->state);
        assert_int_equal(alert.level, alert.state >= FIRING);
        assert_int_equal(change.from_level + change.to_level, 0);
        assert_true(alert.since_ms ==
                    (row->state == INACTIVE && changed ? row->now : SINCE));
    }
}

static void
test_table_is_whole(void **state)
{
    bool met[3][5][EVENTS] = {{{false}}};

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        met[table[i].missing][table[i].state][table[i].event] = true;
    }
    for (size_t m = 0; m < 3; m++) {
        for (size_t s = 0; s < 5; s++) {
            for (size_t e = 0; e < EVENTS; e++) {
                if (!met[m][s][e]) {
                    fail_msg("%zu %zu %zu", m, s, e);
                }
            }
        }
    }
}

/* What the clauses mean, by the level at which the alert is (rule 11). */
static void
test_judge(void **state)
{
    static const struct {
        unsigned level;
        uint8_t fires;
        uint8_t resolves;
        bool missing;
        enum gong_alert_event event;
        unsigned reach;
    } rows[] = {
        /* The first and the third level have a clause that ends them. */
        {0, 0, 0, false, FALSE, 0},  {0, 0, 5, false, FALSE, 0},
        {0, 0, 0, true, MISSING, 0}, {0, 1, 0, false, TRUE, 1},
        {0, 1, 1, true, TRUE, 1},    {0, 5, 0, false, TRUE, 3},
        {1, 0, 0, false, HELD, 1},   {1, 0, 1, false, OVER, 0},
        {1, 0, 1, true, OVER, 0},    {1, 0, 0, true, MISSING, 1},
        {1, 2, 1, false, TRUE, 2},   {2, 0, 0, false, HELD, 1},
        {2, 0, 4, false, HELD, 1},   {2, 0, 1, false, OVER, 0},
        {2, 1, 0, false, TRUE, 1},   {3, 0, 0, false, HELD, 3},
        {3, 0, 4, false, HELD, 1},   {3, 0, 1, false, HELD, 3},
        {3, 0, 5, false, OVER, 0},   {3, 1, 0, false, TRUE, 3},
        {3, 2, 4, false, TRUE, 2},   {3, 7, 5, false, TRUE, 3},
    };
    static const struct gong_alert_terms terms = {.levels = 3, .resolves = 5};
    static const struct gong_alert_terms plain = {0};
    struct gong_alert fired = {.level = 1, .state = FIRING};
    unsigned reach = 9;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_alert alert = {.level = (uint8_t)rows[i].level};
        struct gong_said said = {0, rows[i].fires, rows[i].resolves};

        if (gong_alert_judge(&alert, &terms, &said, rows[i].missing, &reach) !=
                rows[i].event ||
            reach != rows[i].reach) {
            fail_msg("row %zu: reach %u", i, reach);
        }
    }
    assert_int_equal(gong_alert_judge(NULL, &plain,
                                      &(struct gong_said){0, 1, 0}, false,
                                      &reach),
                     TRUE);
    assert_int_equal(
        gong_alert_judge(&fired, &plain, &(struct gong_said){0}, false, &reach),
        FALSE);
}

/* Levels: each has its `for`, but for those that the alert has been at. */
static void
test_levels(void **state)
{
    static const struct {
        enum gong_alert_event event;
        unsigned reach;
        int64_t now;
        int to; /* STAYS or a state */
        unsigned from_level;
        unsigned to_level;
        enum gong_effect_reason reason;
        int64_t due; /* afterwards */
    } rows[] = {
        {TRUE, 1, 1000, PENDING, 0, 0, GONG_REASON_CONDITION, 11000},
        {TRUE, 2, 3000, STAYS, 0, 0, 0, 8000},
        {TRUE, 1, 4000, STAYS, 0, 0, 0, 11000},
        {TRUE, 3, 5000, STAYS, 0, 0, 0, 10000},
        {TRUE, 3, 10000, FIRING, 0, 2, GONG_REASON_FOR, 25000},
        {TRUE, 1, 12000, FIRING, 2, 1, GONG_REASON_LEVEL, INT64_MAX},
        {TRUE, 3, 13000, STAYS, 0, 0, 0, 18000},
        {HELD, 2, 18000, FIRING, 1, 2, GONG_REASON_LEVEL, INT64_MAX},
        {TRUE, 3, 20000, STAYS, 0, 0, 0, 40000},
        {TRUE, 3, 40000, FIRING, 2, 3, GONG_REASON_LEVEL, INT64_MAX},
        {HELD, 1, 41000, FIRING, 3, 1, GONG_REASON_LEVEL, INT64_MAX},
        {FALSE, 0, 42000, KEEPING, 1, 1, GONG_REASON_CONDITION, 43000},
        {TRUE, 3, 42500, FIRING, 1, 1, GONG_REASON_CONDITION, 47500},
        {MISSING, 0, 43000, KEEPING, 1, 1, GONG_REASON_MISSING, 44000},
        {HELD, 1, 43500, FIRING, 1, 1, GONG_REASON_CONDITION, INT64_MAX},
        {CLOSED, 0, 44000, INACTIVE, 1, 0, GONG_REASON_CALENDAR, INT64_MAX},
        {TRUE, 3, 45000, PENDING, 0, 0, GONG_REASON_CONDITION, 50000},
        {FALSE, 0, 46000, INACTIVE, 0, 0, GONG_REASON_CONDITION, INT64_MAX},
    };
    struct gong_alert_terms terms = {.for_ms = 10000,
                                     .keep_ms = 1000,
                                     .levels = 3,
                                     .climb_ms = {5000, 20000}};
    struct gong_alert alert = {.held_ms = FREE, .climbs = {1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_alert_change change = {0};
        bool changed = gong_alert_step(&alert, &terms, rows[i].event,
                                       rows[i].reach, rows[i].now, &change);

        if (changed != (rows[i].to != STAYS) ||
            (changed && ((int)change.to != rows[i].to ||
                         change.from_level != rows[i].from_level ||
                         change.to_level != rows[i].to_level ||
                         change.reason != rows[i].reason)) ||
            gong_alert_due(&alert, &terms) != rows[i].due) {
            fail_msg("row %zu: changed %d to %d level %u->%u due %lld", i,
                     changed, (int)change.to, change.from_level,
                     change.to_level,
                     (long long)gong_alert_due(&alert, &terms));
        }
    }
}

/* A level of its own for a moment fires at once, and climbs stand still with
 * what is held. */
static void
test_level_without_for(void **state)
{
    struct gong_alert alert = {.held_ms = FREE};
    struct gong_alert_terms terms = {
        .for_ms = 10000, .unknown = true, .levels = 3, .climb_ms = {0, 5000}};
    struct gong_alert_change change = {0};

    (void)state;
    assert_true(gong_alert_step(&alert, &terms, TRUE, 2, 1000, &change));
    assert_int_equal(change.to, FIRING);
    assert_int_equal(change.to_level, 2);
    assert_false(gong_alert_step(&alert, &terms, TRUE, 3, 2000, &change));
    alert.held_ms = 3000; /* by settling */
    assert_false(gong_alert_step(&alert, &terms, TRUE, 3, 10000, &change));
    assert_true(gong_alert_due(&alert, &terms) == 14000);
    assert_true(gong_alert_step(&alert, &terms, DARK, 0, 11000, &change));
    assert_int_equal(change.to, UNKNOWN);
    assert_int_equal(change.to_level, 2);
    assert_true(gong_alert_step(&alert, &terms, TRUE, 3, 12000, &change));
    assert_int_equal(change.to_level, 2);
    assert_true(gong_alert_due(&alert, &terms) == 17000);
    assert_true(gong_alert_step(&alert, &terms, TRUE, 3, 17000, &change));
    assert_int_equal(change.to_level, 3);
}

/* What is missing fires at the first level, and leaves others as they are. */
static void
test_levels_and_missing_fire(void **state)
{
    struct gong_alert alert = {.held_ms = FREE};
    struct gong_alert_terms terms = {
        .fire = true, .levels = 2, .climb_ms = {0}};
    struct gong_alert_change change = {0};

    (void)state;
    assert_true(gong_alert_step(&alert, &terms, MISSING, 0, 1000, &change));
    assert_int_equal(change.to_level, 1);
    assert_true(gong_alert_step(&alert, &terms, TRUE, 2, 2000, &change));
    assert_int_equal(change.to_level, 2);
    assert_false(gong_alert_step(&alert, &terms, DARK, 0, 3000, &change));
    assert_int_equal(alert.level, 2);
    assert_true(gong_alert_step(&alert, &terms, TRUE, 1, 4000, &change));
    assert_int_equal(change.reason, GONG_REASON_LEVEL);
}

/* Rule 10: time in which nothing is known moves the start on. */
static void
test_for_stands_still(void **state)
{
    struct gong_alert alert = {
        .state = PENDING, .since_ms = 1000, .held_ms = GONG_ALERT_FREE};
    struct gong_alert_terms terms = {.for_ms = 5000, .unknown = true};
    struct gong_alert_change change = {0};

    (void)state;
    assert_false(gong_alert_step(&alert, &terms, DARK, 1, 3000, &change));
    assert_false(gong_alert_step(&alert, &terms, MISSING, 1, 4000, &change));
    assert_true(alert.held_ms == 3000 && alert.since_ms == 1000);
    assert_false(gong_alert_step(&alert, &terms, TRUE, 1, 10000, &change));
    assert_true(alert.held_ms == GONG_ALERT_FREE && alert.since_ms == 8000);
    assert_false(gong_alert_step(&alert, &terms, TRUE, 1, 12999, &change));
    assert_true(gong_alert_step(&alert, &terms, TRUE, 1, 13000, &change));
    assert_int_equal(change.to, FIRING);
    alert.held_ms = 13500; /* by settling */
    assert_true(gong_alert_step(&alert, &terms, DARK, 1, 14000, &change));
    assert_true(alert.held_ms == GONG_ALERT_FREE && alert.since_ms == 8000);
}

static void
test_due(void **state)
{
    struct gong_alert alert = {.since_ms = SINCE, .told_ms = TOLD};
    struct gong_alert_terms terms = {.for_ms = 30, .keep_ms = 40};

    (void)state;
    alert.state = INACTIVE;
    assert_true(gong_alert_due(&alert, &terms) == INT64_MAX);
    alert.state = PENDING;
    assert_true(gong_alert_due(&alert, &terms) == SINCE + 30);
    alert.state = FIRING;
    assert_true(gong_alert_due(&alert, &terms) == INT64_MAX);
    alert.state = KEEPING;
    assert_true(gong_alert_due(&alert, &terms) == TOLD + 40);
    alert.state = UNKNOWN;
    assert_true(gong_alert_due(&alert, &terms) == INT64_MAX);
}

static void
test_places_are_used_again(void **state)
{
    struct gong_budget budget = {0};
    struct gong_alerts alerts;

    (void)state;
    gong_alerts_init(&alerts, &budget);
    assert_int_equal(gong_alerts_add(&alerts, 10), 1);
    assert_int_equal(gong_alerts_add(&alerts, 11), 2);
    assert_int_equal(gong_alerts_add(&alerts, 12), 3);
    gong_alert_at(&alerts, 2)->value = 5;
    gong_alerts_remove(&alerts, 2);
    gong_alerts_remove(&alerts, 1);
    assert_int_equal(gong_alerts_add(&alerts, 13), 1);
    assert_int_equal(gong_alerts_add(&alerts, 14), 2);
    assert_int_equal(gong_alerts_add(&alerts, 15), 4);
    assert_int_equal(gong_alert_at(&alerts, 2)->instance, 14);
    assert_true(gong_alert_at(&alerts, 2)->value == 0);
    budget.limit = budget.used;
    while (gong_alerts_add(&alerts, 1) != 0) {
        assert_true(alerts.arena.count < 100);
    }
    gong_alerts_fini(&alerts);
    assert_int_equal(budget.used, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_is_whole),
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_level_without_for),
        cmocka_unit_test(test_levels_and_missing_fire),
        cmocka_unit_test(test_for_stands_still),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_places_are_used_again),
    };

    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
