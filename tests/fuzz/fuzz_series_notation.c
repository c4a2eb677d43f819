/*
 * Whatever the bytes: values and labels are read or refused with a place inside
 * the text; labels come out sorted, each once.
 */
#include "rules/tool/series_notation.h"
#include "tests/fuzz/fuzz.h"

static void
check_labels(struct gong_str text)
{
    struct gong_series_labels labels;
    struct gong_expr_error error = {0};

    if (gong_series_labels_read(text, &labels, &error) != GONG_OK) {
        FUZZ_CHECK(error.at <= text.len);
        return;
    }
    for (size_t i = 0; i < labels.count; i++) {
        FUZZ_CHECK(labels.labels[i].value.len > 0);
        FUZZ_CHECK(i == 0 || gong_str_compare(labels.labels[i - 1].name,
                                              labels.labels[i].name) < 0);
    }
    gong_series_labels_fini(&labels);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text = gong_str_from((const char *)data, size);
    struct gong_series_values values;
    struct gong_expr_error error = {0};

    if (gong_series_values_read(text, &values, &error) == GONG_OK) {
        FUZZ_CHECK(values.count <= GONG_SERIES_VALUES_MAX);
    } else {
        FUZZ_CHECK(error.at <= text.len && values.items == NULL);
    }
    gong_series_values_fini(&values);
    check_labels(text);
    return 0;
}
