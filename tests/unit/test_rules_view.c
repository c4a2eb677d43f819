#include "agent/api/rules_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rule_file.h"

static const char bundle[] =
    "group = \"water\";\ninterval = \"15s\";\nrules = (\n"
    "  { alert = \"RiverHigh\"; expr = \"water_level > 34.5\"; for = \"30s\";\n"
    "    labels = { severity = \"critical\"; river = \"ba\"; };\n"
    "    annotations = { summary = \"{{ $value }} m\"; }; },\n"
    "  { alert = \"RiverHigh\"; expr = \"water_level > 3.7\";\n"
    "    labels = { severity = \"critical\"; river = \"other\"; }; },\n"
    "  { record = \"site:level:max\"; expr = \"max by (site) (water_level)\"; "
    "}\n"
    ");\n";

static struct gong_rule_source *
load(void)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    char text[2048];
    int len = snprintf(text, sizeof text, "== water.cfg %zu\n%s",
                       strlen(bundle), bundle);

    source = gong_rule_bundle_load(gong_str_from(text, (size_t)len), &errors);
    if (source == NULL) {
        gong_conf_errors_print(&errors, stderr);
        fail();
    }
    gong_conf_errors_fini(&errors);
    return source;
}

static const json_t *
rule_at(const json_t *view, size_t n)
{
    const json_t *groups =
        json_object_get(json_object_get(view, "data"), "groups");

    assert_int_equal(json_array_size(groups), 1);
    return json_array_get(json_object_get(json_array_get(groups, 0), "rules"),
                          n);
}

static const char *
text_of(const json_t *rule, const char *name)
{
    const char *text = json_string_value(json_object_get(rule, name));

    assert_non_null(text);
    return text;
}

static void
as_prometheus_lists_them(void **state)
{
    struct gong_rule_source *source = load();
    json_t *alerts = json_loads(
        "[{\"labels\":{\"alertname\":\"RiverHigh\",\"river\":\"ba\","
        "\"severity\":\"critical\"},\"state\":\"pending\"},"
        "{\"labels\":{\"alertname\":\"RiverHigh\",\"river\":\"ba\","
        "\"severity\":\"warning\"},\"state\":\"firing\"},"
        "{\"labels\":{\"alertname\":\"Other\"},\"state\":\"firing\"}]",
        0, NULL);
    json_t *view = gong_rules_view_json(source->set, alerts);
    const json_t *first = rule_at(view, 0), *second = rule_at(view, 1),
                 *third = rule_at(view, 2);

    (void)state;
    assert_string_equal(text_of(view, "status"), "success");
    assert_string_equal(text_of(first, "name"), "RiverHigh");
    assert_string_equal(text_of(first, "type"), "alerting");
    assert_string_equal(text_of(first, "query"), "water_level > 34.5");
    assert_string_equal(text_of(first, "state"), "firing");
    assert_true(json_real_value(json_object_get(first, "duration")) == 30.0);
    assert_int_equal(json_array_size(json_object_get(first, "alerts")), 2);
    assert_string_equal(
        text_of(json_object_get(first, "annotations"), "summary"),
        "{{ $value }} m");
    assert_string_equal(text_of(second, "state"), "inactive");
    assert_int_equal(json_array_size(json_object_get(second, "alerts")), 0);
    assert_string_equal(text_of(third, "type"), "recording");
    assert_string_equal(text_of(third, "name"), "site:level:max");
    json_decref(view);
    json_decref(alerts);
    gong_rule_source_free(source);
}

static void
no_rules_and_no_alerts(void **state)
{
    struct gong_ruleset none = {0};
    json_t *view = gong_rules_view_json(&none, NULL);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(
                         json_object_get(view, "data"), "groups")),
                     0);
    json_decref(view);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_prometheus_lists_them),
        cmocka_unit_test(no_rules_and_no_alerts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
