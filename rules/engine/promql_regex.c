/*
 *   alternation  sequence {| sequence}
 *   sequence     {atom [* + ? {n} {n,} {n,m}] [?]}
 *   atom         ( [?flags:] alternation ) | [class] | \escape | . ^ $ | rune
 */
#include "rules/engine/promql_regex.h"

#include <string.h>

#include "common/ascii.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"

#define REGEX_DEPTH_MAX  200
#define REGEX_REPEAT_MAX 1000 /* RE2's, also for nested ones multiplied */

struct regex {
    struct gong_str text;
    size_t at;
    unsigned depth;
    struct gong_expr_error *error;
};

struct piece {
    bool empty;      /* matches the empty text */
    unsigned repeat; /* nested counted repeats, multiplied; at least 1 */
};

static bool parse_alternation(struct regex *r, struct piece *out);

static bool
fail(struct regex *r, const char *found, const char *expected)
{
    char word[GONG_EXPR_WORD_SIZE];

    return gong_expr_fail(
        r->error, r->at, "found %s at byte %zu of the pattern %s, expected %s",
        found, r->at, gong_expr_word(r->text, word), expected);
}

static struct gong_str
rest(const struct regex *r)
{
    return gong_str_from(r->text.data + r->at, r->text.len - r->at);
}

/* The byte offset bytes ahead; NUL at the end, which no pattern holds. */
static char
ahead(const struct regex *r, size_t offset)
{
    return r->at + offset < r->text.len ? r->text.data[r->at + offset] : '\0';
}

static bool
at_end(const struct regex *r)
{
    return r->at == r->text.len;
}

static bool
skip_text(struct regex *r, const char *text)
{
    size_t len = strlen(text);

    if (rest(r).len < len || memcmp(rest(r).data, text, len) != 0) {
        return false;
    }
    r->at += len;
    return true;
}

static size_t
span(const struct regex *r, const char *set)
{
    size_t len = 0;

    while (ahead(r, len) != '\0' && strchr(set, ahead(r, len)) != NULL) {
        len++;
    }
    return len;
}

static bool
parse_rune(struct regex *r, uint32_t *rune)
{
    size_t len = gong_promql_rune(rest(r), rune);

    if (len == 0) {
        return fail(r, at_end(r) ? "its end" : "bytes that are not UTF-8",
                    "a character");
    }
    r->at += len;
    return true;
}

/* \xhh and \x{h...}, after the x. */
static bool
parse_hex(struct regex *r, uint32_t *rune)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    bool braces = skip_text(r, "{");
    size_t len = span(r, digits);

    *rune = 0;
    if (!braces && len > 2) {
        len = 2;
    }
    if (len == 0 || len > 8 || (!braces && len != 2)) {
        return fail(r, "an incomplete \\x", "\\xhh or \\x{h}");
    }
    for (size_t i = 0; i < len; i++) {
        size_t place = (size_t)(strchr(digits, ahead(r, i)) - digits);
        *rune = *rune * 16 + (uint32_t)(place > 15 ? place - 6 : place);
    }
    r->at += len;
    if ((braces && !skip_text(r, "}")) || *rune > 0x10ffff) {
        return fail(r, "a bad \\x{", "a code point and \"}\"");
    }
    return true;
}

static bool
parse_octal(struct regex *r, uint32_t *rune)
{
    size_t len = span(r, "01234567");

    *rune = 0;
    len = len > 3 ? 3 : len;
    if (len == 0 || (len == 1 && ahead(r, 0) != '0')) {
        return fail(r, "a back-reference", "none, RE2 has none");
    }
    for (size_t i = 0; i < len; i++) {
        *rune = *rune * 8 + (uint32_t)(ahead(r, i) - '0');
    }
    r->at += len;
    return true;
}

/* One character as an escape, after the backslash. */
static bool
parse_escape(struct regex *r, uint32_t *rune)
{
    static const char letters[] = "aftnrv";
    static const char values[] = "\a\f\t\n\r\v";
    char c = ahead(r, 0);
    const char *known = c == '\0' ? NULL : strchr(letters, c);
    bool word = gong_ascii_is_letter(c) || gong_ascii_is_digit(c);

    if (c >= '0' && c <= '7') {
        return parse_octal(r, rune);
    }
    if (skip_text(r, "x")) {
        return parse_hex(r, rune);
    }
    if (known != NULL || (c > ' ' && c != 0x7f && !word) || c == ' ') {
        *rune = (unsigned char)(known != NULL ? values[known - letters] : c);
        r->at++;
        return true;
    }
    return fail(r, "an unknown escape", "one of RE2's");
}

/* \pN \p{Greek} \p{^Greek}, after the backslash. */
static bool
parse_property(struct regex *r)
{
    size_t len = 0;

    r->at++;
    if (!skip_text(r, "{")) {
        if (span(r, "CLMNPSZ") == 0) {
            return fail(r, "an unknown class after \\p",
                        "one of C L M N P S Z");
        }
        r->at++;
        return true;
    }
    (void)skip_text(r, "^");
    len = span(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
    r->at += len;
    if (len == 0 || !skip_text(r, "}")) {
        return fail(r, "a bad class after \\p{", "a name and \"}\"");
    }
    return true;
}

/* Whether a class of many characters such as \d starts here, and is skipped. */
static bool
skip_class_escape(struct regex *r, bool *ok)
{
    char c = ahead(r, 1);

    *ok = true;
    if (ahead(r, 0) != '\\' || c == '\0') {
        return false;
    }
    if (strchr("dDsSwW", c) != NULL) {
        r->at += 2;
        return true;
    }
    if (c == 'p' || c == 'P') {
        r->at++;
        *ok = parse_property(r);
        return true;
    }
    return false;
}

/* [:alpha:] inside a class; false where there is none. */
static bool
skip_posix_class(struct regex *r, bool *ok)
{
    static const char *const names[] = {
        "alnum:]", "alpha:]", "ascii:]", "blank:]", "cntrl:]",
        "digit:]", "graph:]", "lower:]", "print:]", "punct:]",
        "space:]", "upper:]", "word:]",  "xdigit:]"};
    size_t start = r->at;

    *ok = true;
    if (!skip_text(r, "[:")) {
        return false;
    }
    (void)skip_text(r, "^");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (skip_text(r, names[i])) {
            return true;
        }
    }
    for (size_t i = 0; ahead(r, i) != '\0'; i++) {
        if (ahead(r, i) == ':' && ahead(r, i + 1) == ']') {
            *ok = fail(r, "an unknown [: :]", "a POSIX class");
            return true;
        }
    }
    r->at = start;
    return false;
}

static bool
parse_class_rune(struct regex *r, uint32_t *rune)
{
    return skip_text(r, "\\") ? parse_escape(r, rune) : parse_rune(r, rune);
}

static bool
parse_class_range(struct regex *r)
{
    uint32_t low = 0;
    uint32_t high = 0;

    if (!parse_class_rune(r, &low)) {
        return false;
    }
    if (ahead(r, 0) != '-' || ahead(r, 1) == ']' || ahead(r, 1) == '\0') {
        return true;
    }
    r->at++;
    if (!parse_class_rune(r, &high)) {
        return false;
    }
    return high >= low || fail(r, "a range from high to low", "low to high");
}

/* After the "[". */
static bool
parse_class(struct regex *r)
{
    bool first = true;
    bool ok = true;

    (void)skip_text(r, "^");
    while (ok && (first || ahead(r, 0) != ']')) {
        if (at_end(r)) {
            return fail(r, "its end in a class", "\"]\"");
        }
        if (!skip_posix_class(r, &ok) && !skip_class_escape(r, &ok)) {
            ok = parse_class_range(r);
        }
        first = false;
    }
    return ok && skip_text(r, "]");
}

/* ?P<name>, ?: or ?flags: after "("; settings says that "(?flags)" is all. */
static bool
parse_group_head(struct regex *r, bool *settings)
{
    size_t len = 0;

    *settings = false;
    if (!skip_text(r, "?")) {
        return true;
    }
    if (skip_text(r, "P<")) {
        len = span(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789_");
        r->at += len;
        return (len > 0 && skip_text(r, ">")) ||
               fail(r, "a bad group name", "letters and \">\"");
    }
    r->at += span(r, "imsU");
    if (skip_text(r, "-")) {
        len = span(r, "imsU");
        r->at += len;
        if (len == 0) {
            return fail(r, "no flag after -", "one of i m s U");
        }
    }
    if (skip_text(r, ":")) {
        return true;
    }
    *settings = skip_text(r, ")");
    return *settings || fail(r, "an unknown (? group", "one of RE2's");
}

static bool
parse_group(struct regex *r, struct piece *out)
{
    bool settings = false;

    if (!parse_group_head(r, &settings)) {
        return false;
    }
    if (settings) {
        /* Nothing that could be repeated. */
        out->empty = true;
        return span(r, "*+?") == 0 || fail(r, "a repeat of nothing", "an atom");
    }
    if (r->depth == REGEX_DEPTH_MAX) {
        return fail(r, "groups nested too deep", "fewer");
    }
    r->depth++;
    if (!parse_alternation(r, out)) {
        return false;
    }
    r->depth--;
    return skip_text(r, ")") || fail(r, "its end in a group", "\")\"");
}

static bool
parse_quoted(struct regex *r, struct piece *out)
{
    out->empty = true;
    while (!skip_text(r, "\\E")) {
        uint32_t rune = 0;

        if (!parse_rune(r, &rune)) {
            return false;
        }
        out->empty = false;
    }
    return true;
}

static bool
parse_backslash(struct regex *r, struct piece *out)
{
    uint32_t rune = 0;
    bool ok = true;

    if (skip_class_escape(r, &ok)) {
        return ok;
    }
    r->at++;
    if (skip_text(r, "Q")) {
        return parse_quoted(r, out);
    }
    if (skip_text(r, "A") || skip_text(r, "z") || skip_text(r, "B")) {
        out->empty = true;
        return true;
    }
    return skip_text(r, "b") || parse_escape(r, &rune);
}

static bool
parse_atom(struct regex *r, struct piece *out)
{
    uint32_t rune = 0;

    *out = (struct piece){.repeat = 1};
    if (skip_text(r, "(")) {
        return parse_group(r, out);
    }
    if (skip_text(r, "[")) {
        return parse_class(r);
    }
    if (ahead(r, 0) == '\\') {
        return parse_backslash(r, out);
    }
    if (skip_text(r, "^") || skip_text(r, "$")) {
        out->empty = true;
        return true;
    }
    return parse_rune(r, &rune);
}

/* Digits without leading zeros; -1 where there are none, huge ones are cut. */
static int
count_ahead(const struct regex *r, size_t *offset)
{
    size_t start = *offset;
    int value = 0;

    while (ahead(r, *offset) >= '0' && ahead(r, *offset) <= '9') {
        if (value <= REGEX_REPEAT_MAX) {
            value = value * 10 + (ahead(r, *offset) - '0');
        }
        (*offset)++;
    }
    if (*offset == start || (*offset > start + 1 && ahead(r, start) == '0')) {
        return -1;
    }
    return value;
}

/* The length of a repeat that starts here, 0 if none does: a brace that is no
 * repeat is a character. most is -1 without bound. */
static size_t
repeat_ahead(const struct regex *r, int *least, int *most)
{
    char c = ahead(r, 0);
    size_t offset = 1;

    *least = c == '+' ? 1 : 0;
    *most = c == '?' ? 1 : -1;
    if (c == '*' || c == '+' || c == '?') {
        return 1;
    }
    if (c != '{') {
        return 0;
    }
    *least = count_ahead(r, &offset);
    *most = *least;
    if (*least >= 0 && ahead(r, offset) == ',') {
        offset++;
        *most = -1;
        if (ahead(r, offset) != '}') {
            *most = count_ahead(r, &offset);
            if (*most < 0) {
                return 0;
            }
        }
    }
    return *least >= 0 && ahead(r, offset) == '}' ? offset + 1 : 0;
}

static bool
parse_repeat(struct regex *r, struct piece *piece)
{
    int least = 0;
    int most = 0;
    size_t len = repeat_ahead(r, &least, &most);
    bool counted = ahead(r, 0) == '{';

    if (len == 0) {
        return true;
    }
    if (counted) {
        int factor = most < 0 ? least : most;

        piece->repeat *= factor > 0 ? (unsigned)factor : 1;
        if (least > REGEX_REPEAT_MAX || piece->repeat > REGEX_REPEAT_MAX ||
            (most >= 0 && most < least)) {
            return fail(r, "a bad repeat count", "at most 1000, low to high");
        }
    }
    piece->empty = piece->empty || least == 0;
    r->at += len;
    (void)skip_text(r, "?");
    return repeat_ahead(r, &least, &most) == 0 ||
           fail(r, "a repeat of a repeat", "one repeat");
}

static bool
parse_sequence(struct regex *r, struct piece *out)
{
    *out = (struct piece){.empty = true, .repeat = 1};
    while (!at_end(r) && ahead(r, 0) != '|' && ahead(r, 0) != ')') {
        struct piece piece;
        int least = 0;
        int most = 0;

        if (repeat_ahead(r, &least, &most) != 0) {
            return fail(r, "a repeat of nothing", "something before it");
        }
        if (!parse_atom(r, &piece) || !parse_repeat(r, &piece)) {
            return false;
        }
        out->empty = out->empty && piece.empty;
        if (piece.repeat > out->repeat) {
            out->repeat = piece.repeat;
        }
    }
    return true;
}

static bool
parse_alternation(struct regex *r, struct piece *out)
{
    *out = (struct piece){.empty = false, .repeat = 1};
    do {
        struct piece piece;

        if (!parse_sequence(r, &piece)) {
            return false;
        }
        out->empty = out->empty || piece.empty;
        if (piece.repeat > out->repeat) {
            out->repeat = piece.repeat;
        }
    } while (skip_text(r, "|"));
    return true;
}

bool
gong_promql_check_regex(struct gong_str pattern, bool *matches_empty,
                        struct gong_expr_error *error)
{
    struct regex r = {.text = pattern, .error = error};
    struct piece whole;

    if (!parse_alternation(&r, &whole)) {
        return false;
    }
    if (!at_end(&r)) {
        return fail(&r, "\")\"", "no group to close");
    }
    *matches_empty = whole.empty;
    return true;
}
