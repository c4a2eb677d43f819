#include "common/lp_decode.h"

#include <stdlib.h>
#include <string.h>

#include "common/lp_decode_private.h"
#include "common/lp_digits.h"
#include "common/lp_number.h"
#include "common/lp_text.h"

/* A run of name bytes as written, and what it means. */
struct token {
    struct gong_str raw;
    struct gong_str text;
};

struct gong_lp_reader *
gong_lp_reader_new(bool strict)
{
    struct gong_lp_reader *reader = malloc(sizeof(*reader));
    const unsigned extra =
        strict ? GONG_LP_BYTE_CONTROL | GONG_LP_BYTE_HIGH : 0;

    if (reader == NULL) {
        return NULL;
    }
    reader->strict = strict;
    reader->name_mask = GONG_LP_BYTE_NAME | extra;
    reader->key_mask = GONG_LP_BYTE_NAME | GONG_LP_BYTE_EQUALS | extra;
    gong_lp_reader_start(reader, (struct gong_str){NULL, 0});
    return reader;
}

void
gong_lp_reader_free(struct gong_lp_reader *reader)
{
    free(reader);
}

void
gong_lp_reader_start(struct gong_lp_reader *reader, struct gong_str body)
{
    const char *data = body.len == 0 ? "" : body.data;

    reader->at = data;
    reader->line_start = data;
    reader->stop = data;
    reader->end = data + body.len;
    reader->line = 1;
    reader->newlines = 0;
    reader->expected = NULL;
    reader->stamp = gong_str_from(NULL, 0);
    memset(&reader->point, 0, sizeof(reader->point));
    memset(&reader->error, 0, sizeof(reader->error));
}

void
gong_lp_reader_expect(struct gong_lp_reader *reader,
                      const struct gong_lp_expected *expected)
{
    reader->expected = expected;
}

/* Whether text stands at p, with a byte behind it before stop. */
static inline bool
stands_at(const char *p, const char *stop, struct gong_str text)
{
    return text.len > 0 && (size_t)(stop - p) > text.len &&
           gong_lp_same(p, text.data, text.len);
}

static bool
at_line_end(const struct gong_lp_reader *reader, const char *p)
{
    return p == reader->stop || *p == '\n' ||
           (*p == '\r' && (p + 1 == reader->end || p[1] == '\n'));
}

/* Whether the token's scan goes on behind the byte it stopped at; p is moved
 * over an escape, which is noted. */
static bool
pass_byte(const struct gong_lp_reader *reader, const char **p, unsigned mask,
          bool *escaped)
{
    const char byte = **p;

    if (byte == '\\') {
        const char *next = *p + 1;

        if (next < reader->stop &&
            (*next == ',' || *next == ' ' ||
             (*next == '=' && (mask & GONG_LP_BYTE_EQUALS) != 0))) {
            *escaped = true;
            (*p)++;
        }
        (*p)++;
        return true;
    }
    if (byte == '\r' && !reader->strict && !at_line_end(reader, *p)) {
        (*p)++;
        return true;
    }
    return false;
}

/* Cold half of read_token: undoes escapes, checks UTF-8. */
static bool
finish_token(struct gong_lp_reader *reader, struct token *token, bool equals,
             bool escaped)
{
    if (reader->strict && !gong_lp_utf8_valid(token->raw)) {
        return gong_lp_refuse(reader, token->raw.data, "bad_utf8");
    }
    if (escaped) {
        char *text = reader->scratch + reader->scratch_used;

        token->text.data = text;
        token->text.len = gong_lp_name_unescape(token->raw, equals, text);
        reader->scratch_used += token->text.len;
    }
    return true;
}

/* The rest of a token whose scan stopped at p: escapes, stray carriage returns
 * and, when strict, what is beyond ASCII. */
static bool
read_odd_token(struct gong_lp_reader *reader, const char **at, unsigned mask,
               struct token *token)
{
    const char *p = token->raw.data;
    bool escaped = false;

    mask &= ~GONG_LP_BYTE_HIGH;
    do {
        p = gong_lp_scan(p, reader->stop, mask);
    } while (p < reader->stop && pass_byte(reader, &p, mask, &escaped));
    *at = p;
    token->raw.len = (size_t)(p - token->raw.data);
    token->text = token->raw;
    return finish_token(reader, token, (mask & GONG_LP_BYTE_EQUALS) != 0,
                        escaped);
}

static inline bool
read_token(struct gong_lp_reader *reader, const char **at, unsigned mask,
           struct token *token)
{
    const char *p = gong_lp_scan(*at, reader->stop, mask);

    token->raw = gong_str_from(*at, (size_t)(p - *at));
    token->text = token->raw;
    if (p < reader->stop &&
        (*p == '\\' || *p == '\r' || gong_lp_byte_is(*p, GONG_LP_BYTE_HIGH))) {
        return read_odd_token(reader, at, mask, token);
    }
    *at = p;
    return true;
}

/* A few bits of a key, so that most keys need no comparison with the others. */
static uint64_t
key_bit(struct gong_str key)
{
    unsigned first = (unsigned char)key.data[0];
    unsigned last = (unsigned char)key.data[key.len - 1];

    return UINT64_C(1) << ((first * 7 + last * 3 + (unsigned)key.len) & 63);
}

static bool
tag_known(const struct gong_lp_reader *reader, struct gong_str key)
{
    for (size_t i = 0; i < reader->point.tag_count; i++) {
        if (gong_str_equal(reader->tags[i].key, key)) {
            return true;
        }
    }
    return false;
}

/* key=value behind a comma. */
static bool
read_tag(struct gong_lp_reader *reader, const char **at, uint64_t *seen)
{
    struct token key, value;
    const char *p = *at;
    uint64_t bit;

    if (!read_token(reader, &p, reader->key_mask, &key)) {
        return false;
    }
    if (key.raw.len == 0) {
        return gong_lp_refuse_byte(reader, p, "no_tag_key");
    }
    if (p == reader->stop || *p != '=') {
        return gong_lp_refuse_byte(reader, p, "no_tag_value");
    }
    p++;
    if (!read_token(reader, &p, reader->key_mask, &value)) {
        return false;
    }
    if (value.raw.len == 0) {
        return gong_lp_refuse_byte(reader, p, "no_tag_value");
    }
    bit = key_bit(key.text);
    if ((*seen & bit) != 0 && tag_known(reader, key.text)) {
        return gong_lp_refuse(reader, key.raw.data, "duplicate_tag");
    }
    if (reader->point.tag_count == GONG_LP_TAGS_MAX) {
        return gong_lp_refuse(reader, key.raw.data, "too_many_tags");
    }
    *seen |= bit;
    reader->tags[reader->point.tag_count++] =
        (struct gong_lp_tag){key.text, value.text};
    *at = p;
    return true;
}

/* The same bytes up to the blank are the same names: no escape reaches past
 * them, or they would have been no key. */
static bool
read_expected_series(struct gong_lp_reader *reader)
{
    const char *start = reader->at;
    struct gong_str key = reader->expected->series_key;

    if (!stands_at(start, reader->stop, key) || start[key.len] != ' ') {
        return false;
    }
    reader->point.series_key = gong_str_from(start, key.len);
    reader->point.measurement = gong_str_from(NULL, 0);
    reader->at = start + key.len;
    return true;
}

static bool
read_series(struct gong_lp_reader *reader)
{
    struct token name;
    const char *start = reader->at;
    const char *p = start;
    uint64_t seen = 0;

    if (!read_token(reader, &p, reader->name_mask, &name)) {
        return false;
    }
    if (name.raw.len == 0) {
        return gong_lp_refuse_byte(reader, p, "no_measurement");
    }
    while (p < reader->stop && *p == ',') {
        p++;
        if (!read_tag(reader, &p, &seen)) {
            return false;
        }
    }
    if (p == reader->stop || *p != ' ') {
        return gong_lp_refuse_byte(
            reader, p, at_line_end(reader, p) ? "no_fields" : "bad_tag");
    }
    reader->point.measurement = name.text;
    reader->point.series_key = gong_str_from(start, (size_t)(p - start));
    reader->at = p;
    return true;
}

static bool
read_string(struct gong_lp_reader *reader, const char **at,
            struct gong_str *out)
{
    const char *start = *at + 1;
    bool escaped;
    const char *quote = gong_lp_find_quote(start, reader->stop, &escaped);

    if (quote == NULL) {
        return gong_lp_refuse(reader, *at, "open_string");
    }
    *out = gong_str_from(start, (size_t)(quote - start));
    reader->newlines += gong_lp_count_newlines(start, quote);
    if (escaped) {
        char *text = reader->scratch + reader->scratch_used;

        out->len = gong_lp_string_unescape(*out, reader->strict, text);
        out->data = text;
        reader->scratch_used += out->len;
    }
    *at = quote + 1;
    return true;
}

static bool
read_value(struct gong_lp_reader *reader, const char **at,
           struct gong_lp_value *value)
{
    const char *reason;

    switch (*at < reader->stop ? **at : '\n') {
    case '"':
        value->type = GONG_LP_STRING;
        return read_string(reader, at, &value->as.string);
    case 't':
    case 'T':
    case 'f':
    case 'F':
        value->type = GONG_LP_BOOL;
        return gong_lp_bool_scan(at, reader->stop, &value->as.boolean) ||
               gong_lp_refuse(reader, *at, "bad_value");
    case ',':
    case ' ':
    case '\n':
        return gong_lp_refuse(reader, *at, "no_field_value");
    default:
        reason = gong_lp_number_scan(at, reader->stop, value);
        return reason == NULL || gong_lp_refuse(reader, *at, reason);
    }
}

/* The value at p; where it ends, NULL where it is refused. */
static inline const char *
pass_value(struct gong_lp_reader *reader, const char *p,
           struct gong_lp_value *value)
{
    const char *end = gong_lp_digits_short(p, reader->stop, &value->as.number);

    if (end != NULL) {
        value->type = GONG_LP_FLOAT;
        return end;
    }
    end = p;
    return read_value(reader, &end, value) ? end : NULL;
}

/* The field's slot: that of an earlier one of the same name, or a new one. Keys
 * that mean the same are written the same: what must be escaped can only be
 * written so. */
static struct gong_lp_field *
field_slot(struct gong_lp_reader *reader, struct gong_str raw_key,
           uint64_t *seen)
{
    uint64_t bit = key_bit(raw_key);

    if ((*seen & bit) != 0) {
        for (size_t i = 0; i < reader->point.field_count; i++) {
            if (gong_str_equal(reader->fields[i].raw_key, raw_key)) {
                return &reader->fields[i];
            }
        }
    }
    if (reader->point.field_count == GONG_LP_FIELDS_MAX) {
        return NULL;
    }
    *seen |= bit;
    return &reader->fields[reader->point.field_count++];
}

static bool
read_field(struct gong_lp_reader *reader, const char **at, uint64_t *seen)
{
    struct token key;
    struct gong_lp_field *field;

    if (!read_token(reader, at, reader->key_mask, &key)) {
        return false;
    }
    if (key.raw.len == 0) {
        return gong_lp_refuse_byte(reader, *at, "no_field_key");
    }
    if (*at == reader->stop || **at != '=') {
        return gong_lp_refuse_byte(reader, *at, "no_field_value");
    }
    field = field_slot(reader, key.raw, seen);
    if (field == NULL) {
        return gong_lp_refuse(reader, key.raw.data, "too_many_fields");
    }
    field->key = key.text;
    field->raw_key = key.raw;
    *at = pass_value(reader, *at + 1, &field->value);
    return *at != NULL;
}

/* Fields for as long as their keys are those expected; *more: and a comma
 * behind the last one. */
static bool
read_expected_fields(struct gong_lp_reader *reader, const char **at, bool *more)
{
    const struct gong_str *const keys = reader->expected->field_keys;
    const size_t count = reader->expected->field_count;
    const char *const stop = reader->stop;
    const char *p = *at;
    size_t i = 0;

    while (*more && i < count) {
        struct gong_lp_field *field = &reader->fields[i];
        struct gong_str key = keys[i];

        if (!stands_at(p, stop, key) || p[key.len] != '=') {
            break;
        }
        field->key = gong_str_from(NULL, 0);
        field->raw_key = gong_str_from(p, key.len);
        p = pass_value(reader, p + key.len + 1, &field->value);
        if (p == NULL) {
            return false;
        }
        i++;
        *more = p < stop && *p == ',';
        p += *more;
    }
    reader->point.expected_fields = i;
    reader->point.field_count = i;
    *at = p;
    return true;
}

static uint64_t
seen_fields(const struct gong_lp_reader *reader)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < reader->point.field_count; i++) {
        seen |= key_bit(reader->fields[i].raw_key);
    }
    return seen;
}

static bool
read_fields(struct gong_lp_reader *reader)
{
    const char *p = reader->at;
    bool more = true;
    uint64_t seen = 0;

    while (p < reader->stop && *p == ' ') {
        p++;
    }
    reader->in_fields = true;
    if (at_line_end(reader, p)) {
        return gong_lp_refuse(reader, p, "no_fields");
    }
    if (reader->point.expected) {
        if (!read_expected_fields(reader, &p, &more)) {
            return false;
        }
        seen = more ? seen_fields(reader) : 0;
    }
    while (more) {
        if (!read_field(reader, &p, &seen)) {
            return false;
        }
        more = p < reader->stop && *p == ',';
        p += more;
    }
    reader->at = p;
    return true;
}

/* The digits at *at. Most lines have the stamp of the line before. */
static bool
read_stamp(struct gong_lp_reader *reader, const char **at)
{
    const char *start = *at;
    const char *reason;

    reader->point.has_time = true;
    if (stands_at(start, reader->stop, reader->stamp)) {
        *at += reader->stamp.len - 1;
        reader->point.time = reader->time;
        return true;
    }
    reason = gong_lp_number_stamp(at, reader->stop, &reader->point.time);
    if (reason != NULL) {
        return gong_lp_refuse(reader, *at, reason);
    }
    if (*at < reader->stop && **at == '\n') {
        reader->stamp = gong_str_from(start, (size_t)(*at + 1 - start));
        reader->time = reader->point.time;
    }
    return true;
}

/* Blanks, the stamp if any, and the end of the line. */
static bool
read_tail(struct gong_lp_reader *reader)
{
    const char *p = reader->at;

    reader->point.has_time = false;
    reader->point.time = 0;
    if (p < reader->stop && *p != ' ' && !at_line_end(reader, p)) {
        return gong_lp_refuse_byte(reader, p, "bad_value");
    }
    while (p < reader->stop && *p == ' ') {
        p++;
    }
    if (!at_line_end(reader, p)) {
        if (!read_stamp(reader, &p)) {
            return false;
        }
        while (p < reader->stop && *p == ' ') {
            p++;
        }
        if (!at_line_end(reader, p)) {
            return gong_lp_refuse_byte(reader, p, "bad_time");
        }
    }
    reader->at = p;
    return true;
}

/* Skips blanks; true if nothing or only a comment is left of the line. A
 * comment's bad bytes (strict) are refused with *refused set. */
static bool
skip_idle_line(struct gong_lp_reader *reader, bool *refused)
{
    const char *p = reader->at;

    *refused = false;
    while (p < reader->stop && *p == ' ') {
        p++;
    }
    reader->at = p;
    if (p < reader->stop && *p == '#') {
        while (reader->strict && !at_line_end(reader, p)) {
            if (*p != '\t' && gong_lp_byte_is(*p, GONG_LP_BYTE_CONTROL)) {
                *refused = true;
                return !gong_lp_refuse(reader, p, "control_character");
            }
            p++;
        }
        return true;
    }
    /* Blanks as far as a line may reach are no blank line. */
    return at_line_end(reader, p) && (p < reader->stop || p == reader->end);
}

static void
enter_line(struct gong_lp_reader *reader)
{
    reader->line_start = reader->at;
    reader->stop = reader->end - reader->at > GONG_LP_LINE_MAX
                       ? reader->at + GONG_LP_LINE_MAX
                       : reader->end;
    reader->in_fields = false;
    reader->newlines = 0;
    reader->scratch_used = 0;
    reader->point.tag_count = 0;
    reader->point.field_count = 0;
    reader->point.expected_fields = 0;
    reader->point.line = reader->line;
}

static bool
read_line(struct gong_lp_reader *reader)
{
    bool known = reader->expected != NULL && read_expected_series(reader);

    reader->point.expected = known;
    if ((!known && !read_series(reader)) || !read_fields(reader) ||
        !read_tail(reader)) {
        return false;
    }
    return reader->at == reader->end || reader->at < reader->stop ||
           gong_lp_refuse(reader, reader->at, "too_long");
}

enum gong_lp_result
gong_lp_reader_next(struct gong_lp_reader *reader,
                    const struct gong_lp_point **point,
                    const struct gong_lp_error **error)
{
    while (reader->at < reader->end) {
        bool refused, read;

        enter_line(reader);
        if (skip_idle_line(reader, &refused)) {
            if (refused) {
                *error = &reader->error;
                return gong_lp_refuse_line(reader);
            }
            gong_lp_leave_line(reader, reader->at);
            continue;
        }
        read = read_line(reader);
        reader->expected = NULL;
        if (!read) {
            *error = &reader->error;
            return gong_lp_refuse_line(reader);
        }
        reader->point.tags = reader->tags;
        reader->point.fields = reader->fields;
        gong_lp_leave_line(reader, reader->at);
        *point = &reader->point;
        return GONG_LP_POINT;
    }
    return GONG_LP_END;
}
