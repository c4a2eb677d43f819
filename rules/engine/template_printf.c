#include <string.h>

#include "rules/engine/promql_literal.h"
#include "rules/engine/template_format.h"
#include "rules/engine/template_quote.h"

struct scanner {
    struct gong_str format;
    size_t at;
    const struct gong_tvalue *args;
    size_t count;
    size_t next;
    bool reordered; /* [n] was used anywhere */
    bool bad_index; /* in this verb */
    bool indexed;   /* [n] stands right here */
};

static char
ahead(const struct scanner *s)
{
    return s->at < s->format.len ? s->format.data[s->at] : '\0';
}

/* -1 where there is none, -2 beyond what is sensible. */
static int
read_count(struct scanner *s)
{
    int value = -1;

    while (ahead(s) >= '0' && ahead(s) <= '9') {
        value = (value < 0 ? 0 : value) * 10 + (ahead(s) - '0');
        if (value > GONG_TFORMAT_COUNT_MAX) {
            s->at = s->format.len;
            return -2;
        }
        s->at++;
    }
    return value;
}

static void
read_flags(struct scanner *s, struct gong_tverb *verb)
{
    for (;; s->at++) {
        switch (ahead(s)) {
        case '+':
            verb->plus = true;
            break;
        case '-':
            verb->minus = true;
            verb->zero = false;
            break;
        case '#':
            verb->sharp = true;
            break;
        case ' ':
            verb->space = true;
            break;
        case '0':
            verb->zero = !verb->minus;
            break;
        default:
            return;
        }
    }
}

/* [n]: which argument is next. */
static void
read_index(struct scanner *s)
{
    size_t start = s->at;
    int n = 0;

    if (ahead(s) != '[') {
        return;
    }
    s->reordered = true;
    s->at++;
    n = read_count(s);
    if (n < 1 || ahead(s) != ']' || (size_t)n > s->count) {
        const char *end =
            memchr(s->format.data + start, ']', s->format.len - start);

        s->bad_index = true;
        s->at = end == NULL ? start + 1 : (size_t)(end - s->format.data) + 1;
        return;
    }
    s->at++;
    s->next = (size_t)n - 1;
    s->indexed = true;
}

/* A number, or "*": the next argument; false where that is none. */
static bool
read_measure(struct scanner *s, int *out)
{
    if (ahead(s) != '*') {
        *out = read_count(s);
        if (*out >= 0 && s->indexed) {
            s->bad_index = true; /* "%[3]2d" */
        }
        return true;
    }
    s->at++;
    s->indexed = false;
    if (s->next >= s->count) {
        return false;
    }
    const struct gong_tvalue *arg = &s->args[s->next++];
    bool ok = arg->kind == GONG_TKIND_INT &&
              arg->as.integer <= GONG_TFORMAT_COUNT_MAX &&
              arg->as.integer >= -GONG_TFORMAT_COUNT_MAX;
    *out = ok ? (int)arg->as.integer : -1;
    return ok;
}

static void
read_width(struct scanner *s, struct gong_tverb *verb,
           struct gong_tbuilder *out)
{
    bool star = false;

    read_index(s);
    star = ahead(s) == '*';
    if (!read_measure(s, &verb->width)) {
        gong_tbuilder_puts(out, "%!(BADWIDTH)");
        verb->width = -1;
    } else if (star && verb->width < 0) {
        verb->width = -verb->width;
        verb->minus = true;
        verb->zero = false;
    }
}

static void
read_precision(struct scanner *s, struct gong_tverb *verb,
               struct gong_tbuilder *out)
{
    bool star = false;

    if (ahead(s) != '.') {
        return;
    }
    s->at++;
    if (s->indexed) {
        s->bad_index = true; /* "%[3].2d" */
    }
    read_index(s);
    star = ahead(s) == '*';
    if (!read_measure(s, &verb->precision) || (star && verb->precision < 0)) {
        gong_tbuilder_puts(out, "%!(BADPREC)");
        verb->precision = -1;
    } else if (!star && verb->precision < 0) {
        verb->precision = 0;
    }
}

static void
put_missing(struct gong_tbuilder *out, uint32_t verb, const char *why)
{
    gong_tbuilder_puts(out, "%!");
    gong_tquote_rune(out, verb);
    gong_tbuilder_puts(out, why);
}

/* Behind the "%". */
static void
put_verb(struct scanner *s, struct gong_tbuilder *out)
{
    struct gong_tverb verb = {.width = -1, .precision = -1};
    size_t len = 0;

    s->bad_index = false;
    s->indexed = false;
    read_flags(s, &verb);
    read_width(s, &verb, out);
    read_precision(s, &verb, out);
    if (!s->indexed) {
        read_index(s);
    }
    if (s->at >= s->format.len) {
        gong_tbuilder_puts(out, "%!(NOVERB)");
        return;
    }
    len = gong_promql_rune(
        gong_str_from(s->format.data + s->at, s->format.len - s->at),
        &verb.verb);
    if (len == 0) {
        verb.verb = 0xfffd;
        len = 1;
    }
    s->at += len;
    if (verb.verb == '%') {
        gong_tbuilder_puts(out, "%");
    } else if (s->bad_index) {
        put_missing(out, verb.verb, "(BADINDEX)");
    } else if (s->next >= s->count) {
        put_missing(out, verb.verb, "(MISSING)");
    } else {
        verb.syntax = verb.sharp && verb.verb == 'v';
        verb.sharp = verb.sharp && verb.verb != 'v';
        verb.plus = verb.plus && verb.verb != 'v';
        gong_tformat_value(out, &verb, &s->args[s->next++]);
    }
}

static void
put_extra(struct scanner *s, struct gong_tbuilder *out)
{
    gong_tbuilder_puts(out, "%!(EXTRA ");
    for (size_t i = s->next; i < s->count; i++) {
        gong_tbuilder_puts(out, i > s->next ? ", " : "");
        gong_tbuilder_puts(out, gong_tvalue_type(&s->args[i]));
        if (s->args[i].kind != GONG_TKIND_NIL) {
            gong_tbuilder_puts(out, "=");
            gong_tformat_sprint(out, &s->args[i], 1, false);
        }
    }
    gong_tbuilder_puts(out, ")");
}

void
gong_tformat_sprintf(struct gong_tbuilder *out, struct gong_str format,
                     const struct gong_tvalue *args, size_t count)
{
    struct scanner s = {.format = format, .args = args, .count = count};

    while (s.at < format.len && !out->render->failed) {
        const char *start = format.data + s.at;
        const char *percent = memchr(start, '%', format.len - s.at);
        size_t len =
            percent == NULL ? format.len - s.at : (size_t)(percent - start);

        gong_tbuilder_put(out, gong_str_from(start, len));
        s.at += len;
        if (percent != NULL) {
            s.at++;
            put_verb(&s, out);
        }
    }
    if (!s.reordered && s.next < count) {
        put_extra(&s, out);
    }
}
