/*
 * Whatever the bytes: reading ends, every view lies within the text or the
 * reader, and what was read fits what line protocol may carry.
 */
#include "common/prom_text.h"
#include "tests/fuzz/fuzz.h"

static struct gong_prom_text reader;

static bool
within(struct gong_str view, const char *start, size_t len)
{
    return view.data >= start && view.len <= len &&
           (size_t)(view.data - start) <= len - view.len;
}

static void
check_sample(const struct gong_prom_sample *sample, struct gong_str text)
{
    FUZZ_CHECK(sample->name.len > 0 &&
               within(sample->name, text.data, text.len));
    FUZZ_CHECK(sample->label_count <= GONG_PROM_LABELS_MAX);
    for (size_t i = 0; i < sample->label_count; i++) {
        const struct gong_prom_label *label = &sample->labels[i];

        FUZZ_CHECK(label->name.len > 0);
        FUZZ_CHECK(within(label->name, text.data, text.len));
        FUZZ_CHECK(within(label->value, text.data, text.len) ||
                   within(label->value, reader.scratch, sizeof reader.scratch));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text = gong_str_from((const char *)data, size);
    enum gong_prom_result result;
    size_t line = 0;

    gong_prom_text_start(&reader, text);
    while ((result = gong_prom_text_next(&reader)) != GONG_PROM_END) {
        FUZZ_CHECK(reader.line > line);
        line = reader.line;
        if (result == GONG_PROM_SAMPLE) {
            check_sample(&reader.sample, text);
        } else {
            FUZZ_CHECK(reader.reason != NULL);
        }
    }
    return 0;
}
