#include "agent/api/api_form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/ascii.h"

void
gong_api_form_fini(struct gong_api_form *form)
{
    free(form->bytes);
    *form = (struct gong_api_form){0};
}

/* One byte of text, at *at, which moves on; -1: none that is allowed. */
static int
take_byte(const char **at, const char *end)
{
    const char *c = *at;
    int high, low;

    if (*c != '%') {
        *at = c + 1;
        return *c == '+' ? ' ' : *c == '\0' ? -1 : (unsigned char)*c;
    }
    if (end - c < 3) {
        return -1;
    }
    high = gong_ascii_hex_value(c[1]);
    low = gong_ascii_hex_value(c[2]);
    *at = c + 3;
    return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

/* Decoded, with a NUL, from *to on; NULL: it is wrong. */
static const char *
take_text(const char *at, const char *end, char **to)
{
    const char *text = *to;

    while (at < end) {
        int byte = take_byte(&at, end);

        if (byte < 0) {
            return NULL;
        }
        *(*to)++ = (char)byte;
    }
    *(*to)++ = '\0';
    return text;
}

static enum gong_err
take_pair(struct gong_api_form *form, const char *at, const char *end,
          char **to)
{
    const char *equals = memchr(at, '=', (size_t)(end - at));
    const char *stop = equals == NULL ? end : equals;
    struct gong_api_pair pair;

    if (at == end) {
        return GONG_OK;
    }
    if (form->count == GONG_API_QUERY_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    pair.name = take_text(at, stop, to);
    pair.value = take_text(equals == NULL ? end : equals + 1, end, to);
    if (pair.name == NULL || pair.value == NULL) {
        return GONG_ERR_INVALID;
    }
    form->pairs[form->count++] = pair;
    return GONG_OK;
}

enum gong_err
gong_api_form_read(struct gong_str body, struct gong_api_form *out)
{
    const char *at = body.data;
    const char *end = body.len == 0 ? at : at + body.len;
    enum gong_err err = GONG_OK;
    char *to;

    *out = (struct gong_api_form){0};
    /* What is decoded is no longer; each pair, which has at least one byte and
     * all but one of them a '&', has two NULs. */
    out->bytes = malloc(body.len + (size_t)2 * GONG_API_QUERY_MAX);
    if (out->bytes == NULL) {
        return GONG_ERR_MEMORY;
    }
    to = out->bytes;
    while (at < end && err == GONG_OK) {
        const char *stop = memchr(at, '&', (size_t)(end - at));

        stop = stop == NULL ? end : stop;
        err = take_pair(out, at, stop, &to);
        at = stop < end ? stop + 1 : end;
    }
    return err;
}

bool
gong_api_form_is(const char *content_type)
{
    static const char form[] = "application/x-www-form-urlencoded";
    size_t len = sizeof form - 1;

    return strncasecmp(content_type, form, len) == 0 &&
           (content_type[len] == '\0' || content_type[len] == ';' ||
            content_type[len] == ' ');
}
