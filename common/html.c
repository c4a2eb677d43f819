#include "common/html.h"

#include <stddef.h>

const char *
gong_html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&#34;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool
is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

void
gong_html_put(FILE *out, struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = gong_html_entity(text.data[i]);

        if (entity != NULL) {
            (void)fputs(entity, out);
        } else {
            (void)fputc(is_control(text.data[i]) ? '?' : text.data[i], out);
        }
    }
}
