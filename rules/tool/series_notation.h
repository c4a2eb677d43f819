/*
 * series_notation: series as promtool's test files write them.
 *
 *   series:  name{label="value", ...}
 *   values:  1 2.5 _ stale -Inf     one sample an interval; _ is a gap
 *            1+2x3                  1 3 5 7: so many more, each 2 larger
 *            9-2x3  1x3  _x3        likewise; 1 1 1 1; three gaps
 */
#ifndef GONG_RULES_TOOL_SERIES_NOTATION_H
#define GONG_RULES_TOOL_SERIES_NOTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/labelset.h"
#include "rules/engine/promql.h"

#define GONG_SERIES_VALUES_MAX 1000000

/* Plain values. */
struct gong_series_value {
    double value; /* a staleness marker is the NaN of sample.h */
    bool omitted;
};

struct gong_series_values {
    struct gong_series_value *items; /* owned */
    size_t count;
};

/* gong_series_values_read: INVALID with error filled (at is a byte offset),
 * TOO_LARGE past the limit, too. */
enum gong_err
gong_series_values_read(struct gong_str text, struct gong_series_values *out,
                        struct gong_expr_error *error) GONG_MUST_CHECK;
void gong_series_values_fini(struct gong_series_values *values);

/* A label set of its own. */
struct gong_series_labels {
    struct gong_label_view labels[GONG_LABELSET_MAX]; /* sorted by name */
    size_t count;
    char *texts[GONG_LABELSET_MAX]; /* owned: the values */
};

/* gong_series_labels_read: a series without values, {} among them; names point
 * into text. INVALID with error filled. */
enum gong_err
gong_series_labels_read(struct gong_str text, struct gong_series_labels *out,
                        struct gong_expr_error *error) GONG_MUST_CHECK;
void gong_series_labels_fini(struct gong_series_labels *labels);

#endif
