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
    {"rate(a[5m]) < 0", NULL},
    {"sum(rate(a[5m])) < 0", NULL},
    {"increase(a[5m]) < 0", NULL},
    {"irate(a[5m]) < 0", NULL},
    {"resets(a[5m]) < 0", "resets(a[5m]) < 0"},
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
    static const struct gong_ruleset set = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(cases[i].expr), &error);
        uint32_t never;

        if (expr == NULL) {
            fail_msg("%s: %s", cases[i].expr, error.message);
        }
        never = gong_lint_never(&set, expr);
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

/* Of rules of a Prometheus, or where a rule records under it, `up` is no word
 * of the agent's. */
static void
names_of_the_agent_may_be_anothers(void **state)
{
    char record[] = "up";
    struct gong_rule rule = {.record = record};
    const struct gong_ruleset sets[] = {
        {.foreign = true}, {.rules = &rule, .count = 1}, {.count = 0}};
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of("up > 1"), &error);

    (void)state;
    assert_non_null(expr);
    assert_int_equal(gong_lint_never(&sets[0], expr), GONG_EXPR_NONE);
    assert_int_equal(gong_lint_never(&sets[1], expr), GONG_EXPR_NONE);
    assert_int_not_equal(gong_lint_never(&sets[2], expr), GONG_EXPR_NONE);
    gong_expr_free(expr);
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
    {"expr = \"a > on (site, device) group_left () param_low\"; resolve = "
     "\"a < on (site, device) group_left () param_low - 1\";",
     "found param_low in resolve, which holds an alert for ever when the city "
     "model drops it, expected \"... or (x unless on (site, device) "
     "param_low)\" too (param)"},
    {"expr = \"a > on (site, device) group_left () param_low\"; resolve = "
     "\"a < on (site, device) group_left () param_low - 1 or (a unless on "
     "(site, device) (param_low))\";",
     NULL},
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

/* What lint says of a file; NULL where it is refused. */
static char *
lint_file(const char *text)
{
    struct gong_lint_options options = {10000, NOW_MS};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    char *bundle = NULL;
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bundle, &len);

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
    return said;
}

/* The same of one rule's keys. */
static char *
lint_of(const char *keys)
{
    char text[2000];

    (void)snprintf(text, sizeof text,
                   "group = \"g\"; %s rules = ( { alert = \"A\"; %s "
                   "annotations = { summary = \"s\"; action = \"a\"; }; } );",
                   calendars, keys);
    return lint_file(text);
}

#define T(name)  "labels = { t = \"{{ $labels." name " }}\"; };"
#define IN(name) "found $labels." name " in t, expected "

/* Severities, and labels in templates. */
static const struct clause_case name_cases[] = {
    {"expr = \"a\"; labels = { severity = \"critical\"; };", NULL},
    {"expr = \"a\"; labels = { severity = \"critcal\"; };",
     "found the severity critcal, expected critical, warning or info: it ranks "
     "below them; did you mean critical? (severity)"},
    {"expr = \"a\"; labels = { severity = \"page\"; };",
     "found the severity page, expected critical, warning or info: it ranks "
     "below them (severity)"},
    {"expr = \"a\"; levels = ( { severity = \"wraning\"; above = 1; } );",
     "found the severity wraning, expected critical, warning or info: it ranks "
     "below them; did you mean warning? (severity)"},
    {"expr = \"max by (site, lamp) (a) > 1\";" T("lamp"), NULL},
    {"expr = \"max by (site, lamp) (a) > 1\";" T("__name__"), NULL},
    {"expr = \"max by (site, lamp) (a) > 1\";" T("device"),
     IN("device") "one of the result's labels: lamp, site (template)"},
    {"expr = \"max by (site, lamp) (a) > 1\";" T("stie"),
     IN("stie") "one of the result's labels: lamp, site; did you mean site? "
                "(template)"},
    {"expr = \"max by (site) (a) > 1\"; labels = { t = \"{{ if true }}{{ "
     "$.Labels.x | toUpper }}{{ end }}{{ .Labels.x }}\"; };",
     IN("x") "one of the result's labels: site (template)"},
    {"expr = \"max(a) > 1\";" T("site"),
     IN("site") "none: the result has no labels (template)"},
    {"expr = \"max(a) > 1\"; labels = { t = \"{{ range $labels.x }}{{ .Labels "
     "}}{{ end }}\"; };",
     IN("x") "none: the result has no labels (template)"},
    /* A variable of the template's own has another place. */
    {"expr = \"max(a) > 1\"; labels = { t = \"{{ define \\\"d\\\" }}{{ $v := . "
     "}}{{ $v.x }}{{ end }}{{ 1 }}\"; };",
     NULL},
    {"expr = \"topk(1, max by (lamp) (a)) > 1\";" T("lamp"), NULL},
    {"expr = \"topk(1, max by (lamp) (a)) > 1\";" T("site"),
     IN("site") "one of the result's labels: lamp (template)"},
    {"expr = \"count_values by (site) (\\\"v\\\", a) > 1\";" T("v"), NULL},
    {"expr = \"count_values by (site) (\\\"v\\\", a) > 1\";" T("w"),
     IN("w") "one of the result's labels: v, site; did you mean v? (template)"},
    {"expr = \"a > on (site) b\";" T("device"),
     IN("device") "one of the result's labels: site (template)"},
    {"expr = \"max by (x) (a) * on (site) group_left (lamp) b\";" T("lamp"),
     NULL},
    {"expr = \"max by (x) (a) * on (site) group_left (lamp) b\";" T("site"),
     IN("site") "one of the result's labels: x, lamp (template)"},
    {"expr = \"max by (x) (a) or max by (y) (a)\";" T("y"), NULL},
    {"expr = \"max by (x) (a) or a\";" T("anything"), NULL},
    {"expr = \"max by (x) (a) unless a\";" T("anything"),
     IN("anything") "one of the result's labels: x (template)"},
    {"expr = \"absent(a{site=\\\"s\\\", lamp=~\\\"x\\\"})\";" T("site"), NULL},
    {"expr = \"absent(a{site=\\\"s\\\", lamp=~\\\"x\\\"})\";" T("lamp"),
     IN("lamp") "one of the result's labels: site (template)"},
    {"expr = \"label_replace(max by (x) (a), \\\"y\\\", \\\"1\\\", \\\"x\\\", "
     "\\\"\\\")\";" T("y"),
     NULL},
    {"expr = \"max without (lamp) (max by (lamp, x) (a))\";" T("lamp"),
     IN("lamp") "one of the result's labels: x (template)"},
    {"expr = \"unit_up == 0\";" T("device"),
     IN("device") "one of the result's labels: site (template)"},
    {"expr = \"device_dark == 1\";" T("device"), NULL},
    /* Of what devices send anything may be a tag: only what is nearly a name
     * that is there for sure. */
    {"expr = \"a > 1\";" T("devcie"),
     IN("devcie") "a label that series have; did you mean device? (template)"},
    {"expr = \"a > 1\";" T("device_id"), NULL},
    {"expr = \"a > 1\";" T("anything"), NULL},
    {"expr = \"a{lamp=~\\\"x.*\\\"} > 1\";" T("lmap"),
     IN("lmap") "a label that series have; did you mean lamp? (template)"},
    {"expr = \"rate(a{lantern=~\\\"x.*\\\"}[5m]) > 1\";" T("lanten"),
     IN("lanten") "a label that series have; did you mean lantern? (template)"},
};

static void
check_findings(const struct clause_case *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct clause_case *c = &findings[i];
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

static void
clauses_calendars_and_silence_are_linted(void **state)
{
    (void)state;
    check_findings(clause_cases, sizeof clause_cases / sizeof clause_cases[0]);
}

static void
severities_and_labels_of_templates_are_linted(void **state)
{
    (void)state;
    check_findings(name_cases, sizeof name_cases / sizeof name_cases[0]);
}

struct circle_case {
    const char *rules;
    const char *said; /* NULL: nothing */
};

#define RECORD(name, expr) "{ record = \"" name "\"; expr = \"" expr "\"; },\n"
#define AFTER                                                                  \
    "; expected none, as each sees what the others said before (circle)\n"

static const struct circle_case circle_cases[] = {
    {RECORD("a", "x") RECORD("b", "a") RECORD("c", "a + b"), NULL},
    {RECORD("a", "a + 1"),
     "f.cfg:2: warning: a: found recordings in a circle: a reads a" AFTER},
    {RECORD("z", "a") RECORD("a", "c") RECORD("b", "a") RECORD("c", "b + x"),
     "f.cfg:3: warning: a: found recordings in a circle: a reads c "
     "(f.cfg:5), c reads b (f.cfg:4), b reads a" AFTER},
    {RECORD("s:a", "sum({__name__=~\\\"s:.*\\\", t=\\\"1\\\"})"),
     "f.cfg:2: warning: s:a: found recordings in a circle: s:a reads "
     "s:a" AFTER},
    {RECORD("s:a", "sum({__name__=~\\\"t:.*\\\", t=\\\"1\\\"})"), NULL},
    {RECORD("a", "b") RECORD("b", "a") RECORD("c", "d") RECORD("d", "c"),
     "f.cfg:2: warning: a: found recordings in a circle: a reads b (f.cfg:3), "
     "b reads a" AFTER
     "f.cfg:4: warning: c: found recordings in a circle: c reads d (f.cfg:5), "
     "d reads c" AFTER},
};

static void
recordings_in_a_circle_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof circle_cases / sizeof circle_cases[0]; i++) {
        const struct circle_case *c = &circle_cases[i];
        char text[1000];
        char *said = NULL;

        (void)snprintf(text, sizeof text, "group = \"g\"; rules = (\n%s",
                       c->rules);
        (void)snprintf(strrchr(text, ','), 10, " );\n");
        said = lint_file(text);
        assert_non_null(said);
        assert_string_equal(said, c->said == NULL ? "" : c->said);
        free(said);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_firing_expressions_are_found),
        cmocka_unit_test(names_of_the_agent_may_be_anothers),
        cmocka_unit_test(lint_says_each_finding_once),
        cmocka_unit_test(clauses_calendars_and_silence_are_linted),
        cmocka_unit_test(severities_and_labels_of_templates_are_linted),
        cmocka_unit_test(recordings_in_a_circle_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
