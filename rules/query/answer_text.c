#include "rules/query/answer_text.h"

#include <stdlib.h>

#include "rules/engine/labelset.h"
#include "rules/query/json_text.h"
#include "rules/query/number_text.h"

static void
put_seconds(FILE *out, int64_t ms)
{
    char text[GONG_NUMBER_PLAIN_SIZE];

    (void)fwrite(text, 1, gong_number_seconds(ms, text), out);
}

/* VALUE @[SECONDS] */
static void
put_pair(FILE *out, double value, int64_t ms)
{
    gong_number_put(out, value);
    (void)fputs(" @[", out);
    put_seconds(out, ms);
    (void)fputc(']', out);
}

/* [SECONDS,"VALUE"] */
static void
put_json_pair(FILE *out, double value, int64_t ms, bool exponents)
{
    char text[GONG_NUMBER_PLAIN_SIZE];
    size_t len = exponents ? gong_number_api(value, text)
                           : gong_number_plain(value, text);

    (void)fputc('[', out);
    put_seconds(out, ms);
    (void)fprintf(out, ",\"%.*s\"]", (int)len, text);
}

static void
put_series_text(FILE *out, const struct gong_answer *answer, uint32_t series)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = gong_eval_memory_labels(answer->memory, series, labels);
    size_t samples = 0;
    const struct gong_sample *sample =
        gong_eval_memory_samples(answer->memory, series, &samples);

    gong_label_text_put(out, labels, count);
    (void)fputs(" =>", out);
    for (size_t i = 0; i < samples; i++) {
        (void)fputc(answer->type == GONG_VALUE_VECTOR ? ' ' : '\n', out);
        put_pair(out, sample[i].value, sample[i].ms);
    }
    (void)fputc('\n', out);
}

struct place {
    const struct gong_answer *answer;
    uint32_t series;
};

/* As promtool prints a matrix, not as queries order one: the set with fewer
 * labels first; then, both sorted, at the first name that only one of them has
 * the one without it, at the first differing value the lesser. */
static int
compare_as_printed(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    struct gong_label_view first[GONG_LABELSET_MAX];
    struct gong_label_view second[GONG_LABELSET_MAX];
    size_t first_count =
        gong_eval_memory_labels(x->answer->memory, x->series, first);
    size_t second_count =
        gong_eval_memory_labels(y->answer->memory, y->series, second);

    if (first_count != second_count) {
        return first_count < second_count ? -1 : 1;
    }
    for (size_t i = 0; i < first_count; i++) {
        int order = gong_str_compare(first[i].name, second[i].name);

        if (order != 0) {
            return -order;
        }
        order = gong_str_compare(first[i].value, second[i].value);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static bool
put_matrix_text(FILE *out, const struct gong_answer *answer)
{
    struct place *places = calloc((size_t)answer->count + 1, sizeof *places);

    if (places == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < answer->count; i++) {
        places[i] = (struct place){answer, answer->order[i]};
    }
    qsort(places, answer->count, sizeof *places, compare_as_printed);
    for (uint32_t i = 0; i < answer->count; i++) {
        put_series_text(out, answer, places[i].series);
    }
    free(places);
    return true;
}

bool
gong_answer_put_text(FILE *out, const struct gong_answer *answer)
{
    switch (answer->type) {
    case GONG_VALUE_SCALAR:
        (void)fputs("scalar: ", out);
        put_pair(out, answer->scalar, answer->at_ms);
        (void)fputc('\n', out);
        return true;
    case GONG_VALUE_STRING:
        (void)fprintf(out, "%s\n", answer->text);
        return true;
    case GONG_VALUE_VECTOR:
        for (uint32_t i = 0; i < answer->count; i++) {
            put_series_text(out, answer, answer->order[i]);
        }
        break;
    case GONG_VALUE_MATRIX:
        if (!put_matrix_text(out, answer)) {
            return false;
        }
        break;
    }
    if (answer->count == 0) {
        (void)fputc('\n', out);
    }
    return true;
}

static void
put_json_series(FILE *out, const struct gong_answer *answer, uint32_t series,
                bool exponents)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    bool vector = answer->type == GONG_VALUE_VECTOR;
    size_t count = gong_eval_memory_labels(answer->memory, series, labels);
    size_t samples = 0;
    const struct gong_sample *sample =
        gong_eval_memory_samples(answer->memory, series, &samples);

    (void)fputs("{\"metric\":", out);
    gong_json_put_labels(out, labels, count);
    (void)fputs(vector ? ",\"value\":" : ",\"values\":[", out);
    for (size_t i = 0; i < samples; i++) {
        if (i > 0) {
            (void)fputc(',', out);
        }
        put_json_pair(out, sample[i].value, sample[i].ms, exponents);
    }
    (void)fputs(vector ? "}" : "]}", out);
}

static void
put_json_value(FILE *out, const struct gong_answer *answer, bool exponents)
{
    switch (answer->type) {
    case GONG_VALUE_SCALAR:
        /* The API writes scalars otherwise than samples. */
        put_json_pair(out, answer->scalar, answer->at_ms, false);
        return;
    case GONG_VALUE_STRING:
        (void)fputc('[', out);
        put_seconds(out, answer->at_ms);
        (void)fputc(',', out);
        gong_json_put_text(out, gong_str_of(answer->text));
        (void)fputc(']', out);
        return;
    case GONG_VALUE_VECTOR:
    case GONG_VALUE_MATRIX:
        break;
    }
    (void)fputc('[', out);
    for (uint32_t i = 0; i < answer->count; i++) {
        if (i > 0) {
            (void)fputc(',', out);
        }
        put_json_series(out, answer, answer->order[i], exponents);
    }
    (void)fputc(']', out);
}

void
gong_answer_put_json(FILE *out, const struct gong_answer *answer)
{
    put_json_value(out, answer, false);
    (void)fputc('\n', out);
}

void
gong_answer_put_api(FILE *out, const struct gong_answer *answer)
{
    (void)fprintf(out,
                  "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\","
                  "\"result\":",
                  gong_query_type_name(answer->type));
    put_json_value(out, answer, true);
    (void)fputs("}}", out);
}

void
gong_answer_put_api_error(FILE *out, const struct gong_query_error *error)
{
    (void)fprintf(out, "{\"status\":\"error\",\"errorType\":\"%s\",",
                  error->type);
    if (error->fault[0] != '\0') {
        (void)fprintf(out, "\"fault\":\"%s\",", error->fault);
    }
    (void)fputs("\"error\":", out);
    gong_json_put_text(out, gong_str_of(error->detail.message));
    (void)fputc('}', out);
}
