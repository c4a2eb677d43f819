#include "common/lp_decode_private.h"

#include <string.h>

#include "common/lp_text.h"

bool
gong_lp_refuse(struct gong_lp_reader *reader, const char *at,
               const char *reason)
{
    reader->at = at;
    reader->error.reason = reason;
    reader->error.column = (size_t)(at - reader->line_start) + 1;
    return false;
}

bool
gong_lp_refuse_byte(struct gong_lp_reader *reader, const char *at,
                    const char *reason)
{
    if (at < reader->stop && *at != '\n' && *at != '\r' &&
        gong_lp_byte_is(*at, GONG_LP_BYTE_CONTROL)) {
        reason = "control_character";
    }
    return gong_lp_refuse(reader, at, reason);
}

/*
 * Where a refused line ends: at the first newline outside a string, so that no
 * line of a text in quotes is ever taken for a point. A quote that never closes
 * ends at its own line's end instead: it must not swallow what follows.
 *
 * Each unclosed quote is searched for once per line that opens one, and the
 * bytes behind it hold no other quote: linear over the whole body.
 */
static const char *
refused_line_end(struct gong_lp_reader *reader)
{
    const char *p = reader->at;

    for (; p < reader->end && *p != '\n'; p++) {
        const char *quote;
        bool escaped;

        if (*p == ' ') {
            reader->in_fields = true;
        }
        if (*p != '"' || !reader->in_fields || p == reader->line_start ||
            p[-1] != '=') {
            continue;
        }
        quote = gong_lp_find_quote(p + 1, reader->end, &escaped);
        if (quote != NULL) {
            reader->newlines += gong_lp_count_newlines(p, quote);
            p = quote;
        }
    }
    return p;
}

enum gong_lp_result
gong_lp_refuse_line(struct gong_lp_reader *reader)
{
    const char *end = refused_line_end(reader);
    size_t len = (size_t)(end - reader->line_start);

    if (len > GONG_LP_LINE_MAX) {
        reader->error.reason = "too_long";
    }
    if (len > 0 && end[-1] == '\r') {
        len--;
    }
    reader->error.line = reader->line;
    reader->error.text = gong_str_from(reader->line_start, len);
    gong_lp_leave_line(reader, end);
    return GONG_LP_REFUSED;
}

const struct gong_lp_error *
gong_lp_reader_refuse(struct gong_lp_reader *reader, const char *reason)
{
    const char *end = reader->at;

    if (end > reader->line_start && end[-1] == '\n') {
        end--;
    }
    if (end > reader->line_start && end[-1] == '\r') {
        end--;
    }
    reader->error = (struct gong_lp_error){
        .reason = reason,
        .line = reader->point.line,
        .column = 1,
        .text = gong_str_from(reader->line_start,
                              (size_t)(end - reader->line_start)),
    };
    return &reader->error;
}
