#include "agent/config.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config_tables.h"
#include "agent/api/http_address.h"
#include "common/mqtt_address.h"
#include "common/topic.h"

#define WHY_SIZE      256
#define SEGMENTS_MIN  2
#define SEGMENTS_MAX  UINT32_MAX
#define SEGMENT_ALIGN 4096

static bool
name_valid(const char *text)
{
    return gong_topic_name_valid(gong_str_of(text));
}

/* The node of a key, or the group that lacks it. */
static const struct gong_conf_node *
place(const struct gong_conf_node *group, const char *key)
{
    const struct gong_conf_node *node =
        group == NULL ? NULL : gong_conf_child(group, key);

    return node != NULL ? node : group;
}

/* An empty name is the type's. */
static bool
default_name(char **name, const char *type)
{
    char *copy;

    if ((*name)[0] != '\0') {
        return true;
    }
    copy = strdup(type);
    if (copy == NULL) {
        return false;
    }
    free(*name);
    *name = copy;
    return true;
}

/* --- stores --- */

static const char *
choice_text(const struct gong_option_table *table, const char *name, int value)
{
    for (size_t i = 0; i < table->option_count; i++) {
        if (strcmp(table->options[i].name, name) == 0) {
            return table->options[i].choices[value];
        }
    }
    return "";
}

static void
read_store(struct gong_agent_config *config, const struct gong_conf_node *node,
           struct gong_conf_errors *errors)
{
    struct gong_store_config *store = &config->stores[config->store_count];
    char why[WHY_SIZE];

    store->keeps_undecodable = config->store_count++ == 0;
    if (!gong_conf_read(node, &gong_store_table, store, errors)) {
        return;
    }
    if (!default_name(&store->name,
                      choice_text(&gong_store_table, "type", store->type))) {
        gong_conf_error(node, errors, "no memory");
        return;
    }
    if (!gong_store_config_check(store, why, sizeof why)) {
        gong_conf_error(node, errors, "%s", why);
    }
    for (size_t i = 0; i + 1 < config->store_count; i++) {
        if (config->stores[i].name != NULL &&
            strcmp(config->stores[i].name, store->name) == 0) {
            gong_conf_error(place(node, "name"), errors,
                            "found a second store named \"%s\", expected each "
                            "name once",
                            store->name);
        }
    }
}

/* --- receivers --- */

static const struct gong_notify_kind *
find_kind(const char *type)
{
    for (size_t i = 0; gong_notify_kinds[i] != NULL; i++) {
        if (type != NULL && strcmp(gong_notify_kinds[i]->type, type) == 0) {
            return gong_notify_kinds[i];
        }
    }
    return NULL;
}

/* One table and one struct: the common options, then the kind's behind them. */
static bool
join_tables(struct gong_agent_notifier *notifier)
{
    const struct gong_option_table *head = &gong_agent_notify_head_table;
    const struct gong_option_table *own = notifier->kind->options;
    const size_t head_size = sizeof(struct gong_agent_notify_head);
    size_t count = head->option_count + own->option_count;

    notifier->options = calloc(count, sizeof notifier->options[0]);
    notifier->filled = calloc(1, head_size + notifier->kind->config_size);
    if (notifier->options == NULL || notifier->filled == NULL) {
        return false;
    }
    memcpy(notifier->options, head->options,
           head->option_count * sizeof notifier->options[0]);
    for (size_t i = 0; i < own->option_count; i++) {
        struct gong_option *option = &notifier->options[head->option_count + i];

        *option = own->options[i];
        option->offset += head_size;
    }
    notifier->table = *head;
    notifier->table.options = notifier->options;
    notifier->table.option_count = count;
    notifier->table.children = own->children;
    notifier->config = (const char *)notifier->filled + head_size;
    return true;
}

static void
check_receiver_name(const struct gong_agent_config *config,
                    const struct gong_conf_node *node, const char *name,
                    struct gong_conf_errors *errors)
{
    if (!name_valid(name) || strlen(name) > GONG_NOTIFIER_NAME_MAX) {
        gong_conf_error(place(node, "name"), errors,
                        "found a receiver name that cannot be a file's, "
                        "expected 1 to %d of a-z, 0-9, _ and -",
                        GONG_NOTIFIER_NAME_MAX);
        return;
    }
    for (size_t i = 0; i + 1 < config->notifier_count; i++) {
        if (config->notifiers[i].name != NULL &&
            strcmp(config->notifiers[i].name, name) == 0) {
            gong_conf_error(place(node, "name"), errors,
                            "found a second receiver named \"%s\", expected "
                            "each name once",
                            name);
        }
    }
}

static void
read_receiver(struct gong_agent_config *config,
              const struct gong_conf_node *node,
              struct gong_conf_errors *errors)
{
    struct gong_agent_notifier *notifier =
        &config->notifiers[config->notifier_count];
    const struct gong_conf_node *type = gong_conf_child(node, "type");
    struct gong_agent_notify_head *head;

    notifier->kind = type == NULL ? NULL : find_kind(gong_conf_string(type));
    if (notifier->kind == NULL) {
        gong_conf_error(place(node, "type"), errors,
                        "found %s type of receiver, expected one of log, "
                        "webhook, null",
                        type == NULL ? "no" : "an unknown");
        return;
    }
    config->notifier_count++;
    if (!join_tables(notifier)) {
        gong_conf_error(node, errors, "no memory");
        return;
    }
    if (!gong_conf_read(node, &notifier->table, notifier->filled, errors)) {
        return;
    }
    head = notifier->filled;
    if (!default_name(&head->name, head->type)) {
        gong_conf_error(node, errors, "no memory");
        return;
    }
    notifier->name = head->name;
    check_receiver_name(config, node, head->name, errors);
}

/* --- the file --- */

typedef void (*read_item_fn)(struct gong_agent_config *config,
                             const struct gong_conf_node *node,
                             struct gong_conf_errors *errors);

static void
read_list(struct gong_agent_config *config, const struct gong_conf_node *list,
          read_item_fn read_item, struct gong_conf_errors *errors)
{
    for (size_t i = 0; i < gong_conf_count(list); i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);

        if (gong_conf_is_group(item)) {
            read_item(config, item, errors);
        } else {
            gong_conf_error(item, errors,
                            "found something else, expected a group { }");
        }
    }
}

/* How many groups the list has; 0 with an error where it is no list. */
static size_t
list_length(const struct gong_conf_node *list, struct gong_conf_errors *errors)
{
    if (list == NULL) {
        return 0;
    }
    if (!gong_conf_is_list(list)) {
        gong_conf_error(list, errors,
                        "found something else, expected a list ( { }, ... )");
        return 0;
    }
    return gong_conf_count(list);
}

static void
read_lists(struct gong_agent_config *config, const struct gong_conf_node *root,
           struct gong_conf_errors *errors)
{
    const struct gong_conf_node *stores = gong_conf_child(root, "store");
    const struct gong_conf_node *notify = gong_conf_child(root, "notify");
    size_t store_count = list_length(stores, errors);
    size_t notify_count = list_length(notify, errors);

    config->stores = calloc(store_count + 1, sizeof config->stores[0]);
    config->notifiers = calloc(notify_count + 1, sizeof config->notifiers[0]);
    if (config->stores == NULL || config->notifiers == NULL) {
        gong_conf_errors_add(errors, "no memory");
        return;
    }
    if (store_count > 0) {
        read_list(config, stores, read_store, errors);
    }
    if (notify_count > 0) {
        read_list(config, notify, read_receiver, errors);
    }
}

/* What tells where the file has neither `channels` nor `notify`. */
static void
read_default_channels(struct gong_agent_config *config,
                      struct gong_conf_errors *errors)
{
    static const char text[] = "channels = ( { type = \"log\"; } );";
    struct gong_conf *conf =
        gong_conf_open_text("channels", gong_str_of(text), errors);

    if (conf == NULL) {
        return;
    }
    (void)gong_desk_channels_read(
        gong_conf_child(gong_conf_root(conf), "channels"), &config->channels,
        errors);
    gong_conf_close(conf);
}

/* `notify` alone goes on as it did, without a desk beside it. */
static void
read_desk(struct gong_agent_config *config, const struct gong_conf_node *root,
          struct gong_conf_errors *errors)
{
    const struct gong_conf_node *channels = gong_conf_child(root, "channels");

    config->notifies = gong_conf_child(root, "notify") != NULL;
    config->desk_on = !config->notifies || channels != NULL ||
                      gong_conf_child(root, "desk") != NULL;
    (void)gong_conf_read_child(root, &gong_desk_file_table, &config->desk,
                               errors);
    if (channels == NULL && !config->notifies) {
        read_default_channels(config, errors);
    } else {
        (void)gong_desk_channels_read(channels, &config->channels, errors);
    }
    if (config->desk.proof.ns > 0 && config->desk.proof.ns < GONG_NS_PER_S) {
        gong_conf_error(place(gong_conf_child(root, "desk"), "proof"), errors,
                        "found less than a second, expected 0s or 1s to 1h");
    }
}

static void
check_log(const struct gong_conf_node *root, const char *key,
          const struct gong_agent_log *log, struct gong_conf_errors *errors)
{
    const struct gong_conf_node *group = place(root, key);

    if (log->segment_size == 0) {
        return; /* it could not be read */
    }
    if (log->segment_size % SEGMENT_ALIGN != 0) {
        gong_conf_error(place(group, "segment_size"), errors,
                        "found a segment size that is no multiple of 4096, "
                        "expected one");
    }
    if (log->size / log->segment_size < SEGMENTS_MIN ||
        log->size / log->segment_size > SEGMENTS_MAX) {
        gong_conf_error(place(group, "size"), errors,
                        "found room for fewer than %d segments, expected size "
                        "to be at least twice segment_size",
                        SEGMENTS_MIN);
    }
}

static bool
has_tls(const struct gong_agent_http *http)
{
    return http->tls_cert != NULL && http->tls_cert[0] != '\0' &&
           http->tls_key != NULL && http->tls_key[0] != '\0';
}

/* What the tables cannot say, of what could be read. */
static void
check_values(const struct gong_agent_config *config,
             const struct gong_conf_node *root, struct gong_conf_errors *errors)
{
    const struct gong_conf_node *listen = place(place(root, "http"), "listen");
    struct gong_http_address address;
    struct gong_mqtt_address broker;
    char why[WHY_SIZE];

    if (config->agent != NULL && !name_valid(config->agent)) {
        gong_conf_error(place(root, "agent"), errors,
                        "found an agent name that cannot be in a topic, "
                        "expected 1 to 64 of a-z, 0-9, _ and -");
    }
    if (config->state != NULL && config->state[0] == '\0') {
        gong_conf_error(place(root, "state"), errors,
                        "found an empty path, expected a folder");
    }
    if (config->broker.url != NULL &&
        gong_mqtt_address_parse(config->broker.url, &broker, why, sizeof why) !=
            GONG_OK) {
        gong_conf_error(place(place(root, "broker"), "url"), errors, "%s", why);
    }
    if (config->http.listen != NULL && config->http.listen[0] != '\0' &&
        (gong_http_address_parse(config->http.listen, &address, why,
                                 sizeof why) != GONG_OK ||
         gong_http_address_guarded(&address, has_tls(&config->http), why,
                                   sizeof why) != GONG_OK)) {
        gong_conf_error(listen, errors, "%s", why);
    }
    check_log(root, "journal", &config->journal, errors);
    check_log(root, "effects", &config->effects, errors);
}

static void *
section_at(struct gong_agent_config *config,
           const struct gong_agent_section *section)
{
    return (char *)config + section->offset;
}

/* Sizes of which one could not be read are not compared. */
static void
forget_sizes(struct gong_agent_config *config, size_t offset)
{
    if (offset == offsetof(struct gong_agent_config, journal)) {
        config->journal.segment_size = 0;
    } else if (offset == offsetof(struct gong_agent_config, effects)) {
        config->effects.segment_size = 0;
    }
}

struct gong_agent_config *
gong_agent_config_read(const struct gong_conf *conf,
                       struct gong_conf_errors *errors)
{
    const struct gong_conf_node *root = gong_conf_root(conf);
    struct gong_agent_config *config = calloc(1, sizeof *config);
    size_t before = errors->count;

    if (config == NULL) {
        gong_conf_errors_add(errors, "no memory");
        return NULL;
    }
    (void)gong_conf_read(root, &gong_agent_root_table, config, errors);
    for (size_t i = 0; i < GONG_AGENT_SECTIONS; i++) {
        const struct gong_agent_section *section = &gong_agent_sections[i];

        if (!gong_conf_read_child(root, section->table,
                                  section_at(config, section), errors)) {
            forget_sizes(config, section->offset);
        }
    }
    read_lists(config, root, errors);
    read_desk(config, root, errors);
    check_values(config, root, errors);
    if (errors->count > before) {
        gong_agent_config_free(config);
        return NULL;
    }
    return config;
}

struct gong_agent_config *
gong_agent_config_load(const char *path, struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open(path, errors);
    struct gong_agent_config *config;

    if (conf == NULL) {
        return NULL;
    }
    config = gong_agent_config_read(conf, errors);
    gong_conf_close(conf);
    return config;
}

struct gong_agent_config *
gong_agent_config_root(const char *path)
{
    struct gong_agent_config *config = calloc(1, sizeof *config);
    struct gong_conf_errors ignored = {0};
    struct gong_conf *conf = gong_conf_open(path, &ignored);

    if (config != NULL && conf != NULL) {
        (void)gong_conf_read(gong_conf_root(conf), &gong_agent_root_table,
                             config, &ignored);
    }
    gong_conf_close(conf);
    gong_conf_errors_fini(&ignored);
    return config;
}

void
gong_agent_config_free(struct gong_agent_config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->store_count; i++) {
        gong_conf_free(&gong_store_table, &config->stores[i]);
    }
    for (size_t i = 0; i < config->notifier_count; i++) {
        struct gong_agent_notifier *notifier = &config->notifiers[i];

        if (notifier->config != NULL) {
            gong_conf_free(&notifier->table, notifier->filled);
        }
        free(notifier->filled);
        free(notifier->options);
    }
    for (size_t i = 0; i < GONG_AGENT_SECTIONS; i++) {
        gong_conf_free(gong_agent_sections[i].table,
                       section_at(config, &gong_agent_sections[i]));
    }
    gong_conf_free(&gong_agent_root_table, config);
    gong_conf_free(&gong_desk_file_table, &config->desk);
    gong_desk_channels_free(&config->channels);
    free(config->stores);
    free(config->notifiers);
    free(config);
}

static void
dump_receivers(const struct gong_agent_config *config, FILE *out)
{
    (void)fputs("notify = (", out);
    for (size_t i = 0; i < config->notifier_count; i++) {
        (void)fputs(i == 0 ? "{\n" : ", {\n", out);
        gong_conf_dump(&config->notifiers[i].table, config->notifiers[i].filled,
                       1, out);
        (void)fputs("}", out);
    }
    (void)fputs(");\n", out);
}

void
gong_agent_config_dump(const struct gong_agent_config *config, FILE *out)
{
    gong_conf_dump(&gong_agent_root_table, config, 0, out);
    for (size_t i = 0; i < GONG_AGENT_SECTIONS; i++) {
        const struct gong_agent_section *section = &gong_agent_sections[i];

        (void)fprintf(out, "%s = {\n", section->key);
        gong_conf_dump(section->table, (const char *)config + section->offset,
                       1, out);
        (void)fputs("};\n", out);
    }
    (void)fputs("store = (", out);
    for (size_t i = 0; i < config->store_count; i++) {
        (void)fputs(i == 0 ? "{\n" : ", {\n", out);
        gong_conf_dump(&gong_store_table, &config->stores[i], 1, out);
        (void)fputs("}", out);
    }
    (void)fputs(");\n", out);
    if (config->notifies) {
        dump_receivers(config, out);
    }
    if (config->desk_on) {
        (void)fputs("desk = {\n", out);
        gong_conf_dump(&gong_desk_file_table, &config->desk, 1, out);
        (void)fputs("};\n", out);
        gong_desk_channels_dump(&config->channels, out);
    }
}

static void
describe(const struct gong_option_table *table, const char *title, FILE *out)
{
    (void)fprintf(out, "### %s\n\n%s\n\n", title, table->help);
    if (table->option_count > 0) {
        gong_conf_manual(table, out);
        (void)fputc('\n', out);
    }
}

void
gong_agent_config_manual(FILE *out)
{
    describe(&gong_agent_root_table, "(top)", out);
    for (size_t i = 0; i < GONG_AGENT_SECTIONS; i++) {
        describe(gong_agent_sections[i].table, gong_agent_sections[i].key, out);
    }
    describe(&gong_store_table, "store ( { }, ... )", out);
    describe(&gong_agent_notify_head_table, "notify ( { }, ... )", out);
    for (size_t i = 0; gong_notify_kinds[i] != NULL; i++) {
        char title[64];

        (void)snprintf(title, sizeof title, "notify, type \"%s\"",
                       gong_notify_kinds[i]->type);
        describe(gong_notify_kinds[i]->options, title, out);
    }
    describe(&gong_desk_file_table, "desk", out);
    gong_desk_channels_manual(out);
}
