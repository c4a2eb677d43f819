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
 * whatever order they come in: what a silence keeps is sorted. A site alone
 * binds to nothing, for a rule may give its alerts to another unit:
 *
 *   unit="22015"                   22015
 *   site="22015",unit=~"|22015"    22015: its alerts that name no unit, too
 *   site="22015"                   none
 */
struct bound {
    char unit[GONG_GRANT_UNIT_SIZE];
    char site[GONG_GRANT_UNIT_SIZE];
    char own[GONG_GRANT_UNIT_SIZE]; /* of unit=~"|own" */
    bool torn;
};

static void
bind_to(struct bound *bound, const char *name, bool regex, const char *value)
{
    bool unit = strcmp(name, "unit") == 0;
    char *to = unit && !regex                        ? bound->unit
               : unit && value[0] == '|'             ? bound->own
               : strcmp(name, "site") == 0 && !regex ? bound->site
                                                     : NULL;

    value += to == bound->own;
    if (to != NULL && gong_grant_unit_valid(gong_str_of(value))) {
        bound->torn = bound->torn || (to[0] != '\0' && strcmp(to, value) != 0);
        (void)snprintf(to, GONG_GRANT_UNIT_SIZE, "%s", value);
    }
}

static void
put_unit(const struct bound *bound, char unit[GONG_GRANT_UNIT_SIZE])
{
    bool own = strcmp(bound->site, bound->own) == 0;

    (void)snprintf(unit, GONG_GRANT_UNIT_SIZE, "%s",
                   bound->torn              ? ""
                   : bound->unit[0] != '\0' ? bound->unit
                   : own                    ? bound->site
                                            : "");
}

static const char *
text_of(const json_t *matcher, const char *field)
{
    return json_string_value(json_object_get(matcher, field));
}

static bool
is_regex(const json_t *matcher)
{
    return json_is_true(json_object_get(matcher, "isRegex"));
}

static bool
is_positive(const json_t *matcher)
{
    const json_t *is_equal = json_object_get(matcher, "isEqual");

    return is_equal == NULL || json_is_true(is_equal);
}

bool
gong_api_matcher_names(const json_t *matcher, const char *label)
{
    return strcmp(text_of(matcher, "name"), label) == 0 &&
           is_positive(matcher) && !is_regex(matcher);
}

static void
bind_matcher(struct bound *bound, const json_t *matcher)
{
    if (is_positive(matcher)) {
        bind_to(bound, text_of(matcher, "name"), is_regex(matcher),
                text_of(matcher, "value"));
    }
}

void
gong_api_matchers_narrow(json_t *matchers)
{
    char unit[GONG_GRANT_UNIT_SIZE], own[GONG_GRANT_UNIT_SIZE + 1];
    struct bound bound = {.torn = false};

    for (size_t i = 0; i < json_array_size(matchers); i++) {
        bind_matcher(&bound, json_array_get(matchers, i));
    }
    put_unit(&bound, unit);
    if (unit[0] != '\0' || bound.site[0] == '\0' ||
        strcmp(bound.site, GONG_GRANT_ALL) == 0) {
        return;
    }
    (void)snprintf(own, sizeof own, "|%s", bound.site);
    /* Without memory it stays bound to nothing. */
    (void)json_array_append_new(
        matchers,
        json_pack("{s:s,s:s,s:b}", "name", "unit", "value", own, "isRegex", 1));
}

static bool
write_matcher(FILE *out, const json_t *matcher, struct bound *bound)
{
    const char *name = text_of(matcher, "name");
    bool regex = is_regex(matcher);

    if (!name_valid(name)) {
        return false;
    }
    (void)fprintf(out, "%s%s", name,
                  is_positive(matcher) ? regex ? "=~" : "="
                  : regex              ? "!~"
                                       : "!=");
    write_value(out, text_of(matcher, "value"));
    bind_matcher(bound, matcher);
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
                       "matchers: cần ít nhất một, tên chỉ gồm [a-zA-Z0-9_] | "
                       "expected at least one, with names of [a-zA-Z0-9_]");
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

/* The label and its operator, "" where that is neither = nor =~; returns the
 * opening quote of the value, or NULL. */
static const char *
read_name(const char *at, const char *end, char *name, size_t size,
          const char **op)
{
    const char *begin, *quote;
    size_t len;

    while (at < end && (*at == ',' || *at == ' ' || *at == '{')) {
        at++;
    }
    begin = at;
    while (at < end && strchr("=!~\"", *at) == NULL) {
        at++;
    }
    len = (size_t)(at - begin);
    (void)snprintf(name, size, "%.*s", len < size ? (int)len : 0, begin);
    quote = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
    len = quote == NULL ? 0 : (size_t)(quote - at);
    *op = len == 1 && at[0] == '='                   ? "="
          : len == 2 && at[0] == '=' && at[1] == '~' ? "=~"
                                                     : "";
    return quote;
}

void
gong_api_matchers_unit(struct gong_str text, char unit[GONG_GRANT_UNIT_SIZE])
{
    const char *at = text.data, *end = text.data + text.len;
    struct bound bound = {.torn = false};

    while (at != NULL && at < end) {
        char name[16], value[GONG_GRANT_UNIT_SIZE + 1]; /* |unit */
        const char *op;

        at = read_name(at, end, name, sizeof name, &op);
        if (at == NULL) {
            break;
        }
        at = read_value(at, end, value, sizeof value);
        if (op[0] != '\0') {
            bind_to(&bound, name, op[1] == '~', value);
        }
    }
    put_unit(&bound, unit);
}
