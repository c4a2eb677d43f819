#include "rules/query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/str.h"

/* m{i="0..9"}: a sample each 10 s, 200 of them. */
static struct gong_eval_memory *
ten_series(void)
{
    struct gong_eval_memory *memory = gong_eval_memory_new();

    assert_non_null(memory);
    for (unsigned i = 0; i < 10; i++) {
        char digit[2] = {(char)('0' + i), '\0'};
        struct gong_label_view labels[] = {
            {gong_str_of("__name__"), gong_str_of("m")},
            {gong_str_of("i"), gong_str_of(digit)}};
        uint32_t series = 0;

        assert_int_equal(gong_eval_memory_series(memory, labels, 2, &series),
                         GONG_OK);
        for (int64_t n = 0; n < 200; n++) {
            assert_int_equal(gong_eval_memory_append(memory, series, n * 10000,
                                                     (double)n + i),
                             GONG_OK);
        }
    }
    return memory;
}

struct patience {
    unsigned left;
    enum gong_err then;
};

static enum gong_err
spend_patience(void *ctx)
{
    struct patience *patience = ctx;

    if (patience->left == 0) {
        return patience->then;
    }
    patience->left--;
    return GONG_OK;
}

static struct gong_query
range_of(const char *expr)
{
    return (struct gong_query){.expr = expr,
                               .range = true,
                               .from_ms = 0,
                               .to_ms = 1990000,
                               .step_ms = 10000};
}

static enum gong_err
ask(struct gong_query query, const struct gong_query_limits *limits,
    struct gong_query_error *error)
{
    struct gong_eval_memory *memory = ten_series();
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_answer answer;
    enum gong_err err;

    query.limits = limits;
    err = gong_query_answer(&query, &source, &answer, error);
    gong_answer_fini(&answer);
    gong_eval_memory_free(memory);
    return err;
}

static void
test_parse_refuses_before_a_source_is_asked(void **state)
{
    static const struct {
        const char *expr;
        int64_t step_ms;
        const char *says;
    } cases[] = {
        {"m +", 10000, "expected"},
        {"m[5m]", 10000, "found a range vector"},
        {"\"text\"", 10000, "found a string"},
        {"m", 0, "a step of zero"},
        {"m", 100, "more than 11000 steps"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_query query = range_of(cases[i].expr);
        struct gong_query_error error;
        struct gong_expr *expr = NULL;

        query.step_ms = cases[i].step_ms;
        assert_int_equal(gong_query_parse(&query, &expr, &error),
                         GONG_ERR_INVALID);
        assert_null(expr);
        assert_string_equal(error.type, "bad_data");
        assert_non_null(strstr(error.detail.message, cases[i].says));
    }
}

static void
test_one_expression_runs_more_than_once(void **state)
{
    struct gong_eval_memory *memory = ten_series();
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_query query = range_of("sum(m)");
    struct gong_query_error error;
    struct gong_expr *expr = NULL;

    (void)state;
    assert_int_equal(gong_query_parse(&query, &expr, &error), GONG_OK);
    for (int i = 0; i < 2; i++) {
        struct gong_answer answer;
        size_t count = 0;

        assert_int_equal(gong_query_run(&query, expr, &source, &answer, &error),
                         GONG_OK);
        assert_int_equal(answer.count, 1);
        (void)gong_eval_memory_samples(answer.memory, answer.order[0], &count);
        assert_int_equal(count, 200);
        gong_answer_fini(&answer);
    }
    gong_expr_free(expr);
    gong_eval_memory_free(memory);
}

static void
test_goes_on_ends_it_between_steps(void **state)
{
    struct patience patience = {5, GONG_ERR_TIMEOUT};
    struct gong_query_limits limits = {.goes_on = spend_patience,
                                       .ctx = &patience};
    struct gong_query_error error;

    (void)state;
    assert_int_equal(ask(range_of("m"), &limits, &error), GONG_ERR_TIMEOUT);
    assert_string_equal(error.type, "execution");
    assert_string_equal(error.fault, "stopped");
    patience = (struct patience){0, GONG_ERR_CLOSED};
    assert_int_equal(ask(range_of("1"), &limits, &error), GONG_ERR_CLOSED);
}

/* One step, of which a subquery makes millions. */
static void
test_goes_on_ends_it_within_a_step(void **state)
{
    struct patience patience = {5, GONG_ERR_TIMEOUT};
    struct gong_query_limits limits = {.goes_on = spend_patience,
                                       .ctx = &patience};
    struct gong_query query = {.expr = "count_over_time(vector(1)[30d:1s])",
                               .from_ms = INT64_C(10000000000)};
    struct gong_query_error error;

    (void)state;
    assert_int_equal(ask(query, &limits, &error), GONG_ERR_TIMEOUT);
    assert_int_equal(patience.left, 0);
    assert_string_equal(error.fault, "stopped");
}

static void
test_an_answer_is_bounded(void **state)
{
    struct gong_query_limits limits = {.bytes_max = 64 << 10};
    struct gong_query_error error;

    (void)state;
    assert_int_equal(ask(range_of("sum(m)"), &limits, &error), GONG_OK);
    limits.bytes_max = 24 << 10;
    assert_int_equal(ask(range_of("m"), &limits, &error), GONG_ERR_TOO_LARGE);
    assert_string_equal(error.type, "execution");
    assert_string_equal(error.fault, "memory");
}

static void
test_a_step_is_bounded(void **state)
{
    struct gong_query_limits limits = {.samples_max = 9};
    struct gong_query_error error;

    (void)state;
    assert_int_equal(ask(range_of("m"), &limits, &error), GONG_ERR_TOO_LARGE);
    assert_string_equal(error.fault, "samples");
    limits.samples_max = 10;
    assert_int_equal(ask(range_of("m"), &limits, &error), GONG_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_refuses_before_a_source_is_asked),
        cmocka_unit_test(test_one_expression_runs_more_than_once),
        cmocka_unit_test(test_goes_on_ends_it_between_steps),
        cmocka_unit_test(test_goes_on_ends_it_within_a_step),
        cmocka_unit_test(test_an_answer_is_bounded),
        cmocka_unit_test(test_a_step_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
