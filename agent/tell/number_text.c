#include "agent/tell/number_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/str.h"

/* More digits than a double has are no value of ours. */
#define DECIMALS_MAX 17
#define FIXED_MAX    9u

static void
set_point(char *text, char decimal_point)
{
    char *point = strchr(text, '.');

    if (point != NULL) {
        *point = decimal_point;
    }
}

void
gong_number_short(double value, char decimal_point,
                  char out[GONG_NUMBER_TEXT_SIZE])
{
    (void)snprintf(out, GONG_NUMBER_TEXT_SIZE, "%.6g", value);
    set_point(out, decimal_point);
}

void
gong_number_fixed(double value, unsigned decimals, char decimal_point,
                  char out[GONG_NUMBER_TEXT_SIZE])
{
    unsigned shown = decimals < FIXED_MAX ? decimals : FIXED_MAX;
    int len = snprintf(out, GONG_NUMBER_TEXT_SIZE, "%.*f", (int)shown, value);

    if (len < 0 || len >= GONG_NUMBER_TEXT_SIZE) {
        gong_number_short(value, decimal_point, out);
        return;
    }
    set_point(out, decimal_point);
}

void
gong_number_grouped(uint64_t number, char separator,
                    char out[GONG_NUMBER_TEXT_SIZE])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            out[used++] = separator;
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether a run of digits and points may begin behind c. */
static bool
may_begin_after(char c)
{
    return !is_digit(c) && c != '.' && c != ',' && c != '_' &&
           (c < 'a' || c > 'z') && (c < 'A' || c > 'Z');
}

/* Where the one point of a run is; len: it is no number with decimals. */
static size_t
point_of(const char *run, size_t len)
{
    size_t at = 0;

    while (at < len && run[at] != '.') {
        at++;
    }
    return at == 0 || at + 1 >= len || len - at - 1 > DECIMALS_MAX ||
                   memchr(run + at + 1, '.', len - at - 1) != NULL
               ? len
               : at;
}

/* Whether the value, rounded to as many decimals, reads like that. */
static bool
is_value(double value, const char *run, size_t len, size_t point)
{
    char text[GONG_NUMBER_TEXT_SIZE];
    int size = snprintf(text, sizeof text, "%.*f", (int)(len - point - 1),
                        fabs(value));

    return size > 0 && (size_t)size == len && len < sizeof text &&
           memcmp(text, run, len) == 0;
}

/* Whether it is the value times what stands behind it. */
static bool
is_scaled(double value, const char *run, size_t len, size_t point,
          struct gong_str behind)
{
    static const char larger[] = "kMGTPEZY";
    static const char smaller[] = "munpfazy";
    bool binary = behind.len > 1 && behind.data[1] == 'i';
    const char *at;

    if (is_value(value, run, len, point)) {
        return true;
    }
    if (behind.len == 0) {
        return false;
    }
    if (behind.data[0] == '%') {
        return is_value(value * 100, run, len, point);
    }
    at = memchr(larger, behind.data[0], sizeof larger - 1);
    if (at != NULL) {
        double step = binary ? 1024 : 1000;

        return is_value(value / pow(step, (double)(at - larger + 1)), run, len,
                        point);
    }
    at = memchr(smaller, behind.data[0], sizeof smaller - 1);
    return at != NULL && is_value(value * pow(1000, (double)(at - smaller + 1)),
                                  run, len, point);
}

/* value: NULL for any. */
static void
put_commas(const double *value, char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t end = at;
        size_t run;
        size_t point;

        while (end < len && (is_digit(text[end]) || text[end] == '.')) {
            end++;
        }
        run = end - at;
        if (run == 0) {
            at++;
            continue;
        }
        while (run > 0 && text[at + run - 1] == '.') {
            run--; /* the end of a sentence */
        }
        point = point_of(text + at, run);
        if (point < run && (at == 0 || may_begin_after(text[at - 1])) &&
            (value == NULL ||
             is_scaled(*value, text + at, run, point,
                       gong_str_from(text + at + run, len - at - run)))) {
            text[at + point] = ',';
        }
        at = end;
    }
}

void
gong_number_put_commas(double value, char *text, size_t len)
{
    put_commas(&value, text, len);
}

void
gong_number_put_all_commas(char *text, size_t len)
{
    put_commas(NULL, text, len);
}
