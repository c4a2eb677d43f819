#include "rules/engine/template_format.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "rules/engine/promql_literal.h"
#include "rules/engine/template_quote.h"

#define INTEGER_MAX (GONG_TFORMAT_COUNT_MAX + 80)

/* %!d(float64=1.5) */
static void
put_bad(struct gong_tbuilder *out, const struct gong_tverb *verb,
        const struct gong_tvalue *value)
{
    struct gong_tverb plain = *verb;

    gong_tbuilder_puts(out, "%!");
    gong_tquote_rune(out, verb->verb);
    gong_tbuilder_puts(out, "(");
    if (value->kind == GONG_TKIND_NIL) {
        gong_tbuilder_puts(out, "<nil>");
    } else {
        gong_tbuilder_puts(out, gong_tvalue_type(value));
        gong_tbuilder_puts(out, "=");
        plain.verb = 'v';
        gong_tformat_value(out, &plain, value);
    }
    gong_tbuilder_puts(out, ")");
}

/* The first characters of text, as many as the precision allows. */
static struct gong_str
cut(const struct gong_tverb *verb, struct gong_str text)
{
    int left = verb->precision;
    size_t at = 0;

    while (left > 0 && at < text.len) {
        size_t len = gong_promql_rune(
            gong_str_from(text.data + at, text.len - at), NULL);

        at += len == 0 ? 1 : len;
        left--;
    }
    return verb->precision < 0 ? text : gong_str_from(text.data, at);
}

static void
put_hex(struct gong_tbuilder *out, const struct gong_tverb *verb,
        struct gong_str text)
{
    const char *digits =
        verb->verb == 'x' ? "0123456789abcdefx" : "0123456789ABCDEFX";
    struct gong_tbuilder hex = {.render = out->render};
    size_t count = text.len;

    if (verb->precision >= 0 && (size_t)verb->precision < count) {
        count = (size_t)verb->precision;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (verb->space && i > 0) {
            gong_tbuilder_putc(&hex, ' ');
        }
        if (verb->sharp && (verb->space || i == 0)) {
            gong_tbuilder_putc(&hex, '0');
            gong_tbuilder_putc(&hex, digits[16]);
        }
        gong_tbuilder_putc(&hex, digits[c >> 4]);
        gong_tbuilder_putc(&hex, digits[c & 15]);
    }
    gong_tformat_padded(out, verb, gong_tbuilder_text(&hex));
}

static bool
put_string(struct gong_tbuilder *out, const struct gong_tverb *verb,
           struct gong_str text)
{
    struct gong_tbuilder quoted = {.render = out->render};

    switch (verb->verb) {
    case 'v':
    case 's':
        if (!verb->syntax) {
            gong_tformat_padded(out, verb, cut(verb, text));
            return true;
        }
        gong_tquote(&quoted, cut(verb, text), false, false);
        break;
    case 'q':
        gong_tquote(&quoted, cut(verb, text), verb->plus, verb->sharp);
        break;
    case 'x':
    case 'X':
        put_hex(out, verb, text);
        return true;
    default:
        return false;
    }
    gong_tformat_padded(out, verb, gong_tbuilder_text(&quoted));
    return true;
}

static unsigned
base_of(uint32_t verb)
{
    return verb == 'b'                  ? 2
           : verb == 'o' || verb == 'O' ? 8
           : verb == 'x' || verb == 'X' ? 16
                                        : 10;
}

static const char *
prefix_of(const struct gong_tverb *verb)
{
    if (verb->verb == 'O') {
        return verb->sharp ? "0o0" : "0o";
    }
    if (!verb->sharp) {
        return "";
    }
    return verb->verb == 'b'   ? "0b"
           : verb->verb == 'o' ? "0"
           : verb->verb == 'x' ? "0x"
           : verb->verb == 'X' ? "0X"
                               : "";
}

/* Written from the end of the buffer: digits, prefix, sign. */
static void
put_digits(struct gong_tbuilder *out, const struct gong_tverb *verb,
           int64_t value)
{
    const char *digits =
        verb->verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = prefix_of(verb);
    struct gong_tverb spaces = *verb;
    char text[INTEGER_MAX];
    size_t at = sizeof text;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    unsigned base = base_of(verb->verb);
    bool sign = value < 0 || verb->plus || verb->space;
    int least = verb->precision < 0 ? 1 : verb->precision;

    if (verb->precision < 0 && verb->zero && !verb->minus && verb->width > 0) {
        least = verb->width - (sign ? 1 : 0);
    }
    while (left > 0 || (int)(sizeof text - at) < least) {
        text[--at] = digits[left % base];
        left /= base;
    }
    for (size_t i = strlen(prefix); i > 0; i--) {
        text[--at] = prefix[i - 1];
    }
    if (sign) {
        text[--at] = value < 0 ? '-' : verb->plus ? '+' : ' ';
    }
    spaces.zero = false;
    gong_tformat_padded(out, &spaces,
                        gong_str_from(text + at, sizeof text - at));
}

static bool
put_integer(struct gong_tbuilder *out, const struct gong_tverb *verb,
            int64_t value)
{
    struct gong_tbuilder text = {.render = out->render};
    uint32_t rune = value < 0 || value > 0x10ffff ? 0xfffd : (uint32_t)value;
    char code[32];

    switch (verb->verb) {
    case 'v':
    case 'd':
    case 'b':
    case 'o':
    case 'O':
    case 'x':
    case 'X':
        if (verb->precision == 0 && value == 0) {
            gong_tformat_padded(out, verb, gong_str_from("", 0));
        } else {
            put_digits(out, verb, value);
        }
        return true;
    case 'c':
        gong_tquote_rune(&text, rune);
        break;
    case 'q':
        gong_tquote_char(&text, rune);
        break;
    case 'U':
        (void)snprintf(code, sizeof code, "U+%04llX",
                       (unsigned long long)value);
        gong_tbuilder_puts(&text, code);
        break;
    default:
        return false;
    }
    gong_tformat_padded(out, verb, gong_tbuilder_text(&text));
    return true;
}

static void
put_labels(struct gong_tbuilder *out, const struct gong_tverb *verb,
           const struct gong_label_view *list, size_t count)
{
    const struct gong_label_view *label = gong_tvalue_label(list, count, NULL);
    bool first = true;

    gong_tbuilder_puts(out, "map[");
    while (label != NULL && !out->render->failed) {
        struct gong_tvalue name = gong_tvalue_text(label->name);
        struct gong_tvalue value = gong_tvalue_text(label->value);

        gong_tbuilder_puts(out, first ? "" : " ");
        gong_tformat_value(out, verb, &name);
        gong_tbuilder_puts(out, ":");
        gong_tformat_value(out, verb, &value);
        label = gong_tvalue_label(list, count, label);
        first = false;
    }
    gong_tbuilder_puts(out, "]");
}

static void
put_args(struct gong_tbuilder *out, const struct gong_tverb *verb,
         const struct gong_tvalue *args, size_t count)
{
    gong_tbuilder_puts(out, "map[");
    for (size_t i = 0; i < count && !out->render->failed; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "arg%zu", i);
        struct gong_tvalue name =
            gong_tvalue_text(gong_str_from(text, (size_t)len));

        gong_tbuilder_puts(out, i > 0 ? " " : "");
        gong_tformat_value(out, verb, &name);
        gong_tbuilder_puts(out, ":");
        gong_tformat_value(out, verb, &args[i]);
    }
    gong_tbuilder_puts(out, "]");
}

static void
put_sample(struct gong_tbuilder *out, const struct gong_tverb *verb,
           const struct gong_template_sample *sample)
{
    struct gong_tvalue value = gong_tvalue_float(sample->value);

    gong_tbuilder_puts(out, "{");
    put_labels(out, verb, sample->labels, sample->label_count);
    gong_tbuilder_puts(out, " ");
    gong_tformat_value(out, verb, &value);
    gong_tbuilder_puts(out, "}");
}

static void
put_root(struct gong_tbuilder *out, const struct gong_tverb *verb,
         const struct gong_template_context *root)
{
    struct gong_tvalue value = gong_tvalue_float(root->value);
    struct gong_tvalue url = gong_tvalue_text(
        gong_str_of(root->external_url == NULL ? "" : root->external_url));

    gong_tbuilder_puts(out, "{");
    put_labels(out, verb, root->labels, root->label_count);
    gong_tbuilder_puts(out, " map[] ");
    gong_tformat_value(out, verb, &url);
    gong_tbuilder_puts(out, " ");
    gong_tformat_value(out, verb, &value);
    gong_tbuilder_puts(out, "}");
}

static void
put_vector(struct gong_tbuilder *out, const struct gong_tverb *verb,
           const struct gong_tvalue *value)
{
    gong_tbuilder_puts(out, "[");
    for (size_t i = 0; i < value->as.vector.count; i++) {
        gong_tbuilder_puts(out, i > 0 ? " " : "");
        put_sample(out, verb, value->as.vector.list[i]);
    }
    gong_tbuilder_puts(out, "]");
}

static bool
put_boolean(struct gong_tbuilder *out, const struct gong_tverb *verb,
            bool value)
{
    if (verb->verb != 't' && verb->verb != 'v') {
        return false;
    }
    gong_tformat_padded(out, verb, gong_str_of(value ? "true" : "false"));
    return true;
}

static bool
put_value(struct gong_tbuilder *out, const struct gong_tverb *verb,
          const struct gong_tvalue *value)
{
    switch (value->kind) {
    case GONG_TKIND_NIL:
        if (verb->verb != 'v') {
            return false;
        }
        gong_tformat_padded(out, verb, gong_str_of("<nil>"));
        return true;
    case GONG_TKIND_BOOL:
        return put_boolean(out, verb, value->as.boolean);
    case GONG_TKIND_INT:
    case GONG_TKIND_BYTE:
        return put_integer(out, verb, value->as.integer);
    case GONG_TKIND_FLOAT:
        return gong_tformat_number(out, verb, value->as.number);
    case GONG_TKIND_STRING:
    case GONG_TKIND_HTML:
        return put_string(out, verb, value->as.text);
    case GONG_TKIND_LABELS:
        put_labels(out, verb, value->as.labels.list, value->as.labels.count);
        return true;
    case GONG_TKIND_VECTOR:
        put_vector(out, verb, value);
        return true;
    case GONG_TKIND_SAMPLE:
        gong_tbuilder_puts(out, "&");
        put_sample(out, verb, value->as.sample);
        return true;
    case GONG_TKIND_ARGS:
        put_args(out, verb, value->as.args.list, value->as.args.count);
        return true;
    case GONG_TKIND_ROOT:
        put_root(out, verb, value->as.root);
        return true;
    }
    return true;
}

void
gong_tformat_value(struct gong_tbuilder *out, const struct gong_tverb *verb,
                   const struct gong_tvalue *value)
{
    if (out->render->failed) {
        return;
    }
    if (verb->verb == 'T') {
        gong_tformat_padded(out, verb,
                            cut(verb, gong_str_of(gong_tvalue_type(value))));
    } else if (!put_value(out, verb, value)) {
        put_bad(out, verb, value);
    }
}

static void
put_plain(struct gong_tbuilder *out, const struct gong_tvalue *value)
{
    const struct gong_tverb plain = {.width = -1, .precision = -1, .verb = 'v'};

    gong_tformat_value(out, &plain, value);
}

void
gong_tformat_plain(struct gong_tbuilder *out, const struct gong_tvalue *value)
{
    const struct gong_tverb plain = {.width = -1, .precision = -1, .verb = 'v'};

    if (value->kind == GONG_TKIND_SAMPLE) {
        put_sample(out, &plain, value->as.sample);
    } else {
        put_plain(out, value);
    }
}

void
gong_tformat_sprint(struct gong_tbuilder *out, const struct gong_tvalue *args,
                    size_t count, bool line)
{
    for (size_t i = 0; i < count; i++) {
        /* HTML is no string here, but it is one of Go's kind string. */
        bool apart = i > 0 && !gong_tvalue_is_text(&args[i]) &&
                     !gong_tvalue_is_text(&args[i - 1]);

        if (i > 0 && (line || apart)) {
            gong_tbuilder_puts(out, " ");
        }
        put_plain(out, &args[i]);
    }
    gong_tbuilder_puts(out, line ? "\n" : "");
}
