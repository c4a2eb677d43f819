#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_literal.h"
#include "rules/engine/template_format.h"

#define PRECISION_MAX 1000
#define NUMBER_MAX    (320 + PRECISION_MAX) /* of %f, with sign and point */

static void
put_rune(struct gong_tbuilder *out, char c, int count)
{
    for (int i = 0; i < count && !out->render->failed; i++) {
        gong_tbuilder_putc(out, c);
    }
}

static int
characters_in(struct gong_str text)
{
    int count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

void
gong_tformat_padded(struct gong_tbuilder *out, const struct gong_tverb *verb,
                    struct gong_str text)
{
    int fill = verb->width - characters_in(text);
    /* Go fills texts with zeros, too. */
    char left = verb->zero && !verb->minus ? '0' : ' ';

    put_rune(out, left, verb->minus ? 0 : fill);
    gong_tbuilder_put(out, text);
    put_rune(out, ' ', verb->minus ? fill : 0);
}

/* Sign and digits, with zeros between them up to the width. */
static void
put_signed(struct gong_tbuilder *out, const struct gong_tverb *verb, char sign,
           struct gong_str digits)
{
    int have = (int)digits.len + (sign != '\0' ? 1 : 0);
    int fill = verb->width > have ? verb->width - have : 0;
    bool zeros = verb->zero && !verb->minus;

    put_rune(out, ' ', verb->minus || zeros ? 0 : fill);
    if (sign != '\0') {
        gong_tbuilder_putc(out, sign);
    }
    put_rune(out, '0', zeros ? fill : 0);
    gong_tbuilder_put(out, digits);
    put_rune(out, ' ', verb->minus ? fill : 0);
}

static char
sign_of(const struct gong_tverb *verb, bool negative)
{
    if (negative) {
        return '-';
    }
    return verb->plus ? '+' : verb->space ? ' ' : '\0';
}

/* C writes one digit of a hexadecimal exponent where Go writes two. */
static int
widen_exponent(char *text, int len)
{
    const char *p = strchr(text, 'p');

    if (p != NULL && text + len - p == 3) {
        text[len + 1] = '\0';
        text[len] = text[len - 1];
        text[len - 1] = '0';
        len++;
    }
    return len;
}

/* %b: the mantissa as a whole number and the power of two. */
static int
write_binary(double value, char *text, size_t size)
{
    int exponent = 0;
    double mantissa = ldexp(frexp(value, &exponent), 53);

    exponent -= 53;
    if (value == 0 || exponent < -1074) {
        mantissa = ldexp(value, 1074);
        exponent = -1074;
    }
    return snprintf(text, size, "%.0fp%+d", mantissa, exponent);
}

/* %g without a precision is as short as it reads back; # keeps the point and
 * fills up to six digits. */
static int
write_shortest(bool sharp, double value, char *text, size_t size)
{
    int len = sharp ? snprintf(text, size, "%#.6g", value) : 0;

    if (sharp && strtod(text, NULL) == value) {
        return len;
    }
    return (int)gong_promql_number_text(value, text);
}

/* The digits of a finite number that is not negative. */
static int
write_digits(const struct gong_tverb *verb, char letter, double value,
             char *text, size_t size)
{
    int precision = verb->precision;
    int digits = precision < 0 ? 6 : precision;

    switch (letter) {
    case 'b':
        return write_binary(value, text, size);
    case 'e':
        return snprintf(text, size, verb->sharp ? "%#.*e" : "%.*e", digits,
                        value);
    case 'f':
        return snprintf(text, size, verb->sharp ? "%#.*f" : "%.*f", digits,
                        value);
    case 'g':
        if (precision < 0) {
            return write_shortest(verb->sharp, value, text, size);
        }
        return snprintf(text, size, verb->sharp ? "%#.*g" : "%.*g", digits,
                        value);
    case 'x':
        return widen_exponent(
            text, precision < 0 ? snprintf(text, size, "%a", value)
                                : snprintf(text, size, "%.*a", digits, value));
    default:
        return 0;
    }
}

static void
upper(char *text, int len)
{
    for (int i = 0; i < len; i++) {
        text[i] =
            text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 32) : text[i];
    }
}

bool
gong_tformat_number(struct gong_tbuilder *out, const struct gong_tverb *verb,
                    double value)
{
    static const char verbs[] = "veEfFgGxXb";
    static const char letters[] = "geeffggxxb";
    const char *known =
        verb->verb < 0x80 ? strchr(verbs, (int)verb->verb) : NULL;
    char text[NUMBER_MAX + 2];
    struct gong_tverb plain = *verb;
    bool negative = !isnan(value) && signbit(value) != 0;
    char sign = sign_of(verb, negative);
    int len = 0;

    if (known == NULL || *known == '\0') {
        return false;
    }
    if (!isfinite(value)) {
        /* An infinity always has its sign, and neither has zeros. */
        plain.zero = false;
        if (isinf(value) && sign == '\0') {
            sign = '+';
        }
        put_signed(out, &plain, sign,
                   gong_str_of(isnan(value) ? "NaN" : "Inf"));
        return true;
    }
    len = write_digits(verb, letters[known - verbs], fabs(value), text,
                       sizeof text);
    if (strchr("EGX", *known) != NULL) {
        upper(text, len);
    }
    put_signed(out, verb, sign, gong_str_from(text, (size_t)len));
    return true;
}

void
gong_tformat_float(struct gong_tbuilder *out, double value, char letter,
                   int precision)
{
    const struct gong_tverb verb = {
        .width = -1, .precision = precision, .verb = (unsigned char)letter};

    (void)gong_tformat_number(out, &verb, value);
}
