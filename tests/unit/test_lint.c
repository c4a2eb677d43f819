/* Rules that can never fire, and what else is hardly meant so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rule_file.h"
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
    assert_int_equal(
        gong_lint(&set, &(struct gong_lint_options){10000, 0}, out), 11);
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

struct clause_case {
    const char *rule; /* its keys but alert, summary and action */
    const char *said; /* of the one finding; NULL: there is none */
};

#define NOW_MS INT64_C(1785542400000) /* 2026-08-01 */

static const struct clause_case clause_cases[] = {
    {"expr = \"a > 70\"; resolve = \"a < 65\";", NULL},
    {"expr = \"a > 70 and a < 3\"; resolve = \"a < 65\";",
     "never fires: found a > 70 and a < 3, expected what can be true (never)"},
    {"expr = \"a > 70\"; resolve = \"a < 65 and a > 66\";",
     "never resolves: found a < 65 and a > 66 in resolve, expected what can be "
     "true (resolve)"},
    {"expr = \"a > 70\"; resolve = \"a <= 70\";",
     "found a <= 70 in resolve, expected less: it is true wherever expr is "
     "not, so nothing is held (resolve)"},
    {"expr = \"a > 70\"; resolve = \"a < 75\";",
     "found a < 75 in resolve, expected less: it is true wherever expr is not, "
     "so nothing is held (resolve)"},
    {"expr = \"10 > a\"; resolve = \"a >= 10\";",
     "found a >= 10 in resolve, expected less: it is true wherever expr is "
     "not, so nothing is held (resolve)"},
    {"expr = \"a > 70\"; resolve = \"a < 70\";", NULL}, /* 70 holds it */
    {"expr = \"a > 70\"; resolve = \"b < 75\";", NULL},
    {"expr = \"a > 70\"; resolve = \"a != 70\";", NULL},
    {"expr = \"a > 70\"; resolve = \"a < b\";", NULL},
    {"expr = \"a > 70\"; resolve = \"avg_over_time(a[15s]) < 65\";",
     "found the range [15s] in resolve, expected at least [20s], twice the "
     "time between samples (range)"},
    {"expr = \"a\"; levels = ( { severity = \"x\"; above = 70; }, "
     "{ severity = \"y\"; above = 90; } );",
     NULL},
    {"expr = \"a\"; levels = ( { severity = \"x\"; above = 90; }, "
     "{ severity = \"y\"; above = 70; } );",
     "found the worse level y wherever x holds, expected it to hold less "
     "often (level)"},
    {"expr = \"a\"; levels = ( { severity = \"x\"; above = 90; }, "
     "{ severity = \"y\"; above = 70; for = \"1m\"; } );",
     NULL},
    {"levels = ( { severity = \"x\"; expr = \"a > 1\"; }, "
     "{ severity = \"y\"; expr = \"up > 1\"; on = true; } );",
     ""},
    {"levels = ( { severity = \"x\"; expr = \"a > 1\"; }, "
     "{ severity = \"y\"; expr = \"abs(a) < 0\"; } );",
     "a level is never reached: found abs(a) < 0 in level y, expected what can "
     "be true (never)"},
    {"levels = ( { severity = \"x\"; expr = \"a > 1\"; resolve = "
     "\"rate(a[1s]) < 1\"; } );",
     "found the range [1s] in resolve of level x, expected at least [20s], "
     "twice the time between samples (range)"},
    {"expr = \"a\"; levels = ( { severity = \"x\"; above = 70; resolve = "
     "65; for = \"10m\"; } );",
     "found for = 10m of level x, longer than the look-back of 5m: one sample "
     "cannot satisfy it (for)"},
    {"expr = \"a > 1\"; active = \"night\";", NULL},
    {"expr = \"a > 1\"; active = \"none\";",
     "never counts: found the calendar none, expected one that is open at "
     "some time (active)"},
    {"expr = \"a > 1\"; active = \"past\";",
     "does not count any more: found the calendar past closed for good, "
     "expected later dates (active)"},
    {"expr = \"a > 1\"; on_missing = \"fire\";", NULL},
    {"expr = \"up == 0\"; on_missing = \"fire\";",
     "found on_missing of what is never missing, expected none (on_missing)"},
    {"expr = \"device_dark == 1\"; on_missing = \"fire\";", NULL},
    {"expr = \"unit_up == 0\";", NULL},
};

static const char calendars[] =
    "calendars = ( { name = \"night\"; hours = (\"mon-sun 22:00-05:00\"); },"
    "{ name = \"none\"; hours = (\"mon 07:00-08:00\");"
    "  during = (\"2026-01-06..2026-01-07\"); },"
    "{ name = \"past\"; during = (\"2025-09-05..2026-05-31\"); } );";

/* What lint says of one rule's keys; NULL where the file is refused. */
static char *
lint_of(const char *keys)
{
    struct gong_lint_options options = {10000, NOW_MS};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    char *bundle = NULL;
    char *text = NULL;
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)fprintf(out,
                  "group = \"g\"; %s rules = ( { alert = \"A\"; %s "
                  "annotations = { summary = \"s\"; action = \"a\"; }; } );",
                  calendars, keys);
    assert_int_equal(fclose(out), 0);
    out = open_memstream(&bundle, &len);
    (void)fprintf(out, "== f.cfg %zu\n%s", strlen(text), text);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_of(bundle), &errors);
    gong_conf_errors_fini(&errors);
    if (source != NULL) {
        out = open_memstream(&said, &len);
        (void)gong_lint(source->set, &options, out);
        assert_int_equal(fclose(out), 0);
    }
    gong_rule_source_free(source);
    free(bundle);
    free(text);
    return said;
}

static void
clauses_calendars_and_silence_are_linted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof clause_cases / sizeof clause_cases[0]; i++) {
        const struct clause_case *c = &clause_cases[i];
        char *said = lint_of(c->rule);
        char wanted[400] = "";

        if (c->said != NULL && c->said[0] == '\0') {
            assert_null(said); /* such a file is refused */
            continue;
        }
        if (said == NULL) {
            fail_msg("refused: %s", c->rule);
        }
        if (c->said != NULL) {
            (void)snprintf(wanted, sizeof wanted, "f.cfg:1: warning: A: %s\n",
                           c->said);
        }
        if (strcmp(said, wanted) != 0) {
            fail_msg("%s\n%s", c->rule, said);
        }
        free(said);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_firing_expressions_are_found),
        cmocka_unit_test(lint_says_each_finding_once),
        cmocka_unit_test(clauses_calendars_and_silence_are_linted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
