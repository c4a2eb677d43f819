/*
 * Whatever the bytes: the lines end with the stamp, and what holds no short
 * form is as it was.
 */
#include <string.h>

#include "rules/tool/case_line.h"
#include "tests/fuzz/fuzz.h"

static const struct gong_case_span spans[] = {
    {0, 0, 1},
    {0, 40, 10},
    {3, 100000000, 99999997},
};

static void
check_lines(const char *text, const struct gong_case_span *span, int64_t at)
{
    char *lines = gong_case_lines(text, span, at, 12);
    size_t len;

    FUZZ_CHECK(lines != NULL);
    len = strlen(lines);
    FUZZ_CHECK(len >= 4 && strcmp(lines + len - 4, " 12\n") == 0);
    if (strchr(text, '{') == NULL && strstr(text, " & ") == NULL) {
        FUZZ_CHECK(len == strlen(text) + 4 &&
                   memcmp(lines, text, len - 4) == 0);
    }
    free(lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);

    FUZZ_CHECK(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        for (int64_t at = spans[i].from; at <= spans[i].to;
             at += spans[i].step) {
            check_lines(text, &spans[i], at);
        }
    }
    free(text);
    return 0;
}
