#include "rules/tool/promtest_private.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/labelset.h"
#include "rules/query/json_text.h"
#include "rules/query/number_text.h"
#include "rules/query/query.h"

/* A sample of an answer or of an expectation; the value has to be the same
 * number, and NaN equals nothing, as in promtool. */
struct pair {
    char *labels;
    double value;
};

static int
compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;

    return strcmp(x->labels, y->labels);
}

static char *
label_text(const struct gong_label_view *labels, size_t count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    gong_label_text_put(out, labels, count);
    (void)fclose(out);
    return text;
}

struct pairs {
    struct pair *items;
    size_t count;
};

static void
pairs_fini(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].labels);
    }
    free(pairs->items);
}

/* Takes label_text's answer over; false where that is NULL. */
static bool
add_pair(struct pairs *out, char *labels, double value)
{
    if (labels == NULL) {
        return false;
    }
    out->items[out->count++] = (struct pair){labels, value};
    return true;
}

/* False without memory. */
static bool
answer_pairs(const struct gong_answer *answer, struct pairs *out)
{
    bool scalar = answer->type == GONG_VALUE_SCALAR;

    out->items = calloc((size_t)answer->count + 1, sizeof *out->items);
    if (out->items == NULL) {
        return false;
    }
    if (scalar && !add_pair(out, label_text(NULL, 0), answer->scalar)) {
        return false;
    }
    for (uint32_t i = 0; i < answer->count && !scalar; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        uint32_t series = answer->order[i];
        size_t samples = 0;
        const struct gong_sample *sample =
            gong_eval_memory_samples(answer->memory, series, &samples);
        size_t count = gong_eval_memory_labels(answer->memory, series, labels);

        if (!add_pair(out, label_text(labels, count),
                      sample[samples - 1].value)) {
            return false;
        }
    }
    qsort(out->items, out->count, sizeof *out->items, compare_pairs);
    return true;
}

static bool
no_memory(struct gong_promtest_run *run, const struct gong_promtest_expr *expr)
{
    gong_promtest_place(run, expr->node);
    (void)fprintf(run->out, "expr: %s, err: out of memory\n", expr->expr);
    return false;
}

/* False after a word about labels that cannot be read, or memory. */
static bool
expected_pairs(struct gong_promtest_run *run,
               const struct gong_promtest_expr *expr, struct pairs *out)
{
    bool added = false;

    out->items = calloc(expr->sample_count + 1, sizeof *out->items);
    added = out->items != NULL;
    for (size_t i = 0; i < expr->sample_count && added; i++) {
        const struct gong_promtest_sample *sample = &expr->samples[i];
        struct gong_series_labels labels = {0};
        struct gong_expr_error error = {0};

        if (gong_series_labels_read(
                gong_str_of(sample->labels == NULL ? "{}" : sample->labels),
                &labels, &error) != GONG_OK) {
            gong_promtest_place(run, sample->node);
            (void)fprintf(run->out, "labels: %s\n", error.message);
            return false;
        }
        added = add_pair(out, label_text(labels.labels, labels.count),
                         sample->value);
        gong_series_labels_fini(&labels);
    }
    if (!added) {
        return no_memory(run, expr);
    }
    qsort(out->items, out->count, sizeof *out->items, compare_pairs);
    return true;
}

static bool
equal_pairs(const struct pairs *a, const struct pairs *b)
{
    bool equal = a->count == b->count;

    for (size_t i = 0; equal && i < a->count; i++) {
        equal = strcmp(a->items[i].labels, b->items[i].labels) == 0 &&
                a->items[i].value == b->items[i].value;
    }
    return equal;
}

static void
put_pairs(FILE *out, const char *what, const struct pairs *pairs)
{
    (void)fprintf(out, "      %s:\n", what);
    for (size_t i = 0; i < pairs->count; i++) {
        char text[GONG_NUMBER_PLAIN_SIZE];

        (void)gong_number_api(pairs->items[i].value, text);
        (void)fprintf(out, "        %s %s\n", pairs->items[i].labels, text);
    }
    if (pairs->count == 0) {
        (void)fputs("        nothing\n", out);
    }
}

void
gong_promtest_expr(struct gong_promtest_run *run, struct gong_world *world,
                   const struct gong_promtest_expr *expr)
{
    struct gong_query query = {.expr = expr->expr,
                               .from_ms = expr->eval_ms,
                               .subquery_step_ms = run->test->interval_ms};
    struct gong_eval_source source =
        gong_eval_memory_source(gong_world_memory(world));
    struct gong_answer answer;
    struct gong_query_error error;
    struct pairs got = {0};
    struct pairs expected = {0};

    if (gong_query_answer(&query, &source, &answer, &error) != GONG_OK) {
        gong_promtest_place(run, expr->node);
        (void)fprintf(run->out, "expr: %s, err: %s\n", expr->expr,
                      error.detail.message);
    } else if (answer.type != GONG_VALUE_VECTOR &&
               answer.type != GONG_VALUE_SCALAR) {
        gong_promtest_place(run, expr->node);
        (void)fprintf(run->out,
                      "expr: %s, err: found a %s, expected a vector or a "
                      "scalar\n",
                      expr->expr, gong_query_type_name(answer.type));
    } else if (!expected_pairs(run, expr, &expected)) {
        /* It has said why. */
    } else if (!answer_pairs(&answer, &got)) {
        (void)no_memory(run, expr);
    } else if (!equal_pairs(&expected, &got)) {
        gong_promtest_place(run, expr->node);
        (void)fprintf(run->out, "expr: %s, time: %lld s\n", expr->expr,
                      (long long)(expr->eval_ms / 1000));
        put_pairs(run->out, "exp", &expected);
        put_pairs(run->out, "got", &got);
    }
    pairs_fini(&got);
    pairs_fini(&expected);
    gong_answer_fini(&answer);
}
