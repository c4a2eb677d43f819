#include "rules/engine/template_quote.h"

#include <stdio.h>
#include <string.h>

#include "rules/engine/promql_literal.h"

/* A prefix and so many hexadecimal digits. */
static void
put_code(struct gong_tbuilder *out, const char *prefix, int digits, bool upper,
         uint32_t code)
{
    char text[16];
    int len = snprintf(text, sizeof text, upper ? "%0*X" : "%0*x", digits,
                       (unsigned)code);

    gong_tbuilder_puts(out, prefix);
    gong_tbuilder_put(out, gong_str_from(text, (size_t)len));
}

void
gong_tquote_rune(struct gong_tbuilder *out, uint32_t rune)
{
    char text[4];
    size_t len = 0;

    if (rune < 0x80) {
        text[len++] = (char)rune;
    } else if (rune < 0x800) {
        text[len++] = (char)(0xc0 | rune >> 6);
        text[len++] = (char)(0x80 | (rune & 0x3f));
    } else if (rune < 0x10000) {
        text[len++] = (char)(0xe0 | rune >> 12);
        text[len++] = (char)(0x80 | (rune >> 6 & 0x3f));
        text[len++] = (char)(0x80 | (rune & 0x3f));
    } else {
        text[len++] = (char)(0xf0 | rune >> 18);
        text[len++] = (char)(0x80 | (rune >> 12 & 0x3f));
        text[len++] = (char)(0x80 | (rune >> 6 & 0x3f));
        text[len++] = (char)(0x80 | (rune & 0x3f));
    }
    gong_tbuilder_put(out, gong_str_from(text, len));
}

/* Controls, spaces but the plain one, marks of direction, private use. */
static bool
is_printable(uint32_t rune)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } hidden[] = {
        {0, 0x1f},        {0x7f, 0xa0},       {0xad, 0xad},
        {0x1680, 0x1680}, {0x180e, 0x180e},   {0x2000, 0x200f},
        {0x2028, 0x202f}, {0x205f, 0x206f},   {0x3000, 0x3000},
        {0xd800, 0xf8ff}, {0xfeff, 0xfeff},   {0xfff0, 0xfffb},
        {0xfffe, 0xffff}, {0xe0000, 0xe00ff}, {0xf0000, 0x10ffff},
    };

    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (rune >= hidden[i].first && rune <= hidden[i].last) {
            return false;
        }
    }
    return true;
}

static void
put_escaped(struct gong_tbuilder *out, uint32_t rune, char quote, bool ascii)
{
    static const char letters[] = "abtnvfr"; /* from \a on */

    if (rune == (unsigned char)quote || rune == '\\') {
        gong_tbuilder_putc(out, '\\');
        gong_tbuilder_putc(out, (char)rune);
    } else if (is_printable(rune) && (!ascii || rune < 0x80)) {
        gong_tquote_rune(out, rune);
    } else if (rune >= '\a' && rune <= '\r') {
        gong_tbuilder_putc(out, '\\');
        gong_tbuilder_putc(out, letters[rune - '\a']);
    } else if (rune < ' ' || rune == 0x7f) {
        put_code(out, "\\x", 2, false, rune);
    } else {
        put_code(out, rune < 0x10000 ? "\\u" : "\\U", rune < 0x10000 ? 4 : 8,
                 false, rune);
    }
}

static bool
is_raw(struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c == '`' || c == 0x7f || (c < ' ' && c != '\t')) {
            return false;
        }
    }
    return true;
}

void
gong_tquote(struct gong_tbuilder *out, struct gong_str text, bool ascii,
            bool raw)
{
    if (raw && is_raw(text)) {
        gong_tbuilder_puts(out, "`");
        gong_tbuilder_put(out, text);
        gong_tbuilder_puts(out, "`");
        return;
    }
    gong_tbuilder_puts(out, "\"");
    for (size_t at = 0; at < text.len && !out->render->failed;) {
        uint32_t rune = 0;
        size_t len = gong_promql_rune(
            gong_str_from(text.data + at, text.len - at), &rune);

        if (len == 0) {
            put_code(out, "\\x", 2, false, (unsigned char)text.data[at]);
            len = 1;
        } else {
            put_escaped(out, rune, '"', ascii);
        }
        at += len;
    }
    gong_tbuilder_puts(out, "\"");
}

void
gong_tquote_char(struct gong_tbuilder *out, uint32_t rune)
{
    gong_tbuilder_puts(out, "'");
    put_escaped(out, rune, '\'', false);
    gong_tbuilder_puts(out, "'");
}

void
gong_tquote_html(struct gong_tbuilder *out, struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        switch (c) {
        case '\0':
            gong_tbuilder_puts(out, "\xef\xbf\xbd");
            break;
        case '"':
            gong_tbuilder_puts(out, "&#34;");
            break;
        case '\'':
            gong_tbuilder_puts(out, "&#39;");
            break;
        case '&':
            gong_tbuilder_puts(out, "&amp;");
            break;
        case '<':
            gong_tbuilder_puts(out, "&lt;");
            break;
        case '>':
            gong_tbuilder_puts(out, "&gt;");
            break;
        default:
            gong_tbuilder_putc(out, c);
            break;
        }
    }
}

void
gong_tquote_js(struct gong_tbuilder *out, struct gong_str text)
{
    for (size_t at = 0; at < text.len && !out->render->failed;) {
        uint32_t rune = 0;
        size_t len = gong_promql_rune(
            gong_str_from(text.data + at, text.len - at), &rune);

        if (len == 0) {
            rune = 0xfffd;
            len = 1;
        }
        at += len;
        if (rune < 0x80 && strchr("\\'\"", (int)rune) != NULL && rune != 0) {
            gong_tbuilder_putc(out, '\\');
            gong_tbuilder_putc(out, (char)rune);
        } else if (rune < ' ' || !is_printable(rune) ||
                   (rune < 0x80 && strchr("<>&=", (int)rune) != NULL)) {
            put_code(out, "\\u", 4, true, rune);
        } else {
            gong_tquote_rune(out, rune);
        }
    }
}

void
gong_tquote_url(struct gong_tbuilder *out, struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
                     c == '.' || c == '~';

        if (plain || c == ' ') {
            gong_tbuilder_putc(out, plain ? (char)c : '+');
        } else {
            put_code(out, "%", 2, true, c);
        }
    }
}
