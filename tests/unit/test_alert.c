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
#define STAYS    (-1)

struct row {
    enum gong_alert_state state;
    enum gong_alert_event event;
    int64_t for_ms;
    int64_t keep_ms;
    int64_t now;
    int to; /* STAYS or a state */
    enum gong_effect_reason reason;
    bool unknown; /* on_missing */
};

static const struct row table[] = {
    {INACTIVE, TRUE, 0, 0, 5000, FIRING, GONG_REASON_CONDITION, false},
    {INACTIVE, TRUE, 1, 0, 5000, PENDING, GONG_REASON_CONDITION, false},
    {INACTIVE, FALSE, 0, 0, 5000, STAYS, 0, false},
    {INACTIVE, MISSING, 0, 0, 5000, STAYS, 0, false},
    {INACTIVE, REMOVED, 0, 0, 5000, STAYS, 0, false},
    {PENDING, TRUE, 5000, 0, 5999, STAYS, 0, false},
    {PENDING, TRUE, 5000, 0, 6000, FIRING, GONG_REASON_FOR, false},
    {PENDING, TRUE, 5000, 0, 9999, FIRING, GONG_REASON_FOR, false},
    {PENDING, FALSE, 5000, 0, 5000, INACTIVE, GONG_REASON_CONDITION, false},
    {PENDING, FALSE, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, false},
    {PENDING, MISSING, 5000, 9, 5000, INACTIVE, GONG_REASON_MISSING, false},
    {PENDING, REMOVED, 5000, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     false},
    {FIRING, TRUE, 0, 0, 5000, STAYS, 0, false},
    {FIRING, FALSE, 0, 0, 5000, INACTIVE, GONG_REASON_CONDITION, false},
    {FIRING, FALSE, 0, 1, 5000, KEEPING, GONG_REASON_CONDITION, false},
    {FIRING, MISSING, 0, 0, 5000, INACTIVE, GONG_REASON_MISSING, false},
    {FIRING, MISSING, 0, 1, 5000, KEEPING, GONG_REASON_MISSING, false},
    {FIRING, REMOVED, 0, 1, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, false},
    {KEEPING, TRUE, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, false},
    {KEEPING, FALSE, 0, 5000, 6999, STAYS, 0, false},
    {KEEPING, FALSE, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, false},
    {KEEPING, MISSING, 0, 5000, 6999, STAYS, 0, false},
    {KEEPING, MISSING, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, false},
    {KEEPING, REMOVED, 0, 5000, 5000, INACTIVE, GONG_REASON_RULE_REMOVED,
     false},
    {INACTIVE, DARK, 0, 0, 5000, STAYS, 0, false},
    {PENDING, DARK, 5000, 9, 5000, STAYS, 0, false},
    {FIRING, DARK, 0, 9, 5000, STAYS, 0, false},
    {KEEPING, DARK, 0, 5000, 5000, STAYS, 0, false},
    /* on_missing = "resolve" is never unknown; a snapshot could say it all the
     * same, and then it ends as firing does. */
    {UNKNOWN, TRUE, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, false},
    {UNKNOWN, FALSE, 9, 0, 5000, INACTIVE, GONG_REASON_CONDITION, false},
    {UNKNOWN, FALSE, 9, 9, 5000, KEEPING, GONG_REASON_CONDITION, false},
    {UNKNOWN, MISSING, 9, 0, 5000, INACTIVE, GONG_REASON_MISSING, false},
    {UNKNOWN, DARK, 9, 0, 5000, STAYS, 0, false},
    {UNKNOWN, REMOVED, 9, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, false},
    /* on_missing = "unknown" */
    {INACTIVE, TRUE, 0, 0, 5000, FIRING, GONG_REASON_CONDITION, true},
    {INACTIVE, FALSE, 0, 0, 5000, STAYS, 0, true},
    {INACTIVE, MISSING, 0, 0, 5000, STAYS, 0, true},
    {INACTIVE, DARK, 0, 0, 5000, STAYS, 0, true},
    {INACTIVE, REMOVED, 0, 0, 5000, STAYS, 0, true},
    {PENDING, TRUE, 5000, 0, 6000, FIRING, GONG_REASON_FOR, true},
    {PENDING, FALSE, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION, true},
    {PENDING, MISSING, 5000, 9, 6000, STAYS, 0, true},
    {PENDING, DARK, 5000, 9, 6000, STAYS, 0, true},
    {PENDING, REMOVED, 5000, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, true},
    {FIRING, TRUE, 0, 0, 5000, STAYS, 0, true},
    {FIRING, FALSE, 0, 1, 5000, KEEPING, GONG_REASON_CONDITION, true},
    {FIRING, MISSING, 0, 1, 5000, UNKNOWN, GONG_REASON_MISSING, true},
    {FIRING, DARK, 0, 1, 5000, UNKNOWN, GONG_REASON_DARK, true},
    {FIRING, REMOVED, 0, 1, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, true},
    {KEEPING, TRUE, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION, true},
    {KEEPING, FALSE, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP, true},
    {KEEPING, MISSING, 0, 5000, 7000, UNKNOWN, GONG_REASON_MISSING, true},
    {KEEPING, DARK, 0, 5000, 6999, UNKNOWN, GONG_REASON_DARK, true},
    {KEEPING, REMOVED, 0, 5000, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, true},
    {UNKNOWN, TRUE, 9, 9, 5000, FIRING, GONG_REASON_CONDITION, true},
    {UNKNOWN, FALSE, 9, 0, 5000, INACTIVE, GONG_REASON_CONDITION, true},
    {UNKNOWN, FALSE, 9, 9, 5000, KEEPING, GONG_REASON_CONDITION, true},
    {UNKNOWN, MISSING, 9, 9, 5000, STAYS, 0, true},
    {UNKNOWN, DARK, 9, 9, 5000, STAYS, 0, true},
    {UNKNOWN, REMOVED, 9, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED, true},
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
                                   .held_ms = GONG_ALERT_FREE};
        struct gong_alert_terms terms = {row->for_ms, row->keep_ms,
                                         row->unknown};
        struct gong_alert_change change = {0};
        bool changed =
            gong_alert_step(&alert, &terms, row->event, row->now, &change);

        if (changed != (row->to != STAYS) ||
            (changed &&
             ((int)change.to != row->to || change.from != row->state ||
              change.reason != row->reason))) {
            fail_msg("row %zu", i);
        }
        assert_true(alert.told_ms == (changed ? row->now : TOLD));
        assert_int_equal(alert.state, changed ? row->to : (int)row->state);
        assert_true(alert.since_ms ==
                    (row->state == INACTIVE && changed ? row->now : SINCE));
    }
}

static void
test_table_is_whole(void **state)
{
    bool met[2][5][5] = {{{false}}};

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        met[table[i].unknown][table[i].state][table[i].event] = true;
    }
    for (size_t s = 0; s < 5; s++) {
        for (size_t e = 0; e < 5; e++) {
            assert_true(met[false][s][e] && met[true][s][e]);
        }
    }
}

/* Rule 10: time in which nothing is known moves the start on. */
static void
test_for_stands_still(void **state)
{
    struct gong_alert alert = {
        .state = PENDING, .since_ms = 1000, .held_ms = GONG_ALERT_FREE};
    struct gong_alert_terms terms = {5000, 0, true};
    struct gong_alert_change change = {0};

    (void)state;
    assert_false(gong_alert_step(&alert, &terms, DARK, 3000, &change));
    assert_false(gong_alert_step(&alert, &terms, MISSING, 4000, &change));
    assert_true(alert.held_ms == 3000 && alert.since_ms == 1000);
    assert_false(gong_alert_step(&alert, &terms, TRUE, 10000, &change));
    assert_true(alert.held_ms == GONG_ALERT_FREE && alert.since_ms == 8000);
    assert_false(gong_alert_step(&alert, &terms, TRUE, 12999, &change));
    assert_true(gong_alert_step(&alert, &terms, TRUE, 13000, &change));
    assert_int_equal(change.to, FIRING);
    alert.held_ms = 13500; /* by settling */
    assert_true(gong_alert_step(&alert, &terms, DARK, 14000, &change));
    assert_true(alert.held_ms == GONG_ALERT_FREE && alert.since_ms == 8000);
}

static void
test_due(void **state)
{
    struct gong_alert alert = {.since_ms = SINCE, .told_ms = TOLD};
    struct gong_alert_terms terms = {30, 40, false};

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
        cmocka_unit_test(test_for_stands_still),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_places_are_used_again),
    };

    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
