#include "agent/history/history_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  (INT64_C(20000) * DAY)

enum {
    RAW = GONG_RESOLUTION_RAW,
    FIVE = GONG_RESOLUTION_5M,
    HOURLY = GONG_RESOLUTION_1H
};

struct row {
    const char *expr; /* from START + start to START + end */
    int64_t start;
    int64_t end;
    int64_t step;
    /* Of the first selector, from START on. */
    int64_t from;
    int64_t to;
    int64_t reach;
    int exact;
    int value;
};

static void
check(const struct row *row)
{
    struct gong_history_instants instants = {.start_ms = START + row->start,
                                             .end_ms = START + row->end,
                                             .step_ms = row->step,
                                             .lookback_ms = 5 * MINUTE,
                                             .subquery_step_ms = MINUTE};
    struct gong_expr_error error;
    struct gong_expr *expr = gong_expr_parse(gong_str_of(row->expr), &error);
    struct gong_history_need *needs = NULL;
    size_t count = 0;

    assert_non_null(expr);
    assert_int_equal(gong_history_plan(expr, &instants, &needs, &count),
                     GONG_OK);
    assert_true(count > 0);
    if (needs[0].from_ms != START + row->from ||
        needs[0].to_ms != START + row->to || needs[0].reach_ms != row->reach ||
        (int)needs[0].exact != row->exact ||
        (int)needs[0].value != row->value) {
        print_error("%s: from %lld to %lld reach %lld exact %d value %d\n",
                    row->expr, (long long)(needs[0].from_ms - START),
                    (long long)(needs[0].to_ms - START),
                    (long long)needs[0].reach_ms, (int)needs[0].exact,
                    (int)needs[0].value);
        fail();
    }
    free(needs);
    gong_expr_free(expr);
}

static void
test_what_selectors_need(void **state)
{
    static const struct row rows[] = {
        /* An instant. */
        {"x", 0, 0, 0, -5 * MINUTE, 0, 5 * MINUTE, RAW, 0},
        {"x[1h]", 7, 0, 0, 7 - HOUR, 7, HOUR, RAW, 0},
        {"x offset 1h", 0, 0, 0, -HOUR - 5 * MINUTE, -HOUR, 5 * MINUTE, RAW, 0},
        {"x offset -1h", 0, 0, 0, HOUR - 5 * MINUTE, HOUR, 5 * MINUTE, RAW, 0},
        {"x @ 1728000001.5", 0, 0, 0, 1500 - 5 * MINUTE, 1500, 5 * MINUTE, RAW,
         0},
        /* A range: only a day or more is worth roll-ups. */
        {"x", 0, DAY - 1, HOUR, -5 * MINUTE, DAY - 1, 5 * MINUTE, RAW, 0},
        {"x", 0, DAY, HOUR, -5 * MINUTE, DAY, 5 * MINUTE, HOURLY, 0},
        {"(x)", 0, DAY, 15 * MINUTE, -5 * MINUTE, DAY, 5 * MINUTE, FIVE, 0},
        {"x", 5 * MINUTE, DAY * 2, HOUR, 0, 2 * DAY, 5 * MINUTE, FIVE, 0},
        {"x", 0, DAY, 7 * MINUTE, -5 * MINUTE, DAY, 5 * MINUTE, RAW, 0},
        {"x offset 5m", 0, DAY, HOUR, -10 * MINUTE, DAY - 5 * MINUTE,
         5 * MINUTE, FIVE, 0},
        {"x offset 5m", 5 * MINUTE, 2 * DAY, HOUR, -5 * MINUTE,
         2 * DAY - 5 * MINUTE, 5 * MINUTE, HOURLY, 0},
        {"x @ start()", 0, 2 * DAY, HOUR, -5 * MINUTE, 0, 5 * MINUTE, RAW, 0},
        {"x @ end()", 0, 2 * DAY, HOUR, 2 * DAY - 5 * MINUTE, 2 * DAY,
         5 * MINUTE, RAW, 0},
        {"timestamp(x)", 0, DAY, HOUR, -5 * MINUTE, DAY, 5 * MINUTE, HOURLY, 0},
        /* Ranges of whole intervals, of functions that they can answer. */
        {"max_over_time(x[1h])", 0, DAY, HOUR, -HOUR, DAY, HOUR, HOURLY,
         GONG_HISTORY_MAX},
        {"min_over_time((x[30m]))", 0, DAY, HOUR, -30 * MINUTE, DAY,
         30 * MINUTE, FIVE, GONG_HISTORY_MIN},
        {"max_over_time(x[31m])", 0, DAY, HOUR, -31 * MINUTE, DAY, 31 * MINUTE,
         RAW, GONG_HISTORY_MAX},
        {"absent_over_time(x[1d])", 0, 0, 0, -DAY, 0, DAY, HOURLY,
         GONG_HISTORY_PRESENT},
        {"rate(x[1h])", 0, DAY, HOUR, -HOUR, DAY, HOUR, RAW, 0},
        {"sum_over_time(x[1h])", 0, DAY, HOUR, -HOUR, DAY, HOUR, RAW, 0},
        {"last_over_time(x[1h])", 0, DAY, HOUR, -HOUR, DAY, HOUR, RAW, 0},
        /* Subqueries: multiples of their step, whatever is around. */
        {"max_over_time(x[1d:5m])", 7, 0, 0, 7 - DAY - 5 * MINUTE, 7,
         DAY + 5 * MINUTE, FIVE, 0},
        {"max_over_time(x[1d:])", 0, 0, 0, -DAY - 5 * MINUTE, 0,
         DAY + 5 * MINUTE, RAW, 0},
        {"max_over_time(rate(x[1h])[1d:1h] offset 1h)", 0, DAY, MINUTE,
         -DAY - 2 * HOUR, DAY - HOUR, DAY + HOUR, RAW, 0},
        {"max_over_time(min_over_time(x[1h])[1d:1h])", 3, DAY, MINUTE,
         3 - DAY - HOUR, DAY, DAY + HOUR, HOURLY, GONG_HISTORY_MIN},
        {"max_over_time((x @ 1728003600)[1d:1h])", 0, 2 * DAY, MINUTE,
         HOUR - 5 * MINUTE, HOUR, 5 * MINUTE, RAW, 0},
        {"max_over_time(x[1h:1m] @ 1728003600)", 0, 2 * DAY, MINUTE,
         -5 * MINUTE, HOUR, HOUR + 5 * MINUTE, RAW, 0},
        {"count_over_time(max_over_time(x[10m:5m])[1h:1m])", 0, 0, 0,
         -HOUR - 15 * MINUTE, 0, HOUR + 15 * MINUTE, RAW, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check(&rows[i]);
    }
}

/* Nothing before 1970, behind 9999, nor past int64. */
static void
test_ends_of_time(void **state)
{
    static const struct {
        const char *expr;
        int64_t start;
        bool any;
    } rows[] = {
        {"x", -1000000000, false},
        {"x", 1000, true},
        {"x offset 100y", 1000, false},
        {"x", INT64_MAX, true},
        {"x", INT64_MIN, false},
        {"x offset -290y", INT64_C(9000000000000000), true},
        {"max_over_time(x[290y:1y])", INT64_MIN, false},
        {"x @ 1e18", 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_history_instants instants = {.start_ms = rows[i].start,
                                                 .end_ms = INT64_MAX,
                                                 .lookback_ms = 5 * MINUTE,
                                                 .subquery_step_ms = MINUTE};
        struct gong_expr_error error;
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(rows[i].expr), &error);
        struct gong_history_need *needs = NULL;
        size_t count = 0;

        if (expr == NULL) {
            continue; /* the parser has its own ends of time */
        }
        assert_int_equal(gong_history_plan(expr, &instants, &needs, &count),
                         GONG_OK);
        assert_int_equal(count, 1);
        assert_true(needs[0].from_ms >= 0);
        assert_true(needs[0].to_ms <= GONG_HISTORY_MS_MAX);
        assert_true(needs[0].reach_ms >= 0);
        if (!rows[i].any) {
            assert_true(needs[0].from_ms > needs[0].to_ms);
        }
        free(needs);
        gong_expr_free(expr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_selectors_need),
        cmocka_unit_test(test_ends_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
