/* Prometheus' rule files: what they say, what is refused and where, and what
 * the engine gets of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/prom_rules.h"

static const char good[] = "groups:\n"
                           "  - name: lighting\n"
                           "    interval: 15s\n"
                           "    rules:\n"
                           "      - record: site:temp\n"
                           "        expr: temp + 0\n"
                           "      - alert: Hot\n"
                           "        expr: temp > 70\n"
                           "        for: 5m\n"
                           "        keep_firing_for: 1m\n"
                           "        labels: {severity: critical, zone: 1}\n"
                           "        annotations:\n"
                           "          summary: '{{ $labels.site }} is hot'\n"
                           "  - name: empty\n";

static void
a_file_is_read(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_prom_file *file =
        gong_prom_file_read("f.yml", gong_str_of(good), &errors);
    const struct gong_prom_rule *hot;

    (void)state;
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(file);
    assert_int_equal(file->group_count, 2);
    assert_string_equal(file->groups[0].name, "lighting");
    assert_int_equal(file->groups[0].interval_ms, 15000);
    assert_int_equal(file->groups[0].rule_count, 2);
    assert_int_equal(file->groups[1].rule_count, 0);
    assert_string_equal(file->groups[0].rules[0].record, "site:temp");
    hot = &file->groups[0].rules[1];
    assert_null(hot->record);
    assert_string_equal(hot->expr, "temp > 70");
    assert_int_equal(hot->for_ms, 300000);
    assert_int_equal(hot->keep_firing_for_ms, 60000);
    assert_int_equal(hot->label_count, 2);
    assert_string_equal(hot->labels[1].text, "1");
    assert_string_equal(hot->annotations[0].name, "summary");
    gong_prom_file_free(file);
}

static void
an_alert_becomes_a_rule(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_prom_file *file =
        gong_prom_file_read("f.yml", gong_str_of(good), &errors);
    struct gong_prom_origin origin = {file, &file->groups[0], 15000, 2, false};
    struct gong_rule rule;

    (void)state;
    assert_true(gong_prom_rule_convert(&origin, &file->groups[0].rules[1],
                                       &rule, &errors));
    assert_string_equal(rule.id, "lighting/Hot/severity=critical,zone=1#2");
    assert_int_equal(rule.interval_ms, 15000);
    assert_int_equal(rule.lookback_ms, 300000);
    assert_true(rule.lookback_fixed);
    assert_int_equal(rule.on_missing, GONG_ON_MISSING_RESOLVE);
    assert_int_equal(rule.line, 7);
    assert_non_null(rule.annotations[0].tmpl);
    gong_rule_fini(&rule);
    assert_true(gong_prom_rule_convert(&origin, &file->groups[0].rules[0],
                                       &rule, &errors));
    assert_null(rule.alert);
    assert_string_equal(rule.record, "site:temp");
    assert_int_equal(strncmp(rule.id, "lighting/site:temp", 18), 0);
    gong_rule_fini(&rule);
    gong_conf_errors_fini(&errors);
    gong_prom_file_free(file);
}

struct converted_case {
    const char *text;
    bool foreign;
    bool template;    /* the label */
    const char *said; /* NULL: it is taken */
};

#define LIMITED "groups:\n- name: g\n  limit: 3\n  rules:\n  - "

static const struct converted_case converted[] = {
    {"alert: A\n    expr: a\n    labels: {b: '{{ $value }}'}\n", false, true,
     NULL},
    {"alert: A\n    expr: a\n    labels: {b: '{{ $value }}'}\n", true, true,
     NULL},
    {"alert: A\n    expr: a\n    labels: {b: '{ {'}\n", true, false, NULL},
    {"alert: A\n    expr: a\n    labels: {b: 'x {{ $value'}\n", true, false,
     "f.yml:7:"},
    {"record: r\n    expr: a\n    labels: {b: '{{ $value'}\n", true, false,
     NULL},
    {"record: r\n    expr: a\n    labels: {b: 'x {{ $value'}\n", false, false,
     "f.yml:7:20: found {{ in a label of a recording, expected fixed text"},
};

static void
check_converted(const struct converted_case *c)
{
    struct gong_conf_errors errors = {0};
    char text[256];
    struct gong_prom_file *file = NULL;
    struct gong_prom_origin origin = {
        .interval_ms = 15000, .number = 1, .foreign = c->foreign};
    struct gong_rule rule;

    (void)snprintf(text, sizeof text, "%s%s", LIMITED, c->text);
    file = gong_prom_file_read("f.yml", gong_str_of(text), &errors);
    assert_non_null(file);
    origin.file = file;
    origin.group = &file->groups[0];
    assert_int_equal(gong_prom_rule_convert(&origin, &file->groups[0].rules[0],
                                            &rule, &errors),
                     c->said == NULL);
    if (c->said == NULL) {
        assert_int_equal(rule.labels[0].tmpl != NULL, c->template);
        assert_int_equal(rule.limit, c->foreign ? 3 : 0);
        gong_rule_fini(&rule);
    } else {
        assert_int_equal(errors.count, 1);
        assert_memory_equal(errors.items[0], c->said, strlen(c->said));
    }
    gong_conf_errors_fini(&errors);
    gong_prom_file_free(file);
}

static void
labels_are_templates_and_groups_have_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof converted / sizeof converted[0]; i++) {
        check_converted(&converted[i]);
    }
}

/* Text that is head, then item as often as said, then tail; heap. */
static char *
repeated(const char *head, const char *item, size_t times, const char *tail)
{
    size_t len = strlen(head) + times * strlen(item) + strlen(tail) + 1;
    char *text = malloc(len);
    size_t at = 0;

    assert_non_null(text);
    at += (size_t)snprintf(text, len, "%s", head);
    for (size_t i = 0; i < times; i++) {
        at += (size_t)snprintf(text + at, len - at, "%s", item);
    }
    (void)snprintf(text + at, len - at, "%s", tail);
    return text;
}

struct long_case {
    const char *head;
    const char *item;
    size_t times;
    const char *tail;
    const char *said; /* NULL: it is read */
};

#define RULE_ONE "{name: g, rules: [&r {alert: A, expr: m}"

static const struct long_case long_cases[] = {
    {"groups: [" RULE_ONE, ", *r", 9999, "]}]", NULL},
    {"groups: [" RULE_ONE, ", *r", 10000, "]}]",
     "f.yml:1:27: found more than 10000 rules in all, expected fewer"},
    {"groups: [{name: f, rules: [{alert: B, expr: m}]}, " RULE_ONE, ", *r",
     9999, "]}]",
     "f.yml:1:68: found more than 10000 rules in all, expected fewer"},
    {"groups: [&g {name: g}", ", *g", 10000, "]",
     "f.yml:1:9: found more than 10000 groups, expected fewer"},
    /* Of a group that is there already the rules are not looked at. */
    {"groups: [&g {name: g, rules: [{alert: A, expr: m}]}", ", *g", 1, "]",
     "f.yml:1:20: found a second group of this name, expected each name once"},
    {"groups: [{name: g, rules: [{alert: A, expr: m}]}, {name: g, rules: [",
     "{alert: A}, ", 2, "]}]",
     "f.yml:1:58: found a second group of this name, expected each name once"},
};

static void
check_long(const struct long_case *c)
{
    struct gong_conf_errors errors = {0};
    char *text = repeated(c->head, c->item, c->times, c->tail);
    struct gong_prom_file *file =
        gong_prom_file_read("f.yml", gong_str_of(text), &errors);

    if (c->said == NULL) {
        assert_non_null(file);
        assert_int_equal(file->groups[0].rules[c->times].number, c->times + 1);
    } else {
        assert_null(file);
        assert_int_equal(errors.count, 1);
        assert_string_equal(errors.items[0], c->said);
    }
    gong_prom_file_free(file);
    gong_conf_errors_fini(&errors);
    free(text);
}

/* However little aliases take in the file. */
static void
what_aliases_say_has_bounds(void **state)
{
    struct gong_conf_errors errors = {0};
    char *head = NULL;
    char *text = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof long_cases / sizeof long_cases[0]; i++) {
        check_long(&long_cases[i]);
    }
    head = repeated("groups: [{name: g, rules: [&r {alert: A, expr: m, labels: "
                    "{a: \"",
                    "0123456789abcdef", 4096, "\"}}");
    text = repeated(head, ", *r", 2000, "]}]");
    assert_null(gong_prom_file_read("f.yml", gong_str_of(text), &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(
        errors.items[0],
        "found more than 64 MiB of text with all aliases, expected less"));
    gong_conf_errors_fini(&errors);
    free(head);
    free(text);
}

struct refused_case {
    const char *text;
    const char *said;
};

#define RULE "groups:\n- name: g\n  rules:\n  - "

static const struct refused_case refused[] = {
    {"grups: []\n",
     "f.yml:1:1: found the unknown key grups; did you mean groups?"},
    {"groups: {a: b}\n",
     "f.yml:1:9: found another kind of value, expected a list of groups"},
    {"groups:\n- rules: []\n",
     "f.yml:2:3: found a group without a name, expected one"},
    {"groups:\n- name: a\n- name: a\n",
     "f.yml:3:9: found a second group of this name, expected each name once"},
    {"groups:\n- name: a\n  limit: x\n",
     "f.yml:3:10: found no number, expected one"},
    {"groups:\n- name: a\n  interval: 1x\n",
     "f.yml:3:13: found no length of time, expected one such as 30s or 1h30m"},
    {"groups:\n- name: a\n  rules: {}\n",
     "f.yml:3:10: found another kind of value, expected a list of rules"},
    {RULE "expr: up\n",
     "f.yml:4:5: found neither alert nor record, expected one of them"},
    {RULE "alert: A\n    record: b\n    expr: up\n",
     "f.yml:4:5: found both alert and record, expected one of them"},
    {RULE "alert: A\n", "f.yml:4:5: found a rule without expr, expected one"},
    {RULE "record: a b\n    expr: up\n",
     "f.yml:4:13: found another name, expected a metric's name"},
    {RULE "record: a\n    expr: up\n    for: 1m\n",
     "f.yml:6:10: found `for` of a recording, expected none"},
    {RULE "record: a\n    expr: up\n    annotations: {a: b}\n",
     "f.yml:6:18: found annotations of a recording, expected none"},
    {RULE "alert: A\n    expr: up\n    labels: {a-b: c}\n",
     "f.yml:6:14: found another name, expected letters, digits and _"},
    {RULE "alert: A\n    expr: up\n    labels: {a: [c]}\n",
     "f.yml:6:17: found keys or a list, expected text"},
};

static void
what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct gong_conf_errors errors = {0};

        assert_null(gong_prom_file_read("f.yml", gong_str_of(refused[i].text),
                                        &errors));
        assert_int_equal(errors.count, 1);
        assert_string_equal(errors.items[0], refused[i].said);
        gong_conf_errors_fini(&errors);
    }
}

static void
all_problems_are_said_at_once(void **state)
{
    struct gong_conf_errors errors = {0};
    static const char text[] =
        RULE "alert: A\n    expr: |\n      up >\n      > 1\n    fro: 1m\n"
             "  - alert: B\n    expr: sum(\n";

    (void)state;
    assert_null(gong_prom_file_read("f.yml", gong_str_of(text), &errors));
    assert_int_equal(errors.count, 3);
    assert_memory_equal(errors.items[0], "f.yml:7:7: found \">\"", 20);
    assert_memory_equal(errors.items[1], "f.yml:8:5: found the unknown key fro",
                        36);
    assert_memory_equal(errors.items[2], "f.yml:10:15: ", 13);
    gong_conf_errors_fini(&errors);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(what_aliases_say_has_bounds),
        cmocka_unit_test(an_alert_becomes_a_rule),
        cmocka_unit_test(labels_are_templates_and_groups_have_limits),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(all_problems_are_said_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
