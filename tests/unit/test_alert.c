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
#define TRUE     GONG_ALERT_TRUE
#define FALSE    GONG_ALERT_FALSE
#define MISSING  GONG_ALERT_MISSING
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
};

static const struct row table[] = {
    {INACTIVE, TRUE, 0, 0, 5000, FIRING, GONG_REASON_CONDITION},
    {INACTIVE, TRUE, 1, 0, 5000, PENDING, GONG_REASON_CONDITION},
    {INACTIVE, FALSE, 0, 0, 5000, STAYS, 0},
    {INACTIVE, MISSING, 0, 0, 5000, STAYS, 0},
    {INACTIVE, REMOVED, 0, 0, 5000, STAYS, 0},
    {PENDING, TRUE, 5000, 0, 5999, STAYS, 0},
    {PENDING, TRUE, 5000, 0, 6000, FIRING, GONG_REASON_FOR},
    {PENDING, TRUE, 5000, 0, 9999, FIRING, GONG_REASON_FOR},
    {PENDING, FALSE, 5000, 0, 5000, INACTIVE, GONG_REASON_CONDITION},
    {PENDING, FALSE, 5000, 9, 6000, INACTIVE, GONG_REASON_CONDITION},
    {PENDING, MISSING, 5000, 9, 5000, INACTIVE, GONG_REASON_MISSING},
    {PENDING, REMOVED, 5000, 9, 5000, INACTIVE, GONG_REASON_RULE_REMOVED},
    {FIRING, TRUE, 0, 0, 5000, STAYS, 0},
    {FIRING, FALSE, 0, 0, 5000, INACTIVE, GONG_REASON_CONDITION},
    {FIRING, FALSE, 0, 1, 5000, KEEPING, GONG_REASON_CONDITION},
    {FIRING, MISSING, 0, 0, 5000, INACTIVE, GONG_REASON_MISSING},
    {FIRING, MISSING, 0, 1, 5000, KEEPING, GONG_REASON_MISSING},
    {FIRING, REMOVED, 0, 1, 5000, INACTIVE, GONG_REASON_RULE_REMOVED},
    {KEEPING, TRUE, 9, 5000, 7000, FIRING, GONG_REASON_CONDITION},
    {KEEPING, FALSE, 0, 5000, 6999, STAYS, 0},
    {KEEPING, FALSE, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP},
    {KEEPING, MISSING, 0, 5000, 6999, STAYS, 0},
    {KEEPING, MISSING, 0, 5000, 7000, INACTIVE, GONG_REASON_KEEP},
    {KEEPING, REMOVED, 0, 5000, 5000, INACTIVE, GONG_REASON_RULE_REMOVED},
};
#define ROWS (sizeof table / sizeof table[0])

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &table[i];
        struct gong_alert alert = {
            .state = (uint8_t)row->state, .since_ms = SINCE, .told_ms = TOLD};
        struct gong_alert_terms terms = {row->for_ms, row->keep_ms};
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
    bool met[4][4] = {{false}};

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        met[table[i].state][table[i].event] = true;
    }
    for (size_t s = 0; s < 4; s++) {
        for (size_t e = 0; e < 4; e++) {
            assert_true(met[s][e]);
        }
    }
}

static void
test_due(void **state)
{
    struct gong_alert alert = {.since_ms = SINCE, .told_ms = TOLD};
    struct gong_alert_terms terms = {30, 40};

    (void)state;
    alert.state = INACTIVE;
    assert_true(gong_alert_due(&alert, &terms) == INT64_MAX);
    alert.state = PENDING;
    assert_true(gong_alert_due(&alert, &terms) == SINCE + 30);
    alert.state = FIRING;
    assert_true(gong_alert_due(&alert, &terms) == INT64_MAX);
    alert.state = KEEPING;
    assert_true(gong_alert_due(&alert, &terms) == TOLD + 40);
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
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_places_are_used_again),
    };

    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
