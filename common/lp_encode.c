#include "common/lp_encode.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/lp_text.h"

/* The first allocation; each further one doubles. */
#define BUFFER_START 4096

/* More than the reader takes plus site, device and a few of the caller's. */
#define TAGS_MAX (GONG_LP_TAGS_MAX + 16)

void
gong_buffer_fini(struct gong_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct gong_buffer){0};
}

static enum gong_err
reserve(struct gong_buffer *buffer, size_t len)
{
    size_t capacity = buffer->capacity == 0 ? BUFFER_START : buffer->capacity;
    char *data;

    if (len <= buffer->capacity - buffer->len) {
        return GONG_OK;
    }
    if (len > SIZE_MAX / 2 - buffer->len) {
        return GONG_ERR_TOO_LARGE;
    }
    while (capacity < buffer->len + len) {
        capacity *= 2;
    }
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return GONG_ERR_MEMORY;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return GONG_OK;
}

enum gong_err
gong_buffer_append(struct gong_buffer *buffer, const void *data, size_t len)
{
    enum gong_err err = reserve(buffer, len);

    if (err == GONG_OK && len > 0) {
        memcpy(buffer->data + buffer->len, data, len);
        buffer->len += len;
    }
    return err;
}

/* Writes on until the first error, which stays. */
struct writer {
    struct gong_buffer *buffer;
    enum gong_err err;
};

static void
put(struct writer *writer, const char *data, size_t len)
{
    if (writer->err == GONG_OK) {
        writer->err = gong_buffer_append(writer->buffer, data, len);
    }
}

static void
put_byte(struct writer *writer, char byte)
{
    put(writer, &byte, 1);
}

/*
 * Names are read through a cleaner, byte by byte as they shall be understood,
 * so that writing and comparing see the same:
 *
 *   control byte -> space          trailing backslash -> nothing
 *   bad UTF-8    -> '?'            backslash before , = space \ control -> '/'
 */
struct cleaner {
    const char *at;
    const char *end;
    const char *known; /* UTF-8 is checked up to here */
};

static struct cleaner
cleaner_of(struct gong_str text)
{
    struct cleaner cleaner = {text.data, text.data, text.data};

    if (text.len > 0) {
        cleaner.end = text.data + text.len;
    }
    return cleaner;
}

/* Bytes that an escape could apply to, or that become a space. */
static bool
joins_backslash(char byte)
{
    return gong_lp_byte_is(byte, GONG_LP_BYTE_NAME | GONG_LP_BYTE_EQUALS |
                                     GONG_LP_BYTE_CONTROL);
}

/* The next byte of the clean text, or -1. */
static int
clean_next(struct cleaner *cleaner)
{
    unsigned char byte;

    if (cleaner->at == cleaner->end) {
        return -1;
    }
    if (cleaner->at == cleaner->known) {
        size_t len = gong_lp_utf8_next(cleaner->at, cleaner->end);

        cleaner->known += len == 0 ? 1 : len;
        if (len == 0) {
            cleaner->at++;
            return '?';
        }
    }
    byte = (unsigned char)*cleaner->at++;
    if (byte == '\\') {
        if (cleaner->at == cleaner->end) {
            return -1;
        }
        return joins_backslash(*cleaner->at) ? '/' : '\\';
    }
    return byte < 0x20 || byte == 0x7f ? ' ' : byte;
}

/* Whether text is already as it goes on the wire. */
static bool
plain(struct gong_str text, unsigned mask)
{
    for (size_t i = 0; i < text.len; i++) {
        if (gong_lp_byte_is(text.data[i], mask)) {
            return false;
        }
    }
    return true;
}

#define ANY_SPECIAL                                                            \
    (GONG_LP_BYTE_NAME | GONG_LP_BYTE_EQUALS | GONG_LP_BYTE_CONTROL |          \
     GONG_LP_BYTE_HIGH)

static bool
clean_is_empty(struct gong_str text)
{
    struct cleaner cleaner = cleaner_of(text);

    return clean_next(&cleaner) < 0;
}

static int
clean_compare(struct gong_str a, struct gong_str b)
{
    struct cleaner left, right;
    int from_left, from_right;

    if (plain(a, ANY_SPECIAL) && plain(b, ANY_SPECIAL)) {
        return gong_str_compare(a, b);
    }
    left = cleaner_of(a);
    right = cleaner_of(b);
    do {
        from_left = clean_next(&left);
        from_right = clean_next(&right);
    } while (from_left == from_right && from_left >= 0);
    return from_left < from_right ? -1 : from_left > from_right ? 1 : 0;
}

/* A measurement (equals false), key or tag value. */
static void
put_name(struct writer *writer, struct gong_str name, bool equals)
{
    struct cleaner cleaner = cleaner_of(name);
    int byte;

    if (plain(name, ANY_SPECIAL)) {
        put(writer, name.data, name.len);
        return;
    }
    while ((byte = clean_next(&cleaner)) >= 0) {
        if (byte == ' ' || byte == ',' || (equals && byte == '=')) {
            put_byte(writer, '\\');
        }
        put_byte(writer, (char)byte);
    }
}

static void
put_measurement(struct writer *writer, struct gong_str name)
{
    if (name.len > 0 && name.data[0] == '#') {
        put_byte(writer, '_');
        name = gong_str_from(name.data + 1, name.len - 1);
    }
    put_name(writer, name, false);
}

static void
put_string(struct writer *writer, struct gong_str text, bool newlines)
{
    size_t at = 0;

    put_byte(writer, '"');
    while (at < text.len) {
        const char *p = text.data + at;
        size_t len = gong_lp_utf8_next(p, text.data + text.len);

        if (len == 0) {
            put_byte(writer, '?');
            at++;
            continue;
        }
        if (*p == '"' || *p == '\\') {
            put_byte(writer, '\\');
        }
        if (!newlines && (*p == '\n' || *p == '\r')) {
            put_byte(writer, ' ');
        } else {
            put(writer, p, len);
        }
        at += len;
    }
    put_byte(writer, '"');
}

static void
put_unsigned(struct writer *writer, uint64_t value)
{
    char text[20];
    size_t at = sizeof(text);

    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(writer, text + at, sizeof(text) - at);
}

static void
put_signed(struct writer *writer, int64_t value)
{
    if (value < 0) {
        put_byte(writer, '-');
        put_unsigned(writer, UINT64_C(0) - (uint64_t)value);
    } else {
        put_unsigned(writer, (uint64_t)value);
    }
}

/*
 * What sensors send is a short decimal: whole / 10^places with both exact,
 * which reads back as value because a division rounds once. False if value is
 * none.
 */
static bool
put_short_decimal(struct writer *writer, double value)
{
    static const double scale[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    const double limit = 9007199254740992.0; /* 2^53 */
    const double magnitude = fabs(value);
    size_t places;
    uint64_t whole = 0;

    for (places = 0; places < sizeof(scale) / sizeof(scale[0]); places++) {
        double scaled = magnitude * scale[places];

        if (scaled >= limit) {
            return false;
        }
        whole = (uint64_t)(scaled + 0.5);
        if ((double)whole / scale[places] == magnitude) {
            break;
        }
    }
    if (places == sizeof(scale) / sizeof(scale[0])) {
        return false;
    }
    if (signbit(value)) {
        put_byte(writer, '-');
    }
    put_unsigned(writer, whole / (uint64_t)scale[places]);
    if (places > 0) {
        char digits[8];
        uint64_t behind = whole % (uint64_t)scale[places];

        for (size_t i = places; i > 0; i--) {
            digits[i - 1] = (char)('0' + behind % 10);
            behind /= 10;
        }
        put_byte(writer, '.');
        put(writer, digits, places);
    }
    return true;
}

static void
put_double(struct writer *writer, double value)
{
    char text[40];
    int len;

    if (put_short_decimal(writer, value)) {
        return;
    }
    len = snprintf(text, sizeof(text), "%.17g", value);
    for (int i = 0; i < len; i++) {
        if (text[i] == ',') {
            text[i] = '.'; /* a locale's point */
        }
    }
    put(writer, text, (size_t)len);
}

static void
put_uint(struct writer *writer, uint64_t value, bool as_unsigned)
{
    if (as_unsigned) {
        put_unsigned(writer, value);
        put_byte(writer, 'u');
    } else if (value <= (uint64_t)INT64_MAX) {
        put_unsigned(writer, value);
        put_byte(writer, 'i');
    } else {
        put_double(writer, (double)value);
    }
}

static void
put_value(struct writer *writer, const struct gong_lp_value *value,
          const struct gong_lp_dialect *dialect)
{
    switch (value->type) {
    case GONG_LP_FLOAT:
        put_double(writer, value->as.number);
        break;
    case GONG_LP_INT:
        put_signed(writer, value->as.integer);
        put_byte(writer, 'i');
        break;
    case GONG_LP_UINT:
        put_uint(writer, value->as.unsigned_integer,
                 dialect->unsigned_integers);
        break;
    case GONG_LP_BOOL:
        if (value->as.boolean) {
            put(writer, "true", 4);
        } else {
            put(writer, "false", 5);
        }
        break;
    case GONG_LP_STRING:
        put_string(writer, value->as.string, dialect->newlines_in_strings);
        break;
    }
}

/* Whether the field can be written; counts it if not. */
static bool
field_fits(const struct gong_lp_field *field,
           const struct gong_lp_dialect *dialect, struct gong_lp_losses *losses)
{
    if (field->value.type == GONG_LP_STRING && !dialect->strings) {
        losses->strings++;
        return false;
    }
    if (field->value.type == GONG_LP_FLOAT &&
        !isfinite(field->value.as.number)) {
        losses->not_finite++;
        return false;
    }
    return true;
}

static size_t
put_fields(struct writer *writer, const struct gong_lp_line *line,
           const struct gong_lp_dialect *dialect, struct gong_lp_losses *losses)
{
    size_t written = 0;

    for (size_t i = 0; i < line->field_count; i++) {
        const struct gong_lp_field *field = &line->fields[i];

        if (clean_is_empty(field->key) || !field_fits(field, dialect, losses)) {
            continue;
        }
        put_byte(writer, written == 0 ? ' ' : ',');
        put_name(writer, field->key, true);
        put_byte(writer, '=');
        put_value(writer, &field->value, dialect);
        written++;
    }
    return written;
}

/* Insertion sort: few tags, mostly in order already. Empty tags and later ones
 * of a key are left out. Returns how many stay. */
static size_t
sort_tags(const struct gong_lp_line *line,
          const struct gong_lp_tag *sorted[TAGS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < line->tag_count; i++) {
        const struct gong_lp_tag *tag = &line->tags[i];
        size_t place = count;
        int order = 1;

        if (clean_is_empty(tag->key) || clean_is_empty(tag->value)) {
            continue;
        }
        while (place > 0) {
            order = clean_compare(sorted[place - 1]->key, tag->key);
            if (order <= 0) {
                break;
            }
            place--;
        }
        if (place > 0 && order == 0) {
            continue;
        }
        for (size_t k = count; k > place; k--) {
            sorted[k] = sorted[k - 1];
        }
        sorted[place] = tag;
        count++;
    }
    return count;
}

static void
put_tags(struct writer *writer, const struct gong_lp_line *line)
{
    const struct gong_lp_tag *sorted[TAGS_MAX];
    size_t count = sort_tags(line, sorted);

    for (size_t i = 0; i < count; i++) {
        put_byte(writer, ',');
        put_name(writer, sorted[i]->key, true);
        put_byte(writer, '=');
        put_name(writer, sorted[i]->value, true);
    }
}

static bool
lacks_name(const struct gong_lp_line *line,
           const struct gong_lp_dialect *dialect)
{
    return line->measurement.len == 0 ? !dialect->nameless
                                      : clean_is_empty(line->measurement);
}

enum gong_err
gong_lp_encode(struct gong_buffer *buffer, const struct gong_lp_line *line,
               const struct gong_lp_dialect *dialect,
               struct gong_lp_losses *losses)
{
    struct writer writer = {buffer, GONG_OK};
    struct gong_lp_losses lost = {0};
    const size_t before = buffer->len;

    if (line->tag_count > TAGS_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    put_measurement(&writer, line->measurement);
    put_tags(&writer, line);
    if (lacks_name(line, dialect) ||
        put_fields(&writer, line, dialect, &lost) == 0) {
        buffer->len = before;
        lost.points++;
    } else {
        put_byte(&writer, ' ');
        put_signed(&writer, line->time_ns == 0 ? 1 : line->time_ns);
        put_byte(&writer, '\n');
    }
    if (writer.err != GONG_OK) {
        buffer->len = before;
        return writer.err;
    }
    losses->strings += lost.strings;
    losses->not_finite += lost.not_finite;
    losses->points += lost.points;
    return GONG_OK;
}
