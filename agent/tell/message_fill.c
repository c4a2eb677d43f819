#include "agent/tell/message_fill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/tell/number_text.h"
#include "common/lp_text.h"

#define ROMAN_MAX 10

/* What is written; more than fits is cut. */
struct output {
    char *data;
    size_t len;
    size_t size; /* with the NUL */
};

/* What stands between two braces, read from left to right. */
struct place {
    const char *at;
    const char *end;
    const struct gong_message_facts *facts;
    enum gong_message_language language;
};

const char *
gong_message_roman(unsigned number)
{
    static const char *const words[] = {"",   "I",   "II",   "III", "IV", "V",
                                        "VI", "VII", "VIII", "IX",  "X"};

    return number <= ROMAN_MAX ? words[number] : "X+";
}

static void
put(struct output *out, struct gong_str text)
{
    size_t room = out->size - 1 - out->len;
    size_t len = text.len < room ? text.len : room;

    if (len > 0) {
        memcpy(out->data + out->len, text.data, len);
    }
    out->len += len;
}

/* Half a character at the end, which a cut left. */
static void
drop_broken_end(struct output *out)
{
    size_t start = out->len;

    while (start > 0 && out->len - start < 4 &&
           ((unsigned char)out->data[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start > 0 && (unsigned char)out->data[start - 1] >= 0xc0 &&
        gong_lp_utf8_next(out->data + start - 1, out->data + out->len) == 0) {
        out->len = start - 1;
    }
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '#';
}

static bool
find_name(const struct place *place, const char *name, double *out)
{
    if (strcmp(name, "level") == 0) {
        *out = (double)place->facts->level;
        return place->facts->level != 0;
    }
    return place->facts->find(place->facts->ctx, name, out);
}

static bool
read_name(struct place *place, double *out)
{
    char name[GONG_MESSAGE_NAME_MAX + 1];
    size_t len = 0;

    while (place->at < place->end && is_name(*place->at)) {
        int used = 1;

        if (len + 12 > sizeof name) {
            return false;
        }
        if (*place->at == '#') {
            used = snprintf(name + len, sizeof name - len, "%u",
                            place->facts->level);
        } else {
            name[len] = *place->at;
        }
        len += (size_t)used;
        place->at++;
    }
    name[len] = '\0';
    return len > 0 && find_name(place, name, out);
}

static bool
read_number(struct place *place, double *out)
{
    char digits[GONG_NUMBER_TEXT_SIZE];
    size_t len = 0;

    while (place->at < place->end &&
           (is_digit(*place->at) || *place->at == '.')) {
        if (len + 1 == sizeof digits) {
            return false;
        }
        digits[len++] = *place->at++;
    }
    digits[len] = '\0';
    *out = strtod(digits, NULL);
    return true;
}

static bool
read_term(struct place *place, double *out)
{
    if (place->at == place->end) {
        return false;
    }
    return is_digit(*place->at) ? read_number(place, out)
                                : read_name(place, out);
}

static bool
read_expression(struct place *place, double *out)
{
    bool ok = read_term(place, out);

    while (ok && place->at < place->end && *place->at != ':') {
        char sign = *place->at++;
        double right = 0;

        ok = read_term(place, &right);
        if (sign == '+') {
            *out += right;
        } else if (sign == '-') {
            *out -= right;
        } else if (sign == '*') {
            *out *= right;
        } else if (sign == '/') {
            *out /= right;
        } else {
            ok = false;
        }
    }
    return ok && isfinite(*out);
}

static bool
put_change(struct output *out, const struct place *place, double value,
           unsigned decimals)
{
    bool english = place->language == GONG_MESSAGE_ENGLISH;
    char text[GONG_NUMBER_TEXT_SIZE];

    gong_number_fixed(fabs(value), decimals, english ? '.' : ',', text);
    if (strspn(text, "0.,") == strlen(text)) {
        return false;
    }
    if (value > 0) {
        put(out, gong_str_of(english ? "rising " : "tăng "));
    } else {
        put(out, gong_str_of(english ? "falling " : "giảm "));
    }
    put(out, gong_str_of(text));
    return true;
}

/* How to write a value: what stands behind the colon. */
static bool
put_value(struct output *out, struct place *place, double value)
{
    char point = place->language == GONG_MESSAGE_ENGLISH ? '.' : ',';
    struct gong_str format = gong_str_from("", 0);
    bool change;
    char text[GONG_NUMBER_TEXT_SIZE];

    if (place->at < place->end) {
        place->at++; /* the colon */
        format = gong_str_from(place->at, (size_t)(place->end - place->at));
        if (gong_str_is(format, "roman")) {
            put(out, gong_str_of(gong_message_roman(
                         value >= 0 && value <= ROMAN_MAX ? (unsigned)value
                                                          : ROMAN_MAX + 1)));
            return true;
        }
    }
    change = format.len == 2 && format.data[0] == '+';
    if (format.len == 0) {
        gong_number_short(value, point, text);
    } else if ((format.len == 1 || change) &&
               is_digit(format.data[format.len - 1])) {
        unsigned decimals = (unsigned)(format.data[format.len - 1] - '0');

        if (change) {
            return put_change(out, place, value, decimals);
        }
        gong_number_fixed(value, decimals, point, text);
    } else {
        return false;
    }
    put(out, gong_str_of(text));
    return true;
}

/* One section without its brackets; false: something in it is not known. */
static bool
put_section(struct output *out, struct gong_str section,
            const struct gong_message_facts *facts,
            enum gong_message_language language)
{
    const char *at = section.data;
    const char *end = section.data + section.len;

    while (at < end) {
        const char *open = memchr(at, '{', (size_t)(end - at));
        const char *close =
            open == NULL ? NULL : memchr(open, '}', (size_t)(end - open));
        struct place place;
        double value = 0;

        if (close == NULL) {
            put(out, gong_str_from(at, (size_t)(end - at)));
            return true;
        }
        put(out, gong_str_from(at, (size_t)(open - at)));
        place = (struct place){open + 1, close, facts, language};
        if (!read_expression(&place, &value) ||
            !put_value(out, &place, value)) {
            return false;
        }
        at = close + 1;
    }
    return true;
}

/* The two brackets at or behind at; NULL: there are none. */
static const char *
find_pair(const char *at, const char *end, char bracket)
{
    for (; end - at >= 2; at++) {
        if (at[0] == bracket && at[1] == bracket) {
            return at;
        }
    }
    return NULL;
}

size_t
gong_message_fill(struct gong_str text, const struct gong_message_facts *facts,
                  enum gong_message_language language, char *out, size_t size)
{
    struct output output = {out, 0, size};
    const char *at = text.data;
    const char *end = text.len == 0 ? at : at + text.len;

    while (at < end) {
        const char *open = find_pair(at, end, '[');
        const char *close = open == NULL ? NULL : find_pair(open + 2, end, ']');
        size_t before = 0;

        if (close == NULL) {
            put(&output, gong_str_from(at, (size_t)(end - at)));
            break;
        }
        put(&output, gong_str_from(at, (size_t)(open - at)));
        before = output.len;
        if (!put_section(&output,
                         gong_str_from(open + 2, (size_t)(close - open - 2)),
                         facts, language)) {
            output.len = before;
        }
        at = close + 2;
    }
    drop_broken_end(&output);
    out[output.len] = '\0';
    return output.len;
}
