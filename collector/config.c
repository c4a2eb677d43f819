/*
 * An input's element mixes three keys that every input has with the kind's
 * own. Both are read in one pass, so that an unknown key is judged once, by a
 * table joined from the two:
 *
 *     block:  | kind's own config (config_size) | pad | struct common |
 */
#include "collector/config.h"

#include <stdlib.h>
#include <string.h>

#include "collector/config_tables.h"
#include "common/mqtt_address.h"
#include "common/spool.h"
#include "common/topic.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What every input has. */
struct common {
    char *type;
    gong_dur_t interval;
    gong_dur_t timeout;
};

static const struct gong_option common_options[] = {
    {.name = "type",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct common, type),
     .unit = "",
     .help = "Which input."},
    {.name = "interval",
     .type = GONG_OPTION_DURATION,
     .offset = offsetof(struct common, interval),
     .default_value = "0s",
     .max = 86400000,
     .unit = "",
     .help = "How often it measures; 0s: the collector's interval."},
    {.name = "timeout",
     .type = GONG_OPTION_DURATION,
     .offset = offsetof(struct common, timeout),
     .default_value = "5s",
     .min = 10,
     .max = 3600000,
     .unit = "",
     .help = "How long one measurement may take, where it can wait."},
};
static const struct gong_option_table common_table = {
    .name = "inputs",
    .help = "What every input has.",
    .options = common_options,
    .option_count = COUNT(common_options),
};

static size_t
common_offset(const struct gong_input_kind *kind)
{
    size_t align = _Alignof(max_align_t);

    return (kind->config_size + align - 1) / align * align;
}

/* The joined table; the caller frees its options. NULL without memory. */
static struct gong_option *
join_tables(const struct gong_input_kind *kind, struct gong_option_table *out)
{
    size_t own = kind->options->option_count;
    struct gong_option *options =
        calloc(own + COUNT(common_options), sizeof *options);

    if (options == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT(common_options); i++) {
        options[i] = common_options[i];
        options[i].offset += common_offset(kind);
    }
    if (own > 0) {
        memcpy(options + COUNT(common_options), kind->options->options,
               own * sizeof *options);
    }
    *out = *kind->options;
    out->options = options;
    out->option_count = own + COUNT(common_options);
    return options;
}

static struct common *
common_of(const struct gong_config_input *input)
{
    return (struct common *)(void *)((char *)input->own +
                                     common_offset(input->kind));
}

static void
free_input(struct gong_config_input *input)
{
    if (input->own == NULL) {
        return;
    }
    gong_conf_free(input->kind->options, input->own);
    gong_conf_free(&common_table, common_of(input));
    free(input->own);
    input->own = NULL;
}

static void
name_kinds(const struct gong_conf_node *node, const char *found,
           struct gong_conf_errors *errors)
{
    char known[512] = "";
    size_t used = 0;

    for (size_t i = 0; gong_input_kinds[i] != NULL && used < sizeof known;
         i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                 i == 0 ? "" : ", ", gong_input_kinds[i]->type);
    }
    gong_conf_error(node, errors, "found input type \"%s\", expected one of %s",
                    found, known);
}

static const struct gong_input_kind *
read_kind(const struct gong_conf_node *node, struct gong_conf_errors *errors)
{
    const struct gong_conf_node *type_node;
    const struct gong_input_kind *kind;
    const char *type;

    if (!gong_conf_is_group(node)) {
        gong_conf_error(node, errors,
                        "expected a group such as { type = \"cpu\"; }");
        return NULL;
    }
    type_node = gong_conf_child(node, "type");
    type = type_node == NULL ? NULL : gong_conf_string(type_node);
    if (type == NULL) {
        gong_conf_error(type_node == NULL ? node : type_node, errors,
                        "expected type = \"...\", which input this is");
        return NULL;
    }
    kind = gong_input_find(type);
    if (kind == NULL) {
        name_kinds(type_node, type, errors);
    }
    return kind;
}

static void
read_input(const struct gong_conf_node *node, struct gong_config *config,
           struct gong_conf_errors *errors)
{
    struct gong_config_input *input = &config->inputs[config->input_count];
    const struct gong_input_kind *kind = read_kind(node, errors);
    struct gong_option_table joined;
    struct gong_option *options;

    if (kind == NULL) {
        return;
    }
    options = join_tables(kind, &joined);
    input->kind = kind;
    input->own = calloc(1, common_offset(kind) + sizeof(struct common));
    if (options == NULL || input->own == NULL) {
        gong_conf_error(node, errors, "%s", gong_err_text(GONG_ERR_MEMORY));
        free(options);
        free(input->own);
        input->own = NULL;
        return;
    }
    config->input_count++;
    if (gong_conf_read(node, &joined, input->own, errors)) {
        const struct common *common = common_of(input);

        input->interval =
            common->interval.ns > 0 ? common->interval : config->interval;
        input->timeout = common->timeout;
        /* The collector's own interval has its bound in its table. */
        if (common->interval.ns > 0 &&
            common->interval.ns < gong_dur_ms(100).ns) {
            gong_conf_error(gong_conf_child(node, "interval"), errors,
                            "expected an interval of at least 100ms");
        }
    }
    free(options);
}

static void
read_inputs(const struct gong_conf_node *root, struct gong_config *config,
            struct gong_conf_errors *errors)
{
    const struct gong_conf_node *list = gong_conf_child(root, "inputs");
    size_t count;

    if (list == NULL) {
        return;
    }
    if (!gong_conf_is_list(list)) {
        gong_conf_error(list, errors, "expected a list: inputs = ( {...} );");
        return;
    }
    count = gong_conf_count(list);
    if (count == 0) {
        return;
    }
    config->inputs = calloc(count, sizeof config->inputs[0]);
    if (config->inputs == NULL) {
        gong_conf_error(list, errors, "%s", gong_err_text(GONG_ERR_MEMORY));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        read_input(gong_conf_at(list, i), config, errors);
    }
}

static void
check_name(const struct gong_conf_node *root, const char *key,
           const char *value, struct gong_conf_errors *errors)
{
    if (value != NULL && gong_conf_child(root, key) != NULL &&
        !gong_topic_name_valid(gong_str_of(value))) {
        gong_conf_error(gong_conf_child(root, key), errors,
                        "found \"%s\", expected 1 to 64 of a-z, 0-9, _ and -",
                        value);
    }
}

/* What no table can say, of what could be read. */
static void
check(const struct gong_conf_node *root, const struct gong_config *config,
      bool spool_read, struct gong_conf_errors *errors)
{
    const struct gong_conf_node *broker = gong_conf_child(root, "broker");
    const struct gong_conf_node *spool = gong_conf_child(root, "spool");
    struct gong_mqtt_address address;
    char why[128];

    check_name(root, "site", config->site, errors);
    check_name(root, "device", config->device, errors);
    if (config->broker.url != NULL &&
        gong_mqtt_address_parse(config->broker.url, &address, why,
                                sizeof why) != GONG_OK) {
        const struct gong_conf_node *url =
            broker == NULL ? NULL : gong_conf_child(broker, "url");

        gong_conf_error(url == NULL ? root : url, errors, "%s", why);
    }
    if (spool_read && (config->spool.segment_size % 4096 != 0 ||
                       config->spool.size / 2 < config->spool.segment_size)) {
        gong_conf_error(spool == NULL ? root : spool, errors,
                        "expected segment to be a multiple of 4096 and at "
                        "most half of size");
    }
}

static struct gong_config *
read_root(struct gong_conf *conf, struct gong_conf_errors *errors)
{
    size_t before = errors->count;
    const struct gong_conf_node *root;
    struct gong_config *config;
    bool spool_read = true;

    if (conf == NULL) {
        return NULL;
    }
    root = gong_conf_root(conf);
    config = calloc(1, sizeof *config);
    if (config == NULL) {
        gong_conf_errors_add(errors, "%s", gong_err_text(GONG_ERR_MEMORY));
        return NULL;
    }
    (void)gong_conf_read(root, &gong_collector_root_table, config, errors);
    for (size_t i = 0; i < GONG_COLLECTOR_SECTIONS; i++) {
        size_t offset = gong_collector_sections[i].offset;
        bool read = gong_conf_read_child(root, gong_collector_sections[i].table,
                                         (char *)config + offset, errors);

        spool_read = spool_read &&
                     (read || offset != offsetof(struct gong_config, spool));
    }
    read_inputs(root, config, errors);
    check(root, config, spool_read, errors);
    if (errors->count != before) {
        gong_config_free(config);
        return NULL;
    }
    return config;
}

struct gong_config *
gong_config_read(const char *path, struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open(path, errors);
    struct gong_config *config = read_root(conf, errors);

    gong_conf_close(conf);
    return config;
}

struct gong_config *
gong_config_read_text(const char *name, struct gong_str text,
                      struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open_text(name, text, errors);
    struct gong_config *config = read_root(conf, errors);

    gong_conf_close(conf);
    return config;
}

void
gong_config_free(struct gong_config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->input_count; i++) {
        free_input(&config->inputs[i]);
    }
    free(config->inputs);
    for (size_t i = 0; i < GONG_COLLECTOR_SECTIONS; i++) {
        gong_conf_free(gong_collector_sections[i].table,
                       (char *)config + gong_collector_sections[i].offset);
    }
    gong_conf_free(&gong_collector_root_table, config);
    free(config);
}

void
gong_config_dump(const struct gong_config *config, FILE *out)
{
    gong_conf_dump(&gong_collector_root_table, config, 0, out);
    for (size_t i = 0; i < GONG_COLLECTOR_SECTIONS; i++) {
        (void)fprintf(out, "%s = {\n", gong_collector_sections[i].table->name);
        gong_conf_dump(gong_collector_sections[i].table,
                       (const char *)config + gong_collector_sections[i].offset,
                       1, out);
        (void)fputs("};\n", out);
    }
    (void)fputs("inputs = (", out);
    for (size_t i = 0; i < config->input_count; i++) {
        const struct gong_config_input *input = &config->inputs[i];

        (void)fprintf(out, "%s\n  {\n", i == 0 ? "" : ",");
        gong_conf_dump(&common_table, common_of(input), 2, out);
        gong_conf_dump(input->kind->options, input->own, 2, out);
        (void)fputs("  }", out);
    }
    (void)fputs(config->input_count == 0 ? ");\n" : "\n);\n", out);
}

static void
write_section(const struct gong_option_table *table, const char *title,
              FILE *out)
{
    (void)fprintf(out, "\n## %s\n\n%s\n\n", title, table->help);
    if (table->option_count > 0) {
        gong_conf_manual(table, out);
    } else {
        (void)fputs("No options of its own.\n", out);
    }
}

void
gong_config_manual(FILE *out)
{
    (void)fputs("# Options of gong-collector\n", out);
    write_section(&gong_collector_root_table, "Top level", out);
    for (size_t i = 0; i < GONG_COLLECTOR_SECTIONS; i++) {
        write_section(gong_collector_sections[i].table,
                      gong_collector_sections[i].table->name, out);
    }
    write_section(&common_table, "inputs", out);
    for (size_t i = 0; gong_input_kinds[i] != NULL; i++) {
        const struct gong_input_kind *kind = gong_input_kinds[i];
        char title[64];

        (void)snprintf(title, sizeof title, "inputs: %s", kind->type);
        (void)fprintf(out, "\n## %s\n\n%s\n\n", title, kind->help);
        if (kind->options->option_count > 0) {
            gong_conf_manual(kind->options, out);
        } else {
            (void)fputs("No options of its own.\n", out);
        }
    }
}
