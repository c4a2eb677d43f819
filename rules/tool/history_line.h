/*
 * history_line: a series of the history as a line of line protocol without its
 * value and stamp: what it begins with.
 *
 *   streetlight_temp{site="66",device="lamp-1",lamp="17",unit="..",kind=".."}
 *   streetlight_temp,device=lamp-1,kind=..,lamp=17,site=66,unit=.. value=
 *
 * Pure but for memory.
 */
#ifndef GONG_RULES_TOOL_HISTORY_LINE_H
#define GONG_RULES_TOOL_HISTORY_LINE_H

#include "common/lp_encode.h"
#include "rules/engine/city.h"
#include "rules/engine/labelset.h"

/* Views into the labels; empty where there is none. */
struct gong_history_named {
    struct gong_str metric;
    struct gong_str site;
    struct gong_str device;
};

/* gong_history_named: of a series' labels. */
struct gong_history_named
gong_history_named(const struct gong_label_view *labels, size_t count);

/* gong_history_line_begin: appends the beginning, through "value=". unit and
 * kind are left out where the city (NULL: none) gives them, since whoever reads
 * the line with that city puts them on; apart: site and device too, for a batch
 * that has these names. INVALID: nothing that a line can begin with. */
enum gong_err gong_history_line_begin(struct gong_buffer *out,
                                      const struct gong_label_view *labels,
                                      size_t count,
                                      const struct gong_city *city,
                                      bool apart) GONG_MUST_CHECK;

/* gong_history_line_end: appends the value, which is finite, stamp and line
 * end. */
enum gong_err gong_history_line_end(struct gong_buffer *out, double value,
                                    int64_t ms) GONG_MUST_CHECK;

#endif
