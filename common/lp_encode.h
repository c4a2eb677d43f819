/*
 * lp_encode: writes the subset of line protocol that every store reads alike:
 * LF line ends, explicit nonzero nanosecond stamps, tags in byte order, floats
 * with %.17g and a digit on both sides of the point, int64 only with 'i', no
 * 'u' unless asked for. In names and tag values control characters become
 * spaces, a trailing backslash is dropped and a backslash before , = space or
 * backslash becomes '/'; empty tags are skipped. Bytes that are no UTF-8 become
 * '?', a '#' that would start a comment '_'. Of two tags that come out with the
 * same key the first stays. docs/WIRE.md has the table of how stores differ.
 *
 * Pure: appends to a caller's growing buffer.
 */
#ifndef GONG_COMMON_LP_ENCODE_H
#define GONG_COMMON_LP_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/lp_decode.h"
#include "common/str.h"

/* A growing byte buffer; transparent so that callers can hand data to curl.
 * Start from {0}; gong_buffer_fini frees. */
struct gong_buffer {
    char *data;
    size_t len;
    size_t capacity;
};

void gong_buffer_fini(struct gong_buffer *buffer);
enum gong_err gong_buffer_append(struct gong_buffer *buffer, const void *data,
                                 size_t len) GONG_MUST_CHECK;

/* What the target can hold. */
struct gong_lp_dialect {
    bool unsigned_integers;   /* else 'i' where it fits int64, else float */
    bool strings;             /* else string fields are dropped and counted */
    bool newlines_in_strings; /* else a space */
    bool nameless; /* a line may have no measurement; else it is left out */
};

/* How many fields were left out, by why; added to, not set. */
struct gong_lp_losses {
    uint64_t strings;    /* dialect has no strings */
    uint64_t not_finite; /* NaN or Inf */
    uint64_t points;     /* nothing was left of a point */
};

/*
 * gong_lp_encode: appends one line for the point with these tags (any order;
 * sorted here; empty ones skipped) and fields at time_ns (0 becomes 1, because
 * stores read 0 as "now"). A point of which nothing is left is not written,
 * counted in losses, and is GONG_OK. On an error the buffer is as before.
 */
struct gong_lp_line {
    struct gong_str measurement;
    const struct gong_lp_tag *tags;
    size_t tag_count;
    const struct gong_lp_field *fields; /* raw_key is not used */
    size_t field_count;
    int64_t time_ns;
};

/* gong_lp_line_of: a point as it was read, at time_ns where it has no time of
 * its own; borrows from it. */
static inline struct gong_lp_line
gong_lp_line_of(const struct gong_lp_point *point, int64_t time_ns)
{
    return (struct gong_lp_line){
        .measurement = point->measurement,
        .tags = point->tags,
        .tag_count = point->tag_count,
        .fields = point->fields,
        .field_count = point->field_count,
        .time_ns = point->has_time ? point->time : time_ns,
    };
}

enum gong_err gong_lp_encode(struct gong_buffer *buffer,
                             const struct gong_lp_line *line,
                             const struct gong_lp_dialect *dialect,
                             struct gong_lp_losses *losses) GONG_MUST_CHECK;

#endif
