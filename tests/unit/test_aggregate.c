#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/aggregate.h"

static struct gong_aggregate *
make(const char *text, struct gong_expr **expr)
{
    struct gong_expr_error error = {0};
    struct gong_aggregate *aggregate = NULL;

    *expr = gong_expr_parse(gong_str_of(text), &error);
    if (*expr == NULL) {
        fail_msg("%s: %s", text, error.message);
    }
    aggregate = gong_aggregate_new(*expr, &error);
    if (aggregate == NULL && error.message[0] == '\0') {
        fail_msg("%s: refused without a word", text);
    }
    return aggregate;
}

/* What a member with value 6 says, and what a group with value 8 gives. */
static void
test_forms(void **state)
{
    static const struct {
        const char *text;
        enum gong_aggregate_kind kind;
        double member;
        double result;
    } cases[] = {
        {"sum(m)", GONG_AGGREGATE_SUM, 6, 8},
        {"avg by (site) (m)", GONG_AGGREGATE_AVG, 6, 8},
        {"min without (device) (m{a=\"b\"})", GONG_AGGREGATE_MIN, 6, 8},
        {"max by () (m)", GONG_AGGREGATE_MAX, 6, 8},
        {"count(m > 5) > 7", GONG_AGGREGATE_COUNT, 6, 8},
        {"group(m) == bool 1", GONG_AGGREGATE_GROUP, 6, 0},
        {"5 < sum by (site) (m * 2 + 1)", GONG_AGGREGATE_SUM, 13, 8},
        {"100 * (1 - avg((m) / 10)) + 1 < 5", GONG_AGGREGATE_AVG, 0.6, -699},
        {"-sum(-m) >= bool -(3)", GONG_AGGREGATE_SUM, -6, 0},
        {"2 ^ (sum(m / m) - 5)", GONG_AGGREGATE_SUM, 1, 8},
        {"sum(m > 2 < 9) > 1 < 9", GONG_AGGREGATE_SUM, 6, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_plan_input input = {8, true};
        struct gong_expr *expr = NULL;
        struct gong_aggregate *a = make(cases[i].text, &expr);
        double value = 0;
        double result = 0;

        if (a == NULL || a->kind != cases[i].kind ||
            !gong_aggregate_member(a, 6, &value) || value != cases[i].member ||
            !gong_plan_run(a->outer, &input, 0, &result) ||
            result != cases[i].result) {
            fail_msg("%s: %g %g", cases[i].text, value, result);
        }
        gong_aggregate_free(a);
        gong_expr_free(expr);
    }
}

static void
test_refused(void **state)
{
    static const char *const texts[] = {
        "m > 5",
        "sum(m) + sum(m)",
        "sum(m) > m",
        "sum(m) > on () n",
        "sum(m + n)",
        "sum(sum by (site) (m))",
        "topk(3, m)",
        "quantile(0.5, m)",
        "stddev(m)",
        "sum(rate(m[5m]))",
        "sum(m offset 5m)",
        "sum(up)",
        "sum({site=\"s\"})",
        "count_values(\"x\", m)",
        "absent(sum(m))",
        "sum(m)[5m:1m]",
        "sum(1 + vector(1))",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr = gong_expr_parse(gong_str_of(texts[i]), &error);
        struct gong_aggregate *a = NULL;

        assert_non_null(expr);
        a = gong_aggregate_new(expr, &error);
        if (a != NULL || error.message[0] == '\0') {
            fail_msg("%s", texts[i]);
        }
        gong_expr_free(expr);
    }
}

static void
test_filter(void **state)
{
    struct gong_expr *expr = NULL;
    struct gong_aggregate *a = make("count(m > 5) > 3", &expr);
    struct gong_plan_input input = {3, true};
    double value = 0;

    (void)state;
    assert_non_null(a);
    assert_false(gong_aggregate_member(a, 5, &value));
    assert_true(gong_aggregate_member(a, 5.5, &value));
    assert_false(gong_plan_run(a->outer, &input, 0, &value));
    gong_aggregate_free(a);
    gong_expr_free(expr);
}

static void
test_labels(void **state)
{
    static const struct gong_hash_key key = {{3, 4}};
    static const struct {
        const char *text;
        const char *labels;
    } cases[] = {
        {"sum(m)", ""},
        {"sum by (site) (m)", "site=s;"},
        {"sum by (site, a, none) (m)", "a=1;site=s;"},
        {"sum by (__name__, b) (m)", "b=2;"},
        {"sum without (a, device) (m)", "b=2;site=s;"},
        {"sum without () (m)", "a=1;b=2;device=d;site=s;"},
        {"sum without (__name__) (m)", "a=1;b=2;device=d;site=s;"},
    };
    static const char *const labels[][2] = {{"site", "s"},
                                            {"a", "1"},
                                            {"b", "2"},
                                            {"__name__", "m"},
                                            {"device", "d"}};
    struct gong_budget budget = {0};
    struct gong_symbols symbols;
    struct gong_labelsets sets;
    struct gong_label_pair pairs[5];
    uint32_t set = 0;

    (void)state;
    gong_symbols_init(&symbols, &budget, &key);
    gong_labelsets_init(&sets, &symbols, &budget);
    for (size_t i = 0; i < 5; i++) {
        pairs[i].name = gong_symbol_intern(&symbols, gong_str_of(labels[i][0]));
        pairs[i].value =
            gong_symbol_intern(&symbols, gong_str_of(labels[i][1]));
    }
    set = gong_labelset_intern(&sets, pairs, 5);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_label_view views[GONG_LABELSET_MAX];
        struct gong_expr *expr = NULL;
        struct gong_aggregate *a = make(cases[i].text, &expr);
        char text[200] = "";
        size_t count = 0;
        size_t len = 0;

        assert_non_null(a);
        assert_int_equal(gong_aggregate_name(a, &symbols), GONG_OK);
        count = gong_labelset_views(
            &sets, gong_aggregate_labelset(a, &sets, set), views);
        for (size_t v = 0; v < count; v++) {
            len +=
                (size_t)snprintf(text + len, sizeof text - len, "%.*s=%.*s;",
                                 (int)views[v].name.len, views[v].name.data,
                                 (int)views[v].value.len, views[v].value.data);
        }
        assert_string_equal(text, cases[i].labels);
        gong_aggregate_free(a);
        gong_expr_free(expr);
    }
    gong_labelsets_fini(&sets);
    gong_symbols_fini(&symbols);
    assert_int_equal(budget.used, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_labels),
    };

    return cmocka_run_group_tests_name("aggregate", tests, NULL, NULL);
}
