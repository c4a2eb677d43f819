#include "rules/engine/match_pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "rules/engine/promql_literal.h"

/* One byte of a pattern becomes at most so many: "-" is \x{2d}, "^" is (?:^),
 * \s is [\t\n\f\r ], \pL keeps its size. */
#define GROWTH 8

/* Room of the writer beyond what the reader can have asked for. */
#define SPARE 32

struct translation {
    struct gong_str in;
    size_t at;
    char *out;
    size_t used;
};

static struct gong_str
rest(const struct translation *t)
{
    return gong_str_from(t->in.data + t->at, t->in.len - t->at);
}

static char
ahead(const struct translation *t, size_t offset)
{
    return t->at + offset < t->in.len ? t->in.data[t->at + offset] : '\0';
}

static void
put(struct translation *t, struct gong_str text)
{
    memcpy(t->out + t->used, text.data, text.len);
    t->used += text.len;
}

static void
put_text(struct translation *t, const char *text)
{
    put(t, gong_str_of(text));
}

static void
put_rune(struct translation *t, uint32_t rune)
{
    char text[16];
    int len = snprintf(text, sizeof text, "\\x{%x}", (unsigned)rune);

    put(t, gong_str_from(text, (size_t)len));
}

static void
copy(struct translation *t, size_t count)
{
    size_t left = t->in.len - t->at;

    count = count < left ? count : left;
    put(t, gong_str_from(t->in.data + t->at, count));
    t->at += count;
}

/* Up to most digits of a base. */
static uint32_t
read_digits(struct translation *t, int base, size_t most)
{
    uint32_t rune = 0;

    for (size_t i = 0; i < most; i++) {
        int digit = gong_ascii_hex_value(ahead(t, 0));

        if (digit < 0 || digit >= base) {
            break;
        }
        rune = rune * (uint32_t)base + (uint32_t)digit;
        t->at++;
    }
    return rune;
}

/* An escape that is one character, after its backslash. */
static uint32_t
read_escape(struct translation *t)
{
    static const char letters[] = "aftnrv";
    static const char values[] = "\a\f\t\n\r\v";
    char c = ahead(t, 0);
    const char *known = c == '\0' ? NULL : strchr(letters, c);
    uint32_t rune = (unsigned char)c;

    if (c >= '0' && c <= '7') {
        return read_digits(t, 8, 3);
    }
    t->at += t->at < t->in.len ? 1 : 0;
    if (c == 'x' && ahead(t, 0) == '{') {
        t->at++;
        rune = read_digits(t, 16, 8);
        t->at += ahead(t, 0) == '}' ? 1 : 0;
        return rune;
    }
    if (c == 'x') {
        return read_digits(t, 16, 2);
    }
    return known != NULL ? (unsigned char)values[known - letters] : rune;
}

/* \pL \p{Greek} \p{^Greek} and \P; at is on the backslash. */
static void
put_property(struct translation *t)
{
    bool negative = ahead(t, 1) == 'P';
    size_t len = 0;

    t->at += 2;
    if (ahead(t, 0) != '{') {
        put_text(t, negative ? "\\P{" : "\\p{");
        copy(t, 1);
        put_text(t, "}");
        return;
    }
    t->at++;
    if (ahead(t, 0) == '^') {
        negative = !negative;
        t->at++;
    }
    while (ahead(t, len) != '}' && ahead(t, len) != '\0') {
        len++;
    }
    put_text(t, negative ? "\\P{" : "\\p{");
    if (len > 2 && !(len == 3 && memcmp(rest(t).data, "Any", 3) == 0)) {
        put_text(t, "sc:");
    }
    copy(t, len + 1);
}

/* \d \s \w and their opposites, \p; at is on the backslash. False where another
 * escape stands there. */
static bool
put_class_escape(struct translation *t, bool inside)
{
    char c = ahead(t, 1);

    if (ahead(t, 0) != '\\' || c == '\0' || strchr("dDsSwWpP", c) == NULL) {
        return false;
    }
    if (c == 'p' || c == 'P') {
        put_property(t);
        return true;
    }
    if (c == 's') {
        put_text(t, inside ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]");
        t->at += 2;
    } else if (c == 'S') {
        /* Inside a class: all that \S lacks is \x0b. */
        put_text(t, inside ? "\\S\\x{b}" : "[^\\t\\n\\f\\r\\x20]");
        t->at += 2;
    } else {
        copy(t, 2);
    }
    return true;
}

static uint32_t
read_class_rune(struct translation *t)
{
    uint32_t rune = 0;
    size_t len = 0;

    if (ahead(t, 0) == '\\') {
        t->at++;
        return read_escape(t);
    }
    len = gong_promql_rune(rest(t), &rune);
    t->at += len == 0 ? 1 : len;
    return rune;
}

/* The length of [:alpha:] here, or 0. */
static size_t
posix_ahead(const struct translation *t)
{
    if (ahead(t, 0) != '[' || ahead(t, 1) != ':') {
        return 0;
    }
    for (size_t i = 2; ahead(t, i) != '\0'; i++) {
        if (ahead(t, i) == ':' && ahead(t, i + 1) == ']') {
            return i + 2;
        }
    }
    return 0;
}

static void
put_class(struct translation *t)
{
    bool first = true;

    copy(t, ahead(t, 1) == '^' ? 2 : 1);
    while (t->at < t->in.len && (first || ahead(t, 0) != ']')) {
        size_t posix = posix_ahead(t);

        first = false;
        if (posix != 0) {
            copy(t, posix);
        } else if (!put_class_escape(t, true)) {
            put_rune(t, read_class_rune(t));
            if (ahead(t, 0) == '-' && ahead(t, 1) != ']' &&
                ahead(t, 1) != '\0') {
                copy(t, 1);
                put_rune(t, read_class_rune(t));
            }
        }
    }
    copy(t, 1);
}

/* \Q...\E; at is behind \Q. */
static void
put_quoted(struct translation *t)
{
    while (t->at < t->in.len) {
        if (ahead(t, 0) == '\\' && ahead(t, 1) == 'E') {
            t->at += 2;
            return;
        }
        uint32_t rune = 0;
        size_t len = gong_promql_rune(rest(t), &rune);

        t->at += len == 0 ? 1 : len;
        put_rune(t, rune);
    }
}

static void
put_backslash(struct translation *t)
{
    char c = ahead(t, 1);

    if (put_class_escape(t, false)) {
        return;
    }
    if (c == 'Q') {
        t->at += 2;
        put_quoted(t);
    } else if (c != '\0' && strchr("AzbB", c) != NULL) {
        put_text(t, "(?:");
        copy(t, 2);
        put_text(t, ")");
    } else {
        t->at++;
        put_rune(t, read_escape(t));
    }
}

char *
gong_pattern_pcre(struct gong_str pattern, size_t *len)
{
    struct translation t = {.in = pattern};

    t.out = malloc(pattern.len * GROWTH + SPARE);
    if (t.out == NULL) {
        return NULL;
    }
    while (t.at < t.in.len) {
        char c = ahead(&t, 0);

        if (c == '\\') {
            put_backslash(&t);
        } else if (c == '[') {
            put_class(&t);
        } else if (c == '^' || c == '$') {
            put_text(&t, "(?:");
            copy(&t, 1);
            put_text(&t, ")");
        } else {
            copy(&t, 1);
        }
    }
    t.out[t.used] = '\0';
    *len = t.used;
    return t.out;
}

static bool
is_special(char c)
{
    return c != '\0' && strchr("\\.+*?()|[]{}^$", c) != NULL;
}

/* The character at *at of a pattern if it stands for itself; escapes of
 * punctuation do too. */
static bool
literal_byte(struct gong_str pattern, size_t *at, char *out)
{
    char c = pattern.data[*at];

    if (c == '\\' && *at + 1 < pattern.len &&
        (is_special(pattern.data[*at + 1]) || pattern.data[*at + 1] == '-')) {
        *out = pattern.data[*at + 1];
        *at += 2;
        return true;
    }
    if (is_special(c)) {
        return false;
    }
    *out = c;
    *at += 1;
    return true;
}

/* Without the group that stands around all of it, if one does; what is inside
 * must still hold no special character to be taken. */
static struct gong_str
without_group(struct gong_str pattern)
{
    size_t head = 1;

    if (pattern.len < 2 || pattern.data[0] != '(' ||
        pattern.data[pattern.len - 1] != ')') {
        return pattern;
    }
    if (pattern.len >= 4 && memcmp(pattern.data, "(?:", 3) == 0) {
        head = 3;
    }
    return gong_str_from(pattern.data + head, pattern.len - head - 1);
}

static enum gong_pattern_edge
edge_at(struct gong_str pattern, size_t at)
{
    if (at + 2 > pattern.len || pattern.data[at] != '.') {
        return GONG_EDGE_NONE;
    }
    return pattern.data[at + 1] == '*'   ? GONG_EDGE_ANY
           : pattern.data[at + 1] == '+' ? GONG_EDGE_SOME
                                         : GONG_EDGE_NONE;
}

bool
gong_pattern_simple(struct gong_str pattern, char *space,
                    struct gong_pattern_simple *out)
{
    size_t at = 0;
    size_t used = 0;

    pattern = without_group(pattern);
    *out = (struct gong_pattern_simple){.head = edge_at(pattern, 0)};
    at += out->head == GONG_EDGE_NONE ? 0 : 2;
    while (at < pattern.len && literal_byte(pattern, &at, &space[used])) {
        used++;
    }
    /* "a.*" has read "a"; but the repeat of "ab*" is the b's. */
    out->text = gong_str_from(space, used);
    if (at < pattern.len) {
        out->tail = edge_at(pattern, at);
        at += out->tail == GONG_EDGE_NONE ? 0 : 2;
    }
    return at == pattern.len;
}

size_t
gong_pattern_literals(struct gong_str pattern, char *space,
                      struct gong_str *out, size_t max)
{
    size_t count = 0;
    size_t at = 0;
    size_t used = 0;
    size_t start = 0;

    pattern = without_group(pattern);
    for (;;) {
        bool end = at == pattern.len;

        if (end || pattern.data[at] == '|') {
            if (count == max) {
                return 0;
            }
            out[count++] = gong_str_from(space + start, used - start);
            start = used;
            at++;
            if (end) {
                return count;
            }
        } else if (literal_byte(pattern, &at, &space[used])) {
            used++;
        } else {
            return 0;
        }
    }
}
