#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/conf_private.h"

#define TEXT_MAX 64

static const struct size_unit {
    const char *name;
    uint64_t bytes;
} size_units[] = {
    {"TiB", UINT64_C(1) << 40},
    {"TB", UINT64_C(1000000000000)},
    {"GiB", UINT64_C(1) << 30},
    {"GB", UINT64_C(1000000000)},
    {"MiB", UINT64_C(1) << 20},
    {"MB", UINT64_C(1000000)},
    {"KiB", UINT64_C(1) << 10},
    {"kB", UINT64_C(1000)},
    {"KB", UINT64_C(1000)},
    {"B", 1},
    {"", 1},
};
#define SIZE_UNIT_COUNT (sizeof size_units / sizeof size_units[0])

void *
gong_conf_value_field(const struct gong_option *option, void *filled)
{
    return (char *)filled + option->offset;
}

const void *
gong_conf_value_field_const(const struct gong_option *option,
                            const void *filled)
{
    return (const char *)filled + option->offset;
}

/* min above 0 with max 0: bounded below only. */
static bool
has_upper(const struct gong_option *option)
{
    return option->max > option->min || option->max < 0;
}

bool
gong_conf_value_in_range(const struct gong_option *option, double value)
{
    bool bounded = option->min < 0 || option->min > 0 || has_upper(option);

    if (!bounded) {
        return true;
    }
    return value >= option->min && (!has_upper(option) || value <= option->max);
}

void
gong_conf_value_size_text(uint64_t bytes, char out[GONG_CONF_SIZE_TEXT])
{
    for (size_t i = 0; i + 1 < SIZE_UNIT_COUNT; i++) {
        if (bytes != 0 && bytes % size_units[i].bytes == 0) {
            (void)snprintf(out, GONG_CONF_SIZE_TEXT, "%" PRIu64 "%s",
                           bytes / size_units[i].bytes, size_units[i].name);
            return;
        }
    }
    (void)snprintf(out, GONG_CONF_SIZE_TEXT, "%" PRIu64, bytes);
}

static void
print_bound(const struct gong_option *option, double bound, FILE *out)
{
    char text[GONG_DUR_TEXT_SIZE];
    char size[GONG_CONF_SIZE_TEXT];

    switch (option->type) {
    case GONG_OPTION_DURATION:
        gong_dur_format(gong_dur_ms((int64_t)bound), text);
        (void)fputs(text, out);
        return;
    case GONG_OPTION_SIZE:
        gong_conf_value_size_text((uint64_t)bound, size);
        (void)fputs(size, out);
        return;
    case GONG_OPTION_INT:
        (void)fprintf(out, "%.0f", bound);
        return;
    case GONG_OPTION_NUMBER:
    case GONG_OPTION_BOOL:
    case GONG_OPTION_STRING:
    case GONG_OPTION_STRINGS:
    case GONG_OPTION_CHOICE:
    case GONG_OPTION_PATH:
    case GONG_OPTION_FILE:
    case GONG_OPTION_SECRET:
    case GONG_OPTION_FOLDER:
    case GONG_OPTION_OUTPUT:
    case GONG_OPTION_PATHS:
    case GONG_OPTION_COMMAND:
        (void)fprintf(out, "%g", bound);
        return;
    }
}

void
gong_conf_value_range(const struct gong_option *option, FILE *out)
{
    if (has_upper(option)) {
        print_bound(option, option->min, out);
        (void)fputs(" to ", out);
        print_bound(option, option->max, out);
    } else if (option->min < 0 || option->min > 0) {
        (void)fputs("at least ", out);
        print_bound(option, option->min, out);
    }
}

static void
print_choices(const struct gong_option *option, FILE *out)
{
    (void)fputs("one of ", out);
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        (void)fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", option->choices[i]);
    }
}

void
gong_conf_value_expected(const struct gong_option *option, FILE *out)
{
    static const char *const words[] = {
        [GONG_OPTION_BOOL] = "true or false",
        [GONG_OPTION_INT] = "an integer",
        [GONG_OPTION_NUMBER] = "a number",
        [GONG_OPTION_DURATION] = "a duration such as \"10s\"",
        [GONG_OPTION_SIZE] = "a size such as \"64MiB\" or a number of bytes",
        [GONG_OPTION_STRING] = "text in \"quotes\"",
        [GONG_OPTION_STRINGS] = "an array of texts such as [\"a\", \"b\"]",
        [GONG_OPTION_PATH] = "a path in \"quotes\"",
        [GONG_OPTION_FILE] = "a file in \"quotes\"",
        [GONG_OPTION_SECRET] = "a file in \"quotes\"",
        [GONG_OPTION_FOLDER] = "a folder in \"quotes\"",
        [GONG_OPTION_OUTPUT] = "a file in \"quotes\"",
        [GONG_OPTION_PATHS] = "an array of paths such as [\"a\", \"b\"]",
        [GONG_OPTION_COMMAND] = "a command such as [\"/bin/a\", \"b\"]",
    };

    if (option->type == GONG_OPTION_CHOICE) {
        print_choices(option, out);
        return;
    }
    (void)fputs(words[option->type], out);
    if (option->min < 0 || option->min > 0 || has_upper(option)) {
        (void)fputs(", ", out);
        gong_conf_value_range(option, out);
    }
}

/* text as a NUL-terminated string, for the C library's number readers. */
static bool
copy_text(struct gong_str text, char out[TEXT_MAX])
{
    if (text.len == 0 || text.len >= TEXT_MAX) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static enum gong_err
int_from_text(struct gong_str text, int64_t *out)
{
    char buffer[TEXT_MAX];
    char *end;
    long long value;

    if (!copy_text(text, buffer)) {
        return GONG_ERR_INVALID;
    }
    errno = 0;
    value = strtoll(buffer, &end, 10);
    if (errno != 0 || *end != '\0') {
        return GONG_ERR_INVALID;
    }
    *out = value;
    return GONG_OK;
}

static enum gong_err
number_from_text(struct gong_str text, double *out)
{
    char buffer[TEXT_MAX];
    char *end;

    if (!copy_text(text, buffer)) {
        return GONG_ERR_INVALID;
    }
    *out = strtod(buffer, &end);
    return *end == '\0' && isfinite(*out) ? GONG_OK : GONG_ERR_INVALID;
}

static enum gong_err
size_from_text(struct gong_str text, uint64_t *out)
{
    uint64_t value = 0;
    size_t i = 0;

    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text.data[i] - '0');

        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return GONG_ERR_INVALID;
        }
    }
    if (i == 0) {
        return GONG_ERR_INVALID;
    }
    for (size_t u = 0; u < SIZE_UNIT_COUNT; u++) {
        if (gong_str_is(gong_str_from(text.data + i, text.len - i),
                        size_units[u].name)) {
            return __builtin_mul_overflow(value, size_units[u].bytes, out)
                       ? GONG_ERR_INVALID
                       : GONG_OK;
        }
    }
    return GONG_ERR_INVALID;
}

static enum gong_err
string_from_text(struct gong_str text, char **out)
{
    *out = gong_str_copy(text);
    return *out == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

static struct gong_str
trim(struct gong_str text)
{
    while (text.len > 0 && text.data[0] == ' ') {
        text = gong_str_from(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* "a, b" to its items; what was made before a failure stays in out. */
static enum gong_err
strings_from_text(struct gong_str text, struct gong_strings *out)
{
    size_t count = 1;

    if (trim(text).len == 0) {
        return GONG_OK;
    }
    for (size_t i = 0; i < text.len; i++) {
        count += text.data[i] == ',' ? 1 : 0;
    }
    out->items = calloc(count, sizeof *out->items);
    if (out->items == NULL) {
        return GONG_ERR_MEMORY;
    }
    while (out->count < count) {
        const char *comma = memchr(text.data, ',', text.len);
        size_t len = comma == NULL ? text.len : (size_t)(comma - text.data);
        enum gong_err err = string_from_text(
            trim(gong_str_from(text.data, len)), &out->items[out->count]);

        if (err != GONG_OK) {
            return err;
        }
        out->count++;
        if (comma != NULL) {
            text = gong_str_from(comma + 1, text.len - len - 1);
        }
    }
    return GONG_OK;
}

static enum gong_err
choice_from_text(const struct gong_option *option, struct gong_str text,
                 int *out)
{
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (gong_str_is(text, option->choices[i])) {
            *out = i;
            return GONG_OK;
        }
    }
    return GONG_ERR_INVALID;
}

static enum gong_err
bool_from_text(struct gong_str text, bool *out)
{
    *out = gong_str_is(text, "true");
    return *out || gong_str_is(text, "false") ? GONG_OK : GONG_ERR_INVALID;
}

enum gong_err
gong_conf_value_from_text(const struct gong_option *option,
                          struct gong_str text, void *out)
{
    void *field = gong_conf_value_field(option, out);
    enum gong_err err = GONG_ERR_INVALID;
    double value = 0;

    switch (option->type) {
    case GONG_OPTION_BOOL:
        return bool_from_text(text, field);
    case GONG_OPTION_STRING:
    case GONG_OPTION_PATH:
    case GONG_OPTION_FILE:
    case GONG_OPTION_SECRET:
    case GONG_OPTION_FOLDER:
    case GONG_OPTION_OUTPUT:
        return string_from_text(text, field);
    case GONG_OPTION_STRINGS:
    case GONG_OPTION_PATHS:
    case GONG_OPTION_COMMAND:
        return strings_from_text(text, field);
    case GONG_OPTION_CHOICE:
        return choice_from_text(option, text, field);
    case GONG_OPTION_INT:
        err = int_from_text(text, field);
        value = (double)*(const int64_t *)field;
        break;
    case GONG_OPTION_NUMBER:
        err = number_from_text(text, field);
        value = *(const double *)field;
        break;
    case GONG_OPTION_DURATION:
        err = gong_dur_parse(text, field);
        value = (double)((const gong_dur_t *)field)->ns / GONG_NS_PER_MS;
        break;
    case GONG_OPTION_SIZE:
        err = size_from_text(text, field);
        value = (double)*(const uint64_t *)field;
        break;
    }
    if (err == GONG_OK && !gong_conf_value_in_range(option, value)) {
        err = GONG_ERR_INVALID;
    }
    return err;
}
