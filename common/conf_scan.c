#include "common/conf_scan.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/log.h"

#define NUMBER_MAX 64

static void refuse(struct gong_conf_scanner *scanner, size_t at,
                   const char *format, ...) GONG_PRINTF(3, 4);

static void
refuse(struct gong_conf_scanner *scanner, size_t at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gong_conf_source_verror(scanner->source, at, scanner->errors, format, args);
    va_end(args);
    scanner->failed = true;
}

static bool
is_name_start(char c)
{
    return gong_ascii_is_letter(c) || c == '*';
}

static bool
is_name(char c)
{
    return is_name_start(c) || gong_ascii_is_digit(c) || c == '-' || c == '_';
}

/* NUL past the end: the text holds none. */
static char
peek(const struct gong_conf_source *source, size_t at)
{
    return at < source->len ? source->text[at] : '\0';
}

/* The offset behind the comment at `at`; at itself if there is none, SIZE_MAX
 * if it never ends. */
static size_t
skip_comment(const struct gong_conf_source *source, size_t at)
{
    const char *text = source->text + at;
    const char *end;

    if (peek(source, at) == '#' ||
        (peek(source, at) == '/' && peek(source, at + 1) == '/')) {
        /* The source ends in a line feed of its own. */
        end = strchr(text, '\n');
        return end == NULL ? source->len : (size_t)(end - source->text);
    }
    if (peek(source, at) == '/' && peek(source, at + 1) == '*') {
        end = strstr(text + 2, "*/");
        return end == NULL ? SIZE_MAX : (size_t)(end + 2 - source->text);
    }
    return at;
}

/* The offset of what comes next, or SIZE_MAX with *comment set. */
static size_t
skip_blank(const struct gong_conf_source *source, size_t at, size_t *comment)
{
    for (;;) {
        size_t next;

        while (peek(source, at) != '\0' &&
               strchr(" \t\r\n\f", peek(source, at)) != NULL) {
            at++;
        }
        next = skip_comment(source, at);
        if (next == SIZE_MAX) {
            *comment = at;
            return SIZE_MAX;
        }
        if (next == at) {
            return at;
        }
        at = next;
    }
}

static struct gong_conf_token
token(struct gong_conf_scanner *scanner, enum gong_conf_token_kind kind,
      size_t len)
{
    struct gong_conf_token result = {
        .kind = kind, .at = scanner->at, .len = len};

    scanner->at += len;
    return result;
}

static size_t
span_digits(const char *text, bool hex)
{
    size_t len = 0;

    while (hex ? gong_ascii_is_hex(text[len])
               : gong_ascii_is_digit(text[len])) {
        len++;
    }
    return len;
}

/* INT for "" after the digits, INT64 for "L" and "LL"; else BAD. */
static enum gong_conf_token_kind
classify_suffix(const char *suffix)
{
    if (suffix[0] == '\0') {
        return GONG_CONF_TOKEN_INT;
    }
    if (strcmp(suffix, "L") == 0 || strcmp(suffix, "LL") == 0) {
        return GONG_CONF_TOKEN_INT64;
    }
    return GONG_CONF_TOKEN_BAD;
}

/*
 *   0x1F  0x1FL           hexadecimal, without a sign
 *   [+-]80  [+-]80L       integer
 *   [+-]80.5e-3           at least one digit before the exponent
 */
static enum gong_conf_token_kind
classify_number(const char *text)
{
    const char *rest = text + (text[0] == '+' || text[0] == '-' ? 1 : 0);
    size_t whole;
    size_t fraction = 0;
    size_t power;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        size_t digits = span_digits(text + 2, true);

        return digits == 0 ? GONG_CONF_TOKEN_BAD
                           : classify_suffix(text + 2 + digits);
    }
    whole = span_digits(rest, false);
    rest += whole;
    if (whole > 0 && *rest != '.' && *rest != 'e' && *rest != 'E') {
        return classify_suffix(rest);
    }
    if (*rest == '.') {
        fraction = span_digits(++rest, false);
        rest += fraction;
    }
    if (whole + fraction == 0) {
        return GONG_CONF_TOKEN_BAD;
    }
    if (*rest == 'e' || *rest == 'E') {
        rest++;
        rest += *rest == '+' || *rest == '-' ? 1 : 0;
        power = span_digits(rest, false);
        rest += power;
        if (power == 0) {
            return GONG_CONF_TOKEN_BAD;
        }
    }
    return *rest == '\0' ? GONG_CONF_TOKEN_FLOAT : GONG_CONF_TOKEN_BAD;
}

static void
check_range(struct gong_conf_scanner *scanner, enum gong_conf_token_kind kind,
            const char *text)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    long long value;
    bool overflow;

    if (kind == GONG_CONF_TOKEN_FLOAT) {
        if (isinf(strtod(text, NULL))) {
            refuse(scanner, scanner->at,
                   "found %s, expected a number below 1.8e308", text);
        }
        return;
    }
    errno = 0;
    value = strtoll(text, NULL, hex ? 16 : 10);
    overflow = errno == ERANGE;
    if (overflow) {
        refuse(scanner, scanner->at,
               "found %s, expected an integer of at most 64 bits", text);
    } else if (kind == GONG_CONF_TOKEN_INT &&
               (value < INT32_MIN || value > INT32_MAX)) {
        refuse(scanner, scanner->at,
               "found %s, expected %sL (an integer over 32 bits needs the L)",
               text, text);
    }
}

static struct gong_conf_token
scan_number(struct gong_conf_scanner *scanner)
{
    const char *start = scanner->source->text + scanner->at;
    char text[NUMBER_MAX] = "";
    enum gong_conf_token_kind kind;
    size_t len = 0;

    while (is_name(start[len]) || start[len] == '.' || start[len] == '+') {
        len++;
    }
    memcpy(text, start, len < sizeof text ? len : sizeof text - 1);
    if (len >= sizeof text) {
        refuse(scanner, scanner->at,
               "found a number of %zu characters, expected at most %d", len,
               NUMBER_MAX - 1);
        return token(scanner, GONG_CONF_TOKEN_BAD, len);
    }
    kind = classify_number(text);
    if (kind == GONG_CONF_TOKEN_BAD) {
        refuse(scanner, scanner->at,
               "found %s, expected a number, or text in \"quotes\"", text);
    } else {
        check_range(scanner, kind, text);
    }
    return token(scanner, kind, len);
}

static bool
equals_ignoring_case(const char *text, size_t len, const char *word)
{
    if (len != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((text[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

static struct gong_conf_token
scan_name(struct gong_conf_scanner *scanner)
{
    const char *start = scanner->source->text + scanner->at;
    size_t len = 0;
    bool boolean;

    while (is_name(start[len])) {
        len++;
    }
    boolean = equals_ignoring_case(start, len, "true") ||
              equals_ignoring_case(start, len, "false");
    return token(scanner, boolean ? GONG_CONF_TOKEN_BOOL : GONG_CONF_TOKEN_NAME,
                 len);
}

/* Bytes of the escape at text (a backslash): 2, or 4 for \xHH; 0 if it is
 * unknown. *value is the byte it stands for. */
static size_t
read_escape(const char *text, char *value)
{
    static const char letters[] = "nt\\\"rf";
    static const char values[] = "\n\t\\\"\r\f";
    const char *found;

    if ((text[1] == 'x' || text[1] == 'X') && gong_ascii_is_hex(text[2]) &&
        gong_ascii_is_hex(text[3])) {
        const char digits[3] = {text[2], text[3], '\0'};

        *value = (char)strtol(digits, NULL, 16);
        return 4;
    }
    found = text[1] == '\0' ? NULL : strchr(letters, text[1]);
    if (found == NULL) {
        return 0;
    }
    *value = values[found - letters];
    return 2;
}

static bool
is_forbidden(char c)
{
    unsigned char byte = (unsigned char)c;

    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

/* Checks the escape at scanner->at + len and returns its length. */
static size_t
check_escape(struct gong_conf_scanner *scanner, size_t at)
{
    const char *text = scanner->source->text + at;
    char value = '\0';
    size_t len = read_escape(text, &value);

    if (len == 0) {
        /* A letter of more than one byte is shown whole. */
        size_t shown = 2;

        while (((unsigned char)text[shown] & 0xc0) == 0x80) {
            shown++;
        }
        refuse(scanner, at,
               "found the escape %.*s, expected one of \\\\ \\\" \\n \\t "
               "\\xHH (a backslash itself is written \\\\)",
               (int)shown, text);
        return 1;
    }
    if (is_forbidden(value)) {
        refuse(scanner, at,
               "found the escape %.*s, a control character, expected text",
               (int)len, text);
    } else if ((unsigned char)value >= 0x80) {
        refuse(scanner, at,
               "found the escape %.*s, expected \\x20 to \\x7e (other "
               "characters are written as they are)",
               (int)len, text);
    }
    return len;
}

/* Checks the character of a string at `at`, and returns its bytes to skip. */
static size_t
check_character(struct gong_conf_scanner *scanner, size_t at)
{
    const struct gong_conf_source *source = scanner->source;
    unsigned char c = (unsigned char)source->text[at];
    unsigned char next = (unsigned char)source->text[at + 1];

    if (c == '\\') {
        return check_escape(scanner, at);
    }
    if (c == '\r' && next == '\n') {
        refuse(scanner, at,
               "found a carriage return, expected text (save the file with "
               "Unix line ends)");
    } else if (is_forbidden((char)c)) {
        refuse(scanner, at, "found the control character U+%04X, expected text",
               (unsigned)c);
    } else if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
        refuse(scanner, at, "found the control character U+%04X, expected text",
               (unsigned)next);
        return 2;
    }
    return 1;
}

/* An odd quote shows only where the last text never ends. */
static void
refuse_endless(struct gong_conf_scanner *scanner)
{
    struct gong_conf_place place =
        gong_conf_source_place(scanner->source, scanner->long_text.at);

    if (scanner->long_text.len == 0) {
        refuse(scanner, scanner->at,
               "found text that never ends, expected a closing \"");
        return;
    }
    refuse(scanner, scanner->at,
           "found text that never ends, expected a closing \" here or in the "
           "text that begins at %zu:%zu",
           place.line, place.column);
}

static struct gong_conf_token
scan_string(struct gong_conf_scanner *scanner)
{
    const struct gong_conf_source *source = scanner->source;
    struct gong_conf_token result;
    size_t at = scanner->at + 1;

    while (at < source->len && source->text[at] != '"') {
        at += check_character(scanner, at);
    }
    if (at >= source->len) {
        refuse_endless(scanner);
        return token(scanner, GONG_CONF_TOKEN_BAD, source->len - scanner->at);
    }
    result = token(scanner, GONG_CONF_TOKEN_STRING, at + 1 - scanner->at);
    if (memchr(source->text + result.at, '\n', result.len) != NULL) {
        scanner->long_text = result;
    }
    return result;
}

static struct gong_conf_token
scan_garbage(struct gong_conf_scanner *scanner)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *text = scanner->source->text + scanner->at;
    size_t len = 1;
    char shown[16];

    while (((unsigned char)text[len] & 0xc0) == 0x80) {
        len++;
    }
    if (strncmp(text, "@include", 8) == 0) {
        refuse(scanner, scanner->at,
               "found @include, expected settings (list several files "
               "instead)");
    } else if (strncmp(text, mark, 3) == 0) {
        refuse(scanner, scanner->at,
               "found a byte order mark, expected a file without one");
    } else if (*text == '\'') {
        refuse(scanner, scanner->at, "found ', expected text in \"quotes\"");
    } else {
        refuse(scanner, scanner->at,
               "found %s, expected a name, a value or one of = ; , { } [ ] "
               "( )",
               gong_log_quote(gong_str_from(text, len), shown, sizeof shown));
    }
    return token(scanner, GONG_CONF_TOKEN_BAD, len);
}

struct gong_conf_token
gong_conf_scan_next(struct gong_conf_scanner *scanner)
{
    const struct gong_conf_source *source = scanner->source;
    size_t comment = 0;
    size_t at = skip_blank(source, scanner->at, &comment);
    char c;

    if (at == SIZE_MAX) {
        refuse(scanner, comment,
               "found a comment that never ends, expected */");
        scanner->at = source->len;
        return (struct gong_conf_token){GONG_CONF_TOKEN_BAD, 0, comment, 0};
    }
    scanner->at = at;
    c = peek(source, at);
    if (c == '\0') {
        return token(scanner, GONG_CONF_TOKEN_END, 0);
    }
    if (is_name_start(c)) {
        return scan_name(scanner);
    }
    if (gong_ascii_is_digit(c) || c == '.' || c == '+' || c == '-') {
        return scan_number(scanner);
    }
    if (c == '"') {
        return scan_string(scanner);
    }
    if (strchr("=:,;{}[]()", c) != NULL) {
        struct gong_conf_token result = token(scanner, GONG_CONF_TOKEN_MARK, 1);

        result.mark = c == ':' ? '=' : c;
        return result;
    }
    return scan_garbage(scanner);
}

size_t
gong_conf_scan_string_at(const struct gong_conf_source *source, size_t at,
                         size_t index)
{
    for (;;) {
        size_t comment = 0;
        size_t quote;

        for (at++; at < source->len && source->text[at] != '"'; index--) {
            char value = '\0';

            if (index == 0) {
                return at;
            }
            at += source->text[at] == '\\'
                      ? read_escape(source->text + at, &value)
                      : 1;
        }
        quote = at;
        at = skip_blank(source, at + 1, &comment);
        if (at == SIZE_MAX || peek(source, at) != '"') {
            return quote;
        }
    }
}
