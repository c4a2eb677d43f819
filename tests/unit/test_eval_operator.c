/* Selectors, operators and aggregations: what promtool 2.42 says of the same
 * series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eval_fixture.h"

static void
test_operators(void **state)
{
    static const struct eval_row rows[] = {
        {270000, "a", "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "a offset 30s",
         "a{x=1,y=p} 9 | a{x=2,y=p} 90 | a{x=3,y=q} -9"},
        {270000, "a offset -30s",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {90000, "a offset -30s",
         "a{x=1,y=p} 5 | a{x=2,y=p} 30 | a{x=3,y=q} nan"},
        {180000, "a", "a{x=1,y=p} 7 | a{x=3,y=q} -7"},
        {570000, "c", "c{x=1} 16 | c{x=2} 10"},
        {571000, "c", ""},
        {570000, "early", ""},
        {210000, "early", ""},
        {60000, "early", "early{x=1} 3"},
        {270000, "-a", "{x=1,y=p} -10 | {x=2,y=p} -100 | {x=3,y=q} 10"},
        {270000, "+a", "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "-{x=\"1\"}", "error: same-labelset"},
        {270000, "{x=\"1\"} + 1", "error: same-labelset"},
        {270000, "1 + 2 * 3 ^ 2 % 4", "scalar 3"},
        {270000, "5 % 0", "scalar nan"},
        {270000, "-7 % 3", "scalar -1"},
        {270000, "1 atan2 2", "scalar 0.463647609000806"},
        {270000, "a atan2 b", "a{x=1,y=p} 1.10714871779409 | a{x=2,y=p} 0"},
        {270000, "a atan2 2",
         "a{x=1,y=p} 1.37340076694502 | a{x=2,y=p} 1.55079899282175 | "
         "a{x=3,y=q} -1.37340076694502"},
        {270000, "2 ^ a",
         "{x=1,y=p} 1024 | {x=2,y=p} 1.26765060022823e+30 | {x=3,y=q} "
         "0.0009765625"},
        {270000, "a > 5", "a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "5 < a", "a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "5 < bool a", "{x=1,y=p} 1 | {x=2,y=p} 1 | {x=3,y=q} 0"},
        {270000, "a > bool 5", "{x=1,y=p} 1 | {x=2,y=p} 1 | {x=3,y=q} 0"},
        {270000, "1 > bool 2", "scalar 0"},
        {270000, "nothing + b", ""},
        {270000, "round(a / 7)", "{x=1,y=p} 1 | {x=2,y=p} 14 | {x=3,y=q} -1"},
        {270000, "round(a / 7, 0.1)",
         "{x=1,y=p} 1.4 | {x=2,y=p} 14.3 | {x=3,y=q} -1.4"},
        {270000, "sum(a) / count(a) > 1", "{} 33.3333333333333"},
        {270000, "a offset 1m > a", "a{x=3,y=q} -8"},
        {270000, "{__name__=~\"a|b\"} * 2", "error: same-labelset"},
        {270000, "{__name__=~\"a|b\"} > 2",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | b{x=1,y=p} 5 | b{x=2,y=p} inf"},
        {270000, "\"text\"", "string text"},
        {270000, "1", "scalar 1"},
        {270000, "-1", "scalar -1"},
        {270000, "1 == bool 1", "scalar 1"},
        {270000, "- (1 + 2)", "scalar -3"},
        {270000, "NaN", "scalar nan"},
        {270000, "Inf - Inf", "scalar nan"},
    };

    EVAL_CHECK(*state, rows);
}

static void
test_matching(void **state)
{
    static const struct eval_row rows[] = {
        {270000, "a + b", "{x=1,y=p} 15 | {x=2,y=p} inf"},
        {270000, "a + on(x) b", "error: many-to-many"},
        {270000, "a + on(x,y) b", "{x=1,y=p} 15 | {x=2,y=p} inf"},
        {270000, "b + on(x) a", "error: many-to-one"},
        {270000, "b + on(x) group_left c",
         "{x=1,y=p} 21 | {x=1,y=q} nan | {x=2,y=p} inf"},
        {270000, "c + on(x) group_right b",
         "{x=1,y=p} 21 | {x=1,y=q} nan | {x=2,y=p} inf"},
        {270000, "c + on(x) group_right(y) b", "error: not-unique"},
        {270000, "a * on(x) group_left c", "{x=1,y=p} 160 | {x=2,y=p} 1000"},
        {270000, "b > on(x) group_left c", "b{x=2,y=p} inf"},
        {270000, "b < on(x) group_left c", "b{x=1,y=p} 5"},
        {270000, "b < bool on(x) group_left c",
         "{x=1,y=p} 1 | {x=1,y=q} 0 | {x=2,y=p} 0"},
        {270000, "a + ignoring(y) c", "{x=1} 26 | {x=2} 110"},
        {270000, "a < ignoring(y) c", "a{x=1} 10"},
        {270000, "a < on(x) c", "{x=1} 10"},
        {270000, "a < on(x,__name__) c", ""},
        {270000, "a < bool ignoring(y) c", "{x=1} 1 | {x=2} 0"},
        {270000, "b + ignoring(y) group_left c",
         "{x=1,y=p} 21 | {x=1,y=q} nan | {x=2,y=p} inf"},
        {270000, "b + on() group_left c{x=\"1\"}",
         "{x=1,y=p} 21 | {x=1,y=q} nan | {x=2,y=p} inf"},
        {270000, "b + on(x) group_left(y) c", "error: not-unique"},
        {270000, "b + on(x) group_left(__name__) c",
         "c{x=1,y=p} 21 | c{x=1,y=q} nan | c{x=2,y=p} inf"},
        {270000, "b < on(x) group_left(__name__) c", "c{x=1,y=p} 5"},
        {270000, "b < bool on(x) group_left(__name__) c",
         "{x=1,y=p} 1 | {x=1,y=q} 0 | {x=2,y=p} 0"},
        {270000, "c + on(x) b", "error: many-to-many"},
        {270000, "c{x=\"2\"} + on(x) b", "error: many-to-many"},
        {270000, "a and b", "a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "a and on(x) b", "a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "a or b",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10 | b{x=1,y=q} nan"},
        {270000, "a or on(x) b",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "a or ignoring(y) b",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "a unless b", "a{x=3,y=q} -10"},
        {270000, "a unless on(y) b", ""},
        {270000, "a and ignoring(y) c", "a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "nothing + on(x) b", ""},
        {270000, "b + on(x) nothing", ""},
        {270000, "b and on(x) nothing", ""},
        {270000, "b or nothing",
         "b{x=1,y=p} 5 | b{x=1,y=q} nan | b{x=2,y=p} inf"},
        {270000, "nothing or b",
         "b{x=1,y=p} 5 | b{x=1,y=q} nan | b{x=2,y=p} inf"},
        {270000, "b unless nothing",
         "b{x=1,y=p} 5 | b{x=1,y=q} nan | b{x=2,y=p} inf"},
        {270000, "(a > 8) + on(y) (b < 1)", ""},
        {270000, "a == a", "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "b == b", "b{x=1,y=p} 5 | b{x=2,y=p} inf"},
        {270000, "b != b", "b{x=1,y=q} nan"},
        {270000, "a and on() vector(1)",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "a * on() group_left() vector(2)",
         "{x=1,y=p} 20 | {x=2,y=p} 200 | {x=3,y=q} -20"},
        {270000, "(a > 5) or (b < 3) unless (c == 10)",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "a > a offset 1m", "a{x=1,y=p} 10"},
        {270000, "sum by (x) (a) / on(x) group_right() b",
         "{x=1,y=p} 2 | {x=1,y=q} nan | {x=2,y=p} 0"},
        {270000, "a / on(y) group_left() sum by (y) (a)",
         "{x=1,y=p} 0.0909090909090909 | {x=2,y=p} 0.909090909090909 | "
         "{x=3,y=q} 1"},
        {270000, "a == on(x) group_left() c", ""},
        {270000, "a == bool on(x) group_left() c", "{x=1,y=p} 0 | {x=2,y=p} 0"},
        {270000, "{__name__=~\"a|b\"} + on(x,y) group_left() c", ""},
        {270000, "{__name__=~\"a|b\"} * on(x) group_left() c",
         "error: not-unique"},
        {270000, "{__name__=~\"a|b\"} > on(x) group_left() c",
         "a{x=2,y=p} 100 | b{x=2,y=p} inf"},
        {270000, "c * on(x) group_right() {__name__=~\"a|b\"}",
         "error: not-unique"},
        {270000, "{__name__=~\"a|b\"} and c", ""},
    };

    EVAL_CHECK(*state, rows);
}

static void
test_aggregates(void **state)
{
    static const struct eval_row rows[] = {
        {270000, "sum(a)", "{} 100"},
        {270000, "sum by (y) (a)", "{y=p} 110 | {y=q} -10"},
        {270000, "sum without (y) (a)", "{x=1} 10 | {x=2} 100 | {x=3} -10"},
        {270000, "sum by (__name__) ({x=\"1\"})",
         "a{} 10 | b{} nan | c{} 16 | late{} 10"},
        {270000, "sum without (x) ({x=\"1\"})", "{y=p} 15 | {y=q} nan | {} 26"},
        {270000, "avg(a)", "{} 33.3333333333333"},
        {270000, "avg(b)", "{} nan"},
        {270000, "avg by (x) (b)", "{x=1} nan | {x=2} inf"},
        {270000, "min(b)", "{} 5"},
        {270000, "max(b)", "{} inf"},
        {270000, "min by (y) (b)", "{y=p} 5 | {y=q} nan"},
        {270000, "max by (y) (b)", "{y=p} inf | {y=q} nan"},
        {270000, "count(b)", "{} 3"},
        {270000, "count by (nope) (b)", "{} 3"},
        {270000, "group by (x) (b)", "{x=1} 1 | {x=2} 1"},
        {270000, "stddev(a)", "{} 47.8423336480244"},
        {270000, "stdvar by (y) (a)", "{y=p} 2025 | {y=q} 0"},
        {270000, "stddev(b)", "{} nan"},
        {270000, "topk(2, a)", "a{x=2,y=p} 100 | a{x=1,y=p} 10"},
        {270000, "topk(2, b)", "b{x=2,y=p} inf | b{x=1,y=p} 5"},
        {270000, "topk(10, b)",
         "b{x=2,y=p} inf | b{x=1,y=p} 5 | b{x=1,y=q} nan"},
        {270000, "topk(1, b)", "b{x=2,y=p} inf"},
        {270000, "bottomk(1, b)", "b{x=1,y=p} 5"},
        {270000, "bottomk(2, b)", "b{x=1,y=p} 5 | b{x=2,y=p} inf"},
        {270000, "bottomk(20, b)",
         "b{x=1,y=p} 5 | b{x=2,y=p} inf | b{x=1,y=q} nan"},
        {270000, "topk by (y) (1, a)", "a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "topk(0, a)", ""},
        {270000, "topk(-5, a)", ""},
        {270000, "topk(NaN, a)", "error: parameter"},
        {270000, "topk(1e300, a)", "error: parameter"},
        {270000, "topk(scalar(nope), a)", "error: parameter"},
        {270000, "topk(9223372036854775807, a)", "error: parameter"},
        {270000, "topk(2.9, a)", "a{x=2,y=p} 100 | a{x=1,y=p} 10"},
        {270000, "topk(2, b == 5 or b == 4 or c == 10)",
         "c{x=2} 10 | b{x=1,y=p} 5"},
        {270000, "quantile(0.5, a)", "{} 10"},
        {270000, "quantile(0.9, b)", "{} inf"},
        {270000, "quantile(2, b)", "{} inf"},
        {270000, "quantile(-1, b)", "{} -inf"},
        {270000, "quantile(NaN, b)", "{} nan"},
        {270000, "quantile by (y) (0.3, a)", "{y=p} 37 | {y=q} -10"},
        {270000, "count_values(\"v\", b)", "{v=5} 1 | {v=NaN} 1 | {v=+Inf} 1"},
        {270000, "count_values(\"v\", a)", "{v=10} 1 | {v=100} 1 | {v=-10} 1"},
        {270000, "count_values by (y) (\"v\", a)",
         "{v=10,y=p} 1 | {v=100,y=p} 1 | {v=-10,y=q} 1"},
        {270000, "count_values by (v) (\"v\", a)",
         "{v=10} 1 | {v=100} 1 | {v=-10} 1"},
        {270000, "count_values by (y) (\"y\", a)",
         "{y=10} 1 | {y=100} 1 | {y=-10} 1"},
        {270000, "count_values without (x) (\"v\", a)",
         "{v=10,y=p} 1 | {v=100,y=p} 1 | {v=-10,y=q} 1"},
        {270000, "count_values without (x) (\"x\", a)", "{y=p} 2 | {y=q} 1"},
        {270000, "count_values without (v) (\"v\", a)",
         "{x=1,y=p} 1 | {x=2,y=p} 1 | {x=3,y=q} 1"},
        {270000, "count_values(\"bad-name\", a)", "error: parameter"},
        {270000, "count_values((\"v\"), a)",
         "{v=10} 1 | {v=100} 1 | {v=-10} 1"},
        {0, "count_values(\"v\", v)", "{v=1000000} 1"},
        {30000, "count_values(\"v\", v)", "{v=0.00000015} 1"},
        {60000, "count_values(\"v\", v)", "{v=0.5} 1"},
        {90000, "count_values(\"v\", v)", "{v=100} 1"},
        {120000, "count_values(\"v\", v)", "{v=1000000000000000000000} 1"},
        {150000, "count_values(\"v\", v)",
         "{v="
         "100000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000} 1"},
        {180000, "count_values(\"v\", v)", "{v=-0.25} 1"},
        {210000, "count_values(\"v\", v)", "{v=NaN} 1"},
        {240000, "count_values(\"v\", v)", "{v=+Inf} 1"},
        {270000, "count_values(\"v\", v)", "{v=-Inf} 1"},
        {270000, "count_values(\"__name__\", a)", "10{} 1 | 100{} 1 | -10{} 1"},
        {270000, "count_values without (x) (\"__name__\", a)",
         "{y=p} 2 | {y=q} 1"},
    };

    EVAL_CHECK(*state, rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_aggregates),
    };

    return cmocka_run_group_tests(tests, eval_setup, eval_teardown);
}
