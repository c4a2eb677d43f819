#include "rules/engine/plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INF   ((double)INFINITY)
#define NOT_A ((double)NAN)
#define MISSING                                                                \
    {                                                                          \
        0, false                                                               \
    }
#define V(value)                                                               \
    {                                                                          \
        (value), true                                                          \
    }

static struct gong_plan *
plan_of(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    struct gong_plan *plan = expr == NULL ? NULL : gong_plan_new(expr, &error);

    if (plan == NULL) {
        fail_msg("%s: at %zu: %s", text, error.at, error.message);
    }
    gong_expr_free(expr);
    return plan;
}

static bool
same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

/* a and b are the leaves named so; what a plan does not ask for is ignored. */
static void
check(const char *text, struct gong_plan_input a, struct gong_plan_input b,
      struct gong_plan_input want)
{
    struct gong_plan *plan = plan_of(text);
    struct gong_plan_input inputs[GONG_PLAN_INPUTS_MAX];
    double value = -12345;
    bool present = false;

    for (uint32_t i = 0; i < plan->leaf_count; i++) {
        inputs[i] = plan->leaves[i].metric[0] == 'a' ? a : b;
    }
    present = gong_plan_run(plan, inputs, 36000000, &value);
    if (present != want.present || (present && !same(value, want.value))) {
        fail_msg("%s with a=%g(%d) b=%g(%d): %g(%d), not %g(%d)", text, a.value,
                 a.present, b.value, b.present, value, present, want.value,
                 want.present);
    }
    if (!present) {
        assert_true(value == -12345);
    }
    gong_plan_free(plan);
}

struct truth {
    const char *text;
    struct gong_plan_input a;
    struct gong_plan_input b;
    struct gong_plan_input want;
};

static void
check_all(const struct truth *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(rows[i].text, rows[i].a, rows[i].b, rows[i].want);
    }
}

/* A filter keeps the value of the vector, of the left one of two. */
static void
test_comparison(void **state)
{
    static const struct truth rows[] = {
        {"a > 5", V(6), MISSING, V(6)},
        {"a > 5", V(5), MISSING, MISSING},
        {"a > 5", MISSING, MISSING, MISSING},
        {"5 < a", V(6), MISSING, V(6)},
        {"5 < a", V(4), MISSING, MISSING},
        {"a >= 5", V(5), MISSING, V(5)},
        {"a <= 5", V(5), MISSING, V(5)},
        {"a < 5", V(5), MISSING, MISSING},
        {"a == 0", V(-0.0), MISSING, V(-0.0)},
        {"a != 0", V(0), MISSING, MISSING},
        {"0 != a", V(3), MISSING, V(3)},
        {"a > b", V(2), V(1), V(2)},
        {"a > b", V(1), V(2), MISSING},
        {"a > b", V(1), MISSING, MISSING},
        {"a > b", MISSING, V(1), MISSING},
        {"a > bool 5", V(6), MISSING, V(1)},
        {"a > bool 5", V(5), MISSING, V(0)},
        {"5 > bool a", V(4), MISSING, V(1)},
        {"a > bool b", V(1), V(2), V(0)},
        {"a > bool b", V(1), MISSING, MISSING},
        {"a > (2 > bool 1)", V(2), MISSING, V(2)},
        {"a > 5", V(INF), MISSING, V(INF)},
        {"a > 5", V(-INF), MISSING, MISSING},
        {"a == Inf", V(INF), MISSING, V(INF)},
        {"a > 5", V(NOT_A), MISSING, MISSING},
        {"a <= 5", V(NOT_A), MISSING, MISSING},
        {"a == a", V(NOT_A), MISSING, MISSING},
        {"a != a", V(NOT_A), MISSING, V(NOT_A)},
        {"a != 5", V(NOT_A), MISSING, V(NOT_A)},
        {"a == bool NaN", V(NOT_A), MISSING, V(0)},
        {"a != bool NaN", V(NOT_A), MISSING, V(1)},
        {"10 > a > 5", V(7), MISSING, V(7)},
    };

    (void)state;
    check_all(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_arithmetic(void **state)
{
    static const struct truth rows[] = {
        {"a + b", V(1), V(2), V(3)},
        {"a - b", V(1), V(2), V(-1)},
        {"a * b", V(3), V(2), V(6)},
        {"a / b", V(1), V(2), V(0.5)},
        {"a / b", V(1), V(0), V(INF)},
        {"a / b", V(-1), V(0), V(-INF)},
        {"a / b", V(0), V(0), V(NOT_A)},
        {"a / 0 > 5", V(1), MISSING, V(INF)},
        {"a % b", V(7), V(3), V(1)},
        {"a % b", V(-7), V(3), V(-1)},
        {"a % b", V(7), V(0), V(NOT_A)},
        {"a % b", V(5.5), V(INF), V(5.5)},
        {"a ^ b", V(2), V(10), V(1024)},
        {"a ^ b", V(-8), V(0.5), V(NOT_A)},
        {"a ^ b", V(NOT_A), V(0), V(1)},
        {"a atan2 b", V(0), V(-0.0), V(3.14159265358979323846)},
        {"a + b", MISSING, V(2), MISSING},
        {"a + b", V(1), MISSING, MISSING},
        {"a - b", V(INF), V(INF), V(NOT_A)},
        {"-a", V(3), MISSING, V(-3)},
        {"-a", V(0), MISSING, V(-0.0)},
        {"-a", MISSING, MISSING, MISSING},
        {"+a", V(-3), MISSING, V(-3)},
        {"-a ^ 2", V(3), MISSING, V(-9)},
        {"2 ^ 3 ^ 2 + a", V(0), MISSING, V(512)},
        {"a * -(2 + 1)", V(2), MISSING, V(-6)},
        {"a / 100 * 50", V(4), MISSING, V(2)},
        {"(1 > bool 2) + a", V(4), MISSING, V(4)},
        {"100 - a", V(30), MISSING, V(70)},
    };

    (void)state;
    check_all(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_sets(void **state)
{
    static const struct truth rows[] = {
        {"a and b", V(1), V(0), V(1)},
        {"a and b", V(1), MISSING, MISSING},
        {"a and b", MISSING, V(2), MISSING},
        {"a and b", MISSING, MISSING, MISSING},
        {"a or b", V(1), V(2), V(1)},
        {"a or b", V(1), MISSING, V(1)},
        {"a or b", MISSING, V(2), V(2)},
        {"a or b", MISSING, MISSING, MISSING},
        {"a unless b", V(1), V(0), MISSING},
        {"a unless b", V(1), MISSING, V(1)},
        {"a unless b", MISSING, V(2), MISSING},
        {"a unless b", MISSING, MISSING, MISSING},
        /* Presence counts, not truth. */
        {"a and b", V(NOT_A), V(NOT_A), V(NOT_A)},
        {"a > 5 and b > 5", V(6), V(6), V(6)},
        {"a > 5 and b > 5", V(6), V(5), MISSING},
        {"a > 5 or b > 5", V(5), V(7), V(7)},
        {"a > 5 unless b > 5", V(6), V(5), V(6)},
        {"a > 5 or b > 5 and a > 1", V(2), V(7), V(7)},
        {"(a or b) + 1", MISSING, V(7), V(8)},
        {"a or b unless a", MISSING, V(7), V(7)},
    };

    (void)state;
    check_all(rows, sizeof(rows) / sizeof(rows[0]));
}

/* At 1970-01-01 10:00. */
static void
test_functions(void **state)
{
    static const struct truth rows[] = {
        {"abs(a)", V(-3), MISSING, V(3)},
        {"abs(a)", MISSING, MISSING, MISSING},
        {"clamp_max(abs(a - b), 5) >= 2", V(1), V(9), V(5)},
        {"clamp_max(abs(a - b), 5) >= 2", V(1), V(2), MISSING},
        {"clamp(a, 2, 1)", V(1), MISSING, MISSING},
        {"clamp(a, 2, 1 + 2 * 3)", V(9), MISSING, V(7)},
        {"round(a)", V(2.5), MISSING, V(3)},
        {"round(a, 5)", V(13), MISSING, V(15)},
        {"time() - a", V(1), MISSING, V(35999)},
        {"a * pi() > 6", V(1), MISSING, MISSING},
        {"timestamp(a + 0)", V(1), MISSING, V(36000)},
        {"timestamp((a))", V(7), MISSING, V(7)},
        {"hour(a)", V(7200), MISSING, V(2)},
        {"a and on () hour() >= 9 < 17", V(3), MISSING, V(3)},
        {"a and on () hour() >= 11", V(3), MISSING, MISSING},
        {"a unless on () hour() >= 11", V(3), MISSING, V(3)},
        {"a * on () group_left () vector(time())", V(2), MISSING, V(72000)},
        {"a > on () group_left () (vector(1) + vector(1))", V(3), MISSING,
         V(3)},
        {"rate(a[5m]) * 8 > b", V(3), V(20), V(24)},
        {"a - a offset 5m", V(3), MISSING, V(0)},
        {"a{x=~\"y.*\"} + a{x!~\"z\"}", V(3), MISSING, V(6)},
    };

    (void)state;
    check_all(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_window_leaves(void **state)
{
    struct gong_plan *plan =
        plan_of("rate(a[5m]) + rate((a[5m])) + rate(a[5m] offset 1m) + "
                "increase(a[5m]) + a + a offset 1m + timestamp(a) + "
                "quantile_over_time(0.5, a[5m]) + "
                "predict_linear(a[5m], 4 * 3600) + "
                "predict_linear(a[5m], -(1))");

    (void)state;
    assert_int_equal(plan->leaf_count, 9);
    assert_int_equal(plan->leaves[0].call.fn, GONG_RANGE_RATE);
    assert_int_equal(plan->leaves[0].range_ms, 300000);
    assert_int_equal(plan->leaves[1].offset_ms, 60000);
    assert_int_equal(plan->leaves[2].call.fn, GONG_RANGE_INCREASE);
    assert_true(gong_plan_leaf_is_newest(&plan->leaves[3]));
    assert_int_equal(plan->leaves[4].range_ms, 0);
    assert_true(plan->leaves[5].stamp);
    assert_true(same(plan->leaves[6].call.params[0], 0.5));
    assert_true(same(plan->leaves[7].call.params[0], 14400));
    assert_true(same(plan->leaves[8].call.params[0], -1));
    assert_true(plan->moves);
    gong_plan_free(plan);
}

/* What the per-device class is not is told apart from what nothing evaluates.
 */
static void
test_classes(void **state)
{
    static const struct {
        const char *text;
        enum gong_plan_class kind;
    } cases[] = {
        {"rate(a[5m]) > 1", GONG_PLAN_PER_DEVICE},
        {"sum(a) > 1", GONG_PLAN_GENERAL},
        {"a > on (x) b", GONG_PLAN_GENERAL},
        {"{__name__=~\"a|b\"} > 1", GONG_PLAN_GENERAL},
        {"absent(a)", GONG_PLAN_GENERAL},
        {"rate(a[5m:1m]) > 1", GONG_PLAN_GENERAL},
        {"hour() > 5", GONG_PLAN_GENERAL},
        {"a > on (site, device) group_left () param_x", GONG_PLAN_PER_DEVICE},
        {"a > on (device, site) group_left () (2 * -param_x - param_y)",
         GONG_PLAN_PER_DEVICE},
        {"rate(a[5m]) / on (site, device) group_left () param_x > 1",
         GONG_PLAN_PER_DEVICE},
        {"a and on (site, device) param_x > 1", GONG_PLAN_PER_DEVICE},
        {"a unless on (site, device) param_x", GONG_PLAN_PER_DEVICE},
        {"a > on (site, device) param_x", GONG_PLAN_GENERAL},
        {"a > on (site) group_left () param_x", GONG_PLAN_GENERAL},
        {"a > on (site, device) group_left (unit) param_x", GONG_PLAN_GENERAL},
        {"a > on (site, device) group_left () param_x{site=\"1\"}",
         GONG_PLAN_GENERAL},
        {"a or on (site, device) param_x", GONG_PLAN_GENERAL},
        {"param_x < on (site, device) group_right () a", GONG_PLAN_GENERAL},
        {"a > param_x", GONG_PLAN_GENERAL},
        {"param_x > 1", GONG_PLAN_GENERAL},
        {"a > on (site, device) group_left () timestamp(param_x)",
         GONG_PLAN_GENERAL},
        {"sum by (site, device) (a) > on (site, device) group_left () param_x",
         GONG_PLAN_GENERAL},
        {"a @ 5", GONG_PLAN_REFUSED},
        {"a offset -5m", GONG_PLAN_REFUSED},
        {"1 + 1", GONG_PLAN_REFUSED},
        {"rate(up[5m])", GONG_PLAN_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(cases[i].text), &error);
        enum gong_plan_class kind = GONG_PLAN_REFUSED;

        assert_non_null(expr);
        gong_plan_free(gong_plan_try(expr, &kind, &error));
        if (kind != cases[i].kind) {
            fail_msg("%s: class %d", cases[i].text, (int)kind);
        }
        gong_expr_free(expr);
    }
}

static void
test_leaves(void **state)
{
    struct gong_plan *plan =
        plan_of("a{y=\"2\", x!=\"1\"} > 5 and a{x!=\"1\",y=\"2\"} < 9 or a "
                "or {__name__=\"a\"} or a{x=\"1\"} or b{x=\"1\"}");

    (void)state;
    assert_int_equal(plan->leaf_count, 4);
    assert_string_equal(plan->leaves[0].metric, "a");
    assert_int_equal(plan->leaves[0].matcher_count, 2);
    assert_string_equal(plan->leaves[0].matchers[0].name, "x");
    assert_int_equal(plan->leaves[0].matchers[0].op, GONG_MATCH_NOT_EQUAL);
    assert_string_equal(plan->leaves[0].matchers[1].value, "2");
    assert_int_equal(plan->leaves[1].matcher_count, 0);
    assert_int_equal(plan->leaves[2].matcher_count, 1);
    assert_string_equal(plan->leaves[3].metric, "b");
    assert_true(plan->per_device);
    gong_plan_free(plan);
    gong_plan_free(NULL);
}

static void
test_refused(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        const char *found;
    } cases[] = {
        {"absent(a) > 1", 0, "found function absent(), expected what is "},
        {"a and vector(1)", 2, "found a vector without labels"},
        {"a or on () vector(1)", 2, "found on ()"},
        {"vector(1) and on () a", 10, "found on ()"},
        {"a * on () vector(2)", 2, "found on ()"},
        {"vector(1) > 0", 10, "selects nothing"},
        {"scalar(a) < a", 0, "found function scalar()"},
        {"sort(a)", 0, "found function sort()"},
        {"predict_linear(a[5m], time())", 0, "a moving number"},
        {"rate(up[5m])", 5, "the past of up"},
        {"up offset 5m", 0, "the past of up"},
        {"ALERTS offset 5m", 0, "the past of ALERTS"},
        {"changes(ALERTS_FOR_STATE[5m])", 8, "the past of ALERTS"},
        {"holt_winters(a[5m], 2, 0.5)", 0, "found "},
        {"a offset 101y", 0, "above a century"},
        {"1 + sum by (x) (a)", 4, "found aggregation sum()"},
        {"max_over_time(a[1h:1m])", 15, "found a subquery"},
        {"a[1h:1m]", 1, "found a subquery"},
        {"a[5m]", 0, "found a range selector"},
        {"a offset -5m", 0, "found an offset into the future"},
        {"a @ 5", 0, "found an @ modifier"},
        {"{x=\"y\"}", 0, "without a single metric name"},
        {"{__name__!=\"\"}", 0, "without a single metric name"},
        {"{__name__=\"a\",__name__!=\"b\"}", 0, "a single metric name"},
        {"{__name__=\"\",x=\"1\"}", 0, "without a single metric name"},
        {"a + on (x) b", 2, "found on ()"},
        {"a and ignoring (x) b", 2, "found ignoring ()"},
        {"a * on (x) group_left (y) b", 2, "found group_left"},
        {"a * on (x) group_right b", 2, "found group_right"},
        {"1", 0, "selects nothing"},
        {"(1 > bool 2)", 0, "selects nothing"},
        {"\"text\"", 0, "found a string"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(cases[i].text), &error);

        assert_non_null(expr);
        if (gong_plan_new(expr, &error) != NULL) {
            fail_msg("taken: %s", cases[i].text);
        }
        if (error.at != cases[i].at ||
            strstr(error.message, cases[i].found) == NULL) {
            fail_msg("%s: at %zu: %s", cases[i].text, error.at, error.message);
        }
        gong_expr_free(expr);
    }
}

/* count times part with a number in it, joined by glue. */
static struct gong_plan *
plan_of_many(const char *part, const char *glue, unsigned count,
             struct gong_expr_error *error)
{
    char text[4096] = "";
    struct gong_expr *expr = NULL;
    struct gong_plan *plan = NULL;

    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof(text) - used, "%s%s%u",
                       i == 0 ? "" : glue, part, i);
    }
    memset(text + strlen(text), ')', strcmp(glue, "+(") == 0 ? count - 1 : 0);
    expr = gong_expr_parse(gong_str_of(text), error);
    assert_non_null(expr);
    plan = gong_plan_new(expr, error);
    gong_expr_free(expr);
    return plan;
}

static void
test_limits(void **state)
{
    struct gong_expr_error error = {0};
    struct gong_plan *plan = NULL;

    (void)state;
    plan = plan_of_many("m", " or ", GONG_PLAN_LEAVES_MAX, &error);
    assert_non_null(plan);
    gong_plan_free(plan);
    assert_null(plan_of_many("m", " or ", GONG_PLAN_LEAVES_MAX + 1, &error));
    assert_non_null(strstr(error.message, "different selectors"));

    /* A chain to the left keeps two values open, one to the right all. */
    plan = plan_of_many("a+", "+", 500, &error);
    assert_non_null(plan);
    gong_plan_free(plan);
    assert_null(plan_of_many("", "+(", GONG_PLAN_STACK_MAX + 1, &error));
    assert_non_null(strstr(error.message, "open at once"));
    assert_null(plan_of_many("", "+(", GONG_PLAN_STACK_MAX, &error));
    assert_non_null(strstr(error.message, "selects nothing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparison), cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_sets),       cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_functions),  cmocka_unit_test(test_window_leaves),
        cmocka_unit_test(test_classes),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
