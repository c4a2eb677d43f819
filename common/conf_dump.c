#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/conf_path.h"
#include "common/conf_private.h"

/* Text in quotes as libconfig reads it back; control characters as \xHH. */
static void
dump_text(const char *text, FILE *out)
{
    (void)fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;

        if (*c == '"' || *c == '\\') {
            (void)fprintf(out, "\\%c", *c);
        } else if (*c == '\n') {
            (void)fputs("\\n", out);
        } else if (*c == '\t') {
            (void)fputs("\\t", out);
        } else if (byte < 0x20 || byte == 0x7f) {
            (void)fprintf(out, "\\x%02x", (unsigned)byte);
        } else {
            (void)fputc(*c, out);
        }
    }
    (void)fputc('"', out);
}

/*
 * 17 digits give the same double back. Without a point it would read back as
 * an integer ("80"), and 1.5's grammar wants no surprises in "1e+20" either.
 */
static void
dump_number(double value, FILE *out)
{
    char text[40];
    char *power;

    (void)snprintf(text, sizeof text, "%.17g", value);
    if (strchr(text, '.') != NULL) {
        (void)fputs(text, out);
        return;
    }
    power = strchr(text, 'e');
    if (power == NULL) {
        (void)fprintf(out, "%s.0", text);
    } else {
        (void)fprintf(out, "%.*s.0%s", (int)(power - text), text, power);
    }
}

static void
dump_int(int64_t value, FILE *out)
{
    bool wide = value < INT32_MIN || value > INT32_MAX;

    (void)fprintf(out, "%" PRId64 "%s", value, wide ? "L" : "");
}

static void
dump_strings(const struct gong_strings *strings, FILE *out)
{
    (void)fputc('[', out);
    for (size_t i = 0; i < strings->count; i++) {
        (void)fputs(i == 0 ? "" : ", ", out);
        dump_text(strings->items[i], out);
    }
    (void)fputc(']', out);
}

static void
dump_value(const struct gong_option *option, const void *field, FILE *out)
{
    char duration[GONG_DUR_TEXT_SIZE];
    char size[GONG_CONF_SIZE_TEXT];

    switch (option->type) {
    case GONG_OPTION_BOOL:
        (void)fputs(*(const bool *)field ? "true" : "false", out);
        return;
    case GONG_OPTION_INT:
        dump_int(*(const int64_t *)field, out);
        return;
    case GONG_OPTION_NUMBER:
        dump_number(*(const double *)field, out);
        return;
    case GONG_OPTION_DURATION:
        gong_dur_format(*(const gong_dur_t *)field, duration);
        dump_text(duration, out);
        return;
    case GONG_OPTION_SIZE:
        gong_conf_value_size_text(*(const uint64_t *)field, size);
        dump_text(size, out);
        return;
    case GONG_OPTION_STRING:
    case GONG_OPTION_PATH:
    case GONG_OPTION_FILE:
    case GONG_OPTION_SECRET:
    case GONG_OPTION_FOLDER:
    case GONG_OPTION_OUTPUT:
        dump_text(*(char *const *)field, out);
        return;
    case GONG_OPTION_STRINGS:
    case GONG_OPTION_PATHS:
    case GONG_OPTION_COMMAND:
        dump_strings(field, out);
        return;
    case GONG_OPTION_CHOICE:
        dump_text(option->choices[*(const int *)field], out);
        return;
    }
}

void
gong_conf_dump(const struct gong_option_table *table, const void *filled,
               int depth, FILE *out)
{
    for (size_t i = 0; i < table->option_count; i++) {
        const struct gong_option *option = &table->options[i];
        const void *field = gong_conf_value_field_const(option, filled);

        if (gong_conf_type_text(option->type) &&
            *(char *const *)field == NULL) {
            continue;
        }
        (void)fprintf(out, "%*s%s = ", depth * 4, "", option->name);
        dump_value(option, field, out);
        (void)fputs(";\n", out);
    }
}

static void
manual_text(const char *text, FILE *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        (void)fputs(*c == '|' ? "\\" : "", out);
        (void)fputc(*c, out);
    }
}

static void
manual_type(const struct gong_option *option, FILE *out)
{
    static const char *const names[] = {
        [GONG_OPTION_BOOL] = "true or false",
        [GONG_OPTION_INT] = "integer",
        [GONG_OPTION_NUMBER] = "number",
        [GONG_OPTION_DURATION] = "duration",
        [GONG_OPTION_SIZE] = "size",
        [GONG_OPTION_STRING] = "text",
        [GONG_OPTION_STRINGS] = "texts",
        [GONG_OPTION_CHOICE] = "choice",
        [GONG_OPTION_PATH] = "path",
        [GONG_OPTION_FILE] = "file",
        [GONG_OPTION_SECRET] = "secret file",
        [GONG_OPTION_FOLDER] = "folder",
        [GONG_OPTION_OUTPUT] = "output file",
        [GONG_OPTION_PATHS] = "paths",
        [GONG_OPTION_COMMAND] = "command",
    };

    (void)fputs(names[option->type], out);
}

static void
manual_default(const struct gong_option *option, FILE *out)
{
    if (option->default_value == NULL) {
        (void)fputs("required", out);
    } else if (option->default_value[0] == '\0') {
        (void)fputs("none", out);
    } else {
        (void)fputc('`', out);
        manual_text(option->default_value, out);
        (void)fputc('`', out);
    }
}

void
gong_conf_manual(const struct gong_option_table *table, FILE *out)
{
    (void)fputs("| key | type | unit | default | range | meaning |\n"
                "|---|---|---|---|---|---|\n",
                out);
    for (size_t i = 0; i < table->option_count; i++) {
        const struct gong_option *option = &table->options[i];

        (void)fprintf(out, "| `%s` | ", option->name);
        manual_type(option, out);
        (void)fputs(" | ", out);
        manual_text(option->unit == NULL ? "" : option->unit, out);
        (void)fputs(" | ", out);
        manual_default(option, out);
        (void)fputs(" | ", out);
        if (option->type == GONG_OPTION_CHOICE) {
            gong_conf_value_expected(option, out);
        } else {
            gong_conf_value_range(option, out);
        }
        (void)fputs(" | ", out);
        manual_text(option->help == NULL ? "" : option->help, out);
        (void)fputs(" |\n", out);
    }
}
