#include "common/conf_source.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX ((size_t)4 * 1024 * 1024)

/*
 * Bytes of the UTF-8 sequence at the start of text, 0 if it is none. Refused
 * with the rest: overlong forms, surrogates, anything above U+10FFFF.
 *
 *   lead     second   then
 *   00..7f
 *   c2..df   80..bf
 *   e0       a0..bf   80..bf
 *   e1..ef   80..bf   80..bf          (ed: 80..9f)
 *   f0       90..bf   80..bf 80..bf
 *   f1..f4   80..bf   80..bf 80..bf   (f4: 80..8f)
 */
static size_t
utf8_length(const unsigned char *text, size_t left)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t length;

    if (text[0] < 0x80) {
        return 1;
    }
    if (text[0] < 0xc2 || text[0] > 0xf4) {
        return 0;
    }
    length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (left < length) {
        return 0;
    }
    switch (text[0]) {
    case 0xe0:
        low = 0xa0;
        break;
    case 0xed:
        high = 0x9f;
        break;
    case 0xf0:
        low = 0x90;
        break;
    case 0xf4:
        high = 0x8f;
        break;
    default:
        break;
    }
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* Where text stops being UTF-8 without NUL bytes; its length if nowhere. */
static size_t
find_bad_byte(struct gong_str text)
{
    size_t at = 0;

    while (at < text.len && text.data[at] != '\0') {
        size_t length =
            utf8_length((const unsigned char *)text.data + at, text.len - at);

        if (length == 0) {
            return at;
        }
        at += length;
    }
    return at;
}

static bool
index_lines(struct gong_conf_source *source)
{
    size_t count = 1;

    for (size_t i = 0; i < source->len; i++) {
        count += source->text[i] == '\n' ? 1 : 0;
    }
    source->lines = malloc(count * sizeof *source->lines);
    if (source->lines == NULL) {
        return false;
    }
    source->lines[source->line_count++] = 0;
    for (size_t i = 0; i < source->len; i++) {
        if (source->text[i] == '\n') {
            source->lines[source->line_count++] = i + 1;
        }
    }
    return true;
}

bool
gong_conf_source_init(struct gong_conf_source *source, const char *name,
                      struct gong_str text, struct gong_conf_errors *errors)
{
    size_t bad;

    *source = (struct gong_conf_source){0};
    if (text.len > SOURCE_MAX) {
        gong_conf_errors_add(errors,
                             "%s: found a file of more than %zu bytes, "
                             "expected a smaller one",
                             name, SOURCE_MAX);
        return false;
    }
    source->name = strdup(name);
    source->text = malloc(text.len + 2);
    if (source->name == NULL || source->text == NULL) {
        gong_conf_errors_no_memory(errors, name);
        return false;
    }
    if (text.len > 0) {
        memcpy(source->text, text.data, text.len);
    }
    source->text[text.len] = '\n';
    source->text[text.len + 1] = '\0';
    source->len = text.len;
    if (!index_lines(source)) {
        gong_conf_errors_no_memory(errors, name);
        return false;
    }
    bad = find_bad_byte(text);
    if (bad < text.len) {
        gong_conf_source_error(source, bad, errors,
                               "found the byte 0x%02x, expected UTF-8 text",
                               (unsigned)(unsigned char)text.data[bad]);
        return false;
    }
    return true;
}

void
gong_conf_source_fini(struct gong_conf_source *source)
{
    free(source->name);
    free(source->text);
    free(source->lines);
    *source = (struct gong_conf_source){0};
}

/* The last line that begins at or before at. */
static size_t
find_line(const struct gong_conf_source *source, size_t at)
{
    size_t low = 0;
    size_t high = source->line_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (source->lines[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

struct gong_conf_place
gong_conf_source_place(const struct gong_conf_source *source, size_t at)
{
    size_t line = find_line(source, at);
    struct gong_conf_place place = {.line = line + 1, .column = 1};

    for (size_t i = source->lines[line]; i < at && i < source->len; i++) {
        place.column += ((unsigned char)source->text[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return place;
}

size_t
gong_conf_source_line(const struct gong_conf_source *source, size_t at)
{
    return find_line(source, at) + 1;
}

void
gong_conf_source_verror(const struct gong_conf_source *source, size_t at,
                        struct gong_conf_errors *errors, const char *format,
                        va_list args)
{
    struct gong_conf_place place;
    char *message = NULL;
    size_t size = 0;
    FILE *out;

    if (gong_conf_errors_full(errors)) {
        return;
    }
    place = gong_conf_source_place(source, at);
    out = open_memstream(&message, &size);
    if (out != NULL) {
        (void)vfprintf(out, format, args);
        (void)fclose(out);
    }
    errors->no_memory |= message == NULL;
    gong_conf_errors_add_at(errors, source->name, place,
                            message == NULL ? "out of memory" : message);
    free(message);
}

void
gong_conf_source_error(const struct gong_conf_source *source, size_t at,
                       struct gong_conf_errors *errors, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gong_conf_source_verror(source, at, errors, format, args);
    va_end(args);
}
