/*
 * lp_decode_private: the reader, for lp_decode.c, which reads points, and
 * lp_decode_refuse.c, which says why and where a line was refused.
 */
#ifndef GONG_COMMON_LP_DECODE_PRIVATE_H
#define GONG_COMMON_LP_DECODE_PRIVATE_H

#include "common/lp_decode.h"

/*
 *   [sp] measurement {,key=value} sp key=value {,key=value} [sp stamp] [sp] EOL
 *        read_series -----------| |- read_fields --------| |-- read_tail ---|
 *
 * at moves from line_start to the line's end and never past stop, which lies
 * GONG_LP_LINE_MAX behind line_start or at the body's end: no line can use more
 * scratch than it has bytes. Each read_ function returns false after
 * gong_lp_refuse().
 */
struct gong_lp_reader {
    bool strict;
    unsigned name_mask; /* bytes at which a measurement's scan stops */
    unsigned key_mask;  /* the same for keys and tag values */

    const char *at;
    const char *line_start;
    const char *stop;
    const char *end; /* of the body */
    size_t line;
    size_t newlines; /* inside strings of this line */
    bool in_fields;  /* this line's first blank has been passed */
    const struct gong_lp_expected *expected; /* or NULL */
    struct gong_str stamp; /* the one read last, with the newline behind it */
    int64_t time;          /* its value */

    struct gong_lp_point point;
    struct gong_lp_error error;
    struct gong_lp_tag tags[GONG_LP_TAGS_MAX];
    struct gong_lp_field fields[GONG_LP_FIELDS_MAX];
    size_t scratch_used;
    char scratch[GONG_LP_LINE_MAX];
};

/* gong_lp_refuse: notes the first reason, and that it is at at; always false.
 * gong_lp_refuse_byte: the same for a byte that does not belong where it
 * stands. */
bool gong_lp_refuse(struct gong_lp_reader *reader, const char *at,
                    const char *reason);
bool gong_lp_refuse_byte(struct gong_lp_reader *reader, const char *at,
                         const char *reason);

/* gong_lp_refuse_line: fills the error and leaves the line. */
enum gong_lp_result gong_lp_refuse_line(struct gong_lp_reader *reader);

/* Moves past the newline at or behind p, if there is one. */
static inline void
gong_lp_leave_line(struct gong_lp_reader *reader, const char *p)
{
    const char *newline = NULL;

    if (p < reader->end) {
        newline = *p == '\n' ? p : memchr(p, '\n', (size_t)(reader->end - p));
    }
    reader->at = newline == NULL ? reader->end : newline + 1;
    reader->line += reader->newlines + (newline == NULL ? 0 : 1);
    reader->newlines = 0;
}

#endif
