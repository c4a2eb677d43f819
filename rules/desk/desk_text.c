#include "rules/desk/desk_text.h"

void
gong_desk_text_quote(FILE *out, struct gong_str text)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '"' || c == '\\') {
            (void)fputc('\\', out);
        }
        if (c == '\n') {
            (void)fputs("\\n", out);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

struct gong_str
gong_desk_text_cut(struct gong_str text, size_t max)
{
    size_t len = text.len;

    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text.data[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return gong_str_from(text.data, len);
}
