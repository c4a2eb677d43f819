#include "common/prom_text.h"

#include <math.h>

#include "common/ascii.h"
#include "common/lp_number.h"

/* The stamps that fit in milliseconds of int64 with room to spare. */
#define SECONDS_MAX 9e15

/* What is left of one line. */
struct cursor {
    const char *at;
    const char *end;
};

static void
skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (*cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
}

static bool
skip_byte(struct cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte) {
        return false;
    }
    cursor->at++;
    return true;
}

/* [a-zA-Z_][a-zA-Z0-9_]*, of metrics also ':'; empty where there is none. */
static struct gong_str
read_name(struct cursor *cursor, bool metric)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end &&
           (gong_ascii_begins_name(*cursor->at) ||
            (metric && *cursor->at == ':') ||
            (cursor->at > start && gong_ascii_is_digit(*cursor->at)))) {
        cursor->at++;
    }
    return gong_str_from(start, (size_t)(cursor->at - start));
}

/* Copies on into scratch from the first escape; unescaped values stay views. */
static bool
read_value(struct gong_prom_text *reader, struct cursor *cursor,
           struct gong_str *out)
{
    char *copy = reader->scratch + reader->scratch_used;
    const char *start = cursor->at;
    size_t len = 0;
    bool escaped = false;

    while (cursor->at < cursor->end && *cursor->at != '"') {
        char byte = *cursor->at++;

        if (byte == '\\' && cursor->at < cursor->end &&
            (*cursor->at == '\\' || *cursor->at == '"' || *cursor->at == 'n')) {
            byte = *cursor->at == 'n' ? '\n' : *cursor->at;
            cursor->at++;
            escaped = true;
        }
        /* All values of one line are shorter than the line. */
        copy[len++] = byte;
    }
    if (!skip_byte(cursor, '"')) {
        return false;
    }
    if (escaped) {
        *out = gong_str_from(copy, len);
        reader->scratch_used += len;
    } else {
        *out = gong_str_from(start, len);
    }
    return true;
}

static bool
has_label(const struct gong_prom_sample *sample, struct gong_str name)
{
    for (size_t i = 0; i < sample->label_count; i++) {
        if (gong_str_equal(sample->labels[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* name="value"; NULL, or the reason. */
static const char *
read_label(struct gong_prom_text *reader, struct cursor *cursor)
{
    struct gong_prom_sample *sample = &reader->sample;
    struct gong_prom_label label;

    label.name = read_name(cursor, false);
    if (label.name.len == 0) {
        return "label_name";
    }
    if (has_label(sample, label.name)) {
        return "duplicate_label";
    }
    if (sample->label_count == GONG_PROM_LABELS_MAX) {
        return "too_many_labels";
    }
    skip_blanks(cursor);
    if (!skip_byte(cursor, '=')) {
        return "label";
    }
    skip_blanks(cursor);
    if (!skip_byte(cursor, '"') || !read_value(reader, cursor, &label.value)) {
        return "label_value";
    }
    sample->labels[sample->label_count++] = label;
    return NULL;
}

/* What stands behind '{' up to '}'; a comma may end the list. */
static const char *
read_labels(struct gong_prom_text *reader, struct cursor *cursor)
{
    for (;;) {
        const char *reason;

        skip_blanks(cursor);
        if (skip_byte(cursor, '}')) {
            return NULL;
        }
        reason = read_label(reader, cursor);
        if (reason != NULL) {
            return reason;
        }
        skip_blanks(cursor);
        if (!skip_byte(cursor, ',')) {
            return skip_byte(cursor, '}') ? NULL : "label";
        }
    }
}

/* word is lower case. */
static bool
is_word(struct gong_str text, const char *word)
{
    size_t i = 0;

    while (i < text.len && word[i] != '\0' &&
           (text.data[i] | 0x20) == word[i]) {
        i++;
    }
    return i == text.len && word[i] == '\0';
}

static bool
read_number(struct gong_str word, double *out)
{
    const char *at = word.data;
    const char *end = word.data + word.len;
    struct gong_lp_value value;
    struct gong_str digits;
    bool sign = word.len > 0 && (*at == '+' || *at == '-');

    digits = gong_str_from(at + sign, word.len - (sign ? 1 : 0));
    if (is_word(digits, "nan")) {
        *out = NAN;
        return true;
    }
    if (is_word(digits, "inf") || is_word(digits, "infinity")) {
        *out = sign && *at == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (digits.len == 0 ||
        !(gong_ascii_is_digit(*digits.data) || *digits.data == '.')) {
        return false;
    }
    at = *at == '+' ? digits.data : at;
    if (gong_lp_number_scan(&at, end, &value) != NULL || at != end ||
        value.type != GONG_LP_FLOAT) {
        return false;
    }
    *out = value.as.number;
    return true;
}

static struct gong_str
read_word(struct cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end && *cursor->at != ' ' &&
           *cursor->at != '\t') {
        cursor->at++;
    }
    return gong_str_from(start, (size_t)(cursor->at - start));
}

/* Bits that no arithmetic makes. */
static double
stale_marker(void)
{
    uint64_t bits = UINT64_C(0x7ff0000000000002);
    double marker;

    memcpy(&marker, &bits, sizeof marker);
    return marker;
}

static bool
read_sample_value(const struct gong_prom_text *reader, struct gong_str word,
                  double *out)
{
    if (reader->stale_words && gong_str_is(word, "stale")) {
        *out = stale_marker();
        return true;
    }
    return read_number(word, out);
}

/* The product is cut, not rounded, as Prometheus loads such files: 1.001 s is
 * 1000 ms to it. */
static bool
read_seconds(struct gong_str word, int64_t *ms)
{
    double seconds = 0;

    if (!read_number(word, &seconds) ||
        !(seconds >= -SECONDS_MAX && seconds <= SECONDS_MAX)) {
        return false;
    }
    *ms = (int64_t)(seconds * 1000);
    return true;
}

static bool
read_stamp(const struct gong_prom_text *reader, struct gong_str word,
           int64_t *ms)
{
    const char *at = word.data;
    const char *end = word.data + word.len;

    if (reader->seconds) {
        return read_seconds(word, ms);
    }
    return gong_lp_number_stamp(&at, end, ms) == NULL && at == end;
}

/* value [stamp] */
static const char *
read_numbers(struct gong_prom_text *reader, struct cursor *cursor)
{
    struct gong_prom_sample *sample = &reader->sample;
    struct gong_str word;

    skip_blanks(cursor);
    word = read_word(cursor);
    if (!read_sample_value(reader, word, &sample->value)) {
        return "value";
    }
    skip_blanks(cursor);
    word = read_word(cursor);
    if (word.len > 0) {
        if (!read_stamp(reader, word, &sample->time_ms)) {
            return "time";
        }
        sample->has_time = true;
    }
    skip_blanks(cursor);
    return cursor->at == cursor->end ? NULL : "trailing";
}

static const char *
read_line(struct gong_prom_text *reader, struct cursor cursor)
{
    struct gong_prom_sample *sample = &reader->sample;
    const char *reason = NULL;

    sample->label_count = 0;
    sample->has_time = false;
    sample->time_ms = 0;
    reader->scratch_used = 0;
    if (cursor.end - cursor.at > GONG_PROM_LINE_MAX) {
        return "line_too_long";
    }
    sample->name = read_name(&cursor, true);
    if (sample->name.len == 0) {
        return "name";
    }
    skip_blanks(&cursor);
    if (skip_byte(&cursor, '{')) {
        reason = read_labels(reader, &cursor);
    } else if (cursor.at == sample->name.data + sample->name.len) {
        return "name"; /* no blank behind it */
    }
    return reason != NULL ? reason : read_numbers(reader, &cursor);
}

/* The next line without its end; false behind the last. */
static bool
next_line(struct gong_prom_text *reader, struct cursor *out)
{
    const char *start;
    const char *newline;
    size_t left = reader->text.len - reader->at;

    if (left == 0) {
        return false;
    }
    start = reader->text.data + reader->at;
    newline = memchr(start, '\n', left);
    out->at = start;
    out->end = newline != NULL ? newline : start + left;
    reader->at += (size_t)(out->end - start) + (newline != NULL ? 1 : 0);
    reader->line++;
    if (out->end > out->at && out->end[-1] == '\r') {
        out->end--;
    }
    return true;
}

void
gong_prom_text_start(struct gong_prom_text *reader, struct gong_str text)
{
    reader->text = text;
    reader->at = 0;
    reader->line = 0;
    reader->reason = NULL;
}

enum gong_prom_result
gong_prom_text_next(struct gong_prom_text *reader)
{
    struct cursor cursor;

    while (next_line(reader, &cursor)) {
        skip_blanks(&cursor);
        if (cursor.at == cursor.end || *cursor.at == '#') {
            continue;
        }
        reader->reason = read_line(reader, cursor);
        return reader->reason == NULL ? GONG_PROM_SAMPLE : GONG_PROM_REFUSED;
    }
    return GONG_PROM_END;
}
