#include "rules/model/model_read.h"

#include <stdlib.h>
#include <string.h>

struct head {
    char *name;
    char *zone;
};

#define FIELD(member) offsetof(struct head, member)
static const struct gong_option options[] = {
    {"model", GONG_OPTION_STRING, FIELD(name), NULL, 0, 0, NULL, "",
     "What the file is a model of; it tells it from a rule file."},
    {"zone", GONG_OPTION_STRING, FIELD(zone), "+07:00", 0, 0, NULL, "",
     "How far the clocks of its dates and duty lists are ahead of UTC; the "
     "same in all files."},
};
static const char *const children[] = {"units", "contacts", "duties", "devices",
                                       NULL};
static const struct gong_option_table table = {
    .name = "",
    .help = "A file of the city model.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

const struct gong_option_table *
gong_model_table(size_t index)
{
    static const struct gong_option_table *const all[] = {
        &table,
        &gong_model_unit_table,
        &gong_model_alias_table,
        &gong_model_device_table,
        &gong_model_contact_table,
        &gong_model_reach_table,
        &gong_model_duty_table,
        &gong_model_shift_table,
    };

    return index < sizeof all / sizeof all[0] ? all[index] : NULL;
}

bool
gong_model_says(const struct gong_conf *conf)
{
    return gong_conf_child(gong_conf_root(conf), "model") != NULL;
}

/* What is read of all files. */
struct input {
    const struct gong_conf *const *files;
    size_t count;
};

/* How many elements a list has in all files. What is no list is refused, and
 * counts for none. */
static size_t
count_all(struct gong_model_reader *reader, const struct input *input,
          const char *key)
{
    size_t total = 0;

    for (size_t i = 0; i < input->count; i++) {
        const struct gong_conf_node *root = gong_conf_root(input->files[i]);
        const struct gong_conf_node *list = gong_conf_child(root, key);

        if (list != NULL && !gong_conf_is_list(list)) {
            gong_model_refuse(reader, root, key, 0,
                              "found no list, expected %s = ( { ... }, ... );",
                              key);
        } else if (list != NULL) {
            total += gong_conf_count(list);
        }
    }
    return total;
}

/* How many aliases all units have. */
static size_t
count_aliases(const struct input *input)
{
    size_t total = 0;

    for (size_t i = 0; i < input->count; i++) {
        const struct gong_conf_node *units =
            gong_conf_child(gong_conf_root(input->files[i]), "units");
        size_t count = units == NULL ? 0 : gong_conf_count(units);

        for (size_t u = 0; u < count; u++) {
            const struct gong_conf_node *unit = gong_conf_at(units, u);
            const struct gong_conf_node *list =
                gong_conf_is_group(unit) ? gong_conf_child(unit, "aliases")
                                         : NULL;

            total += list == NULL ? 0 : gong_conf_count(list);
        }
    }
    return total;
}

/* An array of count elements of size, and one of as many nodes. */
static void *
make(size_t count, size_t size, const struct gong_conf_node ***nodes)
{
    *nodes = calloc(count + 1, sizeof(const struct gong_conf_node *));
    return *nodes == NULL ? NULL : calloc(count + 1, size);
}

static bool
has_at_most(struct gong_model_reader *reader, size_t count, size_t max,
            const char *key)
{
    if (count > max) {
        reader->failed = true;
        gong_conf_errors_add(reader->errors,
                             "model: found %zu %s in all files, expected at "
                             "most %zu",
                             count, key, max);
    }
    return count <= max;
}

/* Room for everything that has a name. */
static bool
make_room(struct gong_model_reader *reader, const struct input *input)
{
    struct gong_model *model = reader->model;
    size_t units = count_all(reader, input, "units");
    size_t contacts = count_all(reader, input, "contacts");
    size_t duties = count_all(reader, input, "duties");
    size_t devices = count_all(reader, input, "devices");
    size_t aliases = count_aliases(input);

    if (!has_at_most(reader, units, GONG_MODEL_UNITS_MAX, "units") ||
        !has_at_most(reader, aliases, GONG_MODEL_ALIASES_MAX, "aliases") ||
        !has_at_most(reader, contacts, GONG_MODEL_CONTACTS_MAX, "contacts") ||
        !has_at_most(reader, duties, GONG_MODEL_DUTIES_MAX, "duties") ||
        !has_at_most(reader, devices, GONG_MODEL_DEVICES_MAX, "devices")) {
        return false;
    }
    model->units = make(units, sizeof *model->units, &reader->units);
    model->aliases = make(aliases, sizeof *model->aliases, &reader->aliases);
    model->contacts =
        make(contacts, sizeof *model->contacts, &reader->contacts);
    model->duties = make(duties, sizeof *model->duties, &reader->duties);
    model->devices = make(devices, sizeof *model->devices, &reader->devices);
    if (model->units == NULL || model->aliases == NULL ||
        model->contacts == NULL || model->duties == NULL ||
        model->devices == NULL) {
        gong_model_out_of_memory(reader);
        return false;
    }
    return true;
}

static void
read_zone(struct gong_model_reader *reader, const struct gong_conf_node *root,
          const char *text, bool first)
{
    struct gong_calendar zone = {0};
    struct gong_expr_error error = {0, ""};

    if (!gong_calendar_set_zone(&zone, gong_str_of(text), &error)) {
        gong_model_refuse(reader, root, "zone", error.at, "%s", error.message);
    } else if (first) {
        reader->model->zone_ms = zone.zone_ms;
    } else if (zone.zone_ms != reader->model->zone_ms) {
        gong_model_refuse(reader, root, "zone", 0,
                          "found another zone than in the first file, expected "
                          "the same in all");
    }
}

static void
read_heads(struct gong_model_reader *reader, const struct input *input)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct gong_conf_node *root = gong_conf_root(input->files[i]);
        struct head head = {0};

        if (!gong_conf_read(root, &table, &head, reader->errors)) {
            reader->failed = true;
        }
        gong_model_check_text(reader, root, "model", head.name, false);
        if (head.zone != NULL) {
            read_zone(reader, root, head.zone, i == 0);
        }
        gong_conf_free(&table, &head);
    }
}

static void
read_all(struct gong_model_reader *reader, const struct input *input)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct gong_conf_node *root = gong_conf_root(input->files[i]);

        gong_model_read_units(reader, root);
        gong_model_read_people(reader, root);
        gong_model_read_devices(reader, root);
    }
    gong_model_link_units(reader);
    gong_model_link_people(reader);
    gong_model_link_roles(reader);
    gong_model_link_devices(reader);
}

struct gong_model *
gong_model_read(const struct gong_conf *const *files, size_t count,
                struct gong_conf_errors *errors)
{
    struct input input = {files, count};
    struct gong_model_reader reader = {.errors = errors};

    reader.model = calloc(1, sizeof *reader.model);
    if (reader.model == NULL) {
        gong_model_out_of_memory(&reader);
        return NULL;
    }
    read_heads(&reader, &input);
    if (make_room(&reader, &input)) {
        read_all(&reader, &input);
    }
    free(reader.units);
    free(reader.aliases);
    free(reader.contacts);
    free(reader.duties);
    free(reader.devices);
    if (reader.failed) {
        gong_model_free(reader.model);
        return NULL;
    }
    return reader.model;
}
