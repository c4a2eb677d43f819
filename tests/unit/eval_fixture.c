#include "eval_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/labelset.h"

#define STEP_MS 30000

static uint32_t
add_series(struct gong_eval_memory *memory, const char *name)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(name), &error);
    struct gong_label_view labels[GONG_LABELSET_MAX];
    const struct gong_expr_node *node = NULL;
    uint32_t series = 0;

    if (expr == NULL) {
        fail_msg("%s: %s", name, error.message);
    }
    node = &expr->nodes[expr->root];
    for (size_t i = 0; i < node->matcher_count; i++) {
        labels[i].name = gong_str_of(node->matchers[i].name);
        labels[i].value = gong_str_of(node->matchers[i].value);
    }
    assert_int_equal(
        gong_eval_memory_series(memory, labels, node->matcher_count, &series),
        GONG_OK);
    gong_expr_free(expr);
    return series;
}

static double
read_value(const char *word)
{
    uint64_t bits = GONG_STALE_NAN;
    double value = 0;

    if (strncmp(word, "stale", 5) != 0) {
        return strtod(word, NULL);
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct gong_eval_memory *
eval_load(const struct eval_series *series, size_t count)
{
    struct gong_eval_memory *memory = gong_eval_memory_new();

    assert_non_null(memory);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = add_series(memory, series[i].name);
        const char *word = series[i].values;
        int64_t ms = 0;

        for (; *word != '\0'; ms += STEP_MS) {
            if (*word != '_') {
                assert_int_equal(gong_eval_memory_append(memory, number, ms,
                                                         read_value(word)),
                                 GONG_OK);
            }
            word += strcspn(word, " ");
            word += strspn(word, " ");
        }
    }
    return memory;
}

static void append(char *out, const char *format, ...) GONG_PRINTF(2, 3);

static void
append(char *out, const char *format, ...)
{
    size_t used = strlen(out);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(out + used, EVAL_TEXT_SIZE - used, format, arguments);
    va_end(arguments);
}

static void
append_labels(const struct gong_eval *eval, uint32_t set, char *out)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = gong_eval_labels(eval, set, labels);
    const char *between = "";

    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__")) {
            append(out, "%.*s", (int)labels[i].value.len, labels[i].value.data);
        }
    }
    append(out, "{");
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__")) {
            continue;
        }
        append(out, "%s%.*s=%.*s", between, (int)labels[i].name.len,
               labels[i].name.data, (int)labels[i].value.len,
               labels[i].value.data);
        between = ",";
    }
    append(out, "}");
}

/* NaN has no sign to be shown. */
static void
append_number(double value, char *out)
{
    if (value != value) {
        append(out, "nan");
    } else {
        append(out, "%.15g", value);
    }
}

static void
render_matrix(const struct gong_eval *eval,
              const struct gong_eval_result *result, char *out)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct gong_eval_series *series = &result->matrix[i];

        append(out, i == 0 ? "" : " | ");
        append_labels(eval, series->set, out);
        append(out, " [");
        for (size_t j = 0; j < series->count; j++) {
            append(out, "%s%" PRId64 ":", j == 0 ? "" : " ",
                   series->samples[j].ms);
            append_number(series->samples[j].value, out);
        }
        append(out, "]");
    }
}

void
eval_render(const struct gong_eval *eval, const struct gong_eval_result *result,
            char *out)
{
    out[0] = '\0';
    switch (result->type) {
    case GONG_VALUE_SCALAR:
        append(out, "scalar ");
        append_number(result->scalar, out);
        break;
    case GONG_VALUE_STRING:
        append(out, "string %.*s", (int)result->text.len, result->text.data);
        break;
    case GONG_VALUE_VECTOR:
        for (size_t i = 0; i < result->count; i++) {
            append(out, i == 0 ? "" : " | ");
            append_labels(eval, result->vector[i].set, out);
            append(out, " ");
            append_number(result->vector[i].value, out);
        }
        break;
    case GONG_VALUE_MATRIX:
        render_matrix(eval, result, out);
        break;
    }
}

void
eval_text(struct gong_eval_memory *memory,
          const struct gong_eval_options *options, const char *text,
          int64_t at_ms, char *out)
{
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    struct gong_eval *eval =
        expr == NULL ? NULL : gong_eval_new(expr, &source, options, &error);
    const struct gong_eval_result *result = NULL;

    if (eval == NULL) {
        fail_msg("%s: at %zu: %s", text, error.at, error.message);
    }
    if (gong_eval_at(eval, at_ms, &result, &error) == GONG_OK) {
        assert_int_equal(gong_eval_fault(eval), GONG_EVAL_FINE);
        assert_int_equal(result->at_ms, at_ms);
        eval_render(eval, result, out);
    } else {
        assert_true(error.message[0] != '\0');
        assert_true(error.at < strlen(text));
        (void)snprintf(out, EVAL_TEXT_SIZE, "error: %s",
                       gong_eval_fault_text(gong_eval_fault(eval)));
    }
    gong_eval_free(eval);
    gong_expr_free(expr);
}

void
eval_check(struct gong_eval_memory *memory, const struct eval_row *rows,
           size_t count)
{
    char text[EVAL_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        eval_text(memory, NULL, rows[i].expr, rows[i].at_ms, text);
        if (strcmp(text, rows[i].want) != 0) {
            fail_msg("%s at %" PRId64 ":\n%s, not\n%s", rows[i].expr,
                     rows[i].at_ms, text, rows[i].want);
        }
    }
}

static const struct eval_series shared[] = {
    {"a{x=\"1\",y=\"p\"}", "1 2 3 4 5 6 7 8 9 10"},
    {"a{x=\"2\",y=\"p\"}", "10 20 30 _ _ 60 stale _ 90 100"},
    {"a{x=\"3\",y=\"q\"}", "-1 -2 -3 -4 NaN -6 -7 -8 -9 -10"},
    {"b{x=\"1\",y=\"p\"}", "5 5 5 5 5 5 5 5 5 5"},
    {"b{x=\"1\",y=\"q\"}", "0 1 0 1 0 1 0 1 0 NaN"},
    {"b{x=\"2\",y=\"p\"}", "0 1 3 7 2 5 9 1 4 Inf"},
    {"c{x=\"1\"}", "7 8 9 10 11 12 13 14 15 16"},
    {"c{x=\"2\"}", "100 90 80 70 60 50 40 30 20 10"},
    {"h_bucket{le=\"0.1\",i=\"1\"}", "0 1 2 3 4 5 6 7 8 9"},
    {"h_bucket{le=\"1\",i=\"1\"}", "0 2 4 6 8 10 12 14 16 18"},
    {"h_bucket{le=\"+Inf\",i=\"1\"}", "0 3 6 9 12 15 18 21 24 27"},
    {"h_bucket{le=\"0.1\",i=\"2\"}", "0 1 2 3 4 5 6 7 8 9"},
    {"h_bucket{le=\"1\",i=\"2\"}", "0 2 4 6 8 10 12 14 16 18"},
    {"g_bucket{le=\"0.1\",i=\"1\"}", "0 1 2 3 4 5 6 7 8 9"},
    {"g_bucket{le=\"+Inf\",i=\"1\"}", "0 1 2 3 4 5 6 7 8 9"},
    {"g_bucket{le=\"abc\",i=\"1\"}", "0 1 2 3 4 5 6 7 8 9"},
    {"early{x=\"1\"}", "1 2 3 stale"},
    {"late{x=\"1\"}", "_ _ _ _ _ 6 7 8 9 10"},
    {"v{p=\"1-2\",s=\"đèn\",n=\"1\"}",
     "1e6 1.5e-7 0.5 100 1e21 1e300 -0.25 NaN Inf -Inf"},
};

int
eval_setup(void **state)
{
    *state = eval_load(shared, sizeof shared / sizeof shared[0]);
    return 0;
}

int
eval_teardown(void **state)
{
    gong_eval_memory_free(*state);
    return 0;
}
