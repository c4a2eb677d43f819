/*
 * template_value: what a template computes with, and the memory and error of
 * one render. Texts and lists that a render makes live until it ends.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_VALUE_H
#define GONG_RULES_ENGINE_TEMPLATE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/template.h"

enum gong_tkind {
    GONG_TKIND_NIL, /* also: no value */
    GONG_TKIND_BOOL,
    GONG_TKIND_INT,
    GONG_TKIND_BYTE, /* of a text, by index; in integer */
    GONG_TKIND_FLOAT,
    GONG_TKIND_STRING,
    GONG_TKIND_HTML, /* text that safeHtml gave: no string to Go */
    GONG_TKIND_LABELS,
    GONG_TKIND_VECTOR,
    GONG_TKIND_SAMPLE,
    GONG_TKIND_ARGS,
    GONG_TKIND_ROOT,
};

/* Plain value; everything in it is borrowed. */
struct gong_tvalue {
    enum gong_tkind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct gong_str text;
        struct {
            const struct gong_label_view *list;
            size_t count;
        } labels;
        struct {
            const struct gong_template_sample *const *list;
            size_t count;
        } vector;
        const struct gong_template_sample *sample;
        struct {
            const struct gong_tvalue *list;
            size_t count;
        } args;
        const struct gong_template_context *root;
    } as;
};

/* One render. */
struct gong_trender {
    const struct gong_template *tmpl;
    const struct gong_template_context *context;
    char *memory; /* GONG_TEMPLATE_MEMORY_MAX bytes from the first need on */
    size_t used;
    unsigned steps;
    unsigned depth;
    bool failed;
    size_t at; /* of the node that failed */
    char message[256];
};

/* gong_trender_fail: false; the first message stays. */
bool gong_trender_fail(struct gong_trender *render, const char *format, ...)
    GONG_PRINTF(2, 3);

/* gong_trender_take: size bytes, aligned for anything; NULL and failed where
 * the render has used up its memory. */
void *gong_trender_take(struct gong_trender *render, size_t size);

struct gong_tvalue gong_tvalue_text(struct gong_str text);
struct gong_tvalue gong_tvalue_bool(bool value);
struct gong_tvalue gong_tvalue_int(int64_t value);
struct gong_tvalue gong_tvalue_float(double value);

/* gong_tvalue_is_text: a string or HTML. */
bool gong_tvalue_is_text(const struct gong_tvalue *value);

/* gong_tvalue_true: what if and with ask. */
bool gong_tvalue_true(const struct gong_tvalue *value);

/* gong_tvalue_type: its name in Go, for messages. */
const char *gong_tvalue_type(const struct gong_tvalue *value);

/* gong_tvalue_field: .name of a value. A label that is missing is empty. */
bool gong_tvalue_field(struct gong_trender *render,
                       const struct gong_tvalue *value, struct gong_str name,
                       struct gong_tvalue *out);

/* gong_tvalue_label: the label with the least name above that of after, or
 * with NULL the first: maps have no order but this. NULL behind the last. */
const struct gong_label_view *
gong_tvalue_label(const struct gong_label_view *labels, size_t count,
                  const struct gong_label_view *after);

/* Text that grows in the memory of a render. Plain value. */
struct gong_tbuilder {
    struct gong_trender *render;
    char *data;
    size_t len;
    size_t room;
};

/* gong_tbuilder_put: nothing more is added once the memory is out. */
void gong_tbuilder_put(struct gong_tbuilder *builder, struct gong_str text);
void gong_tbuilder_puts(struct gong_tbuilder *builder, const char *text);
void gong_tbuilder_putc(struct gong_tbuilder *builder, char c);
struct gong_str gong_tbuilder_text(const struct gong_tbuilder *builder);

/* gong_tbuilder_finish: the text as a value; false where the render failed. */
bool gong_tbuilder_finish(const struct gong_tbuilder *builder,
                          struct gong_tvalue *out);

#endif
