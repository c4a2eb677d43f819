#include "rules/engine/eval_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "eval_fixture.h"
#include "rules/engine/labelset.h"

static struct gong_label_view
label(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

static void
test_series(void **state)
{
    struct gong_eval_memory *memory = gong_eval_memory_new();
    struct gong_label_view one[] = {label("x", "1"), label("__name__", "a"),
                                    label("gone", "")};
    struct gong_label_view same[] = {label("__name__", "a"), label("x", "1")};
    struct gong_label_view twice[] = {label("x", "1"), label("x", "2")};
    struct gong_label_view many[GONG_LABELSET_MAX + 1];
    struct gong_label_view out[GONG_LABELSET_MAX];
    uint32_t first = 0;
    uint32_t second = 0;
    size_t count = 1;

    (void)state;
    assert_int_equal(gong_eval_memory_count(memory), 0);
    assert_int_equal(gong_eval_memory_series(memory, one, 3, &first), GONG_OK);
    assert_int_equal(gong_eval_memory_series(memory, same, 2, &second),
                     GONG_OK);
    assert_int_equal(first, 1);
    assert_int_equal(second, 1);
    assert_int_equal(gong_eval_memory_count(memory), 1);
    assert_int_equal(gong_eval_memory_labels(memory, 1, out), 2);
    assert_true(gong_str_is(out[0].name, "__name__"));
    assert_true(gong_str_is(out[1].value, "1"));
    assert_int_equal(gong_eval_memory_series(memory, twice, 2, &second),
                     GONG_ERR_INVALID);
    assert_int_equal(
        gong_eval_memory_series(memory, many, GONG_LABELSET_MAX + 1, &second),
        GONG_ERR_TOO_LARGE);
    assert_int_equal(gong_eval_memory_series(memory, NULL, 0, &second),
                     GONG_OK);
    assert_int_equal(second, 2);
    assert_null(gong_eval_memory_samples(memory, 2, &count));
    assert_int_equal(count, 0);
    gong_eval_memory_free(memory);
    gong_eval_memory_free(NULL);
}

static void
test_samples(void **state)
{
    static const struct eval_series data[] = {{"a", "0 1 2 stale 4"}};
    struct gong_eval_memory *memory = eval_load(data, 1);
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_sample sample = {0, 0};
    const struct gong_sample *window = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(gong_eval_memory_append(memory, 1, 120000, 9),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_eval_memory_append(memory, 1, 5, 9),
                     GONG_ERR_INVALID);
    window = source.window(source.ctx, 1, 30000, 90000, &count);
    assert_int_equal(count, 3);
    assert_int_equal(window[0].ms, 30000);
    assert_true(gong_is_stale(window[2].value));
    (void)source.window(source.ctx, 1, 30001, 59999, &count);
    assert_int_equal(count, 0);
    (void)source.window(source.ctx, 1, 90000, 30000, &count);
    assert_int_equal(count, 0);
    (void)source.window(source.ctx, 1, INT64_MIN, INT64_MAX, &count);
    assert_int_equal(count, 5);
    assert_true(source.newest(source.ctx, 1, 60000, 89999, &sample));
    assert_int_equal(sample.ms, 60000);
    assert_false(source.newest(source.ctx, 1, 60001, 89999, &sample));
    assert_false(source.newest(source.ctx, 1, -10, -1, &sample));
    gong_eval_memory_forget(memory, 60000);
    assert_int_equal(gong_eval_memory_samples(memory, 1, &count)[0].ms, 60000);
    assert_int_equal(count, 3);
    gong_eval_memory_forget(memory, INT64_MAX);
    (void)gong_eval_memory_samples(memory, 1, &count);
    assert_int_equal(count, 0);
    assert_int_equal(gong_eval_memory_append(memory, 1, 5, 9), GONG_OK);
    gong_eval_memory_free(memory);
}

/* Label by label, name before value, fewer before more. */
static void
test_order(void **state)
{
    static const struct eval_series data[] = {
        {"b{x=\"1\"}", "1"},
        {"a{x=\"2\"}", "1"},
        {"a{x=\"10\"}", "1"},
        {"a{x=\"1\",y=\"1\"}", "1"},
        {"a{w=\"9\"}", "1"},
        {"a", "1"},
        {"{x=\"1\",__name__=~\"\"}", "1"},
    };
    static const struct eval_row rows[] = {
        {0, "a", "a{} 1 | a{w=9} 1 | a{x=1,y=1} 1 | a{x=10} 1 | a{x=2} 1"},
        {0, "{x=~\".+\"}",
         "a{x=1,y=1} 1 | a{x=10} 1 | a{x=2} 1 | b{x=1} 1 | {x=1} 1"},
        {0, "{x=~\"1.*\",y!=\"1\"}", "a{x=10} 1 | b{x=1} 1 | {x=1} 1"},
        {0, "{__name__=\"\",x!=\"\"}", "{x=1} 1"},
    };
    struct gong_eval_memory *memory =
        eval_load(data, sizeof data / sizeof data[0]);

    (void)state;
    EVAL_CHECK(memory, rows);
    gong_eval_memory_free(memory);
}

/* A list that was given is found again, and anew when a series came. */
static void
test_select(void **state)
{
    static const struct eval_series data[] = {{"a{x=\"1\"}", "1"},
                                              {"b{x=\"1\"}", "1"}};
    struct gong_eval_memory *memory = eval_load(data, 2);
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of("a"), &error);
    struct gong_label_view more[] = {label("__name__", "a")};
    const uint32_t *series = NULL;
    const uint32_t *again = NULL;
    size_t count = 0;
    uint32_t number = 0;

    (void)state;
    assert_int_equal(
        source.select(source.ctx, &expr->nodes[0], 0, &series, &count),
        GONG_OK);
    assert_int_equal(count, 1);
    assert_int_equal(
        source.select(source.ctx, &expr->nodes[0], 7, &again, &count), GONG_OK);
    assert_ptr_equal(series, again);
    assert_int_equal(gong_eval_memory_series(memory, more, 1, &number),
                     GONG_OK);
    assert_int_equal(
        source.select(source.ctx, &expr->nodes[0], 0, &series, &count),
        GONG_OK);
    assert_int_equal(count, 2);
    assert_int_equal(series[0], number);
    gong_expr_free(expr);
    gong_eval_memory_free(memory);
}

static void
test_no_verdict(void **state)
{
    static const struct eval_series data[] = {{"a{x=\"\\xff\"}", "1"}};
    struct gong_eval_memory *memory = eval_load(data, 1);
    char text[EVAL_TEXT_SIZE];

    (void)state;
    eval_text(memory, NULL, "a{x=~\"(a|b)+c\"}", 0, text);
    assert_string_equal(text, "error: source");
    eval_text(memory, NULL, "b{x=~\"(a|b)+c\"}", 0, text);
    assert_string_equal(text, "");
    gong_eval_memory_free(memory);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series),     cmocka_unit_test(test_samples),
        cmocka_unit_test(test_order),      cmocka_unit_test(test_select),
        cmocka_unit_test(test_no_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
