/*
 * template: annotation texts as Prometheus 2.42 writes them, Go's text/template
 * with Prometheus' functions:
 *     Đèn {{ $labels.device }} quá nhiệt: {{ $value | printf "%.1f" }} °C
 *     {{ if gt $value 90.0 }}cháy{{ else }}nóng{{ end }}
 * Refused at load, with the place: what is no template, unknown functions,
 * variables, templates and fields, wrong numbers of arguments, and of Go's
 * language complex numbers, call and toTime.
 *
 * A render is bounded in steps, depth and memory, and pure but for what the
 * caller's query does.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_H
#define GONG_RULES_ENGINE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/promql.h"

#define GONG_TEMPLATE_TEXT_MAX   65536 /* bytes of source */
#define GONG_TEMPLATE_STEPS_MAX  20000 /* nodes visited by one render */
#define GONG_TEMPLATE_MEMORY_MAX 65536 /* bytes of texts made by one render */

struct gong_label_view {
    struct gong_str name;
    struct gong_str value;
};

struct gong_template;

/* One element of what the function query gives. Plain data, borrowed. */
struct gong_template_sample {
    const struct gong_label_view *labels;
    size_t label_count;
    double value;
};

/* What a render sees. Plain value; everything in it is borrowed. */
struct gong_template_context {
    const struct gong_label_view *labels;
    size_t label_count;
    double value;
    const char *external_url; /* NULL: an empty one */
    /* The samples stay valid until the render has ended. NULL: query fails. A
     * failure's reason goes into error. */
    enum gong_err (*query)(void *query_ctx, struct gong_str expr,
                           const struct gong_template_sample **samples,
                           size_t *count, struct gong_expr_error *error);
    void *query_ctx;
};

/* NULL with error filled (at is a byte offset in text). Caller frees.
 * gong_template_parse refuses query by its name; the other one takes it, for
 * callers that render with a query. */
struct gong_template *gong_template_parse(struct gong_str text,
                                          struct gong_expr_error *error);
struct gong_template *gong_template_parse_query(struct gong_str text,
                                                struct gong_expr_error *error);
void gong_template_free(struct gong_template *tmpl);

/* gong_template_render: NUL-terminated into out, cut on a UTF-8 boundary to
 * fit size; returns the length written. What fails while it is rendered becomes
 * "<error expanding template: ...>", whole, as in Prometheus. */
size_t gong_template_render(const struct gong_template *tmpl,
                            const struct gong_label_view *labels,
                            size_t label_count, double value, char *out,
                            size_t size);

/* gong_template_expand: the same with all that a render can see; false where
 * the text is that of an error. length may be NULL. */
bool gong_template_expand(const struct gong_template *tmpl,
                          const struct gong_template_context *context,
                          char *out, size_t size, size_t *length);

#endif
