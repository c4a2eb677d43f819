/* One rule file: what it becomes, and what is said of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_fixture.h"

static const char full[] =
    "group = \"street-lighting\";\n"
    "interval = \"15s\";\n"
    "lookback = \"10m\";\n"
    "rules = (\n"
    "  { alert = \"LampOverheating\";\n"
    "    id = \"lamp-overheating\";\n"
    "    expr = \"streetlight_temp\"\n"
    "           \" > 70\";\n"
    "    for = \"30s\"; keep_firing_for = \"2m\";\n"
    "    labels = { severity = \"critical\"; service = \"lighting\"; };\n"
    "    annotations = {\n"
    "      summary = \"\xc4\x90\xc3\xa8n {{ $labels.device }}: {{ $value | "
    "printf \\\"%.1f\\\" }}\";\n"
    "      action = \"C\xe1\xba\xaft ngu\xe1\xbb\x93n.\"; };\n"
    "  },\n"
    "  { alert = \"LampDark\"; expr = \"streetlight_load < 5\";\n"
    "    labels = { team = \"b\"; severity = \"warning\"; }; },\n"
    "  { alert = \"Plain\"; expr = \"up == 0\"; }\n"
    ");\n";

static void
a_file_becomes_rules(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source =
        rule_load("f", gong_str_of(full), &errors);
    const struct gong_rule *rule;
    char out[64];

    (void)state;
    conf_expect(&errors, "");
    assert_non_null(source);
    assert_int_equal(source->set->count, 3);
    rule = &source->set->rules[0];
    assert_string_equal(rule->id, "lamp-overheating");
    assert_string_equal(rule->group, "street-lighting");
    assert_string_equal(rule->alert, "LampOverheating");
    assert_string_equal(rule->expr_text, "streetlight_temp > 70");
    assert_non_null(rule->expr);
    assert_int_equal(rule->interval_ms, 15000);
    assert_int_equal(rule->lookback_ms, 600000);
    assert_true(rule->lookback_fixed);
    assert_int_equal(rule->for_ms, 30000);
    assert_int_equal(rule->keep_firing_for_ms, 120000);
    assert_int_equal(rule->label_count, 2);
    assert_string_equal(rule->labels[0].name, "service");
    assert_string_equal(rule->labels[1].text, "critical");
    assert_null(rule->labels[0].tmpl);
    assert_int_equal(rule->annotation_count, 2);
    assert_string_equal(rule->annotations[0].name, "summary");
    assert_string_equal(rule->annotations[1].name, "action");
    assert_non_null(rule->annotations[1].tmpl);
    (void)gong_template_render(rule->annotations[0].tmpl, NULL, 0, 70.25, out,
                               sizeof out);
    assert_string_equal(out, "\xc4\x90\xc3\xa8n : 70.2");
    assert_string_equal(rule->file, "f");
    assert_int_equal(rule->line, 5);
    gong_rule_source_free(source);
}

static void
defaults_are_those_of_the_language(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = rule_load(
        "f",
        gong_str_of("group = \"g\";"
                    "rules = ( { alert = \"A\"; expr = \"up == 0\"; } );"),
        &errors);
    const struct gong_rule *rule;

    (void)state;
    assert_non_null(source);
    rule = &source->set->rules[0];
    assert_int_equal(rule->interval_ms, 0);
    assert_int_equal(rule->lookback_ms, 300000);
    assert_false(rule->lookback_fixed);
    assert_int_equal(rule->for_ms, 0);
    assert_int_equal(rule->keep_firing_for_ms, 0);
    assert_int_equal(rule->label_count, 0);
    assert_int_equal(rule->annotation_count, 0);
    gong_rule_source_free(source);
}

/* Semantics rule 18. */
static void
rule_18_id_is_group_name_and_labels(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source =
        rule_load("f", gong_str_of(full), &errors);

    (void)state;
    assert_non_null(source);
    assert_string_equal(source->set->rules[1].id,
                        "street-lighting/LampDark/severity=warning,team=b");
    assert_string_equal(source->set->rules[1].labels[0].name, "severity");
    assert_string_equal(source->set->rules[2].id, "street-lighting/Plain");
    gong_rule_source_free(source);
}

#define OPEN  "group = \"g\";\nrules = (\n"
#define CLOSE "\n);"

static const struct conf_golden goldens[] = {
    {"", "f:1:1: found no group, expected group = text in \"quotes\"\n"
         "f:1:1: found no list of rules, expected rules = ( { alert = \"...\"; "
         "expr = \"...\"; }, ... );\n"},
    {"group = \"g\"; rules = { };",
     "f:1:22: found no list of rules, expected rules = ( { alert = \"...\"; "
     "expr = \"...\"; }, ... );\n"},
    {"group = \"\"; rules = ( );",
     "f:1:10: found a text of 0 bytes, expected a name of 1 to 128 bytes on "
     "one line for group\n"},
    {"group = \"g\"; lookbak = \"5m\"; rules = ( );",
     "f:1:14: found unknown key \"lookbak\", expected one of group, interval, "
     "lookback, rules, calendars; did you mean \"lookback\"?\n"},
    {"group = \"g\"; lookback = \"0s\"; interval = \"2d\"; rules = ( );",
     "f:1:25: found \"0s\", expected a duration such as \"10s\", 1s to 1d for "
     "lookback\n"
     "f:1:42: found \"2d\", expected a duration such as \"10s\", 0s to 1d for "
     "interval\n"},
    {OPEN "7" CLOSE, "f:3:1: found 7, expected a group { } for rule\n"},
    {OPEN "{ record = \"r\"; }" CLOSE,
     "f:3:1: found no rule.expr, expected expr = text in \"quotes\"\n"},
    {OPEN "{ expr = \"up\"; }" CLOSE,
     "f:3:1: found neither alert nor record, expected one of them\n"},
    {OPEN "{ alert = \"A\"; record = \"r\"; expr = \"up\"; }" CLOSE,
     "f:3:26: found alert and record, expected one of them\n"},
    {OPEN "{ record = \"r-r\"; expr = \"up\"; for = \"1s\"; }" CLOSE,
     "f:3:13: found another name, expected a metric's: letters, digits, _ and "
     ":\n"
     "f:3:39: found for, expected it with alerts only\n"},
    {OPEN
     "{ record = \"up\"; expr = \"m\"; }, { record = \"ALERTS_FOR_STATE\"; "
     "expr = \"m\"; }" CLOSE,
     "f:3:13: found up, expected another name: what has this one is the "
     "agent's own\n"
     "f:3:45: found ALERTS_FOR_STATE, expected another name: what has this one "
     "is the agent's own\n"},
    {OPEN
     "{ alert = \"A\"; expr = \"sum(up)\"; on_missing = \"unknown\"; }" CLOSE,
     "f:3:48: found \"unknown\" for an expression that joins devices otherwise "
     "than by one aggregation, expected resolve\n"},
    {OPEN "{ alert = \"A\"; expr = \"up == 0\"; recrod = 1; }" CLOSE,
     "f:3:34: found unknown key \"recrod\", expected one of alert, record, id, "
     "expr, resolve, for, keep_firing_for, on_missing, active, trial, levels, "
     "labels, annotations; did you mean \"record\"?\n"},
    {OPEN "{ alert = \"A\"; expr = \"up == 0 and m_a > 1\"; }" CLOSE,
     "f:3:24: found up, unit_up or device_dark beside other metrics, expected "
     "one kind only, or an interval above 0s\n"},
    {OPEN "{ alert = \"a\\nb\"; expr = \"up == 0\"; }" CLOSE,
     "f:3:12: found a text of 3 bytes, expected a name of 1 to 128 bytes on "
     "one "
     "line for alert\n"},
    {OPEN "{ alert = \"A\"; id = \"lamp/1\"; expr = \"up == 0\"; }" CLOSE,
     "f:3:26: found \"lamp/1\", expected an id of 1 to 128 letters, digits, _ "
     "- .\n"},
    {OPEN "{ alert = \"A\"; id = \"\"; expr = \"up == 0\"; }" CLOSE,
     "f:3:22: found \"\", expected an id of 1 to 128 letters, digits, _ - .\n"},
    {OPEN "{ alert = \"A\"; expr = \"up == 0\"; for = 30; }" CLOSE,
     "f:3:40: found 30, expected a duration such as \"10s\", 0s to 1y for "
     "rule.for\n"},
    {OPEN "{ alert = \"A\"; expr = \"up == 0\"; labels = \"x\"; }" CLOSE,
     "f:3:44: found another value, expected a group of at most 16 texts for "
     "labels\n"},
    {OPEN "{ alert = \"A\"; expr = \"up == 0\";\n"
          "labels = { a-b = \"x\"; alertname = \"y\"; n = 1; e = \"\";\n"
          " v = \"\xc4\x90 {{ $value }}\"; }; }" CLOSE,
     "f:4:12: found the name a-b, expected letters, digits and _ (but not "
     "alertname)\n"
     "f:4:23: found the name alertname, expected letters, digits and _ (but "
     "not "
     "alertname)\n"
     "f:4:44: found another type, expected text in \"quotes\" for n\n"
     "f:4:52: found an empty label, expected text\n"
     "f:5:9: found the value in a label at interval 0s, expected an interval, "
     "or $labels only\n"},
};

static void
what_is_wrong_is_answered_with_its_place(void **state)
{
    (void)state;
    RULE_REFUSED(goldens);
}

/* The words are those of the expression's and the template's own tests; here
 * it is the place that counts. */
static void
expect_place(const char *text, const char *place)
{
    struct gong_conf_errors errors = {0};

    assert_null(rule_load("f", gong_str_of(text), &errors));
    assert_int_equal(errors.count, 1);
    if (strncmp(errors.items[0], place, strlen(place)) != 0) {
        fail_msg("expected %s..., found %s", place, errors.items[0]);
    }
    gong_conf_errors_fini(&errors);
}

static void
expression_errors_point_into_the_text(void **state)
{
    (void)state;
    expect_place(OPEN "{ alert = \"A\"; expr = \"up ==\"; }" CLOSE,
                 "f:3:29: found ");
    expect_place(
        OPEN "{ alert = \"A\"; expr = \"up{a=\\\"\xc4\x90\\\"} ~ 1\"; }" CLOSE,
        "f:3:36: found ");
    expect_place(OPEN "{ alert = \"A\"; expr = \"up > 1\" # more\n"
                      "   \"\\n and )\"; }" CLOSE,
                 "f:4:12: found ");
    expect_place(OPEN
                 "{ alert = \"A\"; expr = \"1 < bool\n  rat(x[5m])\"; }" CLOSE,
                 "f:4:3: found ");
    expect_place(OPEN "{ alert = \"A\"; expr = \"up[5m]\"; }" CLOSE, "f:3:2");
}

static void
an_interval_has_a_minimum(void **state)
{
    (void)state;
    expect_place("group = \"g\";\ninterval = \"99ms\";\n"
                 "rules = ( { alert = \"A\"; expr = \"a > 1\"; } );\n",
                 "f:2:13: found a shorter interval, expected 0s, or 100ms");
}

static void
template_errors_point_into_the_text(void **state)
{
    (void)state;
    expect_place(OPEN "{ alert = \"A\"; expr = \"up == 0\"; annotations = {\n"
                      "s = \"\xc4\x90\xc3\xa8n {{ nope }}\"; }; }" CLOSE,
                 "f:4:13: found ");
}

static void
the_seventeenth_label_is_refused(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    (void)fputs(OPEN "{ alert = \"A\"; expr = \"up == 0\";\nlabels = { ", out);
    for (int i = 0; i < 17; i++) {
        (void)fprintf(out, "l%d = \"x\"; ", i);
    }
    (void)fputs("}; }" CLOSE, out);
    assert_int_equal(fclose(out), 0);
    expect_place(text, "f:4:10: found another value, expected a group of at "
                       "most 16 texts for labels");
    free(text);
}

static void
an_annotation_has_a_limit(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    (void)fputs(OPEN "{ alert = \"A\"; expr = \"up == 0\";\n"
                     "annotations = { s = \"",
                out);
    for (int i = 0; i < GONG_RULE_ANNOTATION_SIZE + 1; i++) {
        (void)fputc('x', out);
    }
    (void)fputs("\"; }; }" CLOSE, out);
    assert_int_equal(fclose(out), 0);
    expect_place(text, "f:4:2070: found a text of 2049 bytes, expected at most "
                       "2048");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_becomes_rules),
        cmocka_unit_test(defaults_are_those_of_the_language),
        cmocka_unit_test(rule_18_id_is_group_name_and_labels),
        cmocka_unit_test(what_is_wrong_is_answered_with_its_place),
        cmocka_unit_test(expression_errors_point_into_the_text),
        cmocka_unit_test(an_interval_has_a_minimum),
        cmocka_unit_test(template_errors_point_into_the_text),
        cmocka_unit_test(the_seventeenth_label_is_refused),
        cmocka_unit_test(an_annotation_has_a_limit),
    };

    return cmocka_run_group_tests_name("rule_file", tests, NULL, NULL);
}
