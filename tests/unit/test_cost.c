/* What check --cost counts: every clause of a rule, full windows, and alerts
 * that silence opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rule_file.h"
#include "rules/tool/cost.h"

static const char head[] =
    "group = \"g\"; calendars = ( { name = \"none\"; hours = (\"mon "
    "07:00-08:00\"); during = (\"2026-01-06..2026-01-07\"); } );";

static struct gong_cost
cost_of(const char *keys, bool foreign, enum gong_err wanted)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    struct gong_cost cost = {0};
    char *bundle = NULL;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)fprintf(out, "%s rules = ( { alert = \"A\"; %s } );", head, keys);
    assert_int_equal(fclose(out), 0);
    out = open_memstream(&bundle, &len);
    (void)fprintf(out, "== f.cfg %zu\n%s", strlen(text), text);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_of(bundle), &errors);
    gong_conf_errors_print(&errors, stderr);
    gong_conf_errors_fini(&errors);
    assert_non_null(source);
    assert_int_equal(
        gong_cost_measure(&source->set->rules[0], foreign, 0, &cost), wanted);
    gong_rule_source_free(source);
    free(bundle);
    free(text);
    return cost;
}

static struct gong_cost
measured(const char *keys)
{
    return cost_of(keys, false, GONG_OK);
}

static void
a_series_that_two_clauses_read_counts_once(void **state)
{
    struct gong_cost plain = measured("expr = \"a > 70\";");
    struct gong_cost unless = measured("expr = \"a > 70 unless a > 90\";");
    struct gong_cost same =
        measured("expr = \"a > 70\"; resolve = \"a < 65\";");
    struct gong_cost other =
        measured("expr = \"a > 70\"; resolve = \"b < 65\";");

    (void)state;
    assert_int_equal(plain.series, 1024);
    assert_int_equal(unless.series, 1024);
    assert_int_equal(same.series, 1024);
    assert_int_equal(other.series, 2048);
    assert_true(plain.firing_bytes > plain.rest_bytes);
    assert_true(same.rest_bytes >= plain.rest_bytes);
    /* An instance with two series costs more than one with one. */
    assert_true(2 * other.firing_bytes > plain.firing_bytes);
}

static void
windows_of_every_clause_are_full(void **state)
{
    struct gong_cost minute = measured("expr = \"avg_over_time(a[1m]) > 5\";");
    struct gong_cost hour = measured("expr = \"avg_over_time(a[10m]) > 5\";");
    struct gong_cost ends =
        measured("expr = \"avg_over_time(a[1m]) > 5\"; "
                 "resolve = \"avg_over_time(a[10m]) < 5\";");
    struct gong_cost level = measured(
        "levels = ( { severity = \"x\"; expr = \"a > 1\"; }, { "
        "severity = \"y\"; expr = \"avg_over_time(a[10m]) > 5\"; } );");

    (void)state;
    assert_true(hour.rest_bytes > minute.rest_bytes + 60);
    assert_true(ends.rest_bytes >= hour.rest_bytes);
    assert_true(level.rest_bytes > minute.rest_bytes + 60);
}

/* A window of years is reckoned, not fed; none holds more than a million. */
static void
long_windows_are_reckoned(void **state)
{
    struct gong_cost hour = measured("expr = \"avg_over_time(a[1h]) > 5\";");
    struct gong_cost day = measured("expr = \"avg_over_time(a[1d]) > 5\";");
    struct gong_cost months =
        measured("expr = \"avg_over_time(a[120d]) > 5\";");
    struct gong_cost years = measured("expr = \"avg_over_time(a[250y]) > 5\";");

    (void)state;
    assert_true(day.rest_bytes > 10 * hour.rest_bytes);
    assert_true(day.rest_bytes < 30 * hour.rest_bytes);
    assert_true(months.rest_bytes > 100 * day.rest_bytes);
    assert_true(years.rest_bytes >= months.rest_bytes);
    assert_true(years.rest_bytes < 2 * months.rest_bytes);
    assert_true(years.firing_bytes >= years.rest_bytes);
}

/* The hour that {trend} in a text asks for is kept as a window is. */
static void
a_trend_costs_its_hour(void **state)
{
    struct gong_cost plain = measured("expr = \"a > 5\";");
    struct gong_cost hour = measured("expr = \"last_over_time(a[1h]) > 5\";");
    struct gong_cost both = measured("expr = \"a > 5 and b > 3\";");
    struct gong_cost joint =
        measured("expr = \"a > 5 and b > 3\"; annotations = { summary = \"x[[ "
                 "{trend:1}]]\"; };");
    struct gong_cost trend = measured(
        "expr = \"a > 5\"; annotations = { summary = \"x[[ {trend:1}]]\"; };");

    (void)state;
    assert_true(trend.rest_bytes > plain.rest_bytes + 200);
    assert_true(trend.rest_bytes < hour.rest_bytes + 200);
    /* Of several series that one alone whose samples it is. */
    assert_true(joint.rest_bytes > both.rest_bytes);
    assert_true(joint.rest_bytes - both.rest_bytes <
                (trend.rest_bytes - plain.rest_bytes) * 3 / 4);
}

static void
silence_and_closed_calendars_open_alerts_too(void **state)
{
    (void)state;
    assert_int_equal(measured("expr = \"a > 1e15\";").firing_bytes, 0);
    assert_true(
        measured("expr = \"a > 1e15\"; on_missing = \"fire\";").firing_bytes >
        0);
    assert_true(measured("expr = \"a > 1\"; active = \"none\";").firing_bytes >
                0);
    assert_true(measured("expr = \"a > 1\"; trial = true;").firing_bytes > 0);
    assert_true(measured("expr = \"a\"; levels = ( { severity = \"x\"; above = "
                         "1; for = \"1h\"; } );")
                    .firing_bytes > 0);
}

static void
presence_has_no_samples_but_that_of_others_has(void **state)
{
    (void)state;
    (void)cost_of("expr = \"up == 0\";", false, GONG_ERR_UNSUPPORTED);
    assert_true(cost_of("expr = \"up == 0\";", true, GONG_OK).firing_bytes > 0);
}

static void
what_is_recorded_costs_its_readers(void **state)
{
    (void)state;
    assert_true(measured("expr = \"site:a:max > 1\"; on_missing = \"resolve\";")
                    .firing_bytes > 0);
}

/* Several at once say what each says alone. */
static void
a_set_costs_what_its_rules_do(void **state)
{
    struct gong_cost_result results[20] = {{0}};
    struct gong_rule rules[20];
    struct gong_ruleset set = {.rules = rules, .count = 20};
    struct gong_expr_error error = {0};
    char id[] = "r";
    char up[] = "up == 0";
    char text[] = "avg_over_time(a[1m]) > 5";

    (void)state;
    for (size_t i = 0; i < set.count; i++) {
        rules[i] = (struct gong_rule){
            .id = id,
            .group = id,
            .alert = id,
            .expr = gong_expr_parse(gong_str_of(i == 7 ? up : text), &error),
            .lookback_ms = 300000 + (int64_t)i * 1000,
        };
        assert_non_null(rules[i].expr);
    }
    gong_cost_measure_all(&set, 0, results);
    for (size_t i = 0; i < set.count; i++) {
        struct gong_cost alone = {0};
        enum gong_err err = gong_cost_measure(&rules[i], false, 0, &alone);

        assert_int_equal(results[i].err, err);
        assert_int_equal(err, i == 7 ? GONG_ERR_UNSUPPORTED : GONG_OK);
        assert_int_equal(results[i].cost.series, alone.series);
        assert_int_equal(results[i].cost.rest_bytes, alone.rest_bytes);
        assert_int_equal(results[i].cost.firing_bytes, alone.firing_bytes);
        gong_expr_free(rules[i].expr);
    }
}

/* What only silence opens, after a window that was full, is found. */
static void
what_opens_in_silence_alone_costs(void **state)
{
    (void)state;
    assert_true(measured("expr = \"avg_over_time(a[5m]) > 1e15\"; "
                         "on_missing = \"fire\";")
                    .firing_bytes > 0);
    assert_true(measured("expr = \"a > 5 unless a offset 10m > 3\"; "
                         "keep_firing_for = \"2m\";")
                    .firing_bytes > 0);
}

/* What reads parameters of the city model is fed by devices that have them. */
static void
alerts_on_parameters_open(void **state)
{
#define OWN(name) " on (site, device) group_left () param_" name
    struct gong_cost plain = measured("expr = \"a >= 30\";");
    struct gong_cost own = measured("expr = \"a >=" OWN("top") "\";");
    struct gong_cost levels =
        measured("levels = ( { severity = \"x\"; expr = \"a >=" OWN(
            "low") "\"; resolve = \"a <" OWN("low") " - 0.1\"; }, "
                                                    "{ severity = \"y\"; expr "
                                                    "= \"a >=" OWN(
                                                        "top") "\"; } );");
    struct gong_cost one =
        measured("expr = \"a{site='1', device='g', unit='2', b='c'} >=" OWN(
            "top") "\";");
    struct gong_cost whole =
        measured("expr = \"sum by (site, device) (a) >= on (site, device) "
                 "param_top\";");
    struct gong_cost never = measured(
        "expr = \"param_expected unless on (site, device) up\"; for = \"2h\"; "
        "on_missing = \"resolve\";");
    struct gong_cost stated =
        measured("expr = \"param_top > 1e6\"; on_missing = \"resolve\";");

    (void)state;
    assert_int_equal(own.series, 1024); /* parameters are no series of it */
    assert_true(own.firing_bytes > own.rest_bytes);
    assert_true(own.firing_bytes >= plain.firing_bytes);
    assert_true(levels.firing_bytes > levels.rest_bytes);
    assert_int_equal(levels.series, 1024);
    assert_true(one.firing_bytes > one.rest_bytes);
    assert_true(whole.firing_bytes > whole.rest_bytes);
    assert_int_equal(never.series, 1024);
    assert_true(never.firing_bytes > 0);
    assert_true(never.firing_bytes >= never.rest_bytes);
    assert_true(stated.firing_bytes > stated.rest_bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_series_that_two_clauses_read_counts_once),
        cmocka_unit_test(windows_of_every_clause_are_full),
        cmocka_unit_test(long_windows_are_reckoned),
        cmocka_unit_test(a_trend_costs_its_hour),
        cmocka_unit_test(silence_and_closed_calendars_open_alerts_too),
        cmocka_unit_test(presence_has_no_samples_but_that_of_others_has),
        cmocka_unit_test(what_is_recorded_costs_its_readers),
        cmocka_unit_test(a_set_costs_what_its_rules_do),
        cmocka_unit_test(what_opens_in_silence_alone_costs),
        cmocka_unit_test(alerts_on_parameters_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
