#include <stdio.h>
#include <string.h>

#include "agent/api/api_schema.h"
#include "common/log.h"

#define BASE64                                                                 \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

/* --- reading --- */

/* How deep brackets nest; those inside of strings do not count. */
static size_t
depth_of(struct gong_str text)
{
    size_t depth = 0, deepest = 0;
    bool inside = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (inside) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                inside = false;
            }
        } else if (c == '"') {
            inside = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

json_t *
gong_api_read(struct gong_str text, char *why, size_t why_size)
{
    json_error_t error;
    json_t *value;

    if (depth_of(text) > GONG_API_DEPTH_MAX) {
        (void)snprintf(why, why_size,
                       "JSON lồng quá %d tầng | found JSON nested deeper than "
                       "%d, expected less",
                       GONG_API_DEPTH_MAX, GONG_API_DEPTH_MAX);
        return NULL;
    }
    value = json_loadb(text.len == 0 ? "" : text.data, text.len,
                       JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        (void)snprintf(why, why_size,
                       "không đọc được JSON | line %d, column %d: %s",
                       error.line, error.column, error.text);
        gong_text_clean(why, strlen(why));
        return NULL;
    }
    if (!json_is_object(value)) {
        (void)snprintf(why, why_size,
                       "cần một đối tượng | found no object, expected one");
        json_decref(value);
        return NULL;
    }
    return value;
}

/* --- checking --- */

static bool
wrong(const char *name, const char *expected, char *why, size_t why_size)
{
    char quoted[160];

    (void)snprintf(why, why_size, "%s: cần %s",
                   gong_log_quote(gong_str_of(name), quoted, sizeof quoted),
                   expected);
    return false;
}

static bool
is_clean(const char *text, size_t len, bool lines)
{
    char copy[GONG_LOG_LINE * 4];

    if (len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, len);
    gong_text_clean(copy, len);
    for (size_t i = 0; i < len; i++) {
        if (copy[i] != text[i] && !(lines && text[i] == '\n')) {
            return false;
        }
    }
    return true;
}

static bool
is_choice(const struct gong_api_field *field, const char *text)
{
    const char *const *choice = field->choices;

    for (; choice != NULL && *choice != NULL; choice++) {
        if (strcmp(*choice, text) == 0) {
            return true;
        }
    }
    return choice == NULL;
}

static bool
wrong_choice(const struct gong_api_field *field, char *why, size_t why_size)
{
    char words[256] = "", expected[320];
    size_t len = 0;

    for (size_t i = 0; field->choices[i] != NULL && len < sizeof words; i++) {
        len += (size_t)snprintf(
            words + len, sizeof words - len, "%s%s", i == 0 ? "" : ", ",
            field->choices[i][0] == '\0' ? "\"\"" : field->choices[i]);
    }
    (void)snprintf(expected, sizeof expected, "một trong | expected one of: %s",
                   words);
    return wrong(field->name, expected, why, why_size);
}

static bool
check_string(const json_t *value, const struct gong_api_field *field, char *why,
             size_t why_size)
{
    char expected[128];

    if (!json_is_string(value)) {
        return wrong(field->name, "một chuỗi | expected a string", why,
                     why_size);
    }
    if (field->max > 0 && json_string_length(value) > field->max) {
        (void)snprintf(expected, sizeof expected,
                       "nhiều nhất %zu byte | expected at most %zu bytes",
                       field->max, field->max);
        return wrong(field->name, expected, why, why_size);
    }
    if (field->type == GONG_API_BYTES) {
        return strspn(json_string_value(value), BASE64) ==
                       json_string_length(value)
                   ? true
                   : wrong(field->name, "base64 | expected base64", why,
                           why_size);
    }
    if (!is_clean(json_string_value(value), json_string_length(value),
                  field->type == GONG_API_TEXT)) {
        return wrong(field->name,
                     "không có ký tự điều khiển | expected no control "
                     "characters",
                     why, why_size);
    }
    if (!is_choice(field, json_string_value(value))) {
        return wrong_choice(field, why, why_size);
    }
    return true;
}

static bool
check_array(const json_t *value, const struct gong_api_field *field, char *why,
            size_t why_size)
{
    char expected[128];

    if (!json_is_array(value)) {
        return wrong(field->name, "một danh sách | expected a list", why,
                     why_size);
    }
    if (field->max > 0 && json_array_size(value) > field->max) {
        (void)snprintf(expected, sizeof expected,
                       "nhiều nhất %zu mục | expected at most %zu items",
                       field->max, field->max);
        return wrong(field->name, expected, why, why_size);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *item = json_array_get(value, i);

        if (field->of == NULL && !json_is_string(item)) {
            return wrong(field->name, "các chuỗi | expected strings", why,
                         why_size);
        }
        if (field->of != NULL &&
            !gong_api_check(item, field->of, why, why_size)) {
            return false;
        }
    }
    return true;
}

static bool
check_map(json_t *value, const struct gong_api_field *field, char *why,
          size_t why_size)
{
    const char *name;
    json_t *item;

    if (!json_is_object(value)) {
        return wrong(field->name, "một đối tượng | expected an object", why,
                     why_size);
    }
    json_object_foreach(value, name, item)
    {
        if (!json_is_string(item)) {
            return wrong(name, "một chuỗi | expected a string", why, why_size);
        }
    }
    return true;
}

static bool
check_field(json_t *value, const struct gong_api_field *field, char *why,
            size_t why_size)
{
    if (json_is_null(value) && field->nullable) {
        return true;
    }
    switch (field->type) {
    case GONG_API_STRING:
    case GONG_API_TEXT:
    case GONG_API_BYTES:
        return check_string(value, field, why, why_size);
    case GONG_API_INTEGER:
        return json_is_integer(value) ||
               wrong(field->name, "số nguyên | expected a whole number", why,
                     why_size);
    case GONG_API_AMOUNT:
        return (json_is_integer(value) && json_integer_value(value) >= 0 &&
                json_integer_value(value) <= GONG_API_AMOUNT_MAX) ||
               wrong(field->name,
                     "số nguyên từ 0 đến 10^15 | expected a whole "
                     "number from 0 to 10^15",
                     why, why_size);
    case GONG_API_NUMBER:
        return json_is_number(value) ||
               wrong(field->name, "một số | expected a number", why, why_size);
    case GONG_API_BOOLEAN:
        return json_is_boolean(value) ||
               wrong(field->name, "true hoặc false | expected true or false",
                     why, why_size);
    case GONG_API_OBJECT:
        return gong_api_check(value, field->of, why, why_size);
    case GONG_API_ARRAY:
        return check_array(value, field, why, why_size);
    case GONG_API_MAP:
        return check_map(value, field, why, why_size);
    case GONG_API_ANY:
        break;
    }
    return true;
}

static const struct gong_api_field *
field_of(const struct gong_api_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0) {
            return &schema->fields[i];
        }
    }
    return NULL;
}

static bool
wrong_name(const struct gong_api_schema *schema, const char *name, char *why,
           size_t why_size)
{
    char quoted[160], names[256] = "";
    size_t len = 0;

    for (size_t i = 0; i < schema->count && len < sizeof names; i++) {
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s",
                                i == 0 ? "" : ", ", schema->fields[i].name);
    }
    (void)snprintf(why, why_size,
                   "%s: không có mục này, chỉ có | no such field, expected one "
                   "of: %s",
                   gong_log_quote(gong_str_of(name), quoted, sizeof quoted),
                   names);
    return false;
}

bool
gong_api_check(json_t *value, const struct gong_api_schema *schema, char *why,
               size_t why_size)
{
    const char *name;
    json_t *member;
    bool good = true;

    if (!json_is_object(value)) {
        return wrong(schema->name, "một đối tượng | expected an object", why,
                     why_size);
    }
    json_object_foreach(value, name, member)
    {
        const struct gong_api_field *field = field_of(schema, name);

        if (field == NULL && schema->fields != NULL) {
            good = wrong_name(schema, name, why, why_size);
        } else if (field != NULL &&
                   !check_field(member, field, why, why_size)) {
            good = false;
        }
        if (!good) {
            break;
        }
    }
    for (size_t i = 0; good && schema->fields != NULL && i < schema->count;
         i++) {
        if (schema->fields[i].required &&
            json_object_get(value, schema->fields[i].name) == NULL) {
            good = wrong(schema->fields[i].name,
                         "phải có | expected it to be there", why, why_size);
        }
    }
    return good;
}
