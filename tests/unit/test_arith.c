#include "rules/engine/arith.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define INF   ((double)INFINITY)
#define NOT_A ((double)NAN)

static bool
same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static void
test_calculate(void **state)
{
    static const struct {
        enum gong_op op;
        double a;
        double b;
        double want;
    } rows[] = {
        {GONG_OP_ADD, 1, 2, 3},
        {GONG_OP_ADD, INF, -INF, NOT_A},
        {GONG_OP_SUB, 1, 2, -1},
        {GONG_OP_MUL, -0.0, 2, -0.0},
        {GONG_OP_MUL, INF, 0, NOT_A},
        {GONG_OP_DIV, 1, 0, INF},
        {GONG_OP_DIV, 1, -0.0, -INF},
        {GONG_OP_DIV, 0, 0, NOT_A},
        {GONG_OP_MOD, 5, 3, 2},
        {GONG_OP_MOD, -5, 3, -2},
        {GONG_OP_MOD, 5, 0, NOT_A},
        {GONG_OP_MOD, 5, INF, 5},
        {GONG_OP_POW, 2, 10, 1024},
        {GONG_OP_POW, 0, 0, 1},
        {GONG_OP_POW, NOT_A, 0, 1},
        {GONG_OP_POW, 1, NOT_A, 1},
        {GONG_OP_POW, -1, INF, 1},
        {GONG_OP_POW, -8, 0.5, NOT_A},
        {GONG_OP_ATAN2, 0, -0.0, 3.14159265358979323846},
        {GONG_OP_ATAN2, -0.0, 1, -0.0},
        {GONG_OP_AND, 1, 1, NOT_A}, /* none of its business */
        {GONG_OP_EQ, 1, 1, NOT_A},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = gong_arith_calculate(rows[i].op, rows[i].a, rows[i].b);

        if (!same(value, rows[i].want)) {
            fail_msg("%g %s %g: %g, not %g", rows[i].a,
                     gong_op_text(rows[i].op), rows[i].b, value, rows[i].want);
        }
    }
}

static void
test_compare(void **state)
{
    static const struct {
        double a;
        double b;
        const char *holds; /* of == != > < >= <= */
    } rows[] = {
        {1, 1, "100011"},     {1, 2, "010101"},     {2, 1, "011010"},
        {0, -0.0, "100011"},  {NOT_A, 1, "010000"}, {NOT_A, NOT_A, "010000"},
        {INF, INF, "100011"}, {-INF, 1, "010101"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned op = GONG_OP_EQ; op <= GONG_OP_LE; op++) {
            bool want = rows[i].holds[op - GONG_OP_EQ] == '1';

            assert_true(gong_op_is_comparison((enum gong_op)op));
            assert_false(gong_op_is_set((enum gong_op)op));
            assert_int_equal(
                gong_arith_compare((enum gong_op)op, rows[i].a, rows[i].b),
                want);
        }
    }
    assert_true(gong_op_is_set(GONG_OP_AND) && gong_op_is_set(GONG_OP_UNLESS));
    assert_false(gong_op_is_comparison(GONG_OP_ATAN2));
    assert_false(gong_op_is_comparison(GONG_OP_AND));
    assert_false(gong_arith_compare(GONG_OP_ADD, 1, 1));
    assert_false(gong_arith_compare(GONG_OP_OR, 1, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calculate),
        cmocka_unit_test(test_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
