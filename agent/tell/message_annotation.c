#include "agent/tell/message_annotation.h"

#include <stdlib.h>
#include <string.h>

#include "agent/tell/number_text.h"

#define FILLED_SIZE 8192 /* bytes of an annotation with its sections */
#define LEVEL_MAX   1000

static bool
find_fact(void *ctx, const char *name, double *out)
{
    const json_t *item = ctx;
    const json_t *fact =
        strcmp(name, "value") == 0
            ? json_object_get(item, "value")
            : json_object_get(json_object_get(item, "facts"), name);
    const char *text = json_string_value(fact);

    if (json_is_number(fact)) {
        *out = json_number_value(fact);
        return true;
    }
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    *out = strtod(text, NULL);
    return true;
}

static unsigned
level_of(const json_t *item)
{
    json_int_t level = json_integer_value(json_object_get(item, "level"));

    return level < 0 ? 0 : level > LEVEL_MAX ? LEVEL_MAX : (unsigned)level;
}

size_t
gong_message_annotation(const json_t *item, const char *text,
                        enum gong_message_language language, char *out,
                        size_t size)
{
    /* jansson's getters take what they do not change as mutable. */
    union {
        const json_t *given;
        void *taken;
    } ctx = {item};
    const struct gong_message_facts facts = {find_fact, ctx.taken,
                                             level_of(item)};
    const char *value = json_string_value(json_object_get(item, "value"));
    size_t len =
        gong_message_fill(gong_str_of(text), &facts, language, out, size);

    if (language == GONG_MESSAGE_VIETNAMESE) {
        gong_number_put_commas(strtod(value == NULL ? "" : value, NULL), out,
                               len);
    }
    return len;
}

static enum gong_message_language
language_of(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && strcmp(name + len - 3, "_en") == 0
               ? GONG_MESSAGE_ENGLISH
               : GONG_MESSAGE_VIETNAMESE;
}

json_t *
gong_message_annotations(const json_t *item)
{
    json_t *given = json_object_get(item, "annotations");
    json_t *all = given == NULL ? json_object() : json_copy(given);
    char *filled = malloc(FILLED_SIZE);
    const char *name;
    json_t *value;

    json_object_foreach(given, name, value)
    {
        const char *text = json_string_value(value);
        size_t len;

        if (filled == NULL || all == NULL || text == NULL ||
            strstr(text, "[[") == NULL) {
            continue;
        }
        len = gong_message_annotation(item, text, language_of(name), filled,
                                      FILLED_SIZE);
        if (json_object_set_new(all, name, json_stringn(filled, len)) != 0) {
            json_decref(all);
            all = NULL;
        }
    }
    if (filled == NULL) {
        json_decref(all);
        all = NULL;
    }
    free(filled);
    return all;
}
