/* Resolve, levels, calendars, trials and labels in rule files: what they
 * become, and what is said of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_fixture.h"

static const struct conf_golden goldens[] = {
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; resolve = \"m <\"; }\n"
     ");",
     "f:3:46: found end of text, expected an expression\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; resolve = \"3\"; }\n"
     ");",
     "f:3:43: found a number, expected an expression with a selector\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; resolve = \"m @ 0 < 3\"; }\n"
     ");",
     "f:3:43: found an @ modifier, expected none: a rule looks at the "
     "present\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"5\"; resolve = \"m < 3\"; }\n"
     ");",
     "f:3:24: found a number, expected an expression with a selector\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"sum by (a) (m) > 5\"; resolve = \"sum by (b) "
     "(m) < 3\"; }\n"
     ");",
     "f:3:56: found an expression whose labels may be others than those of the "
     "rule's first one, expected the same grouping, or the same selector, in "
     "each\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"sum by (a) (m) > 5\"; resolve = \"m < 3\"; }\n"
     ");",
     "f:3:56: found an expression whose labels may be others than those of the "
     "rule's first one, expected the same grouping, or the same selector, in "
     "each\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ record = \"r\"; expr = \"m\"; resolve = \"m < 3\"; trial = true; "
     "active = \"x\"; levels = ( ); }\n"
     ");",
     "f:3:40: found resolve, expected it with alerts only\n"
     "f:3:40: found resolve beside levels, expected it in the levels that have "
     "one\n"
     "f:3:56: found trial, expected it with alerts only\n"
     "f:3:72: found active, expected it with alerts only\n"
     "f:3:72: found \"x\", expected the name of a calendar in one of the "
     "files\n"
     "f:3:85: found levels, expected it with alerts only\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; resolve = \"m < 3\"; levels = ( { "
     "severity = \"a\"; above = 1; } ); }\n"
     ");",
     "f:3:39: found resolve beside levels, expected it in the levels that have "
     "one\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( ); }\n"
     ");",
     "f:3:37: found no list of 1 to 5 levels, expected levels = ( { severity = "
     "\"...\"; above = ...; }, ... );\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = 5; }\n"
     ");",
     "f:3:37: found no list of 1 to 5 levels, expected levels = ( { severity = "
     "\"...\"; above = ...; }, ... );\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; above = 1; "
     "}, { severity = \"b\"; above = 2; }, { severity = \"c\"; above = 3; }, { "
     "severity = \"d\"; above = 4; }, { severity = \"e\"; above = 5; }, { "
     "severity = \"f\"; above = 6; } ); }\n"
     ");",
     "f:3:37: found no list of 1 to 5 levels, expected levels = ( { severity = "
     "\"...\"; above = ...; }, ... );\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; } ); }\n"
     ");",
     "f:3:39: found a level without a limit, expected one of above, below, "
     "at_least, at_most, or an expr\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { above = 5; } ); }\n"
     ");",
     "f:3:39: found no level.severity, expected severity = text in "
     "\"quotes\"\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"\"; above = 5; "
     "} ); }\n"
     ");",
     "f:3:53: found an empty severity, expected text\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; above = 5; "
     "below = 3; } ); }\n"
     ");",
     "f:3:76: found a second limit, expected one\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; above = 5; "
     "resolve = 6; } ); }\n"
     ");",
     "f:3:78: found resolve beyond the level's limit, expected it on the side "
     "where the level does not hold\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; at_most = "
     "5; resolve = 4; } ); }\n"
     ");",
     "f:3:80: found resolve beyond the level's limit, expected it on the side "
     "where the level does not hold\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; above = "
     "\"5\"; } ); }\n"
     ");",
     "f:3:65: found \"5\", expected a number for level.above\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; levels = ( { severity = \"a\"; above = 5; } ); }\n"
     ");",
     "f:3:53: found a limit in a rule without expr, expected an expr that it "
     "is compared with\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; expr = \"m "
     "> 5\"; } ); }\n"
     ");",
     "f:3:24: found expr beside levels that all have their own, expected one "
     "or the other\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; levels = ( { severity = \"a\"; expr = \"m > 5\"; above "
     "= 3; } ); }\n"
     ");",
     "f:3:61: found unknown key \"above\", expected one of severity, expr, "
     "resolve, for\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"critical\"; "
     "above = 9; }, { severity = \"warning\"; above = 5; } ); }\n"
     ");",
     "f:3:92: found a less severe level after a worse one, expected the least "
     "severe first\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; levels = ( { severity = \"a\"; above = 5; "
     "}, { severity = \"a\"; above = 9; } ); }\n"
     ");",
     "f:3:85: found a second level of this severity, expected each once\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m >\"; levels = ( { severity = \"a\"; above = "
     "5; } ); }\n"
     ");",
     "f:3:27: found end of text, expected an expression\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"5\"; levels = ( { severity = \"a\"; above = 5; "
     "}, { severity = \"b\"; above = 9; } ); }\n"
     ");",
     "f:3:24: found a number, expected an expression with a selector\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; levels = ( { severity = \"a\"; expr = \"m > 5\"; }, { "
     "severity = \"b\"; expr = \"m >> 9\"; } ); }\n"
     ");",
     "f:3:93: found \">\", expected an expression\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m\"; labels = { severity = \"x\"; }; levels = "
     "( { severity = \"a\"; above = 5; } ); }\n"
     ");",
     "f:3:51: found severity beside levels, expected it in each of them\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; labels = { l = \"a{{ $value }}\"; }; "
     "}\n"
     ");",
     "f:3:49: found the value in a label at interval 0s, expected an interval, "
     "or $labels only\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; labels = { l = \"a{{ nope }}\"; }; }\n"
     ");",
     "f:3:52: found \"nope\", expected $labels.NAME, $value or a function\n"},
    {"group = \"g\"; interval = \"10s\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; resolve = \"m < 3\"; labels = { l = "
     "\"a{{ $value }}\"; }; }\n"
     ");",
     "f:3:68: found the value in a label beside resolve or levels, expected "
     "$labels only\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ record = \"r\"; expr = \"m\"; labels = { l = \"a{{ $labels.k }}\"; }; "
     "}\n"
     ");",
     "f:3:46: found {{ in a label of a recording, expected fixed text\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; on_missing = \"keep\"; }\n"
     ");",
     "f:3:46: found \"keep\", expected resolve, unknown or fire\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"sum(m) > 5\"; on_missing = \"fire\"; }\n"
     ");",
     "f:3:51: found \"fire\" for an expression that joins devices "
     "otherwise than by one aggregation, expected resolve\n"},
    {"group = \"g\";\n"
     "rules = (\n"
     "{ alert = \"A\"; expr = \"m > 5\"; active = \"night\"; }\n"
     ");",
     "f:3:42: found \"night\", expected the name of a calendar in one of the "
     "files\n"},
    {"group = \"g\"; calendars = ( { } );",
     "f:1:28: found no calendar.name, expected name = text in \"quotes\"\n"},
    {"group = \"g\"; calendars = { };",
     "f:1:26: found no list of at most 1000 in all files, expected calendars = "
     "( { name = \"...\"; ... }, ... );\n"},
    {"group = \"g\"; calendars = ( { name = \"a\"; zone = \"7\"; hours = "
     "(\"mon 7:00-8:00\", 5); except = \"x\"; also = (\"2026-02-30\"); during "
     "= (\"2026-02-01 07:00-08:00\"); }, { name = \"a\"; }, { name = \"\"; } "
     ");",
     "f:1:50: found \"7\", expected an offset such as +07:00\n"
     "f:1:68: found \"7:00-8:00\", expected a time such as 07:30, up to 24:00\n"
     "f:1:80: found another type, expected text in \"quotes\"\n"
     "f:1:94: found no list, expected except = ( \"...\", ... );\n"
     "f:1:107: found \"2026-02-30\", expected a date such as 2026-04-30\n"
     "f:1:142: found \" 07:00-08:00\", expected nothing more\n"
     "f:1:171: found a second calendar of this name, expected a name that no "
     "other has\n"
     "f:1:188: found no name, expected a name that no other has\n"},
    {"group = \"g\";", "f:1:1: found no list of rules, expected rules = ( { "
                       "alert = \"...\"; expr = \"...\"; }, ... );\n"},
};

static void
what_is_wrong_is_answered_with_its_place(void **state)
{
    (void)state;
    RULE_REFUSED(goldens);
}

static const char full[] =
    "group = \"g\"; interval = \"10s\";\n"
    "calendars = ( { name = \"day\"; hours = (\"mon-sun 06:00-18:00\"); } );\n"
    "rules = (\n"
    "  { alert = \"Hot\"; expr = \"temp > 70 # warm\"; resolve = \"temp < "
    "65\";\n"
    "    active = \"day\"; trial = true; on_missing = \"fire\";\n"
    "    labels = { who = \"{{ $labels.site }}-{{ $labels.device }}\"; }; },\n"
    "  { alert = \"Steps\"; expr = \"temp # raw\"; for = \"1m\";\n"
    "    levels = ( { severity = \"warning\"; above = 70; resolve = 65.5; },\n"
    "      { severity = \"critical\"; at_least = -90; for = \"10s\"; } ); },\n"
    "  { alert = \"Own\"; labels = { n = \"{{ $value }}\"; };\n"
    "    levels = ( { severity = \"low\"; expr = \"a > 5 or b > 5\"; } ); }\n"
    ");\n";

static void
they_become_clauses_and_levels(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source =
        rule_load("f", gong_str_of(full), &errors);
    const struct gong_rule *rules = NULL;
    char *text = NULL;

    (void)state;
    conf_expect(&errors, "");
    rules = source->set->rules;
    assert_int_equal(source->set->calendar_count, 1);
    assert_ptr_equal(rules[0].calendar, &source->set->calendars[0]);
    assert_true(rules[0].calendar->zone_ms == 7 * 3600000);
    assert_true(rules[0].trial);
    assert_int_equal(rules[0].on_missing, GONG_ON_MISSING_FIRE);
    assert_int_equal(rules[0].clauses.fires, 1);
    assert_int_equal(rules[0].clauses.resolves, 1);
    assert_non_null(rules[0].labels[0].tmpl);
    assert_false(gong_rule_is_whole(&rules[0]));
    text = gong_expr_print(rules[0].expr);
    assert_string_equal(text, "(temp > 70) or (temp < 65)");
    free(text);

    assert_null(rules[1].calendar);
    assert_false(rules[1].trial);
    assert_int_equal(rules[1].level_count, 2);
    assert_string_equal(rules[1].levels[0].severity, "warning");
    assert_true(rules[1].levels[0].for_ms == 60000);
    assert_true(rules[1].levels[1].for_ms == 10000);
    assert_int_equal(rules[1].clauses.resolves, 1);
    text = gong_expr_print(rules[1].expr);
    assert_string_equal(text, "((temp) > 70) or (((temp) >= -90) or "
                              "((temp) < 65.5))");
    free(text);
    assert_string_equal(rules[2].expr_text, "a > 5 or b > 5");
    assert_int_equal(rules[2].clauses.fires, 1);
    gong_rule_source_free(source);
}

/* Semantics rule 12: at interval 0 what is missing is unknown, where it can be
 * told from what is false: of single devices and of one aggregation, but not of
 * what reads a recording, which may stand in another file, or ALERTS. */
static void
missing_by_default(void **state)
{
    static const char first[] =
        "group = \"a\";\nrules = (\n"
        "  { alert = \"Own\"; expr = \"m > 5\"; },\n"
        "  { alert = \"One\"; expr = \"sum by (site) (m) > 5\"; },\n"
        "  { alert = \"Two\"; expr = \"sum(m) > sum(n)\"; },\n"
        "  { alert = \"Read\"; expr = \"load > 5\"; },\n"
        "  { alert = \"Sum\"; expr = \"sum by (site) (load) > 5\"; },\n"
        "  { alert = \"Over\"; expr = \"m > 5\"; resolve = \"load < 3\"; },\n"
        "  { alert = \"Any\"; expr = \"{site=\\\"s\\\"} > 5\"; },\n"
        "  { alert = \"Open\"; expr = \"count(ALERTS) > 5\"; }\n);\n";
    static const char second[] =
        "group = \"b\";\nrules = ( { record = \"load\"; expr = \"sum by (site) "
        "(m)\"; } );\n";
    static const enum gong_on_missing wanted[] = {
        GONG_ON_MISSING_UNKNOWN, GONG_ON_MISSING_UNKNOWN,
        GONG_ON_MISSING_RESOLVE, GONG_ON_MISSING_RESOLVE,
        GONG_ON_MISSING_RESOLVE, GONG_ON_MISSING_RESOLVE,
        GONG_ON_MISSING_RESOLVE, GONG_ON_MISSING_RESOLVE};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);

    (void)state;
    assert_non_null(out);
    (void)fprintf(out, "== a %zu\n%s== b %zu\n%s", strlen(first), first,
                  strlen(second), second);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_of(bundle), &errors);
    free(bundle);
    if (source == NULL) {
        fail_msg("%s", errors.items[0]);
    }
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(source->set->rules[i].on_missing, wanted[i]);
    }
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_by_default),
        cmocka_unit_test(what_is_wrong_is_answered_with_its_place),
        cmocka_unit_test(they_become_clauses_and_levels),
    };

    return cmocka_run_group_tests_name("rule_file_clause", tests, NULL, NULL);
}
