/*
 * lines: line protocol as programs write it, into points. What is no line
 * protocol is refused line by line and named; the rest is taken.
 */
#ifndef GONG_COLLECTOR_LINES_H
#define GONG_COLLECTOR_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "collector/points.h"
#include "common/err.h"
#include "common/lp_decode.h"
#include "common/str.h"

#define GONG_LINES_FIRST_SIZE 96

/* Transparent: added to by gong_lines_add. Start: {0}. */
struct gong_lines_count {
    uint64_t taken;
    uint64_t refused;
    /* The first refused: "line 2 column 5: bad_value"; "" while none. No byte
     * of the text itself is in it. */
    char first[GONG_LINES_FIRST_SIZE];
};

/* gong_lines_first: bytes of the first line of text, its newline included: up
 * to the first newline outside a string. text is line protocol as
 * gong_lp_encode writes it, which leaves newlines in strings as they are. */
size_t gong_lines_first(struct gong_str text);

/* gong_lines_samples: how many fields of text are no strings; text as above.
 * Pure. */
uint64_t gong_lines_samples(struct gong_str text);

/* gong_lines_next: gong_lp_reader_next, where a stamp before 1970 is refused
 * as well: reason "time". */
enum gong_lp_result gong_lines_next(struct gong_lp_reader *reader,
                                    const struct gong_lp_point **point,
                                    const struct gong_lp_error **error);

/*
 * gong_lines_add: each line of text to points; a line without stamp gets that
 * of points. Both are borrowed for the call.
 * The error is that of points (memory); refused lines are none.
 */
enum gong_err gong_lines_add(struct gong_lp_reader *reader,
                             struct gong_str text, struct gong_points *points,
                             struct gong_lines_count *count) GONG_MUST_CHECK;

#endif
