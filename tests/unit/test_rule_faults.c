/* Unit tests of agent/decide/rule_faults.c: counters by rule, one line a
 * change. */
#include "agent/decide/rule_faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
note(struct gong_rule_faults *faults, const char *id, const char *text,
     int64_t at_ms)
{
    struct gong_rule rule = {.id = (char *)(uintptr_t)id};
    struct gong_rule_fault fault = {
        .rule = &rule, .text = text, .at_ms = at_ms};

    gong_rule_faults_note(faults, &fault);
}

static uint64_t
count(struct gong_counters *counters, const char *name, const char *labels)
{
    return gong_counter_get(
        gong_counter_add(counters, GONG_COUNTER, name, "", labels));
}

/* How often word was logged while act ran. */
static size_t
logged(void (*act)(struct gong_rule_faults *faults),
       struct gong_rule_faults *faults, const char *word)
{
    char text[16384];
    int before = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    size_t found = 0;
    size_t len;

    assert_non_null(file);
    assert_true(before >= 0);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    act(faults);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(before);
    rewind(file);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    for (const char *at = strstr(text, word); at != NULL;
         at = strstr(at + 1, word)) {
        found++;
    }
    return found;
}

static void
fail_often(struct gong_rule_faults *faults)
{
    for (int64_t i = 0; i < 10; i++) {
        note(faults, "join", "many-to-many", 1000 + i);
    }
}

static void
fail_otherwise(struct gong_rule_faults *faults)
{
    note(faults, "join", "samples", 2000);
}

static void
work_again(struct gong_rule_faults *faults)
{
    note(faults, "join", NULL, 3000);
    note(faults, "join", NULL, 3001);
    note(faults, "other", NULL, 3001);
}

static void
each_change_is_said_once(void **state)
{
    struct gong_counters *counters = gong_counters_new();
    struct gong_rule_faults *faults = gong_rule_faults_new(counters);

    (void)state;
    assert_int_equal(logged(fail_often, faults,
                            "event=rule_failing rule=\"join\" "
                            "fault=many-to-many since_ms=1000 "),
                     1);
    assert_int_equal(gong_rule_faults_failing(faults), 1);
    assert_string_equal(gong_rule_faults_text(faults, "join"), "many-to-many");
    assert_null(gong_rule_faults_text(faults, "other"));
    assert_int_equal(logged(fail_otherwise, faults,
                            "event=rule_failing rule=\"join\" fault=samples "
                            "since_ms=1000 "),
                     1);
    assert_int_equal(
        count(counters, "gong_engine_rule_failing", "rule=\"join\""), 1);
    assert_int_equal(logged(work_again, faults, "event=rule_"), 1);
    assert_int_equal(
        count(counters, "gong_engine_rule_faults_total", "rule=\"join\""), 11);
    assert_int_equal(
        count(counters, "gong_engine_rule_failing", "rule=\"join\""), 0);
    assert_int_equal(gong_rule_faults_failing(faults), 0);
    assert_int_equal(logged(fail_often, faults, "event=rule_failing"), 1);
    assert_int_equal(gong_rule_faults_restart(faults, NULL), 0);
    assert_int_equal(gong_rule_faults_failing(faults), 0);
    gong_rule_faults_free(faults);
    gong_counters_free(counters);
}

static void
begin_with_twelve(struct gong_rule_faults *faults)
{
    struct gong_expr_error error = {0};
    struct gong_rule rules[13];
    struct gong_ruleset set = {.rules = rules, .count = 13};
    char id[] = "flood";

    for (size_t i = 0; i < set.count; i++) {
        rules[i] = (struct gong_rule){.id = id};
        rules[i].expr = gong_expr_parse(
            gong_str_of(i == 3   ? "a > 5"
                        : i == 0 ? "{__name__=\"param_a event=b\\n\"} > 5"
                                 : "a > on (site, device) group_left () "
                                   "param_top"),
            &error);
        assert_non_null(rules[i].expr);
    }
    assert_int_equal(gong_rule_faults_restart(faults, &set), 12);
    for (size_t i = 0; i < set.count; i++) {
        gong_expr_free(rules[i].expr);
    }
}

/* All are counted, some are named. */
static void
what_lacks_its_parameter_is_named(void **state)
{
    struct gong_counters *counters = gong_counters_new();
    struct gong_rule_faults *faults = gong_rule_faults_new(counters);

    (void)state;
    assert_int_equal(logged(begin_with_twelve, faults,
                            "event=rule_lacks_parameter rule=\"flood\" "
                            "parameter=\"param_top\""),
                     9);
    /* A name may be any text. */
    assert_int_equal(
        logged(begin_with_twelve, faults, "parameter=\"param_a event=b?\""), 1);
    gong_rule_faults_free(faults);
    gong_counters_free(counters);
}

static char *
written(struct gong_counters *counters)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    gong_counters_write_prometheus(counters, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static size_t
times(const char *text, const char *word)
{
    size_t found = 0;

    for (; (text = strstr(text, word)) != NULL; text++) {
        found++;
    }
    return found;
}

/* Ids that are made hold quotes; labels stay readable. */
static void
any_id_makes_a_label(void **state)
{
    struct gong_counters *counters = gong_counters_new();
    struct gong_rule_faults *faults = gong_rule_faults_new(counters);
    char id[] = "g/Hot\n/{a=\"b\\\"}";
    char other[] = "g/Hot\n/{a=\"b\"\\}";
    char *text = NULL;

    (void)state;
    note(faults, id, "labels", 1);
    note(faults, other, "labels", 1);
    note(faults, other, "labels", 1);
    text = written(counters);
    /* Two that look alike are told apart. */
    assert_int_equal(times(text, "gong_engine_rule_faults_total{rule="
                                 "\"g/Hot_/{a=_b__}~"),
                     2);
    assert_non_null(strstr(text, "\"} 2\n"));
    free(text);
    gong_rule_faults_free(faults);
    gong_counters_free(counters);
}

static void
a_long_id_is_cut(void **state)
{
    struct gong_counters *counters = gong_counters_new();
    struct gong_rule_faults *faults = gong_rule_faults_new(counters);
    char id[1001];
    char *text = NULL;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof id; i += 2) {
        memcpy(id + i, "\xc4\x91", 2);
    }
    id[sizeof id - 1] = '\0';
    note(faults, id, "labels", 1);
    /* Each has its own, though they begin alike. */
    id[sizeof id - 2] = '\x92';
    note(faults, id, "labels", 1);
    text = written(counters);
    assert_int_equal(times(text, "gong_engine_rule_failing{rule="), 2);
    assert_int_equal(times(text, "\xc4\x91~"), 4);
    assert_int_equal(times(text, "\"} 1\n"), 4);
    /* Half a character is none. */
    assert_int_equal(times(text, "\xc4~"), 0);
    free(text);
    memset(id, 'x', 255);
    id[255] = '\0';
    note(faults, id, "labels", 1);
    text = written(counters);
    assert_int_equal(times(text, "xxx\"} 1\n"), 2);
    free(text);
    gong_rule_faults_free(faults);
    gong_counters_free(counters);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lacks_its_parameter_is_named),
        cmocka_unit_test(each_change_is_said_once),
        cmocka_unit_test(any_id_makes_a_label),
        cmocka_unit_test(a_long_id_is_cut),
    };

    return cmocka_run_group_tests_name("rule_faults", tests, NULL, NULL);
}
