#include "rules/tool/case_line.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"

#define NUMBER_SIZE 64

static bool
read_number(const char *text, size_t len, double *out)
{
    char number[NUMBER_SIZE];
    char *end = NULL;

    if (len == 0 || len >= sizeof number) {
        return false;
    }
    memcpy(number, text, len);
    number[len] = '\0';
    *out = strtod(number, &end);
    return *end == '\0' && isfinite(*out);
}

/* "A..B" */
static bool
put_between(struct gong_str inner, const struct gong_case_span *span,
            int64_t at, FILE *out)
{
    const char *dots = strstr(inner.data, "..");
    size_t len = dots == NULL ? inner.len : (size_t)(dots - inner.data);
    double way = 0;
    double first = 0;
    double last = 0;

    if (len + 2 > inner.len || !read_number(inner.data, len, &first) ||
        !read_number(dots + 2, inner.len - len - 2, &last)) {
        return false;
    }
    if (span->to > span->from) {
        way = (double)(at - span->from) / (double)(span->to - span->from);
    }
    (void)fprintf(out, "%.17g", first + (last - first) * way);
    return true;
}

/* "A|B|C" */
static bool
put_in_turn(struct gong_str inner, const struct gong_case_span *span,
            int64_t at, FILE *out)
{
    const char *text = inner.data;
    int64_t texts = 1;
    int64_t turn = (at - span->from) / span->step;

    for (size_t i = 0; i < inner.len; i++) {
        texts += inner.data[i] == '|';
    }
    for (turn %= texts; turn > 0; turn--) {
        text += strcspn(text, "|") + 1;
    }
    if (texts > 1) {
        (void)fwrite(text, 1, strcspn(text, "|}"), out);
    }
    return texts > 1;
}

/* How long the braces are; 0: they stand for themselves. */
static size_t
put_braces(const char *text, const struct gong_case_span *span, int64_t at,
           FILE *out)
{
    struct gong_str inner = {text + 1, strcspn(text + 1, "{}")};

    if (inner.data[inner.len] != '}' || (!put_between(inner, span, at, out) &&
                                         !put_in_turn(inner, span, at, out))) {
        return 0;
    }
    return inner.len + 2;
}

static void
put_lines(const char *text, const struct gong_case_span *span, int64_t at,
          int64_t stamp_ns, FILE *out)
{
    while (*text != '\0') {
        size_t len = *text == '{' ? put_braces(text, span, at, out) : 0;

        if (len > 0) {
            text += len;
        } else if (strncmp(text, " & ", 3) == 0) {
            (void)fprintf(out, " %" PRId64 "\n", stamp_ns);
            text += 3;
        } else {
            (void)fputc(*text++, out);
        }
    }
    (void)fprintf(out, " %" PRId64 "\n", stamp_ns);
}

char *
gong_case_lines(const char *text, const struct gong_case_span *span, int64_t at,
                int64_t stamp_ns)
{
    char *lines = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);
    bool failed;

    if (out == NULL) {
        return NULL;
    }
    put_lines(text, span, at, stamp_ns, out);
    failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(lines);
        return NULL;
    }
    return lines;
}
