/* Any bytes as a template: what parses renders within its bounds, and says so
 * where it is short of memory. */
#include <math.h>
#include <string.h>

#include "rules/engine/template.h"
#include "tests/failing_memory.h"
#include "tests/fuzz/fuzz.h"

static enum gong_err
query(void *ctx, struct gong_str expr, const struct gong_template_sample **out,
      size_t *count, struct gong_expr_error *error)
{
    static const struct gong_label_view labels[] = {{{"a", 1}, {"b", 1}}};
    static const struct gong_template_sample samples[] = {
        {labels, 1, 1.5}, {NULL, 0, -1}, {labels, 1, 0}};

    (void)ctx;
    (void)error;
    *out = samples;
    *count = expr.len % 4;
    return GONG_OK;
}

/* Longer than any corpus should be. */
static void
check_too_long(void)
{
    static char text[GONG_TEMPLATE_TEXT_MAX + 1];
    struct gong_expr_error error = {0};

    memset(text, 'a', sizeof text);
    FUZZ_CHECK(gong_template_parse(gong_str_from(text, sizeof text), &error) ==
               NULL);
    FUZZ_CHECK(error.message[0] != '\0');
}

/* Parses and expands with one allocation failing; ok: it parses else. */
static void
run_short_of_memory(struct gong_str text,
                    const struct gong_template_context *context, uint64_t at,
                    bool ok)
{
    struct gong_expr_error error = {0};
    struct gong_template *tmpl = NULL;
    size_t length = 0;
    char out[2048];

    failing_memory_begin(at);
    tmpl = gong_template_parse_query(text, &error);
    FUZZ_CHECK(tmpl != NULL || !ok || strstr(error.message, "memory") != NULL);
    if (tmpl != NULL) {
        FUZZ_CHECK(ok);
        (void)gong_template_expand(tmpl, context, out, sizeof out, &length);
        FUZZ_CHECK(length < sizeof out && out[length] == '\0');
    }
    gong_template_free(tmpl);
    (void)failing_memory_end();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double values[] = {0, -1.5, 1e300, 123456789, NAN, -INFINITY};
    static const size_t sizes[] = {0, 1, 2, 7, 100, 2048};
    struct gong_str text = gong_str_from((const char *)data, size);
    struct gong_label_view labels[] = {
        {{"device", 6}, {"đèn-1", 7}},
        {{"a", 1}, text},
    };
    struct gong_expr_error error = {0};
    struct gong_template *tmpl = NULL;
    struct gong_template_context context = {
        .labels = labels, .label_count = 2, .value = 1e300, .query = query};
    size_t length = 0;
    uint64_t asked = 0;
    char out[2048];

    if (size == 0) {
        check_too_long();
    }
    failing_memory_begin(FAILING_MEMORY_NEVER);
    tmpl = gong_template_parse_query(text, &error);
    if (tmpl != NULL) {
        (void)gong_template_expand(tmpl, &context, out, sizeof out, &length);
    }
    asked = failing_memory_end();
    run_short_of_memory(text, &context,
                        failing_memory_choose(data, size, asked), tmpl != NULL);
    if (tmpl == NULL) {
        FUZZ_CHECK(error.message[0] != '\0' && error.at <= size);
        return 0;
    }
    FUZZ_CHECK(length < sizeof out && out[length] == '\0');
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            size_t len =
                gong_template_render(tmpl, labels, 2, values[j], out, sizes[i]);

            FUZZ_CHECK(sizes[i] == 0 ? len == 0 : len < sizes[i]);
            FUZZ_CHECK(sizes[i] == 0 || out[len] == '\0');
        }
    }
    gong_template_free(tmpl);
    /* An agent cannot answer query. */
    tmpl = gong_template_parse(text, &error);
    FUZZ_CHECK(tmpl != NULL || error.message[0] != '\0');
    gong_template_free(tmpl);
    return 0;
}
