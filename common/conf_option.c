#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/conf_path.h"
#include "common/conf_private.h"
#include "common/log.h"

#define SHOWN_MAX 72
#define WHY_SIZE  512

/* What is being read, for messages. */
struct reading {
    const struct gong_option_table *table;
    const struct gong_conf_node *place; /* where a missing key is reported */
    void *out;
    struct gong_conf_errors *errors;
    bool failed;
};

/* What stands there, in words. */
static void
describe_value(const struct gong_conf_node *node, FILE *out)
{
    const char *text = gong_conf_string(node);
    char shown[SHOWN_MAX];

    if (text != NULL) {
        (void)fputs(gong_log_quote(gong_str_of(text), shown, sizeof shown),
                    out);
    } else if (gong_conf_is_group(node)) {
        (void)fputs("a group { }", out);
    } else if (config_setting_is_list(node->setting)) {
        (void)fputs("a list ( )", out);
    } else if (config_setting_is_array(node->setting)) {
        (void)fputs("an array [ ]", out);
    } else {
        (void)fprintf(out, "%.*s", (int)node->value_len,
                      node->conf->source.text + node->value_at);
    }
}

/* "broker.port", or "port" in the table of the whole file. */
static void
print_path(const struct reading *reading, const struct gong_option *option,
           FILE *out)
{
    const char *name = reading->table->name;

    if (name != NULL && name[0] != '\0') {
        (void)fprintf(out, "%s.", name);
    }
    (void)fputs(option->name, out);
}

/* Takes over the memory stream's text; at node's value, or its name. */
static void
report(struct reading *reading, const struct gong_conf_node *node, bool value,
       char *message)
{
    const char *text = message == NULL ? "out of memory" : message;

    reading->failed = true;
    reading->errors->no_memory |= message == NULL;
    if (node == NULL) {
        gong_conf_errors_add(reading->errors, "%s", text);
    } else {
        gong_conf_source_error(&node->conf->source,
                               value ? node->value_at : node->name_at,
                               reading->errors, "%s", text);
    }
    free(message);
}

static void
suggest(const char *name, const char *const *known, size_t count, FILE *out)
{
    const char *nearest = gong_conf_nearest(name, known, count);

    if (nearest != NULL) {
        (void)fprintf(out, "; did you mean \"%s\"?", nearest);
    }
}

static size_t
count_names(const char *const *names)
{
    size_t count = 0;

    while (names != NULL && names[count] != NULL) {
        count++;
    }
    return count;
}

/* node: the value that does not fit. */
static void
refuse_value(struct reading *reading, const struct gong_conf_node *node,
             const struct gong_option *option)
{
    char *message = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&message, &size);

    if (out != NULL) {
        (void)fputs("found ", out);
        describe_value(node, out);
        (void)fputs(", expected ", out);
        gong_conf_value_expected(option, out);
        (void)fputs(" for ", out);
        print_path(reading, option, out);
        if (option->type == GONG_OPTION_CHOICE &&
            gong_conf_string(node) != NULL) {
            suggest(gong_conf_string(node), option->choices,
                    count_names(option->choices), out);
        }
        (void)fclose(out);
    }
    report(reading, node, true, message);
}

static void
refuse_missing(struct reading *reading, const struct gong_option *option)
{
    char *message = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&message, &size);

    if (out != NULL) {
        (void)fputs("found no ", out);
        print_path(reading, option, out);
        (void)fprintf(out, ", expected %s = ", option->name);
        gong_conf_value_expected(option, out);
        (void)fclose(out);
    }
    report(reading, reading->place, false, message);
}

static bool
take_default(struct reading *reading, const struct gong_option *option)
{
    enum gong_err err = GONG_OK;

    if (option->default_value == NULL) {
        refuse_missing(reading, option);
        return false;
    }
    err = gong_conf_value_from_text(option, gong_str_of(option->default_value),
                                    reading->out);
    if (err == GONG_ERR_MEMORY) {
        report(reading, reading->place, false, NULL);
        return false;
    }
    if (err != GONG_OK) {
        gong_conf_errors_add(
            reading->errors, "%s.%s: the default \"%s\" does not fit",
            reading->table->name, option->name, option->default_value);
        reading->failed = true;
        return false;
    }
    return true;
}

static bool
read_int64(const struct gong_conf_node *node, int64_t *out)
{
    switch (config_setting_type(node->setting)) {
    case CONFIG_TYPE_INT:
        *out = config_setting_get_int(node->setting);
        return true;
    case CONFIG_TYPE_INT64:
        *out = config_setting_get_int64(node->setting);
        return true;
    default:
        return false;
    }
}

static bool
read_double(const struct gong_conf_node *node, double *out)
{
    int64_t integer;

    if (config_setting_type(node->setting) == CONFIG_TYPE_FLOAT) {
        *out = config_setting_get_float(node->setting);
        return isfinite(*out);
    }
    if (!read_int64(node, &integer)) {
        return false;
    }
    *out = (double)integer;
    return true;
}

static bool
read_bool(const struct gong_conf_node *node, bool *out)
{
    if (config_setting_type(node->setting) != CONFIG_TYPE_BOOL) {
        return false;
    }
    *out = config_setting_get_bool(node->setting) != 0;
    return true;
}

/* What is there under the name, where that is asked for. */
static void
look_at(struct reading *reading, const struct gong_conf_node *node,
        const struct gong_option *option, const char *path)
{
    char why[WHY_SIZE];
    char quoted[WHY_SIZE];
    char *message = NULL;
    size_t size = 0;
    FILE *out;

    if (!reading->errors->files ||
        gong_conf_path_fits(option->type, path, why, sizeof why)) {
        return;
    }
    out = open_memstream(&message, &size);
    if (out != NULL) {
        (void)gong_log_quote(gong_str_of(path), quoted, sizeof quoted);
        (void)fputs("found ", out);
        print_path(reading, option, out);
        (void)fprintf(out, " = %s: %s", quoted, why);
        (void)fclose(out);
    }
    report(reading, node, true, message);
}

/* Array or list of texts; what was made before a failure stays in out. */
static bool
read_strings(struct reading *reading, const struct gong_conf_node *node,
             const struct gong_option *option, struct gong_strings *out)
{
    size_t count = gong_conf_count(node);

    if (!gong_conf_is_list(node)) {
        refuse_value(reading, node, option);
        return false;
    }
    out->items = calloc(count == 0 ? 1 : count, sizeof *out->items);
    if (out->items == NULL) {
        report(reading, node, true, NULL);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_conf_node *item = gong_conf_at(node, i);
        const char *text = gong_conf_string(item);

        if (text == NULL) {
            refuse_value(reading, item, option);
            return false;
        }
        out->items[i] = option->type == GONG_OPTION_PATHS
                            ? gong_conf_path_join(gong_conf_file(item), text)
                            : strdup(text);
        if (out->items[i] == NULL) {
            report(reading, item, true, NULL);
            return false;
        }
        out->count++;
    }
    if (count > 0) {
        look_at(reading, gong_conf_at(node, 0), option, out->items[0]);
    }
    return true;
}

/* Text as it is in the file: texts, choices, durations, sizes. False: it is to
 * be refused. */
static bool
read_text(struct reading *reading, const struct gong_conf_node *node,
          const struct gong_option *option)
{
    const char *text = gong_conf_string(node);
    enum gong_err err = GONG_ERR_INVALID;

    if (text != NULL) {
        err =
            gong_conf_value_from_text(option, gong_str_of(text), reading->out);
    }
    if (err == GONG_ERR_MEMORY) {
        report(reading, node, true, NULL);
        return true;
    }
    return err == GONG_OK;
}

static bool
read_path(struct reading *reading, const struct gong_conf_node *node,
          const struct gong_option *option)
{
    char **field = gong_conf_value_field(option, reading->out);
    const char *text = gong_conf_string(node);

    if (text == NULL) {
        return false;
    }
    *field = gong_conf_path_join(gong_conf_file(node), text);
    if (*field == NULL) {
        report(reading, node, true, NULL);
        return true;
    }
    look_at(reading, node, option, *field);
    return true;
}

static bool
read_size(struct reading *reading, const struct gong_conf_node *node,
          const struct gong_option *option)
{
    uint64_t *field = gong_conf_value_field(option, reading->out);
    int64_t bytes;

    if (!read_int64(node, &bytes)) {
        return read_text(reading, node, option);
    }
    if (bytes < 0 || !gong_conf_value_in_range(option, (double)bytes)) {
        return false;
    }
    *field = (uint64_t)bytes;
    return true;
}

static bool
read_value(struct reading *reading, const struct gong_conf_node *node,
           const struct gong_option *option)
{
    void *field = gong_conf_value_field(option, reading->out);

    switch (option->type) {
    case GONG_OPTION_BOOL:
        return read_bool(node, field);
    case GONG_OPTION_INT:
        return read_int64(node, field) &&
               gong_conf_value_in_range(option,
                                        (double)*(const int64_t *)field);
    case GONG_OPTION_NUMBER:
        return read_double(node, field) &&
               gong_conf_value_in_range(option, *(const double *)field);
    case GONG_OPTION_SIZE:
        return read_size(reading, node, option);
    case GONG_OPTION_DURATION:
    case GONG_OPTION_STRING:
    case GONG_OPTION_CHOICE:
        return read_text(reading, node, option);
    case GONG_OPTION_PATH:
    case GONG_OPTION_FILE:
    case GONG_OPTION_SECRET:
    case GONG_OPTION_FOLDER:
    case GONG_OPTION_OUTPUT:
        return read_path(reading, node, option);
    case GONG_OPTION_STRINGS:
    case GONG_OPTION_PATHS:
    case GONG_OPTION_COMMAND:
        break;
    }
    return false;
}

static void
read_option(struct reading *reading, const struct gong_conf_node *node,
            const struct gong_option *option)
{
    const struct gong_conf_node *child =
        node == NULL ? NULL : gong_conf_child(node, option->name);

    if (child == NULL) {
        (void)take_default(reading, option);
    } else if (gong_conf_type_texts(option->type)) {
        (void)read_strings(reading, child, option,
                           gong_conf_value_field(option, reading->out));
    } else if (!read_value(reading, child, option)) {
        refuse_value(reading, child, option);
    }
}

/* Every name the table knows; caller frees the array only. */
static const char **
known_names(const struct gong_option_table *table, size_t *count)
{
    size_t children = count_names(table->children);
    const char **names =
        calloc(table->option_count + children + 1, sizeof *names);

    *count = 0;
    if (names == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < table->option_count; i++) {
        names[(*count)++] = table->options[i].name;
    }
    for (size_t i = 0; i < children; i++) {
        names[(*count)++] = table->children[i];
    }
    return names;
}

static bool
is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void
refuse_unknown(struct reading *reading, const struct gong_conf_node *node,
               const char *const *known, size_t count)
{
    const char *const *reserved = reading->table->reserved;
    const char *name = gong_conf_name(node);
    bool to_come = is_among(name, reserved, count_names(reserved));
    char *message = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&message, &size);

    if (out != NULL) {
        (void)fprintf(out,
                      to_come ? "found \"%s\", which is not offered yet, "
                                "expected %s"
                              : "found unknown key \"%s\", expected %s",
                      name, count == 0 ? "none here" : "one of ");
        for (size_t i = 0; i < count; i++) {
            (void)fprintf(out, "%s%s", i == 0 ? "" : ", ", known[i]);
        }
        if (!to_come) {
            suggest(name, known, count, out);
        }
        (void)fclose(out);
    }
    report(reading, node, false, message);
}

static void
check_names(struct reading *reading, const struct gong_conf_node *node)
{
    size_t known_count;
    const char **known = known_names(reading->table, &known_count);

    if (known == NULL) {
        report(reading, node, false, NULL);
        return;
    }
    for (size_t i = 0; i < gong_conf_count(node); i++) {
        const struct gong_conf_node *child = gong_conf_at(node, i);

        if (!is_among(gong_conf_name(child), known, known_count)) {
            refuse_unknown(reading, child, known, known_count);
        }
    }
    free(known);
}

static void
refuse_node(struct reading *reading, const struct gong_conf_node *node)
{
    char *message = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&message, &size);

    if (out != NULL) {
        (void)fputs("found ", out);
        describe_value(node, out);
        (void)fprintf(out, ", expected a group { } for %s",
                      reading->table->name);
        (void)fclose(out);
    }
    report(reading, node, true, message);
}

static bool
read_table(struct reading *reading, const struct gong_conf_node *node)
{
    const struct gong_option_table *table = reading->table;

    if (node != NULL && !gong_conf_is_group(node)) {
        refuse_node(reading, node);
        return false;
    }
    if (node != NULL) {
        check_names(reading, node);
    }
    for (size_t i = 0; i < table->option_count; i++) {
        read_option(reading, node, &table->options[i]);
    }
    return !reading->failed;
}

bool
gong_conf_read(const struct gong_conf_node *node,
               const struct gong_option_table *table, void *out,
               struct gong_conf_errors *errors)
{
    struct reading reading = {
        .table = table, .place = node, .out = out, .errors = errors};

    return read_table(&reading, node);
}

bool
gong_conf_read_child(const struct gong_conf_node *parent,
                     const struct gong_option_table *table, void *out,
                     struct gong_conf_errors *errors)
{
    const char *dot = strrchr(table->name, '.');
    const struct gong_conf_node *node =
        gong_conf_child(parent, dot == NULL ? table->name : dot + 1);
    struct reading reading = {.table = table,
                              .place = node == NULL ? parent : node,
                              .out = out,
                              .errors = errors};

    return read_table(&reading, node);
}

void
gong_conf_free(const struct gong_option_table *table, void *filled)
{
    for (size_t i = 0; i < table->option_count; i++) {
        void *field = gong_conf_value_field(&table->options[i], filled);

        if (gong_conf_type_text(table->options[i].type)) {
            char **text = field;

            free(*text);
            *text = NULL;
        } else if (gong_conf_type_texts(table->options[i].type)) {
            struct gong_strings *strings = field;

            for (size_t item = 0; item < strings->count; item++) {
                free(strings->items[item]);
            }
            free(strings->items);
            *strings = (struct gong_strings){0};
        }
    }
}
