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

/* The recording fails. */
static const char *
fault(void *ctx, const char *rule_id)
{
    (void)ctx;
    return strstr(rule_id, "site:level:max") != NULL ? "duplicate-labels"
                                                     : NULL;
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
    json_t *view = gong_rules_view_json(&(struct gong_rules_view){
        .set = source->set,
        .alerts = alerts,
        .at_ms = INT64_C(1760000000250),
        .fault = fault,
    });
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
    assert_string_equal(text_of(first, "health"), "ok");
    assert_null(json_object_get(first, "lastError"));
    assert_string_equal(text_of(first, "lastEvaluation"),
                        "2025-10-09T08:53:20.250Z");
    assert_true(json_is_real(json_object_get(first, "evaluationTime")));
    assert_string_equal(text_of(third, "health"), "err");
    assert_string_equal(text_of(third, "lastError"), "duplicate-labels");
    json_decref(view);
    json_decref(alerts);
    gong_rule_source_free(source);
}

static void
no_rules_and_no_alerts(void **state)
{
    struct gong_ruleset none = {0};
    json_t *view =
        gong_rules_view_json(&(struct gong_rules_view){.set = &none});

    (void)state;
    assert_int_equal(json_array_size(json_object_get(
                         json_object_get(view, "data"), "groups")),
                     0);
    json_decref(view);
}

/* What remains of the three rules; "": no group. */
static void
only_what_was_asked_for(void **state)
{
    static const struct {
        struct gong_rules_query query;
        size_t rules;
    } rows[] = {
        {{.type = ""}, 3},
        {{.type = "alert"}, 2},
        {{.type = "record"}, 1},
        {{.type = "", .names = {"RiverHigh", "x"}, .name_count = 2}, 2},
        {{.type = "record", .names = {"RiverHigh"}, .name_count = 1}, 0},
        {{.type = "", .groups = {"water"}, .group_count = 1}, 3},
        {{.type = "", .groups = {"air"}, .group_count = 1}, 0},
        {{.type = "", .files = {"water.cfg"}, .file_count = 1}, 3},
        {{.type = "", .files = {"air.cfg"}, .file_count = 1}, 0},
    };
    struct gong_rule_source *source = load();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *view =
            gong_rules_view_json(&(struct gong_rules_view){.set = source->set});
        const json_t *groups, *rules;

        gong_rules_view_keep(view, &rows[i].query);
        groups = json_object_get(json_object_get(view, "data"), "groups");
        rules = json_object_get(json_array_get(groups, 0), "rules");
        assert_int_equal(json_array_size(groups), rows[i].rules > 0);
        assert_int_equal(json_array_size(rules), rows[i].rules);
        if (i == 0) {
            assert_string_equal(text_of(rule_at(view, 0), "health"), "unknown");
            assert_string_equal(text_of(rule_at(view, 0), "lastEvaluation"),
                                "0001-01-01T00:00:00Z");
        }
        json_decref(view);
    }
    gong_rule_source_free(source);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_prometheus_lists_them),
        cmocka_unit_test(no_rules_and_no_alerts),
        cmocka_unit_test(only_what_was_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
