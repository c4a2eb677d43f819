#include "agent/tell/zalo_answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/tell/utf16.h"
#include "common/log.h"

/* A number, or a string of one. */
static bool
number_of(const json_t *value, int64_t *out)
{
    const char *text = json_string_value(value);
    char *end = NULL;

    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static void
copy_text(const json_t *value, char out[GONG_ZALO_TEXT_SIZE])
{
    const char *text = json_string_value(value);
    struct gong_str all = gong_str_of(text == NULL ? "" : text);
    size_t len = all.len < GONG_ZALO_TEXT_SIZE ? all.len : 0;

    /* A character has three bytes at most, or two units. */
    if (all.len >= GONG_ZALO_TEXT_SIZE) {
        len = gong_utf16_cut(all, (GONG_ZALO_TEXT_SIZE - 1) / 3);
        len = len < GONG_ZALO_TEXT_SIZE ? len : 0;
    }
    memcpy(out, all.data, len);
    out[len] = '\0';
    gong_text_clean(out, len);
}

bool
gong_zalo_answer_read(struct gong_str body, struct gong_zalo_answer *out)
{
    json_t *answer =
        body.len == 0 ? NULL : json_loadb(body.data, body.len, 0, NULL);
    const json_t *ok = json_object_get(answer, "ok");
    bool understood;

    *out = (struct gong_zalo_answer){.remaining = -1};
    if (json_is_boolean(ok)) {
        understood =
            json_is_true(ok) ||
            number_of(json_object_get(answer, "error_code"), &out->code);
        /* Not sent, whatever it says. */
        out->code = json_is_false(ok) && out->code == 0 ? -1 : out->code;
        copy_text(json_object_get(answer, "description"), out->text);
    } else {
        understood = number_of(json_object_get(answer, "error"), &out->code);
        copy_text(json_object_get(answer, "message"), out->text);
        if (!number_of(
                json_object_get(
                    json_object_get(json_object_get(answer, "data"), "quota"),
                    "remainingQuota"),
                &out->remaining)) {
            out->remaining = -1;
        }
    }
    json_decref(answer);
    return understood;
}

static bool
read_code(const char *text, int64_t *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool
listed(const struct gong_strings *codes, int64_t code)
{
    for (size_t i = 0; i < codes->count; i++) {
        int64_t one;

        if (read_code(codes->items[i], &one) && one == code) {
            return true;
        }
    }
    return false;
}

enum gong_zalo_meaning
gong_zalo_meaning(const struct gong_zalo_codes *codes, int64_t code)
{
    if (code == 0) {
        return GONG_ZALO_SENT;
    }
    if (listed(&codes->retry, code)) {
        return GONG_ZALO_RETRY;
    }
    if (listed(&codes->exhausted, code)) {
        return GONG_ZALO_EXHAUSTED;
    }
    return listed(&codes->token, code) ? GONG_ZALO_TOKEN : GONG_ZALO_REFUSE;
}

bool
gong_zalo_codes_valid(const struct gong_zalo_codes *codes, char *why,
                      size_t why_size)
{
    const struct gong_strings *lists[] = {&codes->retry, &codes->exhausted,
                                          &codes->token};

    for (size_t l = 0; l < 3; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            int64_t code;

            if (!read_code(lists[l]->items[i], &code) || code == 0) {
                (void)snprintf(why, why_size,
                               "found the code %.32s, expected a number other "
                               "than 0",
                               lists[l]->items[i]);
                return false;
            }
        }
    }
    return true;
}
