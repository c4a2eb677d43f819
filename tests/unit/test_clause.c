/* Clauses joined, taken apart again and run; and the shape of their labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/clause.h"
#include "rules/engine/plan.h"

static void
test_joined_clauses_are_run_apart(void **state)
{
    static const char *const texts[] = {"m_a > 5 # warm", "m_a > 8 and m_b > 1",
                                        "m_a < 4", "(m_a) < 7"};
    static const struct {
        double a;
        double b;
        uint8_t fires;
        uint8_t resolves;
        double value;
    } rows[] = {
        {6, 2, 1, 2, 6}, {9, 2, 3, 0, 9}, {9, 0, 1, 0, 9},
        {3, 2, 0, 3, 0}, {5, 2, 0, 2, 0}, {7.5, 9, 1, 0, 7.5},
    };
    struct gong_clauses clauses = {.fires = 2, .resolves = 3};
    struct gong_expr_error error = {0};
    struct gong_str views[4];
    struct gong_expr *expr = NULL;
    struct gong_plan *plan = NULL;
    struct gong_clause_code code;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        views[i] = gong_str_of(texts[i]);
    }
    expr = gong_clauses_join(views, 4, clauses.roots, &error);
    assert_non_null(expr);
    assert_int_equal(gong_clauses_count(&clauses), 4);
    plan = gong_plan_new(expr, &error);
    assert_non_null(plan);
    code = gong_clause_code(plan, &clauses);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_plan_input inputs[2] = {{rows[i].a, true},
                                            {rows[i].b, true}};
        struct gong_said said =
            gong_clauses_run(plan, &clauses, &code, inputs, 0);

        assert_int_equal(said.fires, rows[i].fires);
        assert_int_equal(said.resolves, rows[i].resolves);
        assert_true(said.value == rows[i].value);
        assert_int_equal(gong_clauses_fire(plan, &clauses, &code, inputs, 0),
                         rows[i].fires != 0);
    }
    for (uint32_t i = 0; i < 4; i++) {
        struct gong_expr view = gong_clause_view(expr, &clauses, i);
        struct gong_expr *again = gong_expr_parse(views[i], &error);
        char *text = gong_expr_print(&view);
        char *bare = gong_expr_print(again);

        assert_int_equal(text[0], '(');
        assert_memory_equal(text + 1, bare, strlen(bare));
        free(text);
        free(bare);
        gong_expr_free(again);
    }
    gong_plan_free(plan);
    gong_expr_free(expr);
}

static void
test_levels_of_clauses(void **state)
{
    static const struct gong_clauses some = {.fires = 3, .resolves = 5};
    static const struct gong_clauses one = {0};
    static const uint32_t levels[] = {0, 1, 2, 0, 2};
    bool ends = true;

    (void)state;
    assert_int_equal(gong_clauses_count(&some), 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(gong_clauses_level(&some, i, &ends), levels[i]);
        assert_int_equal(ends, i >= 3);
    }
    assert_int_equal(gong_clauses_count(&one), 1);
    assert_int_equal(gong_clauses_level(&one, 0, &ends), 0);
    assert_false(ends);
}

static void
test_a_rule_of_one_clause_is_its_tree(void **state)
{
    static const struct gong_clauses one = {0};
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of("-m_a > -5"), &error);
    struct gong_expr view = gong_clause_view(expr, &one, 0);
    struct gong_plan *plan = gong_plan_new(expr, &error);
    struct gong_clause_code code = gong_clause_code(plan, &one);

    (void)state;
    assert_int_equal(view.root, expr->root);
    assert_int_equal(view.count, expr->count);
    assert_int_equal(code.count, 1);
    assert_int_equal(code.ends[0], plan->step_count);
    gong_plan_free(plan);
    gong_expr_free(expr);
}

static void
test_bad_clause_is_refused(void **state)
{
    struct gong_str texts[2] = {gong_str_of("m_a > 5"), gong_str_of("5")};
    struct gong_expr_error error = {0};
    uint32_t roots[2];

    (void)state;
    assert_null(gong_clauses_join(texts, 2, roots, &error));
    assert_true(error.message[0] != '\0');
}

static void
test_shapes(void **state)
{
    static const struct {
        const char *text;
        const char *shape;
    } rows[] = {
        {"sum by (b, a) (m) > 5", "by a b"},
        {"avg by (a, b) (rate(m[5m])) < 3", "by a b"},
        {"sum(m)", "by"},
        {"vector(1) > 0", "vector(1)"},
        {"5 < (max by (a) (m))", "by a"},
        {"sum by (a) (m) / sum by (b) (m)", "by a"},
        {"sum by (a) (m) / on(a) x", "by a"},
        {"sum by (a) (m) / on(a) group_left x", "by a"},
        {"m{k=\"v\"} >= on(a) group_left() (x - 1)", "m{k=\"v\"}"},
        {"x < on(a) group_right() m{k=\"v\"}", "m{k=\"v\"}"},
        {"m > on (a) group_left (b) x", "m > on (a) group_left (b) x"},
        {"x < on (a) group_right (b) m", "x < on (a) group_right (b) m"},
        {"m{k=\"v\"} > 5 and n", "m{k=\"v\"}"},
        {"rate(m{k=\"v\"}[5m] offset 1m) > 5", "m{k=\"v\"}"},
        {"abs(-m) > 5", "m"},
        {"m == 1 unless n", "m"},
        {"m or n", "m or n"},
        {"m > 5 or (m unless n)", "m"},
        {"m{k=\"v\"} or m", "m{k=\"v\"} or m"},
        {"(m or n) or (n or m)", "(m or n) or (n or m)"},
        {"sum by (a) (m) or on (a) sum by (a) (n)", "by a"},
        {"m or (m or (m or m > 1))", "m"},
        {"topk by (a) (3, m)", "topk by (a) (3, m)"},
        {"sum without (a) (m)", "sum without (a) (m)"},
        {"absent(m)", "absent(m)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(rows[i].text), &error);
        char *shape = NULL;

        assert_non_null(expr);
        shape = gong_clause_shape(expr);
        assert_string_equal(shape, rows[i].shape);
        free(shape);
        gong_expr_free(expr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joined_clauses_are_run_apart),
        cmocka_unit_test(test_levels_of_clauses),
        cmocka_unit_test(test_a_rule_of_one_clause_is_its_tree),
        cmocka_unit_test(test_bad_clause_is_refused),
        cmocka_unit_test(test_shapes),
    };

    return cmocka_run_group_tests_name("clause", tests, NULL, NULL);
}
