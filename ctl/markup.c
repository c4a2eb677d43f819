#include "ctl/markup.h"

#include <string.h>

#include "common/html.h"

void
gong_ctl_csv(FILE *out, const char *text)
{
    (void)fputs(
        strchr("=+-@", text[0]) != NULL && text[0] != '\0' ? "\"'" : "\"", out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            (void)fputc('"', out);
        }
        (void)fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
    }
    (void)fputc('"', out);
}

void
gong_ctl_html(FILE *out, const char *text)
{
    gong_html_put(out, gong_str_of(text));
}

void
gong_ctl_html_open(FILE *out, const char *title)
{
    (void)fputs("<!DOCTYPE html>\n<html lang=\"vi\"><head>"
                "<meta charset=\"utf-8\"><title>",
                out);
    gong_ctl_html(out, title);
    (void)fputs("</title><style>body{font:14px sans-serif;margin:2em}table{"
                "border-collapse:collapse}th,td{border:1px solid #ccc;"
                "padding:.3em .6em;text-align:right}th,.text{text-align:left}"
                ".bad{color:#b00020;font-weight:bold}.part{color:#767676;"
                "font-size:85%}</style></head><body>\n<h1>",
                out);
    gong_ctl_html(out, title);
    (void)fputs("</h1>\n", out);
}

void
gong_ctl_html_close(FILE *out)
{
    (void)fputs("</body></html>\n", out);
}
