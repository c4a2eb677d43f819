#include "ctl/matchers.h"

#include <stdlib.h>
#include <string.h>

/* Undoes quotes and backslashes; heap, NULL: no memory or an open quote. */
static char *
unquote(const char *text)
{
    size_t len = strlen(text), at = 0;
    char *out = malloc(len + 1);

    if (out == NULL) {
        return NULL;
    }
    if (text[0] != '"') {
        memcpy(out, text, len + 1);
        return out;
    }
    for (text++; *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
        if (*text == '\0') {
            free(out);
            return NULL;
        }
        out[at++] = *text;
    }
    out[at] = '\0';
    if (text[1] != '\0') {
        free(out);
        return NULL;
    }
    return out;
}

bool
gong_ctl_matcher_add(json_t *list, const char *text)
{
    size_t name = strcspn(text, "=!");
    const char *operator= text + name;
    bool equal = operator[0] == '=';
    bool regex = operator[0] != '\0' && operator[1] == '~';
    size_t length = regex || !equal ? 2 : 1;
    char *value;
    json_t *matcher;

    if (name == 0 || operator[0] ==
        '\0' ||(!equal && operator[1] != '=' && operator[1] != '~')) {
        return false;
    }
    /* A second operator is no value; one in quotes may be. */
    if (operator[length] == '=' || operator[length] == '~') {
        return false;
    }
    value = unquote(operator+ length);
    matcher = value == NULL ? NULL
                            : json_pack("{s:s%,s:s,s:b,s:b}", "name", text,
                                        name, "value", value, "isRegex",
                                        (int)regex, "isEqual", (int)equal);
    free(value);
    return matcher != NULL && json_array_append_new(list, matcher) == 0;
}
