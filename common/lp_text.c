#include "common/lp_text.h"

#include <string.h>

/* One row per 16 bytes, 0x00 to 0xff. */
const uint8_t gong_lp_byte_class[256] = {
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 4, 4, 5, 4, 4, /* \n \r */
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 1, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 1, 0, 0, 0,                   /* space , */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, /* = */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 1, 0, 0, 0, /* backslash */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, /* DEL */
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
};

/* The second byte decides overlong forms, surrogates and the upper limit. */
static bool
second_byte_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

static size_t
length_from_first(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t
gong_lp_utf8_next(const char *p, const char *end)
{
    size_t len;

    if (p >= end) {
        return 0;
    }
    len = length_from_first((unsigned char)*p);
    if (len <= 1) {
        return len;
    }
    if ((size_t)(end - p) < len ||
        !second_byte_fits((unsigned char)p[0], (unsigned char)p[1])) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool
gong_lp_utf8_valid(struct gong_str text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t len = gong_lp_utf8_next(text.data + at, text.data + text.len);

        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

size_t
gong_lp_name_unescape(struct gong_str raw, bool equals, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < raw.len; i++) {
        char byte = raw.data[i];

        if (byte == '\\' && i + 1 < raw.len) {
            char next = raw.data[i + 1];

            if (next == ',' || next == ' ' || (equals && next == '=')) {
                byte = next;
                i++;
            }
        }
        out[len++] = byte;
    }
    return len;
}

/* What \byte stands for in a string; 0 if the backslash is a plain one. */
static char
string_escape(char byte, bool controls)
{
    if (byte == '"' || byte == '\\') {
        return byte;
    }
    if (!controls) {
        return 0;
    }
    if (byte == 'n') {
        return '\n';
    }
    if (byte == 'r') {
        return '\r';
    }
    return byte == 't' ? '\t' : 0;
}

size_t
gong_lp_string_unescape(struct gong_str raw, bool controls, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < raw.len; i++) {
        char byte = raw.data[i];

        if (byte == '\\' && i + 1 < raw.len) {
            char meant = string_escape(raw.data[i + 1], controls);

            if (meant != 0) {
                byte = meant;
                i++;
            }
        }
        out[len++] = byte;
    }
    return len;
}

const char *
gong_lp_find_quote(const char *p, const char *end, bool *escaped)
{
    const char *quote = memchr(p, '"', (size_t)(end - p));

    *escaped = quote != NULL && memchr(p, '\\', (size_t)(quote - p)) != NULL;
    if (!*escaped) {
        return quote;
    }
    while (p < end && *p != '"') {
        p += *p == '\\' && end - p > 1 ? 2 : 1;
    }
    return p < end ? p : NULL;
}

size_t
gong_lp_count_newlines(const char *p, const char *end)
{
    size_t count = 0;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        count++;
        p++;
    }
    return count;
}

bool
gong_lp_bool_scan(const char **at, const char *end, bool *out)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"t", true}, {"f", false},
                 {"True", true}, {"False", false}, {"T", true}, {"F", false},
                 {"TRUE", true}, {"FALSE", false}};
    const size_t longest = 5;
    const char *p = *at;
    struct gong_str word;

    while (p < end && (size_t)(p - *at) <= longest &&
           !gong_lp_byte_is(*p, GONG_LP_BYTE_NAME | GONG_LP_BYTE_CONTROL)) {
        p++;
    }
    word = gong_str_from(*at, (size_t)(p - *at));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (gong_str_is(word, words[i].text)) {
            *out = words[i].value;
            *at = p;
            return true;
        }
    }
    return false;
}
