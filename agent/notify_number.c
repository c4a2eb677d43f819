#include "agent/notify_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/notify.h"
#include "common/ascii.h"

/* More digits than a double has are no value of ours. */
#define DECIMALS_MAX 17

static double
value_of(const json_t *effect)
{
    return strtod(gong_notify_text(effect, "value"), NULL);
}

void
gong_notify_number(const json_t *effect, char decimal_point,
                   char out[GONG_NOTIFY_NUMBER_SIZE])
{
    char *point;

    (void)snprintf(out, GONG_NOTIFY_NUMBER_SIZE, "%.6g", value_of(effect));
    point = strchr(out, '.');
    if (point != NULL) {
        *point = decimal_point;
    }
}

/* Whether a run of digits and points may begin behind c. */
static bool
may_begin_after(char c)
{
    return !gong_ascii_is_digit(c) && c != '.' && c != ',' && c != '_' &&
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
    char text[GONG_NOTIFY_NUMBER_SIZE];
    int size = snprintf(text, sizeof text, "%.*f", (int)(len - point - 1),
                        fabs(value));

    return size > 0 && (size_t)size == len && len < sizeof text &&
           memcmp(text, run, len) == 0;
}

void
gong_notify_put_commas(const json_t *effect, char *text, size_t len)
{
    double value = value_of(effect);
    size_t at = 0;

    while (at < len) {
        size_t end = at;
        size_t run;
        size_t point;

        while (end < len &&
               (gong_ascii_is_digit(text[end]) || text[end] == '.')) {
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
            is_value(value, text + at, run, point)) {
            text[at + point] = ',';
        }
        at = end;
    }
}
