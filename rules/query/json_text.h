/* json_text: texts as JSON strings, on a stream. */
#ifndef GONG_RULES_QUERY_JSON_TEXT_H
#define GONG_RULES_QUERY_JSON_TEXT_H

#include <stdio.h>

#include "common/str.h"
#include "rules/engine/template.h"

/* gong_json_put_text: "..." with what JSON wants escaped, bytes that are no
 * UTF-8 as U+FFFD, and < > & as \u003c and so on, as Go writes them. */
void gong_json_put_text(FILE *out, struct gong_str text);

/* gong_json_put_labels: {"name":"value",...} in the order given. */
void gong_json_put_labels(FILE *out, const struct gong_label_view *labels,
                          size_t count);

/* gong_label_text_put: name{a="b", c="d"} as PromQL has it; labels are sorted
 * by name, __name__ stands in front of the braces. {} where there are none. */
void gong_label_text_put(FILE *out, const struct gong_label_view *labels,
                         size_t count);

#endif
