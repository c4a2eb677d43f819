/*
 * lp_decode: reads InfluxDB line protocol, point by point.
 *
 *   weather,city=Tuy\ Hoà temp=31.5,ok=true,n=3i 1760000000000000000
 *   '-----------v-------' '----------v---------' '--------v--------'
 *      series key                fields                stamp
 *
 * One pass, no allocation per line, no I/O: pure. Views point into the input,
 * or, where an escape had to be undone, into the reader's own scratch space,
 * and are valid until the next call on the reader.
 *
 * Liberal (default): what InfluxDB 1.6 takes, plus \r\n line ends and 'u'
 * integers. Strict: the published grammar and corpus (escapes \n \r \t in
 * strings, control characters and invalid UTF-8 refused). Both refuse empty or
 * duplicate tags, NaN, Inf and numbers out of range. facts: docs/WIRE.md.
 */
#ifndef GONG_COMMON_LP_DECODE_H
#define GONG_COMMON_LP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_LP_TAGS_MAX   64    /* per point; more is a refused line */
#define GONG_LP_FIELDS_MAX 256   /* per point; more is a refused line */
#define GONG_LP_LINE_MAX   65536 /* bytes; a longer line is refused */

enum gong_lp_type {
    GONG_LP_FLOAT,
    GONG_LP_INT,
    GONG_LP_UINT,
    GONG_LP_BOOL,
    GONG_LP_STRING,
};

/* Transparent plain values, filled by the reader. */
struct gong_lp_value {
    enum gong_lp_type type;
    union {
        double number;
        int64_t integer;
        uint64_t unsigned_integer;
        bool boolean;
        struct gong_str string; /* unescaped */
    } as;
};

struct gong_lp_tag {
    struct gong_str key; /* unescaped */
    struct gong_str value;
};

struct gong_lp_field {
    struct gong_str key;     /* unescaped */
    struct gong_str raw_key; /* as written: cheap to compare with a cache */
    struct gong_lp_value value;
};

struct gong_lp_point {
    struct gong_str series_key;  /* measurement and tags exactly as written */
    bool expected;               /* see gong_lp_reader_expect */
    size_t expected_fields;      /* likewise */
    struct gong_str measurement; /* unescaped */
    const struct gong_lp_tag *tags; /* in the order written */
    size_t tag_count;
    const struct gong_lp_field *fields; /* a later duplicate key wins: dropped
                                           duplicates do not appear */
    size_t field_count;
    bool has_time;
    int64_t time; /* as written, in the units the sender meant */
    size_t line;  /* 1-based */
};

/* Why and where a line was refused. text is static: a reason code such as
 * "nan", "duplicate_tag", "no_fields" that also labels a counter. */
struct gong_lp_error {
    const char *reason;
    size_t line;          /* 1-based */
    size_t column;        /* 1-based, in bytes */
    struct gong_str text; /* the refused line, for the dead-letter file */
};

enum gong_lp_result {
    GONG_LP_POINT,
    GONG_LP_REFUSED, /* error is filled; the reader stands after that line */
    GONG_LP_END,
};

/* About 80 KiB: keep one per thread, not on the stack. */
struct gong_lp_reader;

struct gong_lp_reader *gong_lp_reader_new(bool strict);
void gong_lp_reader_free(struct gong_lp_reader *reader);

/* gong_lp_reader_start: begins with body, which is borrowed until the next
 * start or free. */
void gong_lp_reader_start(struct gong_lp_reader *reader, struct gong_str body);

/* gong_lp_reader_next: the next point or refused line; comments and blank
 * lines are skipped. point and error are the reader's, valid until the next
 * call. Either pointer may not be NULL. */
enum gong_lp_result gong_lp_reader_next(struct gong_lp_reader *reader,
                                        const struct gong_lp_point **point,
                                        const struct gong_lp_error **error);

/* What the next point may look like, as readers of the same mode have given it
 * before: a series key, and the raw keys of its fields, no two alike. */
struct gong_lp_expected {
    struct gong_str series_key;
    const struct gong_str *field_keys;
    size_t field_count;
};

/* gong_lp_reader_expect: makes the next line cheaper. Where it has that series
 * key, the point is marked expected and comes without measurement and tags; its
 * first expected_fields fields are those expected, one for one, with raw_key
 * alone. Who knew the names knows the rest. expected is borrowed until the
 * next point is read, and good for that one only. */
void gong_lp_reader_expect(struct gong_lp_reader *reader,
                           const struct gong_lp_expected *expected);

/* gong_lp_reader_refuse: turns the point that next has just returned into a
 * refused line, for a reason that only the caller can see (its stamp, say). */
const struct gong_lp_error *gong_lp_reader_refuse(struct gong_lp_reader *reader,
                                                  const char *reason);

/* gong_lp_number: the value as PromQL sees it: numbers, booleans as 0/1;
 * false for strings. Integers beyond 2^53 are rounded (semantics rule 13). */
static inline bool
gong_lp_number(const struct gong_lp_value *value, double *out)
{
    switch (value->type) {
    case GONG_LP_FLOAT:
        *out = value->as.number;
        return true;
    case GONG_LP_INT:
        *out = (double)value->as.integer;
        return true;
    case GONG_LP_UINT:
        *out = (double)value->as.unsigned_integer;
        return true;
    case GONG_LP_BOOL:
        *out = value->as.boolean ? 1.0 : 0.0;
        return true;
    case GONG_LP_STRING:
        break;
    }
    return false;
}

#endif
