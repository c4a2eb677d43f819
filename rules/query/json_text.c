#include "rules/query/json_text.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/lp_text.h"
#include "rules/engine/promql_literal.h"

#define CHUNK 64 /* bytes of a value that are quoted at once */

static void
put_byte(FILE *out, unsigned char byte)
{
    switch (byte) {
    case '"':
        (void)fputs("\\\"", out);
        break;
    case '\\':
        (void)fputs("\\\\", out);
        break;
    case '\n':
        (void)fputs("\\n", out);
        break;
    case '\r':
        (void)fputs("\\r", out);
        break;
    case '\t':
        (void)fputs("\\t", out);
        break;
    default:
        if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&') {
            (void)fprintf(out, "\\u%04x", byte);
        } else {
            (void)fputc(byte, out);
        }
        break;
    }
}

/* Whether a byte is written as it is. */
static bool
is_plain(char byte)
{
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\' &&
           byte != '<' && byte != '>' && byte != '&';
}

/* How many bytes at p are. */
static size_t
plain_bytes(const char *p, const char *end)
{
    size_t len = 0;

    while (p + len < end && is_plain(p[len])) {
        len++;
    }
    return len;
}

void
gong_json_put_text(FILE *out, struct gong_str text)
{
    const char *p = text.data;
    const char *end = text.len == 0 ? text.data : text.data + text.len;

    (void)fputc('"', out);
    while (p < end) {
        size_t len = plain_bytes(p, end);

        if (len > 0) {
            (void)fwrite(p, 1, len, out);
            p += len;
            continue;
        }
        len = gong_lp_utf8_next(p, end);
        if (len <= 1) {
            if (len == 1) {
                put_byte(out, (unsigned char)*p);
            } else {
                (void)fputs("\\ufffd", out);
            }
            p++;
            continue;
        }
        /* Line ends to JavaScript: U+2028 and U+2029. */
        if (len == 3 && memcmp(p, "\xe2\x80", 2) == 0 &&
            ((unsigned char)p[2] & 0xfe) == 0xa8) {
            (void)fputs(p[2] == '\xa8' ? "\\u2028" : "\\u2029", out);
        } else {
            (void)fwrite(p, 1, len, out);
        }
        p += len;
    }
    (void)fputc('"', out);
}

void
gong_json_put_labels(FILE *out, const struct gong_label_view *labels,
                     size_t count)
{
    (void)fputc('{', out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            (void)fputc(',', out);
        }
        gong_json_put_text(out, labels[i].name);
        (void)fputc(':', out);
        gong_json_put_text(out, labels[i].value);
    }
    (void)fputc('}', out);
}

/* In quotes; on the heap only where it is long. */
static void
put_quoted(FILE *out, struct gong_str value)
{
    char small[4 * CHUNK + 2];
    char *big = NULL;
    char *space = small;

    if (value.len > CHUNK) {
        big = malloc(4 * value.len + 2);
        space = big;
    }
    if (space != NULL) {
        (void)fwrite(space, 1, gong_promql_quote(value, space), out);
    }
    free(big);
}

/* As texts name="...": a longer name may come first, for '=' is more than a
 * digit. */
static int
compare_names(const void *a, const void *b)
{
    const struct gong_label_view *const *x = a;
    const struct gong_label_view *const *y = b;
    struct gong_str first = (*x)->name;
    struct gong_str second = (*y)->name;
    size_t shorter = first.len < second.len ? first.len : second.len;
    int order = memcmp(first.data, second.data, shorter);
    unsigned char next_first = '=';
    unsigned char next_second = '=';

    if (order != 0) {
        return order;
    }
    if (first.len > shorter) {
        next_first = (unsigned char)first.data[shorter];
    }
    if (second.len > shorter) {
        next_second = (unsigned char)second.data[shorter];
    }
    return (int)next_first - (int)next_second;
}

void
gong_label_text_put(FILE *out, const struct gong_label_view *labels,
                    size_t count)
{
    const struct gong_label_view **sorted = NULL;
    bool named = false;
    size_t used = 0;

    sorted = calloc(count + 1, sizeof(const struct gong_label_view *));
    if (sorted == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__")) {
            (void)fwrite(labels[i].value.data, 1, labels[i].value.len, out);
            named = true;
        } else {
            sorted[used++] = &labels[i];
        }
    }
    qsort(sorted, used, sizeof(const struct gong_label_view *), compare_names);
    if (used > 0 || !named) {
        (void)fputc('{', out);
    }
    for (size_t i = 0; i < used; i++) {
        (void)fprintf(out, "%s%.*s=", i > 0 ? ", " : "",
                      (int)sorted[i]->name.len, sorted[i]->name.data);
        put_quoted(out, sorted[i]->value);
    }
    if (used > 0 || !named) {
        (void)fputc('}', out);
    }
    free(sorted);
}
