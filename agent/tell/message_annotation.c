#include "agent/tell/message_annotation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/number_text.h"

#define LEVEL_MAX 1000

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

const char *
gong_message_annotation_raw(const json_t *item, const char *name,
                            enum gong_message_language language)
{
    const json_t *annotations = json_object_get(item, "annotations");
    char english[32];
    const char *text = "";

    if (language == GONG_MESSAGE_ENGLISH) {
        (void)snprintf(english, sizeof english, "%s_en", name);
        text = text_of(annotations, english);
    }
    return text[0] != '\0' ? text : text_of(annotations, name);
}

/* Of what is over only the value is known: it stands above no limit, and goes
 * nowhere. */
static bool
is_over(const json_t *item)
{
    return strcmp(text_of(item, "news"), "resolved") == 0;
}

static const json_t *
fact_of(const json_t *item, const char *name)
{
    if (strcmp(name, "value") == 0) {
        return json_object_get(item, "value");
    }
    return is_over(item)
               ? NULL
               : json_object_get(json_object_get(item, "facts"), name);
}

static bool
find_fact(void *ctx, const char *name, double *out)
{
    const json_t *fact = fact_of(ctx, name);
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
    json_int_t level =
        is_over(item) ? 0 : json_integer_value(json_object_get(item, "level"));

    return level < 0 ? 0 : level > LEVEL_MAX ? LEVEL_MAX : (unsigned)level;
}

static size_t
fill(const json_t *item, const char *text, enum gong_message_language language,
     char *out, size_t size)
{
    /* jansson's getters take what they do not change as mutable. */
    union {
        const json_t *given;
        void *taken;
    } ctx = {item};
    const struct gong_message_facts facts = {find_fact, ctx.taken,
                                             level_of(item)};

    return gong_message_fill(gong_str_of(text), &facts, language, out, size);
}

size_t
gong_message_annotation(const json_t *item, const char *name,
                        const char *otherwise,
                        enum gong_message_language language, char *out,
                        size_t size)
{
    const char *text = gong_message_annotation_raw(item, name, language);
    size_t len =
        fill(item, text[0] != '\0' ? text : otherwise, language, out, size);

    if (language == GONG_MESSAGE_VIETNAMESE && is_over(item)) {
        /* The text is older than the value. */
        gong_number_put_all_commas(out, len);
    } else if (language == GONG_MESSAGE_VIETNAMESE) {
        gong_number_put_commas(strtod(text_of(item, "value"), NULL), out, len);
    }
    return len;
}

static bool
is_english(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && strcmp(name + len - 3, "_en") == 0;
}

json_t *
gong_message_annotations(const json_t *item)
{
    json_t *out = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(item, "annotations"), name, value)
    {
        char text[GONG_MESSAGE_ANNOTATION_SIZE];
        const char *raw = json_string_value(value);

        (void)fill(item, raw == NULL ? "" : raw,
                   is_english(name) ? GONG_MESSAGE_ENGLISH
                                    : GONG_MESSAGE_VIETNAMESE,
                   text, sizeof text);
        if (out != NULL &&
            json_object_set_new(out, name, json_string(text)) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}
