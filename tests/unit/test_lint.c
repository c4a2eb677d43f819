/* Rules that can never fire, and what else is hardly meant so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/tool/lint.h"

struct never_case {
    const char *expr;
    const char *part; /* NULL: it can be true */
};

static const struct never_case cases[] = {
    {"a > 5", NULL},
    {"a > 5 and a < 10", NULL},
    {"a > 5 and a < 3", "a > 5 and a < 3"},
    {"a > 5 and a < 5", "a > 5 and a < 5"},
    {"a >= 5 and a <= 5", NULL},
    {"a > 5 and b < 3", NULL},
    {"a > 5 and on (x) a < 3", NULL},
    {"(a > 5) < 3", "(a > 5) < 3"},
    {"a > 5 unless a > 3", "a > 5 unless a > 3"},
    {"a > 5 unless a > 7", NULL},
    {"a > 5 unless a", NULL},
    {"a > 5 or a < 3", NULL},
    {"up > 1", "up > 1"},
    {"up == 2", "up == 2"},
    {"up == 0", NULL},
    {"abs(a) < 0", "abs(a) < 0"},
    {"abs(a) <= 0", NULL},
    {"rate(a[5m]) < 0", "rate(a[5m]) < 0"},
    {"sum(rate(a[5m])) < 0", "sum(rate(a[5m])) < 0"},
    {"count(a) < 0", "count(a) < 0"},
    {"count(a) == 0", NULL},
    {"absent(a) != 1", "absent(a) != 1"},
    {"absent(a > 5 and a < 3)", NULL},
    {"hour() > 24", "hour() > 24"},
    {"3 < a and a > 2", NULL},
    {"3 > a and a > 4", NULL},
    {"-abs(a) > 0", "-abs(a) > 0"},
    {"abs(a) + 5 < 4", "abs(a) + 5 < 4"},
    {"a == NaN", NULL},
    {"a > Inf", "a > Inf"},
    {"label_replace(up, \"a\", \"b\", \"c\", \"d\") > 1",
     "label_replace(up, \"a\", \"b\", \"c\", \"d\") > 1"},
};

static void
never_firing_expressions_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(cases[i].expr), &error);
        uint32_t never;

        if (expr == NULL) {
            fail_msg("%s: %s", cases[i].expr, error.message);
        }
        never = gong_lint_never(expr);
        if ((never == GONG_EXPR_NONE) != (cases[i].part == NULL)) {
            fail_msg("%s", cases[i].expr);
        }
        if (never != GONG_EXPR_NONE) {
            struct gong_expr part = {expr->nodes, never + 1, never};
            char *text = gong_expr_print(&part);

            assert_string_equal(text, cases[i].part);
            free(text);
        }
        gong_expr_free(expr);
    }
}

static void
lint_says_each_finding_once(void **state)
{
    char alert[] = "A";
    char file[] = "f.cfg";
    char expr[] = "avg_over_time(a{x=\"1\"}[15s]) > 1";
    char name[] = "x";
    char value[] = "2";
    struct gong_rule_text label = {name, value, NULL};
    struct gong_expr_error error = {0};
    struct gong_rule rules[2];
    struct gong_ruleset set = {.rules = rules, .count = 2};
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);

    (void)state;
    assert_non_null(out);
    rules[0] = (struct gong_rule){.alert = alert,
                                  .file = file,
                                  .line = 3,
                                  .expr_text = expr,
                                  .lookback_ms = 300000,
                                  .for_ms = 600000,
                                  .labels = &label,
                                  .label_count = 1};
    rules[0].expr = gong_expr_parse(gong_str_of(expr), &error);
    assert_non_null(rules[0].expr);
    rules[1] = rules[0];
    rules[1].line = 4;
    assert_int_equal(gong_lint(&set, 10000, out), 11);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(said, "f.cfg:3: warning: A: found the range [15s], "
                                 "expected at least [20s]"));
    assert_non_null(strstr(said, "found for = 10m"));
    assert_non_null(strstr(said, "no annotation summary"));
    assert_non_null(strstr(said, "no annotation action"));
    assert_non_null(strstr(said, "label x hides"));
    assert_non_null(strstr(said, "f.cfg:4: warning: A: found the same rule as "
                                 "at f.cfg:3 (twice)"));
    free(said);
    gong_expr_free(rules[0].expr);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_firing_expressions_are_found),
        cmocka_unit_test(lint_says_each_finding_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
