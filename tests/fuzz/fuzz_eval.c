/* Any bytes as an expression over a few series: an evaluation ends with a
 * result whose label sets are distinct, or with a named fault; evaluated again,
 * it says the same. */
#include <stdlib.h>
#include <string.h>

#include "rules/engine/eval.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/labelset.h"
#include "tests/fuzz/fuzz.h"

#define SAMPLES 20
#define STEP_MS 15000

static const char *const series_names[][3] = {
    /* name, x, le */
    {"a", "1", ""},  {"a", "2", ""},     {"b", "1", ""},    {"b", "", ""},
    {"h", "1", "1"}, {"h", "1", "+Inf"}, {"c", "\xff", ""},
};

static double
value_at(size_t series, size_t i)
{
    static const double odd[] = {0, -1, 1e308, 1e-308, -0.0, 0.1, 3};
    uint64_t stale = GONG_STALE_NAN;
    double value = (double)(i * series);

    if ((i + series) % 11 == 0) {
        memcpy(&value, &stale, sizeof value);
    } else if ((i + series) % 5 == 0) {
        value = odd[(i + 3 * series) % 7] / odd[(i + series) % 3];
    }
    return value;
}

static struct gong_eval_memory *
load(void)
{
    struct gong_eval_memory *memory = gong_eval_memory_new();

    FUZZ_CHECK(memory != NULL);
    for (size_t i = 0; i < sizeof series_names / sizeof series_names[0]; i++) {
        struct gong_label_view labels[] = {
            {gong_str_of("__name__"), gong_str_of(series_names[i][0])},
            {gong_str_of("x"), gong_str_of(series_names[i][1])},
            {gong_str_of("le"), gong_str_of(series_names[i][2])},
        };
        uint32_t series = 0;

        FUZZ_CHECK(gong_eval_memory_series(memory, labels, 3, &series) ==
                   GONG_OK);
        for (size_t j = 0; j < SAMPLES; j++) {
            FUZZ_CHECK((i + j) % 7 == 6 ||
                       gong_eval_memory_append(memory, series,
                                               (int64_t)(j * STEP_MS),
                                               value_at(i, j)) == GONG_OK);
        }
    }
    return memory;
}

static void
check_set(const struct gong_eval *eval, uint32_t set)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = gong_eval_labels(eval, set, labels);

    FUZZ_CHECK(set != 0 && count <= GONG_LABELSET_MAX);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(labels[i].name.len > 0 && labels[i].value.len > 0);
        FUZZ_CHECK(i == 0 ||
                   gong_str_compare(labels[i - 1].name, labels[i].name) < 0);
    }
}

static void
check_result(const struct gong_eval *eval,
             const struct gong_eval_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        bool vector = result->type == GONG_VALUE_VECTOR;
        uint32_t set = vector ? result->vector[i].set : result->matrix[i].set;

        check_set(eval, set);
        for (size_t j = 0; vector && i < 64 && j < i; j++) {
            FUZZ_CHECK(result->vector[j].set != set);
        }
        for (size_t j = 1; !vector && j < result->matrix[i].count; j++) {
            FUZZ_CHECK(result->matrix[i].samples[j - 1].ms <
                       result->matrix[i].samples[j].ms);
        }
    }
}

static bool
same_value(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

static void
check_again(const struct gong_eval_result *a, const struct gong_eval_result *b)
{
    FUZZ_CHECK(a->type == b->type && a->count == b->count);
    FUZZ_CHECK(same_value(a->scalar, b->scalar));
    for (size_t i = 0; a->type == GONG_VALUE_VECTOR && i < a->count; i++) {
        FUZZ_CHECK(a->vector[i].set == b->vector[i].set);
        FUZZ_CHECK(same_value(a->vector[i].value, b->vector[i].value));
    }
}

static void
evaluate(const struct gong_expr *expr, struct gong_eval_memory *memory,
         int64_t at)
{
    struct gong_eval_options options = {.samples_max = 3000,
                                        .bytes_max = 8u << 20};
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_expr_error error = {0};
    struct gong_eval *one = gong_eval_new(expr, &source, &options, &error);
    struct gong_eval *two = gong_eval_new(expr, &source, &options, &error);

    FUZZ_CHECK(one != NULL && two != NULL);
    for (int i = 0; i < 2; i++) {
        const struct gong_eval_result *a = NULL;
        const struct gong_eval_result *b = NULL;
        enum gong_err err = gong_eval_at(one, at, &a, &error);

        FUZZ_CHECK(gong_eval_at(two, at, &b, &error) == err);
        FUZZ_CHECK((err == GONG_OK) ==
                   (gong_eval_fault(one) == GONG_EVAL_FINE));
        FUZZ_CHECK(gong_eval_fault(one) == gong_eval_fault(two));
        if (err != GONG_OK) {
            FUZZ_CHECK(error.message[0] != '\0');
            continue;
        }
        check_result(one, a);
        check_again(a, b);
    }
    gong_eval_free(one);
    gong_eval_free(two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text = gong_str_from((const char *)data, size);
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(text, &error);
    struct gong_eval_memory *memory = NULL;

    if (expr == NULL) {
        return 0;
    }
    memory = load();
    evaluate(expr, memory, 150000);
    evaluate(expr, memory, (int64_t)SAMPLES * STEP_MS + 1);
    gong_eval_memory_free(memory);
    gong_expr_free(expr);
    return 0;
}
