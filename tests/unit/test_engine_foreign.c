/* Rules of a Prometheus in the engine: samples with labels, their ends, limits,
 * and what sets them apart from ours. What Prometheus says of the same is in
 * tests/rules/promtool. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/book.h"
#include "rules/engine/book_metric.h"
#include "rules/engine/sample.h"

#define STEP 10000

struct fixture {
    struct gong_engine *engine;
    struct gong_ruleset *set;
    struct text told;
    uint64_t position;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct fixture *f = ctx;

    effect_line(&f->told, effect);
    for (size_t i = 0; i < effect->annotation_count; i++) {
        text_add(&f->told, " %.*s", (int)effect->annotations[i].value.len,
                 effect->annotations[i].value.data);
    }
    text_add(&f->told, "\n");
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct fixture *f = ctx;

    text_add(&f->told, "%s{", recorded->rule->record);
    for (size_t i = 0; i < recorded->label_count; i++) {
        text_add(&f->told, "%.*s", (int)recorded->labels[i].value.len,
                 recorded->labels[i].value.data);
    }
    text_add(&f->told, "} at %" PRId64, recorded->at_ms);
    if (gong_is_stale(recorded->value)) {
        text_add(&f->told, " ends\n");
    } else {
        text_add(&f->told, " %g\n", recorded->value);
    }
}

static void
on_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct fixture *f = ctx;

    text_add(&f->told, "fault %s at %" PRId64 "\n",
             fault->text == NULL ? "over" : fault->text, fault->at_ms);
}

static void
start(struct fixture *f, struct rule_spec spec, uint32_t limit)
{
    *f = (struct fixture){0};
    text_clear(&f->told);
    spec.interval_ms = STEP;
    f->set = make_rules(&spec, 1);
    f->set->foreign = true;
    f->set->rules[0].limit = limit;
    f->engine = gong_engine_new(NULL, on_effect, f);
    assert_non_null(f->engine);
    gong_engine_on_recorded(f->engine, on_recorded, f);
    gong_engine_on_fault(f->engine, on_fault, f);
    assert_int_equal(
        gong_engine_set_rules(f->engine, f->set, f->position++, 0, NULL),
        GONG_OK);
}

static void
stop(struct fixture *f)
{
    gong_engine_free(f->engine);
    gong_ruleset_free(f->set);
    text_free(&f->told);
}

/* A sample of m{k="..."}. */
static void
put(struct fixture *f, int64_t ms, const char *k, double value)
{
    struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of("m")},
        {gong_str_of("k"), gong_str_of(k)},
    };
    struct gong_engine_sample sample = {labels, 2, value};

    assert_int_equal(
        gong_engine_apply_foreign(f->engine, f->position++, ms, &sample),
        GONG_OK);
}

/* Two samples of an instant, and what the engine says of it. */
static void
instant(struct fixture *f, int64_t ms, double x, double y, const char *expected)
{
    struct gong_record clock = clock_record(ms);

    put(f, ms, "x", x);
    put(f, ms, "y", y);
    text_clear(&f->told);
    clock.offset = f->position++;
    assert_int_equal(gong_engine_apply(f->engine, &clock), GONG_OK);
    assert_string_equal(f->told.data, expected);
}

static void
test_refused(void **state)
{
    static const struct rule_spec spec = {.alert = "A", .expr = "m > 1"};
    struct gong_label_view labels[GONG_LABELSET_MAX + 1];
    struct gong_engine_sample sample = {labels, GONG_LABELSET_MAX + 1, 1};
    struct fixture f;
    uint64_t position = 1;
    int64_t ms = 1;

    (void)state;
    for (size_t i = 0; i <= GONG_LABELSET_MAX; i++) {
        labels[i].name = gong_str_of("a");
        labels[i].value = gong_str_of("b");
    }
    start(&f, spec, 0);
    assert_int_equal(gong_engine_apply_foreign(f.engine, 1, 5, &sample),
                     GONG_ERR_TOO_LARGE);
    gong_engine_place(f.engine, &position, &ms);
    assert_int_equal(position, 0);
    assert_int_equal(ms, 0);
    stop(&f);
    start(&f, spec, 0);
    f.set->foreign = false;
    assert_int_equal(gong_engine_set_rules(f.engine, f.set, 1, 0, NULL),
                     GONG_OK);
    sample.label_count = 1;
    assert_int_equal(gong_engine_apply_foreign(f.engine, 2, 0, &sample),
                     GONG_ERR_UNSUPPORTED);
    stop(&f);
}

/* A name has room beside the labels, even where the sample has none. */
static void
test_most_labels(void **state)
{
    static const struct rule_spec spec = {
        .alert = "n", .record = true, .expr = "{k1=\"v\"} * 2"};
    static char names[GONG_LABELSET_MAX][8];
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_engine_sample sample = {labels, GONG_LABELSET_MAX, 1};
    struct fixture f;

    (void)state;
    for (int i = 0; i < GONG_LABELSET_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "k%d", i);
        labels[i].name = gong_str_of(names[i]);
        labels[i].value = gong_str_of("v");
    }
    start(&f, spec, 0);
    assert_int_equal(gong_engine_apply_foreign(f.engine, 1, 0, &sample),
                     GONG_ERR_TOO_LARGE);
    labels[0].name = gong_str_of("__name__");
    assert_int_equal(gong_engine_apply_foreign(f.engine, 2, 0, &sample),
                     GONG_OK);
    stop(&f);
}

/* A marker ends what a rule sees of a series, NaN and Inf are values. */
static void
check_ends(const char *expr, const char *value, const char *reason)
{
    struct rule_spec spec = {.alert = "A", .expr = expr};
    char fires[128];
    char ends[128];
    struct fixture f;

    (void)snprintf(fires, sizeof fires,
                   "A{k=\"x\"} inactive->firing condition at 10000 since 10000 "
                   "value %s\n",
                   value);
    (void)snprintf(ends, sizeof ends,
                   "A{k=\"x\"} firing->inactive %s at 20000 since 10000 value "
                   "%s\n",
                   reason, value);
    start(&f, spec, 0);
    instant(&f, STEP, 6, NAN, fires);
    instant(&f, 2 * STEP, gong_stale_nan(), gong_stale_nan(), ends);
    instant(&f, 3 * STEP, -INFINITY, NAN, "");
    stop(&f);
}

static void
test_stale(void **state)
{
    (void)state;
    check_ends("m > 5", "6", "missing");
    check_ends("m + 1 > 6", "7", "missing");
    check_ends("last_over_time(m[5s]) > 5", "6", "missing");
    check_ends("sum by (k) (m) > 5", "6", "condition");
}

/* Past the limit all alerts end, and begin anew with `for`. */
static void
test_limit_of_alerts(void **state)
{
    static const struct rule_spec spec = {
        .alert = "A", .expr = "m > 1", .for_ms = STEP};
    struct fixture f;

    (void)state;
    start(&f, spec, 1);
    instant(&f, STEP, 2, 0,
            "A{k=\"x\"} inactive->pending condition at 10000 since 10000 value "
            "2\n");
    instant(&f, 2 * STEP, 2, 0,
            "A{k=\"x\"} pending->firing for at 20000 since 10000 value 2\n");
    instant(&f, 3 * STEP, 2, 2,
            "A{k=\"x\"} firing->inactive limit at 30000 since 10000 value 2\n"
            "fault limit at 30000\n");
    instant(&f, 4 * STEP, 2, 2, "fault limit at 40000\n");
    instant(&f, 5 * STEP, 2, 0,
            "fault over at 50000\n"
            "A{k=\"x\"} inactive->pending condition at 50000 since 50000 value "
            "2\n");
    stop(&f);
}

/* What keeps firing counts too. */
static void
test_limit_and_keep(void **state)
{
    static const struct rule_spec spec = {
        .alert = "A", .expr = "m > 1", .keep_ms = 2 * STEP};
    struct fixture f;

    (void)state;
    start(&f, spec, 1);
    instant(&f, STEP, 2, 0,
            "A{k=\"x\"} inactive->firing condition at 10000 since 10000 value "
            "2\n");
    instant(&f, 2 * STEP, 0, 0,
            "A{k=\"x\"} firing->keeping condition at 20000 since 10000 value "
            "2\n");
    instant(&f, 3 * STEP, 2, 0,
            "A{k=\"x\"} keeping->firing condition at 30000 since 10000 value "
            "2\n");
    instant(&f, 4 * STEP, 0, 2,
            "A{k=\"x\"} firing->inactive limit at 40000 since 10000 value 2\n"
            "fault limit at 40000\n");
    stop(&f);
    start(&f, spec, 1);
    instant(&f, STEP, 2, 0,
            "A{k=\"x\"} inactive->firing condition at 10000 since 10000 value "
            "2\n");
    instant(&f, 2 * STEP, 0, 0,
            "A{k=\"x\"} firing->keeping condition at 20000 since 10000 value "
            "2\n");
    instant(&f, 3 * STEP, 0, 0, "");
    instant(&f, 4 * STEP, 0, 2,
            "A{k=\"y\"} inactive->firing condition at 40000 since 40000 value "
            "2\n"
            "A{k=\"x\"} keeping->inactive keep_firing_for at 40000 since 10000 "
            "value 2\n");
    stop(&f);
}

/* Past the limit nothing is recorded and nothing ends. */
static void
test_limit_of_series(void **state)
{
    static const struct rule_spec spec = {
        .alert = "n", .record = true, .expr = "m > 1"};
    struct fixture f;

    (void)state;
    start(&f, spec, 1);
    instant(&f, STEP, 2, 0, "n{x} at 10000 2\n");
    instant(&f, 2 * STEP, 2, 2, "fault limit at 20000\n");
    instant(&f, 3 * STEP, 0, 2,
            "fault over at 30000\nn{y} at 30000 2\nn{x} at 30000 ends\n");
    stop(&f);
}

/* The name that results keep, as Prometheus 2.42 does; "*": several. */
static void
test_kept_names(void **state)
{
    static const struct {
        const char *expr;
        const char *metric;
    } cases[] = {
        {"m > 5", "m"},
        {"5 < m", "m"},
        {"(m) > 5", "m"},
        {"m > n", "m"},
        {"m > bool 5", NULL},
        {"m > on (a) n", NULL},
        {"m + 1 > 5", NULL},
        {"-m", NULL},
        {"abs(m)", NULL},
        {"rate(m[1m]) > 5", NULL},
        {"last_over_time(m[1m])", "m"},
        {"max_over_time(m[1m])", NULL},
        {"sum by (a) (m) > 5", NULL},
        {"m and n", "m"},
        {"m unless n", "m"},
        {"m or m > 5", "m"},
        {"m or n", "*"},
        {"m or abs(m)", "*"},
        {"{a=\"b\"} > 5", "*"},
        {"{__name__=~\"m.*\"}", "*"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule_spec spec = {.alert = "A", .expr = cases[i].expr};
        struct gong_ruleset *set = make_rules(&spec, 1);
        bool mixed = false;
        const char *metric = gong_book_metric(&set->rules[0], &mixed);

        metric = mixed ? "*" : metric;
        if ((metric == NULL) != (cases[i].metric == NULL) ||
            (metric != NULL && strcmp(metric, cases[i].metric) != 0)) {
            fail_msg("%s: found %s", cases[i].expr,
                     metric == NULL ? "none" : metric);
        }
        gong_ruleset_free(set);
    }
}

/* Templates see it, the alert's labels do not have it. */
static void
test_names_in_templates(void **state)
{
    static const struct {
        const char *expr;
        const char *labels;
    } cases[] = {
        {"m > 5", "map[__name__:m k:x]"},
        {"m > 5 or abs(m) > 5", "map[__name__:m k:x]"},
        {"m > 5 and on (k) m > 4", "map[__name__:m k:x]"},
        {"m * 1 > 5", "map[k:x]"},
        {"sum by (k) (m) > 5", "map[k:x]"},
        {"sum by (__name__, k) (m) > 5", "map[__name__:m k:x]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule_spec spec = {.alert = "A",
                                 .expr = cases[i].expr,
                                 .annotation = "all={{ $labels }}"};
        char expected[256];
        struct fixture f;

        (void)snprintf(expected, sizeof expected,
                       "A{k=\"x\"} inactive->firing condition at 10000 since "
                       "10000 value 6 %s\n",
                       cases[i].labels);
        start(&f, spec, 0);
        instant(&f, STEP, 6, NAN, expected);
        stop(&f);
    }
}

static uint64_t
identity(const struct gong_ruleset *set)
{
    static const struct gong_hash_key key = {{1, 2}};
    struct gong_symbols symbols;
    struct gong_budget budget = {0};
    struct gong_book book;
    uint64_t number = 0;

    gong_symbols_init(&symbols, &budget, &key);
    assert_int_equal(gong_book_compile(&book, set, &symbols), GONG_OK);
    number = gong_book_identity(&book);
    gong_book_fini(&book);
    gong_symbols_fini(&symbols);
    return number;
}

/* A snapshot of one is not that of another. */
static void
test_identity(void **state)
{
    static const struct rule_spec spec = {
        .alert = "A", .expr = "m > 1", .interval_ms = STEP};
    struct gong_ruleset *set = make_rules(&spec, 1);
    uint64_t seen[4] = {identity(set)};

    (void)state;
    set->foreign = true;
    seen[1] = identity(set);
    set->subquery_step_ms = 1000;
    seen[2] = identity(set);
    set->rules[0].limit = 1;
    seen[3] = identity(set);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(seen[i] != seen[k]);
        }
    }
    assert_true(identity(set) == seen[3]);
    gong_ruleset_free(set);
}

/* A label `alertname` of series is hidden by the alert's own name: the second
 * of two that only it tells apart is a fault. */
static void
test_hidden_names(void **state)
{
    static const struct rule_spec spec = {.alert = "A", .expr = "m > 1"};
    struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of("m")},
        {gong_str_of("alertname"), gong_str_of("x")},
    };
    struct gong_engine_sample sample = {labels, 2, 5};
    struct gong_record clock = clock_record(STEP);
    struct gong_engine_stats stats;
    struct fixture f;

    (void)state;
    start(&f, spec, 0);
    assert_int_equal(
        gong_engine_apply_foreign(f.engine, f.position++, STEP, &sample),
        GONG_OK);
    labels[1].value = gong_str_of("y");
    assert_int_equal(
        gong_engine_apply_foreign(f.engine, f.position++, STEP, &sample),
        GONG_OK);
    clock.offset = f.position++;
    assert_int_equal(gong_engine_apply(f.engine, &clock), GONG_OK);
    gong_engine_stats(f.engine, &stats);
    assert_int_equal(stats.firing, 1);
    assert_int_equal(stats.rule_faults, 1);
    assert_non_null(strstr(f.told.data, "fault "));
    assert_null(strstr(f.told.data, "fault over"));
    stop(&f);
}

/* A marker of an end is no sample of the hour that a trend is of. */
static void
test_trend_without_ends(void **state)
{
    static const struct rule_spec spec = {
        .alert = "A", .expr = "m > 100", .annotation = "s=[[{trend:1}]]"};
    struct fixture f;

    (void)state;
    start(&f, spec, 0);
    for (int64_t i = 0; i < 6; i++) {
        put(&f, i * 600000, "x", 90 + (double)i);
    }
    put(&f, 3300000, "x", gong_stale_nan());
    text_clear(&f.told);
    put(&f, 3600000, "x", 101);
    put(&f, 3600000 + STEP, "x", 101);
    assert_non_null(strstr(f.told.data, "inactive->firing"));
    assert_non_null(strstr(f.told.data, " [[{trend:1}]] 9.214\n"));
    stop(&f);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_names),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_most_labels),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_limit_of_alerts),
        cmocka_unit_test(test_limit_and_keep),
        cmocka_unit_test(test_limit_of_series),
        cmocka_unit_test(test_kept_names),
        cmocka_unit_test(test_names_in_templates),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_trend_without_ends),
    };

    return cmocka_run_group_tests_name("engine_foreign", tests, NULL, NULL);
}
