/*
 * template: annotation texts as Prometheus writes them:
 *     Đèn {{ $labels.device }} quá nhiệt: {{ $value | printf "%.1f" }} °C
 * Known today: $labels.NAME, .Labels.NAME, $value, .Value, and printf with one
 * floating or %s verb, as a pipe or a call. Anything else is refused at load,
 * with its place. A label that is absent renders empty. Pure.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_H
#define GONG_RULES_ENGINE_TEMPLATE_H

#include <stddef.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/promql.h"

struct gong_label_view {
    struct gong_str name;
    struct gong_str value;
};

struct gong_template;

/* NULL with error filled (at is a byte offset in text). Caller frees. */
struct gong_template *gong_template_parse(struct gong_str text,
                                          struct gong_expr_error *error);
void gong_template_free(struct gong_template *tmpl);

/* gong_template_render: NUL-terminated into out, cut on a UTF-8 boundary to
 * fit size; returns the length written. A number without printf is written as
 * Prometheus does (shortest text that reads back, %g style). */
size_t gong_template_render(const struct gong_template *tmpl,
                            const struct gong_label_view *labels,
                            size_t label_count, double value, char *out,
                            size_t size);

#endif
