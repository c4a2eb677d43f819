#include "rules/tool/series_notation.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/sample.h"

struct cursor {
    const char *start;
    const char *at;
    const char *end;
    struct gong_expr_error *error;
};

static enum gong_err
refuse(const struct cursor *c, const char *message)
{
    c->error->at = (size_t)(c->at - c->start);
    (void)snprintf(c->error->message, sizeof c->error->message, "%s", message);
    return GONG_ERR_INVALID;
}

static bool
take(struct cursor *c, char byte)
{
    if (c->at == c->end || *c->at != byte) {
        return false;
    }
    c->at++;
    return true;
}

/* Behind an exponent, if one begins at p. */
static const char *
skip_exponent(const char *p, const char *end)
{
    const char *digits;

    if (end - p < 2 || (*p != 'e' && *p != 'E')) {
        return p;
    }
    digits = p + 1 + (p[1] == '+' || p[1] == '-');
    if (digits == end || !gong_ascii_is_digit(*digits)) {
        return p;
    }
    while (digits < end && gong_ascii_is_digit(*digits)) {
        digits++;
    }
    return digits;
}

/* Behind a word, or behind a decimal number. */
static const char *
skip_number(const char *p, const char *end)
{
    if (p < end && gong_ascii_begins_name(*p)) {
        while (p < end && (gong_ascii_is_name(*p))) {
            p++;
        }
        return p;
    }
    while (p < end && (gong_ascii_is_digit(*p) || *p == '.')) {
        p++;
    }
    return skip_exponent(p, end);
}

/* Decimal digits with a point and an exponent, or Inf and NaN in any case; what
 * follows is no letter but the x of a repetition. */
static bool
read_number(struct cursor *c, double *out)
{
    const char *p = skip_number(c->at, c->end);

    if (p == c->at || (p < c->end && gong_ascii_begins_name(*p) && *p != 'x') ||
        !gong_promql_number(gong_str_from(c->at, (size_t)(p - c->at)), out)) {
        return false;
    }
    c->at = p;
    return true;
}

static bool
read_signed(struct cursor *c, double *out)
{
    bool negative = c->at < c->end && *c->at == '-';

    if (negative || (c->at < c->end && *c->at == '+')) {
        c->at++;
    }
    if (!read_number(c, out)) {
        return false;
    }
    *out = negative ? -*out : *out;
    return true;
}

/* x and a number: how often more. */
static bool
read_times(struct cursor *c, size_t *times)
{
    size_t value = 0;

    if (!take(c, 'x') || c->at == c->end || !gong_ascii_is_digit(*c->at)) {
        return false;
    }
    while (c->at < c->end && gong_ascii_is_digit(*c->at) &&
           value <= GONG_SERIES_VALUES_MAX) {
        value = value * 10 + (size_t)(*c->at++ - '0');
    }
    *times = value;
    return true;
}

static enum gong_err
add(struct gong_series_values *out, size_t *capacity,
    struct gong_series_value value)
{
    if (out->count == *capacity) {
        size_t grown = *capacity == 0 ? 64 : *capacity * 2;
        struct gong_series_value *items =
            realloc(out->items, grown * sizeof *items);

        if (items == NULL) {
            return GONG_ERR_MEMORY;
        }
        out->items = items;
        *capacity = grown;
    }
    out->items[out->count++] = value;
    return GONG_OK;
}

/* One item: what it starts with, by how much it grows, how many come. */
struct item {
    double value;
    double step;
    size_t count;
    bool omitted;
};

static bool
read_stale(struct cursor *c, struct item *item)
{
    uint64_t bits = GONG_STALE_NAN;

    if (c->end - c->at < 5 || memcmp(c->at, "stale", 5) != 0 ||
        (c->at + 5 < c->end && (gong_ascii_is_name(c->at[5])))) {
        return false;
    }
    c->at += 5;
    memcpy(&item->value, &bits, sizeof bits);
    return true;
}

/* What follows a number: nothing, xN, or what it grows by and xN. */
static enum gong_err
read_repetition(struct cursor *c, struct item *item)
{
    bool grows = c->at < c->end && (*c->at == '+' || *c->at == '-');
    size_t times = 0;

    if (grows && !read_signed(c, &item->step)) {
        return refuse(c, "expected a number to add");
    }
    if (!grows && (c->at == c->end || *c->at != 'x')) {
        return GONG_OK;
    }
    if (!read_times(c, &times)) {
        return refuse(c, "expected x and how often");
    }
    item->count = times + 1;
    return GONG_OK;
}

static enum gong_err
read_item(struct cursor *c, struct item *item)
{
    *item = (struct item){.count = 1};
    if (take(c, '_')) {
        item->omitted = true;
        return c->at == c->end || *c->at != 'x' || read_times(c, &item->count)
                   ? GONG_OK
                   : refuse(c, "expected how often behind x");
    }
    if (read_stale(c, item)) {
        return GONG_OK;
    }
    return read_signed(c, &item->value)
               ? read_repetition(c, item)
               : refuse(c, "expected a number, _ or stale");
}

enum gong_err
gong_series_values_read(struct gong_str text, struct gong_series_values *out,
                        struct gong_expr_error *error)
{
    struct cursor c = {text.data, text.data, text.data + text.len, error};
    enum gong_err err = GONG_OK;
    size_t capacity = 0;

    *out = (struct gong_series_values){0};
    while (err == GONG_OK) {
        struct item item;

        while (c.at < c.end && gong_ascii_is_blank(*c.at)) {
            c.at++;
        }
        if (c.at == c.end) {
            return GONG_OK;
        }
        err = read_item(&c, &item);
        if (err == GONG_OK &&
            item.count > GONG_SERIES_VALUES_MAX - out->count) {
            err = GONG_ERR_TOO_LARGE;
        }
        for (size_t i = 0; i < item.count && err == GONG_OK; i++) {
            err = add(out, &capacity,
                      (struct gong_series_value){item.value, item.omitted});
            item.value += item.step;
        }
        if (err == GONG_OK && c.at < c.end && !gong_ascii_is_blank(*c.at)) {
            err = refuse(&c, "expected a blank between values");
        }
    }
    if (err == GONG_ERR_TOO_LARGE) {
        (void)refuse(&c, "found more than 1000000 values, expected fewer");
    }
    gong_series_values_fini(out);
    return err;
}

void
gong_series_values_fini(struct gong_series_values *values)
{
    free(values->items);
    *values = (struct gong_series_values){0};
}

static void
skip_blanks(struct cursor *c)
{
    while (c->at < c->end && gong_ascii_is_blank(*c->at)) {
        c->at++;
    }
}

static struct gong_str
read_name(struct cursor *c, bool metric)
{
    const char *start = c->at;

    while (c->at < c->end &&
           (gong_ascii_begins_name(*c->at) || (metric && *c->at == ':') ||
            (c->at > start && gong_ascii_is_digit(*c->at)))) {
        c->at++;
    }
    return gong_str_from(start, (size_t)(c->at - start));
}

/* "...", '...' or `...` with its quotes; empty where there is none. */
static struct gong_str
read_literal(struct cursor *c)
{
    const char *start = c->at;
    char quote;

    if (c->at == c->end || (*c->at != '"' && *c->at != '\'' && *c->at != '`')) {
        return gong_str_from(start, 0);
    }
    quote = *c->at++;
    while (c->at < c->end && *c->at != quote) {
        c->at += *c->at == '\\' && quote != '`' && c->at + 1 < c->end ? 2 : 1;
    }
    if (c->at == c->end) {
        return gong_str_from(start, 0);
    }
    c->at++;
    return gong_str_from(start, (size_t)(c->at - start));
}

/* Takes text over. An empty value is no label. */
static enum gong_err
put_label(struct cursor *c, struct gong_series_labels *out,
          struct gong_str name, char *text)
{
    size_t at = 0;

    if (text == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (text[0] == '\0') {
        free(text);
        return GONG_OK;
    }
    while (at < out->count &&
           gong_str_compare(out->labels[at].name, name) < 0) {
        at++;
    }
    if (out->count == GONG_LABELSET_MAX ||
        (at < out->count && gong_str_equal(out->labels[at].name, name))) {
        free(text);
        return refuse(c, "found a label twice, or too many");
    }
    memmove(out->labels + at + 1, out->labels + at,
            (out->count - at) * sizeof out->labels[0]);
    out->labels[at] = (struct gong_label_view){name, gong_str_of(text)};
    out->texts[out->count++] = text;
    return GONG_OK;
}

static enum gong_err
read_label(struct cursor *c, struct gong_series_labels *out)
{
    struct gong_str name = read_name(c, false);
    struct gong_str literal;
    char *text;

    if (name.len == 0) {
        return refuse(c, "expected a label's name or }");
    }
    skip_blanks(c);
    if (!take(c, '=')) {
        return refuse(c, "expected = behind a label's name");
    }
    skip_blanks(c);
    literal = read_literal(c);
    if (literal.len == 0) {
        return refuse(c, "expected a label's value in quotes");
    }
    text = gong_promql_unquote(literal, c->error);
    if (text == NULL) {
        c->error->at += (size_t)(literal.data - c->start);
        return GONG_ERR_INVALID;
    }
    return put_label(c, out, name, text);
}

static enum gong_err
read_braces(struct cursor *c, struct gong_series_labels *out)
{
    enum gong_err err = GONG_OK;

    for (;;) {
        skip_blanks(c);
        if (take(c, '}')) {
            return GONG_OK;
        }
        err = read_label(c, out);
        if (err != GONG_OK) {
            return err;
        }
        skip_blanks(c);
        if (!take(c, ',') && (c->at == c->end || *c->at != '}')) {
            return refuse(c, "expected , or } behind a label");
        }
    }
}

enum gong_err
gong_series_labels_read(struct gong_str text, struct gong_series_labels *out,
                        struct gong_expr_error *error)
{
    struct cursor c = {text.data, text.data, text.data + text.len, error};
    struct gong_str name;
    enum gong_err err = GONG_OK;
    bool braces;

    *out = (struct gong_series_labels){0};
    skip_blanks(&c);
    name = read_name(&c, true);
    if (name.len > 0) {
        err = put_label(&c, out, gong_str_of("__name__"), gong_str_copy(name));
    }
    skip_blanks(&c);
    braces = take(&c, '{');
    if (err == GONG_OK && braces) {
        err = read_braces(&c, out);
    }
    skip_blanks(&c);
    if (err == GONG_OK && (c.at != c.end || (name.len == 0 && !braces))) {
        err = refuse(&c, "expected name{label=\"value\", ...}");
    }
    if (err != GONG_OK) {
        gong_series_labels_fini(out);
    }
    return err;
}

void
gong_series_labels_fini(struct gong_series_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        free(labels->texts[i]);
    }
    labels->count = 0;
}
