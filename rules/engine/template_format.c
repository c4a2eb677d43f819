#include "rules/engine/template_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"

#define WIDTH_MAX     100
#define PRECISION_MAX 40
#define NUMBER_MAX    (320 + PRECISION_MAX) /* of %f, with sign and point */

void
gong_render_put(struct gong_render *render, struct gong_str text)
{
    size_t room = render->size - render->used;

    if (render->full || render->size == 0) {
        return;
    }
    if (text.len > room - 1) {
        text.len = room - 1;
        render->full = true;
    }
    if (text.len > 0) {
        memcpy(render->out + render->used, text.data, text.len);
        render->used += text.len;
    }
}

size_t
gong_render_end(struct gong_render *render)
{
    size_t start = render->used;

    if (render->size == 0) {
        return 0;
    }
    /* Where it was cut, the last character may be a part of one. */
    while (render->full && start > 0 && render->used - start < 4) {
        size_t len = 0;

        start--;
        if (((unsigned char)render->out[start] & 0xc0) == 0x80) {
            continue;
        }
        len = gong_promql_rune(
            gong_str_from(render->out + start, render->used - start), NULL);
        if (len == 0) {
            render->used = start;
        }
        break;
    }
    render->out[render->used] = '\0';
    return render->used;
}

static int
read_count(struct gong_str text, size_t *at)
{
    int value = 0;

    while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9') {
        if (value <= WIDTH_MAX) {
            value = value * 10 + (text.data[*at] - '0');
        }
        (*at)++;
    }
    return value;
}

static bool
read_flag(char c, struct gong_format *format)
{
    format->left = format->left || c == '-';
    format->plus = format->plus || c == '+';
    format->space = format->space || c == ' ';
    format->zero = format->zero || c == '0';
    return c == '-' || c == '+' || c == ' ' || c == '0';
}

/* After the "%"; at is moved behind the verb. */
static bool
parse_verb(struct gong_str text, size_t *at, struct gong_format *format,
           struct gong_expr_error *error)
{
    size_t start = *at;

    while (*at < text.len && read_flag(text.data[*at], format)) {
        (*at)++;
    }
    format->width = read_count(text, at);
    format->precision = -1;
    if (*at < text.len && text.data[*at] == '.') {
        (*at)++;
        format->precision = read_count(text, at);
    }
    format->verb = *at < text.len ? text.data[*at] : '\0';
    if (format->verb == '\0' || strchr("eEfFgGs", format->verb) == NULL) {
        return gong_expr_fail(error, start,
                              "found a format without a verb that is known, "
                              "expected one such as %%.1f or %%s");
    }
    if (format->width > WIDTH_MAX || format->precision > PRECISION_MAX ||
        (format->verb == 's' && (format->precision >= 0 || format->zero))) {
        return gong_expr_fail(error, start,
                              "found a verb that is too wide or mixed up, "
                              "expected one such as %%.1f or %%s");
    }
    (*at)++;
    return true;
}

/* Text with "%%" as "%" up to a single "%" or the end. */
static char *
take_literal(struct gong_str text, size_t *at)
{
    char *out = malloc(text.len + 1);
    size_t used = 0;

    while (out != NULL && *at < text.len) {
        bool percent = text.data[*at] == '%';

        if (percent && (*at + 1 == text.len || text.data[*at + 1] != '%')) {
            break;
        }
        out[used++] = text.data[*at];
        *at += percent ? 2 : 1;
    }
    if (out != NULL) {
        out[used] = '\0';
    }
    return out;
}

bool
gong_format_parse(struct gong_str text, struct gong_format *format,
                  struct gong_expr_error *error)
{
    size_t at = 0;
    bool ok = true;

    *format = (struct gong_format){.width = 0};
    format->before = take_literal(text, &at);
    if (format->before == NULL) {
        ok = gong_expr_fail(error, 0, "found no memory left, expected some");
    } else if (at == text.len) {
        ok = gong_expr_fail(error, 0,
                            "found a format without a verb, expected one such "
                            "as %%.1f or %%s");
    } else {
        at++;
        ok = parse_verb(text, &at, format, error);
    }
    if (ok) {
        format->after = take_literal(text, &at);
        if (format->after == NULL) {
            ok =
                gong_expr_fail(error, 0, "found no memory left, expected some");
        } else if (at != text.len) {
            ok = gong_expr_fail(error, at,
                                "found a second verb in a format, expected "
                                "one");
        }
    }
    if (!ok) {
        gong_format_fini(format);
    }
    return ok;
}

void
gong_format_fini(struct gong_format *format)
{
    free(format->before);
    free(format->after);
    *format = (struct gong_format){.width = 0};
}

bool
gong_format_is_text(const struct gong_format *format)
{
    return format->verb == 's';
}

static void
put_fill(struct gong_render *out, char fill, size_t count)
{
    while (count > 0) {
        gong_render_put(out, gong_str_from(&fill, 1));
        count--;
    }
}

static size_t
characters_in(struct gong_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

static void
put_padded(const struct gong_format *format, struct gong_str text,
           struct gong_render *out)
{
    size_t have = characters_in(text);
    size_t width = (size_t)format->width;
    size_t fill = width > have ? width - have : 0;

    gong_render_put(out, gong_str_of(format->before));
    put_fill(out, ' ', format->left ? 0 : fill);
    gong_render_put(out, text);
    put_fill(out, ' ', format->left ? fill : 0);
    gong_render_put(out, gong_str_of(format->after));
}

void
gong_format_text(const struct gong_format *format, struct gong_str value,
                 struct gong_render *out)
{
    put_padded(format, value, out);
}

/* The digits of a finite number that is not negative. */
static size_t
write_digits(const struct gong_format *format, double value, char *text,
             size_t size)
{
    int precision = format->precision < 0 ? 6 : format->precision;
    int len = 0;

    switch (format->verb) {
    case 'e':
        len = snprintf(text, size, "%.*e", precision, value);
        break;
    case 'E':
        len = snprintf(text, size, "%.*E", precision, value);
        break;
    case 'f':
    case 'F':
        len = snprintf(text, size, "%.*f", precision, value);
        break;
    case 'g':
    case 'G':
        if (format->precision < 0) {
            len = (int)gong_promql_number_text(value, text);
        } else {
            len = snprintf(text, size, "%.*g", precision, value);
        }
        break;
    default:
        break;
    }
    for (int i = 0; i < len && format->verb == 'G'; i++) {
        text[i] = text[i] == 'e' ? 'E' : text[i];
    }
    return (size_t)len;
}

void
gong_format_number(const struct gong_format *format, double value,
                   struct gong_render *out)
{
    char text[NUMBER_MAX + WIDTH_MAX + 2];
    bool finite = isfinite(value) != 0;
    bool negative = !isnan(value) && signbit(value) != 0;
    size_t start = 0;
    size_t len = 0;
    size_t width = (size_t)format->width;

    if (negative || format->plus || format->space ||
        (!finite && !isnan(value))) {
        text[start++] = negative                         ? '-'
                        : format->space && !format->plus ? ' '
                                                         : '+';
    }
    if (finite) {
        len = write_digits(format, fabs(value), text + start,
                           sizeof(text) - start);
    } else {
        len = 3;
        memcpy(text + start, isnan(value) ? "NaN" : "Inf", len);
    }
    /* Zeros stand between the sign and the digits. */
    if (format->zero && !format->left && finite && start + len < width) {
        size_t fill = width - start - len;

        memmove(text + start + fill, text + start, len);
        memset(text + start, '0', fill);
        len += fill;
    }
    put_padded(format, gong_str_from(text, start + len), out);
}
