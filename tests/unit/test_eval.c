#include "rules/engine/eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eval_fixture.h"
#include "rules/engine/labelset.h"

static const struct eval_series data[] = {
    {"a{x=\"1\"}", "1 2 3 4 5 6"},
    {"a{x=\"2\"}", "10 stale _ 40 NaN 60"},
    {"b{x=\"1\"}", "0 1 0 1 0 1"},
    {"bad{x=\"\\xff\"}", "1 1 1 1 1 1"},
};

static int
load(void **state)
{
    *state = eval_load(data, sizeof data / sizeof data[0]);
    return 0;
}

/* One evaluator over the state's series. */
struct bench {
    struct gong_expr *expr;
    struct gong_eval *eval;
    struct gong_expr_error error;
};

static struct bench
open_bench(struct gong_eval_memory *memory, const char *text,
           const struct gong_eval_options *options)
{
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct bench bench = {NULL, NULL, {0}};

    bench.expr = gong_expr_parse(gong_str_of(text), &bench.error);
    assert_non_null(bench.expr);
    bench.eval = gong_eval_new(bench.expr, &source, options, &bench.error);
    assert_non_null(bench.eval);
    return bench;
}

static void
close_bench(struct bench *bench)
{
    gong_eval_free(bench->eval);
    gong_expr_free(bench->expr);
}

static void
expect(struct bench *bench, int64_t at_ms, const char *want)
{
    const struct gong_eval_result *result = NULL;
    char text[EVAL_TEXT_SIZE];

    assert_int_equal(gong_eval_at(bench->eval, at_ms, &result, &bench->error),
                     GONG_OK);
    eval_render(bench->eval, result, text);
    assert_string_equal(text, want);
}

static void
expect_fault(struct bench *bench, int64_t at_ms, enum gong_err err,
             enum gong_eval_fault fault)
{
    const struct gong_eval_result *result = NULL;

    bench->error.message[0] = '\0';
    assert_int_equal(gong_eval_at(bench->eval, at_ms, &result, &bench->error),
                     err);
    assert_int_equal(gong_eval_fault(bench->eval), fault);
    assert_null(result);
    assert_true(bench->error.message[0] != '\0');
}

static void
expect_one(struct gong_eval_memory *memory,
           const struct gong_eval_options *options, const char *expr,
           int64_t at_ms, const char *want)
{
    char text[EVAL_TEXT_SIZE];

    eval_text(memory, options, expr, at_ms, text);
    if (strcmp(text, want) != 0) {
        fail_msg("%s: %s, not %s", expr, text, want);
    }
}

/* Every type an expression can have. */
static void
test_types(void **state)
{
    static const struct eval_row rows[] = {
        {60000, "1 + 1", "scalar 2"},
        {60000, "(((1)))", "scalar 1"},
        {60000, "\"a\\nb\"", "string a\nb"},
        {60000, "((\"a\"))", "string a"},
        {60000, "vector(1)", "{} 1"},
        {60000, "nope", ""},
        {150000, "a[2m]",
         "a{x=1} [30000:2 60000:3 90000:4 120000:5 150000:6] | "
         "a{x=2} [90000:40 120000:nan 150000:60]"},
        {60000, "(a{x=\"2\"}[30s])", ""},
        {100000, "sum(b)[1m:20s]", "{} [40000:1 60000:0 80000:0 100000:1]"},
        {60000, "nope[1m:]", ""},
        {60000, "a[1m] offset -30s",
         "a{x=1} [30000:2 60000:3 90000:4] | a{x=2} [90000:40]"},
    };

    EVAL_CHECK(*state, rows);
}

/* A sample counts from its own time to the end of look-back, both inside. */
static void
test_lookback(void **state)
{
    struct gong_eval_options options = {.lookback_ms = 60000};

    expect_one(*state, NULL, "b", 450000, "b{x=1} 1");
    expect_one(*state, NULL, "b", 450001, "");
    expect_one(*state, &options, "b", 210000, "b{x=1} 1");
    expect_one(*state, &options, "b", 210001, "");
    expect_one(*state, &options, "b", -1, "");
    expect_one(*state, &options, "b", 0, "b{x=1} 0");
    expect_one(*state, NULL, "a{x=\"2\"}", 30000, "");
    expect_one(*state, NULL, "a{x=\"2\"}", 29999, "a{x=2} 10");
}

static void
test_options(void **state)
{
    struct gong_eval_options options = {.subquery_step_ms = 30000,
                                        .has_range = true,
                                        .start_ms = 30000,
                                        .end_ms = 150000};

    expect_one(*state, NULL, "count_over_time(b[2m:])", 120000, "{x=1} 3");
    expect_one(*state, &options, "count_over_time(b[2m:])", 120000, "{x=1} 5");
    expect_one(*state, NULL, "a{x=\"1\"} @ start()", 60000, "a{x=1} 3");
    expect_one(*state, &options, "a{x=\"1\"} @ start()", 60000, "a{x=1} 2");
    expect_one(*state, &options, "a{x=\"1\"} @ end()", 60000, "a{x=1} 6");
    expect_one(*state, &options, "a{x=\"1\"} @ end() offset 1m", 60000,
               "a{x=1} 4");
}

/* The ends of time are no trap. */
static void
test_extremes(void **state)
{
    static const struct eval_row rows[] = {
        {INT64_MAX, "a", ""},
        {INT64_MIN, "a", ""},
        {INT64_MIN, "rate(a[5m])", ""},
        {INT64_MIN, "a offset 100y", ""},
        {INT64_MAX, "a offset -100y", ""},
        {INT64_MAX, "max_over_time(vector(1)[1m:30s])", "{} 1"},
        {INT64_MIN, "max_over_time(vector(1)[1m:30s])", ""},
        {60000, "a{x=\"1\"} @ 9223372036854775", ""},
        {60000, "a{x=\"1\"} @ -9223372036854775", ""},
        {-45000, "max_over_time(vector(time())[1m:30s])", "{} -60"},
        {-45000, "min_over_time(vector(time())[1m:30s])", "{} -90"},
    };

    EVAL_CHECK(*state, rows);
}

static void
test_samples_max(void **state)
{
    struct gong_eval_options options = {.samples_max = 12};
    struct bench bench = open_bench(*state, "sum_over_time(a[1h])", &options);

    expect(&bench, 150000, "{x=1} 21 | {x=2} nan");
    close_bench(&bench);
    options.samples_max = 10;
    bench = open_bench(*state, "sum_over_time(a[1h])", &options);
    expect_fault(&bench, 150000, GONG_ERR_TOO_LARGE, GONG_EVAL_SAMPLES);
    expect(&bench, 30000, "{x=1} 3 | {x=2} 10");
    close_bench(&bench);
    options.samples_max = 100000;
    bench = open_bench(*state, "max_over_time(nope[10y:1ms])", &options);
    expect_fault(&bench, 150000, GONG_ERR_TOO_LARGE, GONG_EVAL_SAMPLES);
    close_bench(&bench);
}

static void
test_bytes_max(void **state)
{
    struct gong_eval_options options = {.bytes_max = 20000};
    struct bench bench =
        open_bench(*state, "max_over_time(vector(time())[1h:1s])", &options);

    expect_fault(&bench, 150000, GONG_ERR_TOO_LARGE, GONG_EVAL_MEMORY);
    assert_true(gong_eval_bytes(bench.eval) < 40000);
    close_bench(&bench);
    options.bytes_max = 100;
    bench = open_bench(*state, "a", &options);
    expect_fault(&bench, 150000, GONG_ERR_TOO_LARGE, GONG_EVAL_MEMORY);
    expect_fault(&bench, 150000, GONG_ERR_TOO_LARGE, GONG_EVAL_MEMORY);
    close_bench(&bench);
}

/* Whatever the limit is, it is met in order, and what fits still works. */
static void
test_any_bytes(void **state)
{
    static const char *const texts[] = {
        "label_replace(a * on(x) group_left b, \"z\", \"$1\", \"x\", \"(.)\")",
        "topk by (x) (1, a) or quantile without (x) (0.5, b)",
        "count_values(\"v\", sum_over_time(rate(a[1m])[2m:10s]))",
        "histogram_quantile(0.5, label_replace(a, \"le\", \"$1\", \"x\", "
        "\"(.)\"))",
        "absent(nope{x=\"1\"}) + on() group_left() sum(b)",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t fine = 0;

        for (size_t bytes = 500; bytes < 40000; bytes += 500) {
            struct gong_eval_options options = {.bytes_max = bytes};
            struct bench bench = open_bench(*state, texts[i], &options);
            const struct gong_eval_result *result = NULL;

            for (int again = 0; again < 3; again++) {
                enum gong_err err =
                    gong_eval_at(bench.eval, 150000, &result, &bench.error);

                assert_true(err == GONG_OK || err == GONG_ERR_TOO_LARGE);
                fine += err == GONG_OK;
            }
            close_bench(&bench);
        }
        assert_true(fine > 0);
    }
}

static void
add_wide(struct gong_eval_memory *memory, size_t labels)
{
    struct gong_label_view views[GONG_LABELSET_MAX];
    char names[GONG_LABELSET_MAX][24];
    uint32_t series = 0;

    views[0] =
        (struct gong_label_view){gong_str_of("__name__"), gong_str_of("wide")};
    for (size_t i = 1; i < labels; i++) {
        (void)snprintf(names[i], sizeof names[i], "l%zu", i);
        views[i] =
            (struct gong_label_view){gong_str_of(names[i]), gong_str_of("v")};
    }
    assert_int_equal(gong_eval_memory_series(memory, views, labels, &series),
                     GONG_OK);
    assert_int_equal(gong_eval_memory_append(memory, series, 0, 1), GONG_OK);
}

static void
test_labels_max(void **state)
{
    struct gong_eval_memory *memory = eval_load(NULL, 0);
    struct bench bench = {NULL, NULL, {0}};
    char *text = malloc(80000);

    (void)state;
    assert_non_null(text);
    add_wide(memory, GONG_LABELSET_MAX);
    bench = open_bench(memory, "label_replace(wide, \"z\", \"1\", \"x\", \"\")",
                       NULL);
    expect_fault(&bench, 0, GONG_ERR_TOO_LARGE, GONG_EVAL_LABELS);
    close_bench(&bench);
    expect_one(memory, NULL, "count(label_join(wide, \"l1\", \"\"))", 0,
               "{} 1");
    expect_one(memory, NULL, "count(count_values without (x) (\"z\", wide))", 0,
               "{} 1");
    expect_one(memory, NULL,
               "count_values without () (\"z\", "
               "label_replace(wide, \"__name__\", \"\", \"x\", \"\"))",
               60000000, "");
    /* A value made of many parts. */
    (void)strcpy(text, "label_join(wide, \"z\", \"");
    memset(text + strlen(text), 'x', 33000);
    text[23 + 33000] = '\0';
    (void)strcat(text, "\", \"l1\", \"l2\", \"l3\")");
    bench = open_bench(memory, text, NULL);
    expect_fault(&bench, 0, GONG_ERR_TOO_LARGE, GONG_EVAL_LABELS);
    close_bench(&bench);
    free(text);
    gong_eval_memory_free(memory);
}

/* A label that is no UTF-8 has no verdict. */
static void
test_pattern(void **state)
{
    struct bench bench = open_bench(
        *state, "label_replace(bad, \"z\", \"$1\", \"x\", \"(.)x\")", NULL);

    expect_fault(&bench, 0, GONG_ERR_INVALID, GONG_EVAL_PATTERN);
    close_bench(&bench);
}

static enum gong_err
no_select(void *ctx, const struct gong_expr_node *selector, uint32_t index,
          const uint32_t **series, size_t *count)
{
    (void)ctx;
    (void)series;
    (void)count;
    assert_int_equal(selector->kind, GONG_EXPR_SELECTOR);
    assert_int_equal(index, 1);
    return GONG_ERR_TIMEOUT;
}

static void
test_source_error(void **state)
{
    struct gong_eval_source source = gong_eval_memory_source(*state);
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of("1 + a"), &error);
    const struct gong_eval_result *result = NULL;
    struct gong_eval *eval = NULL;

    source.select = no_select;
    eval = gong_eval_new(expr, &source, NULL, &error);
    assert_int_equal(gong_eval_at(eval, 0, &result, &error), GONG_ERR_TIMEOUT);
    assert_int_equal(gong_eval_fault(eval), GONG_EVAL_SOURCE);
    assert_int_equal(error.at, 4);
    gong_eval_free(eval);
    gong_expr_free(expr);
    gong_eval_free(NULL);
}

static void
test_fault_texts(void **state)
{
    (void)state;
    assert_string_equal(gong_eval_fault_text(GONG_EVAL_FINE), "none");
    for (unsigned i = 0; i < GONG_EVAL_STOPPED; i++) {
        for (unsigned j = i + 1; j <= GONG_EVAL_STOPPED; j++) {
            assert_string_not_equal(
                gong_eval_fault_text((enum gong_eval_fault)i),
                gong_eval_fault_text((enum gong_eval_fault)j));
        }
    }
}

/* What is remembered of labels follows the series that there are. */
static void
test_series_change(void **state)
{
    struct gong_eval_memory *memory = eval_load(data, 3);
    struct bench bench =
        open_bench(memory, "sum by (x) (a * on(x) group_left b)", NULL);
    const struct gong_label_view more[][2] = {
        {{{"__name__", 8}, {"a", 1}}, {{"x", 1}, {"0", 1}}},
        {{{"__name__", 8}, {"b", 1}}, {{"x", 1}, {"0", 1}}},
    };
    uint64_t generation = 0;
    uint32_t series = 0;

    (void)state;
    expect(&bench, 30000, "{x=1} 2");
    expect(&bench, 60000, "{x=1} 0");
    generation = gong_eval_generation(bench.eval);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gong_eval_memory_series(memory, more[i], 2, &series),
                         GONG_OK);
        assert_int_equal(gong_eval_memory_append(memory, series, 60000, 7),
                         GONG_OK);
        expect(&bench, 60000, i == 0 ? "{x=1} 0" : "{x=0} 49 | {x=1} 0");
    }
    assert_int_equal(gong_eval_generation(bench.eval), generation);
    gong_eval_forget(bench.eval);
    expect(&bench, 60000, "{x=0} 49 | {x=1} 0");
    assert_int_equal(gong_eval_generation(bench.eval), generation + 1);
    close_bench(&bench);
    gong_eval_memory_free(memory);
}

/* In the steady state nothing is allocated; label sets that only once were are
 * forgotten, and memory stays bounded. */
static void
test_churn(void **state)
{
    struct bench bench =
        open_bench(*state, "count_values(\"v\", vector(time()))", NULL);
    size_t bytes = 0;

    for (int64_t i = 0; i < 100000; i++) {
        char want[64];

        (void)snprintf(want, sizeof want, "{v=%lld} 1", (long long)i);
        expect(&bench, i * 1000, want);
        if (i == 50000) {
            bytes = gong_eval_bytes(bench.eval);
        }
    }
    assert_true(gong_eval_generation(bench.eval) > 2);
    assert_true(gong_eval_bytes(bench.eval) <= 2 * bytes);
    close_bench(&bench);
    bench =
        open_bench(*state, "topk(1, a) + on(x) group_left() rate(b[1m])", NULL);
    for (int64_t i = 0; i < 1000; i++) {
        const struct gong_eval_result *result = NULL;

        assert_int_equal(
            gong_eval_at(bench.eval, i * 1000, &result, &bench.error), GONG_OK);
        if (i == 300) {
            bytes = gong_eval_bytes(bench.eval);
        }
    }
    assert_int_equal(gong_eval_bytes(bench.eval), bytes);
    assert_int_equal(gong_eval_generation(bench.eval), 1);
    close_bench(&bench);
}

/* After a fault the next evaluation is as good as any. */
static void
test_after_fault(void **state)
{
    struct bench bench = open_bench(*state, "a + on() b", NULL);

    expect_fault(&bench, 0, GONG_ERR_INVALID, GONG_EVAL_MANY_TO_ONE);
    expect(&bench, 60000, "{} 3");
    expect_fault(&bench, 90000, GONG_ERR_INVALID, GONG_EVAL_MANY_TO_ONE);
    close_bench(&bench);
    bench = open_bench(*state, "b + on() a", NULL);
    expect_fault(&bench, 0, GONG_ERR_INVALID, GONG_EVAL_MANY_TO_MANY);
    assert_non_null(strstr(bench.error.message, "{}"));
    expect(&bench, 60000, "{} 3");
    close_bench(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_lookback),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_samples_max),
        cmocka_unit_test(test_bytes_max),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_labels_max),
        cmocka_unit_test(test_pattern),
        cmocka_unit_test(test_source_error),
        cmocka_unit_test(test_fault_texts),
        cmocka_unit_test(test_series_change),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_after_fault),
    };

    return cmocka_run_group_tests(tests, load, eval_teardown);
}
