#include "rules/engine/promql_literal.h"

#include <errno.h>
#include <inttypes.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rules/engine/promql_error.h"

/* Longer literals are no honest numbers. */
#define NUMBER_LITERAL_MAX 400

/* Durations are int64 nanoseconds where this language comes from. */
#define DURATION_MS_MAX (INT64_MAX / 1000000)

static const struct {
    const char *name;
    int64_t ms;
    bool exact_only; /* written only where it leaves no rest */
} units[] = {
    {"y", 31536000000, true}, {"w", 604800000, true}, {"d", 86400000, false},
    {"h", 3600000, false},    {"m", 60000, false},    {"s", 1000, false},
    {"ms", 1, false},
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static bool
all_in(const char *text, const char *set)
{
    return text[strspn(text, set)] == '\0';
}

/* An integer with a base other than ten; false leaves it to strtod. */
static bool
read_prefixed(const char *text, bool *ok, double *out)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    bool octal = text[0] == '0' && text[1] != '\0' && all_in(text, "01234567");
    unsigned long long value = 0;

    if (!hex && !octal) {
        return false;
    }
    errno = 0;
    value = strtoull(hex ? text + 2 : text, NULL, hex ? 16 : 8);
    *ok = errno == 0 && value <= INT64_MAX;
    if (hex) {
        *ok = *ok && text[2] != '\0' &&
              all_in(text + 2, "0123456789abcdefABCDEF");
    } else if (!*ok) {
        return false;
    }
    *out = (double)value;
    return true;
}

bool
gong_promql_number(struct gong_str text, double *out)
{
    char copy[NUMBER_LITERAL_MAX + 1];
    char *end = NULL;
    bool ok = false;

    if (text.len == 0 || text.len > NUMBER_LITERAL_MAX) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (strcasecmp(copy, "inf") == 0) {
        *out = (double)INFINITY;
        return true;
    }
    if (strcasecmp(copy, "nan") == 0) {
        *out = (double)NAN;
        return true;
    }
    if (read_prefixed(copy, &ok, out)) {
        return ok;
    }
    if (!all_in(copy, "0123456789.eE+-")) {
        return false;
    }
    /* The programs never leave the "C" locale. */
    *out = strtod(copy, &end);
    return end != copy && *end == '\0' && !isinf(*out);
}

static size_t
drop_zeros(char *digits, size_t count)
{
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
    return count;
}

/* The same as shortest_digits below, for what has few decimal places, as most
 * readings: number / 10^places, both exact, rounds once, so that is what the
 * decimal reads back as; and no other of up to 15 digits does. 0: has more. */
static size_t
few_digits(double value, char digits[static 20], int *exponent)
{
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4};
    const int most = FLT_EVAL_METHOD == 0 ? 5 : 0;
    char text[20];
    size_t count = 0;

    for (int places = 0; places < most && value * tens[places] < 1e15;
         places++) {
        uint64_t number = (uint64_t)(value * tens[places] + 0.5);

        if ((double)number / tens[places] != value ||
            number >= UINT64_C(1000000000000000)) {
            continue;
        }
        do {
            text[sizeof text - ++count] = (char)('0' + number % 10);
            number /= 10;
        } while (number > 0);
        memcpy(digits, text + sizeof text - count, count);
        *exponent = (int)count - 1 - places;
        return drop_zeros(digits, count);
    }
    return 0;
}

/* digits of the shortest decimal that reads back; 10^exponent stands for the
 * first one. */
static size_t
shortest_digits(double value, char digits[static 20], int *exponent)
{
    char text[GONG_NUMBER_TEXT_SIZE];
    size_t count = few_digits(value, digits, exponent);
    char *mark = NULL;

    if (count > 0) {
        return count;
    }
    /* Up to 15 digits survive a normal double, so that they are among the first
     * 15 of it, and zeros follow. */
    for (int precision = value < DBL_MIN ? 0 : DBL_DIG - 1; precision < 17;
         precision++) {
        (void)snprintf(text, sizeof(text), "%.*e", precision, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    mark = strchr(text, 'e');
    *exponent = (int)strtol(mark + 1, NULL, 10);
    for (const char *c = text; c < mark; c++) {
        if (*c != '.') {
            digits[count++] = *c;
        }
    }
    return drop_zeros(digits, count);
}

static int
write_plain(const char *digits, size_t count, int exponent, char *out,
            size_t size)
{
    int whole = exponent + 1; /* digits before the point */
    int have = (int)count;

    if (whole <= 0) {
        return snprintf(out, size, "0.%.*s%s", -whole, "0000", digits);
    }
    if (have <= whole) {
        return snprintf(out, size, "%s%.*s", digits, whole - have, "000000");
    }
    return snprintf(out, size, "%.*s.%s", whole, digits, digits + whole);
}

size_t
gong_promql_number_text(double value, char out[static GONG_NUMBER_TEXT_SIZE])
{
    char digits[20];
    size_t used = 0;
    size_t count = 0;
    int exponent = 0;
    int more = 0;

    if (isnan(value) || isinf(value)) {
        const char *name = isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        return (size_t)snprintf(out, GONG_NUMBER_TEXT_SIZE, "%s", name);
    }
    if (signbit(value)) {
        out[used++] = '-';
        value = -value;
    }
    count = shortest_digits(value, digits, &exponent);
    if (exponent >= -4 && exponent < 6) {
        more = write_plain(digits, count, exponent, out + used,
                           GONG_NUMBER_TEXT_SIZE - used);
    } else {
        more =
            snprintf(out + used, GONG_NUMBER_TEXT_SIZE - used, "%c%s%se%+03d",
                     digits[0], count > 1 ? "." : "", digits + 1, exponent);
    }
    return used + (size_t)more;
}

bool
gong_promql_duration(struct gong_str text, int64_t *ms)
{
    size_t at = 0;
    size_t unit = 0;
    int64_t total = 0;

    while (at < text.len) {
        size_t start = at;
        int64_t amount = 0;
        size_t letters = 0;

        for (; at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
             at++) {
            amount = amount * 10 + (text.data[at] - '0');
            if (amount > DURATION_MS_MAX) {
                return false;
            }
        }
        while (at + letters < text.len && text.data[at + letters] >= 'a' &&
               text.data[at + letters] <= 'z') {
            letters++;
        }
        struct gong_str name = gong_str_from(text.data + at, letters);
        while (unit < UNIT_COUNT && !gong_str_is(name, units[unit].name)) {
            unit++;
        }
        if (at == start || unit == UNIT_COUNT ||
            amount > (DURATION_MS_MAX - total) / units[unit].ms) {
            return false;
        }
        total += amount * units[unit].ms;
        unit++;
        at += letters;
    }
    *ms = total;
    return total > 0;
}

size_t
gong_promql_duration_text(int64_t ms, char out[static GONG_DURATION_TEXT_SIZE])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        int64_t amount = ms / units[i].ms;

        if (amount == 0 || (units[i].exact_only && ms % units[i].ms != 0)) {
            continue;
        }
        ms -= amount * units[i].ms;
        used += (size_t)snprintf(out + used, GONG_DURATION_TEXT_SIZE - used,
                                 "%" PRId64 "%s", amount, units[i].name);
    }
    return used;
}
