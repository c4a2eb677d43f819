#include "rules/query/number_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_literal.h"

#define DIGITS_MAX 32

/* 0.d1d2d3... times ten to the power of point. */
struct decimal {
    char digits[DIGITS_MAX];
    int count;
    int point;
    bool negative;
};

/* Takes apart [-]ddd[.ddd][e[+-]dd]. */
static void
read_decimal(const char *text, struct decimal *out)
{
    bool fraction = false;

    *out = (struct decimal){.negative = *text == '-'};
    for (text += *text == '-'; *text != '\0' && *text != 'e'; text++) {
        if (*text == '.') {
            fraction = true;
        } else if (*text == '0' && out->count == 0) {
            out->point -= fraction;
        } else {
            out->point += !fraction;
            if (out->count < DIGITS_MAX) {
                out->digits[out->count++] = *text;
            }
        }
    }
    if (*text == 'e') {
        out->point += (int)strtol(text + 1, NULL, 10);
    }
    while (out->count > 0 && out->digits[out->count - 1] == '0') {
        out->count--;
    }
}

static size_t
write_plain(const struct decimal *d, char *out)
{
    size_t used = 0;

    if (d->negative) {
        out[used++] = '-';
    }
    if (d->count == 0 || d->point <= 0) {
        out[used++] = '0';
    }
    for (int i = 0; i < d->point && d->count > 0; i++) {
        out[used++] = '0';
        if (i < d->count) {
            out[used - 1] = d->digits[i];
        }
    }
    if (d->count > d->point && d->count > 0) {
        out[used++] = '.';
        for (int i = d->point; i < d->count; i++) {
            out[used++] = '0';
            if (i >= 0) {
                out[used - 1] = d->digits[i];
            }
        }
    }
    out[used] = '\0';
    return used;
}

static size_t
write_exponent(const struct decimal *d, char *out)
{
    int used =
        snprintf(out, GONG_NUMBER_PLAIN_SIZE, "%s%c%s%.*se%+03d",
                 d->negative ? "-" : "", d->digits[0], d->count > 1 ? "." : "",
                 d->count - 1, d->digits + 1, d->point - 1);

    return (size_t)used;
}

static size_t
write_number(double value, bool exponents,
             char out[static GONG_NUMBER_PLAIN_SIZE])
{
    char text[GONG_NUMBER_TEXT_SIZE];
    size_t len = gong_promql_number_text(value, text);
    double size = fabs(value);
    struct decimal decimal;

    text[len] = '\0';
    if (!isfinite(value)) {
        memcpy(out, text, len + 1);
        return len;
    }
    read_decimal(text, &decimal);
    if (exponents && decimal.count > 0 && (size < 1e-6 || size >= 1e21)) {
        return write_exponent(&decimal, out);
    }
    return write_plain(&decimal, out);
}

size_t
gong_number_plain(double value, char out[static GONG_NUMBER_PLAIN_SIZE])
{
    return write_number(value, false, out);
}

void
gong_number_put(FILE *out, double value)
{
    char text[GONG_NUMBER_PLAIN_SIZE];

    (void)fwrite(text, 1, gong_number_plain(value, text), out);
}

size_t
gong_number_api(double value, char out[static GONG_NUMBER_PLAIN_SIZE])
{
    return write_number(value, true, out);
}

size_t
gong_number_seconds(int64_t ms, char out[static GONG_NUMBER_PLAIN_SIZE])
{
    uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    int used = snprintf(out, GONG_NUMBER_PLAIN_SIZE, "%s%" PRIu64 ".%03" PRIu64,
                        ms < 0 ? "-" : "", size / 1000, size % 1000);

    while (out[used - 1] == '0') {
        used--;
    }
    used -= out[used - 1] == '.';
    out[used] = '\0';
    return (size_t)used;
}

const char *
gong_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
