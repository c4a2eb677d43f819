/*
 * template_format: Go's fmt for what templates have: the verbs of printf with
 * flags (+ - # 0 space), width, precision, "*" and [n], and Go's texts for what
 * does not fit, such as %!d(float64=1.5).
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_FORMAT_H
#define GONG_RULES_ENGINE_TEMPLATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "rules/engine/template_value.h"

#define GONG_TFORMAT_COUNT_MAX 1000 /* of width and precision */

/* One verb with what stands before it. Plain value. */
struct gong_tverb {
    bool plus;
    bool minus;
    bool sharp;
    bool space;
    bool zero;
    bool syntax;   /* # with v: texts as literals */
    int width;     /* -1: none */
    int precision; /* -1: none */
    uint32_t verb; /* a code point */
};

/* gong_tformat_sprintf, sprint, sprintln: as Go's, added to out. */
void gong_tformat_sprintf(struct gong_tbuilder *out, struct gong_str format,
                          const struct gong_tvalue *args, size_t count);
void gong_tformat_sprint(struct gong_tbuilder *out,
                         const struct gong_tvalue *args, size_t count,
                         bool line);

/* gong_tformat_plain: as %v, but what a pointer points to without "&". */
void gong_tformat_plain(struct gong_tbuilder *out,
                        const struct gong_tvalue *value);

/* gong_tformat_value: one value by one verb. */
void gong_tformat_value(struct gong_tbuilder *out,
                        const struct gong_tverb *verb,
                        const struct gong_tvalue *value);

/* gong_tformat_number: a float by one verb; false where it has none such. */
bool gong_tformat_number(struct gong_tbuilder *out,
                         const struct gong_tverb *verb, double value);

/* gong_tformat_padded: text filled up to the width. */
void gong_tformat_padded(struct gong_tbuilder *out,
                         const struct gong_tverb *verb, struct gong_str text);

/* gong_tformat_float: value as %.<precision><letter>, for humanize. */
void gong_tformat_float(struct gong_tbuilder *out, double value, char letter,
                        int precision);

#endif
