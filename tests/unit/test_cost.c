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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_series_that_two_clauses_read_counts_once),
        cmocka_unit_test(windows_of_every_clause_are_full),
        cmocka_unit_test(silence_and_closed_calendars_open_alerts_too),
        cmocka_unit_test(presence_has_no_samples_but_that_of_others_has),
        cmocka_unit_test(what_is_recorded_costs_its_readers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
