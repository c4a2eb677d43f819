#include "agent/desk/desk_config_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/topic.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define YEAR_MS      31536000000.0
#define WHY_SIZE     1024

#define DESK(member) offsetof(struct gong_desk_file, member)

static const struct gong_option desk_options[] = {
    {"routes", GONG_OPTION_PATH, DESK(routes), "", 0, 0, NULL, "",
     "Routing file, read again on SIGHUP; empty: every alert by itself, at "
     "once, to all channels."},
    {"link", GONG_OPTION_STRING, DESK(link), "", 0, 0, NULL, "",
     "Where people can see incidents, https://...; empty: messages have no "
     "links."},
    {"expire", GONG_OPTION_DURATION, DESK(expire), "24h", 60000, YEAR_MS, NULL,
     "", "A message about what is over is not sent any more after that time."},
    {"retention", GONG_OPTION_DURATION, DESK(retention), "400d", 86400000.0,
     10 * YEAR_MS, NULL, "",
     "How long incidents that are over, their history and messages are kept."},
    {"proof", GONG_OPTION_DURATION, DESK(proof), "60s", 0, 3600000.0, NULL, "",
     "How often a marked sample goes through broker, rules, desk and outbox to "
     "a receiver of its own, so that `gongctl watch` knows that alerts get "
     "through; 0s: never."},
};

const struct gong_option_table gong_desk_file_table = {
    .name = "desk",
    .help = "Who hears of alerts, who owns them, what became of them. There is "
            "always one, but beside `notify` only where the file says so.",
    .options = desk_options,
    .option_count = COUNT(desk_options),
};

struct head {
    _Alignas(max_align_t) char *name;
    char *type;
    double rate;
    double burst;
};

#define HEAD(member) offsetof(struct head, member)

static const struct gong_option head_options[] = {
    {"name", GONG_OPTION_STRING, HEAD(name), "", 0, 0, NULL, "",
     "What receivers and contacts call the channel: [a-z0-9_-]; empty: its "
     "type."},
    {"type", GONG_OPTION_STRING, HEAD(type), NULL, 0, 0, NULL, "",
     "The kind of channel, see below."},
    {"rate", GONG_OPTION_NUMBER, HEAD(rate), "-1", -1, 10000, NULL, "1/s",
     "Messages in the long run; 0: unbounded, -1: as its type has it."},
    {"burst", GONG_OPTION_NUMBER, HEAD(burst), "-1", -1, 10000, NULL, "",
     "Messages at once; -1: as its type has it."},
};

const struct gong_option_table gong_desk_channel_head_table = {
    .name = "channels",
    .help = "Ways out for messages. A file without it, and without `notify`, "
            "has one of type log, on standard error.",
    .options = head_options,
    .option_count = COUNT(head_options),
};

/* One of the list: the common options, then the kind's behind them. */
struct gong_desk_channel_read {
    const struct gong_channel_kind *kind;
    struct gong_option_table table;
    struct gong_option *options;
    struct head *filled;
    bool complete;
};

static const struct gong_conf_node *
place(const struct gong_conf_node *group, const char *key)
{
    const struct gong_conf_node *node = gong_conf_child(group, key);

    return node != NULL ? node : group;
}

static bool
join_tables(struct gong_desk_channel_read *read)
{
    const struct gong_option_table *own = read->kind->options;
    size_t count = COUNT(head_options) + own->option_count;

    read->options = calloc(count, sizeof read->options[0]);
    read->filled = calloc(1, sizeof *read->filled + read->kind->config_size);
    if (read->options == NULL || read->filled == NULL) {
        return false;
    }
    memcpy(read->options, head_options, sizeof head_options);
    for (size_t i = 0; i < own->option_count; i++) {
        struct gong_option *option = &read->options[COUNT(head_options) + i];

        *option = own->options[i];
        option->offset += sizeof *read->filled;
    }
    read->table = gong_desk_channel_head_table;
    read->table.options = read->options;
    read->table.option_count = count;
    read->table.children = own->children;
    read->table.reserved = own->reserved;
    return true;
}

static void
check_name(const struct gong_desk_channels *channels,
           const struct gong_conf_node *node, const char *name,
           struct gong_conf_errors *errors)
{
    if (!gong_topic_name_valid(gong_str_of(name))) {
        gong_conf_error(place(node, "name"), errors,
                        "found a channel name that cannot be in metrics, "
                        "expected 1 to %d of a-z, 0-9, _ and -",
                        GONG_TOPIC_NAME_MAX);
    }
    for (size_t i = 0; i + 1 < channels->count; i++) {
        if (channels->channels[i].name != NULL &&
            strcmp(channels->channels[i].name, name) == 0) {
            gong_conf_error(place(node, "name"), errors,
                            "found a second channel named \"%s\", expected "
                            "each name once",
                            name);
        }
    }
}

/* An empty name is the type's. */
static bool
default_name(struct head *head)
{
    char *copy;

    if (head->name[0] != '\0') {
        return true;
    }
    copy = strdup(head->type);
    if (copy == NULL) {
        return false;
    }
    free(head->name);
    head->name = copy;
    return true;
}

static void
wrong_type(const struct gong_conf_node *node, const struct gong_conf_node *type,
           struct gong_conf_errors *errors)
{
    char known[256] = "";

    for (size_t i = 0; gong_channel_kinds[i] != NULL; i++) {
        size_t used = strlen(known);

        (void)snprintf(known + used, sizeof known - used, "%s%s",
                       i == 0 ? "" : ", ", gong_channel_kinds[i]->type);
    }
    gong_conf_error(type == NULL ? node : type, errors,
                    "found %s type of channel, expected one of %s",
                    type == NULL ? "no" : "an unknown", known);
}

static void
read_channel(struct gong_desk_channels *out, const struct gong_conf_node *node,
             struct gong_conf_errors *errors)
{
    struct gong_desk_channel_read *read = &out->read[out->count];
    struct gong_outbox_channel *channel = &out->channels[out->count];
    const struct gong_conf_node *type = gong_conf_child(node, "type");
    char why[WHY_SIZE] = "";

    read->kind =
        gong_channel_kind_find(type == NULL ? NULL : gong_conf_string(type));
    if (read->kind == NULL) {
        wrong_type(node, type, errors);
        return;
    }
    out->count++;
    if (!join_tables(read)) {
        gong_conf_errors_no_memory(errors, "channels");
        return;
    }
    read->complete = gong_conf_read(node, &read->table, read->filled, errors);
    if (!read->complete) {
        return;
    }
    if (!default_name(read->filled)) {
        gong_conf_errors_no_memory(errors, "channels");
        return;
    }
    channel->name = read->filled->name;
    channel->kind = read->kind;
    channel->config = read->filled + 1;
    channel->rate =
        read->filled->rate < 0 ? read->kind->rate : read->filled->rate;
    channel->burst =
        read->filled->burst < 0 ? read->kind->burst : read->filled->burst;
    check_name(out, node, channel->name, errors);
    if (errors->files && channel->kind->check != NULL &&
        !channel->kind->check(channel->config, why, sizeof why)) {
        gong_conf_error(place(node, "templates"), errors, "found %s", why);
    }
}

bool
gong_desk_channels_read(const struct gong_conf_node *list,
                        struct gong_desk_channels *out,
                        struct gong_conf_errors *errors)
{
    size_t before = errors->count;
    size_t count;

    memset(out, 0, sizeof *out);
    if (list == NULL) {
        return true;
    }
    if (!gong_conf_is_list(list)) {
        gong_conf_error(list, errors,
                        "found something else, expected a list ( { }, ... )");
        return false;
    }
    count = gong_conf_count(list);
    out->channels = calloc(count + 1, sizeof out->channels[0]);
    out->read = calloc(count + 1, sizeof out->read[0]);
    if (out->channels == NULL || out->read == NULL) {
        gong_conf_errors_no_memory(errors, "channels");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);

        if (gong_conf_is_group(item)) {
            read_channel(out, item, errors);
        } else {
            gong_conf_error(item, errors,
                            "found something else, expected a group { }");
        }
    }
    return errors->count == before;
}

void
gong_desk_channels_free(struct gong_desk_channels *channels)
{
    for (size_t i = 0; channels->read != NULL && i < channels->count; i++) {
        struct gong_desk_channel_read *read = &channels->read[i];

        if (read->filled != NULL && read->options != NULL) {
            gong_conf_free(&read->table, read->filled);
        }
        free(read->filled);
        free(read->options);
    }
    free(channels->read);
    free(channels->channels);
    memset(channels, 0, sizeof *channels);
}

void
gong_desk_channels_dump(const struct gong_desk_channels *channels, FILE *out)
{
    (void)fputs("channels = (", out);
    for (size_t i = 0; i < channels->count; i++) {
        (void)fputs(i == 0 ? "{\n" : ", {\n", out);
        gong_conf_dump(&channels->read[i].table, channels->read[i].filled, 1,
                       out);
        (void)fputs("}", out);
    }
    (void)fputs(");\n", out);
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
gong_desk_channels_manual(FILE *out)
{
    describe(&gong_desk_channel_head_table, "channels ( { }, ... )", out);
    for (size_t i = 0; gong_channel_kinds[i] != NULL; i++) {
        char title[64];

        (void)snprintf(title, sizeof title, "channels, type \"%s\"",
                       gong_channel_kinds[i]->type);
        describe(gong_channel_kinds[i]->options, title, out);
    }
}
