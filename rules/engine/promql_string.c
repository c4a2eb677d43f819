/*
 * String literals. Between " or ' a backslash starts one of
 *     \a \b \f \n \r \t \v \\ \<the quote>  \ooo  \xhh  \uhhhh  \Uhhhhhhhh
 * and a line must not end; between ` every byte is itself.
 */
#include "rules/engine/promql_literal.h"

#include <stdlib.h>

#include "common/ascii.h"
#include "rules/engine/promql_error.h"

#define RUNE_MAX 0x10ffffU

static const char escape_letters[] = "abfnrtv\\";
static const char escape_values[] = "\a\b\f\n\r\t\v\\";

struct unquoter {
    struct gong_str text; /* the whole literal */
    size_t at;
    char quote;
    char *out;
    size_t used;
    struct gong_expr_error *error;
};

size_t
gong_promql_rune(struct gong_str text, uint32_t *rune)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = text.len > 0 ? (unsigned char)text.data[0] : 0xff;
    size_t len = 0;
    uint32_t value = 0;

    if (first < 0x80) {
        len = 1;
        value = first;
    } else if (first >= 0xc2 && first < 0xf5) {
        len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        value = first & (0x7fU >> len);
    }
    if (len == 0 || len > text.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.data[i];

        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (next & 0x3fU);
    }
    if (value < least[len] || value > RUNE_MAX ||
        (value >= 0xd800 && value < 0xe000)) {
        return 0;
    }
    if (rune != NULL) {
        *rune = value;
    }
    return len;
}

static void
put_rune(struct unquoter *u, uint32_t rune)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    unsigned len = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;

    if (len == 1) {
        u->out[u->used++] = (char)rune;
        return;
    }
    u->out[u->used++] = (char)(lead[len] | rune >> (6 * (len - 1)));
    for (unsigned i = len - 1; i > 0; i--) {
        u->out[u->used++] = (char)(0x80U | (rune >> (6 * (i - 1)) & 0x3fU));
    }
}

/* count digits of base from u->at; the end of the literal is no digit. */
static bool
read_digits(struct unquoter *u, size_t count, uint32_t base, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = gong_ascii_hex_value(u->text.data[u->at]);

        if (digit < 0 || (uint32_t)digit >= base) {
            return gong_expr_fail(u->error, u->at,
                                  "found the end of an escape after %zu "
                                  "digits, expected %zu",
                                  i, count);
        }
        *value = *value * base + (uint32_t)digit;
        u->at++;
    }
    return true;
}

static bool
unquote_number(struct unquoter *u, char kind, size_t start)
{
    bool octal = kind >= '0' && kind <= '7';
    size_t digits = octal ? 3 : kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
    uint32_t value = 0;

    u->at = start + (octal ? 1 : 2);
    if (!read_digits(u, digits, octal ? 8 : 16, &value)) {
        return false;
    }
    if (value == 0) {
        return gong_expr_fail(u->error, start,
                              "found a NUL character in a string, expected "
                              "none");
    }
    if (value > (octal ? 0xffU : RUNE_MAX) ||
        (value >= 0xd800 && value < 0xe000)) {
        return gong_expr_fail(u->error, start,
                              "found an escape that is no character, expected "
                              "a Unicode code point");
    }
    if (octal || kind == 'x') {
        u->out[u->used++] = (char)(unsigned char)value;
    } else {
        put_rune(u, value);
    }
    return true;
}

static bool
unquote_escape(struct unquoter *u, size_t end)
{
    size_t start = u->at;
    char kind = u->text.data[start + 1];
    const char *known = kind == '\0' ? NULL : strchr(escape_letters, kind);
    char word[GONG_EXPR_WORD_SIZE];

    if (start + 1 == end) {
        return gong_expr_fail(u->error, start,
                              "found no closing quote, expected one");
    }
    if (known != NULL) {
        u->out[u->used++] = escape_values[known - escape_letters];
        u->at += 2;
        return true;
    }
    if (kind == u->quote) {
        u->out[u->used++] = kind;
        u->at += 2;
        return true;
    }
    if (kind == 'x' || kind == 'u' || kind == 'U' ||
        (kind >= '0' && kind <= '7')) {
        return unquote_number(u, kind, start);
    }
    return gong_expr_fail(
        u->error, start,
        "found escape %s, expected one of \\a \\b \\f \\n \\r "
        "\\t \\v \\\\ \\%c \\ooo \\xhh \\uhhhh \\Uhhhhhhhh",
        gong_expr_word(gong_str_from(u->text.data + start, 2), word), u->quote);
}

static bool
unquote_one(struct unquoter *u, size_t end)
{
    struct gong_str rest = gong_str_from(u->text.data + u->at, end - u->at);
    size_t len = 0;

    if (rest.data[0] == '\\' && u->quote != '`') {
        return unquote_escape(u, end);
    }
    if (rest.data[0] == '\0') {
        return gong_expr_fail(u->error, u->at,
                              "found a NUL character in a string, expected "
                              "none");
    }
    len = gong_promql_rune(rest, NULL);
    if (len == 0) {
        return gong_expr_fail(u->error, u->at,
                              "found bytes that are not UTF-8, expected text");
    }
    memcpy(u->out + u->used, rest.data, len);
    u->used += len;
    u->at += len;
    return true;
}

char *
gong_promql_unquote(struct gong_str literal, struct gong_expr_error *error)
{
    struct unquoter u = {.text = literal, .at = 1, .error = error};
    size_t end = literal.len - 1;

    if (literal.len < 2 || literal.data[0] != literal.data[end]) {
        (void)gong_expr_fail(error, 0, "found no closing quote, expected one");
        return NULL;
    }
    u.quote = literal.data[0];
    /* No escape is longer than what it stands for. */
    u.out = malloc(literal.len);
    if (u.out == NULL) {
        (void)gong_expr_no_memory(error, 0);
        return NULL;
    }
    while (u.at < end) {
        if (!unquote_one(&u, end)) {
            free(u.out);
            return NULL;
        }
    }
    u.out[u.used] = '\0';
    return u.out;
}

static size_t
quote_byte(unsigned char byte, char *out)
{
    static const char hex[] = "0123456789abcdef";
    const char *known = byte == 0 ? NULL : strchr(escape_values, (char)byte);

    out[0] = '\\';
    if (known != NULL || byte == '"') {
        out[1] = byte == '"' ? '"' : escape_letters[known - escape_values];
        return 2;
    }
    out[1] = 'x';
    out[2] = hex[byte >> 4];
    out[3] = hex[byte & 0xf];
    return 4;
}

size_t
gong_promql_quote(struct gong_str value, char *out)
{
    size_t used = 0;
    size_t at = 0;

    out[used++] = '"';
    while (at < value.len) {
        struct gong_str rest = gong_str_from(value.data + at, value.len - at);
        unsigned char byte = (unsigned char)rest.data[0];
        uint32_t rune = 0;
        size_t len = gong_promql_rune(rest, &rune);

        /* C0, DEL and C1 controls are escaped byte by byte. */
        if (len == 0 || byte < 0x20 || byte == '"' || byte == '\\' ||
            (rune >= 0x7f && rune < 0xa0)) {
            used += quote_byte(byte, out + used);
            at++;
            continue;
        }
        memcpy(out + used, rest.data, len);
        used += len;
        at += len;
    }
    out[used++] = '"';
    return used;
}
