#include "rules/engine/name.h"

#include <stdbool.h>

#include "common/ascii.h"

struct writer {
    char *out;
    size_t len;
    bool full;
};

static void
put(struct writer *w, char c)
{
    if (w->len == GONG_NAME_MAX) {
        w->full = true;
        return;
    }
    w->out[w->len++] = c;
}

/* The second and later bytes of a UTF-8 character: 10xxxxxx. */
static bool
is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static void
put_name(struct writer *w, struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (w->len == 0 && gong_ascii_is_digit(c)) {
            put(w, '_');
        }
        if (gong_ascii_is_name(c)) {
            put(w, c);
        } else if (i == 0 || !is_tail(c)) {
            put(w, '_');
        }
    }
}

size_t
gong_name_metric(struct gong_str measurement, struct gong_str field,
                 char out[GONG_NAME_MAX])
{
    struct writer w = {out, 0, false};

    put_name(&w, measurement);
    if (!gong_str_is(field, "value")) {
        put(&w, '_');
        put_name(&w, field);
    }
    return w.full ? 0 : w.len;
}

size_t
gong_name_label(struct gong_str key, char out[GONG_NAME_MAX])
{
    struct writer w = {out, 0, false};

    put_name(&w, key);
    if (!w.full && gong_str_is(gong_str_from(out, w.len), "__name__")) {
        w.len = 0;
        put_name(&w, gong_str_of("exported___name__"));
    }
    return w.full ? 0 : w.len;
}
