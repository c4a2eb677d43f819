#include "rules/engine/template_value.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
gong_trender_fail(struct gong_trender *render, const char *format, ...)
{
    va_list args;

    if (!render->failed) {
        va_start(args, format);
        (void)vsnprintf(render->message, sizeof render->message, format, args);
        va_end(args);
        render->failed = true;
    }
    return false;
}

void *
gong_trender_take(struct gong_trender *render, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t at = (render->used + align - 1) / align * align;
    void *taken = NULL;

    if (render->memory == NULL) {
        render->memory = malloc(GONG_TEMPLATE_MEMORY_MAX);
    }
    if (render->memory == NULL || at > GONG_TEMPLATE_MEMORY_MAX ||
        size > GONG_TEMPLATE_MEMORY_MAX - at) {
        (void)gong_trender_fail(render, "the texts made are too large");
        return NULL;
    }
    taken = render->memory + at;
    render->used = at + size;
    return taken;
}

struct gong_tvalue
gong_tvalue_text(struct gong_str text)
{
    return (struct gong_tvalue){.kind = GONG_TKIND_STRING, .as.text = text};
}

struct gong_tvalue
gong_tvalue_bool(bool value)
{
    return (struct gong_tvalue){.kind = GONG_TKIND_BOOL, .as.boolean = value};
}

struct gong_tvalue
gong_tvalue_int(int64_t value)
{
    return (struct gong_tvalue){.kind = GONG_TKIND_INT, .as.integer = value};
}

struct gong_tvalue
gong_tvalue_float(double value)
{
    return (struct gong_tvalue){.kind = GONG_TKIND_FLOAT, .as.number = value};
}

bool
gong_tvalue_is_text(const struct gong_tvalue *value)
{
    return value->kind == GONG_TKIND_STRING || value->kind == GONG_TKIND_HTML;
}

bool
gong_tvalue_true(const struct gong_tvalue *value)
{
    switch (value->kind) {
    case GONG_TKIND_NIL:
        return false;
    case GONG_TKIND_BOOL:
        return value->as.boolean;
    case GONG_TKIND_INT:
    case GONG_TKIND_BYTE:
        return value->as.integer != 0;
    case GONG_TKIND_FLOAT:
        return value->as.number != 0;
    case GONG_TKIND_STRING:
    case GONG_TKIND_HTML:
        return value->as.text.len != 0;
    case GONG_TKIND_LABELS:
        return value->as.labels.count != 0;
    case GONG_TKIND_VECTOR:
        return value->as.vector.count != 0;
    case GONG_TKIND_ARGS:
        return value->as.args.count != 0;
    case GONG_TKIND_SAMPLE:
    case GONG_TKIND_ROOT:
        return true;
    }
    return false;
}

const char *
gong_tvalue_type(const struct gong_tvalue *value)
{
    switch (value->kind) {
    case GONG_TKIND_NIL:
        return "<nil>";
    case GONG_TKIND_BOOL:
        return "bool";
    case GONG_TKIND_INT:
        return "int";
    case GONG_TKIND_BYTE:
        return "uint8";
    case GONG_TKIND_FLOAT:
        return "float64";
    case GONG_TKIND_STRING:
        return "string";
    case GONG_TKIND_HTML:
        return "template.HTML";
    case GONG_TKIND_LABELS:
        return "map[string]string";
    case GONG_TKIND_VECTOR:
        return "template.queryResult";
    case GONG_TKIND_SAMPLE:
        return "*template.sample";
    case GONG_TKIND_ARGS:
        return "map[string]interface {}";
    case GONG_TKIND_ROOT:
        return "struct { Labels map[string]string; ExternalLabels "
               "map[string]string; ExternalURL string; Value float64 }";
    }
    return "?";
}

static struct gong_tvalue
labels_value(const struct gong_label_view *list, size_t count)
{
    return (struct gong_tvalue){.kind = GONG_TKIND_LABELS,
                                .as.labels = {list, count}};
}

static struct gong_tvalue
label_value(const struct gong_tvalue *value, struct gong_str name)
{
    for (size_t i = 0; i < value->as.labels.count; i++) {
        if (gong_str_equal(value->as.labels.list[i].name, name)) {
            return gong_tvalue_text(value->as.labels.list[i].value);
        }
    }
    return gong_tvalue_text(gong_str_from("", 0));
}

/* "arg0" is the first. */
static struct gong_tvalue
arg_value(const struct gong_tvalue *value, struct gong_str name)
{
    for (size_t i = 0; i < value->as.args.count; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "arg%zu", i);

        if (gong_str_equal(name, gong_str_from(text, (size_t)len))) {
            return value->as.args.list[i];
        }
    }
    return (struct gong_tvalue){.kind = GONG_TKIND_NIL};
}

static bool
root_field(const struct gong_template_context *root, struct gong_str name,
           struct gong_tvalue *out)
{
    const char *url = root->external_url == NULL ? "" : root->external_url;

    if (gong_str_is(name, "Labels")) {
        *out = labels_value(root->labels, root->label_count);
    } else if (gong_str_is(name, "ExternalLabels")) {
        *out = labels_value(NULL, 0);
    } else if (gong_str_is(name, "ExternalURL")) {
        *out = gong_tvalue_text(gong_str_of(url));
    } else if (gong_str_is(name, "Value")) {
        *out = gong_tvalue_float(root->value);
    } else {
        return false;
    }
    return true;
}

bool
gong_tvalue_field(struct gong_trender *render, const struct gong_tvalue *value,
                  struct gong_str name, struct gong_tvalue *out)
{
    int width = name.len < 64 ? (int)name.len : 64;

    switch (value->kind) {
    case GONG_TKIND_NIL:
        *out = *value;
        return true;
    case GONG_TKIND_LABELS:
        *out = label_value(value, name);
        return true;
    case GONG_TKIND_ARGS:
        *out = arg_value(value, name);
        return true;
    case GONG_TKIND_ROOT:
        if (root_field(value->as.root, name, out)) {
            return true;
        }
        break;
    case GONG_TKIND_SAMPLE:
        if (gong_str_is(name, "Labels")) {
            *out = labels_value(value->as.sample->labels,
                                value->as.sample->label_count);
            return true;
        }
        if (gong_str_is(name, "Value")) {
            *out = gong_tvalue_float(value->as.sample->value);
            return true;
        }
        break;
    case GONG_TKIND_BOOL:
    case GONG_TKIND_INT:
    case GONG_TKIND_BYTE:
    case GONG_TKIND_FLOAT:
    case GONG_TKIND_STRING:
    case GONG_TKIND_HTML:
    case GONG_TKIND_VECTOR:
        break;
    }
    return gong_trender_fail(render, "can't evaluate field %.*s in type %s",
                             width, name.data, gong_tvalue_type(value));
}

const struct gong_label_view *
gong_tvalue_label(const struct gong_label_view *labels, size_t count,
                  const struct gong_label_view *after)
{
    const struct gong_label_view *next = NULL;

    for (size_t i = 0; i < count; i++) {
        if ((after == NULL ||
             gong_str_compare(labels[i].name, after->name) > 0) &&
            (next == NULL ||
             gong_str_compare(labels[i].name, next->name) < 0)) {
            next = &labels[i];
        }
    }
    return next;
}

void
gong_tbuilder_put(struct gong_tbuilder *b, struct gong_str text)
{
    if (text.len == 0 || b->render->failed) {
        return;
    }
    if (text.len > b->room - b->len) {
        size_t room = b->room * 2 + text.len + 32;
        char *data = NULL;

        /* The newest piece of memory grows in place. */
        if (b->data != NULL &&
            b->data + b->room == b->render->memory + b->render->used) {
            if (GONG_TEMPLATE_MEMORY_MAX - b->render->used < room - b->room) {
                (void)gong_trender_fail(b->render,
                                        "the texts made are too large");
                return;
            }
            b->render->used += room - b->room;
            data = b->data;
        } else {
            data = gong_trender_take(b->render, room);
        }
        if (data == NULL) {
            return;
        }
        if (b->data != NULL && data != b->data) {
            memcpy(data, b->data, b->len);
        }
        b->data = data;
        b->room = room;
    }
    memcpy(b->data + b->len, text.data, text.len);
    b->len += text.len;
}

void
gong_tbuilder_puts(struct gong_tbuilder *builder, const char *text)
{
    gong_tbuilder_put(builder, gong_str_of(text));
}

void
gong_tbuilder_putc(struct gong_tbuilder *builder, char c)
{
    gong_tbuilder_put(builder, gong_str_from(&c, 1));
}

struct gong_str
gong_tbuilder_text(const struct gong_tbuilder *builder)
{
    return gong_str_from(builder->len == 0 ? "" : builder->data, builder->len);
}

bool
gong_tbuilder_finish(const struct gong_tbuilder *builder,
                     struct gong_tvalue *out)
{
    *out = gong_tvalue_text(gong_tbuilder_text(builder));
    return !builder->render->failed;
}
