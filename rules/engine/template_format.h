/*
 * template_format: printf of templates: text around one verb, with Go's
 * meaning of flags, width (in characters) and precision.
 *     %[-+ 0][width][.precision](e E f F g G)   a number
 *     %[-][width]s                               a text
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_FORMAT_H
#define GONG_RULES_ENGINE_TEMPLATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "rules/engine/promql.h"

/* Output that is cut where it is full. Plain value. */
struct gong_render {
    char *out; /* borrowed */
    size_t size;
    size_t used;
    bool full; /* something did not fit: nothing more is written */
};

void gong_render_put(struct gong_render *render, struct gong_str text);

/* gong_render_end: writes the NUL and drops half a character before it; returns
 * the length. With size 0 nothing is written. */
size_t gong_render_end(struct gong_render *render);

/* Transparent to be held by value. */
struct gong_format {
    char *before; /* owned, "%%" already resolved */
    char *after;
    bool left;
    bool plus;
    bool space;
    bool zero;
    int width;
    int precision; /* -1: none given */
    char verb;
};

/* gong_format_parse: on false nothing is to be freed. error's at counts from
 * text. */
bool gong_format_parse(struct gong_str text, struct gong_format *format,
                       struct gong_expr_error *error);
void gong_format_fini(struct gong_format *format);
bool gong_format_is_text(const struct gong_format *format);

void gong_format_number(const struct gong_format *format, double value,
                        struct gong_render *out);
void gong_format_text(const struct gong_format *format, struct gong_str value,
                      struct gong_render *out);

#endif
