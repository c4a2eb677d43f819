/* Functions and subqueries: what promtool 2.42 says of the same series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eval_fixture.h"

static void
test_calls(void **state)
{
    static const struct eval_row rows[] = {
        {270000, "abs({x=\"1\",__name__=~\"a|c\"})", "{x=1,y=p} 10 | {x=1} 16"},
        {270000, "rate({x=\"1\",__name__=~\"a|c\"}[1m])",
         "{x=1,y=p} 0.0333333333333333 | {x=1} 0.0333333333333333"},
        {270000, "last_over_time({x=\"1\",__name__=~\"a|c\"}[1m])",
         "a{x=1,y=p} 10 | c{x=1} 16"},
        {270000, "absent(a)", ""},
        {270000, "absent(nope)", "{} 1"},
        {270000, "absent(nope{x=\"1\"})", "{x=1} 1"},
        {270000, "absent(nope{x=\"1\",y=~\"a.*\",z!=\"c\"})", "{x=1} 1"},
        {270000, "absent(nope{x=\"1\",x=\"2\"})", "{} 1"},
        {270000, "absent(nope{x=\"1\",x!=\"2\"})", "{} 1"},
        {270000, "absent(nope{x=\"1\",x=\"1\"})", "{} 1"},
        {270000, "absent((nope{x=\"1\"}))", "{x=1} 1"},
        {270000, "absent(sum(nope{x=\"1\"}))", "{} 1"},
        {270000, "absent(nope{x=\"1\"} offset 5m)", "{x=1} 1"},
        {270000, "absent({__name__=\"nope\",x=\"1\"})", "{x=1} 1"},
        {270000, "absent(nope{x=\"\"})", "{} 1"},
        {270000, "absent_over_time(nope{x=\"1\"}[5m])", "{x=1} 1"},
        {270000, "absent_over_time(a{x=\"1\"}[5m])", ""},
        {270000, "absent_over_time((nope{x=\"1\"}[5m]))", "{x=1} 1"},
        {270000, "absent_over_time(a{x=\"1\"}[1m] offset 10m)", "{x=1} 1"},
        {270000, "absent_over_time(early[1m])", "{} 1"},
        {270000, "present_over_time(early[5m])", "{x=1} 1"},
        {270000, "scalar(a)", "scalar nan"},
        {270000, "scalar(a{x=\"1\"})", "scalar 10"},
        {270000, "vector(3)", "{} 3"},
        {270000, "vector(time())", "{} 270"},
        {271500, "time()", "scalar 271.5"},
        {270000, "pi()", "scalar 3.14159265358979"},
        {270000, "timestamp(a)",
         "{x=1,y=p} 270 | {x=2,y=p} 270 | {x=3,y=q} 270"},
        {285000, "timestamp(a)",
         "{x=1,y=p} 270 | {x=2,y=p} 270 | {x=3,y=q} 270"},
        {285000, "timestamp((a))",
         "{x=1,y=p} 270 | {x=2,y=p} 270 | {x=3,y=q} 270"},
        {285000, "timestamp(((a offset 1m)))", "{x=1,y=p} 210 | {x=3,y=q} 210"},
        {285000, "timestamp(a + 1)",
         "{x=1,y=p} 285 | {x=2,y=p} 285 | {x=3,y=q} 285"},
        {285000, "timestamp(abs(a))",
         "{x=1,y=p} 285 | {x=2,y=p} 285 | {x=3,y=q} 285"},
        {285000, "timestamp({x=\"1\",__name__=~\"a|c\"})",
         "{x=1,y=p} 270 | {x=1} 270"},
        {270000, "sort(b)", "b{x=1,y=p} 5 | b{x=2,y=p} inf | b{x=1,y=q} nan"},
        {270000, "sort_desc(b)",
         "b{x=2,y=p} inf | b{x=1,y=p} 5 | b{x=1,y=q} nan"},
        {270000, "sort(a)", "a{x=3,y=q} -10 | a{x=1,y=p} 10 | a{x=2,y=p} 100"},
        {270000, "sort_desc(a)",
         "a{x=2,y=p} 100 | a{x=1,y=p} 10 | a{x=3,y=q} -10"},
        {270000, "rate(a[2m])",
         "{x=1,y=p} 0.0333333333333333 | {x=2,y=p} 0.333333333333333 | "
         "{x=3,y=q} -0.283333333333333"},
        {270000, "increase(a[2m])",
         "{x=1,y=p} 4 | {x=2,y=p} 40 | {x=3,y=q} -34"},
        {270000, "delta(c[2m] offset 30s)", "{x=1} 4 | {x=2} -40"},
        {270000, "irate(a[2m])",
         "{x=1,y=p} 0.0333333333333333 | {x=2,y=p} 0.333333333333333 | "
         "{x=3,y=q} -0.333333333333333"},
        {270000, "idelta(a[2m])", "{x=1,y=p} 1 | {x=2,y=p} 10 | {x=3,y=q} -1"},
        {270000, "deriv(a[2m])",
         "{x=1,y=p} 0.0333333333333333 | {x=2,y=p} 0.333333333333333 | "
         "{x=3,y=q} -0.0333333333333333"},
        {270000, "predict_linear(c[2m], 60)", "{x=1} 18 | {x=2} -10"},
        {270000, "predict_linear(c[2m] offset 1m, 60)", "{x=1} 18 | {x=2} -10"},
        {270000, "holt_winters(c[2m], 0.5, 0.5)", "{x=1} 16 | {x=2} 10"},
        {270000, "holt_winters(c[2m], 1.5, 0.5)", "error: parameter"},
        {270000, "holt_winters(nope[2m], 1.5, 0.5)", ""},
        {270000, "holt_winters(c[20s], 1.5, 0.5)", "error: parameter"},
        {270000, "quantile_over_time(0.3, a[2m])",
         "{x=1,y=p} 7.2 | {x=2,y=p} 78 | {x=3,y=q} -8.8"},
        {270000, "quantile_over_time(scalar(nope), a[2m])",
         "{x=1,y=p} nan | {x=2,y=p} nan | {x=3,y=q} nan"},
        {270000, "avg_over_time(b[3m])",
         "{x=1,y=p} 5 | {x=1,y=q} nan | {x=2,y=p} inf"},
        {270000, "changes(b[5m])", "{x=1,y=p} 0 | {x=1,y=q} 9 | {x=2,y=p} 9"},
        {270000, "resets(b[5m])", "{x=1,y=p} 0 | {x=1,y=q} 4 | {x=2,y=p} 2"},
        {270000, "stddev_over_time(b[2m])",
         "{x=1,y=p} 0 | {x=1,y=q} nan | {x=2,y=p} nan"},
        {270000, "clamp(a, 3, 20)",
         "{x=1,y=p} 10 | {x=2,y=p} 20 | {x=3,y=q} 3"},
        {270000, "clamp(a, 20, 3)", ""},
        {270000, "clamp(a, NaN, 3)",
         "{x=1,y=p} nan | {x=2,y=p} nan | {x=3,y=q} nan"},
        {270000, "clamp_min(a, 5)",
         "{x=1,y=p} 10 | {x=2,y=p} 100 | {x=3,y=q} 5"},
        {270000, "clamp_max(a, 5)",
         "{x=1,y=p} 5 | {x=2,y=p} 5 | {x=3,y=q} -10"},
        {270000, "round(a, 0)",
         "{x=1,y=p} nan | {x=2,y=p} nan | {x=3,y=q} nan"},
        {270000, "hour()", "{} 0"},
        {270000, "minute(vector(3600))", "{} 0"},
        {270000, "day_of_week(a)", "{x=1,y=p} 4 | {x=2,y=p} 4 | {x=3,y=q} 3"},
        {270000, "year()", "{} 1970"},
        {270000, "month(a > 1000)", ""},
        {270000, "days_in_month()", "{} 31"},
    };

    EVAL_CHECK(*state, rows);
}

static void
test_labels(void **state)
{
    static const struct eval_row rows[] = {
        {270000, "label_replace(a, \"z\", \"$1\", \"x\", \"(.*)\")",
         "a{x=1,y=p,z=1} 10 | a{x=2,y=p,z=2} 100 | a{x=3,y=q,z=3} -10"},
        {270000, "label_replace(a, \"z\", \"v-$1-${1}x-$1x\", \"x\", \"(.)\")",
         "a{x=1,y=p,z=v-1-1x-} 10 | a{x=2,y=p,z=v-2-2x-} 100 | "
         "a{x=3,y=q,z=v-3-3x-} -10"},
        {270000, "label_replace(a, \"z\", \"$$-$-${-$9\", \"x\", \"(.)\")",
         "a{x=1,y=p,z=$-$-${-} 10 | a{x=2,y=p,z=$-$-${-} 100 | "
         "a{x=3,y=q,z=$-$-${-} -10"},
        {270000,
         "label_replace(v, \"z\", \"$a-$2-${b}\", \"p\", "
         "\"(?P<a>.)-(?P<b>.)\")",
         "v{n=1,p=1-2,s=đèn,z=1-2-2} -inf"},
        {270000, "label_replace(v, \"z\", \"$2$1°C\", \"p\", \"(.)-(.)\")",
         "v{n=1,p=1-2,s=đèn,z=21°C} -inf"},
        {270000, "label_replace(v, \"z\", \"$1đ\", \"p\", \"(.)-(.)\")",
         "v{n=1,p=1-2,s=đèn} -inf"},
        {270000, "label_replace(v, \"z\", \"<$1>\", \"s\", \"(..).*\")",
         "v{n=1,p=1-2,s=đèn,z=<đè>} -inf"},
        {270000, "label_replace(a, \"x\", \"\", \"x\", \"1\")",
         "a{y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "label_replace(a, \"x\", \"\", \"x\", \".*\")",
         "error: same-labelset"},
        {270000, "label_replace(a, \"__name__\", \"foo\", \"x\", \"1\")",
         "foo{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "label_replace(a, \"x\", \"same\", \"x\", \".*\")",
         "error: same-labelset"},
        {270000, "label_replace(b, \"x\", \"same\", \"x\", \".*\")",
         "error: same-labelset"},
        {270000, "label_replace(a, \"z\", \"$1\", \"x\", \"(\")",
         "error: parameter"},
        {270000, "label_replace(nope, \"z\", \"$1\", \"x\", \"(\")",
         "error: parameter"},
        {270000, "label_replace(a, \"bad-name\", \"$1\", \"x\", \"(.*)\")",
         "error: parameter"},
        {270000, "label_replace(nope, \"bad-name\", \"$1\", \"x\", \"(.*)\")",
         "error: parameter"},
        {270000, "label_replace(a, \"z\", \"$1\", \"bad-name\", \"(.*)\")",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "label_replace(a, \"z\", \"none\", \"missing\", \"\")",
         "a{x=1,y=p,z=none} 10 | a{x=2,y=p,z=none} 100 | a{x=3,y=q,z=none} "
         "-10"},
        {270000, "label_replace(a, \"z\", \"$1\", \"y\", \"q|(p)\")",
         "a{x=1,y=p,z=p} 10 | a{x=2,y=p,z=p} 100 | a{x=3,y=q} -10"},
        {270000, "label_replace(a, \"z\", \"$01\", \"y\", \"(.)\")",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "label_join(a, \"z\", \"-\", \"x\", \"y\")",
         "a{x=1,y=p,z=1-p} 10 | a{x=2,y=p,z=2-p} 100 | a{x=3,y=q,z=3-q} -10"},
        {270000, "label_join(a, \"z\", \"-\")",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "label_join(a, \"x\", \"-\")", "error: same-labelset"},
        {270000, "label_join(a, \"z\", \"-\", \"x\", \"nope\", \"y\")",
         "a{x=1,y=p,z=1--p} 10 | a{x=2,y=p,z=2--p} 100 | a{x=3,y=q,z=3--q} "
         "-10"},
        {270000, "label_join(a, \"bad-name\", \"-\", \"x\")",
         "error: parameter"},
        {270000, "label_join(a, \"z\", \"-\", \"bad-name\")",
         "error: parameter"},
        {270000, "label_join(b, \"y\", \"\", \"y\", \"x\", \"__name__\")",
         "b{x=1,y=p1b} 5 | b{x=1,y=q1b} nan | b{x=2,y=p2b} inf"},
        {270000, "histogram_quantile(0.5, h_bucket)", "{i=1} 0.55 | {i=2} nan"},
        {270000, "histogram_quantile(0.9, rate(h_bucket[2m]))",
         "{i=1} 1 | {i=2} nan"},
        {270000, "histogram_quantile(0.9, h_bucket{i=\"1\"})", "{i=1} 1"},
        {270000, "histogram_quantile(1.1, h_bucket)", "{i=1} inf | {i=2} inf"},
        {270000, "histogram_quantile(-1, h_bucket)", "{i=1} -inf | {i=2} -inf"},
        {270000, "histogram_quantile(NaN, h_bucket)", "{i=1} nan | {i=2} nan"},
        {270000, "histogram_quantile(0.5, {__name__=~\".*_bucket\",i=\"1\"})",
         "error: same-labelset"},
        {270000, "histogram_quantile(0.5, g_bucket)", "{i=1} 0.05"},
        {270000, "histogram_quantile(0, h_bucket)", "{i=1} 0 | {i=2} nan"},
        {270000, "histogram_quantile(1, h_bucket)", "{i=1} 1 | {i=2} nan"},
        {270000, "histogram_quantile(0.5, sum by (le) (h_bucket))", "{} 0.1"},
        {270000, "histogram_quantile(0.2, a)", ""},
        {0, "histogram_quantile(0.2, h_bucket)", "{i=1} nan | {i=2} nan"},
        {270000, "histogram_count(a)", ""},
        {270000, "histogram_sum(a)", ""},
        {270000, "histogram_fraction(0, 1, a)", ""},
    };

    EVAL_CHECK(*state, rows);
}

static void
test_subqueries(void **state)
{
    static const struct eval_row rows[] = {
        {270000, "absent_over_time(nope{x=\"1\"}[5m:1m])", "{} 1"},
        {270000, "max_over_time(a[2m:30s])",
         "{x=1,y=p} 10 | {x=2,y=p} 100 | {x=3,y=q} -6"},
        {270000, "sum_over_time(sum(a)[3m:30s])", "{} nan"},
        {270000, "sum_over_time(sum(a)[3m:])", "{} nan"},
        {280000, "count_over_time(sum(a)[3m:45s])", "{} 4"},
        {280000, "sum_over_time(vector(time())[3m:45s])", "{} 810"},
        {280000, "sum_over_time(vector(time())[3m:45s] offset 17s)", "{} 630"},
        {280000, "sum_over_time(vector(time())[3m:45s] offset -17s)", "{} 810"},
        {270000, "rate(a[2m:15s])",
         "{x=1,y=p} 0.0333333333333333 | {x=2,y=p} 0.333333333333333 | "
         "{x=3,y=q} -0.283333333333333"},
        {270000, "max_over_time(rate(a[1m])[3m:30s])",
         "{x=1,y=p} 0.0333333333333333 | {x=2,y=p} 0.333333333333333 | "
         "{x=3,y=q} -0.0333333333333333"},
        {270000, "max_over_time(max_over_time(a[1m:10s])[3m:30s])",
         "{x=1,y=p} 10 | {x=2,y=p} 100 | {x=3,y=q} -2"},
        {270000, "sum_over_time((-{__name__=~\"early|late\"})[5m:30s])",
         "error: same-labelset"},
        {270000, "sum_over_time(abs({__name__=~\"early|late\"})[5m:30s])",
         "{x=1} 46"},
        {270000, "sum_over_time(rate({__name__=~\"early|late\"}[30s])[5m:30s])",
         "error: same-labelset"},
        {270000, "sum_over_time(({__name__=~\"early|late\"} + 1)[5m:30s])",
         "{x=1} 54"},
        {270000, "last_over_time((-{__name__=~\"early|late\"})[30s:30s])",
         "{x=1} -10"},
        {270000, "absent_over_time(nope{x=\"1\"}[5m:30s])", "{} 1"},
        {270000, "a @ 60", "a{x=1,y=p} 3 | a{x=2,y=p} 30 | a{x=3,y=q} -3"},
        {270000, "a @ 60 offset 30s",
         "a{x=1,y=p} 2 | a{x=2,y=p} 20 | a{x=3,y=q} -2"},
        {270000, "a @ end()",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "a @ start()",
         "a{x=1,y=p} 10 | a{x=2,y=p} 100 | a{x=3,y=q} -10"},
        {270000, "sum_over_time(a[1m] @ 120)",
         "{x=1,y=p} 12 | {x=2,y=p} 30 | {x=3,y=q} nan"},
        {270000, "sum_over_time((a @ 60)[1m:30s])",
         "{x=1,y=p} 9 | {x=2,y=p} 90 | {x=3,y=q} -9"},
        {270000, "sum_over_time(a[1m:30s] @ 120)",
         "{x=1,y=p} 12 | {x=2,y=p} 90 | {x=3,y=q} nan"},
        {270000, "sum_over_time((a @ end())[1m:30s])",
         "{x=1,y=p} 30 | {x=2,y=p} 300 | {x=3,y=q} -30"},
        {270000, "predict_linear(c[2m] @ 120, 60)", "{x=1} 18 | {x=2} -10"},
    };

    EVAL_CHECK(*state, rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_subqueries),
    };

    return cmocka_run_group_tests(tests, eval_setup, eval_teardown);
}
