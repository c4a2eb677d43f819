#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_private.h"

/*
 * As the desk reads them, and as a silence keeps them:
 *
 *   unit="22015",severity=~"info|warning",comment!="a \"b\""
 */

static bool
name_valid(const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return name[0] != '\0';
}

static void
write_value(FILE *out, const char *value)
{
    (void)fputc('"', out);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*value, out);
    }
    (void)fputc('"', out);
}

/* What matchers are bound to. Two that contradict each other bind to nothing,
 * whatever order they come in: what a silence keeps is sorted. */
struct bound {
    char unit[GONG_GRANT_UNIT_SIZE];
    char site[GONG_GRANT_UNIT_SIZE]; /* where no unit is named */
    bool torn;
};

static void
bind_to(struct bound *bound, const char *name, const char *value)
{
    char *to = strcmp(name, "unit") == 0   ? bound->unit
               : strcmp(name, "site") == 0 ? bound->site
                                           : NULL;

    if (to != NULL && gong_grant_unit_valid(gong_str_of(value))) {
        bound->torn = bound->torn || (to[0] != '\0' && strcmp(to, value) != 0);
        (void)snprintf(to, GONG_GRANT_UNIT_SIZE, "%s", value);
    }
}

static void
put_unit(const struct bound *bound, char unit[GONG_GRANT_UNIT_SIZE])
{
    (void)snprintf(unit, GONG_GRANT_UNIT_SIZE, "%s",
                   bound->torn              ? ""
                   : bound->unit[0] != '\0' ? bound->unit
                                            : bound->site);
}

static bool
write_matcher(FILE *out, const json_t *matcher, struct bound *bound)
{
    const char *name = json_string_value(json_object_get(matcher, "name"));
    const char *value = json_string_value(json_object_get(matcher, "value"));
    const json_t *is_equal = json_object_get(matcher, "isEqual");
    bool regex = json_is_true(json_object_get(matcher, "isRegex"));
    bool equal = is_equal == NULL || json_is_true(is_equal);

    if (!name_valid(name)) {
        return false;
    }
    (void)fprintf(out, "%s%s", name,
                  equal   ? regex ? "=~" : "="
                  : regex ? "!~"
                          : "!=");
    write_value(out, value);
    if (equal && !regex) {
        bind_to(bound, name, value);
    }
    return true;
}

char *
gong_api_matchers_text(const json_t *matchers, char unit[GONG_GRANT_UNIT_SIZE],
                       char *why, size_t why_size)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool good = out != NULL && json_array_size(matchers) > 0;
    struct bound bound = {.torn = false};

    for (size_t i = 0; good && i < json_array_size(matchers); i++) {
        if (i > 0) {
            (void)fputc(',', out);
        }
        good = write_matcher(out, json_array_get(matchers, i), &bound);
    }
    put_unit(&bound, unit);
    if (out != NULL && fclose(out) != 0) {
        good = false;
    }
    if (!good) {
        (void)snprintf(why, why_size,
                       "matchers: cần ít nhất một, tên gồm | expected at "
                       "least one, with names of [a-zA-Z0-9_]");
        free(text);
        return NULL;
    }
    return text;
}

/* From the opening quote on; returns what follows the closing one, or NULL. */
static const char *
read_value(const char *at, const char *end, char *out, size_t size)
{
    size_t len = 0;

    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end) {
            at++;
        }
        if (len + 1 < size) {
            out[len] = *at;
        }
        len++;
    }
    out[len < size ? len : size - 1] = '\0';
    /* One that was cut is no unit's code. */
    if (len >= size) {
        out[0] = '\0';
    }
    return at < end ? at + 1 : NULL;
}

void
gong_api_matchers_unit(struct gong_str text, char unit[GONG_GRANT_UNIT_SIZE])
{
    const char *at = text.data, *end = text.data + text.len;
    struct bound bound = {.torn = false};

    while (at != NULL && at < end) {
        char name[16] = "", value[GONG_GRANT_UNIT_SIZE];
        size_t len = 0;
        bool equal;

        while (at < end && (*at == ',' || *at == ' ' || *at == '{')) {
            at++;
        }
        for (; at < end && strchr("=!~\"", *at) == NULL; at++, len++) {
            if (len + 1 < sizeof name) {
                name[len] = *at;
                name[len + 1] = '\0';
            }
        }
        equal = end - at > 1 && at[0] == '=' && at[1] == '"';
        at = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
        if (at == NULL) {
            break;
        }
        at = read_value(at, end, value, sizeof value);
        if (equal && len < sizeof name) {
            bind_to(&bound, name, value);
        }
    }
    put_unit(&bound, unit);
}
