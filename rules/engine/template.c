#include "rules/engine/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/template_output.h"
#include "rules/engine/template_run.h"
#include "rules/engine/template_tree.h"

static struct gong_template *
parse(struct gong_str text, bool query, struct gong_expr_error *error)
{
    struct gong_template *tmpl = calloc(1, sizeof *tmpl);

    if (text.len > GONG_TEMPLATE_TEXT_MAX) {
        (void)gong_expr_fail(error, 0,
                             "found a template of %zu bytes, expected at most "
                             "%d",
                             text.len, GONG_TEMPLATE_TEXT_MAX);
        free(tmpl);
        return NULL;
    }
    if (tmpl != NULL) {
        tmpl->pool = malloc(2 * text.len + 1);
    }
    if (tmpl == NULL || tmpl->pool == NULL) {
        (void)gong_expr_no_memory(error, 0);
        gong_template_free(tmpl);
        return NULL;
    }
    if (text.len > 0) {
        memcpy(tmpl->pool, text.data, text.len);
    }
    tmpl->source_len = text.len;
    if (!gong_template_read(tmpl, query, error)) {
        gong_template_free(tmpl);
        return NULL;
    }
    return tmpl;
}

struct gong_template *
gong_template_parse(struct gong_str text, struct gong_expr_error *error)
{
    return parse(text, false, error);
}

struct gong_template *
gong_template_parse_query(struct gong_str text, struct gong_expr_error *error)
{
    return parse(text, true, error);
}

void
gong_template_free(struct gong_template *tmpl)
{
    if (tmpl == NULL) {
        return;
    }
    free(tmpl->nodes);
    free(tmpl->defines);
    free(tmpl->pool);
    free(tmpl);
}

/* In place of all that was written. */
static void
put_error(const struct gong_trender *render, struct gong_toutput *output)
{
    char text[sizeof render->message + 96];
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < render->at; i++) {
        bool end = render->tmpl->pool[i] == '\n';

        line += end ? 1 : 0;
        column = end ? 1 : column + 1;
    }
    (void)snprintf(text, sizeof text, "<error expanding template: %zu:%zu: %s>",
                   line, column, render->message);
    output->used = 0;
    output->full = false;
    gong_toutput_put(output, gong_str_of(text));
}

bool
gong_template_expand(const struct gong_template *tmpl,
                     const struct gong_template_context *context, char *out,
                     size_t size, size_t *length)
{
    struct gong_trender render = {.tmpl = tmpl, .context = context};
    struct gong_toutput output = {.out = out, .size = size};
    bool ok = gong_trun(&render, &output);
    size_t len = 0;

    if (!ok) {
        put_error(&render, &output);
    }
    len = gong_toutput_end(&output);
    if (length != NULL) {
        *length = len;
    }
    free(render.memory);
    return ok;
}

size_t
gong_template_render(const struct gong_template *tmpl,
                     const struct gong_label_view *labels, size_t label_count,
                     double value, char *out, size_t size)
{
    const struct gong_template_context context = {
        .labels = labels, .label_count = label_count, .value = value};
    size_t length = 0;

    (void)gong_template_expand(tmpl, &context, out, size, &length);
    return length;
}
